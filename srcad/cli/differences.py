"""How a derivative changed: what kind of change it is, and a diff by primal statement."""

from __future__ import annotations

import ast
import difflib
import inspect
import linecache
import types
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from srcad.api.compiled import scope_of
from srcad.api.request import Generated
from srcad.core.pytrees import flatten
from srcad.core.specification import unwrap

__all__ = ["UNLISTED", "Change", "Side", "by_statement", "change", "kind_of", "worst"]

UNCHANGED = "unchanged"
EDITED = "unchanged, though the function was edited"
NAMES = "only names moved"
MATHEMATICS = "the mathematics changed"
VALUES = "only values that it reads changed"
NEW, GONE = "new", "gone"
UNLISTED = "no longer listed in [tool.srcad]"

_LIBRARIES = ("numpy", "scipy", "math", "builtins", "srcad")


class Change(NamedTuple):
    """One derivative in two revisions: what it is called, the kind of change, what moved beside the text, the diff, and what
    `--numeric` found. `file` and `line` are those of its function.
    """

    name: str
    kind: str
    diff: str = ""
    detail: str = ""
    numeric: str = ""
    file: str = ""
    line: int = 0

    @property
    def differs(self) -> bool:
        """Whether the derivative is another one."""
        return self.kind not in (UNCHANGED, EDITED)

    def __str__(self) -> str:
        return "; ".join(filter(None, [f"{self.name}: {self.kind}", self.detail, self.numeric]))


class Side(NamedTuple):
    """A derivative as one revision has it.

    `lines` says of each line of the text which file and line of the function's it belongs to; `reads` is what the text
    reads from outer scopes, by its name there; `sources` are the texts of the functions that it was made of.
    """

    text: str
    lines: Sequence[tuple[str, int] | None] = ()
    reads: dict[str, Any] = {}  # noqa: RUF012 - never changed
    sources: frozenset[str] = frozenset()
    files: dict[str, str] = {}  # noqa: RUF012

    @classmethod
    def of(cls, function: Any, made: Generated) -> Side:
        """That of a function and its module."""
        reads: dict[str, Any] = {}
        for name, (path, outer) in made.hidden.items():
            scope = scope_of(function, path)
            reads[name] = None if scope is None else scope.read(outer)
        reads |= {name: _external(found) for name, found in made.externals.items()}
        functions = [function, *(reference.object for reference in made.references)]
        plain = [each for each in map(unwrap, functions) if isinstance(each, types.FunctionType)]
        own = [each for each in plain if (each.__module__ or "").split(".")[0] not in _LIBRARIES]
        files = {_short(each.__code__.co_filename): each.__code__.co_filename for each in own}
        return cls(made.text, made.lines, reads, frozenset(map(_source, own)), files)


def _external(found: Any) -> Any:
    """What stands for a function that is called as it is: its text; for a class: its name and fields; or the object itself."""
    if isinstance(found, type):
        fields: Any = getattr(found, "__dataclass_fields__", getattr(found, "_fields", ()))
        return f"{found.__module__}.{found.__qualname__}({', '.join(fields)})"
    plain = unwrap(found) if callable(found) else found
    return _source(plain) if isinstance(plain, types.FunctionType) else found


def _source(function: Any) -> str:
    try:
        return inspect.cleandoc(inspect.getsource(function))
    except (OSError, TypeError):
        return str(getattr(function, "__qualname__", function))


def _short(file: str) -> str:
    """A file as `Generated.lines` calls it."""
    return file if file.startswith("<") else file.replace("\\", "/").rpartition("/")[2]


def change(name: str, old: Side | None, new: Side | None) -> Change:
    """Compare two revisions of a derivative; None is one that there is not.

    >>> old = "def f_grad(x):\\n    # return np.sin(x)\\n    return np.cos(x)\\n"
    >>> change("f_grad", Side(old), Side(old.replace("x", "y"))).kind
    'only names moved'
    >>> print(change("f_grad", Side(old), Side(old.replace("np.cos(x)", "2 * np.cos(x)"))).diff)
    @@ return np.sin(x) @@
    -    return np.cos(x)
    +    return 2 * np.cos(x)
    """
    if old is None or new is None:
        empty = Side("")
        kind = NEW if old is None else GONE
        return Change(name, kind, by_statement(old or empty, new or empty))
    kind, moved = kind_of(old, new)
    return Change(name, kind, by_statement(old, new), "; ".join(moved))


