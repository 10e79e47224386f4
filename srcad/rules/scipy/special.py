"""Partial derivatives of scipy.special, as expressions of the operands and the result.

Formulas are those of the NIST Digital Library of Mathematical Functions (DLMF), chapter by chapter, unless a rule says
otherwise. Where several hold, that one is taken which is smooth wherever the function is (no quotient that cancels at
0), and whose own derivative has a rule. Orders and shape parameters mostly have no derivative in terms of
scipy.special: `without` says so.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from srcad import runtime
from srcad.core.quote import Symbol, call, may_be_complex, rank, spread
from srcad.core.results import SEVERAL
from srcad.rules.derived import derived
from srcad.rules.elementwise import power
from srcad.rules.families import constant, elementwise, primitive
from srcad.rules.linear import restore
from srcad.rules.refused import refused
from srcad.rules.scipy import having

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


# Bessel functions in the argument (DLMF 10.6, 10.29, 10.51, 11.4).


@elementwise(special.j0)
def j0(x: Any, y: Any) -> Any:
    return -special.j1(x)


@elementwise(special.j1)
def j1(x: Any, y: Any) -> Any:
    return (special.j0(x) - special.jv(2, x)) / 2


@elementwise(special.y0)
def y0(x: Any, y: Any) -> Any:
    return -special.y1(x)


@elementwise(special.y1)
def y1(x: Any, y: Any) -> Any:
    return special.y0(x) - y / x


@elementwise(special.i0)
def i0(x: Any, y: Any) -> Any:
    return special.i1(x)


@elementwise(special.i1)
def i1(x: Any, y: Any) -> Any:
    return (special.i0(x) + special.iv(2, x)) / 2


@elementwise(special.i0e, on_complex="refuse")
def i0e(x: Any, y: Any) -> Any:
    return special.i1e(x) - np.sign(x) * y


@elementwise(special.i1e, on_complex="refuse")
def i1e(x: Any, y: Any) -> Any:
    return (special.i0e(x) + special.ive(2, x)) / 2 - np.sign(x) * y


@elementwise(special.k0)
def k0(x: Any, y: Any) -> Any:
    return -special.k1(x)


@elementwise(special.k1)
def k1(x: Any, y: Any) -> Any:
    return -special.k0(x) - y / x


@elementwise(special.k0e)
def k0e(x: Any, y: Any) -> Any:
    return y - special.k1e(x)


@elementwise(special.k1e)
def k1e(x: Any, y: Any) -> Any:
    return y - special.k0e(x) - y / x


def _of_neighbours(function: Any, sign: int, scale: int = 1) -> Any:
    """The derivative by the argument as half the difference (or sum) of the functions of the orders around."""

    def rule(v: Any, z: Any, y: Any) -> Any:
        v = whole(v) if function in (special.kn, special.yn) else v
        before, after = function(v - 1, z), function(v + 1, z)
        total = before - after if sign < 0 else before + after
        return None, scale * total / 2 if scale == 1 else -total / 2

    return rule


for _function in (special.jv, special.yv, special.yn, special.hankel1, special.hankel2):
    elementwise(_function, without=without("v"))(_of_neighbours(_function, -1))
for _function in (special.jve, special.yve):
    elementwise(_function, without=without("v"), on_complex="refuse")(_of_neighbours(_function, -1))
elementwise(special.iv, without=without("v"))(_of_neighbours(special.iv, +1))
for _function in (special.kv, special.kn):
    elementwise(_function, without=without("v"))(_of_neighbours(_function, +1, -1))


@elementwise(special.ive, without=without("v"), on_complex="refuse")
def ive(v: Any, z: Any, y: Any) -> Any:
    return None, (special.ive(v - 1, z) + special.ive(v + 1, z)) / 2 - np.sign(z) * y


@elementwise(special.kve, without=without("v"))
def kve(v: Any, z: Any, y: Any) -> Any:
    return None, y - (special.kve(v - 1, z) + special.kve(v + 1, z)) / 2


@elementwise(special.hankel1e, without=without("v"))
def hankel1e(v: Any, z: Any, y: Any) -> Any:
    return None, (special.hankel1e(v - 1, z) - special.hankel1e(v + 1, z)) / 2 - 1j * y


@elementwise(special.hankel2e, without=without("v"))
def hankel2e(v: Any, z: Any, y: Any) -> Any:
    return None, (special.hankel2e(v - 1, z) - special.hankel2e(v + 1, z)) / 2 + 1j * y


def _derivatives(function: Any) -> Any:
    """The rule of a function that has the order of the derivative as an argument."""

    def rule(v: Any, z: Any, y: Any, *, n: Any = 1) -> Any:
        return None, as_(call(function, v, z, n=n + 1), y)

    return rule


for _function in having(special, "jvp yvp ivp kvp h1vp h2vp"):
    elementwise(_function, without=without("v"), signature=TWO)(_derivatives(_function))


def _spherical(function: Any, before: int, after: int) -> Any:
    """(before * n * f(n - 1) + after * (n + 1) * f(n + 1)) / (2 * n + 1), in which nothing is singular at 0."""

    def rule(n: Any, z: Any, y: Any, *, derivative: Any = False) -> Any:
        given = {"derivative": True} if derivative else {}
        higher = after * (n + 1) * call(function, n + 1, z, **given)
        lower = before * n * call(function, below(n), z, **given)
        return None, as_((lower + higher) / (2 * n + 1), y)

    return rule


for _function, _signs in (
    (special.spherical_jn, (1, -1)),
    (special.spherical_yn, (1, -1)),
    (special.spherical_in, (1, 1)),
    (special.spherical_kn, (-1, -1)),
):
    elementwise(_function, without=without("n"), signature=TWO)(_spherical(_function, *_signs))


def _struve(function: Any, sign: int) -> Any:
    """DLMF 11.4.24 and 11.4.26."""

    def rule(v: Any, x: Any, y: Any) -> Any:
        first = (x / 2) ** v * rgamma_(v + 1.5) / ROOT_PI
        return None, (function(v - 1, x) + sign * function(v + 1, x) + first) / 2

    return rule


elementwise(special.struve, without=without("v"))(_struve(special.struve, -1))
elementwise(special.modstruve, without=without("v"))(_struve(special.modstruve, +1))


@elementwise(special.besselpoly, without=without("lmb nu"))
def besselpoly(a: Any, lmb: Any, nu: Any, y: Any) -> Any:
    """Differentiated under the integral sign."""
    before, after = (special.besselpoly(a, lmb + 1, nu + step) for step in (-1, 1))
    return before - after, None, None


# Kelvin functions: their differential equation (DLMF 10.61.3) gives the second derivatives.


@elementwise(special.ber)
def ber(x: Any, y: Any) -> Any:
    return special.berp(x)


@elementwise(special.bei)
def bei(x: Any, y: Any) -> Any:
    return special.beip(x)


@elementwise(special.ker)
def ker(x: Any, y: Any) -> Any:
    return special.kerp(x)


@elementwise(special.kei)
def kei(x: Any, y: Any) -> Any:
    return special.keip(x)


@elementwise(special.berp)
def berp(x: Any, y: Any) -> Any:
    return -special.bei(x) - y / x


@elementwise(special.beip)
def beip(x: Any, y: Any) -> Any:
    return special.ber(x) - y / x


@elementwise(special.kerp)
def kerp(x: Any, y: Any) -> Any:
    return -special.kei(x) - y / x


@elementwise(special.keip)
def keip(x: Any, y: Any) -> Any:
    return special.ker(x) - y / x


# Functions of several results: of x a tuple, the derivative of each.

SEVERAL.update(
    having(
        special,
        "sici shichi fresnel airy airye kelvin ellipj itj0y0 iti0k0 it2j0y0 it2i0k0 "
        "pbdv pbvv pbwa logsumexp mathieu_cem mathieu_sem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2",
    )
)


@elementwise(special.sici)
def sici(x: Any, y: Any) -> Any:
    by_sine = np.sin(x) / x if may_be_complex(x) else np.sinc(x / math.pi)
    return ((by_sine, np.cos(x) / x),)


@elementwise(special.shichi)
def shichi(x: Any, y: Any) -> Any:
    return ((special.hyp0f1(1.5, x**2 / 4), np.cosh(x) / x),)  # sinh(x) / x (DLMF 13.6.9)


@elementwise(special.fresnel)
def fresnel(z: Any, y: Any) -> Any:
    angle = math.pi / 2 * z**2
    return ((np.sin(angle), np.cos(angle)),)


@elementwise(special.airy)
def airy(z: Any, y: Any) -> Any:
    ai, aip, bi, bip = y
    return ((aip, z * ai, bip, z * bi),)


@elementwise(special.airye, on_complex="refuse")
def airye(z: Any, y: Any) -> Any:
    """Scaled by exp(2/3 * z**1.5), and Bi by the reciprocal where that is real (for z < 0 it is 1, and Ai is NaN)."""
    ai, aip, bi, bip = y
    root = np.sqrt(np.maximum(z, 0))
    return ((aip + root * ai, z * ai + root * aip, bip - root * bi, z * bi - root * bip),)


@elementwise(special.kelvin)
def kelvin(x: Any, y: Any) -> Any:
    be, ke, bep, kep = y
    return ((bep, kep, 1j * be - bep / x, 1j * ke - kep / x),)


@elementwise(special.itj0y0)
def itj0y0(x: Any, y: Any) -> Any:
    return ((special.j0(x), special.y0(x)),)


@elementwise(special.iti0k0)
def iti0k0(x: Any, y: Any) -> Any:
    return ((special.i0(x), special.k0(x)),)


@elementwise(special.it2j0y0)
def it2j0y0(x: Any, y: Any) -> Any:
    return (((1 - special.j0(x)) / x, -special.y0(x) / x),)


@elementwise(special.it2i0k0)
def it2i0k0(x: Any, y: Any) -> Any:
    return (((special.i0(x) - 1) / x, -special.k0(x) / x),)


@elementwise(special.itstruve0)
def itstruve0(x: Any, y: Any) -> Any:
    return as_(special.struve(0, x), y)


@elementwise(special.it2struve0)
def it2struve0(x: Any, y: Any) -> Any:
    return as_(-special.struve(0, x) / x, y)


@elementwise(special.itmodstruve0)
def itmodstruve0(x: Any, y: Any) -> Any:
    return as_(special.modstruve(0, x), y)


@elementwise(special.pbdv, special.pbvv, without=without("v"))
def parabolic_cylinder(v: Any, x: Any, y: Any) -> Any:
    """DLMF 12.2.4, with -a = v + 1/2."""
    value, slope = y
    return None, (slope, (x**2 / 4 - v - 0.5) * value)


@elementwise(special.pbwa, without=without("a"))
def pbwa(a: Any, x: Any, y: Any) -> Any:
    """DLMF 12.14.2."""
    value, slope = y
    return None, (slope, (a - x**2 / 4) * value)


@elementwise(special.mathieu_a, special.mathieu_b, without=without("m q"))
def characteristic_value(m: Any, q: Any, y: Any) -> Any:
    return None, None


def _mathieu(characteristic: Any, modified: bool, second: bool = False) -> Any:
    """Mathieu's equation (DLMF 28.2.1, in degrees; 28.20.1), which has the second derivative."""

    def rule(m: Any, q: Any, x: Any, y: Any) -> Any:
        value, slope = y
        if modified:
            bend = (characteristic(m, q) - 2 * q * np.cosh(2 * x)) * value
            if second:  # for negative x SciPy's values do not satisfy the equation
                bend = np.where(x < 0, math.nan, bend)
            return None, None, (slope, bend)
        degree = math.pi / 180
        force = 2 * q * np.cos(2 * degree * x) - characteristic(m, q)
        return None, None, (degree * slope, degree * force * value)

    return rule


