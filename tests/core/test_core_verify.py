"""The verifier rejects each kind of broken Core, and names the stage and the statement."""

import pytest

from srcad.core import ops
from srcad.core.nodes import (
    Branch,
    Call,
    Carry,
    Family,
    Function,
    Let,
    Loop,
    Param,
    Phi,
    Test,
    Value,
)
from srcad.core.verify import verify
from srcad.errors import CoreError

Test.__test__ = False


def values(text="x y z w v"):
    return [Value(name) for name in text.split()]


def function(body, result, *params):
    return Function("f", [Param(value.base, value) for value in params], body, result)


def loop(params=True, **changes):
    x, y, z, w, v = values()
    carry = Carry(y, x, z, w)
    made = Loop(Family(), 1, v, (0, 3, 1), [carry], [Let(z, ops.add, (y, v))])
    return x, y, z, w, v, made


def test_good_core_is_handed_back():
    x, y, z, w, v, made = loop()
    good = function([made], w, x)
    assert verify(good) is good


def broken():
    x, y, z, w, v = values()
    yield "defined twice", function([Let(y, ops.add, (x, x)), Let(y, ops.add, (x, x))], y, x)
    yield "defined twice", function([Let(x, ops.add, (x, x))], x, x)
    yield "`y` is read", function([Let(z, ops.add, (x, y)), Let(y, ops.add, (x, x))], z, x)
    yield "`y` is read", function([], (x, [y]), x)
    yield "`y` is read", function([Let(z, ops.add, (x, 1), (("axis", y),))], z, x)
    yield "`y` is read", function([Call([z], function([], x, x), (y,))], z, x)
    yield "defined twice", function([Call([z, z], function([], x, x), (x,))], z, x)
    x, y, z, w, v, made = loop()
    yield "`z` is read", function([made], z, x)  # the inside of a loop is not seen outside
    x, y, z, w, v, made = loop()
    yield "`y` is read", function([made], y, x)
    x, y, z, w, v, made = loop()
    made.carries[0].next = w
    yield "`w` is read", function([made], w, x)
    x, y, z, w, v, made = loop()
    made.carries[0].exit = y
    yield "defined twice", function([made], y, x)
    x, y, z, w, v, made = loop()
    made.carries[0].init = z
    yield "`z` is read", function([made], w, x)
    x, y, z, w, v, made = loop()
    made.domain = (0, v, 1)
    yield "`v` is read", function([made], w, x)
    x, y, z, w, v, made = loop()
    stranger, q, end = Family(), Value("q"), Value("end")
    other = Loop(
        stranger, -1, None, (0, 3, 1), [Carry(Value("p"), x, q, end)], [Let(q, ops.add, (z, 1))]
    )
    yield "`z` is read", function([made, other], end, x)  # a loop of another family
    x, y, z, w, v = values()
    yield "`c` is read", function([Branch(Test(), Value("c"), [], [], [])], x, x)
    yield (
        "`y` is read",
        function([Branch(Test(), x, [Let(y, ops.add, (x, 1))], [], [Phi(z, x, y)])], z, x),
    )
    yield "`y` is read", function([Branch(Test(), x, [Let(y, ops.add, (x, 1))], [], [])], y, x)
    yield "defined twice", function([Branch(Test(), x, [], [], [Phi(x, x, x)])], x, x)
    test = Test()
    first = Branch(test, x, [Let(y, ops.add, (x, 1))], [], [])
    yield (
        "`y` is read",
        function([first, Branch(test, x, [], [Let(z, ops.add, (y, 1))], [])], x, x),
    )  # on the other side


@pytest.mark.parametrize("what, made", list(broken()))
def test_broken_core_is_rejected(what, made):
    with pytest.raises(CoreError, match=what) as found:
        verify(made, "tested")
    assert str(found.value).startswith("f after tested: ")


def test_siblings_may_read_each_other():
    x, y, z, w, v, made = loop()
    q, end = Value("q"), Value("end")
    mirror = Loop(
        made.family, -1, None, (0, 3, 1), [Carry(Value("p"), w, q, end)], [Let(q, ops.add, (z, 1))]
    )
    verify(function([made, mirror], end, x))
    with pytest.raises(CoreError):
        verify(function([mirror, made], end, x))
    test = Test()
    side = Branch(test, x, [Let(v, ops.add, (x, 1))], [], [])
    r = Value("r")
    verify(
        function(
            [side, Branch(test, x, [Let(Value("u"), ops.add, (v, 1))], [], [Phi(r, v, 0.0)])], r, x
        )
    )
