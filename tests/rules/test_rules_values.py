"""Derivatives at points where differences say nothing: ties, zeros, bounds, NaN."""

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from srcad import runtime
from srcad.rules import rule_of
from srcad.rules.check import bound, check, pullback

inf, nan = np.inf, np.nan


def bars(function: Any, *args: Any, y_bar: Any = 1.0, **options: Any) -> tuple[Any, ...]:
    rule, operands, named = bound(function, args, options)
    with np.errstate(all="ignore"):
        return pullback(rule, y_bar, operands, rule.value(operands, named), named)


@pytest.mark.parametrize("larger", [np.maximum, np.fmax, builtins.max])
def test_ties_share_evenly(larger: Any) -> None:
    assert bars(larger, 2.0, 2.0) == (0.5, 0.5)
    assert bars(larger, 3.0, 2.0) == (1, 0)
    assert bars(larger, 2.0, inf) == (0, 1)
    smaller = {np.maximum: np.minimum, np.fmax: np.fmin, builtins.max: builtins.min}[larger]
    assert bars(smaller, 2.0, 2.0) == (0.5, 0.5)
    assert bars(smaller, 3.0, 2.0) == (0, 1)


def test_fmax_passes_nan_by() -> None:
    x1, x2 = np.array([nan, 1.0, 2.0]), np.array([1.0, nan, 2.0])
    for function in (np.fmax, np.fmin):
        assert_array_equal(bars(function, x1, x2), [[0, 1, 0.5], [1, 0, 0.5]])


