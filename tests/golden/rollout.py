# srcad dump rollout.py "grad(rollout)" --arg "theta: float64[n, n]" --arg "x0: float64[n]"
import numpy as np


def rollout(theta, x0):
    x = x0
    cost = 0.0
    for _ in range(50):
        u = np.tanh(theta @ x)
        x = x + 0.1 * u
        cost = cost + np.sum(x**2)
    return cost
