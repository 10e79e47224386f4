"""Elementwise functions of several results: of each operand a tuple, its partial derivatives by result."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from srcad.rules.families import elementwise

__all__: list[str] = []


@elementwise(np.divmod, builtins.divmod)
def divmod_(x1: Any, x2: Any, y: Any) -> Any:
    """The quotient is a step function; the rest is x1 less so many x2."""
    quotient, _ = y
    return (0, 1), (0, -quotient)


@elementwise(np.modf, math.modf)
def modf(x: Any, y: Any) -> Any:
    return ((1, 0),)


@elementwise(np.frexp, math.frexp)
def frexp(x: Any, y: Any) -> Any:
    """The mantissa jumps at powers of two; between them it is x by a power of two, which is constant there."""
    _, exponent = y
    return ((np.exp2(-exponent), 0),)
