"""Elements as arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import same_size, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Origin, Tree, Value, entries_like
from srcad.core.types import Dim, Size, Type
from srcad.vectorizer.dtypes import dtype_named
from srcad.vectorizer.structure.elements import (
    ALL,
    Blocks,
    Columns,
    Diagonal,
    Element,
    Emit,
    Rows,
    Shared,
    is_just,
    is_number,
    is_whole,
    kept_axis,
)

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


def materialised(
    builder: Builder,
    found: Element | Value,
    output: Value,
    argument: Value,
    *,
    transposed: bool = False,
    base: str = "",
) -> Value:
    """The Jacobian of shape `output.shape + argument.shape`, of the dtype of the argument, in memory of its own.

    `found` is what the sweep made of the rows: over the elements of the output; with `transposed`, over those of the argument.
    """
    base = base or (f"{output.base}_dot" if transposed else f"{argument.base}_bar")
    seeded, reached = (argument, output) if transposed else (output, argument)
    kept = builder.origin
    like = entries_like(output, argument)
    plain = like.type.kind == "number"
    dtype = None if plain else like.type.dtype

    def emit(what: Any, *args: Tree, **options: Tree) -> Value:
        op = what if isinstance(what, ops.Operation) else ops.operation(what)
        return builder.emit(op, *args, **options)

    def at(origin: Origin) -> None:
        builder.origin = origin

    flat = False
    if isinstance(found, Shared):
        if isinstance(found.value, Value) and found.value.base == base:
            found.value.named = False
        builder.origin = found.origin
        made = scattered_blocks(
            emit,
            found,
            _shape_of_both(emit, output, argument),
            dtype or found.rows.like.type.dtype,
            transposed,
            base,
        )
    elif isinstance(found, Columns):
        made = found.value if transposed else rows_first(emit, found.value)
    elif isinstance(found, Value):
        if found.base == base:
            found.named = False  # the name is that of the result
        made = rows_last(emit, found) if transposed else found
    else:
        if isinstance(found, Blocks):
            found = found._replace(like=reached)
        made = _matrix(emit, found, dtype or found.rows.like.type.dtype, transposed, at, base)
        flat = reached.type.rank != 1
    if not plain and (dtype is None or made.type.dtype != dtype):
        made = emit(ops.cast, made, like)
    if flat or (seeded.type.rank != 1 and not isinstance(found, Shared)):
        shape = _shape_of_both(emit, output, argument)
        made = emit(np.reshape, made, shape=shape)
    made = builder.emit(ops.own, made, base=base, named=True)
    builder.origin = kept
    return made


def _shape_of_both(emit: Emit, output: Value, argument: Value) -> Tree:
    """`y.shape + x.shape`."""
    ends: list[Tree] = []
    for value in (output, argument):
        sizes = value.type.shape or ()
        if all(isinstance(size, int) for size in sizes):
            ends.append(sizes)
        elif len(sizes) == 1:
            ends.append((emit(ops.size, value),))
        else:
            ends.append(emit(ops.shape, value))
    if all(isinstance(end, tuple) for end in ends):
        return (*ends[0], *ends[1])
    if () in ends:
        return ends[0] if ends[1] == () else ends[1]
    return emit(ops.add, *ends)


def rows_last(emit: Emit, rows: Value) -> Value:
    if rows.type.rank == 1:
        return rows
    if rows.type.rank == 2:
        return emit(ops.transpose, rows)
    return emit(np.moveaxis, rows, source=0, destination=-1)


def rows_first(emit: Emit, columns: Value) -> Value:
    if columns.type.rank == 1:
        return columns
    if columns.type.rank == 2:
        return emit(ops.transpose, columns)
    return emit(np.moveaxis, columns, source=-1, destination=0)


def array_of(b: Batch, old: Value, element: Element, *, last: bool = False) -> Value:
    """An element as an array: of shape (rows, *shape of a row), or with the rows' axis `last`."""
    dtype = old.type.dtype
    if isinstance(element, Columns):
        return element.value if last else rows_first(b.emit, element.value)
    if isinstance(element, Shared):
        return _whole(b, old, element, last)
    made = _matrix(b.emit, element, dtype, last, lambda origin: None, old.base)
    if dtype is not None and made.type.dtype != dtype:
        made = b.emit(ops.operation(np.ndarray.astype, "method"), made, np.dtype(dtype).type)
    if old.type.rank != 1:
        count = (element.rows.number(b.emit),)
        shape = shape_operand(b.emit, element.like, old.type)
        front, back = (shape, count) if last else (count, shape)
        if isinstance(front, tuple) and isinstance(back, tuple):
            whole: Tree = (*front, *back)
        else:
            whole = b.emit(ops.add, front, back)
        made = b.emit(np.reshape, made, shape=whole)
    first = b.type_with_axis(old, made.type.dtype)
    if last and first.shape is not None:
        first = first._replace(shape=(*first.shape[1:], first.shape[0]))
    made.type = first
    return made


