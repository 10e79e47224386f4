"""Sums and broadcasts of block diagonals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree, Value
from srcad.core.types import Type
from srcad.vectorizer.structure.arrays import moved, rows_last, sizes_of
from srcad.vectorizer.structure.elements import ALL, Columns, Diagonal, Shared, is_just
from srcad.vectorizer.structure.shared.forms import (
    as_shared,
    blocks_of,
    filled,
    handles_shared,
    inner_rank,
    of_diagonal,
    of_vector,
    spaced,
    thin_of,
    without,
)
from srcad.vectorizer.structure.shared.pointwise import casted

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


@handles_shared(np.sum, np.mean)
def summed(b: Batch, let: Let) -> Any:
    """
    np.sum(g, axis=1)          ->        np.sum(g, axis=2)           (of a diagonal its scale)
    """
    (g,), options = b.bound(let)
    rank = b.rank(g)
    axis, keep = options.pop("axis", None), options.pop("keepdims", False)
    if options or not isinstance(keep, bool) or not rank:
        return None
    axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not all(type(one) is int for one in axes):
        return None
    made = reduced(b, let, g, sorted({one % rank for one in axes}), keep)
    if made is None or let.op.function is np.sum:
        return made
    element = b.element(g)
    if isinstance(element, Diagonal):
        like = element.like
        own = sizes_of(b.emit, like) if isinstance(like, Value) else like
        gone = [own[one % rank] for one in axes]
    else:
        assert isinstance(element, Shared)
        whole = sizes_of(b.emit, element.value)[int(element.lead) + inner_rank(element.rows) :]
        shared = sizes_of(b.emit, element.rows.like)[element.row]
        whole = (*whole[: element.column], shared, *whole[element.column :])
        gone = [whole[one % rank] for one in axes]
    count: Tree = 1
    for size in gone:
        count = size if is_just(count, 1) else b.product(count, size)
    if isinstance(made, Shared):
        value = b.emit(ops.divide, made.value, count)
        return blocks_of(b, let, made, value, made.lead, made.column)
    if isinstance(made, Columns):
        return made._replace(value=b.emit(ops.divide, made.value, count))
    return b.emit(ops.divide, made, count)


def reduced(
    b: Batch, let: Let, g: Value, axes: list[int], keep: bool
) -> Shared | Columns | Value | None:
    """The sum over some axes."""
    element, rank = b.element(g), b.rank(g)
    if isinstance(element, Diagonal):
        kept = [axis for axis in range(rank) if axis not in axes]
        if not kept or not axes:
            return None
        if len(kept) == 1 and of_diagonal(b, element, g):
            return _scale_alone(b, let, element, kept[0], rank, keep)
        element = as_shared(b, g, kept[0])
    if not isinstance(element, Shared):
        return None
    if element.column in axes:
        return _over_shared(b, element, axes, keep)
    first = int(element.lead) + inner_rank(element.rows)
    places = tuple(first + axis - (axis > element.column) for axis in axes)
    options: dict[str, Any] = {"keepdims": True} if keep else {}
    value = b.emit(np.sum, element.value, axis=places if len(places) > 1 else places[0], **options)
    column = element.column - (0 if keep else sum(axis < element.column for axis in axes))
    return blocks_of(b, let, element, value, element.lead, column)


def _over_shared(b: Batch, element: Shared, axes: list[int], keep: bool) -> Columns | Value:
    """
    np.sum(g, axis=0)          ->        the blocks are the rows
    """
    rows, value = element.rows, element.value
    seeded = sizes_of(b.emit, rows.like)
    first = int(element.lead) + len(seeded) - 1
    places = tuple(
        first + axis - (axis > element.column) for axis in axes if axis != element.column
    )
    options: dict[str, Any] = {"keepdims": True} if keep else {}
    if places:
        value = b.emit(np.sum, value, axis=places if len(places) > 1 else places[0], **options)
    if keep:
        value = b.emit(ops.getitem, value, (*(ALL,) * (first + element.column), None))
    rest = sizes_of(b.emit, value)[first:]
    if not element.lead:
        whole = (seeded[element.row], *sizes_of(b.emit, value))
        value = b.emit(np.broadcast_to, value, shape=whole)
    value = moved(b.emit, value, 0, element.row)
    if len(seeded) > 1 and not rest:
        value = b.emit(np.ravel, value)
    elif len(seeded) > 1:
        value = b.emit(np.reshape, value, shape=(rows.number(b.emit), *rest))
    if value in b.emitted:
        value.type = b.type_with_axis(b.target, value.type.dtype)
    if not rows.last or not b.target.type.rank:
        return value
    value = rows_last(b.emit, value)
    value.type = Type("array", value.type.dtype, (*b.target.type.shape, rows.size))
    return Columns(value, rows)


def _scale_alone(
    b: Batch, let: Let, element: Diagonal, axis: int, rank: int, keep: bool
) -> Shared | None:
    """
    np.sum(diagonal(s), axis=1)          ->        blocks s[i]
    """
    rows, scale = element.rows, element.scale
    ones = rank - 1 if keep else 0
    column = axis if keep else 0
    lead = type_of(scale).rank != 0
    thin = None
    if lead:
        value = moved(b.emit, scale, axis, 0)
        value = b.emit(ops.getitem, value, (Ellipsis, *(None,) * ones)) if ones else value
    else:
        thin = scale
        sizes = (*without(sizes_of(b.emit, rows.like), axis), *(1,) * ones)
        value = filled(b, scale, sizes)
    return blocks_of(b, let, Shared(value, lead, rows, axis, column), value, lead, column, thin)


@handles_shared(runtime.sum_to)
def summed_to(b: Batch, let: Let) -> Any:
    g, x = let.args
    from_, to = g.type.shape, type_of(x).shape
    if b.is_batched(x) or from_ is None or to is None or len(to) > len(from_):
        return None
    extra = len(from_) - len(to)
    ones = []
    for axis, size in enumerate(to):
        if same_size(size, from_[extra + axis]):
            continue
        if not (isinstance(size, int) and size == 1):
            return None
        ones.append(extra + axis)
    if extra and ones:
        return None
    axes = [*range(extra), *ones]
    made = b.element(g) if not axes else reduced(b, let, g, axes, bool(ones))
    if isinstance(made, (Columns, Value)):
        found = made.value if isinstance(made, Columns) else made
        return made if found.type.dtype == type_of(x).dtype is not None else None
    return casted(b, let, made, x) if isinstance(made, Shared) else None


@handles_shared(runtime.spread, np.broadcast_to)
def spread(b: Batch, let: Let) -> Any:
    """
    spread(g, x) * x           ->        g[:, None] * x
    """
    g, x = let.args[0], let.args[1] if len(let.args) > 1 else None
    out, element = b.target, b.element(g)
    if x is None:
        x = dict(let.options).get("shape")
    if let.op.function is np.broadcast_to and isinstance(x, Value):
        made = b.lets.get(x)
        x = made.args[0] if made is not None and made.op is ops.shape else None
    if not isinstance(x, Value) or b.is_batched(x) or not same_shape(x.type, out.type):
        return None
    new = out.type.rank - g.type.rank
    if new < 0 or (let.op.function is runtime.spread and x.type.dtype != g.type.dtype):
        return None
    if isinstance(element, Diagonal):
        element = of_vector(b, element, g)
    if not isinstance(element, Shared):
        return None
    column = element.column + new
    thin = thin_of(element)
    if new:
        thin = spaced(b.emit, thin, int(element.lead) + inner_rank(element.rows), new)
    seeded = sizes_of(b.emit, element.rows.like)
    whole = without(sizes_of(b.emit, b.get(x)), column)
    sizes = (*without(seeded, element.row), *whole)
    if element.lead:
        sizes = (seeded[element.row], *sizes)
    value = b.emit(np.broadcast_to, thin, shape=sizes)
    return blocks_of(b, let, element, value, element.lead, column, thin)
