"""Block diagonals in another shape, and joined to arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import type_of
from srcad.core.nodes import Let, Tree, Value
from srcad.vectorizer.dtypes import dtype_named
from srcad.vectorizer.structure.arrays import sizes_of
from srcad.vectorizer.structure.elements import Shared, is_just, kept_axis
from srcad.vectorizer.structure.shared.forms import (
    as_shared,
    blocks_of,
    handles_shared,
    inner_rank,
    without,
)
from srcad.vectorizer.structure.table import is_zero, options_of, shape_asked, shape_source

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


@handles_shared(np.reshape)
def reshaped(b: Batch, let: Let) -> Any:
    """
    np.reshape(g, (n, h, w))   ->        np.reshape(g, (n, m, h, w))
    """
    (g,), options = b.bound(let)
    element, out = b.element(g), b.target.type
    if not isinstance(element, Shared) or options.pop("order", "C") != "C":
        return None
    asked = dict(let.options).get("shape", let.args[1] if len(let.args) > 1 else None)
    column = kept_axis(g.type.shape, out.shape, element.column)
    if column is None:
        return None
    sizes = _sizes(b, asked, element, column)
    if sizes is None:
        return None
    front = int(element.lead) + inner_rank(element.rows)
    whole = (*sizes_of(b.emit, element.value)[:front], *without(sizes, column))
    value = b.emit(np.reshape, element.value, shape=whole)
    return blocks_of(b, let, element, value, element.lead, column)


def _sizes(b: Batch, asked: Tree, element: Shared, column: int) -> tuple[Tree, ...] | None:
    """The shape that a reshape asks for, as operands."""
    if not isinstance(asked, tuple) or not any(is_just(part, -1) for part in asked):
        found = shape_asked(b, asked)
        return sizes_of(b.emit, found) if isinstance(found, Value) else found
    rest = [place for place, part in enumerate(asked) if place != column]
    if len(rest) != 1:
        return None
    size: Tree = 1
    for each in sizes_of(b.emit, element.value)[int(element.lead) + inner_rank(element.rows) :]:
        size = b.product(size, each)
    sizes = list(b.get(asked))
    sizes[rest[0]] = size
    return tuple(sizes)


@handles_shared(np.concatenate, np.stack)
def joined(b: Batch, let: Let) -> Any:
    """
    np.concatenate((g, h), axis=1)       ->        np.concatenate((g, h), axis=2)
    """
    (parts,), options = b.bound(let)
    axis, rank = options.pop("axis", 0), b.target.type.rank
    if not isinstance(parts, (tuple, list)) or options or type(axis) is not int:
        return None
    axis %= rank
    stacked = let.op.function is np.stack
    known = [element for element in map(b.element, parts) if isinstance(element, Shared)]
    if known:
        column = known[0].column
    elif not stacked and rank > 1:
        column = 0 if axis else 1
    else:
        column = 0
    elements = [as_shared(b, part, column) if b.is_batched(part) else None for part in parts]
    found = [element for element in elements if element is not None]
    if not found or any(one[3:5] != found[0][3:5] for one in found):
        return None
    first, lead = found[0], any(element.lead for element in found)
    if not stacked and axis == first.column:
        return None
    blocks = [_block(b, part, one, first, lead) for part, one in zip(parts, elements)]
    if any(block is None for block in blocks):
        return None
    column = first.column + (stacked and axis <= first.column)
    place = int(lead) + inner_rank(first.rows) + axis - (axis > column)
    value = b.again(let.op, type(parts)(blocks), **options_of(b, {"axis": place}))
    return blocks_of(b, let, first, value, lead, column)


def _block(b: Batch, part: Tree, element: Shared | None, like: Shared, lead: bool) -> Tree:
    """The blocks of one of the arrays that are joined; None where it is no element, nor zero."""
    seeded = sizes_of(b.emit, like.rows.like)
    front = (seeded[like.row],) if lead else ()
    if element is not None:
        if element.lead == lead:
            return element.value
        sizes = sizes_of(b.emit, element.value)
        return b.emit(np.broadcast_to, element.value, shape=(*front, *sizes))
    source = shape_source(b, part) if not b.is_batched(part) and is_zero(b, part) else None
    if source is None or not isinstance(part, Value):
        return None
    whole = sizes_of(b.emit, b.get(source)) if isinstance(source, Value) else source
    sizes = (*front, *without(seeded, like.row), *without(whole, like.column))
    return b.emit(np.zeros, sizes, **dtype_named(type_of(part).dtype))
