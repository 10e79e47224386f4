"""Rows of statistics and order: medians, quantiles, averages, what skips NaN, covariances."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.laws.cases import POSITIVE, REAL, UNIT, add, apart, arrays, exists, label, rows
from tests.laws.rows.linalg import through
from tests.laws.rows.reductions import AXES, DEEP, mask, word

METHODS = [
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
]

# Extent, averages, medians.

for function in (np.ptp, np.median, np.average):
    make = REAL if function is np.average else apart(0)
    for axis in AXES:
        rows(function, "2x3 3x4 1x3 2x1", make, tag=f"axis{word(axis)}", axis=axis)
        rows(function, "2x3", make, tag=f"axis{word(axis)}-kept", axis=axis, keepdims=True)
    for axis in DEEP:
        rows(function, "2x3x4 1x3x1", make, tag=f"axis{word(axis)}", axis=axis)
        rows(function, "2x3x4", make, tag=f"axis{word(axis)}-kept", axis=axis, keepdims=True)
    rows(function, "1 2 4 5", make)
for shape, axis, weighed in [
    ((4,), None, (4,)),
    ((2, 3), None, (2, 3)),
    ((2, 3), 0, (2,)),
    ((2, 3), 1, (3,)),
    ((2, 3), -1, (2, 3)),
    ((1, 3), 0, (1,)),
    ((2, 1), -1, (1,)),
    ((2, 3, 4), 1, (3,)),
    ((2, 3, 4), (0, 2), (2, 4)),
    ((2, 3, 4), (2, 0), (4, 2)),
    ((2, 3, 4), (1, 2), (2, 3, 4)),
]:
    for keepdims in (False, True):
        (x,), (w,) = arrays(shape), arrays(weighed, make=POSITIVE)
        tag = f"weights-{label(shape)}-axis{word(axis)}-{label(weighed)}-{keepdims}"
        add(np.average, tag, x, axis=axis, weights=w, keepdims=keepdims)

# Quantiles.

for method in METHODS:
    steps = METHODS.index(method) < 3 or METHODS.index(method) > 8
    for q in (0.345, 1 if steps else np.float64(0.655), np.array([0.345, 0.655])):
        rows(np.quantile, "5 3x4", apart(0), q=q, tag=f"{method}-{q}", method=method)
    rows(np.quantile, "4x3", apart(0), q=0.345, tag=f"{method}-axis", method=method, axis=0)
    rows(np.percentile, "5", apart(0), q=34.5, tag=method, method=method)
for axis, shape in [(axis, "3x4") for axis in AXES] + [(axis, "2x3x4") for axis in DEEP]:
    for q in (0.37, np.array([0.37, 0.63])):
        for keepdims in (False, True):
            tag = f"axis{word(axis)}-{np.ndim(q)}-{keepdims}"
            rows(np.quantile, shape, apart(0), q=q, tag=tag, axis=axis, keepdims=keepdims)
            rows(np.percentile, shape, apart(0), q=100 * q, tag=tag, axis=axis, keepdims=keepdims)
for q in (0, 1):
    rows(np.quantile, "1 2 4 5", apart(0), q=q, tag=f"at{q}")
rows(
    np.quantile, "3x4", apart(0), q=np.array([[0.155, 0.345], [0.655, 0.845]]), tag="square", axis=1
)

# Order.

# All of them are determined: the order of what is not differs from float64 to longdouble.
for axis in (0, 1, -2, None):
    for shape in ((3, 4), (2, 3, 2), (1, 3), (3, 1)):
        size = np.prod(shape) if axis is None else shape[axis]
        kth = tuple(range(int(size)))
        add(
            np.partition,
            f"{label(shape)}-axis{axis}",
            *arrays(shape, make=apart(0)),
            kth,
            axis=axis,
        )
add(np.partition, "none", *arrays((5,), make=apart(0)), (0, 1, 2, 3, 4), axis=None)

# What skips NaN.


def holes(shape: Any, rng: Any) -> Any:
    """Numbers that are apart, and NaN among them, at most one a row or column."""
    made = apart(0)(shape, rng)
    if made.ndim == 1 and made.size > 1:
        made[1] = np.nan
    if made.ndim == 2 and min(made.shape) > 1:
        made[0, 1] = np.nan
    if made.ndim == 3:
        made[0, 1, 0] = made[1, 0, 2] = np.nan
    return made


for function in (
    *(np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd),
    *(np.nanmax, np.nanmin, np.nanmedian),
):
    many = function in (np.nanvar, np.nanstd)
    for axis in AXES:
        rows(function, "3x4 4x3", holes, tag=f"axis{word(axis)}", axis=axis)
        rows(function, "3x4", holes, tag=f"axis{word(axis)}-kept", axis=axis, keepdims=True)
    for axis in (1, (0, 2), (0, 1, 2)):
        rows(function, "2x3x4", holes, tag=f"axis{word(axis)}", axis=axis)
    rows(function, "4" if many else "1 2 4 2x1", holes)
for function in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd):
    x = holes((3, 4), np.random.default_rng(3))
    add(function, "where", x, axis=1, where=mask((3, 4)) | np.eye(3, 4, k=2, dtype=bool))
    rows(function, "3x4", holes, tag="dtype", axis=0, dtype=np.float64)
for function in (np.nanvar, np.nanstd):
    rows(function, "3x4", holes, tag="ddof", axis=1, ddof=1)
for function in (np.nansum, np.nanprod):
    rows(function, "3x4", holes, tag="initial", axis=1, initial=np.float64(1.5))
for function in (np.nancumsum, np.nancumprod):
    rows(function, "4 3x4 1 0", holes)
    for axis in (0, -1):
        rows(function, "3x4 1x3", holes, tag=f"axis{axis}", axis=axis)
for axis in (None, 0, 1):
    for q in (0.345, np.array([0.345, 0.655])):
        for keepdims in (False, True):
            tag = f"axis{axis}-{np.ndim(q)}-{keepdims}"
            rows(np.nanquantile, "3x4 5x2", holes, q=q, tag=tag, axis=axis, keepdims=keepdims)
    rows(np.nanpercentile, "3x4", holes, q=34.5, tag=f"axis{axis}", axis=axis)
rows(np.nanquantile, "5", holes, q=np.array([[0.345, 0.655]]), tag="square")
for method in ("hazen", "lower", "inverted_cdf"):
    rows(np.nanquantile, "5 3x4", holes, q=0.345, tag=method, method=method, axis=-1)
rows([np.fmax.reduce, np.fmin.reduce], "5 3x4", holes)
rows([np.fmax.reduce, np.fmin.reduce], "3x4", holes, tag="axis", axis=1, keepdims=True)

# Sums with their beginning.

for function in exists("np.cumulative_sum", "np.cumulative_prod"):
    for begin in (False, True):
        rows(function, "4 1 0", REAL, tag=f"{begin}", include_initial=begin)
        for axis in (0, -1):
            rows(
                function,
                "2x3 1x3 2x1",
                REAL,
                tag=f"{begin}-{axis}",
                axis=axis,
                include_initial=begin,
            )

# Covariances and counts.

for options in ({}, {"bias": True}, {"ddof": 0}, {"ddof": 2}):
    tag = word([*options.values()])
    rows(np.cov, "5 3x4", REAL, tag=tag, **options)
    rows(np.cov, "4x2", REAL, tag=tag + "-columns", rowvar=False, **options)
    for pair in ((5,), (5,)), ((2, 4), (3, 4)), ((2, 4), (4,)):
        add(np.cov, f"{label(pair[0])}-{label(pair[1])}-{tag}", *arrays(*pair), **options)
    (w,) = arrays((4,), make=POSITIVE)
    rows(np.cov, "4 3x4", REAL, tag=tag + "-aweights", aweights=w, **options)
    rows(np.cov, "4 3x4", REAL, tag=tag + "-fweights", fweights=np.array([1, 2, 1, 3]), **options)
rows(np.cov, "3x4", REAL, tag="both", aweights=w, fweights=np.array([1, 2, 1, 3]))
rows(np.corrcoef, "3x4 2x5", UNIT)
rows(np.corrcoef, "4x3", UNIT, tag="columns", rowvar=False)
add(np.corrcoef, "two", *arrays((5,), (5,)))
for places, least in (([0, 2, 2, 1], 0), ([0, 2, 2, 1], 6), ([1], 0)):
    (w,) = arrays((len(places),))
    add(np.bincount, f"{word(places)}-{least}", np.array(places), w, minlength=least)

# Several results, through functions of them.


@through(np.unique)
def of_unique(ar: Any, *, axis: Any = None) -> Any:
    values, _, counts = np.unique(ar, return_inverse=True, return_counts=True, axis=axis)
    return values**2 * (counts if axis is None else 1)


@through(np.average)
def of_average(a: Any, weights: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
    given = {} if weights is None else {"weights": weights}
    mean, total = np.average(a, axis=axis, returned=True, keepdims=keepdims, **given)
    return mean * np.sin(total)


@through(np.histogram)
def of_histogram(
    a: Any, weights: Any, *, bins: Any = 10, range: Any = None, density: Any = None
) -> Any:
    counts, edges = np.histogram(a, bins=bins, range=range, weights=weights, density=density)
    return counts**2 + edges[1:]


@through(np.histogram2d)
def of_histogram2d(x: Any, y: Any, weights: Any, *, bins: Any = 10, density: Any = None) -> Any:
    counts, columns, rows = np.histogram2d(x, y, bins=bins, weights=weights, density=density)
    return counts * columns[1:, None] + rows[1:]


rows(np.unique, "5 1 0 3x4", apart(0))
add(np.unique, "repeated", np.array([1.5, 0.5, -1.5, 2.0]))
rows(of_unique, "5 3x2", apart(0))
for axis in (0, 1):
    rows([np.unique, of_unique], "3x4", apart(0), tag=f"axis{axis}", axis=axis)
rows(of_average, "2x3,3", REAL, POSITIVE, axis=1)
rows(of_average, "2x3,2x3", REAL, POSITIVE, axis=0, keepdims=True)
add(of_average, "plain", *arrays((2, 3)), None, axis=0)
for density in (False, True):
    (w,) = arrays((6,), make=POSITIVE)
    at = np.array([0.11, 0.52, 0.57, 1.23, 1.78, 1.95])
    for bins, span in ((3, (0.0, 2.0)), (np.array([0.0, 0.5, 1.5, 2.0]), None), (4, (0.4, 1.9))):
        tag = f"{np.size(bins)}-{span}-{density}"
        add(of_histogram, tag, at, w, bins=bins, range=span, density=density)
    add(of_histogram, f"edges-{density}", at, w, bins=3, density=density)
    add(of_histogram2d, f"{density}", at, at[::-1].copy(), w, bins=2, density=density)
add(np.histogram_bin_edges, "3", at, bins=3)
for q in (0.345, np.array([0.345, 0.655])):
    (x,), (w,) = arrays((5,), make=apart(0)), arrays((5,), make=POSITIVE)
    options = {"method": "inverted_cdf", "weights": w}
    add(np.quantile, f"weights-{np.ndim(q)}", x, q, **options)
    add(np.percentile, f"weights-{np.ndim(q)}", x, 100 * q, axis=0, **options)