for _kind, _characteristic in (("c", special.mathieu_a), ("s", special.mathieu_b)):
    _rule = _mathieu(literal(_characteristic), modified=False)
    elementwise(getattr(special, f"mathieu_{_kind}em"), without=without("m q"))(_rule)
    for _number in (1, 2):
        _rule = _mathieu(literal(_characteristic), modified=True, second=_number == 2)
        _name = f"mathieu_mod{_kind}em{_number}"
        elementwise(getattr(special, _name), without=without("m q"))(_rule)


def _spheroidal(characteristic: Any, sign: int, radial: bool) -> Any:
    """The differential equation (DLMF 30.2.1; 30.4 and 30.11 of 1j * c) has the second derivative."""

    def rule(m: Any, n: Any, c: Any, x: Any, y: Any) -> Any:
        value, slope = y
        cv = characteristic(m, n, c)
        if radial and sign < 0:
            around = 1 + x**2
            bend = ((cv - (c * x) ** 2 - m**2 / around) * value - 2 * x * slope) / around
        else:
            around = 1 - x**2
            force = cv - sign * (c * x) ** 2 - m**2 / around
            bend = (2 * x * slope - force * value) / around
        return None, None, None, (slope, bend)

    return rule


@elementwise(special.pro_cv, special.obl_cv, without=without("m n c"))
def spheroidal_value(m: Any, n: Any, c: Any, y: Any) -> Any:
    return None, None, None


