"""Statistics and order, defined by what has rules: medians, quantiles, averages, what skips NaN, covariances."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from srcad import runtime
from srcad.core.quote import Symbol, call, conj, put_add, rank, real, sizes, spread, written
from srcad.core.types import never_one
from srcad.rules.derived import derived
from srcad.rules.families import primitive
from srcad.rules.linear import along, axes_of, known
from srcad.rules.reductions import chosen, taken

__all__: list[str] = []


def _where(where: Any) -> dict[str, Any]:
    return {} if where is True else {"where": where}


def _initial(initial: Any) -> dict[str, Any]:
    return {} if initial is None else {"initial": initial}


def _given(**options: Any) -> dict[str, Any]:
    """The options that are given."""
    return {key: option for key, option in options.items() if option is not None}


# Extent and averages.


@derived(np.ptp, memory="fresh")
def ptp(a: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
    return np.max(a, **chosen(axis, keepdims)) - np.min(a, **chosen(axis, keepdims))


@derived(np.average, memory="fresh")
def average(
    a: Any, weights: Any, *, axis: Any = None, returned: Any = False, keepdims: Any = False
) -> Any:
    options = chosen(axis, keepdims)
    if weights is None:
        mean = np.mean(a, **options)
        return (mean, spread(np.size(a) / np.size(mean), mean)) if returned else mean
    weights = _levels(weights, a)
    if rank(weights) == rank(a):
        total = np.sum(weights, **options)
    else:
        # As many axes as are averaged over, in the order in which these are named.
        named = axis if isinstance(axis, (tuple, list)) else (axis,)
        own = [known(one, "the axis") % rank(a) for one in named]
        if sorted(own) != own:
            order = tuple(sorted(range(len(own)), key=own.__getitem__))
            weights = np.transpose(weights, order)
        total = np.sum(weights)
        aligned = tuple(slice(None) if one in own else None for one in range(min(own), rank(a)))
        weights = weights if None not in aligned else weights[aligned]
    mean = np.sum(a * weights, **options) / total
    return (mean, spread(total, mean)) if returned else mean


# Order.


def _flat(a: Any) -> Any:
    return a if rank(a) == 1 else np.reshape(a, (-1,))


def _one_axis(a: Any, axis: Any) -> tuple[Any, int]:
    """An array, and the one of its axes that is what `axis` names of `a`, all or several as one."""
    if axis is None:
        return _flat(a), 0
    axes = axes_of(axis, a)
    if len(axes) == 1:
        return a, axes[0]
    first = rank(a) - len(axes)
    if axes != tuple(range(first, rank(a))):
        a = np.moveaxis(a, axes, tuple(range(first, rank(a))))
    shape = np.shape(a)
    return np.reshape(a, (*(shape[i] for i in range(first)), -1)), first


def _kept(y: Any, a: Any, axis: Any, keepdims: Any, front: int = 0) -> Any:
    """A result with the axes that were reduced, behind `front` others."""
    if not keepdims or rank(a) == 0:
        return y
    return np.expand_dims(y, tuple(front + one for one in axes_of(axis, a)))


def _along(axis: int, x: Any) -> dict[str, Any]:
    return {} if axis == rank(x) - 1 else {"axis": axis}


@derived(np.median, memory="fresh", on_complex="refuse")
def median(a: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
    rows, one = _one_axis(a, axis)
    n = np.shape(rows)[one]
    order = np.argsort(rows, **_along(one, rows))
    middle = order[along(one, slice((n - 1) // 2, n // 2 + 1), order)]
    options: dict[str, Any] = {} if rank(rows) == 1 else {"axis": one}
    return _kept(np.mean(taken(rows, middle, one), **options), a, axis, keepdims)


_ALPHA_BETA = {
    "interpolated_inverted_cdf": (0, 1),
    "hazen": (0.5, 0.5),
    "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


def _floor(x: Any) -> Any:
    return call(math.floor, x) if rank(x) == 0 else np.floor(x)


def _ceil(x: Any) -> Any:
    return call(math.ceil, x) if rank(x) == 0 else np.ceil(x)


def _position(n: Any, q: Any, method: Any) -> Any:
    """Where between the sorted elements a quantile lies. R. J. Hyndman and Y. Fan, "Sample quantiles in statistical
    packages" (1996); the last four are NumPy's own."""
    if method == "linear":
        return q * (n - 1)
    if method in _ALPHA_BETA:
        alpha, beta = _ALPHA_BETA[method]
        found = n * q + (alpha + q * (1 - alpha - beta)) - 1
    elif method == "inverted_cdf":
        found = _ceil(n * q) - 1
    elif method == "averaged_inverted_cdf":
        found = 0.5 * (_floor(n * q) + _ceil(n * q)) - 0.5
    elif method == "closest_observation":
        v = n * q - 1.5
        found = _floor(v) + 1 - ((v == _floor(v)) & (_floor(v) % 2 == 1))
    elif method == "lower":
        return _floor(q * (n - 1))
    elif method == "higher":
        return _ceil(q * (n - 1))
    elif method == "midpoint":
        return 0.5 * (_floor(q * (n - 1)) + _ceil(q * (n - 1)))
    elif method == "nearest":
        return call(builtins.round, q * (n - 1)) if rank(q) == 0 else np.rint(q * (n - 1))
    else:
        raise NotImplementedError(f"method={method!r}")
    if rank(found) == 0:
        return call(builtins.max, call(builtins.min, found, n - 1), 0)
    return np.clip(found, 0, n - 1)


