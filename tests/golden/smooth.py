# srcad dump smooth.py "grad(smooth)" --arg "u0: float64[n]"
import numpy as np


def smooth(u0):
    u = u0.copy()
    for _ in range(3):
        u[1:-1] += u[:-2] - u[2:]
    return np.sum(u**2)
