"""A phi of equal sides and a carry that never changes join nothing."""

import pytest

from srcad.core import ops
from srcad.core.nodes import Branch, Carry, Family, Function, Let, Loop, Param, Phi, Test, Value
from srcad.core.types import array, number
from srcad.core.verify import verify
from srcad.simplifier.joins import simplify_joins
from tests.simplifier.core_text import run, text

FLOAT = number("float")


def loop(next_of):
    """A loop that carries `a`; `next_of(param, x)` is its next value."""
    x, n, i = (
        Value("x", FLOAT, named=True),
        Value("n", number("int"), named=True),
        Value("i", number("int")),
    )
    a, end, s, s2, total = (Value(name, FLOAT) for name in ("a", "a_end", "s", "s_next", "s_end"))
    body = [Let(s2, ops.add, (s, a))]
    carries = [Carry(a, x, next_of(a, x), end), Carry(s, 0.0, s2, total)]
    out = Value("out", FLOAT)
    block = [Loop(Family(), 1, i, (0, n, 1), carries, body), Let(out, ops.add, (total, end))]
    return verify(Function("f", [Param("x", x), Param("n", n)], block, out))


@pytest.mark.parametrize("n", [0, 3])
def test_a_carry_that_stays_goes(n):
    made = verify(simplify_joins(loop(lambda a, x: a)))
    assert len(made.body[0].carries) == 1
    assert run(made, 2.0, n) == 2.0 * n + 2.0


def test_a_carry_that_is_reset_to_a_value_stays_right():
    made = verify(simplify_joins(loop(lambda a, x: x)))
    assert run(made, 2.0, 3) == 8.0


def test_a_carry_that_changes_stays():
    made = verify(simplify_joins(loop(lambda a, x: 1.0)))
    assert len(made.body[0].carries) == 2
    assert run(made, 2.0, 3) == 5.0 and run(made, 2.0, 0) == 2.0


def branch(type_, sides):
    """A branch with one phi for each pair of sides."""
    x, y, c = (Value(name, type_, named=True) for name in "xyc")
    where = {"x": x, "y": y}
    phis = [Phi(Value("p", type_), where[a], where[b]) for a, b in sides]
    outs = tuple(phi.out for phi in phis)
    body = [Branch(Test(), c, [], [], phis)]
    return verify(Function("f", [Param(v.base, v) for v in (x, y, c)], body, outs))


def test_equal_sides_are_no_join():
    made = verify(simplify_joins(branch(FLOAT, [("x", "x"), ("x", "y")])))
    assert len(made.body[0].phis) == 1 and made.result[0].base == "x"
    assert run(made, 1.0, 2.0, False) == (1.0, 2.0)


def test_two_equal_joins_are_one_where_nothing_is_stored():
    assert len(simplify_joins(branch(FLOAT, [("x", "y"), ("x", "y")])).body[0].phis) == 1
    assert (
        len(simplify_joins(branch(array("float64", 3), [("x", "y"), ("x", "y")])).body[0].phis) == 2
    )


def test_equal_numbers_of_another_type_are_a_join():
    c, p = Value("c", number("bool"), named=True), Value("p", FLOAT)
    made = Function("f", [Param("c", c)], [Branch(Test(), c, [], [], [Phi(p, 0.0, -0.0)])], p)
    assert "-0.0" in text(simplify_joins(verify(made)))