for _kind, _sign in (("pro", 1), ("obl", -1)):
    for _name, _radial in ((f"{_kind}_ang1", False), (f"{_kind}_rad1", True)):
        _value = literal(getattr(special, f"{_kind}_cv"))
        _function = getattr(special, _name)
        elementwise(_function, without=without("m n c"))(_spheroidal(_value, _sign, _radial))
        SEVERAL.add(_function)


@elementwise(special.ellipj)
def ellipj(u: Any, m: Any, y: Any) -> Any:
    """By u DLMF 22.13.1; by m from the amplitude ph, of which u is the integral ellipkinc(ph, m)."""
    sn, cn, dn, ph = y
    _, slope = ellipkinc(ph, m, u)
    by_m = -dn * slope
    of_dn = -(sn**2 + 2 * m * sn * cn * by_m) / (2 * dn)
    return (cn * dn, -sn * dn, -m * sn * cn, dn), (cn * by_m, -sn * by_m, of_dn, by_m)


@elementwise(special.voigt_profile)
def voigt_profile(x: Any, sigma: Any, gamma: Any, y: Any) -> Any:
    """The real part of wofz((x + 1j * gamma) / (sigma * sqrt(2))) (DLMF 7.19.1, 7.10.2); homogeneous of degree -1."""
    z = (x + 1j * gamma) / (math.sqrt(2) * sigma)
    slope = (2j / ROOT_PI - 2 * z * special.wofz(z)) / (2 * ROOT_PI * sigma**2)
    by_x, by_gamma = np.real(slope), -np.imag(slope)
    return by_x, -(y + x * by_x + gamma * by_gamma) / sigma, by_gamma


