"""The table of kinks: every row, in reverse and forward mode, and the second derivative."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import srcad
from tests.rules.kinks import KINKS, Kink
from tools import kinks

ROWS = [kink for section in KINKS.values() for kink in section]


def function(kink: Kink) -> Any:
    """The sum of the expression, as a function of what stands in it."""
    total = "{}" if isinstance(next(iter(kink.at.values())), float) else "np.sum({})"
    body = f"    return {total.format(kink.call)}\n"
    return srcad.from_source(f"import numpy as np\n\ndef f({', '.join(kink.at)}):\n{body}", "f")


@pytest.mark.parametrize(
    "kink", ROWS, ids=[f"{kink.call} at {list(kink.at.values())}" for kink in ROWS]
)
def test_the_derivative_at_a_kink(kink: Kink) -> None:
    f, args = function(kink), tuple(kink.at.values())
    every = tuple(range(len(args)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for transform in (srcad.grad, srcad.jacfwd):
            for found, wanted in zip(transform(f, argnums=every)(*args), kink.gives):
                assert_allclose(found, wanted, rtol=1e-14, atol=0, equal_nan=True)
        for twice in (
            srcad.jacfwd(srcad.grad(f, argnums=every), argnums=every),
            srcad.jacrev(srcad.grad(f, argnums=every), argnums=every),
        ):
            finite = all(np.isfinite(part).all() for row in twice(*args) for part in row)
            assert finite or not kink.smooth


SINGLE = [kink for kink in ROWS if all(np.ndim(x) for x in kink.at.values())]


@pytest.mark.parametrize(
    "kink", SINGLE, ids=[f"{kink.call} at {list(kink.at.values())}" for kink in SINGLE]
)
def test_the_derivative_at_a_kink_in_float32(kink: Kink) -> None:
    f, args = function(kink), tuple(x.astype(np.float32) for x in kink.at.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = srcad.grad(f, argnums=tuple(range(len(args))))(*args)
    for one, wanted in zip(found, kink.gives):
        assert one.dtype == np.float32
        assert_allclose(one, wanted, rtol=1e-6, equal_nan=True)


def test_the_page_is_current() -> None:
    assert kinks.PAGE.read_text(encoding="utf-8") == kinks.page(), "run python -m tools.kinks"
