# cube_root_grad: srcad dump closures.py "grad(cube_root)" --arg "a: float64"
# ranges: a=0.5..3
# slack: 1.3
import numpy as np


def newton(f, slope, x):
    for _ in range(8):
        x = x - f(x) / slope(x)
    return x


def cube_root(a):
    return newton(lambda x: x**3 - np.sin(a), lambda x: 3 * x**2, 1.0 + a)


def cube_root_grad(a):
    """Gradient of `cube_root` with respect to `a`: float64."""
    x = 1.0 + a
    saved = []
    for _ in range(8):
        saved.append(x)
        x = x - (x**3 - np.sin(a)) / (3 * x**2)

    x_bar = 1.0
    sin_bar = 0.0
    for x in reversed(saved):
        # x = x - f(x) / slope(x)
        diff = x**3 - np.sin(a)
        slope = 3 * x**2
        diff_bar = -x_bar / slope
        slope_bar = x_bar * diff / slope**2
        sin_bar -= diff_bar
        x_bar += 3 * diff_bar * x**2 + 6 * slope_bar * x
    # return newton(lambda x: x**3 - np.sin(a), lambda x: 3 * x**2, 1.0 + a)
    a_bar = x_bar + sin_bar * np.cos(a)
    return a_bar
