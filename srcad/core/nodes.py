"""Core: a closed language with value semantics, held as gast nodes.

One operation a statement; operands are values, constants, or trees of them (`Slice`, tuple, list, dict) that stand for a literal;
control flow is structured and has one exit. A value is assigned once. What a loop carries and what the sides of a
branch define are explicit joins:

- `Loop.carries`: `param` is the value in an iteration, `init` before the first, `next` at the end of an iteration,
  `exit` after the last. All four are different values.
- `Branch.phis`: `out` is `then` or `orelse`.

Loops belong to *families*: a reverse sweep is a loop of the same family with the opposite direction, that may read what
its siblings define *in the same iteration*, by name. Branches of the same `test` likewise: a value local to one side may be read under the same
test on the same side. How such values get there (a list of records) is decided last, by `simplifier.storage`.

An `Attempt` is a branch that decides itself which side it takes, by what its body raises. A block that ends in an exception does not fall through: what
the other side of an attempt defines is then known after it, and joins nothing.

A store is an operation that returns the new array (`put`, `put_add`). The simplifier recovers destruction, last.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import gast

from srcad.core.types import ANY, Type
from srcad.errors import Place

__all__ = [
    "Attempt",
    "Block",
    "Branch",
    "Call",
    "Carry",
    "Chosen",
    "Expr",
    "Family",
    "Function",
    "Let",
    "Loop",
    "Origin",
    "Param",
    "Phi",
    "Record",
    "Slice",
    "Split",
    "Statement",
    "Test",
    "Value",
    "Within",
    "defined",
    "fails",
    "leaves",
    "map_tree",
    "operands",
    "place_of",
    "surviving",
    "visible",
    "walk",
]

_serial = itertools.count()

Tree = Any
Block = list["Statement"]


class Origin(NamedTuple):
    """Where a statement came from: line and text of the user's statement, and the sweep ("primal" or "adjoint").

    `under` are the settings of `np.errstate` that it runs with, outermost first: what it says of warnings, nothing of values.
    `file` is the name of the file that has the line. Where a call was written out, the line is that of the call, and `at` the callee's: file and line.
    """

    line: int = 0
    text: str = ""
    part: str = "primal"
    under: tuple[tuple[tuple[str, str], ...], ...] = ()
    file: str = ""
    at: tuple[str, int] | None = None

    @property
    def place(self) -> tuple[str, int] | None:
        """The file and the line where the operation itself is written, or None."""
        return self.at or ((self.file, self.line) if self.line else None)


class Chosen(str):
    """The name of a value that somebody chose: it needs no counter where nothing else bears it."""


class Value:
    """What a name stands for; its identity is apart from the name it wishes for (`base`).

    `named` says that a user wrote that name; the printer never inlines such a value into an expression.
    """

    __slots__ = ("base", "named", "serial", "type")

    def __init__(self, base: str, type: Type = ANY, *, named: bool = False) -> None:
        self.base, self.type, self.named, self.serial = base, type, named, next(_serial)

    def like(self, base: str | None = None, *, named: bool | None = None) -> Value:
        """A new value of the same type."""
        return Value(base or self.base, self.type, named=self.named if named is None else named)

    def __repr__(self) -> str:
        return f"{self.base}.{self.serial}"


class Slice(NamedTuple):
    """`start:stop:step` in an index."""

    start: Tree = None
    stop: Tree = None
    step: Tree = None


class Expr:
    """An operation inside an expression: what nesting makes of a `Let` that is used once; `origin` is that of the `Let`."""

    __slots__ = ("args", "op", "options", "origin", "type")

    def __init__(
        self,
        op: Any,
        args: tuple[Tree, ...],
        options: tuple[tuple[str, Tree], ...],
        type: Type,
        origin: Origin = Origin(),
    ) -> None:
        self.op, self.args, self.options, self.type = op, args, options, type
        self.origin = origin


class Statement(gast.AST):
    """Base of Core's statements; `origin` says which line of the user's it belongs to."""

    origin: Origin
    _fields: tuple[str, ...] = ()

    def renewed(self, **changes: Any) -> Any:
        """A copy with other fields."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.__dict__.update(changes)
        return made


class Let(Statement, gast.Assign):
    """`out = op(*args, **options)`; `out` is None for a pure effect.

    `frozen`: computed under `no_grad`, so a constant. `inplace` is set by `simplifier.ownership`.
    """

    _fields = ("out", "op", "args", "options")

    def __init__(
        self,
        out: Value | None,
        op: Any,
        args: tuple[Tree, ...],
        options: tuple[tuple[str, Tree], ...] = (),
        origin: Origin = Origin(),
    ) -> None:
        self.out, self.op, self.args, self.options, self.origin = out, op, args, options, origin
        self.inplace = False
        self.frozen = False


class Call(Statement, gast.Assign):
    """`outs = callee(*args)`: a call of a function that has Core of its own.

    `callee` is a `Function`. `pair` ties the two calls of a forward and a backward function together.
    """

    _fields = ("outs", "callee", "args")

    def __init__(
        self,
        outs: list[Value],
        callee: Any,
        args: tuple[Tree, ...],
        origin: Origin = Origin(),
        result: Tree = None,
    ) -> None:
        self.outs, self.callee, self.args, self.origin, self.result = (
            outs,
            callee,
            args,
            origin,
            result,
        )
        self.frozen = False


