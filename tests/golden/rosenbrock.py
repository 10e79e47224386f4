# srcad dump rosenbrock.py "grad(rosenbrock)" --arg "x: float64[n]"
import numpy as np


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)
