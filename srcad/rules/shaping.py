"""Shapes, joins and selections, by what they are in terms of indexing, reshaping, joining and broadcasting."""

from __future__ import annotations

import builtins
import functools
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from srcad import runtime
from srcad.core.quote import Symbol, call, put, put_add, rank, sizes
from srcad.core.types import never_one
from srcad.rules.chain import numeric
from srcad.rules.derived import derived
from srcad.rules.linear import along, known

__all__: list[str] = []


# Tools.


def _axis(axis: Any, x: Any) -> int:
    """One axis, counted from the left."""
    return int(known(axis, "the axis")) % max(rank(x), 1)


def _flat(x: Any) -> Any:
    return x if rank(x) == 1 else np.reshape(x, (-1,))


def _dtype(x: Any) -> Any:
    return call(runtime.dtype_of, x)


def _shape(x: Any) -> list[Any]:
    return [np.shape(x)[axis] for axis in range(rank(x))]


def _is(count: Any, number: int) -> bool:
    """Whether a count is known to be this one."""
    return not isinstance(count, Symbol) and int(count) == number


def _array(x: Any) -> Any:
    """A list that holds operands as the array that it makes."""
    return call(np.array, x) if isinstance(x, (tuple, list)) else x


# Turns.


def _turned_back(y_bar: Any, m: Any, *, k: Any = 1, axes: Any = (0, 1)) -> Any:
    options = {} if tuple(axes) == (0, 1) else {"axes": axes}
    return np.rot90(y_bar, -k, **options)


@derived(np.rot90, linear=True, pullback=_turned_back)
def rot90(m: Any, *, k: Any = 1, axes: Any = (0, 1)) -> Any:
    turns = known(k, "the number of turns") % 4
    if turns % 2 == 0:
        return np.flip(m, axes) if turns else m
    if turns == 1:
        m = np.flip(m, axes[1])
    order = list(range(rank(m)))
    order[axes[0]], order[axes[1]] = order[axes[1]], order[axes[0]]
    m = np.transpose(m, order)
    return m if turns == 1 else np.flip(m, axes[1])


@derived(np.fliplr, linear=True, memory="view")
def fliplr(m: Any) -> Any:
    return m[:, ::-1]


@derived(np.flipud, linear=True, memory="view")
def flipud(m: Any) -> Any:
    return m[::-1]


@derived(np.rollaxis, linear=True, memory="view")
def rollaxis(a: Any, *, axis: Any, start: Any = 0) -> Any:
    axis, start = _axis(axis, a), known(start, "the start")
    start = start + rank(a) if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if start > axis else start)


@derived(np.matrix_transpose, linear=True, memory="view")
def matrix_transpose(x: Any) -> Any:
    return x.T if rank(x) == 2 else np.swapaxes(x, -1, -2)


@derived(np.diagflat, linear=True, memory="fresh")
def diagflat(v: Any, *, k: Any = 0) -> Any:
    return np.diag(_flat(v), k) if k else np.diag(_flat(v))


# Repetition.


@derived(np.tile, linear=True, memory="fresh")
def tile(A: Any, *, reps: Any) -> Any:
    """Each axis is a pair of (repeats, length), flattened."""
    reps = list(reps) if isinstance(reps, (tuple, list)) else [reps]
    if any(isinstance(count, Symbol) and rank(count) for count in reps):
        raise NotImplementedError("the repeats are an array; pass a tuple of integers")
    new = len(reps) - rank(A)
    return _repeated(A, [1] * -new + reps, [None] * new + _shape(A), inner=False)


@derived(np.repeat, linear=True, memory="fresh")
def repeat(a: Any, *, repeats: Any, axis: Any = None) -> Any:
    """By one number an axis of pairs (length, repeats), flattened; by many numbers the places repeated."""
    if axis is None or rank(a) == 0:
        a, axis = _flat(a), 0
    axis = _axis(axis, a)
    if isinstance(repeats, (tuple, list)) and len(repeats) == 1:
        (repeats,) = repeats
    if isinstance(repeats, (tuple, list)) or rank(repeats):
        places = call(np.arange, np.shape(a)[axis])
        return a[along(axis, call(np.repeat, places, repeats), a)]
    counts = [repeats if one == axis else 1 for one in range(rank(a))]
    return _repeated(a, counts, _shape(a), inner=True)