def _between(position: Any, last: Any) -> tuple[Any, Any, Any]:
    """The places on both sides of a position, and how far it is from the first to the second."""
    if rank(position) == 0:
        low = call(builtins.int, position)
        return low, call(builtins.min, low + 1, last), position - low
    base = np.floor(position)
    low, high = (call(np.asarray, x, dtype=int) for x in (base, np.minimum(base + 1, last)))
    return low, high, position - base


def _in_order(rows: Any, axis: int) -> Any:
    """Rows sorted, along the first axis."""
    ordered = np.sort(rows, **_along(axis, rows))
    return ordered if axis == 0 else np.moveaxis(ordered, axis, 0)


def _levels(q: Any, a: Any) -> Any:
    """Quantiles that are asked for in a list, as an array."""
    if not isinstance(q, (tuple, list)):
        return q
    return written(a, np.array, q)


def _quantile(a: Any, q: Any, axis: Any, method: Any, keepdims: Any) -> Any:
    ordered = _in_order(*_one_axis(a, axis))
    n = np.shape(ordered)[0]
    low, high, share = _between(_position(n, q, method), n - 1)
    if rank(q) and rank(ordered) > 1:
        share = share[(Ellipsis, *(None,) * (rank(ordered) - 1))]
    y = (1 - share) * ordered[low] + share * ordered[high]
    return _kept(y, a, axis, keepdims, rank(q))


def _weighted_quantile(a: Any, q: Any, weights: Any, axis: Any, keepdims: Any) -> Any:
    """The first element at which the weights so far have come to their share. It is a step function of the weights."""
    rows, _ = _one_axis(a, axis)
    if rank(rows) != 1:
        raise NotImplementedError("weights= along one axis of several; take a row at a time")
    order = np.argsort(rows)
    so_far = np.cumsum(_flat(_levels(weights, a))[order])
    so_far = so_far / so_far[-1]
    place = call(np.searchsorted, np.where(so_far == 0, -1, so_far), q)
    place = np.minimum(place, np.shape(rows)[0] - 1)
    y = rows[order[place]]
    return _kept(y if rank(q) else call(np.asarray, y), a, axis, keepdims, rank(q))


@derived(np.quantile, wrt=(0, 1), memory="fresh")
def quantile(
    a: Any,
    q: Any,
    weights: Any,
    *,
    axis: Any = None,
    method: Any = "linear",
    keepdims: Any = False,
) -> Any:
    if weights is not None:
        return _weighted_quantile(a, _levels(q, a), weights, axis, keepdims)
    return _quantile(a, _levels(q, a), axis, method, keepdims)


