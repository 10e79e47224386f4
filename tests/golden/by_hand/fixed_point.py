# fixed_point_grad: srcad dump fixed_point.py "grad(fixed_point, argnums=(0, 1))" --arg "a: float64" --arg "b: float64"
# ranges: a=0.1..0.8 b=0.1..1
# slack: 1.3
import numpy as np


def fixed_point(a, b):
    x = 1.0
    for _ in range(100):
        x_new = np.cos(a * x) + b
        change = abs(x_new - x)
        x = x_new
        if change < 1e-10:
            break
    return x


def fixed_point_grad(a, b):
    """Gradient of `fixed_point` with respect to `a` and `b`: float64, float64."""
    x = 1.0
    saved = []
    for _ in range(100):
        saved.append(x)
        x_new = np.cos(a * x) + b
        change = abs(x_new - x)
        x = x_new
        if change < 1e-10:
            break

    x_bar = 1.0
    a_bar = 0.0
    b_bar = 0.0
    for x in reversed(saved):
        # x_new = np.cos(a * x) + b
        prod_bar = -x_bar * np.sin(a * x)
        b_bar += x_bar
        a_bar += prod_bar * x
        x_bar = a * prod_bar
    return a_bar, b_bar
