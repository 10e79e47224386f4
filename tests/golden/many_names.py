# srcad dump many_names.py "grad(mixed, argnums=(0, 1, 2))" --arg "x: float64[n]" --arg "y: float64[n]" --arg "k: float64"
# srcad dump many_names.py "jacrev(rows, argnums=(0, 1), chunk_size=1)" --arg "x: float64[n]" --arg "y: float64[n]"
# srcad dump many_names.py "jacrev(rows, argnums=(0, 1))" --arg "x: float64[n]" --arg "y: float64[n]"
import math

import numpy as np

WEIGHTS = np.array([0.25, 0.5, 0.25])


def scaled(a, b, c):
    if c > 1.0:
        d = a * b
        e = d + c
    elif c > 0.5:
        d = a / (b * b + 1.0)
        e = d * c
    else:
        d = b
        e = np.maximum(a, b)
    return d, e


def mixed(x, y, k):
    a, b = np.sin(x), np.cos(y)
    c, d = scaled(a, b, k)
    e = c * d + a
    f, g = e, b
    total = 0.0
    for i in range(3):
        f, g = g, f * k + e
        if i % 2:
            total += np.sum(f * g) * math.exp(-k)
        else:
            total -= np.mean(g) + np.sum(WEIGHTS) * k
    h = np.concatenate([f, g, x])
    h[1:-1] += h[2:] * h[:-2]
    return total + np.sum(h) + np.sum(np.outer(a, b) @ e)


def rows(x, y):
    u = np.zeros_like(x)
    for i in range(1, len(x)):
        u[i] = u[i - 1] * x[i] + y[i] ** 2
    return u * x, np.sum(u * y)