def kind_of(old: Side, new: Side) -> tuple[str, list[str]]:
    """What kind of change lies between two revisions, and what became of the values that both read."""
    (first, names), (second, others) = (_normal(each.text, set(each.reads)) for each in (old, new))
    if first != second:
        return MATHEMATICS, _moved(old, new, [(name, name) for name in old.reads])
    moved = _moved(old, new, list(zip(names, others)))
    if moved:
        return VALUES, moved
    if _bare(old.text) != _bare(new.text):
        return NAMES, []
    return (UNCHANGED if old.sources == new.sources else EDITED), []


def _moved(old: Side, new: Side, pairs: list[tuple[str, str]]) -> list[str]:
    """What was said of each value that is another one."""
    found = []
    for before, after in pairs:
        if after not in new.reads or before not in old.reads:
            continue
        was, is_ = old.reads[before], new.reads[after]
        if not _same(was, is_):
            name = f"`{after}`" if before == after else f"`{before}`, now `{after}`,"
            found.append(f"{name} changed{_values(was, is_)}")
    return found


def _same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, (np.ndarray, np.generic, float, complex, int)):
        x, y = np.asarray(a), np.asarray(b)
        equal_nan = x.dtype.kind in "fc"
        return x.dtype == y.dtype and bool(np.array_equal(x, y, equal_nan=equal_nan))
    try:
        return bool(a == b)
    except Exception:
        return False


def _values(a: Any, b: Any) -> str:
    """Two values in a few words, where they are short."""
    if isinstance(a, str) and isinstance(b, str):
        return ""  # texts of functions
    texts = [" ".join(repr(each).split()) for each in (a, b)]
    return f" from {texts[0]} to {texts[1]}" if max(map(len, texts)) <= 40 else ""


def _bare(text: str) -> str:
    """A text without comments and docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _normal(text: str, outer: set[str]) -> tuple[str, list[str]]:
    """A text under names that say only which comes first, and the outer names that it reads, in order.

    >>> _normal("def f(x):\\n    y = K * x\\n    return y", {"K"}) == _normal("def g(a):\\n    b = L * a\\n    return b", {"L"})
    False
    >>> _normal("def f(x):\\n    y = K * x\\n    return y", {"K"})[1]
    ['K']
    """
    tree = ast.parse(_bare(text))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            _nest(node)
    shared = {
        node.name: f"%function{place}"
        for place, node in enumerate(
            node for node in tree.body if isinstance(node, ast.FunctionDef)
        )
    }
    read: dict[str, str] = {}
    parameters = {
        node.name: [arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)]
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            _rename(node, shared, parameters, outer, read)
    return ast.unparse(tree), list(read)


def _nest(function: ast.FunctionDef) -> None:
    """Put what is read once, by the statement after it, there: whether it has a name of its own is a matter of how long the line is."""
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    count = Counter((node.id, type(node.ctx)) for node in names)
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    for node in ast.walk(function):
        for field in ("body", "orelse", "finalbody"):
            found: list[ast.stmt] = []
            for statement in getattr(node, field, None) or ():
                while found and (name := _read_next(found[-1], statement, count, own)):
                    _Put(name, found.pop().value).visit(statement)  # type: ignore[attr-defined]
                found.append(statement)
            if found:
                setattr(node, field, found)


def _read_next(
    made: ast.stmt, statement: ast.stmt, count: Counter[tuple[str, type]], own: set[str]
) -> str:
    """The name that one statement makes and the next one reads, where nobody else does and it may be evaluated there."""
    if not (isinstance(made, ast.Assign) and isinstance(made.targets[0], ast.Name)):
        return ""
    name = made.targets[0].id
    once = len(made.targets) == count[name, ast.Store] == count[name, ast.Load] == 1
    simple = isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr))
    inner = list(ast.walk(statement))
    reads = any(isinstance(node, ast.Name) and node.id == name for node in inner)
    repeats = any(isinstance(node, (ast.comprehension, ast.Lambda)) for node in inner)
    pure = all(_is_pure(node, own) for node in ast.walk(made.value))
    return name if once and simple and reads and not repeats and pure else ""


def _is_pure(node: ast.AST, own: set[str]) -> bool:
    """Whether a call is one of a module's functions that draws nothing; what is no call always is."""
    if not isinstance(node, ast.Call):
        return True
    path = ast.unparse(node.func).split(".")
    return len(path) > 1 and path[0].isidentifier() and path[0] not in own and "random" not in path


