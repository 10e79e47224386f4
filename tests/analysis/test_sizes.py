"""Sizes are unified where the function could not run otherwise, and nowhere else."""

import numpy as np
import pytest

from srcad.analysis.sizes import unify_sizes
from srcad.core.types import Size, array
from srcad.parser.function import parse


def unified(function, **specs):
    made = unify_sizes(parse(function, specs))
    return {param.name: param.tree.type.shape for param in made.params}


def many(name):
    return Size(name, 0, True)


def product(X, w):
    return X @ w


def times(X, w):
    return np.sum(X) * w


def elementwise(X, w):
    return X * w


def guarded(X, w):
    if w[0] > 0:
        y = X @ w
    else:
        y = X[:, 0]
    return y


def never(X, w):
    y = X[:, 0]
    for i in range(0):
        y = X @ w
    return y


def always(X, w):
    y = X[:, 0]
    for i in range(2):
        y = X @ w
    return y


@pytest.mark.parametrize(
    "function, same",
    [
        (product, True),
        (times, False),
        (elementwise, True),
        (guarded, False),
        (never, False),
        (always, True),
    ],
)
def test_evidence(function, same):
    found = unified(
        function, X=array("float64", many("n"), many("m")), w=array("float64", many("k"))
    )
    assert (found["X"][1] == found["w"][0]) is same and found["X"][0] != found["w"][0]


def test_a_size_that_may_be_one_is_no_evidence():
    specs = dict(X=array("float64", Size("n"), Size("m")), w=array("float64", Size("k")))
    assert unified(elementwise, **specs)["w"] == (Size("k"),)
    assert unified(product, **specs)["w"] == (Size("m"),)  # a product does not broadcast


def layers(X, W):
    for _ in range(3):
        X = np.tanh(X @ W)
    return X


def one_layer(X, W):
    for _ in range(1):
        X = X @ W
    return X


def until_large(X, W):
    for _ in range(3):
        X = X @ W
        if np.sum(X) > 1:
            break
    return X


def cut(X, W):
    for _ in range(3):
        X = (X @ W)[1:]
    return X


def turned(X, W):
    for _ in range(2):
        X = (X @ W).T
    return X


@pytest.mark.parametrize(
    "function, square, kept",
    [
        (layers, True, True),  # what it makes is what it began with, when it runs again
        (one_layer, False, False),
        (until_large, False, False),
        (cut, True, False),
        (turned, False, False),
    ],
)
def test_what_a_loop_carries_may_keep_its_shape(function, square, kept):
    X, W = array("float64", many("n"), many("m")), array("float64", many("k"), many("h"))
    made = unify_sizes(parse(function, {"X": X, "W": W}))
    X, W = (param.tree.type.shape for param in made.params)
    assert (W[0] == W[1]) is square and X[1] == W[0]
    assert (made.result.type.shape == X) is kept
