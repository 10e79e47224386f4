"""docs/language.md accounts for every construct of Python, and what it says of them is so.

The grammar is that of the Python that runs the tests: every class of node, and of what is accepted every field.
"""

import ast
import builtins
import re
import textwrap
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import srcad
from srcad.parser.refusals import CALLS
from tests.parser.constructs import BUILTINS, EXAMPLES, INHERITS, REFUSED
from tests.programs.support import agree

ROOT = Path(__file__).resolve().parents[2]
HEADER = "import contextlib, functools\nimport numpy as np\nimport srcad\n"
X = np.array([0.7, 1.3, -0.4])

# Later Pythons have them still, for programs that are older than the nodes that replaced them.
DEPRECATED = {
    "AugLoad", "AugStore", "Bytes", "Ellipsis", "ExtSlice", "Index", "NameConstant", "Num", "Param", "Str", "Suite",
    "slice",
}  # fmt: skip
# What no function consists of, or what has no example since it is part of every one.
EVERYWHERE = {
    "Load", "Store", "Del", "Module", "Interactive", "Expression", "FunctionType", "TypeIgnore",
}  # fmt: skip
# Fields that say nothing: comments, and whether a string was written with a `u`.
SILENT = {"type_comment", "kind", "ctx", "type_ignores", "simple", "level", "is_async"}


def concrete(base):
    """The classes of nodes under a class, without those in between."""
    subclasses = [
        kind
        for kind in base.__subclasses__()
        if kind.__module__ == "ast" and kind.__name__ not in DEPRECATED
    ]
    return {kind for sub in subclasses for kind in concrete(sub)} or {base}


def grammar():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {kind.__name__: kind for kind in concrete(ast.AST)}


def table():
    """What docs/language.md says of each node."""
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    rows = []
    for line in text.partition("## Statements")[2].partition("## Sources")[0].splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and cells[0].startswith("`"):
            rows += [(name, cells[2], cells[3]) for name in re.findall(r"`(\w+)`", cells[0])]
    return rows


GRAMMAR = grammar()
TABLE = {name: (status, text) for name, status, text in table()}
ACCEPTED = [name for name, (status, _) in TABLE.items() if status in ("accepted", "static")]


def nodes(text):
    tree = ast.parse(HEADER + textwrap.dedent(text).replace("«", "").replace("»", ""))
    return list(ast.walk(tree))


def named(examples, name):
    """The examples of a node: `name`, and `name, in some form`."""
    return [text for key, text in examples.items() if key.partition(",")[0] == name]


def test_every_node_has_one_row():
    rows = Counter(name for name, _, _ in table())
    assert set(GRAMMAR) - set(rows) == set(), "docs/language.md does not say what happens to these"
    assert [name for name, count in rows.items() if count > 1] == []
    newer = {"TryStar", "TypeAlias", "TypeVar", "ParamSpec", "TypeVarTuple", "TemplateStr", "Interpolation"}  # fmt: skip
    assert set(rows) - set(GRAMMAR) <= newer


@pytest.mark.parametrize("name", TABLE)
def test_a_row_says_accepted_static_or_refused(name):
    status, text = TABLE[name]
    assert status in ("accepted", "static", "refused")
    assert text or status == "accepted", "what is not accepted has a reason or a rewrite"


@pytest.mark.parametrize("name", [name for name in ACCEPTED if name in GRAMMAR])
def test_what_is_accepted_has_an_example(name):
    if name in EVERYWHERE:
        return
    examples = named(EXAMPLES, name)
    assert examples
    assert all(any(isinstance(node, GRAMMAR[name]) for node in nodes(text)) for text in examples)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_differentiated_right(name):
    assert TABLE[name.partition(",")[0]][0] in ("accepted", "static")
    f = srcad.from_source(HEADER + textwrap.dedent(EXAMPLES[name]), "f")
    agree(f, X)


@pytest.mark.parametrize("name", [name for name in TABLE if name not in ACCEPTED])
def test_what_is_refused_has_an_example(name):
    """That it is refused, and how, is tested in test_refusals.py."""
    if name in GRAMMAR:
        found = [node for text in REFUSED.values() for node in nodes(text)]
        assert any(isinstance(node, GRAMMAR[name]) for node in found)


def test_the_examples_have_every_field():
    """So that no part of an accepted construct is left out: the `else` of a loop, the `as` of an import."""
    found = set()
    for text in EXAMPLES.values():
        for node in nodes(text):
            for field, value in ast.iter_fields(node):
                if value is not None and value != []:
                    found.add((type(node).__name__, field))
    wanted = {
        (name, field)
        for name, kind in GRAMMAR.items()
        for field in kind._fields
        if name in ACCEPTED and name not in EVERYWHERE and field not in SILENT
    }
    assert wanted - found == set()


def functions_of_python():
    """The callables that every module knows, but for exceptions and for what `site` adds to a prompt."""
    return {
        name: value
        for name, value in vars(builtins).items()
        if callable(value)
        and (not name.startswith("__") or name == "__import__")
        and type(value).__module__ != "_sitebuiltins"
        and not (isinstance(value, type) and issubclass(value, BaseException))
    }


def test_every_function_of_python_is_accepted_or_refused():
    names = functions_of_python()
    refused = {name for name, value in names.items() if value in CALLS}
    assert refused & set(BUILTINS) == set()
    assert set(names) - refused == set(BUILTINS)


@pytest.mark.parametrize("name", BUILTINS)
def test_functions_of_python_are_differentiated_right(name):
    text = f"{HEADER}{INHERITS}\n\ndef f(x):\n    return {BUILTINS[name]}\n"
    agree(srcad.from_source(text, "f"), X)
