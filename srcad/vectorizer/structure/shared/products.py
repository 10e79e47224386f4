"""Products of block diagonals with what has no axis."""

from __future__ import annotations

import operator
from string import ascii_letters
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree, Value
from srcad.vectorizer.structure.arrays import moved
from srcad.vectorizer.structure.elements import ALL, Diagonal, Shared, is_just
from srcad.vectorizer.structure.shared.forms import (
    as_shared,
    blocks_of,
    handles_shared,
    inner_rank,
    of_seed,
    of_vector,
)

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


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

    axis = 1 if place else 0
    if isinstance(element, Diagonal) and rank == 2 and of_seed(element, g):
        rows, scale, made = element.rows, element.scale, matrix()
        lead = type_of(scale).rank != 0
        if lead:
            scale = moved(b.emit, scale, axis, 0)
            if width == 2:
                scale = b.emit(ops.getitem, scale, (ALL, ALL, None))
        value = made if is_just(scale, 1) else b.emit(ops.multiply, scale, made)
        column = axis if width == 2 else 0
        return blocks_of(b, let, Shared(value, lead, rows, axis, column), value, lead, column)
    element = as_shared(b, g, axis)
    if not isinstance(element, Shared) or element.column == (0 if place else rank - 1):
        return None
    value = b.emit(ops.matmul, element.value, matrix())
    column = 0 if place and width == 1 else element.column
    return blocks_of(b, let, element, value, element.lead, column)


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
        element = of_vector(b, element, let.args[place])
    if not isinstance(element, Shared) or let.args[place].type.rank != 1 or b.rank(other) != 1:
        return None
    block, x = element.value, b.get(other)
    if type_of(block).rank:
        block = b.emit(ops.getitem, block, (Ellipsis, None))
    value = x if is_just(block, 1) else b.emit(ops.multiply, block, x)
    return blocks_of(b, let, element, value, element.lead, place)


@handles_shared(np.einsum)
def einsum(b: Batch, let: Let) -> Any:
    """
    np.einsum("ij,jk->ik", diagonal(s), W)         ->        np.einsum("ij,jk->ijk", s, W)
    np.einsum("ij,jk->ik", g, W)                   ->        np.einsum("iaj,jk->iak", g, W)
    """
    given, *operands = let.args
    places = [place for place, operand in enumerate(operands) if b.is_batched(operand)]
    if not isinstance(given, str) or "..." in given or "->" not in given or let.options:
        return None
    front, _, result = given.replace(" ", "").partition("->")
    words = front.split(",")
    if len(places) != 1 or len(words) != len(operands) or len(set(result)) < len(result):
        return None
    (place,) = places
    word, g, rest = words[place], operands[place], [*words[:place], *words[place + 1 :]]
    others = [*operands[:place], *operands[place + 1 :]]
    kept = [letter for letter in word if letter in result]
    element = b.element(g)
    if len(set(word)) < len(word) or not kept:
        return None
    if isinstance(element, Diagonal) and len(kept) == 1 and of_seed(element, g):
        rows, axis, scale = element.rows, word.index(kept[0]), element.scale
        inner, seen, lead = word.replace(kept[0], ""), word, type_of(scale).rank != 0
        if not lead:
            if not is_just(scale, 1) or not set(inner) <= set("".join(rest)):
                return None
            lead = any(kept[0] in other for other in rest)
        else:
            rest, others = [seen, *rest], [scale, *others]
    else:
        made = as_shared(b, g, word.index(kept[0]))
        if made is None:
            return None
        rows, axis, letter = made.rows, made.row, word[made.column]
        if letter not in result:
            return None
        free = [one for one in ascii_letters if one not in given]
        inner = "".join(free[: inner_rank(rows)])
        seen = (letter if made.lead else "") + inner + word.replace(letter, "")
        lead = made.lead or any(letter in other for other in rest)
        rest, others, kept = [seen, *rest], [made.value, *others], [letter]
    column = result.index(kept[0])
    target = (kept[0] if lead else "") + inner + result.replace(kept[0], "")
    arrays = [b.get(other) if isinstance(other, Value) else other for other in others]
    if rest == [target]:
        (value,) = arrays
    else:
        value = b.emit(let.op, f"{','.join(rest)}->{target}", *arrays)
    return blocks_of(b, let, Shared(value, lead, rows, axis, column), value, lead, column)