def _ladder(n: Any, m: Any, polar: Any, azimuth: Any, harmonic: Any) -> Any:
    """The derivative by the polar angle (Edmonds 1957, 2.5.24), which does not divide by the sine.

    SciPy goes by its cosine: beyond 0 and pi the function is even.
    """

    def root(count: Any) -> Any:
        return sqrt(max(count, 0) if is_literal(count) else np.maximum(count, 0))

    turn = np.exp(1j * azimuth)
    up = root((n - m) * (n + m + 1)) * harmonic(m + 1) / turn
    slope = (up - root((n + m) * (n - m + 1)) * harmonic(m - 1) * turn) / 2
    return np.where(np.sin(polar) < 0, -slope, slope)


def sph_harm_y(n: Any, m: Any, theta: Any, phi: Any, y: Any) -> Any:
    by_theta = _ladder(
        n, m, theta, phi, lambda order: call(special.sph_harm_y, n, order, theta, phi)
    )
    return None, None, as_(by_theta, y), 1j * m * y


def sph_harm(m: Any, n: Any, theta: Any, phi: Any, y: Any) -> Any:
    m, n = whole(m), whole(n)
    by_phi = _ladder(n, m, phi, theta, lambda order: call(special.sph_harm, order, n, theta, phi))
    return None, None, 1j * m * y, as_(by_phi, y)


for _function in having(special, "sph_harm_y"):  # since SciPy 1.15
    elementwise(_function, without=without("n m", WHOLE), signature=FOUR)(sph_harm_y)
for _function in having(special, "sph_harm"):  # until SciPy 1.16
    elementwise(_function, without=without("n m", WHOLE))(sph_harm)


# Logistic functions, logarithms of sums, entropies.