def _whole(b: Batch, old: Value, element: Shared, last: bool) -> Value:
    """Block diagonals as dense rows."""
    seeded = sizes_of(b.emit, element.rows.like)
    front = int(element.lead) + len(seeded) - 1
    rest = sizes_of(b.emit, element.value)[front:]
    sizes = (*rest[: element.column], seeded[element.row], *rest[element.column :])
    shape = (*sizes, *seeded) if last else (*seeded, *sizes)
    made = scattered_blocks(b.emit, element, shape, old.type.dtype, last, old.base)
    if len(seeded) != 1:
        count = (element.rows.number(b.emit),)
        made = b.emit(np.reshape, made, shape=(*sizes, *count) if last else (*count, *sizes))
    first = b.type_with_axis(old, made.type.dtype)
    if last and first.shape is not None:
        first = first._replace(shape=(*first.shape[1:], first.shape[0]))
    made.type = first
    return made


def shape_operand(emit: Emit, like: Tree, type_: Type) -> Tree:
    """The shape of a row, as an operand."""
    sizes = type_.shape or ()
    if all(isinstance(size, int) for size in sizes):
        return sizes
    if isinstance(like, Value) and like.type.kind == "array":
        return emit(ops.shape, like)
    return like


def _matrix(
    emit: Emit,
    element: Diagonal | Blocks,
    dtype: str | None,
    transposed: bool,
    at: Callable[[Origin], None],
    base: str,
) -> Value:
    """An element as a matrix of rows and flat columns, or turned around; `at` tells the place in the source of what comes."""
    if isinstance(element, Blocks):
        return _stored(emit, element, dtype, transposed, at, base)
    at(element.origin)
    scale = element.scale
    if type_of(scale).rank:
        if type_of(scale).rank != 1:
            scale = emit(np.ravel, scale)
        return emit(np.diag, scale)
    eye = emit(np.eye, element.rows.number(emit), **dtype_named(dtype))
    return eye if is_just(scale, 1) else emit(ops.multiply, scale, eye)


def _stored(
    emit: Emit,
    element: Blocks,
    dtype: str | None,
    transposed: bool,
    at: Callable[[Origin], None],
    base: str,
) -> Value:
    """
    i = np.arange(x.size - 1)
    J = np.zeros((x.size - 1, x.size))
    J[i, i + 1] += 1.0
    J[i, i] -= 2 * x[:-1]
    """
    rows, parts = element.rows, list(element.parts)
    matrix: Value | None = None
    for part in element.parts if same_size(element.size, rows.size) else ():
        if not part.row and is_whole(part, element.size):
            whole = Diagonal(part.scale, rows, element.like, part.origin)
            matrix = _matrix(emit, whole, dtype, transposed, at, base)
            parts.remove(part)
            break
    at(Origin(0, "", "adjoint"))
    counters: dict[Dim, Value] = {}
    for part in parts:
        length = _bare(part.length)
        if length not in counters:
            made = emit(np.arange, count_of(emit, length, rows))
            made.base, made.named = "i", True
            counters[length] = made
    if matrix is None:
        sides = rows.number(emit), _width(emit, element)
        matrix = emit(np.zeros, sides[::-1] if transposed else sides, **dtype_named(dtype))
    matrix.base = base
    for part in parts:
        at(part.origin)
        i = counters[_bare(part.length)]
        places = [emit(ops.add, i, start) if start else i for start in (part.row, part.column)]
        index = tuple(places[::-1] if transposed else places)
        matrix = emit(ops.put_add, matrix, index, part.scale)
        matrix.base = base
    return matrix


