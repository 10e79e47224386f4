"""What each family of operations makes of elements: the registry, and what its handlers share.

A handler returns None where the table has no answer: the value is dense then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree, Value
from srcad.core.types import Dim, Type
from srcad.vectorizer.structure.elements import Element, is_just, is_number

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


Handler = Callable[["Batch", Let], Any]

TABLE: dict[Any, Handler] = {}


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler."""

    def register(made: Handler) -> Handler:
        TABLE.update(dict.fromkeys(functions, made))
        return made

    return register


def only(b: Batch, let: Let) -> tuple[int, Element | None]:
    """The place of the one operand that has the axis, and its element, if it is one."""
    places = [place for place, arg in enumerate(let.args) if b.is_batched(arg)]
    if len(places) != 1 or any(b.is_batched(option) for _, option in let.options):
        return 0, None
    return places[0], b.element(let.args[places[0]])


def is_zero(b: Batch, tree: Tree) -> bool:
    """Whether an old operand without the axis is zeros."""
    if is_number(tree):
        return bool(tree == 0)
    made = b.lets.get(tree) if isinstance(tree, Value) else None
    if made is None:
        return False
    if made.op.function in (np.zeros_like, np.zeros):
        return True
    return made.op in (ops.spread, ops.cast) and is_zero(b, made.args[0])


def fitting(b: Batch, scale: Tree, shape: tuple[Dim, ...] | None, like: Tree) -> Tree:
    """A scale without axes, or of exactly the wanted shape, and floating; None where that is not to be had."""
    if is_number(scale):
        return scale
    found = type_of(scale)
    if found.rank is None or found.kind == "any":
        return None
    if found.rank and not same_shape(found, Type("array", None, shape)):
        if not (isinstance(like, Value) and like.type.kind == "array"):
            return None
        scale = b.emit(np.broadcast_to, scale, shape=b.emit(ops.shape, like))
    return precise(b, scale if found.differentiable else b.emit(ops.multiply, 1.0, scale))


def precise(b: Batch, found: Tree) -> Tree:
    """A factor in the dtype of the value that is computed: what comes of it is computed in that, as it would be for rows."""
    type_, dtype = type_of(found), b.target.type.dtype
    if type_.kind == "number" or type_.dtype == dtype or dtype is None:
        return found
    kind = np.dtype(dtype).type
    if not type_.rank:
        return b.emit(kind, found)
    return b.emit(ops.operation(np.ndarray.astype, "method"), found, kind)


def negated(b: Batch, scale: Tree) -> Tree:
    return -scale if is_number(scale) else b.emit(ops.negative, scale)


def floated(scale: Tree) -> Tree:
    return float(scale) if is_number(scale) else scale


def sum_of(b: Batch, a: Tree, c: Tree, minus: bool) -> Tree:
    if is_number(a) and is_number(c):
        return a - c if minus else a + c
    return b.emit(ops.subtract if minus else ops.add, a, c)


def options_of(b: Batch, options: dict[str, Tree]) -> dict[str, Tree]:
    return {key: b.get(option) for key, option in options.items()}


def shape_source(b: Batch, zeros: Value) -> Tree:
    """What zeros got their shape from: an operand without the axis."""
    made = b.lets.get(zeros)
    if made is None:
        return None
    if made.op in (ops.spread, ops.cast):
        return made.args[1] if not b.is_batched(made.args[1]) else None
    source = made.args[0]
    if b.is_batched(source):
        element = b.element(source)
        return None if element is None else element.like
    if isinstance(source, Value) and source.type.kind == "array":
        return b.get(source)
    return b.get(source if isinstance(source, tuple) else (source,))


def shape_asked(b: Batch, shape: Tree) -> Tree:
    """The shape that a reshape asks for, as an operand, or a value that has it."""
    if isinstance(shape, tuple):
        return None if any(is_just(part, -1) for part in shape) else b.get(shape)
    made = b.lets.get(shape) if isinstance(shape, Value) else None
    if made is None or made.op is not ops.shape:
        return None
    source = made.args[0]
    if not b.is_batched(source):
        return b.get(source)
    element = b.element(source)
    return None if element is None else element.like
