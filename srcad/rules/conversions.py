"""Functions that hand an array on as it is, or in another layout: they are `np.asarray` to a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core.quote import call
from srcad.rules.derived import derived

__all__: list[str] = []


@derived(np.asarray_chkfinite, np.asfortranarray)
def asarray(a: Any, *, dtype: Any = None, order: Any = None) -> Any:
    return call(np.asarray, a, dtype=dtype)


@derived(np.require)
def require(a: Any, *, dtype: Any = None, requirements: Any = None) -> Any:
    return call(np.asarray, a, dtype=dtype)
