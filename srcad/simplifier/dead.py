"""Dead code: what nothing reads is not computed.

Operations with an effect stay, and in the body of an attempt what may raise what that catches. A loop's carry lives where its exit, or within the
loop its parameter, is read; a branch or a loop without effects and without results goes.

    a = np.sin(x)
    b = np.cos(x)      ->     b = np.cos(x)
    return b                  return b
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from srcad.analysis.liveness import defines
from srcad.analysis.raising import may_raise
from srcad.core import ops
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Call,
    Carry,
    Function,
    Let,
    Loop,
    Statement,
    Tree,
    Within,
    defined,
    leaves,
    operands,
    walk,
)
from srcad.simplifier.rewrite import copy_function

__all__ = ["remove_dead", "remove_unread"]


def remove_unread(function: Function) -> Function:
    """As `remove_dead`, where no derivative will be taken any more: of several results, each part that nothing reads."""
    return remove_dead(function, parts=False)


def remove_dead(function: Function, *, parts: bool = True) -> Function:
    """The function without what nothing reads. (With `parts`, of several results all are kept where one is read.)"""
    live = _Live(leaves(function.result))
    if parts:
        live.add(ops.part)
    while True:  # a sibling of a loop may read it from a later place: until nothing new is found
        live.missed.clear()
        body = _sweep(function.body, live)
        if live.missed.isdisjoint(live):
            return copy_function(function, body, function.result)


class _Live(set):  # type: ignore[type-arg]
    """What is read. `missed` is what was asked for when it was not known to be: a sweep need only be done again where some of it is by now."""

    def __init__(self, values: Iterable[Any]) -> None:
        super().__init__(values)
        self.missed: set[Any] = set()

    def has(self, value: Any) -> bool:
        """Whether a value is read."""
        if value in self:
            return True
        self.missed.add(value)
        return False


def _sweep(block: Block, live: _Live, errors: tuple[type, ...] = ()) -> Block:
    kept: list[Statement] = []
    for statement in reversed(block):
        new = _keep(statement, live, errors)
        if new is not None:
            kept.append(new)
    kept.reverse()
    return kept


def _mark(tree: Tree, live: _Live) -> None:
    live.update(leaves(tree))


def _keep(statement: Statement, live: _Live, errors: tuple[type, ...]) -> Statement | None:
    """What is left of a statement; `errors` are what the attempts around it catch."""
    raises = bool(errors) and may_raise(statement, errors)
    if isinstance(statement, Let):
        op = statement.op
        beside = op is ops.part and ops.part in live and live.has(statement.args[0])
        if live.has(statement.out) or op.effect == "effect" or raises or beside:
            live.update(operands(statement))
            return statement
        return None
    if isinstance(statement, Call):
        if any(map(live.has, statement.outs)) or has_effect(statement.callee.body) or raises:
            live.update(operands(statement))
            return statement
        return None
    if isinstance(statement, Branch):
        if isinstance(statement, Attempt) and not (raises or _wanted(statement, live)):
            return None
        phis = [phi for phi in statement.phis if live.has(phi.out)]
        for phi in phis:
            _mark((phi.then, phi.orelse), live)
        orelse = _sweep(statement.orelse, live, errors)
        inner = errors
        if isinstance(statement, Attempt):
            inner += tuple(error.object for error in statement.errors)
        body = _sweep(statement.body, live, inner)
        live.update(operands(statement) if isinstance(statement, Within) else ())
        if not isinstance(statement, Attempt):
            if not (phis or body or orelse):
                return None
            _mark(statement.condition, live)
        return statement.renewed(body=body, orelse=orelse, phis=phis)
    if isinstance(statement, Loop):
        outer, live.missed = live.missed, set()
        while True:
            carries, body, header = _iteration(statement, live, errors)
            if live.missed.isdisjoint(live):
                break
            live.missed.clear()
        counted = statement.open and live.has(statement.family)
        wanted = carries or body or counted or raises or has_effect(statement.header)
        if wanted:  # that it runs, and so what ends it, is needed
            _mark((statement.test, statement.until), live)
            while not live.missed.isdisjoint(live):
                live.missed.clear()
                carries, body, header = _iteration(statement, live, errors)
        outer |= live.missed
        live.missed = outer
        if not wanted:
            return None
        if statement.domain is None and not statement.open:
            live.add(statement.family)  # its trips are counted by the loop that it mirrors
        for carry in carries:
            _mark(carry.init, live)
        _mark(statement.domain, live)
        live.update(record.source for record in statement.records)
        return statement.renewed(carries=carries, body=body, header=header)
    return statement


def _iteration(
    statement: Loop, live: _Live, errors: tuple[type, ...]
) -> tuple[list[Carry], Block, Block]:
    """What is left of a loop's carries, body and header, as far as it is known what is read."""
    carries = [c for c in statement.carries if live.has(c.exit) or live.has(c.param)]
    for carry in carries:
        _mark(carry.next, live)
    body, header = (_sweep(part, live, errors) for part in (statement.body, statement.header))
    return carries, body, header


def _wanted(statement: Attempt, live: _Live) -> bool:
    """Whether anything is read of an attempt, or must happen in it."""
    return (
        isinstance(statement, Within)
        or any(map(live.has, (*defined(statement), *defines([statement]))))
        or has_effect(statement.body)
        or has_effect(statement.orelse)
    )


def has_effect(block: Block) -> bool:
    """Whether something in a block must happen."""
    return any(
        (isinstance(s, Let) and s.op.effect == "effect")
        or (isinstance(s, Call) and has_effect(s.callee.body))
        or isinstance(s, Within)
        for s in walk(block)
    )
