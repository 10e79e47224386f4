"""Physics: where is the flaw in the rod? Three thermometers know.

A rod is heated at its left end, and three thermometers record how the heat arrives. Somewhere
inside is a stretch of a worse conductor. The simulation is an explicit finite-difference scheme
that updates the temperature in place. `srcad.value_and_grad` differentiates it, time loop and
stores included, with respect to the conductivity of every cell, and gradient descent finds the
stretch from noisy readings.

    python examples/heat_inverse.py
"""

import numpy as np

import srcad

CELLS = 40
STEPS = 800
PENALTY = 2e-5


def record(k):
    """Readings of the thermometers after every step, for the conductivities `k` of the cells."""
    u = np.zeros(CELLS + 1)
    readings = np.zeros((STEPS, 3))
    for i in range(STEPS):
        u[0] = 1.0
        flow = k * (u[1:] - u[:-1])
        u[1:-1] += flow[1:] - flow[:-1]
        readings[i] = u[10:31:10]
    return readings


def misfit(log_k, measured):
    """Squared error of the readings, and a price on jumps that keeps the noise out."""
    error = np.sum((record(np.exp(log_k)) - measured) ** 2) / STEPS
    jumps = np.sum(np.sqrt(np.diff(log_k) ** 2 + 1e-3))
    return error + PENALTY * jumps


def descend(value_and_grad, x, rounds):
    """Gradient descent with Barzilai and Borwein's step, halved where that leads uphill."""
    value, slope = value_and_grad(x)
    values, step = [value], 1.0
    for _ in range(rounds):
        new_x = x - step * slope
        new_value, new_slope = value_and_grad(new_x)
        while new_value > max(values[-5:]):
            step = 0.5 * step
            new_x = x - step * slope
            new_value, new_slope = value_and_grad(new_x)
        moved, turned = new_x - x, new_slope - slope
        step = abs(moved @ turned) / (turned @ turned)
        x, slope = new_x, new_slope
        values.append(new_value)
    return x, values


def main():
    truth = np.full(CELLS, 0.4)
    truth[14:22] = 0.15
    noise = 0.002 * np.random.default_rng(0).normal(size=(STEPS, 3))
    measured = record(truth) + noise

    derivative = srcad.value_and_grad(misfit)
    start = np.full(CELLS, np.log(0.3))
    log_k, values = descend(lambda x: derivative(x, measured), start, rounds=100)

    print(f"misfit {values[0]:.6f} at the start, {values[-1]:.6f} after {len(values) - 1} rounds\n")
    print("cell  true  found")
    for i, (true, found) in enumerate(zip(truth, np.exp(log_k), strict=True)):
        print(f"{i:>4}{true:>6.2f}{found:>7.2f}  {'#' * round(100 * found)}")
    print(f"\nThe worst conductor found is cell {np.argmin(log_k)}; the flaw is cells 14 to 21.")


if __name__ == "__main__":
    main()
