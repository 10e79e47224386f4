"""What every law is run on: a row for each function that has a rule, and calls of it.

A call is a function with arguments away from kinks. Draws are deterministic; sizes are small; every row has, where
it makes sense, empty and 0-d arrays, Python's numbers, and axes of length 1 in each position.
"""

from __future__ import annotations

import builtins
import math
import operator
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from srcad import runtime
from srcad.core import ops
from srcad.rules.families import REGISTRY

__all__ = ["CASES", "REGISTERED", "Case"]

REGISTERED = dict(REGISTRY)  # before any test registers rules of its own


class Case(NamedTuple):
    """One call, and what it is called in a test report."""

    id: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    options: dict[str, Any]
    rounds: bool = False  # the function rounds to float32 or less, so that differences say nothing


CASES: list[Case] = []
NUMBERS = ["number", "scalar"]


def name(function: Any) -> str:
    known = ops.name_of(function)
    home = getattr(function, "__module__", "") or "np.ndarray"
    return known or f"{home.lstrip(chr(95))}.{function.__name__}"


# Draws: `(shape, rng) -> array`. The shape "number" means a Python float, "scalar" a NumPy scalar.


def draw(low: float, high: float, gap: float = 0.0) -> Callable[..., Any]:
    """Numbers between low and high, at least `gap` away from 0 and from each other's kinks."""

    def make(shape: Any, rng: np.random.Generator) -> Any:
        made = rng.uniform(low, high, () if isinstance(shape, str) else shape)
        made = np.asarray(np.where(np.abs(made) < gap, made + 2 * gap, made))
        return float(made) if shape == "number" else made[()] if shape == "scalar" else made

    return make


def apart(offset: float) -> Callable[..., Any]:
    """Numbers that are 0.1 apart from each other, and from those of another offset."""

    def make(shape: Any, rng: np.random.Generator) -> Any:
        size = 1 if isinstance(shape, str) else math.prod(shape)
        made = (rng.permutation(size + 6)[:size] - size / 2) * 0.3 + offset
        if isinstance(shape, str):
            return float(made[0]) if shape == "number" else made[0]
        return made.reshape(shape)

    return make


REAL, POSITIVE, UNIT = draw(-2, 2, 0.1), draw(0.3, 2.5), draw(-0.8, 0.8, 0.1)
UNARY = "3 2x3 0d 0 1 2x1x2 number scalar"
BINARY = (
    "3,3 2x3,2x3 0d,0d 0,0 1,1 2x3,3 3,2x3 2x1,1x3 1x3,2x1 1,3 3,1 0x3,1x3 0d,3 3,0d 2x3,2x1 2x0,2x1 1,0 "
    "number,3 3,number scalar,3 3,scalar number,scalar scalar,number"
)
PAIRS = "number,scalar scalar,number scalar,scalar"


def add(function: Any, label: str, *args: Any, rounds: bool = False, **options: Any) -> None:
    """A call as a case of its own."""
    CASES.append(Case(f"{name(function)}-{label}", function, args, options, rounds))


def rng_of(*words: Any) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(words).encode()))


def rows(functions: Any, shapes: Any, *draws: Any, tag: str = "", **options: Any) -> None:
    """Each of the functions on operands of each of the shapes."""
    for function in functions if isinstance(functions, (tuple, list)) else [functions]:
        for given in sizes(shapes) if isinstance(shapes, str) else shapes:
            each = given if len(draws) > 1 else (given,)
            rng = rng_of(name(function), given)
            args = [make(shape, rng) for make, shape in zip(draws, each)]
            add(function, "-".join(filter(None, [*map(label, each), tag])), *args, **options)


def sizes(text: str) -> list[Any]:
    """Shapes of operands from words: `sizes("2x3,3 0d,number")` is `[((2, 3), (3,)), ((), "number")]`."""

    def one(word: str) -> Any:
        return word if word in NUMBERS else () if word == "0d" else tuple(map(int, word.split("x")))

    return [tuple(map(one, word.split(","))) if "," in word else one(word) for word in text.split()]


