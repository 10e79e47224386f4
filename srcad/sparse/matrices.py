"""Sets of dependences: a boolean CSR matrix has a row for each element of a value, and a column for each element of the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.errors import ArgumentValueError

__all__ = ["everything", "gather", "grouped", "rows_of", "same", "stacked", "union"]

# More entries than this are no sparse matrix: they are refused before memory is gone.
MOST = 200_000_000


def rows_of(indices: Any, indptr: Any, width: int) -> Any:
    """The matrix of these indices.

    >>> rows_of(np.array([2, 0, 1]), np.array([0, 1, 3]), 3).toarray().astype(int)
    array([[0, 0, 1],
           [1, 1, 0]])
    """
    from scipy import sparse

    shape = (len(indptr) - 1, width)
    return sparse.csr_array((np.ones(len(indices), bool), indices, indptr), shape=shape)


def small(count: int) -> None:
    """Refuse what is not sparse. Raises ArgumentValueError."""
    if count > MOST:
        raise ArgumentValueError(
            f"a pattern of some {count:.1e} entries is not sparse",
            reason="Nearly every output depends on nearly every input, or goes through something that does (a mean of all, a dense product): "
            "ask for products with it instead (srcad.jvp, srcad.vjp, srcad.hvp).",
        )


def gather(deps: Any, places: Any) -> Any:
    """The rows at some places, none where the place is -1.

    >>> gather(rows_of(np.array([2, 0]), np.array([0, 1, 2]), 3), np.array([1, -1, 1])).toarray().astype(int)
    array([[1, 0, 0],
           [0, 0, 0],
           [1, 0, 0]])
    """
    indptr = deps.indptr.astype(np.int64)
    there = places >= 0
    starts = np.where(there, indptr[places], 0)
    counts = np.where(there, indptr[places + there] - starts, 0)
    new = np.concatenate(([0], np.cumsum(counts)))
    small(int(new[-1]))
    at = np.arange(new[-1]) + np.repeat(starts - new[:-1], counts)
    return rows_of(deps.indices[at], new, deps.shape[1])


def union(first: Any, second: Any) -> Any:
    """What one or the other depends on; None is nothing."""
    if first is None or second is None or first is second:
        return second if first is None else first
    small(int(first.nnz) + int(second.nnz))
    return first + second


def grouped(deps: Any, groups: Any, count: int) -> Any:
    """The union of the rows that are in each of `count` groups; rows in the group -1 are in none.

    >>> grouped(rows_of(np.array([2, 0, 1]), np.array([0, 1, 2, 3]), 3), np.array([1, 1, -1]), 2).toarray().astype(int)
    array([[0, 0, 0],
           [1, 0, 1]])
    """
    from scipy import sparse

    rows = np.repeat(groups, np.diff(deps.indptr))
    kept = rows >= 0
    found = sparse.coo_array(
        (np.ones(int(kept.sum()), bool), (rows[kept], deps.indices[kept])),
        shape=(count, deps.shape[1]),
    )
    return found.tocsr()  # which adds what is there twice: of truth values a union


def everything(deps: Any) -> Any:
    """The inputs that any row depends on, in order."""
    found = np.zeros(deps.shape[1], bool)
    found[deps.indices] = True
    return np.flatnonzero(found)


def same(inputs: Any, count: int, width: int) -> Any:
    """As many rows that each depend on the same inputs."""
    small(len(inputs) * count)
    return rows_of(np.tile(inputs, count), np.arange(count + 1) * len(inputs), width)


def stacked(parts: list[Any]) -> Any:
    """Rows below each other."""
    from scipy import sparse

    return parts[0] if len(parts) == 1 else sparse.vstack(parts, format="csr")
