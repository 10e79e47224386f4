"""Structured seeds: what is known of the rows of a Jacobian while compiling, so that zeros are never computed with.

    zero  <  identity  <  diagonal(scale)  <  blocks  <  dense rows, or columns

The seed of all rows is an identity. As it goes through a sweep it stays an element of this lattice for as long as the tables at the end have an answer; it
is made an array where it is read, once.

    y_bar = np.eye(y.size)                                    x_bar = np.diag(np.cos(x))
    x_bar = y_bar * np.cos(x)                      ->

    y_bar = np.eye(y.size)                                    x_bar = (1 - y ** 2)[:, None] * W
    x_bar = (y_bar * (1 - y ** 2)) @ W             ->

A row is the flattened index of the value that was seeded. In an element `scale` stands for the factors so far, which have no batch axis: it is a number, a
value without axes, or one of exactly the shape that it scales. Nothing here may rest on two sizes that agree by chance: what is not proven is dense.

Forward, the Jacobian is the transpose of the rows: there (`Rows.last`) dense values keep the batch's axis behind their own, as `Columns`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np

from srcad import runtime
from srcad.analysis.types import infer, same_shape, same_size, size_of, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Let, Origin, Slice, Tree, Value, entries_like, leaves
from srcad.core.quote import conj, may_be_complex
from srcad.core.types import Dim, Size, Type, less
from srcad.vectorizer import operations

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch

__all__ = ["Blocks", "Columns", "Diagonal", "Element", "Part", "Rows"]
__all__ += ["array_of", "diagonal_of", "full_scale", "identity_seed", "joined_scales"]
__all__ += ["materialised", "stand_in", "structured", "word_of"]

Emit = Callable[..., Value]

ALL = Slice()


class Rows(NamedTuple):
    """What the rows are: the flattened index of `like`; `size` of them, `count` the operand that says how many, where one was made; `last` says that
    their axis is behind all others in what is dense.
    """

    like: Value
    size: Dim
    count: Tree = None
    last: bool = False

    def number(self, emit: Emit) -> Tree:
        """How many rows there are, as an operand."""
        if isinstance(self.size, int):
            return self.size
        return emit(ops.size, self.like) if self.count is None else self.count


class Diagonal(NamedTuple):
    """Rows that are zero but at their own flattened index: `M[r, j] = scale[j] if r == j`.

    `like` is a value of the shape that a row has, or that shape as an operand; None where a row is flat.
    """

    scale: Tree
    rows: Rows
    like: Tree
    origin: Origin = Origin()


class Part(NamedTuple):
    """One diagonal of `Blocks`: `M[row + k, column + k] += scale[k]` for each k below `length`."""

    row: int
    column: int
    length: Dim
    scale: Tree
    origin: Origin = Origin()


class Blocks(NamedTuple):
    """A sum of diagonals that lie in blocks of the rows and columns; a row has one axis, of `size`, and `like` is as in `Diagonal`."""

    parts: tuple[Part, ...]
    rows: Rows
    size: Dim
    like: Tree


class Columns(NamedTuple):
    """Dense, with the batch's axis last: `value[..., r]` is row r."""

    value: Value
    rows: Rows
    like: Tree = None


Element = Union[Diagonal, Blocks, Columns]  # noqa: UP007 - evaluated on Python 3.10


def word_of(found: Element | Value) -> str:
    """What is known of rows, in a word.

    >>> word_of(identity_seed(None, Value("y", Type("array", "float64", (3,)))))
    'identity'
    """
    if isinstance(found, Diagonal):
        return "identity" if _is(found.scale, 1) else "diagonal"
    return "blocks" if isinstance(found, Blocks) else "dense"


def identity_seed(builder: Builder | None, value: Value, *, transposed: bool = False) -> Diagonal:
    """The seeds of all rows at once, for the mapping that `batch` takes: the identity over the elements of a value.

    With a builder, the number of rows is computed there and its origin is that of the seed; else where it is needed. With
    `transposed`, the Jacobian will be the transpose of the rows.

    >>> from srcad.core.types import array
    >>> seed = identity_seed(None, Value("y", array("float64", 2, 3)))
    >>> seed.scale, seed.rows.size
    (1, 6)
    """
    size = size_of(Value("size", infer(ops.size, (value,), {})))
    if size is None:
        raise ValueError(f"the rank of {value!r} is not known")
    count = None if builder is None or isinstance(size, int) else builder.emit(ops.size, value)
    origin = Origin(0, "", "adjoint") if builder is None else builder.origin
    return Diagonal(1, Rows(value, size, count, transposed), value, origin)


# Elements as arrays.


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
    if isinstance(found, Columns):
        made = found.value if transposed else _rows_first(emit, found.value)
    elif isinstance(found, Value):
        if found.base == base:
            found.named = False  # the name is that of the result
        made = _rows_last(emit, found) if transposed else found
    else:
        if isinstance(found, Blocks):
            found = found._replace(like=reached)
        made = _matrix(emit, found, dtype or found.rows.like.type.dtype, transposed, at, base)
        flat = reached.type.rank != 1
    if not plain and (dtype is None or made.type.dtype != dtype):
        made = emit(ops.cast, made, like)
    if flat or seeded.type.rank != 1:
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


