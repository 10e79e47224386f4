# srcad dump two_arguments.py "jacrev(f, argnums=(0, 1))" --arg "x: float64[n]" --arg "y: float64[n]"
import numpy as np


def f(x, y):
    return x + y ** 2
