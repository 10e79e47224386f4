"""Views: when an operation gives one for certain, and how a store through it comes back to what it is a view of.

`back` is the inverse of a view operation: the base's new value, made of that of the view. It is what a store through `x.T` or
`x.reshape(n, m)` does to `x`. `analysis.memory` says what may share memory at all; here the layout counts too: `ordered` says which results
lie in C order without gaps, where a `reshape` never copies.

>>> from srcad.core.nodes import Value
>>> from srcad.core.types import array
>>> x, v = Value("x", array("float64", 2, 3)), Value("v", array("float64", 6))
>>> flat = ops.operation(np.ravel)
>>> settled(flat, (x,), {}, True), settled(flat, (x,), {}, False), settled(ops.operation(np.reshape), (v, (2, 3)), {}, False)
('view', 'maybe', 'view')
>>> from srcad.core.builder import Builder
>>> builder = Builder()
>>> made = back(builder.let, flat, (), {}, x)(v)
>>> [statement.op.name for statement in builder.block]
['shape', 'np.reshape']
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.analysis.memory import memory_of
from srcad.analysis.types import type_of
from srcad.core import ops
from srcad.core.nodes import Slice, Value
from srcad.core.ops import Operation

__all__ = ["back", "composed", "keeps_order", "ordered", "read_only", "settled"]

Tree = Any
Let = Callable[..., Value]
Way = Callable[[Value], Value]


def settled(op: Operation, args: tuple[Tree, ...], options: dict[str, Tree], order: bool) -> str:
    """`memory_of`, where it is also known whether the first operand lies in C `order`."""
    found = memory_of(op, args, options)
    if found != "maybe" or not args or type_of(args[0]).kind != "array":
        return found
    function = op.function
    if function in (np.reshape, np.ravel):
        plain = options.get("order", "C") == "C" and options.get("copy") is None and len(args) < 3
        # One axis becomes several without a copy, whatever its stride.
        one = function is np.reshape and type_of(args[0]).rank == 1
        return "view" if plain and (one or order) else found
    if function in _AS_ARRAY and len(args) == 1 and options.keys() <= {"dtype"}:
        kept = options.get("dtype")
        try:
            same = kept is None or np.dtype(kept).name == type_of(args[0]).dtype
        except TypeError:
            same = False
        laid = function is not np.ascontiguousarray or (order and type_of(args[0]).rank)
        return "same" if same and laid else found
    if function in (np.atleast_1d, np.atleast_2d, np.atleast_3d) and len(args) == 1:
        return "view"
    return found


_AS_ARRAY = (np.asarray, np.asanyarray, np.ascontiguousarray)


# How the view's new value becomes the base's. What is read of the base is read first, while it still is what it was.


def _reshaped(let: Let, args: Any, options: Any, base: Value) -> Way:
    shape = let(ops.shape, (base,))
    return lambda new: let(ops.operation(np.reshape), (new,), (("shape", shape),))


def _same(let: Let, args: Any, options: Any, base: Value) -> Way:
    return lambda new: new


def _real(let: Let, args: Any, options: Any, base: Value) -> Way | None:
    """What is real is its own real part; of complex numbers it is half of what there is."""
    complex_ = (base.type.dtype or "complex").startswith("complex")
    return None if complex_ else _same(let, args, options, base)


def _getitem(let: Let, args: Any, options: Any, base: Value) -> Way:
    return lambda new: let(ops.put, (base, args[0], new))


def _transposed(let: Let, args: Any, options: Any, base: Value) -> Way | None:
    axes = args[0] if args else options.get("axes")
    if axes is None:
        return lambda new: let(ops.transpose, (new,))
    if not _literal(axes):
        return None
    back = tuple(int(axis) for axis in np.argsort(np.asarray(axes) % len(axes)))
    return lambda new: let(ops.operation(np.transpose), (new,), (("axes", back),))


def _swapped(let: Let, args: Any, options: Any, base: Value) -> Way:
    first, second = _given(args, options, "axis1", "axis2")
    back = (("axis1", first), ("axis2", second))
    return lambda new: let(ops.operation(np.swapaxes), (new,), back)


def _moved(let: Let, args: Any, options: Any, base: Value) -> Way:
    source, destination = _given(args, options, "source", "destination")
    back = (("source", destination), ("destination", source))
    return lambda new: let(ops.operation(np.moveaxis), (new,), back)


def _flipped(function: Any) -> Any:
    def found(let: Let, args: Any, options: Any, base: Value) -> Way:
        return lambda new: let(ops.operation(function), (new, *args), tuple(options.items()))

    return found


def _turned(let: Let, args: Any, options: Any, base: Value) -> Way | None:
    (k,) = _given(args, options, "k")
    k = 1 if k is None else k
    if not isinstance(k, int) or len(args) > 1:
        return None
    back = (("k", -k), *((("axes", options["axes"]),) if "axes" in options else ()))
    return lambda new: let(ops.operation(np.rot90), (new,), back)


_BACK: dict[Any, Any] = {
    operator.getitem: _getitem,
    np.transpose: _transposed,
    np.swapaxes: _swapped,
    np.moveaxis: _moved,
    np.flip: _flipped(np.flip),
    np.fliplr: _flipped(np.fliplr),
    np.flipud: _flipped(np.flipud),
    np.rot90: _turned,
    np.real: _real,
}
for _function in (
    *(np.reshape, np.ravel, np.squeeze, np.expand_dims),
    *(np.atleast_1d, np.atleast_2d, np.atleast_3d),
):
    _BACK[_function] = _reshaped
if hasattr(np, "matrix_transpose"):
    _BACK[np.matrix_transpose] = _flipped(np.matrix_transpose)
    _BACK[np.linalg.matrix_transpose] = _flipped(np.matrix_transpose)

_READ_ONLY = {
    *(np.diagonal, np.diag, np.broadcast_to, np.lib.stride_tricks.sliding_window_view),
    getattr(np.linalg, "diagonal", np.diagonal),
}


def back(
    let: Let, op: Operation, args: tuple[Tree, ...], options: dict[str, Tree], base: Value
) -> Way | None:
    """What `base` becomes, of what its view `op(base, *args, **options)` becomes; None where no inverse is known."""
    found = _BACK.get(op.function)
    return None if found is None else found(let, args, options, base)


def composed(op: Operation, args: tuple[Tree, ...], base: Value, index: Tree) -> Tree | None:
    """The index into `base` of what `index` shows of its view, in the same order; None where there is none.

    >>> from srcad.core.nodes import Value
    >>> from srcad.core.types import array
    >>> x = Value("x", array("float64", 2, 3, 4))
    >>> composed(ops.getitem, (1,), x, (Slice(), 0)), composed(ops.transpose, (), x, (1, 2, 3))
    ((1, Slice(start=None, stop=None, step=None), 0), (3, 2, 1))
    """
    parts = index if type(index) is tuple else (index,)
    if not all(
        part is None or part is Ellipsis or isinstance(part, Slice) or _at_one(part)
        for part in parts
    ):
        return None
    if op.function is operator.getitem:
        front = args[0] if type(args[0]) is tuple else (args[0],)
        if not all(map(_at_one, front)):
            return None
        return (*front, *parts) if index is not Ellipsis else args[0]
    rank = base.type.rank
    if op.function is np.transpose and not args and rank is not None:
        if any(part is None or part is Ellipsis for part in parts):
            return None
        whole = (*parts, *(Slice() for _ in range(rank - len(parts))))
        if len(whole) == rank and sum(isinstance(part, Slice) for part in whole) < 2:
            return whole[::-1]
    return None


def read_only(op: Operation) -> bool:
    """Whether NumPy refuses to write through the views of an operation."""
    return op.function in _READ_ONLY


def _given(args: Any, options: Any, *names: str) -> tuple[Any, ...]:
    """Options that may stand by position."""
    found = dict(zip(names, args)) | dict(options)
    return tuple(found.get(name) for name in names)


def _literal(tree: Tree) -> bool:
    return isinstance(tree, (tuple, list)) and all(isinstance(part, int) for part in tree)


# What lies in C order.

_ORDERED = {
    *(np.zeros, np.ones, np.empty, np.full, np.eye, np.identity, np.arange),
    *(np.dot, np.matmul, operator.matmul, np.outer, np.linalg.solve, np.linalg.inv),
}
_KEEP_ORDER = {
    *(
        np.copy,
        np.array,
        np.where,
        np.clip,
        np.tril,
        np.triu,
        np.sum,
        np.mean,
        np.max,
        np.min,
        np.prod,
    ),
    *(np.cumsum, np.cumprod, np.sort, np.stack, np.concatenate, np.vstack),
    *(np.zeros_like, np.ones_like, np.empty_like, np.full_like),
}
_OPERATORS = {
    op.function
    for op in vars(ops).values()
    if isinstance(op, Operation) and op.style in ("binary", "unary")
}


def ordered(
    op: Operation, args: tuple[Tree, ...], options: dict[str, Tree], orders: list[bool]
) -> bool:
    """Whether a fresh result lies in C order for certain; `orders` says so of the operands that are arrays.

    >>> from srcad.core.nodes import Value
    >>> from srcad.core.types import array
    >>> x = Value("x", array("float64", 2, 3))
    >>> [ordered(op, (x,), {}, [False]) for op in (ops.copy, ops.operation(np.copy), ops.negative)]
    [True, False, False]
    >>> ordered(ops.negative, (x,), {}, [True])
    True
    """
    function = op.function
    if options.get("order", "C") != "C" or "subok" in options:
        return False
    if op is ops.copy or function is np.ndarray.flatten or function in _ORDERED:
        return True
    if isinstance(function, np.ufunc) or function in _OPERATORS or function in _KEEP_ORDER:
        return all(orders)
    return False


def keeps_order(op: Operation, args: tuple[Tree, ...], options: dict[str, Tree]) -> bool:
    """Whether a view of what lies in C order lies in C order too."""
    if op.function in (np.reshape, np.ravel, np.squeeze, np.expand_dims):
        return True
    if op.function is not operator.getitem or not args:
        return False
    parts = [
        part for part in (args[0] if type(args[0]) is tuple else (args[0],)) if part is not None
    ]
    while parts and _at_one(parts[0]):
        parts.pop(0)
    if parts and isinstance(parts[0], Slice) and parts[0].step in (None, 1):
        parts.pop(0)
    return all(part == Slice() or part is Ellipsis for part in parts)


def _at_one(part: Tree) -> bool:
    if isinstance(part, Slice) or part is Ellipsis:
        return False
    return type_of(part).kind in ("number", "scalar")
