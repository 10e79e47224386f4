"""Rows of shapes, joins and selections: rules that are definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.laws.cases import COVERED, REAL, add, apart, arrays, label, rows, sizes
from tests.laws.rows.linalg import through


def given(words: str, *, make: Any = REAL) -> list[Any]:
    """Arrays of these shapes, each with others."""
    return list(arrays(*sizes(words), make=make))


# Turns.

for k in (-1, 0, 1, 2, 3, 6):
    rows(np.rot90, "2x3 1x3 2x1 0x2 2x3x2", REAL, tag=f"{k}", k=k)
    rows(np.rot90, "2x3x4 1x3x1", REAL, tag=f"{k}-axes", k=k, axes=(2, 0))
rows([np.fliplr, np.flipud], "2x3 1x3 2x1 0x2 2x3x2", REAL)
rows(np.flipud, "3 0 1", REAL)
for axis, start in ((0, 0), (2, 0), (-1, 1), (0, 3), (1, 2), (0, -1)):
    rows(np.rollaxis, "2x3x4 1x3x1 0x2x1", REAL, tag=f"{axis}-{start}", axis=axis, start=start)
rows(np.matrix_transpose, "2x3 1x3 2x1 0x2 2x3x4 1x3x1", REAL)
for offset in (-1, 0, 2):
    rows(np.diagflat, "3 2x2 1 0 0d", REAL, tag=f"{offset}", k=offset)

# Repetition.

for reps in (2, 1, 0, (3,), (2, 3), (1, 2), (2, 1), (2, 1, 3)):
    rows(np.tile, "3 2x3 1 1x3 2x1 0 2x0 0d", REAL, tag=f"{reps}", reps=reps)
for repeats in (2, 1, 0, (3,)):
    rows(np.repeat, "3 2x3 1 1x3 0 2x1x2 0d", REAL, tag=f"{repeats}", repeats=repeats)
    for axis in (0, 1, -1):
        rows(
            np.repeat,
            "2x3 1x3 2x1 0x3 2x3x2",
            REAL,
            tag=f"{repeats}-{axis}",
            repeats=repeats,
            axis=axis,
        )
rows(np.repeat, "3", REAL, tag="each", repeats=[1, 0, 2])
rows(np.repeat, "3", REAL, tag="each-array", repeats=np.array([1, 0, 2]))
rows(np.repeat, "2x3 1x3", REAL, tag="each-axis", repeats=[2, 0, 1], axis=1)
rows(np.repeat, "2x3 2x1", REAL, tag="each-row", repeats=(2, 0), axis=0)
for shape in (5, (2, 3), (1,), (0,), (), (2, 1, 2)):
    rows(np.resize, "3 2x2 1 0d", REAL, tag=f"{shape}", new_shape=shape)

# Joins.

for words in ("3 3", "2x3 2x3", "2 1x2 1x2x1", "1 1", "0 0", "2x3x2 2x3x1", "0d 0d"):
    add(np.dstack, words, tuple(given(words)))
    add(np.dstack, words + "-list", given(words))
add(np.append, "3+2", *given("3 2"))
add(np.append, "2x3+2", *given("2x3 2"))
add(np.append, "3+0d", *given("3 0d"))
add(np.append, "3+number", *given("3"), 0.5)
add(np.append, "3+list", *given("3"), [0.5, 1.5])
add(np.append, "0+1", *given("0 1"))
for axis, words in ((0, "2x3 1x3"), (1, "2x3 2x1"), (-1, "2x3 2x2"), (0, "2x1 0x1"), (0, "3 2")):
    add(np.append, f"{words}-axis{axis}", *given(words), axis=axis)
add(np.block, "row", given("3 2"))
add(np.block, "row-of-2", given("2x3 2x1"))
add(np.block, "column", [[x] for x in given("2x3 1x3")])
add(np.block, "mixed", [[x] for x in given("3 2x3")])
a, b, c, d = given("2x2 2x1 1x2 1x1")
add(np.block, "square", [[a, b], [c, d]])
add(np.block, "number", [[a, b], [c, 0.5]])
add(np.block, "deep", [[given("2x2x2 2x2x1")]])
add(np.block, "one", a)
add(np.block, "numbers", [*given("0d 3"), 0.5])
for join in (np.vstack, np.column_stack):
    for words in ("3 2x3", "2x3 3 1x3") if join is np.vstack else ("2 2x3", "2x3 2 2x1"):
        add(join, f"ranks-{words}", tuple(given(words)))
add(np.hstack, "ranks", tuple(given("0d 3 1")))

for join in (np.concatenate, np.vstack, np.stack):
    rows(join, "2x3 1x3 3x1 2x3x2", REAL, tag="one-array")
rows(np.stack, "2x3 1x3 2x3x2", REAL, tag="one-array-axis", axis=1)
for join in (np.concatenate, np.stack, np.vstack, np.hstack):
    add(join, "dtype", tuple(given("3 3")), dtype=np.float64)
    add(join, "dtype-float32", tuple(given("3 3")), dtype=np.float32, rounds=True)
    add(join, "casting", tuple(given("3 3")), casting="safe")
for ndmin in (1, 2, 3):
    rows(np.array, "3 2x3 0d 0 1", REAL, tag=f"ndmin-{ndmin}", ndmin=ndmin)
    add(np.array, f"list-ndmin-{ndmin}", given("3 3"), ndmin=ndmin)

# Parts.

for axis in (None, 0, 1, -1):
    for place, index in enumerate(([0, 1, 1], (1, 0), 1, -1, np.array([[0, 1], [1, 1]]))):
        for words in ("2x3", "2x2"):
            add(np.take, f"{axis}-{place}-{words}", given(words)[0], index, axis=axis)
    for mode in ("wrap", "clip"):
        x = given("2x3")[0]
        add(np.take, f"{mode}-{axis}", x, [4, -5, 1, 1], axis=axis, mode=mode)
        add(np.take, f"{mode}-{axis}-array", x, np.array([[4, -5], [1, 0]]), axis=axis, mode=mode)
    add(np.compress, f"{axis}", [True, False], given("2x3")[0], axis=axis)
    add(np.compress, f"{axis}-array", np.array([False, True]), given("2x3")[0], axis=axis)
    add(np.compress, f"{axis}-none", np.array([False, False]), given("2x3")[0], axis=axis)
    for obj in (0, 1, -1, -2, [0], [0, 1], (1, 1), np.array([0]), np.array([True, False])):
        if not (isinstance(obj, np.ndarray) and obj.dtype == bool and axis in (None, 1, -1)):
            tag = f"{axis}-{obj}-{type(obj).__name__}"
            add(np.delete, tag, given("2x3")[0], obj, axis=axis)
            add(np.delete, f"{tag}-small", given("2x2")[0], obj, axis=axis)
    for obj in (0, 1, -1, 2, [0], [0, 1], [1, 1], [1, 0], (1, 0, 0)):
        for words in ("2x3 0d", "2x2 0d", "2x3 1"):
            add(
                np.insert, f"{axis}-{obj}-{words}", given(words)[0], obj, given(words)[1], axis=axis
            )
        add(np.insert, f"{axis}-{obj}-number", given("2x2")[0], obj, 0.5, axis=axis)
x = given("2x3")[0]
for obj in (0, 2, -1):
    add(np.insert, f"{obj}-3-several", *given("3")[:1], obj, given("3 2")[1])
    add(np.insert, f"{obj}-3-one", *given("3")[:1], obj, given("3 0d")[1])
add(np.insert, "places", x, np.array([-1, 0, 0]), given("3")[0], axis=1)
add(np.insert, "column", x, 1, given("2")[0], axis=1)
add(np.insert, "columns", x, [1, 2], given("2x2")[0], axis=1)
add(np.insert, "row", x, 1, given("3")[0], axis=0)
add(np.insert, "list", *given("3"), [0, 2], [0.5, 1.5])
add(np.delete, "slice", *given("5"), slice(1, 3))
add(np.extract, "2x3", x > 0, x)
add(np.extract, "3", np.array([True, False, True]), *given("3"))

# Choices.

which = np.array([0, 2, 1])
for words in ("3 3 3", "3 2x3 2x1", "0d 3 1"):
    add(np.choose, words, which, given(words))
    add(np.choose, words + "-wrap", which + 3, tuple(given(words)), mode="wrap")
    add(np.choose, words + "-clip", which * 2 - 1, tuple(given(words)), mode="clip")
add(np.choose, "array", which, *given("3"))
add(np.choose, "numbers", which, [0.5, 1.5, *given("3")])
masks = [np.array([True, False, True]), np.array([[False, True, True], [False, False, False]])]
add(np.select, "3", masks[:1], given("3"))
add(np.select, "2x3", masks, given("3 2x3"))
add(np.select, "default", masks, given("3 0d"), 0.5)
add(np.select, "default-3", masks, given("3 2x1"), given("3 2x1 1")[2])
add(np.select, "number", masks, [0.5, *given("3")])

# Edges.

MODES = "edge linear_ramp maximum mean minimum reflect symmetric wrap median"
for width in (0, 1, 2, (1, 2), ((1, 2),), (2, 0), 5):
    for shape in sizes("4 2x3 1 3x1 1x3 3x1x2"):
        (x,) = arrays(shape, make=apart(0))
        add(np.pad, f"{label(shape)}-{width}", x, width)
        every = len(shape) == 1 or width in ((1, 2), 5)[: 3 - len(shape)] or width == 1
        for mode in MODES.split() if every else ():
            add(np.pad, f"{label(shape)}-{width}-{mode}", x, width, mode=mode)
for mode in ("reflect", "symmetric"):
    for shape in sizes("4 2x3 1x3"):
        for width in (1, (2, 1), 5):
            (x,) = arrays(shape)
            tag = f"{mode}-odd-{label(shape)}-{width}"
            add(np.pad, tag, x, width, mode=mode, reflect_type="odd")
for mode in ("maximum", "mean", "median", "minimum"):
    for length in (1, 2, (1, 2), 9):
        (x,) = arrays((5,), make=apart(0))
        add(np.pad, f"{mode}-length-{length}", x, (2, 1), mode=mode, stat_length=length)
for shape in sizes("3 2x3"):
    (x,) = arrays(shape)
    for value in (0.5, (0.5, 1.5)):
        add(np.pad, f"value-{label(shape)}-{value}", x, (2, 1), constant_values=value)
        add(np.pad, f"end-{label(shape)}-{value}", x, (2, 1), mode="linear_ramp", end_values=value)
add(np.pad, "axes", given("2x3")[0], ((1, 2), (0, 3)), mode="edge")
add(np.pad, "axes-constant", given("2x3")[0], ((1, 2), (0, 3)))
add(np.pad, "axes-value", given("2x3")[0], ((1, 2), (0, 3)), constant_values=((0.5, 1), (2, 3)))
add(np.pad, "positional", given("3")[0], 1, "wrap")

# Several results, through functions of them.


def weighed(parts: Any) -> Any:
    """All elements of all parts but the second, each part with another weight."""
    if not isinstance(parts, (tuple, list)):
        raise NotImplementedError("the number of the parts is not known")
    flat = [(i + 1) * np.reshape(part, (-1,)) ** 2 for i, part in enumerate(parts) if i != 1]
    return np.concatenate(flat)


@through(np.split)
def of_split(ary: Any, *, indices_or_sections: Any, axis: Any = 0) -> Any:
    return weighed(np.split(ary, indices_or_sections, axis=axis))


@through(np.split)
def of_all_of_split(ary: Any, *, indices_or_sections: Any, axis: Any = 0) -> Any:
    first, second = np.split(ary, indices_or_sections, axis=axis)
    return first * np.cos(second)


@through(np.array_split)
def of_array_split(ary: Any, *, indices_or_sections: Any, axis: Any = 0) -> Any:
    return weighed(np.array_split(ary, indices_or_sections, axis=axis))


@through(np.hsplit, np.vsplit, np.dsplit)
def of_splits(ary: Any, *, indices_or_sections: Any, way: Any) -> Any:
    return weighed({"h": np.hsplit, "v": np.vsplit, "d": np.dsplit}[way](ary, indices_or_sections))


# How many results it has is not known of a size that is a symbol: tests/parser/test_normal.py has its calls.
COVERED.update([np.unstack] if hasattr(np, "unstack") else [])


@through(np.meshgrid)
def of_meshgrid(*xi: Any, indexing: Any = "xy", sparse: Any = False) -> Any:
    return weighed(np.meshgrid(*xi, indexing=indexing, sparse=sparse))


@through(np.meshgrid)
def of_plane(x: Any, y: Any) -> Any:
    one, two = np.meshgrid(x, y)
    return np.sin(one) * two


@through(np.broadcast_arrays)
def of_broadcast_arrays(*args: Any) -> Any:
    return weighed(np.broadcast_arrays(*args))


@through(np.atleast_1d, np.atleast_2d, np.atleast_3d)
def of_atleast(*arys: Any, least: Any) -> Any:
    functions = np.atleast_1d, np.atleast_2d, np.atleast_3d
    return weighed(functions[least - 1](*arys))


@through(np.gradient)
def of_gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    return weighed(np.gradient(f, *varargs, axis=axis, edge_order=edge_order))


for sections in (1, 2, [1], [1, 3], [0, 2, 2]):
    for words in ("4", "4x3", "4x1"):
        x, tag = given(words)[0], f"{words}-{sections}"
        add(of_split, tag, x, indices_or_sections=sections)
        add(of_array_split, tag, x, indices_or_sections=sections)
        if words != "4":
            add(of_split, f"{tag}-1", x.T, indices_or_sections=sections, axis=-1)
            add(of_splits, f"v-{tag}", x, indices_or_sections=sections, way="v")
            add(of_splits, f"h-{tag}", x.T, indices_or_sections=sections, way="h")
rows(of_all_of_split, "4 2 4x3", REAL, indices_or_sections=2)
rows(of_all_of_split, "2x4x3 1x2x1", REAL, tag="axis", indices_or_sections=2, axis=1)
for sections in (2, 3, 5):
    rows(of_array_split, "4 5 7", REAL, tag=f"rest-{sections}", indices_or_sections=sections)
rows(of_splits, "4", REAL, tag="h", indices_or_sections=2, way="h")
rows(of_splits, "2x3x4 1x2x2", REAL, tag="d", indices_or_sections=2, way="d")
for words in ("3", "3 2", "3 1", "2 3 2", "2x2 3"):
    add(of_meshgrid, words, *given(words))
    add(of_meshgrid, words + "-ij", *given(words), indexing="ij")
    add(of_meshgrid, words + "-sparse", *given(words), sparse=True)
    add(of_meshgrid, words + "-ij-sparse", *given(words), indexing="ij", sparse=True)
add(of_plane, "3-2", *given("3 2"))
for words in ("3", "3 2x3", "2x1 1x3", "0d 3", "2x3 1 2x1"):
    add(of_broadcast_arrays, words, *given(words))
for least in (1, 2, 3):
    add(of_atleast, f"{least}", *given("0d 3 2x3"), least=least)
for words in ("4x3", "3x3x3"):
    add(of_gradient, words, *given(words))
    add(of_gradient, f"{words}-step", *given(words), 0.5, edge_order=2)
for words, window, axis in (
    ("5", 2, None),
    ("4x3", 2, 0),
    ("4x3", 3, -1),
    ("4x3", (2, 2), None),
    ("3x2x4", (2, 3), (0, 2)),
):
    tag = f"{words}-{window}-{axis}"
    add(sliding_window_view, tag, *given(words), window_shape=window, axis=axis)
add(of_gradient, "steps", *given("4x3"), 0.5, np.array([0.0, 0.5, 2.0]))
add(of_gradient, "axes", *given("4x2x3"), 0.5, 1.5, axis=(2, 0))
