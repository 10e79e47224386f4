"""Signs: what is stored with a minus twice is not negated first.

n = -p
x_bar[1:] += n       ->     x_bar[1:] -= p
x_bar[:-1] += n             x_bar[:-1] -= p
"""

from __future__ import annotations

from srcad.core import ops
from srcad.core.nodes import Function, Let, Value
from srcad.simplifier.rewrite import Pass, remake, uses

__all__ = ["place_signs"]


def place_signs(function: Function) -> Function:
    """The function where each store that adds a negation has one of its own, which is written as `-=`."""
    return _Signs(uses(function)).run(function)


class _Signs(Pass):
    def __init__(self, count: dict[Value, int]) -> None:
        super().__init__()
        self.count = count
        self.negations: dict[Value, Let] = {}

    def let(self, statement: Let) -> Let | None:
        if statement.op is ops.negative and statement.out is not None:
            self.negations[statement.out] = statement
        if statement.op is not ops.put_add:
            return statement
        base, index, value = statement.args
        found = self.negations.get(value) if isinstance(value, Value) else None
        if found is None or value.named or self.count.get(value, 0) < 2:
            return statement
        own = self.emit(ops.negative, *found.args, origin=statement.origin)
        return remake(statement, ops.put_add, (base, index, own))
