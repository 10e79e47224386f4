"""Derivatives at kinks, ties and boundaries: one table, from which `docs/kinks.md` is written and every value is tested."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["KINKS", "Kink"]

inf, nan = np.inf, np.nan


class Kink(NamedTuple):
    """The derivative of (the sum of) an expression by its arguments, at a point.

    `peers` are what torch and JAX give for it, where they have the function: "" if the same. `smooth` says that the second
    derivative is finite too.
    """

    call: str
    at: dict[str, Any]
    gives: tuple[Any, ...]
    why: str
    torch: str = "same"
    jax: str = "same"
    smooth: bool = True


# Sections of the page.
KINKS: dict[str, list[Kink]] = {}


def section(title: str, *kinks: Kink) -> None:
    KINKS[title] = list(kinks)


def at(**values: Any) -> dict[str, Any]:
    """Arguments: lists are arrays."""
    return {k: np.array(v, float) if isinstance(v, list) else v for k, v in values.items()}


FLAT, EVEN = "the middle of the subgradients", "ties share evenly, so that the sum of shares is 1"
ZERO = "0 is a subgradient: the point is a minimum"
STEP = "a step: zero wherever there is a derivative"
INF = "the limit of the slopes: it is infinite"

section(
    "Absolute values, signs and steps",
    Kink("np.abs(x)", at(x=[0.0]), ([0.0],), FLAT, jax="[1]"),
    Kink("np.abs(x) ** 3", at(x=[0.0]), ([0.0],), "smooth there"),
    Kink("np.sign(x)", at(x=[0.0, 1.0]), ([0.0, 0.0],), STEP),
    Kink(
        "np.floor(x) + np.ceil(x) + np.rint(x) + np.trunc(x)", at(x=[1.0, 0.5]), ([0.0, 0.0],), STEP
    ),
    Kink(
        "np.copysign(x, y)",
        at(x=[0.0], y=[1.0]),
        ([0.0], [0.0]),
        "as `abs`; a step in y",
        jax="[1]; [0]",
    ),
    Kink(
        "np.heaviside(x, y)",
        at(x=[0.0, 1.0], y=[0.5, 0.5]),
        ([0.0, 0.0], [1.0, 0.0]),
        "a step in x; at 0 the value is y",
        torch="none",
    ),
    Kink(
        "np.remainder(x, y)",
        at(x=[3.0], y=[1.5]),
        ([1.0], [-2.0]),
        "the slope from the right: `x - 2 * y`",
    ),
    Kink("np.fmod(x, y)", at(x=[3.0], y=[1.5]), ([1.0], [-2.0]), "as np.remainder"),
    Kink(
        "np.nan_to_num(x)", at(x=[nan, 1.0, inf]), ([0.0, 1.0, 0.0],), "constant where it replaces"
    ),
)

section(
    "Extremes and ties",
    Kink("np.maximum(x, y)", at(x=[1.0], y=[1.0]), ([0.5], [0.5]), EVEN),
    Kink("np.minimum(x, y)", at(x=[1.0], y=[1.0]), ([0.5], [0.5]), EVEN),
    Kink("np.maximum(x, 0)", at(x=[0.0]), ([0.5],), "as for two operands"),
    Kink(
        "np.fmax(x, y)",
        at(x=[1.0, nan, 2.0], y=[1.0, 3.0, nan]),
        ([0.5, 0.0, 1.0], [0.5, 1.0, 0.0]),
        "ties share; a NaN has no share",
        torch="[1, 0, 1]; [0, 1, 0]",
        jax="[0, 0, 1]; [1, 1, 0]",
    ),
    Kink(
        "np.fmin(x, y)",
        at(x=[1.0, nan, 2.0], y=[1.0, 3.0, nan]),
        ([0.5, 0.0, 1.0], [0.5, 1.0, 0.0]),
        "ties share; a NaN has no share",
        torch="[1, 0, 1]; [0, 1, 0]",
        jax="[0, 0, 1]; [1, 1, 0]",
    ),
    Kink("np.max(x)", at(x=[1.0, 3.0, 3.0]), ([0.0, 0.5, 0.5],), EVEN),
    Kink("np.min(x)", at(x=[1.0, 1.0, 3.0]), ([0.5, 0.5, 0.0],), EVEN),
    Kink("max(x, y)", at(x=2.0, y=2.0), (0.5, 0.5), EVEN),
    Kink(
        "np.clip(x, 0.0, 1.0)",
        at(x=[-1.0, 0.0, 0.5, 1.0, 2.0]),
        ([0.0, 1.0, 1.0, 1.0, 0.0],),
        "the bounds belong to the range",
        jax="[0, 0.5, 1, 0.5, 0]",
    ),
    Kink(
        "np.clip(x, y, 1.0)",
        at(x=[0.0, -1.0], y=[0.0, 0.0]),
        ([1.0, 0.0], [0.0, 1.0]),
        "at a bound, all of it goes to x",
        jax="[0.5, 0]; [0.5, 1]",
    ),
    Kink(
        "np.sort(x) * np.arange(3.0)",
        at(x=[2.0, 1.0, 1.0]),
        ([2.0, 0.0, 1.0],),
        "by the permutation that np.argsort gives",
    ),
    Kink(
        "np.median(x)",
        at(x=[1.0, 1.0, 3.0]),
        ([0.0, 1.0, 0.0],),
        "the elements that stand in the middle once sorted",
        torch="[0.5, 0.5, 0]",
    ),
    Kink("np.ptp(x)", at(x=[1.0, 3.0, 3.0]), ([-1.0, 0.5, 0.5],), "as np.max less np.min"),
)

section(
    "Roots and norms",
    Kink("np.sqrt(x)", at(x=[0.0]), ([inf],), INF, smooth=False),
    Kink("np.cbrt(x)", at(x=[0.0]), ([inf],), INF, smooth=False, torch="none"),
    Kink("np.linalg.norm(x)", at(x=[0.0, 0.0]), ([0.0, 0.0],), ZERO, jax="[NaN, NaN]"),
    Kink(
        "np.linalg.norm(x, axis=1)",
        at(x=[[0.0, 0.0], [3.0, 4.0]]),
        ([[0.0, 0.0], [0.6, 0.8]],),
        ZERO,
        jax="[[NaN, NaN], [0.6, 0.8]]",
    ),
    Kink("np.std(x)", at(x=[2.0, 2.0]), ([0.0, 0.0],), ZERO, jax="[NaN, NaN]"),
    Kink("np.var(x)", at(x=[2.0, 2.0]), ([0.0, 0.0],), "smooth there"),
    Kink(
        "np.hypot(x, y)",
        at(x=[0.0], y=[0.0]),
        ([0.0], [0.0]),
        ZERO,
        torch="[NaN]; [NaN]",
        jax="[0.5]; [0.5]",
    ),
    Kink(
        "np.sqrt(x**2 + y**2)",
        at(x=[0.0], y=[0.0]),
        ([nan], [nan]),
        "infinity times zero: write np.hypot",
        smooth=False,
    ),
    Kink(
        "np.arctan2(x, y)",
        at(x=[0.0], y=[0.0]),
        ([nan], [nan]),
        "it takes every value around there",
        smooth=False,
        torch="[0]; [0]",
    ),
)

section(
    "Powers",
    Kink("x**2", at(x=[0.0]), ([0.0],), "smooth there"),
    Kink("x**0", at(x=[0.0]), ([0.0],), "x ** 0 is 1 for every x"),
    Kink("x**1", at(x=[0.0]), ([1.0],), "smooth there"),
    Kink("x**1.5", at(x=[0.0]), ([0.0],), "smooth there, once", smooth=False),
    Kink("x**0.5", at(x=[0.0]), ([inf],), INF, smooth=False),
    Kink("x**-1.0", at(x=[0.0]), ([-inf],), INF, smooth=False),
    Kink(
        "x**y",
        at(x=[0.0, 0.0, 0.0], y=[0.0, 1.0, 2.0]),
        ([0.0, 1.0, 0.0], [0.0, 0.0, 0.0]),
        "in y, 0 ** y is 0 for all y > 0",
        jax="[NaN, 1, 0]; [0, 0, 0]",
    ),
    Kink(
        "x**y",
        at(x=[-2.0], y=[3.0]),
        ([12.0], [nan]),
        "it is no number for other y nearby",
        smooth=False,
    ),
    Kink("np.prod(x)", at(x=[2.0, 0.0, 3.0]), ([0.0, 6.0, 0.0],), "the product of the others"),
    Kink("np.prod(x)", at(x=[2.0, 0.0, 0.0]), ([0.0, 0.0, 0.0],), "the product of the others"),
    Kink("np.cumprod(x)", at(x=[2.0, 0.0, 3.0]), ([1.0, 8.0, 0.0],), "the products of the others"),
    Kink("np.sinc(x)", at(x=[0.0]), ([0.0],), "smooth there"),
)

section(
    "Poles and boundaries",
    Kink("np.log(x)", at(x=[0.0]), ([inf],), INF, smooth=False),
    Kink("1 / x", at(x=[0.0]), ([-inf],), INF, smooth=False),
    Kink("x / y", at(x=[1.0], y=[0.0]), ([inf], [-inf]), INF, smooth=False),
    Kink("np.arcsin(x)", at(x=[-1.0, 1.0]), ([inf, inf],), INF, smooth=False),
    Kink("np.arccos(x)", at(x=[1.0]), ([-inf],), INF, smooth=False),
    Kink("np.arccosh(x)", at(x=[1.0]), ([inf],), INF, smooth=False),
    Kink("np.arctanh(x)", at(x=[1.0]), ([inf],), INF, smooth=False),
    Kink("np.log1p(x)", at(x=[-1.0]), ([inf],), INF, smooth=False),
    Kink(
        "np.logaddexp(x, y)",
        at(x=[-inf, -inf], y=[-inf, 0.0]),
        ([0.5, 0.0], [0.5, 1.0]),
        "two operands that are equal share evenly",
        torch="[NaN, 0]; [NaN, 1]",
        jax="[NaN, 0]; [NaN, 1]",
    ),
)

section(
    "What a selection passes by",
    Kink(
        "np.where(x > 0, np.log(x), 0.0)",
        at(x=[0.0, 2.0]),
        ([0.0, 0.5],),
        "the dead side is masked, not multiplied by zero",
        torch="[NaN, 0.5]",
        jax="[NaN, 0.5]",
    ),
    Kink(
        "np.where(x > 0, np.sqrt(x), 0.0)",
        at(x=[0.0, -1.0, 4.0]),
        ([0.0, 0.0, 0.25],),
        "as before",
        torch="[NaN, NaN, 0.25]",
        jax="[NaN, NaN, 0.25]",
    ),
    Kink(
        "np.where(y == 0, 0.0, x / y)",
        at(x=[1.0, 1.0], y=[0.0, 2.0]),
        ([0.0, 0.5], [0.0, -0.25]),
        "as before",
        torch="[NaN, 0.5]; [NaN, -0.25]",
        jax="[NaN, 0.5]; [NaN, -0.25]",
    ),
    Kink(
        "np.where(np.isnan(x), 0.0, x * y)",
        at(x=[nan, 2.0], y=[3.0, 4.0]),
        ([0.0, 4.0], [0.0, 2.0]),
        "as before",
        torch="[0, 4]; [NaN, 2]",
        jax="[0, 4]; [NaN, 2]",
    ),
    Kink(
        "np.maximum(np.sqrt(x), 1.0)",
        at(x=[0.0, 4.0]),
        ([0.0, 0.25],),
        "as before",
        torch="[NaN, 0.25]",
        jax="[NaN, 0.25]",
    ),
    Kink(
        "np.clip(np.log(x), -1.0, 1.0)",
        at(x=[0.0, 1.0]),
        ([0.0, 1.0],),
        "as before",
        torch="[NaN, 1]",
        jax="[NaN, 1]",
    ),
    Kink(
        "np.max(np.log(x))",
        at(x=[0.0, 2.0]),
        ([0.0, 0.5],),
        "as before",
        torch="[NaN, 0.5]",
        jax="[NaN, 0.5]",
    ),
)
