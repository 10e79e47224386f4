"""Diagonals through branches and loops."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Origin, Tree, Value
from srcad.vectorizer.structure.elements import Diagonal, is_just
from srcad.vectorizer.structure.table import is_zero

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


def joined_scales(b: Batch, trees: Iterable[Tree], out: Value) -> list[Tree] | None:
    """The scales of what meets at a join, where all are diagonals or zero, of the shape of the seed; else None."""
    rows = b.seeded
    if rows is None or out.type.kind != "array" or not same_shape(rows.like.type, out.type):
        return None
    dtype = out.type.dtype
    if dtype is None or rows.like.type.dtype != dtype:
        return None
    scales: list[Tree] = []
    for tree in trees:
        element = b.element(tree)
        if isinstance(element, Diagonal):
            scale = element.scale
            weak = ("float", "int", dtype) if not type_of(scale).rank else (dtype,)
            if type_of(scale).dtype not in weak or type_of(scale).kind == "any":
                return None
            scales.append(scale)
        elif not b.is_batched(tree) and is_zero(b, tree):
            scales.append(0)
        else:
            return None
    return scales


def full_scale(b: Batch, scale: Tree) -> Value:
    """A scale of the shape of the seed: what is joined has one form."""
    assert b.seeded is not None
    like = b.seeded.like
    if type_of(scale).rank:
        return scale  # type: ignore[no-any-return]
    if is_just(scale, 0):
        return b.emit(ops.zeros_like, like)
    ones = b.emit(ops.ones_like, like)
    return ones if is_just(scale, 1) else b.emit(ops.multiply, scale, ones)


def diagonal_of(b: Batch, scale: Value, origin: Origin) -> Diagonal:
    """A diagonal of the shape of the seed."""
    assert b.seeded is not None
    return Diagonal(scale, b.seeded, b.seeded.like, origin)
