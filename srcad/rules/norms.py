"""Norms, and what np.linalg offers under names of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core.quote import may_be_complex, rank
from srcad.rules.derived import derived
from srcad.rules.families import constant
from srcad.rules.stacks import entry

__all__: list[str] = []


@derived(np.linalg.cond)
def cond(x: Any, *, p: Any = None) -> Any:
    """Where the matrix is singular it is infinite, and has no derivative."""
    if p in (None, 2, -2):
        s = np.linalg.svd(x, compute_uv=False)
        return entry(s, -1) / entry(s, 0) if p == -2 else entry(s, 0) / entry(s, -1)
    options = {"ord": p, "axis": (-2, -1)}
    return np.linalg.norm(x, **options) * np.linalg.norm(np.linalg.inv(x), **options)


@derived(np.linalg.matrix_norm)
def matrix_norm(x: Any, *, keepdims: Any = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(x, ord=ord, axis=(-2, -1), keepdims=keepdims)


@derived(np.linalg.vector_norm)
def vector_norm(x: Any, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:
    if isinstance(axis, (tuple, list)) and len(axis) == 1:
        (axis,) = axis
    if axis is None and rank(x) > 1 and ord in (2, None):
        return np.linalg.norm(x, keepdims=keepdims)
    if axis is None or isinstance(axis, (tuple, list)):
        return vector_norm_of(x, ord, axis, keepdims)
    return np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)


def vector_norm_of(x: Any, ord: Any, axis: Any, keepdims: Any) -> Any:
    """The norms of vectors that lie along axes."""
    options = {} if axis is None else {"axis": axis}
    if keepdims:
        options["keepdims"] = True
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(np.abs(x), **options)
    if ord == 0:
        return np.sum(np.astype(x != 0, x.dtype), **options)
    if ord in (None, 2):
        return np.sqrt(np.sum(np.square(np.abs(x)) if may_be_complex(x) else x * x, **options))
    if ord == 1:
        return np.sum(np.abs(x), **options)
    return np.sum(np.abs(x) ** ord, **options) ** (1 / ord)


def norm_of(x: Any, *, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """The norms of vectors and matrices, but for the Euclidean ones."""
    axis = tuple(range(rank(x))) if axis is None else axis
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    if len(axes) == 1:
        return vector_norm_of(x, ord, axes[0] if rank(x) > 1 or keepdims else None, keepdims)
    rows, columns = (one % rank(x) for one in axes)
    if ord in ("nuc", 2, -2):
        if (rows, columns) != (rank(x) - 2, rank(x) - 1):
            x = np.moveaxis(x, (rows, columns), (-2, -1))
        s = np.linalg.svd(x, compute_uv=False)
        found = np.sum(s, axis=-1) if ord == "nuc" else entry(s, 0 if ord == 2 else -1)
    elif ord in (1, -1, np.inf, -np.inf):
        along, over = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = np.sum(np.abs(x), axis=along)
        found = (np.max if ord > 0 else np.min)(sums, axis=over - (over > along))
    else:
        raise NotImplementedError(f"np.linalg.norm with ord={ord!r} of matrices")
    return np.expand_dims(found, tuple(axes)) if keepdims else found


# What np.linalg offers under names of its own.


@derived(np.linalg.outer)
def outer(x1: Any, x2: Any) -> Any:
    return np.outer(x1, x2)


@derived(np.linalg.trace)
def trace(x: Any, *, offset: Any = 0, dtype: Any = None) -> Any:
    options = {} if dtype is None else {"dtype": dtype}
    return np.trace(x, offset=offset, axis1=-2, axis2=-1, **options)


@derived(np.linalg.diagonal, memory="view")
def diagonal(x: Any, *, offset: Any = 0) -> Any:
    return np.diagonal(x, offset=offset, axis1=-2, axis2=-1)


@derived(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, *, axis: Any = -1) -> Any:
    if axis != -1:
        x1, x2 = np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)
    return np.vecdot(x1, x2)


@derived(np.linalg.matmul)
def matmul(x1: Any, x2: Any) -> Any:
    return x1 @ x2


@derived(np.linalg.tensordot)
def tensordot(x1: Any, x2: Any, *, axes: Any = 2) -> Any:
    return np.tensordot(x1, x2, axes=axes)


@derived(np.linalg.matrix_transpose, memory="view")
def matrix_transpose(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


constant(np.linalg.matrix_rank, reason="a position, a size or another whole number")
