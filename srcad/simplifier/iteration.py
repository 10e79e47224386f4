"""Iteration: loops over the numbers of an array's elements become loops over the array; sizes are written where they are read.

count = len(x)
for i in range(count):             for a in x:
    a = x[i]                ->         v = v + a
    v = v + a
"""

from __future__ import annotations

import builtins

from srcad.analysis.liveness import reads_of
from srcad.core import ops
from srcad.core.nodes import Block, Expr, Function, Let, Loop, Tree, Value, leaves, operands, walk
from srcad.simplifier.rewrite import Pass, copy_function

__all__ = ["iterate", "write_sizes"]

_SIZES = {ops.length, ops.size, ops.shape, ops.ndim}


def write_sizes(function: Function) -> Function:
    """`len(x)` of a parameter is written wherever it is read, not named."""
    inputs = {value for param in function.params for value in leaves(param.tree)} | set(
        function.hidden
    )
    return _Sizes(inputs).run(function)


class _Sizes(Pass):
    def __init__(self, inputs: set[Value]) -> None:
        super().__init__()
        self.inputs = inputs
        self.made: set[Value] = set()

    def resolve(self, value: Value) -> Tree:
        return self.known.get(value, value)

    def let(self, statement: Let) -> Let | None:
        out = statement.out
        if out is None or out.named:
            return statement
        first = statement.args[0] if statement.args else None
        plain = statement.op in _SIZES and first in self.inputs
        part = (
            statement.op is ops.getitem
            and isinstance(first, Expr)
            and first.op is ops.shape
            and isinstance(statement.args[1], int)
        )
        if plain or part:
            self.known[out] = Expr(statement.op, statement.args, (), out.type)
            return None
        return statement


def iterate(function: Function) -> Function:
    """Primal loops over indices that only pick elements run over the elements."""
    lets = {s.out: s for s in walk(function.body) if isinstance(s, Let) and s.out is not None}
    return copy_function(function, _block(function.body, lets), function.result)


def _block(block: Block, lets: dict[Value, Let]) -> Block:
    out: Block = []
    for statement in block:
        if isinstance(statement, Loop):
            statement = _loop(statement.renewed(body=_block(statement.body, lets)), lets)
        elif hasattr(statement, "phis"):
            statement = statement.renewed(
                body=_block(statement.body, lets), orelse=_block(statement.orelse, lets)
            )
        out.append(statement)
    return out


def _loop(loop: Loop, lets: dict[Value, Let]) -> Loop:
    if loop.domain is None or loop.index is None or loop.records or loop.origin.part != "primal":
        return loop
    start, stop, step = loop.domain
    if not (
        isinstance(start, int) and start == 0 and isinstance(step, int) and step == 1
    ) or not isinstance(stop, Value):
        return loop
    arrays = _lengths(stop, lets)
    picks: list[tuple[Value, Value]] = []
    header: Block = []
    rest: Block = []
    for place, statement in enumerate([*loop.header, *loop.body]):
        if (
            isinstance(statement, Let)
            and statement.op is ops.getitem
            and statement.args[1] is loop.index
            and statement.args[0] in arrays
            and statement.args[0] not in [array for array, _ in picks]
            and statement.out is not None
        ):
            picks.append((statement.args[0], statement.out))
        else:
            (header if place < len(loop.header) else rest).append(statement)
    if not picks or {array for array, _ in picks} != set(arrays):
        return loop
    left = (
        reads_of([*header, *rest])
        | {v for s in (*header, *rest) for v in operands(s)}
        | set(leaves([loop.test, loop.until, *(carry.next for carry in loop.carries)]))
    )
    if loop.index in left and loop.direction < 0:
        return loop
    order = {array: place for place, array in enumerate(arrays)}
    picks.sort(key=lambda pick: order[pick[0]])
    return loop.renewed(header=header, body=rest, over=picks)  # type: ignore[no-any-return]


def _lengths(stop: Value, lets: dict[Value, Let]) -> list[Value]:
    """The arrays of which a bound is the common length."""
    made = lets.get(stop)
    if made is None:
        return []
    if made.op is ops.length and isinstance(made.args[0], Value):
        return [made.args[0]]
    if made.op.function is builtins.min and len(made.args) == 2:
        parts = [_lengths(arg, lets) if isinstance(arg, Value) else [] for arg in made.args]
        return parts[0] + parts[1] if all(parts) else []
    return []