@elementwise(special.expit)
def expit(x: Any, y: Any) -> Any:
    return y * (1 - y)


@elementwise(*having(special, "log_expit"))
def log_expit(x: Any, y: Any) -> Any:
    return special.expit(-x)


@elementwise(*having(special, "softplus"), signature=ONE)
def softplus(x: Any, y: Any) -> Any:
    return np.exp(x - y)


@elementwise(special.logit)
def logit(x: Any, y: Any) -> Any:
    return 1 / (x * (1 - x))


def _logsumexp(
    a: Any, b: Any, *, axis: Any = None, keepdims: Any = False, return_sign: Any = False
) -> Any:
    largest = np.max(a, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0)
    terms = np.exp(a - largest) if b is None else b * np.exp(a - largest)
    total = np.sum(terms, axis=axis, keepdims=keepdims)
    shift = largest if keepdims else np.squeeze(largest, axis=axis)
    if return_sign:
        return np.log(np.abs(total)) + shift, np.sign(total)
    return np.log(total) + shift


@primitive(
    special.logsumexp, definition=_logsumexp, over_axes="one", broadcasts=True, memory="fresh"
)
class LogSumExp:
    """The terms exp(a) of the sum by the sum, by the result: where a is -inf that is 0. The sign of the sum is constant."""

    @staticmethod
    def _weights(a: Any, b: Any, y: Any, axis: Any, keepdims: Any, return_sign: Any) -> Any:
        if b is not None and rank(b) > rank(a):
            raise NotImplementedError("`b` has more axes than `a`; broadcast `a` to its shape")
        if return_sign and may_be_complex((a, b)):
            raise NotImplementedError("the sign of a complex sum is its phase, which varies")
        value, sign = y if return_sign else (y, None)
        weights = np.exp(a - restore(value, a, axis, keepdims))
        return weights if sign is None else restore(sign, a, axis, keepdims) * weights

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        b: Any,
        y: Any,
        *,
        axis: Any = None,
        keepdims: Any = False,
        return_sign: Any = False,
    ) -> Any:
        weights = LogSumExp._weights(a, b, y, axis, keepdims, return_sign)
        weights = restore(y_bar[0] if return_sign else y_bar, a, axis, keepdims) * weights
        if b is None:
            return weights, None
        a_bar = b * weights
        return a_bar, spread(weights, a_bar)

    @staticmethod
    def pushforward(
        a_dot: Any,
        b_dot: Any,
        a: Any,
        b: Any,
        y: Any,
        *,
        axis: Any = None,
        keepdims: Any = False,
        return_sign: Any = False,
    ) -> Any:
        weights = LogSumExp._weights(a, b, y, axis, keepdims, return_sign)
        total = 0 if a_dot is None else a_dot * weights if b is None else b * a_dot * weights
        if b_dot is not None:
            total = total + b_dot * weights
        y_dot = np.sum(total, axis=axis, keepdims=keepdims)
        return (y_dot, None) if return_sign else y_dot


def _softmax(x: Any, *, axis: Any = None) -> Any:
    terms = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return terms / np.sum(terms, axis=axis, keepdims=True)


@primitive(
    special.softmax, definition=_softmax, over_axes="any", on_complex="refuse", memory="fresh"
)
class Softmax:
    """The derivative diag(y) - y y^T is symmetric."""

    @staticmethod
    def pullback(y_bar: Any, x: Any, y: Any, *, axis: Any = None) -> Any:
        scaled = y * y_bar
        return scaled - y * np.sum(scaled, axis=axis, keepdims=True)

    @staticmethod
    def pushforward(x_dot: Any, x: Any, y: Any, *, axis: Any = None) -> Any:
        return Softmax.pullback(x_dot, x, y, axis=axis)


def _log_softmax(x: Any, *, axis: Any = None) -> Any:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


@primitive(
    special.log_softmax,
    definition=_log_softmax,
    over_axes="any",
    on_complex="refuse",
    memory="fresh",
)
class LogSoftmax:
    @staticmethod
    def pullback(y_bar: Any, x: Any, y: Any, *, axis: Any = None) -> Any:
        return y_bar - np.exp(y) * np.sum(y_bar, axis=axis, keepdims=True)

    @staticmethod
    def pushforward(x_dot: Any, x: Any, y: Any, *, axis: Any = None) -> Any:
        return x_dot - np.sum(np.exp(y) * x_dot, axis=axis, keepdims=True)


