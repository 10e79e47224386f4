"""Random draws: constants, of generators that the function makes, so that it can be held against differences."""

import numpy as np
import pytest

import srcad
from tests.programs.support import agree


def scaled(x):
    rng = np.random.default_rng(0)
    return np.sum(x * x * rng.normal(size=3))


def of_a_state(x):
    state = np.random.RandomState(3)
    return np.sum(x * x * state.rand(*x.shape)) * state.randint(1, 5)


def unless_given(x, rng=None):
    if rng is None:
        rng = np.random.default_rng(0)
    return np.sum(x * x * rng.standard_normal(3))


def permuted(x):
    rng = np.random.default_rng(0)
    places = rng.permutation(3)
    return np.sum(x[places] * x) * rng.uniform()


def shuffled(x):
    rng = np.random.default_rng(0)
    y = x * x
    rng.shuffle(y)
    return np.sum(y * x)


def walked(x):
    rng = np.random.default_rng(5)
    total, k = x[0], 0
    while k < 5:
        if rng.random() > 0.5:
            total = total * x[1]
        else:
            total = total + x[2] ** 2
        k += 1
    return total


@pytest.mark.parametrize("f", [scaled, of_a_state, unless_given, permuted, shuffled, walked])
def test_draws_of_a_generator_that_the_function_makes(f):
    agree(f, np.array([0.7, 1.3, -0.4]))


def test_they_are_refused_under_vmap():
    with pytest.raises(srcad.UnsupportedSyntaxError, match=r"under vmap"):
        srcad.vmap(scaled)(np.ones((2, 3)))
