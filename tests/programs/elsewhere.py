"""What the programs of test_callables call in another module."""

import numpy as np

K = np.array([2.0, 3.0, 4.0])


def helper(x):
    return K * x


def refused(x):
    return helper(x) + x.foo


class Base:
    gain = 3.0

    def __init__(self, w):
        self.w = w

    def act(self, x):
        return np.tanh(self.w * x) * self.gain

    def __call__(self, x):
        return self.act(x)
