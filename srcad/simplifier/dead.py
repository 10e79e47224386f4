"""Dead code: what nothing reads is not computed.

Operations with an effect stay, and in the body of an attempt what may raise what that catches. A loop's carry lives where its exit, or within the
loop its parameter, is read; a branch or a loop without effects and without results goes.

    a = np.sin(x)
    b = np.cos(x)      ->     b = np.cos(x)
    return b                  return b
"""

from __future__ import annotations

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
    live: set[Any] = set(leaves(function.result))
    if parts:
        live.add(ops.part)
    while True:  # a sibling of a loop may read it from a later place: until nothing new is found
        before = len(live)
        body = _sweep(function.body, live)
        if len(live) == before:
            return copy_function(function, body, function.result)


def _sweep(block: Block, live: set[Any], errors: tuple[type, ...] = ()) -> Block:
    kept: list[Statement] = []
    for statement in reversed(block):
        new = _keep(statement, live, errors)
        if new is not None:
            kept.append(new)
    kept.reverse()
    return kept


def _mark(tree: Tree, live: set[Any]) -> None:
    live.update(leaves(tree))


def _keep(statement: Statement, live: set[Any], errors: tuple[type, ...]) -> Statement | None:
    """What is left of a statement; `errors` are what the attempts around it catch."""
    raises = bool(errors) and may_raise(statement, errors)
    if isinstance(statement, Let):
        beside = statement.op is ops.part and ops.part in live and statement.args[0] in live
        if statement.out in live or statement.op.effect == "effect" or raises or beside:
            live.update(operands(statement))
            return statement
        return None
    if isinstance(statement, Call):
        if (
            any(out in live for out in statement.outs)
            or has_effect(statement.callee.body)
            or raises
        ):
            live.update(operands(statement))
            return statement
        return None
    if isinstance(statement, Branch):
        if isinstance(statement, Attempt) and not (raises or _wanted(statement, live)):
            return None
        phis = [phi for phi in statement.phis if phi.out in live]
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
        carries: list[Carry] = []
        while True:
            before = len(live)
            carries = [
                carry for carry in statement.carries if carry.exit in live or carry.param in live
            ]
            for carry in carries:
                _mark(carry.next, live)
            body, header = (
                _sweep(part, live, errors) for part in (statement.body, statement.header)
            )
            if len(live) == before:
                break
        counted = statement.open and statement.family in live
        if not (carries or body or counted or raises or has_effect(statement.header)):
            return None
        before = -1
        while before < len(live):  # that it runs, and so what ends it, is needed
            before = len(live)
            _mark((statement.test, statement.until), live)
            carries = [c for c in statement.carries if c.exit in live or c.param in live]
            for carry in carries:
                _mark(carry.next, live)
            body, header = (
                _sweep(part, live, errors) for part in (statement.body, statement.header)
            )
        if statement.domain is None and not statement.open:
            live.add(statement.family)  # its trips are counted by the loop that it mirrors
        for carry in carries:
            _mark(carry.init, live)
        _mark(statement.domain, live)
        live.update(record.source for record in statement.records)
        return statement.renewed(carries=carries, body=body, header=header)
    return statement


def _wanted(statement: Attempt, live: set[Any]) -> bool:
    """Whether anything is read of an attempt, or must happen in it."""
    return (
        isinstance(statement, Within)
        or any(value in live for value in (*defined(statement), *defines([statement])))
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
