"""Every public callable of NumPy's namespaces and of math is in exactly one bucket."""

from __future__ import annotations

import numpy as np
import pytest

from tools.namespaces import entries, unaccounted

ENTRIES = {entry.name: entry for entry in entries()}


def test_nothing_is_unaccounted_for() -> None:
    """A function that this NumPy has and srcad knows nothing of: see docs/rules.md, "Where a function is"."""
    assert [entry.name for entry in unaccounted()] == []


def test_nothing_is_in_two_buckets() -> None:
    assert [entry for entry in ENTRIES.values() if len(entry.buckets) > 1] == []


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
