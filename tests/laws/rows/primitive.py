"""Rows of norms and linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.laws.cases import REAL, rows, sizes

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
    rows(np.linalg.norm, "2x3 1x3 2x1 4 1" if flat else "2x3 1x3 2x1", REAL, tag=tag, **options)
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
