"""Every public callable of NumPy's namespaces and of math is in exactly one bucket."""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np
import pytest

from tools.namespaces import entries, unaccounted

ENTRIES = {entry.name: entry for entry in entries()}

# What this version has no bucket for yet. The list only ever shrinks.
WORDS = """
np.fft.fft np.fft.fft2 np.fft.fftfreq np.fft.fftn np.fft.fftshift np.fft.hfft np.fft.ifft
np.fft.ifft2 np.fft.ifftn np.fft.ifftshift np.fft.ihfft np.fft.irfft np.fft.irfft2 np.fft.irfftn
np.fft.rfft np.fft.rfft2 np.fft.rfftfreq np.fft.rfftn np.histogramdd
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
        ("np.ufunc.at", "written"),
        ("np.ufunc.reduce", "parsed"),
    ],
)
def test_buckets(name: str, bucket: str) -> None:
    assert ENTRIES[name].buckets == (bucket,)


def test_aliases_are_the_same_function() -> None:
    assert ENTRIES["np.abs"].function is np.absolute and ENTRIES["np.abs"].bucket == "elementwise"
