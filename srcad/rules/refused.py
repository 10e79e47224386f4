"""Functions of NumPy's that no rule covers on purpose, with the reason. With active operands they are errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["REFUSED"]

TWO = "it has two results; this version has rules for functions of one"
COMPLEX = "complex numbers are not differentiated in this version"

REFUSED: dict[Callable[..., Any], str] = {
    np.divmod: f"{TWO}. Write `x // y` and `x % y`",
    np.modf: f"{TWO}. Write `np.trunc(x)` and `x - np.trunc(x)`",
    np.frexp: f"{TWO}, and its mantissa jumps at every power of two",
    np.spacing: "the distance to the next float is a property of the representation",
    np.nextafter: "the next float is a property of the representation",
    np.conjugate: COMPLEX,
    np.real_if_close: COMPLEX,
    np.real: COMPLEX,
    np.imag: COMPLEX,
    np.angle: COMPLEX,
    np.arange: "its length would depend on an active operand. Write `start + step * np.arange(n)`",
    np.unique: "the length of its result depends on the values",
    np.put: "it writes in place. Write `x[index] = value`",
    np.copyto: "it writes in place. Write `x[...] = value`",
    np.fill_diagonal: "it writes in place. Write `i = np.arange(n); x[i, i] = value`",
}
