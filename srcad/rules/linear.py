"""Transposes of linear operations: how a cotangent of the result comes back to the operands.

The vocabulary that derivatives need beyond NumPy is here too, so that what is emitted can be differentiated again.
"""

from __future__ import annotations

import math
import operator
from functools import reduce
from itertools import accumulate
from typing import Any

import numpy as np

from srcad import runtime
from srcad.core import ops
from srcad.core.quote import (
    RankUnknown,
    Symbol,
    call,
    may_be_complex,
    put,
    put_add,
    rank,
    sizes,
    spread,
    sum_to,
)
from srcad.core.types import Size
from srcad.rules.families import linear

__all__ = ["along", "axes_of", "count_of", "known", "restore"]


# Tools of the rules.


def axes_of(axis: Any, x: Any) -> tuple[int, ...]:
    """The axes that an option names, counted from the left and sorted. Raises RankUnknown, NotImplementedError."""
    if axis is None:
        return tuple(range(rank(x)))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    if not all(isinstance(one, (int, np.integer)) for one in axes):
        raise NotImplementedError(
            "the axis is not known when the derivative is written; pass a literal"
        )
    if _rank(x) == 0:
        return ()  # NumPy takes the axes 0 and -1 of a number
    return tuple(sorted(int(one) % rank(x) if one < 0 else int(one) for one in axes))


def along(axis: int, part: Any, x: Any) -> Any:
    """The index that is `part` on one axis of `x` and everything on the others: `x[:, part]`, `x[..., part]`."""
    if _rank(x) == 0:
        raise NotImplementedError("an axis of what has none; leave it out")
    try:
        (axis,) = axes_of(axis, x)
    except RankUnknown:
        if axis < 0:
            return (Ellipsis, part, *(slice(None) for _ in range(-1 - axis)))
    return (*(slice(None) for _ in range(axis)), part) if axis else part


