"""Rows of extremes, products of elements, order, statistics and linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.laws.cases import REAL, apart, rows, sizes

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
