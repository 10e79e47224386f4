"""Block diagonals as operands and results.

A block has its rows' axes first, that is those of the seed without the shared one, then those of the value without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree, Value, leaves
from srcad.core.types import Dim, Type
from srcad.vectorizer.dtypes import dtype_named
from srcad.vectorizer.structure.arrays import diagonal_blocks
from srcad.vectorizer.structure.elements import ALL, Diagonal, Emit, Rows, Shared, kept_axis
from srcad.vectorizer.structure.table import Handler, floated, is_zero, precise

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
    elements = [b.element(arg) for arg in leaves(let.args) if b.is_batched(arg)]
    if found is None or not elements or any(b.is_batched(option) for _, option in let.options):
        return None
    if not all(isinstance(element, (Diagonal, Shared)) for element in elements):
        return None
    start = len(b.out)
    made = found(b, let)
    if made is None:
        b.undo(start)
    return made  # type: ignore[no-any-return]


def without(sizes: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    return (*sizes[:place], *sizes[place + 1 :])


def dims_of(
    rows: Rows, row: int, lead: bool, shape: tuple[Dim, ...], column: int
) -> tuple[Dim, ...]:
    """The shape that a block has, with the shared axis in front."""
    seeded = rows.like.type.shape or ()
    front = (seeded[row],) if lead else ()
    return (*front, *without(seeded, row), *without(shape, column))


def inner_rank(rows: Rows) -> int:
    """How many axes the rows of one block have."""
    return len(rows.like.type.shape or ()) - 1


def spaced(emit: Emit, value: Tree, place: int, count: int) -> Tree:
    """With axes of length 1 in front of one."""
    if not count or not type_of(value).rank:
        return value
    return emit(ops.getitem, value, (*(ALL,) * place, *(None,) * count))


def of_seed(element: Diagonal, old: Tree) -> bool:
    """Whether a diagonal has the shape that was seeded."""
    return bool(same_shape(type_of(old), element.rows.like.type))


def of_diagonal(b: Batch, element: Diagonal, old: Tree) -> bool:
    """Whether a diagonal has the shape that was seeded, of two axes or more."""
    return (type_of(old).rank or 0) > 1 and of_seed(element, old)


def as_shared(b: Batch, old: Tree, axis: int | None) -> Shared | None:
    """What stands for an old operand as a block diagonal; a diagonal, where an axis of it is named, becomes one of diagonal blocks.

    diagonal(s)                ->        s[:, None] * np.eye(m)
    """
    element, type_ = b.element(old), type_of(old)
    if isinstance(element, Shared):
        return element
    if not isinstance(element, Diagonal) or axis is None or (type_.rank or 0) < 2:
        return None
    row = kept_axis(type_.shape, element.rows.like.type.shape, axis)
    if row is None or element.like is None:
        return None
    kept, home = b.out, b.home.get(old, b.open[0])  # type: ignore[arg-type]
    if home is kept or not any(home is block for block in b.open):
        return diagonal_blocks(b.emit, element, row, axis, type_)
    where, made = b.blocks.get((old, axis), (None, None))  # type: ignore[arg-type]
    if where is not home:  # once, and not in each iteration anew
        b.out = home
        made = diagonal_blocks(b.emit, element, row, axis, type_)
        b.out, b.blocks[old, axis] = kept, (home, made)  # type: ignore[index]
    return made


def blocks_of(
    b: Batch, let: Let, of: Shared, value: Tree, lead: bool, column: int, thin: Tree = None
) -> Shared | None:
    """A block diagonal that stands for the result of a statement, where the shapes agree."""
    out = let.out
    assert out is not None and out.type.shape is not None
    seeded = of.rows.like.type.shape or ()
    if not same_size(out.type.shape[column], seeded[of.row]):
        return None
    wanted = dims_of(of.rows, of.row, lead, out.type.shape, column)
    found = type_of(value)
    if not isinstance(value, Value) or found.rank != len(wanted):
        return None
    known = list(zip(found.shape or (), wanted))
    if any(isinstance(a, int) and (a == 1 or isinstance(c, int)) and a != c for a, c in known):
        return None  # an operand that was left out would have broadcast it
    if value in b.emitted:
        value.type = Type("array", found.dtype, wanted)
    value = precise(b, value)
    return Shared(value, lead, of.rows, of.row, column, thin, like_of(b, let), let.origin)


def like_of(b: Batch, let: Let) -> Tree:
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


def of_vector(b: Batch, element: Diagonal, old: Value) -> Shared | None:
    """A diagonal of a vector as blocks without axes."""
    if old.type.rank != 1 or not same_shape(element.rows.like.type, old.type):
        return None
    lead = type_of(element.scale).rank != 0
    return Shared(element.scale, lead, element.rows, 0, 0, origin=element.origin)


def filled(b: Batch, scale: Tree, sizes: tuple[Tree, ...]) -> Value:
    size = sizes if len(sizes) != 1 else sizes[0]
    return b.emit(np.full, size, floated(scale), **dtype_named(b.target.type.dtype))


def thin_of(element: Shared) -> Tree:
    return element.value if element.thin is None else element.thin


def zeros_like(b: Batch, base: Tree) -> Value | None:
    """What zeros got their shape from, without the axis."""
    made = b.lets.get(base) if isinstance(base, Value) and is_zero(b, base) else None
    if made is None or made.op.function is not np.zeros_like:
        return None
    source = made.args[0]
    if not isinstance(source, Value) or b.is_batched(source) or source.type.kind != "array":
        return None
    return b.get(source)  # type: ignore[no-any-return]
