"""Functions that change the shape of arrays, or join them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.analysis.types.asking import (
    describe,
    learn,
    made_of,
    one_shape,
    operand_type,
    with_shape,
)
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    Opaque,
    Tree,
    Unknown,
    array_dtype,
    as_given,
    as_size,
    axes_in,
    axis_in,
    best_known,
    dtype_called,
    fresh_size,
    integer_known,
    is_sequence,
    known_shape,
    plain_size,
    product_of,
    quotient,
    same_size,
    shape_called,
    sum_of,
    type_of,
)
from srcad.core.nodes import Expr, Value
from srcad.core.types import Dim, Shape, Size, Type, less, never_one


@handles("reshape")
def _reshape(
    function: Any,
    a: Tree,
    *entries: Tree,
    shape: Tree = None,
    newshape: Tree = None,
    order: Tree = "C",
    copy: Tree = None,
) -> Type:
    type_ = operand_type(a)
    if len(entries) == 2 and isinstance(entries[1], str):
        entries = entries[:1]
    wanted: Tree = entries[0] if len(entries) == 1 else entries
    if not isinstance(order, str):
        raise Unknown
    if not entries:
        wanted = newshape if shape is None else shape
    if isinstance(wanted, (Value, Expr)) and wanted.type.kind == "object":
        return Type("array", array_dtype(type_), shape_called(wanted))
    counts = [integer_known(entry) for entry in (wanted if is_sequence(wanted) else (wanted,))]
    auto = [i for i, count in enumerate(counts) if count == -1]
    if len(auto) > 1:
        raise Unknown
    out: list[Dim] = []
    for count in counts:
        try:
            out.append(as_size(count) if not auto else as_given(count))
        except Unknown:  # it may be -1
            out.append(fresh_size())
    if auto and type_.shape is not None:
        out[auto[0]] = quotient(type_.shape, [size for i, size in enumerate(out) if i != auto[0]])
    elif auto:
        out[auto[0]] = fresh_size()
    return Type("array", array_dtype(type_), tuple(out))


@handles("ravel", np.ndarray.flatten)
def _ravel(function: Any, a: Tree, order: Tree = "C") -> Type:
    type_ = operand_type(a)
    return Type(
        "array",
        array_dtype(type_),
        (fresh_size() if type_.shape is None else product_of(type_.shape),),
    )


@handles("transpose permute_dims")
def _transpose(function: Any, a: Tree, *order: Tree, axes: Tree = None) -> Type:
    type_ = operand_type(a)
    shape = known_shape(type_)
    if len(order) == 1 and (order[0] is None or is_sequence(order[0])):
        axes, order = order[0], ()
    axes = order or axes
    if not shape:
        return with_shape(np.transpose, (), type_)
    places = axes_in(axes, len(shape)) if axes else list(range(len(shape)))[::-1]
    if len(places) != len(shape):
        raise Unknown
    return made_of(tuple(shape[i] for i in places), "array", type_.dtype)


@handles("swapaxes")
def _swapaxes(function: Any, a: Tree, axis1: Tree, axis2: Tree) -> Type:
    type_ = operand_type(a)
    shape = list(known_shape(type_))
    i, j = axis_in(axis1, len(shape)), axis_in(axis2, len(shape))
    shape[i], shape[j] = shape[j], shape[i]
    return Type("array", type_.dtype, tuple(shape))


@handles("moveaxis")
def _moveaxis(function: Any, a: Tree, source: Tree, destination: Tree) -> Type:
    type_ = operand_type(a)
    shape = known_shape(type_)
    sources, targets = axes_in(source, len(shape)), axes_in(destination, len(shape))
    order = [i for i in range(len(shape)) if i not in sources]
    for target, origin in sorted(zip(targets, sources)):
        order.insert(target, origin)
    if len(sources) != len(targets):
        raise Unknown
    return Type("array", type_.dtype, tuple(shape[i] for i in order))


@handles("squeeze")
def _squeeze(function: Any, a: Tree, axis: Tree = None) -> Type:
    type_ = operand_type(a)
    shape = known_shape(type_)
    if not shape:
        raise Unknown
    if axis is None:
        if not all(size == 1 or never_one(size) for size in shape):
            return Type("array", type_.dtype)
        gone = [i for i, size in enumerate(shape) if size == 1]
    else:
        gone = axes_in(axis, len(shape))
    return Type("array", type_.dtype, tuple(size for i, size in enumerate(shape) if i not in gone))


@handles("expand_dims")
def _expand_dims(function: Any, a: Tree, axis: Tree) -> Type:
    type_ = operand_type(a)
    shape = known_shape(type_)
    rank = len(shape) + (len(axis) if is_sequence(axis) else 1)
    new, rest = axes_in(axis, rank), iter(shape)
    return Type(
        "array", array_dtype(type_), tuple(1 if i in new else next(rest) for i in range(rank))
    )


@handles("broadcast_to")
def _broadcast_to(function: Any, array: Tree, shape: Tree) -> Type:
    return Type("array", array_dtype(operand_type(array)), shape_called(shape))


def _parts(arrays: Tree) -> list[Type]:
    """The operands of a function that joins arrays."""
    if is_sequence(arrays):
        if not arrays:
            raise Unknown
        return [operand_type(part) for part in arrays]
    type_ = operand_type(arrays)
    shape = known_shape(type_)
    if len(shape) < 2 or not isinstance(shape[0], int) or not 0 < shape[0] <= 64:
        raise Unknown
    return [Type("array", type_.dtype, shape[1:])] * shape[0]


def _joined(function: Callable[..., Any], types: list[Type], shape: Shape, dtype: Tree) -> Type:
    if dtype is not None:
        return Type("array", dtype_called(dtype), shape)
    if any(t.dtype is None for t in types):
        return Type("array", None, shape)
    kind, name = learn(
        function, ("tuple", *sorted({describe(t, len(known_shape(t))) for t in types}))
    )
    return Type(kind, name, shape)


def _concatenated(shapes: list[Shape], axis: int) -> Shape:
    if len({len(shape) for shape in shapes}) != 1:
        raise Unknown
    axis = axis_in(axis, len(shapes[0]))
    return tuple(
        sum_of(sizes) if i == axis else best_known(*sizes) for i, sizes in enumerate(zip(*shapes))
    )


@handles("concatenate concat")
def _concatenate(
    function: Any, arrays: Tree, axis: Tree = 0, *, dtype: Tree = None, casting: Tree = None
) -> Type:
    types = _parts(arrays)
    shapes = [known_shape(t) for t in types]
    if axis is None:
        shape: Shape = (sum_of(product_of(shape) for shape in shapes),)
        types = [Type("array", array_dtype(t), (2,)) for t in types]
    else:
        shape = _concatenated(shapes, axis)
    return _joined(np.concatenate, types, shape, dtype)


@handles("stack")
def _stack(
    function: Any, arrays: Tree, axis: Tree = 0, *, dtype: Tree = None, casting: Tree = None
) -> Type:
    types = _parts(arrays)
    shape = list(one_shape(types))
    shape.insert(axis_in(axis, len(shape) + 1), len(types))
    return _joined(np.stack, types, tuple(shape), dtype)


@handles("vstack")
def _vstack(function: Any, tup: Tree, *, dtype: Tree = None, casting: Tree = None) -> Type:
    types = _parts(tup)
    shapes = [(1,) * (2 - len(shape)) + shape for shape in map(known_shape, types)]
    return _joined(np.vstack, types, _concatenated(shapes, 0), dtype)


@handles("hstack")
def _hstack(function: Any, tup: Tree, *, dtype: Tree = None, casting: Tree = None) -> Type:
    types = _parts(tup)
    shapes = [shape or (1,) for shape in map(known_shape, types)]
    return _joined(np.hstack, types, _concatenated(shapes, 0 if len(shapes[0]) == 1 else 1), dtype)


@handles("column_stack")
def _column_stack(function: Any, tup: Tree) -> Type:
    types = _parts(tup)
    shapes = [
        shape if len(shape) > 1 else (*(shape or (1,)), 1) for shape in map(known_shape, types)
    ]
    return _joined(np.column_stack, types, _concatenated(shapes, 1), None)


@handles("roll")
def _roll(function: Any, a: Tree, shift: Tree, axis: Tree = None) -> Type:
    type_ = operand_type(a)
    return Type("array", array_dtype(type_), known_shape(type_))


@handles("diff")
def _diff(function: Any, a: Tree, n: Tree = 1, axis: Tree = -1, **ends: Tree) -> Type:
    if ends:
        raise Unknown
    type_ = operand_type(a)
    shape = list(known_shape(type_))
    count, place = operator.index(n), axis_in(axis, len(shape))
    if count < 0:
        raise Unknown
    shape[place] = less(shape[place], count)
    return with_shape(np.diff, tuple(shape), type_, n=min(count, 1))


@handles("diag")
def _diag(function: Any, v: Tree, k: Tree = 0) -> Type:
    type_ = operand_type(v)
    shape = known_shape(type_)
    if len(shape) == 1:
        offset = abs(k) if type(k) is int else None
        size = fresh_size() if offset is None else sum_of((shape[0], offset))
        return Type("array", type_.dtype, (size, size))
    if len(shape) != 2:
        raise Unknown
    return Type("array", type_.dtype, (_diagonal_size(*shape, k),))


def _diagonal_size(rows: Dim, columns: Dim, offset: Tree) -> Dim:
    if type(offset) is not int:
        return fresh_size()
    if isinstance(rows, int) and isinstance(columns, int):
        return max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    if same_size(rows, columns):
        return less(rows, abs(offset))
    return Size(
        Opaque(
            "diagonal",
            *(s if isinstance(s, int) else plain_size(s) for s in (rows, columns)),
            offset,
        )
    )


@handles("diagonal")
def _diagonal(function: Any, a: Tree, offset: Tree = 0, axis1: Tree = 0, axis2: Tree = 1) -> Type:
    type_ = operand_type(a)
    shape = known_shape(type_)
    first, second = axes_in((axis1, axis2), len(shape))
    rest = tuple(size for i, size in enumerate(shape) if i not in (first, second))
    return Type("array", type_.dtype, (*rest, _diagonal_size(shape[first], shape[second], offset)))


@handles("atleast_1d atleast_2d atleast_3d")
def _atleast(function: Callable[..., Any], *arys: Tree) -> Type:
    if len(arys) != 1:
        return Type("tuple", "shared", None, tuple(_atleast(function, each) for each in arys))
    type_ = operand_type(arys[0])
    least = int(function.__name__[8])
    shape = known_shape(type_)
    if len(shape) < least:
        if least == 3:
            padded: dict[int, Shape] = {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}
            shape = padded[len(shape)]
        else:
            shape = (1,) * (least - len(shape)) + shape
    return Type("array", array_dtype(type_), shape)


@handles("pad")
def _pad(
    function: Any, array: Tree, pad_width: Tree, mode: Tree = "constant", **rest: Tree
) -> Type:
    type_ = operand_type(array)
    given = pad_width if is_sequence(pad_width) else ((pad_width, pad_width),)
    if not any(map(is_sequence, given)):
        given = (given,)
    pairs = given if len(given) > 1 else given * len(known_shape(type_))
    shape = tuple(
        sum_of((size, as_given(integer_known(pair[0])), as_given(integer_known(pair[-1]))))
        for size, pair in zip(known_shape(type_), pairs)
    )
    return Type("array", array_dtype(type_), shape)


def _resized(type_: Type, axis: Tree, change: Callable[[Dim], Dim]) -> Type:
    """The type of an array, changed in size along one axis; along that of all its elements where it is None."""
    shape = known_shape(type_)
    if axis is None:
        return Type("array", array_dtype(type_), (change(product_of(shape)),))
    place = axis_in(axis, len(shape))
    return Type(
        "array", array_dtype(type_), (*shape[:place], change(shape[place]), *shape[place + 1 :])
    )


@handles("repeat")
def _repeat(function: Any, a: Tree, repeats: Tree, axis: Tree = None) -> Type:
    if not is_sequence(repeats) or len(repeats) == 1:
        raise Unknown
    return _resized(operand_type(a), axis, lambda size: sum(repeats))


@handles("delete")
def _delete(function: Any, arr: Tree, obj: Tree, axis: Tree = None) -> Type:
    if type(obj) is int:
        return _resized(operand_type(arr), axis, lambda size: less(size, 1))
    raise Unknown


@handles("insert")
def _insert(function: Any, arr: Tree, obj: Tree, values: Tree, axis: Tree = None) -> Type:
    if type(obj) is int and type_of(values).rank == 0:
        return _resized(operand_type(arr), axis, lambda size: sum_of((size, 1)))
    raise Unknown
