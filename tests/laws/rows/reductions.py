"""Rows of reductions, what accumulates along an axis, and order, with all their options."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from tests.laws.cases import (
    POSITIVE,
    REAL,
    REGISTERED,
    add,
    apart,
    arrays,
    draw,
    label,
    rng_of,
    rows,
    sizes,
)

SUMS = [np.sum, np.mean, np.prod, np.var, np.std]
EXTREMES = [np.max, np.min]
AXES: list[Any] = [None, 0, 1, -1, (0, 1), (-1, 0), (-1,), np.int64(1)]
DEEP: list[Any] = [1, -2, (0, 2), (2, 0), (0, 1, 2)]


def word(axis: Any) -> str:
    return (repr(axis) if isinstance(axis, np.integer) else str(axis)).replace(" ", "")


def mask(shape: Any) -> Any:
    """A mask that keeps two elements or more of each row and column, where there are as many."""
    made = rng_of("mask", shape).uniform(size=shape) < 0.5
    made[..., :2] = True
    return made


# Reductions: axes, kept or not.

for function in [*SUMS, *EXTREMES]:
    make = apart(0) if function in EXTREMES else REAL
    many = function in (np.var, np.std)
    for axis in AXES:
        shapes = sizes("2x3" if many else "2x3 1x3 2x1")
        if axis in (None, 0, (-1,)):
            shapes += sizes("4" if many else "4 1")
        rows(function, shapes, make, tag=f"axis{word(axis)}", axis=axis)
        rows(function, "2x3", make, tag=f"axis{word(axis)}-kept", axis=axis, keepdims=True)
    for axis in DEEP:
        rows(function, "2x3x4" if many else "2x3x4 1x3x1", make, tag=f"axis{word(axis)}", axis=axis)
        rows(function, "2x3x4", make, tag=f"axis{word(axis)}-kept", axis=axis, keepdims=True)
rows([np.amax, np.amin], "2x3 1", apart(0), axis=0)
rows([np.sum, np.prod], "0 2x0 0d scalar", REAL)
rows(np.mean, "0d scalar", REAL)
rows([np.max, np.min], "0d scalar", apart(0))
rows([np.sum, np.prod], "2x0 0x3", REAL, tag="axis", axis=1)
rows([np.max, np.min], "2x0x3 0x2", apart(0), tag="empty", axis=-1)
rows([np.sum, np.mean, np.prod], "2x3", REAL, tag="none", axis=())
rows(np.var, "1 2x0", REAL, tag="ones", axis=0)
rows(builtins.sum, "3 2x3 1x3", REAL)
for zeros in ([1.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [0.0]):
    for function in (np.prod, np.cumprod):
        add(function, f"zeros{word(zeros)}", np.array(zeros))
add(np.prod, "zeros-axes", np.array([[0.0, 1.5], [2.0, 0.0]]), axis=(0, 1))

# Reductions: masks, what they begin with, dtypes.

for shape, axis in [
    ((4,), None),
    ((3, 4), 1),
    ((3, 4), (0, 1)),
    ((2, 3, 4), (0, 2)),
    ((3, 4), None),
]:
    for function in SUMS:
        for keepdims in (False, True):
            tag = f"where-{label(shape)}-{word(axis)}-{keepdims}"
            (x,) = arrays(shape)
            add(function, tag, x, axis=axis, keepdims=keepdims, where=mask(shape))
    (x,) = arrays(shape, make=apart(0))
    for function, bound in ((np.max, -5.0), (np.min, 5.0)):
        add(
            function,
            f"where-{label(shape)}-{word(axis)}",
            x,
            axis=axis,
            where=mask(shape),
            initial=bound,
        )
for function in SUMS:  # a mask that is broadcast, and one of a single element
    (x,) = arrays((3, 4))
    add(function, "where-row", x, axis=1, where=np.array([True, False, True, True]))
    add(function, "where-column", x, axis=0, where=np.array([[True], [False], [True]]))
    add(function, "where-one", x, axis=1, where=np.array([True]))
for function in (np.sum, np.prod):
    for initial in (0.5, np.float64(1.5)):
        for axis in (None, 0, (0, 1)):
            (x,) = arrays((2, 3))
            tag = f"initial-{type(initial).__name__}-{word(axis)}"
            add(function, tag, x, axis=axis, initial=initial)
            add(function, tag + "-kept", x, axis=axis, initial=initial, keepdims=True)
            add(function, tag + "-where", x, axis=axis, initial=initial, where=mask((2, 3)))
    add(function, "initial-empty", np.zeros(0), initial=np.float64(1.5))
for function, sign in ((np.max, 1), (np.min, -1)):
    for initial in (-0.05, 0.07, 9.0):
        add(
            function,
            f"initial{initial}",
            np.array([[-0.4, 0.3], [-0.6, -0.2]]),
            axis=1,
            initial=np.float64(sign * initial),
        )
    add(function, "initial-empty", np.zeros((2, 0)), axis=1, initial=np.float64(1.5))
for function in SUMS:
    rows(function, "2x3", REAL, tag="dtype", axis=0, dtype=np.float64)
    (x,) = arrays((2, 3))
    add(function, "short", x, axis=0, dtype=np.float32, rounds=True)
for function in (np.var, np.std):
    for ddof in (1, 0.5):
        rows(function, "3x4 2x3", REAL, tag=f"ddof{ddof}", ddof=ddof, axis=-1)
    rows(function, "3x4", REAL, tag="ddof-where", ddof=1, axis=-1, where=mask((3, 4)))
    rows(function, "4 3x4", REAL, tag="correction", correction=1)
    (x,) = arrays((3, 4))
    add(function, "mean", x, axis=1, mean=np.mean(x, axis=1, keepdims=True))
    add(function, "another-mean", x, axis=1, mean=np.array([[0.1], [0.2], [-0.3]]), keepdims=True)
    add(function, "mean-of-all", x, mean=np.float64(0.3), ddof=1)
    m = mask((3, 4))
    given = np.mean(x, axis=1, keepdims=True, where=m)
    add(function, "mean-where", x, axis=1, mean=given, where=m)

# What accumulates along an axis.

for function in (np.cumsum, np.cumprod):
    rows(function, "3 2x3 2x1x3 1x2 0 2x0 0d scalar", REAL)
    for axis in (0, 1, -1, -2):
        rows(function, "2x3 1x3 2x1 0x3", REAL, tag=f"axis{axis}", axis=axis)
    rows(function, "2x3x2", REAL, tag="axis1", axis=1)
    rows(function, "2x3", REAL, tag="dtype", axis=1, dtype=np.float64)

# Order.

rows(np.sort, "0 1 2 5", apart(0))
rows(np.sort, "4", apart(0), tag="axis0", axis=0)
for axis in (0, 1, -1, -2, None):
    rows(np.sort, "3x4 1x3 3x1 0x3 2x0", apart(0), tag=f"axis{axis}", axis=axis)
for axis in (0, 1, 2, -2):
    rows(np.sort, "2x3x4", apart(0), tag=f"axis{axis}", axis=axis)
rows(np.sort, "5 2x3", apart(0), tag="stable", kind="stable")
rows(np.sort, "5 2x3", apart(0), tag="stably", stable=True)

# take_along_axis: what stands at places of an axis.

for shape, places, axis in [
    ((4,), [0, 2, 2], 0),
    ((4,), [3], -1),
    ((2, 3), [[0, 1, 1], [1, 1, 0], [0, 0, 0]], 0),
    ((2, 3), [[0], [2]], 1),
    ((2, 3), [[0, 2]], 1),
    ((2, 3), [[0, -1], [2, 2]], -1),
    ((1, 3), [[0, 2], [1, 1]], 1),
    ((2, 3, 2), [[[0, 1]], [[2, 2]]], 1),
    ((2, 3), [0, 5, 5], None),
    ((0, 3), np.zeros((0, 2), int), 1),
]:
    add(
        np.take_along_axis,
        f"{label(shape)}-axis{axis}-{np.shape(places)}",
        *arrays(shape),
        np.array(places),
        axis=axis,
    )

# Ufuncs, told how to compute.

for options in ({"dtype": np.float64}, {"casting": "same_kind"}, {"order": "F"}):
    rows(
        [np.add, np.divide, np.arctan2],
        "3,3 2x3,3 2x1,1x3",
        REAL,
        POSITIVE,
        tag=f"{[*options]}",
        **options,
    )
    rows([np.exp, np.negative], "3 2x3 0d", REAL, tag=f"{[*options]}", **options)
for function in (np.multiply, np.hypot):
    x, y = arrays((2, 3), (3,))
    add(function, "short", x, y, dtype=np.float32, casting="same_kind", rounds=True)

# The methods of ufuncs.

for ufunc in (np.logaddexp, np.logaddexp2, np.hypot):
    for axis in (0, 1, -1, None, (0, 1)):
        rows(ufunc.reduce, "2x3 1x3 2x1", POSITIVE, tag=f"axis{word(axis)}", axis=axis)
        rows(ufunc.reduce, "2x3", POSITIVE, tag=f"axis{word(axis)}-kept", axis=axis, keepdims=True)
    rows(ufunc.reduce, "4 1 2x3x2", POSITIVE)
    (x,) = arrays((3, 4), make=POSITIVE)
    add(ufunc.reduce, "where", x, axis=1, where=mask((3, 4)))
    add(ufunc.reduce, "initial", x, axis=0, initial=np.float64(0.7))
    add(ufunc.reduce, "initial-where", x, axis=1, initial=0.7, where=mask((3, 4)), keepdims=True)
    rows(ufunc.reduce, "3", POSITIVE, tag="dtype", dtype=np.float64)
SEQUENTIAL = [np.power, np.float_power, np.arctan2, np.remainder, np.fmod]
for ufunc in (*SEQUENTIAL, np.copysign, np.heaviside, np.subtract, np.divide):
    make = apart(20) if ufunc in (np.remainder, np.fmod) else draw(0.6, 1.4)
    if ufunc is np.power:
        continue
    for axis in (0, 1, -1):
        rows(ufunc.reduce, "2x3 1x3 2x1", make, tag=f"axis{axis}", axis=axis)
        rows(ufunc.reduce, "2x3", make, tag=f"axis{axis}-kept", axis=axis, keepdims=True)
    rows(ufunc.reduce, "4 1 2x3x2", make)
    rows(ufunc.reduce, "2x4", make, tag="dtype", dtype=np.float64)
for ufunc in (*SEQUENTIAL, np.logaddexp, np.logaddexp2, np.hypot, np.copysign, np.heaviside):
    make = apart(20) if ufunc in (np.remainder, np.fmod) else draw(0.6, 1.4)
    rows(ufunc.accumulate, "4 1 0 2x3", make)
    rows(ufunc.accumulate, "2x3 1x3 2x1", make, tag="axis1", axis=1)
for ufunc in (np.subtract, np.divide, np.maximum, np.minimum, np.fmax, np.fmin):
    make = POSITIVE if ufunc is np.divide else apart(0)
    rows(ufunc.accumulate, "5 1 0 2x3 3x1x2", make)
    rows(ufunc.accumulate, "2x3 1x3 2x1", make, tag="axis1", axis=-1)
for rule in [*REGISTERED.values()]:
    method = rule.function
    of_ufunc = isinstance(getattr(method, "__self__", None), np.ufunc)
    if of_ufunc and method.__name__ == "outer" and rule.family == "derived":
        make = draw(0.6, 1.4)
        kinks = (np.remainder, np.fmod, np.maximum, np.minimum, np.fmax, np.fmin)
        pair = (apart(20), draw(13, 13.5)) if method.__self__ in kinks else (make, make)
        rows(method, "3,2 2x3,2 1,3 3,1 0,2 3,number", *pair)
for ufunc in (np.add, np.multiply, np.maximum, np.minimum, np.logaddexp):
    for places in ([0, 2], [1, 3, 0, 2], [0, 0, 4], [4]):
        add(ufunc.reduceat, f"{word(places)}", *arrays((5,), make=apart(0)), np.array(places))
    for axis in (0, 1, -2):
        (x,) = arrays((3, 4), make=apart(0))
        add(ufunc.reduceat, f"axis{axis}", x, np.array([0, 2, 1]), axis=axis)