def _rows_last(emit: Emit, rows: Value) -> Value:
    if rows.type.rank == 1:
        return rows
    if rows.type.rank == 2:
        return emit(ops.transpose, rows)
    return emit(np.moveaxis, rows, source=0, destination=-1)


def _rows_first(emit: Emit, columns: Value) -> Value:
    if columns.type.rank == 1:
        return columns
    if columns.type.rank == 2:
        return emit(ops.transpose, columns)
    return emit(np.moveaxis, columns, source=-1, destination=0)


def array_of(b: Batch, old: Value, element: Element, *, last: bool = False) -> Value:
    """An element as an array: of shape (rows, *shape of a row), or with the rows' axis `last`."""
    dtype = old.type.dtype
    if isinstance(element, Columns):
        return element.value if last else _rows_first(b.emit, element.value)
    made = _matrix(b.emit, element, dtype, last, lambda origin: None, old.base)
    if dtype is not None and made.type.dtype != dtype:
        made = b.emit(ops.operation(np.ndarray.astype, "method"), made, np.dtype(dtype).type)
    if old.type.rank != 1:
        count = (element.rows.number(b.emit),)
        shape = _shape_operand(b.emit, element.like, old.type)
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


def _shape_operand(emit: Emit, like: Tree, type_: Type) -> Tree:
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
    eye = emit(np.eye, element.rows.number(emit), **_named(dtype))
    return eye if _is(scale, 1) else emit(ops.multiply, scale, eye)


def _named(dtype: str | None) -> dict[str, Any]:
    return {} if dtype in (None, "float64") else {"dtype": np.dtype(dtype).type}


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
        if not part.row and _is_whole(part, element.size):
            whole = Diagonal(part.scale, rows, element.like, part.origin)
            matrix = _matrix(emit, whole, dtype, transposed, at, base)
            parts.remove(part)
            break
    at(Origin(0, "", "adjoint"))
    counters: dict[Dim, Value] = {}
    for part in parts:
        length = _bare(part.length)
        if length not in counters:
            made = emit(np.arange, _count(emit, length, rows))
            made.base, made.named = "i", True
            counters[length] = made
    if matrix is None:
        sides = rows.number(emit), _width(emit, element)
        matrix = emit(np.zeros, sides[::-1] if transposed else sides, **_named(dtype))
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


def _count(emit: Emit, length: Dim, rows: Rows) -> Tree:
    """The length of a part as an operand; it is negative where the part is cut off entirely."""
    if isinstance(length, int):
        return length
    assert isinstance(rows.size, Size)
    cut = length.minus - rows.size.minus
    number = rows.number(emit)
    return emit(ops.subtract, number, cut) if cut else number


def _countable(length: Dim, rows: Rows) -> bool:
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
    count = _count(emit, element.size, element.rows)
    if element.rows.size == element.size:
        return count
    return emit(max, count, 0)


def _is(tree: Tree, number: int) -> bool:
    """Whether an operand is this number, written out."""
    return _number(tree) and bool(tree == number)


def _number(tree: Tree) -> bool:
    return type(tree) in (int, float)


def stand_in(element: Element, old: Value) -> Value | None:
    """A value without the axis of the shape and dtype that an old value has."""
    scales = [element.scale] if isinstance(element, Diagonal) else []
    for other in (element.like, *scales):
        if isinstance(other, Value) and other.type.kind == "array":
            if same_shape(other.type, old.type) and other.type.dtype == old.type.dtype is not None:
                return other
    return None


# Joins.


def joined_scales(b: Batch, trees: Iterable[Tree], out: Value) -> list[Tree] | None:
    """The scales of what meets at a join, where all are diagonals or zero, of the shape of the seed; else None."""
    rows = b.seeded
    if rows is None or out.type.kind != "array" or not same_shape(rows.like.type, out.type):
        return None
    dtype = out.type.dtype
    if dtype is None or rows.like.type.dtype != dtype:
        return None
    scales: list[Tree] = []
    for tree in trees:
        element = b.element(tree)
        if isinstance(element, Diagonal):
            scale = element.scale
            weak = ("float", "int", dtype) if not type_of(scale).rank else (dtype,)
            if type_of(scale).dtype not in weak or type_of(scale).kind == "any":
                return None
            scales.append(scale)
        elif not b.is_batched(tree) and is_zero(b, tree):
            scales.append(0)
        else:
            return None
    return scales


def full_scale(b: Batch, scale: Tree) -> Value:
    """A scale of the shape of the seed: what is joined has one form."""
    assert b.seeded is not None
    like = b.seeded.like
    if type_of(scale).rank:
        return scale  # type: ignore[no-any-return]
    if _is(scale, 0):
        return b.emit(ops.zeros_like, like)
    ones = b.emit(ops.ones_like, like)
    return ones if _is(scale, 1) else b.emit(ops.multiply, scale, ones)


