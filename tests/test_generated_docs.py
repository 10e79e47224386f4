"""Pages of the documentation that scripts of `tools/` write are current."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

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


@pytest.mark.parametrize("example", gallery.EXAMPLES, ids=[one.title for one in gallery.EXAMPLES])
def test_examples_of_the_gallery(example: gallery.Example) -> None:
    """What is shown is right: each gradient against differences."""
    function, derivative = gallery.compiled(example)
    found = derivative(*example.args)
    found = found if isinstance(found, tuple) else (found,)
    for place, gradient in zip(gallery.which(example), found):
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
