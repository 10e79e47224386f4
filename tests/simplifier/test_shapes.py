"""`sum_to`, `spread` and `cast` become what shapes and dtypes prove them to be, and nothing more."""

import re

import numpy as np
import pytest

from srcad import jacrev, vmap
from srcad.simplifier.shapes import resolve_shapes
from tests.simplifier.core_text import core, grad, passes, run, same, text, vjp


def affine(X, w, b):
    return X * w + b


CASES = {
    "equal": (dict(X="float64[n, m]", w="float64[n, m]", b="float64[n, m]"), (3, 2), (3, 2), ()),
    "leading": (dict(X="float64[3, m]", w="float64[3, m]", b="float64[m]"), (3, 2), (2,), ()),
    "kept": (dict(X="float64[3, 2]", w="float64[3, 2]", b="float64[3, 1]"), (3, 2), (3, 1), ()),
}


@pytest.mark.parametrize("case", CASES)
def test_blind_and_resolved_text_agree(case):
    specs, shape, small, _ = CASES[case]
    blind = vjp(affine, (0, 1, 2), **specs)
    made = passes(blind, resolve_shapes)
    random = np.random.default_rng(1)
    args = (
        random.normal(size=shape),
        random.normal(size=shape),
        random.normal(size=small),
        random.normal(size=shape),
    )
    assert "sum_to" in text(blind)
    same(run(made, *args), run(blind, *args))
    same([np.shape(part) for part in run(made, *args)], [shape, shape, small])


def test_equal_shapes_need_no_sum():
    made = text(passes(vjp(affine, (0, 1, 2), **CASES["equal"][0]), resolve_shapes))
    assert "sum_to" not in made and "np.sum" not in made


def test_a_leading_axis_is_summed():
    made = text(
        passes(vjp(affine, 2, X="float64[3, 4]", w="float64[3, 4]", b="float64[4]"), resolve_shapes)
    )
    assert "np.sum(" in made and "axis=0" in made and "sum_to" not in made


def test_an_axis_of_one_is_summed_and_kept():
    made = text(
        passes(
            vjp(affine, 2, X="float64[3, 4]", w="float64[3, 4]", b="float64[3, 1]"), resolve_shapes
        )
    )
    assert "axis=-1, keepdims=True" in made or "axis=1, keepdims=True" in made


def test_a_size_that_may_be_one_is_no_proof():
    specs = dict(X="float64[n, m]", w="float64[n, m]", b="float64[k]")  # k is 1 or m
    made = passes(vjp(affine, 2, **specs), resolve_shapes)
    assert "sum_to" in text(made)
    g = np.arange(6.0).reshape(3, 2)
    same(run(made, g, g, np.ones(1), g), np.array([15.0]))
    same(run(made, g, g, np.ones(2), g), np.array([6.0, 9.0]))


def test_an_unknown_rank_keeps_the_helper():
    from srcad.core.types import ANY

    made = passes(vjp(affine, 2, X=ANY, w=ANY, b=ANY), resolve_shapes)
    assert "sum_to" in text(made)
    same(run(made, np.ones((3, 2)), np.ones((3, 2)), 1.0, np.ones((3, 2))), 6.0)


def test_float32_gets_a_float32_cotangent():
    def mixed(x, y):
        return x * y

    made = passes(vjp(mixed, 0, x="float32[3]", y="float64[3]"), resolve_shapes)
    assert "cast" in text(made)
    assert run(made, np.ones(3, np.float32), np.ones(3), np.ones(3)).dtype == np.float32


def test_spread_of_a_number_stays_thin():
    def total(x, w):
        return np.sum(x * w)

    made = passes(grad(total, 0, x="float64[n]", w="float64[n]"), resolve_shapes)
    assert "srcad.runtime.spread(1.0, prod_1) *" not in text(made)
    same(run(made, np.ones(3), np.arange(3.0)), np.arange(3.0))


def test_primal_arithmetic_is_left_alone():
    made = core(affine, X="float64[n, m]", w="float64[n, m]", b="float64[m]")
    assert text(passes(made, resolve_shapes)) == text(made)


def test_a_literal_index_of_a_literal_index_is_one():
    x, kernel = np.arange(5.0), np.array([1.0, -2.0, 0.5])
    found = jacrev(np.convolve)
    assert "[::-1][::-1]" not in found.source(x, kernel)
    expected = np.stack([np.convolve(e, kernel) for e in np.eye(5)], axis=1)
    np.testing.assert_array_equal(found(x, kernel), expected)
    batched = vmap(vmap(lambda x: np.broadcast_to(2.0, x.shape) * np.sum(x)))
    assert not re.search(r"\[\d:\]\[\d\]", batched.source(np.ones((4, 3, 2))))