def diagonal_of(b: Batch, scale: Value, origin: Origin) -> Diagonal:
    """A diagonal of the shape of the seed."""
    assert b.seeded is not None
    return Diagonal(scale, b.seeded, b.seeded.like, origin)


# What each family of operations makes of diagonals and blocks. None: the table has no answer, and the value is dense.

Handler = Callable[["Batch", Let], Any]

TABLE: dict[Any, Handler] = {}


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler."""

    def register(made: Handler) -> Handler:
        TABLE.update(dict.fromkeys(functions, made))
        return made

    return register


def structured(b: Batch, let: Let) -> Element | Value | None:
    """What a statement with a structured operand gives: an element, dense rows, or None where the tables have no answer."""
    assert let.out is not None
    found = TABLE.get(let.op.function)
    if found is not None and let.out.type.dtype is not None:
        start = len(b.out)
        made = found(b, let)
        if made is not None:
            return made  # type: ignore[no-any-return]
        b.undo(start)
    return columns(b, let) if b.seeded is not None and b.seeded.last else None


def _only(b: Batch, let: Let) -> tuple[int, Element | None]:
    """The place of the one operand that has the axis, and its element, if it is one."""
    places = [place for place, arg in enumerate(let.args) if b.is_batched(arg)]
    if len(places) != 1 or any(b.is_batched(option) for _, option in let.options):
        return 0, None
    return places[0], b.element(let.args[places[0]])


def _applied(b: Batch, let: Let, compute: Callable[[list[Tree]], Tree]) -> Element | None:
    """An elementwise operation that is linear in its one operand with the axis: done on the scales instead."""
    place, element = _only(b, let)
    old, out = let.args[place], let.out
    if element is None or out is None or not same_shape(old.type, out.type):
        return None
    if isinstance(element, Diagonal):
        args = [element.scale if i == place else b.get(arg) for i, arg in enumerate(let.args)]
        scale = _fitting(b, compute(args), out.type.shape, element.like)
        if scale is None:
            return None
        return element._replace(scale=scale, origin=let.origin)
    if isinstance(element, Columns):
        return None
    parts = []
    for part in element.parts:
        args = [
            part.scale if i == place else _within(b, b.get(arg), part, element.size)
            for i, arg in enumerate(let.args)
        ]
        if None in args:
            return None
        scale = _fitting(b, compute(args), (part.length,), None)
        if scale is None:
            return None
        parts.append(part._replace(scale=scale, origin=let.origin))
    return element._replace(parts=tuple(parts))


def _fitting(b: Batch, scale: Tree, shape: tuple[Dim, ...] | None, like: Tree) -> Tree:
    """A scale without axes, or of exactly the wanted shape, and floating; None where that is not to be had."""
    if _number(scale):
        return scale
    found = type_of(scale)
    if found.rank is None or found.kind == "any":
        return None
    if found.rank and not same_shape(found, Type("array", None, shape)):
        if not (isinstance(like, Value) and like.type.kind == "array"):
            return None
        scale = b.emit(np.broadcast_to, scale, shape=b.emit(ops.shape, like))
    return _precise(b, scale if found.differentiable else b.emit(ops.multiply, 1.0, scale))


def _precise(b: Batch, found: Tree) -> Tree:
    """A factor in the dtype of the value that is computed: what comes of it is computed in that, as it would be for rows."""
    type_, dtype = type_of(found), b.target.type.dtype
    if type_.kind == "number" or type_.dtype == dtype or dtype is None:
        return found
    kind = np.dtype(dtype).type
    if not type_.rank:
        return b.emit(kind, found)
    return b.emit(ops.operation(np.ndarray.astype, "method"), found, kind)


def _within(b: Batch, operand: Tree, part: Part, size: Dim) -> Tree:
    """The elements of an unbatched operand that meet a part; None where they cannot be told."""
    type_ = type_of(operand)
    if type_.rank == 0:
        return operand
    if type_.rank != 1 or type_.shape is None or not same_size(type_.shape[0], size):
        return None
    margin = _margin(part, size)
    return None if margin is None else _cut(b, operand, part.column, margin)


def _margin(part: Part, size: Dim) -> int | None:
    """How many columns are behind a part, where it has any; None where that is not known."""
    if isinstance(size, int) and isinstance(part.length, int):
        return size - part.column - part.length
    if isinstance(size, Size) and isinstance(part.length, Size) and size.key == part.length.key:
        margin = part.length.minus - size.minus - part.column
        return margin if margin >= 0 else None
    return None


def _cut(b: Batch, operand: Tree, front: int, back: int) -> Tree:
    """A vector without so many elements at its ends."""
    if type_of(operand).rank == 0 or not (front or back):
        return operand
    return b.emit(ops.getitem, operand, Slice(front or None, -back or None))


def as_blocks(element: Element | None, old: Value) -> Blocks | None:
    """A diagonal as one block."""
    if isinstance(element, Blocks):
        return element
    if not isinstance(element, Diagonal) or old.type.rank != 1:
        return None
    (size,) = old.type.shape  # type: ignore[misc]
    if not _countable(size, element.rows):
        return None
    part = Part(0, 0, size, element.scale, element.origin)
    return Blocks((part,), element.rows, size, element.like)


def simplest(blocks: Blocks) -> Diagonal | Blocks:
    """Blocks as a diagonal, where they are one."""
    parts = tuple(part for part in blocks.parts if not _is(part.scale, 0))
    if len(parts) == 1 and same_size(blocks.size, blocks.rows.size):
        part = parts[0]
        if part.row == part.column == 0 and same_size(part.length, blocks.size):
            return Diagonal(part.scale, blocks.rows, blocks.like, part.origin)
    return blocks._replace(parts=parts)


@handles(operator.neg, np.negative)
def negative(b: Batch, let: Let) -> Any:
    return _applied(b, let, lambda args: _negated(b, args[0]))


def _negated(b: Batch, scale: Tree) -> Tree:
    return -scale if _number(scale) else b.emit(ops.negative, scale)


@handles(operator.pos, np.positive, np.copy, runtime.own, ops.move.function, runtime.stop_gradient)
@handles(np.asarray, np.ascontiguousarray)
def same(b: Batch, let: Let) -> Any:
    return None if let.options else _applied(b, let, lambda args: args[0])


@handles(np.real, np.imag, np.conjugate)
def complex_part(b: Batch, let: Let) -> Any:
    """
    x_bar = diagonal(d).real   ->        diagonal(d.real)
    """

    def compute(args: list[Tree]) -> Tree:
        if _number(args[0]) or not may_be_complex(args[0]):
            return 0 if let.op.function is np.imag else args[0]
        if type(args[0]) is complex:
            return (conj if let.op is ops.conj else let.op.function)(args[0])
        return b.emit(let.op, args[0])

    return _applied(b, let, compute)


@handles(runtime.cast, runtime.result, runtime.spread, runtime.sum_to)
def formed(b: Batch, let: Let) -> Any:
    """What gives a value the form of another, where that is the shape that it has."""
    if b.is_batched(let.args[1]):
        return None
    dtype = b.target.type.dtype

    def compute(args: list[Tree]) -> Tree:
        if _number(args[0]) or type_of(args[0]).dtype in (dtype, "float", "int"):
            return args[0]
        return b.emit(ops.cast, args[0], b.get(let.args[1]))

    return _applied(b, let.renewed(args=let.args[:1]), compute)


@handles(operator.mul, np.multiply)
def product(b: Batch, let: Let) -> Any:
    """
    x_bar = diagonal(d) * p    ->        diagonal(d * p)
    """

    def compute(args: list[Tree]) -> Tree:
        a, c = args
        if _number(a) and _number(c):
            return a * c
        if _is(a, 1):
            return c
        return a if _is(c, 1) else b.emit(ops.multiply, a, c)

    return None if let.options else _applied(b, let, compute)


@handles(operator.truediv, np.divide)
def quotient(b: Batch, let: Let) -> Any:
    if let.options or b.is_batched(let.args[1]):
        return None

    def compute(args: list[Tree]) -> Tree:
        return args[0] if _is(args[1], 1) else b.emit(ops.divide, *args)

    return _applied(b, let, compute)


@handles(np.where)
def selected(b: Batch, let: Let) -> Any:
    """
    x_bar = np.where(c, diagonal(d), 0)   ->    diagonal(np.where(c, d, 0))
    """
    if len(let.args) != 3 or b.is_batched(let.args[0]):
        return None
    condition, *sides = let.args
    if all(map(b.is_batched, sides)):
        one, two = map(b.element, sides)
        if not (isinstance(one, Diagonal) and isinstance(two, Diagonal)):
            return None
        if not all(same_shape(side.type, b.target.type) for side in sides):
            return None
        scales = [_floated(element.scale) for element in (one, two)]
        scale = b.emit(np.where, b.get(condition), *scales)
        scale = _fitting(b, scale, b.target.type.shape, one.like)
        return None if scale is None else one._replace(scale=scale, origin=let.origin)
    other = sides[b.is_batched(sides[0])]
    if not is_zero(b, other):
        return None

    def compute(args: list[Tree]) -> Tree:
        ends = [0.0 if side is other else _floated(arg) for side, arg in zip(sides, args[1:])]
        return b.emit(np.where, args[0], *ends)

    return _applied(b, let, compute)


def _floated(scale: Tree) -> Tree:
    return float(scale) if _number(scale) else scale


@handles(operator.add, np.add, operator.sub, np.subtract)
def total(b: Batch, let: Let) -> Any:
    """
    diagonal(d) + diagonal(e)  ->        diagonal(d + e)
    """
    if let.options:
        return None
    minus = let.op.function in (operator.sub, np.subtract)
    for place, other in ((0, let.args[1]), (1, let.args[0])):
        if not b.is_batched(other) and is_zero(b, other):
            alone = let.renewed(args=(let.args[place],))
            return negative(b, alone) if place and minus else same(b, alone)
    if not all(b.element(arg) and same_shape(arg.type, b.target.type) for arg in let.args):
        return None
    one, two = map(b.element, let.args)
    if isinstance(one, Diagonal) and isinstance(two, Diagonal):
        scale = _sum(b, one.scale, two.scale, minus)
        return one._replace(scale=scale, origin=let.origin)
    return added(b, let, as_blocks(one, let.args[0]), as_blocks(two, let.args[1]), minus)


def _sum(b: Batch, a: Tree, c: Tree, minus: bool) -> Tree:
    if _number(a) and _number(c):
        return a - c if minus else a + c
    return b.emit(ops.subtract if minus else ops.add, a, c)


def added(
    b: Batch, let: Let, one: Blocks | None, two: Blocks | None, minus: bool = False
) -> Element | None:
    """A sum of blocks: what lies at one place is one part."""
    if one is None or two is None:
        return None
    parts = list(one.parts)
    for part in two.parts:
        for place, before in enumerate(parts):
            if before[:2] == part[:2] and same_size(before.length, part.length):
                scale = _sum(b, before.scale, part.scale, minus)
                parts[place] = before._replace(scale=scale, origin=let.origin)
                break
        else:
            parts.append(part._replace(scale=_negated(b, part.scale)) if minus else part)
    like = two.like if one.like is None else one.like
    return simplest(one._replace(parts=tuple(parts), like=like))


def is_zero(b: Batch, tree: Tree) -> bool:
    """Whether an old operand without the axis is zeros."""
    if _number(tree):
        return bool(tree == 0)
    made = b.lets.get(tree) if isinstance(tree, Value) else None
    if made is None:
        return False
    if made.op.function in (np.zeros_like, np.zeros):
        return True
    return made.op in (ops.spread, ops.cast) and is_zero(b, made.args[0])


def _start(base: Type, index: Tree) -> tuple[int, Dim] | None:
    """Where a slice of a vector begins, and its length; None for any other index."""
    if isinstance(index, tuple) and not isinstance(index, Slice):
        if len(index) != 1:
            return None
        (index,) = index
    if index is Ellipsis:
        index = ALL
    if not isinstance(index, Slice) or index.step not in (None, 1) or base.rank != 1:
        return None
    (size,) = base.shape  # type: ignore[misc]
    start = 0 if index.start is None else index.start
    if type(start) is not int:
        return None
    if isinstance(size, int):
        start = min(max(start + size if start < 0 else start, 0), size)
    if start < 0:
        return None
    found = infer(ops.getitem, (Value("base", base), index), {}).shape
    return None if found is None else (start, found[0])


@handles(operator.getitem)
def getitem(b: Batch, let: Let) -> Any:
    """
    d = diagonal(s)[1:]        ->        rows 1 and on: s[1:]
    """
    base, index = let.args
    blocks = as_blocks(b.element(base), base)
    if blocks is None or b.is_batched(index):
        return None
    found = window(b, blocks, base, index)
    return None if found is None else simplest(found)


def window(b: Batch, blocks: Blocks, base: Value, index: Tree) -> Blocks | None:
    """A slice of blocks."""
    place = _start(base.type, index)
    if place is None:
        return None
    start, length = place
    after = _margin(Part(0, start, length, 1), blocks.size)
    if same_size(length, blocks.size) and not start:
        after = 0
    if after is None or not _countable(length, blocks.rows):
        return None
    parts = []
    for part in blocks.parts:
        margin = 0 if _is_whole(part, blocks.size) else _margin(part, blocks.size)
        if margin is None:
            return None
        front, back = max(start - part.column, 0), max(after - margin, 0)
        scale = _cut(b, part.scale, front, back)
        parts.append(
            Part(
                part.row + front,
                max(part.column - start, 0),
                less(part.length, front + back),
                scale,
                part.origin,
            )
        )
    return blocks._replace(parts=tuple(parts), size=length, like=None)


def _is_whole(part: Part, size: Dim) -> bool:
    return not part.column and same_size(part.length, size)


@handles(runtime.put, runtime.put_add)
def stored(b: Batch, let: Let) -> Any:
    """
    x_bar = np.zeros_like(x)
    x_bar[1:] += diagonal(s)   ->        columns 1 and on: s
    """
    base, index, value = let.args
    if b.is_batched(index):
        return None
    if not b.is_batched(value):
        return _cleared(b, let) if is_zero(b, value) else None
    place = _start(type_of(base), index)
    blocks = as_blocks(b.element(value), value)
    if place is None or blocks is None or not same_size(place[1], blocks.size):
        return None
    start, _ = place
    moved = tuple(part._replace(column=part.column + start) for part in blocks.parts)
    (size,) = base.type.shape
    if not b.is_batched(base):
        if not is_zero(b, base):
            return None
        like = _shape_source(b, base)
        if like is None and not _countable(size, blocks.rows):
            return None
        return simplest(blocks._replace(parts=moved, size=size, like=like))
    under = as_blocks(b.element(base), base)
    if let.op.function is runtime.put:
        cleared = _cleared(b, let.renewed(args=(base, index, 0.0)))
        under = as_blocks(cleared, base)
    if under is None:
        return None
    return added(b, let, under, blocks._replace(parts=moved, size=size, like=under.like))


def _cleared(b: Batch, let: Let) -> Element | None:
    """
    y_bar[0] = 0.0             ->        the scale likewise
    """
    base, index, _ = let.args
    element = b.element(base)
    if let.op.function is runtime.put_add:
        return element
    if isinstance(element, Diagonal):
        scale = _zeroed(b, element.scale, index, element.like)
        return None if scale is None else element._replace(scale=scale, origin=let.origin)
    if not isinstance(element, Blocks):
        return None
    parts = []
    for part in element.parts:
        whole = _is_whole(part, element.size)
        scale = _zeroed(b, part.scale, index, element.like) if whole else None
        if scale is None:
            return None
        parts.append(part._replace(scale=scale))
    return element._replace(parts=tuple(parts))


def _zeroed(b: Batch, scale: Tree, index: Tree, like: Tree) -> Tree:
    """A scale with zeros at an index; None where it has no axes, and its shape is not at hand."""
    if not type_of(scale).rank:
        if not (isinstance(like, Value) and like.type.kind == "array"):
            return None
        made = b.emit(ops.ones_like, like)
        scale = made if _is(scale, 1) else b.emit(ops.multiply, scale, made)
    return b.emit(ops.put, scale, b.get(index), 0.0)


def _shape_source(b: Batch, zeros: Value) -> Tree:
    """What zeros got their shape from: an operand without the axis."""
    made = b.lets.get(zeros)
    if made is None:
        return None
    if made.op in (ops.spread, ops.cast):
        return made.args[1] if not b.is_batched(made.args[1]) else None
    source = made.args[0]
    if b.is_batched(source):
        element = b.element(source)
        return None if element is None else element.like
    if isinstance(source, Value) and source.type.kind == "array":
        return b.get(source)
    return b.get(source if isinstance(source, tuple) else (source,))


@handles(np.reshape, np.ravel, np.ndarray.flatten)
def reshaped(b: Batch, let: Let) -> Any:
    """A diagonal is one over the flattened index, whatever the shape."""
    _, element = _only(b, let)
    options = dict(let.options)
    if not isinstance(element, Diagonal) or options.get("order", "C") != "C":
        return None
    scale, like = element.scale, None
    if type_of(scale).rank:
        like = scale = b.emit(let.op, scale, *map(b.get, let.args[1:]), **_got(b, options))
        if not same_shape(scale.type, b.target.type):
            return None
    elif b.target.type.rank != 1:
        like = _shape_asked(b, options.get("shape", let.args[-1]))
        if like is None:
            return None
    return element._replace(scale=scale, like=like, origin=let.origin)


def _got(b: Batch, options: dict[str, Tree]) -> dict[str, Tree]:
    return {key: b.get(option) for key, option in options.items()}


def _shape_asked(b: Batch, shape: Tree) -> Tree:
    """The shape that a reshape asks for, as an operand, or a value that has it."""
    if isinstance(shape, tuple):
        return None if any(_is(part, -1) for part in shape) else b.get(shape)
    made = b.lets.get(shape) if isinstance(shape, Value) else None
    if made is None or made.op is not ops.shape:
        return None
    source = made.args[0]
    if not b.is_batched(source):
        return b.get(source)
    element = b.element(source)
    return None if element is None else element.like


@handles(operator.matmul, np.matmul, np.dot)
def matmul(b: Batch, let: Let) -> Any:
    """
    y = diagonal(d) @ W        ->        y = d[:, None] * W
    y = W.T @ diagonal(d)      ->        y = d[:, None] * W
    y = W @ diagonal(d)        ->        y.T = W * d                     (with the rows last)
    """
    place, element = _only(b, let)
    if element is None or isinstance(element, Columns) or let.options:
        return None
    other = let.args[1 - place]
    rank = type_of(other).rank
    if let.args[place].type.rank != 1 or rank not in (1, 2):
        return None
    last = element.rows.last and rank == 2
    plain = rank == 1 or bool(place) == last
    matrix = _precise(b, b.get(other) if plain else operations.transposed(b, other))
    if isinstance(element, Diagonal):
        made = _scaled(b, matrix, element.scale, last)
    else:
        width = None
        if rank == 2:
            (width,) = matrix.type.shape[:1] if last else matrix.type.shape[1:]
            if not isinstance(width, int):
                width = b.emit(ops.getitem, b.emit(ops.shape, matrix), 0 if last else 1)
        made = _scattered(
            b, element, lambda part: _picked(b, matrix, part, element.size, last), width, last
        )
    return Columns(made, element.rows) if last and made is not None else made


def _scaled(b: Batch, matrix: Tree, scale: Tree, last: bool) -> Tree:
    """The rows of a matrix, or its columns, or the elements of a vector, scaled."""
    if _is(scale, 1):
        return matrix
    if last or type_of(matrix).rank == 1:
        return b.emit(ops.multiply, matrix, scale) if last else b.emit(ops.multiply, scale, matrix)
    if type_of(scale).rank:
        scale = b.emit(ops.getitem, scale, (ALL, None))
    return b.emit(ops.multiply, scale, matrix)


def _picked(b: Batch, matrix: Tree, part: Part, size: Dim, last: bool) -> Tree:
    """What a part takes of a matrix, scaled; None where its end is not known."""
    margin = 0 if _is_whole(part, size) else _margin(part, size)
    if margin is None:
        return None
    some = Slice(part.column or None, -margin or None)
    if some != ALL:
        matrix = b.emit(ops.getitem, matrix, (ALL, some) if last else some)
    return _scaled(b, matrix, part.scale, last)


def _scattered(
    b: Batch, blocks: Blocks, picked: Callable[[Part], Tree], width: Tree, last: bool
) -> Value | None:
    """
    y = blocks @ W             ->        y = np.zeros((m, n))
                                         y[1:] += d[:, None] * W[:-1]
    """
    rows, start = blocks.rows, len(b.out)
    placed: list[tuple[int, int, Tree]] = []
    for part in blocks.parts:
        margin = _margin(part._replace(column=part.row), rows.size)
        value = picked(part)
        if margin is None or value is None:
            return None
        placed.append((part.row, margin, value))
    placed.sort(key=lambda place: place[:2] != (0, 0))  # what is in all rows first
    if placed and placed[0][:2] == (0, 0) and type_of(placed[0][2]).rank:
        made = placed.pop(0)[2]
    else:
        sides: Tree = rows.number(b.emit)
        if width is not None:
            sides = (width, sides) if last else (sides, width)
        made = b.emit(np.zeros, sides, **_named(b.target.type.dtype))
    for front, back, value in placed:
        if b.fresh(made, start):
            made.base = b.target.base
        if front or back:
            some = Slice(front or None, -back or None)
            made = b.emit(ops.put_add, made, (ALL, some) if last else some, value)
        else:
            made = b.emit(ops.add, made, value)
    return made  # type: ignore[no-any-return]


@handles(np.sum)
def summed(b: Batch, let: Let) -> Any:
    """
    s = np.sum(diagonal(d))    ->        s = d
    """
    _, element = _only(b, let)
    if let.options or len(let.args) != 1:
        return None
    if isinstance(element, Blocks):
        return _scattered(b, element, lambda part: part.scale, None, False)
    if not isinstance(element, Diagonal):
        return None
    scale = element.scale
    rank = type_of(scale).rank
    if rank:
        return scale if rank == 1 else b.emit(np.ravel, scale)
    dtype = b.target.type.dtype
    named = {} if dtype == "float64" else {"dtype": np.dtype(dtype).type}
    return b.emit(np.full, element.rows.number(b.emit), _floated(scale), **named)


@handles(np.mean)
def mean(b: Batch, let: Let) -> Any:
    """
    m = np.mean(diagonal(d))   ->        m = d / x.size
    """
    made, (_, element) = summed(b, let), _only(b, let)
    if made is None or not isinstance(element, Diagonal):
        return None
    return b.emit(ops.divide, made, element.rows.number(b.emit))


@handles(np.diff)
def diff(b: Batch, let: Let) -> Any:
    """
    np.diff(g)                 ->        g[1:] - g[:-1]
    """
    _, element = _only(b, let)
    if element is None or let.options or len(let.args) != 1 or let.args[0].type.rank != 1:
        return None
    blocks = as_blocks(element, let.args[0])
    if blocks is None:
        return None
    later, sooner = (window(b, blocks, let.args[0], Slice(*ends)) for ends in ((1,), (None, -1)))
    return added(b, let, later, sooner, minus=True)


# With the rows last: dense values as columns.


def columns(b: Batch, let: Let) -> Columns | Value | None:
    """A statement on columns, where no operand has its rows first; None where there is no form for it."""
    values = [value for value in leaves(let.args) if value in b.batched]
    if any(b.element(value) is None and value.type.rank != 0 for value in values):
        return None
    if any(b.is_batched(option) for _, option in let.options):
        return None
    found = LAST.get(let.op.function)
    if found is None and operations.handler(let) is operations.elementwise:
        found = elementwise_last
    start = len(b.out)
    made = None if found is None else found(b, let)
    if made is None:
        b.undo(start)
        return None
    rows, out = b.seeded, b.target
    assert rows is not None
    if b.fresh(made, start):
        made.type = Type("array", made.type.dtype, (*out.type.shape, rows.size))
    return Columns(made, rows) if out.type.rank else made


LAST: dict[Any, Handler] = {}


def handles_last(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler of the operations on columns."""

    def register(made: Handler) -> Handler:
        LAST.update(dict.fromkeys(functions, made))
        return made

    return register


