# misfit_grad: srcad dump path.py "grad(misfit)" --arg "theta: float64[k]" --arg "steps: float64[n]" --arg "ys: float64[n]"
# slack: 1.3
import numpy as np


def misfit(theta, steps, ys):
    path = [theta[0]]
    for h in steps:
        path.append(path[-1] - h * theta[1] * path[-1])
    return np.sum((np.array(path[1:]) - ys) ** 2)


def misfit_grad(theta, steps, ys):
    """Gradient of `misfit` with respect to `theta`: float64[k]."""
    path = np.empty(len(steps) + 1)
    path[0] = theta[0]
    for i, h in enumerate(steps):
        path[i + 1] = path[i] - h * theta[1] * path[i]

    # return np.sum((np.array(path[1:]) - ys) ** 2)
    path_bar = np.zeros_like(path)
    path_bar[1:] = 2 * (path[1:] - ys)
    theta_bar = np.zeros_like(theta)
    for i in reversed(range(len(steps))):
        h = steps[i]
        # path.append(path[-1] - h * theta[1] * path[-1])
        item_bar = path_bar[i + 1]
        theta_bar[1] -= item_bar * h * path[i]
        path_bar[i] += item_bar - item_bar * h * theta[1]
    # path = [theta[0]]
    theta_bar[0] += path_bar[0]
    return theta_bar
