"""With the rows last: dense values as columns."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Slice, Tree, Value, leaves
from srcad.core.types import Type
from srcad.vectorizer import operations
from srcad.vectorizer.structure.arrays import array_of, shape_operand
from srcad.vectorizer.structure.elements import ALL, Columns
from srcad.vectorizer.structure.table import Handler, is_zero, options_of, shape_source

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


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
    return b.emit(let.op, *args, **options_of(b, dict(let.options)))


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
        like = shape_source(b, base)
        if like is None:
            return None
        shape = shape_operand(b.emit, like, base.type)
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
