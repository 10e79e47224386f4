"""Control flow that differs from example to example, over the axis.

A branch is taken by some examples. Where both sides and their derivatives have a value everywhere, both are computed, and one is selected;
else each is computed for the examples that take it, and for no others.

    if x[0] > 0:                         positive = x[:, 0] > 0                      # x: float64[B, n]
        y = np.sqrt(x)                   y = np.empty_like(x)
    else:                      ->        y[positive] = np.sqrt(x[positive])
        y = 2 * x                        y[~positive] = 2 * x[~positive]

A loop runs until no example is left in it; those that are done keep what they have.

    while s > 1:                         while np.any(s > 1):
        s = s / 2              ->            s = np.where(s > 1, s / 2, s)

The branch or the loop is gone then as a statement of its own: what a side of it defines is there for what follows. A branch of the same test and a
loop of the same family, in a backward sweep, are over the same examples.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.liveness import defines, reads_of
from srcad.analysis.raising import out_of_bounds, picks_any
from srcad.analysis.types import same_shape, type_of
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
    Phi,
    Slice,
    Tree,
    Value,
    blocks,
    fails,
    leaves,
    walk,
)
from srcad.core.types import Dim, Size, Type, number
from srcad.vectorizer.dtypes import dtype_named, promoted, strong
from srcad.vectorizer.examples import NotOnce
from srcad.vectorizer.ragged import Ragged

__all__ = ["Control"]


class Some:
    """Some of the examples: a mask over all of them (`whole`), how many they are, and what stands for old values among them."""

    def __init__(self, mask: Value, whole: Dim, size: Size) -> None:
        self.mask, self.whole, self.size = mask, whole, size
        self.length: Tree = None
        self.new: dict[Value, Tree] = {}


class Control(Ragged):
    """A batch whose branches and loops may differ from example to example."""

    changed = (*Ragged.changed, "some", "masks")

    def __init__(
        self, function: Function, *given: Any, careful: bool = False, **options: Any
    ) -> None:
        super().__init__(function, *given, **options)
        self.careful = careful  # of each index that a side reads at
        # By the test and its side, or the family: the examples that take it; and the mask of those whose values are selected.
        self.some: dict[Any, Some] = {}
        self.masks: dict[Any, tuple[Value, Dim]] = {}
        self.makers = {
            statement.out: statement
            for statement in walk(function.body)
            if isinstance(statement, Let) and statement.out is not None
        }
        self.iterations: dict[Value, Any] | None = None  # the family that a value is local to
        self.selected: dict[Any, bool] = {}
        for statement in walk(function.body):
            if isinstance(statement, Branch):
                whole = total([*statement.body, *statement.orelse], self.batched)
                whole = whole and not self.asks_whether_finite(statement.condition)
                key: Any = statement.test
            elif isinstance(statement, Loop):
                whole, key = total(statement.body, self.batched), statement.family
                whole = whole and not self.asks_whether_finite([statement.test, statement.until])
            else:
                continue
            self.selected[key] = whole and self.selected.get(key, True)

    def asks_whether_finite(self, condition: Tree) -> bool:
        """Whether a condition says that values are finite: the side that it guards must not see others."""
        seen: set[Value] = set()
        found = list(leaves(condition))
        while found:
            value = found.pop()
            made = self.makers.get(value)
            if made is None or value in seen:
                continue
            seen.add(value)
            if made.op.function in _FINITE:
                return True
            found += leaves((made.args, made.options))
        return False

    def snapshot(self) -> dict[str, Any]:
        found = super().snapshot()
        found["some"] = {
            key: (some, some.length, dict(some.new)) for key, some in self.some.items()
        }
        return found

    def restore(self, known: dict[str, Any]) -> None:
        super().restore(known)
        self.some = {}
        for key, (some, length, new) in known["some"].items():
            self.some[key] = some
            some.length, some.new = length, dict(new)

    def rows_of(self, value: Value) -> Tree:
        if value in self.batched and value not in self.new and value not in self.elements:
            self.refuse(f"`{value.base}` is known for some examples only")
        return super().rows_of(value)

    def dtype(self, tree: Tree) -> str | None:
        if isinstance(tree, Value) and tree in self.batched and tree not in self.new:
            return strong(tree.type.dtype)
        return super().dtype(tree)

    # branches

    def branch(self, statement: Branch) -> None:
        if isinstance(statement, Attempt) or not self.is_batched(statement.condition):
            super().branch(statement)
            return
        if fails(statement.body) and not statement.orelse:
            self.raising(statement)
            return
        sides = [*statement.body, *statement.orelse]
        self.check_side(sides)
        if out_of_bounds(sides, self.function.body) or (self.careful and picks_any(sides)):
            # which raises of no examples too
            self.refuse("an index is out of bounds under a condition that is batched")
        if self.selected[statement.test]:
            self.select(statement)
        else:
            self.divide(statement)

    def raising(self, statement: Branch) -> None:
        """An exception for one example is one for all."""
        plain = all(isinstance(each, Let) for each in statement.body)
        if not plain or any(value in self.batched for value in reads_of(statement.body)):
            self.refuse("what is raised depends on the example")
        condition = self.emit(np.any, self.mask(statement.condition))
        self.out.append(statement.renewed(condition=condition, body=self.kept(statement.body)))

    def kept(self, block: Block) -> Block:
        """A block that does not depend on the axis."""
        kept, self.out = self.out, []
        for statement in block:
            assert isinstance(statement, Let)
            self.out.append(statement.renewed(args=self.get(statement.args)))
        made, self.out = self.out, kept
        return made

    def check_side(self, block: Block) -> None:
        """Refuse what must not be done where no example asks for it."""
        for statement in walk(block):
            if isinstance(statement, (Attempt, Call)):
                self.refuse("what may raise is under a condition that is batched")
            if isinstance(statement, Let) and statement.op.effect == "effect":
                if self.once(statement):
                    raise NotOnce(statement)
                if statement.op is not ops.raise_if or not self.is_batched(statement.args):
                    self.refuse(f"`{statement.op.name}` is under a condition that is batched")
            if isinstance(statement, Loop) and statement.test is not None:
                if not self.is_batched(statement.test):
                    self.refuse("a loop without a known end is under a condition that is batched")

    def mask(self, condition: Tree) -> Value:
        """A condition as one truth value for each example."""
        found: Value = self.get(condition)
        if found.type.dtype == "bool":
            return found
        if found.type.dtype is None:
            self.refuse("a condition of unknown dtype")
        return self.emit(ops.not_equal, found, 0)

    def lifted(self, mask: Value, rank: int) -> Value:
        """A mask beside values of so many axes."""
        return self.widened(mask, rank)

    def inline(self, block: Block) -> None:
        """A block's statements in the place of the branch."""
        self.out.extend(self.block(block))

    def select(self, statement: Branch) -> None:
        """Both sides for all examples."""
        mask, whole = self.masks.get(statement.test, (None, None))
        if mask is None or whole is not self.size:  # these are not the same examples
            mask = self.mask(statement.condition)
            self.masks[statement.test] = mask, self.size
        self.inline(statement.body)
        self.inline(statement.orelse)
        self.statement = statement
        for phi in statement.phis:
            self.choose(phi, mask, statement.condition)

    def choose(self, phi: Phi, mask: Value, condition: Tree) -> None:
        """
        c = a or b                 ->        c = a | b
        y = p if a else q          ->        y = np.where(a, p, q)
        """
        out = phi.out
        if phi.then is phi.orelse or phi.then is None or phi.orelse is None:
            end = phi.orelse if phi.then is None else phi.then
            self.settle(out, self.rows(end))
            return
        self.check_form(out, (phi.then, phi.orelse))
        rank = self.rank(out)
        if self.dtype(phi.then) == self.dtype(phi.orelse) == "bool" and not rank:
            for end, other, op in (
                (phi.then, phi.orelse, ops.bit_or),
                (phi.orelse, phi.then, ops.bit_and),
            ):
                if end is condition:
                    made = self.emit(op, mask, self.get(other))
                    made.type = self.type_with_axis(out, "bool")
                    self.settle(out, made)
                    return
        made = self.emit(
            np.where, self.lifted(mask, rank), self.get(phi.then), self.get(phi.orelse)
        )
        made.type = self.type_with_axis(out, self.joined_dtype((phi.then, phi.orelse)))
        self.settle(out, made)

    def settle(self, out: Value, made: Value) -> None:
        """Let a value stand for what a statement joins."""
        self.stands(out, made)
        if made in self.emitted:
            made.base, made.named = out.base, out.named

    def check_form(self, like: Value, ends: tuple[Tree, ...]) -> None:
        """Refuse to join what is of other shapes, or numbers of other kinds."""
        types = [type_of(end) for end in ends]
        if like.type.shape is None:
            self.refuse(f"the rank of `{like.base}` is not known")
        for one in types:
            if not one.numeric or not same_shape(one, types[0]) or not same_shape(one, like.type):
                self.refuse(f"`{like.base}` is not known to be of one shape")
        dtypes = [self.dtype(end) for end in ends]
        if None in dtypes:
            self.refuse(f"the dtype of `{like.base}` is not known")
        if len({(dtype or "").startswith("complex") for dtype in dtypes}) > 1:
            self.refuse(f"`{like.base}` is complex for some examples")

    def joined_dtype(self, ends: tuple[Tree, ...]) -> str:
        """The dtype of an array that holds all of these: a number of Python's takes that of the others."""
        arrays: list[str] = []
        numbers: list[str] = []
        for end in ends:
            dtype = self.dtype(end)
            assert dtype is not None
            plain = type_of(end).kind == "number" and not self.is_batched(end)
            (numbers if plain else arrays).append(dtype)
        return promoted(arrays, numbers)

    def divide(self, statement: Branch) -> None:
        """Each side for the examples that take it."""
        mask: Value | None = None
        sides: list[Any] = []
        for side, block in enumerate((statement.body, statement.orelse)):
            ends = [phi.orelse if side else phi.then for phi in statement.phis]
            if not block and not any(self.is_made(end, block) for end in ends):
                other = statement.body if side == 0 else statement.orelse
                if all(self.is_whole(phi, side, block, other) for phi in statement.phis):
                    sides.append(None)
                    continue
            some = self.some.get((statement.test, side))
            if some is None or some.whole is not self.size:
                if mask is None:
                    mask = self.mask(statement.condition)
                self.statement = statement
                own = self.emit(ops.invert, mask) if side else mask
                some = self.some[statement.test, side] = self.part(own)
            with self.among(some, block, ends):
                self.inline(block)
                self.statement = statement
                found = [None if end is None else self.get(end) for end in ends]
            sides.append((some, found))
        self.statement = statement
        for place, phi in enumerate(statement.phis):
            self.assemble(phi, place, sides)

    def is_made(self, end: Tree, block: Block) -> bool:
        """Whether a side makes what it joins."""
        return bool(set(leaves(end)) & defines(block))

    def is_whole(self, phi: Phi, side: int, block: Block, other: Block) -> bool:
        """Whether what a side joins can be what the array begins with."""
        end, rest = (phi.orelse, phi.then) if side else (phi.then, phi.orelse)
        if end is None or end is rest:
            return True
        if self.is_made(end, block) or rest is None or end not in self.new:
            return False
        self.check_form(phi.out, (end, rest))
        return self.is_batched(end) and self.dtype(end) == self.joined_dtype((end, rest))

    def part(self, mask: Value) -> Some:
        """Some of the examples."""
        return Some(mask, self.size, Size(object()))

    @contextmanager
    def among(self, some: Some, block: Block, ends: Tree) -> Iterator[None]:
        """Within it, values are those of some of the examples."""
        outer = self.new, self.size, self.length, self.thin, self.flats, self.windows
        wanted = (reads_of(block) | set(leaves(ends))) - defines(block)
        inner = {**self.new, **some.new}
        for value in sorted(wanted, key=lambda value: value.serial):
            if value in self.batched and self.of_iterations(value, block):
                self.refuse(f"`{value.base}` of each iteration is read by a loop on a side")
            if value in self.batched and value in self.new and value not in some.new:
                rows = self.get(value)
                item = self.emit(ops.getitem, rows, some.mask)
                item.base, item.named = value.base, False
                item.type = Type("array", rows.type.dtype, (some.size, *(value.type.shape or ())))
                inner[value] = some.new[value] = item
        if some.length is None:
            some.length = self.emit(np.count_nonzero, some.mask)
            some.length.type = number("int")
        before = set(self.new)
        self.new, self.size, self.length, self.thin = inner, some.size, some.length, {}
        self.flats, self.windows = {}, {}
        try:
            yield
        finally:
            made = {v: new for v, new in self.new.items() if v not in before or v in some.new}
            some.new.update(made)
            self.new, self.size, self.length, self.thin, self.flats, self.windows = outer

    def of_iterations(self, value: Value, block: Block) -> bool:
        """Whether a value belongs to the iterations of a loop, and a block stands in none of that family: a mirror in it reads it of each, by name."""
        loops = [s for s in walk(self.function.body) if isinstance(s, Loop)]
        if self.iterations is None:
            self.iterations = {}
            for loop in loops:  # the innermost comes last
                inner = defines(loop.body) | defines(loop.header)
                inner.update(carry.param for carry in loop.carries)
                self.iterations.update((each, loop.family) for each in inner)
        family = self.iterations.get(value)
        around = [
            [
                loop.header,
                loop.body,
                *(part for s in walk([*loop.header, *loop.body]) for part in blocks(s)),
            ]
            for loop in loops
            if loop.family is family
        ]
        return family is not None and not any(part is block for parts in around for part in parts)

    def assemble(self, phi: Phi, place: int, sides: list[Any]) -> None:
        """The array of what both sides make of a value."""
        out = phi.out
        if phi.then is phi.orelse:
            self.stands(out, self.rows(phi.then))
            return
        ends = [end for end in (phi.then, phi.orelse) if end is not None]
        self.check_form(out, tuple(ends))
        dtype = self.joined_of(phi, place, sides)
        filled = [side for side in sides if side is not None and side[1][place] is not None]
        base: Value | None = None
        for end, side in zip((phi.then, phi.orelse), sides):
            if side is None and end is not None:
                base = self.rows(end, dtype)
            elif end is not None and base is None and self.begins(end, dtype):
                base = self.rows(end, dtype)
                filled.remove(side)
        if base is None:
            make = np.empty if len(filled) == 2 else np.zeros
            shape = self.shape_like(out, place, filled[0])
            base = self.emit(make, shape, **dtype_named(dtype))
            base.type = self.type_with_axis(out, dtype)
        for some, found in filled:
            base = self.emit(ops.put, base, some.mask, found[place])
            base.type = self.type_with_axis(out, dtype)
        self.settle(out, base)

    def begins(self, end: Tree, dtype: str) -> bool:
        """Whether an array may begin with what a side joins: a number, or what was there before the branch."""
        if not isinstance(end, Value):
            return True
        return end in self.new and self.is_batched(end) and self.dtype(end) == dtype

    def joined_of(self, phi: Phi, place: int, sides: list[Any]) -> str:
        """The dtype of an array of what both sides make."""
        arrays: list[str] = []
        numbers: list[str] = []
        for end, side in zip((phi.then, phi.orelse), sides):
            if end is None:
                continue
            new = end if side is None else side[1][place]
            if side is None and self.is_batched(end):
                new = self.get(end)
            type_ = type_of(new)
            dtype = strong(type_.dtype)
            if dtype is None:
                self.refuse(f"the dtype of `{phi.out.base}` is not known")
            (numbers if type_.kind == "number" else arrays).append(dtype)
        if len({dtype.startswith("complex") for dtype in (*arrays, *numbers)}) > 1:
            self.refuse(f"`{phi.out.base}` is complex for some examples")
        return promoted(arrays, numbers)

    def shape_like(self, out: Value, place: int, side: Any) -> Tree:
        """The shape of an array of all examples, of which one holds those of some, or what they share."""
        sizes = out.type.shape or ()
        if all(self.source_of(size) is not None for size in sizes):
            return (self.count(), *map(self.size_operand, sizes)) if sizes else self.count()
        found = side[1][place]
        own = found in side[0].new.values()
        shape = self.emit(ops.shape, found)
        rest = self.emit(ops.getitem, shape, Slice(1, None)) if own else shape
        return self.emit(ops.add, (self.count(),), rest)

    # loops

    def loop(self, statement: Loop) -> None:
        family = statement.family
        differs = self.is_batched([statement.test, statement.until, statement.domain])
        mirror = family in self.masks or family in self.some
        wholes = [self.masks[family][1]] if family in self.masks else []
        wholes += [self.some[family].whole] if family in self.some else []
        if any(whole is not self.size for whole in wholes):
            self.refuse("a loop over other examples than the one that it follows")
        if not differs and not mirror:
            super().loop(statement)
            return
        if statement.records or statement.over:
            self.refuse("the loop's values are stored already")
        self.check_side(statement.body)
        leaving = self.is_batched(statement.until)
        # Where an index goes on for all, the test may hold again of an example that is done.
        leaving = leaving or (statement.domain is not None and self.is_batched(statement.test))
        if leaving and statement.test is not None and not total(statement.header, self.batched):
            self.refuse("the test of a loop that is left by some examples")
        self.masked_loop(statement, mirror, leaving)

    def masked_loop(self, statement: Loop, mirror: bool, leaving: bool) -> None:
        """A loop that goes on for as long as an example is in it."""
        family, selects = statement.family, self.selected[statement.family]
        domain, last = self.domain_of(statement)
        joins = [c for c in statement.carries if c.param in self.batched]
        plain = [c for c in statement.carries if c not in joins]
        kept = [Carry(c.param, self.get(c.init), c.next, c.exit) for c in plain]
        dtypes: dict[Carry, str] = {}
        for carry in joins:
            self.check_form(carry.param, (carry.init,))
            dtypes[carry] = self.first_dtype(carry)
        known, place = self.snapshot(), len(self.out)
        while True:
            self.restore(known)
            del self.out[place:]
            for carry in joins:
                self.stands(carry.param, self.twin(carry.param, dtypes[carry]))
            params = {carry: self.new[carry.param] for carry in joins}
            active = (
                Value("active", Type("array", "bool", (self.size,)), named=True)
                if leaving
                else None
            )
            header = self.block(statement.header)
            kept_out, self.out = self.out, header
            self.statement = statement
            test = self.get(statement.test)
            mask: Any = active
            if mirror:
                mask = self.masks[family][0] if selects else self.some[family].mask
            elif self.is_batched(statement.test):
                mask = self.mask(statement.test)
                mask = mask if active is None else self.emit(ops.bit_and, active, mask)
                test = self.emit(np.any, mask)
            body: Block = []
            self.out = body
            if last is not None and not mirror:
                inside = ops.less if domain[2] > 0 else ops.greater
                mask = self.emit(inside, statement.index, last)
                mask = mask if active is None else self.emit(ops.bit_and, active, mask)
            if selects:
                self.masks[family] = mask, self.size
            elif not mirror:
                self.some[family] = self.part(mask)
            until, left = statement.until, None
            if selects:
                self.inline(statement.body)
                ends = {carry: self.get(carry.next) for carry in joins}
                left = self.mask(until) if self.is_batched(until) else None
            else:
                some = self.some[family]
                needed = [*(c.next for c in joins), until]
                with self.among(some, statement.body, needed):
                    self.inline(statement.body)
                    ends = {carry: self.get(carry.next) for carry in joins}
                    left = self.mask(until) if self.is_batched(until) else None
            self.statement = statement
            again = False
            nexts = {}
            for carry in joins:
                self.check_form(carry.param, (carry.param,))
                if not same_shape(type_of(carry.next), carry.param.type):
                    self.refuse(f"`{carry.param.base}` is not known to keep its shape")
                dtype = self.after(dtypes[carry], ends[carry], carry)
                if dtype != dtypes[carry]:
                    dtypes[carry], again = dtype, True
                nexts[carry] = self.advanced(carry, params[carry], ends[carry], mask, selects)
            if not again:
                break
            self.out = kept_out
        until, active_next = self.get(until) if left is None else None, mask
        if left is not None:
            assert active is not None
            if not selects:  # in an array of its own: a store into the mask of its own examples could not be undone
                none = self.emit(np.zeros, self.count(), dtype=bool)
                left = self.emit(ops.put, none, mask, left)
                none.base = left.base = "stopped"
                left.type = active.type
            active_next = self.emit(ops.bit_and, mask, self.emit(ops.invert, left))
            active_next.type = active.type
            until = self.emit(ops.not_, self.emit(np.any, active_next))
        self.out = kept_out
        carries = []
        for carry in statement.carries:
            if carry in plain:
                found = kept[plain.index(carry)]
                found.next = self.get(carry.next)
                carries.append(found)
                continue
            start = self.started(carry, dtypes[carry])
            self.stands(carry.exit, self.twin(carry.exit, dtypes[carry]))
            carries.append(Carry(params[carry], start, nexts[carry], self.new[carry.exit]))
        if leaving:
            assert active is not None
            start = self.emit(np.ones, self.count(), dtype=bool)
            start.base = active.base
            active_next.type = active.type
            carries.append(Carry(active, start, active_next, active.like()))
        self.out.append(
            statement.renewed(
                domain=domain, header=header, test=test, until=until, body=body, carries=carries
            )
        )

    def first_dtype(self, carry: Carry) -> str:
        """The dtype that what is carried is taken to have, until the body makes another of it: a number of Python's takes that of what it meets."""
        dtype = self.joined_dtype((carry.init,))
        plain = type_of(carry.init).kind == "number" and not self.is_batched(carry.init)
        if dtype != "float64" or not plain or carry.param.type.kind == "number":
            return dtype
        return self.narrowest() or dtype

    def narrowest(self) -> str | None:
        """The smallest floating dtype of what is mapped over."""
        dtypes = [np.dtype(one.type.dtype) for one in self.inputs if one.type.differentiable]
        return str(min((one for one in dtypes if one.kind == "f"), default="")) or None

    def first_twin(self, carry: Carry) -> Value:
        """As `first_dtype`, in a loop that is the same for all."""
        if isinstance(carry.init, Value) or carry.param.type.dtype is not None:
            return super().first_twin(carry)
        return self.twin(carry.param, self.narrowest())

    def domain_of(self, statement: Loop) -> tuple[Any, Value | None]:
        """The domain of a loop over all examples; and where it ends for each, if that differs.

        for i in range(n):     ->      for i in range(np.max(n, initial=0)):        # while i < n
        """
        if not self.is_batched(statement.domain):
            return self.get(statement.domain), None
        start, stop, step = statement.domain  # type: ignore[misc]
        if statement.test is not None or self.is_batched(start) or not isinstance(step, int):
            self.refuse("where a loop begins is batched")
        last: Value = self.get(stop)
        furthest = self.emit(np.max if step > 0 else np.min, last, initial=self.get(start))
        furthest.type = number("int")
        return (self.get(start), furthest, step), last

    def started(self, carry: Carry, dtype: str) -> Value:
        """What a loop begins with, with the axis and of a dtype."""
        made = self.rows(carry.init, dtype)
        if not self.is_batched(carry.init):
            made.base = carry.param.base
        if self.dtype_of(made) != dtype:
            made = self.emit(ops.operation(np.ndarray.astype, "method"), made, np.dtype(dtype).type)
            made.type = self.type_with_axis(carry.param, dtype)
        return made

    def after(self, dtype: str, end: Tree, carry: Carry) -> str:
        """The dtype of what is carried on, which was of one before."""
        found = type_of(end)
        if not found.numeric or found.dtype is None:
            self.refuse(f"the dtype of `{carry.param.base}` is not known")
        after = strong(found.dtype) or ""
        if after.startswith("complex") != dtype.startswith("complex"):
            self.refuse(f"`{carry.param.base}` is complex for some examples")
        return promoted([dtype], [after]) if found.kind == "number" else promoted([dtype, after])

    def advanced(self, carry: Carry, param: Tree, end: Tree, mask: Value, selects: bool) -> Value:
        """What is carried on: for examples that are done, what there was."""
        if selects:
            made = self.emit(np.where, self.lifted(mask, self.rank(carry.param)), end, param)
        else:
            made = self.emit(ops.put, param, mask, end)
        made.type = param.type
        made.base, made.named = carry.param.base, carry.param.named
        return made


