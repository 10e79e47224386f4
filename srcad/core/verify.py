"""The verifier: Core obeys its own laws.

- A value is defined once.
- What a statement reads is defined before it, in its block or an enclosing one; or in the same iteration of a loop of the same family; or on the same side
  of a branch of the same test.
- What the body of an attempt defines is not known on its other side. A side that ends in an exception joins nothing: what the other side of an attempt
  defines is known after it.
- Several results at once (a value whose type is a tuple) are read by their parts alone, in the block that makes them.
- A carry's parameter, next value and exit are values of the loop's own; joins join what their sides define.

`verify` runs after every stage in tests and under `SRCAD_DEBUG=1`.
"""

from __future__ import annotations

from srcad.core import ops
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Call,
    Family,
    Function,
    Let,
    Loop,
    Statement,
    Tree,
    Value,
    Within,
    defined,
    fails,
    leaves,
    operands,
    surviving,
)
from srcad.errors import CoreError

__all__ = ["verify"]


def verify(function: Function, stage: str = "") -> Function:
    """Check a function; returns it. Raises CoreError, which names the statement.

    >>> from srcad.core import ops
    >>> from srcad.core.nodes import Param
    >>> x, y = Value("x"), Value("y")
    >>> bad = Function("f", [Param("x", x)], [Let(y, ops.add, (x, Value("z")))], y)
    >>> verify(bad)
    Traceback (most recent call last):
        ...
    srcad.errors.CoreError: f: `z` is read before it is defined, by y = add
    """
    _Verifier(function, stage).run()
    return function


class _Verifier:
    def __init__(self, function: Function, stage: str) -> None:
        self.function, self.stage = function, stage
        self.once: set[Value] = set()
        # What siblings may read: per family what an iteration defines, per test and side what that side defines.
        self.iterations: dict[Family, set[Value]] = {}
        self.sides: dict[tuple[Family, int], set[Value]] = {}

    def run(self) -> None:
        scope: set[Value] = set()
        for param in self.function.params:
            for value in leaves(param.tree):
                self.define(value, None, scope)
        for value in self.function.hidden:
            self.define(value, None, scope)
        self.block(self.function.body, scope)
        self.read(self.function.result, scope, None)

    def fail(self, what: str, statement: Statement | None) -> None:
        shown = ""
        if isinstance(statement, Let):
            shown = f", by {statement.out.base if statement.out else '_'} = {statement.op.name}"
        elif statement is not None:
            shown = f", by a {type(statement).__name__}"
        stage = f" after {self.stage}" if self.stage else ""
        raise CoreError(f"{self.function.name}{stage}: {what}{shown}")

    def define(self, value: Value, statement: Statement | None, scope: set[Value]) -> None:
        if value in self.once:
            self.fail(f"`{value.base}` is defined twice", statement)
        self.once.add(value)
        scope.add(value)

    def read(self, tree: Tree, scope: set[Value], statement: Statement | None) -> None:
        for value in leaves(tree):
            if value not in scope:
                self.fail(f"`{value.base}` is read before it is defined", statement)

    def block(self, block: Block, scope: set[Value]) -> None:
        for statement in block:
            for value in operands(statement):
                if value not in scope:
                    self.fail(f"`{value.base}` is read before it is defined", statement)
            self.tuples(statement, block)
            if isinstance(statement, (Let, Call)):
                for value in defined(statement):
                    self.define(value, statement, scope)
            elif isinstance(statement, Branch):
                self.branch(statement, scope)
            elif isinstance(statement, Loop):
                self.loop(statement, scope)

    def tuples(self, statement: Statement, block: Block) -> None:
        """Several results are taken apart where they are made."""
        read = [value for value in operands(statement) if value.type.kind == "tuple"]
        if isinstance(statement, Let) and statement.op is ops.part:
            made = [let.out for let in block if isinstance(let, Let)]
            read = [value for value in read if value not in made]
        for value in read:
            self.fail(f"`{value.base}`, a tuple of results, is read as a whole", statement)

    def branch(self, statement: Branch, scope: set[Value]) -> None:
        known: set[Value] = set()
        for side, (block, pick) in enumerate(
            ((statement.body, "then"), (statement.orelse, "orelse"))
        ):
            key = (statement.test, side)
            inner = scope | self.sides.get(key, set())
            before = set(inner)
            if isinstance(statement, Attempt) and side == 1:
                self.define(statement.caught, statement, inner)
            if isinstance(statement, Within) and side == 0 and statement.target is not None:
                self.define(statement.target, statement, inner)
            self.block(block, inner)
            if block is surviving(statement):
                known = inner
            if fails(block) and statement.phis:
                self.fail("a side that ends in an exception joins nothing", statement)
            for phi in statement.phis:
                self.read(getattr(phi, pick), inner, statement)
            self.sides.setdefault(key, set()).update(inner - before)
        scope |= known
        if isinstance(statement, Attempt):
            self.define(statement.condition, statement, scope)
        for phi in statement.phis:
            self.define(phi.out, statement, scope)

    def loop(self, statement: Loop, scope: set[Value]) -> None:
        inner = scope | self.iterations.get(statement.family, set())
        before = set(inner)
        for carry in statement.carries:
            self.define(carry.param, statement, inner)
        if statement.index is not None:
            self.define(statement.index, statement, inner)
        for _, targets, *_ in (*statement.records, *statement.over):
            for value in leaves(targets):
                self.define(value, statement, inner)
        self.block(statement.header, inner)
        self.read(statement.test, inner, statement)
        self.block(statement.body, inner)
        self.read(statement.until, inner, statement)
        for carry in statement.carries:
            self.read(carry.next, inner, statement)
        self.iterations.setdefault(statement.family, set()).update(inner - before)
        for carry in statement.carries:
            self.define(carry.exit, statement, scope)
