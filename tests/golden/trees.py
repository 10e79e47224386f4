# srcad dump trees.py "grad(network)" --arg "params: {'W': [float64[h, n], float64[m, h]], 'b': (float64[h], float64[m]), 'decay': float64}" --arg "x: float64[n]" --arg "t: float64[m]"
# srcad dump trees.py "vjp(layers)" --arg "params: {'W': [float64[h, n], float64[m, h]], 'b': (float64[h], float64[m]), 'decay': float64}" --arg "x: float64[n]"
# srcad dump trees.py "value_and_grad(with_parts, argnums=(0, 1), has_aux=True)" --arg "x: float64[n]" --arg "y: float64[n]"
import numpy as np


def layers(params, x):
    hidden = np.tanh(params["W"][0] @ x + params["b"][0])
    output = params["W"][1] @ hidden + params["b"][1]
    return {"output": output, "size": params["decay"] * np.sum(hidden**2)}


def network(params, x, t):
    found = layers(params, x)
    return np.sum((found["output"] - t) ** 2) + found["size"]


def with_parts(x, y):
    first = np.exp(x) * y
    second = np.where(x > y, first, x - y)
    return np.sum(second) / x.size, {"first": first, "second": [second, None]}
