"""Solutions of equations as values, and functions that a solver of a library calls.

    found = optimize.root(residual, x0, args=(a,))         `residual` is a `Lifted`
    x = found.x                                            the operation is a `Solution`, its operands are (found, a)

The first is a constant: how a solution is found has no derivative. The second says what the value varies with, and in
`equation` how: r(x, *captured) = 0, or the function of which x is a minimum.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from srcad.core.nodes import Expr, Function, Let, walk
from srcad.core.ops import Operation

__all__ = ["Lifted", "Solution", "fact", "lifted_in"]


class Lifted:
    """A function of Core's as an operand: the text names it, and has it at its top level."""

    __slots__ = ("function",)

    def __init__(self, function: Function) -> None:
        self.function = function


class Solution:
    """What a solver found, as a function of (what the solver returned, *captured).

    `equation(x, *captured)` is zero there; with `stationary`, its gradient by x is, with a `request` another derivative of it. `fresh`
    says that x is memory of its own, `rule` is that of its derivative, once it is made.
    """

    __slots__ = ("equation", "fresh", "request", "rule", "stationary")

    def __init__(
        self,
        equation: Function,
        *,
        stationary: bool = False,
        request: Any = None,
        fresh: bool = True,
    ) -> None:
        self.equation, self.stationary, self.fresh = equation, stationary, fresh
        self.request = request
        self.rule: Any = None


def _fact(found: Any) -> Any:
    """A part of what a solver returned."""


@cache
def fact(name: str) -> Operation:
    """An attribute of what a solver returned, which does not vary: `found.success`."""
    return Operation(_fact, name, style="attribute", symbol=name)


def lifted_in(function: Function) -> Iterator[Function]:
    """The functions that a function hands to solvers, in order."""

    def visit(tree: Any) -> Iterator[Function]:
        if isinstance(tree, Lifted):
            yield tree.function
        elif isinstance(tree, (Expr, Let)):
            yield from visit(tree.args)
            yield from visit(tree.options)
        elif isinstance(tree, (tuple, list)):
            for part in tree:
                yield from visit(part)
        elif isinstance(tree, dict):
            yield from visit(list(tree.values()))

    for statement in walk(function.body):
        if isinstance(statement, Let):
            yield from visit(statement)
    yield from visit(function.result)
