"""Reductions, and what accumulates along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.analysis.types.asking import describe, learn, made_of, operand_type, with_shape
from srcad.analysis.types.handlers import Handler, handles
from srcad.analysis.types.lattice import (
    WEAK,
    Tree,
    Unknown,
    axes_in,
    axis_in,
    dtype_called,
    fresh_size,
    is_integer,
    known_shape,
    literal_only,
    product_of,
)
from srcad.core.nodes import Expr, Value
from srcad.core.types import ANY, Shape, Type


@handles(
    "sum prod mean max min amax amin ptp median nanmedian var std any all argmax argmin count_nonzero nanmax nanmin nanargmax nanargmin"
)
def _reduce(
    function: Callable[..., Any],
    a: Tree,
    axis: Tree = None,
    *,
    dtype: Tree = None,
    keepdims: Tree = False,
    **rest: Tree,
) -> Type:
    type_ = operand_type(a)
    for name in ("where", "initial", "mean"):  # they change neither shape nor dtype
        rest.pop(name, None)
    literal_only(keepdims, *rest.values())
    options = dict(rest, dtype=None if dtype is None else np.dtype(dtype_called(dtype)))
    if type_.shape is None:
        if axis is not None or keepdims:
            return ANY
        if type_.dtype is None or (type_.kind == "any" and type_.dtype in WEAK):
            return (
                Type("scalar", dtype_called(dtype, _FIXED.get(function)), ())
                if function in _FIXED
                else Type("any", None, () if type_.numeric else None)
            )
        return Type(*learn(function, describe(type_, 1), **options), ())
    rank = len(type_.shape)
    shape: Shape
    if axis is None:
        shape = (1,) * rank if keepdims else ()
    elif isinstance(axis, (Value, Expr)):
        if not is_integer(axis.type) or not rank:
            raise Unknown
        shape = tuple(fresh_size() for _ in range(rank if keepdims else rank - 1))
    else:
        gone = axes_in(axis, rank or 1)  # ufuncs take the axes 0 and -1 of a number
        if not gone and function not in _OF_NO_AXES:
            raise Unknown
        shape = tuple(
            1 if i in gone else s for i, s in enumerate(type_.shape) if keepdims or i not in gone
        )
    if keepdims:
        options["keepdims"] = True
    if axis is not None:
        options["axis"] = (0,) if isinstance(axis, tuple) else 0
    if type_.dtype is None:
        if function in _FIXED:
            return made_of(shape, "scalar", _FIXED[function])
        kind, made = (
            learn(function, ("array", "float64", min(rank, 1)), **options)[0],
            dtype_called(dtype, None),
        )
    else:
        kind, made = learn(function, describe(type_, min(rank, 1)), **options)
    if function is np.count_nonzero and not shape:
        return Type("any", None, ())  # NumPy's versions differ
    return made_of(shape, kind, made)


_FIXED: dict[Any, str] = {np.any: "bool", np.all: "bool", np.argmax: np.dtype(np.intp).name}


_FIXED[np.argmin] = _FIXED[np.argmax]


_OF_NO_AXES = {np.sum, np.prod, np.mean, np.max, np.min, np.any, np.all}


@handles("linalg.norm")
def _norm(
    function: Any, x: Tree, ord: Tree = None, axis: Tree = None, keepdims: Tree = False
) -> Type:
    type_ = operand_type(x)
    literal_only(ord, keepdims)
    rank = len(known_shape(type_))
    if axis is None:
        if ord is not None and rank not in (1, 2):
            raise Unknown
        gone = list(range(rank))
    else:
        gone = axes_in(axis, rank)
        if len(gone) not in (1, 2):
            raise Unknown
    shape = tuple(
        1 if i in gone else s for i, s in enumerate(known_shape(type_)) if keepdims or i not in gone
    )
    probe = type_._replace(shape=(2,) * len(gone)) if gone else type_
    more = {"keepdims": True} if keepdims else {}
    return with_shape(np.linalg.norm, shape, probe, probe=True, ord=ord, **more)


@handles("trace")
def _trace(
    function: Any, a: Tree, offset: Tree = 0, axis1: Tree = 0, axis2: Tree = 1, dtype: Tree = None
) -> Type:
    type_ = operand_type(a)
    shape = known_shape(type_)
    gone = axes_in((axis1, axis2), len(shape))
    kept = tuple(size for i, size in enumerate(shape) if i not in gone)
    return with_shape(
        np.trace, kept, type_, dtype=None if dtype is None else np.dtype(dtype_called(dtype))
    )


@handles("cumsum cumprod")
def _cumulative(
    function: Callable[..., Any], a: Tree, axis: Tree = None, *, dtype: Tree = None
) -> Type:
    type_ = operand_type(a)
    shape = known_shape(type_)
    if axis is None:
        shape = (product_of(shape),)
    elif isinstance(axis, (Value, Expr)):
        if not is_integer(axis.type):
            raise Unknown
    else:
        axis_in(axis, len(shape))
    probe = type_._replace(shape=(2,)) if type_.shape else type_
    name = None if dtype is None else np.dtype(dtype_called(dtype))
    return with_shape(function, shape, probe, probe=True, dtype=name)


def _along_first(handler: Handler) -> Handler:
    """The methods of ufuncs run along the first axis where none is named."""

    def found(function: Any, array: Tree, *, axis: Tree = 0, **options: Tree) -> Type:
        return handler(function, array, axis, **options)

    return found


def _reduceat(
    function: Any, array: Tree, indices: Tree, *, axis: Tree = 0, dtype: Tree = None
) -> Type:
    type_, at = operand_type(array), operand_type(indices)
    shape, count = list(known_shape(type_)), known_shape(at)
    shape[axis_in(axis, len(shape))] = count[0]
    name = None if dtype is None else np.dtype(dtype_called(dtype))
    places = ("const", "tuple", (0,))
    found = learn(function, describe(type_._replace(shape=(2,))), places, dtype=name)
    return made_of(tuple(shape), *found)


@handles("quantile percentile nanquantile nanpercentile")
def _quantile(
    function: Callable[..., Any],
    a: Tree,
    q: Tree,
    axis: Tree = None,
    *,
    keepdims: Tree = False,
    method: Tree = "linear",
    weights: Tree = None,
) -> Type:
    at, plain = operand_type(q), _reduce(np.median, a, axis, keepdims=keepdims)
    if plain.shape is None or at.shape is None or plain.dtype is None or at.dtype is None:
        raise Unknown
    found = learn(
        function, describe(operand_type(a), 1), describe(at, min(len(at.shape), 1)), method=method
    )
    kind, dtype = found if weights is None else ("array", found[1])
    return made_of(at.shape + plain.shape, kind, dtype)


OF_UFUNCS: dict[str, Handler] = {
    "reduce": _along_first(_reduce),
    "accumulate": _along_first(_cumulative),
    "reduceat": _reduceat,
}