@elementwise(special.xlogy)
def xlogy(x1: Any, x2: Any, y: Any) -> Any:
    """0 by x2 where both are 0."""
    return log(x2), x1 / _unless_both(x1, x2, x2)


@elementwise(special.xlog1py)
def xlog1py(x1: Any, x2: Any, y: Any) -> Any:
    return log1p_(x2), x1 / _unless_both(x1, x2 + 1, x2 + 1)


def _unless_both(x1: Any, x2: Any, value: Any) -> Any:
    """The value, or 1 where both operands are 0."""
    if (is_literal(x1) and x1) or (is_literal(x2) and x2):
        return value
    return np.where((x1 == 0) & (x2 == 0), 1, value)


@elementwise(special.entr)
def entr(x: Any, y: Any) -> Any:
    return -np.log(x) - 1


@elementwise(special.rel_entr)
def rel_entr(x1: Any, x2: Any, y: Any) -> Any:
    return np.log(x1 / x2) + 1, -x1 / _unless_both(x1, x2, x2)


@elementwise(special.kl_div)
def kl_div(x1: Any, x2: Any, y: Any) -> Any:
    return np.log(x1 / x2), 1 - x1 / _unless_both(x1, x2, x2)


@elementwise(special.huber)
def huber(delta: Any, r: Any, y: Any) -> Any:
    return np.maximum(absolute(r) - delta, 0), np.clip(r, -delta, delta)


@elementwise(special.pseudo_huber)
def pseudo_huber(delta: Any, r: Any, y: Any) -> Any:
    root = np.hypot(delta, r)
    return (root - delta) ** 2 / root, delta * r / root


# Elementary functions. exprel is M(1, 2, x) (DLMF 13.6.2), so its derivatives do not cancel at 0.


@elementwise(special.cbrt)
def cbrt(x: Any, y: Any) -> Any:
    return 1 / (3 * y**2)


@elementwise(special.exp2)
def exp2(x: Any, y: Any) -> Any:
    return math.log(2) * y


@elementwise(special.exp10)
def exp10(x: Any, y: Any) -> Any:
    return math.log(10) * y


@elementwise(special.expm1)
def expm1(x: Any, y: Any) -> Any:
    return y + 1


@elementwise(special.log1p)
def log1p(x: Any, y: Any) -> Any:
    return 1 / (1 + x)


@elementwise(special.cosm1)
def cosm1(x: Any, y: Any) -> Any:
    return -np.sin(x)


@elementwise(special.exprel)
def exprel(x: Any, y: Any) -> Any:
    return special.hyp1f1(2, 3, x) / 2


@elementwise(*having(special, "powm1"))
def powm1(x1: Any, x2: Any, y: Any) -> Any:
    return power(x1, x2, y + 1)


@elementwise(special.radian)
def radian(d: Any, m: Any, s: Any, y: Any) -> Any:
    return math.pi / 180, math.pi / 180 / 60, math.pi / 180 / 3600


@elementwise(special.sindg)
def sindg(x: Any, y: Any) -> Any:
    return math.pi / 180 * special.cosdg(x)


@elementwise(special.cosdg)
def cosdg(x: Any, y: Any) -> Any:
    return -math.pi / 180 * special.sindg(x)


@elementwise(special.tandg)
def tandg(x: Any, y: Any) -> Any:
    return math.pi / 180 * (1 + y**2)


@elementwise(special.cotdg)
def cotdg(x: Any, y: Any) -> Any:
    return -math.pi / 180 * (1 + y**2)


@elementwise(special.diric, signature=ONE)
def diric(x: Any, y: Any, *, n: Any) -> Any:
    """diric is U(n - 1, cos(x / 2)) / n, whose derivative is a Gegenbauer polynomial: no 0 / 0 at multiples of 2 pi."""
    half = x / 2
    by_x = -np.sin(half) * special.eval_gegenbauer(n - 2, 2, np.cos(half)) / n
    return lowered(n - 1, by_x)


