"""Order and choice: sorting, taking, counting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.analysis.types.asking import operand_type, type_or_any, with_shape
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    Tree,
    Unknown,
    array_dtype,
    as_given,
    axis_in,
    broadcast_sizes,
    fresh_size,
    integer_known,
    is_inexact,
    is_sequence,
    known_shape,
    product_of,
    sum_of,
    type_of,
)
from srcad.core.types import Dim, Shape, Type, less


@handles("unique")
def _unique(
    function: Any,
    ar: Tree,
    return_index: Tree = False,
    return_inverse: Tree = False,
    return_counts: Tree = False,
    axis: Tree = None,
    *,
    equal_nan: Tree = True,
    sorted: Tree = True,
) -> Type:
    type_, count = type_or_any(ar), fresh_size()
    shape: Shape | None = (count,)
    if axis is not None:
        shape = None
        if type_.shape is not None:
            place = axis_in(axis, len(type_.shape))
            shape = (*type_.shape[:place], count, *type_.shape[place + 1 :])
    values = Type("array" if shape else "any", array_dtype(type_), shape)
    places = np.dtype(np.intp).name
    others = [Type("array", places, (count,))] if return_index else []
    if return_inverse:
        others.append(Type("any", places))
    if return_counts:
        others.append(Type("array", places, (count,)))
    return Type("tuple", None, None, (values, *others)) if others else values


def _edges(bins: Tree) -> Dim:
    """How many edges bins have."""
    if is_sequence(bins):
        return len(bins)
    type_ = type_of(bins)
    if type_.shape:
        return type_.shape[0]
    return sum_of((as_given(integer_known(bins)), 1)) if type_.numeric else fresh_size()


@handles("histogram")
def _histogram(
    function: Any,
    a: Tree,
    bins: Tree = 10,
    range: Tree = None,
    density: Tree = None,
    weights: Tree = None,
) -> Type:
    edges = _edges(bins)
    dtype = None if weights is None else array_dtype(type_or_any(weights))
    if density or not is_inexact(dtype):
        dtype = None
    counts = Type("array", dtype, (less(edges, 1),))
    return Type("tuple", "shared", None, (counts, Type("array", None, (edges,))))


@handles("histogram2d")
def _histogram2d(
    function: Any,
    x: Tree,
    y: Tree,
    bins: Tree = 10,
    range: Tree = None,
    density: Tree = None,
    weights: Tree = None,
) -> Type:
    pair = bins if is_sequence(bins) and len(bins) == 2 else (bins, bins)
    rows, columns = map(_edges, pair)
    counts = Type("array", "float64", (less(rows, 1), less(columns, 1)))
    edges = [Type("array", None, (size,)) for size in (rows, columns)]
    return Type("tuple", "shared", None, (counts, *edges))


@handles("sort")
def _sort(
    function: Callable[..., Any],
    a: Tree,
    axis: Tree = -1,
    *,
    kind: Tree = None,
    stable: Tree = None,
) -> Type:
    type_ = operand_type(a)
    shape = known_shape(type_)
    shape = (product_of(shape),) if axis is None else shape
    if not type_.shape:
        raise Unknown
    return with_shape(function, shape, type_._replace(shape=(2,)), probe=True)


@handles("argsort")
def _argsort(
    function: Callable[..., Any],
    a: Tree,
    axis: Tree = -1,
    *,
    kind: Tree = None,
    stable: Tree = None,
) -> Type:
    return _sort(function, a, axis)


@handles("partition argpartition")
def _partition(
    function: Callable[..., Any], a: Tree, kth: Tree, axis: Tree = -1, *, kind: Tree = None
) -> Type:
    ordered = np.sort if function is np.partition else np.argsort
    return _sort(ordered, a, axis)


@handles("take")
def _take(
    function: Any, a: Tree, indices: Tree, axis: Tree = None, *, mode: Tree = "raise"
) -> Type:
    type_, at = operand_type(a), operand_type(indices)
    shape, new = known_shape(type_), known_shape(at)
    if axis is not None:
        place = axis_in(axis, len(shape))
        new = shape[:place] + new + shape[place + 1 :]
    if not new:
        return Type("any", array_dtype(type_), ())
    return Type("array", array_dtype(type_), new)


@handles("take_along_axis")
def _take_along_axis(function: Any, arr: Tree, indices: Tree, axis: Tree = -1) -> Type:
    type_, at = operand_type(arr), operand_type(indices)
    shape, new = known_shape(type_), known_shape(at)
    if axis is None:
        return Type("array", type_.dtype, new)
    if len(shape) != len(new):
        raise Unknown
    place = axis_in(axis, len(shape))
    sizes = tuple(
        n if one == place else broadcast_sizes(m, n) for one, (m, n) in enumerate(zip(shape, new))
    )
    return Type("array", type_.dtype, sizes)


@handles("searchsorted")
def _searchsorted(function: Any, a: Tree, v: Tree, *rest: Tree, **options: Tree) -> Type:
    at = operand_type(v)
    return with_shape(np.searchsorted, known_shape(at), operand_type(a), at)
