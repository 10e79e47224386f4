"""Rows of elementwise functions."""

from __future__ import annotations

import builtins
import math
import operator

import numpy as np

from tests.laws.cases import (
    BINARY,
    NUMBERS,
    PAIRS,
    POSITIVE,
    REAL,
    UNARY,
    UNIT,
    add,
    apart,
    draw,
    exists,
    rows,
)

rows([np.negative, operator.neg, np.positive, operator.pos, np.square], UNARY, REAL)
rows([np.absolute, np.fabs, builtins.abs, np.reciprocal, np.cbrt], UNARY, REAL)
rows(
    [np.exp, np.exp2, np.expm1, np.sin, np.cos, np.sinh, np.cosh, np.tanh, np.arctan, np.arcsinh],
    UNARY,
    REAL,
)
rows([np.sqrt, np.log, np.log2, np.log10, np.log1p], UNARY, POSITIVE)
rows([np.tan, np.arcsin, np.arccos, np.arctanh], UNARY, UNIT)
rows(np.arccosh, UNARY, draw(1.3, 3))
rows([np.deg2rad, np.rad2deg, np.radians, np.degrees, np.nan_to_num, np.sinc], UNARY, REAL)
rows(np.nan_to_num, "3", REAL, tag="options", nan=1.0, posinf=2.0, neginf=3.0)
rows(np.sinc, "3 number", draw(-0.02, 0.02), tag="near-0")
add(np.sinc, "at-0", np.array([0.0, 0.5, 0.0551]))
rows([builtins.float, math.fabs, math.exp, math.expm1, math.sin, math.cos, math.tan], NUMBERS, UNIT)
rows(
    [math.asin, math.acos, math.atan, math.sinh, math.cosh, math.tanh, math.asinh, math.atanh],
    NUMBERS,
    UNIT,
)
rows([math.sqrt, math.log, math.log2, math.log10, math.log1p], NUMBERS, POSITIVE)
rows(math.log, PAIRS, POSITIVE, draw(1.5, 3))
add(math.log, "number-literal", 0.5, 3)
rows([math.radians, math.degrees, *exists("math.cbrt", "math.exp2")], NUMBERS, REAL)
rows([math.erf, math.erfc], NUMBERS, UNIT)
rows(math.acosh, NUMBERS, draw(1.3, 3))

rows(
    [np.add, operator.add, np.subtract, operator.sub, np.multiply, operator.mul], BINARY, REAL, REAL
)
rows([np.divide, operator.truediv, np.arctan2, np.hypot], BINARY, REAL, draw(0.5, 2))
rows([np.power, operator.pow, np.float_power], BINARY, POSITIVE, REAL)
rows([np.logaddexp, np.logaddexp2], BINARY, REAL, REAL)
rows([np.maximum, np.minimum, np.fmax, np.fmin], BINARY, apart(0), apart(0.1))
rows([np.remainder, np.fmod, operator.mod], BINARY, draw(1.1, 1.4), draw(0.5, 0.54))
rows(
    [np.remainder, np.fmod, operator.mod], BINARY, draw(-1.4, -1.1), draw(0.5, 0.54), tag="negative"
)
rows(np.copysign, BINARY, REAL, REAL)
rows([builtins.pow, math.pow], PAIRS, POSITIVE, REAL)
rows([builtins.max, builtins.min], PAIRS, apart(0), apart(0.1))
rows([math.atan2, math.hypot, math.copysign], PAIRS, REAL, POSITIVE)
rows(math.hypot, [("number", "scalar", "number")], REAL, POSITIVE, REAL, tag="three")
rows(exists("math.fma"), [("number", "number", "scalar")], REAL, POSITIVE, REAL)
rows([math.fmod, math.remainder], PAIRS, draw(1.1, 1.2), draw(0.5, 0.54))
for exponent in (0, 1, 2, 3, -1, 0.5, 2.5):
    for power in (operator.pow, np.power, np.float_power):
        add(power, f"3-to-{exponent}", np.array([0.5, 1.0, 2.0]), exponent)
for exponent in (0, 1, 2, 3):
    add(operator.pow, f"at-0-to-{exponent}", np.array([0.0, -1.0]), exponent)
    add(
        operator.pow,
        f"at-0-to-array-{exponent}",
        np.array([0.0, -1.0]),
        np.array([exponent, exponent]),
    )
    add(operator.pow, f"number-to-{exponent}", 1.5, exponent)
add(operator.pow, "2-to-3", 2, np.array([0.0, 1.0, -1.5]))
add(operator.pow, "2.0-to-number", 2.0, 1.5)
add(np.heaviside, "3-3", np.array([0, 1, -1]), np.array([0.5, 0.4, 0.3]))
add(np.heaviside, "1-3", np.array([0]), np.array([0.5, 0.4, 0.3]))
rows(
    np.clip,
    "3x3,3,3x1 8,0d,0d 0d,0d,0d 0,1,0d 1,3,3 9,number,number",
    apart(0),
    apart(-0.9 + 0.1),
    apart(0.9 + 0.2),
)
add(np.clip, "crossed", np.array([0.0, 1.0, 2.5, 4.0]), 3.0, np.array([2.0]))
add(np.clip, "from", np.array([0.0, 1.0, 2.5]), 0.5, None)
add(np.clip, "to", np.array([0.0, 1.0, 2.5]), None, 1.5)
add(np.clip, "unbounded", np.array([0.0, 1.0, 2.5]), None, None)
add(np.clip, "keywords", np.array([0.0, 1.0, 2.5]), a_max=1.5, a_min=0.5)
add(np.clip, "keyword", np.array([0.0, 1.0, 2.5]), a_max=np.array([1.5]))
rows([np.ldexp, math.ldexp], "number,number scalar,number", REAL, lambda shape, rng: 2)
rows(np.ldexp, "3,3 2x1,3 1,3 0,0d", REAL, lambda shape, rng: rng.integers(-2, 3, shape))
