"""What the compiler itself writes: stores, sums to a shape, casts, and what else `srcad.runtime` has."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.types.asking import made_of, operand_type
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    OBJECT,
    WEAK,
    Tree,
    Unknown,
    array_dtype,
    is_inexact,
    kind_of_dtype,
    same_shape,
    type_of,
)
from srcad.core import ops
from srcad.core.types import ANY, Sparse, Type


@handles(runtime.dtype_of)
def _dtype_of(function: Any, x: Tree) -> Type:
    type_ = type_of(x)
    return Type("object", type_.dtype) if type_.numeric and type_.kind != "any" else OBJECT


@handles(runtime.put, runtime.put_add)
def _put(function: Any, base: Tree, index: Tree, value: Tree, *, fresh: bool = False) -> Type:
    type_ = operand_type(base)
    return Type("array", array_dtype(type_), type_.shape)


def _bar(x_bar: Tree, x: Tree) -> tuple[Type, Type]:
    """The types of a cotangent and of what it belongs to: that of a real Python number is the real part."""
    bar, type_ = type_of(x_bar), type_of(x)
    if type_.kind == "number" and type_.dtype != "complex" and kind_of_dtype(bar.dtype) == "c":
        assert bar.dtype is not None
        real = "float" if bar.kind == "number" else np.dtype(bar.dtype).type(0).real.dtype.name
        bar = bar._replace(dtype=real if type_.dtype else None)
    return bar, type_


@handles(runtime.cast)
def _cast(function: Any, x_bar: Tree, x: Tree) -> Type:
    bar, type_ = _bar(x_bar, x)
    if type_.kind in ("number", "object"):
        return bar
    if not bar.numeric or bar.shape is None:
        return Type("any", bar.dtype if bar.dtype == type_.dtype and type_.kind != "any" else None)
    if type_.dtype is None or (type_.kind == "any" and type_.dtype in WEAK):
        return Type("array" if bar.shape else "any", None, bar.shape)
    if not is_inexact(type_.dtype) or (bar.dtype == type_.dtype and bar.kind != "number"):
        return bar
    if bar.kind == "number" or (bar.kind == "any" and not bar.shape):
        return Type("any", None, bar.shape)
    return made_of(bar.shape, "scalar", type_.dtype)


@handles(runtime.sum_to)
def _sum_to(function: Any, x_bar: Tree, x: Tree) -> Type:
    bar, type_ = _bar(x_bar, x)
    if not type_.numeric or type_.shape is None:
        return Type(
            "any", bar.dtype if bar.dtype == type_.dtype and is_inexact(bar.dtype) else None
        )
    dtype: str | None
    if bar.dtype is None or (bar.kind == "any" and bar.dtype in WEAK):
        dtype = None
    else:
        dtype = array_dtype(bar)
    if bar.shape is None or bar.rank < len(type_.shape):  # type: ignore[operator]
        dtype = dtype if dtype == type_.dtype else None
    elif type_.kind != "number" and (type_.kind == "array" or type_.dtype not in WEAK):
        if type_.dtype is None:
            dtype = None
        elif is_inexact(type_.dtype):
            dtype = type_.dtype
    if not is_inexact(dtype):
        dtype = dtype if same_shape(bar, type_) else None
    return made_of(type_.shape, "scalar", dtype)


@handles(runtime.spread)
def _spread(function: Any, x_bar: Tree, x: Tree) -> Type:
    bar, type_ = type_of(x_bar), type_of(x)
    if not bar.numeric:
        raise Unknown
    if type_.shape == ():
        return bar if bar.shape == () else Type("any", bar.dtype)
    dtype = None if bar.kind == "any" and bar.dtype in WEAK and not bar.shape else bar.dtype
    if type_.shape is None:
        return Type("any", None if bar.kind == "number" else dtype)
    if bar.kind == "number" and (is_inexact(type_.dtype) or not type_.dtype):
        return Type("array", type_.dtype, type_.shape)
    return Type("array", array_dtype(bar) if dtype else None, type_.shape)


@handles(runtime.result)
def _result(function: Any, x_bar: Tree, x: Tree) -> Type:
    bar, type_ = _bar(x_bar, x)
    floating = is_inexact(type_.dtype) and type_.kind in ("array", "scalar")
    if type_.kind == "array":
        if type_.dtype is None:
            return Type("array", None, type_.shape)
        return Type("array", type_.dtype if floating else array_dtype(bar), type_.shape)
    if type_.kind == "scalar" and floating and bar.shape == ():
        return Type("scalar", type_.dtype, ())
    if (
        bar.kind in ("number", "scalar")
        and type_.kind in ("number", "scalar")
        and not floating
        and type_.dtype
    ):
        return bar
    return Type("any", None, type_.shape or (bar.shape if type_.kind == "number" else None))


@handles(runtime.own)
def _own(function: Any, x: Tree) -> Type:
    type_ = type_of(x)
    return type_ if type_.numeric else ANY


@handles(runtime.stop_gradient, ops.move.function, ops.sparse_transpose.function)
def _move(function: Any, x: Tree) -> Type:
    return type_of(x)


@handles(*(op.function for op in ops.SPARSE.values()))
def _combined(function: Any, *operands: Tree) -> Type:
    """A sparse matrix of others, or of one and a number: of Python's numbers as NumPy does, as if they were not there."""
    types = [type_of(tree) for tree in operands]
    names = [t.value.dtype for t in types if isinstance(t.value, Sparse)]
    names += [t.dtype for t in types if t.kind in ("scalar", "array") and t.dtype]
    return Type("object", value=Sparse(np.result_type(*names).name))


@handles(
    builtins.range,
    builtins.enumerate,
    builtins.zip,
    builtins.reversed,
    builtins.str,
    builtins.repr,
    builtins.print,
    ops.save.function,
)
def _object(function: Any, *args: Tree, **options: Tree) -> Type:
    return OBJECT


@handles(ops.saved.function)
def _record(function: Any) -> Type:
    return Type("record")
