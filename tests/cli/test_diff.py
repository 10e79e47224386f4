"""`srcad diff`: how a derivative changed between a git revision and the working tree."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_generate import edit, repository, run  # noqa: F401

EXPRESSION = ["pkg/model.py", "grad(loss)", "--arg", "u: float64[5]", "--arg", "t: float64[4]"]


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def history(repository: Path) -> Path:  # noqa: F811
    model = repository / "pkg" / "model.py"
    model.write_text(model.read_text() + '\nraise_on_import = __name__ == "pkg.model"\n')
    git(repository, "init", "-q")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "first")
    return repository


def changed(folder: Path, *words: str) -> tuple[int, str]:
    found = run(folder, "diff", *EXPRESSION, "--against", "HEAD", *words)
    assert found.returncode in (0, 1), found.stderr
    return found.returncode, found.stdout


def test_kinds_of_change(history: Path) -> None:
    model, stencils = history / "pkg" / "model.py", history / "pkg" / "stencils.py"
    text = model.read_text()
    assert changed(history) == (0, "loss_grad: unchanged\n")
    edit(model, "    r = smooth(u) * t\n", "    r = smooth(u) * t  # the residual\n")
    assert changed(history) == (0, "loss_grad: unchanged, though the function was edited\n")
    model.write_text(text)
    edit(
        model,
        "    r = smooth(u) * t\n    return K * np.sum(r**2)",
        "    s = smooth(u) * t\n    return K * np.sum(s**2)",
    )
    code, said = changed(history, "--numeric")
    assert code == 1
    assert said.startswith("loss_grad: only names moved; the values agree to rounding")
    model.write_text(text)
    edit(model, "np.sum(r**2)", "np.sum(r**3)")
    code, said = changed(history, "--numeric")
    assert code == 1
    assert said.startswith("loss_grad: the mathematics changed; the values differ by ")
    assert "@@ return K * np.sum(r**2)  ->  return K * np.sum(r**3) @@\n" in said
    assert "smooth_backward" not in [line for line in said.splitlines() if line[0] in "+-"]
    model.write_text(text)
    edit(stencils, "0.25", "0.75")  # a callee in another module, of the same revision
    assert changed(history)[1].startswith("loss_grad: the mathematics changed")
    git(history, "commit", "-q", "-a", "-m", "second")
    assert changed(history)[0] == 0
    found = run(history, "diff", *EXPRESSION, "--against", "HEAD~1")
    assert "-    u_bar[:-1] -= 0.25 * smooth_bar" in found.stdout


def test_all_of_a_project(history: Path) -> None:
    edit(history / "pkg" / "model.py", "np.sin(t)", "np.cos(t)")
    found = run(history, "diff", "--against", "HEAD", "--format", "json")
    assert found.returncode == 1, found.stderr
    kinds = {each["name"]: each["kind"] for each in json.loads(found.stdout)}
    assert kinds["loss_grad"] == "unchanged"
    assert kinds["mixed_value_and_grad"] == "the mathematics changed"
    assert kinds["smooth_jacrev"] == "unchanged"


def test_the_old_code_is_not_imported(history: Path) -> None:
    model = history / "pkg" / "model.py"
    text = model.read_text()
    model.write_text(text + '\nraise RuntimeError("imported")\n')
    git(history, "commit", "-q", "-a", "-m", "broken")
    model.write_text(text)
    assert changed(history) == (0, "loss_grad: unchanged\n")


def test_what_is_not_there_is_said(history: Path) -> None:
    found = run(history, "diff", *EXPRESSION, "--against", "nowhere")
    assert found.returncode == 2 and "git knows no `nowhere` here" in found.stderr
    model = history / "pkg" / "model.py"
    model.write_text(model.read_text() + "\n\ndef fresh(u):\n    return np.sum(u**2)\n")
    found = run(
        history,
        "diff",
        "pkg/model.py",
        "grad(fresh)",
        "--arg",
        "u: float64[n]",
        "--against",
        "HEAD",
    )
    assert found.returncode == 1
    assert found.stdout.startswith("fresh_grad: new\n")
