# srcad dump trees.py "grad(net)" --arg "p: {'W': [float64[h, n], float64[m, h]], 'b': (float64[h], float64[m])}" --arg "x: float64[n]" --arg "t: float64[m]"
# srcad dump trees.py "vjp(layers)" --arg "p: {'W': [float64[h, n], float64[m, h]], 'b': (float64[h], float64[m])}" --arg "x: float64[n]"
# srcad dump trees.py "value_and_grad(with_parts, argnums=(0, 1), has_aux=True)" --arg "x: float64[n]" --arg "y: float64[n]"
import numpy as np


def layers(p, x):
    hidden = np.tanh(p["W"][0] @ x + p["b"][0])
    output = p["W"][1] @ hidden + p["b"][1]
    return {"output": output, "size": 0.1 * np.sum(hidden**2)}


def net(p, x, t):
    found = layers(p, x)
    return np.sum((found["output"] - t) ** 2) + found["size"]


def with_parts(x, y):
    first = np.exp(x) * y
    second = np.where(x > y, first, x - y)
    return np.sum(second) / x.size, {"first": first, "second": [second, None]}
