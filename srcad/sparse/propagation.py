"""Walking Core with arguments at hand: the value of everything, and which elements of the inputs it may depend on.

An over-estimate is right, an under-estimate would be a wrong number. What decides where elements go (an index, a condition, how often a
loop runs) is followed as it is. Where that varies with the values of floating arguments, the pattern is *local*: it holds for these values
alone. Else it holds for all arguments of the same shapes, and with the same integers.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from srcad.core import ops, types
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Function,
    Let,
    Loop,
    Statement,
    Value,
    Within,
    place_of,
)
from srcad.core.solutions import Lifted, Solution
from srcad.core.structs import Struct
from srcad.errors import ArgumentValueError, UnsupportedSyntaxError
from srcad.sparse.matrices import rows_of
from srcad.sparse.operations import dependences
from srcad.sparse.traced import Traced, leaves_of, plain

__all__ = ["Tracer", "Tracing"]


# What only says something, which the function itself has said.
_SPEAKING = (print, warnings.warn)


class Raised(Exception):
    """An operation of the function has raised this: not the walk itself, which no `except` of the function is for."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Effect:
    """A call that is not run: a context, or what is refused where it is read."""

    def __init__(self, name: str) -> None:
        self.name = name


class Tracer:
    """One walk; `width` is how many elements the inputs have, `local` whether values have decided the pattern, `numeric` whether those of sparse matrices."""

    def __init__(self, width: int) -> None:
        self.width, self.local, self.numeric = width, False, False
        self.env: dict[Value, Any] = {}
        self.settings = np.geterr()
        self.function: Function | None = None
        self.statement: Any = None

    def input(self, value: Any, start: int) -> Traced:
        """An input whose elements are the columns from `start` on."""
        size = np.size(value)
        columns = np.arange(start, start + size)
        return Traced(value, rows_of(columns, np.arange(size + 1), self.width), False)

    def run(self, function: Function) -> Any:
        """The traced result of a function whose parameters are in `env`."""
        self.function, self.settings = function, np.geterr()
        try:
            with np.errstate(all="ignore"):
                self.block(function.body)
        except Raised as raised:
            raise raised.error from None
        except ArgumentValueError as error:  # what has too many entries
            error.place = error.place or place_of(function, self.statement)
            raise
        return self.read(function.result)

    def read(self, tree: Any) -> Any:
        """A tree of operands with what its values stand for."""
        if isinstance(tree, Value):
            found = self.env[tree]
            if isinstance(found, Effect):
                raise self.refusal(f"`{found.name}`, which is no function of its arguments,")
            return found
        if isinstance(tree, Lifted):
            raise self.refusal("a function that solves an equation")
        if isinstance(tree, (tuple, list)):
            parts = [self.read(part) for part in tree]
            if isinstance(tree, Struct):
                return tuple(parts)
            return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
        if isinstance(tree, dict):
            return {key: self.read(part) for key, part in tree.items()}
        return tree

    def refusal(self, what: str, rewrite: str = "") -> UnsupportedSyntaxError:
        """What the pattern is not known of, and where."""
        return UnsupportedSyntaxError(
            f"the sparsity of {what} is not known",
            place=self.function and place_of(self.function, self.statement),
            reason=rewrite
            or "Leave out sparse=True, or make the derivative of what comes before and after it sparse.",
        )

    def decided(self, tree: Any) -> Any:
        """What operands stand for that decide where elements go."""
        self.varies(leaves_of(tree))
        return plain(tree)

    def varies(self, leaves: Iterable[Traced]) -> None:
        """What decides where elements go may be something else for other arguments."""
        for leaf in leaves:
            self.local |= not (leaf.fixed or leaf.numeric)
            self.numeric |= not leaf.fixed
            if leaf.drawn:
                raise self.refusal(
                    "what a random draw decides",
                    "Draw before, and pass what is drawn as an argument.",
                )

    def block(self, block: Block) -> None:
        for statement in block:
            self.statement = statement
            self.do(statement)

    def do(self, statement: Statement) -> None:
        if isinstance(statement, Let):
            self.let(statement)
        elif isinstance(statement, Loop):
            self.loop(statement)
        elif isinstance(statement, Within):
            self.within(statement)
        elif isinstance(statement, Branch):
            if isinstance(statement, Attempt):
                taken = self.attempt(statement)
            else:
                taken = bool(self.decided(self.read(statement.condition)))
                self.block(statement.body if taken else statement.orelse)
            found = [self.read(phi.then if taken else phi.orelse) for phi in statement.phis]
            self.env.update((phi.out, each) for phi, each in zip(statement.phis, found))
        else:
            raise self.refusal("a call that is not written out")

    def attempt(self, statement: Attempt) -> bool:
        """Whether the body of a `try` runs to its end. That is so for these values."""
        self.local = True
        errors = plain(statement.errors)
        try:
            with np.errstate(**self.settings):  # which may make an error of a warning
                self.block(statement.body)
        except Raised as raised:
            if not isinstance(raised.error, errors):
                raise
            self.env[statement.caught] = Traced(raised.error, fixed=False)
            self.block(statement.orelse)
            self.env[statement.condition] = Traced(False, fixed=False)
            return False
        self.env[statement.condition] = Traced(True, fixed=False)
        return True

    def within(self, statement: Within) -> None:
        """The body of a `with`: the context says nothing of values, and has been entered by the function itself."""
        if statement.target is not None:
            self.env[statement.target] = Traced(None, fixed=False)
        self.block(statement.body)

    def let(self, statement: Let) -> None:
        op = statement.op
        if isinstance(op.function, Solution):
            raise self.refusal("the solution of an equation")
        if op is ops.save:
            record, item = statement.args
            self.env[record].value.append(self.read(item))
        elif op is ops.saved:
            self.env[statement.out] = Traced([])  # type: ignore[index]
        elif op.function in _SPEAKING:
            self.env[statement.out] = Traced(None)  # type: ignore[index]
        elif op.effect != "pure" and op not in (ops.raise_if, ops.raise_) and not ops.draws(op):
            if statement.out is not None:  # of what only speaks, nothing is heard here
                self.env[statement.out] = Effect(op.name)
        else:
            options = dict(statement.options)
            found = self.apply(op, self.read(statement.args), self.read(options), statement.frozen)
            if statement.out is not None:
                self.env[statement.out] = found

    def apply(self, op: Any, args: Any, options: Any, frozen: bool = False) -> Traced:
        """What an operation gives."""
        try:
            value = op.function(*plain(args), **plain(options))
        except Exception as error:
            raise Raised(error) from None
        leaves = list(leaves_of((args, options)))
        if op.effect != "pure" and ops.draws(op):
            if any(leaf.deps is not None for leaf in leaves):
                raise self.refusal(f"`{op.name}`, which is given what varies,")
            return Traced(value, fixed=False, drawn=True)
        deps, fixed = dependences(self, op, args, options, value)
        drawn = any(leaf.drawn for leaf in leaves)
        numeric = all(leaf.fixed or leaf.numeric for leaf in leaves)
        return Traced(value, None if frozen else deps, fixed and not drawn, numeric, drawn)

    def loop(self, loop: Loop) -> None:
        carries = loop.carries
        self.env.update({c.param: self.read(c.init) for c in carries if c.init is not None})
        trips = None
        if loop.domain is not None:
            trips = range(*(int(bound) for bound in self.decided(self.read(loop.domain))))
        records = [self.recorded(record) for record in loop.records]
        if trips is None and records:
            trips = range(len(records[0]))
        order: Any = trips
        if loop.domain is not None and trips is not None and loop.direction < 0:
            order = reversed(trips)
        place = 0
        steps = iter(order) if order is not None else None
        while True:
            index = None
            if steps is not None:
                index = next(steps, None)
                if index is None or any(place >= len(record) for record in records):
                    break
            if loop.index is not None and index is not None:
                self.env[loop.index] = Traced(index)
            self.block(loop.header)
            if loop.test is not None and not bool(self.decided(self.read(loop.test))):
                break
            for record, source in zip(loop.records, records):
                self.bind(record.targets, source[place])
            self.block(loop.body)
            found = [self.read(carry.next) for carry in carries]
            self.env.update((carry.param, each) for carry, each in zip(carries, found))
            place += 1
            if loop.until is not None and bool(self.decided(self.read(loop.until))):
                break
            if steps is None and loop.test is None and loop.until is None:
                raise self.refusal("a loop of unknown length")
        self.env.update({c.exit: self.env[c.param] for c in carries if c.param in self.env})

    def recorded(self, record: Any) -> list[Any]:
        """What a loop reads of a list, in its order."""
        items = list(self.env[record.source].value)
        return items[::-1] if record.back else items

    def bind(self, targets: Any, items: Any) -> None:
        """Give what was saved to its targets."""
        if isinstance(targets, Value):
            self.env[targets] = items if isinstance(items, Traced) else Traced(items)
            return
        for target, item in zip(targets, items):
            self.bind(target, item)

    def type(self, value: Any) -> types.Type:
        """What is said of the type of a value."""
        if isinstance(value, np.ndarray):
            return types.array(value.dtype.name, *value.shape)
        if isinstance(value, np.generic):
            return types.scalar(value.dtype.name)
        if isinstance(value, (int, float, complex)):
            return types.number(type(value).__name__)
        return types.Type("object")


