"""Rows of reductions, what accumulates along an axis, and order, with all their options."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.laws.cases import REAL, add, apart, arrays, label, rows, rng_of, sizes

AXES: list[Any] = [None, 0, 1, -1, -2, (0, 1), (1, 0), (-1,), ()]
DEEP: list[Any] = [1, (0, 2), (0, 1, 2), (-1, 0)]


def mask(shape: Any) -> Any:
    """A mask that keeps at least two elements of each row and column of three or more."""
    made = rng_of("mask", shape).uniform(size=shape) < 0.6
    made[..., :1] = True
    return made


def ways(axes: list[Any]) -> Any:
    for axis in axes:
        for keepdims in (False, True):
            yield f"axis{axis}-{keepdims}", {"axis": axis, "keepdims": keepdims}


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
