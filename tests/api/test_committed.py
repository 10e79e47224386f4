"""`@differentiable(generated=...)`: a committed derivative runs where it is that of the function, for the arguments; else none runs unseen."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import srcad
from srcad.cli.kept import render
from srcad.cli.project import project

STENCILS = """
def smooth(u):
    return u[1:] - 0.25 * u[:-1]
"""
MODEL = """
import numpy as np
import srcad

from .stencils import smooth

K = 0.5
TABLE = [1.0, 2.0]
WEIGHTS = np.array([1.0, 2.0])


@srcad.differentiable(generated="kept.model_srcad")
def loss(u, t):
    r = smooth(u) * t  # residuals
    return K * np.sum(r**2)


@srcad.differentiable(generated=".model_srcad")
def wave(x):
    x[0] = np.sin(x[1])
    return x


@srcad.differentiable(generated=".model_srcad")
def fixed(x, n=2):
    for _ in range(n):
        x = x * x
    return np.sum(x * WEIGHTS) * TABLE[0]


class Square:
    def __init__(self, x):
        self.value = x**2


@srcad.differentiable(generated=".model_srcad")
def squared(x):
    return np.sum(Square(x).value)
"""
PROJECT = """
[tool.srcad.files."kept/model_srcad.py"]
source = "kept/model.py"
args = ["u: float64[n]", "t: float64[m]", "x: float64[2]", "n: 2"]
derivatives = [
    "grad(loss)", "value_and_grad(loss, argnums=(0, -1))", "grad(fixed)", "hvp(fixed)", "jvp(fixed)",
    "grad(squared)",
    "vjp(loss, argnums=(0, 1))", "vjp(wave)",
    { expression = "vmap(grad(loss), in_dims=(0, None))", args = ["u: float64[b, n]"] },
]
"""
U, T = np.array([1.0, 2.0, 4.0]), np.array([0.5, 1.5])


def forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "kept"]:
        del sys.modules[name]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "stencils.py").write_text(STENCILS)
    (folder / "model.py").write_text(MODEL)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    forget()
    (output,) = project(tmp_path)
    made = render(output)
    (folder / "model_srcad.py").write_text(made)
    forget()
    yield folder
    forget()


def model() -> ModuleType:
    forget()
    import kept.model  # type: ignore[import-not-found]

    return kept.model  # type: ignore[no-any-return]


def ran(action: Callable[[], Any]) -> tuple[Any, str]:
    """What a call returns, and its warning."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = action()
    assert all(each.filename == __file__ for each in said)
    return result, "; ".join(str(each.message) for each in said)


def gradient(u: Any, t: Any, k: float = 0.5, a: float = 0.25) -> Any:
    s_bar = 2 * k * (u[1:] - a * u[:-1]) * t**2
    u_bar = np.zeros_like(u)
    u_bar[1:] += s_bar
    u_bar[:-1] -= a * s_bar
    return u_bar