class _Put(ast.NodeTransformer):
    """Puts an expression where a name is read."""

    def __init__(self, name: str, value: ast.expr) -> None:
        self.name, self.value = name, value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.value if node.id == self.name else node


def _rename(
    function: ast.FunctionDef,
    shared: dict[str, str],
    parameters: dict[str, list[str]],
    outer: set[str],
    read: dict[str, str],
) -> None:
    """Number the names of a function in the order in which they stand in it. A `%` is in no name of Python's."""
    own = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    own |= {arg.arg for arg in ast.walk(function) if isinstance(arg, ast.arg)}
    own |= {node.name for node in ast.walk(function) if isinstance(node, ast.FunctionDef)}
    found: dict[str, str] = {}

    def name(old: str) -> str:
        if old in own and old != function.name:
            return found.setdefault(old, f"%{len(found)}")
        if old in outer:
            return read.setdefault(old, f"%outer{len(read)}")
        return shared.get(old, old)

    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            node.arg, node.annotation = name(node.arg), None
        elif isinstance(node, ast.Name):
            node.id = name(node.id)
        elif isinstance(node, ast.FunctionDef):
            node.name = name(node.name)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for word in node.keywords:  # of own functions: which parameter it is
                takes = parameters.get(node.func.id, [])
                word.arg = f"%{takes.index(word.arg)}" if word.arg in takes else word.arg


# The diff.


class _Group(NamedTuple):
    """Lines of a text that belong to a primal statement: its text, file and line; or to none. Those of its adjoint stand apart."""

    title: str
    file: str
    line: int
    lines: list[str]
    adjoint: bool = False


def by_statement(old: Side, new: Side) -> str:
    """A unified diff, in hunks of one primal statement each, which stands above it with its line, old and new."""
    before, after = _groups(old), _groups(new)
    matcher = difflib.SequenceMatcher(
        None,
        [(each.title, each.adjoint) for each in before],
        [(each.title, each.adjoint) for each in after],
        autojunk=False,
    )
    lines: list[str] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            pairs: Any = zip(before[i:j], after[k:m])
        else:
            pairs = _paired(before[i:j], after[k:m])
        for first, second in pairs:
            gone, come = first.lines if first else [], second.lines if second else []
            if gone != come:
                lines += [f"@@ {_heading(first, second)} @@", *_hunk(gone, come)]
    return "\n".join(lines)


