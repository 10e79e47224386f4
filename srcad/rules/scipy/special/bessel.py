"""Bessel functions in the argument (DLMF 10.6, 10.29, 10.51, 11.4), and Kelvin's."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from srcad.core.quote import call
from srcad.rules.families import elementwise
from srcad.rules.scipy import having
from srcad.rules.scipy.special.tools import ROOT_PI, TWO, as_, below, rgamma_, whole, without

__all__: list[str] = []

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
