"""Plans: which products are asked for, and where in them each entry of a sparse matrix is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from srcad.sparse.coloring import column_colors, star_colors

__all__ = ["Part", "Plan", "by_columns", "by_rows", "by_symmetry"]


class Plan(NamedTuple):
    """Columns of one colour are summed in one product: `colors` of the columns, `total` of them.

    `places` says for each entry of `pattern`, in the order of its indices, where it is in the products of shape (total, width), flat.
    `symmetric`: some are found as their mirror images, and one more product, with a seed of random numbers, tells whether they are these.
    """

    pattern: Any
    colors: Any
    total: int
    places: Any
    width: int
    symmetric: bool = False

    @property
    def products(self) -> int:
        """How many products there are."""
        return self.total + self.symmetric

    def seeds(self, start: int, stop: int, dtype: Any) -> Any:
        """The seeds of some products, a row each."""
        made = np.zeros((stop - start, len(self.colors)), dtype)
        if stop > self.total:
            made[-1] = np.random.default_rng(0).uniform(1, 2, len(self.colors))
        columns = np.flatnonzero((self.colors >= start) & (self.colors < stop))
        made[self.colors[columns] - start, columns] = 1
        return made

    def entries(self, products: Any, dtype: Any = float, order: Any = None) -> tuple[Any, Any]:
        """The entries of the pattern, and the last product, from products that come some at a time.

        Args:
            products: Arrays of so many rows as come together.
            dtype: That of the result where there is none.
            order: The entries as they come, with their places: then products are not held.
        """
        held: Any = np.zeros(0, dtype)
        start, found = 0, held
        for found in products:
            some = len(found)
            if some == self.products:
                held = found
            elif order is None:
                held = held if start else np.empty((self.products, self.width), found.dtype)
                held[start : start + some] = found
            else:
                held = held if start else np.empty(len(self.places), found.dtype)
                entries, places = order
                part = slice(*np.searchsorted(places, (start * self.width, (start + some) * self.width)))  # fmt: skip
                held[entries[part]] = found.reshape(-1)[places[part] - start * self.width]
            start += some
        last = found[-1] if start else None
        if order is None or (start and len(found) == self.products):
            held = np.take(np.reshape(held, -1), self.places, mode="clip")  # "raise" has a buffer
        return held, last

    def explains(self, matrix: Any, found: Any) -> bool:
        """Whether a matrix has the product, to rounding, that what it was found from has with random numbers."""
        seed = self.seeds(self.total, self.products, found.dtype)[0]
        near = np.finfo(found.dtype).eps ** (2 / 3) * (abs(matrix) @ seed)
        return bool(np.all(np.abs(matrix @ seed - found) <= near))


def _rows(pattern: Any) -> Any:
    return np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))


def by_columns(pattern: Any, shape: tuple[int, ...] = ()) -> Plan:
    """Columns of one colour meet in no row: each entry is where its row meets its colour. `shape` is that of what the columns are of.

    >>> from scipy import sparse
    >>> A = sparse.csr_array(np.diag([1.0, 2.0, 3.0]) + np.diag([4.0, 5.0], 1))
    >>> plan = by_columns(A)
    >>> plan.total, plan.entries([plan.seeds(0, 2, float) @ A.T])[0]
    (2, array([1., 4., 2., 5., 3.]))
    """
    colors = column_colors(pattern, shape)
    count = int(colors.max()) + 1 if pattern.nnz else 0
    height = pattern.shape[0]
    return Plan(pattern, colors, count, colors[pattern.indices] * height + _rows(pattern), height)


def by_rows(pattern: Any, shape: tuple[int, ...] = ()) -> Plan:
    """Rows of one colour meet in no column: the products are sums of rows, and the seeds are of rows.

    >>> from scipy import sparse
    >>> A = sparse.csr_array(np.array([[1.0, 2.0, 3.0], [4.0, 0.0, 0.0]]))
    >>> plan = by_rows(A)
    >>> plan.total, plan.entries([plan.seeds(0, 2, float) @ A])[0]
    (2, array([1., 2., 3., 4.]))
    """
    colors = column_colors(pattern.T.tocsr(), shape)
    total = int(colors.max()) + 1 if pattern.nnz else 0
    width = pattern.shape[1]
    return Plan(pattern, colors, total, colors[_rows(pattern)] * width + pattern.indices, width)


def _short(indices: Any, indptr: Any, shape: Any) -> tuple[Any, Any]:
    """The indices as SciPy's solvers take them: of 32 bits where these are enough."""
    kind = np.int32 if max(len(indices), *shape) <= np.iinfo(np.int32).max else np.int64
    return indices.astype(kind), indptr.astype(kind)


class Part(NamedTuple):
    """A block of a pattern: which of its entries are in it, and where."""

    chosen: Any
    indices: Any
    indptr: Any
    shape: tuple[int, int]

    @classmethod
    def of_rows(cls, pattern: Any, start: int, stop: int) -> Part:
        """The rows from `start` to `stop`."""
        first, last = map(int, pattern.indptr[[start, stop]])
        indptr = pattern.indptr[start : stop + 1] - first
        shape = (stop - start, pattern.shape[1])
        return cls(slice(first, last), *_short(pattern.indices[first:last], indptr, shape), shape)

    @classmethod
    def of_columns(cls, pattern: Any, start: int, stop: int) -> Part:
        """The columns from `start` to `stop`."""
        inside = (pattern.indices >= start) & (pattern.indices < stop)
        indptr = np.concatenate(([0], np.cumsum(inside)))[pattern.indptr]
        shape = (pattern.shape[0], stop - start)
        indices = pattern.indices[inside] - start
        return cls(np.flatnonzero(inside), *_short(indices, indptr, shape), shape)

    def matrix(self, entries: Any, dtype: Any) -> Any:
        """The block, in memory of its own."""
        from scipy import sparse

        data = entries
        if len(self.indices) < len(entries):
            data = entries[self.chosen]
            data = data.copy() if isinstance(self.chosen, slice) else data
        if data.dtype.kind == "c" and dtype.kind != "c":  # beside other blocks, which are
            data = data.real
        made = (data.astype(dtype, copy=False), self.indices.copy(), self.indptr.copy())
        return sparse.csr_array(made, shape=self.shape)


def by_symmetry(pattern: Any, shape: tuple[int, ...] = ()) -> Plan:
    """As `by_columns`, of a symmetric pattern with a star colouring, where that takes fewer products."""
    plain = by_columns(pattern, shape)
    if plain.total <= 3:
        return plain
    colors = star_colors(pattern)
    count, size = int(colors.max()) + 1, pattern.shape[0]
    if count + 1 >= plain.total:
        return plain
    rows, columns = _rows(pattern), pattern.indices
    alone = np.bincount(rows * count + colors[columns], minlength=size * count) == 1
    direct = alone[rows * count + colors[columns]]
    mirrored = alone[columns * count + colors[rows]]
    if not np.all(direct | mirrored):
        raise AssertionError("the colouring is no star colouring")
    places = np.where(direct, colors[columns] * size + rows, colors[rows] * size + columns)
    return Plan(pattern, colors, count, places, size, True)
