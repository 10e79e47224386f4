"""Liveness: which values may still be read after each statement.

`scan` walks a block backward and calls `visit(statement, live)` with the values that are live right after the statement. For a loop's body, what
the loop reads from outside stays live through all of it; for a value that one branch defines and a later branch of
the same test reads, all of what lies between. What the other side of an attempt reads is live before whatever may raise in its body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from srcad.analysis.raising import may_raise
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Call,
    Let,
    Loop,
    Statement,
    Value,
    defined,
    fails,
    leaves,
    operands,
    surviving,
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
        if isinstance(statement, Attempt):
            found.add(statement.caught)
        elif isinstance(statement, Loop):
            found.update(carry.param for carry in statement.carries)
            found.update(
                leaves([targets for _, targets, *_ in (*statement.records, *statement.over)])
            )
            if statement.index is not None:
                found.add(statement.index)
    return found


def scan(
    block: Block,
    live: Iterable[Value],
    visit: Visit,
    errors: tuple[type, ...] = (),
    aside: Iterable[Value] = (),
) -> set[Value]:
    """Walk a block backward from the values live after it; returns those live before it.

    Where a statement may raise one of `errors`, the values `aside` are read instead of what follows.
    """
    now = set(live)
    for statement in reversed(block):
        raises = bool(errors) and may_raise(statement, errors)
        if raises and not isinstance(statement, (Let, Call)):
            now |= set(aside)  # it may raise anywhere inside
        visit(statement, set(now))
        now = step(statement, now, visit, errors, set(aside))
        if raises:
            now |= set(aside)
    return now


def step(
    statement: Statement,
    now: set[Value],
    visit: Visit,
    errors: tuple[type, ...] = (),
    aside: set[Value] = frozenset(),  # type: ignore[assignment]
) -> set[Value]:
    """The values live before a statement, given those live after it; visits its blocks, from which `errors` lead to where `aside` are read."""
    if isinstance(statement, (Let, Call)):
        now = now - set(defined(statement))
    elif isinstance(statement, Branch):
        rest = now - set(defined(statement))
        starts = [
            set()
            if fails(block)
            else rest | set(leaves([getattr(p, pick) for p in statement.phis]))
            for block, pick in ((statement.body, "then"), (statement.orelse, "orelse"))
        ]
        if surviving(statement) is None:  # what one side defines is not read after the other
            starts[0] -= defines(statement.orelse)
            starts[1] -= defines(statement.body)
        orelse = scan(statement.orelse, starts[1], visit, errors, aside)
        if isinstance(statement, Attempt):
            caught = tuple(error.object for error in statement.errors)
            orelse.discard(statement.caught)
            then = scan(statement.body, starts[0], visit, (*caught, *errors), orelse | aside)
        else:
            then = scan(statement.body, starts[0], visit, errors, aside)
        now = (then | orelse) - defines([statement])
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
            before_test = scan(statement.body, rest | inside | ends, visit, errors, aside)
            tested = before_test | set(leaves(statement.test)) | params
            scan(statement.header, tested, visit, errors, aside)
        else:
            scan(statement.body, rest | inside | ends, visit, errors, aside)
        now = (top - params) - defines([statement])
    return now | set(operands(statement))