def label(shape: Any) -> str:
    return shape if isinstance(shape, str) else "x".join(map(str, shape)) or "0d"


def arrays(*shapes: Any, make: Any = REAL) -> Iterator[Any]:
    rng = rng_of(shapes)
    return (make(shape, rng) for shape in shapes)


def exists(*dotted: str) -> list[Any]:
    """Functions that not every Python or NumPy has."""
    found = [
        (np if home == "np" else math, one)
        for home, _, one in (text.partition(".") for text in dotted)
    ]
    return [getattr(home, one) for home, one in found if hasattr(home, one)]


# Elementwise.

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

# Linear: reductions.

REDUCED = "3 2x3 2x1x3 1x2 0 2x0 0d scalar"
rows([np.sum, np.cumsum], REDUCED, REAL)
rows([np.sum, np.mean], "3 2x3 0d", REAL, tag="keepdims", keepdims=True)
rows(np.mean, "3 2x3 2x1x3 1x2 0d scalar", REAL)
for axis in (0, 1, -1, -2, (0, 1), (1, 0), (-1,), (0, 2), (0, 1, 2), ()):
    deep = 3 if isinstance(axis, tuple) and len(axis) != 1 else 2
    for shape in ((2, 3, 4)[:deep], (1, 3, 1)[:deep]):
        for keepdims in (False, True):
            for reduce in (np.sum, np.mean):
                (x,) = arrays(shape)
                add(
                    reduce, f"{label(shape)}-axis{axis}-{keepdims}", x, axis=axis, keepdims=keepdims
                )
rows(np.sum, "2x0 0x3", REAL, tag="axis", axis=1)
for axis in (0, 1, -1, -2):
    rows(np.cumsum, "2x3 1x3 2x1 0x3", REAL, tag=f"axis{axis}", axis=axis)
    rows(np.diff, "4x3 1x3 2x1 2x3x2", REAL, tag=f"axis{axis}", axis=axis)
for n in (0, 1, 2, 3, 4):
    rows(np.diff, "5 3 1 0 2x4", REAL, tag=f"n{n}", n=n)
rows(builtins.sum, "3 2x3 1x3", REAL)
for offset in (0, 1, -1, 2):
    for function, key in (
        (np.trace, "offset"),
        (np.diagonal, "offset"),
        (np.diag, "k"),
        (np.tril, "k"),
        (np.triu, "k"),
    ):
        rows(function, "3x3 2x4 4x2 1x3", REAL, tag=f"{offset}", **{key: offset})
    rows(np.diag, "3 1", REAL, tag=f"{offset}", k=offset)
for axes in ((0, 1), (1, 0), (1, 2), (0, -1), (-1, -2), (2, 0)):
    rows(
        [np.trace, np.diagonal],
        "2x3x4 3x1x2 0x2x3",
        REAL,
        tag=f"axes{axes}",
        offset=axes[0] - 1,
        axis1=axes[0],
        axis2=axes[1],
    )
rows([np.trace, np.diagonal], "3x2", REAL, tag="turned", axis1=1, axis2=0)
rows([np.tril, np.triu], "2x3x3", REAL)
rows(np.diag, "0", REAL)

# Linear: shapes and order.

for shape, new in [
    ((6,), (2, 3)),
    ((2, 3), (3, 2)),
    ((2, 3), 6),
    ((2, 3), (-1,)),
    ((1,), ()),
    ((), (1, 1)),
    ((0, 3), (0,)),
]:
    (x,) = arrays(shape)
    add(np.reshape, f"{label(shape)}-to-{new}", x, new)
    add(np.reshape, f"{label(shape)}-to-{new}-F", x, new, order="F")
for order in ("C", "F"):
    rows(np.ravel, "2x3 3 0d 0x2", REAL, tag=order, order=order)
    rows(np.ndarray.flatten, "2x3 3 0d 0x2", REAL, tag=order, order=order)
