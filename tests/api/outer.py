"""Functions that read outer names, for test_outer_scopes: a module that a test may edit."""

import math
import types

import numpy as np
import numpy as other

ARRAY = np.array([1.0, 2.0, 3.0])
NUMBER = 3.0
COUNT = 2
AXIS = 0
FLAG = False
MODE = "square"
TABLE = {"k": 2.0, "a": np.ones(3)}
LIST = [2.0, 5.0]
CONFIG = types.SimpleNamespace(k=2.0, f=np.sin)
DEEP = 2.0


def reads_array(x):
    return np.sum(ARRAY * x**2)


def reads_number(x):
    return NUMBER * np.sum(x)


def reads_count(x):
    total = 0.0
    for _ in range(COUNT):
        total = total + np.sum(x)
    return total


def reads_power(x):
    return np.sum(x**COUNT)


def reads_axis(x):
    return np.sum(np.sum(x, axis=AXIS) ** 2)


def reads_flag(x):
    if FLAG:
        return np.sum(x**2)
    return np.sum(x)


def reads_mode(x):
    return np.sum(x**2) if MODE == "square" else np.sum(x**3)


def reads_table(x):
    return TABLE["k"] * np.sum(TABLE["a"] * x)


def reads_list(x):
    return LIST[0] * np.sum(x)


def reads_config(x):
    return CONFIG.k * np.sum(x)


def calls_config(x):
    return np.sum(CONFIG.f(x))


def helper(x):
    return np.sum(x**2)


def calls_helper(x):
    return helper(x) + np.sum(x)


class Scaled:
    def __init__(self, x):
        self.x = DEEP * x


class Inherits(Scaled):
    pass


def makes_an_object(x):
    return np.sum(Inherits(x).x ** 2)


def innermost(x):
    return DEEP * x


def middle(x):
    return innermost(x) * innermost(x)


def calls_deep(x):
    return np.sum(middle(x))


def with_default(x, k=3.0):
    return np.sum(x) * k


def calls_default(x):
    return with_default(x)


def calls_other_module(x):
    return np.sum(other.sin(x))


def calls_math(x):
    return math.exp(x)


def reads_submodule(x):
    return np.linalg.norm(x)
