# srcad dump mlp.py "jacrev(mlp)" --arg "x: float64[n]" --arg "W1: float64[h, n]" --arg "b1: float64[h]" --arg "W2: float64[m, h]" --arg "b2: float64[m]"
import numpy as np


def mlp(x, W1, b1, W2, b2):
    h = np.tanh(W1 @ x + b1)
    return W2 @ h + b2
