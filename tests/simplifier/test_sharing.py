"""The same pure operation on the same operands is computed once; buffers, effects and sides are kept apart."""

import numpy as np

from srcad.simplifier.sharing import key_of, share
from tests.simplifier.core_text import core, lines, passes, run, same, text


def test_a_slice_becomes_one_value():
    def f(x):
        p = x[:-1] ** 2
        q = 1.0 - x[:-1]
        return p + q

    made = core(f, x="float64[n]")
    shared = passes(made, share)
    assert text(made, flat=True).count("x[:-1]") == 2
    assert text(shared, flat=True).count("x[:-1]") == 1
    same(run(shared, np.arange(4.0)), f(np.arange(4.0)))


def test_a_named_value_gives_its_name():
    def f(x):
        a = np.sin(x) + 1.0
        b = np.sin(x)
        return a * b

    assert "b = np.sin(x)" in lines(passes(core(f, x="float64"), share), flat=True)


def test_two_buffers_are_not_one():
    def f(x):
        a = np.zeros(3)
        b = np.zeros(3)
        a[0] = x
        b[1] = x
        return a, b

    made = passes(core(f, x="float64"), share)
    assert text(made).count("np.zeros(3)") == 2
    same(run(made, 2.0), f(2.0))


def test_the_sides_of_a_branch_do_not_share():
    def f(x, y):
        if x > 0:
            a = np.sin(y)
        else:
            a = np.sin(y) + 1.0
        return a + np.sin(y)

    made = passes(core(f, x="float64", y="float64"), share)
    assert text(made).count("np.sin(y)") == 3
    same(run(made, -1.0, 0.5), f(-1.0, 0.5))


def test_a_side_shares_with_what_encloses_it():
    def f(x, y):
        s = np.sin(y)
        if x > 0:
            s = s + np.sin(y)
        return s

    assert text(passes(core(f, x="float64", y="float64"), share), flat=True).count("np.sin(y)") == 1


def test_a_store_ends_sharing():
    def f(x):
        y = x.copy()
        a = y[0]
        y[0] = 5.0
        b = y[0]
        return a - b

    made = passes(core(f, x="float64[3]"), share)
    same(run(made, np.array([1.0, 2.0, 3.0])), -4.0)


def test_keys_tell_numbers_by_type_and_sign():
    assert len({key_of(part) for part in (1, 1.0, True, 0.0, -0.0, 1j, "1", None)}) == 8
    assert key_of((1, [2])) != key_of((1, (2,)))
    assert key_of({"a": 1}) == key_of({"a": 1}) != key_of({"a": 1.0})
    nan = float("nan")
    assert key_of(nan) == key_of(float("nan"))
