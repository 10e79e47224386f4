"""How a derivative changed: what kind of change it is, and a diff by primal statement."""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
from typing import Any, NamedTuple

import numpy as np

from srcad.cli.draws import arguments
from srcad.cli.expression import Asked
from srcad.core.pytrees import flatten, is_varied
from srcad.errors import ArgumentValueError

__all__ = ["Change", "change", "kind_of", "values_differ"]

UNCHANGED = "unchanged"
EDITED = "unchanged, though the function was edited"
NAMES = "only names moved"
MATHEMATICS = "the mathematics changed"
NEW, GONE = "new", "gone"


class Change(NamedTuple):
    """One derivative in two revisions: what it is called, the kind of change, the diff, and what `--numeric` found."""

    name: str
    kind: str
    diff: str
    numeric: str = ""

    @property
    def differs(self) -> bool:
        """Whether the derivative is another one."""
        return self.kind not in (UNCHANGED, EDITED)


def change(name: str, old: str | None, new: str | None, edited: bool) -> Change:
    """Compare two texts of a derivative; None is one that there is not.

    >>> old = "def f_grad(x):\\n    # return np.sin(x)\\n    return np.cos(x)\\n"
    >>> change("f_grad", old, old.replace("x", "y"), True).kind
    'only names moved'
    >>> print(change("f_grad", old, old.replace("np.cos(x)", "2 * np.cos(x)"), True).diff)
    @@ return np.sin(x) @@
    -    return np.cos(x)
    +    return 2 * np.cos(x)
    """
    if old is None or new is None:
        return Change(name, NEW if old is None else GONE, by_statement(old or "", new or ""))
    return Change(name, kind_of(old, new, edited), by_statement(old, new))


def kind_of(old: str, new: str, edited: bool = False) -> str:
    """What kind of change lies between two texts."""
    if _bare(old) == _bare(new):
        return EDITED if edited else UNCHANGED
    return NAMES if _normal(old) == _normal(new) else MATHEMATICS


def _bare(text: str) -> str:
    """A text without comments and docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _normal(text: str) -> str:
    """A text under names that say only which comes first, its assignments in the order in which they are read."""
    tree = ast.parse(_bare(text))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    order = {name: f"function_{place}" for place, name in enumerate(sorted(functions))}
    for place, node in enumerate([node for node in tree.body if isinstance(node, ast.FunctionDef)]):
        order[node.name] = f"function_{place}"
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            _rename(function, dict(order))
            function.name = order[function.name]
    return ast.unparse(tree)


def _rename(function: ast.FunctionDef, names: dict[str, str]) -> None:
    own = {arg.arg for arg in ast.walk(function) if isinstance(arg, ast.arg)} | {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    found: dict[str, str] = {}

    def name(old: str) -> str:
        if old not in own:
            return names.get(old, old)
        return found.setdefault(old, f"v{len(found)}")

    for node in _in_order(function):
        if isinstance(node, ast.arg):
            node.arg, node.annotation = name(node.arg), None
        elif isinstance(node, ast.Name):
            node.id = name(node.id)


def _in_order(node: ast.AST) -> Any:
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


# The diff.


def by_statement(old: str, new: str) -> str:
    """A unified diff, in hunks of one primal statement each, which stands above it."""
    before, after = _groups(old), _groups(new)
    matcher = difflib.SequenceMatcher(
        None, [title for title, _ in before], [title for title, _ in after], autojunk=False
    )
    lines: list[str] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            pairs = [(b[0], b[1], a[1]) for b, a in zip(before[i:j], after[k:m])]
        else:
            gone: list[Any] = [(title, own, []) for title, own in before[i:j]]
            come: list[Any] = [(title, [], own) for title, own in after[k:m]]
            pairs = _paired(gone, come)
        for title, first, second in pairs:
            if first != second:
                lines += [f"@@ {title} @@", *_hunk(first, second)]
    return "\n".join(lines)


def _paired(gone: list[Any], come: list[Any]) -> list[Any]:
    """Statements that were edited, one after the other, with what became of them."""
    found = []
    for place in range(max(len(gone), len(come))):
        if place < len(gone) and place < len(come):
            title = gone[place][0]
            if title != come[place][0]:
                title = f"{title}  ->  {come[place][0]}"
            found.append((title, gone[place][1], come[place][2]))
        else:
            found.append(gone[place] if place < len(gone) else come[place])
    return found


def _groups(text: str) -> list[tuple[str, list[str]]]:
    """The lines of a text, by the primal statement that they belong to."""
    found: list[tuple[str, list[str]]] = [("imports", [])]
    for line in text.splitlines():
        bare = line.strip()
        if line.startswith("def "):
            found.append((line.rstrip(":"), []))
        elif bare.startswith("# "):
            found.append((bare[2:], []))
            continue
        elif line.startswith("    return ") and found[-1][1]:
            found.append(("the result", []))
        if bare:
            found[-1][1].append(line)
    return [(title, lines) for title, lines in found if lines]


def _hunk(first: list[str], second: list[str]) -> list[str]:
    return [
        line.rstrip("\n")
        for line in difflib.unified_diff(first, second, n=1, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]


# Numbers.


def values_differ(old: Asked, new: Asked, draws: int = 3, seed: int = 0) -> str:
    """What the values of two derivatives say at random arguments, in a few words."""
    first, second = (asked.loaded(*asked.made()) for asked in (old, new))
    worst = 0.0
    try:
        points = list(arguments(new.function, new.spec, new.defaults, draws, seed))
    except ArgumentValueError as error:
        return f"the values were not compared: {error.what}"
    for _, values in points:
        given = tuple(values.values())
        a, b = (
            [np.asarray(leaf) for leaf in flatten(derivative(*given)) if is_varied(leaf)]
            for derivative in (first, second)
        )
        if [one.shape for one in a] != [one.shape for one in b]:
            return "the values have other shapes"
        for one, other in zip(a, b):
            if one.size:
                scale = max(1.0, float(np.max(np.abs(other))))
                worst = max(worst, float(np.max(np.abs(one - other))) / scale)
    if worst <= 1e-12:
        return f"the values agree to rounding at {draws} random points"
    return f"the values differ by {worst:.1e} at {draws} random points"


def source_of(function: Any) -> str:
    """The text of a function without its place, for comparison."""
    try:
        return textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    except (OSError, TypeError):
        return ""
