# srcad dump branch_in_loop.py "grad(path, argnums=(0, 1))" --arg "x: float64[n]" --arg "k: float64"
import numpy as np


def path(x, k):
    v = 0.0
    for a in x:
        if v > 0.5:
            v = v - k * v**2
        v = v + np.sin(a)
    return v
