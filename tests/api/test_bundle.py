"""Texts put together: what is the same is there once, what is not keeps its meaning under another name."""

from __future__ import annotations

from typing import Any

from srcad.api.bundle import Part, bundled

ONE = '''import numpy as np
from a import area

K = 2.0


def inner(x):
    return K * x


def outer_grad(x):
    """One."""
    # K * x
    return inner(x) * len(f"{K}-{x}"), area, np.float64(x)
'''
TWO = """import numpy as np
from b import area

K = 3.0


def inner(x):
    return K * x


def other_grad(x):
    # inner(x)
    y = dict(K=inner(x), area=K)
    return y, area(K)
"""


def test_names_that_mean_different_things(tmp_path: Any, monkeypatch: Any) -> None:
    (tmp_path / "a.py").write_text("area = 'a'\n")
    (tmp_path / "b.py").write_text("def area(x): return ('b', x)\n")
    monkeypatch.syspath_prepend(tmp_path)
    parts = [
        Part(ONE, "outer_grad", "outer_grad", {}),
        Part(TWO, "other_grad", "inner", {}),  # called as a helper is
        Part(ONE, "outer_grad", "again", {}),
    ]
    text = bundled(parts)
    made: dict[str, Any] = {}
    exec(text, made)
    assert made["outer_grad"](1.0) == made["again"](1.0) == (2.0 * 7, "a", 1.0)
    assert made["inner"](1.0) == ({"K": 3.0, "area": 3.0}, ("b", 3.0))
    assert text.count("from a import area") == 1 and text.count("return K * x") == 1
    assert "    # K * x\n" in text and "    # inner(x)\n" in text, "comments quote the function"
    assert bundled(parts) == text
