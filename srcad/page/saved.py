"""Which values the backward sweep reads, and where: definitions that reach its lines, followed through what loops save."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

__all__ = ["Saved", "saved_values"]


class Saved(NamedTuple):
    """A value that the first sweep computes and the backward sweep reads: its name there, its line, and (line, name) of each read."""

    name: str
    line: int
    reads: tuple[tuple[int, str], ...]


class _Made(NamedTuple):
    """A definition: what a name is given on a line."""

    name: str
    line: int


class _Record:
    """A list that a loop fills: for each append, what the parts of the item are."""

    def __init__(self) -> None:
        self.items: list[Any] = []


_Found = frozenset[Any]  # definitions, and records that a name may stand for
_Scope = dict[str, _Found]


def saved_values(
    text: str, sweeps: Sequence[str], places: Sequence[object] = ()
) -> tuple[Saved, ...]:
    """The values that are kept for the backward sweep, in the order of their lines; `sweeps` says of each line which one it is of, `places` which of
    the user's lines it belongs to. A part of an argument that a line of none names is there anyway.

    >>> lines = ["def f_grad(x):", "    e = np.exp(x)", "    y = np.sin(e)", "    x_bar = e * np.cos(e)", "    return x_bar"]
    >>> saved_values("\\n".join(lines), ["", "primal", "primal", "adjoint", ""])
    (Saved(name='e', line=2, reads=((4, 'e'),)),)
    """
    found: dict[_Made, dict[tuple[int, str], None]] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            for made, read in _Reads(sweeps, places).run(node):
                found.setdefault(made, {})[read] = None
    return tuple(
        Saved(made.name, made.line, tuple(sorted(reads)))
        for made, reads in sorted(found.items(), key=lambda each: (each[0].line, each[0].name))
    )


class _Reads:
    """Reaching definitions of one function of generated text."""

    def __init__(self, sweeps: Sequence[str], places: Sequence[object]) -> None:
        self.sweeps, self.places = sweeps, places
        self.found: dict[tuple[_Made, tuple[int, str]], None] = {}
        self.records: dict[ast.AST, _Record] = {}
        self.turn = 0

    def run(self, function: ast.FunctionDef) -> Iterable[tuple[_Made, tuple[int, str]]]:
        own = range(function.lineno, (function.end_lineno or 0) + 1)
        # Where tangents were made of a backward sweep, its lines are theirs from the first on.
        self.turn = next((line for line in own if self.sweep(line) == "adjoint"), own.stop)
        self.block(function.body, {})
        return self.found

    def sweep(self, line: int) -> str:
        return self.sweeps[line - 1] if line <= len(self.sweeps) else ""

    def block(self, body: Sequence[ast.stmt], scope: _Scope) -> None:
        for statement in body:
            self.statement(statement, scope)

    def statement(self, node: ast.stmt, scope: _Scope) -> None:
        if isinstance(node, ast.Assign):
            if not isinstance(node.value, ast.Name):  # another name of it is no use
                self.read(node.value, scope)
            for target in node.targets:
                self.define(target, node.value, scope)
        elif isinstance(node, ast.AugAssign):
            self.read(node.value, scope)
            self.read(node.target, scope)
            for name in _names(node.target, ast.Store, ast.Load):
                self.bind(name, scope, more=not isinstance(node.target, ast.Name))
        elif isinstance(node, (ast.For, ast.While)):
            self.loop(node, scope)
        elif isinstance(node, ast.If):
            self.read(node.test, scope)
            other = dict(scope)
            self.block(node.body, scope)
            self.block(node.orelse, other)
            _join(scope, other)
        elif isinstance(node, ast.Try):
            before = dict(scope)
            self.block([*node.body, *node.orelse], scope)
            for handler in node.handlers:
                other = dict(before)
                self.block(handler.body, other)
                _join(scope, other)
            self.block(node.finalbody, scope)
        elif isinstance(node, ast.With):
            for item in node.items:
                self.read(item.context_expr, scope)
            self.block(node.body, scope)
        elif isinstance(node, ast.Expr) and (record := self.appended(node.value, scope)):
            self.read(node.value.args[0], scope)  # type: ignore[attr-defined]
            record.items.append(self.parts(node.value.args[0], scope))  # type: ignore[attr-defined]
        else:
            self.read(node, scope)

    def loop(self, node: ast.For | ast.While, scope: _Scope) -> None:
        for _ in range(2):  # once more, for what an iteration hands to the next
            before = dict(scope)
            if isinstance(node, ast.For):
                self.read(node.iter, scope)
                self.define(node.target, node.iter, scope, over=True)
            else:
                self.read(node.test, scope)
            self.block(node.body, scope)
            _join(scope, before)
        self.block(node.orelse, scope)

    def appended(self, node: ast.expr, scope: _Scope) -> _Record | None:
        """The record that a call appends to."""
        if not (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "append"
            and isinstance(node.func.value, ast.Name)
            and len(node.args) == 1
        ):
            return None
        return self.record(node.func.value, scope)

    def record(self, node: ast.expr, scope: _Scope) -> _Record | None:
        found = scope.get(node.id, ()) if isinstance(node, ast.Name) else ()
        return next((each for each in found if isinstance(each, _Record)), None)

    def read(self, node: ast.AST, scope: _Scope) -> None:
        """Note what of the first sweep a line of the backward sweep reads."""
        line = getattr(node, "lineno", 0)
        if line < self.turn or isinstance(node, ast.Return):
            return
        for name in _names(node, ast.Load):
            for made in scope.get(name.id, ()):
                if isinstance(made, _Made) and made.line < self.turn:
                    self.found[made, (name.lineno, name.id)] = None

    # definitions

    def bind(self, name: ast.Name, scope: _Scope, more: bool = False) -> None:
        """Give a name its own definition; `more` where it is written into."""
        made = frozenset([_Made(name.id, name.lineno)])
        scope[name.id] = made | scope.get(name.id, frozenset()) if more else made

    def define(self, target: ast.expr, value: ast.expr, scope: _Scope, over: bool = False) -> None:
        """What an assignment, or (`over`) the head of a loop, makes of its target."""
        pairs = [(target, value)]
        if over:
            pairs = list(_lanes(target, value))
        for each, source in pairs:
            record = self.taken(source, scope) if not over else self.walked(source, scope)
            if record is not None:
                for item in record.items or [frozenset()]:
                    self.unpack(each, item, scope, first=item is record.items[0])
            elif isinstance(each, ast.Name) and not over and self.is_part(source, scope):
                scope.pop(each.id, None)
            elif isinstance(each, ast.Name) and isinstance(source, ast.Name) and not over:
                scope[each.id] = scope.get(source.id, frozenset())
            elif isinstance(each, ast.Name) and isinstance(source, ast.List) and not source.elts:
                made = self.records.setdefault(source, _Record())
                scope[each.id] = frozenset([made])
            elif (
                isinstance(each, ast.Tuple)
                and isinstance(source, ast.Tuple)
                and len(each.elts) == len(source.elts)
            ):
                before = dict(scope)
                for inner, part in zip(each.elts, source.elts):
                    after = dict(before)
                    self.define(inner, part, after)
                    scope.update({name.id: after[name.id] for name in _names(inner, ast.Store)})
            elif isinstance(each, ast.Subscript):
                for name in _names(each.value, ast.Load):
                    self.bind(name, scope, more=True)
            else:
                for name in _names(each, ast.Store):
                    self.bind(name, scope)

    def is_part(self, node: ast.expr, scope: _Scope) -> bool:
        """Whether it is a part of an argument, on a line that belongs to none of the user's: `par.k`, `p["w"]`."""
        if not 0 < node.lineno <= len(self.places) or self.places[node.lineno - 1] is not None:
            return False
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        return isinstance(node, ast.Name) and node.id not in scope

    def taken(self, node: ast.expr, scope: _Scope) -> _Record | None:
        """The record of which an item is read: `saved[i]`, `saved.pop()`."""
        if isinstance(node, ast.Subscript):
            return self.record(node.value, scope)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return self.record(node.func.value, scope) if node.func.attr == "pop" else None
        return None

    def walked(self, node: ast.expr, scope: _Scope) -> _Record | None:
        """The record that a loop goes over: `saved`, `reversed(saved)`."""
        while isinstance(node, ast.Call) and _called(node) in ("reversed", "iter") and node.args:
            node = node.args[0]
        return self.record(node, scope)

    def parts(self, node: ast.expr, scope: _Scope) -> Any:
        """What an item that is appended holds: definitions, in the structure of its tuples."""
        if isinstance(node, ast.Tuple):
            return [self.parts(part, scope) for part in node.elts]
        if isinstance(node, ast.Name):
            return scope.get(node.id, frozenset())
        names = [name.id for name in _names(node, ast.Load) if name.id not in _MODULES]
        return frozenset([_Made(names[0] if names else ast.unparse(node), node.lineno)])

    def unpack(self, target: ast.expr, item: Any, scope: _Scope, first: bool) -> None:
        if isinstance(target, ast.Tuple):
            fits = isinstance(item, list) and len(item) == len(target.elts)
            for place, part in enumerate(target.elts):
                self.unpack(part, item[place] if fits else item, scope, first)
        elif isinstance(target, ast.Name):
            found = frozenset(_flat(item))
            scope[target.id] = found if first else scope.get(target.id, frozenset()) | found


_MODULES = ("np", "math", "scipy", "srcad")


def _lanes(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What each part of a loop's target goes over."""
    if isinstance(value, ast.Call) and isinstance(target, ast.Tuple):
        if _called(value) == "reversed" and isinstance(value.args[0], ast.Call):
            value = value.args[0]
        if _called(value) == "zip" and len(value.args) == len(target.elts):
            for part, lane in zip(target.elts, value.args):
                yield from _lanes(part, lane)
            return
        if _called(value) == "enumerate" and len(target.elts) == 2:
            yield target.elts[0], value
            yield from _lanes(target.elts[1], value.args[0])
            return
    yield target, value


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _names(node: ast.AST, *contexts: type) -> list[ast.Name]:
    return [
        each
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, contexts)
    ]


def _flat(item: Any) -> Iterator[Any]:
    if isinstance(item, list):
        for part in item:
            yield from _flat(part)
    else:
        yield from item


def _join(scope: _Scope, other: _Scope) -> None:
    for name, found in other.items():
        scope[name] = scope.get(name, frozenset()) | found
