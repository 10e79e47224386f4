"""Grouping: contributions from one primal statement are one expression; from different statements, each is a statement of its own.

    # y = y * x
    x_bar = y_bar * y
    # y = np.sin(x)
    x_bar += y_bar * x * np.cos(x)

The running sum gets the name of the finished one, so that nesting keeps the statements apart.
"""

from __future__ import annotations

from srcad.core import ops
from srcad.core.nodes import Function, Let, Value, walk

__all__ = ["group"]


def group(function: Function) -> Function:
    """The function with running sums of cotangents named where another primal statement goes on with them."""
    lets = {s.out: s for s in walk(function.body) if isinstance(s, Let) and s.out is not None}
    for statement in lets.values():
        if (
            statement.out is None
            or statement.origin.part == "primal"
            or statement.op not in (ops.add, ops.subtract, ops.put_add)
        ):
            continue
        first = statement.args[0]
        before = lets.get(first) if isinstance(first, Value) else None
        if (
            before is None
            or first.named
            or first.base != statement.out.base
            or not first.base.endswith("_bar")
        ):
            continue
        if before.origin[:2] != statement.origin[:2]:
            first.named = True
    return function
