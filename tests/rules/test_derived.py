"""Rules that are definitions, and rules that tell the axes they are about: nothing else has to be said of a function."""

from __future__ import annotations

import numpy as np
import pytest

import srcad
from srcad.core.quote import call
from srcad.rules import check, derived, elementwise, primitive
from srcad.rules.families import REGISTRY


def spread(a, axis=None, keepdims=False):
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


def area(y, x):
    return float(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1])) / 2)


def square_root(a):
    """Of a symmetric positive definite matrix, by its eigenvalues."""
    w, v = np.linalg.eigh(a)
    return (v * np.sqrt(w)[..., None, :]) @ np.swapaxes(v, -1, -2)


def inverse(a):
    return np.linalg.inv(a)


@pytest.fixture(scope="module", autouse=True)
def rules():
    @derived(spread)
    def spread_rule(a, *, axis=None, keepdims=False):
        return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)

    @derived(area)
    def area_rule(y, x):
        return np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1])) / 2

    @primitive(inverse, signature="(n,n)->(n,n)")
    class Inverse:
        @staticmethod
        def pullback(y_bar, a, y):
            turned = np.swapaxes(y, -1, -2)
            return -turned @ y_bar @ turned

        @staticmethod
        def pushforward(a_dot, a, y):
            return -y @ a_dot @ y

    yield
    for function in (spread, area, inverse):
        del REGISTRY[function]


X = np.array([0.3, -1.2, 2.0, 0.7])
T = np.array([0.0, 0.5, 0.7, 1.5])
A = np.array([[2.0, 0.3], [0.1, 1.5]])


def test_laws():
    check(spread, X)
    check(spread, np.outer(X, T), axis=1, keepdims=True)
    check(inverse, A)
    check(inverse, np.stack([A, A + 1]))


def test_gradients():
    def loss(y, t):
        return area(y, t) * spread(y)

    value = srcad.grad(loss, argnums=(0, 1))(X, T)

    def plain(y, t):
        return np.sum((t[1:] - t[:-1]) * (y[1:] + y[:-1])) / 2 * (np.max(y) - np.min(y))

    wanted = srcad.grad(plain, argnums=(0, 1))(X, T)
    for a, b in zip(value, wanted):
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_one_argument_twice():
    found = srcad.grad(lambda x: area(x, x))(X)
    np.testing.assert_allclose(found, [-X[0], 0, 0, X[-1]], atol=1e-15)


def test_second_order_and_rows():
    def curve(y):
        return area(y**2, y) + spread(y) ** 2

    def plain(y):
        return (
            np.sum((y[1:] - y[:-1]) * (y[1:] ** 2 + y[:-1] ** 2)) / 2 + (np.max(y) - np.min(y)) ** 2
        )

    np.testing.assert_allclose(srcad.hessian(curve)(X), srcad.hessian(plain)(X), rtol=1e-13)
    _, dot = srcad.jvp(curve, (X,), (T,))
    np.testing.assert_allclose(dot, srcad.grad(plain)(X) @ T, rtol=1e-13)


def test_in_loops():
    def total(rows):
        out = 0.0
        for i in range(len(rows)):
            out = out + spread(rows[i]) * spread(out * rows[i])
        return out

    def plain(rows):
        out = 0.0
        for i in range(len(rows)):
            out = out + (np.max(rows[i]) - np.min(rows[i])) * (
                np.max(out * rows[i]) - np.min(out * rows[i])
            )
        return out

    rows = np.outer([1.0, 0.5, 2.0], X)
    np.testing.assert_allclose(srcad.grad(total)(rows), srcad.grad(plain)(rows), rtol=1e-13)


def test_batched_by_definition_and_by_signature():
    rows = np.outer([1.0, 0.5, 2.0], X)
    np.testing.assert_allclose(
        srcad.vmap(lambda row: spread(row) * row)(rows),
        np.stack([spread(row) * row for row in rows]),
    )
    stack = np.stack([A, A + 1, A @ A])
    np.testing.assert_allclose(
        srcad.vmap(lambda a: inverse(a) @ a[0])(stack),
        np.stack([np.linalg.inv(a) @ a[0] for a in stack]),
    )
    np.testing.assert_allclose(
        srcad.jacrev(lambda a: inverse(a)[0])(A), srcad.jacrev(lambda a: np.linalg.inv(a)[0])(A)
    )


def test_the_call_stays_as_written():
    text = srcad.value_and_grad(lambda y: spread(y) ** 2).source(X)
    assert "spread(y)" in text


def test_a_definition_without_rules_is_refused():
    def odd(x):
        return np.sum(x)

    derived(odd)(lambda x: np.sum(call(unruled, x)))
    with pytest.raises(srcad.MissingRuleError, match=r"unruled|rule"):
        srcad.grad(lambda x: odd(x))(X)
    del REGISTRY[odd]


def unruled(x):
    return x * 1.0


def test_a_function_with_a_rule_of_which_no_type_is_known_makes_real_numbers():
    def soft(x):
        return np.log1p(np.exp(x))

    elementwise(soft)(lambda x, y: 1 - np.exp(-y))
    found = srcad.grad(lambda x: np.sum(soft(x)))(X)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-X)))
    del REGISTRY[soft]
