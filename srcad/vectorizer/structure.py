"""Structured seeds: what is known of the rows of a Jacobian while compiling, so that zeros are never computed with.

    zero  <  identity  <  diagonal(scale)  <  blocks  <  dense rows

The seed of all rows is an identity. As it goes back through a sweep it stays an element of this lattice for as long as the table at the end has an answer;
then it is made an array, once, where it is read.

    y_bar = np.eye(y.size)                                    x_bar = np.diag(np.cos(x))
    x_bar = y_bar * np.cos(x)                      ->

    y_bar = np.eye(y.size)                                    x_bar = (1 - y ** 2)[:, None] * W
    x_bar = (y_bar * (1 - y ** 2)) @ W             ->

A row is the flattened index of the value that was seeded. In an element `scale` stands for the factors so far, which have no batch axis: it is a number, a
value without axes, or one of exactly the shape that it scales. Nothing here may rest on two sizes that agree by chance: what is not proven is dense.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np

from srcad import runtime
from srcad.analysis.types import infer, same_shape, size_of, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Let, Origin, Slice, Tree, Value
from srcad.core.types import Dim, Type
from srcad.vectorizer.operations import transposed

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch

__all__ = ["Blocks", "Diagonal", "Element", "Part", "Rows", "identity_seed", "materialised"]

Emit = Callable[..., Value]


class Rows(NamedTuple):
    """What the rows are: the flattened index of `like`; `size` of them, `count` the operand that says how many, where one was made."""

    like: Value
    size: Dim
    count: Tree = None

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
    """A sum of diagonals that lie in blocks of the rows and columns; a row has one axis, of `size`, that of `like` where there is such a value."""

    parts: tuple[Part, ...]
    rows: Rows
    size: Dim
    like: Tree = None


Element = Union[Diagonal, Blocks]  # noqa: UP007 - evaluated on Python 3.10


def identity_seed(builder: Builder | None, value: Value) -> Diagonal:
    """The seeds of all rows at once, for the mapping that `batch` takes: the identity over the elements of a value.

    With a builder, the number of rows is computed there and its origin is that of the seed; else where it is needed.
    """
    size = size_of(Value("size", infer(ops.size, (value,), {})))
    if size is None:
        raise ValueError(f"the rank of {value!r} is not known")
    count = None if builder is None or isinstance(size, int) else builder.emit(ops.size, value)
    origin = Origin(0, "", "adjoint") if builder is None else builder.origin
    return Diagonal(1, Rows(value, size, count), value, origin)


# Elements as arrays.


def materialised(
    builder: Builder,
    found: Element | Value,
    output: Value,
    argument: Value,
    *,
    transposed: bool = False,
) -> Value:
    """The Jacobian of shape `output.shape + argument.shape`, of the dtype of the argument, in memory of its own.

    `found` is what the sweep made of the rows: over the elements of the output; with `transposed`, over those of the argument.
    """
    base = f"{output.base}_dot" if transposed else f"{argument.base}_bar"
    seeded, reached = (argument, output) if transposed else (output, argument)
    kept, emit = builder.origin, _emitter(builder)
    dtype = None if argument.type.kind == "number" else argument.type.dtype
    if isinstance(found, Value):
        made = found
        if transposed:
            made = _turned(emit, made)
    else:
        if isinstance(found, Diagonal):
            builder.origin = found.origin
        made = _matrix(emit, found, dtype or found.rows.like.type.dtype, builder, transposed)
    flat = not isinstance(found, Value) or seeded.type.rank != 1
    if dtype is not None and made.type.dtype != dtype:
        made = emit(ops.cast, made, argument)
    if flat and (seeded.type.rank != 1 or reached.type.rank != 1):
        shape = _shape_of_both(emit, output, argument)
        made = emit(ops.operation(np.reshape), made, shape=shape)
    made = builder.emit(ops.own, made, base=base, named=True)
    builder.origin = kept
    return made


def _emitter(builder: Builder) -> Emit:
    def emit(what: Any, *args: Tree, **options: Tree) -> Value:
        op = what if isinstance(what, ops.Operation) else ops.operation(what)
        return builder.emit(op, *args, **options)

    return emit


def _shape_of_both(emit: Emit, output: Value, argument: Value) -> Tree:
    """`y.shape + x.shape`."""
    sizes = [value.type.shape or () for value in (output, argument)]
    known = [all(isinstance(size, int) for size in one) for one in sizes]
    if all(known):
        return (*sizes[0], *sizes[1])
    if not sizes[0] or not sizes[1]:
        return emit(ops.shape, argument if not sizes[0] else output)
    ends = [
        one if is_known else emit(ops.shape, value)
        for one, is_known, value in zip(sizes, known, (output, argument))
    ]
    return emit(ops.add, *ends)


def _turned(emit: Emit, rows: Value) -> Value:
    """Rows with their axis last."""
    if rows.type.rank == 1:
        return rows
    if rows.type.rank == 2:
        return emit(ops.transpose, rows)
    return emit(np.moveaxis, rows, source=0, destination=-1)


def array_of(b: Batch, old: Value, element: Element) -> Value:
    """An element as rows: an array of shape (rows, *shape of a row)."""
    dtype = old.type.dtype
    made = _matrix(b.emit, element, dtype, None, False)
    if dtype is not None and made.type.dtype != dtype:
        made = b.emit(np.ndarray.astype, made, np.dtype(dtype).type)
    if old.type.rank != 1:
        assert isinstance(element, Diagonal)
        count = element.rows.number(b.emit)
        sizes = old.type.shape or ()
        shape: Tree
        if all(isinstance(size, int) for size in sizes):
            shape = (count, *sizes)
        elif isinstance(element.like, tuple):
            shape = (count, *element.like)
        elif element.like.type.kind == "object":
            shape = b.emit(ops.add, (count,), element.like)
        else:
            shape = b.emit(ops.add, (count,), b.emit(ops.shape, element.like))
        made = b.emit(np.reshape, made, shape=shape)
    made.type = b.type_with_axis(old, made.type.dtype)
    return made


def _matrix(
    emit: Emit, element: Element, dtype: str | None, builder: Builder | None, transposed: bool
) -> Value:
    """An element as a matrix of rows and flat columns, or turned around."""
    named = {} if dtype in (None, "float64") else {"dtype": np.dtype(dtype).type}
    if isinstance(element, Blocks):
        raise NotImplementedError
    scale = element.scale
    if type_of(scale).rank:
        if type_of(scale).rank != 1:
            scale = emit(np.ravel, scale)
        return emit(np.diag, scale)
    eye = emit(np.eye, element.rows.number(emit), **named)
    return eye if _is(scale, 1) else emit(ops.multiply, scale, eye)


def _is(tree: Tree, number: int) -> bool:
    """Whether an operand is this number, written out."""
    return type(tree) in (int, float) and tree == number


def stand_in(element: Element, old: Value) -> Value | None:
    """A value without the axis of the shape and dtype that an old value has."""
    scale = element.scale if isinstance(element, Diagonal) else None
    for other in (element.like, scale):
        if isinstance(other, Value) and other.type.kind == "array":
            if same_shape(other.type, old.type) and other.type.dtype == old.type.dtype is not None:
                return other
    return None


# The table: what each family of operations makes of an element. None is dense.

Handler = Callable[["Batch", Let], Any]

TABLE: dict[Any, Handler] = {}


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler."""

    def register(made: Handler) -> Handler:
        TABLE.update(dict.fromkeys(functions, made))
        return made

    return register


