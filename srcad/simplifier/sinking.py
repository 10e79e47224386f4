"""Sinking: what only one side of a branch reads is computed there.

    p = v ** 2                       if v > 0.5:
    if v > 0.5:               ->         p = v ** 2
        k_bar -= v_bar * p               k_bar -= v_bar * p

It costs nothing where the other side is taken, and cannot raise where the branch guards it. Adjoint statements only: the user's stay where they are.
"""

from __future__ import annotations

from srcad.analysis.liveness import reads_of
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Function,
    Let,
    Loop,
    Statement,
    Value,
    leaves,
    operands,
)
from srcad.simplifier.rewrite import copy_function, uses

__all__ = ["sink"]


def sink(function: Function) -> Function:
    """The function with adjoint operations moved into the one side that reads them."""
    body = _block(function.body, set(leaves(function.result)), uses(function))
    return copy_function(function, body, function.result)


def _block(block: Block, live: set[Value], count: dict[Value, int]) -> Block:
    out: list[Statement] = []
    later = set(live)
    pending: list[Statement] = []
    for statement in reversed(block):
        if isinstance(statement, Branch):
            statement = statement.renewed()
        pending.append(statement)
    placed: list[Statement] = []  # what follows, first last
    for statement in pending:
        if (
            isinstance(statement, Let)
            and statement.origin.part != "primal"
            and statement.op.effect == "pure"
            and statement.out
        ):
            target = _target(statement.out, placed, later, count)
            if target is not None:
                branch, side = target
                if side == 0:
                    branch.body = [statement, *branch.body]
                else:
                    branch.orelse = [statement, *branch.orelse]
                continue
        placed.append(statement)
    for statement in reversed(placed):
        if isinstance(statement, Branch):
            ends = set(leaves([(phi.then, phi.orelse) for phi in statement.phis]))
            statement = statement.renewed(
                body=_block(statement.body, ends, count),
                orelse=_block(statement.orelse, ends, count),
            )
        elif isinstance(statement, Loop):
            ends = set(leaves([statement.until, *(c.next for c in statement.carries)]))
            statement = statement.renewed(body=_block(statement.body, ends, count))
        out.append(statement)
    return out


def _target(
    value: Value, following: list[Statement], live: set[Value], count: dict[Value, int]
) -> tuple[Branch, int] | None:
    """The side of a branch that alone reads a value."""
    if value in live:
        return None
    found: tuple[Branch, int] | None = None
    for statement in following:
        if value not in reads_of([statement]):
            continue
        if (
            not isinstance(statement, Branch)
            or isinstance(statement, Attempt)
            or value in set(operands(statement))
            or found is not None
        ):
            return None
        sides = [
            value in reads_of(block) | set(leaves([getattr(phi, pick) for phi in statement.phis]))
            for block, pick in ((statement.body, "then"), (statement.orelse, "orelse"))
        ]
        if sides[0] and sides[1]:
            return None
        found = (statement, 0 if sides[0] else 1)
    if found is not None:  # under the same test it may be read elsewhere, too
        here = uses(Function("", [], [found[0]], None))
        if here.get(value, 0) != count.get(value, 0):
            return None
    return found
