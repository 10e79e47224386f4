"""Operands by position and options by name, whichever way a call was written."""

import math

import numpy as np
import pytest

from srcad.core import ops


def bound(function, *args, **options):
    return ops.bind(ops.operation(function), args, options)


def test_the_ways_to_write_a_call_are_one():
    tile = ops.Operation(np.tile, "np.tile", operands=("A",))
    ways = [
        ops.bind(tile, (1.0, 3), {}),
        ops.bind(tile, (1.0,), {"reps": 3}),
        ops.bind(tile, (), {"reps": 3, "A": 1.0}),
    ]
    assert ways == [((1.0,), (("reps", 3),))] * 3


def test_options_stand_as_in_the_signature():
    total = ops.Operation(np.sum, "np.sum", operands=("a",))
    assert ops.bind(total, (1.0,), {"keepdims": True, "axis": 0})[1] == (
        ("axis", 0),
        ("keepdims", True),
    )
    assert ops.bind(total, (1.0, 0), {"keepdims": True})[1] == (("axis", 0), ("keepdims", True))


def test_a_starred_parameter_takes_the_rest():
    assert bound(math.hypot, 1.0, 2.0, 3.0) == ((1.0, 2.0, 3.0), ())
    assert bound(np.einsum, "i,i->", 1.0, 2.0)[0] == ("i,i->", 1.0, 2.0)


def test_arguments_that_do_not_fit():
    with pytest.raises(TypeError, match="takes 2 arguments but 3"):
        bound(np.inner, 1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match="two values for `x"):
        bound(np.sin, 1.0, x1=2.0)


def test_names_of_callables():
    assert [ops.name_of(f) for f in (np.sin, np.linalg.norm, math.sin, abs, len)] == [
        "np.sin",
        "np.linalg.norm",
        "math.sin",
        "abs",
        "len",
    ]
    assert ops.name_of(test_names_of_callables) is None
    assert (
        ops.operation(test_names_of_callables).effect == "effect"
        and ops.operation(np.tanh).effect == "pure"
    )
    assert ops.operation(np.copy, "method") is ops.copy and ops.operation(np.copy) is not ops.copy
