"""Values of another length for each example: what a mask selects, or a slice that ends elsewhere, lies end to end in one array.

    z = x[x > 0]                       positive = x > 0                      # x: float64[B, n]
    return np.sum(np.log(z))           log_1 = np.zeros(positive.shape)
                               ->      log_1[positive] = np.log(x[positive])
                                       return np.sum(log_1, axis=1)

    y[y < 0] = 0               ->      y[y < 0] = 0                          # y: float64[B, n]

Nothing is computed of what is not selected, so domains and slopes are those of each example. What is neither elementwise, a sum of some kind, a
length nor a store is looped over, with all that it is made of.
"""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from srcad import runtime
from srcad.analysis.types import type_of
from srcad.core import ops
from srcad.core.nodes import Block, Function, Let, Slice, Tree, Value, leaves, walk
from srcad.core.types import Size, Type
from srcad.vectorizer.dtypes import dtype_named
from srcad.vectorizer.examples import Examples
from srcad.vectorizer.operations import elementwise, handler

__all__ = ["Ragged"]


class Flat(NamedTuple):
    """What all examples select, end to end: where, the numbers, and the rows that they were taken from as they are."""

    mask: Value
    numbers: Value
    rows: Value | None


class Ragged(Examples):
    """A loop over the examples, but for what can be computed of all that is selected."""

    changed = (*Examples.changed, "flats", "windows", "counts")

    def __init__(self, *given: Any, **options: Any) -> None:
        self.flats: dict[Value, Flat] = {}
        self.windows: dict[Any, Value] = {}
        self.counts: dict[Value, Size] = {}
        super().__init__(*given, **options)

    def dependents(self, function: Function, inputs: Any) -> set[Value]:
        """Of what is selected the length differs, too."""
        self.ragged: set[Value] = set()
        found = super().dependents(function, inputs)
        while True:
            before = len(found)
            for statement in walk(function.body):
                if isinstance(statement, Let) and statement.out is not None:
                    if self.is_ragged(statement, found):
                        self.ragged.add(statement.out)
                        found.add(statement.out)
                    elif self.reads_ragged(statement) and statement.op not in _OF_DTYPES:
                        found.add(statement.out)
            if len(found) == before:
                return found
            found = super().dependents(function, found)

    def reads_ragged(self, statement: Let) -> bool:
        """Whether an operand has another length for each example."""
        return any(value in self.ragged for value in leaves((statement.args, statement.options)))

    def is_ragged(self, statement: Let, found: set[Value]) -> bool:
        """Whether the result has another length for each example, and is known end to end."""
        args = statement.args
        if statement.out in self.ends:  # the examples' results are rows of one array
            return False
        if statement.op is ops.getitem:
            return self.selects(args[0], args[1], found)
        if statement.op in _LIKE:
            return args[-1] in self.ragged
        mine = any(arg in self.ragged for arg in args if isinstance(arg, Value))
        return mine and handler(statement) is elementwise

    def selects(self, base: Tree, index: Tree, found: set[Value]) -> bool:
        """Whether an index is a mask of all of a base that differs, or a slice of its only axis that does."""
        type_ = type_of(base)
        if type_.rank is None or base in self.ragged:
            return False
        if isinstance(index, Slice):
            ends = index.start, index.stop
            whole = all(end is None or _is_integer(type_of(end)) for end in ends)
            differs = any(value in found for value in leaves(ends))
            return differs and whole and index.step in (None, 1) and type_.rank == 1
        if not isinstance(index, Value) or index not in found or index in self.ragged:
            return False
        return index.type.dtype == "bool" and 0 < (index.type.rank or 0) == type_.rank

    def let(self, statement: Let) -> None:
        masked = statement.op in (ops.put, ops.put_add) and self.masks_store(statement)
        special = masked or self.is_ragged(statement, self.batched) or self.reads_ragged(statement)
        if not special or statement.out is None or self.acts(statement) or self.once(statement):
            super().let(statement)
            return
        self.lets[statement.out] = statement
        self.target = statement.out
        if statement.op in _OF_DTYPES:
            args = [self.selection(arg).numbers if arg in self.ragged else self.get(arg) for arg in statement.args]  # fmt: skip
            self.emit_as(statement, self.emit(statement.op, *args))
        elif masked:
            self.emit_as(statement, self.stored(statement))
        elif self.is_ragged(statement, self.batched):
            self.flats[statement.out] = made = self.flattened(statement)
            if made.numbers in self.emitted:
                made.numbers.base = statement.out.base
                made.numbers.named = statement.out.named
        else:
            self.emit_as(statement, self.gathered_up(statement))

    def emit_as(self, statement: Let, made: Value) -> None:
        """Let a value stand for the result of a statement."""
        out = statement.out
        assert out is not None
        self.stands(out, made)
        if out in self.batched:
            made.type = self.checked(made, out)
        if made in self.emitted:
            made.base, made.named = out.base, out.named

    def selection(self, value: Tree) -> Flat:
        """What is known of a value that was selected."""
        found = self.flats.get(value)  # type: ignore[call-overload]
        if found is None:
            self.refuse("what is selected has another length for each example")
        return found  # type: ignore[no-any-return]

    def block(self, block: Block, own: Any = ()) -> Block:
        kept = dict(self.windows)  # what is made in a block is seen in it
        made = super().block(block, own)
        self.windows = kept
        return made

    # masks

    def mask_of(self, index: Tree, base: Tree) -> Value:
        """The mask of all examples: the index, or where a slice lies."""
        if not isinstance(index, Slice):
            mask: Value = self.get(index)
            return mask
        size = (type_of(base).shape or ())[0]
        ends = self.get(index.start), self.get(index.stop)
        key = (size, *ends)
        if key not in self.windows:
            length: Any = self.emit(ops.getitem, self.emit(ops.shape, self.rows(base)), 1)
            length = size if isinstance(size, int) else length
            place = self.emit(np.arange, length)
            place.base = "k"
            parts = []
            for end, old, compare in zip(
                ends, (index.start, index.stop), (ops.greater_equal, ops.less)
            ):
                if old is None or (compare is ops.greater_equal and old == 0):
                    continue
                if not (isinstance(old, int) and old >= 0) and not self.counts_up(old):
                    below = self.emit(ops.less, end, 0)
                    end = self.emit(np.where, below, self.emit(ops.add, end, length), end)
                    end.base = "end"
                if self.is_batched(old):
                    end = self.widened(end, 1)
                parts.append(self.emit(compare, place, end))
            mask = parts[0] if len(parts) == 1 else self.emit(ops.bit_and, *parts)
            mask.type = Type("array", "bool", (self.size, size))
            mask.base = "inside"
            self.windows[key] = mask
        return self.windows[key]

    def counts_up(self, tree: Tree) -> bool:
        """Whether a number cannot be below zero: a position or a count."""
        made = self.lets.get(tree) if isinstance(tree, Value) else None
        if made is None:
            return False
        if made.op.function in _COUNTS:
            return True
        plain = made.op in (ops.add, ops.multiply) or made.op.function in (int, np.asarray)
        return plain and all(
            (type(arg) is int and arg >= 0) or self.counts_up(arg) for arg in made.args
        )

    def size_of(self, mask: Value) -> Size:
        """How many numbers a mask selects of all examples."""
        return self.counts.setdefault(mask, Size(object()))

    def picked(self, rows: Value, mask: Value) -> Value:
        """What a mask selects of rows."""
        made = self.emit(ops.getitem, rows, mask)
        made.type = Type("array", rows.type.dtype, (self.size_of(mask),))
        return made

    def beside(self, tree: Tree, mask: Value) -> Tree:
        """An operand beside what a mask selects."""
        if tree in self.ragged:
            found = self.selection(tree)
            if found.mask is not mask:
                self.refuse("what is selected was selected otherwise")
            return found.numbers
        if tree is None or isinstance(tree, (type, np.dtype, str)):
            return tree
        if self.rank(tree):
            self.refuse("an array beside what is selected")
        if not self.is_batched(tree):
            return self.get(tree)
        if type_of(tree).kind == "number" and type_of(tree).dtype != "bool":
            self.refuse("a number beside what is selected")
        axes = len(mask.type.shape or ()) - 1
        shape = self.emit(ops.shape, mask)
        rows = self.emit(np.broadcast_to, self.widened(self.get(tree), axes), shape=shape)
        rows.type = Type("array", rows.type.dtype, mask.type.shape)
        return self.picked(rows, mask)

    def flattened(self, statement: Let) -> Flat:
        """A result of another length for each example, end to end."""
        args = statement.args
        if statement.op is ops.getitem:
            mask, rows = self.mask_of(args[1], args[0]), self.rows(args[0])
            return Flat(mask, self.picked(rows, mask), rows)
        like = next(arg for arg in args if arg in self.ragged)
        mask = self.selection(like).mask
        if statement.op is ops.spread:
            if args[0] in self.ragged:
                return self.selection(args[0])
            if self.is_batched(args[0]):
                return Flat(mask, self.beside(args[0], mask), None)  # type: ignore[arg-type]
            return Flat(mask, self.emit(ops.spread, self.get(args[0]), self.selection(like).numbers), None)  # fmt: skip
        if statement.op is ops.zeros_like:
            return Flat(mask, self.emit(ops.zeros_like, self.selection(like).numbers), None)
        if self.is_batched(statement.options):
            self.refuse(f"an option of `{statement.op.name}` is batched")
        options = {key: self.get(option) for key, option in statement.options}
        made = self.emit(statement.op, *[self.beside(arg, mask) for arg in args], **options)
        made.type = Type("array", made.type.dtype, (self.size_of(mask),))
        return Flat(mask, made, None)

    # what comes out

    def masks_store(self, statement: Let) -> bool:
        """Whether a store is at a place that is a mask, or a slice that ends elsewhere."""
        base, index, value = statement.args
        if value in self.ragged or isinstance(index, Slice):
            return self.selects(base, index, self.batched)
        if not isinstance(index, Value) or index not in self.batched or index in self.ragged:
            return False
        rank, axes = type_of(base).rank, index.type.rank or 0
        if index.type.dtype != "bool" or not axes or rank is None or axes > rank:
            return False
        inner = type_of(value).rank
        return inner is not None and inner <= rank - axes

    def stored(self, statement: Let) -> Value:
        """
        y[m] = s                   ->        y = np.where(m, s[:, None], y)          (s is a number of each example)
        """
        base, index, value = statement.args
        rows, mask = self.rows(base), self.mask_of(index, base)
        if value in self.ragged:
            return self.emit(statement.op, rows, mask, self.beside(value, mask))
        slot = self.rank(base)
        if type_of(value).rank and isinstance(index, Slice):
            self.refuse("an array is stored where a slice ends elsewhere")
        if not self.is_batched(value):
            return self.emit(statement.op, rows, mask, self.get(value))
        given = self.lift(value, slot - self.rank(value))
        inner = slot - len(mask.type.shape or ()) + 1
        where = self.emit(ops.getitem, mask, (Ellipsis, *(None,) * inner)) if inner else mask
        same = self.dtype(value) == self.dtype(base)
        if not same:
            given = self.emit(ops.cast, given, rows)
            if not type_of(value).differentiable or not type_of(base).differentiable:
                self.refuse("a store of another kind of numbers")
        if statement.op is ops.put:
            return self.emit(np.where, where, given, rows)
        return self.emit(ops.add, rows, self.emit(np.where, where, given, 0))

    def gathered_up(self, statement: Let) -> Value:
        """A number of what each example has selected."""
        function, args = statement.op.function, statement.args
        options = dict(statement.options)
        if function in (np.matmul, operator.matmul, np.dot, np.inner, np.vdot) and len(args) == 2:
            one, two = args
            if one not in self.ragged or two not in self.ragged or options:
                self.refuse("a product of what is selected with something else")
            mask = self.selection(one).mask
            made = self.emit(ops.multiply, self.selection(one).numbers, self.beside(two, mask))
            return self.summed_up(np.sum, Flat(mask, made, None))
        if function is runtime.sum_to and args[0] in self.ragged and type_of(args[1]).rank == 0:
            made = self.summed_up(np.sum, self.selection(args[0]))
            return self.emit(ops.cast, made, self.get(args[1]))
        if not args or args[0] not in self.ragged or len(args) > 1:
            self.refuse(f"`{statement.op.name}` of what is selected")
        flat = self.selection(args[0])
        if function in (len, np.size) and not options:
            return self.counted(flat.mask)
        if options.pop("axis", None) not in (None, 0, -1) or options:
            self.refuse(f"options of `{statement.op.name}`")
        if function is np.mean:
            made = self.summed_up(np.sum, flat)
            return self.emit(ops.divide, made, self.emit(ops.cast, self.counted(flat.mask), made))
        if function not in _NEUTRAL:
            self.refuse(f"`{statement.op.name}` of what is selected")
        return self.summed_up(function, flat)

    def counted(self, mask: Value) -> Value:
        """How many each example has selected."""
        made = self.emit(np.count_nonzero, mask, axis=self.inner_axes(mask))
        made.type = Type("array", "int64", (self.size,))
        return made

    def inner_axes(self, mask: Value) -> Any:
        axes = len(mask.type.shape or ())
        return 1 if axes == 2 else tuple(range(1, axes))

    def summed_up(self, function: Any, flat: Flat) -> Value:
        """
        np.sum(x[m])               ->        np.sum(np.where(m, x, 0), axis=1)
        """
        mask, dtype = flat.mask, self.dtype_of(flat.numbers)
        neutral = _NEUTRAL[function]
        if dtype is None:
            self.refuse("the dtype of what is selected is not known")
        if flat.rows is not None:
            whole = self.emit(np.where, mask, flat.rows, neutral)
            whole.type = Type("array", whole.type.dtype, mask.type.shape)
        else:
            make = np.ones if neutral else np.zeros
            start = self.emit(make, self.emit(ops.shape, mask), **dtype_named(dtype))
            start.type = Type("array", dtype, mask.type.shape)
            whole = self.emit(ops.put, start, mask, flat.numbers)
            whole.base = flat.numbers.base
            whole.type = start.type
        return self.emit(function, whole, axis=self.inner_axes(mask))


def _is_integer(type_: Type) -> bool:
    return type_.rank == 0 and (type_.dtype or "").startswith(("int", "uint"))


# Of what is selected, they read the dtype alone.
_OF_DTYPES = {ops.dtype}
_LIKE = {ops.spread, ops.zeros_like}
_NEUTRAL: dict[Any, Any] = {np.sum: 0, np.prod: 1, np.any: False, np.all: True}
_COUNTS = {np.argmax, np.argmin, np.searchsorted, np.count_nonzero, len, abs, np.size}