def restore(y_bar: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """What a reduction of `x` gave, with lost axes inserted where broadcasting would not do it: `y_bar[:, None]`."""
    if axis is None or keepdims:
        return y_bar
    try:
        lost = axes_of(axis, x)
        if lost == tuple(range(len(lost))):
            return y_bar
        return y_bar[tuple(None if one in lost else slice(None) for one in range(rank(x)))]
    except RankUnknown:
        return np.expand_dims(y_bar, axis)


def count_of(a: Any, axis: Any) -> Any:
    """How many elements a reduction takes together."""
    if axis is None:
        return np.size(a)
    shape = np.shape(a)
    return _product([shape[one] for one in (axis if isinstance(axis, (tuple, list)) else (axis,))])


def _product(sizes: list[Any]) -> Any:
    """The product of sizes, without a factor of 1."""
    return reduce(operator.mul, sizes) if sizes else 1


def known(value: Any, what: str) -> Any:
    """An option that must be a literal."""
    if isinstance(value, Symbol):
        raise NotImplementedError(
            f"{what} is not known when the derivative is written; pass a literal"
        )
    return value


def _rank(x: Any) -> float:
    """The rank, or infinity where it is not proven."""
    try:
        return rank(x)
    except RankUnknown:
        return math.inf


def _floating(dtype: Any, x: Any) -> None:
    if dtype is None:
        return
    if isinstance(dtype, Symbol):
        dtype = dtype.value.type.dtype
    if dtype is None or np.dtype(dtype).kind not in "fc":
        raise NotImplementedError(
            "only a conversion to a floating dtype given by name has a derivative"
        )
    if np.dtype(dtype).kind == "f" and may_be_complex(x):
        raise NotImplementedError("it drops the imaginary part; write `x.real`")


@linear(np.trace)
def trace(
    y_bar: Any, a: Any, *, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None
) -> Any:
    _floating(dtype, a)
    row, column = _two_axes(axis1, axis2, a)
    n, m = np.shape(a)[row], np.shape(a)[column]
    place = {"k": offset} if known(offset, "the offset") else {}
    ones = call(np.eye, n, m, **place, dtype=_dtype(a))
    if rank(a) == 2 and row < column:
        return y_bar * ones
    gone = {row, column}
    ones = ones if row < column else ones.T
    ones = _aligned(ones, [i in gone for i in range(rank(a))])
    return _aligned(y_bar, [i not in gone for i in range(rank(a))]) * ones


def _two_axes(axis1: Any, axis2: Any, a: Any) -> tuple[int, int]:
    return known(axis1, "axis1") % rank(a), known(axis2, "axis2") % rank(a)


def _aligned(x: Any, has: list[bool]) -> Any:
    """`x`, whose axes are those of an array that it `has`, with axes of length 1 where broadcasting would not add them."""
    if not any(has):
        return x
    has = has[has.index(True) :]
    return x if all(has) else x[tuple(slice(None) if one else None for one in has)]


# Changes of shape and order.


@linear(np.reshape)
def reshape(
    y_bar: Any, a: Any, *, shape: Any = None, newshape: Any = None, order: Any = "C"
) -> Any:
    return _unreshape(y_bar, a, order)


@linear(np.ravel, np.ndarray.flatten)
def ravel(y_bar: Any, a: Any, *, order: Any = "C") -> Any:
    return _unreshape(y_bar, a, order)


def _reshaped(y_bar: Any, a: Any, **options: Any) -> Any:
    """In the shape of `a`; quoted although the cotangent may be a literal."""
    return call(np.reshape, y_bar, np.shape(a), **options)


def _unreshape(y_bar: Any, a: Any, order: Any) -> Any:
    if order not in ("C", "F"):
        raise NotImplementedError(
            f"order={order!r} depends on how the array lies in memory; pass 'C' or 'F'"
        )
    options = {} if order == "C" else {"order": order}
    if _rank(a) == 1:
        return call(np.ravel, y_bar, **options)
    return _reshaped(y_bar, a, **options)


@linear(np.transpose)
def transpose(y_bar: Any, a: Any, *, axes: Any = None) -> Any:
    if axes is None:
        return y_bar.T if _rank(a) > 1 else y_bar
    return np.transpose(y_bar, tuple(map(int, np.argsort(np.asarray(axes) % len(axes)))))


@linear(np.swapaxes)
def swapaxes(y_bar: Any, a: Any, *, axis1: Any, axis2: Any) -> Any:
    return np.swapaxes(y_bar, axis1, axis2)


@linear(np.moveaxis)
def moveaxis(y_bar: Any, a: Any, *, source: Any, destination: Any) -> Any:
    return np.moveaxis(y_bar, destination, source)


@linear(np.squeeze)
def squeeze(y_bar: Any, a: Any, *, axis: Any = None) -> Any:
    return _reshaped(y_bar, a) if axis is None else np.expand_dims(y_bar, axis)


@linear(np.expand_dims)
def expand_dims(y_bar: Any, a: Any, *, axis: Any) -> Any:
    return np.squeeze(y_bar, axis)


@linear(np.atleast_1d, np.atleast_2d, np.atleast_3d)
def atleast(y_bar: Any, *arys: Any) -> Any:
    if len(arys) != 1:
        return tuple(
            spread(0.0, x) if bar is None else atleast(bar, x) for bar, x in zip(y_bar, arys)
        )
    if _rank(arys[0]) == 0:
        return y_bar[(0,) * rank(y_bar)] if rank(y_bar) > 1 else y_bar[0]
    return _reshaped(y_bar, arys[0])


@linear(np.broadcast_to)
def broadcast_to(y_bar: Any, array: Any, *, shape: Any) -> Any:
    return sum_to(y_bar, array)


@linear(np.flip)
def flip(y_bar: Any, m: Any, *, axis: Any = None) -> Any:
    return np.flip(y_bar) if axis is None else np.flip(y_bar, axis)


@linear(np.roll)
def roll(y_bar: Any, a: Any, *, shift: Any, axis: Any = None) -> Any:
    back = type(shift)(-one for one in shift) if isinstance(shift, (tuple, list)) else -shift
    return np.roll(y_bar, back) if axis is None else np.roll(y_bar, back, axis)


@linear(np.tril, signature="(m,n)->(m,n)")
def tril(y_bar: Any, m: Any, *, k: Any = 0) -> Any:
    _of_matrices(m, "np.tril")
    return np.tril(y_bar, k)


def _of_matrices(m: Any, name: str) -> None:
    if _rank(m) == 1:
        raise NotImplementedError(f"of a vector; write {name}(np.tile(x, (x.size, 1)))")


@linear(np.triu, signature="(m,n)->(m,n)")
def triu(y_bar: Any, m: Any, *, k: Any = 0) -> Any:
    _of_matrices(m, "np.triu")
    return np.triu(y_bar, k)


@linear(np.diag)
def diag(y_bar: Any, v: Any, *, k: Any = 0) -> Any:
    if rank(v) == 1 or (_is_square(v) and known(k, "the diagonal's offset") == 0):
        return np.diag(y_bar, k) if rank(v) == 1 else np.diag(y_bar)
    return _undiagonal(y_bar, v, k)


def _is_square(a: Any) -> bool:
    """Whether both axes are known to have one size, whatever it is."""
    rows, columns = sizes(a) or (0, 0)
    return isinstance(rows, Size) and isinstance(columns, Size) and rows[:2] == columns[:2]


@linear(np.diagonal)
def diagonal(y_bar: Any, a: Any, *, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    row, column = _two_axes(axis1, axis2, a)
    if rank(a) == 2 and row < column:
        return _undiagonal(y_bar, a, offset)
    i = call(np.arange, np.shape(y_bar)[-1])
    index = (
        *(slice(None) for _ in range(rank(a) - 2)),
        *_on_diagonal(i, known(offset, "the offset")),
    )
    a_bar, last = np.zeros_like(a), (rank(a) - 2, rank(a) - 1)
    if (row, column) == last:
        return put(a_bar, index, y_bar)
    a_bar = put(np.moveaxis(a_bar, (row, column), last), index, y_bar)
    return np.moveaxis(a_bar, last, (row, column))


def _undiagonal(y_bar: Any, a: Any, k: Any) -> Any:
    i = call(np.arange, np.size(y_bar))
    return put(np.zeros_like(a), _on_diagonal(i, known(k, "the diagonal's offset")), y_bar)


def _on_diagonal(i: Any, k: int) -> tuple[Any, Any]:
    """Rows and columns of the elements of a diagonal."""
    return (i, i + k) if k > 0 else (i - k, i) if k else (i, i)


def _dtype(a: Any) -> Any:
    return call(runtime.dtype_of, a)


# Several arrays.


@linear(np.concatenate)
def concatenate(
    y_bar: Any, arrays: Any, *, axis: Any = 0, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    _floating(dtype, arrays)
    if not isinstance(arrays, (tuple, list)) and isinstance(axis, int) and axis == 0:
        return _reshaped(y_bar, arrays)
    arrays = _several(arrays, "np.concatenate")
    if axis is None:
        parts = _cut([np.size(a) for a in arrays])
        return (tuple(np.reshape(y_bar[part], np.shape(a)) for part, a in zip(parts, arrays)),)
    axis = known(axis, "the axis")
    parts = _cut([np.shape(a)[axis] for a in arrays])
    return (tuple(y_bar[along(axis, part, arrays[0])] for part in parts),)


@linear(np.stack)
def stack(
    y_bar: Any, arrays: Any, *, axis: Any = 0, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    _floating(dtype, arrays)
    axis = known(axis, "the axis")
    if not isinstance(arrays, (tuple, list)):
        return np.moveaxis(y_bar, axis, 0) if axis else y_bar
    arrays = _several(arrays, "np.stack")
    return (tuple(y_bar[along(axis, i, y_bar)] for i in range(len(arrays))),)


@linear(np.vstack)
def vstack(y_bar: Any, tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    _floating(dtype, tup)
    if not isinstance(tup, (tuple, list)):
        return _reshaped(y_bar, tup)
    return _joined(y_bar, tup, 0, lambda a: 1 if rank(a) < 2 else np.shape(a)[0], 2)


@linear(np.hstack)
def hstack(y_bar: Any, tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    _floating(dtype, tup)
    tup = _several(tup, "np.hstack")
    axis = int(rank(tup[0]) > 1)
    return _joined(y_bar, tup, axis, lambda a: 1 if rank(a) == 0 else np.shape(a)[axis], 1)


@linear(np.column_stack)
def column_stack(y_bar: Any, tup: Any) -> Any:
    return _joined(y_bar, tup, 1, lambda a: 1 if rank(a) < 2 else np.shape(a)[1], 2)


def _joined(y_bar: Any, arrays: Any, axis: int, size: Any, least: int) -> Any:
    """Each array's part of a join along `axis`; one with fewer than `least` axes is a single row or column of it."""
    arrays = _several(arrays, "a join")
    cotangents = []
    for a, part in zip(arrays, _cut([size(a) for a in arrays])):
        start = 0 if part.start is None else part.start
        place: tuple[Any, ...] = (part if rank(a) >= least else start,)
        if least == 2 and rank(a) == 0:
            place = (0, *place) if axis else (*place, 0)
        elif axis:
            place = (slice(None), *place)
        cotangents.append(y_bar[place if len(place) > 1 else place[0]])
    return (tuple(cotangents),)


def _several(arrays: Any, name: str) -> Any:
    if not isinstance(arrays, (tuple, list)):
        raise NotImplementedError(f"{name} of one array; give it a tuple or list of arrays")
    return arrays


def _cut(sizes: list[Any]) -> list[slice]:
    """Neighbouring slices of the given sizes: `[:n]`, `[n:n + m]`, `[n + m:]`."""
    ends = list(accumulate(sizes))
    starts = [None, *ends[:-1]]
    return [slice(start, end) for start, end in zip(starts, [*ends[:-1], None])]


# Creation, copies and conversions.


@linear(np.array, np.asarray, np.asanyarray)
def array(
    y_bar: Any,
    object: Any,
    *,
    dtype: Any = None,
    copy: Any = None,
    order: Any = "K",
    ndmin: Any = 0,
) -> Any:
    _floating(dtype, object)
    if ndmin:
        front = rank(y_bar) - _depth(object)
        y_bar = y_bar[(0,) * front if front > 1 else 0] if front else y_bar
    return (_leaves(y_bar, object, ()),)


@linear(np.ascontiguousarray)
def ascontiguousarray(y_bar: Any, a: Any, *, dtype: Any = None) -> Any:
    """With one axis at least."""
    _floating(dtype, a)
    if isinstance(a, (tuple, list)) or 0 < _rank(a) < math.inf:
        return (_leaves(y_bar, a, ()),)
    return (y_bar[0] if _rank(a) == 0 else sum_to(y_bar, a),)


def _depth(tree: Any) -> int:
    """The axes of the array that a tree makes."""
    if isinstance(tree, (tuple, list)):
        return 1 + (_depth(tree[0]) if tree else 0)
    return rank(tree)


def _leaves(y_bar: Any, tree: Any, index: tuple[int, ...]) -> Any:
    if isinstance(tree, (tuple, list)):
        return type(tree)(_leaves(y_bar, part, (*index, i)) for i, part in enumerate(tree))
    return y_bar[index if len(index) > 1 else index[0]] if index else y_bar


@linear(np.copy, ops.move.function)
def copy(y_bar: Any, a: Any, *, order: Any = "K") -> Any:
    return y_bar


@linear(np.ndarray.astype, *([np.astype] if hasattr(np, "astype") else []), wrt=(0,))
def astype(y_bar: Any, x: Any, dtype: Any, *, copy: Any = True) -> Any:
    _floating(dtype, x)
    return runtime_cast(y_bar, x), None


@linear(np.float16, np.float32, np.float64, np.longdouble, on_complex="refuse")
def scalar(y_bar: Any, value: Any) -> Any:
    return runtime_cast(y_bar, value)


@linear(np.full, wrt=(1,), broadcasts=True)
def full(y_bar: Any, shape: Any, fill_value: Any, *, dtype: Any = None, order: Any = "C") -> Any:
    _floating(dtype, fill_value)
    return None, y_bar


@linear(np.full_like, wrt=(1,), broadcasts=True)
def full_like(y_bar: Any, a: Any, fill_value: Any, *, dtype: Any = None, order: Any = "K") -> Any:
    _floating(dtype, fill_value)
    return None, y_bar


@linear(np.linspace, broadcasts=True)
def linspace(
    y_bar: Any,
    start: Any,
    stop: Any,
    *,
    num: Any = 50,
    endpoint: Any = True,
    dtype: Any = None,
    axis: Any = 0,
) -> Any:
    _floating(dtype, (start, stop))
    ends = {} if endpoint else {"endpoint": False}
    t = call(np.linspace, 0.0, 1.0, num, **ends, dtype=_dtype(y_bar))
    (place,) = axes_of(axis, y_bar)
    behind = (None,) * (rank(y_bar) - 1 - place)
    t = t[(slice(None), *behind)] if behind else t
    return np.sum((1 - t) * y_bar, axis=axis), np.sum(t * y_bar, axis=axis)


@linear(np.ldexp, math.ldexp, wrt=(0,), broadcasts=True)
def ldexp(y_bar: Any, x1: Any, x2: Any) -> Any:
    return np.ldexp(y_bar, x2), None


@linear(np.where, wrt=(1, 2), broadcasts=True)
def where(y_bar: Any, condition: Any, x: Any, y: Any) -> Any:
    return None, np.where(condition, y_bar, 0), np.where(condition, 0, y_bar)


# Indexing, stores as values, and the helpers of derivatives.


@linear(operator.getitem, wrt=(0,))
def getitem(y_bar: Any, a: Any, index: Any) -> Any:
    back = _inverse(index)
    if back is None:
        return put_add(np.zeros_like(a), index, y_bar), None
    if all(
        part is Ellipsis or (isinstance(part, slice) and part.step in (None, 1)) for part in back
    ):
        return y_bar, None
    return y_bar[back if isinstance(index, tuple) else back[0]], None


def _inverse(index: Any) -> tuple[Any, ...] | None:
    """The index that undoes one which only inserts axes and turns round (`[:, None]` by `[:, 0]`), or None."""
    parts = index if isinstance(index, tuple) else (index,)
    if not all(part is None or part is Ellipsis or _is_turn(part) for part in parts):
        return None
    return tuple(0 if part is None else part for part in parts)


def _is_turn(part: Any) -> bool:
    """Whether a part of an index is `:` or `::-1`."""
    if not isinstance(part, slice) or part.start is not None or part.stop is not None:
        return False
    return part.step is None or (isinstance(part.step, int) and part.step in (1, -1))


@linear(runtime.put, wrt=(0, 2))
def put_rule(y_bar: Any, base: Any, index: Any, value: Any, *, fresh: Any = False) -> Any:
    """Where an array of indices names a place twice, the last value stands there: only that one gets its cotangent.

    Where nothing stood before (`fresh`), it does not matter what the cotangent of that is.
    """
    item = y_bar[index]
    if any(map(_may_repeat, index if isinstance(index, tuple) else (index,))):
        number = np.reshape(call(np.arange, np.size(item)), np.shape(item))
        stored = put(np.zeros_like(y_bar, dtype=int), index, number)
        item = np.where(stored[index] == number, item, 0)
    return y_bar if fresh else put(y_bar, index, 0), None, sum_to(item, value)


def _may_repeat(part: Any) -> bool:
    """Whether a part of an index may be an array of integers, which may name a place twice."""
    if isinstance(part, Symbol):
        type = part.value.type
        return type.dtype != "bool" and type.rank != 0 and type.kind in ("array", "any")
    if isinstance(part, list):
        places = {one for one in part if isinstance(one, int) and one >= 0}
        return len(places) < len(part)
    return isinstance(part, np.ndarray) and part.dtype != bool and part.ndim > 0


@linear(runtime.put_add, wrt=(0, 2))
def put_add_rule(y_bar: Any, base: Any, index: Any, value: Any) -> Any:
    return y_bar, None, sum_to(y_bar[index], value)


@linear(runtime.sum_to, wrt=(0,))
def sum_to_rule(y_bar: Any, x_bar: Any, x: Any) -> Any:
    return spread(y_bar, x_bar), None


@linear(runtime.spread, wrt=(0,))
def spread_rule(y_bar: Any, x_bar: Any, x: Any) -> Any:
    return sum_to(y_bar, x_bar), None


@linear(runtime.cast, wrt=(0,))
def cast_rule(y_bar: Any, x_bar: Any, x: Any) -> Any:
    return runtime_cast(y_bar, x_bar), None


@linear(runtime.own)
def own_rule(y_bar: Any, x: Any) -> Any:
    return y_bar


@linear(runtime.result, wrt=(0,))
def result_rule(y_bar: Any, x_bar: Any, x: Any) -> Any:
    return sum_to(y_bar, x_bar), None


def runtime_cast(y_bar: Any, x: Any) -> Any:
    return call(runtime.cast, y_bar, x)
