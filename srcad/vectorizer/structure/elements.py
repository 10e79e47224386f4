"""Elements of the lattice: what stands for a batched value while it is no array."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Union

from srcad.analysis.types import infer, same_shape, same_size, size_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Origin, Slice, Tree, Value
from srcad.core.types import Dim

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


class Shared(NamedTuple):
    """Rows and columns that share an axis, of which the blocks off the diagonal are zero: `M[.., i, .., j, ..] = value[i] if i == j`.

    The axis is at `row` of the value that was seeded, at `column` of this one. A block has the rows' other axes in front, then the other ones; without `lead`
    all are the same one, and `value` is that. `thin` broadcasts to `value`, and does as well where an operand has the shape. `like` is a value of the shape
    that a row has, if one is at hand.
    """

    value: Tree
    lead: bool
    rows: Rows
    row: int
    column: int
    thin: Tree = None
    like: Tree = None
    origin: Origin = Origin()


Element = Union[Diagonal, Blocks, Shared, Columns]  # noqa: UP007 - evaluated on Python 3.10


def word_of(found: Element | Value) -> str:
    """What is known of rows, in a word.

    >>> from srcad.core.types import Type
    >>> word_of(identity_seed(None, Value("y", Type("array", "float64", (3,)))))
    'identity'
    """
    if isinstance(found, Diagonal):
        return "identity" if is_just(found.scale, 1) else "diagonal"
    if isinstance(found, Shared):
        return "block diagonal"
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


def is_just(tree: Tree, number: int) -> bool:
    """Whether an operand is this number, written out."""
    return is_number(tree) and bool(tree == number)


def is_number(tree: Tree) -> bool:
    return type(tree) in (int, float)


def stand_in(element: Element, old: Value) -> Value | None:
    """A value without the axis of the shape and dtype that an old value has."""
    scales = [element.scale] if isinstance(element, Diagonal) else []
    for other in (element.like, *scales):
        if isinstance(other, Value) and other.type.kind == "array":
            if same_shape(other.type, old.type) and other.type.dtype == old.type.dtype is not None:
                return other
    return None


def kept_axis(old: tuple[Dim, ...] | None, new: tuple[Dim, ...] | None, axis: int) -> int | None:
    """Where an axis goes whose index a reshape keeps: what stands before it, or behind, has the same sizes.

    >>> kept_axis((5, 6), (5, 2, 3), 0), kept_axis((6, 5), (2, 3, 5), 1), kept_axis((5, 6), (6, 5), 0)
    (0, 2, None)
    """
    if old is None or new is None:
        return None
    if len(new) > axis and all(map(same_size, old[: axis + 1], new)):
        return axis
    behind = len(old) - axis
    if len(new) >= behind and all(map(same_size, old[axis:], new[-behind:])):
        return len(new) - behind
    return None


def is_whole(part: Part, size: Dim) -> bool:
    return not part.column and same_size(part.length, size)