def _repeated(a: Any, counts: list[Any], lengths: list[Any], *, inner: bool) -> Any:
    """Each axis (None: one that is not there yet) so many times, element by element (`inner`) or all of it."""
    index: list[Any] = []
    between: list[Any] = []
    after: list[Any] = []
    for count, length in zip(counts, lengths):
        if length is None or _is(count, 1):
            index.append(None if length is None else slice(None))
            between.append(count if length is None else length)
            after.append(between[-1])
            continue
        index += [slice(None), None] if inner else [None, slice(None)]
        between += [length, count] if inner else [count, length]
        after.append(count * length)
    if all(part == slice(None) for part in index):
        return np.copy(a)
    while index and index[-1] == slice(None):
        index.pop()
    spread = call(np.broadcast_to, a[tuple(index) if len(index) > 1 else index[0]], tuple(between))
    return spread if len(between) == len(after) else np.reshape(spread, tuple(after))


@derived(np.resize, linear=True, memory="fresh")
def resize(a: Any, *, new_shape: Any) -> Any:
    """The elements over and over, as many as there is room for."""
    shape = tuple(new_shape) if isinstance(new_shape, (tuple, list)) else (new_shape,)
    total: Any = 1
    for size in shape:
        total = size if _is(total, 1) else total * size
    places = call(np.arange, total) % np.size(a)
    made = _flat(a)[places]
    return made if len(shape) == 1 else np.reshape(made, shape)


# Joins.


def _arrays(arrays: Any, name: str) -> list[Any]:
    if not isinstance(arrays, (tuple, list)):
        raise NotImplementedError(f"{name} of one array; give it a tuple or list of arrays")
    return list(arrays)


@derived(np.dstack, linear=True, memory="fresh")
def dstack(tup: Any) -> Any:
    return np.concatenate([np.atleast_3d(a) for a in _arrays(tup, "np.dstack")], axis=2)


@derived(np.append, linear=True, memory="fresh")
def append(arr: Any, values: Any, *, axis: Any = None) -> Any:
    if axis is None:
        return np.concatenate((_as_vector(arr), _as_vector(values)))
    return np.concatenate((_array(arr), _array(values)), axis=axis)


def _as_vector(x: Any) -> Any:
    x = _array(x)
    return call(np.atleast_1d, x) if rank(x) == 0 else _flat(x)


@derived(np.block, linear=True, memory="fresh")
def block(arrays: Any) -> Any:
    """The innermost lists are joined along the last axis, those around them along the one before, and so on."""
    deep = _depth(arrays)
    axes = max([deep, *(rank(leaf) for leaf in _leaves(arrays))])

    def joined(tree: Any, depth: int) -> Any:
        if not isinstance(tree, (tuple, list)):
            missing = axes - rank(tree)
            return call(np.reshape, tree, (1,) * missing + tuple(_shape(tree))) if missing else tree
        return np.concatenate([joined(part, depth + 1) for part in tree], axis=axes - deep + depth)

    return joined(arrays, 0) if deep else np.copy(arrays)


def _depth(tree: Any) -> int:
    return 1 + max(map(_depth, tree), default=0) if isinstance(tree, (tuple, list)) else 0


def _leaves(tree: Any) -> list[Any]:
    return [leaf for part in tree for leaf in _leaves(part)] if _depth(tree) else [tree]


# Parts of an array.


@derived(np.take, wrt=(0,), linear=True, memory="fresh")
def take(a: Any, indices: Any, *, axis: Any = None, mode: Any = "raise") -> Any:
    if axis is None:
        a, axis = _flat(a), 0
    axis = _axis(axis, a)
    if mode != "raise":
        indices = call(np.take, call(np.arange, np.shape(a)[axis]), indices, mode=mode)
    return a[along(axis, _listed(indices), a)]


