"""Functions that make arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.analysis.types.asking import describe, learn, operand_type, with_shape
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    Opaque,
    Tree,
    Unknown,
    array_dtype,
    as_given,
    axis_in,
    bare_count,
    broadcast_of,
    dtype_called,
    dtype_if_known,
    fresh_size,
    integer_known,
    is_integer,
    known_shape,
    shape_called,
)
from srcad.core.types import Dim, Size, Type


@handles("zeros ones empty")
def _filled(function: Any, shape: Tree, dtype: Tree = None, order: Tree = "C") -> Type:
    return Type("array", dtype_called(dtype), shape_called(shape))


@handles("full")
def _full(
    function: Any, shape: Tree, fill_value: Tree, dtype: Tree = None, order: Tree = "C"
) -> Type:
    return Type(
        "array", dtype_called(dtype, array_dtype(operand_type(fill_value))), shape_called(shape)
    )


@handles("zeros_like ones_like empty_like")
def _like(function: Any, a: Tree, *rest: Tree, dtype: Tree = None, shape: Tree = None) -> Type:
    if len(rest) == 1 and function is not np.full_like and dtype is None:
        (dtype,) = rest
    elif len(rest) > (function is np.full_like):
        raise Unknown
    type_ = operand_type(a)
    return Type(
        "array",
        dtype_called(dtype, array_dtype(type_)),
        type_.shape if shape is None else shape_called(shape),
    )


@handles("full_like")
def _full_like(
    function: Any, a: Tree, fill_value: Tree, dtype: Tree = None, *, shape: Tree = None
) -> Type:
    return _like(np.full_like, a, fill_value, dtype=dtype, shape=shape)


@handles("eye")
def _eye(function: Any, N: Tree, M: Tree = None, k: Tree = 0, dtype: Tree = None) -> Type:
    return Type("array", dtype_if_known(dtype), shape_called((N, N if M is None else M)))


@handles("indices")
def _indices(function: Any, dimensions: Tree, dtype: Tree = int) -> Type:
    shape = shape_called(dimensions)
    return Type("array", dtype_called(dtype), (len(shape), *shape))


@handles("bartlett blackman hamming hanning kaiser")
def _window(function: Any, M: Tree, *beta: Tree) -> Type:
    return Type("array", "float64", shape_called(M))


@handles("identity")
def _identity(function: Any, n: Tree, dtype: Tree = None) -> Type:
    return Type("array", dtype_called(dtype), shape_called((n, n)))


@handles("arange")
def _arange(
    function: Any, start: Tree = None, stop: Tree = None, step: Tree = None, dtype: Tree = None
) -> Type:
    if start is None:
        start, stop = stop, None
    given = [start, *([] if stop is None else [stop]), *([] if step is None else [step])]
    if stop is None and step is not None:
        given = [0, start, step]
    types = [operand_type(tree) for tree in given]
    if any(t.shape != () for t in types):
        raise Unknown
    name: str | None
    if dtype is not None:
        name = dtype_called(dtype)
    elif any(t.dtype is None or t.kind == "any" or t.dtype == "bool" for t in types):
        name = None
    else:
        name = learn(np.arange, *map(describe, types))[1]
    return Type("array", name, (_range(given, types),))


def _range(given: list[Tree], types: list[Type]) -> Dim:
    """The size of an arange."""
    if all(type(tree) in (int, float) for tree in given):
        span = [0, *given] if len(given) == 1 else given
        if abs(span[1] - span[0]) > 1e6 * abs(span[2] if len(span) > 2 else 1):
            return fresh_size()
        return len(np.arange(*given))
    if not all(map(is_integer, types)):
        return fresh_size()
    counts = [integer_known(tree) for tree in given]
    if len(counts) == 1:
        return as_given(counts[0])
    start, stop, step = (*counts, 1)[:3]
    if step == 1 and isinstance(start, int):
        return as_given(
            stop - start if isinstance(stop, int) else stop._replace(offset=stop.offset - start)
        )
    if all(isinstance(count, int) for count in (start, stop, step)) and step:
        return len(range(start, stop, step))  # type: ignore[arg-type]
    return Size(Opaque("range", bare_count(start), bare_count(stop), bare_count(step)))


@handles("linspace")
def _linspace(
    function: Callable[..., Any],
    start: Tree,
    stop: Tree,
    num: Tree = 50,
    endpoint: Tree = True,
    *,
    dtype: Tree = None,
    axis: Tree = 0,
) -> Type:
    one, two = operand_type(start), operand_type(stop)
    shape = broadcast_of((one, two))
    if shape is None:
        raise Unknown
    place = axis_in(axis, len(shape) + 1)
    out = (*shape[:place], shape_called(num)[0], *shape[place:])
    if dtype is not None:
        return Type("array", dtype_called(dtype), out)
    return with_shape(function, out, one, two)


@handles("array asarray asanyarray ascontiguousarray")
def _array(
    function: Callable[..., Any], a: Tree, dtype: Tree = None, *, copy: Tree = True, ndmin: Tree = 0
) -> Type:
    type_ = operand_type(a)
    shape = type_.shape
    if ndmin:
        shape = (1,) * (operator.index(ndmin) - len(known_shape(type_))) + known_shape(type_)
    if function is np.ascontiguousarray and shape is not None:
        shape = shape or (1,)
    elif function is np.ascontiguousarray:
        raise Unknown
    return Type("array", dtype_called(dtype, array_dtype(type_)), shape)


@handles("copy")
def _copy(function: Any, a: Tree, order: Tree = "K") -> Type:
    type_ = operand_type(a)
    return Type("array", array_dtype(type_), type_.shape)


@handles("astype", np.ndarray.astype)
def _astype(function: Any, x: Tree, dtype: Tree, **options: Tree) -> Type:
    type_ = operand_type(x)
    return Type("any" if type_.shape is None else "array", dtype_called(dtype), type_.shape)
