# orbit_grad: srcad dump objects.py "grad(orbit, argnums=(0, 1))" --arg "x: float64[n]" --arg "v: float64[n]"
# slack: 1.3
import numpy as np


class Body:
    def __init__(self, x, v):
        self.x, self.v = x, v

    def pull(self):
        return -self.x / np.sum(self.x**2)

    def step(self, dt):
        self.v = self.v + dt * self.pull()
        self.x = self.x + dt * self.v


def orbit(x, v):
    body = Body(x, v)
    for _ in range(20):
        body.step(0.1)
    return np.sum(body.x**2)


def orbit_grad(x, v):
    """Gradient of `orbit` with respect to `x` and `v`: float64[n], float64[n]."""
    saved = []
    for _ in range(20):
        sum_1 = np.sum(x**2)
        saved.append((sum_1, x))
        v = v - 0.1 * x / sum_1
        x = x + 0.1 * v

    # return np.sum(body.x**2)
    x_bar = 2 * x
    v_bar = np.zeros_like(v)
    for sum_1, x in reversed(saved):
        # self.x = self.x + dt * self.v
        v_bar += 0.1 * x_bar
        # self.v = self.v + dt * self.pull()
        ratio_bar = -0.1 * v_bar
        # return -self.x / np.sum(self.x**2)
        sum_bar = np.sum(-ratio_bar * x / sum_1**2)
        x_bar += ratio_bar / sum_1 + 2 * sum_bar * x
    return x_bar, v_bar
