"""Indexing, and stores as values, over a leading axis."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import infer, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Slice, Tree
from srcad.vectorizer.operations.table import ALL, handles

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


@handles(ops.part.function)
def part(b: Batch, let: Let) -> Any:
    results, place = let.args
    made = b.get(results)
    if not isinstance(made, tuple):
        return b.emit(ops.part, made, place)
    if made[place] is None:
        b.missing.add(let.out)  # type: ignore[arg-type]
    return made[place]


def index_of(b: Batch, index: Tree) -> tuple[Tree, ...]:
    """An index behind that of the batch's axis.

    Where arrays of indices are apart, NumPy would put their axes in front of it.
    """
    parts = index if type(index) is tuple else (index,)
    places = [place for place, part in enumerate(parts) if _picks(b, part)]
    if (
        any(not _is_basic(parts[place]) for place in places)
        and len(places) != places[-1] - places[0] + 1
    ):
        b.refuse("arrays of indices that are apart")
    return b.get(parts) if parts and parts[0] is Ellipsis else (ALL, *b.get(parts))


def picks_of(b: Batch, index: Tree, rows: bool) -> Tree:
    """An index of integers that differ by row, in each row (`rows`) or in what all rows share.

    y = x[g]                   ->        y = x[np.arange(m)[:, None], g]   (x has the axis, too)
    """
    parts = index if type(index) is tuple else (index,)
    whole = [place for place, part in enumerate(parts) if _picks(b, part)]
    if whole != list(range(len(whole))):
        b.refuse("an index is batched, behind a slice")
    picks = parts[: len(whole)]
    if any(type_of(part).dtype == "bool" for part in picks):
        b.refuse("a mask is batched")
    if not picks or b.is_batched(parts[len(whole) :]):
        b.refuse("where a slice begins or ends is batched")
    most = max(b.rank(part) for part in picks)
    new: list[Tree] = [b.lift(part, most - b.rank(part)) for part in picks]
    if rows:
        row = b.emit(np.arange, b.count())
        new.insert(0, b.emit(ops.getitem, row, (ALL, *(None,) * most)) if most else row)
    made = (*new, *b.get(parts[len(whole) :]))
    return made if len(made) > 1 else made[0]


def _picks(b: Batch, part: Tree) -> bool:
    """Whether a part of an index is an integer or an array."""
    if part is None or part is Ellipsis or isinstance(part, (Slice, slice)):
        return False
    if isinstance(part, (list, tuple)) or _is_basic(part):
        return True
    type_ = type_of(part)
    if not type_.rank or type_.dtype is None:
        b.refuse("an index of unknown kind")
    return True


def _is_basic(part: Tree) -> bool:
    """Whether a part of an index is an integer."""
    type_ = type_of(part)
    return type_.rank == 0 and type_.dtype is not None and type_.dtype.startswith(("int", "uint"))


@handles(operator.getitem)
def getitem(b: Batch, let: Let) -> Any:
    """
    d = g[1:] - g[:-1]         ->        d = g[:, 1:] - g[:, :-1]
    """
    base, index = let.args
    if b.is_batched(index):
        return b.emit(let.op, b.get(base), picks_of(b, index, b.is_batched(base)))
    return b.get(base) if index == () else b.emit(let.op, b.get(base), index_of(b, index))


@handles(runtime.put, runtime.put_add)
def store(b: Batch, let: Let) -> Any:
    """
    x_bar = np.zeros_like(x)                  x_bar = np.zeros((m, x.size))
    x_bar[1:] += g             ->             x_bar[:, 1:] += g
    """
    base, index, value = let.args
    slot, rank = infer(ops.getitem, (base, index), {}).rank, b.rank(value)
    if slot is None or rank > slot:
        b.refuse("a store whose place and value have axes that do not fit, or are not known")
    place = picks_of(b, index, True) if b.is_batched(index) else index_of(b, index)
    return b.emit(let.op, b.rows(base), place, b.lift(value, slot - rank))
