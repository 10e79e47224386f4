"""Partial derivatives of elementwise functions, as expressions of the operands and the result.

One formula serves NumPy's function, its twin in `math` and Python's operator. Constants are Python's numbers, so that
float32 stays float32.
"""

from __future__ import annotations

import builtins
import cmath
import math
import operator
from typing import Any

import numpy as np

from srcad.core.quote import Symbol, may_be_complex
from srcad.rules.families import elementwise

__all__: list[str] = []

LN2, LN10 = math.log(2), math.log(10)


@elementwise(operator.add, np.add)
def add(x1: Any, x2: Any, y: Any) -> Any:
    return 1, 1


@elementwise(operator.sub, np.subtract)
def subtract(x1: Any, x2: Any, y: Any) -> Any:
    return 1, -1


@elementwise(operator.mul, np.multiply)
def multiply(x1: Any, x2: Any, y: Any) -> Any:
    return x2, x1


@elementwise(operator.truediv, np.divide)
def divide(x1: Any, x2: Any, y: Any) -> Any:
    return 1 / x2, -x1 / x2**2


@elementwise(operator.neg, np.negative)
def negative(x: Any, y: Any) -> Any:
    return -1


@elementwise(operator.pos, np.positive, float)
def positive(x: Any, y: Any) -> Any:
    return 1


@elementwise(operator.pow, np.power, np.float_power, builtins.pow, math.pow)
def power(x1: Any, x2: Any, y: Any) -> Any:
    """At x1 = 0 right for x2 = 0, 1, 2, ... at every order, and flat in x2. For x1 < 0 the partial by x2 is NaN."""
    if _is_number(x2):
        by_base = x2 * x1 ** (x2 - 1) if x2 else 0
    else:
        by_base = x2 * x1 ** (x2 - ((x1 != 0) | (x2 != 0)))
    if _is_whole(x2):
        return by_base, None
    complex_ = may_be_complex((x1, x2))
    if _is_number(x1):
        if complex_:
            return by_base, y * (cmath.log(x1) if x1 != 0 else 0)
        return by_base, y * (math.log(x1) if x1 > 0 else 0 if x1 == 0 else math.nan)
    base = np.where(x1 == 0, 1, x1)
    return by_base, y * np.log(base + 0j if complex_ and not may_be_complex(x1) else base)


def _is_number(x: Any) -> bool:
    """Whether an operand is a literal (while quoting) or a Python number (when run)."""
    return isinstance(x, (int, float, complex)) and not isinstance(x, np.generic)


def _is_whole(x: Any) -> bool:
    """Whether an operand is known to be a whole number, so that there is no derivative by it."""
    return (
        not x.value.type.differentiable
        if isinstance(x, Symbol)
        else np.asarray(x).dtype.kind in "iub"
    )


@elementwise(np.absolute, np.fabs, builtins.abs, math.fabs, on_complex="given")
def absolute(x: Any, y: Any) -> Any:
    return np.sign(x)


@elementwise(np.sqrt, math.sqrt)
def sqrt(x: Any, y: Any) -> Any:
    return 0.5 / y


@elementwise(np.cbrt, *([math.cbrt] if hasattr(math, "cbrt") else []))
def cbrt(x: Any, y: Any) -> Any:
    return 1 / (3 * y**2)


@elementwise(np.square)
def square(x: Any, y: Any) -> Any:
    return 2 * x


@elementwise(np.reciprocal)
def reciprocal(x: Any, y: Any) -> Any:
    return -(y**2)


@elementwise(np.exp, math.exp)
def exp(x: Any, y: Any) -> Any:
    return y


@elementwise(np.exp2, *([math.exp2] if hasattr(math, "exp2") else []))
def exp2(x: Any, y: Any) -> Any:
    return LN2 * y


@elementwise(np.expm1, math.expm1)
def expm1(x: Any, y: Any) -> Any:
    return y + 1


@elementwise(np.log)
def log(x: Any, y: Any) -> Any:
    return 1 / x


