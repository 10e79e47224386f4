"""Every public callable of NumPy's namespaces and of math is in exactly one bucket."""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np
import pytest

from tools.namespaces import entries, unaccounted

ENTRIES = {entry.name: entry for entry in entries()}

# What this version has no bucket for yet. The list only ever shrinks.
WORDS = """
math.fma math.frexp np.array_split np.average np.bincount np.broadcast_arrays np.convolve
np.corrcoef np.correlate np.cov np.cross np.cumulative_prod np.cumulative_sum np.dsplit
np.ediff1d np.fft.fft np.fft.fft2 np.fft.fftfreq np.fft.fftn np.fft.fftshift np.fft.hfft
np.fft.ifft np.fft.ifft2 np.fft.ifftn np.fft.ifftshift np.fft.ihfft np.fft.irfft np.fft.irfft2
np.fft.irfftn np.fft.rfft np.fft.rfft2 np.fft.rfftfreq np.fft.rfftn np.float128 np.geomspace
np.gradient np.histogram np.histogram2d np.histogram_bin_edges np.histogramdd np.hsplit
np.interp np.ix_ np.kron np.linalg.cholesky np.linalg.cond np.linalg.cross np.linalg.diagonal
np.linalg.eig np.linalg.eigvals np.linalg.lstsq np.linalg.matmul np.linalg.matrix_norm
np.linalg.matrix_power np.linalg.matrix_rank np.linalg.matrix_transpose np.linalg.multi_dot
np.linalg.outer np.linalg.pinv np.linalg.qr np.linalg.slogdet np.linalg.svd np.linalg.svdvals
np.linalg.tensordot np.linalg.tensorinv np.linalg.tensorsolve np.linalg.trace np.linalg.vecdot
np.linalg.vector_norm np.logspace np.longdouble np.median np.meshgrid np.nancumprod np.nancumsum
np.nanmax np.nanmean np.nanmedian np.nanmin np.nanpercentile np.nanprod np.nanquantile np.nanstd
np.nansum np.nanvar np.ndarray.imag np.ndarray.real np.partition np.percentile np.piecewise
np.poly np.polyadd np.polyder np.polydiv np.polyfit np.polyint np.polymul np.polysub np.polyval
np.ptp np.quantile np.roots np.row_stack np.sort_complex np.split np.trapezoid np.trapz
np.ufunc.accumulate np.ufunc.outer np.ufunc.reduce np.ufunc.reduceat np.ufunc.resolve_dtypes
np.unstack np.unwrap np.vander np.vsplit np.polynomial.*
"""
NOT_YET = WORDS.split()


def not_yet(name: str) -> bool:
    return any(fnmatchcase(name, word) for word in NOT_YET)


def test_what_is_in_no_bucket() -> None:
    assert [entry.name for entry in unaccounted() if not not_yet(entry.name)] == []


def test_nothing_is_in_two_buckets() -> None:
    assert [entry for entry in ENTRIES.values() if len(entry.buckets) > 1] == []


def test_not_yet_shrinks() -> None:
    plain = [word for word in NOT_YET if not word.endswith("*")]
    assert [name for name in plain if name in ENTRIES and ENTRIES[name].buckets] == []


def test_reasons() -> None:
    """A constant says why it is one; what is refused says why, and what to write instead."""
    for entry in ENTRIES.values():
        if entry.bucket in ("constant", "refused"):
            assert entry.reason and not entry.reason.endswith("."), entry
        if entry.bucket == "refused":
            assert entry.rewrite.endswith("."), entry


@pytest.mark.parametrize(
    ("name", "bucket"),
    [
        ("np.tanh", "elementwise"),
        ("np.sum", "linear"),
        ("np.linalg.inv", "primitive"),
        ("np.argmax", "constant"),
        ("np.spacing", "refused"),
        ("np.vectorize", "refused"),
        ("np.copyto", "written"),
        ("np.save", "effect"),
        ("np.ndindex", "looped"),
        ("np.errstate", "entered"),
        ("math.fsum", "parsed"),
        ("np.ndarray.sum", "linear"),
        ("np.ndarray.fill", "written"),
        ("np.ndarray.flat", "parsed"),
        ("np.ndarray.strides", "refused"),
        ("np.ufunc.at", "parsed"),
    ],
)
def test_buckets(name: str, bucket: str) -> None:
    assert ENTRIES[name].buckets == (bucket,)


def test_aliases_are_the_same_function() -> None:
    assert ENTRIES["np.abs"].function is np.absolute and ENTRIES["np.abs"].bucket == "elementwise"