rows(np.transpose, "2x3 3 2x3x4 0d 0x2", REAL)
for axes in ((0, 1, 2), (2, 0, 1), (1, 2, 0), (1, -3, -1)):
    rows(np.transpose, "2x3x4 1x3x1", REAL, tag=f"{axes}", axes=axes)
rows(np.swapaxes, "2x3 1x3x2 0x2", REAL, tag="01", axis1=0, axis2=-1)
rows(np.moveaxis, "2x3x4 1x3x1", REAL, tag="02", source=0, destination=2)
rows(np.moveaxis, "2x3x4", REAL, tag="several", source=(0, 1), destination=(-1, -2))
rows(np.squeeze, "2x1x3 1x1 3 0d", REAL)
rows(np.squeeze, "2x1x3 1x1", REAL, tag="axis", axis=1)
rows(np.squeeze, "1x3x1", REAL, tag="axes", axis=(0, -1))
for axis in (0, -1, (0, 2), (0, -1)):
    rows(np.expand_dims, "3 1 0", REAL, tag=f"{axis}", axis=axis)
rows([np.atleast_1d, np.atleast_2d, np.atleast_3d], "0d 3 2x3", REAL)
for shape, new in sizes("3,2x3 2x1,2x3 0d,2 1,3 3,3 1,0 1x3,1x3"):
    (x,) = arrays(shape)
    add(np.broadcast_to, f"{label(shape)}-to-{label(new)}", x, new)
rows([np.flip], "3 2x3 0d 0", REAL)
for axis in (0, -1, (0, 1)):
    rows(np.flip, "2x3", REAL, tag=f"{axis}", axis=axis)
rows(np.roll, "5 2x3 0", REAL, tag="2", shift=2)
rows(np.roll, "2x3", REAL, tag="axis", shift=-1, axis=1)
rows(np.roll, "2x3", REAL, tag="axes", shift=(1, 2), axis=(0, 1))

# Linear: several arrays, copies, conversions, creation.

for text, axis in [
    ("2 3", 0),
    ("2 3 1 0", 0),
    ("4", 0),
    ("2x3 2x1", 1),
    ("2x3 2x0 2x2", -1),
    ("2x3 1x3", -2),
    ("1x1 1x1", 0),
    ("2x3 2", None),
    ("2x1x2 2x3x2", 1),
]:
    tag = text.replace(" ", "+") + f"-axis{axis}"
    add(np.concatenate, tag, tuple(arrays(*sizes(text))), axis=axis)
    add(np.concatenate, tag + "-list", list(arrays(*sizes(text))), axis=axis)
add(np.concatenate, "partly-active", (np.array([1, 2]), np.array([0.5])))
for shape in ((3,), (2, 3), (), (0,), (1,)):
    for axis in (0, -1, 1)[: 3 if shape else 2]:
        add(np.stack, f"{label(shape)}-axis{axis}", list(arrays(shape, shape, shape)), axis=axis)
add(np.stack, "-2", tuple(arrays((2, 3), (2, 3))), axis=-2)
for join in (np.vstack, np.hstack, np.column_stack):
    for shape in ((3,), (2, 3), (), (1,), (1, 1), (2, 2, 2)):
        add(join, f"{label(shape)}", tuple(arrays(shape, shape)))
add(np.vstack, "different", tuple(arrays((2, 3), (1, 3), (0, 3))))
add(np.hstack, "different", tuple(arrays((2, 3), (2, 1))))
add(np.hstack, "flat", tuple(arrays((2,), (3,))))
for copy in (np.array, np.asarray, np.asanyarray, np.copy):
    rows(copy, UNARY, REAL)
rows(np.ascontiguousarray, "3 2x3", REAL)
add(np.array, "numbers", [0.5, 1.5, 2])
add(np.array, "scalars", [np.float64(0.5), 1, np.float64(1.5)])
add(np.array, "nested", [[0.5, np.float64(1.5)], [2.0, 1.0]])
add(np.asarray, "tuple", (0.5, 1.5))
add(np.array, "rows", [np.array([0.5, 1.0]), np.array([1.0, 2.0])])
rows(np.asarray, "3", REAL, tag="dtype", dtype=np.float64)
add(np.asarray, "float32", np.array([0.5, 1.5]), dtype=np.float32, rounds=True)
rows(ops.move.function, UNARY, REAL)
for astype in (np.ndarray.astype, *exists("np.astype")):
    add(astype, "float64", np.array([0.5, 1.5]), np.float64)
    add(astype, "float32", np.array([0.5, 1.5]), np.float32, rounds=True)
