"""What the rows are written with: draws of operands, shapes in words, calls."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from srcad.core import ops
from srcad.rules.families import REGISTRY
from srcad.rules.scipy import load

__all__ = ["CASES", "COVERED", "REGISTERED", "Case"]

load()
REGISTERED = dict(REGISTRY)  # before any test registers rules of its own


class Case(NamedTuple):
    """One call, and what it is called in a test report."""

    id: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    options: dict[str, Any]
    rounds: bool = False  # the function rounds to float32 or less, so that differences say nothing
    slack: float = 1  # times as far apart as rounding of other functions, the reason beside the row


CASES: list[Case] = []
COVERED: set[Any] = set()  # what rows go through that have another function
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


def add(
    function: Any, label: str, *args: Any, rounds: bool = False, slack: float = 1, **options: Any
) -> None:
    """A call as a case of its own."""
    CASES.append(Case(f"{name(function)}-{label}", function, args, options, rounds, slack))


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
