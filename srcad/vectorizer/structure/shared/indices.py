"""Indices of block diagonals, and stores."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Slice, Tree, Value
from srcad.vectorizer.structure.arrays import sizes_of
from srcad.vectorizer.structure.elements import ALL, Diagonal, Shared
from srcad.vectorizer.structure.shared.forms import (
    as_shared,
    blocks_of,
    filled,
    handles_shared,
    inner_rank,
    of_vector,
    spaced,
    without,
    zeros_like,
)
from srcad.vectorizer.structure.table import is_zero

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


@handles_shared(operator.getitem)
def getitem(b: Batch, let: Let) -> Any:
    """
    g[:, 1:]                   ->        g[:, :, 1:]
    """
    g, index = let.args
    element, rank = b.element(g), g.type.rank
    parts = parts_of(index, rank)
    if parts is None or b.is_batched(index):
        return None
    if isinstance(element, Diagonal):
        if rank == 1:
            return _with_axes(b, let, element, parts)
        axes = [part for part in parts if part is not None]
        kept = [axis for axis, part in enumerate(axes) if part == ALL]
        element = as_shared(b, g, kept[0]) if kept else None
    if not isinstance(element, Shared):
        return None
    found = within_parts(element, parts)
    if found is None:
        return None
    rest, column = found
    front = (ALL,) * (int(element.lead) + inner_rank(element.rows))
    rest = tuple(b.get(rest))
    value = b.emit(ops.getitem, element.value, (*front, *rest)) if rest else element.value
    return blocks_of(b, let, element, value, element.lead, column)


def _with_axes(b: Batch, let: Let, element: Diagonal, parts: tuple[Tree, ...]) -> Shared | None:
    """
    diagonal(s)[:, None]       ->        s[:, None]
    """
    if [part for part in parts if part is not None] != [ALL]:
        return None
    if not same_shape(element.rows.like.type, let.args[0].type):
        return None
    scale, ones = element.scale, len(parts) - 1
    lead = type_of(scale).rank != 0
    column = parts.index(ALL)
    if lead:
        value = spaced(b.emit, scale, 1, ones)
    else:
        value = filled(b, scale, (1,) * ones)
    found = Shared(value, lead, element.rows, 0, column)
    return blocks_of(b, let, found, value, lead, column, None if lead else scale)


def parts_of(index: Tree, rank: int) -> tuple[Tree, ...] | None:
    """An index with a part for each axis; None where arrays of indices are apart, or masks."""
    parts = index if type(index) is tuple else (index,)
    many = [part for part in parts if picks_many(part)]
    if len(many) > 1 or any(type_of(part).rank != 1 for part in many):
        return None
    if any(type_of(part).dtype in ("bool", None) for part in many):
        return None
    plain = [part for part in parts if part is not None and part is not Ellipsis]
    if many and any(not isinstance(part, Slice) for part in plain if part not in many):
        return None
    missing = rank - len(plain)
    if missing < 0:
        return None
    if any(part is Ellipsis for part in parts):
        place = next(place for place, part in enumerate(parts) if part is Ellipsis)
        return (*parts[:place], *(ALL,) * missing, *parts[place + 1 :])
    return (*parts, *(ALL,) * missing)


def picks_many(part: Tree) -> bool:
    if part is None or part is Ellipsis or isinstance(part, Slice):
        return False
    return type_of(part).rank != 0


def within_parts(element: Shared, parts: tuple[Tree, ...]) -> tuple[tuple[Tree, ...], int] | None:
    """The index in blocks, without trailing `:`, and where the shared axis goes; None where it is not left alone."""
    axis = -1
    column = 0
    for place, part in enumerate(parts):
        axis += part is not None
        if axis == element.column and part is not None:
            if part != ALL:
                return None
            rest = [*parts[:place], *parts[place + 1 :]]
            while rest and rest[-1] == ALL:
                rest.pop()
            return tuple(rest), column
        column += part is None or isinstance(part, Slice) or picks_many(part)
    return None


@handles_shared(runtime.put, runtime.put_add)
def stored(b: Batch, let: Let) -> Any:
    """
    x_bar[:, 1:] += g          ->        x_bar[:, :, 1:] += g
    """
    base, index, value = let.args
    rank = type_of(base).rank
    parts = parts_of(index, rank) if rank else None
    if parts is None or None in parts or b.is_batched(index):
        return None
    kept = [axis for axis, part in enumerate(parts) if part == ALL]
    if not b.is_batched(value):
        return _cleared(b, let, parts, kept) if is_zero(b, value) else None
    element = b.element(value)
    axes = [axis for axis, part in enumerate(parts) if isinstance(part, Slice) or picks_many(part)]
    if not kept or len(axes) != value.type.rank:
        return None
    if isinstance(element, Diagonal):
        vector = value.type.rank == 1
        element = (
            of_vector(b, element, value) if vector else as_shared(b, value, axes.index(kept[0]))
        )
    if not isinstance(element, Shared):
        return None
    column = axes[element.column]
    found = within_parts(element._replace(column=column), parts)
    if found is None:
        return None
    rest = tuple(b.get(found[0]))
    under: Shared | None = None
    if b.is_batched(base):
        under = as_shared(b, base, column)
        if under is None or (under.row, under.column) != (element.row, column):
            return None
    block = _under(b, base, element, column) if under is None else under.value
    lead = element.lead if under is None else under.lead
    if block is None:
        return None
    if element.lead and not lead:
        seeded = sizes_of(b.emit, element.rows.like)
        whole = (seeded[element.row], *sizes_of(b.emit, block))
        block, lead = b.emit(np.broadcast_to, block, shape=whole), True
    front = (ALL,) * (int(lead) + inner_rank(element.rows))
    made = b.emit(let.op, block, (*front, *rest) if rest else Ellipsis, element.value)
    return blocks_of(b, let, element, made, lead, column)


def _under(b: Batch, base: Tree, element: Shared, column: int) -> Value | None:
    """Zeros without the axis as blocks."""
    like = zeros_like(b, base)
    if like is None:
        return None
    seeded = sizes_of(b.emit, element.rows.like)
    sizes = (*without(seeded, element.row), *without(sizes_of(b.emit, like), column))
    whole = (seeded[element.row], *sizes) if element.lead else sizes
    return b.emit(np.zeros, whole, **b.dtype_option(base))


def _cleared(b: Batch, let: Let, parts: tuple[Tree, ...], kept: list[int]) -> Shared | None:
    """
    y_bar[:, 0] = 0            ->        y_bar[:, :, 0] = 0
    """
    base = let.args[0]
    element = as_shared(b, base, kept[0] if kept else None)
    found = None if element is None else within_parts(element, parts)
    if element is None or found is None:
        return None
    if let.op.function is runtime.put_add:
        return element
    front = (ALL,) * (int(element.lead) + inner_rank(element.rows))
    rest = tuple(b.get(found[0]))
    made = b.emit(let.op, element.value, (*front, *rest) if rest else Ellipsis, 0.0)
    return blocks_of(b, let, element, made, element.lead, element.column)
