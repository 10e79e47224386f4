"""docs/pull-request.md: its files are written, its commands run, and what they print is what the page says. Then the module runs with NumPy alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from click.testing import CliRunner

from srcad.cli.commands import command as srcad

PAGE = Path(__file__).resolve().parents[2] / "docs" / "pull-request.md"


class Block(NamedTuple):
    kind: str
    before: str  # the paragraph above
    text: str


def blocks() -> Iterator[Block]:
    text = PAGE.read_text(encoding="utf-8")
    for found in re.finditer(r"([^\n]*)\n\n```(\w+)\n(.*?)^```$", text, re.S | re.M):
        yield Block(found[2], found[1], found[3])


def sessions(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, said = part.partition("\n")
        yield command, said


def pattern(said: str) -> str:
    return re.escape(said).replace(r"\.\.\.", r"[^\n]*?")


def forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "fit"]:
        del sys.modules[name]


def shell(command: str) -> str:
    who = {
        f"GIT_{role}_{what}": "a@b.example"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    found = subprocess.run(
        ["sh", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **who},
    )
    return found.stdout


def run(command: str) -> str:
    """What a line of the page prints; srcad in this process, on the files as they are now, the rest in a shell."""
    found = re.fullmatch(r"srcad ([^;&|]*)(.*)", command)
    if found is None:
        return shell(command)
    forget()
    result = CliRunner().invoke(srcad, found[1].split(), prog_name="srcad")
    return result.output + shell(f"(exit {result.exit_code}) {found[2]}")


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a file may be edited twice in a second
    run("git init --quiet")
    commands = 0
    for block in blocks():
        named = re.search(r"`([\w./-]+)`:$", block.before)
        if block.kind in ("python", "toml", "yaml") and named:
            path = folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            if block.kind != "yaml":
                path.write_text(block.text)
            if path.name == "model.py":
                (path.parent / "__init__.py").touch()
        elif block.kind == "diff":
            (tmp_path / "patch").write_text(block.text)
            assert run(f"git apply {tmp_path / 'patch'}") == ""
        elif block.kind == "console":
            for command, said in sessions(block.text):
                found = run(command)
                assert re.fullmatch(pattern(said), found), f"$ {command}\n{found}"
                commands += 1
    assert commands >= 12
    forget()
    runs_with_numpy_alone(folder, tmp_path / "numpy_alone")


def runs_with_numpy_alone(folder: Path, home: Path) -> None:
    """An interpreter that sees the standard library, NumPy and the repository, and no other package."""
    home.mkdir()
    for found in Path(np.__file__).parents[1].glob("numpy*"):
        if found.name in ("numpy", "numpy.libs"):
            (home / found.name).symlink_to(found)
    code = f"""
import sys
sys.path[:0] = [{str(home)!r}, {str(folder)!r}]
import importlib.util
for name in ("srcad", "gast", "scipy", "click", "optree"):
    assert importlib.util.find_spec(name) is None, name
import numpy as np
from fit import model_srcad as made
p, t, y = np.array([2.0, 1.5, 0.5]), np.linspace(-1, 2, 4), np.array([0.3, 1.0, 1.0, 2.0])
value, slope = made.loss_value_and_grad(p, t, y)
print(repr([float(value), *map(float, slope), *map(float, made.residuals_jacrev(p, t, y).ravel())]))
for wrong in ((p.astype(np.float32), t, y), (p, t, y[1:]), ([1.0, 2.0, 3.0], t, y)):
    try:
        made.loss_value_and_grad(*wrong)
    except (TypeError, ValueError) as error:
        print(error)
assert "fit.model" not in sys.modules
"""
    found = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert found.returncode == 0, found.stderr
    first, *errors = found.stdout.splitlines()
    p, t, y = np.array([2.0, 1.5, 0.5]), np.linspace(-1, 2, 4), np.array([0.3, 1.0, 1.0, 2.0])

    def residuals(p):  # analytic, so that a complex step is exact
        return p[0] / (1 + np.exp(-p[1] * (t - p[2]))) - y

    steps = [p + 1e-30j * row for row in np.eye(3)]
    jacobian = np.array([residuals(step).imag / 1e-30 for step in steps]).T
    value = np.sum(np.abs(residuals(p))) + 0.01 * np.sum(p**2)
    slope = np.sign(residuals(p)) @ jacobian + 0.02 * p
    np.testing.assert_allclose(eval(first), [value, *slope, *jacobian.ravel()], rtol=1e-12)
    assert errors == [
        "loss_value_and_grad is for p: float64[3], not float32[3]",
        "loss_value_and_grad is for y.shape[0] == t.shape[0]",
        "loss_value_and_grad is for p: float64[3], not list",
    ]
