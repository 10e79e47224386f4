"""Raising: whether a statement may raise one of some exceptions, as far as that can be told.

What may raise in the body of an attempt is never removed, and the values that its other side reads are live wherever it may be entered from.

>>> from srcad.core.nodes import Let, Value
>>> from srcad.core.types import array, number
>>> x, i, y = Value("x", array("float64", 3)), Value("i", number("int")), Value("y")
>>> may_raise(Let(y, ops.add, (i, 1)), (Exception,)), may_raise(Let(y, ops.divide, (1, i)), (Exception,))
(False, True)
>>> may_raise(Let(y, ops.divide, (x, x)), (np.linalg.LinAlgError,)), may_raise(Let(y, ops.multiply, (x, i)), (ValueError,))
(False, False)
>>> may_raise(Let(y, ops.part, (Value("t"), 0)), (Exception,))  # of several results: stays beside what makes them
False
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Block, Branch, Let, Loop, Slice, Statement, Tree, Value, blocks, walk
from srcad.core.types import Type

__all__ = ["may_raise", "out_of_bounds", "picks_any"]

_NEVER = {
    ops.shape, ops.size, ops.ndim, ops.dtype, ops.is_, ops.is_not, ops.copy, ops.own, ops.stop_gradient, ops.move, ops.save,
    ops.saved, ops.zeros_like, ops.ones_like, ops.part,
}  # fmt: skip
_EXACT = {
    ops.add, ops.subtract, ops.multiply, ops.negative, ops.positive, ops.less, ops.less_equal, ops.equal, ops.not_equal,
    ops.greater, ops.greater_equal,
}  # fmt: skip
_OPERATORS = {*_EXACT, ops.divide, ops.floor_divide, ops.remainder, ops.power}

# What operations raise, class by class; a warning may have been made an error.
_FLOATING = (FloatingPointError, RuntimeWarning)
_ARITHMETIC = (ZeroDivisionError, OverflowError, *_FLOATING)
_NUMPY = (
    *_ARITHMETIC, ValueError, IndexError, TypeError, MemoryError, AttributeError, RuntimeError, KeyError, NotImplementedError,
    AssertionError, DeprecationWarning, FutureWarning, UserWarning,
)  # fmt: skip


def may_raise(statement: Statement, errors: tuple[type, ...]) -> bool:
    """Whether a statement, or one inside it, may raise one of `errors`; what is not known may."""
    if isinstance(statement, Let):
        kinds = _kinds(statement)
        return kinds is None or any(issubclass(kind, errors) for kind in kinds)
    if isinstance(statement, (Branch, Loop)):
        return any(may_raise(inner, errors) for block in blocks(statement) for inner in block)
    return True


def out_of_bounds(block: Block, function: Block) -> bool:
    """Whether a block of a function has an index that is out of bounds for certain: of known sizes, a literal or the index of a loop.

    >>> from srcad.core.nodes import Let, Value
    >>> from srcad.core.types import array
    >>> x = Value("x", array("float64", 2))
    >>> [out_of_bounds([Let(Value("y"), ops.getitem, (x, i))], []) for i in (1, 2, -2, -3)]
    [False, True, False, True]
    """
    read = [
        (type_of(each.args[0]), each.args[1])
        for each in walk(block)
        if isinstance(each, Let) and each.op in (ops.getitem, ops.put, ops.put_add)
    ]
    if not read:
        return False
    ends: dict[Value, tuple[int, ...]] = {}
    for loop in walk(function):
        if isinstance(loop, Loop) and loop.index is not None and loop.domain:
            if all(type(part) is int for part in loop.domain):
                indices = range(*loop.domain)
                ends[loop.index] = (indices[0], indices[-1]) if indices else ()
    return any(_beyond(type_, index, ends) for type_, index in read)


def picks_any(block: Block) -> bool:
    """Whether a block has an index that may be out of bounds: all but slices.

    >>> from srcad.core.nodes import Let, Value
    >>> from srcad.core.types import array
    >>> x = Value("x", array("float64", 2))
    >>> [picks_any([Let(Value("y"), ops.getitem, (x, i))]) for i in (1, Slice(1, None), (..., None))]
    [True, False, False]
    """
    return any(
        isinstance(each, Let)
        and each.op in (ops.getitem, ops.put, ops.put_add)
        and any(
            part is not None and part is not ... and not isinstance(part, Slice)
            for part in (each.args[1] if type(each.args[1]) is tuple else (each.args[1],))
        )
        for each in walk(block)
    )


def _beyond(type_: Type, index: Tree, ends: dict[Value, tuple[int, ...]]) -> bool:
    """Whether an index of an array is out of bounds, where loops' indices have these ends."""
    if not type_.shape or not _basic(index):
        return False
    plain = isinstance(index, tuple) and not isinstance(index, Slice)
    parts = [part for part in (index if plain else (index,)) if part is not None]
    if ... in parts:
        place = parts.index(...)
        parts[place : place + 1] = [Slice(None, None)] * (len(type_.shape) - len(parts) + 1)
    return any(
        isinstance(size, int) and not -size <= end < size
        for part, size in zip(parts, type_.shape)
        for end in (ends.get(part, ()) if isinstance(part, Value) else (part,))
        if type(end) is int
    )