def _boxcox_by_lmbda(log_x: Any, lmbda: Any) -> Any:
    """The derivative of (x**lmbda - 1) / lmbda by lmbda: log(x) * exprel(lmbda * log(x)) differentiated."""
    return log_x**2 * special.hyp1f1(2, 3, lmbda * log_x) / 2


@elementwise(special.boxcox)
def boxcox(x: Any, lmbda: Any, y: Any) -> Any:
    return x ** (lmbda - 1), _boxcox_by_lmbda(log(x), lmbda)


@elementwise(special.boxcox1p)
def boxcox1p(x: Any, lmbda: Any, y: Any) -> Any:
    return (1 + x) ** (lmbda - 1), _boxcox_by_lmbda(log1p_(x), lmbda)


@elementwise(special.inv_boxcox)
def inv_boxcox(x: Any, lmbda: Any, y: Any) -> Any:
    slope = y ** (1 - lmbda)
    return slope, -slope * _boxcox_by_lmbda(np.log(y), lmbda)


@elementwise(special.inv_boxcox1p)
def inv_boxcox1p(x: Any, lmbda: Any, y: Any) -> Any:
    slope = (1 + y) ** (1 - lmbda)
    return slope, -slope * _boxcox_by_lmbda(np.log1p(y), lmbda)


@elementwise(special.lambertw, signature=ONE)
def lambertw(z: Any, y: Any, *, k: Any = 0, tol: Any = 1e-8) -> Any:
    """y / (z * (1 + y)), of which this is the form without 0 / 0 at z = 0 (DLMF 4.13.4)."""
    return 1 / (z + np.exp(y))


@elementwise(special.wrightomega)
def wrightomega(z: Any, y: Any) -> Any:
    return y / (1 + y)


@elementwise(special.wright_bessel, without=without("a b"))
def wright_bessel(a: Any, b: Any, x: Any, y: Any) -> Any:
    return None, None, special.wright_bessel(a, b + a, x)


@elementwise(*having(special, "log_wright_bessel"), without=without("a b"))
def log_wright_bessel(a: Any, b: Any, x: Any, y: Any) -> Any:
    return None, None, np.exp(special.log_wright_bessel(a, b + a, x) - y)


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


# Distributions: densities are the derivatives of distribution functions, and quantiles have the reciprocal.


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
    left, right = (_boxcox_by_lmbda(log, lmbda) for log in (np.log(p), np.log1p(-p)))
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


# What has no derivative, and what has none here.

constant(
    special.gammasgn,
    special.round,
    reason="a step function: its derivative is zero wherever it exists",
)
constant(
    *having(
        special,
        "ai_zeros bi_zeros bei_zeros beip_zeros ber_zeros berp_zeros kei_zeros keip_zeros ker_zeros kerp_zeros "
        "kelvin_zeros erf_zeros fresnel_zeros fresnelc_zeros fresnels_zeros y0_zeros y1_zeros y1p_zeros "
        "jn_zeros jnp_zeros yn_zeros ynp_zeros jnyn_zeros jnjnp_zeros",
    ),
    reason="a table of zeros, of whole orders and so many of them",
)
SEVERAL.update(each for name, each in vars(special).items() if name.startswith("roots_"))
constant(
    *having(
        special,
        "roots_legendre roots_chebyt roots_chebyu roots_chebyc roots_chebys roots_laguerre roots_hermite "
        "roots_hermitenorm roots_sh_legendre roots_sh_chebyt roots_sh_chebyu",
    ),
    reason="nodes and weights of so many points",
)
constant(*having(special, "bernoulli euler stirling2"), reason="a function of whole numbers")


# What counts: of whole numbers, and no derivative is made up for what it is between them.
COUNTS = "it counts; {} has a derivative"


@elementwise(
    special.comb, without=without("N k", COUNTS.format("special.binom(N, k)")), signature=TWO
)
def comb(N: Any, k: Any, y: Any, *, exact: Any = False, repetition: Any = False) -> Any:
    return None, None


@elementwise(
    special.perm, without=without("N k", COUNTS.format("special.poch(N - k + 1, k)")), signature=TWO
)
def perm(N: Any, k: Any, y: Any, *, exact: Any = False) -> Any:
    return None, None


