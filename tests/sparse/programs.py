"""Functions whose Jacobians have zeros, and what they are called with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from srcad import rules

SHIFT = np.array([3, 1, 0, 2])
CHAIN = sparse.csr_array(np.eye(6, k=1) - np.eye(6))


def heat(u):
    d = np.zeros_like(u)
    d[1:-1] = u[2:] - 2 * u[1:-1] + u[:-2]
    return u + 0.1 * d * u**2


def bratu(u, load=3.0):
    p = np.pad(u, 1)
    return p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2] - 4 * u + load * np.exp(u)


def loops(x):
    y = np.zeros(x.size)
    for i in range(1, x.size):
        if i % 2 == 0:
            y[i] = x[i] ** 2
        y[i] += x[i - 1] * np.sin(x[i])
    return y


def pieces(p):
    a, b = p["a"], p["b"]
    return {"sum": a * b[0], "rows": (np.outer(a, a[:2]), b**2), "one": b[1] * 2.0}


def picked(x, order):
    return np.concatenate((x[order] ** 2, x[SHIFT], np.where(np.arange(x.size) < 2, x, x[0])))


def chained(x):
    return np.tanh(CHAIN @ x) * x


def ranked(x, A):
    return np.where(A @ np.ones(x.size) > 1.5, x**2, x[::-1])


def halved(x):
    while np.sum(x) > 1:
        x = x / 2
    return x[x > 0.02] * x[0]


def tried(x):
    try:
        if x[0] > 0.4:
            raise ValueError("large")
        y = x[1:] ** 2
    except ValueError:
        with np.errstate(invalid="ignore"):
            y = x[:-1] * x[-1]
    return y


def noisy(x):
    rng = np.random.default_rng(0)
    return np.where(rng.random(x.size - 1) < 0.5, x[1:], x[:-1]) * rng.normal(size=x.size - 1)


def counted(x):
    y = np.compress(x > 0.5, x)
    for i in range(len(np.where(x > 0.3)[0])):
        x = np.where(np.arange(x.size) == i, x * x[-1 - i], x)
    return x * len(y)


def sided(x):
    if np.max(x) > 0.5:
        return x[::-1] * 2
    return np.cumsum(x)


def rows_of_a_matrix(A, w):
    B = np.tanh(A * w)
    return B.sum(axis=1), np.sort(B, axis=1), B.T @ B[:, 0], np.linalg.norm(B, axis=0)


def gathered(x):
    y = np.zeros(4)
    np.add.at(y, np.array([0, 0, 3]), x[:3] ** 2)
    return y + x[-1]


def nothing(x):
    return np.floor(x), np.zeros(3), x[:0], 2.0


def speaks(x):
    print("once")
    return x[1:] * x[0]


def number(x):
    return x[0] * x[2]


def helped(x):
    return heat(x)[1:] * heat(x[::-1])[:-1]


# With auxiliary results, and of several arguments.


def with_aux(x, y):
    return x[1:] * y, {"mean": np.mean(x), "name": "aux"}


# Of which Hessians are asked for.


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def hub(x):
    return x[0] * np.sum(x[1:] ** 2) + np.sum(np.sin(x))


def energy(u):
    total = 0.0
    for i in range(u.shape[0] - 1):
        total += np.sum((u[i + 1] - u[i]) ** 4)
    return total + np.sum(np.exp(u))


def mixed(x, y):
    return np.sum(x**2 * y[0]) + np.prod(y) + x[0]


def apart(x, s, t):
    return np.sum(x * np.cos(x)) + 2 * s + 2 * t


def uneven(a, b, by):
    return a * b


@rules.elementwise(uneven, signature="(),(),()->()")
def uneven_rule(a, b, by, y):
    """Partial derivatives of no function: the mixed ones differ by `by`."""
    return b * (1 + by), a, 0 * a


def misled(x):
    return np.sum(uneven(x[0], x[1:], (-1.0) ** np.arange(x.size - 1))) + np.sum(x**3)


def kinked(x):
    return np.sum(np.maximum(x[1:], x[:-1]) ** 2 * x[0])


class Program(NamedTuple):
    function: object
    args: tuple
    argnums: object = 0
    local: bool = False


def drawn(*shape):
    return np.random.default_rng(len(shape)).uniform(0.05, 0.9, shape)


JACOBIANS = [
    Program(heat, (drawn(9),)),
    Program(bratu, (drawn(4, 3),)),
    Program(bratu, (drawn(3, 3), 2.0), (0, 1)),
    Program(loops, (drawn(7),)),
    Program(pieces, ({"a": drawn(4), "b": drawn(2)},)),
    Program(picked, (drawn(4), np.array([2, 0, 1]))),
    Program(chained, (drawn(6),)),
    Program(halved, (drawn(5),), local=True),
    Program(sided, (drawn(5),), local=True),
    Program(counted, (drawn(5),), local=True),
    Program(tried, (drawn(5),), local=True),
    Program(noisy, (drawn(5),)),
    Program(rows_of_a_matrix, (drawn(4, 3), drawn(3)), (1, 0)),
    Program(gathered, (drawn(5),)),
    Program(nothing, (drawn(4),)),
    Program(number, (drawn(4),)),
    Program(helped, (drawn(6),)),
    Program(heat, (drawn(8).astype(np.float32),)),
    Program(np.sin, (drawn(4),)),
    Program(np.sin, (0.3,)),
]
HESSIANS = [
    Program(rosenbrock, (drawn(9),)),
    Program(hub, (drawn(9),)),
    Program(energy, (drawn(4, 3),)),
    Program(mixed, (drawn(4), drawn(3)), (0, 1)),
    Program(apart, (drawn(4), 0.5, 1.5), (0, 1, 2)),  # two of its gradients are one constant
    Program(misled, (drawn(9),)),  # by as much as row 0 sums to
    Program(kinked, (drawn(6),)),
    Program(kinked, (np.ones(6),)),
    Program(rosenbrock, (drawn(8).astype(np.float32),)),
]