# What has a value and a finite slope wherever its operands are finite.
_TOTAL = {
    ops.add, ops.subtract, ops.multiply, ops.negative, ops.positive, ops.matmul, ops.bit_and, ops.bit_or, ops.bit_xor, ops.invert,
    ops.not_, ops.less, ops.less_equal, ops.equal, ops.not_equal, ops.greater, ops.greater_equal, ops.shape, ops.size, ops.ndim,
    ops.dtype, ops.length, ops.sum_to, ops.spread, ops.cast, ops.result, ops.copy, ops.transpose, ops.conj, ops.real, ops.imag,
    ops.zeros_like, ops.ones_like, ops.stop_gradient, ops.own, ops.move,
}  # fmt: skip
_TOTAL_FUNCTIONS = {op.function for op in _TOTAL} | {
    np.add, np.subtract, np.multiply, np.negative, np.positive, np.matmul, np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.less, np.less_equal, np.equal, np.not_equal, np.greater, np.greater_equal, np.where, np.abs, np.fabs, abs, np.maximum,
    np.minimum, np.clip, np.sign, np.square, np.sin, np.cos, np.tanh, np.arctan, np.sum, np.mean, np.dot, np.inner, np.outer, np.vdot,
    np.cumsum, np.diff, np.reshape, np.ravel, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze, np.concatenate, np.stack,
    np.zeros, np.ones, np.full, np.full_like, np.broadcast_to, np.flip, np.any, np.all, max, min, float, np.einsum, np.logaddexp,
}  # fmt: skip
_INDEXING = {operator.getitem, runtime.put, runtime.put_add}
_FINITE = {np.isfinite, np.isnan, np.isinf, np.nan_to_num}


def total(block: Block, batched: set[Value]) -> bool:
    """Whether a block computes finite values with finite derivatives of whatever is finite, raises nothing and comes to an end."""

    def differs(tree: Tree) -> bool:
        return any(value in batched for value in leaves(tree))

    for statement in walk(block):
        if isinstance(statement, (Attempt, Call)):
            return False
        if isinstance(statement, Loop) and statement.open:
            return False
        if not isinstance(statement, Let) or not differs((statement.args, statement.options)):
            if isinstance(statement, Let) and statement.op.effect == "effect":
                return False
            continue
        function, args = statement.op.function, statement.args
        if function in _INDEXING:
            if differs(args[1]):
                return False
        elif function in (operator.pow, np.power):
            if not (isinstance(args[1], int) and args[1] >= 0):
                return False
        elif function in (operator.truediv, np.divide):
            if not (isinstance(args[1], (int, float)) and args[1]):
                return False
        elif function not in _TOTAL_FUNCTIONS:
            return False
    return True