def test_ties_of_a_reduction_share_evenly() -> None:
    x = np.array([[1.0, 3.0, 3.0], [0.0, 0.0, 0.0]])
    x_bar, _ = bars(np.max, x, y_bar=np.array([1.0, 6.0]), axis=1)
    assert_array_equal(x_bar, [[0, 0.5, 0.5], [2, 2, 2]])
    assert_array_equal(bars(np.min, x)[0], [[0, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
    rule = rule_of(np.max)
    assert rule is not None and rule.pushforward is not None
    assert_array_equal(
        rule.pushforward(np.arange(6.0).reshape(2, 3), None, x, None, np.array([3.0, 0.0]), axis=1),
        [1.5, 4],
    )


@pytest.mark.parametrize(
    ("exponent", "slope"),
    [(0, 0.0), (1, 1.0), (2, 0.0), (3, 0.0), (0.5, inf), (1.5, 0.0), (-1, -inf)],
)
def test_power_at_zero(exponent: float, slope: float) -> None:
    x = np.array([0.0])
    assert_array_equal(bars(operator.pow, x, exponent)[0], [slope])
    assert_array_equal(bars(operator.pow, x, np.array([exponent]))[0], [slope])


def test_power_by_the_exponent() -> None:
    assert bars(operator.pow, 0.0, 2.0) == (0, 0)
    assert bars(operator.pow, 0.0, 0.0) == (0, 0)
    assert np.isnan(bars(operator.pow, -1.0, 2.0)[1])
    assert_array_equal(bars(operator.pow, np.array([0.0, 0.0]), np.array([0.0, 2.0]))[1], [0, 0])
    assert np.isnan(bars(operator.pow, np.array([-1.0]), np.array([2.0]))[1])
    assert bars(operator.pow, np.array([-1.0]), 2)[1] is None
    assert bars(operator.pow, np.array([-1.0]), np.array([2]))[1] is None


def test_power_by_base_and_exponent_at_a_zero_exponent() -> None:
    """The mixed second derivative of x ** p at p = 0 is 1 / x, also for arrays of exponents."""
    check(np.power, np.array([2.0, 0.5]), np.array([0.0, 0.0]))


def test_absolute_at_zero() -> None:
    for function in (abs, np.absolute, math.fabs):
        assert bars(function, 0.0) == (0,)


def test_copysign_at_zero() -> None:
    assert_array_equal(bars(np.copysign, np.array([0.0, -2.0]), np.array([1.0, -1.0]))[0], [0, 1])


def test_clip_at_and_beyond_the_bounds() -> None:
    a = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    a_bar, low_bar, high_bar = bars(np.clip, a, 0.0, 1.0)
    assert_array_equal(a_bar, [0, 1, 1, 1, 0])
    assert_array_equal(low_bar, [1, 0, 0, 0, 0])
    assert_array_equal(high_bar, [0, 0, 0, 0, 1])
    a_bar, low_bar, high_bar = bars(np.clip, a, 1.0, 0.0)
    assert_array_equal([a_bar, low_bar, high_bar], [[0] * 5, [0] * 5, [1] * 5])
    assert_array_equal(bars(np.clip, a, None, 1.0)[0], [1, 1, 1, 1, 0])
    assert_array_equal(bars(np.clip, a, 0.0, None)[0], [0, 1, 1, 1, 1])
    assert_array_equal(
        bars(np.clip, a, np.zeros(5), np.zeros(5))[1:], [[1, 0, 0, 0, 0], [0, 0, 1, 1, 1]]
    )


def test_remainder_where_the_quotient_rounds_up() -> None:
    """1.0 / 0.1 is 10.0 in floats, but 0.1 goes into 1.0 nine times: the float 0.1 is larger than a tenth."""
    for function in (np.remainder, np.fmod, operator.mod, math.fmod):
        assert bars(function, 1.0, 0.1) == (1, -9)
        assert bars(function, 7.5, 2.0) == (1, -3)
    assert bars(np.remainder, -7.5, 2.0) == (1, 4)
    assert bars(np.fmod, -7.5, 2.0) == (1, 3)


def test_heaviside_by_its_value_at_zero() -> None:
    assert_array_equal(bars(np.heaviside, np.array([-1.0, 0.0, 1.0]), 0.5)[1], [0, 1, 0])


def test_nan_to_num_is_constant_where_it_replaces() -> None:
    assert_array_equal(bars(np.nan_to_num, np.array([nan, 1.0, inf, -inf]))[0], [0, 1, 0, 0])


def test_sinc_at_zero() -> None:
    assert bars(np.sinc, np.array([0.0]))[0] == 0
    x = np.array([1e-9, 1e-5, 1e-3])
    assert_allclose(bars(np.sinc, x)[0], -(np.pi**2) / 3 * x, rtol=1e-5)


def test_prod_with_zeros() -> None:
    assert_array_equal(bars(np.prod, np.array([2.0, 0.0, 3.0]))[0], [0, 6, 0])
    assert_array_equal(bars(np.prod, np.array([0.0, 0.0, 3.0]))[0], [0, 0, 0])
    assert_array_equal(
        bars(np.prod, np.array([[2.0, 3.0], [0.0, 4.0]]), axis=1, y_bar=np.ones(2))[0],
        [[3, 2], [4, 0]],
    )


def test_at_the_least_of_all_zero_is_a_subgradient() -> None:
    assert_array_equal(bars(np.std, np.ones(3))[0], [0, 0, 0])
    assert_array_equal(bars(np.linalg.norm, np.zeros(3))[0], [0, 0, 0])


def test_a_store_at_repeated_indices_keeps_the_last() -> None:
    index = np.array([1, 2, 1, -2])
    y_bar = np.array([10.0, 20.0, 30.0])
    base_bar, _, value_bar = bars(runtime.put, np.zeros(3), index, np.zeros(4), y_bar=y_bar)
    assert_array_equal(base_bar, [10, 0, 0])
    assert_array_equal(value_bar, [0, 30, 0, 20])
    assert bars(runtime.put, np.zeros(3), index, 0.0, y_bar=y_bar)[2] == 50
    _, _, value_bar = bars(runtime.put_add, np.zeros(3), index, np.zeros(4), y_bar=y_bar)
    assert_array_equal(value_bar, [20, 30, 20, 20])
    _, _, value_bar = bars(runtime.put, np.zeros(3), [0, 0], np.zeros(2), y_bar=y_bar)
    assert_array_equal(value_bar, [0, 10])


def test_det_of_a_singular_matrix_raises() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        bars(np.linalg.det, np.ones((2, 2)))
