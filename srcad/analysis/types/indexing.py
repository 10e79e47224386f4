"""Indexing: slices, and arrays of indices."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from srcad.analysis.types.asking import operand_type
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    Exact,
    Opaque,
    Tree,
    Unknown,
    bare_count,
    broadcast_shapes,
    exactly,
    fresh_size,
    integer_known,
    is_integer,
    is_sequence,
    plain_size,
    type_of,
)
from srcad.core import ops
from srcad.core.nodes import Expr, Slice, Value, leaves
from srcad.core.types import Dim, Shape, Size, Type, less


def _slice(size: Dim, index: Slice) -> Dim:
    """The size of a slice of an axis."""
    first, last, stride = index
    if stride is None and isinstance(size, Size):  # the usual ones, quickly
        first = 0 if first is None else first
        if type(first) is int and first >= 0 and (last is None or (type(last) is int and last < 0)):
            return size.less(first - (last or 0))
    bounds = [None if part is None else integer_known(part) for part in index]
    start, stop, step = bounds[0], bounds[1], 1 if bounds[2] is None else bounds[2]
    if isinstance(size, int) and not any(isinstance(part, Exact) for part in (start, stop, step)):
        return len(range(*slice(start, stop, step).indices(size)))
    if step == -1 and start is None and stop is None:
        return size
    if step == 1:
        whole = exactly(size)
        start = 0 if start is None else start
        if bare_count(stop) == bare_count(whole):
            stop = None
        cut: int | None = None
        if stop is None:
            cut = 0
        elif isinstance(stop, int) and stop < 0:
            cut = -stop
        elif isinstance(stop, Exact) and isinstance(whole, Exact) and stop.key == whole.key:
            # x[:n - 3] of n == 2 is x[:-1], not empty: exact for 1 and 2 only.
            cut = short if (short := whole.offset - stop.offset) in (1, 2) else None
        if isinstance(start, int) and start >= 0 and cut is not None:
            return less(size, start + cut)
        if isinstance(start, int) and start < 0 and stop is None:
            stop, start = -start, 0  # x[-k:] has as many elements as x[:k]
        if bare_count(start) == bare_count(whole) and stop is None:
            return 0
    base = size if isinstance(size, int) else plain_size(size)
    return Size(Opaque("slice", base, bare_count(start), bare_count(stop), bare_count(step)))


class _Advanced(NamedTuple):
    """An index array: its shape and how many axes it takes."""

    shape: Shape
    takes: int


def _index(tree: Tree) -> Any:
    """A part of an index: "int", None, Ellipsis, a Slice, or an `_Advanced`."""
    if tree is None or tree is Ellipsis or isinstance(tree, Slice):
        return tree
    type_ = operand_type(tree)
    if is_integer(type_):
        return "int"
    if type_.dtype is None or type_.shape is None or (type_.kind == "number" or not type_.shape):
        raise Unknown
    if type_.dtype == "bool":
        if isinstance(tree, Value):
            return _Advanced((Size(Opaque("mask", tree)),), len(type_.shape))
        count = int(np.count_nonzero(tree)) if not any(True for _ in leaves(tree)) else fresh_size()
        return _Advanced((count,), len(type_.shape))
    if type_.dtype.startswith(("int", "uint")) or (is_sequence(tree) and not tree):
        return _Advanced(type_.shape, 1)
    raise Unknown


@handles(operator.getitem, ops.select_item)
def _getitem(function: Any, base: Tree, index: Tree) -> Type:
    type_ = type_of(base)
    if type_.kind == "object" or type_.kind == "record":
        return _element(base, type_, index)
    if type_.shape is None:
        return Type("any", type_.dtype if type_.kind == "array" else None)
    if type_.kind == "number" or (type_.kind == "any" and not type_.shape):
        raise Unknown
    if type(index) is tuple:
        parts = [_index(part) for part in index]
    elif isinstance(index, (Value, Expr)) and index.type.kind == "object":
        raise Unknown
    else:
        parts = [_index(index)]
    shape, scalar = _indexed(type_.shape, parts)
    return Type("scalar" if scalar else "array", type_.dtype, shape)


def _element(base: Tree, type_: Type, index: Tree) -> Type:
    """Indexing a tuple or a list."""
    value: Any = base if is_sequence(base) else type_.value
    if type(value) not in (tuple, list):
        raise Unknown
    if isinstance(index, Slice):
        part = value[slice(*(None if bound is None else operator.index(bound) for bound in index))]
        return type_of(part) if value is base else Type("object", None, None, part)
    part = value[operator.index(index)]
    return type_of(part) if value is base else Type("number", "int", (), exactly(part))


def _indexed(shape: Shape, parts: list[Any]) -> tuple[Shape, bool]:
    """The shape of an array indexed by parts, and whether the result is one element."""
    used = sum(
        part.takes if isinstance(part, _Advanced) else part == "int" or isinstance(part, Slice)
        for part in parts
    )
    ellipses = sum(part is Ellipsis for part in parts)
    if used > len(shape) or ellipses > 1:
        raise Unknown
    if not ellipses:
        parts = [*parts, Ellipsis]
    advanced = any(isinstance(part, _Advanced) for part in parts)
    out: list[Dim] = []
    place: int | None = None
    gap = separated = False
    joined: Shape = ()
    axis = 0
    for part in parts:
        if isinstance(part, _Advanced) or part == "int":
            if advanced:
                separated = separated or gap
                place = len(out) if place is None else place
            if isinstance(part, _Advanced):
                joined = broadcast_shapes(joined, part.shape)
            axis += part.takes if isinstance(part, _Advanced) else 1
            continue
        gap = gap or place is not None
        if part is None:
            out.append(1)
        elif part is Ellipsis:
            out.extend(shape[axis : axis + len(shape) - used])
            axis += len(shape) - used
        else:
            out.append(_slice(shape[axis], part))
            axis += 1
    if advanced:
        front = 0 if separated else place
        assert front is not None
        out[front:front] = joined
    return tuple(out), not out and not ellipses
