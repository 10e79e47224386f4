"""Shapes and copies over a leading axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree, Value
from srcad.core.types import never_one
from srcad.vectorizer.operations.table import ALL, TABLE, handles, shifted

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


@handles("atleast_1d atleast_2d")
def at_least(b: Batch, let: Let) -> Any:
    if len(let.args) != 1:
        handled = TABLE[let.op.function]
        return tuple(
            handled(b, let.renewed(args=(x,)))
            if b.is_batched(x)
            else b.rows(b.emit(let.op, b.get(x)))
            for x in let.args
        )
    x, rank = let.args[0], b.rank(let.args[0])
    least = int(let.op.function.__name__[8])
    return b.lift(x, max(least - rank, 0))


@handles("atleast_3d")
def at_least_3d(b: Batch, let: Let) -> Any:
    """
    y = np.atleast_3d(g)       ->        y = g[:, None, :, None]          (g has one axis)
    """
    if len(let.args) != 1:
        return at_least(b, let)
    (x,) = let.args
    added = {0: (None, None, None), 1: (None, ALL, None), 2: (ALL, ALL, None)}.get(b.rank(x))
    return b.get(x) if added is None else b.emit(ops.getitem, b.get(x), (ALL, *added))


@handles("linspace")
def linspace(b: Batch, let: Let) -> Any:
    ends, options = b.bound(let, 2)
    if options.get("retstep"):
        b.refuse("`retstep=` of `np.linspace`")
    rank = max(map(b.rank, ends))
    options["axis"] = shifted(b, options.get("axis", 0))
    return b.again(let.op, *(b.lift(x, rank - b.rank(x)) for x in ends), **options)


@handles("array asarray asanyarray ascontiguousarray")
def array(b: Batch, let: Let) -> Any:
    """`np.array([a, b])` is a stack along the axis behind the batch's, a list of lists a stack of stacks."""
    (parts,), options = b.bound(let)
    least = options.pop("ndmin", 0)
    if isinstance(parts, Value):
        if let.op.function is np.ascontiguousarray and not b.rank(parts):
            b.refuse("`np.ascontiguousarray` of a number")
        front = max(least - b.rank(parts), 0)
        return b.again(let.op, b.lift(parts, front) if front else b.get(parts), **options)
    if not isinstance(parts, (list, tuple)) or options:
        b.refuse("this form of `np.array`")

    def stacked(tree: Any) -> Any:
        if not isinstance(tree, (list, tuple)):
            return b.rows(tree)
        if not tree:
            b.refuse("an empty list in `np.array`")
        return b.emit(np.stack, type(parts)(map(stacked, tree)), axis=1)

    made = stacked(parts)
    if least and made.type.rank != b.target.type.rank + 1:
        return b.emit(
            ops.getitem, made, (ALL, *(None,) * (b.target.type.rank + 1 - made.type.rank))
        )
    return made


@handles("reshape")
def reshape(b: Batch, let: Let) -> Any:
    """
    y = np.reshape(g, (2, 3))             ->        y = np.reshape(g, (m, 2, 3))
    """
    (a,), options = b.bound(let)
    order, shape = options.pop("order", "C"), options.pop("shape", options.pop("newshape", None))
    if order not in ("C", "F") or options:
        b.refuse("a reshape in an order that depends on how the array lies in memory")
    if not _is_shape(shape):
        parts = shape if isinstance(shape, (tuple, list)) else (shape,)
        shape = tuple(_resolved(b, a, parts))
    return reshaped(b, let.op, a, shape, order)


def _is_shape(tree: Tree) -> bool:
    return isinstance(tree, Value) and tree.type.kind == "object"


def reshaped(b: Batch, op: ops.Operation, a: Tree, shape: Tree, order: str) -> Any:
    """A batched operand in a new shape. In the order of Fortran, the axis that goes slowest is the last."""
    count = (b.count(),)
    if order == "C":
        new = b.emit(ops.add, count, shape) if _is_shape(shape) else (*count, *shape)
        return b.emit(op, b.get(a), shape=new)
    new = b.emit(ops.add, shape, count) if _is_shape(shape) else (*shape, *count)
    back = b.emit(np.moveaxis, b.get(a), source=0, destination=-1)
    made = b.emit(op, back, shape=new, order=order)
    return b.emit(np.moveaxis, made, source=-1, destination=0)


