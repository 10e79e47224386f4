"""Block diagonals: the rows and the columns share an axis, along which nothing is mixed.

    Y = X @ W                                     i = np.arange(X.shape[0])
    X_bar = identity @ W.T             ->         X_bar[i, :, i] = W.T

Of a function of each row of a matrix, the block of row i is `block[i]`; where all are the same one, as in the products of a matrix with another, the
element is the Kronecker product of an identity and that block. What is linear in an element and leaves the shared axis alone is done on the blocks. A block
has its rows' axes first, that is those of the seed without the shared one, then those of the value without it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Slice, Tree, Value
from srcad.core.types import Dim, Type
from srcad.vectorizer.structure.arrays import diagonal_blocks, moved, sizes_of
from srcad.vectorizer.structure.elements import (
    ALL,
    Diagonal,
    Emit,
    Rows,
    Shared,
    is_just,
    is_number,
)
from srcad.vectorizer.structure.table import Handler, floated, is_zero, precise, sum_of

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


SHARED: dict[Any, Handler] = {}


def handles_shared(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler of the operations on block diagonals."""

    def register(made: Handler) -> Handler:
        SHARED.update(dict.fromkeys(functions, made))
        return made

    return register


def shared(b: Batch, let: Let) -> Shared | None:
    """A statement on block diagonals, or on diagonals that become some; None where there is no form for it."""
    found = SHARED.get(let.op.function)
    elements = [b.element(arg) for arg in let.args if b.is_batched(arg)]
    if found is None or not elements or any(b.is_batched(option) for _, option in let.options):
        return None
    if not all(isinstance(element, (Diagonal, Shared)) for element in elements):
        return None
    if any(map(partial(_from_outside, b), let.args)):
        return None
    start = len(b.out)
    made = found(b, let)
    if made is None:
        b.undo(start)
    return made  # type: ignore[no-any-return]


def _from_outside(b: Batch, old: Tree) -> bool:
    """Whether an operand is a diagonal from outside a loop or branch: its blocks would be made in each iteration anew."""
    home = b.home.get(old, b.open[0]) if isinstance(old, Value) else b.out
    return isinstance(b.element(old), Diagonal) and home is not b.out


# Shapes.


