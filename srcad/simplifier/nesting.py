"""Nesting: a value that is used once, and that no user named, becomes part of the expression that uses it.

    prod_1 = a * b
    sum_1 = prod_1 + c      ->      y = np.exp(a * b + c)
    y = np.exp(sum_1)

Within a block only, and never across a store to memory that the expression reads, nor to other settings of `np.errstate`. In the body of an attempt
what may raise stays in order. An expression that would not fit on a line gives its largest
operand back.
"""

from __future__ import annotations

from typing import Any

from srcad.analysis.raising import may_raise
from srcad.core import ops
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Call,
    Expr,
    Function,
    Let,
    Loop,
    Origin,
    Slice,
    Statement,
    Tree,
    Value,
    Within,
    leaves,
    map_tree,
    operands,
    walk,
)
from srcad.core.results import is_part
from srcad.simplifier.rewrite import copy_function, remake, uses

__all__ = ["nest"]

_WIDTH = 76
_TARGET = 16
_NEVER = {ops.put, ops.put_add, ops.add_at, ops.save, ops.saved}


def nest(function: Function, *, results: bool = False) -> Function:
    """The function with expressions as trees; with `results`, into the returned tuple too."""
    walker = _Nest(uses(function), _aliases(function))
    body = walker.nest_block(function.body, leaves(function.result) if results else ())
    result = (
        map_tree(function.result, lambda v: walker.ready.pop(v, v)) if results else function.result
    )
    return copy_function(function, body, result)


def _aliases(function: Function) -> dict[Value, Value]:
    """A representative of the values that may share memory, whether the operation says so or a join."""
    from srcad.analysis.memory import memory_of

    parent: dict[Value, Value] = {}

    def find(value: Value) -> Value:
        while parent.get(value, value) is not value:
            value = parent[value]
        return value

    def union(a: Tree, b: Tree) -> None:
        for x in leaves(a):
            for y in leaves(b):
                if not x.type.immutable and not y.type.immutable:
                    parent[find(x)] = find(y)

    for statement in walk(function.body):
        if isinstance(statement, Let) and statement.out is not None:
            if (
                statement.inplace
                or memory_of(statement.op, statement.args, dict(statement.options)) != "fresh"
            ):
                union(statement.out, statement.args[:1] if statement.inplace else statement.args)
        elif isinstance(statement, Call):
            union(tuple(statement.outs), statement.args)
        elif isinstance(statement, Branch):
            for phi in statement.phis:
                union(phi.out, (phi.then, phi.orelse))
        elif isinstance(statement, Loop):
            for carry in statement.carries:
                union(carry.param, (carry.init, carry.next, carry.exit))
    return {value: find(value) for value in list(parent)}


