"""A rule on symbols emits what it does on arrays."""

import numpy as np
import pytest

from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Slice, Value
from srcad.core.quote import RankUnknown, Symbol, call, put_add, quote, rank, sum_to
from srcad.core.types import ANY, array


def quoted(rule, *args, **options):
    builder = Builder()
    return quote(rule, builder, args, options), [
        (s.op.name, s.args[1:], s.options) for s in builder.block
    ]


def test_operators_of_both_sides():
    x = Value("x")
    (out,), made = quoted(lambda x: -((2.0 / x) ** 2) @ x > 1, x)
    assert [name for name, _, _ in made] == [
        "divide",
        "power",
        "negative",
        "matmul",
        "greater",
    ] and isinstance(out, Value)
    assert quoted(lambda x: np.float64(2.0) * x, x)[1][0][0] == "multiply"


def test_indices_shapes_and_methods():
    x = Value("x", array("float64", 3, 2))
    _, made = quoted(lambda x: x[..., 1:, None], x)
    assert made == [("getitem", ((..., Slice(1, None, None), None),), ())]
    assert [name for name, _, _ in quoted(lambda x: (x.shape, x.size, x.T, x.dtype), x)[1]] == [
        "shape",
        "size",
        "transpose",
        "dtype",
    ]
    assert quoted(lambda x: x.ndim + np.ndim(x), x)[0] == (4,)


def test_helpers_and_options():
    x, y = Value("x"), Value("y")
    assert quoted(lambda x, y: sum_to(x, y), x, y)[1] == [("srcad.runtime.sum_to", (y,), ())]
    assert quoted(lambda x, y: put_add(x, 0, y), x, y)[1] == [("srcad.runtime.put_add", (0, y), ())]
    _, made = quoted(lambda x, axis: np.sum(x, axis=axis), x, axis=1)
    assert made == [("np.sum", (), (("axis", 1),))]


def test_constants_are_computed():
    assert quoted(lambda x: (np.sin(0.0), None, x), x := Value("x"))[0] == (0.0, None, x)
    assert call(np.arange, 2).tolist() == [0, 1]


def test_what_only_values_decide_is_refused():
    x = Value("x", ANY)
    with pytest.raises(TypeError, match="decides by a value"):
        quoted(lambda x: 1 if x > 0 else 2, x)
    with pytest.raises(TypeError, match="len"):
        quoted(lambda x: len(x), x)
    with pytest.raises(RankUnknown):
        rank(Symbol(x, Builder()))
    assert rank(np.ones((2, 2))) == 2 and ops.operation(np.sin) is ops.operation(np.sin)
