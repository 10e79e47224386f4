"""Elementwise operations on block diagonals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from srcad.analysis.types import same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree, Value
from srcad.core.types import Type
from srcad.vectorizer.structure.arrays import moved
from srcad.vectorizer.structure.elements import ALL, Rows, Shared, is_number
from srcad.vectorizer.structure.shared.forms import (
    as_shared,
    blocks_of,
    dims_of,
    inner_rank,
    spaced,
    thin_of,
)

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


def beside(b: Batch, old: Tree, rows: Rows, row: int, rank: int, column: int) -> Any:
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
    return spaced(b.emit, new, 1, inner_rank(rows) + rank - type_.rank), True


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
        element = as_shared(b, arg, first.column)
        if element is None or arg.type.rank != rank or element[3:5] != first[3:5]:
            return None
        elements[arg] = element
    lead = any(element.lead for element in elements.values())
    plain: list[Tree] = []
    for arg in let.args:
        if arg in batched or is_number(arg):
            plain.append(arg)
            continue
        found = beside(b, arg, first.rows, first.row, rank, first.column)
        if found is None:
            return None
        plain.append(found[0])
        lead = lead or found[1]
    start = len(b.out)
    if any(element.thin is not None for element in elements.values()):
        args = [
            thin_of(elements[arg]) if isinstance(arg, Value) and arg in elements else new
            for arg, new in zip(let.args, plain)
        ]
        value = compute(args)
        wanted = dims_of(first.rows, first.row, lead, out.type.shape, first.column)
        if same_shape(type_of(value), Type("array", None, wanted)):
            return blocks_of(b, let, first, value, lead, first.column)
        if len(batched) == 1 and not type_of(value).rank:
            whole = elements[batched[0]].value
            return blocks_of(
                b,
                let,
                first,
                compute([whole if arg is batched[0] else new for arg, new in zip(let.args, plain)]),
                lead,
                first.column,
                value,
            )
        b.undo(start)
    args = [
        elements[arg].value if isinstance(arg, Value) and arg in elements else new
        for arg, new in zip(let.args, plain)
    ]
    return blocks_of(b, let, first, compute(args), lead, first.column)


def casted(b: Batch, let: Let, element: Shared | None, x: Tree) -> Shared | None:
    """In the dtype of an old operand."""
    if element is None:
        return None
    dtype = type_of(x).dtype
    if dtype is not None and type_of(element.value).dtype == dtype:
        return element
    if type_of(x).kind != "array":
        return None
    value = b.emit(ops.cast, element.value, b.get(x))
    return blocks_of(b, let, element, value, element.lead, element.column)
