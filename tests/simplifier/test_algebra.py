"""The adjoint's products and sums are written as a person writes them; the primal's are the user's."""

import numpy as np
import pytest

from srcad.simplifier.algebra import simplify_algebra
from tests.simplifier.core_text import (
    core,
    differences,
    grad,
    lines,
    lowered,
    passes,
    run,
    same,
    simplified,
    text,
)


def square(x):
    return x**2


def reciprocal(x, g):
    return g * np.log(x)


def minus(x, y):
    return x * y - y


def half(x):
    return 0.25 * x * x


def cube(x):
    return 3 * x**3


def quotient(x, y):
    return x / y


def mean(x):
    return np.mean(x**2)


def negated(x, y):
    return -np.sum(x * y)


EXPECTED = [
    (square, 0, dict(x="float64"), "x_bar = 2 * x", (3.0,)),
    (reciprocal, 0, dict(x="float64", g="float64"), "x_bar = g / x", (3.0, 2.0)),
    (minus, 1, dict(x="float64", y="float64"), "y_bar = x - 1", (3.0, 2.0)),
    (half, 0, dict(x="float64"), "x_bar = 0.5 * x", (3.0,)),
    (cube, 0, dict(x="float64"), "x_bar = 9.0 * x ** 2", (3.0,)),
    (quotient, 0, dict(x="float64", y="float64"), "x_bar = 1 / y", (3.0, 2.0)),
    (quotient, 1, dict(x="float64", y="float64"), "y_bar = -x / y ** 2", (3.0, 2.0)),
    (mean, 0, dict(x="float64[n]"), "x_bar = 2 * x / x.size", (np.array([1.0, 2.0]),)),
    (
        negated,
        0,
        dict(x="float64[n]", y="float64[n]"),
        "x_bar = -y",
        (np.array([1.0, 2.0]), np.array([3.0, 4.0])),
    ),
]


@pytest.mark.parametrize("f, argnum, specs, line, args", EXPECTED)
def test_the_line_a_person_writes(f, argnum, specs, line, args):
    made = lowered(simplified(grad(f, argnum, **specs)))
    same(run(text(made), *args), differences(f, args, argnum), rtol=1e-6)
    found = [part.replace("1.0 /", "1 /").replace("- 1.0", "- 1") for part in lines(made)]
    assert line in found


def test_the_primal_keeps_its_arithmetic():
    def f(x):
        return (1.0 * x + 0.0 + x * 1) / 1

    made = core(f, x="float64")
    assert text(passes(made, simplify_algebra)) == text(made)


def test_no_shape_is_lost_to_a_one():
    def f(x, y):
        return np.sum(x * y)

    made = lowered(simplified(grad(f, 0, x="float64", y="float64[n]")))
    same(run(text(made), 2.0, np.ones(3)), 3.0)


def test_dtype_is_kept():
    def f(x):
        return np.sum(x * np.float32(1.0))

    made = lowered(simplified(grad(f, 0, x="float32[n]")))
    assert run(text(made), np.ones(3, np.float32)).dtype == np.float32


def test_infinite_times_zero_is_not_folded():
    def f(x, y):
        return x * y * 0.0

    made = lowered(simplified(grad(f, 0, x="float64", y="float64")))
    assert np.isnan(run(text(made), 1.0, np.float64("inf")))


def test_a_second_pass_changes_nothing():
    made = simplified(grad(half, 0, x="float64"), rounds=6)
    assert text(passes(made, simplify_algebra), flat=True) == text(made, flat=True)
