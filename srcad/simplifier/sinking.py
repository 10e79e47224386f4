"""Sinking: what only one side of a branch reads is computed there.

    p = v ** 2                       if v > 0.5:
    if v > 0.5:               ->         p = v ** 2
        k_bar -= v_bar * p               k_bar -= v_bar * p

It costs nothing where the other side is taken, and cannot raise where the branch guards it. Adjoint statements only: the user's stay where they are.
"""

from __future__ import annotations

from srcad.analysis.liveness import reads_of
from srcad.core import ops
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
    readers = _Readers()
    for statement in pending:
        if (
            isinstance(statement, Let)
            and statement.origin.part != "primal"
            and statement.op.effect == "pure"
            and statement.op is not ops.part
            and statement.out
        ):
            target = None if statement.out in later else readers.target(statement.out, count)
            if target is not None:
                branch, side = target
                if side == 0:
                    branch.body = [statement, *branch.body]
                else:
                    branch.orelse = [statement, *branch.orelse]
                readers.move(statement, branch, side)
                continue
        placed.append(statement)
        readers.add(statement)
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


class _Readers:
    """Who reads a value among the statements that follow, and how often on each side of a branch."""

    def __init__(self) -> None:
        self.following: dict[Value, list[Statement]] = {}
        self.sides: dict[Statement, tuple[dict[Value, int], dict[Value, int]]] = {}

    def add(self, statement: Statement) -> None:
        for value in reads_of([statement]):
            self.following.setdefault(value, []).append(statement)

    def move(self, statement: Let, branch: Branch, side: int) -> None:
        """Note that the branch reads on a side what a statement read."""
        counts = self.counts(branch)[side]
        for value in operands(statement):
            counts[value] = counts.get(value, 0) + 1
            following = self.following.setdefault(value, [])
            if branch not in following:
                following.append(branch)

    def counts(self, branch: Branch) -> tuple[dict[Value, int], dict[Value, int]]:
        if branch not in self.sides:
            then = uses(Function("", [], branch.body, [phi.then for phi in branch.phis]))
            orelse = uses(Function("", [], branch.orelse, [phi.orelse for phi in branch.phis]))
            self.sides[branch] = then, orelse
        return self.sides[branch]

    def target(self, value: Value, count: dict[Value, int]) -> tuple[Branch, int] | None:
        """The side of a branch that alone reads a value."""
        following = self.following.get(value, [])
        if len(following) != 1:
            return None
        branch = following[0]
        if (
            not isinstance(branch, Branch)
            or isinstance(branch, Attempt)
            or value in set(operands(branch))
        ):
            return None
        then, orelse = (side.get(value, 0) for side in self.counts(branch))
        # under the same test it may be read elsewhere, too
        if (then and orelse) or then + orelse != count.get(value, 0):
            return None
        return branch, 0 if then else 1