@derived(np.percentile, wrt=(0, 1), memory="fresh")
def percentile(
    a: Any,
    q: Any,
    weights: Any,
    *,
    axis: Any = None,
    method: Any = "linear",
    keepdims: Any = False,
) -> Any:
    if weights is not None:
        return _weighted_quantile(a, _levels(q, a) / 100, weights, axis, keepdims)
    return _quantile(a, _levels(q, a) / 100, axis, method, keepdims)


def _permutation(a: Any, y: Any, axis: int) -> Any:
    """Where each element of `y`, which has those of `a` in another order, stands in `a`."""
    options = _along(axis, a)
    places = np.argsort(np.argsort(y, **options), **options)
    return taken(np.argsort(a, **options), places, axis)


@primitive(np.partition, wrt=(0,), memory="fresh")
class Partitioned:
    """By the order that the result has: np.argpartition may come to another one."""

    @staticmethod
    def _flat(a: Any, axis: Any) -> tuple[Any, int]:
        if axis is None:
            return _flat(a), 0
        return a, axes_of(axis, a)[0]

    @staticmethod
    def pullback(y_bar: Any, a: Any, kth: Any, y: Any, *, axis: Any = -1, kind: Any = None) -> Any:
        flat, one = Partitioned._flat(a, axis)
        options = _along(one, flat)
        order = _permutation(flat, y, one)
        a_bar = taken(y_bar, np.argsort(order, **options), one)
        return (a_bar if rank(a) == rank(flat) else np.reshape(a_bar, np.shape(a))), None

    @staticmethod
    def pushforward(
        a_dot: Any, kth_dot: Any, a: Any, kth: Any, y: Any, *, axis: Any = -1, kind: Any = None
    ) -> Any:
        flat, one = Partitioned._flat(a, axis)
        a_dot, _ = Partitioned._flat(a_dot, axis)
        return taken(a_dot, _permutation(flat, y, one), one)


@primitive(np.unique, wrt=(0,), memory="fresh", on_complex="given")
class Unique:
    """What stands at the first place of each value."""

    @staticmethod
    def _places(ar: Any, axis: Any, equal_nan: Any) -> Any:
        options = {**_given(axis=axis), **({} if equal_nan else {"equal_nan": False})}
        return call(np.unique, ar, return_index=True, **options)[1]

    @staticmethod
    def pullback(
        y_bar: Any,
        ar: Any,
        y: Any,
        *,
        return_index: Any = False,
        return_inverse: Any = False,
        return_counts: Any = False,
        axis: Any = None,
        equal_nan: Any = True,
        sorted: Any = True,
    ) -> Any:
        values_bar = y_bar[0] if isinstance(y_bar, tuple) else y_bar
        places = Unique._places(ar, axis, equal_nan)
        if axis is not None:
            return put_add(np.zeros_like(ar), along(axis, places, ar), values_bar)
        if rank(ar) == 1:
            return put_add(np.zeros_like(ar), places, values_bar)
        flat_bar = put_add(np.reshape(np.zeros_like(ar), (-1,)), places, values_bar)
        return np.reshape(flat_bar, np.shape(ar))

    @staticmethod
    def pushforward(
        ar_dot: Any,
        ar: Any,
        y: Any,
        *,
        return_index: Any = False,
        return_inverse: Any = False,
        return_counts: Any = False,
        axis: Any = None,
        equal_nan: Any = True,
        sorted: Any = True,
    ) -> Any:
        places = Unique._places(ar, axis, equal_nan)
        if axis is not None:
            values_dot = ar_dot[along(axis, places, ar_dot)]
        else:
            values_dot = _flat(ar_dot)[places]
        others = sum(map(bool, (return_index, return_inverse, return_counts)))
        return (values_dot, *(None,) * others) if others else values_dot


# What skips NaN: the elements that are left out get nothing.