class Carry:
    """What a loop carries from iteration to iteration."""

    __slots__ = ("exit", "init", "next", "param")

    def __init__(self, param: Value, init: Tree, next: Tree, exit: Value) -> None:
        self.param, self.init, self.next, self.exit = param, init, next, exit


class Family:
    """Loops that run over the same iterations."""

    __slots__ = ("serial",)

    def __init__(self) -> None:
        self.serial = next(_serial)


class Test(Family):
    """Branches that take the same side."""

    __slots__ = ()


class Record(NamedTuple):
    """What a loop reads of a list in each iteration: the list, the targets, and whether it is read last first."""

    source: Tree
    targets: Tree
    back: bool = True


class Loop(Statement, gast.For):
    """A loop of `family`, forward (`direction` 1) or backward (-1).

    `domain` is (start, stop, step) with `index` its value, or None for a loop whose trips are counted: a while loop (`header` computes `test` before each
    iteration), or the mirror of one (`test` is None). A loop over a domain may have a test too, and any loop `until`, a value of its body: it ends after
    an iteration where that is true. Such loops are `open`: their mirrors have no domain.
    `records`, set by storage, are what an iteration reads of lists that its siblings filled; `over`, set last, are the (array, element) that it
    runs over directly.
    """

    _fields = ("domain", "header", "test", "carries", "body")

    def __init__(
        self,
        family: Family,
        direction: int,
        index: Value | None,
        domain: tuple[Tree, Tree, Tree] | None,
        carries: list[Carry],
        body: Block,
        origin: Origin = Origin(),
        header: Block | None = None,
        test: Tree = None,
    ) -> None:
        self.family, self.direction, self.index, self.domain = family, direction, index, domain
        self.carries, self.body, self.origin = carries, body, origin
        self.header, self.test = header if header is not None else [], test
        self.until: Tree = None
        self.records: list[Record] = []
        self.over: list[tuple[Value, Value]] = []

    @property
    def open(self) -> bool:
        """Whether what it computes decides how many iterations it has."""
        return self.test is not None or self.until is not None


class Phi:
    """`out` is `then` or `orelse`, by the side that ran."""

    __slots__ = ("orelse", "out", "then")

    def __init__(self, out: Value, then: Tree, orelse: Tree) -> None:
        self.out, self.then, self.orelse = out, then, orelse


class Branch(Statement, gast.If):
    """Two sides under `condition`; `test` is shared with the branches that take the same side."""

    _fields = ("condition", "body", "orelse", "phis")

    def __init__(
        self,
        test: Test,
        condition: Tree,
        body: Block,
        orelse: Block,
        phis: list[Phi],
        origin: Origin = Origin(),
    ) -> None:
        self.test, self.condition, self.body, self.orelse = test, condition, body, orelse
        self.phis, self.origin = phis, origin


class Attempt(Branch):
    """`body`, or where that raises one of `errors`, `orelse`, which may read what was `caught`.

    `condition` is a value that the statement itself defines: whether the body ran to its end. The body is left alone: nothing moves
    into it or out of it, and what may raise in it stays. Its values are not known on the other side.
    """

    def __init__(
        self,
        test: Test,
        condition: Value,
        body: Block,
        orelse: Block,
        phis: list[Phi],
        origin: Origin,
        errors: tuple[Any, ...],
        caught: Value,
    ) -> None:
        super().__init__(test, condition, body, orelse, phis, origin)
        self.errors, self.caught = errors, caught


class Within(Attempt):
    """`body` within a context: `with manager as target`. Nothing is caught, and what the body defines is known after it."""

    def __init__(
        self,
        test: Test,
        body: Block,
        leave: Let,
        origin: Origin,
        manager: Tree,
        target: Value | None,
        flags: tuple[Value, Value],
    ) -> None:
        super().__init__(test, flags[0], body, [leave], [], origin, (), flags[1])
        self.manager, self.target = manager, target


class Param(NamedTuple):
    """A parameter: its name and the value, or the tree of values where the argument is a pytree."""

    name: str
    tree: Tree
    keyword: bool = False


class Function(Statement, gast.FunctionDef):
    """A function: parameters, a block, and the tree of operands that it returns.

    `externals` maps a name of the text to the object that the loader binds to it (a callee, a hidden argument).
    """

    _fields = ("params", "body", "result")

    def __init__(
        self,
        name: str,
        params: list[Param],
        body: Block,
        result: Tree,
        doc: str = "",
        origin: Origin = Origin(),
    ) -> None:
        self.name, self.params, self.body, self.result = name, params, body, result
        self.doc, self.origin = doc, origin
        self.externals: dict[str, Any] = {}
        self.hidden: list[Value] = []


class Split(NamedTuple):
    """A function as two: `forward` returns its results and residuals, `backward` takes the seeds, the `kept` parameters, and
    the residuals. A residual that is a number is the result at that place.
    """

    forward: Function
    backward: Function
    kept: tuple[int, ...]
    residuals: tuple[Value | int, ...]


