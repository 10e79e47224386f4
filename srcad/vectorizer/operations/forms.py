"""What reads the form of a batched value only: its result has no batch axis."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Slice
from srcad.vectorizer.operations.spreading import casted, summed, unbatched_shape

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


# The operands of which only the form matters, by position.
FORM: dict[Any, tuple[int, ...]] = {
    **dict.fromkeys((np.shape, np.size, np.ndim, builtins.len, runtime.dtype_of), (0,)),
    **dict.fromkeys((np.zeros_like, np.ones_like, np.empty_like, np.full_like), (0,)),
    **dict.fromkeys((runtime.sum_to, runtime.spread, runtime.cast, runtime.result), (1,)),
}


_MADE = {
    np.zeros_like: np.zeros,
    np.ones_like: np.ones,
    np.empty_like: np.empty,
    np.full_like: np.full,
}


def form_handler(function: Any) -> Callable[[Batch, Let], None]:
    """What becomes of a statement whose result does not have the axis."""
    return _FORMS[function]


def form_shape(b: Batch, let: Let) -> None:
    whole = b.emit(ops.shape, b.get(let.args[0]))
    b.keep(let, ops.getitem, whole, Slice(1, None))


def form_size(b: Batch, let: Let) -> None:
    (x,), options = b.bound(let)
    axis = options.get("axis")
    b.rank(x)
    if axis is None:
        b.new[b.target] = b.total(x)
    else:
        b.new[b.target] = b.sizes(x)[axis]


def form_length(b: Batch, let: Let) -> None:
    b.rank(let.args[0])
    b.new[b.target] = b.sizes(let.args[0])[0]


def form_rank(b: Batch, let: Let) -> None:
    b.new[b.target] = b.rank(let.args[0])


def form_dtype(b: Batch, let: Let) -> None:
    type_ = type_of(let.args[0])
    if type_.kind == "number" and type_.dtype is not None:
        b.new[b.target] = getattr(builtins, type_.dtype)
    else:
        b.keep(let, let.op, b.get(let.args[0]))


def form_made(b: Batch, let: Let) -> None:
    """
    c = np.zeros_like(g)       ->        c = np.zeros(g.shape[1:])
    """
    operands, options = b.bound(let, 1 + (let.op.function is np.full_like))
    options = {key: option for key, option in options.items() if key != "order"}
    if options.keys() - {"dtype"}:
        b.refuse(f"options of `{let.op.name}`")
    x, *fill = operands
    dtype = {"dtype": options["dtype"]} if options else b.dtype_option(x)
    if fill and not dtype:
        dtype = {"dtype": np.float64}
    b.keep(let, _MADE[let.op.function], unbatched_shape(b, x), *map(b.get, fill), **dtype)


def form_sum_to(b: Batch, let: Let) -> None:
    g, x = let.args
    if b.rank(g) < b.rank(x):
        form_spread(b, let)
        return
    b.new[b.target] = casted(b, summed(b, g, x, 0), x)


def form_spread(b: Batch, let: Let) -> None:
    """
    x_bar = spread(1.0, g)     ->        x_bar = np.ones(g.shape[1:])     (a number of Python's takes the dtype)
    """
    x, like = let.args
    if same_shape(type_of(x), type_of(like)):
        b.new[b.target] = b.get(x)
        return
    shape = unbatched_shape(b, like)
    if type_of(x).kind != "number" or not type_of(like).differentiable:
        b.keep(let, np.broadcast_to, b.get(x), shape=shape)
        return
    known: dict[Any, Any] = {0: np.zeros, 1: np.ones}
    make = known.get(x) if isinstance(x, (int, float)) else None
    dtype = b.dtype_option(like)
    if make is None:
        b.keep(let, np.full, shape, b.get(x), **dtype)
    else:
        b.keep(let, make, shape, **dtype)


def form_cast(b: Batch, let: Let) -> None:
    b.new[b.target] = casted(b, b.get(let.args[0]), let.args[1])


def form_result(b: Batch, let: Let) -> None:
    g, x = let.args
    part = b.get(g)
    if not same_shape(type_of(g), type_of(x)):
        part = b.emit(np.broadcast_to, part, shape=unbatched_shape(b, x))
    b.keep(let, ops.own, casted(b, part, x))


_FORMS: dict[Any, Callable[[Batch, Let], None]] = {
    np.shape: form_shape,
    np.size: form_size,
    np.ndim: form_rank,
    builtins.len: form_length,
    runtime.dtype_of: form_dtype,
    runtime.sum_to: form_sum_to,
    runtime.spread: form_spread,
    runtime.cast: form_cast,
    runtime.result: form_result,
    **dict.fromkeys(_MADE, form_made),
}
