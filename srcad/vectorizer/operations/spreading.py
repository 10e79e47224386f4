"""What has a given shape over a leading axis: broadcasts, sums to a shape, casts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Slice, Tree, Value
from srcad.core.quote import may_be_complex
from srcad.core.types import never_one
from srcad.vectorizer.operations.table import handles

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


def broadcasted(b: Batch, g: Tree, shape: Callable[[], Tree]) -> Any:
    """A batched operand broadcast along new axes; the operand before that is remembered."""
    rank = b.target.type.rank - b.rank(g)
    if rank < 0:
        b.refuse("a value of more axes than the shape that it is broadcast to")
    thin = b.lift(g, rank)
    b.thin[b.target] = thin
    return b.emit(np.broadcast_to, thin, shape=shape())


@handles(runtime.spread)
def spread(b: Batch, let: Let) -> Any:
    """
    x_bar = spread(g, x) * w   ->        x_bar = g[:, None] * w
    """
    g, x = let.args
    if same_shape(type_of(g), type_of(x)):
        return b.get(g)
    return broadcasted(b, g, lambda: b.shape(x))


@handles("broadcast_to")
def broadcast_to(b: Batch, let: Let) -> Any:
    (g,), _ = b.bound(let)
    return broadcasted(b, g, lambda: b.grown(dict(let.options).get("shape", let.args[-1])))


@handles("full full_like")
def filled(b: Batch, let: Let) -> Any:
    (like, fill), options = b.bound(let, 2)
    if options.keys() - {"order"}:
        b.refuse(f"options of `{let.op.name}`")
    if let.op.function is np.full:
        if b.is_batched(like):
            b.refuse("a shape is batched")
        return broadcasted(b, fill, lambda: b.grown(like))
    if b.is_batched(like):
        return b.emit(let.op, b.get(like), b.lift(fill, b.rank(like) - b.rank(fill)))
    if b.dtype(like) is None or b.dtype(like) != b.dtype(fill):
        b.refuse("`np.full_like` with a value of another dtype")
    return broadcasted(b, fill, lambda: b.shape(like))


def summed(b: Batch, g: Tree, x: Tree, batch: int) -> Value:
    """`sum_to(g, x)` of old operands, with ranks proven; `batch` axes stand in front."""
    from_, to = type_of(g).shape, type_of(x).shape
    part = b.get(g)
    if from_ is None or to is None:
        b.refuse("a sum to a shape that is not known")
    extra = len(from_) - len(to)
    if extra:
        lead = tuple(range(batch, extra + batch))
        part = b.emit(np.sum, part, axis=lead if extra > 1 else lead[0])
    ones = []
    for axis, size in enumerate(to):
        before = from_[extra + axis]
        if same_size(size, before) or never_one(size):
            continue
        if size != 1:  # it may be 1: that is seen at run time
            like = b.get(x)
            if batch:
                like = b.emit(np.broadcast_to, like, shape=b.shape(x))
            elif b.is_batched(x):  # there for the form of one example
                zero = 0j if may_be_complex(part) else 0.0  # the cast comes after it
                like = b.emit(np.broadcast_to, zero, shape=unbatched_shape(b, x))
            return b.emit(ops.sum_to, part, like)
        ones.append(axis + batch)
    if ones:
        part = b.emit(np.sum, part, axis=tuple(ones) if len(ones) > 1 else ones[0], keepdims=True)
    return part  # type: ignore[no-any-return]


@handles(runtime.sum_to)
def sum_to(b: Batch, let: Let) -> Any:
    """
    x_bar = sum_to(g, x)       ->        x_bar = np.sum(g, axis=1)         (g has an axis more than x)

    An axis that may be of length 1 is left to `sum_to`, told the shape with the batch's axis.
    """
    g, x = let.args
    if b.rank(g) < b.rank(x):
        return spread(b, let)
    return casted(b, summed(b, g, x, 1), x)


def casted(b: Batch, part: Value, x: Tree) -> Value:
    """`cast(part, x)`, where it does anything; x is an old operand."""
    to = type_of(x)
    if to.kind == "number" and to.dtype in ("float", "int") and may_be_complex(part):
        return b.emit(ops.real, part)
    if to.kind == "number" or (
        to.dtype is not None and (to.dtype == b.dtype_of(part) or not to.differentiable)
    ):
        return part
    return b.emit(ops.cast, part, b.get(x))


@handles(runtime.cast)
def cast(b: Batch, let: Let) -> Any:
    return casted(b, b.get(let.args[0]), let.args[1])


@handles(np.zeros_like)
def zeros(b: Batch, let: Let) -> Any:
    """Zeros that each example has of its own."""
    if len(let.args) > 1 or let.options:
        b.refuse(f"options of `{let.op.name}`")
    return b.emit(let.op, b.get(let.args[0]))


@handles(runtime.result)
def result(b: Batch, let: Let) -> Any:
    """A derivative as it is handed out: of the right shape and dtype, sharing memory with nothing."""
    g, x = let.args
    if not b.is_batched(g):
        made = b.lets.get(g) if isinstance(g, Value) else None
        if made is not None and made.op in (ops.spread, ops.cast) and made.args[1] is x:
            g = made.args[0]
        if type_of(g).rank and b.dtype(g) == b.dtype(x):
            return b.emit(ops.own, b.emit(np.broadcast_to, b.get(g), shape=b.shape(x)))
        return b.emit(ops.result, b.get(g), b.get(x))
    part = b.get(g)
    if not same_shape(type_of(g), type_of(x)):
        part = broadcasted(b, g, lambda: b.shape(x))
    return b.emit(ops.own, casted(b, part, x))


def unbatched_shape(b: Batch, x: Tree) -> Value:
    """`x.shape[1:]` of a batched operand."""
    return b.emit(ops.getitem, b.emit(ops.shape, b.get(x)), Slice(1, None))
