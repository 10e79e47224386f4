"""Control flow that depends on what is mapped over: a map equals the stacked calls, and so do its derivatives and the maps of derivatives."""

import numpy as np
import pytest

from srcad import jacfwd, jacrev, vmap
from tests.api.references import assert_trees, stacked


def branches(x, k):
    if x[0] > 0:
        return x * 2
    return np.log(3 + x)


def guarded(x, k):
    """Outside of its side, what is computed is not finite, nor is its slope."""
    if x[1] > 0:
        y = np.sqrt(x[1]) * x
    else:
        y = x / (1 - x[1])
    return y


def one_side(x, k):
    y = x * x
    if x[0] > x[1]:
        y[0] = np.log(x[0] - x[1])
    elif k > 1:
        y[1:] += x[0]
    return y


def halved(x, k):
    s = np.sum(x * x)
    while s > 0.1:
        s = s * 0.5 if s > 1 else s - 0.05
    return s * x


def newton(x, k):
    y = 1.0
    for i in range(20):
        step = (y * y - x[0] ** 2 - 1) / (2 * y)
        y = y - step
        if abs(step) < 1e-8:
            break
    return y * x


def skipped(x, k):
    s = 0.0
    for v in x:
        if v < 0:
            continue
        if v > 1.5:
            return s * x
        s = s + v * v
    return x * x[0] + s


def as_often(x, k):
    s = x
    for i in range(k):
        s = s * x + i
    return s


def selected(x, k):
    return np.sum(x[x > 0] ** 2) * x


def looked_up(x, k):
    y = x * 2
    y[k] = x[k] ** 2
    return y * x[k - 1]


def tried(x, k):
    try:
        y = np.linalg.inv(np.diag(x) * (k > 0))
    except np.linalg.LinAlgError:
        y = np.diag(x * x)
    return y @ x


def while_in_range(x, k):
    """Beyond its end, the test itself has no value."""
    i = 0
    s = x[0]
    while i < k and x[i] > -1:
        s = s + x[i] ** 3
        i += 1
    return s * x


def convolved(x, k):
    z = np.sin(x)
    return np.convolve(z, x)[1:4] * x


PROGRAMS = [branches, guarded, one_side, halved, newton, skipped, as_often, selected, looked_up, tried, while_in_range,
            convolved]  # fmt: skip
X = np.array([[1.0, -1.0, 0.5], [-2.0, 0.5, 1.2], [0.3, 0.4, 2.0], [0.7, 0.1, -0.2]])
K = np.array([1, 2, 0, 1])


def by_x(f):
    return lambda x, k: f(x, k)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_a_map_is_the_stacked_calls(f):
    for some in (slice(0, 3), slice(None), slice(1, 2)):
        x, k = X[some], K[some]
        assert_trees(vmap(f)(x.copy(), k), stacked(f, x, k), 1e-12, 1e-12)
    assert vmap(f)(X[:0], K[:0]).shape[0] == 0


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_with_derivatives(f):
    rows = stacked(jacrev(f), X, K)
    for transform in (jacrev, jacfwd):
        assert_trees(vmap(transform(f))(X, K), rows, 1e-10, 1e-12)
        whole = transform(vmap(f))(X, K)
        for place, block in enumerate(rows):
            np.testing.assert_allclose(whole[place, :, place], block, rtol=1e-10, atol=1e-12)
            rest = np.delete(whole[place], place, axis=1)
            np.testing.assert_array_equal(rest, np.zeros_like(rest))
