"""Elliptic integrals (DLMF 19), hypergeometric functions and orthogonal polynomials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from srcad.rules.families import elementwise
from srcad.rules.scipy.special.tools import (
    THREE,
    as_,
    below,
    cos,
    is_literal,
    rint,
    sin,
    sqrt,
    without,
)

__all__: list[str] = []

# Elliptic integrals (DLMF 19). Carlson's are closed under differentiation: partial fractions under the integral sign.


@elementwise(special.ellipk)
def ellipk(m: Any, y: Any) -> Any:
    """The quotient of DLMF 19.4.1 cancels at 0; K is hyp2f1(1/2, 1/2, 1, m) * pi / 2 (19.5.1)."""
    return as_(math.pi / 8 * special.hyp2f1(1.5, 1.5, 2, m), y)


@elementwise(special.ellipkm1)
def ellipkm1(p: Any, y: Any) -> Any:
    return -special.elliprd(0, 1, p) / 6


@elementwise(special.ellipe)
def ellipe(m: Any, y: Any) -> Any:
    return as_(-math.pi / 8 * special.hyp2f1(0.5, 1.5, 2, m), y)


@elementwise(special.ellipkinc)
def ellipkinc(phi: Any, m: Any, y: Any) -> Any:
    """By m from 19.25.5, the period split off."""
    turns = rint(phi / math.pi)
    sine, cosine = sin(phi - math.pi * turns), cos(phi)
    rest = 1 - m * sine**2
    by_m = sine**3 * special.elliprd(cosine**2, 1, rest) / 6 + 2 * turns * ellipk(m, y)
    return 1 / np.sqrt(rest), by_m


@elementwise(special.ellipeinc)
def ellipeinc(phi: Any, m: Any, y: Any) -> Any:
    """By m from 19.25.10, the period split off."""
    turns = rint(phi / math.pi)
    sine, cosine = sin(phi - math.pi * turns), cos(phi)
    rest = 1 - m * sine**2
    by_m = 2 * turns * ellipe(m, y) - sine**3 * special.elliprd(cosine**2, rest, 1) / 6
    return np.sqrt(rest), by_m


@elementwise(special.elliprf)
def elliprf(x: Any, y: Any, z: Any, result: Any) -> Any:
    by_x, by_y = special.elliprd(y, z, x), special.elliprd(x, z, y)
    return -by_x / 6, -by_y / 6, -special.elliprd(x, y, z) / 6


@elementwise(special.elliprc)
def elliprc(x: Any, y: Any, result: Any) -> Any:
    by_x = -special.elliprd(y, y, x) / 6
    scaled = 0 if is_literal(x) and x == 0 else x * by_x
    return by_x, -(result / 2 + scaled) / y  # homogeneous of degree -1/2


@elementwise(special.elliprd)
def elliprd(x: Any, y: Any, z: Any, result: Any) -> Any:
    """By x and y partial fractions, by z partial integration. Where z is equal to x or y, NaN."""
    by_x = (result - special.elliprd(y, z, x)) / (2 * (z - x))
    by_y = (result - special.elliprd(x, z, y)) / (2 * (z - y))
    rest = special.elliprf(x, y, z) - sqrt(x * y) / z**1.5
    by_z = (1.5 * rest + (x + y - 2 * z) * result) / ((z - x) * (z - y))
    return by_x, by_y, by_z


@elementwise(special.elliprj)
def elliprj(x: Any, y: Any, z: Any, p: Any, result: Any) -> Any:
    """As elliprd; NaN where p is equal to another."""
    by_x = (result - special.elliprd(y, z, x)) / (2 * (p - x))
    by_y = (result - special.elliprd(x, z, y)) / (2 * (p - y))
    by_z = (result - special.elliprd(x, y, z)) / (2 * (p - z))
    return by_x, by_y, by_z, -(1.5 * result + x * by_x + y * by_y + z * by_z) / p


@elementwise(special.elliprg)
def elliprg(x: Any, y: Any, z: Any, result: Any) -> Any:
    first = 3 * special.elliprf(x, y, z)
    by_x, by_y = first - x * special.elliprd(y, z, x), first - y * special.elliprd(x, z, y)
    return by_x / 12, by_y / 12, (first - z * special.elliprd(x, y, z)) / 12


@elementwise(special.agm)
def agm(a: Any, b: Any, y: Any) -> Any:
    """agm is pi / 2 / elliprf(0, a**2, b**2) (DLMF 19.22.9)."""
    scale = 2 / (3 * math.pi) * y * np.abs(y)
    by_a, by_b = special.elliprd(0, b**2, a**2), special.elliprd(0, a**2, b**2)
    return scale * a * by_a, scale * b * by_b


# Hypergeometric functions in the argument (DLMF 13.3, 15.5, 16.3).


@elementwise(special.hyp0f1, without=without("v"))
def hyp0f1(v: Any, z: Any, y: Any) -> Any:
    return None, special.hyp0f1(v + 1, z) / v


@elementwise(special.hyp1f1, without=without("a b"))
def hyp1f1(a: Any, b: Any, x: Any, y: Any) -> Any:
    return None, None, a / b * special.hyp1f1(a + 1, b + 1, x)


@elementwise(special.hyp2f1, without=without("a b c"))
def hyp2f1(a: Any, b: Any, c: Any, z: Any, y: Any) -> Any:
    return None, None, None, a * b / c * special.hyp2f1(a + 1, b + 1, c + 1, z)


@elementwise(special.hyperu, without=without("a b"))
def hyperu(a: Any, b: Any, x: Any, y: Any) -> Any:
    return None, None, -a * special.hyperu(a + 1, b + 1, x)


# Orthogonal polynomials in x (DLMF 18.9): polynomials of a degree less, of parameters one more.


def lowered(n: Any, value: Any) -> Any:
    """What of a polynomial of degree n has one of degree n - 1 as a factor: 0 for n = 0."""
    return 0 if is_literal(n) and n == 0 else value


@elementwise(special.eval_jacobi, without=without("n alpha beta"))
def eval_jacobi(n: Any, alpha: Any, beta: Any, x: Any, y: Any) -> Any:
    lower = special.eval_jacobi(n - 1, alpha + 1, beta + 1, x)
    return None, None, None, lowered(n, (n + alpha + beta + 1) * lower / 2)


@elementwise(special.eval_sh_jacobi, without=without("n p q"))
def eval_sh_jacobi(n: Any, p: Any, q: Any, x: Any, y: Any) -> Any:
    by_x = n * special.eval_sh_jacobi(below(n), p + 2, q + 1, x)
    return None, None, None, lowered(n, by_x)


@elementwise(special.eval_gegenbauer, without=without("n alpha"))
def eval_gegenbauer(n: Any, alpha: Any, x: Any, y: Any) -> Any:
    return None, None, lowered(n, 2 * alpha * special.eval_gegenbauer(n - 1, alpha + 1, x))


@elementwise(special.eval_genlaguerre, without=without("n alpha"))
def eval_genlaguerre(n: Any, alpha: Any, x: Any, y: Any) -> Any:
    return None, None, lowered(n, -special.eval_genlaguerre(n - 1, alpha + 1, x))


@elementwise(special.assoc_laguerre, without=without("n k"), signature=THREE)
def assoc_laguerre(x: Any, n: Any, k: Any, y: Any) -> Any:
    by_x = -special.eval_genlaguerre(n - 1, 1 if k is None else k + 1, x)
    return lowered(n, by_x), None, None


@elementwise(special.lpmv, without=without("m v"))
def lpmv(m: Any, v: Any, x: Any, y: Any) -> Any:
    """DLMF 14.10.5."""
    return None, None, (v * x * y - (v + m) * special.lpmv(m, v - 1, x)) / (x**2 - 1)


# Of n and x: the derivative by x.
_POLYNOMIALS: dict[Any, Any] = {
    special.eval_legendre: lambda n, x: special.eval_gegenbauer(n - 1, 1.5, x),
    special.eval_sh_legendre: lambda n, x: 2 * special.eval_gegenbauer(n - 1, 1.5, 2 * x - 1),
    special.eval_chebyt: lambda n, x: n * special.eval_chebyu(n - 1, x),
    special.eval_chebyu: lambda n, x: 2 * special.eval_gegenbauer(n - 1, 2, x),
    special.eval_chebyc: lambda n, x: n * special.eval_chebys(n - 1, x),
    special.eval_chebys: lambda n, x: special.eval_gegenbauer(n - 1, 2, x / 2),
    special.eval_sh_chebyt: lambda n, x: 2 * n * special.eval_sh_chebyu(n - 1, x),
    special.eval_sh_chebyu: lambda n, x: 4 * special.eval_gegenbauer(n - 1, 2, 2 * x - 1),
    special.eval_hermite: lambda n, x: 2 * n * special.eval_hermite(below(n), x),
    special.eval_hermitenorm: lambda n, x: n * special.eval_hermitenorm(below(n), x),
    special.eval_laguerre: lambda n, x: -special.eval_genlaguerre(n - 1, 1, x),
}


def _polynomial(by_x: Any) -> Any:
    return lambda n, x, y: (None, lowered(n, by_x(n, x)))


for _function, _by_x in _POLYNOMIALS.items():
    elementwise(_function, without=without("n"))(_polynomial(_by_x))
