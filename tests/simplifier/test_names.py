"""Names: shared where lives do not meet, kept apart where they do, never one that Python or the module has."""

import builtins
import keyword

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Function, Let, Param, Value
from srcad.simplifier.names import assign_names
from tests.simplifier.core_text import core, lines, run, same


def straight(*bases, named=False):
    """Values that are all live at the end."""
    x = Value("x", named=True)
    values = [Value(base, named=named) for base in bases]
    return Function(
        "f", [Param("x", x)], [Let(v, ops.multiply, (x, 2.0)) for v in values], tuple(values)
    ), values


def test_values_that_live_at_once_have_names_of_their_own():
    function, values = straight("sin", "sin", "sin_1", "x")
    assert len({assign_names(function)[value] for value in values}) == 4


def test_the_users_names_come_first():
    function, (temporary, user) = straight("a", "a")
    user.named = True
    names = assign_names(function)
    assert names[user] == "a" and names[temporary] == "a_1"


def test_reserved_and_taken_names_are_not_given():
    function, values = straight("lambda", "np", "sum", "helper", "x_bar", named=True)
    given = {assign_names(function, {"helper"})[value] for value in values}
    assert not given & {*keyword.kwlist, *dir(builtins), "np", "helper"} and "x_bar" in given


def test_a_fixed_name_is_kept():
    function, (a, b) = straight("a", "b")
    names = assign_names(function, (), {b: "a_1"})
    assert names[b] == "a_1" != names[a]


def test_a_name_that_is_assigned_again_is_one_name():
    def f(x):
        x = x + 1.0
        x = np.sin(x)
        return x

    assert lines(core(f, x="float64")) == ["x += 1.0", "x = np.sin(x)", "return x"]


def test_an_old_value_that_is_read_later_keeps_its_own():
    def f(x):
        y = x
        x = x + 1.0
        return x * y

    made = core(f, x="float64")
    same(run(made, 3.0), 12.0)


def test_a_swap_is_not_lost():
    def f(x, y, n):
        for i in range(n):
            x, y = y, x
        return x - y

    made = core(f, x="float64", y="float64", n="int64")
    assert any(line in ("x, y = y, x", "y, x = x, y") for line in lines(made))
    same(run(made, 1.0, 5.0, 3), 4.0)
    same(run(made, 1.0, 5.0, 2), -4.0)
