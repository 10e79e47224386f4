"""Liveness: which values may still be read after each statement.

`scan` walks a block backward and calls `visit(statement, live)` with the values that are live right after the statement. For a loop's body, what
the loop reads from outside stays live through all of it; for a value that one branch defines and a later branch of
the same test reads, all of what lies between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from srcad.core.nodes import (
    Block,
    Branch,
    Call,
    Let,
    Loop,
    Statement,
    Value,
    defined,
    leaves,
    operands,
    walk,
)

__all__ = ["defines", "reads_of", "scan"]

Visit = Callable[[Statement, "set[Value]"], None]


def reads_of(block: Block) -> set[Value]:
    """Every value that a block reads anywhere inside."""
    found: set[Value] = set()
    for statement in walk(block):
        found.update(operands(statement))
        if isinstance(statement, Branch):
            for phi in statement.phis:
                found.update(leaves((phi.then, phi.orelse)))
        elif isinstance(statement, Loop):
            found.update(leaves((statement.test, statement.until)))
            for carry in statement.carries:
                found.update(leaves(carry.next))
    return found


def defines(block: Block) -> set[Value]:
    """Every value that is defined anywhere inside a block, parameters of loops and what records give back included."""
    found: set[Value] = set()
    for statement in walk(block):
        found.update(defined(statement))
        if isinstance(statement, Loop):
            found.update(carry.param for carry in statement.carries)
            found.update(
                leaves([targets for _, targets, *_ in (*statement.records, *statement.over)])
            )
            if statement.index is not None:
                found.add(statement.index)
    return found


def scan(block: Block, live: Iterable[Value], visit: Visit) -> set[Value]:
    """Walk a block backward from the values live after it; returns those live before it."""
    now = set(live)
    for statement in reversed(block):
        visit(statement, set(now))
        now = step(statement, now, visit)
    return now


def step(statement: Statement, now: set[Value], visit: Visit) -> set[Value]:
    """The values live before a statement, given those live after it; visits its blocks."""
    if isinstance(statement, (Let, Call)):
        now = now - set(defined(statement))
    elif isinstance(statement, Branch):
        outs = {phi.out for phi in statement.phis}
        rest = now - outs
        then = scan(statement.body, rest | set(leaves([phi.then for phi in statement.phis])), visit)
        orelse = scan(
            statement.orelse, rest | set(leaves([phi.orelse for phi in statement.phis])), visit
        )
        now = (then | orelse) - defines(statement.body) - defines(statement.orelse)
    elif isinstance(statement, Loop):
        exits = {carry.exit for carry in statement.carries}
        rest = now - exits
        inside = (
            reads_of(statement.body) | reads_of(statement.header) | set(leaves(statement.test))
        ) - defines([statement])
        inside |= {
            record.source for record in statement.records
        }  # may be read by index, in every iteration
        ends = set(leaves([statement.until, *(carry.next for carry in statement.carries)]))
        inside |= ends - defines([statement])  # read again at the end of every iteration
        params = {carry.param for carry in statement.carries}
        top = rest | inside | params
        if statement.test is not None:
            before_test = scan(statement.body, rest | inside | ends, visit)
            scan(statement.header, before_test | set(leaves(statement.test)) | params, visit)
        else:
            scan(statement.body, rest | inside | ends, visit)
        now = (top - params) - defines([statement])
    return now | set(operands(statement))
