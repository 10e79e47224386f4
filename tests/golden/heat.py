# srcad dump heat.py "grad(heat, argnums=(0, 1))" --arg "u0: float64[n]" --arg "alpha: float64"
# srcad dump heat.py "grad(heat)" --arg "u0: float64[n]" --arg "alpha: float64"
import numpy as np


def heat(u0, alpha):
    u = u0.copy()
    for _ in range(100):
        u[1:-1] += alpha * (u[:-2] - 2 * u[1:-1] + u[2:])
    return np.sum(u**2)
