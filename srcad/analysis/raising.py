"""Raising: whether a statement may raise one of some exceptions, as far as that can be told.

What may raise in the body of an attempt is never removed, and the values that its other side reads are live wherever it may be entered from.

>>> from srcad.core.nodes import Let, Value
>>> from srcad.core.types import array, number
>>> x, i, y = Value("x", array("float64", 3)), Value("i", number("int")), Value("y")
>>> may_raise(Let(y, ops.add, (i, 1)), (Exception,)), may_raise(Let(y, ops.divide, (1, i)), (Exception,))
(False, True)
>>> may_raise(Let(y, ops.divide, (x, x)), (np.linalg.LinAlgError,))
False
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from srcad.analysis.types import type_of
from srcad.core import ops
from srcad.core.nodes import Branch, Let, Loop, Statement, blocks

__all__ = ["may_raise"]

# Of numbers, and of anything.
_PLAIN = {
    ops.add, ops.subtract, ops.multiply, ops.negative, ops.positive, ops.not_, ops.less, ops.less_equal, ops.equal, ops.not_equal,
    ops.greater, ops.greater_equal,
}  # fmt: skip
_NEVER = {
    ops.shape, ops.size, ops.ndim, ops.dtype, ops.is_, ops.is_not, ops.copy, ops.own, ops.stop_gradient, ops.move, ops.save,
    ops.saved, ops.zeros_like, ops.ones_like,
}  # fmt: skip
_DIVIDING = {ops.divide, ops.floor_divide, ops.remainder, ops.power}


def may_raise(statement: Statement, errors: tuple[type, ...]) -> bool:
    """Whether a statement, or one inside it, may raise one of `errors`; what is not known may."""
    if isinstance(statement, Let):
        return _operation(statement, errors)
    if isinstance(statement, (Branch, Loop)):
        return any(may_raise(inner, errors) for block in blocks(statement) for inner in block)
    return True


def _operation(statement: Let, errors: tuple[type, ...]) -> bool:
    op, args = statement.op, statement.args
    if op in _NEVER:
        return False
    if op in _PLAIN and all(_number(arg, errors) for arg in args):
        return False
    if op is ops.raise_if:
        return _meets(getattr(builtins, args[1]), errors)
    if op.effect == "effect":
        return True
    if op is ops.getitem and type_of(args[0]).kind == "object" and type(args[1]) is int:
        return False  # of a shape
    plain = isinstance(op.function, np.ufunc)
    home = "numpy" if plain else getattr(op.function, "__module__", "") or ""
    known = home.startswith(("numpy", "_operator", "math", "srcad"))
    if all(issubclass(error, np.linalg.LinAlgError) for error in errors):
        return "linalg" in home or not known
    if all(issubclass(error, ZeroDivisionError) for error in errors):
        return op in _DIVIDING or not known
    return True


def _number(tree: Any, errors: tuple[type, ...]) -> bool:
    """Whether an operand is a number for certain; those of NumPy's may raise what `np.seterr` says."""
    type_ = type_of(tree)
    if not (type_.dtype or "").startswith(("float", "int", "bool")):
        return False
    return type_.kind == "number" or (
        type_.kind == "scalar" and not _meets(FloatingPointError, errors)
    )


def _meets(error: type, errors: tuple[type, ...]) -> bool:
    return any(issubclass(error, other) or issubclass(other, error) for other in errors)