def _numbers(a: Any, instead: Any) -> Any:
    return np.where(np.isnan(a), instead, a)


def _not_nan(a: Any, where: Any) -> Any:
    there = ~np.isnan(a)
    return there if where is True else there & where


@derived(np.nansum, memory="fresh")
def nansum(
    a: Any,
    initial: Any,
    *,
    axis: Any = None,
    dtype: Any = None,
    keepdims: Any = False,
    where: Any = True,
) -> Any:
    options = {**chosen(axis, keepdims), **_where(where), **_initial(initial)}
    return np.sum(_numbers(a, 0), **options, **_given(dtype=dtype))


@derived(np.nanprod, memory="fresh")
def nanprod(
    a: Any,
    initial: Any,
    *,
    axis: Any = None,
    dtype: Any = None,
    keepdims: Any = False,
    where: Any = True,
) -> Any:
    options = {**chosen(axis, keepdims), **_where(where), **_initial(initial)}
    return np.prod(_numbers(a, 1), **options, **_given(dtype=dtype))


@derived(np.nancumsum, memory="fresh")
def nancumsum(a: Any, *, axis: Any = None, dtype: Any = None) -> Any:
    return np.cumsum(_numbers(a, 0), **_given(axis=axis, dtype=dtype))


@derived(np.nancumprod, memory="fresh")
def nancumprod(a: Any, *, axis: Any = None, dtype: Any = None) -> Any:
    return np.cumprod(_numbers(a, 1), **_given(axis=axis, dtype=dtype))


@derived(np.nanmean, memory="fresh")
def nanmean(
    a: Any, *, axis: Any = None, dtype: Any = None, keepdims: Any = False, where: Any = True
) -> Any:
    options = {**chosen(axis, keepdims), **_given(dtype=dtype)}
    return np.mean(a, **options, where=_not_nan(a, where))


@derived(np.nanvar, memory="fresh")
def nanvar(
    a: Any,
    mean: Any,
    *,
    axis: Any = None,
    dtype: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    where: Any = True,
    correction: Any = None,
) -> Any:
    options = _given(dtype=dtype, mean=mean, correction=correction)
    return np.var(a, **chosen(axis, keepdims), ddof=ddof, **options, where=_not_nan(a, where))


@derived(np.nanstd, memory="fresh")
def nanstd(
    a: Any,
    mean: Any,
    *,
    axis: Any = None,
    dtype: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    where: Any = True,
    correction: Any = None,
) -> Any:
    options = _given(dtype=dtype, mean=mean, correction=correction)
    return np.std(a, **chosen(axis, keepdims), ddof=ddof, **options, where=_not_nan(a, where))


def _nanquantile(a: Any, q: Any, axis: Any, method: Any, keepdims: Any) -> Any:
    """NaN sorts last: each row is as long as it has numbers."""
    rows, one = _one_axis(a, axis)
    ordered = _in_order(rows, one)
    if rank(ordered) == 1:
        n = call(builtins.int, np.sum(~np.isnan(rows)))
    else:
        n = np.sum(~np.isnan(rows), axis=one, dtype=call(runtime.dtype_of, a))
    if rank(q) > 1 and rank(ordered) > 1:
        raise NotImplementedError("quantiles in an array of several axes; pass q.ravel()")
    each = q[(slice(None), *(None,) * (rank(ordered) - 1))] if rank(q) and rank(ordered) > 1 else q
    low, high, share = _between(_position(n, each, method), n - 1)
    if rank(ordered) == 1:
        first, second = ordered[low], ordered[high]
    elif rank(q):
        first, second = (np.take_along_axis(ordered, i, axis=0) for i in (low, high))
    else:
        first, second = (np.take_along_axis(ordered, i[None], axis=0)[0] for i in (low, high))
    return _kept((1 - share) * first + share * second, a, axis, keepdims, rank(q))