def _bare(length: Dim) -> Dim:
    return length if isinstance(length, int) else Size(length.key, length.minus)


def count_of(emit: Emit, length: Dim, rows: Rows) -> Tree:
    """The length of a part as an operand; it is negative where the part is cut off entirely."""
    if isinstance(length, int):
        return length
    assert isinstance(rows.size, Size)
    cut = length.minus - rows.size.minus
    number = rows.number(emit)
    return emit(ops.subtract, number, cut) if cut else number


def countable(length: Dim, rows: Rows) -> bool:
    """Whether a length is a number, or that of the rows less a number."""
    if isinstance(length, int) or isinstance(rows.size, int):
        return isinstance(length, int)
    return length.key == rows.size.key and length.minus >= rows.size.minus


def _width(emit: Emit, element: Blocks) -> Tree:
    """How many columns there are, as an operand."""
    like = element.like
    if isinstance(element.size, int):
        return element.size
    if isinstance(like, Value) and like.type.kind == "array":
        return emit(ops.size, like)
    if like is not None:
        return like[0] if isinstance(like, tuple) else like
    count = count_of(emit, element.size, element.rows)
    if element.rows.size == element.size:
        return count
    return emit(max, count, 0)


def sizes_of(emit: Emit, value: Value) -> tuple[Tree, ...]:
    """The sizes of a value, as operands."""
    dims = value.type.shape or ()
    if all(isinstance(dim, int) for dim in dims):
        return dims
    whole = emit(ops.shape, value)
    return tuple(
        dim if isinstance(dim, int) else emit(ops.getitem, whole, place)
        for place, dim in enumerate(dims)
    )


def moved(emit: Emit, value: Tree, source: int, to: int) -> Tree:
    """An axis at another place."""
    rank = type_of(value).rank
    if source == to:
        return value
    if rank == 2:
        return emit(ops.transpose, value)
    if abs(source - to) == 1:
        return emit(np.swapaxes, value, axis1=source, axis2=to)
    return emit(np.moveaxis, value, source=source, destination=to)


def compacted(
    builder: Builder,
    found: Element | Value,
    output: Value,
    argument: Value,
    *,
    transposed: bool = False,
    base: str = "",
) -> Value | None:
    """The blocks of the Jacobian, `J[i, ..., i, ...]` for each index i of the first axis of both; None where others are not known to be zero.

    The arguments are those of `materialised`.
    """
    base = base or (f"{output.base}_dot" if transposed else f"{argument.base}_bar")
    kept = builder.origin

    def emit(what: Any, *args: Tree, **options: Tree) -> Value:
        op = what if isinstance(what, ops.Operation) else ops.operation(what)
        return builder.emit(op, *args, **options)

    seeded, reached = (argument, output) if transposed else (output, argument)
    if isinstance(found, Diagonal):
        if not seeded.type.rank or kept_axis(reached.type.shape, seeded.type.shape, 0) != 0:
            return None
        builder.origin = found.origin
        found = diagonal_blocks(emit, found._replace(like=reached), 0, 0, argument.type)
    if not isinstance(found, Shared) or found.row or found.column:
        return None
    builder.origin = found.origin
    inner, rest = (seeded.type.rank or 0) - 1, (reached.type.rank or 0) - 1
    value = found.value
    if isinstance(value, Value) and value.base == base:
        value.named = False
    value = _laid_out(emit, value, int(found.lead), inner, rest, transposed)
    if not found.lead:
        block = sizes_of(emit, value) if type_of(value).rank else ()
        sizes = (sizes_of(emit, argument)[0], *block)
        value = emit(np.broadcast_to, value, shape=sizes)
    dtype = argument.type.dtype
    if argument.type.kind == "array" and (dtype is None or type_of(value).dtype != dtype):
        value = emit(ops.cast, value, argument)
    made = builder.emit(ops.own, value, base=base, named=True)
    builder.origin = kept
    return made


