"""Axes of block diagonals: exchanged, and worked along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Let
from srcad.vectorizer.structure.elements import Shared
from srcad.vectorizer.structure.shared.forms import as_shared, blocks_of, handles_shared, inner_rank

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


@handles_shared(ops.transpose.function, np.transpose)
def transposed(b: Batch, let: Let) -> Any:
    """The blocks of a transpose are those of the matrix."""
    element = b.element(let.args[0])
    if let.options or len(let.args) != 1 or let.args[0].type.rank != 2:
        return None
    if not isinstance(element, Shared):
        return None
    return blocks_of(b, let, element, element.value, element.lead, 1 - element.column)


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
    first = int(element.lead) + inner_rank(element.rows)
    value = b.again(let.op, element.value, axis=first + place - (place > element.column))
    return blocks_of(b, let, element, value, element.lead, element.column)
