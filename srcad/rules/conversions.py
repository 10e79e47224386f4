"""Functions that hand an array on as it is, or in another layout: they are `np.asarray` to a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core.quote import call, rank
from srcad.rules.derived import derived

__all__: list[str] = []


@derived(np.asarray_chkfinite)
def asarray(a: Any, *, dtype: Any = None, order: Any = None) -> Any:
    return call(np.asarray, a, dtype=dtype)


@derived(np.asfortranarray)
def asfortranarray(a: Any, *, dtype: Any = None) -> Any:
    """With one axis at least."""
    made = call(np.asarray, a, dtype=dtype)
    return made if rank(a) else call(np.reshape, made, (1,))


@derived(np.require)
def require(a: Any, *, dtype: Any = None, requirements: Any = None) -> Any:
    return call(np.asarray, a, dtype=dtype)
