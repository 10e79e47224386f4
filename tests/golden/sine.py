# srcad dump sine.py "jacrev(sine)" --arg "x: float64[n]"
import numpy as np


def sine(x):
    return np.sin(x)
