"""Matrices come back from their products with the colours, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sparse = pytest.importorskip("scipy.sparse")

from srcad.sparse.coloring import column_colors, star_colors  # noqa: E402
from srcad.sparse.compression import by_columns, by_symmetry  # noqa: E402


@st.composite
def integers(draw, symmetric):
    """A sparse matrix of small integers, of which sums are exact, and of its explicit zeros too."""
    rows = draw(st.integers(0, 14))
    columns = rows if symmetric else draw(st.integers(0, 14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    there = rng.random((rows, columns)) < draw(st.sampled_from([0.1, 0.2, 0.4, 0.9]))
    numbers = rng.integers(-9, 9, (rows, columns)).astype(float)
    if symmetric:
        there, numbers = there | there.T | np.eye(rows, dtype=bool), numbers + numbers.T
        if rows and draw(st.booleans()):  # a row that meets all
            there[0] = there[:, 0] = True
    made = sparse.csr_array(there)
    made.sort_indices()
    at = np.repeat(np.arange(rows), np.diff(made.indptr)), made.indices
    return sparse.csr_array((numbers[at], made.indices, made.indptr), shape=made.shape)


def recovered(plan, matrix):
    products = plan.seeds(0, plan.products, float) @ matrix.T.toarray()
    found, last = plan.entries([products])
    order = np.argsort(plan.places)
    for known in (None, (order, plan.places[order])):  # one by one: all held, or none
        again, same = plan.entries(iter(products[:, None]), float, known)
        np.testing.assert_array_equal(again, found)
        assert np.array_equal(last, same)
    return found


@settings(max_examples=80, deadline=None)
@given(integers(False))
def test_columns_of_one_color_are_told_apart(matrix):
    plan = by_columns(matrix)
    np.testing.assert_array_equal(recovered(plan, matrix), matrix.data)
    assert plan.total >= np.diff(matrix.indptr).max(initial=0)


@settings(max_examples=120, deadline=None)
@given(integers(True))
def test_symmetric_matrices_are_found_by_stars(matrix):
    np.testing.assert_array_equal(recovered(by_symmetry(matrix), matrix), matrix.data)
    colors = star_colors(matrix)
    near = [set(matrix[[v]].indices) - {v} for v in range(matrix.shape[0])]
    paths = (
        (a, b, c, d)
        for b in range(len(near)) for c in near[b] for a in near[b] - {c} for d in near[c] - {b, a}
    )  # fmt: skip
    assert all(colors[a] != colors[b] for a in range(len(near)) for b in near[a])
    assert all(len({colors[v] for v in path}) > 2 for path in paths)


def test_few_colors():
    """A tridiagonal matrix has three columns that meet, an arrow is two stars, a dense row meets all."""
    n = 50
    band = sparse.csr_array(np.tri(n, k=1) - np.tri(n, k=-2))
    assert column_colors(band).max() == 2
    arrow = np.eye(n)
    arrow[-1] = arrow[:, -1] = 1
    assert by_symmetry(sparse.csr_array(arrow)).total == 2
    assert by_columns(sparse.csr_array(arrow)).total == n
    assert by_columns(sparse.csr_array(arrow[:-1])).total == 2


def test_seeds_in_parts():
    plan = by_columns(sparse.csr_array(np.tri(5)))
    parts = [plan.seeds(start, start + 2, np.float32) for start in (0, 2)] + [plan.seeds(4, 5, np.float32)]  # fmt: skip
    np.testing.assert_array_equal(np.concatenate(parts), plan.seeds(0, 5, np.float32))
    np.testing.assert_array_equal(np.concatenate(parts).sum(axis=0), np.ones(5))
