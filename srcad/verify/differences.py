"""Slopes of a function: extrapolated central differences, the complex step, and what they meet where there are none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from srcad.verify.values import Array, as_it_is, is_float, pairs_of

if TYPE_CHECKING:
    from srcad.verify.subject import Subject

__all__ = ["Column", "Machine", "directional", "extrapolated", "oddities", "said_of"]

# Of the size of what is varied.
_STEPS = tuple(2.0**-power for power in (9, 13, 17, 5, 21, 25, 29, 33))
_COMPLEX_STEP = 2.0**-100


class Machine:
    """A function that is evaluated in one dtype: with all floats converted (`wide`), or only those that are varied."""

    def __init__(
        self,
        subject: Subject,
        dtype: np.dtype[Any],
        wide: bool,
        convert: Callable[[Any], Any] | None = None,
    ) -> None:
        self.subject, self.dtype = subject, dtype

        def to_dtype(value: Any) -> Any:
            if not wide or not is_float(value):
                return as_it_is(value)
            kind = np.result_type(dtype, np.complex64) if np.iscomplexobj(value) else dtype
            return value.astype(kind) if isinstance(value, np.ndarray) else kind.type(value)

        self.convert = convert or to_dtype
        self.base = [pairs_of(leaf).astype(dtype) for _, leaf in subject.leaves]

    @functools.cached_property
    def here(self) -> Array | None:
        """The outputs at the point itself."""
        return self.attempt(self.base)

    def attempt(self, leaves: list[Any]) -> Array | None:
        """The outputs at other leaves, or None where the function does not take them."""
        try:
            return self.subject.run(self.convert, leaves, self.dtype)
        except Exception:  # whatever the function makes of numbers that it was not written for
            return None

    def along(self, directions: dict[int, Array], step: Any) -> Array | None:
        """The outputs at a step along directions."""
        leaves = [base.copy() for base in self.base]
        for at, direction in directions.items():
            leaves[at] = np.asarray(
                leaves[at] + direction.astype(self.dtype) * self.dtype.type(step)
            )
        return self.attempt(leaves)


class Column(NamedTuple):
    """A directional derivative of all outputs, flat; how uncertain it is; by what method.

    `floor` is what rounding of the function's own value comes to: no derivative is more exact than that.
    """

    value: Array
    error: Array
    floor: Array
    method: str
    unit: float = 1.0

    def cut(self, span: slice) -> Column:
        return self._replace(value=self.value[span], error=self.error[span], floor=self.floor[span])

    def weighted(self, weights: list[Array]) -> Column:
        flat = np.concatenate([np.zeros(0), *(np.ravel(weight) for weight in weights)])

        def total(part: Array, weight: Array) -> Array:
            return np.array([np.sum(weight * part)])

        size = np.abs(flat)
        return Column(
            total(self.value, flat), total(self.error, size), total(self.floor, size), self.method
        )


def directional(
    subject: Subject,
    complex_machine: Machine | None,
    machine: Machine,
    directions: dict[int, Array],
    *,
    scaled: bool = True,
) -> Column:
    """The derivative along directions: by differences, and by the complex step where that agrees."""
    unit = 1.0
    if scaled:  # one entry is varied: by steps of its own size
        ((at, direction),) = directions.items()
        leaf = np.abs(pairs_of(subject.leaves[at][1]).astype(float))
        size = float(np.sum(leaf * direction)) or float(np.max(leaf, initial=0.0)) or 1.0
        unit = float(2.0 ** np.round(np.log2(size))) if np.isfinite(size) else 1.0
    value, error = extrapolated(machine, directions, unit)
    floor = np.abs(subject.join(subject.plain, np.dtype(float))) * (subject.rounding / unit)
    floor[~np.isfinite(floor)] = 0.0
    method = "differences"
    if complex_machine is not None:
        found = complex_machine.along(directions, 1j * _COMPLEX_STEP * unit)
        if found is not None and found.shape == value.shape:
            exact = np.imag(found) / (_COMPLEX_STEP * unit)
            scale = np.max(np.abs(value[np.isfinite(value)]), initial=0.0)
            slack = np.minimum(8 * error, 1e-3 * scale) + 1e-6 * np.abs(value) + 1e-9 * scale
            if np.all(np.abs(exact - value) <= slack):
                zeros = np.zeros(exact.shape)
                value = exact.astype(np.longdouble)
                return Column(value, zeros, floor, "complex step", unit)
    scale = np.max(np.abs(value[np.isfinite(value)]), initial=0.0)
    if np.any(~(error <= 1e-4 * scale)) and scale:
        method = "differences that do not settle"
    return Column(value, error, floor, method, unit)


def extrapolated(
    machine: Machine, directions: dict[int, Array], unit: float
) -> tuple[Array, Array]:
    """Central differences at three step sizes, extrapolated; of several base steps, per output, the most certain."""
    best = np.full(sum(leaf.size for leaf in machine.subject.plain), np.nan, np.longdouble)
    doubt = np.full(best.shape, np.inf)
    for base in _STEPS:
        rough, largest = [], np.zeros(best.shape)
        for step in (base, base / 2, base / 4):
            pair = [machine.along(directions, sign * step * unit) for sign in (1, -1)]
            if (
                pair[0] is None
                or pair[1] is None
                or any(part.shape != best.shape for part in pair if part is not None)
            ):
                break
            with np.errstate(all="ignore"):
                rough.append(
                    (pair[0].astype(np.longdouble) - pair[1]) / np.longdouble(2 * step * unit)
                )
                largest = np.maximum(largest, np.abs(pair[0]).astype(float))
        if len(rough) < 3:
            continue
        with np.errstate(all="ignore"):
            first, second = (4 * rough[1] - rough[0]) / 3, (4 * rough[2] - rough[1]) / 3
            value = (16 * second - first) / 15
            noise = np.finfo(machine.dtype).eps * largest / (base * unit)
            error = (np.abs(value - second) + noise).astype(float)
        error[~np.isfinite(error)] = np.inf
        better = error < doubt
        best[better], doubt[better] = value[better], error[better]
        scale = np.max(np.abs(best[np.isfinite(best)]), initial=0.0)
        if np.all(doubt <= 1e-10 * np.abs(best) + 1e-12 * scale):
            break
    return best, doubt


def oddities(machine: Machine, directions: dict[int, Array], column: Column) -> list[str]:
    """What there is to say of each output about the point: it has no derivative there as far as slopes to both sides tell."""
    count = column.value.size
    here = machine.here
    if here is None or here.shape != column.value.shape:
        return [""] * count
    slopes = []
    for step in (2.0**-13, 2.0**-17):
        unit = step * column.unit
        pair = [machine.along(directions, sign * unit) for sign in (-1, 1)]
        if any(each is None or each.shape != here.shape for each in pair):
            return ["the function raises beside %"] * count
        with np.errstate(all="ignore"):
            slopes.append([(here - pair[0]) / unit, (pair[1] - here) / unit])
    with np.errstate(all="ignore"):
        (left, right), (left_, right_) = slopes
        gap, gap_ = np.abs(right - left), np.abs(right_ - left_)
        size = np.maximum(np.abs(left_), np.abs(right_))
        noise = 2.0**8 * np.finfo(machine.dtype).eps * np.abs(here) / (2.0**-17 * column.unit)
        apart = (gap_ > 0.5 * gap) & (gap_ > 1e-3 * size + noise)
        before = np.maximum(np.abs(left), np.abs(right))
        steep = (apart & (gap_ > 2 * gap)) | (size > 1.5 * before + noise)
    said = []
    for place in range(count):
        if not np.isfinite(here[place]):
            said.append("the value is not finite here")
        elif not np.isfinite(left_[place]) or not np.isfinite(right_[place]):
            said.append("the function is not finite beside %")
        elif steep[place]:
            said.append("a jump, or a slope without bound, at %")
        elif apart[place]:
            said.append(
                f"a kink at %, slopes {float(left_[place]):.4g} and {float(right_[place]):.4g}"
            )
        else:
            said.append("")
    return said


def said_of(met: list[list[str]], argument: str, shape: tuple[int, ...], chosen: Array) -> str:
    """The first oddity that was met, with the entry that was varied, and how many there are."""
    odd = [(place, next(filter(None, said))) for place, said in enumerate(met) if any(said)]
    if not odd:
        return ""
    place, said = odd[0]
    index = map(int, np.unravel_index(int(chosen[place]), shape)) if shape else ()
    where = f"{argument}[{', '.join(map(str, index))}]" if shape else argument
    more = f"; {len(odd) - 1} more" if len(odd) > 1 else ""
    return f"{said.replace('%', where)}{more}"
