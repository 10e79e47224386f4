"""Cotangents of what a selection passes by are masked, in all modes and orders: no zero meets an infinity."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import srcad

X = np.array([1.5, -2.0, 0.0, 3.0])
SQUARES = X * X
ROWS = np.array([[1.0, 2.0], [0.0, 0.0]])
HOLES = np.array([1.0, np.nan, 2.0])


def function(text: str) -> Any:
    """A function of x (and of what else the text's last line reads)."""
    return srcad.from_source(f"import numpy as np\n\ndef f(x):\n    {text}\n", "f")


# (body, argument, gradient)
PROGRAMS: dict[str, tuple[str, Any, Any]] = {
    "log": ("return np.sum(np.where(x > 0, np.log(x), 0))", X, [1 / 1.5, 0, 0, 1 / 3]),
    "else": (
        "return np.sum(np.where(x <= 0, 0, x**0.5))",
        X,
        0.5 / np.sqrt([1.5, np.inf, np.inf, 3]),
    ),
    "both sides": (
        "return np.sum(np.where(x > 0, np.sqrt(x), -np.sqrt(-x)))",
        X[[0, 1, 3]],
        0.5 / np.sqrt([1.5, 2, 3]),
    ),
    "nested": (
        "return np.sum(np.where(x > 0, np.where(x > 2, np.log(x - 2), np.sqrt(x)), 0))",
        X,
        [0.5 / np.sqrt(1.5), 0, 0, 1],
    ),
    "of an iteration": (
        "y, s = x * x, 1.0\n    for i in range(3):\n        s = s * np.sum(np.where(i < 1, y, 2))\n    return s",
        X,
        128 * X,
    ),
    "select": (
        "return np.sum(np.select([x > 2, x > 0], [np.log(x - 2), np.sqrt(x)], 0))",
        X,
        [0.5 / np.sqrt(1.5), 0, 0, 1],
    ),
    "two masks": (
        "r = np.sqrt(x)\n    return np.sum(np.where(x > 0, r, 0)) + np.sum(np.where(x > 2, 2 * r, 0))",
        X,
        0.5 / np.sqrt([1.5, np.inf, np.inf, 3 / 9]),
    ),
    "product": (
        "return np.sum(np.where(x > 0, x * np.log(x), 0))",
        X,
        [np.log(1.5) + 1, 0, 0, np.log(3) + 1],
    ),
    "rows": (
        "n = np.sqrt(np.sum(x**2, axis=1, keepdims=True))\n    return np.sum(np.where(n > 0, x / n, 0)[:, 0])",
        ROWS,
        [[4 / 5**1.5, -2 / 5**1.5], [0, 0]],
    ),
    "a number": ("n = np.sqrt(np.sum(x**2))\n    return np.where(n > 0, n, 0.0)", ROWS[1], [0, 0]),
    "in a loop": (
        "s = 0.0\n    for i in range(3):\n        s = s + np.sum(np.where(x > i, np.log(x - i), x))\n    return s",
        X,
        [1 / 1.5 + 2 + 1, 3, 3, 1 / 3 + 1 / 2 + 1],
    ),
    "before a loop": (
        "r = np.sqrt(x)\n    s = 0.0\n    for i in range(3):\n        s = s + np.sum(np.where(x > 0, r * i, 0))\n    return s",
        X,
        1.5 / np.sqrt([1.5, np.inf, np.inf, 3]),
    ),
    "element by element": (
        "y = np.zeros(4)\n    for i in range(4):\n        y[i] = np.where(x[i] > 0, np.sqrt(x[i]), 0)\n    return np.sum(y)",
        X,
        0.5 / np.sqrt([1.5, np.inf, np.inf, 3]),
    ),
    "before a branch": (
        "r = np.sqrt(x)\n    if np.sum(x) > -9:\n        s = np.sum(np.where(x > 0, r, 0))\n    else:\n        s = np.sum(x)\n    return s",
        X,
        0.5 / np.sqrt([1.5, np.inf, np.inf, 3]),
    ),
    "NaN": ("return np.sum(np.where(np.isnan(x), 0, x * x))", HOLES, [2, 0, 4]),
    "turned": (
        "return np.sum(np.where(x > 0, np.sqrt(x[:, None]).T[:, ::-1][:, ::-1], 0))",
        X,
        0.5 / np.sqrt([1.5, np.inf, np.inf, 3]),
    ),
    "maximum": (
        "return np.sum(np.maximum(np.sqrt(x), 1.0))",
        SQUARES,
        [0.5 / 1.5, 0.25, 0, 0.5 / 3],
    ),
    "clip": ("return np.sum(np.clip(np.sqrt(x), 0.5, 2.5))", SQUARES, [0.5 / 1.5, 0.25, 0, 0]),
    "max": ("return np.max(np.log(x))", SQUARES, [0, 0, 0, 1 / 9]),
    "nan_to_num": (
        "return np.sum(np.nan_to_num(np.log(x), neginf=0.0))",
        SQUARES,
        [1 / 2.25, 0.25, 0, 1 / 9],
    ),
    "of a reduction": (
        "return np.sum(np.sqrt(x), where=x > 0)",
        X,
        0.5 / np.sqrt([1.5, np.inf, np.inf, 3]),
    ),
    "of a mean": (
        "return np.mean(np.sqrt(x), where=x > 0)",
        X,
        0.25 / np.sqrt([1.5, np.inf, np.inf, 3]),
    ),
    "choose": (
        "return np.sum(np.choose(x > 0, [0 * x, np.sqrt(x)]))",
        X,
        0.5 / np.sqrt([1.5, np.inf, np.inf, 3]),
    ),
    "piecewise": (
        "return np.sum(np.piecewise(x, [x > 0], [lambda v: np.sqrt(v), lambda v: 0 * v]))",
        X,
        0.5 / np.sqrt([1.5, np.inf, np.inf, 3]),
    ),
    "nansum": (
        "return np.nansum(np.sqrt(x) * 2)",
        X[[0, 1, 3]],
        [1 / np.sqrt(1.5), 0, 1 / np.sqrt(3)],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_of_a_dead_side_nothing_comes(name: str) -> None:
    text, x, wanted = PROGRAMS[name]
    f = function(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for derivative in (srcad.grad(f), srcad.jacfwd(f)):
            assert_allclose(derivative(x), wanted, rtol=1e-14, err_msg=derivative.source(x))
        second = srcad.hessian(f)(x)
        assert np.isfinite(second).all()
        for other in (srcad.jacrev(srcad.grad(f)), srcad.jacfwd(srcad.jacfwd(f))):
            assert_allclose(other(x), second, rtol=1e-12, atol=1e-14)
        third = srcad.jacfwd(srcad.hessian(f))(x)
        assert np.isfinite(third).all()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("return np.sum(np.where(x > 0, np.log(x), 0))", "x_bar = np.where(x > 0, 1 / x, 0)"),
        ("return np.sum(np.where(x <= 0, 0, x * x))", "x_bar = np.where(x <= 0, 0, 2 * x)"),
        (
            "return np.sum(np.where(x > 0, np.sqrt(x), -x))",
            "x_bar = np.where(x > 0, 0.5 / np.sqrt(x), -1.0)",
        ),
        (
            "return np.sum(np.where(x > 0, np.exp(np.sin(x)), 0))",
            "x_bar = np.where(x > 0, np.exp(np.sin(x)) * np.cos(x), 0)",
        ),
    ],
)
def test_there_is_one_mask(text: str, line: str) -> None:
    source = srcad.grad(function(text)).source(X)
    assert line in source
    assert source.count("np.where") == source.count("# return np.sum(np.where") + 1


def drawn(rng: random.Random, depth: int, from_: int, alive: tuple[str, ...]) -> tuple[str, str]:
    """A positive expression where x is more than `from_` and what is `alive` holds; and one that never leaves its domain.

    The latter has another number for x wherever the former is not read.
    """
    if depth == 0:
        x = f"np.where({' & '.join(alive)}, x, {from_ + 0.7})"
        return f"(x - {from_})", f"({x} - {from_})"
    kind = rng.choice(("unary", "unary", "unary", "binary", "where", "where"))
    if kind == "unary":
        form = rng.choice(
            (
                "np.sqrt({})",
                "1 / {}",
                "np.exp(-{})",
                "{} ** 0.5",
                "np.log1p({})",
                "np.log1p(np.exp(np.log({})))",
                "np.maximum({}, 0.3)",
            )
        )
        a, b = drawn(rng, depth - 1, from_, alive)
        return f"({form.format(a)})", f"({form.format(b)})"
    condition = f"(x > {from_ + 1})"
    if kind == "where":
        then = drawn(rng, depth - 1, from_ + 1, (*alive, condition))
        other = drawn(rng, depth - 1, from_, (*alive, f"~{condition}"))
        return tuple(f"np.where({condition}, {a}, {b})" for a, b in zip(then, other))  # type: ignore[return-value]
    form = rng.choice(("({} + {})", "({} * {})", "({} / {})"))
    one, two = (drawn(rng, depth - 1, from_, alive) for _ in range(2))
    return form.format(one[0], two[0]), form.format(one[1], two[1])


@pytest.mark.parametrize("seed", range(30))
def test_random_programs(seed: int) -> None:
    rng = random.Random(seed)
    plain, safe = drawn(rng, rng.choice((2, 3, 4)), 0, ("(x > 0)",))
    x = np.array([0.4, 1.6, 2.3, 3.7, -1.0, 0.0, 1.0, 2.0, np.nan])
    weighted = "return np.sum(np.where(x > 0, {}, 0) * np.arange(1.0, 10.0))"
    f, g = (function(weighted.format(text)) for text in (plain, safe))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for transform in (srcad.grad, srcad.jacfwd, srcad.hessian):
            found, wanted = transform(f)(x), transform(g)(x)
            assert np.isfinite(wanted).all()
            assert_allclose(found, wanted, rtol=1e-10, err_msg=f"{transform(f).source(x)}\n{safe}")


def test_a_condition_of_one_side_stays_there_at_second_order():
    def f(x, c):
        if np.sum(c) > 0.1:
            x = np.tanh(np.logaddexp(x, c[0]))
        return np.sum(x * x) + np.sum(c)

    x, c = np.array([0.3, -0.2]), np.array([0.4, 0.1])
    for shift in (c, -c):
        found = srcad.jacrev(srcad.grad(f))(x, shift)
        np.testing.assert_allclose(found, srcad.jacfwd(srcad.grad(f))(x, shift), atol=1e-12)