def _listed(index: Any) -> Any:
    """An array of indices that may be given as a tuple."""
    return [_listed(part) for part in index] if isinstance(index, (tuple, list)) else index


@derived(sliding_window_view, linear=True, memory="view")
def windows(x: Any, *, window_shape: Any, axis: Any = None) -> Any:
    """The elements of each window stand along last axes of their own."""
    lengths = known(window_shape, "the window's shape")
    lengths = lengths if isinstance(lengths, (tuple, list)) else (lengths,)
    axes = range(rank(x)) if axis is None else known(axis, "axis")
    axes = [one % rank(x) for one in ([axes] if isinstance(axes, int) else axes)]
    if len(axes) != len(lengths):
        raise NotImplementedError("a length for each axis; give as many of both")
    for one, length in zip(axes, lengths):
        places = call(np.arange, np.shape(x)[one] - length + 1)[:, None] + call(np.arange, length)
        last = one + 1 == rank(x)
        x = np.take(x, places, axis=one)
        x = x if last else np.moveaxis(x, one + 1, -1)
    return x


@derived(np.compress, wrt=(1,), linear=True, memory="fresh")
def compress(condition: Any, a: Any, *, axis: Any = None) -> Any:
    if axis is None:
        a, axis = _flat(a), 0
    return a[along(_axis(axis, a), _where_true(condition), a)]


@derived(np.extract, wrt=(1,), linear=True, memory="fresh")
def extract(condition: Any, arr: Any) -> Any:
    return _flat(arr)[_where_true(condition)]


def _where_true(condition: Any) -> Any:
    """The places where a flat condition holds; of a literal one a list of them."""
    if numeric(condition):
        return np.flatnonzero(condition).tolist()
    return call(np.flatnonzero, condition)


def _final(places: Any, length: Any, count: Any) -> Any:
    """The places that new elements have in the end, of those in front of which they are put."""
    if isinstance(places, (tuple, list)):
        if min(places, default=0) < 0:
            raise NotImplementedError("places are counted from the end; count them from the left")
        order = sorted(range(len(places)), key=lambda i: places[i])
        return [places[i] + order.index(i) for i in range(len(places))]
    places = np.where(places < 0, places + length, places)
    return put_add(places, np.argsort(places, kind="stable"), call(np.arange, count))


def _filled(shape: Any, like: Any, *stores: tuple[Any, Any]) -> Any:
    """An array of zeros, into which values are stored; together they cover all of it."""
    made = call(np.zeros, tuple(shape), dtype=_dtype(like))
    for index, value in stores:
        made = call(runtime.put, made, index, value, fresh=True)
    return made


def _resized(a: Any, axis: int, size: Any) -> list[Any]:
    """The shape of an array, with another size on one axis."""
    return [size if one == axis else length for one, length in enumerate(_shape(a))]


def _is_place(obj: Any) -> bool:
    """Whether an operand is one place, counted from the left."""
    return isinstance(obj, int) and not isinstance(obj, bool) and obj >= 0


@derived(np.delete, wrt=(0,), linear=True, memory="fresh")
def delete(arr: Any, obj: Any, *, axis: Any = None) -> Any:
    if axis is None:
        arr, axis = _flat(arr), 0
    axis = _axis(axis, arr)
    length = np.shape(arr)[axis]
    if not _is_place(obj):
        keep = put(call(np.ones, length, dtype=bool), _listed(obj), False)
        return arr[along(axis, keep, arr)]
    ends = [arr[along(axis, part, arr)] for part in (slice(obj), slice(obj + 1, None))]
    return np.concatenate(ends, axis=axis)


def _deleted_again(y_bar: Any, arr: Any, obj: Any, values: Any, *, axis: Any = None) -> Any:
    if not _is_place(obj) or rank(arr) != 1 or rank(values):
        return NotImplemented
    return np.delete(y_bar, obj), None, y_bar[obj]


