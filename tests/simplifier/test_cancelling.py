"""Algebra that takes factors and divisors away: the text of gradients, and their values where the longer form has none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcad


def gradient(expression: str) -> Any:
    text = f"import numpy as np\n\ndef f(x):\n    return np.sum({expression})"
    return srcad.grad(srcad.from_source(text, "f"))


X = np.array([0.5, 1.5, 2.5])


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("x * np.log(x)", "x_bar = np.log(x) + 1.0"),
        ("x**2 * np.log(x)", "x_bar = x + 2 * np.log(x) * x"),
        ("np.abs(x) ** 2", "x_bar = 2 * x"),
        ("np.abs(x) * np.abs(x)", "x_bar = 2 * x"),
    ],
)
def test_text(expression: str, written: str) -> None:
    assert written in gradient(expression).source(X)


@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble"])
def test_dtype(dtype: str) -> None:
    x = X.astype(dtype)
    found = gradient("x * np.log(x)")(x)
    assert found.dtype == dtype and np.allclose(found, np.log(x) + 1)


def test_at_zero() -> None:
    x = np.array([0.0, 2.0])
    with np.errstate(divide="ignore"):
        assert np.array_equal(gradient("x**2 * np.log(x + (x == 0))")(x)[1:], [4 * np.log(2) + 2])
        assert np.array_equal(gradient("np.where(x > 0, x * np.log(x), 0)")(x), [0, np.log(2) + 1])
    assert np.array_equal(gradient("np.abs(x) ** 2")(x), 2 * x)


def test_primal_quotients_stay() -> None:
    """The user's own `x / x` is NaN at 0."""
    text = "import numpy as np\n\ndef f(x):\n    return np.sum(x / x)"
    function = srcad.from_source(text, "f")
    with np.errstate(invalid="ignore"):
        assert np.isnan(srcad.value_and_grad(function)(np.zeros(2))[0])
