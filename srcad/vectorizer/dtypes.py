"""Dtypes of the arrays that hold the values of all examples, or of all rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["dtype_named", "promoted", "strong"]

_STRONG = {"float": "float64", "int": "int64", "complex": "complex128"}
_KINDS = "biufc"


def strong(dtype: str | None) -> str | None:
    """The dtype of an array of values, of which numbers of Python's have the name of their type.

    >>> strong("float"), strong("float32"), strong(None)
    ('float64', 'float32', None)
    """
    return _STRONG.get(dtype or "", dtype)


def dtype_named(dtype: str | None) -> dict[str, Any]:
    """`dtype=`, where it is not NumPy's default.

    >>> dtype_named("float32"), dtype_named("float64")
    ({'dtype': <class 'numpy.float32'>}, {})
    """
    return {} if dtype in (None, "float64") else {"dtype": np.dtype(dtype).type}


def promoted(arrays: Iterable[str], numbers: Iterable[str] = ()) -> str:
    """The dtype of what holds them all: numbers of Python's take that of the arrays, where these are of their kind.

    >>> promoted(["float32"], ["int64"]), promoted(["int32"], ["float64"]), promoted([], ["int64", "float64"])
    ('float32', 'float64', 'float64')
    """
    weak = list(map(np.dtype, numbers))
    made = np.result_type(*(list(map(np.dtype, arrays)) or weak))
    for each in weak:
        if _KINDS.index(each.kind) > _KINDS.index(made.kind):
            made = np.result_type(made, each)
    return str(made)
