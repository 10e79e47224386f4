"""What the adjoint statements of a text read of its forward sweep: values that are still in scope, and records of loops.

Read off the functions as they are printed, in which storage has been decided (`simplifier.storage`), under the names of the text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from srcad.analysis.cost import Cost, Formula
from srcad.analysis.memory import memory_of
from srcad.api.request import Generated
from srcad.core import ops
from srcad.core.nodes import (
    Block,
    Branch,
    Function,
    Let,
    Loop,
    Origin,
    Statement,
    Value,
    blocks,
    defined,
    leaves,
    operands,
)
from srcad.core.types import Type

__all__ = ["Printed", "Reader", "Saved", "Text", "saved_values"]

# A function of the text, with the names of its values.
Printed = tuple[Function, dict[Value, str]]

_START = "at the start"
_HEADS = ("for ", "while ", "if ", "elif ")


class Reader(NamedTuple):
    """An adjoint statement, and the line of the function that it belongs to."""

    line: int
    statement: str


class Saved(NamedTuple):
    """A value that the backward sweep reads: what it is, when it was made, for which iterations of which `loops` (their lines, the innermost
    first), `numbers` of them in all. A view of an argument takes no memory.
    """

    name: str
    type: str
    when: str
    line: int
    statement: str
    loops: tuple[int, ...]
    numbers: Formula
    bytes: Formula
    view: bool
    readers: tuple[Reader, ...]

    @property
    def place(self) -> str:
        """When it was made and for which iterations, in words."""
        around = [f"of every iteration of the loop of line {line}" for line in self.loops]
        if around and self.when != _START:
            around[0] = around[0].replace("of", "in", 1)
        comma = "" if self.when == _START else ","
        return f"{self.when}{comma} {', '.join(around)}".strip(" ,")


class Text:
    """The statements of the text, with the line of the function that each belongs to, and the sweep."""

    def __init__(self, made: Generated) -> None:
        self.statements: list[tuple[int, str]] = []
        self.places, self.sweeps = made.lines, made.sweeps
        lines = made.text.splitlines()
        for node in ast.walk(ast.parse(made.text)):
            if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef):
                last = node.end_lineno or node.lineno
                if isinstance(node, (ast.For, ast.While, ast.If, ast.With, ast.Try)):
                    last = max(node.lineno, node.body[0].lineno - 1)
                own = [line.strip() for line in lines[node.lineno - 1 : last]]
                text = " ".join(line for line in own if not line.startswith("#"))
                self.statements.append((node.lineno, re.sub(r"(?<=[(\[]) | (?=[)\]])", "", text)))
        self.statements.sort()

    def of_line(self, file: str, line: int) -> list[tuple[int, str, str]]:
        """The statements of the text that belong to a line of the function: (line of the text, sweep, statement)."""
        return [
            (at, self.sweeps[at - 1], text)
            for at, text in self.statements
            if at <= len(self.sweeps) and self.places[at - 1] == (file, line)
        ]

    def making(self, name: str, origin: Origin) -> str:
        """The statement of the forward sweep that gives a name its value."""
        own = self.of_line(origin.file, origin.line)
        target = re.compile(rf"([\w, ]*, )?{re.escape(name)}(, [\w, ]*)? = ")
        found = [text for _, sweep, text in own if sweep == "primal" and target.match(text)]
        return found[0] if found else ""

    def reading(self, name: str, origin: Origin) -> str:
        """The statement of a line's adjoint that reads a name."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        own = [
            text for _, sweep, text in self.of_line(origin.file, origin.line) if sweep != "primal"
        ]
        found = [text for text in own if word.search(text.partition(" = ")[2] or text)]
        found += [text for text in own if word.search(text)]
        if not found:  # the head of a loop or branch; or, of no line, what makes the result
            ends = [
                text
                for at, text in self.statements
                if text.startswith(_HEADS) or (not origin.line and self.places[at - 1] is None)
            ]
            found = [text for text in ends[::-1] if word.search(text)]
        return found[0] if found else origin.text.strip()


def saved_values(tops: list[Printed], text: Text, cost: Cost) -> Iterator[Saved]:
    """What each function reads of its forward sweep, in the order in which it is read."""
    for function, names in tops:
        for value, kept in _Walk(function, names).kept.items():
            readers = dict.fromkeys(
                Reader(origin.line, text.reading(name, origin)) for name, origin in kept.readers
            )
            times = Formula(1)
            for loop in kept.loops:
                times *= cost.times(loop)
            numbers = times * cost.size(value)
            name = names.get(value, value.base)
            made = kept.made
            yield Saved(
                name,
                repr(value.type),
                made.when,
                made.origin.line,
                text.making(name, made.origin),
                tuple(loop.origin.line for loop in kept.loops),
                numbers,
                Formula() if made.view else numbers * _itemsize(value.type),
                made.view,
                tuple(readers),
            )


def _itemsize(type_: Type) -> int:
    dtype = type_.dtype if type_.dtype not in (None, "float", "int") else "float64"
    return np.dtype(dtype).itemsize


def _takes_apart(statement: Statement) -> bool:
    """Whether a statement that is of no line names a part of an argument: `k = par.k`."""
    return (
        isinstance(statement, Let)
        and statement.op.function is ops.select_item
        and not statement.origin.line
    )


class _Made(NamedTuple):
    """When a value was made, and by which statement."""

    when: str = ""
    origin: Origin = Origin()
    view: bool = False