class _Nest:
    def __init__(self, count: dict[Value, int], alias: dict[Value, Value]) -> None:
        self.count, self.alias = count, alias
        self.ready: dict[Value, Expr] = {}
        # What the attempts around may catch.
        self.errors: tuple[type, ...] = ()

    def nest_block(self, block: Block, results: Any = ()) -> Block:
        kept_ready, self.ready = self.ready, {}
        direct: dict[Value, Statement] = {}
        for statement in block:
            for value in _direct(statement):
                direct[value] = statement
        wanted = set(results)
        out: Block = []
        origins: dict[Value, Any] = {}
        self.origins = origins
        for statement in block:
            touched = _touched(statement, self.alias)
            if touched:
                for value in list(self.ready):
                    if (
                        (touched is True or self.reads(self.ready[value]) & touched)
                        and direct.get(value) is not statement
                    ) or (
                        touched is not True
                        and self.reads(self.ready[value]) & touched
                        and not _safe(statement, value)
                    ):
                        self.flush(value, out, origins)
            waits = isinstance(statement, Let) and self.waits(statement, direct, wanted)
            if self.errors and may_raise(statement, self.errors):
                for value in self.disordered(statement, waits):
                    self.flush(value, out, origins)
            if isinstance(statement, Let):
                new = self.let(statement, out, origins)
                made = new.out
                if waits and made is not None:
                    self.ready[made] = Expr(new.op, new.args, new.options, made.type, new.origin)
                    origins[made] = new
                else:
                    out.append(new)
            elif isinstance(statement, Call):
                out.append(statement.renewed(args=self.take(statement.args)))
            elif isinstance(statement, Branch):
                attempt = isinstance(statement, Attempt)
                condition = statement.condition if attempt else self.take(statement.condition)
                if isinstance(statement, Within):
                    statement = statement.renewed(manager=self.take(statement.manager))
                kept, kept_origins, errors = self.ready, origins, self.errors
                if isinstance(statement, Attempt):
                    self.errors += tuple(error.object for error in statement.errors)
                body = self.nest_block(statement.body)
                self.errors = errors
                orelse = self.nest_block(statement.orelse)
                self.ready, origins = kept, kept_origins
                out.append(statement.renewed(condition=condition, body=body, orelse=orelse))
            elif isinstance(statement, Loop):
                out.append(self.loop(statement))
        for value in list(self.ready):
            if value not in wanted:
                self.flush(value, out, origins)
        if not wanted:
            self.ready = kept_ready
        return out

    def waits(self, new: Let, direct: dict[Value, Statement], wanted: set[Value]) -> bool:
        """Whether an operation becomes part of the statement that reads its value."""
        made = new.out
        return (
            made is not None
            and not made.named
            and self.count.get(made, 0) == 1
            and (made in direct or made in wanted)
            and new.op not in _NEVER
            and not new.inplace
            and not (is_part(new) and self.count.get(new.args[0], 0) > 1)
            and (new.op.effect != "effect" or isinstance(direct.get(made), Within))
            and not (_bar(made) and made in wanted)
            and getattr(direct.get(made), "origin", Origin()).under == new.origin.under
        )

    def disordered(self, statement: Statement, waits: bool) -> list[Value]:
        """The waiting operations that a statement of an attempt's body would change places with: it evaluates its own from left to right, last."""
        order = list(self.ready)
        mine = [value for value in dict.fromkeys(_direct(statement)) if value in self.ready]
        kept = 0
        for value, place in zip(reversed(order), range(len(mine), 0, -1)):
            if mine[place - 1] is not value:
                break
            kept += 1
        left = order[: len(order) - kept]
        if waits:  # so do those that it does not read
            last = max((order.index(value) for value in mine if value in left), default=-1)
            left = left[: last + 1]
        return left

    def loop(self, statement: Loop) -> Loop:
        domain = self.take(statement.domain)
        kept = self.ready
        header = self.header(statement)
        body = self.nest_block(statement.body)
        self.ready = kept
        return statement.renewed(domain=domain, body=body, header=header[0], test=header[1])  # type: ignore[no-any-return]

    def header(self, statement: Loop) -> tuple[Block, Tree]:
        if statement.test is None:
            return [], None
        kept, self.ready = self.ready, {}
        block = self.nest_block(statement.header, leaves(statement.test))
        test = self.take(statement.test)
        self.ready = kept
        return block, test

    def let(self, statement: Let, out: Block, origins: dict[Value, Any]) -> Let:
        args = self.take(statement.args)
        options = tuple((key, self.take(option)) for key, option in statement.options)
        # The message of an exception stands on a line of its own.
        shown = slice(1) if statement.op is ops.raise_if else slice(None)
        # What is stored into stands where other statements have the name that they give.
        target = _TARGET if statement.op in (ops.put, ops.put_add) else 0
        while _width(args[shown]) + _width(options) - target > _WIDTH:
            largest = _largest((args, options))
            if largest is None:
                break
            value = Value(largest.op.base, largest.type)
            let = Let(value, largest.op, largest.args, largest.options, statement.origin)
            out.append(let)
            args = _replace(args, largest, value)
            options = tuple((key, _replace(option, largest, value)) for key, option in options)
        return remake(statement, statement.op, args, options)

    def take(self, tree: Tree) -> Tree:
        return map_tree(tree, lambda value: self.ready.pop(value, value))

    def reads(self, expr: Expr) -> set[Value]:
        return {self.alias.get(value, value) for value in leaves(expr.args)} | {
            self.alias.get(value, value) for _, option in expr.options for value in leaves(option)
        }

    def flush(self, value: Value, out: Block, origins: dict[Value, Any]) -> None:
        expr = self.ready.pop(value)
        source = origins[value]
        out.append(Let(value, expr.op, expr.args, expr.options, source.origin))