def _last(b: Batch, old: Tree) -> Tree:
    """An old operand with the rows' axis last; one without axes stays as it is."""
    if not b.is_batched(old):
        rank = b.rank(old)
        return b.emit(ops.getitem, b.get(old), (*(ALL,) * rank, None)) if rank else b.get(old)
    element = b.element(old)
    return b.get(old) if element is None else array_of(b, old, element, last=True)


def elementwise_last(b: Batch, let: Let) -> Any:
    """
    y = p * g                  ->        y = p[:, None] * g
    """
    if any(type_of(option).rank for _, option in let.options):
        return None
    args = [arg if arg is None or _is_dtype(arg) else _last(b, arg) for arg in let.args]
    return b.emit(let.op, *args, **_got(b, dict(let.options)))


def _is_dtype(tree: Tree) -> bool:
    return isinstance(tree, (type, np.dtype, str)) or (
        isinstance(tree, Value) and tree.type.kind == "object"
    )


@handles_last(operator.matmul, np.matmul, np.dot)
def matmul_last(b: Batch, let: Let) -> Any:
    """
    y = W @ g                  ->        y = W @ g
    """
    a, c = let.args
    p, q = b.rank(a), b.rank(c)
    left, right = b.is_batched(a), b.is_batched(c)
    if (p, q) == (1, 1) and left and right:
        return b.emit(np.sum, b.emit(ops.multiply, _last(b, a), _last(b, c)), axis=0)
    if right and not left and q == 1 and p in (1, 2):
        return b.emit(let.op, b.get(a), _last(b, c))
    if left and not right and p == 1 and q in (1, 2):
        other = b.get(c) if q == 1 else operations.transposed(b, c)
        return b.emit(let.op, other, _last(b, a))
    return None