@derived(np.insert, wrt=(0, 2), linear=True, memory="fresh", pullback=_deleted_again)
def insert(arr: Any, obj: Any, values: Any, *, axis: Any = None) -> Any:
    values = _array(values)
    if axis is None:
        arr, axis = _flat(arr), 0
    axis, deep = _axis(axis, arr), rank(arr)
    if 0 < rank(values) < deep:
        values = call(np.reshape, values, (1,) * (deep - rank(values)) + tuple(_shape(values)))
    several = isinstance(obj, (tuple, list)) or (not isinstance(obj, slice) and rank(obj) > 0)
    if several and isinstance(obj, (tuple, list)) and len(obj) == 1:
        obj, several = obj[0], False
    elif not several and axis and rank(values):
        values = np.moveaxis(values, 0, axis)
    if isinstance(obj, slice) or (several and not _is_many(obj)):
        raise NotImplementedError("it is not known how many places these are; pass a list of them")
    if several:
        count = np.shape(obj)[0]
    else:
        count = np.shape(values)[axis] if rank(values) else 1
    if not several:
        shape = tuple(_resized(arr, axis, count))
        if rank(values):
            new = call(np.broadcast_to, values, shape)
        else:
            new = _filled(shape, arr, (Ellipsis, values))
        ends = [arr[along(axis, part, arr)] for part in (slice(obj), slice(obj, None))]
        return np.concatenate((ends[0], new, ends[1]), axis=axis)
    length = np.shape(arr)[axis]
    places = _final(obj, length, count)
    kept = put(call(np.ones, length + count, dtype=bool), places, False)
    stores = [(along(axis, kept, arr), arr), (along(axis, places, arr), values)]
    return _filled(_resized(arr, axis, length + count), arr, *stores)


def _is_many(places: Any) -> bool:
    """Whether an array of places has not one element, which would be as good as the number."""
    size = sizes(places)
    return isinstance(places, (tuple, list)) or (size is not None and never_one(size[0]))


# Several results.


def _cut_at(ary: Any, bounds: Any, axis: int) -> tuple[Any, ...]:
    """The pieces of an array between places along an axis."""
    pairs = zip([None, *bounds], [*bounds, None])
    return tuple(ary[along(axis, slice(start, stop), ary)] for start, stop in pairs)


def _joined_again(y_bar: Any, ary: Any, y: Any, *, indices_or_sections: Any, axis: Any = 0) -> Any:
    if any(part is None for part in y_bar):
        return NotImplemented
    return np.concatenate(y_bar, **({"axis": axis} if axis else {}))


