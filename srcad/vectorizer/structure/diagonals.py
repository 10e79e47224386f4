"""Diagonals in another shape, and through sums and products."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Let
from srcad.vectorizer import operations
from srcad.vectorizer.dtypes import dtype_named
from srcad.vectorizer.structure.blocks import picked_of, scaled, scattered
from srcad.vectorizer.structure.elements import Blocks, Columns, Diagonal, Shared
from srcad.vectorizer.structure.table import (
    floated,
    handles,
    only,
    options_of,
    precise,
    shape_asked,
)

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


@handles(np.reshape, np.ravel, np.ndarray.flatten)
def reshaped(b: Batch, let: Let) -> Any:
    """A diagonal is one over the flattened index, whatever the shape."""
    _, element = only(b, let)
    options = dict(let.options)
    if not isinstance(element, Diagonal) or options.get("order", "C") != "C":
        return None
    scale, like = element.scale, None
    if type_of(scale).rank:
        like = scale = b.emit(let.op, scale, *map(b.get, let.args[1:]), **options_of(b, options))
        if not same_shape(scale.type, b.target.type):
            return None
    elif b.target.type.rank != 1:
        like = shape_asked(b, options.get("shape", let.args[-1]))
        if like is None:
            return None
    return element._replace(scale=scale, like=like, origin=let.origin)


@handles(operator.matmul, np.matmul, np.dot)
def matmul(b: Batch, let: Let) -> Any:
    """
    y = diagonal(d) @ W        ->        y = d[:, None] * W
    y = W.T @ diagonal(d)      ->        y = d[:, None] * W
    y = W @ diagonal(d)        ->        y.T = W * d                     (with the rows last)
    """
    place, element = only(b, let)
    if element is None or isinstance(element, (Columns, Shared)) or let.options:
        return None
    other = let.args[1 - place]
    rank = type_of(other).rank
    if let.args[place].type.rank != 1 or rank not in (1, 2):
        return None
    last = element.rows.last and rank == 2
    plain = rank == 1 or bool(place) == last
    matrix = precise(b, b.get(other) if plain else operations.transposed(b, other))
    if isinstance(element, Diagonal):
        made = scaled(b, matrix, element.scale, last)
    else:
        width = None
        if rank == 2:
            (width,) = matrix.type.shape[:1] if last else matrix.type.shape[1:]
            if not isinstance(width, int):
                width = b.emit(ops.getitem, b.emit(ops.shape, matrix), 0 if last else 1)
        made = scattered(
            b, element, lambda part: picked_of(b, matrix, part, element.size, last), width, last
        )
    return Columns(made, element.rows) if last and made is not None else made


@handles(np.sum)
def summed(b: Batch, let: Let) -> Any:
    """
    s = np.sum(diagonal(d))    ->        s = d
    """
    _, element = only(b, let)
    if let.options or len(let.args) != 1:
        return None
    if isinstance(element, Blocks):
        return scattered(b, element, lambda part: part.scale, None, False)
    if not isinstance(element, Diagonal):
        return None
    scale = element.scale
    rank = type_of(scale).rank
    if rank:
        return scale if rank == 1 else b.emit(np.ravel, scale)
    named = dtype_named(b.target.type.dtype)
    return b.emit(np.full, element.rows.number(b.emit), floated(scale), **named)


@handles(np.mean)
def mean(b: Batch, let: Let) -> Any:
    """
    m = np.mean(diagonal(d))   ->        m = d / x.size
    """
    made, (_, element) = summed(b, let), only(b, let)
    if made is None or not isinstance(element, Diagonal):
        return None
    return b.emit(ops.divide, made, element.rows.number(b.emit))
