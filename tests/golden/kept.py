# srcad dump kept.py "grad(through)" --arg "x: float64[n]" --arg "k: float64"
# srcad dump kept.py "grad(settled, argnums=(0, 1))" --arg "x: float64[n]" --arg "k: float64"
import numpy as np


def decayed(x, k):
    for _ in range(3):
        s = np.sin(x)
        x = x - k * s * x if k > 0.2 else s
    return x


def through(x, k):
    return np.sum(decayed(decayed(x, k), 0.5 * k) ** 2)


def settled(x, k):
    total = 0.0
    for a in x:
        y = a
        steps = 0
        while steps < 3 and abs(y) > 0.1:
            y = y - k * np.tanh(y)
            steps = steps + 1
        total = total + a * y**2
    return total
