"""Loops' carries and types, early returns, statics, lambdas, references, reads and writes, sources."""

import gast
import numpy as np
import pytest

import srcad
from srcad.api.signature import read_spec
from srcad.core.nodes import Branch, Loop, walk
from srcad.errors import SourceNotFoundError, SrcadError, UnsupportedSyntaxError
from srcad.parser.function import parse
from srcad.parser.reads import reads, writes
from srcad.parser.source import source_of
from srcad.parser.state import NeedStatic, Program
from tests.simplifier.core_text import core, lines, run, same, text

SCALE = 3.0
WEIGHTS = np.array([1.0, 2.0])


def statement(function, kind):
    return next(s for s in walk(function.body) if isinstance(s, kind))


def test_a_loop_carries_what_it_changes():
    def f(x, n):
        a, b, c = x, 1.0, 2.0
        for i in range(n):
            t = a * b
            a = t + c
        return a + b

    made = core(f, x="float64", n="int64")
    assert [carry.param.base for carry in statement(made, Loop).carries] == ["a"]
    same(run(made, 0.5, 3), f(0.5, 3))


def test_a_carried_type_gives_way():
    def f(x, n):
        s = 0
        for i in range(n):
            s = s + x
        return s

    loop = statement(core(f, x="float64[3]", n="int64"), Loop)
    assert loop.carries[0].param.type.shape != () and loop.carries[0].exit.type.rank is None
    scalar = statement(core(f, x="float64", n="int64"), Loop)
    assert scalar.carries[0].param.type.rank == 0 and scalar.carries[0].exit.type.dtype != "int"


def test_a_name_of_the_last_iteration_is_known_after_it():
    def f(x):
        for a in x:
            y = a * 2.0
        return y

    same(run(core(f, x="float64[3]"), np.arange(3.0)), 4.0)


def test_a_name_of_one_side_is_unbound(monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")

    def f(x):
        if x > 0:
            y = x
        return y

    with pytest.raises((UnsupportedSyntaxError, UnboundLocalError)):
        srcad.grad(f)(-1.0)  # as f(-1.0) does, or refused: never a silent zero


def test_a_name_of_a_loop_that_never_ran_is_unbound(monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")

    def f(x, n):
        for i in range(n):
            y = x * i
        return y

    same(srcad.grad(f)(1.0, 3), 2.0)
    with pytest.raises((UnsupportedSyntaxError, UnboundLocalError)):
        srcad.grad(f)(1.0, 0)


@pytest.mark.parametrize("x", [-1.0, 0.2, 3.0])
def test_early_returns(x):
    def f(x):
        if x > 1.0:
            return x * x
        if x > 0.0:
            y = np.sin(x)
        else:
            return -x
        return y + 1.0

    made = core(f, x="float64")
    assert sum(isinstance(s, Branch) for s in walk(made.body)) == 2
    same(run(made, x), f(x))


def test_a_path_without_a_value_is_refused():
    def f(x):
        if x > 1.0:
            return x

    with pytest.raises(SrcadError, match="falls off the end|returns nothing"):
        core(f, x="float64")


def test_statics_decide_while_parsing():
    def f(x, mode, flag=None):
        if mode == "sin":
            y = np.sin(x)
        else:
            y = np.cos(x)
        return y if flag is None else y * 2.0

    from srcad.core.types import number

    made = parse(f, {"x": number("float"), "mode": "sin", "flag": None}, Program())
    assert not any(isinstance(s, Branch) for s in walk(made.body))
    assert "np.cos" not in text(made)


def test_a_number_that_decides_is_asked_for():
    def f(x, k):
        return np.sum(x, axis=k)

    with pytest.raises(NeedStatic) as found:
        core(f, x="float64[2, 3]", k="int64")
    assert found.value.value.base == "k"


def test_lambdas_see_the_scope_they_stand_in():
    def f(x):
        k = 2.0
        g = lambda y: y * k + 3.0  # noqa: E731
        y = 5.0
        return g(x) + y

    same(run(core(f, x="float64"), 1.5), f(1.5))


def test_a_lambda_reads_a_captured_name_when_it_is_called():
    def f(x):
        k = 2.0
        g = lambda y: y * k  # noqa: E731
        k = 3.0
        return g(x)

    made = core(f, x="float64")
    same(run(made, 1.0), f(1.0))


def twice(x):
    return x * SCALE


def test_references_are_noted_through_callees():
    def f(x):
        return np.sum(twice(x) * WEIGHTS)

    program = Program()
    parse(f, {"x": read_spec("float64[2]")}, program)
    found = {
        (path, name): reference.object for (path, name), reference in program.references.items()
    }
    assert found[(), "twice"] is twice
    assert found[("twice",), "SCALE"] == SCALE
    assert any(name.endswith("WEIGHTS") for _, name in program.hidden)


def test_a_callee_is_parsed_once_for_each_specification():
    def f(x, y):
        return twice(x) + twice(x) + np.sum(twice(y))

    program = Program()
    parse(f, {"x": read_spec("float64"), "y": read_spec("float64[n]")}, program)
    assert len(program.callees) in (1, 2, 3)
    assert len(program.callees) == len({key for key in program.callees})


def test_recursion_ends():
    def f(x):
        return f(x - 1.0) if x > 0 else x

    with pytest.raises(SrcadError):
        core(f, x="float64")


def test_reads_and_writes():
    node = gast.parse("for i in r:\n    a[i], (b, *c) = d + (e := 1), f\n    g += 1\n    h.k = l\n")
    assert reads(node.body) == {"r", "a", "i", "d", "f", "g", "h", "l"}
    assert writes(node.body) == ["i", "g", "b", "c", "e"]
    assert "x" not in writes(gast.parse("x[0] = 1").body)


def test_the_right_lambda_of_a_line_is_found():
    first, second = (lambda x: x * 2.0), (lambda x: x * 3.0)
    same([run(core(first, x="float64"), 1.0), run(core(second, x="float64"), 1.0)], [2.0, 3.0])


def test_a_source_that_is_not_there_or_was_edited(tmp_path):
    import importlib.util
    import linecache

    space = {}
    exec("def g(x): return x", space)
    with pytest.raises(SourceNotFoundError, match="cannot be found"):
        source_of(space["g"])
    with pytest.raises(SourceNotFoundError):
        source_of(np.sin)
    file = tmp_path / "edited.py"
    file.write_text("def g(x):\n    return x * 2\n")
    spec = importlib.util.spec_from_file_location("edited", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert source_of(module.g).node.name == "g"
    file.write_text("def g(x):\n    return x * 33333\n")
    linecache.checkcache()
    with pytest.raises(SourceNotFoundError, match="edited"):
        source_of(module.g)


def test_the_text_of_a_statement_is_joined_to_one_line():
    def f(x):
        return np.maximum(
            x,  # first
            0.0,
        )

    source = source_of(f)
    assert source.text(source.node.body[0]) == "return np.maximum(x, 0.0)"


@pytest.mark.parametrize("body", ["yield x", "del x[0]", "raise", "raise x", "class A: pass"])
def test_what_is_not_accepted_names_its_line(tmp_path, body):
    import importlib.util

    file = tmp_path / "refused.py"
    file.write_text(f"def g(x):\n    y = x\n    {body}\n    return y\n")
    spec = importlib.util.spec_from_file_location("refused", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(SrcadError) as found:
        core(module.g, x="float64")
    assert found.value.place.line == 3 and found.value.reason


def test_parsed_text_is_one_operation_a_statement():
    def f(x):
        return np.sin(x * 2.0 + 1.0)

    assert len(lines(core(f, x="float64"), flat=True)) == 4