@handles_last(np.sum, np.mean)
def sum_last(b: Batch, let: Let) -> Any:
    """
    s = np.sum(g)              ->        s = np.sum(g, axis=0)
    """
    (a,), options = b.bound(let)
    rank, axis = b.rank(a), options.pop("axis", None)
    if not rank:
        return None
    axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not all(type(one) is int for one in axes):
        return None
    places = tuple(one % rank for one in axes)
    mask = dict(let.options).get("where", True)
    if mask is not True:
        options["where"] = _last(b, mask)
    return b.again(let.op, _last(b, a), **options, axis=places if len(places) != 1 else places[0])


@handles_last(np.diff, np.cumsum, np.flip)
def along_last(b: Batch, let: Let) -> Any:
    """
    d = np.diff(g)             ->        d = np.diff(g, axis=0)
    """
    (a,), options = b.bound(let)
    if options.keys() & {"prepend", "append"}:
        return None
    axis, rank = options.pop("axis", -1 if let.op.function is np.diff else None), b.rank(a)
    if axis is None and rank == 1:
        axis = 0
    if type(axis) is not int or not rank:
        return None
    return b.again(let.op, _last(b, a), **options, axis=axis % rank)


@handles_last(operator.getitem)
def getitem_last(b: Batch, let: Let) -> Any:
    base, index = let.args
    index = _index_last(b, index)
    return None if index is None else b.emit(let.op, _last(b, base), index)


