"""Large Jacobians that are mostly zeros, each with what an expert would write by hand.

`PROBLEMS` is the list. A problem is a function of its first argument, of which there are `n` unknowns (of the network: rows).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

import srcad

Function = Callable[..., Any]


@dataclass(frozen=True)
class Problem:
    """A function, its derivative by srcad and by hand, and the arguments of each size."""

    name: str
    title: str
    function: Function
    layout: str
    """What comes out: sparse, compact or dense."""
    derivative: Callable[[], Any]
    by_hand: Function
    arguments: Callable[[int], tuple[Any, ...]]
    sizes: tuple[int, ...]
    order: int = 1
    """2: what is asked for is the Hessian."""
    variants: dict[str, Callable[[Any], Function]] = field(default_factory=dict)
    """For a library that cannot run the function with its namespace in the place of NumPy: what its users would write."""
    prepared: Callable[..., Function] | None = None
    """By hand, where indices are made once: takes arguments of the size, returns what is called."""


def csr(data: Any, indices: Any, indptr: Any) -> Any:
    n = indptr.size - 1
    return sparse.csr_array((data, indices, indptr), shape=(n, n))


# A heat stencil ---------------------------------------------------------------------------------


def heat(u):
    d = np.zeros_like(u)
    d[1:-1] = u[2:] - 2 * u[1:-1] + u[:-2]
    return u + 0.1 * d * u**2


def heat_joined(np):
    def heat(u):
        zero = np.zeros_like(u[:1])
        d = np.concatenate((zero, u[2:] - 2 * u[1:-1] + u[:-2], zero))
        return u + 0.1 * d * u**2

    return heat


def heat_updated(np):
    def heat(u):
        d = np.zeros_like(u).at[1:-1].set(u[2:] - 2 * u[1:-1] + u[:-2])
        return u + 0.1 * d * u**2

    return heat


def heat_by_hand(u):
    inner = u[1:-1]
    d = np.zeros(u.size)
    d[1:-1] = u[2:] - 2 * inner + u[:-2]
    main = 1 + 0.2 * d * u
    side = 0.1 * inner**2
    main[1:-1] -= 2 * side
    below, above = np.zeros(u.size - 1), np.zeros(u.size - 1)
    below[:-1], above[1:] = side, side
    return sparse.diags_array([below, main, above], offsets=[-1, 0, 1], format="csr")


def heat_prepared(u):
    pattern = heat_by_hand(np.ones(u.size))
    indices, indptr = pattern.indices, pattern.indptr

    def derivative(u):
        inner = u[1:-1]
        side = 0.1 * inner**2
        data = np.empty(indices.size)
        data[[0, -1]] = 1.0
        rows = data[1:-1].reshape(-1, 3)
        rows[:, 0] = rows[:, 2] = side
        rows[:, 1] = 1 + 0.2 * (u[2:] - 2 * inner + u[:-2]) * inner - 2 * side
        return csr(data, indices, indptr)

    return derivative


# The Hessian of Rosenbrock's function -----------------------------------------------------------


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_by_hand(x):
    main = np.zeros(x.size)
    main[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    main[1:] += 200
    side = -400 * x[:-1]
    return sparse.diags_array([side, main, side], offsets=[-1, 0, 1], format="csr")


def rosenbrock_prepared(x):
    pattern = rosenbrock_by_hand(np.ones(x.size))
    indices, indptr = pattern.indices, pattern.indptr

    def derivative(x):
        side = -400 * x[:-1]
        data = np.empty(indices.size)
        data[0] = 1200 * x[0] ** 2 - 400 * x[1] + 2
        data[1::3] = data[2::3] = side
        data[3:-1:3] = 1200 * x[1:-1] ** 2 - 400 * x[2:] + 202
        data[-1] = 200
        return csr(data, indices, indptr)

    return derivative


# Bratu's problem on a square --------------------------------------------------------------------


def bratu(u):
    p = np.pad(u, 1)
    h = 1 / (u.shape[0] + 1)
    around = p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2]
    return (around - 4 * u) / h**2 + 6 * np.exp(u)


def bratu_torch(torch):
    def bratu(u):
        p = torch.nn.functional.pad(u, (1, 1, 1, 1))
        h = 1 / (u.shape[0] + 1)
        around = p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2]
        return (around - 4 * u) / h**2 + 6 * torch.exp(u)

    return bratu


def bratu_autograd(np):
    def bratu(u):
        p = np.pad(u, 1, "constant")
        h = 1 / (u.shape[0] + 1)
        around = p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2]
        return (around - 4 * u) / h**2 + 6 * np.exp(u)

    return bratu


def bratu_by_hand(u):
    n = u.shape[0]
    h = 1 / (n + 1)
    main = -4 / h**2 + 6 * np.exp(u.ravel())
    side = np.full(n * n - 1, 1 / h**2)
    side[n - 1 :: n] = 0
    far = np.full(n * n - n, 1 / h**2)
    return sparse.diags_array([far, side, main, side, far], offsets=[-n, -1, 0, 1, n], format="csr")


def bratu_prepared(u):
    fixed = bratu_by_hand(np.zeros(u.shape))
    rows = np.repeat(np.arange(u.size), np.diff(fixed.indptr))
    diagonal = np.flatnonzero(fixed.indices == rows)
    fixed.data[diagonal] -= 6

    def derivative(u):
        data = fixed.data.copy()
        data[diagonal] += 6 * np.exp(u.ravel())
        return csr(data, fixed.indices, fixed.indptr)

    return derivative


# The Brusselator, two unknowns at each point of a periodic square -------------------------------

FEED, RATE, SPREAD = 1.0, 1.7, 0.002


def brusselator(state, edge):
    u, v = np.reshape(state, (2, edge, edge))

    def laplacian(w):
        across = np.roll(w, 1, 0) + np.roll(w, -1, 0) + np.roll(w, 1, 1) + np.roll(w, -1, 1)
        return (across - 4 * w) * edge**2

    made = u**2 * v
    u_rate = FEED + made - (RATE + 1) * u + SPREAD * laplacian(u)
    v_rate = RATE * u - made + SPREAD * laplacian(v)
    return np.concatenate((np.ravel(u_rate), np.ravel(v_rate)))


@functools.cache
def periodic(edge):
    """The Laplacian of a periodic square, which is the same at every call."""
    ring = sparse.diags_array(
        [1.0, 1.0, -2.0, 1.0, 1.0], offsets=[1 - edge, -1, 0, 1, edge - 1], shape=(edge, edge)
    )
    eye = sparse.eye_array(edge)
    return (sparse.kron(ring, eye) + sparse.kron(eye, ring)) * float(edge**2)


def brusselator_by_hand(state, edge):
    u, v = np.reshape(state, (2, edge * edge))
    spread = SPREAD * periodic(edge)
    both = 2 * u * v
    top = [spread + sparse.diags_array(both - (RATE + 1)), sparse.diags_array(u**2)]
    bottom = [sparse.diags_array(RATE - both), spread - sparse.diags_array(u**2)]
    return sparse.block_array([top, bottom], format="csr")


def brusselator_prepared(state, edge):
    size = edge * edge
    fixed = sparse.block_diag([SPREAD * periodic(edge)] * 2, format="csr")
    # What depends on the state stands on three diagonals: as ones they are in the pattern.
    ones = sparse.diags_array(
        [np.ones(size), np.ones(2 * size), np.ones(size)], offsets=[-size, 0, size], format="csr"
    )
    pattern = sparse.csr_array(abs(fixed) + ones)
    pattern.sort_indices()
    rows = np.repeat(np.arange(2 * size), np.diff(pattern.indptr))
    main, above, below = (
        np.flatnonzero(pattern.indices - rows == offset) for offset in (0, size, -size)
    )
    base = pattern.data.copy()
    base[above] = base[below] = 0.0
    base[main] = fixed.diagonal()
    indices, indptr = pattern.indices, pattern.indptr

    def derivative(state, edge):
        u, v = np.reshape(state, (2, edge * edge))
        both, square = 2 * u * v, u**2
        data = base.copy()
        data[main[:size]] += both - (RATE + 1)
        data[main[size:]] -= square
        data[above], data[below] = square, RATE - both
        return csr(data, indices, indptr)

    return derivative


# The rows of a network --------------------------------------------------------------------------


def network(X, W1, b1, W2, b2, W3, b3):
    H1 = np.tanh(X @ W1 + b1)
    H2 = np.tanh(H1 @ W2 + b2)
    return H2 @ W3 + b3


def network_by_hand(X, W1, b1, W2, b2, W3, b3):
    H1 = np.tanh(X @ W1 + b1)
    H2 = np.tanh(H1 @ W2 + b2)
    H2_bar = (1 - H2**2)[:, None] * W3.T
    H1_bar = (1 - H1**2)[:, None] * (H2_bar @ W2.T)
    return H1_bar @ W1.T


def network_dense_by_hand(X, *weights):
    blocks = network_by_hand(X, *weights)
    n, outputs, inputs = blocks.shape
    J = np.zeros((n, outputs, n, inputs))
    rows = np.arange(n)
    J[rows, :, rows] = blocks
    return J


# Arguments --------------------------------------------------------------------------------------


def line(n):
    return (np.random.default_rng(0).uniform(size=n),)


def square(n):
    edge = round(n**0.5)
    return (np.random.default_rng(0).uniform(size=(edge, edge)),)


def two_squares(n):
    edge = round((n / 2) ** 0.5)
    return np.random.default_rng(0).uniform(0.5, 2.0, size=2 * edge * edge), edge


def rows_and_weights(n):
    rng = np.random.default_rng(0)
    shapes = [(n, 20), (20, 50), (50,), (50, 50), (50,), (50, 10), (10,)]
    return tuple(0.3 * rng.normal(size=shape) for shape in shapes)


# All together -----------------------------------------------------------------------------------

SIZES = (1000, 3000, 10_000, 100_000, 1_000_000)

PROBLEMS = [
    Problem(
        name="heat",
        title="heat stencil",
        function=heat,
        layout="sparse",
        derivative=lambda: srcad.jacfwd(heat, sparse=True),
        by_hand=heat_by_hand,
        arguments=line,
        sizes=SIZES,
        variants={"torch": heat_joined, "autograd": heat_joined, "jax": heat_updated},
        prepared=heat_prepared,
    ),
    Problem(
        name="bratu",
        title="Bratu on a square",
        function=bratu,
        layout="sparse",
        derivative=lambda: srcad.jacfwd(bratu, sparse=True),
        by_hand=bratu_by_hand,
        arguments=square,
        sizes=SIZES,
        variants={"torch": bratu_torch, "autograd": bratu_autograd},
        prepared=bratu_prepared,
    ),
    Problem(
        name="brusselator",
        title="Brusselator on a square",
        function=brusselator,
        layout="sparse",
        derivative=lambda: srcad.jacfwd(brusselator, sparse=True),
        by_hand=brusselator_by_hand,
        arguments=two_squares,
        sizes=SIZES,
        prepared=brusselator_prepared,
    ),
    Problem(
        name="rosenbrock",
        title="Rosenbrock, Hessian",
        function=rosenbrock,
        layout="sparse",
        derivative=lambda: srcad.hessian(rosenbrock, sparse=True),
        by_hand=rosenbrock_by_hand,
        arguments=line,
        sizes=SIZES,
        order=2,
        prepared=rosenbrock_prepared,
    ),
    Problem(
        name="network",
        title="rows of a network, compact",
        function=network,
        layout="compact",
        derivative=lambda: srcad.jacrev(network, compact=True),
        by_hand=network_by_hand,
        arguments=rows_and_weights,
        sizes=(50, 150, 500, 5000, 50_000),
    ),
    Problem(
        name="network_dense",
        title="the same, dense",
        function=network,
        layout="dense",
        derivative=lambda: srcad.jacrev(network),
        by_hand=network_dense_by_hand,
        arguments=rows_and_weights,
        sizes=(50, 150, 500),
    ),
]