def _paired(gone: list[_Group], come: list[_Group]) -> list[tuple[_Group | None, _Group | None]]:
    """Statements that were edited with what became of them: the pairs in order that are most alike in sum."""
    alike = [[_likeness(one, other) for other in come] for one in gone]
    if len(gone) == len(come) == 1 and gone[0].adjoint == come[0].adjoint:
        alike = [[1.0]]
    best = [[0.0] * (len(come) + 1) for _ in range(len(gone) + 1)]  # of the rest from here
    for i in reversed(range(len(gone))):
        for j in reversed(range(len(come))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + alike[i][j])
    found: list[tuple[_Group | None, _Group | None]] = []
    i = j = 0
    while i < len(gone) and j < len(come):
        if alike[i][j] and best[i][j] == best[i + 1][j + 1] + alike[i][j]:
            found.append((gone[i], come[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            found.append((gone[i], None))
            i += 1
        else:
            found.append((None, come[j]))
            j += 1
    return [*found, *((one, None) for one in gone[i:]), *((None, one) for one in come[j:])]


def _likeness(one: _Group, other: _Group) -> float:
    ratio = difflib.SequenceMatcher(None, one.title, other.title, autojunk=False).ratio()
    return ratio if one.adjoint == other.adjoint and ratio >= 0.6 else 0.0


def _heading(first: _Group | None, second: _Group | None) -> str:
    """`model.py:14 -> 15: old -> new`, in as few words as say it."""
    one = second or first
    assert one is not None
    place = f"{_base(one.file)}:{one.line}" if one.line else ""
    title = one.title
    if first is not None and second is not None:
        if first.line and second.line and first.line != second.line:
            place = f"{_base(first.file)}:{first.line} -> {second.line}"
        if first.line and second.line and _base(first.file) != _base(second.file):
            place = f"{_base(first.file)}:{first.line} -> {_base(second.file)}:{second.line}"
        if first.title != second.title:
            title = f"{first.title}  ->  {second.title}"
    elif place:
        place += ", new" if first is None else ", gone"
    return f"{place}: {title}" if place else title


def _base(file: str) -> str:
    return file.strip("<>").replace(":", "/").rpartition("/")[2]


def _groups(side: Side) -> list[_Group]:
    """The lines of a text, by the primal statement that they belong to."""
    found = [_Group("imports", "", 0, [])]
    place: tuple[str, int] | None = None
    for number, line in enumerate(side.text.splitlines()):
        now = side.lines[number] if number < len(side.lines) else None
        bare = line.strip()
        if not bare:
            continue
        if line.startswith("def "):
            found.append(_Group(line.rstrip(":"), "", 0, []))
            place = None
        elif bare.startswith("# "):
            found.append(_Group(bare[2:], *(now or ("", 0)), [], True))
            place = now
            continue
        elif now is None and line.startswith("    return ") and place is not None:
            found.append(_Group("the result", "", 0, []))
            place = None
        elif now is not None and now != place:
            file, at = now
            said = linecache.getline(side.files.get(file, file), at).strip()
            found.append(_Group(said or f"line {at}", file, at, []))
            place = now
        found[-1].lines.append(line)
    return [group for group in found if group.lines]


def _hunk(first: list[str], second: list[str]) -> list[str]:
    return [
        line.rstrip("\n")
        for line in difflib.unified_diff(first, second, n=1, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]


# Numbers.


class Worst(NamedTuple):
    """Where two values are farthest apart, in units of what rounding allows."""

    ratio: float
    output: int
    at: tuple[int, ...]
    old: Any
    new: Any
    allowed: float
    trouble: str = ""


def worst(old: Any, new: Any) -> Worst:
    """The entry of two values of a derivative that differs most.

    >>> worst((np.ones(2), 1.0), (np.array([1.0, 1.5]), 1.0))[1:3]
    (0, (1,))
    """
    nothing = Worst(0.0, 0, (), 0.0, 0.0, 0.0)
    first, second = (
        [np.asarray(leaf) for leaf in flatten(value) if _is_number(leaf)] for value in (old, new)
    )
    if [one.shape for one in first] != [one.shape for one in second]:
        return nothing._replace(ratio=np.inf, trouble="the values have other shapes")
    if [one.dtype for one in first] != [one.dtype for one in second]:
        return nothing._replace(ratio=np.inf, trouble="the values have other dtypes")
    found = nothing
    for place, (a, b) in enumerate(zip(first, second)):
        if not a.size:
            continue
        eps = float(np.finfo(a.dtype).eps) if a.dtype.kind in "fc" else 0.0
        with np.errstate(all="ignore"):
            size = np.maximum(np.abs(a), np.abs(b))
            scale = float(np.max(size, initial=0.0, where=np.isfinite(size)))
            allowed = 2.0**12 * eps * scale
            error = np.abs(a.astype(np.result_type(a, float)) - b)
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            error = np.where(same, 0.0, np.where(np.isfinite(error), error, np.inf))
            ratio = np.where(error == 0, 0.0, error / (allowed or np.finfo(float).tiny))
        at = tuple(map(int, np.unravel_index(int(np.argmax(ratio)), a.shape)))
        if float(ratio[at]) > found.ratio:
            found = Worst(float(ratio[at]), place, at, a[at], b[at], allowed)
    return found


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, (np.ndarray, np.generic, int, float, complex))