def _index_last(b: Batch, index: Tree) -> Tree:
    """An index in front of the rows' axis; None where arrays of indices are apart."""
    parts = index if type(index) is tuple else (index,)
    if b.is_batched(parts) or sum(1 for part in parts if _picks_many(part)) > 1:
        return None
    parts = b.get(parts)
    if any(part is Ellipsis for part in parts):
        parts = (*parts, ALL)
    return parts[0] if len(parts) == 1 else parts


def _picks_many(part: Tree) -> bool:
    if part is None or part is Ellipsis or isinstance(part, Slice):
        return False
    return type_of(part).rank != 0


@handles_last(runtime.put, runtime.put_add)
def stored_last(b: Batch, let: Let) -> Any:
    base, index, value = let.args
    place = _index_last(b, index)
    if place is None:
        return None
    if b.is_batched(base):
        under = _last(b, base)
    elif is_zero(b, base):
        like = _shape_source(b, base)
        if like is None:
            return None
        shape = _shape_operand(b.emit, like, base.type)
        count = (b.count(),)
        whole = (*shape, *count) if isinstance(shape, tuple) else b.emit(ops.add, shape, count)
        under = b.emit(np.zeros, whole, **b.dtype_option(base))
    else:
        return None
    return b.emit(let.op, under, place, _last(b, value))


@handles_last(runtime.cast, runtime.result, runtime.sum_to, runtime.spread)
def formed_last(b: Batch, let: Let) -> Any:
    g, x = let.args
    if b.is_batched(x) or not same_shape(g.type, type_of(x)):
        return None
    return operations.casted(b, _last(b, g), x)


@handles_last(np.concatenate, np.stack)
def joined_last(b: Batch, let: Let) -> Any:
    (parts,), options = b.bound(let)
    axis = options.pop("axis", 0)
    if not isinstance(parts, (tuple, list)) or options or type(axis) is not int:
        return None
    if not all(map(b.is_batched, parts)):
        return None
    rank = b.rank(parts[0]) + (let.op.function is np.stack)
    return b.again(let.op, type(parts)(_last(b, part) for part in parts), axis=axis % rank)
