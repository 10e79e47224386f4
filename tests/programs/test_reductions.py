"""Reductions and order, with their options, inside small programs: all modes, several sizes, orders, maps.

The rows are as in `test_numpy`.
"""

import re

import numpy as np
import pytest

import srcad
from tests.fuzz.modes import map_is_stack, orders_agree
from tests.programs.test_modes import hold, row
from tests.programs.test_numpy import SIZES, check, program, rows
from tests.programs.test_numpy import folder as folder  # a fixture

ROWS = """
np.sum(A, where=A > 0) | np.sum(A, axis=1, where=B > 0) | np.sum(A, axis=0, where=c > -9, keepdims=True) | np.sum(A, initial=s)
np.sum(A, axis=1, initial=2.0, where=v[:, None] > 0) | A.sum(1, None, None, True) | np.sum(A, axis=(0, -1))
np.mean(A, axis=1, where=A > -9) | np.mean(A, axis=0, dtype=np.float64) | A.mean(axis=1, where=c > -9)
np.prod(A, axis=(0, 1)) | np.prod(T, axis=(0, 2), keepdims=True) | np.prod(A, initial=s) | np.prod(A, axis=1, where=A > 0)
np.max(A, initial=s) | np.max(A, axis=1, initial=-0.1) | np.max(A, axis=1, where=A > 0, initial=-5.0) | np.min(A, axis=0, initial=s)
np.var(A, axis=1, where=A > -9) | np.var(A, axis=1, mean=np.mean(A, axis=1, keepdims=True)) | np.std(A, axis=0, correction=1)
np.var(A, axis=0, ddof=1, keepdims=True) | np.std(v, mean=np.mean(v, keepdims=True)) | np.add.reduce(A) | np.add.reduce(A, axis=None)
np.multiply.reduce(A, axis=1) | np.maximum.reduce(A) | np.minimum.reduce(A, axis=-1, keepdims=True) | np.add.reduce(A, 0, None, None, True)
np.logaddexp.reduce(A) | np.logaddexp.reduce(A, axis=1, keepdims=True) | np.logaddexp.reduce(A, axis=None) | np.hypot.reduce(A, axis=1)
np.logaddexp.reduce(v, initial=s) | np.logaddexp.reduce(A, axis=1, where=A > 0, initial=s) | np.subtract.reduce(v) | np.divide.reduce(p)
np.float_power.reduce(p) | np.logaddexp.accumulate(v) | np.logaddexp.accumulate(A, axis=1) | np.add.accumulate(A, 1) | np.multiply.accumulate(v)
np.maximum.accumulate(v) | np.maximum.accumulate(A, axis=1) | np.minimum.accumulate(A) * B | np.subtract.accumulate(v) | np.divide.accumulate(p)
np.subtract.outer(v, u) | np.multiply.outer(v, A) | np.hypot.outer(p, p) | np.maximum.outer(v, w) | np.add.outer(v, s) | np.logaddexp.outer(v, w)
np.fmax.reduce(A, axis=1) | np.fmin.reduce(v) | np.less.outer(v, u) * v | np.add.reduceat(v, [0, 1]) | np.add.reduceat(A, [0, 1], axis=1)
np.add.reduceat(v, [1, 0, 0]) | np.maximum.reduceat(v, [0, 1]) | np.multiply.reduceat(A, [0, 0], axis=0)
np.cumsum(A, axis=-1, dtype=float) | np.cumprod(A, axis=1) | np.cumprod(A) | np.cumulative_sum(v) | np.cumulative_sum(A, axis=1)
np.cumulative_sum(v, include_initial=True) | np.cumulative_prod(A, axis=0, include_initial=True)
np.sort(v) | np.sort(A) | np.sort(A, axis=0) * B | np.sort(A, axis=None) | np.sort(T, axis=1) | np.sort(v)[::-1] | np.sort(v, kind='stable')
np.partition(v, 1)[:1] | np.partition(A, 0, axis=0)[0] | np.take_along_axis(A, np.argsort(A, axis=1), axis=1) | np.sort(-v)[:2] * u[:2]
np.take_along_axis(A, np.argmax(A, axis=1)[:, None], axis=1) | np.take_along_axis(v, np.argsort(u), 0) | A[np.argsort(v)] | v[np.argsort(u)[::-1]]
np.median(v) | np.median(A) | np.median(A, axis=1) | np.median(A, axis=0, keepdims=True) | np.median(T, axis=(0, 2)) | np.ptp(A, axis=1) | np.ptp(v)
np.quantile(v, 0.3) | np.quantile(A, 0.3, axis=1) | np.quantile(A, [0.3, 0.7], axis=0) | np.percentile(v, 30) | np.percentile(A, [20, 45.0])
np.quantile(v, 0.31, method='hazen') | np.quantile(v, 0.32, method='nearest') | np.quantile(A, 0.33, axis=(0, 1), keepdims=True)
np.quantile(v, 0.31, weights=p, method='inverted_cdf')
np.average(A, axis=1) | np.average(A, weights=np.abs(B) + 1) | np.average(A, axis=0, weights=p) | np.average(A, 1, w * w + 1)
np.average(A, axis=1, weights=w * w + 1, returned=True)[0] | np.average(A, axis=1, weights=w * w + 1, returned=True)[1]
np.nansum(np.where(A > 0, A, np.nan), axis=1) | np.nanmean(np.where(A > -0.4, A, np.nan)) | np.nanmax(A, axis=1) | np.nanmin(np.where(v > 0, v, np.nan))
np.nanprod(np.where(v > 0, v, np.nan)) | np.nanstd(np.where(A > -0.5, A, np.nan)) | np.nanvar(A, axis=1, ddof=1) | np.nancumsum(np.where(v > 0, v, np.nan))
np.nanmedian(np.where(A > -0.9, A, np.nan)) | np.nanmedian(A, axis=1) | np.nanquantile(A, 0.3, axis=0) | np.nanpercentile(np.where(v > 0, v, np.nan), 40)
np.cov(A) | np.cov(v, u) | np.cov(A.T, rowvar=True) | np.cov(A, rowvar=False, ddof=0) | np.cov(A, aweights=w * w + 1) | np.cov(v) | np.corrcoef(A) | np.corrcoef(v, u)
np.unique(v) | np.unique(A) | np.unique(v, return_index=True)[0]
np.histogram(u, bins=[-1.0, 0.0, 2.0], weights=v)[0]
np.histogram(v, bins=2, range=(-3.0, 3.0), weights=u, density=True)[0]
np.searchsorted(np.sort(u), v) * v | np.count_nonzero(v > 0) * v | np.lexsort((v, u)) * v
np.add(v, u, dtype=np.float64) | np.exp(v, casting='same_kind') | np.multiply(A, c, out=np.zeros(A.shape), where=A > 0)
np.divide(v, u, out=np.zeros_like(v), where=u > 0.2) | np.sqrt(v, out=v * 2, where=v > 0.1) | np.sum(A, axis=0, out=np.zeros(A.shape[1]))
"""