def test_what_fits_is_used(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCAD_GENERATED", "require")
    found = model()
    np.testing.assert_array_equal(found.loss.grad(U, t=T), gradient(U, T))
    value, (u_bar, _) = srcad.value_and_grad(found.loss, (0, 1))(U, T)
    np.testing.assert_array_equal(u_bar, gradient(U, T))
    x, v = np.array([1.0, 2.0]), np.array([1.0, 0.5])
    np.testing.assert_allclose(srcad.hvp(found.fixed, (x,), (v,))[1], [12.0, 48.0])
    np.testing.assert_allclose(found.fixed.jvp((x,), (v,)), (33.0, 36.0))
    rows = srcad.vmap(found.loss.grad, (0, None))(np.stack([U, 2 * U]), T)
    np.testing.assert_allclose(rows, [gradient(U, T), 2 * gradient(U, T)])
    np.testing.assert_array_equal(found.fixed.grad(np.array([1.0, 2.0])), [4.0, 64.0])
    monkeypatch.setattr(sys.modules["kept.model_srcad"], "K", 5.0)
    np.testing.assert_array_equal(found.loss.grad(U, T), gradient(U, T, 5.0))  # it is that text
    with pytest.raises(srcad.SourceNotFoundError, match=r"it has no pullback of it\nRun srcad"):
        found.fixed.vjp(x)


def test_pullbacks(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the text that is one function; they keep what they need, and leave the arguments alone."""
    monkeypatch.setenv("SRCAD_GENERATED", "require")
    found = model()
    u, t = U.copy(), T.copy()
    value, pullback = srcad.vjp(found.loss, u, t)
    u[:], t[:] = 0, 0
    assert value == found.loss(U, T)
    for seed in (1.0, 2.0):
        u_bar, t_bar = pullback(seed)
        np.testing.assert_array_equal(u_bar, seed * gradient(U, T))
        np.testing.assert_allclose(t_bar, seed * (U[1:] - 0.25 * U[:-1]) ** 2 * T)
    x = np.array([1.0, 2.0])
    value, pullback = found.wave.vjp(x)
    np.testing.assert_array_equal(value, [np.sin(2.0), 2.0])
    np.testing.assert_array_equal(x, [1.0, 2.0])
    value[:] = 0
    (x_bar,) = pullback(np.array([3.0, 5.0]))
    np.testing.assert_allclose(x_bar, [0.0, 3 * np.cos(2.0) + 5])
    with pytest.raises(ValueError, match="has shape"):
        pullback(np.ones(3))


def test_what_does_not_fit_is_compiled_or_refused(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = model()
    x = np.array([1.0, 2.0])
    for action, wanted, why in [
        (lambda: found.loss.grad(U.astype(np.float32), T), gradient(U, T), "is for u: float64[n]"),
        (lambda: found.loss.jacrev(U, T), gradient(U, T), "it has no jacrev of it"),
        (lambda: found.fixed.grad(x, 1), 2 * x * [1, 2], "is for x: float64[2]; n: 2"),
        (lambda: found.squared.grad(x), 2 * x, "squared_grad reads `Square`, which has no digest"),
    ]:
        result, said = ran(action)
        np.testing.assert_allclose(result, wanted, rtol=1e-6)
        assert why in said and said.endswith("It is compiled afresh; run srcad generate.")
        assert ran(action)[1] == "", "once for arguments of a kind"
    np.testing.assert_array_equal(ran(lambda: found.fixed.grad(x))[0], [4.0, 64.0])

    found.K = 0.75
    result, said = ran(lambda: found.loss.grad(U, T))
    np.testing.assert_array_equal(result, gradient(U, T, 0.75))
    assert "is not of the function, or of what it calls" in said
    found.WEIGHTS[1] = 3.0
    np.testing.assert_array_equal(ran(lambda: found.fixed.grad(x))[0], [4.0, 96.0])
    monkeypatch.setenv("SRCAD_GENERATED", "require")
    found.smooth = lambda u: u[1:]
    with pytest.raises(srcad.SourceNotFoundError, match="is not of the function"):
        found.loss.grad(U, T)


@pytest.mark.parametrize(
    "file, old, new, why",
    [
        ("model.py", "K * np.sum", "2 * K * np.sum", "is not of the function"),
        ("stencils.py", "0.25", "0.5", "is not of the function"),
        ("model_srcad.py", "K * r", "K * r * r", "it was edited by hand"),
        ("model_srcad.py", "# Code generated", "# Made", "is no module that srcad has generated"),
        ("model_srcad.py", "import numpy", "import nampy", "it cannot be imported (ModuleNot"),
        ("model.py", "# residuals", "# of u\n", ""),
    ],
)
def test_files_that_changed(package: Path, file: str, old: str, new: str, why: str) -> None:
    path = package / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    result, said = ran(lambda: model().loss.grad(U, T))
    assert why in said and bool(why) == bool(said)
    doubled, a = 1 + (new[:1] == "2"), 0.5 if file == "stencils.py" else 0.25
    np.testing.assert_array_equal(result, doubled * gradient(U, T, a=a))


def test_a_file_that_was_edited_under_a_running_program(package: Path) -> None:
    """The text on disk is that of the committed derivative, what runs is another."""
    path = package / "model.py"
    text = path.read_text()
    path.write_text(text.replace("K * np.sum", "3 * K * np.sum"))
    found = model()
    path.write_text(text)
    with (
        pytest.warns(RuntimeWarning, match="was edited since it was imported"),
        pytest.raises(srcad.SourceNotFoundError),
    ):
        found.loss.grad(U, T)


def test_no_compiler_is_imported(package: Path) -> None:
    code = """
import sys
import numpy as np
from kept.model import loss
loss.grad(np.ones(3), np.ones(2))
rooms = ("parser", "rules", "analysis", "transformer", "vectorizer", "simplifier", "cli")
print([name for name in sys.modules if name.split(".")[1:2] and name.split(".")[0] == "srcad" and name.split(".")[1] in rooms])
"""
    root = str(Path(srcad.__file__).parents[1])
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{root}:{package.parent}", "SRCAD_GENERATED": "require", "PATH": ""},
    )
    assert found.stdout == "[]\n", found.stderr
