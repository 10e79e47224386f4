"""Programs of the wider language beside the derivative that was written by hand before srcad wrote one.

Each file of `by_hand/` begins with the command that asks for the derivative; below the function stands the hand-written one. What is
emitted has the same values, and at most 1.3 times its statements and calls. The reviewed texts are in `<file>.txt`; write them anew with
SRCAD_UPDATE_GOLDEN=1, and review the difference.
"""

import ast
import os
import shlex
from pathlib import Path

import numpy as np
import pytest

FILES = sorted((Path(__file__).resolve().parent / "by_hand").glob("*.py"))
SIZES = {"n": 5, "k": 4}
SLACK = 1.3


def asked(path):
    """The name of the derivative, and the words of the command."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    name, _, command = first.removeprefix("# ").partition(": ")
    return name, shlex.split(command)[2:]


def emitted(path):
    from srcad.cli.expression import derivative_text

    _, words = asked(path)
    return derivative_text(str(path), words[1], tuple(words[3::2]))


def function_of(text, name):
    module = ast.parse(text)
    return next(n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == name)


def counted(function):
    """How many statements and calls a function has, less its docstring."""
    nodes = [node for node in ast.walk(function) if node is not function]
    statements = sum(isinstance(node, ast.stmt) for node in nodes) - 1
    return statements, sum(isinstance(node, ast.Call) for node in nodes)


def arguments(words, rng):
    values = []
    for spec in words[3::2]:
        dims = spec.partition("[")[2].rstrip("]")
        if not dims:
            values.append(rng.uniform(0.2, 0.8))
            continue
        values.append(rng.normal(size=[SIZES[dim.strip()] for dim in dims.split(",")]))
    return values


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_as_short_as_by_hand(path):
    name, _ = asked(path)
    by_hand = counted(function_of(path.read_text(encoding="utf-8"), name))
    found = counted(function_of(emitted(path), name))
    assert all(ours <= SLACK * hand for ours, hand in zip(found, by_hand)), (found, by_hand)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_has_the_values_of_the_one_by_hand(path):
    name, words = asked(path)
    by_hand, ours = {}, {}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), by_hand)
    exec(compile(emitted(path), f"emitted {name}", "exec"), ours)
    given = arguments(words, np.random.default_rng(0))
    wanted, found = by_hand[name](*given), ours[name](*given)
    if not isinstance(wanted, tuple):
        wanted, found = (wanted,), (found,)
    for a, b in zip(wanted, found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-9)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_text_is_the_reviewed_one(path):
    text = emitted(path)
    stored = path.with_suffix(".txt")
    if os.environ.get("SRCAD_UPDATE_GOLDEN"):
        stored.write_text(text, encoding="utf-8")
    assert text == stored.read_text(encoding="utf-8")
