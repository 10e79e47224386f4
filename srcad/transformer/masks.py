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

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from srcad.analysis.types import same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Let, Statement, Tree, Value, leaves, walk
from srcad.core.types import Type
from srcad.rules import rule_of

__all__ = ["NOWHERE", "WHERE", "Alive", "Masked", "Masks", "may_be_infinite", "only_moves"]

Part = tuple[tuple[Value, bool], ...]
Alive = tuple[Part, ...] | None  # None: everywhere
NOWHERE: Alive = ()

WHERE = ops.operation(np.where)


class Masked(NamedTuple):
    """Where a cotangent is alive, and what it is there; None if no mask has been laid to make it.

    It is zero too where one of the `flat` conditions does not hold. That is a factor's doing, such as one of `np.maximum`: a mask is laid for
    it only where the next factor may be infinite.
    """

    alive: Alive
    inner: Tree = None
    flat: tuple[Value, ...] = ()


class Masks:
    """What is known of the cotangents of a sweep."""

    def __init__(self) -> None:
        self.known: dict[Value, Masked] = {}
        self.sums: dict[Value, tuple[Tree, Tree]] = {}
        self.choices: dict[Value, tuple[Value, Tree, Tree]] = {}

    def of(self, tree: Tree) -> Masked:
        """What is known of a cotangent."""
        if isinstance(tree, Value):
            return self.known.get(tree, Masked(None))
        return Masked(NOWHERE if _is_zero(tree) else None)

    def lifted(self, builder: Builder, tree: Tree, start: int | None = None) -> Masked:
        """A cotangent that statements from `start` on have made, without its mask: `np.where(c, x, 0)` is x where c."""
        block = [] if start is None else builder.block[start:]
        made = next((s for s in reversed(block) if isinstance(s, Let) and s.out is tree), None)
        if made is not None and made.op is ops.sum_to and same_shape(*map(type_of, made.args)):
            return self.lifted(builder, made.args[0], start)
        if made is not None and made.op is ops.sum_to:
            mask = self.lifted(builder, made.args[0], start)
            left = self.summed(mask, type_of(made.args[1]))
            if mask.alive is not None and left.alive == mask.alive:
                return left._replace(inner=builder.emit(ops.sum_to, mask.inner, made.args[1]))
        if made is not None and made.op is ops.spread:
            mask = self.lifted(builder, made.args[0], start)
            if mask.alive is not None:
                return mask._replace(inner=builder.emit(ops.spread, mask.inner, made.args[1]))
        if made is not None and made.op is WHERE and len(made.args) == 3:
            condition, *sides = made.args
            for place, inner in enumerate(sides):
                if isinstance(condition, Value) and _is_zero(sides[1 - place]):
                    if not same_shape(type_of(inner), type_of(tree)):
                        inner = builder.emit(ops.spread, inner, tree)
                    mask = self.lifted(builder, inner, start)
                    return mask._replace(alive=within(mask.alive, condition, place == 0))
        known = self.of(tree)
        if known.alive == NOWHERE:  # zeros need no mask
            return Masked(None, tree)
        return known._replace(inner=tree) if known.inner is None else known

    def laid(self, builder: Builder, mask: Masked, base: str = "") -> Tree:
        """What a cotangent is where it is alive, and zero elsewhere."""
        made, alive = mask.inner, mask.alive
        if alive is not None:
            condition, side = _condition(builder, alive)
            args = (condition, made, 0) if side else (condition, 0, made)
            made = _number(builder, builder.emit(WHERE, *args, base=base), base)
        if isinstance(made, Value) and mask != Masked(None, made):
            self.known[made] = mask
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
        (alive, x, _), (also, y, _) = self.of(a), self.of(b)
        if isinstance(a, Value) and a in self.choices and y is not None and also is not None:
            condition, then, orelse = self.choices[a]
            if also == (((condition, True),),):
                return self.chosen(builder, condition, builder.emit(ops.add, then, y), orelse, base)
            if also == (((condition, False),),):
                return self.chosen(builder, condition, then, builder.emit(ops.add, orelse, y), base)
        if x is None or y is None or alive is None or also is None:
            return None
        if set(map(frozenset, alive)) == set(map(frozenset, also)):
            return self.laid(builder, Masked(alive, builder.emit(ops.add, x, y)), base)
        if len(alive) != 1 or len(also) != 1:
            return None
        mine = [literal for literal in alive[0] if literal not in also[0]]
        others = [literal for literal in also[0] if literal not in alive[0]]
        if len(mine) != 1 or others != [(mine[0][0], not mine[0][1])]:
            return None
        ((condition, side),) = mine
        made = self.chosen(builder, condition, *((x, y) if side else (y, x)), base)
        rest = tuple(literal for literal in alive[0] if literal in also[0])
        return self.laid(builder, Masked((rest,), made), base) if rest else made

    def chosen(
        self, builder: Builder, condition: Value, then: Tree, orelse: Tree, base: str
    ) -> Value:
        """A cotangent that has contributions on both sides of a condition."""
        made = _number(builder, builder.emit(WHERE, condition, then, orelse, base=base), base)
        self.choices[made] = condition, then, orelse
        return made

    def summed(self, mask: Masked, like: Type) -> Masked:
        """What is left of a mask after a sum to a shape: conditions that do not differ along what is summed over."""

        def fits(condition: Value) -> bool:
            return _fits(condition.type, like)

        return Masked(_restricted(mask.alive, fits), mask.inner, tuple(filter(fits, mask.flat)))

    def moved(
        self, builder: Builder, mask: Masked, y: Type, move: Callable[[Value], Tree]
    ) -> Masked:
        """A mask after its cotangent was reshaped or turned round: its conditions are, too."""
        moved: dict[Value, Any] = {}
        for condition in leaves([[c for part in mask.alive or () for c, _ in part], [*mask.flat]]):
            missing = len(y.shape or ()) - len(condition.type.shape or ())
            full = condition
            if missing > 0 and condition.type.rank:
                full = builder.emit(ops.getitem, condition, ((None,) * missing + (Ellipsis,)))
            if same_shape(full.type, y):
                moved[condition] = _thin(builder, move(full))
            elif condition.type.rank == 0:
                moved[condition] = condition
        alive = _restricted(mask.alive, moved.__contains__)
        if alive is not None:
            alive = tuple(tuple((moved[c], side) for c, side in part) for part in alive)
        return Masked(alive, None, tuple(moved[c] for c in mask.flat if c in moved))

    def joined(
        self, builder: Builder, out: Value, ends: list[Tree], inside: set[Value], blocks: Any
    ) -> None:
        """A join is alive where one of its ends is, as far as that can be told outside of its blocks."""
        alive = reduce(_union, (self.of(end).alive for end in ends))
        made = {s.out: s for block in blocks for s in walk(block) if isinstance(s, Let)}
        again: dict[Value, Value | None] = {}

        def outside(condition: Value) -> Value | None:
            """A condition of what stands outside is evaluated again there."""
            if condition not in inside or condition in again:
                return again.get(condition, condition)
            let = made.get(condition)
            rule = rule_of(let.op.function) if let is not None else None
            again[condition] = None
            if let is not None and rule is not None and rule.reason == "a truth value":
                known = {value: outside(value) for value in leaves([let.args, dict(let.options)])}
                if all(known[value] is value for value in known):
                    again[condition] = builder.let(let.op, let.args, let.options)
            return again[condition]

        alive = _restricted(alive, lambda condition: outside(condition) is not None)
        if alive is not None:
            alive = tuple(tuple((outside(c) or c, side) for c, side in part) for part in alive)
        self.known[out] = Masked(alive)


