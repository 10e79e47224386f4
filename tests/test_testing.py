"""`srcad.testing`: a helper for the tests of others."""

import numpy as np
import pytest

import srcad
from srcad import rules
from srcad.rules.families import REGISTRY
from srcad.testing import check_derivative


def wrong(x):
    return x**3


def loss(x):
    return np.sum(wrong(x))


def test_what_differs_is_shown():
    rules.elementwise(wrong)(lambda x, y: 2 * x**2)
    try:
        with pytest.raises(AssertionError, match=r"gradient of `loss` .*DIFFERS\n(.|\n)*DIFFERS"):
            check_derivative(loss, np.array([1.0, 2.0]))
    finally:
        del REGISTRY[wrong]


def test_second_order():
    x = np.array([1.0, 2.0])
    report = check_derivative(lambda x: np.sum(np.sin(x) * x[::-1]), x, order=2)
    assert any(row.output.startswith("second") for row in report)
    report = check_derivative(lambda x: np.sin(x) * x[::-1], x, order=2)
    assert any(row.output.startswith("second") for row in report)


def held(x):
    return x**3


def test_a_rule_with_a_wrong_slope_shows_in_second_order():
    rules.elementwise(held)(lambda x, y: np.where(x == 2.0, 12.0, 3 * x**2))

    def energy(x):
        return np.sum(held(x))

    try:
        check_derivative(energy, np.array([1.0, 2.0]))
        with pytest.raises(AssertionError, match="second"):
            check_derivative(energy, np.array([1.0, 2.0]), order=2)
    finally:
        del REGISTRY[held]


def test_orders():
    with pytest.raises(srcad.ArgumentError, match="order"):
        check_derivative(loss, np.ones(2), order=3)
    with pytest.raises(srcad.ArgumentError, match="order"):
        check_derivative(srcad.grad(loss), np.ones(2), order=2)
