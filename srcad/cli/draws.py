"""Random arguments from a specification, at which a function can be verified."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from srcad.core.pytrees import flatten, formed, is_varied, own, rebuild
from srcad.core.specification import Container
from srcad.core.types import Size, Type
from srcad.errors import ArgumentValueError

__all__ = ["arguments"]

SIZES = (5, 4, 6, 3, 7, 2, 8)  # distinct, so that a mistaken axis shows
KINDS = ("around zero", "positive", "symmetric positive definite")


def symbols(spec: Any) -> list[str]:
    """The symbols of a specification's sizes, in order."""
    if isinstance(spec, Type):
        return [str(size.key) for size in spec.shape or () if isinstance(size, Size)]
    parts = (
        spec.values() if isinstance(spec, dict) else spec if isinstance(spec, (tuple, list)) else ()
    )
    return list(dict.fromkeys(symbol for part in parts for symbol in symbols(part)))


def arguments(
    function: Callable[..., Any],
    spec: dict[str, Any],
    fixed: dict[str, Any],
    number: int,
    seed: int,
) -> Iterator[tuple[dict[str, int], dict[str, Any]]]:
    """Sizes and arguments, drawn `number` times, less those that are `fixed`; the last ones try a size of 1 and 2
    where the function takes that.

    Raises ArgumentValueError where no draw gives a finite value.
    """
    for name, part in spec.items():
        if isinstance(part, Type) and part.kind == "any":
            raise ArgumentValueError(
                f"nothing is known of argument `{name}`",
                reason=f'Declare it: --arg "{name}: float64[n]".',
            )
    names = symbols(spec)
    trouble: BaseException | None = None
    for draw in range(number):
        sizes = {
            name: SIZES[(place + draw) % len(SIZES)] + place // len(SIZES) * 7
            for place, name in enumerate(names)
        }
        small = (
            [] if draw < max(2, number - 2) or not names else [{**sizes, names[0]: number - draw}]
        )
        for chosen, kind in ((chosen, kind) for chosen in [*small, sizes] for kind in KINDS):
            rng = np.random.default_rng([seed, draw])
            values = {
                name: fixed[name] if name in fixed else _drawn(part, chosen, kind, rng)
                for name, part in spec.items()
            }
            try:
                fits = _finite(_call(function, values))
            except Exception as error:  # not a point, or not a size, of the function's
                trouble = trouble or error
                continue
            if fits:
                yield chosen, values
                break
        else:
            raise ArgumentValueError(
                f"no random arguments of these specifications suit `{getattr(function, '__name__', 'it')}`",
                reason=f"It raises {type(trouble).__name__}: {trouble}"
                if trouble
                else "It gives infinities or no numbers.",
            )


def _call(function: Callable[..., Any], values: dict[str, Any]) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*(rebuild(value, own) for value in values.values()))


def _finite(value: Any) -> bool:
    arrays = map(np.asarray, filter(is_varied, flatten(value)))
    return all(array.dtype.kind not in "fc" or bool(np.all(np.isfinite(array))) for array in arrays)


def _drawn(spec: Any, sizes: dict[str, int], kind: str, rng: np.random.Generator) -> Any:
    """One argument."""
    if isinstance(spec, dict):
        return {key: _drawn(part, sizes, kind, rng) for key, part in spec.items()}
    if isinstance(spec, Container):
        keys = getattr(spec.form, "_fields", tuple(range(len(spec))))
        return formed(spec.form, keys, [_drawn(part, sizes, kind, rng) for part in spec])
    if not isinstance(spec, Type):
        return spec
    shape = tuple(
        sizes[str(size.key)] if isinstance(size, Size) else size for size in spec.shape or ()
    )
    dtype = np.dtype(spec.dtype or "float")
    array: Any
    if dtype.kind == "b":
        array = rng.integers(0, 2, shape)
    elif (
        dtype.kind in "iu"
    ):  # an index or a label: it fits every axis; a number is a count or a power
        array = rng.integers(0, min([*sizes.values(), 4]), shape) if shape else rng.integers(1, 4)
    elif kind == "positive" or (spec.kind == "number" and kind == "around zero"):
        array = rng.uniform(0.2, 2.0, shape)
    elif len(shape) == 2 and shape[0] == shape[1] and kind == "symmetric positive definite":
        root = rng.normal(size=shape)
        array = root @ root.T / shape[0] + np.eye(shape[0])
    elif len(shape) == 2:
        array = 0.3 * rng.normal(size=shape) + np.eye(*shape)
    else:
        array = 0.5 * rng.normal(size=shape)
    if dtype.kind == "c":
        array = array + 0.5j * rng.normal(size=shape)
    array = np.asarray(array).astype(dtype)
    if spec.kind == "number":
        return {"b": bool, "i": int, "c": complex}.get(dtype.kind, float)(array)
    return array[()] if spec.kind == "scalar" else array
