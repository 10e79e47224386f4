"""Structured seeds: what is known of the rows of a Jacobian while compiling, so that zeros are never computed with.

    zero  <  identity  <  diagonal(scale)  <  blocks, block diagonal  <  dense rows, or columns

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

from typing import TYPE_CHECKING

from srcad.core.nodes import Let, Value, leaves
from srcad.vectorizer.structure import blocks, diagonals, pointwise
from srcad.vectorizer.structure.arrays import array_of, compacted, materialised
from srcad.vectorizer.structure.columns import columns
from srcad.vectorizer.structure.elements import (
    Blocks,
    Columns,
    Diagonal,
    Element,
    Part,
    Rows,
    Shared,
    identity_seed,
    stand_in,
    word_of,
)
from srcad.vectorizer.structure.joins import (
    Form,
    element_of,
    form_of,
    forms_after,
    forms_at_entry,
    in_form,
    like_at,
    met,
    param_of,
)
from srcad.vectorizer.structure.shared import shared
from srcad.vectorizer.structure.table import TABLE

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch

__all__ = ["Blocks", "Columns", "Diagonal", "Element", "Part", "Rows", "Shared"]
__all__ += [
    "Form",
    "array_of",
    "compacted",
    "element_of",
    "form_of",
    "forms_after",
    "forms_at_entry",
]
__all__ += ["identity_seed", "in_form", "like_at", "materialised", "met", "param_of"]
__all__ += ["stand_in", "structured", "word_of"]

FAMILIES = (blocks, diagonals, pointwise)  # their handlers are in the table


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
    if any(map(b.element, leaves(let.args))):
        blocks = shared(b, let)
        if blocks is not None:
            return blocks
    return columns(b, let) if b.seeded is not None and b.seeded.last else None
