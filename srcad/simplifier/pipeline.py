"""The order of the passes, and why.

`simplify` runs after each transform. Its first round resolves shapes, shares and removes what is dead, no algebra: use counts are taken before a round, and
algebra destroys structure that sharing would have found. Then algebra and the others, until nothing changes.

`lower` runs once, last: storage (saving a value is a use that keeps an old `x` apart, so it comes before names), concrete NumPy, ownership (on values,
not names), loops over arrays, expression trees, names.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from srcad.core.nodes import Call, Function, Let, Loop, leaves, walk
from srcad.core.verify import verify
from srcad.simplifier.algebra import simplify_algebra
from srcad.simplifier.concrete import make_concrete
from srcad.simplifier.dead import remove_dead, remove_unread
from srcad.simplifier.gathering import gather
from srcad.simplifier.grouping import group
from srcad.simplifier.halves import Split, cut_in_two
from srcad.simplifier.iteration import iterate, write_sizes
from srcad.simplifier.joins import simplify_joins
from srcad.simplifier.merging import merge_branches
from srcad.simplifier.nesting import nest
from srcad.simplifier.ownership import recover_stores
from srcad.simplifier.shapes import resolve_shapes
from srcad.simplifier.sharing import share
from srcad.simplifier.sides import join_sides
from srcad.simplifier.signs import place_signs
from srcad.simplifier.sinking import sink
from srcad.simplifier.sources import choose_sources
from srcad.simplifier.storage import store_values

__all__ = ["lower", "lower_halves", "simplify"]

FIRST: tuple[Callable[[Function], Function], ...] = (
    resolve_shapes,
    share,
    simplify_joins,
    remove_dead,
)
ROUND: tuple[Callable[[Function], Function], ...] = (
    simplify_algebra,
    choose_sources,
    resolve_shapes,
    share,
    join_sides,
    simplify_joins,
    remove_dead,
)
ROUNDS = 8


def simplify(function: Function) -> Function:
    """Short and fast Core with the same values."""
    for run in FIRST:
        function = checked(run, function)
    before = size(function)
    for _ in range(ROUNDS):
        for run in ROUND:
            function = checked(run, function)
        now = size(function)
        if now == before:
            break
        before = now
    return function


def checked(run: Callable[[Function], Function], function: Function) -> Function:
    """A pass; under SRCAD_DEBUG=1 what it made is verified."""
    made = run(function)
    return verify(made, run.__name__) if os.environ.get("SRCAD_DEBUG") == "1" else made


def size(function: Function) -> tuple[int, int]:
    """Statements and operands: what must stand still before a round was the last."""
    statements = operands = 0
    for statement in walk(function.body):
        statements += 1
        if isinstance(statement, (Let, Call)):
            operands += sum(1 for _ in leaves(statement.args))
        elif isinstance(statement, Loop):
            operands += len(statement.carries)
    return statements, operands


def lower(function: Function, *, results: bool = False) -> Function:
    """Core as it will be printed: stores in place, expressions as trees."""
    return finish(store(function), results=results)


def store(function: Function) -> Function:
    """Core whose loops stand on their own, in plain NumPy."""
    for run in (
        remove_unread,
        store_values,
        make_concrete,
        simplify_joins,
        share,
        merge_branches,
        sink,
        remove_unread,
    ):
        function = checked(run, function)
    return function


def finish(function: Function, *, results: bool = False) -> Function:
    """Stores in place, expressions as trees."""
    for run in (place_signs, group, recover_stores, iterate, remove_unread, write_sizes, gather):
        function = checked(run, function)
    return nest(function, results=results)


def lower_halves(combined: Function, cut: Any) -> Split:
    """A callee's forward and backward sweep as functions of their own."""
    return cut_in_two(store(combined), cut, finish)