def _bar(value: Value) -> bool:
    return value.base.endswith("_bar")


def _safe(statement: Statement, value: Value) -> bool:
    """A store may read what it overwrites in its own right-hand side: NumPy evaluates that first."""
    return isinstance(statement, Let)


def _direct(statement: Statement) -> list[Value]:
    """Values that the statement itself reads where an expression may stand."""
    if isinstance(statement, Let):
        found = list(leaves(statement.args)) + [
            v for _, option in statement.options for v in leaves(option)
        ]
        if statement.op in (ops.put, ops.put_add, ops.add_at) or statement.inplace:
            first = statement.args[0]
            found = [v for v in found if v is not first]
        return found
    if isinstance(statement, Call):
        return list(leaves(statement.args))
    if isinstance(statement, Branch):
        return list(operands(statement))
    if isinstance(statement, Loop):
        return list(leaves(statement.domain))
    return []


def _touched(statement: Statement, alias: dict[Value, Value]) -> set[Value] | bool:
    """What memory a statement writes: representatives, or True for anything."""
    found: set[Value] = set()
    for inner in walk([statement]):
        if isinstance(inner, Let):
            if inner.inplace and isinstance(inner.args[0], Value):
                found.add(alias.get(inner.args[0], inner.args[0]))
            elif inner.op.effect == "effect" and inner.op not in (ops.save, ops.saved):
                return True
        elif isinstance(inner, Within):
            return True
    return found


def _width(tree: Any) -> int:
    """About how many characters a tree prints as."""
    if isinstance(tree, Value):
        return len(tree.base) + (0 if tree.named else 2)
    if isinstance(tree, Expr):
        style = tree.op.style
        if style in ("binary", "compare"):
            return 4 + _width(tree.args[0]) + _width(tree.args[1])
        if style == "index" and len(tree.args) == 2:
            base, index = tree.args
            return _width(base) + (0 if type(index) is tuple else 2) + _width(index)
        return (
            2
            + (len(tree.op.name) if style == "call" else 2)
            + _width(tree.args)
            + sum(len(key) + 1 + _width(option) for key, option in tree.options)
        )
    if isinstance(tree, Slice):
        stepped = tree.step is not None
        return 1 + stepped + sum(_width(part) for part in tree if part is not None)
    if isinstance(tree, (tuple, list)):
        return sum(_width(part) + 2 for part in tree)
    if tree is None:
        return 4
    if tree is Ellipsis:
        return 3
    return len(str(tree)) if not callable(tree) else 6


def _largest(tree: Any) -> Expr | None:
    """The largest expression that is shorter than three quarters of the line."""
    best: Expr | None = None

    def visit(part: Any) -> None:
        nonlocal best
        if isinstance(part, Expr):
            width = _width(part)
            if (
                width < 0.75 * _WIDTH + 8
                and part.op.style not in ("index", "attribute")
                and width > 12
            ):
                if best is None or width > _width(best):
                    best = part
            visit(part.args)
            visit(tuple(option for _, option in part.options))
        elif isinstance(part, (tuple, list)):
            for inner in part:
                visit(inner)

    visit(tree)
    return best


def _replace(tree: Any, old: Expr, new: Value) -> Any:
    if tree is old:
        return new
    if isinstance(tree, Expr):
        return Expr(
            tree.op,
            _replace(tree.args, old, new),
            tuple((k, _replace(o, old, new)) for k, o in tree.options),
            tree.type,
            tree.origin,
        )
    if isinstance(tree, tuple):
        parts = [_replace(part, old, new) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    if isinstance(tree, list):
        return [_replace(part, old, new) for part in tree]
    return tree