for kind in (np.float64, np.float32, np.float16):
    add(kind, "number", 0.5, rounds=kind is not np.float64)
    add(kind, "scalar", np.float64(0.5), rounds=kind is not np.float64)
for value, shape in [
    (0.5, 3),
    (0.5, (2, 3)),
    (0.5, ()),
    (0.5, 0),
    (np.array([0.5, 1.0, 2.0]), (2, 3)),
    (np.array([[1.0], [2.0]]), (2, 3)),
]:
    add(np.full, f"{shape}-{label(np.shape(value))}", shape, value)
    add(np.full_like, f"{shape}-{label(np.shape(value))}", np.zeros(shape), value)
rows(np.linspace, PAIRS + " 0d,0d 2,2 2,number number,2 2x1,3", REAL, REAL, num=5)
rows(np.linspace, PAIRS, REAL, REAL, tag="open", num=4, endpoint=False)
rows(np.linspace, PAIRS, REAL, REAL, tag="none", num=0)
rows(np.linspace, PAIRS, REAL, REAL, tag="one", num=1)
CONDITIONS = sizes("3,3,3 2x3,3,2x1 3,0d,0d 2x1,3,1 1,3,number")
CONDITIONS += sizes("3,number,3 0,0,0d 0d,2,2 2x1,1x3,2x3 0d,number,number")
rows(np.where, CONDITIONS, lambda shape, rng: rng.uniform(size=shape) < 0.5, REAL, REAL)

# Linear: indexing, stores as values, the helpers of derivatives.

INDICES: list[tuple[Any, Any]] = [
    ((4,), 1),
    ((4,), -1),
    ((4,), slice(1, None)),
    ((4,), slice(None, -1)),
    ((4,), slice(None, None, -1)),
    ((5,), slice(None, None, 2)),
    ((4,), slice(3, 0, -2)),
    ((4,), slice(1, 1)),
    ((4,), None),
    ((4,), Ellipsis),
    ((4,), ()),
    ((), ()),
    ((), None),
    ((0,), slice(1, None)),
    ((3, 4), 1),
    ((3, 4), (1, 2)),
    ((3, 4), (slice(None), 1)),
    ((3, 4), (slice(None), None)),
    ((3, 4), (Ellipsis, None)),
    ((3, 4), (Ellipsis, 0)),
    ((3, 4), (slice(1, None), slice(None, -1))),
    ((3, 4), (None, slice(None), None, slice(None, None, -1))),
    ((4,), np.array([0, 2])),
    ((4,), np.array([0, 2, 0])),
    ((4,), np.array([], dtype=int)),
    ((4,), [1, 3]),
    ((4,), np.array([True, False, True, False])),
    ((3, 4), (np.array([0, 1]), np.array([2, 3]))),
    ((3, 4), (np.array([1, 1]), np.array([2, 2]))),
    ((3, 4), (slice(None), np.array([0, 0, 3]))),
    ((3, 4), np.array([[0, 2], [2, 1]])),
    ((3, 1), (slice(None), 0)),
]
for place, (shape, index) in enumerate(INDICES):
    tag = f"{label(shape)}-{str(index).replace('slice', '').replace(' ', '').replace(chr(10), '')}-{place}"
    base, like, other = arrays(shape, shape, shape)
    add(operator.getitem, tag, base, index)
    shape_of_item = np.shape(base[index])
    for store in (runtime.put, runtime.put_add):
        add(store, tag, base, index, *arrays(shape_of_item))
        add(store, tag + "-number", base, index, 0.5)
        if 0 not in shape_of_item:
            add(store, tag + "-row", base, index, *arrays(tuple(1 for _ in shape_of_item)))