def diagonal_blocks(emit: Emit, element: Diagonal, row: int, column: int, type_: Type) -> Shared:
    """A diagonal of a type as blocks, that share an axis of the seed and one of its own.

    diagonal(s)                ->        s[:, None] * np.eye(m)
    """
    rows, scale, like = element.rows, element.scale, element.like
    seeded = sizes_of(emit, rows.like)
    own = sizes_of(emit, like) if isinstance(like, Value) else tuple(like)
    inner, rest = (*seeded[:row], *seeded[row + 1 :]), (*own[:column], *own[column + 1 :])
    lead = type_of(scale).rank != 0
    if not inner and not rest:
        if not lead:
            scale = emit(np.full, rows.number(emit), float(scale) if is_number(scale) else scale)
        return Shared(scale, True, rows, row, column, like=like, origin=element.origin)
    size: Tree = 1
    for other in rest if len(rest) < len(inner) else inner:
        size = other if is_just(size, 1) else emit(ops.multiply, size, other)
    eye = emit(np.eye, size, **dtype_named(type_.dtype))
    if (len(inner), len(rest)) != (1, 1):
        eye = emit(np.reshape, eye, shape=(*inner, *rest))
    if lead:
        scale = moved(emit, scale, column, 0)
        if inner:
            scale = emit(ops.getitem, scale, (ALL, *(None,) * len(inner)))
    value = eye if is_just(scale, 1) else emit(ops.multiply, scale, eye)
    return Shared(value, lead, rows, row, column, like=like, origin=element.origin)


def _laid_out(emit: Emit, value: Tree, first: int, inner: int, rest: int, transposed: bool) -> Tree:
    """Blocks with their rows in front, or behind."""
    if not (transposed and inner and rest):
        return value
    if inner == rest == 1:
        return emit(np.swapaxes, value, axis1=1, axis2=2) if first else emit(ops.transpose, value)
    middle = first + inner
    order = (*range(first), *range(middle, middle + rest), *range(first, middle))
    return emit(np.transpose, value, axes=order)


def scattered_blocks(
    emit: Emit,
    element: Shared,
    shape: Tree,
    dtype: str | None,
    transposed: bool,
    base: str,
) -> Value:
    """
    i = np.arange(X.shape[0])
    X_bar = np.zeros(Y.shape + X.shape)
    X_bar[i, :, i] = blocks
    """
    value, rows = element.value, element.rows
    plain = element.thin is not None and not type_of(element.thin).rank
    seeded = len(rows.like.type.shape or ())
    inner = seeded - 1
    rest = (type_of(value).rank or 0) - inner - int(element.lead)
    named = dtype_named(dtype)
    row, column, before, behind = element.row, element.column, inner, rest
    if transposed:
        row, column, before, behind = column, row, rest, inner
    if plain:  # it is the same everywhere
        value = element.thin
    else:
        if type_of(element.thin).rank == type_of(value).rank and element.thin is not None:
            value = element.thin  # the store broadcasts it
        value = _laid_out(emit, value, int(element.lead), inner, rest, transposed)
        if before and row == before and not column:  # beside each other, the indices stay there
            if element.lead:
                value = moved(emit, value, 0, before)
            else:
                value = emit(ops.getitem, value, (*(ALL,) * before, None))
    if seeded == 1:
        count: Tree = rows.number(emit)
    else:
        count = sizes_of(emit, rows.like)[element.row]
    i = emit(np.arange, count)
    i.base, i.named = "i", True
    index: list[Tree] = [ALL] * (before + behind + 2)
    index[row] = index[before + 1 + column] = i
    while index[-1] == ALL:
        index.pop()
    made = emit(np.zeros, shape, **named)
    made.base = base
    made = emit(ops.put, made, tuple(index), value)
    made.base = base
    return made
