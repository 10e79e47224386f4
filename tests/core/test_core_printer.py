"""What the printer writes for moves, comments, conditions, stores and constants."""

import numpy as np
import pytest

from srcad.core import ops
from srcad.core.nodes import (
    Branch,
    Carry,
    Expr,
    Family,
    Function,
    Let,
    Loop,
    Origin,
    Param,
    Phi,
    Slice,
    Test,
    Value,
)
from srcad.core.printer import function_node, module_text
from srcad.core.types import ANY, array, number

Test.__test__ = False


def printed(body, result, params, names, **options):
    made = Function("f", [Param(value.base, value) for value in params], body, result)
    return module_text([function_node(made, names, {}, **options)], ())


def loop_text(next_names):
    """A loop over `a, b, c` that ends each iteration with these of them."""
    params = {name: Value(name) for name in "abc"}
    exits = {name: Value(name) for name in "abc"}
    inits = {name: Value(name) for name in "abc"}
    carries = [
        Carry(
            params[name],
            inits[name],
            params[after] if after in params else float(after),
            exits[name],
        )
        for name, after in zip("abc", next_names)
    ]
    made = Loop(Family(), 1, None, (0, 2, 1), carries, [])
    names = {value: value.base for group in (params, exits, inits) for value in group.values()}
    text = printed([made], tuple(exits.values()), tuple(inits.values()), names)
    return text


@pytest.mark.parametrize(
    "after, wanted",
    [
        ("bac", ["a, b = b, a"]),
        ("abc", []),
        ("bca", ["a, b, c = b, c, a"]),
        ("bcc", ["a = b", "b = c"]),
        ("aab", ["c = b", "b = a"]),
        (("b", "c", "0"), ["a = b", "b = c", "c = 0.0"]),
        (("b", "a", "a"), None),
    ],
)
def test_moves_happen_at_once(after, wanted):
    text = loop_text(after)
    if wanted is not None:
        assert all(f"        {line}\n" in text for line in wanted)
        assert sum(" = " in line for line in text.splitlines()) == len(wanted)
    space = {}
    exec(text, space)
    start = {"a": 1.0, "b": 2.0, "c": 3.0}
    for _ in range(2):
        start = dict(zip("abc", [start[part] if part in start else float(part) for part in after]))
    assert space["f"](1.0, 2.0, 3.0) == tuple(start.values())


def test_comments_quote_the_primal_once():
    x, y, z, w = (Value(name) for name in "xyzw")
    origin = Origin(3, "y = x * 2", "adjoint")
    body = [
        Let(y, ops.add, (x, 1), (), origin),
        Let(z, ops.add, (y, 1), (), origin),
        Let(w, ops.add, (z, 1), (), Origin(4, "v" * 200, "adjoint")),
    ]
    lines = printed(body, w, [x], {v: v.base for v in (x, y, z, w)}).splitlines()
    assert [line.strip() for line in lines[1:4]] == ["# y = x * 2", "y = x + 1", "z = y + 1"]
    assert lines[4].endswith("...") and len(lines[4]) <= 100


def test_a_branch_with_an_empty_side_is_negated_or_gone():
    x, y = Value("x"), Value("y")
    names = {x: "x", y: "x"}
    out = printed([Branch(Test(), x, [], [], [Phi(y, x, 1.0)])], y, [x], names)
    assert "if not x:\n        x = 1.0\n" in out and "else" not in out
    assert "if" not in printed([Branch(Test(), x, [], [], [Phi(y, x, x)])], y, [x], names)


def test_stores_in_place_and_as_values():
    x, y = Value("x", array("float64", 3)), Value("y", array("float64", 3))
    let = Let(y, ops.put_add, (x, Slice(1), Expr(ops.negative, (x,), (), ANY)))
    assert "x = srcad.runtime.put_add(x, slice(1, None), -x)" in printed(
        [let], y, [x], {x: "x", y: "x"}
    )
    let.inplace = True
    assert "x[1:] -= x" in printed([let], y, [x], {x: "x", y: "x"})


@pytest.mark.parametrize(
    "tree, text",
    [
        (-1.5, "-1.5"),
        (-0.0, "-0.0"),
        (True, "True"),
        (np.float32, "np.float32"),
        (2j, "2j"),
        ((1,), "(1,)"),
        ({"a": 1}, "{'a': 1}"),
        (np.dtype("int8"), "np.dtype('int8')"),
    ],
)
def test_constants(tree, text):
    assert f"return {text}\n" in printed([], tree, [], {}).replace('"', "'")


def test_what_has_no_literal_is_an_error():
    with pytest.raises(TypeError, match="no literal"):
        printed([], object(), [], {})


def test_an_augmented_assignment_needs_one_name():
    number_ = number("float")
    x, y = Value("x", number_), Value("y", number_)
    let = Let(y, ops.multiply, (x, 2.0))
    assert "x *= 2.0" in printed([let], y, [x], {x: "x", y: "x"})
    assert "y = x * 2.0" in printed([let], y, [x], {x: "x", y: "y"})
    a, b = Value("a", array("float64", 2)), Value("b", array("float64", 2))
    assert "a = a * 2.0" in printed([Let(b, ops.multiply, (a, 2.0))], b, [a], {a: "a", b: "a"})