# What NumPy computes in float64 alone, so that differences in long double say nothing.
COARSE = """
np.bincount(np.arange(len(v)) // 2, v) | np.bincount(np.arange(len(v)) // 2, weights=v * v, minlength=4)
np.histogram(v, bins=3)[1] | np.histogram(u, bins=3, weights=v * v)[0] | np.histogram2d(v, u, bins=2, weights=p)[0]
np.digitize(v, np.array([-0.5, 0.5])) * v | np.average(v, weights=[1.0, 2.0, 0.5, 3.0])
"""


def sizes(text):
    """Those that the functions are for: no mean of nothing, and no deviation from one."""
    if re.search(r"cov|corr|std|var|nan\w*\(np.where", text):
        return SIZES[:2]
    return (
        SIZES[:4] if re.search(r"average|nan|quantile|percentile|median|histogram", text) else SIZES
    )


@pytest.mark.parametrize("text", rows(ROWS))
def test_row(text):
    if "cumulative" in text and not hasattr(np, "cumulative_sum"):
        pytest.skip("NumPy 2.1")
    check(text, sizes(text))


@pytest.mark.parametrize("text", rows(COARSE))
def test_coarse_row(text):
    names, args = row(text, 4, 3)
    f = program(f"np.sum(np.sin({text}))", names)
    step = 1e-6
    for place, arg in enumerate(args):
        made = srcad.grad(f, argnums=place)(*args)
        slopes = []
        for e in np.eye(arg.size):
            ends = [f(*args[:place], arg + sign * step * e, *args[place + 1 :]) for sign in (1, -1)]
            slopes.append((ends[0] - ends[1]) / (2 * step))
        assert np.allclose(made, slopes, atol=1e-8), names[place]


@pytest.mark.parametrize("text", rows(ROWS))
def test_float32(text):
    if "cumulative" in text and not hasattr(np, "cumulative_sum"):
        pytest.skip("NumPy 2.1")
    check(text, [(3, 2)], np.float32)


@pytest.mark.parametrize("text", rows(ROWS))
def test_orders_and_maps(text):
    names, args = row(text, 4, 3)
    function = program(f"np.sum(np.sin({text}))", names)
    hold(orders_agree, function, args, tuple(range(len(args))))
    if re.search("unique|histogram|lexsort|out=", text):
        return  # looped over, or refused: it depends on the examples
    function = program(text, names)
    for size in (3, 4):
        hold(map_is_stack, function, args, tuple(range(len(args))), size=size)


# What is not differentiated says so.


@pytest.mark.parametrize(
    "text, says",
    [
        ("np.sum(np.add(v, u, where=v > 0))", "where"),
        ("np.sum(np.power.reduceat(v, [0, 1]))", "reduceat"),
        ("np.power.reduce(v)", "np.float_power.reduce"),
    ],
)
def test_refused(text, says):
    function = program(text, ["v", "u"])
    with pytest.raises(srcad.SrcadError, match=says):
        srcad.grad(function)(np.arange(3.0), np.arange(3.0))


# Ties, and what only some elements are determined of.


def test_partition_moves_what_it_moved():
    """The order of what is not at kth is NumPy's, whatever it is."""
    x = np.random.default_rng(0).permutation(200).astype(float)
    for kth in (3, 100, 199):
        weights = np.random.default_rng(1).normal(size=200)
        made = srcad.grad(program(f"np.sum(np.partition(v, {kth}) * u)", ["v", "u"]))(x, weights)
        assert np.array_equal(made, weights[np.argsort(np.partition(x, kth))][x.astype(int)])


def test_ties():
    x = np.array([1.0, 3.0, 3.0, 2.0])
    for text, want in [
        ("np.max(v, initial=3.0)", [0, 1 / 3, 1 / 3, 0]),
        ("np.maximum.reduce(v)", [0, 0.5, 0.5, 0]),
        ("np.nanmax(v)", [0, 0.5, 0.5, 0]),
        ("np.maximum.accumulate(v)[-1]", [0, 0, 1, 0]),
        ("np.ptp(v)", [-1, 0.5, 0.5, 0]),
    ]:
        assert np.allclose(srcad.grad(program(text, ["v"]))(x), want), text
    x = np.array([np.nan, 1.0, 2.0])
    for name in ("nansum", "nanmean", "nanmax", "nanstd", "nanmedian", "nanprod"):
        made = srcad.grad(program(f"np.{name}(v)", ["v"]))(x)
        assert made[0] == 0 and np.all(np.isfinite(made)), name
