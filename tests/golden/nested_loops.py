# srcad dump nested_loops.py "vjp(back_substitution, argnums=(0, 1))" --arg "U: float64[n, n]" --arg "b: float64[n]"
import numpy as np


def back_substitution(U, b):
    x = np.zeros_like(b)
    for i in reversed(range(len(b))):
        s = b[i]
        for j in range(i + 1, len(b)):
            s -= U[i, j] * x[j]
        x[i] = s / U[i, i]
    return x
