# ruff: noqa: F841
"""Which values get a cotangent: those that vary with the inputs and matter to the outputs."""

import numpy as np

import srcad
from srcad.analysis.activity import active, parameters, useful, varied
from srcad.core.nodes import leaves
from tests.simplifier.core_text import core


def names(function, find, wrt="x", **specs):
    made = core(function, **specs)
    inputs = [value for value in parameters(made) if value.base in wrt]
    return {value.base for value in find(made, inputs) if value.named}


def both(made, inputs):
    return active(made.body, inputs, leaves(made.result))


def test_varied_and_useful():
    def f(x, k):
        a = x * k
        b = k * 2.0
        c = np.sin(a)
        d = np.cos(a)
        return b * d

    specs = dict(x="float64", k="float64")
    assert names(f, lambda m, i: varied(m.body, i), **specs) == {"x", "a", "c", "d"}
    assert names(f, lambda m, i: useful(m.body, leaves(m.result)), **specs) == {
        "x",
        "k",
        "a",
        "b",
        "d",
    }
    assert names(f, both, **specs) == {"x", "a", "d"}


def test_integers_constants_and_frozen_values_do_not_vary():
    def f(x):
        i = np.argmax(x)
        n = len(x)
        with srcad.no_grad():
            y = x * 2.0
        z = x * y
        return z[i] * n

    assert names(f, both, x="float64[n]") == {"x", "z"}


def test_a_loop_finds_its_fixpoint():
    def f(x, n):
        a = b = c = 1.0
        for i in range(n):
            c = b * 2.0
            b = a * 2.0
            a = x * 2.0
        return c

    assert {"a", "b", "c"} <= names(f, both, x="float64", n="int64")


def test_a_branch_varies_if_a_side_does():
    def f(x, k):
        if k > 0:
            y = x * 2.0
        else:
            y = k * 2.0
        return y

    assert "y" in names(f, both, x="float64", k="float64")
    assert names(f, both, "k", x="float64", k="float64") >= {"k", "y"}
