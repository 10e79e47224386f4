"""What works on each element, over a leading axis."""

from __future__ import annotations

import builtins
import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import infer, same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree, Value
from srcad.vectorizer.operations.table import handles

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


_OPERATORS = "add sub mul truediv floordiv mod pow and_ or_ xor lshift rshift neg pos invert lt le eq ne gt ge"


@handles(*(getattr(operator, name) for name in _OPERATORS.split()))
@handles(
    "where clip real imag angle round around fix sinc i0 nan_to_num isclose isreal iscomplex isneginf isposinf"
)
@handles("conj conjugate copy astype", builtins.abs, builtins.pow)
@handles(np.ndarray.astype, runtime.stop_gradient, runtime.own, ops.move.function)
def elementwise(b: Batch, let: Let) -> Any:
    """Operands align from the right, so one with fewer axes gets some behind the batch's.

    z = g * x        ->        z = g[:, None] * x             (g has no axes of its own, x has one)
    """
    options = {key: b.get(option) for key, option in let.options}
    for option in options.values():
        type_ = type_of(option)
        if type_.numeric and type_.rank != 0:
            b.refuse(f"an option of `{let.op.name}` with axes of its own")
    ranks = [None if arg is None or _is_dtype(arg) else b.rank(arg) for arg in let.args]
    rank = max(one for one in ranks if one is not None)
    args = [
        b.get(arg) if one is None else b.lift(arg, rank - one) for arg, one in zip(let.args, ranks)
    ]
    for place, arg in enumerate(let.args):
        if isinstance(arg, Value) and arg in b.thin and b.target.type.kind != "tuple":
            trial = list(args)
            trial[place] = b.widened(b.thin[arg], rank - b.rank(arg))
            full, found = (infer(let.op, tuple(given), options) for given in (args, trial))
            if found.dtype == full.dtype and same_shape(found, b.type_with_axis(b.target)):
                args = trial
    return b.emit(let.op, *args, **options)


def _is_dtype(tree: Tree) -> bool:
    return isinstance(tree, (type, np.dtype, str)) or (
        isinstance(tree, Value) and tree.type.kind == "object"
    )


@handles("searchsorted interp")
def pointwise(b: Batch, let: Let) -> Any:
    """Elementwise in one operand, with tables as the others."""
    place = 0 if let.op.function is np.interp else 1
    if place == 1 and b.is_batched(let.args[0]):
        return counted(b, let)
    if any(b.is_batched(arg) for i, arg in enumerate(let.args) if i != place):
        b.refuse(f"a table of `{let.op.name}` is batched")
    return b.emit(
        let.op, *map(b.get, let.args), **{key: b.get(option) for key, option in let.options}
    )


def counted(b: Batch, let: Let) -> Any:
    """
    i = np.searchsorted(g, v)             ->        i = np.sum(g[:, None] < v[:, None], axis=-1)        (v has one axis)
    """
    (table, v), options = b.bound(let, 2)
    side = options.pop("side", "left")
    if options or b.rank(table) != 1 or side not in ("left", "right"):
        b.refuse("a table that is not in order")
    rank = b.rank(v)
    rows = b.lift(table, rank) if rank else b.get(table)
    points = (
        b.emit(ops.getitem, b.get(v), (Ellipsis, None)) if rank or b.is_batched(v) else b.get(v)
    )
    below = b.emit(ops.less if side == "left" else ops.less_equal, rows, points)
    return b.emit(np.sum, below, axis=-1)


@handles(operator.not_)
def negation(b: Batch, let: Let) -> Any:
    x = b.get(let.args[0])
    return b.emit(ops.invert if b.dtype_of(x) == "bool" else np.logical_not, x)


@handles(builtins.max, builtins.min)
def extreme(b: Batch, let: Let) -> Any:
    """
    y = max(a, b)              ->        y = np.where(b > a, b, a)        (of NaN, too)
    """
    if len(let.args) != 2 or any(map(b.rank, let.args)):
        b.refuse(f"`{let.op.name}` of anything but two numbers")
    first, second = map(b.get, let.args)
    compare = ops.greater if let.op.function is builtins.max else ops.less
    return b.emit(np.where, b.emit(compare, second, first), second, first)


@handles(builtins.float)
def to_float(b: Batch, let: Let) -> Any:
    x = b.get(let.args[0])
    return x if b.dtype_of(x) == "float64" else b.emit(np.asarray, x, dtype=np.float64)


@handles(builtins.complex)
def to_complex(b: Batch, let: Let) -> Any:
    """
    z = complex(x, y)          ->        z = x + 1j * y
    """
    real, *imag = map(b.get, let.args)
    if not imag:
        kept = b.dtype_of(real) == "complex128"
        return real if kept else b.emit(np.asarray, real, dtype=np.complex128)
    return b.emit(ops.add, real, b.emit(ops.multiply, 1j, imag[0]))


@handles(builtins.int, builtins.round, math.floor, math.ceil, math.trunc)
def to_integer(b: Batch, let: Let) -> Any:
    if len(let.args) != 1 or let.options:
        b.refuse(f"`{let.op.name}` with such operands")
    function, x = let.op.function, b.get(let.args[0])
    rounded = {builtins.round: np.rint, math.floor: np.floor, math.ceil: np.ceil}.get(function)
    return b.emit(np.asarray, x if rounded is None else b.emit(rounded, x), dtype=builtins.int)


def to_type(b: Batch, let: Let) -> Any:
    """`np.float32(s)` of a number: of many `np.asarray(s, np.float32)` (called with one element in an array, the type gives a number)."""
    if len(let.args) != 1 or let.options:
        b.refuse(f"`{let.op.name}` with such operands")
    x, name = b.get(let.args[0]), np.dtype(let.op.function).name
    return x if b.dtype_of(x) == name else b.emit(np.asarray, x, dtype=let.op.function)
