"""NumPy's functions that take functions, and math's that take sequences, in programs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import srcad

X = np.array([[2.1, -1.4, 0.6], [1.2, 3.3, -0.7]])

EXPRESSIONS = [
    "np.apply_along_axis(np.sum, 0, x)",
    "np.apply_along_axis(np.sort, -1, x) * np.arange(3)",
    "np.apply_along_axis(lambda r: r / np.sum(r), 0, x)",
    "np.apply_along_axis(lambda r: r[0] * r[1], 1, x)",
    "np.apply_along_axis(lambda r, p: np.sum(r**p), 1, x, 2)",
    "np.apply_along_axis(np.cumsum, 1, np.stack([x, 2 * x])) * x",
    "np.apply_along_axis(np.prod, 0, np.stack([x, 2 * x], 2))",
    "np.apply_along_axis(np.sum, 0, x[0]) * x",
    "np.apply_over_axes(np.sum, x, (0, -1)) * x",
    "np.apply_over_axes(np.mean, x, 1) * x",
    "np.fromfunction(lambda i, j: i * x[0, 0] + j * x[1, 1], (2, 3)) * x",
    "np.fromfunction(lambda i: i * x[0], (3,), dtype=int)",
    "math.dist(x[0], x[1]) * x",
    "math.dist((x[0, 0], x[0, 1]), (1.0, 2.0)) * x",
    "math.hypot(x[0, 0], x[0, 1], x[1, 0]) * x",
    "math.hypot(x[0, 0]) * x",
    "math.frexp(x[0, 0])[0] * x",
    "math.modf(x[0, 0])[0] * x",
    "np.clip(x, min=0)",
    "np.array(x, copy=True, order='F')",
    "np.require(x, requirements='C') * x",
    "np.hanning(3) * x",
    "np.isin(x, [5.0]) * x",
    "np.indices((3,))[0] * x",
]
if hasattr(math, "sumprod"):
    EXPRESSIONS += [
        "math.sumprod(x[0], x[1]) * x",
        "math.sumprod([x[0, 0], 2.0], (x[1, 0], 3.0)) * x",
    ]
if hasattr(math, "fma"):
    EXPRESSIONS += ["math.fma(x[0, 0], x[0, 1], x[1, 2]) * x"]


def made(expression: str) -> Any:
    text = f"import math\nimport numpy as np\n\ndef f(x):\n    return np.sum(np.sin({expression}))"
    return srcad.from_source(text, "f")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_derivatives(expression: str) -> None:
    function = made(expression)
    value, gradient = srcad.value_and_grad(function)(X.copy())
    np.testing.assert_allclose(value, function(X.copy()), rtol=1e-14)
    slopes = np.empty_like(X)
    for place in np.ndindex(X.shape):
        step = np.zeros_like(X)
        step[place] = 1e-5
        slopes[place] = (function(X + step) - function(X - step)) / 2e-5
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("np.i0(x)", "scipy.special.i0"),
        ("np.kaiser(3, x[0, 0])", "scipy.special.i0"),
        ("math.gamma(x[0, 0])", "scipy.special.gamma"),
        ("np.arange(x[0, 0])", "np.arange"),
        ("np.union1d(x, x)", "index the array with their positions"),
        ("np.spacing(x)", "representation"),
        ("np.vectorize(math.sin)(x)", "calls a function for each element"),
        ("math.dist((x[0, 0],), (1.0, 2.0))", "different lengths"),
        ("np.apply_along_axis(lambda r: r[:2] * r[1:], 1, x)", "how large the items"),
    ],
)  # fmt: skip
def test_refused(expression: str, words: str) -> None:
    with pytest.raises(srcad.SrcadError) as found:
        srcad.grad(made(expression))(X)
    assert words in str(found.value)


def test_effects_are_called_as_they_stand() -> None:
    function = srcad.from_source(
        "import numpy as np\n\ndef f(x):\n    np.geterr()\n    return np.sum(np.sin(x))", "f"
    )
    assert np.array_equal(srcad.grad(function)(X), np.cos(X))
    assert "np.geterr()" in srcad.grad(function).source(X)