SPREADS = sizes("3,3 2x3,2x3 0d,0d 0,0 3,2x3 2x1,2x3 0d,3 1x1,2x3 1,0")
rows(
    runtime.spread, [*SPREADS, ("number", (3,))], REAL, lambda shape, rng: np.zeros(shape, np.int64)
)
rows(
    runtime.sum_to, [(b, a) for a, b in SPREADS], REAL, lambda shape, rng: np.zeros(shape, np.int64)
)
rows(
    runtime.cast,
    "3,3 0d,0d number,0d",
    REAL,
    lambda shape, rng: np.zeros(shape, np.int64),
)
rows(runtime.own, "3 2x3 0d 0", REAL)
rows(runtime.result, SPREADS, REAL, lambda shape, rng: np.zeros(shape, np.int64))

# Bilinear.

MATRICES = sizes(
    "3,3 2x3,3 3,3x2 2x3,3x4 1,1 1x3,3x1 0,0 2x0,0 0x3,3x2 2x0,0x3 4x2x3,3 3,4x3x2 4x2x3,3x5 2x3,4x3x5"
)
STACKS = sizes("4x2x3,4x3x5 1x2x3,4x3x5 4x2x3,1x3x5 2x1x2x3,4x3x1 0x2x3,3x1")
rows([operator.matmul, np.matmul], [*MATRICES, *STACKS], REAL, REAL)
rows(
    np.dot,
    [
        *MATRICES,
        ((4, 2, 3), (4, 3, 5)),
        ((), (3,)),
        ((2, 3), ()),
        ((), ()),
        ((3,), "number"),
        ("scalar", (3,)),
    ],
    REAL,
    REAL,
)
rows(
    np.inner,
    "3,3 2x3,3 3,2x3 2x3,4x3 4x2x3,3 3,4x2x3 2x3,4x2x3 4x2x3,5x3 0,0 0d,3 3,0d number,3",
    REAL,
    REAL,
)
rows(
    np.vdot,
    "3,3 2x3,2x3 2x3,6 0,0 1,1",
    REAL,
    REAL,
)
rows(np.outer, "3,2 1,2 2,1 0,2 2x3,2 2,1x3 0d,2 2,scalar 0d,0d", REAL, REAL)
rows(
    np.tensordot,
    "4x2x3,2x3x5 2x3,2x3 1x2x3,2x3 0x2x3,2x3",
    REAL,
    REAL,
)
for axes in (1, ((0,), (1,)), ((0, 1), (1, 0)), (0, 1), ((-1,), (0,)), ((1, 0), (0, 1))):
    shapes = "3x3,3x3" if axes in (1, ((-1,), (0,))) else "3x3,3x3 3x3x2,3x3 3x3,3x3x2"
    rows(np.tensordot, shapes, REAL, REAL, tag=f"{axes}", axes=axes)
rows(np.tensordot, "2x3,4 0d,2", REAL, REAL, tag="0", axes=0)
EINSUMS = """
    ij,jk->ik 2x3 3x4 | ij,jk 2x3 3x4 | i,i-> 3 3 | i,j->ij 3 2 | ij->ji 2x3 | ij-> 2x3 | ij->i 2x3
    | ij->j 2x3 | ij,j->i 2x3 3 | i,ij,j-> 2 2x3 3 | bij,bjk->bik 4x2x3 4x3x5 | ij,k->i 2x3 4
    | ijk,k->ji 2x3x4 4 | ba 2x3 | ij,ij->ij 2x3 2x3 | ,i->i 0d 3 | ij,jk->ik 0x3 3x4
    | ij,j->i 2x0 0 | ij,ij->ij 1x3 2x3 | -> 0d | i->i 3
"""
for text in EINSUMS.split("|"):
    subscripts, *words = text.split()
    add(np.einsum, "-".join([subscripts, *words]), subscripts, *arrays(*sizes(" ".join(words))))
