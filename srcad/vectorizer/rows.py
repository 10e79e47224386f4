"""The rows of a Jacobian: their seeds, and the shape of the result.

    y_bar = np.eye(y.size)                                  (y has one axis)
    y_bar = np.eye(y.size).reshape((y.size,) + y.shape)     (y has more)
    x_bar = np.reshape(x_bar, y.shape + x.shape)

An output without axes has one row and needs none of this: its seed is 1.0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Tree, Value

__all__ = ["constant_rows", "identity_rows", "row_count", "unflatten"]


def row_count(builder: Builder, y: Value) -> Tree:
    """How many rows the Jacobian of `y` has, as an operand."""
    sizes = _sizes(y)
    return int(np.prod(sizes)) if _known(sizes) else builder.emit(ops.size, y)


def identity_rows(builder: Builder, y: Value) -> Value:
    """The seeds of all rows: the identity over the elements of `y`, of shape (y.size, *y.shape) and the dtype of `y`.

    The first size of its type is the size of the batch.
    """
    count = row_count(builder, y)
    eye = builder.emit(ops.operation(np.eye), count, base=f"{y.base}_bar", **_dtype(builder, y))
    if y.type.rank == 1:
        return eye
    shape = _joined(builder, (count,), y)
    return builder.emit(ops.operation(np.reshape, "method"), eye, base=f"{y.base}_bar", shape=shape)


def unflatten(builder: Builder, rows: Value, y: Value, x: Value) -> Value:
    """Rows of shape (y.size, *x.shape) as the Jacobian of shape y.shape + x.shape."""
    if y.type.rank == 1:
        return rows
    front = _sizes(y) if _known(_sizes(y)) else builder.emit(ops.shape, y)
    shape = _joined(builder, front, x)
    return builder.emit(
        ops.operation(np.reshape), rows, base=rows.base, named=rows.named, shape=shape
    )


def constant_rows(builder: Builder, row: Tree, x: Value, count: Tree) -> Value:
    """A row that is the same for every seed, or a number that is each of its elements, `count` times: fresh memory."""
    shape = _joined(builder, (count,), x)
    if isinstance(row, (int, float)):
        make, args = (np.zeros, (shape,)) if row == 0 else (np.full, (shape, row))
        return builder.emit(ops.operation(make), *args, base=f"{x.base}_bar", **_dtype(builder, x))
    spread = builder.emit(ops.operation(np.broadcast_to), row, shape=shape)
    return builder.emit(ops.own, spread, base=f"{x.base}_bar")


def _sizes(y: Value) -> tuple[Any, ...]:
    if y.type.shape is None:
        raise ValueError(f"the rank of {y!r} is not known")
    return y.type.shape


def _known(sizes: tuple[Any, ...]) -> bool:
    return all(isinstance(size, int) for size in sizes)


def _joined(builder: Builder, front: Tree, x: Value) -> Tree:
    """`front + x.shape`."""
    sizes = _sizes(x)
    if isinstance(front, tuple) and _known(sizes):
        return (*front, *sizes)
    if isinstance(front, tuple) and len(sizes) == 1:
        return (*front, builder.emit(ops.size, x))
    return builder.emit(ops.add, front, sizes if _known(sizes) else builder.emit(ops.shape, x))


def _dtype(builder: Builder, x: Value) -> dict[str, Any]:
    """`dtype=` for what is not float64."""
    dtype = x.type.dtype
    if x.type.kind == "number" or (dtype is not None and not x.type.differentiable):
        return {}
    if dtype is None:
        return {"dtype": builder.emit(ops.dtype, x)}
    return {} if dtype == "float64" else {"dtype": np.dtype(dtype).type}
