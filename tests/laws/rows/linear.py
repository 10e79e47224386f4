"""Rows of linear functions: shapes, joins, copies, indexing and stores as values."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad import runtime
from srcad.core import ops
from tests.laws.cases import PAIRS, REAL, UNARY, add, arrays, exists, label, rows, sizes

# Linear: along an axis, diagonals.

for axis in (0, 1, -1, -2):
    rows(np.diff, "4x3 1x3 2x1 2x3x2", REAL, tag=f"axis{axis}", axis=axis)
for n in (0, 1, 2, 3, 4):
    rows(np.diff, "5 3 1 0 2x4", REAL, tag=f"n{n}", n=n)
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
add(np.longdouble, "scalar", np.longdouble(0.5))
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