def within(alive: Alive, condition: Value, side: bool = True) -> Alive:
    """Where something is alive that also needs a condition."""
    literal = (condition, side)
    if alive is None:
        return ((literal,),)
    return tuple(part if literal in part else (*part, literal) for part in alive)


def may_be_infinite(block: Sequence[Statement]) -> bool:
    """Whether a factor that a block computes may be, where its operands are finite."""
    return any(_may_be_infinite(let) for let in block if isinstance(let, Let))


def _may_be_infinite(let: Let) -> bool:
    if let.op is ops.divide:
        return type_of(let.args[1]).dtype != "int"
    if let.op in (ops.power, ops.operation(np.power)):
        return not (isinstance(let.args[1], int) and let.args[1] >= 0)
    return let.op.function in _POLES


_POLES = {np.divide, np.reciprocal, np.log, np.log2, np.log10, np.log1p, np.arctanh}


def only_moves(block: Sequence[Statement]) -> bool:
    """Whether a block does no more than give an array another shape or order."""
    return all(isinstance(let, Let) and let.op.function in _MOVES for let in block)


_MOVES = {
    *(ops.getitem.function, np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis),
    *(np.squeeze, np.expand_dims, np.flip, np.roll, np.rot90, np.shape, np.size),
    *(ops.spread.function, np.broadcast_to),
}