@derived(np.nanquantile, memory="fresh", on_complex="refuse")
def nanquantile(
    a: Any, q: Any, *, axis: Any = None, method: Any = "linear", keepdims: Any = False
) -> Any:
    return _nanquantile(a, _levels(q, a), axis, method, keepdims)


@derived(np.nanpercentile, memory="fresh", on_complex="refuse")
def nanpercentile(
    a: Any, q: Any, *, axis: Any = None, method: Any = "linear", keepdims: Any = False
) -> Any:
    return _nanquantile(a, _levels(q, a) / 100, axis, method, keepdims)


@derived(np.nanmedian, memory="fresh", on_complex="refuse")
def nanmedian(a: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
    return _nanquantile(a, 0.5, axis, "linear", keepdims)


@derived(np.fmax.reduce, memory="fresh")
def fmax_reduce(array: Any, *, axis: Any = 0, dtype: Any = None, keepdims: Any = False) -> Any:
    return np.nanmax(array, **chosen(axis, keepdims))


@derived(np.fmin.reduce, memory="fresh")
def fmin_reduce(array: Any, *, axis: Any = 0, dtype: Any = None, keepdims: Any = False) -> Any:
    return np.nanmin(array, **chosen(axis, keepdims))


# Sums that may begin with what they begin with (NumPy 2.1).


def _begun(y: Any, x: Any, axis: Any, begin: Any) -> Any:
    axis = 0 if axis is None else axis
    return np.concatenate((begin(np.sum(x, axis=axis, keepdims=True)), y), axis=axis)


if hasattr(np, "cumulative_sum"):

    @derived(np.cumulative_sum, memory="fresh")
    def cumulative_sum(
        x: Any, *, axis: Any = None, dtype: Any = None, include_initial: Any = False
    ) -> Any:
        y = np.cumsum(x, **_given(axis=axis, dtype=dtype))
        return _begun(y, x, axis, np.zeros_like) if include_initial else y

    @derived(np.cumulative_prod, memory="fresh")
    def cumulative_prod(
        x: Any, *, axis: Any = None, dtype: Any = None, include_initial: Any = False
    ) -> Any:
        y = np.cumprod(x, **_given(axis=axis, dtype=dtype))
        return _begun(y, x, axis, np.ones_like) if include_initial else y


# Covariances.


def _observations(m: Any, y: Any, rowvar: Any) -> Any:
    """A row for each variable."""

    def rows(x: Any) -> Any:
        if rank(x) == 1:
            return x[None]
        return x if rowvar else x.T

    return rows(m) if y is None else np.concatenate((rows(m), rows(y)))


def _short(x: Any) -> bool:
    dtype = x.value.type.dtype if isinstance(x, Symbol) else x.dtype
    return dtype in ("float32", "float16")


@derived(np.cov, wrt=(0, 1, 3), memory="fresh")
def cov(
    m: Any,
    y: Any,
    fweights: Any,
    aweights: Any,
    *,
    rowvar: Any = True,
    bias: Any = False,
    ddof: Any = None,
    dtype: Any = None,
) -> Any:
    x = _observations(m, y, rowvar)
    if sizes(x) is not None and _short(x):  # NumPy computes in float64 at least
        x = call(np.asarray, x, dtype=np.float64)
    if isinstance(fweights, (tuple, list)) or isinstance(aweights, (tuple, list)):
        raise NotImplementedError("weights in a list; pass an array")
    weights = fweights if aweights is None else aweights
    if fweights is not None and aweights is not None:
        weights = fweights * aweights
    less = (0 if bias else 1) if ddof is None else known(ddof, "ddof")
    total = np.shape(x)[1] if weights is None else np.sum(weights)
    if aweights is not None and less:
        n = total - less * np.sum(weights * aweights) / total
    else:
        n = total - less if less else total
    if weights is None:
        x = x - np.mean(x, axis=1, keepdims=True)
        weighted = x
    else:
        x = x - (np.sum(weights * x, axis=1) / total)[:, None]
        weighted = weights * x
    found = weighted @ conj(x).T / n
    shape = sizes(found)
    plain = shape is not None and all(map(never_one, shape))
    return found if plain else np.squeeze(found)


@derived(np.corrcoef, memory="fresh")
def corrcoef(x: Any, y: Any, *, rowvar: Any = True, dtype: Any = None) -> Any:
    """What NumPy clips is by rounding above 1."""
    options = {} if rowvar is True else {"rowvar": rowvar}
    found = np.cov(x, *(() if y is None else (y,)), **options)
    if rank(found) == 0:
        return found / found
    deviations = np.sqrt(real(np.diag(found)))
    return found / deviations[:, None] / deviations


# Counts.


@derived(np.bincount, wrt=(1,), memory="fresh")
def bincount(x: Any, weights: Any, *, minlength: Any = 0) -> Any:
    counts = call(np.bincount, x, minlength=minlength)
    if weights is None:
        return counts
    return put_add(np.zeros_like(counts, dtype=float), x, weights)


@derived(np.histogram_bin_edges, wrt=(0,))
def histogram_bin_edges(a: Any, *, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """Evenly from the least element to the largest, unless they are given; where these are one, a half to each side."""
    if isinstance(bins, str):
        raise NotImplementedError(f"bins={bins!r}: as many as the values ask for; pass a number")
    if isinstance(bins, (tuple, list)) or rank(bins):
        return _levels(bins, a)
    if range is None:
        low, high = np.min(a), np.max(a)
        half = call(runtime.cast, np.where(low == high, 0.5, 0.0), low)
    else:
        low, high = known(range[0], "the range"), known(range[1], "the range")
        half = 0.5 if low == high else 0
    return written(a, np.linspace, low - half, high + half, bins + 1)


def _edges(a: Any, bins: Any, range: Any) -> Any:
    if isinstance(bins, (str, tuple, list)) or rank(bins):
        return histogram_bin_edges(a, bins=bins, range=range)
    return call(np.histogram_bin_edges, a, **_given(bins=bins, range=range))


def _bins(x: Any, edges: Any) -> tuple[Any, Any, Any]:
    """Which elements are in a bin, the bins of all, and how many bins there are."""
    inside = (x >= edges[0]) & (x <= edges[-1])
    return inside, call(np.searchsorted, edges[1:-1], x, side="right"), np.shape(edges)[0] - 1


@derived(np.histogram, memory="maybe")
def histogram(
    a: Any, weights: Any, *, bins: Any = 10, range: Any = None, density: Any = None
) -> Any:
    """The counts are steps; what is added up in a bin are its weights."""
    edges = _edges(a, bins, range)
    inside, places, n = _bins(_flat(a), edges)
    if weights is None:
        counts = call(np.bincount, places[inside], minlength=n)
    else:
        weights = _flat(_levels(weights, a))[inside]
        zeros = call(np.zeros, n, dtype=call(runtime.dtype_of, weights))
        counts = put_add(zeros, places[inside], weights)
    if density:
        counts = counts / np.diff(edges) / np.sum(counts)
    return counts, edges


@derived(np.histogram2d, memory="maybe")
def histogram2d(
    x: Any, y: Any, weights: Any, *, bins: Any = 10, range: Any = None, density: Any = None
) -> Any:
    pair = bins if isinstance(bins, (tuple, list)) and len(bins) == 2 else (bins, bins)
    ranges = (None, None) if range is None else range
    columns = _edges(x, pair[0], ranges[0])
    rows = _edges(y, pair[1], ranges[1])
    in_columns, i, n = _bins(x, columns)
    in_rows, j, m = _bins(y, rows)
    inside = in_columns & in_rows
    if weights is None:
        weights = np.ones_like(x)
    weights = _levels(weights, x)[inside]
    zeros = call(np.zeros, (n, m), dtype=call(runtime.dtype_of, weights))
    counts = put_add(zeros, (i[inside], j[inside]), weights)
    if density:
        counts = counts / np.diff(columns)[:, None] / np.diff(rows) / np.sum(counts)
    return counts, columns, rows
