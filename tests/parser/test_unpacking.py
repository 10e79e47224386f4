"""Lists whose lengths are not known while parsing, taken apart: into names, with a star, and lists made of what can be run over."""

import numpy as np
import pytest

import srcad
from tests.fuzz.modes import orders_agree
from tests.programs.support import agree


def into_names(x):
    a, b, c = [np.exp(t) for t in x]
    return a * b / c


def with_a_star(x):
    ys = []
    for t in x:
        ys.append(t * t)
    a, *rest, c = ys
    return a * c + sum(rest) * len(rest)


def an_array_with_a_star(x):
    a, *rest = x
    for r in rest:
        a = a * r
    return a


def a_list_of_an_array(x):
    ys = list(x)
    for i in range(1, len(ys)):
        ys[i] = ys[i] * ys[i - 1]
    return ys[-1] + ys[0] + np.sum(x)


def a_permutation(x):
    n = len(x)
    order = list(range(n))
    for i in range(n - 1):
        if x[i] > x[i + 1]:
            order[i], order[i + 1] = order[i + 1], order[i]
    return np.sum(np.array([x[k] for k in order]) * np.arange(n))


def a_list_of_rows(x):
    A = np.outer(x, x) + 1.0
    rows = list(A)
    total = 0.0
    for row in rows:
        total = total + np.sum(row**2)
    return total * rows[-1][0]


def a_list_of_rows_written(x):
    A = np.outer(x, x)
    rows = list(A)
    rows[0][0] = 3.0
    return np.sum(A)


def filled_from_the_second_on(x):
    ys = []
    for i in range(1, len(x) - 1):
        ys.append(x[i] + x[i - 1])
    for i in range(1, len(ys)):
        ys[i] -= ys[i - 1] * x[i]
    return sum(ys) * len(range(1, len(x)))


@pytest.mark.parametrize(
    "function",
    [
        filled_from_the_second_on,
        into_names,
        with_a_star,
        an_array_with_a_star,
        a_list_of_an_array,
        a_permutation,
        a_list_of_rows,
    ],
    ids=lambda function: function.__name__,
)
def test_derivatives(function):
    x = np.array([0.5, 0.3, 0.9])
    agree(function, x)
    orders_agree(function, [x], (0,), np.random.default_rng(0))


@pytest.mark.parametrize("function, size", [(into_names, 2), (into_names, 4), (with_a_star, 1)])
def test_another_number_of_values_raises_as_in_python(function, size):
    x = np.linspace(0.3, 0.7, size)
    with pytest.raises(ValueError):
        function(x)
    with pytest.raises(ValueError):
        srcad.grad(function)(x)


def test_items_that_are_views_are_not_written():
    with pytest.raises(srcad.AliasingError, match="written"):
        srcad.grad(a_list_of_rows_written)(np.array([0.5, 0.3]))
