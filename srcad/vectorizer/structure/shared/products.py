"""Products of block diagonals with what has no axis."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree
from srcad.vectorizer.structure.arrays import moved
from srcad.vectorizer.structure.elements import ALL, Diagonal, Shared, is_just
from srcad.vectorizer.structure.shared.forms import (
    as_shared,
    blocks_of,
    handles_shared,
    of_diagonal,
    of_vector,
)

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


@handles_shared(operator.matmul, np.matmul, np.dot)
def matmul(b: Batch, let: Let) -> Any:
    """
    diagonal(s) @ W            ->        s[:, :, None] * W
    W @ diagonal(s)            ->        s.T[:, :, None] * W.T       (the last axis is shared)
    g @ W                      ->        g @ W
    W @ g                      ->        g @ W.T                     (the last axis is shared)
    """
    from srcad.vectorizer import operations

    if let.options or all(map(b.is_batched, let.args)):
        return None
    place = 0 if b.is_batched(let.args[0]) else 1
    g, other = let.args[place], let.args[1 - place]
    element, rank, width = b.element(g), g.type.rank, type_of(other).rank
    if width not in (1, 2) or rank < 2 or (place and rank != 2):
        return None

    def matrix() -> Tree:
        return b.get(other) if not place or width == 1 else operations.transposed(b, other)

    if isinstance(element, Diagonal):
        axis = 1 if place else 0
        if not of_diagonal(b, element, g):
            return None
        if rank == 2:
            rows, scale, made = element.rows, element.scale, matrix()
            lead = type_of(scale).rank != 0
            if lead:
                scale = moved(b.emit, scale, axis, 0)
                if width == 2:
                    scale = b.emit(ops.getitem, scale, (ALL, ALL, None))
            value = made if is_just(scale, 1) else b.emit(ops.multiply, scale, made)
            column = axis if width == 2 else 0
            found = Shared(value, lead, rows, axis, column)
            return blocks_of(b, let, found, value, lead, column)
        element = as_shared(b, g, axis)
    if not isinstance(element, Shared) or element.column == (0 if place else rank - 1):
        return None
    value = b.emit(ops.matmul, element.value, matrix())
    column = 0 if place and width == 1 else element.column
    return blocks_of(b, let, element, value, element.lead, column)


@handles_shared(np.outer)
def outer(b: Batch, let: Let) -> Any:
    """
    np.outer(diagonal(s), x)   ->        s[:, None] * x
    """
    if let.options or all(map(b.is_batched, let.args)):
        return None
    place = 0 if b.is_batched(let.args[0]) else 1
    element, other = b.element(let.args[place]), let.args[1 - place]
    if isinstance(element, Diagonal):
        element = of_vector(b, element, let.args[place])
    if not isinstance(element, Shared) or let.args[place].type.rank != 1 or b.rank(other) != 1:
        return None
    block, x = element.value, b.get(other)
    if type_of(block).rank:
        block = b.emit(ops.getitem, block, (Ellipsis, None))
    value = x if is_just(block, 1) else b.emit(ops.multiply, block, x)
    return blocks_of(b, let, element, value, element.lead, place)