def _kinds(statement: Let) -> tuple[type, ...] | None:
    """The classes of what an operation may raise; None where they are not known."""
    op, args = statement.op, statement.args
    types = [type_of(arg) for arg in args]
    plain = op is ops.not_ or op.function in (float, bool, abs)
    if op in _NEVER or (plain and len(args) == 1 and _number(types[0])):
        return ()
    if op is ops.raise_if:
        return (getattr(builtins, args[1]),)
    if op.effect == "effect":
        return None
    if op is ops.getitem:
        if types[0].kind == "object" and type(args[1]) is int:
            return ()  # of a shape
        return (IndexError,) if types[0].rank is not None and _basic(args[1]) else _NUMPY
    if op in (ops.put, ops.put_add):
        single = _basic(args[1]) and not _sliced(args[1]) and types[2].rank == 0
        return (IndexError,) if single and types[0].rank is not None else _NUMPY
    if op in _OPERATORS or isinstance(op.function, np.ufunc):
        return _elementwise(op, types)
    if getattr(op.function, "__module__", None) == math.__name__:
        return ValueError, OverflowError, TypeError
    home = getattr(op.function, "__module__", "") or ""
    if home.startswith(("numpy", "_operator", "srcad")) and "linalg" not in home:
        return _NUMPY
    return None


def _elementwise(op: Any, types: list[Type]) -> tuple[type, ...]:
    """Of numbers and arrays; arrays of one shape fit together."""
    if not all(_number(type_) or (type_.kind == "array" and type_.dtype) for type_ in types):
        return _NUMPY
    if getattr(op.function, "signature", None) is not None or any(
        not (type_.dtype or "").startswith(("float", "int", "bool")) for type_ in types
    ):
        return _NUMPY
    arrays = [type_ for type_ in types if type_.kind == "array" and type_.rank != 0]
    if not arrays and op in _EXACT:
        return _FLOATING if any(type_.kind != "number" for type_ in types) else ()
    if all(same_shape(arrays[0], type_) for type_ in arrays):
        return (*_ARITHMETIC, MemoryError) if arrays else _ARITHMETIC
    return _NUMPY


def _number(type_: Type) -> bool:
    """Whether a type is that of a number for certain."""
    known = (type_.dtype or "").startswith(("float", "int", "bool"))
    return known and type_.kind in ("number", "scalar")


def _basic(index: Any) -> bool:
    """Whether an index is made of integers and slices for certain."""
    if isinstance(index, tuple) and not isinstance(index, Slice):
        return all(map(_basic, index))
    if isinstance(index, Slice):
        return all(part is None or _basic(part) for part in index)
    if isinstance(index, Value):
        return index.type.rank == 0 and (index.type.dtype or "").startswith(("int", "uint"))
    return type(index) in (int, type(None), type(...))


def _sliced(index: Any) -> bool:
    """Whether an index gives more than one element."""
    if isinstance(index, tuple) and not isinstance(index, Slice):
        return any(map(_sliced, index))
    return not (isinstance(index, Value) or type(index) is int)
