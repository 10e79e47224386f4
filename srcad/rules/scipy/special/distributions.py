"""Distributions: densities are the derivatives of distribution functions, and quantiles have the reciprocal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from srcad.rules.families import elementwise
from srcad.rules.scipy import having
from srcad.rules.scipy.special.elementary import boxcox_by_lmbda
from srcad.rules.scipy.special.gamma import beta_density, gamma_density, times_log, times_log1p
from srcad.rules.scipy.special.tools import (
    ROOT_2PI,
    STEPS,
    absolute,
    betaln_,
    exp,
    floor,
    gammaln_,
    sqrt,
    whole,
    without,
)

__all__: list[str] = []


@elementwise(special.ndtr)
def ndtr(x: Any, y: Any) -> Any:
    return np.exp(-(x**2) / 2) / ROOT_2PI


@elementwise(special.log_ndtr)
def log_ndtr(x: Any, y: Any) -> Any:
    return np.exp(-(x**2) / 2 - y) / ROOT_2PI


@elementwise(special.ndtri)
def ndtri(p: Any, y: Any) -> Any:
    return ROOT_2PI * np.exp(y**2 / 2)


@elementwise(*having(special, "ndtri_exp"))
def ndtri_exp(x: Any, y: Any) -> Any:
    return ROOT_2PI * np.exp(x + y**2 / 2)


@elementwise(special.chdtr, without=without("v"))
def chdtr(v: Any, x: Any, y: Any) -> Any:
    return None, gamma_density(v / 2, x / 2) / 2


_ONE_BELOW_0 = special.chdtrc(2.0, -1.0) == 1  # in older versions of SciPy; in others NaN


@elementwise(special.chdtrc, without=without("v"))
def chdtrc(v: Any, x: Any, y: Any) -> Any:
    slope = -gamma_density(v / 2, x / 2) / 2
    return None, np.where(x < 0, 0, slope) if _ONE_BELOW_0 else slope


@elementwise(special.chdtri, without=without("v"))
def chdtri(v: Any, p: Any, y: Any) -> Any:
    return None, -2 / gamma_density(v / 2, y / 2)


@elementwise(special.gdtr, without=without("b"))
def gdtr(a: Any, b: Any, x: Any, y: Any) -> Any:
    density = gamma_density(b, a * x)
    return x * density, None, a * density


@elementwise(special.gdtrc, without=without("b"))
def gdtrc(a: Any, b: Any, x: Any, y: Any) -> Any:
    density = gamma_density(b, a * x)
    return -x * density, None, -a * density


@elementwise(special.gdtria, without=without("b"))
def gdtria(p: Any, b: Any, x: Any, y: Any) -> Any:
    return 1 / (x * gamma_density(b, y * x)), None, -y / x


@elementwise(special.gdtrix, without=without("b"))
def gdtrix(a: Any, b: Any, p: Any, y: Any) -> Any:
    return -y / a, None, 1 / (a * gamma_density(b, a * y))


def _f_density(dfn: Any, dfd: Any, x: Any) -> Any:
    a, b, ratio = dfn / 2, dfd / 2, dfn / dfd
    logs = times_log(a - 1, ratio * x) - times_log1p(a + b, ratio * x)
    return ratio * np.exp(logs - betaln_(a, b))


@elementwise(special.fdtr, without=without("dfn dfd"))
def fdtr(dfn: Any, dfd: Any, x: Any, y: Any) -> Any:
    return None, None, _f_density(dfn, dfd, x)


@elementwise(special.fdtrc, without=without("dfn dfd"))
def fdtrc(dfn: Any, dfd: Any, x: Any, y: Any) -> Any:
    return None, None, -_f_density(dfn, dfd, x)


@elementwise(special.fdtri, without=without("dfn dfd"))
def fdtri(dfn: Any, dfd: Any, p: Any, y: Any) -> Any:
    return None, None, 1 / _f_density(dfn, dfd, y)


def _t_density(df: Any, t: Any) -> Any:
    scale = gammaln_((df + 1) / 2) - gammaln_(df / 2)
    return np.exp(scale - times_log1p((df + 1) / 2, t**2 / df)) / sqrt(math.pi * df)


@elementwise(special.stdtr, without=without("df"))
def stdtr(df: Any, t: Any, y: Any) -> Any:
    return None, _t_density(df, t)


@elementwise(special.stdtrit, without=without("df"))
def stdtrit(df: Any, p: Any, y: Any) -> Any:
    return None, 1 / _t_density(df, y)


def _binomial_slope(k: Any, n: Any, p: Any) -> Any:
    return beta_density(floor(k) + 1, whole(n) - floor(k), p)


@elementwise(special.bdtr, without=without("k n", STEPS))
def bdtr(k: Any, n: Any, p: Any, y: Any) -> Any:
    return None, None, -_binomial_slope(k, n, p)


@elementwise(special.bdtrc, without=without("k n", STEPS))
def bdtrc(k: Any, n: Any, p: Any, y: Any) -> Any:
    return None, None, _binomial_slope(k, n, p)


@elementwise(special.bdtri, without=without("k n", STEPS))
def bdtri(k: Any, n: Any, p: Any, y: Any) -> Any:
    return None, None, -1 / _binomial_slope(k, n, y)


@elementwise(special.nbdtr, without=without("k n", STEPS))
def nbdtr(k: Any, n: Any, p: Any, y: Any) -> Any:
    return None, None, beta_density(whole(n), whole(k) + 1, p)


@elementwise(special.nbdtrc, without=without("k n", STEPS))
def nbdtrc(k: Any, n: Any, p: Any, y: Any) -> Any:
    return None, None, -beta_density(whole(n), whole(k) + 1, p)


@elementwise(special.nbdtri, without=without("k n", STEPS))
def nbdtri(k: Any, n: Any, p: Any, y: Any) -> Any:
    return None, None, 1 / beta_density(whole(n), whole(k) + 1, y)


@elementwise(special.pdtr, without=without("k", STEPS))
def pdtr(k: Any, m: Any, y: Any) -> Any:
    return None, -gamma_density(floor(k) + 1, m)


@elementwise(special.pdtrc, without=without("k", STEPS))
def pdtrc(k: Any, m: Any, y: Any) -> Any:
    return None, gamma_density(floor(k) + 1, m)


@elementwise(special.pdtri, without=without("k", STEPS))
def pdtri(k: Any, p: Any, y: Any) -> Any:
    return None, -1 / gamma_density(floor(k) + 1, y)


@elementwise(special.nrdtrimn)
def nrdtrimn(p: Any, std: Any, x: Any, y: Any) -> Any:
    """x - std * ndtri(p)."""
    quantile = (x - y) / std
    return -std * ROOT_2PI * np.exp(quantile**2 / 2), -quantile, 1


@elementwise(special.nrdtrisd)
def nrdtrisd(mn: Any, p: Any, x: Any, y: Any) -> Any:
    """(x - mn) / ndtri(p)."""
    quantile = (x - mn) / y
    return -1 / quantile, -y / quantile * ROOT_2PI * np.exp(quantile**2 / 2), 1 / quantile


@elementwise(special.tklmbda)
def tklmbda(x: Any, lmbda: Any, y: Any) -> Any:
    """The inverse of boxcox(y, lmbda) - boxcox(1 - y, lmbda), flat outside the support, from -1 / lmbda to 1 / lmbda."""
    inside = absolute(x) * lmbda < 1
    p = np.where(inside, y, 0.5)
    slope = np.where(inside, 1 / (p ** (lmbda - 1) + (1 - p) ** (lmbda - 1)), 0)
    left, right = (boxcox_by_lmbda(log, lmbda) for log in (np.log(p), np.log1p(-p)))
    return slope, slope * (right - left)


def _noncentral_slopes(x: Any, df: Any, nc: Any, y: Any) -> tuple[Any, Any]:
    """The derivatives of chndtr by x (its density) and by nc (Johnson, Kotz and Balakrishnan 1995, 29.4)."""
    scale = np.exp(-nc / 2) * special.hyp0f1(df / 2, nc * x / 4)
    return gamma_density(df / 2, x / 2) / 2 * scale, (special.chndtr(x, df + 2, nc) - y) / 2


@elementwise(special.chndtr, without=without("df"))
def chndtr(x: Any, df: Any, nc: Any, y: Any) -> Any:
    by_x, by_nc = _noncentral_slopes(x, df, nc, y)
    return by_x, None, by_nc


@elementwise(special.chndtrix, without=without("df"))
def chndtrix(p: Any, df: Any, nc: Any, y: Any) -> Any:
    by_x, by_nc = _noncentral_slopes(y, df, nc, p)
    return 1 / by_x, None, -by_nc / by_x


def _f_slopes(dfn: Any, dfd: Any, nc: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """The derivatives of ncfdtr by x and nc: mixtures of beta densities (Johnson, Kotz and Balakrishnan 1995, 30.2)."""
    share = dfn * x / (dfn * x + dfd)
    scale = np.exp(-nc / 2) * special.hyp1f1((dfn + dfd) / 2, dfn / 2, nc * share / 2)
    shifted = special.ncfdtr(dfn + 2, dfd, nc, x * dfn / (dfn + 2))
    return _f_density(dfn, dfd, x) * scale, (shifted - y) / 2


@elementwise(special.ncfdtr, without=without("dfn dfd"))
def ncfdtr(dfn: Any, dfd: Any, nc: Any, x: Any, y: Any) -> Any:
    by_x, by_nc = _f_slopes(dfn, dfd, nc, x, y)
    return None, None, by_nc, by_x


@elementwise(special.ncfdtri, without=without("dfn dfd"))
def ncfdtri(dfn: Any, dfd: Any, nc: Any, p: Any, y: Any) -> Any:
    by_x, by_nc = _f_slopes(dfn, dfd, nc, y, p)
    return None, None, -by_nc / by_x, 1 / by_x


def _noncentral_t_density(df: Any, nc: Any, t: Any) -> Any:
    """Johnson, Kotz and Balakrishnan 1995, 31.15, by hyp1f1: no quotient by t."""
    near = df + t**2
    u = (nc * t) ** 2 / (2 * near)
    ratio = exp(gammaln_(df / 2 + 1) - gammaln_((df + 1) / 2))
    odd = math.sqrt(2) * ratio * nc * t / np.sqrt(near) * special.hyp1f1(df / 2 + 1, 1.5, u)
    even = special.hyp1f1((df + 1) / 2, 0.5, u)
    return exp(-(nc**2) / 2) * _t_density(df, t) * (even + odd)


@elementwise(special.nctdtr, without=without("df nc"))
def nctdtr(df: Any, nc: Any, t: Any, y: Any) -> Any:
    return None, None, _noncentral_t_density(df, nc, t)


@elementwise(special.nctdtrit, without=without("df nc"))
def nctdtrit(df: Any, nc: Any, p: Any, y: Any) -> Any:
    return None, None, 1 / _noncentral_t_density(df, nc, y)