class Tracing(Builder):
    """A builder that traces what it emits: a definition is run, with all ranks known."""

    names_rules = False

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self.tracer = tracer

    def operand(self, traced: Any) -> Any:
        """A tree of operands with a value for each traced one."""
        if isinstance(traced, Traced):
            made = Value("x", self.tracer.type(traced.value))
            self.tracer.env[made] = traced
            return made
        if isinstance(traced, (tuple, list)):
            parts = [self.operand(part) for part in traced]
            return type(traced)(*parts) if hasattr(traced, "_fields") else type(traced)(parts)
        return traced

    def let(
        self, op: Any, args: Any, options: Any = (), *, base: str = "", named: bool = False
    ) -> Value:
        out = super().let(op, args, options, base=base, named=named)
        tracer = self.tracer
        found = tracer.apply(op, tracer.read(args), tracer.read(dict(options)))
        tracer.env[out] = found
        out.type = tracer.type(found.value)
        if isinstance(found.value, (tuple, list)) and op.function is not np.shape:
            parts = tuple(map(tracer.type, found.value))
            if all(part.numeric for part in parts) and isinstance(found.deps, tuple):
                kind: Any = type(found.value)
                named_parts = kind(*parts) if hasattr(kind, "_fields") else parts
                out.type = types.Type("tuple", value=named_parts)
        return out
