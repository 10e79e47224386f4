"""Numbers that go different ways: each program is one of a number, mapped over some of them, in double and in single precision."""

import math

import numpy as np
import pytest

from srcad import jacfwd, jacrev, vmap
from tests.api.references import assert_trees, stacked


def finite(x):
    if np.isfinite(x):
        return x * x
    return 0.0 * 0.0


def nan_skipped(x):
    y = 1.0
    if not np.isnan(x):
        y = x * 3
    return y


def counted(x):
    n = 0
    for v in (x, x * 2, -x):
        if v > 0:
            n += 1
    return n


def integer_or_float(x):
    k = 1
    if x > 0:
        k = x
    return k * 2


def grown(x):
    s = 0
    while s < x:
        s += x * 0.3
    return s


def complex_for_some(x):
    return np.sqrt(x + 0j) if x < 0 else x


def of_math(x):
    return math.exp(x) if x < 3 else math.log(x)


def nested_loops(x):
    t = 0.0
    for i in range(3):
        j = 0
        while j < x * 3 - i:
            if j % 2 == 0:
                t += x * j
            else:
                t -= math.sqrt(j)
            j += 1
            if t > 5:
                break
        if t > 4:
            break
    return t


def swapped(x):
    a, b = 1.0, x
    while a < b * 3:
        a, b = b + 0.5, a * 1.1
        if a > 4:
            return a * b
    return a - b


def stored(x):
    A = np.zeros((2, 2))
    if x > 0.5:
        A[0, 1] = x
    elif x > 0:
        A[1] = np.log(x)
    else:
        A += x
    return A


def loop_with_else(x):
    for i in range(4):
        x = x * 1.3
        if x > 2:
            break
    else:
        x = -x
    return x


def slice_ends_apart(x):
    y = np.arange(4.0)[: 2 + (x > 0)]
    return y.sum() * x


def ternaries(x):
    return (x if x > 0.1 else x * x) if x < 1 else (1 / x if x > 1.5 else x**3)


def between(x):
    return x > 0 and x < 1


def halved_until(x):
    n = 0
    while True:
        n += 1
        x = x / 2
        if abs(x) < 0.1:
            return n, x


def appended(x):
    out = []
    for v in (0.3, 0.9, 2.0):
        if v > x:
            out.append(v * x)
    return sum(out)


def in_a_dict(x):
    d = {"a": x, "b": 1.0}
    if x > 0:
        d["b"] = x**2
    return d


def tried(x):
    try:
        return math.sqrt(x)
    except ValueError:
        return -x


def named_in_the_test(x):
    while (y := x * x) > 0.3:
        x = x * 0.7
    return y + x


NUMBERS = [
    finite,
    nan_skipped,
    counted,
    integer_or_float,
    grown,
    complex_for_some,
    of_math,
    nested_loops,
    swapped,
    stored,
    loop_with_else,
    slice_ends_apart,
    ternaries,
    halved_until,
    appended,
    in_a_dict,
    tried,
    named_in_the_test,
    between,
]
REAL = [
    f for f in NUMBERS if f not in (counted, complex_for_some, between, halved_until, in_a_dict)
]
XS = np.array([0.7, -1.2, 2.5, 0.05, 1.2])
WILD = np.array([np.inf, 1.0, np.nan])


def of(f):
    return WILD if f in (finite, nan_skipped) else XS


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
def test_maps_are_stacked_calls(f):
    for xs in (of(f), XS[:2], XS[1:2]):
        assert_trees(vmap(f)(xs), stacked(f, xs), 1e-12, 1e-12)
    if f is not grown:  # which ends elsewhere where it is rounded elsewhere
        assert_trees(vmap(f)(XS.astype(np.float32)), stacked(f, XS.astype(np.float32)), 1e-5, 1e-5)


@pytest.mark.parametrize("f", REAL, ids=lambda f: f.__name__)
def test_slopes_are_those_of_the_way_that_is_taken(f):
    xs = of(f)
    wanted = stacked(jacrev(f), xs)
    np.testing.assert_allclose(vmap(jacfwd(f))(xs), wanted, rtol=1e-12)
    np.testing.assert_allclose(vmap(jacrev(f))(xs), wanted, rtol=1e-12)
    whole = jacrev(vmap(f))(xs)
    np.testing.assert_allclose(whole, jacfwd(vmap(f))(xs), rtol=1e-12)
    np.testing.assert_allclose([whole[k, ..., k] for k in range(len(xs))], wanted, rtol=1e-12)


@pytest.mark.parametrize("named", [False, True])
def test_an_exception_for_one_is_one_for_all(named):
    def plain(x):
        if x < 0:
            raise ValueError("below")
        return np.sqrt(x)

    def telling(x):
        if x < 0:
            raise ValueError(f"{x} is below")
        return np.sqrt(x)

    f = telling if named else plain
    np.testing.assert_allclose(vmap(jacrev(f))(np.abs(XS)), 0.5 / np.sqrt(np.abs(XS)))
    with pytest.raises(ValueError, match="below"):
        vmap(f)(XS)