@elementwise(math.log)
def log_to_base(x: Any, base: Any, y: Any) -> Any:
    if base is None:
        return 1 / x, None
    scale = math.log(base) if _is_number(base) else np.log(base)
    return 1 / (scale * x), -y / (scale * base)


@elementwise(np.log2, math.log2)
def log2(x: Any, y: Any) -> Any:
    return 1 / (LN2 * x)


@elementwise(np.log10, math.log10)
def log10(x: Any, y: Any) -> Any:
    return 1 / (LN10 * x)


@elementwise(np.log1p, math.log1p)
def log1p(x: Any, y: Any) -> Any:
    return 1 / (1 + x)


@elementwise(np.sin, math.sin)
def sin(x: Any, y: Any) -> Any:
    return np.cos(x)


@elementwise(np.cos, math.cos)
def cos(x: Any, y: Any) -> Any:
    return -np.sin(x)


@elementwise(np.tan, math.tan)
def tan(x: Any, y: Any) -> Any:
    return 1 + y**2


@elementwise(np.arcsin, math.asin)
def arcsin(x: Any, y: Any) -> Any:
    return 1 / np.sqrt(1 - x**2)


@elementwise(np.arccos, math.acos)
def arccos(x: Any, y: Any) -> Any:
    return -1 / np.sqrt(1 - x**2)


@elementwise(np.arctan, math.atan)
def arctan(x: Any, y: Any) -> Any:
    return 1 / (1 + x**2)


@elementwise(np.arctan2, math.atan2)
def arctan2(x1: Any, x2: Any, y: Any) -> Any:
    return x2 / (x1**2 + x2**2), -x1 / (x1**2 + x2**2)


@elementwise(*([math.fma] if hasattr(math, "fma") else []))
def fma(x: Any, factor: Any, term: Any, y: Any) -> Any:
    return factor, x, 1


@elementwise(np.hypot)
def hypot(x1: Any, x2: Any, y: Any) -> Any:
    """At (0, 0), 0 is a subgradient."""
    y = np.where(y == 0, 1, y)
    return x1 / y, x2 / y


@elementwise(math.hypot)
def hypot_of_many(*coordinates_and_y: Any) -> Any:
    *coordinates, y = coordinates_and_y
    y = np.where(y == 0, 1, y)
    return tuple(x / y for x in coordinates)


@elementwise(np.sinh, math.sinh)
def sinh(x: Any, y: Any) -> Any:
    return np.cosh(x)


@elementwise(np.cosh, math.cosh)
def cosh(x: Any, y: Any) -> Any:
    return np.sinh(x)


@elementwise(np.tanh, math.tanh)
def tanh(x: Any, y: Any) -> Any:
    return 1 - y**2


@elementwise(np.arcsinh, math.asinh)
def arcsinh(x: Any, y: Any) -> Any:
    return 1 / np.sqrt(x**2 + 1)


@elementwise(np.arccosh, math.acosh)
def arccosh(x: Any, y: Any) -> Any:
    return 1 / np.sqrt(x**2 - 1)


@elementwise(np.arctanh, math.atanh)
def arctanh(x: Any, y: Any) -> Any:
    return 1 / (1 - x**2)


@elementwise(np.deg2rad, np.radians, math.radians)
def deg2rad(x: Any, y: Any) -> Any:
    return math.pi / 180


@elementwise(np.rad2deg, np.degrees, math.degrees)
def rad2deg(x: Any, y: Any) -> Any:
    return 180 / math.pi


@elementwise(np.sinc)
def sinc(x: Any, y: Any) -> Any:
    """The quotient cancels around 0, and its derivative at 0 would be wrong: a series there, good at every order."""
    t = (math.pi * x) ** 2
    near = (np.abs(t) if may_be_complex(t) else t) < 0.03
    series = -(math.pi**2) / 3 * x * (1 - t / 10 * (1 - t / 28 * (1 - t / 54 * (1 - t / 88))))
    return np.where(near, series, (np.cos(math.pi * x) - y) / np.where(near, 1, x))


