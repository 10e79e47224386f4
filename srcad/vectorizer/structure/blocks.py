"""Sums of diagonals that lie in blocks: slices, stores, differences, products."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import infer, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Slice, Tree, Value
from srcad.core.types import Dim, Size, Type, less
from srcad.vectorizer.dtypes import dtype_named
from srcad.vectorizer.structure.arrays import countable
from srcad.vectorizer.structure.elements import (
    ALL,
    Blocks,
    Diagonal,
    Element,
    Part,
    is_just,
    is_whole,
)
from srcad.vectorizer.structure.table import handles, is_zero, negated, only, shape_source, sum_of

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


def within(b: Batch, operand: Tree, part: Part, size: Dim) -> Tree:
    """The elements of an unbatched operand that meet a part; None where they cannot be told."""
    type_ = type_of(operand)
    if type_.rank == 0:
        return operand
    if type_.rank != 1 or type_.shape is None or not same_size(type_.shape[0], size):
        return None
    margin = margin_of(part, size)
    return None if margin is None else cut(b, operand, part.column, margin)


def margin_of(part: Part, size: Dim) -> int | None:
    """How many columns are behind a part, where it has any; None where that is not known."""
    if isinstance(size, int) and isinstance(part.length, int):
        return size - part.column - part.length
    if isinstance(size, Size) and isinstance(part.length, Size) and size.key == part.length.key:
        margin = part.length.minus - size.minus - part.column
        return margin if margin >= 0 else None
    return None


def cut(b: Batch, operand: Tree, front: int, back: int) -> Tree:
    """A vector without so many elements at its ends."""
    if type_of(operand).rank == 0 or not (front or back):
        return operand
    return b.emit(ops.getitem, operand, Slice(front or None, -back or None))


def as_blocks(element: Element | None, old: Value) -> Blocks | None:
    """A diagonal as one block."""
    if isinstance(element, Blocks):
        return element
    if not isinstance(element, Diagonal) or old.type.rank != 1:
        return None
    (size,) = old.type.shape  # type: ignore[misc]
    if not countable(size, element.rows):
        return None
    part = Part(0, 0, size, element.scale, element.origin)
    return Blocks((part,), element.rows, size, element.like)


def simplest(blocks: Blocks) -> Diagonal | Blocks:
    """Blocks as a diagonal, where they are one."""
    parts = tuple(part for part in blocks.parts if not is_just(part.scale, 0))
    if len(parts) == 1 and same_size(blocks.size, blocks.rows.size):
        part = parts[0]
        if part.row == part.column == 0 and same_size(part.length, blocks.size):
            return Diagonal(part.scale, blocks.rows, blocks.like, part.origin)
    return blocks._replace(parts=parts)


def added(
    b: Batch, let: Let, one: Blocks | None, two: Blocks | None, minus: bool = False
) -> Element | None:
    """A sum of blocks: what lies at one place is one part."""
    if one is None or two is None:
        return None
    parts = list(one.parts)
    for part in two.parts:
        for place, before in enumerate(parts):
            if before[:2] == part[:2] and same_size(before.length, part.length):
                scale = sum_of(b, before.scale, part.scale, minus)
                parts[place] = before._replace(scale=scale, origin=let.origin)
                break
        else:
            parts.append(part._replace(scale=negated(b, part.scale)) if minus else part)
    like = two.like if one.like is None else one.like
    return simplest(one._replace(parts=tuple(parts), like=like))


def start_of(base: Type, index: Tree) -> tuple[int, Dim] | None:
    """Where a slice of a vector begins, and its length; None for any other index."""
    if isinstance(index, tuple) and not isinstance(index, Slice):
        if len(index) != 1:
            return None
        (index,) = index
    if index is Ellipsis:
        index = ALL
    if not isinstance(index, Slice) or index.step not in (None, 1) or base.rank != 1:
        return None
    (size,) = base.shape  # type: ignore[misc]
    start = 0 if index.start is None else index.start
    if type(start) is not int:
        return None
    if isinstance(size, int):
        start = min(max(start + size if start < 0 else start, 0), size)
    if start < 0:
        return None
    found = infer(ops.getitem, (Value("base", base), index), {}).shape
    return None if found is None else (start, found[0])


@handles(operator.getitem)
def getitem(b: Batch, let: Let) -> Any:
    """
    d = diagonal(s)[1:]        ->        rows 1 and on: s[1:]
    """
    base, index = let.args
    blocks = as_blocks(b.element(base), base)
    if blocks is None or b.is_batched(index):
        return None
    found = window(b, blocks, base, index)
    return None if found is None else simplest(found)


def window(b: Batch, blocks: Blocks, base: Value, index: Tree) -> Blocks | None:
    """A slice of blocks."""
    place = start_of(base.type, index)
    if place is None:
        return None
    start, length = place
    after = margin_of(Part(0, start, length, 1), blocks.size)
    if same_size(length, blocks.size) and not start:
        after = 0
    if after is None or not countable(length, blocks.rows):
        return None
    parts = []
    for part in blocks.parts:
        margin = 0 if is_whole(part, blocks.size) else margin_of(part, blocks.size)
        if margin is None:
            return None
        front, back = max(start - part.column, 0), max(after - margin, 0)
        scale = cut(b, part.scale, front, back)
        parts.append(
            Part(
                part.row + front,
                max(part.column - start, 0),
                less(part.length, front + back),
                scale,
                part.origin,
            )
        )
    return blocks._replace(parts=tuple(parts), size=length, like=None)


@handles(runtime.put, runtime.put_add)
def stored(b: Batch, let: Let) -> Any:
    """
    x_bar = np.zeros_like(x)
    x_bar[1:] += diagonal(s)   ->        columns 1 and on: s
    """
    base, index, value = let.args
    if b.is_batched(index):
        return None
    if not b.is_batched(value):
        return _cleared(b, let) if is_zero(b, value) else None
    place = start_of(type_of(base), index)
    blocks = as_blocks(b.element(value), value)
    if place is None or blocks is None or not same_size(place[1], blocks.size):
        return None
    start, _ = place
    moved = tuple(part._replace(column=part.column + start) for part in blocks.parts)
    (size,) = base.type.shape
    if not b.is_batched(base):
        if not is_zero(b, base):
            return None
        like = shape_source(b, base)
        if like is None and not countable(size, blocks.rows):
            return None
        return simplest(blocks._replace(parts=moved, size=size, like=like))
    under = as_blocks(b.element(base), base)
    if let.op.function is runtime.put:
        cleared = _cleared(b, let.renewed(args=(base, index, 0.0)))
        under = as_blocks(cleared, base)
    if under is None:
        return None
    return added(b, let, under, blocks._replace(parts=moved, size=size, like=under.like))


def _cleared(b: Batch, let: Let) -> Element | None:
    """
    y_bar[0] = 0.0             ->        the scale likewise
    """
    base, index, _ = let.args
    element = b.element(base)
    if let.op.function is runtime.put_add:
        return element
    if isinstance(element, Diagonal):
        scale = _zeroed(b, element.scale, index, element.like)
        return None if scale is None else element._replace(scale=scale, origin=let.origin)
    if not isinstance(element, Blocks):
        return None
    parts = []
    for part in element.parts:
        whole = is_whole(part, element.size)
        scale = _zeroed(b, part.scale, index, element.like) if whole else None
        if scale is None:
            return None
        parts.append(part._replace(scale=scale))
    return element._replace(parts=tuple(parts))


def _zeroed(b: Batch, scale: Tree, index: Tree, like: Tree) -> Tree:
    """A scale with zeros at an index; None where it has no axes, and its shape is not at hand."""
    if not type_of(scale).rank:
        if not (isinstance(like, Value) and like.type.kind == "array"):
            return None
        made = b.emit(ops.ones_like, like)
        scale = made if is_just(scale, 1) else b.emit(ops.multiply, scale, made)
    return b.emit(ops.put, scale, b.get(index), 0.0)


def scaled(b: Batch, matrix: Tree, scale: Tree, last: bool) -> Tree:
    """The rows of a matrix, or its columns, or the elements of a vector, scaled."""
    if is_just(scale, 1):
        return matrix
    if last or type_of(matrix).rank == 1:
        return b.emit(ops.multiply, matrix, scale) if last else b.emit(ops.multiply, scale, matrix)
    if type_of(scale).rank:
        scale = b.emit(ops.getitem, scale, (ALL, None))
    return b.emit(ops.multiply, scale, matrix)


def picked_of(b: Batch, matrix: Tree, part: Part, size: Dim, last: bool) -> Tree:
    """What a part takes of a matrix, scaled; None where its end is not known."""
    margin = 0 if is_whole(part, size) else margin_of(part, size)
    if margin is None:
        return None
    some = Slice(part.column or None, -margin or None)
    if some != ALL:
        matrix = b.emit(ops.getitem, matrix, (ALL, some) if last else some)
    return scaled(b, matrix, part.scale, last)


def scattered(
    b: Batch, blocks: Blocks, picked: Callable[[Part], Tree], width: Tree, last: bool
) -> Value | None:
    """
    y = blocks @ W             ->        y = np.zeros((m, n))
                                         y[1:] += d[:, None] * W[:-1]
    """
    rows, start = blocks.rows, len(b.out)
    placed: list[tuple[int, int, Tree]] = []
    for part in blocks.parts:
        margin = margin_of(part._replace(column=part.row), rows.size)
        value = picked(part)
        if margin is None or value is None:
            return None
        placed.append((part.row, margin, value))
    placed.sort(key=lambda place: place[:2] != (0, 0))  # what is in all rows first
    if placed and placed[0][:2] == (0, 0) and type_of(placed[0][2]).rank:
        made = placed.pop(0)[2]
    else:
        sides: Tree = rows.number(b.emit)
        if width is not None:
            sides = (width, sides) if last else (sides, width)
        made = b.emit(np.zeros, sides, **dtype_named(b.target.type.dtype))
    for front, back, value in placed:
        if b.fresh(made, start):
            made.base = b.target.base
        if front or back:
            some = Slice(front or None, -back or None)
            made = b.emit(ops.put_add, made, (ALL, some) if last else some, value)
        else:
            made = b.emit(ops.add, made, value)
    return made  # type: ignore[no-any-return]


@handles(np.diff)
def diff(b: Batch, let: Let) -> Any:
    """
    np.diff(g)                 ->        g[1:] - g[:-1]
    """
    _, element = only(b, let)
    if element is None or let.options or len(let.args) != 1 or let.args[0].type.rank != 1:
        return None
    blocks = as_blocks(element, let.args[0])
    if blocks is None:
        return None
    later, sooner = (window(b, blocks, let.args[0], Slice(*ends)) for ends in ((1,), (None, -1)))
    return added(b, let, later, sooner, minus=True)
