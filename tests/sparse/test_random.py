"""Random programs: their sparse Jacobians, and the Hessians of sums of what they return, are the dense ones."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

pytest.importorskip("scipy")

import srcad
from tests.fuzz import generate
from tests.fuzz.check import draw, flat, load
from tests.fuzz.modes import is_float

FIRST_SEED, PROGRAMS = 3000, 10


def compared(found, dense):
    """Whether all blocks are the dense ones, as far as these are finite."""
    found, dense = flat(found), flat(dense)
    assert len(found) == len(dense)
    for one, other in zip(found, dense):
        other = np.reshape(other, one.shape)
        if not np.all(np.abs(other) < 1e10):
            return False
        near = np.finfo(one.dtype).eps ** 0.6 if other.size else 0
        scale = 1 + np.max(np.abs(other), initial=0)
        np.testing.assert_allclose(one.toarray(), other, rtol=near, atol=near * scale)
    return True


def examined(seed):
    """How many derivatives of a program were compared; what srcad refuses is none."""
    case = generate.generate(seed)
    sizes = next(sizes for sizes in case.sizes if min(sizes) > 1)
    function, rng = load(case.text).f, np.random.default_rng(seed)
    args = draw(rng, case, sizes, True)
    argnums = tuple(place for place in case.argnums if all(map(is_float, flat(args[place]))))
    if not argnums:
        return 0
    count = 0
    for make in (
        lambda **o: srcad.jacfwd(function, argnums, **o),
        lambda **o: srcad.jacrev(function, argnums, **o),
        lambda **o: srcad.hessian(function, argnums, **o),
    ):
        try:
            dense = make()(*args)
            found = make(sparse=True)(*args)
        except srcad.SrcadError:
            continue
        count += compared(found, dense)
    return count


def test_random_programs(monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        counts = [examined(seed) for seed in range(FIRST_SEED, FIRST_SEED + PROGRAMS)]
    assert sum(counts) >= PROGRAMS