def leaves(tree: Tree) -> list[Value]:
    """The values in a tree of operands, in order."""
    found: list[Value] = []
    _gather(tree, found)
    return found


# What no value is in, and what is found most often beside values.
_PLAIN = {bool, int, float, complex, str, type(None), type(...)}


def _gather(tree: Tree, found: list[Value]) -> None:
    if isinstance(tree, Value):
        found.append(tree)
    elif isinstance(tree, (tuple, list)):
        for part in tree:
            kind = type(part)
            if kind is Value:  # most parts are
                found.append(part)
            elif kind not in _PLAIN:
                _gather(part, found)
    elif isinstance(tree, Expr):
        _gather(tree.args, found)
        for _, option in tree.options:
            _gather(option, found)
    elif isinstance(tree, dict):
        for part in tree.values():
            _gather(part, found)


def entries_like(output: Value, argument: Value) -> Value:
    """Whose dtype the entries of a Jacobian have: the argument's, the output's where that is complex and the argument is not."""
    of, by = ((value.type.dtype or "").startswith("complex") for value in (output, argument))
    return output if of and not by else argument


def map_tree(tree: Tree, change: Callable[[Value], Tree]) -> Tree:
    """The tree with each value replaced; the same object where nothing changes."""
    if isinstance(tree, Value):
        return change(tree)
    if isinstance(tree, tuple):
        parts = [map_tree(part, change) for part in tree]
        if all(new is old for new, old in zip(parts, tree)):
            return tree
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    if isinstance(tree, list):
        return [map_tree(part, change) for part in tree]
    if isinstance(tree, dict):
        return {key: map_tree(part, change) for key, part in tree.items()}
    if isinstance(tree, Expr):
        options = tuple((key, map_tree(option, change)) for key, option in tree.options)
        return Expr(tree.op, map_tree(tree.args, change), options, tree.type, tree.origin)
    return tree


def operands(statement: Statement) -> list[Value]:
    """The values that a statement itself reads (not what its blocks read)."""
    found: list[Value] = []
    if isinstance(statement, Let):
        _gather(statement.args, found)
        for _, option in statement.options:
            _gather(option, found)
    elif isinstance(statement, Call):
        _gather(statement.args, found)
    elif isinstance(statement, Branch):
        if isinstance(statement, Within):
            _gather(statement.manager, found)
        elif not isinstance(statement, Attempt):
            _gather(statement.condition, found)
    elif isinstance(statement, Loop):
        _gather(statement.domain, found)
        for carry in statement.carries:
            _gather(carry.init, found)
        found += [record.source for record in statement.records]
        found += [array for array, _ in statement.over]
    return found


def blocks(statement: Statement) -> tuple[Block, ...]:
    """The blocks inside a statement."""
    if isinstance(statement, (Let, Call)):
        return ()
    if isinstance(statement, Branch):
        return statement.body, statement.orelse
    if isinstance(statement, Loop):
        return statement.header, statement.body
    return ()


def defined(statement: Statement) -> Iterator[Value]:
    """The values that a statement defines for what follows it (not what is local to its blocks)."""
    if isinstance(statement, Let):
        if statement.out is not None:
            yield statement.out
    elif isinstance(statement, Call):
        yield from statement.outs
    elif isinstance(statement, Branch):
        if isinstance(statement, Attempt):
            yield statement.condition
        if isinstance(statement, Within) and statement.target is not None:
            yield statement.target
        yield from (phi.out for phi in statement.phis)
    elif isinstance(statement, Loop):
        yield from (carry.exit for carry in statement.carries)


def fails(block: Block) -> bool:
    """Whether a block always ends in an exception."""
    last = block[-1] if block else None
    if isinstance(last, Let):
        return bool(last.op.name == "raise")
    return isinstance(last, Branch) and fails(last.body) and fails(last.orelse)


def surviving(statement: Statement) -> Block | None:
    """The side of an attempt whose values are known after it, since the other one ends in an exception."""
    if isinstance(statement, Attempt):
        if fails(statement.orelse):
            return statement.body
        if fails(statement.body):
            return statement.orelse
    return None


def place_of(function: Function, statement: Statement | None) -> Place | None:
    """Where the user's statement is that a statement of a function comes from; the place of the function where that is not known."""
    place: Place | None = function.parsed.place if hasattr(function, "parsed") else None
    origin = getattr(statement, "origin", Origin())
    if place is None or not origin.line:
        return place
    return Place(origin.file or place.file, origin.line, 0, None, origin.text)


def visible(statement: Statement) -> Iterator[Value]:
    """As `defined`, with what is known after a statement of what its side defines."""
    yield from defined(statement)
    for inner in surviving(statement) or ():
        yield from visible(inner)


def walk(block: Block) -> list[Statement]:
    """Every statement of a block, outer before inner, in order."""
    found: list[Statement] = []
    for statement in block:
        found.append(statement)
        if type(statement) is not Let:  # as most are
            for inner in blocks(statement):
                found += walk(inner)
    return found
