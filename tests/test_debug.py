"""`srcad.debug_nans`: the first number that is not finite, and the user's line that it belongs to."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import srcad

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def length(x):
    s = np.sum(x**2)
    r = s**0.5
    return 3 * r


def masked(x):
    y = np.log(x)
    return np.sum(y * np.array([1.0, 0.0]))


def looped(x):
    total = 0.0
    for i in range(len(x)):
        total = total + np.sqrt(x[i])
    return total


LINE = {f: f.__code__.co_firstlineno for f in (length, masked, looped)}


@pytest.mark.parametrize(
    "function, x, line, kind",
    [
        (length, np.zeros(2), 2, "infinity"),
        (masked, np.array([1.0, 0.0]), 1, "NaN"),
        (looped, np.array([4.0, 0.0]), 3, "infinity"),
    ],
)
def test_the_line_is_named(function, x, line, kind):
    with srcad.debug_nans(), pytest.raises(FloatingPointError) as caught:
        srcad.grad(function)(x)
    said = str(caught.value)
    assert said.startswith(f"test_debug.py:{LINE[function] + line}: the first")
    assert kind in said


def test_what_is_finite_passes_and_the_trace_is_put_back():
    before = sys.gettrace()
    with srcad.debug_nans():
        found = srcad.grad(length)(np.array([3.0, 4.0]))
    np.testing.assert_allclose(found, [1.8, 2.4])
    assert sys.gettrace() is before
    with srcad.debug_nans(), pytest.raises(FloatingPointError):
        srcad.grad(length)(np.zeros(2))
    assert sys.gettrace() is before


def test_what_an_argument_brings_is_not_reported():
    with srcad.debug_nans():
        found = srcad.grad(lambda x: np.sum(x**2))(np.array([1.0, np.nan]))
    assert np.isnan(found[1])


def test_infinities_may_pass():
    with srcad.debug_nans(infinities=False):
        found = srcad.grad(lambda x: np.sum(np.sqrt(x)))(np.array([0.0, 1.0]))
    assert np.isinf(found[0])
