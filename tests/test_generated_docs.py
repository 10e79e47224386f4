"""Pages of the documentation that scripts of `tools/` write are current."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import srcad
from tools import gallery, numpy_table

scipy_table = pytest.importorskip("tools.scipy_table")


def held_current(tool: ModuleType) -> None:
    written = tool.PAGE.read_text(encoding="utf-8")
    if tool.VERSIONS not in written:
        pytest.skip(f"{tool.PAGE.name} is not that of {tool.VERSIONS}")
    assert written == tool.page(), f"run python -m {tool.__name__}"


def test_numpy_page() -> None:
    held_current(numpy_table)


def test_scipy_page() -> None:
    held_current(scipy_table)


def test_gallery() -> None:
    written = gallery.PAGE.read_text(encoding="utf-8")
    assert written == gallery.page(), "run python -m tools.gallery"


GRADIENTS = [one for one in gallery.EXAMPLES if not one.how]
OTHERS = [one for one in gallery.EXAMPLES if one.how]


@pytest.mark.parametrize("example", GRADIENTS, ids=[one.title for one in GRADIENTS])
def test_examples_of_the_gallery(example: gallery.Example) -> None:
    """What is shown is right: each gradient against differences."""
    function, derivative = gallery.compiled(example)
    found = derivative(*example.args)
    found = found if isinstance(found, tuple) else (found,)
    for place, gradient in zip(example.by or range(len(example.args)), found):
        x = example.args[place]
        way = np.cos(np.arange(x.size)).reshape(x.shape)
        if example.title in ("np.linalg.cholesky", "np.linalg.eigh") and place == 0:
            way = way + way.T
        moved = [
            function(*example.args[:place], x + sign * 1e-6 * way, *example.args[place + 1 :])
            for sign in (1, -1)
        ]
        slope = (moved[0] - moved[1]) / 2e-6
        np.testing.assert_allclose(np.sum(gradient * way), slope, rtol=1e-5, atol=1e-7)


def jacobian(f: Any, argnums: Any = 0, *, sparse: bool = False, compact: bool = False) -> Any:
    """The Jacobian of a function by differences, the blocks on its diagonal where that is asked for."""

    def differences(*args: Any) -> Any:
        blocks = tuple(block(args, place) for place in np.atleast_1d(argnums))
        return blocks if isinstance(argnums, tuple) else blocks[0]

    def block(args: tuple[Any, ...], place: int) -> Any:
        x = np.asarray(args[place])
        columns = []
        for unit in np.eye(x.size).reshape((-1, *x.shape)):
            ends = [f(*args[:place], x + s * unit, *args[place + 1 :]) for s in (1e-5, -1e-5)]
            columns.append((ends[0] - ends[1]) / 2e-5)
        found = np.stack(columns, axis=-1).reshape((*np.shape(columns[0]), *x.shape))
        return np.stack([row[:, i] for i, row in enumerate(found)]) if compact else found

    return differences


def stacked(f: Any, in_dims: Any = 0) -> Any:
    """The function of one example after the other."""

    def each(*args: Any) -> Any:
        dims = in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(args)
        count = next(len(arg) for arg, dim in zip(args, dims) if dim == 0)
        rows = [
            f(*(arg if dim is None else arg[i] for arg, dim in zip(args, dims)))
            for i in range(count)
        ]
        if isinstance(rows[0], tuple):
            return tuple(np.stack(part) for part in zip(*rows))
        return np.stack(rows)

    return each


@pytest.mark.parametrize("example", OTHERS, ids=[one.title for one in OTHERS])
def test_other_derivatives_of_the_gallery(example: gallery.Example) -> None:
    """Each against the same expression with differences for derivatives and a loop for `vmap`."""
    function, derivative = gallery.compiled(example)
    by_differences = {"grad": jacobian, "jacrev": jacobian, "jacfwd": jacobian, "vmap": stacked}
    by_differences["hessian"] = lambda f, *args, **options: jacobian(
        srcad.grad(f), *args, **options
    )
    names = {**by_differences, function.__name__: function}
    wanted = eval(gallery.expression(example), names)(*example.args)
    found = derivative(*example.args)
    for a, b in zip(*(one if type(one) is tuple else (one,) for one in (found, wanted))):
        a = a.toarray() if hasattr(a, "toarray") else a
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
