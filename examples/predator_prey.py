"""Predators and prey: rates of the equations of Lotka and Volterra from noisy counts.

scipy.integrate.solve_ivp integrates them, with an error control of its own. The derivative of a misfit goes back through the
steps that it has accepted. scipy.optimize.minimize finds the rates with it, and the Hessian (through the steps, too) says how well
they are known.

    python examples/predator_prey.py
"""

import numpy as np
from scipy import integrate, optimize

import srcad

TIMES = np.linspace(0.0, 8.0, 17)
START = np.array([10.0, 5.0])
TRUE = np.array([1.1, 0.4, 0.1, 0.4])


def change(t, counts, rates):
    """How fast prey and predators become more."""
    prey, predators = counts
    born, eaten, fed, died = rates
    return np.array([born - eaten * predators, fed * prey - died]) * counts


def course(rates):
    """The counts of both at all times."""
    found = integrate.solve_ivp(
        change, (0.0, 8.0), START, args=(rates,), t_eval=TIMES, rtol=1e-8, atol=1e-8
    )
    return found.y


def misfit(logarithms, counted):
    """How far the logarithms of the counts are from those of what was counted."""
    return np.sum((np.log(course(np.exp(logarithms))) - np.log(counted)) ** 2)


def main():
    noise = np.random.default_rng(1).normal(scale=0.02, size=(2, TIMES.size))
    counted = course(TRUE) * np.exp(noise)
    guess = np.log([1.0, 0.5, 0.12, 0.5])

    slope = srcad.grad(misfit)
    direction = np.array([1.0, -1.0, 0.5, 2.0])
    moved = [misfit(guess + sign * 1e-5 * direction, counted) for sign in (1, -1)]
    print(f"slope of the misfit     {slope(guess, counted) @ direction:.6f}")
    print(f"by differences          {(moved[0] - moved[1]) / 2e-5:.6f}")

    found = optimize.minimize(misfit, guess, args=(counted,), jac=slope, method="BFGS")
    print("rates found:", " ".join(f"{rate:.3f}" for rate in np.exp(found.x)))

    # The Hessian at the minimum says how well the rates are known.
    spread = 0.02 * np.sqrt(2 * np.diag(np.linalg.inv(srcad.hessian(misfit)(found.x, counted))))
    print("known to:   ", " ".join(f"{100 * part:.1f} %" for part in spread))


if __name__ == "__main__":
    main()
