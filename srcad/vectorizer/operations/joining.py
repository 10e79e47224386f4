"""Joins of arrays over a leading axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Let, Tree
from srcad.vectorizer.operations.table import ALL, handles, shifted

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


def _joined(
    b: Batch,
    let: Let,
    least: int,
    axis: Callable[[int], tuple[Any, int]],
    low: dict[int, tuple[Tree, ...]] | None = None,
) -> Any:
    """A join of several arrays; `axis` says of their rank which function joins them, and where.

    Where they have different ranks, `low` says with which index those of each low rank join the others.
    """
    (parts,), options = b.bound(let)
    if not isinstance(parts, (tuple, list)):
        return _joined_rows(b, let, parts, options)
    options = {key: option for key, option in options.items() if key == "dtype"}
    ranks = {b.rank(part) for part in parts}
    if low is not None and (len(ranks) > 1 or min(ranks) < least):
        lifted = [
            b.emit(ops.getitem, b.rows(part), low[b.rank(part)])
            if b.rank(part) in low
            else b.rows(part)
            for part in parts
        ]
        return b.emit(np.concatenate, type(parts)(lifted), axis=axis(2)[1], **options)
    if len(ranks) != 1 or min(ranks) < least:
        b.refuse(f"`{let.op.name}` of arrays of different or too low ranks")
    function, place = axis(ranks.pop())
    return b.emit(function, type(parts)(map(b.rows, parts)), axis=place, **options)


def _joined_rows(b: Batch, let: Let, rows: Tree, options: dict[str, Tree]) -> Any:
    """The join of the rows of one array."""
    axis = options.pop("axis", 0)
    options.pop("casting", None)
    if options or not isinstance(axis, int) or b.rank(rows) < 1:
        b.refuse(f"`{let.op.name}` of one array")
    if let.op.function is np.stack:
        place = axis % b.rank(rows)
        return (
            b.emit(np.moveaxis, b.get(rows), source=1, destination=place + 1)
            if place
            else b.get(rows)
        )
    if let.op.function not in (np.concatenate, np.vstack) or axis != 0:
        b.refuse(f"`{let.op.name}` of one array")
    sizes = list(b.sizes(rows))
    if b.rank(rows) > 2 or let.op.function is np.concatenate:
        sizes[:2] = [b.product(*sizes[:2])]
    elif b.rank(rows) == 1:
        sizes.append(1)
    return b.emit(np.reshape, b.get(rows), shape=(b.count(), *sizes))


@handles("concatenate concat")
def concatenate(b: Batch, let: Let) -> Any:
    """
    y = np.concatenate((g, x))            ->        y = np.concatenate((g, np.broadcast_to(x, (m, x.size))), axis=1)
    """
    (parts,), options = b.bound(let)
    if options.get("axis", 0) is None:
        if options.keys() - {"axis"} or not isinstance(parts, (tuple, list)):
            b.refuse("this form of `np.concatenate`")
        if not all(b.is_batched(part) or b.rank(part) == 1 for part in parts):
            b.refuse("`np.concatenate` of all axes as one")
        flat = [b.flat(part) if b.is_batched(part) else b.rows(part) for part in parts]
        return b.emit(let.op, type(parts)(flat), axis=1)
    return _joined(b, let, 1, lambda rank: (let.op, shifted(b, options.get("axis", 0))))


@handles("stack")
def stack(b: Batch, let: Let) -> Any:
    _, options = b.bound(let)
    return _joined(b, let, 0, lambda rank: (let.op, shifted(b, options.get("axis", 0))))


@handles("vstack")
def vstack(b: Batch, let: Let) -> Any:
    low = {0: (ALL, None, None), 1: (ALL, None, ALL)}
    return _joined(b, let, 1, lambda rank: (np.stack if rank == 1 else np.concatenate, 1), low)


@handles("hstack")
def hstack(b: Batch, let: Let) -> Any:
    (parts,), _ = b.bound(let)
    several = isinstance(parts, (tuple, list)) and len({b.rank(part) for part in parts}) > 1
    if several:  # numbers among vectors
        return _joined(b, let, 0, lambda rank: (np.concatenate, 1), {0: (ALL, None)})
    return _joined(
        b, let, 0, lambda rank: (np.concatenate, min(rank, 2)) if rank else (np.stack, 1)
    )


@handles("column_stack")
def column_stack(b: Batch, let: Let) -> Any:
    low = {0: (ALL, None, None), 1: (ALL, ALL, None)}
    return _joined(b, let, 1, lambda rank: (np.stack if rank == 1 else np.concatenate, 2), low)
