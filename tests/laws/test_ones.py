"""Every rule through every law with axes of length 1: all axes of one length in all operands, and each axis alone."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from srcad.rules import rule_of
from srcad.rules.check import run
from srcad.rules.families import cores, named_axes
from tests.laws.table import CASES, Case
from tests.laws.test_laws import LARGEST

# Of calls of the same ranks and options one: cut to 1, the others are the same.
WITH_AXES = [
    case
    for case in CASES
    if case.id in LARGEST
    and any(max(np.shape(x), default=1) > 1 for x in case.args if isinstance(x, np.ndarray))
]


def shapes_of(args: Any) -> Any:
    """The shapes of the arrays of a call; what is no array is itself."""
    if isinstance(args, (tuple, list)):
        return tuple(map(shapes_of, args))
    return ("shape", *args.shape) if isinstance(args, np.ndarray) else repr(args)


def first_of(args: Any, cut: Any, path: tuple[int, ...] = ()) -> Any:
    """The arguments with `x[:1]` on the axes that `cut(path, axis, size)` says."""
    if isinstance(args, (tuple, list)):
        return type(args)(first_of(x, cut, (*path, place)) for place, x in enumerate(args))
    if not isinstance(args, np.ndarray) or args.dtype.kind != "f":
        return args
    index = tuple(slice(1) if cut(path, *axis) else slice(None) for axis in enumerate(args.shape))
    return args[index].copy()


def axes(args: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """The axes of the floating arrays that are longer than 1."""
    if isinstance(args, (tuple, list)):
        for place, x in enumerate(args):
            yield from axes(x, (*path, place))
    elif isinstance(args, np.ndarray) and args.dtype.kind == "f":
        yield from ((path, axis, size) for axis, size in enumerate(args.shape) if size > 1)


def variants(case: Case, seen: set[Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Calls with axes of length 1 that NumPy accepts and that were not seen."""
    found = list(axes(case.args))
    cuts = [
        (f"all {size}", lambda p, a, n, size=size: n == size)
        for size in sorted({n for *_, n in found})
    ]
    cuts += [
        (f"axis {axis} of {path}", lambda p, a, n, at=(path, axis): (p, a) == at)
        for path, axis, _ in found
    ]
    for what, cut in cuts:
        args = first_of(case.args, cut)
        key = case.function, shapes_of(args), repr(case.options)
        if key in seen:
            continue
        seen.add(key)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                made = case.function(*args, **case.options)
                if not np.all(np.isfinite(made if isinstance(made, (float, np.ndarray)) else 0)):
                    continue
        except Exception:  # whatever a library says of such sizes
            continue
        if not as_signed(case.function, args):
            continue
        yield what, args


def as_signed(function: Any, args: tuple[Any, ...]) -> bool:
    """Whether the axes that the signature of a rule gives one name have one length; SciPy does not always look."""
    rule = rule_of(function)
    found: dict[str, int] = {}
    for core, x in zip(cores(rule.signature or ""), args) if rule is not None else ():
        names = named_axes(core, np.ndim(x))
        for name, size in zip(names, np.shape(x)[np.ndim(x) - len(names) :]):
            if found.setdefault(name, size) != size:
                return False
    return True


SEEN = {(case.function, shapes_of(case.args), repr(case.options)) for case in CASES}


def moved(args: Any, rng: np.random.Generator) -> Any:
    """Arguments nearby: what was cut out may stand at a kink that the whole is away from."""
    if isinstance(args, (tuple, list)):
        return type(args)(moved(x, rng) for x in args)
    if not isinstance(args, np.ndarray) or args.dtype.kind != "f":
        return args
    return args * rng.uniform(0.95, 1.05, args.shape)


def holds(case: Case, args: Any) -> str:
    """What fails, or nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            run(case.function, args, case.options, case.rounds, dtypes=False)
        except (AssertionError, NotImplementedError) as error:
            # A matrix that is cut may be of a shape that is refused.
            return "" if "no derivative determines" in str(error) else str(error)
    return ""


@pytest.mark.parametrize("case", WITH_AXES, ids=[case.id for case in WITH_AXES])
def test_axes_of_length_1(case: Case) -> None:
    for what, args in variants(case, SEEN):
        failure = holds(case, args)
        if "differences" in failure or "second" in failure:
            failure = holds(case, moved(args, np.random.default_rng(1)))
        assert not failure, f"{what}: {failure}"