add(np.einsum, "spaces", "i , j -> j i", *arrays((3,), (2,)))
add(np.einsum, "optimize", "i,ij,jk,k->", *arrays((2,), (2, 3), (3, 2), (2,)), optimize=True)
rows(
    np.vecdot,
    "3,3 2x3,2x3 2x3,3 2x1x3,4x3 0x3,3",
    REAL,
    REAL,
)
for matvec in exists("np.matvec"):
    rows(
        matvec,
        "2x3,3 4x2x3,3 2x3,4x3 4x2x3,1x3",
        REAL,
        REAL,
    )
for vecmat in exists("np.vecmat"):
    rows(
        vecmat,
        "3,3x2 4x3,3x2 3,4x3x2 1x3,4x3x2",
        REAL,
        REAL,
    )

# Primitive.

WAYS: list[dict[str, Any]] = [
    {},
    {"keepdims": True},
    {"axis": 0},
    {"axis": 1},
    {"axis": -1, "keepdims": True},
    {"axis": (0, 1)},
    {"axis": (-1, 0), "keepdims": True},
]
for options in WAYS:
    tag = "-".join(f"{key}{value}" for key, value in options.items())
    flat = options.get("axis") in (None, 0)
    shapes = sizes("2x3 1x3 2x1 4 1" if flat else "2x3 1x3 2x1")
    rows([np.max, np.amax, np.min, np.amin], shapes, apart(0), tag=tag, **options)
    rows(np.linalg.norm, shapes, REAL, tag=tag, **options)
    shapes = sizes("2x3 3x4x2 4" if flat else "2x3 3x4x2")
    rows(np.var, shapes, REAL, tag=tag, **options)
    rows(np.std, shapes, REAL, tag=tag, **options)
    rows([np.var, np.std], "2x3", REAL, tag=tag + "-ddof", ddof=1, **options)
    if not isinstance(options.get("axis"), tuple):
        rows(np.prod, [*shapes, (1, 2), (2, 1)], REAL, tag=tag, **options)
        options = {key: value for key, value in options.items() if key == "axis"}
        rows(np.cumprod, [*shapes, (1, 2), (2, 1)], REAL, tag=tag, **options)
rows([np.max, np.min], "0d 2x1x3 scalar", apart(0))
rows([np.max, np.min], "2x0x3 0x2", apart(0), tag="empty", axis=-1)
rows([np.prod, np.cumprod], "0 0x2 0d 2x0 scalar", REAL)
rows(np.sort, [(0,), (1,), (2,), (5,)], apart(0))
rows(np.sort, [(4,)], apart(0), tag="axis0", axis=0)
rows(np.prod, "2x3", REAL, tag="axis1tuple", axis=(1,))
for zeros in ([1.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [0.0]):
    rows(
        [np.prod, np.cumprod],
        [(len(zeros),)],
        lambda shape, rng, zeros=zeros: np.array(zeros),
        tag=f"zeros{zeros}",
    )
rows(np.var, "1 2x0", REAL, tag="ones", axis=0)
rows(np.linalg.norm, "3", REAL, tag="ord2", ord=2)
rows(np.linalg.norm, "2x3", REAL, tag="ord2", ord=2, axis=1)
rows(np.linalg.norm, "2x3", REAL, tag="fro", ord="fro")
rows(np.linalg.norm, "2x3x2 0d", REAL)


def regular(shape: Any, rng: np.random.Generator) -> Any:
    """Matrices far from singular."""
    return rng.uniform(-0.5, 0.5, shape) + 2 * np.eye(shape[-1])


SYSTEMS = sizes(
    "3x3,3 3x3,3x2 3x3,3x1 1x1,1 4x3x3,4x3x2 4x3x3,3 4x3x3,3x2 3x3,4x3x2 1x3x3,4x3x2 0x0,0 2x1x3x3,4x3x1"
)
rows(np.linalg.solve, SYSTEMS, regular, REAL)
rows(
    [np.linalg.inv, np.linalg.det],
    "3x3 1x1 4x3x3 2x1x2x2 0x0 0x2x2",
    regular,
)
