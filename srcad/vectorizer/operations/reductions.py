"""Reductions, and what runs along an axis, over another."""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import type_of
from srcad.core import ops
from srcad.core.nodes import Let, Slice, Tree
from srcad.vectorizer.operations.table import Handler, by_definition, every_axis, handles, shifted

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


_ONE_AXIS = {np.argmax, np.argmin, np.nanargmax, np.nanargmin}


_NO_OP = {
    np.sum,
    np.prod,
    np.mean,
    np.max,
    np.min,
    np.amax,
    np.amin,
    np.median,
    np.nansum,
    np.nanprod,
    np.nanmean,
}


@handles("sum prod mean max min amax amin var std any all argmax argmin count_nonzero ptp")
@handles("nansum nanprod nanmean nanmax nanmin nanstd nanvar nanargmax nanargmin")
def reduction(b: Batch, let: Let) -> Any:
    """
    s = np.sum(g)              ->        s = np.sum(g, axis=1)            (g has one axis; with two: axis=(1, 2))
    s = np.sum(g, axis=0)      ->        s = np.sum(g, axis=1)

    A mask has the axis where its values have, and then all axes of what is reduced.
    """
    beside = {key: option for key, option in let.options if key in ("where", "mean", "initial")}
    let = let.renewed(options=tuple(item for item in let.options if item[0] not in beside))
    (a,), options = b.bound(let)
    rank = b.rank(a)
    begin = beside.pop("initial") if b.is_batched(beside.get("initial")) else None
    if begin is not None and let.op.function not in _BEGINNINGS:
        b.refuse(f"`initial=` of `{let.op.name}` is batched")
    join, neutral = _BEGINNINGS.get(let.op.function, (None, None))
    if begin is not None and neutral is not None:
        options["initial"] = neutral
    for key, option in beside.items():
        lifts = b.is_batched(option)
        options[key] = b.lift(option, max(rank, 1) - b.rank(option)) if lifts else option
    if b.is_batched(a) or b.is_batched(list(beside.values())):
        made = _reduced(b, let, a, options)
    else:
        made = b.again(let.op, b.get(a), **options)
    if begin is None:
        return made
    # NumPy begins with one number for all: where each row has its own, that comes in afterwards.
    return b.emit(join, made, b.lift(begin, b.target.type.rank))


_BEGINNINGS: dict[Any, tuple[Any, float | None]] = {
    np.sum: (ops.add, None),
    np.prod: (ops.multiply, None),
    np.max: (np.maximum, -math.inf),
    np.min: (np.minimum, math.inf),
    np.nansum: (ops.add, None),
    np.nanprod: (ops.multiply, None),
    **{f.reduce: (f, None) for f in (np.logaddexp, np.logaddexp2, np.hypot)},
}


def _reduced(b: Batch, let: Let, a: Tree, options: dict[str, Any]) -> Any:
    rank, function = b.rank(a), let.op.function
    if not rank:
        dtype = type_of(a).dtype
        if (
            function in _NO_OP
            and not options.keys() - {"axis", "keepdims"}
            and dtype
            and dtype == b.target.type.dtype
        ):
            return b.get(a)
        options.pop("keepdims", None)
        return b.again(let.op, b.widened(b.rows(a), 1), **{**options, "axis": 1})
    axis = options.pop("axis", None)
    if axis is not None:
        return b.again(let.op, b.rows(a), **options, axis=shifted(b, axis))
    if function in _ONE_AXIS:
        if options.get("keepdims"):
            b.refuse(f"`{let.op.name}` of all axes, kept")
        return b.again(let.op, b.flat(a), **options, axis=1)
    return b.again(let.op, b.rows(a), **options, axis=every_axis(rank))


@handles("median nanmedian")
def middle(b: Batch, let: Let) -> Any:
    """As a reduction; of several axes at once NumPy cannot for an empty batch."""
    axis = dict(let.options).get("axis")
    if isinstance(axis, (tuple, list)) and len(axis) != 1:
        return by_definition(b, let)
    if axis is None and b.rank(let.args[0]) > 1:
        if dict(let.options).get("keepdims"):
            return by_definition(b, let)
        return b.emit(let.op, b.flat(let.args[0]), axis=1)
    return reduction(b, let)