def structured(b: Batch, let: Let) -> Element | Value | None:
    """What a statement with a structured operand gives: an element, dense rows, or None where the table has no answer."""
    found = TABLE.get(let.op.function)
    if found is None or let.out is None or let.out.type.dtype is None:
        return None
    return found(b, let)  # type: ignore[no-any-return]


def _only(b: Batch, let: Let) -> tuple[int, Element | None]:
    """The place of the one operand that has the axis, and its element, if it is one."""
    places = [place for place, arg in enumerate(let.args) if b.is_batched(arg)]
    if len(places) != 1 or any(b.is_batched(option) for _, option in let.options):
        return 0, None
    return places[0], b.element(let.args[places[0]])


def _applied(b: Batch, let: Let, compute: Callable[[list[Tree]], Tree]) -> Element | None:
    """An elementwise operation that is linear in its one operand with the axis: done on the scale instead."""
    place, element = _only(b, let)
    old, out = let.args[place], let.out
    assert out is not None
    if not same_shape(old.type, out.type):
        return None
    if isinstance(element, Diagonal):
        args = [element.scale if i == place else b.get(arg) for i, arg in enumerate(let.args)]
        scale = _fitting(b, compute(args), out.type, element.like)
        if scale is None:
            return None
        return element._replace(scale=scale, origin=let.origin)
    return None


