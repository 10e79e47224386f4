"""scipy.integrate: of samples by rules of quadrature, which are sums with weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import integrate

from srcad.core.quote import call, rank, sizes
from srcad.rules.derived import derived
from srcad.rules.families import constant, linear
from srcad.rules.linear import known, restore
from srcad.rules.refused import refused
from srcad.rules.scipy import having
from srcad.rules.solvers import solver

__all__: list[str] = []


def _last(y: Any, axis: Any) -> Any:
    """`y` with an axis as the last one."""
    return y if known(axis, "the axis") in (-1, rank(y) - 1) else np.moveaxis(y, axis, -1)


def _back(y: Any, axis: Any, like: Any) -> Any:
    return y if axis in (-1, rank(like) - 1) else np.moveaxis(y, -1, axis)


def _points(x: Any, axis: Any) -> Any:
    return x if rank(x) == 1 else _last(x, axis)


def _pieces(y: Any, x: Any, dx: Any, axis: Any) -> Any:
    """What each interval has, along the last axis."""
    turned = _last(y, axis)
    mean = (turned[..., 1:] + turned[..., :-1]) / 2
    if x is not None:
        return np.diff(_points(x, axis)) * mean
    return mean if dx is None else dx * mean


@derived(integrate.trapezoid, memory="fresh")
def trapezoid(y: Any, x: Any = None, dx: Any = None, *, axis: Any = -1) -> Any:
    return np.sum(_pieces(y, x, dx, axis), axis=-1)


@derived(integrate.cumulative_trapezoid, memory="fresh")
def cumulative_trapezoid(
    y: Any, x: Any = None, dx: Any = None, *, axis: Any = -1, initial: Any = None
) -> Any:
    if initial not in (None, 0):
        raise NotImplementedError("`initial` is 0 or None")
    made = np.cumsum(_pieces(y, x, dx, axis), axis=-1)
    if initial is not None:
        made = np.concatenate((np.zeros_like(_last(y, axis)[..., :1]), made), axis=-1)
    return _back(made, axis, y)


@derived(integrate.simpson, memory="fresh")
def simpson(y: Any, x: Any = None, dx: Any = None, *, axis: Any = -1) -> Any:
    """Pairs of intervals; of an odd number of them the last by the parabola through the last three points (Cartwright 2017)."""
    f = _last(y, axis)
    known_sizes = sizes(y)
    if known_sizes is not None and known_sizes[axis] in (1, 2):
        return trapezoid(y, x, dx, axis=axis)
    count = np.shape(y)[axis]
    odd = count % 2
    stop = count - 3 + odd
    first, middle, last = f[..., :stop:2], f[..., 1 : stop + 1 : 2], f[..., 2 : stop + 2 : 2]
    if x is None:
        total = np.sum(first + 4 * middle + last, axis=-1) / 3
        rest = (5 * f[..., -1] + 8 * f[..., -2] - f[..., -3]) / 12
        found = total + (1 - odd) * rest
        return found if dx is None else dx * found
    h = np.diff(_points(x, axis))
    before, after = h[..., :stop:2], h[..., 1 : stop + 1 : 2]
    width, ratio = before + after, before / after
    inner = (
        first * (2 - 1 / ratio) + middle * (width * width / (before * after)) + last * (2 - ratio)
    )
    a, b = h[..., -2], h[..., -1]
    rest = f[..., -1] * (2 * b**2 + 3 * a * b) / (6 * (a + b))
    rest = rest + f[..., -2] * (b**2 + 3 * a * b) / (6 * a)
    rest = rest - f[..., -3] * b**3 / (6 * a * (a + b))
    return np.sum(width / 6 * inner, axis=-1) + (1 - odd) * rest


@linear(integrate.romb, memory="fresh")
def romb(y_bar: Any, y: Any, *, dx: Any = 1.0, axis: Any = -1) -> Any:
    """The weights are what it makes of the unit vectors: there are some hundred samples at most."""
    count = np.shape(y)[axis]
    weights = call(integrate.romb, call(np.eye, count), **({} if dx == 1.0 else {"dx": dx}))
    behind = -1 - axis if axis < 0 else rank(y) - 1 - axis
    return restore(y_bar, y, axis, False) * (
        weights[(slice(None), *(None,) * behind)] if behind else weights
    )


refused(
    *having(
        integrate,
        "quad quad_vec dblquad tplquad nquad fixed_quad quadrature romberg cubature qmc_quad nsum tanhsinh",
    ),
    reason="it calls a function as often as it likes",
    rewrite="Sum over fixed nodes: `x, w = scipy.special.roots_legendre(n)` outside, and `np.sum(w * f(x))` inside.",
)
refused(
    *having(integrate, "cumulative_simpson"),
    reason="its weights depend on where a sample stands",
    rewrite="Use scipy.integrate.cumulative_trapezoid, or a cumsum over samples of its own weights.",
)

refused(
    *having(
        integrate,
        "odeint ode complex_ode solve_bvp RK23 RK45 DOP853 Radau BDF LSODA OdeSolver DenseOutput OdeSolution",
    ),
    reason="its steps depend on what it meets on the way",
    rewrite="Call scipy.integrate.solve_ivp with one of its explicit methods; or write the steps as a loop.",
)
_IMPLICIT = ("it is for implicit methods", "Leave it out: an explicit method does not use it.")
solver(
    integrate.solve_ivp,
    finds="steps",
    function="fun",
    attribute="y",
    start="y0",
    first=("t_span", "y0"),
    refused={
        "events": (
            "when an event happens depends on what happens before",
            "Find its time with scipy.optimize.brentq, of the solution at t_eval.",
        ),
        "dense_output": ("functions are no results here", "Name the times: t_eval=."),
        "vectorized": (
            "the function is then called with columns",
            "Leave it out: explicit methods gain nothing.",
        ),
        **dict.fromkeys(("jac", "jac_sparsity", "lband", "uband", "min_step"), _IMPLICIT),
    },
)
constant(*having(integrate, "newton_cotes lebedev_rule"), reason="it depends on a size alone")
