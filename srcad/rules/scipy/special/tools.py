"""Names and tools that the rules of scipy.special share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from srcad import runtime
from srcad.core.quote import Symbol, call

__all__: list[str] = []

UNKNOWN = "no function of scipy.special gives it"
WHOLE = "it is a whole number"
STEPS = "the function goes in steps"
ROOT_PI = math.sqrt(math.pi)
ROOT_2PI = math.sqrt(2 * math.pi)
ONE, TWO, THREE, FOUR = (",".join(["()"] * count) + "->()" for count in (1, 2, 3, 4))


def without(names: str, why: str = UNKNOWN) -> dict[str, str]:
    """Operands by which no derivative is known."""
    return dict.fromkeys(names.split(), why)


def is_literal(x: Any) -> bool:
    """Whether an operand is known while the rule is written down."""
    return isinstance(x, (int, float)) and not isinstance(x, np.generic)


def below(n: Any) -> Any:
    """n - 1, or 0 for n = 0, where a factor n stands before it."""
    if is_literal(n):
        return n - 1 if n else n
    return np.where(n == 0, n, n - 1)


def whole(n: Any) -> Any:
    """An order that the function itself truncates to a whole number."""
    if is_literal(n):
        return int(n)
    dtype = n.value.type.dtype if isinstance(n, Symbol) else np.asarray(n).dtype.name
    return n if dtype is not None and dtype.startswith(("int", "uint")) else np.trunc(n)


def as_(value: Any, x: Any) -> Any:
    """A value in the dtype of x: that of literal parameters alone would make float64 of float32."""
    return call(runtime.cast, value, x)


def literal(function: Any) -> Any:
    """A function that of Python's numbers makes one of Python's: NumPy's would make float64 of float32."""

    def made(*args: Any) -> Any:
        found = function(*args)
        return float(found) if all(map(is_literal, args)) else found

    return made


log, log1p_, absolute, sqrt = map(literal, (np.log, np.log1p, np.abs, np.sqrt))
sin, cos, exp, rint, floor = map(literal, (np.sin, np.cos, np.exp, np.rint, np.floor))
gammaln_, betaln_, rgamma_ = map(literal, (special.gammaln, special.betaln, special.rgamma))