class _Kept:
    """How a value came to be kept: how it was made, the loops that make one in every iteration, who reads it."""

    def __init__(self, made: _Made, loops: tuple[Loop, ...] = ()) -> None:
        self.made, self.loops = made, loops
        self.readers: list[tuple[str, Origin]] = []


class _Record(NamedTuple):
    """What is saved into a list: the loops around that, how many of them are around the list too, and the items."""

    loops: tuple[Loop, ...]
    outer: int
    items: list[Any]


class _Walk:
    """A walk over a function of the text, forward statements before those of the backward sweep."""

    def __init__(self, function: Function, names: dict[Value, str]) -> None:
        self.names = names
        self.kept: dict[Value, _Kept] = {}
        self.made: dict[Value, _Made] = {}
        self.records: dict[Value, _Record] = {}
        self.lists: dict[Value, int] = {}  # the number of loops around each
        self.within: dict[Value, tuple[Loop, ...]] = {}  # loops of a list that is itself saved
        self.alias: dict[Value, Value] = {}
        if getattr(function, "half", False) and not function.name.endswith("_forward"):
            for param in function.params[1:]:  # the first are cotangents, or tangents
                if isinstance(param.tree, Value) and param.tree.type.numeric:
                    self.made[param.tree] = _Made("by the forward half")
        self.block(function.body, ())

    def block(self, block: Block, loops: tuple[Loop, ...]) -> None:
        for statement in block:
            if isinstance(statement, Let) and statement.op is ops.save:
                record, items = statement.args
                flat = list(items) if isinstance(items, tuple) else [items]
                self.records[record] = _Record(loops, self.lists.get(record, 0), flat)
                continue
            if isinstance(statement, Let) and statement.op is ops.saved:
                self.lists[statement.out] = len(loops)  # type: ignore[index]
            if statement.origin.part == "primal":
                self.makes(statement)
            else:
                self.reads(statement)
            for inner in blocks(statement):
                self.block(inner, (*loops, statement) if isinstance(statement, Loop) else loops)
            if isinstance(statement, Branch) and statement.origin.part == "primal":
                self.joins(statement)

    def makes(self, statement: Statement) -> None:
        """Note what a forward statement defines."""
        origin = statement.origin
        if isinstance(statement, Loop):
            for carry in statement.carries:
                self.made[carry.exit] = _Made(f"after the loop of line {origin.line}")
                self.made[carry.param] = _Made(_START)
            return
        if _takes_apart(statement) and self.is_given(statement.args[0]):  # type: ignore[attr-defined]
            return
        view = (
            isinstance(statement, Let)
            and memory_of(statement.op, statement.args, dict(statement.options)) == "view"
            and self.is_given(statement.args[0])
        )
        when = f"after the branch of line {origin.line}" if isinstance(statement, Branch) else ""
        self.made.update((value, _Made(when, origin, view)) for value in defined(statement))

    def joins(self, branch: Branch) -> None:
        """What one side of a branch makes, and the other leaves as None, is what that side made."""
        for phi in branch.phis:
            sides = [side for side in (phi.then, phi.orelse) if isinstance(side, Value)]
            if len(sides) == 1 and sides[0] in self.made:
                self.made[phi.out] = self.made[sides[0]]
            for side in sides:
                if side in self.records:
                    self.records[phi.out] = self.records[side]

    def is_given(self, tree: Any) -> bool:
        """Whether the memory of an operand is an argument's, which nobody has to keep."""
        return isinstance(tree, Value) and (tree not in self.made or self.made[tree].view)

    def reads(self, statement: Statement) -> None:
        """Note what an adjoint statement reads of the forward sweep."""
        found = list(operands(statement))
        held: set[Value] = set()
        if isinstance(statement, Branch):
            found += [v for phi in statement.phis for v in leaves((phi.then, phi.orelse))]
        if isinstance(statement, Loop):
            self.read_back(statement)
            found = list(leaves((statement.domain, [array for array, _ in statement.over])))
            found += [v for carry in statement.carries for v in leaves((carry.init, carry.next))]
            for carry in statement.carries:  # what it holds from iteration to iteration
                init = carry.init
                if isinstance(init, Value) and carry.param.base == init.base and init in self.made:
                    held.add(init)
                    self.kept.setdefault(init, _Kept(self.made[init]))
                    self.alias[carry.param] = init
        for value in dict.fromkeys(found):
            source = self.alias.get(value)
            if source is None:
                forward = statement.origin.part == "tangent"  # it goes along with its values
                if forward or value not in self.made or not value.type.numeric:
                    continue
                source = value
                self.kept.setdefault(value, _Kept(self.made[value]))
            if value not in held:
                name = self.names.get(value, value.base)
                self.kept[source].readers.append((name, statement.origin))

    def read_back(self, loop: Loop) -> None:
        """The targets of a loop stand for what a list holds."""
        for record in loop.records:
            source = self.alias.get(record.source, record.source)
            if source not in self.records:
                continue
            loops, outer, items = self.records[source]
            around = (*loops[outer:][::-1], *self.within.get(source, ()))
            flat = list(record.targets) if isinstance(record.targets, tuple) else [record.targets]
            for item, target in zip(items, flat):
                if not isinstance(target, Value):
                    continue
                self.alias[target] = item if isinstance(item, Value) else target
                if item in self.records:
                    self.within[item] = around
                elif self.alias[target] not in self.kept:
                    made = self.made.get(self.alias[target], _Made())
                    self.kept[self.alias[target]] = _Kept(made._replace(view=False), around)