def _fitting(b: Batch, scale: Tree, wanted: Type, like: Tree) -> Tree:
    """A scale without axes, or of exactly the wanted shape and floating; None where that is not to be had."""
    found = type_of(scale)
    if found.rank is None or found.kind == "any":
        return None
    if found.rank and not same_shape(found, wanted):
        if not isinstance(like, Value) or not same_shape(like.type, wanted):
            return None
        scale = b.emit(np.broadcast_to, scale, shape=b.emit(ops.shape, like))
    if not found.differentiable and not _number(scale):
        scale = b.emit(ops.multiply, 1.0, scale)
    return scale


def _number(tree: Tree) -> bool:
    return type(tree) in (int, float)


@handles(operator.neg, np.negative)
def negative(b: Batch, let: Let) -> Any:
    return _applied(b, let, lambda args: _negated(b, args[0]))


def _negated(b: Batch, scale: Tree) -> Tree:
    return -scale if _number(scale) else b.emit(ops.negative, scale)


@handles(operator.pos, np.positive, np.copy, runtime.own, ops.move.function, runtime.stop_gradient)
def same(b: Batch, let: Let) -> Any:
    return _applied(b, let, lambda args: args[0])


@handles(runtime.cast, runtime.result, runtime.spread, runtime.sum_to)
def formed(b: Batch, let: Let) -> Any:
    """What gives a value the form of another, where that is the shape that it has."""
    if b.is_batched(let.args[1]):
        return None
    assert let.out is not None
    dtype = let.out.type.dtype

    def compute(args: list[Tree]) -> Tree:
        if _number(args[0]) or type_of(args[0]).dtype in (dtype, "float", "int"):
            return args[0]
        return b.emit(ops.cast, args[0], args[1])

    return _applied(b, let, compute)


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

    return _applied(b, let, compute)


@handles(operator.truediv, np.divide)
def quotient(b: Batch, let: Let) -> Any:
    if not b.is_batched(let.args[0]):
        return None

    def compute(args: list[Tree]) -> Tree:
        return args[0] if _is(args[1], 1) else b.emit(ops.divide, *args)

    return _applied(b, let, compute)


@handles(operator.add, np.add, operator.sub, np.subtract)
def total(b: Batch, let: Let) -> Any:
    """
    diagonal(d) + diagonal(e)  ->        diagonal(d + e)
    """
    out = let.out
    assert out is not None
    minus = let.op.function in (operator.sub, np.subtract)
    one, two = map(b.element, let.args)
    for element, other, sign in ((one, let.args[1], False), (two, let.args[0], minus)):
        if element is not None and not b.is_batched(other) and is_zero(b, other):
            return (negative if sign else same)(b, let.renewed(args=let.args))
    if one is None or two is None:
        return None
    if not all(same_shape(arg.type, out.type) for arg in let.args):
        return None
    if isinstance(one, Diagonal) and isinstance(two, Diagonal):
        scale = _sum(b, one.scale, two.scale, minus)
        return one._replace(scale=scale, origin=let.origin)
    return None


def _sum(b: Batch, a: Tree, c: Tree, minus: bool) -> Tree:
    if _number(a) and _number(c):
        return a - c if minus else a + c
    return b.emit(ops.subtract if minus else ops.add, a, c)


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


@handles(operator.matmul, np.matmul)
def matmul(b: Batch, let: Let) -> Any:
    """
    y = diagonal(d) @ W        ->        y = d[:, None] * W
    y = W.T @ diagonal(d)      ->        y = d[:, None] * W
    """
    place, element = _only(b, let)
    if not isinstance(element, Diagonal):
        return None
    matrix, scale = let.args[1 - place], element.scale
    if let.args[place].type.rank != 1 or type_of(matrix).rank != 2:
        return None
    made = transposed(b, matrix) if place else b.get(matrix)
    if _is(scale, 1):
        return made
    if type_of(scale).rank:
        scale = b.emit(ops.getitem, scale, (Slice(), None))
    return b.emit(ops.multiply, scale, made)


@handles(np.sum)
def summed(b: Batch, let: Let) -> Any:
    """
    s = np.sum(diagonal(d))    ->        s = d
    """
    _, element = _only(b, let)
    if not isinstance(element, Diagonal) or let.options or len(let.args) != 1:
        return None
    scale = element.scale
    rank = type_of(scale).rank
    if rank:
        return scale if rank == 1 else b.emit(np.ravel, scale)
    dtype = b.target.type.dtype
    number = float(scale) if _number(scale) else scale
    named = {} if dtype == "float64" else {"dtype": np.dtype(dtype).type}
    return b.emit(np.full, element.rows.number(b.emit), number, **named)