def _thin(builder: Builder, tree: Tree) -> Tree:
    """What an array was before it was broadcast."""
    made = builder.block[-1]
    spread = isinstance(made, Let) and made.out is tree and made.op is ops.spread
    return made.args[0] if spread else tree  # type: ignore[attr-defined]


def _number(builder: Builder, made: Value, base: str) -> Value:
    """A selection of numbers is an array without axes; cotangents are numbers."""
    return builder.emit(ops.getitem, made, (), base=base) if made.type.rank == 0 else made


def _is_zero(tree: Tree) -> bool:
    return isinstance(tree, (int, float)) and not isinstance(tree, bool) and tree == 0


def _union(a: Alive, b: Alive) -> Alive:
    if a is None or b is None:
        return None
    seen = set(map(frozenset, a))
    return (*a, *(part for part in b if frozenset(part) not in seen))


def _restricted(alive: Alive, keeps: Callable[[Value], bool]) -> Alive:
    """With the conditions that are kept; everywhere, where none of a part is."""
    if alive is None:
        return None
    parts = [tuple(one for one in part if keeps(one[0])) for part in alive]
    return tuple(parts) if all(parts) else None


def _fits(type_: Type, like: Type) -> bool:
    """Whether an array is proven to broadcast to another's shape without making it larger."""
    if type_.shape is None or like.shape is None or len(type_.shape) > len(like.shape):
        return False
    return all(a == 1 or same_size(a, b) for a, b in zip(type_.shape[::-1], like.shape[::-1]))


def _condition(builder: Builder, alive: tuple[Part, ...]) -> tuple[Tree, bool]:
    """Where something is alive as one condition, and on which side of it."""
    if len(alive) == 1 and len({side for _, side in alive[0]}) == 1:
        (first, side), *others = alive[0]
        if not others:
            return first, side
        op = ops.bit_and if side else ops.bit_or  # on the other side of both: of either
        conditions = [_truth(builder, condition) for condition, _ in alive[0]]
        return reduce(lambda a, b: builder.emit(op, a, b), conditions), side
    parts = []
    for part in alive:
        literals = [_truth(builder, c) if side else _untruth(builder, c) for c, side in part]
        parts.append(reduce(lambda a, b: builder.emit(ops.bit_and, a, b), literals))
    return reduce(lambda a, b: builder.emit(ops.bit_or, a, b), parts), True


def _truth(builder: Builder, condition: Value) -> Tree:
    """A condition as truth values."""
    if condition.type.dtype == "bool":
        return condition
    return builder.emit(ops.not_equal, condition, 0)


def _untruth(builder: Builder, condition: Value) -> Tree:
    if condition.type.dtype == "bool" and condition.type.kind == "array":
        return builder.emit(ops.invert, condition)
    return builder.emit(ops.equal, condition, 0)  # `~` of a truth value of Python's is a number
