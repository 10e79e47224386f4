"""Astronomy: how to throw a spacecraft from the Earth so that it meets Mars.

The flight is integrated by Runge and Kutta's classical method, under the pull of the Sun and of
Jupiter. `srcad.jacrev` gives the derivative of the arrival point with respect to the launch
velocity, through the loop and the function that it calls, and Newton's method does the aiming.
The correct digits double.

    python examples/orbit_shooting.py
"""

import numpy as np

import srcad

SUN = 4 * np.pi**2  # gravity in astronomical units and years
JUPITER = SUN / 1047.35
KM = 149597870.7  # kilometres in an astronomical unit
KM_PER_S = KM / (365.25 * 86400)  # speeds of one astronomical unit a year
STEPS = 200


def acceleration(r, t):
    """The pull of the Sun and of Jupiter, which circles it, at the place `r` and the time `t`."""
    angle = 2.0 + 2 * np.pi * t / 11.862
    to_jupiter = 5.2044 * np.array([np.cos(angle), np.sin(angle)]) - r
    pull = -SUN * r / np.sum(r**2) ** 1.5
    return pull + JUPITER * to_jupiter / np.sum(to_jupiter**2) ** 1.5


def fly(v, r, years):
    """Where a spacecraft arrives that leaves the place `r` with velocity `v`."""
    h = years / STEPS
    for i in range(STEPS):
        t = i * h
        a_1 = acceleration(r, t)
        v_2 = v + 0.5 * h * a_1
        a_2 = acceleration(r + 0.5 * h * v, t + 0.5 * h)
        v_3 = v + 0.5 * h * a_2
        a_3 = acceleration(r + 0.5 * h * v_2, t + 0.5 * h)
        v_4 = v + h * a_3
        a_4 = acceleration(r + h * v_3, t + h)
        r = r + h / 6 * (v + 2 * v_2 + 2 * v_3 + v_4)
        v = v + h / 6 * (a_1 + 2 * a_2 + 2 * a_3 + a_4)
    return r


def main():
    earth, earth_v = np.array([1.0, 0.0]), np.array([0.0, 2 * np.pi])
    years, angle = 0.75, np.radians(165.0)
    mars = 1.5237 * np.array([np.cos(angle), np.sin(angle)])

    aim = srcad.jacrev(fly)
    v = 1.1 * earth_v
    print("Newton's method on the launch velocity (km/s)\n")
    print(f"{'round':>5}{'v_x':>14}{'v_y':>14}{'misses Mars by':>22}")
    for number in range(8):
        miss = fly(v, earth, years) - mars
        distance = KM * np.linalg.norm(miss)
        v_x, v_y = v * KM_PER_S
        print(f"{number:>5}{v_x:>14.8f}{v_y:>14.8f}{distance:>19.6f} km")
        if distance < 0.001:
            break
        v = v - np.linalg.solve(aim(v, earth, years), miss)

    boost = np.linalg.norm(v - earth_v) * KM_PER_S
    days = 365.25 * years
    print(f"\nThe spacecraft leaves the Earth at {boost:.3f} km/s and flies for {days:.0f} days.")
    print("One metre a second more at launch moves the arrival by")
    for name, column in zip(("v_x", "v_y"), aim(v, earth, years).T, strict=True):
        x, y = column * KM / KM_PER_S / 1000
        print(f"  {name}: {x:>10.0f} km in x, {y:>10.0f} km in y")


if __name__ == "__main__":
    main()