def without(sizes: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    return (*sizes[:place], *sizes[place + 1 :])


def _dims(rows: Rows, row: int, lead: bool, shape: tuple[Dim, ...], column: int) -> tuple[Dim, ...]:
    """The shape that a block has, with the shared axis in front."""
    seeded = rows.like.type.shape or ()
    front = (seeded[row],) if lead else ()
    return (*front, *without(seeded, row), *without(shape, column))


def _inner(rows: Rows) -> int:
    """How many axes the rows of one block have."""
    return len(rows.like.type.shape or ()) - 1


def spaced(emit: Emit, value: Tree, place: int, count: int) -> Tree:
    """With axes of length 1 in front of one."""
    if not count or not type_of(value).rank:
        return value
    return emit(ops.getitem, value, (*(ALL,) * place, *(None,) * count))


def of_diagonal(b: Batch, element: Diagonal, old: Tree) -> bool:
    """Whether a diagonal has the shape that was seeded, of two axes or more."""
    found, seeded = type_of(old), element.rows.like.type
    return bool((found.rank or 0) > 1 and same_shape(found, seeded))


def as_shared(b: Batch, old: Tree, axis: int | None) -> Shared | None:
    """What stands for an old operand as a block diagonal; a diagonal, where an axis of it is named, becomes one of diagonal blocks.

    diagonal(s)                ->        s[:, :, None] * np.eye(m)
    """
    element = b.element(old)
    if isinstance(element, Shared):
        return element
    if not isinstance(element, Diagonal) or axis is None or not of_diagonal(b, element, old):
        return None
    return diagonal_blocks(b.emit, element, axis, type_of(old).dtype)


def _made(
    b: Batch, let: Let, of: Shared, value: Tree, lead: bool, column: int, thin: Tree = None
) -> Shared | None:
    """A block diagonal that stands for the result of a statement, where the shapes agree."""
    out = let.out
    assert out is not None and out.type.shape is not None
    seeded = of.rows.like.type.shape or ()
    if not same_size(out.type.shape[column], seeded[of.row]):
        return None
    wanted = _dims(of.rows, of.row, lead, out.type.shape, column)
    found = type_of(value)
    if not isinstance(value, Value) or found.rank != len(wanted):
        return None
    known = list(zip(found.shape or (), wanted))
    if any(isinstance(a, int) and isinstance(c, int) and a != c for a, c in known):
        return None
    if value in b.emitted:
        value.type = Type("array", found.dtype, wanted)
    value = precise(b, value)
    return Shared(value, lead, of.rows, of.row, column, thin, _like(b, let), let.origin)


def _like(b: Batch, let: Let) -> Tree:
    """A value without the axis that has the shape of the result, if one is at hand."""
    assert let.out is not None
    for arg in let.args:
        if isinstance(arg, Value) and arg.type.kind == "array":
            if same_shape(arg.type, let.out.type):
                if not b.is_batched(arg):
                    return b.get(arg)
                element = b.element(arg)
                like = getattr(element, "like", None)
                if isinstance(like, Value):
                    return like
    return None


def _of_vector(b: Batch, element: Diagonal, old: Value) -> Shared | None:
    """A diagonal of a vector as blocks without axes."""
    if old.type.rank != 1 or not same_shape(element.rows.like.type, old.type):
        return None
    lead = type_of(element.scale).rank != 0
    return Shared(element.scale, lead, element.rows, 0, 0, origin=element.origin)


# Elementwise operations.


def _beside(b: Batch, old: Tree, rows: Rows, row: int, rank: int, column: int) -> Any:
    """An operand without the axis as it meets blocks, and whether it differs along the shared axis; None where that cannot be told.

    p                          ->        p[:, None]                  (the blocks' rows have one axis)
    """
    type_ = type_of(old)
    if type_.rank is None:
        return None
    new = b.get(old)
    place = column - (rank - type_.rank)
    if place < 0:
        return new, False
    size = (type_.shape or ())[place]
    if isinstance(size, int) and size == 1:
        return b.emit(ops.getitem, new, (*(ALL,) * place, 0)), False
    if not same_size(size, (rows.like.type.shape or ())[row]):
        return None
    new = moved(b.emit, new, place, 0)
    return spaced(b.emit, new, 1, _inner(rows) + rank - type_.rank), True


def blockwise(b: Batch, let: Let, compute: Callable[[list[Tree]], Tree]) -> Shared | None:
    """An elementwise operation that is linear in its operands with the axis: done on the blocks."""
    out = let.out
    assert out is not None
    rank = out.type.rank
    batched = [arg for arg in let.args if b.is_batched(arg)]
    known = [element for element in map(b.element, batched) if isinstance(element, Shared)]
    if not known or rank is None or out.type.shape is None:
        return None
    first = known[0]
    elements: dict[Value, Shared] = {}
    for arg in batched:
        axis = first.row if first.row == first.column else None
        element = as_shared(b, arg, axis)
        if element is None or arg.type.rank != rank or element[3:5] != first[3:5]:
            return None
        elements[arg] = element
    lead = any(element.lead for element in elements.values())
    plain: list[Tree] = []
    for arg in let.args:
        if arg in batched or is_number(arg):
            plain.append(arg)
            continue
        found = _beside(b, arg, first.rows, first.row, rank, first.column)
        if found is None:
            return None
        plain.append(found[0])
        lead = lead or found[1]
    start = len(b.out)
    if any(element.thin is not None for element in elements.values()):
        args = [
            _thin(elements[arg]) if isinstance(arg, Value) and arg in elements else new
            for arg, new in zip(let.args, plain)
        ]
        value = compute(args)
        wanted = _dims(first.rows, first.row, lead, out.type.shape, first.column)
        if same_shape(type_of(value), Type("array", None, wanted)):
            return _made(b, let, first, value, lead, first.column)
        if len(batched) == 1 and not type_of(value).rank:
            whole = elements[batched[0]].value
            return _made(
                b, let, first, compute(_put(let, batched, plain, whole)), lead, first.column, value
            )
        b.undo(start)
    args = [
        elements[arg].value if isinstance(arg, Value) and arg in elements else new
        for arg, new in zip(let.args, plain)
    ]
    return _made(b, let, first, compute(args), lead, first.column)


def _thin(element: Shared) -> Tree:
    return element.value if element.thin is None else element.thin


def _put(let: Let, batched: list[Any], plain: list[Tree], whole: Tree) -> list[Tree]:
    return [whole if arg is batched[0] else new for arg, new in zip(let.args, plain)]


@handles_shared(operator.neg, np.negative)
def negative(b: Batch, let: Let) -> Any:
    return blockwise(b, let, lambda args: _negated(b, args[0]))


def _negated(b: Batch, value: Tree) -> Tree:
    return -value if is_number(value) else b.emit(ops.negative, value)


@handles_shared(
    operator.pos, np.positive, np.copy, runtime.own, ops.move.function, runtime.stop_gradient
)
@handles_shared(np.asarray, np.ascontiguousarray)
def same(b: Batch, let: Let) -> Any:
    element = b.element(let.args[0])
    return element if isinstance(element, Shared) and not let.options else None


@handles_shared(operator.mul, np.multiply)
def product(b: Batch, let: Let) -> Any:
    def compute(args: list[Tree]) -> Tree:
        a, c = args
        if is_number(a) and is_number(c):
            return a * c
        if is_just(a, 1):
            return c
        return a if is_just(c, 1) else b.emit(ops.multiply, a, c)

    if let.options or all(map(b.is_batched, let.args)):
        return None
    return blockwise(b, let, compute)


@handles_shared(operator.truediv, np.divide)
def quotient(b: Batch, let: Let) -> Any:
    if let.options or b.is_batched(let.args[1]):
        return None
    return blockwise(b, let, lambda args: b.emit(ops.divide, *args))


@handles_shared(np.where)
def selected(b: Batch, let: Let) -> Any:
    if len(let.args) != 3 or b.is_batched(let.args[0]):
        return None
    if not all(b.is_batched(side) or is_zero(b, side) for side in let.args[1:]):
        return None
    sides = [side if b.is_batched(side) else 0.0 for side in let.args[1:]]
    return blockwise(
        b,
        let.renewed(args=(let.args[0], *sides)),
        lambda args: b.emit(np.where, args[0], *map(floated, args[1:])),
    )


@handles_shared(operator.add, np.add, operator.sub, np.subtract)
def total(b: Batch, let: Let) -> Any:
    if let.options:
        return None
    minus = let.op.function in (operator.sub, np.subtract)
    for place, other in ((0, let.args[1]), (1, let.args[0])):
        if not b.is_batched(other):
            alone = let.renewed(args=(let.args[place],))
            if not (is_zero(b, other) and same_shape(let.args[place].type, b.target.type)):
                return None
            return negative(b, alone) if place and minus else same(b, alone)
    return blockwise(b, let, lambda args: sum_of(b, args[0], args[1], minus))


@handles_shared(runtime.cast, runtime.result)
def formed(b: Batch, let: Let) -> Any:
    g, x = let.args
    element = b.element(g)
    if b.is_batched(x) or not isinstance(element, Shared) or not same_shape(g.type, type_of(x)):
        return None
    return _casted(b, let, element, x)


def _casted(b: Batch, let: Let, element: Shared | None, x: Tree) -> Shared | None:
    """In the dtype of an old operand."""
    if element is None:
        return None
    dtype = type_of(x).dtype
    if dtype is not None and type_of(element.value).dtype == dtype:
        return element
    if type_of(x).kind != "array":
        return None
    value = b.emit(ops.cast, element.value, b.get(x))
    return _made(b, let, element, value, element.lead, element.column)


# Sums and broadcasts.


@handles_shared(np.sum, np.mean)
def summed(b: Batch, let: Let) -> Any:
    """
    np.sum(g, axis=1)          ->        np.sum(g, axis=2)           (of a diagonal its scale)
    """
    (g,), options = b.bound(let)
    rank = b.rank(g)
    axis, keep = options.pop("axis", None), options.pop("keepdims", False)
    if options or not isinstance(keep, bool) or not rank:
        return None
    axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not all(type(one) is int for one in axes):
        return None
    made = _reduced(b, let, g, sorted({one % rank for one in axes}), keep)
    if made is None or let.op.function is np.sum:
        return made
    seeded = sizes_of(b.emit, made.rows.like)
    element = b.element(g)
    if isinstance(element, Diagonal):
        gone = [seeded[one % rank] for one in axes]
    else:
        assert isinstance(element, Shared)
        whole = sizes_of(b.emit, element.value)[int(element.lead) + _inner(element.rows) :]
        gone = [whole[one % rank - (one % rank > element.column)] for one in axes]
    count: Tree = 1
    for size in gone:
        count = size if is_just(count, 1) else b.product(count, size)
    value = b.emit(ops.divide, made.value, count)
    return _made(b, let, made, value, made.lead, made.column)


def _reduced(b: Batch, let: Let, g: Value, axes: list[int], keep: bool) -> Shared | None:
    """The sum over some axes."""
    element, rank = b.element(g), b.rank(g)
    if isinstance(element, Diagonal):
        kept = [axis for axis in range(rank) if axis not in axes]
        if not kept or not axes or not of_diagonal(b, element, g):
            return None
        if len(kept) == 1:
            return _scale_alone(b, let, element, kept[0], rank, keep)
        element = as_shared(b, g, kept[0])
    if not isinstance(element, Shared) or element.column in axes:
        return None
    first = int(element.lead) + _inner(element.rows)
    places = tuple(first + axis - (axis > element.column) for axis in axes)
    options: dict[str, Any] = {"keepdims": True} if keep else {}
    value = b.emit(np.sum, element.value, axis=places if len(places) > 1 else places[0], **options)
    column = element.column - (0 if keep else sum(axis < element.column for axis in axes))
    return _made(b, let, element, value, element.lead, column)


def _scale_alone(
    b: Batch, let: Let, element: Diagonal, axis: int, rank: int, keep: bool
) -> Shared | None:
    """
    np.sum(diagonal(s), axis=1)          ->        blocks s[i]
    """
    rows, scale = element.rows, element.scale
    ones = rank - 1 if keep else 0
    column = axis if keep else 0
    lead = type_of(scale).rank != 0
    thin = None
    if lead:
        value = moved(b.emit, scale, axis, 0)
        value = b.emit(ops.getitem, value, (Ellipsis, *(None,) * ones)) if ones else value
    else:
        thin = scale
        sizes = (*without(sizes_of(b.emit, rows.like), axis), *(1,) * ones)
        value = _filled(b, scale, sizes)
    return _made(b, let, Shared(value, lead, rows, axis, column), value, lead, column, thin)


def _filled(b: Batch, scale: Tree, sizes: tuple[Tree, ...]) -> Value:
    dtype = b.target.type.dtype
    named = {} if dtype in (None, "float64") else {"dtype": np.dtype(dtype).type}
    return b.emit(np.full, sizes if len(sizes) != 1 else sizes[0], floated(scale), **named)


@handles_shared(runtime.sum_to)
def summed_to(b: Batch, let: Let) -> Any:
    g, x = let.args
    from_, to = g.type.shape, type_of(x).shape
    if b.is_batched(x) or from_ is None or to is None or len(to) > len(from_):
        return None
    extra = len(from_) - len(to)
    ones = []
    for axis, size in enumerate(to):
        if same_size(size, from_[extra + axis]):
            continue
        if not (isinstance(size, int) and size == 1):
            return None
        ones.append(extra + axis)
    if extra and ones:
        return None
    axes = [*range(extra), *ones]
    made = b.element(g) if not axes else _reduced(b, let, g, axes, bool(ones))
    return _casted(b, let, made, x) if isinstance(made, Shared) else None


@handles_shared(runtime.spread, np.broadcast_to)
def spread(b: Batch, let: Let) -> Any:
    """
    spread(g, x) * x           ->        g[:, None] * x
    """
    g, x = let.args[0], let.args[1] if len(let.args) > 1 else None
    out, element = b.target, b.element(g)
    if x is None:
        x = dict(let.options).get("shape")
    if let.op.function is np.broadcast_to and isinstance(x, Value):
        made = b.lets.get(x)
        x = made.args[0] if made is not None and made.op is ops.shape else None
    if not isinstance(x, Value) or b.is_batched(x) or not same_shape(x.type, out.type):
        return None
    new = out.type.rank - g.type.rank
    if new < 0 or (let.op.function is runtime.spread and x.type.dtype != g.type.dtype):
        return None
    if isinstance(element, Diagonal):
        element = _of_vector(b, element, g)
    if not isinstance(element, Shared):
        return None
    column = element.column + new
    thin = _thin(element)
    if new:
        thin = spaced(b.emit, thin, int(element.lead) + _inner(element.rows), new)
    seeded = sizes_of(b.emit, element.rows.like)
    whole = without(sizes_of(b.emit, b.get(x)), column)
    sizes = (*without(seeded, element.row), *whole)
    if element.lead:
        sizes = (seeded[element.row], *sizes)
    value = b.emit(np.broadcast_to, thin, shape=sizes)
    return _made(b, let, element, value, element.lead, column, thin)


# Products.


@handles_shared(operator.matmul, np.matmul, np.dot)
def matmul(b: Batch, let: Let) -> Any:
    """
    diagonal(s) @ W            ->        s[:, :, None] * W
    W @ diagonal(s)            ->        s.T[:, :, None] * W.T       (the last axis is shared)
    g @ W                      ->        g @ W
    W @ g                      ->        g @ W.T                     (the last axis is shared)
    """
    from srcad.vectorizer import operations

    if let.options or all(map(b.is_batched, let.args)):
        return None
    place = 0 if b.is_batched(let.args[0]) else 1
    g, other = let.args[place], let.args[1 - place]
    element, rank, width = b.element(g), g.type.rank, type_of(other).rank
    if width not in (1, 2) or rank < 2 or (place and rank != 2):
        return None

    def matrix() -> Tree:
        return b.get(other) if not place or width == 1 else operations.transposed(b, other)

    if isinstance(element, Diagonal):
        axis = 1 if place else 0
        if not of_diagonal(b, element, g):
            return None
        if rank == 2:
            rows, scale, made = element.rows, element.scale, matrix()
            lead = type_of(scale).rank != 0
            if lead:
                scale = moved(b.emit, scale, axis, 0)
                if width == 2:
                    scale = b.emit(ops.getitem, scale, (ALL, ALL, None))
            value = made if is_just(scale, 1) else b.emit(ops.multiply, scale, made)
            column = axis if width == 2 else 0
            found = Shared(value, lead, rows, axis, column)
            return _made(b, let, found, value, lead, column)
        element = as_shared(b, g, axis)
    if not isinstance(element, Shared) or element.column == (0 if place else rank - 1):
        return None
    value = b.emit(ops.matmul, element.value, matrix())
    column = 0 if place and width == 1 else element.column
    return _made(b, let, element, value, element.lead, column)


@handles_shared(np.outer)
def outer(b: Batch, let: Let) -> Any:
    """
    np.outer(diagonal(s), x)   ->        s[:, None] * x
    """
    if let.options or all(map(b.is_batched, let.args)):
        return None
    place = 0 if b.is_batched(let.args[0]) else 1
    element, other = b.element(let.args[place]), let.args[1 - place]
    if isinstance(element, Diagonal):
        element = _of_vector(b, element, let.args[place])
    if not isinstance(element, Shared) or let.args[place].type.rank != 1 or b.rank(other) != 1:
        return None
    block, x = element.value, b.get(other)
    if type_of(block).rank:
        block = b.emit(ops.getitem, block, (Ellipsis, None))
    value = x if is_just(block, 1) else b.emit(ops.multiply, block, x)
    return _made(b, let, element, value, element.lead, place)


# Indices.


@handles_shared(operator.getitem)
def getitem(b: Batch, let: Let) -> Any:
    """
    g[:, 1:]                   ->        g[:, :, 1:]
    """
    g, index = let.args
    element, rank = b.element(g), g.type.rank
    parts = _parts(index, rank)
    if parts is None or b.is_batched(index):
        return None
    if isinstance(element, Diagonal):
        if rank == 1:
            return _with_axes(b, let, element, parts)
        axes = [part for part in parts if part is not None]
        kept = [axis for axis, part in enumerate(axes) if part == ALL]
        element = as_shared(b, g, kept[0]) if kept else None
    if not isinstance(element, Shared):
        return None
    found = _within(element, parts)
    if found is None:
        return None
    rest, column = found
    front = (ALL,) * (int(element.lead) + _inner(element.rows))
    rest = tuple(b.get(rest))
    value = b.emit(ops.getitem, element.value, (*front, *rest)) if rest else element.value
    return _made(b, let, element, value, element.lead, column)


def _with_axes(b: Batch, let: Let, element: Diagonal, parts: tuple[Tree, ...]) -> Shared | None:
    """
    diagonal(s)[:, None]       ->        s[:, None]
    """
    if [part for part in parts if part is not None] != [ALL]:
        return None
    if not same_shape(element.rows.like.type, let.args[0].type):
        return None
    scale, ones = element.scale, len(parts) - 1
    lead = type_of(scale).rank != 0
    column = parts.index(ALL)
    if lead:
        value = spaced(b.emit, scale, 1, ones)
    else:
        value = _filled(b, scale, (1,) * ones)
    found = Shared(value, lead, element.rows, 0, column)
    return _made(b, let, found, value, lead, column, None if lead else scale)


def _parts(index: Tree, rank: int) -> tuple[Tree, ...] | None:
    """An index with a part for each axis; None where arrays of indices are apart, or masks."""
    parts = index if type(index) is tuple else (index,)
    many = [part for part in parts if _many(part)]
    if len(many) > 1 or any(type_of(part).rank != 1 for part in many):
        return None
    if any(type_of(part).dtype in ("bool", None) for part in many):
        return None
    plain = [part for part in parts if part is not None and part is not Ellipsis]
    if many and any(not isinstance(part, Slice) for part in plain if part not in many):
        return None
    missing = rank - len(plain)
    if missing < 0:
        return None
    if any(part is Ellipsis for part in parts):
        place = next(place for place, part in enumerate(parts) if part is Ellipsis)
        return (*parts[:place], *(ALL,) * missing, *parts[place + 1 :])
    return (*parts, *(ALL,) * missing)


def _many(part: Tree) -> bool:
    if part is None or part is Ellipsis or isinstance(part, Slice):
        return False
    return type_of(part).rank != 0


def _within(element: Shared, parts: tuple[Tree, ...]) -> tuple[tuple[Tree, ...], int] | None:
    """The index in blocks, without trailing `:`, and where the shared axis goes; None where it is not left alone."""
    axis = -1
    column = 0
    for place, part in enumerate(parts):
        axis += part is not None
        if axis == element.column and part is not None:
            if part != ALL:
                return None
            rest = [*parts[:place], *parts[place + 1 :]]
            while rest and rest[-1] == ALL:
                rest.pop()
            return tuple(rest), column
        column += part is None or isinstance(part, Slice) or _many(part)
    return None


@handles_shared(runtime.put, runtime.put_add)
def stored(b: Batch, let: Let) -> Any:
    """
    x_bar[:, 1:] += g          ->        x_bar[:, :, 1:] += g
    """
    base, index, value = let.args
    rank = type_of(base).rank
    parts = _parts(index, rank) if rank else None
    if parts is None or None in parts or b.is_batched(index):
        return None
    kept = [axis for axis, part in enumerate(parts) if part == ALL]
    if not b.is_batched(value):
        return _cleared(b, let, parts, kept) if is_zero(b, value) else None
    element = b.element(value)
    axes = [axis for axis, part in enumerate(parts) if isinstance(part, Slice) or _many(part)]
    if not kept or len(axes) != value.type.rank:
        return None
    if isinstance(element, Diagonal):
        vector = value.type.rank == 1
        element = (
            _of_vector(b, element, value) if vector else as_shared(b, value, axes.index(kept[0]))
        )
    if not isinstance(element, Shared):
        return None
    column = axes[element.column]
    found = _within(element._replace(column=column), parts)
    if found is None:
        return None
    rest = tuple(b.get(found[0]))
    under: Shared | None = None
    if b.is_batched(base):
        under = as_shared(b, base, column)
        if under is None or (under.row, under.column) != (element.row, column):
            return None
    block = _under(b, base, element, column) if under is None else under.value
    lead = element.lead if under is None else under.lead
    if block is None:
        return None
    if element.lead and not lead:
        seeded = sizes_of(b.emit, element.rows.like)
        whole = (seeded[element.row], *sizes_of(b.emit, block))
        block, lead = b.emit(np.broadcast_to, block, shape=whole), True
    front = (ALL,) * (int(lead) + _inner(element.rows))
    made = b.emit(let.op, block, (*front, *rest) if rest else Ellipsis, element.value)
    return _made(b, let, element, made, lead, column)


def _under(b: Batch, base: Tree, element: Shared, column: int) -> Value | None:
    """Zeros without the axis as blocks."""
    like = _zeros_like(b, base)
    if like is None:
        return None
    seeded = sizes_of(b.emit, element.rows.like)
    sizes = (*without(seeded, element.row), *without(sizes_of(b.emit, like), column))
    whole = (seeded[element.row], *sizes) if element.lead else sizes
    return b.emit(np.zeros, whole, **b.dtype_option(base))


def _cleared(b: Batch, let: Let, parts: tuple[Tree, ...], kept: list[int]) -> Shared | None:
    """
    y_bar[:, 0] = 0            ->        y_bar[:, :, 0] = 0
    """
    base = let.args[0]
    element = as_shared(b, base, kept[0] if kept else None)
    found = None if element is None else _within(element, parts)
    if element is None or found is None:
        return None
    if let.op.function is runtime.put_add:
        return element
    front = (ALL,) * (int(element.lead) + _inner(element.rows))
    rest = tuple(b.get(found[0]))
    made = b.emit(let.op, element.value, (*front, *rest) if rest else Ellipsis, 0.0)
    return _made(b, let, element, made, element.lead, element.column)


def _zeros_like(b: Batch, base: Tree) -> Value | None:
    """What zeros got their shape from, without the axis."""
    made = b.lets.get(base) if isinstance(base, Value) and is_zero(b, base) else None
    if made is None or made.op.function is not np.zeros_like:
        return None
    source = made.args[0]
    if not isinstance(source, Value) or b.is_batched(source) or source.type.kind != "array":
        return None
    return b.get(source)  # type: ignore[no-any-return]


@handles_shared(ops.transpose.function, np.transpose)
def transposed(b: Batch, let: Let) -> Any:
    """The blocks of a transpose are those of the matrix."""
    element = b.element(let.args[0])
    if let.options or len(let.args) != 1 or let.args[0].type.rank != 2:
        return None
    if not isinstance(element, Shared):
        return None
    return _made(b, let, element, element.value, element.lead, 1 - element.column)


@handles_shared(np.cumsum, np.flip, np.diff)
def along(b: Batch, let: Let) -> Any:
    """
    np.cumsum(g, axis=1)       ->        np.cumsum(g, axis=2)
    """
    (g,), options = b.bound(let)
    rank = g.type.rank
    axis = options.pop("axis", -1 if let.op.function is np.diff else None)
    if type(axis) is not int or rank < 2 or options:
        return None
    place = axis % rank
    element = as_shared(b, g, 0 if place else 1)
    if element is None or place == element.column:
        return None
    first = int(element.lead) + _inner(element.rows)
    value = b.again(let.op, element.value, axis=first + place - (place > element.column))
    return _made(b, let, element, value, element.lead, element.column)