def _resolved(b: Batch, a: Tree, parts: Any) -> list[Tree]:
    """The sizes of a new shape, -1 among them computed: of an empty batch NumPy cannot."""
    if not any(isinstance(part, int) and part == -1 for part in parts):
        return list(parts)
    rest: Tree = 1
    for part in parts:
        if not (isinstance(part, int) and part == -1):
            rest = b.product(rest, part)
    total = b.total(a)
    if isinstance(rest, int) and rest == 1:
        missing = total
    elif isinstance(rest, int) and isinstance(total, int):
        missing = total // max(rest, 1)
    else:
        missing = b.emit(ops.floor_divide, total, rest)
    return [missing if isinstance(part, int) and part == -1 else part for part in parts]


@handles("ravel", np.ndarray.flatten)
def ravel(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    order = options.get("order", "C")
    if order == "F" and b.rank(a) > 1:
        return reshaped(b, ops.operation(np.reshape), a, (b.total(a),), order)
    if order not in ("C", "F"):
        b.refuse("a ravel in an order that depends on how the array lies in memory")
    return b.flat(a)


@handles("transpose permute_dims")
def transpose(b: Batch, let: Let) -> Any:
    """
    y = g.T                    ->        y = np.swapaxes(g, -1, -2)
    """
    (a,), options = b.bound(let)
    rank, axes = b.rank(a), options.get("axes")
    if rank < 2:
        return b.get(a)
    if axes is None and rank == 2:
        return b.emit(np.swapaxes, b.get(a), axis1=-1, axis2=-2)
    if axes is None:
        axes = tuple(range(rank))[::-1]
    if not isinstance(axes, (tuple, list)) or not all(isinstance(one, int) for one in axes):
        b.refuse("axes that are not known while compiling")
    return b.emit(
        ops.operation(np.transpose), b.get(a), axes=(0, *(one % rank + 1 for one in axes))
    )


@handles("swapaxes moveaxis expand_dims")
def axes_moved(b: Batch, let: Let) -> Any:
    """Every option is an axis, or several."""
    (a,), options = b.bound(let)
    return b.again(let.op, b.get(a), **{key: shifted(b, axis) for key, axis in options.items()})


@handles("squeeze")
def squeeze(b: Batch, let: Let) -> Any:
    """The batch's axis stays, whatever its length."""
    (a,), options = b.bound(let)
    axis = options.get("axis")
    if axis is not None:
        return b.again(let.op, b.get(a), axis=shifted(b, axis))
    shape = type_of(a).shape or ()
    if not all(size == 1 or never_one(size) for size in shape):
        b.refuse("`np.squeeze` of an axis that may be of length 1")
    gone = tuple(place + 1 for place, size in enumerate(shape) if size == 1)
    return (
        b.emit(np.squeeze, b.get(a), axis=gone if len(gone) > 1 else gone[0]) if gone else b.get(a)
    )


@handles("tile")
def tile(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    reps = options["reps"]
    count = (
        len(reps) if isinstance(reps, (tuple, list)) else 1 if type_of(reps).rank == 0 else math.inf
    )
    if count > b.rank(a):
        b.refuse("`np.tile` that adds axes")
    return b.again(let.op, b.get(a), reps=reps)


@handles("diag")
def diag(b: Batch, let: Let) -> Any:
    """
                                         D = np.zeros((m, n, n))
    D = np.diag(g)             ->        D[:, i, i] = g                    (i = np.arange(n))
    d = np.diag(G)             ->        d = np.diagonal(G, axis1=1, axis2=2)
    """
    (v,), options = b.bound(let)
    k = options.get("k", 0)
    if b.rank(v) == 2:
        return b.emit(np.diagonal, b.get(v), **({"offset": k} if k != 0 else {}), axis1=1, axis2=2)
    if not isinstance(k, int):
        b.refuse("a diagonal that is not known while compiling")
    (n,) = b.sizes(v)
    side = n + abs(k) if isinstance(n, int) else n if k == 0 else b.emit(ops.add, n, abs(k))
    zeros = b.emit(np.zeros, (b.count(), side, side), **b.dtype_option(v))
    row = column = b.emit(np.arange, n)
    if k > 0:
        column = b.emit(ops.add, row, k)
    elif k < 0:
        row = b.emit(ops.add, column, -k)
    return b.emit(ops.put, zeros, (ALL, row, column), b.get(v))


@handles("diagonal trace")
def diagonal(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    axes = {
        key: shifted(b, options.pop(key, default)) for key, default in (("axis1", 0), ("axis2", 1))
    }
    return b.again(let.op, b.get(a), **options, **axes)
