"""Groups of columns that one product tells apart: greedy colourings (Gebremedhin, Manne and Pothen 2005, "What color is your Jacobian?").

Sets of colours are the bits of integers, so that each entry of the pattern is looked at a fixed number of times.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np

__all__ = ["column_colors", "star_colors"]


def _first_free(taken: int) -> int:
    """The lowest bit that is not set.

    >>> _first_free(0b1011)
    2
    """
    return (~taken & (taken + 1)).bit_length() - 1


def column_colors(pattern: Any, shape: tuple[int, ...] = ()) -> Any:
    """Colours of columns, of which no two of one colour meet in a row: distance 2 in the graph of rows and columns (section 3.3).

    Args:
        pattern: A CSR matrix. Columns without entries get the colour 0.
        shape: That of the array whose elements the columns are.

    The natural order and that of falling degree are tried, then lattices of the array's axes, or of those that it seems to have been made of, and what has the
    fewest colours is taken.

    >>> from scipy import sparse
    >>> column_colors(sparse.csr_array(np.eye(4, dtype=bool) | np.eye(4, k=1, dtype=bool)))
    array([0, 1, 0, 1])
    """
    columns = pattern.tocsc()
    count = columns.shape[1]
    degrees = np.diff(columns.indptr)
    least = int(np.diff(pattern.indptr).max(initial=0))
    best = _greedy_columns(columns, range(count))
    if best.max(initial=0) + 1 > least:
        order = np.argsort(-degrees, kind="stable")
        if not np.array_equal(order, np.arange(count)):
            other = _greedy_columns(columns, order.tolist())
            best = other if other.max() < best.max() else best
    totals = range(max(least, 2), int(best.max(initial=0)) + 1)
    grids = dict.fromkeys((shape, _grid(pattern))) if totals else ()
    for total, axes in product(totals, grids):
        found = _lattice(pattern, axes, total)
        if found is not None:
            return found
    return best


def _grid(pattern: Any) -> tuple[int, ...]:
    """The shape of an array of which the columns may be the elements: of a stencil, rows meet columns at distances that are products of its sizes.

    >>> from scipy import sparse
    >>> line = sparse.diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(5, 5))
    >>> _grid(sparse.csr_array(sparse.kron(line, sparse.eye_array(6)) + sparse.kron(sparse.eye_array(5), sparse.eye_array(6))))
    (5, 6)
    """
    rows, columns = pattern.shape
    if rows != columns:
        return ()
    place = np.repeat(np.arange(rows), np.diff(pattern.indptr))
    met = np.bincount(np.abs(pattern.indices - place), minlength=2)
    steps = [1, rows]
    for step in np.argsort(-met, kind="stable")[:_STEPS].tolist():
        if step and met[step] and all(step % one == 0 or one % step == 0 for one in steps):
            steps = sorted({*steps, step})
    return tuple(after // before for before, after in pairwise(steps))[::-1]


# So many lattices are tried for a number of colours, on so many rows first.
_LATTICES, _ROWS = 4096, 64
# So many of the distances between rows and the columns that they meet, the most frequent first, are looked at.
_STEPS = 12


def _lattice(pattern: Any, shape: tuple[int, ...], total: int) -> Any:
    """Colours of a stencil on a grid: a sum of the indices, each so many times, modulo `total` (Goldfarb and Toint 1984); None if there are none.

    >>> from scipy import sparse
    >>> line = sparse.diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(6, 6))
    >>> plane = sparse.kron(line, sparse.eye_array(6)) + sparse.kron(sparse.eye_array(6), line)
    >>> np.reshape(_lattice(sparse.csr_array(plane), (6, 6), 5), (6, 6))[:3]
    array([[0, 1, 2, 3, 4, 0],
           [2, 3, 4, 0, 1, 2],
           [4, 0, 1, 2, 3, 4]])
    """
    rank = len(shape)
    if not rank or total ** (rank - 1) > _LATTICES or np.prod(shape, dtype=int) != pattern.shape[1]:
        return None
    fullest = np.argsort(-np.diff(pattern.indptr), kind="stable")
    some = pattern[fullest[:: max(1, len(fullest) // _ROWS)]]
    axes = np.indices(shape).reshape(rank, -1)
    near = axes[:, some.indices]
    for steps in product(range(total), repeat=rank - 1):
        factors = np.array([*steps, 1])
        if _apart(some, factors @ near % total, total):
            colors = factors @ axes % total
            if _apart(pattern, colors[pattern.indices], total):
                return colors
    return None


def _apart(pattern: Any, colors: Any, total: int) -> bool:
    """Whether no two entries of a row have one colour."""
    rows = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    return bool(np.bincount(rows * total + colors, minlength=1).max() <= 1)


def _greedy_columns(columns: Any, order: Any) -> Any:
    rows, starts = columns.indices.tolist(), columns.indptr.tolist()
    taken = [0] * columns.shape[0]  # by row
    colors = [0] * columns.shape[1]
    for column in order:
        mine = rows[starts[column] : starts[column + 1]]
        forbidden = 0
        for row in mine:
            forbidden |= taken[row]
        if mine:
            colors[column] = color = _first_free(forbidden)
            for row in mine:
                taken[row] |= 1 << color
    return np.array(colors, dtype=np.int64)


def star_colors(pattern: Any) -> Any:
    """Colours of the vertices of a symmetric pattern, of which neighbours differ and no path of four has two: a star colouring (section 4.1).

    Each entry off the diagonal is then alone with its colour in its row, or its mirror image is in the other: two entries for one.

    Args:
        pattern: A symmetric CSR matrix; what it has on the diagonal does not matter.

    >>> from scipy import sparse
    >>> arrow = np.eye(5, dtype=bool)
    >>> arrow[0] = arrow[:, 0] = True
    >>> star_colors(sparse.csr_array(arrow))
    array([0, 1, 1, 1, 1])
    """
    near, starts = pattern.indices.tolist(), pattern.indptr.tolist()
    count = pattern.shape[0]
    order = np.argsort(-np.diff(pattern.indptr), kind="stable").tolist()
    colors: list[int] = [-1] * count
    seen = [0] * count  # the colours of a vertex's neighbours
    bad = [0] * count  # those of its neighbours that have another neighbour of its colour
    first: dict[tuple[int, int], int] = {}  # the first neighbour of a colour
    for vertex in order:
        mine = [other for other in near[starts[vertex] : starts[vertex + 1]] if other != vertex]
        forbidden = 0
        for other in mine:
            if colors[other] < 0:
                forbidden |= seen[other]
            else:
                forbidden |= 1 << colors[other] | bad[other]
        color = colors[vertex] = _first_free(forbidden)
        bit = 1 << color
        per_color: dict[int, int] = {}
        for other in mine:
            per_color[colors[other]] = per_color.get(colors[other], 0) + 1
        for other in mine:
            seen[other] |= bit
            if colors[other] < 0:
                first.setdefault((other, color), vertex)
                continue
            if per_color[colors[other]] > 1:
                bad[other] |= bit
            earlier = first.setdefault((other, color), vertex)
            if earlier != vertex:
                bad[earlier] |= 1 << colors[other]
                bad[vertex] |= 1 << colors[other]
    return np.array(colors, dtype=np.int64)