@derived(np.split, pullback=_joined_again)
def split(ary: Any, *, indices_or_sections: Any, axis: Any = 0) -> Any:
    axis = _axis(axis, ary)
    if isinstance(indices_or_sections, (tuple, list, np.ndarray)):
        return _cut_at(ary, list(indices_or_sections), axis)
    count = known(indices_or_sections, "the number of pieces")
    shape = _shape(ary)
    shape[axis : axis + 1] = [count, shape[axis] // count]
    rows = np.reshape(ary, tuple(shape))
    return tuple(rows[along(axis, i, rows)] for i in range(count))


@derived(np.array_split, pullback=_joined_again)
def array_split(ary: Any, *, indices_or_sections: Any, axis: Any = 0) -> Any:
    """The first pieces are longer by one where they cannot be equal."""
    axis = _axis(axis, ary)
    if isinstance(indices_or_sections, (tuple, list, np.ndarray)):
        return _cut_at(ary, list(indices_or_sections), axis)
    count = known(indices_or_sections, "the number of pieces")
    each, rest = np.shape(ary)[axis] // count, np.shape(ary)[axis] % count
    longer = [call(builtins.min, i, rest) for i in range(1, count)]
    return _cut_at(ary, [i * each + more for i, more in enumerate(longer, 1)], axis)


def _split_along(axis: Any, function: Any) -> Any:
    @derived(function)
    def pieces(ary: Any, *, indices_or_sections: Any) -> Any:
        return split(ary, indices_or_sections=indices_or_sections, axis=axis(ary))

    return pieces


hsplit = _split_along(lambda ary: int(rank(ary) > 1), np.hsplit)
vsplit = _split_along(lambda ary: 0, np.vsplit)
dsplit = _split_along(lambda ary: 2, np.dsplit)


@derived(*([np.unstack] if hasattr(np, "unstack") else []))  # NumPy 2.1
def unstack(x: Any, *, axis: Any = 0) -> Any:
    axis = _axis(axis, x)
    size = (sizes(x) or (None,) * (axis + 1))[axis]
    if not isinstance(size, int):
        raise NotImplementedError("the number of its results is not known; index the array")
    return tuple(x[along(axis, i, x)] for i in range(size))


@derived(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> Any:
    like = functools.reduce(lambda a, b: np.where(True, a, b), args)
    return tuple(call(np.broadcast_to, x, np.shape(like)) for x in args)


@derived(np.meshgrid)
def meshgrid(*xi: Any, indexing: Any = "xy", sparse: Any = False, copy: Any = True) -> Any:
    vectors = [call(np.reshape, x, (-1,)) if rank(x) != 1 else x for x in xi]
    order = list(range(len(xi)))
    if indexing == "xy":
        order[:2] = order[:2][::-1]
    shape = tuple(np.shape(vectors[place])[0] for place in order)
    made = []
    for place, x in enumerate(vectors):
        behind = len(xi) - 1 - order.index(place)
        front = order.index(place) if sparse else 0
        x = x[(*(None,) * front, slice(None), *(None,) * behind)] if front + behind else x
        made.append(x if sparse else call(np.broadcast_to, x, shape))
    return tuple(made)


# Choices.


@derived(np.choose, wrt=(1,), linear=True, memory="fresh")
def choose(a: Any, choices: Any, *, mode: Any = "raise") -> Any:
    if not isinstance(choices, (tuple, list)):
        if rank(choices) == 1:
            return take(choices, a, mode=mode)
        raise NotImplementedError("the choices are one array; give a list of arrays, or index it")
    if mode == "wrap":
        a = a % len(choices)
    elif mode == "clip":
        a = np.clip(a, 0, len(choices) - 1)
    made = choices[-1]
    for place in range(len(choices) - 2, -1, -1):
        made = call(np.where, a == place, choices[place], made)
    return made


@derived(np.select, wrt=(1, 2), linear=True, memory="fresh")
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The first choice whose condition holds."""
    made = 0 if default is None else default
    for condition, choice in list(zip(condlist, choicelist))[::-1]:
        made = call(np.where, condition, choice, made)
    return made


# Edges.

_PLACED = {"edge", "reflect", "symmetric", "wrap"}
_STATISTICS = {"mean": np.mean, "median": np.median, "maximum": np.max, "minimum": np.min}


@derived(np.pad, memory="fresh")
def pad(
    array: Any,
    constant_values: Any = None,
    end_values: Any = None,
    *,
    pad_width: Any,
    mode: Any = "constant",
    stat_length: Any = None,
    reflect_type: Any = "even",
) -> Any:
    """One axis after the other, the corners by what the axes before have got."""
    if not isinstance(mode, str):
        raise NotImplementedError("the padding is a function; write what it stores")
    if rank(array) == 0:
        return np.copy(array)
    widths = _pairs(pad_width, rank(array))
    constant_values = 0 if constant_values is None else constant_values
    end_values = 0 if end_values is None else end_values
    if mode == "empty" or (mode == "constant" and _is_zero(constant_values)):
        inside = [_inside(size, *width) for size, width in zip(_shape(array), widths)]
        while len(inside) > 1 and all(_is(count, 0) for count in widths[len(inside) - 1]):
            inside.pop()
        shape = [_sum(size, *width) for size, width in zip(_shape(array), widths)]
        return _filled(shape, array, (tuple(inside) if len(inside) > 1 else inside[0], array))
    of_axes = zip(
        widths,
        _pairs(constant_values, rank(array)),
        _pairs(end_values, rank(array)),
        _pairs(stat_length, rank(array)),
    )
    for axis, (width, values, ends, lengths) in enumerate(of_axes):
        if all(_is(count, 0) for count in width):
            continue
        if mode == "constant":
            margins = list(values)
        elif mode in _STATISTICS:
            margins = _statistics(_STATISTICS[mode], array, axis, lengths)
        elif mode == "linear_ramp":
            margins = _ramps(array, axis, width, ends)
        elif mode in _PLACED and reflect_type == "even":
            places = call(np.pad, call(np.arange, np.shape(array)[axis]), width, mode=mode)
            array = array[along(axis, places, array)]
            continue
        else:
            array = _mixed(array, axis, width, {"mode": mode, "reflect_type": reflect_type})
            continue
        size, (before, after) = np.shape(array)[axis], width
        inside_ = _inside(size, before, after)
        stores = [(inside_, array)]
        if not _is(before, 0):
            stores.append((slice(before), margins[0]))
        if not _is(after, 0):
            start = before + size if isinstance(after, Symbol) else -after
            stores.append((slice(start, None), margins[1]))
        stores = [(along(axis, part, array), value) for part, value in stores]
        array = _filled(_resized(array, axis, _sum(size, *width)), array, *stores)
    return array


def _inside(size: Any, before: Any, after: Any) -> slice:
    """The part of a padded axis that was there before."""
    start = None if _is(before, 0) else before
    if isinstance(after, Symbol):
        return slice(start, size if start is None else before + size)
    return slice(start, -after or None)


def _sum(size: Any, before: Any, after: Any) -> Any:
    both = before + after
    return size if _is(both, 0) else size + both


def _pairs(given: Any, count: int) -> list[tuple[Any, Any]]:
    """What stands for each axis, before it and after."""
    if isinstance(given, Symbol) and rank(given):
        raise NotImplementedError("widths in an array are not known; pass a tuple of integers")
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, (tuple, list)):
        return [(given, given)] * count
    if not any(isinstance(part, (tuple, list)) for part in given):
        return [(given[0], given[-1])] * count
    pairs = [(part[0], part[-1]) for part in given]
    return pairs * count if len(pairs) == 1 else pairs


def _is_zero(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == 0


def _statistics(function: Any, array: Any, axis: int, lengths: tuple[Any, Any]) -> list[Any]:
    made = []
    for place, length in enumerate(lengths):
        if length is None:
            part = array
        else:
            length = known(length, "stat_length")
            part = array[along(axis, slice(-length, None) if place else slice(length), array)]
        made.append(function(part, axis=axis, keepdims=True))
    return made


def _ramps(array: Any, axis: int, width: tuple[Any, Any], ends: tuple[Any, Any]) -> list[Any]:
    """From the end values to the edges."""
    made = []
    for place, (count, end) in enumerate(zip(width, ends)):
        edge = array[along(axis, -place, array)]
        options: dict[str, Any] = {"axis": axis} if axis else {}
        ramp = call(np.linspace, end, edge, count, endpoint=False, **options)
        made.append(ramp[along(axis, slice(None, None, -1), ramp)] if place else ramp)
    return made


def _mixed(array: Any, axis: int, width: tuple[Any, Any], options: dict[str, Any]) -> Any:
    """By the matrix that does it: unit vectors, padded."""
    units = call(np.eye, np.shape(array)[axis], dtype=_dtype(array))
    matrix = call(np.pad, units, (width, (0, 0)), **options)
    if rank(array) == 1:
        return matrix @ array
    made = np.tensordot(matrix, array, (1, axis))
    return np.moveaxis(made, 0, axis) if axis else made
