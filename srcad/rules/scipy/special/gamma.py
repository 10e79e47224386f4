"""The gamma function and its kin (DLMF 5, 8), error functions (DLMF 7), exponential integrals (DLMF 6)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from srcad.core.quote import call
from srcad.rules.derived import derived
from srcad.rules.families import elementwise
from srcad.rules.scipy.special.tools import (
    ROOT_2PI,
    ROOT_PI,
    TWO,
    WHOLE,
    as_,
    below,
    betaln_,
    gammaln_,
    is_literal,
    whole,
    without,
)

__all__: list[str] = []

# The gamma function and its kin (DLMF 5, 8).


@elementwise(special.gamma)
def gamma(z: Any, y: Any) -> Any:
    return y * special.digamma(z)


@elementwise(special.gammaln, special.loggamma)
def gammaln(x: Any, y: Any) -> Any:
    return special.digamma(x)


@elementwise(special.rgamma, on_complex="refuse")
def rgamma(z: Any, y: Any) -> Any:
    """-y * digamma(z), reflected for z < 1/2 (DLMF 5.5.3-4): at a pole of gamma this is entire, and digamma is not."""
    low, high = np.minimum(z, 0.5), np.maximum(z, 0.5)
    reflected = special.gamma(1 - low) * np.cos(math.pi * low)
    reflected = reflected - special.rgamma(low) * special.digamma(1 - low)
    return np.where(z < 0.5, reflected, -special.rgamma(high) * special.digamma(high))


@elementwise(special.digamma, on_complex="refuse")
def digamma(z: Any, y: Any) -> Any:
    return call(special.zeta, 2, z)


@elementwise(special.polygamma, without=without("n", WHOLE), signature=TWO)
def polygamma(n: Any, x: Any, y: Any) -> Any:
    return None, call(special.polygamma, n + 1, x)


@elementwise(special.zeta, without=without("x"), signature=TWO, on_complex="refuse")
def zeta(x: Any, q: Any, y: Any) -> Any:
    """Hurwitz's function; Riemann's, without q, has no derivative here (DLMF 25.11.17)."""
    return None, None if q is None else -x * call(special.zeta, x + 1, q)


@derived(special.multigammaln)
def multigammaln(a: Any, *, d: Any) -> Any:
    """The product of DLMF 35.3.4; SciPy adds its constant in float64."""
    total = special.gammaln(a)
    for j in range(1, int(d)):
        total = total + special.gammaln(a - j / 2)
    return np.add(total, d * (d - 1) / 4 * math.log(math.pi), dtype=np.float64)


@elementwise(special.beta)
def beta(a: Any, b: Any, y: Any) -> Any:
    total = special.digamma(a + b)
    return y * (special.digamma(a) - total), y * (special.digamma(b) - total)


@elementwise(special.betaln)
def betaln(a: Any, b: Any, y: Any) -> Any:
    total = special.digamma(a + b)
    return special.digamma(a) - total, special.digamma(b) - total


@elementwise(special.poch)
def poch(z: Any, m: Any, y: Any) -> Any:
    last = special.digamma(z + m)
    return y * (last - special.digamma(z)), y * last


@elementwise(special.binom)
def binom(n: Any, k: Any, y: Any) -> Any:
    rest = special.digamma(n - k + 1)
    return y * (special.digamma(n + 1) - rest), y * (rest - special.digamma(k + 1))


def times_log(x1: Any, x2: Any) -> Any:
    """x1 * log(x2), and 0 for x1 = 0."""
    if is_literal(x1):
        return x1 * np.log(x2) if x1 else 0
    return special.xlogy(x1, x2)


def times_log1p(x1: Any, x2: Any) -> Any:
    """x1 * log(1 + x2), and 0 for x1 = 0."""
    if is_literal(x1):
        return x1 * np.log1p(x2) if x1 else 0
    return special.xlog1py(x1, x2)


def gamma_density(a: Any, x: Any) -> Any:
    """x**(a - 1) * exp(-x) / gamma(a)."""
    return np.exp(times_log(a - 1, x) - x - gammaln_(a))


def beta_density(a: Any, b: Any, x: Any) -> Any:
    """x**(a - 1) * (1 - x)**(b - 1) / beta(a, b)."""
    return np.exp(times_log(a - 1, x) + times_log1p(b - 1, -x) - betaln_(a, b))


@elementwise(special.gammainc, without=without("a"))
def gammainc(a: Any, x: Any, y: Any) -> Any:
    return None, gamma_density(a, x)


@elementwise(special.gammaincc, without=without("a"))
def gammaincc(a: Any, x: Any, y: Any) -> Any:
    return None, -gamma_density(a, x)


@elementwise(special.gammaincinv, without=without("a"))
def gammaincinv(a: Any, p: Any, y: Any) -> Any:
    return None, 1 / gamma_density(a, y)


@elementwise(special.gammainccinv, without=without("a"))
def gammainccinv(a: Any, p: Any, y: Any) -> Any:
    return None, -1 / gamma_density(a, y)


@elementwise(special.betainc, without=without("a b"))
def betainc(a: Any, b: Any, x: Any, y: Any) -> Any:
    return None, None, beta_density(a, b, x)


@elementwise(special.betaincc, without=without("a b"))
def betaincc(a: Any, b: Any, x: Any, y: Any) -> Any:
    return None, None, -beta_density(a, b, x)


@elementwise(special.betaincinv, without=without("a b"))
def betaincinv(a: Any, b: Any, p: Any, y: Any) -> Any:
    return None, None, 1 / beta_density(a, b, y)


@elementwise(special.betainccinv, without=without("a b"))
def betainccinv(a: Any, b: Any, p: Any, y: Any) -> Any:
    return None, None, -1 / beta_density(a, b, y)


# Error functions (DLMF 7).


@elementwise(special.erf)
def erf(x: Any, y: Any) -> Any:
    return 2 / ROOT_PI * np.exp(-(x**2))


@elementwise(special.erfc)
def erfc(x: Any, y: Any) -> Any:
    return -2 / ROOT_PI * np.exp(-(x**2))


@elementwise(special.erfi)
def erfi(x: Any, y: Any) -> Any:
    return 2 / ROOT_PI * np.exp(x**2)


@elementwise(special.erfcx)
def erfcx(x: Any, y: Any) -> Any:
    return 2 * x * y - 2 / ROOT_PI


@elementwise(special.dawsn)
def dawsn(x: Any, y: Any) -> Any:
    return 1 - 2 * x * y


@elementwise(special.wofz)
def wofz(z: Any, y: Any) -> Any:
    return 2j / ROOT_PI - 2 * z * y


@elementwise(special.erfinv)
def erfinv(p: Any, y: Any) -> Any:
    return ROOT_PI / 2 * np.exp(y**2)


@elementwise(special.erfcinv)
def erfcinv(p: Any, y: Any) -> Any:
    return -ROOT_PI / 2 * np.exp(y**2)


@elementwise(special.owens_t)
def owens_t(h: Any, a: Any, y: Any) -> Any:
    by_h = np.exp(-(h**2) / 2) * special.erf(a * h / math.sqrt(2)) / (-2 * ROOT_2PI)
    return by_h, np.exp(-(h**2) * (1 + a**2) / 2) / (2 * math.pi * (1 + a**2))


# Exponential integrals (DLMF 6, 8.19) and dilogarithm.


@elementwise(special.expi)
def expi(x: Any, y: Any) -> Any:
    return np.exp(x) / x


@elementwise(special.exp1)
def exp1(x: Any, y: Any) -> Any:
    return -np.exp(-x) / x


@elementwise(special.expn, without=without("n", WHOLE))
def expn(n: Any, x: Any, y: Any) -> Any:
    """-expn(n - 1, x); below 0 by the recurrence of DLMF 8.19.12, which cancels at small x for other n."""
    n = whole(n)
    if is_literal(n):
        return None, -(y + np.exp(-x)) / x if n == 0 else -special.expn(n - 1, x)
    return None, -np.where(n == 0, (y + np.exp(-x)) / x, special.expn(below(n), x))


@elementwise(special.spence)
def spence(z: Any, y: Any) -> Any:
    """log(z) / (1 - z), which hyp2f1 has at z = 1, too (DLMF 15.4.1)."""
    return as_(-special.hyp2f1(1, 1, 2, 1 - z), y)
