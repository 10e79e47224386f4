"""Cotangents of what a selection passes by.

    y = np.log(x)                          x_bar = np.where(x > 0, z_bar, 0) / x      # 0 / 0 where x is 0
    z = np.where(x > 0, y, 0)      ->
                                           x_bar = np.where(x > 0, z_bar / x, 0)

What `np.where` does not take has a cotangent of zero, and zero times an infinite partial derivative is NaN. So the mask moves outward: an
elementwise operation multiplies what is under the mask, and the mask is laid over the product. It comes to rest where the
cotangent is read by anything else; what was laid before is read by nothing then, and is removed as dead.

Where a cotangent is alive is a union of intersections of (condition, side). It may be said to live where it does not, never the other way
round: a condition that cannot be had where the cotangent is, or in its shape, is left out.
"""

from __future__ import annotations

from collections.abc import Container
from functools import reduce
from typing import NamedTuple

import numpy as np

from srcad.analysis.types import same_size
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Block, Let, Tree, Value
from srcad.core.types import Type

__all__ = ["NOWHERE", "Alive", "Masked", "Masks"]

Part = tuple[tuple[Value, bool], ...]
Alive = tuple[Part, ...] | None  # None: everywhere
NOWHERE: Alive = ()

WHERE = ops.operation(np.where)


class Masked(NamedTuple):
    """Where a cotangent is alive, and what it is there; None if no mask has been laid to make it."""

    alive: Alive
    inner: Tree = None


class Masks:
    """What is known of the cotangents of a sweep."""

    def __init__(self) -> None:
        self.known: dict[Value, Masked] = {}
        self.sums: dict[Value, tuple[Tree, Tree]] = {}

    def of(self, tree: Tree) -> Masked:
        """What is known of a cotangent."""
        if isinstance(tree, Value):
            return self.known.get(tree, Masked(None))
        return Masked(NOWHERE if _is_zero(tree) else None)

    def lifted(self, tree: Tree, block: Block = []) -> tuple[Alive, Tree]:
        """Where a cotangent that a rule has made is alive, and what it is there: `np.where(c, x, 0)` is x where c."""
        made = next((s for s in reversed(block) if isinstance(s, Let) and s.out is tree), None)
        if made is not None and made.op is WHERE and len(made.args) == 3:
            condition, *sides = made.args
            for place, inner in enumerate(sides):
                if isinstance(condition, Value) and _is_zero(sides[1 - place]):
                    alive, inner = self.lifted(inner, block)
                    return _within(alive, (condition, place == 0)), inner
        known = self.of(tree)
        return known.alive, tree if known.inner is None else known.inner

    def laid(self, builder: Builder, alive: Alive, inner: Tree, base: str = "") -> Tree:
        """What a cotangent is where it is alive, and zero elsewhere."""
        if alive is None:
            return inner
        condition, side = _condition(builder, alive)
        args = (condition, inner, 0) if side else (condition, 0, inner)
        made = builder.emit(WHERE, *args, base=base)
        if made.type.rank == 0:  # cotangents are numbers, not arrays of no axes
            made = builder.emit(ops.getitem, made, (), base=base)
        self.known[made] = Masked(alive, inner)
        return made

    def added(self, builder: Builder, a: Tree, b: Tree, base: str) -> Tree:
        """The sum of two contributions, or of the last of several and one more: under one mask where they can be."""
        both = self.merged(builder, a, b, base)
        if both is not None:
            return both
        head, last = self.sums.get(a, (None, None)) if isinstance(a, Value) else (None, None)
        both = self.merged(builder, last, b, base)
        first, second = (a, b) if both is None else (head, both)
        made = builder.emit(ops.add, first, second, base=base)
        self.known[made] = Masked(_union(self.of(first).alive, self.of(second).alive))
        self.sums[made] = first, second
        return made

    def merged(self, builder: Builder, a: Tree, b: Tree, base: str) -> Tree:
        """The sum of two contributions that have one mask, or of which one is alive on the other side of the other's; or None."""
        (alive, x), (also, y) = self.of(a), self.of(b)
        if x is None or y is None or alive is None or also is None:
            return None
        if set(map(frozenset, alive)) == set(map(frozenset, also)):
            return self.laid(builder, alive, builder.emit(ops.add, x, y), base)
        if len(alive) > 1 or len(also) > 1:
            return None
        mine = [literal for literal in alive[0] if literal not in also[0]]
        others = [literal for literal in also[0] if literal not in alive[0]]
        if len(mine) != 1 or others != [(mine[0][0], not mine[0][1])]:
            return None
        ((condition, side),) = mine
        made = builder.emit(WHERE, condition, *((x, y) if side else (y, x)), base=base)
        if made.type.rank == 0:
            made = builder.emit(ops.getitem, made, (), base=base)
        rest = tuple(literal for literal in alive[0] if literal in also[0])
        return self.laid(builder, (rest,), made, base) if rest else made

    def joined(self, out: Value, ends: list[Tree], inside: Container[Value]) -> None:
        """A join is alive where one of its ends is, as far as what stands outside of its blocks can tell."""
        alive = reduce(_union, (self.of(end).alive for end in ends))
        self.known[out] = Masked(_restricted(alive, lambda condition: condition not in inside))

    def summed(self, alive: Alive, like: Type) -> Alive:
        """Where a sum to a shape is alive: as far as conditions do not differ along what is summed over."""
        return _restricted(alive, lambda condition: _fits(condition.type, like))


