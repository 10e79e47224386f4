"""Closing: a loop that reads what loops before it define, iteration by iteration, computes that itself.

    for x in xs: y = g(x)                           for i in rows:
    for i in rows:                                      for x in xs: y = g(x)
        for x, y in mirror: ... reads y ...     ->      for x, y in mirror: ... reads y ...

A Jacobian that is computed row by row has its mirrors in a loop that their siblings do not stand in. A cotangent that a mirror leaves to its sibling
would have to be summed over the rows, for each iteration of the sibling: there is no such value. So before a reverse sweep the sibling is brought
into the loop; what nothing reads any more is dead.
"""

from __future__ import annotations

from typing import Any

from srcad.core.nodes import Block, Branch, Carry, Function, Loop, Statement
from srcad.core.renewal import Renewal
from srcad.simplifier.dead import has_effect, remove_dead
from srcad.simplifier.rewrite import copy_function

__all__ = ["close"]


def close(function: Function) -> Function:
    """The function with siblings in the same loops, where they can be computed again."""
    body = _closed(function.body)
    if body is function.body:
        return function
    return remove_dead(copy_function(function, body, function.result))


def _families(block: Block, around: tuple[Any, ...] = ()) -> dict[Any, tuple[Any, ...]]:
    """The families of loops and the tests of branches in a block, with the families of the loops around each."""
    found: dict[Any, tuple[Any, ...]] = {}
    for statement in block:
        if isinstance(statement, Loop):
            found[statement.family] = around
            inner = (*around, statement.family)
            found.update(_families([*statement.header, *statement.body], inner))
        elif isinstance(statement, Branch):
            found[statement.test] = around
            found.update(_families([*statement.body, *statement.orelse], around))
    return found


def _closed(block: Block) -> Block:
    made: Block = []
    for statement in block:
        made.append(_statement(statement, made))
    return block if all(new is old for new, old in zip(made, block)) else made


def _statement(statement: Statement, before: Block) -> Statement:
    if isinstance(statement, Branch):
        body, orelse = _closed(statement.body), _closed(statement.orelse)
        if body is statement.body and orelse is statement.orelse:
            return statement
        return statement.renewed(body=body, orelse=orelse)  # type: ignore[no-any-return]
    if not isinstance(statement, Loop):
        return statement
    inside = _families([*statement.header, *statement.body], (statement.family,))
    shared = {
        family
        for family, around in _families(before).items()
        if inside.get(family, around) != around
    }
    carries, body, until = statement.carries, statement.body, statement.until
    if shared and not statement.header:
        again = [one for one in before if not has_effect([one])]
        if not any(has_effect([one]) and shared & _families([one]).keys() for one in before):
            copy = Renewal()
            body = copy.block([*again, *body])
            until = copy.tree(until)
            carries = [Carry(c.param, c.init, copy.tree(c.next), c.exit) for c in carries]
    closed = _closed(body)
    if closed is statement.body:
        return statement
    return statement.renewed(body=closed, carries=carries, until=until)  # type: ignore[no-any-return]