@elementwise(np.logaddexp)
def logaddexp(x1: Any, x2: Any, y: Any) -> Any:
    """Where both are minus infinity (the logarithm of no probability at all), they share as equal operands do."""
    return _share(np.exp(x1 - y), x2, y), _share(np.exp(x2 - y), x1, y)


def _share(share: Any, other: Any, y: Any) -> Any:
    """A half where both operands are minus infinity; a literal is not."""
    return share if _is_number(other) else np.where(np.isneginf(y), 0.5, share)


@elementwise(np.logaddexp2)
def logaddexp2(x1: Any, x2: Any, y: Any) -> Any:
    return _share(np.exp2(x1 - y), x2, y), _share(np.exp2(x2 - y), x1, y)


@elementwise(np.maximum, builtins.max, on_complex="refuse", flat=True)
def maximum(x1: Any, x2: Any, y: Any) -> Any:
    """1, 0, and a half each where both are the largest (written so that float32 stays: a half of a bool is float64)."""
    return 0.5 + 0.5 * np.sign(x1 - x2), 0.5 - 0.5 * np.sign(x1 - x2)


@elementwise(np.minimum, builtins.min, on_complex="refuse", flat=True)
def minimum(x1: Any, x2: Any, y: Any) -> Any:
    return 0.5 - 0.5 * np.sign(x1 - x2), 0.5 + 0.5 * np.sign(x1 - x2)


def _unless_nan(x1: Any, x2: Any, partial: Any) -> Any:
    """1 where the other operand is NaN, 0 where this one is, else the partial derivative."""
    if not _is_number(x1):  # a literal is no NaN
        partial = np.where(np.isnan(x1), 0, partial)
    return partial if _is_number(x2) else np.where(np.isnan(x2), 1, partial)


@elementwise(np.fmax, on_complex="refuse", flat=True)
def fmax(x1: Any, x2: Any, y: Any) -> Any:
    by_x1, by_x2 = maximum(x1, x2, y)
    return _unless_nan(x1, x2, by_x1), _unless_nan(x2, x1, by_x2)


@elementwise(np.fmin, on_complex="refuse", flat=True)
def fmin(x1: Any, x2: Any, y: Any) -> Any:
    by_x1, by_x2 = minimum(x1, x2, y)
    return _unless_nan(x1, x2, by_x1), _unless_nan(x2, x1, by_x2)


@elementwise(np.clip, on_complex="refuse")
def clip(a: Any, a_min: Any, a_max: Any, y: Any) -> Any:
    """1 from bound to bound, both included; a bound's is 1 where it is the value. Crossed bounds give a_max."""
    if a_min is None and a_max is None:
        return 1, None, None
    if a_min is None:
        return a <= a_max, None, a > a_max
    if a_max is None:
        return a >= a_min, a < a_min, None
    return (
        (a >= a_min) & (a <= a_max),
        (a < a_min) & (a_min <= a_max),
        (a > a_max) | (a_min > a_max),
    )


@elementwise(operator.mod, np.remainder, np.fmod, math.fmod, math.remainder)
def remainder(x1: Any, x2: Any, y: Any) -> Any:
    """y = x1 - n * x2; n from the result, since x1 / x2 may round up to the next integer (1.0 by 0.1)."""
    return 1, -np.rint((x1 - y) / x2)


@elementwise(np.copysign, math.copysign, wrt=(0,))
def copysign(x1: Any, x2: Any, y: Any) -> Any:
    return np.sign(x1) * np.sign(y), 0


@elementwise(np.heaviside, wrt=(1,))
def heaviside(x1: Any, x2: Any, y: Any) -> Any:
    return 0, x1 == 0


@elementwise(np.nan_to_num, on_complex="refuse")
def nan_to_num(x: Any, y: Any, *, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    return np.isfinite(x)


@elementwise(math.erf)
def erf(x: Any, y: Any) -> Any:
    return 2 / math.sqrt(math.pi) * np.exp(-(x**2))


@elementwise(math.erfc)
def erfc(x: Any, y: Any) -> Any:
    return -2 / math.sqrt(math.pi) * np.exp(-(x**2))