@elementwise(
    *having(special, "factorial factorial2"),
    without=without("n", COUNTS.format("special.gamma(n + 1)")),
    signature=ONE,
)
def factorial(n: Any, y: Any, *, exact: Any = False, extend: Any = "zero") -> Any:
    return None


@elementwise(
    special.factorialk, without=without("n k", COUNTS.format("special.gamma(n + 1)")), signature=TWO
)
def factorialk(n: Any, k: Any, y: Any, *, exact: Any = False, extend: Any = "zero") -> Any:
    return None, None


refused(
    *having(
        special,
        "roots_jacobi roots_genlaguerre roots_gegenbauer roots_sh_jacobi",
    ),
    reason="its nodes and weights vary with its parameters, and no function of scipy.special gives how",
    rewrite="Give constant parameters.",
)
refused(
    *having(
        special,
        "legendre chebyt chebyu chebyc chebys jacobi laguerre genlaguerre hermite hermitenorm gegenbauer sh_legendre "
        "sh_chebyt sh_chebyu sh_jacobi",
    ),
    reason="it makes a polynomial, not a number",
    rewrite="Use special.eval_legendre(n, x), or the function of that form for another family.",
)
refused(
    special.zetac,
    reason="the derivative of Riemann's zeta function is no function of scipy.special",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(special, "modfresnelp modfresnelm"),
    reason="SciPy's values for negative numbers are not those of the function",
    rewrite="Use special.fresnel, or special.wofz.",
)
refused(
    special.itairy,
    reason="SciPy's values are off by up to 2 below x = 9.25, so that the derivative would not be theirs",
    rewrite="Integrate special.airy with a quadrature.",
)
refused(
    special.chndtrinc,
    special.ncfdtrinc,
    reason="it is searched for to a few digits, and cut off where there is none",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(special, "kolmogorov kolmogi smirnov smirnovi"),
    reason="its density is no function of scipy.special",
    rewrite="Sum the series of the density, or give constant arguments.",
)
refused(
    *having(
        special,
        "bdtrik bdtrin nbdtrik nbdtrin pdtrik btdtria btdtrib chdtriv gdtrib fdtridfd stdtridf chndtridf nctdtridf "
        "nctdtrinc ncfdtridfd ncfdtridfn",
    ),
    reason="it solves for a parameter, and by parameters there is no derivative in terms of scipy.special",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(special, "pro_cv_seq obl_cv_seq"),
    reason="characteristic values have no derivative by `c` in terms of scipy.special",
    rewrite="Give a constant `c`.",
)
refused(
    *having(special, "mathieu_even_coef mathieu_odd_coef"),
    reason="the coefficients have no derivative by `q` in terms of scipy.special",
    rewrite="Give a constant `q`.",
)
refused(
    *having(special, "pro_ang1_cv pro_rad1_cv obl_ang1_cv obl_rad1_cv"),
    reason="it is a spheroidal function for one value of `cv` alone",
    rewrite="Use the function without `_cv`, which finds that value.",
)
refused(
    *having(special, "pro_rad2 pro_rad2_cv obl_rad2 obl_rad2_cv"),
    reason="its second result is the derivative by `x` to a few digits only, so that no other can be made of it",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(special, "ellip_harm ellip_harm_2 ellip_normal"),
    reason="no function of scipy.special is its derivative",
    rewrite="Hold its value constant with srcad.stop_gradient.",
)
refused(
    *having(
        special, "lmbda lpmn lpn lqmn lqn clpmn pbdn_seq pbdv_seq pbvv_seq riccati_jn riccati_yn"
    ),
    reason="it gives the functions of all orders to one of a number",
    rewrite="Use the function of one order: special.jv, special.lpmv, special.pbdv, special.spherical_jn.",
)
refused(
    *having(
        special,
        "legendre_p legendre_p_all assoc_legendre_p assoc_legendre_p_all sph_legendre_p sph_legendre_p_all "
        "sph_harm_y_all",
    ),
    reason="it gives derivatives on demand (`diff_n`), and all orders at once",
    rewrite="Use special.eval_legendre, special.lpmv or special.sph_harm_y.",
)
refused(
    *having(special, "geterr seterr errstate"),
    reason="it changes how errors are told, outside the function",
    rewrite="Call it outside the function.",
)