@handles("quantile percentile nanquantile nanpercentile")
def quantile(b: Batch, let: Let) -> Any:
    """
    y = np.quantile(g, 0.5)    ->        y = np.quantile(g, 0.5, axis=1)
    y = np.quantile(x, g)      ->        y = np.quantile(x, g)             (the axes of g come first)
    """
    a, q = let.args
    options, front = dict(let.options), b.rank(q)
    if b.is_batched(options.get("weights")):
        b.refuse(f"`{let.op.name}` has the same weights for all rows: one call at a time")
    if b.is_batched(q):
        if b.is_batched(a):
            b.refuse(f"`{let.op.name}` has the same quantiles for all rows: one call at a time")
        if not front:
            return b.emit(let.op, b.get(a), b.get(q), **options)
        made = b.emit(let.op, b.get(a), b.emit(np.ravel, b.get(q)), **options)
        rest = b.emit(ops.getitem, b.emit(ops.shape, made), Slice(1, None))
        return b.emit(np.reshape, made, shape=b.emit(ops.add, b.shape(q), rest))
    axis = options.pop("axis", None)
    of_several = isinstance(axis, (tuple, list)) or (axis is None and options.get("keepdims"))
    if of_several or (front and let.op.function in (np.nanquantile, np.nanpercentile)):
        return by_definition(b, let)  # what NumPy cannot of an empty batch
    if axis is None:
        a, axis = b.flat(a), 0
    else:
        a = b.get(a)
    made = b.emit(let.op, a, b.get(q), axis=shifted(b, axis), **options)
    return b.emit(np.moveaxis, made, source=front, destination=0) if front else made


@handles("unique histogram histogram2d")
def ragged(b: Batch, let: Let) -> Any:
    b.refuse(
        f"the rows of `{let.op.name}` are of different lengths, or have edges of their own: one call at a time"
    )


@handles(np.linalg.norm)
def norm(b: Batch, let: Let) -> Any:
    (x,), options = b.bound(let)
    rank, axis = b.rank(x), options.pop("axis", None)
    if axis is not None:
        axis = shifted(b, axis)
    elif rank in (1, 2):
        axis = every_axis(rank)
    elif options.get("ord") is not None or options.get("keepdims"):
        b.refuse("this norm of more than two axes at once")
    else:
        return b.emit(let.op, b.flat(x), axis=1) if rank else b.emit(builtins.abs, b.get(x))
    return b.again(let.op, b.get(x), **options, axis=axis)


@handles("cumsum cumprod nancumsum nancumprod take repeat sort argsort partition argpartition")
def flattening(b: Batch, let: Let) -> Any:
    """Along an axis; of all axes as one, where there is none.

    s = np.cumsum(g)           ->        s = np.cumsum(g, axis=1)
    """
    (a,), options = b.bound(let)
    function = let.op.function
    if function in (np.sort, np.argsort, np.partition, np.argpartition):
        options.setdefault("axis", -1)
    axis = options.pop("axis", None)
    if axis is None:
        return b.again(let.op, b.flat(a), **options, axis=1)
    if not b.rank(a):
        b.refuse("an axis of a number")
    return b.again(let.op, b.get(a), **options, axis=shifted(b, axis))


@handles("take_along_axis")
def taken(b: Batch, let: Let) -> Any:
    """
    y = np.take_along_axis(g, i, axis=0)   ->    y = np.take_along_axis(g, i[None], axis=1)
    """
    (a, places), options = [*let.args], dict(let.options)
    axis = options.get("axis", -1)
    if axis is None:
        a = b.flat(a) if b.is_batched(a) else b.emit(np.reshape, b.get(a), shape=(1, -1))
    else:
        a = b.get(a) if b.is_batched(a) else b.emit(ops.getitem, b.get(a), None)
    i = b.get(places) if b.is_batched(places) else b.emit(ops.getitem, b.get(places), None)
    return b.emit(let.op, a, i, axis=1 if axis is None else shifted(b, axis))


def along_first(b: Batch, let: Let) -> Any:
    """`np.logaddexp.reduce(g)` runs along the first axis."""
    options = {"axis": 0, **dict(let.options)}
    let = let.renewed(options=tuple(options.items()))
    return reduction(b, let) if let.op.function.__name__ == "reduce" else flattening(b, let)


def by_segments(b: Batch, let: Let) -> Any:
    a, places = let.args
    options = {"axis": 0, **dict(let.options)}
    options["axis"] = shifted(b, options["axis"])
    if b.is_batched(places):
        b.refuse(f"`{let.op.name}` of other segments for each row")
    return b.emit(let.op, b.get(a), b.get(places), **options)


of_ufunc: dict[str, Handler] = {
    "reduce": along_first,
    "accumulate": along_first,
    "reduceat": by_segments,
}


@handles("diff trapezoid trapz")
def along(b: Batch, let: Let) -> Any:
    """Along an axis, the last by default."""
    (a,), options = b.bound(let)
    at = options.get("x")
    if options.keys() - {"axis", "n", "x", "dx"} or not (at is None or type_of(at).rank == 1):
        b.refuse(f"these options of `{let.op.name}`")
    if "axis" in options:
        options["axis"] = shifted(b, options["axis"])
    return b.again(let.op, b.get(a), **options)


@handles("flip roll")
def turning(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    rank, axis = b.rank(a), options.pop("axis", None)
    if not rank:
        return b.get(a)
    if axis is None and let.op.function is np.roll and rank > 1:
        rolled = b.again(let.op, b.flat(a), **options, axis=1)
        return b.emit(np.reshape, rolled, shape=b.shape(a))
    return b.again(
        let.op, b.get(a), **options, axis=every_axis(rank) if axis is None else shifted(b, axis)
    )