def _is_zero(tree: Tree) -> bool:
    return isinstance(tree, (int, float)) and not isinstance(tree, bool) and tree == 0


def _within(alive: Alive, literal: tuple[Value, bool]) -> Alive:
    if alive is None:
        return ((literal,),)
    return tuple(part if literal in part else (literal, *part) for part in alive)


def _union(a: Alive, b: Alive) -> Alive:
    if a is None or b is None:
        return None
    seen = set(map(frozenset, a))
    return (*a, *(part for part in b if frozenset(part) not in seen))


def _restricted(alive: Alive, keeps: object) -> Alive:
    """With the conditions that are kept; everywhere, where none of a part is."""
    if alive is None:
        return None
    parts = [tuple(one for one in part if keeps(one[0])) for part in alive]  # type: ignore[operator]
    return tuple(parts) if all(parts) else None


def _fits(type_: Type, like: Type) -> bool:
    """Whether an array is proven to broadcast to another's shape without making it larger."""
    if type_.shape is None or like.shape is None or len(type_.shape) > len(like.shape):
        return False
    return all(a == 1 or same_size(a, b) for a, b in zip(type_.shape[::-1], like.shape[::-1]))


def _condition(builder: Builder, alive: tuple[Part, ...]) -> tuple[Tree, bool]:
    """Where something is alive as one condition, and on which side of it."""
    if len(alive) == 1 and len({side for _, side in alive[0]}) == 1:
        # Not the one and not the other: neither of them.
        side = alive[0][0][1]
        op = ops.bit_and if side else ops.bit_or
        if len(alive[0]) == 1:
            return alive[0][0][0], side
        return reduce(
            lambda a, b: builder.emit(op, a, b), [_truth(builder, c) for c, _ in alive[0]]
        ), side
    parts = []
    for part in alive:
        literals = [_truth(builder, c) if side else _untruth(builder, c) for c, side in part]
        parts.append(reduce(lambda a, b: builder.emit(ops.bit_and, a, b), literals))
    return reduce(lambda a, b: builder.emit(ops.bit_or, a, b), parts), True


def _truth(builder: Builder, condition: Value) -> Tree:
    """A condition as truth values."""
    return (
        condition if condition.type.dtype == "bool" else builder.emit(ops.not_equal, condition, 0)
    )


def _untruth(builder: Builder, condition: Value) -> Tree:
    if condition.type.dtype == "bool" and condition.type.kind == "array":
        return builder.emit(ops.invert, condition)
    return builder.emit(ops.equal, condition, 0)  # of Python's truth values `~` would be a number
