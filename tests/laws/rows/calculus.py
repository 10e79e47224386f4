"""Rows of differences, sums and products of samples, interpolation and grids."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.laws.cases import POSITIVE, REAL, add, apart, arrays, draw, exists, label, rows, sizes


def given(words: str, *, make: Any = REAL) -> list[Any]:
    """Arrays of these shapes, each with others."""
    return list(arrays(*sizes(words), make=make))


def rising(size: int) -> Any:
    """Coordinates at uneven distances."""
    return 0.6 * 1.7 ** np.arange(size)


# Differences.

for n in (0, 1, 2, 3):
    add(np.diff, f"prepend-{n}", *given("4"), n=n, prepend=0.5)
    add(np.diff, f"append-{n}", *given("4"), n=n, append=given("2 3")[1])
    a, b, c = given("2x3 2x1 2x2")
    add(np.diff, f"both-{n}", a, n=n, prepend=b, append=c)
    add(np.diff, f"both-axis-{n}", a.T, n=n, axis=0, prepend=b.T, append=1.5)
add(np.diff, "prepend-0d", *given("3"), prepend=given("0d")[0])
add(np.diff, "prepend-vector", *given("1"), prepend=given("1 1")[1])
rows(np.ediff1d, "4 2x3 1 0 2x1x2", REAL)
add(np.ediff1d, "ends", *given("4 2 1"))
add(np.ediff1d, "end", *given("4"), 0.5)
add(np.ediff1d, "begin", *given("4"), to_begin=given("3")[0])
add(np.ediff1d, "list", *given("4"), to_begin=[0.5, 1.5])
for order in (1, 2):
    rows(np.gradient, "5 3 4", REAL, tag=f"{order}", edge_order=order)
    for axis in (0, 1, -1, (1,)):
        shapes = "4x3 3x4 3x3x2" if axis != -1 or order == 1 else "4x3 3x4"
        rows(np.gradient, shapes, REAL, tag=f"{order}-{axis}", edge_order=order, axis=axis)
    for shape in sizes("5 3"):
        (f,) = arrays(shape)
        add(np.gradient, f"step-{label(shape)}-{order}", f, 0.5, edge_order=order)
        add(np.gradient, f"scalar-{label(shape)}-{order}", f, np.float64(0.5), edge_order=order)
        add(np.gradient, f"at-{label(shape)}-{order}", f, rising(shape[0]), edge_order=order)
    (f,) = given("4x3")
    add(np.gradient, f"at-0-{order}", f, rising(4), axis=0, edge_order=order)
    add(np.gradient, f"at-1-{order}", f, rising(3), axis=1, edge_order=order)
    add(np.gradient, f"step-1-{order}", f, 0.5, axis=-1, edge_order=order)
rows(np.gradient, "2", REAL)
for trapezoid in exists("np.trapezoid", "np.trapz"):
    for axis in (-1, 0):
        rows(trapezoid, "4x3 1x3 3x1 2x3x2", REAL, tag=f"{axis}", axis=axis)
        for shape in sizes("4x3 2x3 3x1x2"):
            (y,) = arrays(shape)
            add(trapezoid, f"at-{label(shape)}-{axis}", y, rising(shape[axis]), axis=axis)
            x = np.cumsum(0.2 + np.abs(given(label(shape))[0]), axis=axis)
            add(trapezoid, f"at-each-{label(shape)}-{axis}", y, x, axis=axis)
            add(trapezoid, f"step-{label(shape)}-{axis}", y, dx=0.5, axis=axis)
            add(trapezoid, f"scalar-{label(shape)}-{axis}", y, None, np.float64(0.5), axis=axis)
    rows(trapezoid, "4 1 0 2", REAL)
    add(trapezoid, "at", *given("4"), rising(4))
    add(trapezoid, "at-list", *given("3"), [0.0, 0.5, 2.0])

# Products of samples.

for mode in ("full", "same", "valid"):
    for words in ("5 3", "3 5", "4 2", "2 4", "3 3", "1 3", "4 1", "1 1", "2 5", "5 4"):
        add(np.convolve, f"{words}-{mode}", *given(words), mode=mode)
        add(np.correlate, f"{words}-{mode}", *given(words), mode=mode)
add(np.correlate, "default", *given("5 3"))
add(np.convolve, "list", *given("4"), [0.5, 1.5])
for words in (
    "3 2",
    "2x3 2x2",
    "2x3 3",
    "3 2x2",
    "1 3",
    "2x1 1x3",
    "2x1x2 3x2",
    "0d 3",
    "2 0d",
    "0 2",
):
    add(np.kron, words, *given(words))
for words in ("3 3", "2x3 2x3", "2x3 3", "3 2x3", "2x1x3 4x3", "1x3 2x3", "0x3 3"):
    add(np.linalg.cross, words, *given(words))
SPECS = [
    ("ii->i", "3x3 1x1 0x0"),
    ("ii", "3x3 1x1"),
    ("ii->", "2x2"),
    ("iij->ij", "2x2x3 1x1x2"),
    ("iji->j", "2x3x2"),
    ("iji->ji", "2x3x2 2x1x2"),
    ("iijj->ij", "2x2x3x3"),
    ("iii->i", "2x2x2"),
    ("jiki->kij", "2x3x2x3"),
    ("...i->...", "3 2x3 2x1x3 2x1"),
    ("...", "3 2x3"),
    ("...ij->...ji", "2x3 4x2x3 1x2x1"),
    ("i...->...i", "3 2x3x2"),
    ("...ii->...i", "2x2 3x2x2 1x2x2"),
    ("ba", "2x4 1x3"),
]
for spec, words in SPECS:
    for place, x in enumerate(given(words)):
        add(np.einsum, f"{spec}-{words.split()[place]}", spec, x)
for spec, words in [
    ("ii,i->i", "3x3 3"),
    ("iij,jk->ik", "2x2x3 3x2"),
    ("ii,jj", "2x2 3x3"),
    ("ij,ji->", "2x3 3x2"),
    ("...ij,...jk->...ik", "2x3 3x2"),
    ("...ij,...jk->...ik", "4x2x3 3x2"),
    ("...ij,...jk->...ik", "4x2x3 1x3x2"),
    ("...ij,...jk->...ik", "5x1x2x3 4x3x2"),
    ("...ij,...j", "4x2x3 3"),
    ("...i,...i->...", "2x3 2x3"),
    ("i...,i...->...", "3x2 3x1"),
    ("...,...->...", "2x3 3"),
    ("i,ij,j->", "2 2x3 3"),
    ("i,i,i->i", "3 3 3"),
    ("ij,jk,kl->il", "2x3 3x2 2x4"),
    ("i , i", "3 3"),
    ("i,j->ij", "2 0"),
]:
    add(np.einsum, f"{spec}-{words}", spec, *given(words))
    add(np.einsum, f"{spec}-{words}-optimize", spec, *given(words), optimize=True)

# Interpolation and grids.


def interpolated(tag: str, x: Any, size: int, **options: Any) -> None:
    (fp,) = arrays((size,), make=apart(0))
    add(np.interp, tag, x, rising(size), fp, **options)


for size in (5, 2, 1):
    at = rising(size)
    inside = (at[:-1] + at[1:]) / 2 + 0.05 if size > 1 else at + np.array([0.2, -0.3])
    around = np.array([[-1.0, 9.0], [inside[0], inside[-1]]])
    for tag, options in [("", {}), ("ends", {"left": 0.5, "right": 1.5}), ("left", {"left": 2.0})]:
        interpolated(f"{size}-inside-{tag}", inside, size, **options)
        interpolated(f"{size}-2x2-{tag}", around, size, **options)
        interpolated(f"{size}-number-{tag}", float(inside[0]), size, **options)
        interpolated(f"{size}-0d-{tag}", np.array(inside[0]), size, **options)
        interpolated(f"{size}-0-{tag}", np.zeros(0), size, **options)
interpolated("period", np.array([-3.1, 0.2, 7.7, 1.9]), 4, period=3.3)
interpolated("negative-period", np.array([-3.1, 0.2]), 4, period=-3.3)
interpolated("period-number", 0.2, 4, period=3.3)
add(np.interp, "lists", given("3")[0], [-3.0, 0.0, 3.0], [0.5, 1.5, -1.0])
for axis in (0, 1, -1):
    rows(
        np.linspace,
        "2,2 2x1,3 3,0d"[: 99 if axis != 1 else 3],
        REAL,
        REAL,
        tag=f"axis{axis}-5",
        num=5,
        axis=axis,
    )
add(np.linspace, "dtype", 0.5, np.float64(1.5), 4, dtype=np.float64)
GRIDS = "scalar,scalar number,scalar 2,2 2x1,3 3,0d"
for function, make in ((np.logspace, draw(-1, 1)), (np.geomspace, POSITIVE)):
    for num in (5, 1, 0):
        rows(function, GRIDS, make, make, tag=f"{num}", num=num)
    rows(function, GRIDS, make, make, tag="open", num=4, endpoint=False)
    rows(function, "2,2 2x1,3", make, make, tag="axis", num=4, axis=-1)
rows(np.geomspace, GRIDS, draw(-2, -0.5), draw(-2, -0.5), tag="negative", num=3)
add(np.logspace, "base", np.float64(0.5), np.float64(1.5), num=4, base=2.0)
add(np.logspace, "bases", np.float64(0.5), 1.5, num=4, base=np.float64(2.0))
for N in (None, 3, 1, 0):
    rows(np.vander, "4 1 2", REAL, tag=f"{N}", N=N)
    rows(np.vander, "4 1 2", REAL, tag=f"{N}-increasing", N=N, increasing=True)
add(np.vander, "at-0", np.array([0.0, 1.5]), 3)
for axis in (-1, 0):
    rows(np.unwrap, "5 4x3 1x3 3x1 0x2", draw(-9, 9), tag=f"{axis}", axis=axis)
rows(np.unwrap, "6", draw(-9, 9), tag="period", period=3.0)
rows(np.unwrap, "6", draw(-9, 9), tag="discont", discont=4.0)
