# srcad dump logistic.py "value_and_grad(loss)" --arg "w: float64[d]" --arg "X: float64[n, d]" --arg "t: float64[n]"
import numpy as np


def loss(w, X, t):
    z = X @ w
    return np.mean(np.logaddexp(0.0, z) - t * z) + 0.5 * np.sum(w**2)
