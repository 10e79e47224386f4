"""Functions of several results: of x a tuple, the derivative of each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from srcad.core.quote import call, may_be_complex
from srcad.core.results import SEVERAL
from srcad.rules.families import elementwise
from srcad.rules.scipy import having
from srcad.rules.scipy.special.elliptic import ellipkinc
from srcad.rules.scipy.special.tools import (
    FOUR,
    ROOT_PI,
    WHOLE,
    as_,
    is_literal,
    literal,
    sqrt,
    whole,
    without,
)

__all__: list[str] = []

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
