"""What works on each element by itself."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.analysis.types.asking import describe, learn, made_of, operand_type, with_shape
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    OBJECT,
    WEAK,
    Tree,
    Unknown,
    broadcast_of,
    dtype_called,
    kind_of_dtype,
    known_shape,
    literal_only,
)
from srcad.analysis.types.several import several_results
from srcad.core.nodes import Expr, Value
from srcad.core.types import Type

PREDICATES: set[Any] = {
    operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge, np.less, np.less_equal, np.equal,
    np.not_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.isnan, np.isfinite, np.isinf, np.signbit,
}  # fmt: skip


def elementwise_type(
    function: Callable[..., Any], types: tuple[Type, ...], dtype: Tree = None, **options: Tree
) -> Type:
    """A ufunc, or an operator that is not between Python numbers."""
    shape = broadcast_of(types)
    described = []
    sure = vague = False
    complex_ = any(t.kind == "number" and t.dtype in ("complex", None) for t in types)
    for kind, name, dims, _ in types:
        if kind == "object" or kind == "record":
            raise Unknown
        if name is None or (kind == "any" and (complex_ or (not dims and name in WEAK))):
            vague = True
        elif kind == "any":
            described.append(("array", name, 1) if dims else ("scalar", name, 0))
        else:
            described.append((kind, name, 1 if dims or dims is None else 0))
        sure = sure or kind == "array" or (kind == "scalar" and not complex_)
        sure = sure or (kind == "any" and not complex_ and name not in WEAK and name is not None)
    name = None
    if vague:
        found, known = "scalar", shape is not None and function in PREDICATES
        if known or dtype is not None:
            name = "bool" if known else dtype_called(dtype)
    else:
        found, name = learn(
            function,
            *described,
            dtype=None if dtype is None else np.dtype(dtype_called(dtype)),
            **options,
        )
        if function is operator.pow and not _power_is_proven(*types):
            name = None
        sure = True
    if function is operator.pow and types[0].kind in ("array", "any"):
        sure = False  # some of NumPy's versions make 0-d arrays
    if shape is None:
        return Type("any", name)
    if shape:
        return Type("array", name, shape)
    if not sure and not isinstance(function, np.ufunc):
        return Type("any", None, ())
    return Type(found, name, ())


def _power_is_proven(base: Type, exponent: Type) -> bool:
    """Whether the dtype of `base ** exponent` is the same for all exponents (2 may mean np.square)."""
    if base.shape == () and base.kind != "array" and base.kind != "any":
        return True
    if exponent.shape:
        return True
    if exponent.kind == "number":
        return base.dtype != "bool" and (
            exponent.dtype != "complex" or kind_of_dtype(base.dtype) == "c"
        )
    return base.dtype == exponent.dtype != "bool"


def ufunc_type(
    function: np.ufunc,
    *trees: Tree,
    dtype: Tree = None,
    casting: Tree = None,
    order: Tree = None,
    subok: Tree = None,
) -> Type:
    if len(trees) != function.nin:
        raise Unknown  # an `out` by position
    if function.nout != 1:
        return several_results(
            function, *trees, dtype=None if dtype is None else np.dtype(dtype_called(dtype))
        )
    return elementwise_type(function, tuple(map(operand_type, trees)), dtype, casting=casting)


@handles("isreal iscomplex isposinf isneginf")
def pointwise(function: Callable[..., Any], *trees: Tree, **options: Tree) -> Type:
    """A NumPy function that is elementwise and broadcasts, but no ufunc; None among the operands is allowed."""
    types = [None if tree is None else operand_type(tree) for tree in trees]
    some = [t for t in types if t is not None]
    shape = broadcast_of(some)
    if shape is None or any(t.dtype is None for t in some):
        for tree in options.values():
            literal_only(tree)
        kind = "any" if shape is None or not shape else "array"
        return Type(kind, "bool" if function in _BOOLEAN else None, shape)
    rows = [
        ("const", "NoneType", None) if t is None else describe(t, min(t.rank or 0, 1))
        for t in types
    ]
    return made_of(shape, *learn(function, *rows, **options))


_BOOLEAN: set[Any] = {np.isclose, np.isreal, np.iscomplex, np.isposinf, np.isneginf}


@handles("isclose")
def _isclose(function: Callable[..., Any], a: Tree, b: Tree, *rest: Tree, **options: Tree) -> Type:
    return pointwise(np.isclose, a, b, *rest, **options)


def emath_type(function: Callable[..., Any], *trees: Tree) -> Type:
    """`np.emath`: of real numbers the values decide whether the result is complex."""
    types = list(map(operand_type, trees))
    if all(kind_of_dtype(t.dtype) == "c" for t in types):
        return pointwise(function, *trees)
    shape = broadcast_of(types)
    return Type("array" if shape else "any", None, shape)


@handles("clip")
def _clip(
    function: Callable[..., Any],
    a: Tree,
    a_min: Tree = None,
    a_max: Tree = None,
    *,
    min: Tree = None,
    max: Tree = None,
) -> Type:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if low is None and high is None:
        raise Unknown
    return pointwise(np.clip, a, low, high)


@handles("where")
def _where(function: Callable[..., Any], condition: Tree, x: Tree = None, y: Tree = None) -> Type:
    if x is None and y is None:
        return OBJECT
    return pointwise(np.where, condition, x, y)


def scalar_type(function: Callable[..., Any], x: Tree = 0) -> Type:
    """`np.float32(x)`."""
    type_ = operand_type(x)
    if type_.shape != () and function in (np.float64, np.complex128):
        raise Unknown  # NumPy's versions differ for arrays of one element
    return made_of(known_shape(type_), "scalar", dtype_called(function))


@handles("flip real imag round around fix i0 nan_to_num")
def _same(
    function: Callable[..., Any], a: Tree, *rest: Tree, least: int = 0, **options: Tree
) -> Type:
    """A function whose result has the shape of its operand, which has `least` axes at least."""
    type_ = operand_type(a)
    if type_.shape is not None and len(type_.shape) < least:
        raise Unknown
    if type_.shape is None:
        return Type("any", None)
    for tree in (*rest, *options.values()):
        if isinstance(tree, (Value, Expr)) and not tree.type.numeric:
            raise Unknown
    return with_shape(function, type_.shape, type_)
