"""Circuits: how an operating point moves with the components, by the implicit function theorem.

A battery drives two diodes through resistors. Kirchhoff's laws are two equations between voltages and currents,
which scipy.optimize.root solves. How it does so is nobody's business: `srcad.implicit` says what equation is solved, and
the derivative of a loss by the components is one linear system at the solution. Gauss and Newton's method then
finds the components from measured voltages.

    python examples/diode_network.py
"""

import numpy as np
from scipy import optimize

import srcad

SATURATION, THERMAL = 1e-9, 0.0259


def kirchhoff(nodes, battery, resistors):
    """The currents that are left over in the two nodes, in milliamperes."""
    first, second = nodes[0], nodes[1]
    through = SATURATION * (np.exp(nodes / THERMAL) - 1)
    into_first = (battery - first) / resistors[0] - (first - second) / resistors[1]
    into_second = (first - second) / resistors[1] - second / resistors[2]
    return 1e3 * (np.array([into_first, into_second]) - through)


@srcad.implicit(kirchhoff, signature="(),(k)->(n)")
def operating_point(battery, resistors):
    """The voltages of the nodes."""
    found = optimize.root(kirchhoff, np.array([0.4, 0.3]), args=(battery, resistors), tol=1e-13)
    return found.x


TRUE = np.array([1000.0, 220.0, 4700.0])
BATTERIES = np.array([0.5, 1.0, 2.0, 5.0])
MEASURED = np.array([operating_point(battery, TRUE) for battery in BATTERIES])


def misfit(logarithms):
    """How far the voltages are from the measured ones, in millivolts."""
    resistors = np.exp(logarithms)
    rows = [operating_point(BATTERIES[i], resistors) for i in range(4)]
    return 1e3 * np.ravel(np.stack(rows) - MEASURED)


def main():
    slope = srcad.grad(lambda battery: operating_point(battery, TRUE)[1])(2.0)
    step = 1e-5
    moved = [operating_point(2.0 + sign * step, TRUE)[1] for sign in (1, -1)]
    print(f"a volt more at the battery is {1e3 * slope:.6f} mV more at the second node")
    print(f"by differences {1e3 * (moved[0] - moved[1]) / (2 * step):.6f} mV")

    jacobian = srcad.jacfwd(misfit)
    logarithms = np.log([600.0, 400.0, 3000.0])
    for _ in range(12):
        correction = np.linalg.lstsq(jacobian(logarithms), misfit(logarithms))[0]
        logarithms = logarithms - correction
    print("resistors found:", " ".join(f"{ohm:.3f}" for ohm in np.exp(logarithms)))


if __name__ == "__main__":
    main()
