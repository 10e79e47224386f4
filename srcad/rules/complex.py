"""Complex numbers: their parts, and the functions that are not holomorphic.

Cotangents follow the convention of PyTorch: that of z is dL/dRe(z) + i dL/dIm(z), and the inner product of two is
Re(conj(a) b). So the pullback of a function that is linear over the reals is its transpose for this product, and the
partial derivative of an elementwise real-valued one is its gradient. (The others are holomorphic, and the driver conjugates.)
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from srcad.core.quote import Symbol, call, conj, imag, may_be_complex, real
from srcad.rules.families import elementwise, linear, primitive
from srcad.rules.linear import known, runtime_cast

__all__: list[str] = []


@linear(np.real)
def real_part(y_bar: Any, val: Any) -> Any:
    return y_bar


@linear(np.imag)
def imaginary_part(y_bar: Any, val: Any) -> Any:
    return 1j * y_bar if may_be_complex(val) else 0 * y_bar


@linear(np.conjugate)
def conjugate(y_bar: Any, x: Any) -> Any:
    return conj(y_bar)


@elementwise(np.angle, on_complex="given")
def angle(z: Any, y: Any, *, deg: Any = False) -> Any:
    """d arg(z) = Im(dz / z), so the gradient is i / conj(z). A real number has no neighbour with another angle."""
    if not may_be_complex(z):
        return 0
    return (180j / math.pi if known(deg, "`deg`") else 1j) / conj(z)


@primitive(np.sign, on_complex="given", constant_on_reals=True)
class Sign:
    """z / |z| turns with z: across it, not along it. At 0 there is no direction, and the derivative is 0, as that of abs."""

    @staticmethod
    def _across(dot: Any, x: Any, y: Any) -> Any:
        size = np.abs(x)
        return (dot - y * real(conj(y) * dot)) * np.where(
            size == 0, 0, 1 / np.where(size == 0, 1, size)
        )

    @staticmethod
    def pullback(y_bar: Any, x: Any, y: Any) -> Any:
        return Sign._across(y_bar, x, y)

    @staticmethod
    def pushforward(x_dot: Any, x: Any, y: Any) -> Any:
        return Sign._across(x_dot, x, y)


@linear(builtins.complex)
def complex_number(y_bar: Any, real_: Any, imag_: Any) -> Any:
    by_real = y_bar if may_be_complex(real_) else real(y_bar)
    if imag_ is None:
        return by_real, None
    return by_real, -1j * y_bar if may_be_complex(imag_) else imag(y_bar)


@linear(np.complex64, np.complex128, np.clongdouble)
def scalar(y_bar: Any, value: Any) -> Any:
    return runtime_cast(y_bar, value)


# np.emath: of real numbers out of their domain these are complex. The formulas hold on both sides, and take the side of the branch
# cut that the value is on.


@elementwise(np.emath.sqrt)
def sqrt(x: Any, y: Any) -> Any:
    return 0.5 / y


@elementwise(np.emath.log)
def log(x: Any, y: Any) -> Any:
    return 1 / x


@elementwise(np.emath.log2)
def log2(x: Any, y: Any) -> Any:
    return 1 / (math.log(2) * x)


@elementwise(np.emath.log10)
def log10(x: Any, y: Any) -> Any:
    return 1 / (math.log(10) * x)


@elementwise(np.emath.logn)
def logn(n: Any, x: Any, y: Any) -> Any:
    scale = call(np.emath.log, n)
    return -y / (n * scale), 1 / (x * scale)


@elementwise(np.emath.power)
def power(x: Any, p: Any, y: Any) -> Any:
    base = np.where(x == 0, 1, x) if isinstance(x, (Symbol, np.ndarray, np.generic)) else x or 1
    return p * call(np.emath.power, x, p - (p != 0)), y * call(np.emath.log, base)


@elementwise(np.emath.arccos)
def arccos(x: Any, y: Any) -> Any:
    return -1 / np.sin(y)


@elementwise(np.emath.arcsin)
def arcsin(x: Any, y: Any) -> Any:
    return 1 / np.cos(y)


@elementwise(np.emath.arctanh)
def arctanh(x: Any, y: Any) -> Any:
    return 1 / (1 - x**2)
