# relax_grad: srcad dump sweeps.py "grad(relax, argnums=(0, 1))" --arg "b: float64[n]" --arg "w: float64"
# slack: 1.3
import numpy as np


def relax(b, w):
    u = np.zeros(len(b) + 2)
    for _ in range(10):
        for i in range(1, len(b) + 1):
            r = 0.5 * (u[i - 1] + u[i + 1] + b[i - 1]) - u[i]
            u[i] += w * r
    return np.sum(u**2)


def relax_grad(b, w):
    """Gradient of `relax` with respect to `b` and `w`: float64[n], float64."""
    u = np.zeros(len(b) + 2)
    saved_1 = []
    for _ in range(10):
        saved = []
        saved_1.append(saved)
        for i in range(1, len(b) + 1):
            r = 0.5 * (u[i - 1] + u[i + 1] + b[i - 1]) - u[i]
            saved.append(r)
            u[i] += w * r

    # return np.sum(u**2)
    u_bar = 2 * u
    b_bar = np.zeros_like(b)
    w_bar = 0.0
    for saved in reversed(saved_1):
        for i, r in zip(reversed(range(1, len(b) + 1)), reversed(saved)):
            # u[i] += w * r
            item_bar = u_bar[i]
            w_bar += item_bar * r
            r_bar = item_bar * w
            # r = 0.5 * (u[i - 1] + u[i + 1] + b[i - 1]) - u[i]
            u_bar[i] -= r_bar
            sum_bar = 0.5 * r_bar
            u_bar[i - 1] += sum_bar
            u_bar[i + 1] += sum_bar
            b_bar[i - 1] += sum_bar
    return b_bar, w_bar
