"""`srcad diff`: how a derivative changed between a git revision and the working tree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from srcad.cli.commands import command
from srcad.cli.differences import Side, by_statement, change, worst
from tests.cli.test_dump import on_a_terminal
from tests.cli.test_generate import edit, repository  # noqa: F401

EXPRESSION = ["pkg/model.py", "grad(loss)", "--arg", "u: float64[5]", "--arg", "t: float64[4]"]


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def history(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:  # noqa: F811
    """A repository with one commit, which is the current folder."""
    model = repository / "pkg" / "model.py"
    model.write_text(model.read_text() + '\nraise_on_import = __name__ == "pkg.model"\n')
    git(repository, "init", "-q")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "first")
    monkeypatch.chdir(repository)
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a file may be edited twice in a second
    yield repository
    forget()


def forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pkg"]:
        del sys.modules[name]


def srcad(*words: str) -> Result:
    """The command in this process, on the files as they are now."""
    forget()
    try:
        runner = CliRunner(mix_stderr=False)  # type: ignore[call-arg, unused-ignore] # before click 8.2
    except TypeError:
        runner = CliRunner()
    return runner.invoke(command, list(words), prog_name="srcad")


def changed(*words: str) -> tuple[int, str]:
    found = srcad("diff", *EXPRESSION, "--against", "HEAD", *words)
    assert found.exit_code in (0, 1), found.stderr
    return found.exit_code, found.stdout


def test_kinds_of_change(history: Path) -> None:
    model, stencils = history / "pkg" / "model.py", history / "pkg" / "stencils.py"
    text = model.read_text()
    assert changed() == (0, "loss_grad: unchanged\n")
    edit(model, "    r = smooth(u) * t\n", "    r = smooth(u) * t  # the residual\n")
    assert changed() == (0, "loss_grad: unchanged, though the function was edited\n")
    model.write_text(text)
    edit(
        model,
        "    r = smooth(u) * t\n    return K * np.sum(r**2)",
        "    s = smooth(u) * t\n    return K * np.sum(s**2)",
    )
    code, said = changed("--numeric")
    assert code == 1
    assert said.startswith("loss_grad: only names moved; the values agree to rounding")
    model.write_text(text)
    edit(model, "K = 0.5", "K = 0.75")
    code, said = changed("--numeric")
    assert code == 1
    assert said.startswith(
        "loss_grad: only values that it reads changed; `K` changed from 0.5 to 0.75; the values differ"
    )
    model.write_text(text)
    edit(model, "np.sum(r**2)", "np.sum(r**3)")
    edit(model, "K = 0.5\n", "K = 0.5\n# one line more\n")
    code, said = changed("--numeric")
    assert code == 1
    assert said.startswith(
        "loss_grad: the mathematics changed; the values differ at 3 random points, most at output 0["
    )
    assert "@@ model.py:17 -> 18: return K * np.sum(r**2)  ->  return K * np.sum(r**3) @@\n" in said
    assert "smooth_backward" not in [line for line in said.splitlines() if line[0] in "+-"]
    code, said = changed("--format", "github")
    assert code == 1 and "\n" not in said.strip()
    assert said.startswith(
        "::warning file=pkg/model.py,line=16,title=srcad diff::loss_grad: the math"
    )
    shown, status = on_a_terminal(["diff", *EXPRESSION, "--against", "HEAD"], history)
    assert status == 1 and "\x1b[32m+" in shown and "\x1b[31m-" in shown
    model.write_text(text)
    edit(stencils, "0.25", "0.75")  # a callee in another module, of the same revision
    assert changed()[1].startswith("loss_grad: the mathematics changed")
    git(history, "commit", "-q", "-a", "-m", "second")
    assert changed()[0] == 0
    found = srcad("diff", *EXPRESSION, "--against", "HEAD~1")
    assert "-    u_bar[:-1] -= 0.25 * smooth_bar" in found.stdout


def test_all_of_a_project(history: Path) -> None:
    edit(history / "pkg" / "model.py", "np.sin(t)", "np.cos(t)")
    found = srcad("diff", "--against", "HEAD", "--format", "json")
    assert found.exit_code == 1, found.stderr
    kinds = {each["name"]: each["kind"] for each in json.loads(found.stdout)}
    assert kinds["loss_grad"] == "unchanged"
    assert kinds["mixed_value_and_grad"] == "the mathematics changed"
    assert kinds["smooth_jacrev"] == "unchanged"
    edit(history / "pyproject.toml", '    "value_and_grad(mixed)",\n', "")
    edit(history / "pkg" / "stencils.py", "return u", "yield u")
    found = srcad("diff", "--against", "HEAD")  # trouble with one does not hide the others
    assert found.exit_code == 2 and "stencils.py:3: UnsupportedSyntaxError: `yield`" in found.stderr
    assert found.stdout.startswith("value_and_grad(mixed): no longer listed in [tool.srcad]\n")


def test_the_old_code_is_not_run(history: Path) -> None:
    model = history / "pkg" / "model.py"
    text = model.read_text()
    late = "K = helper(0.5, 0)\n"
    model.write_text(text + f'\n{late}print("imported")\nraise RuntimeError("imported")\n')
    git(history, "commit", "-q", "-a", "-m", "broken")
    model.write_text(text)
    found = srcad("diff", *EXPRESSION, "--against", "HEAD")
    assert found.exit_code == 2 and "imported" not in found.stdout + found.stderr
    assert "`K` of HEAD:pkg/model.py is made by running code that is not run" in found.stderr
    mixed = ["pkg/model.py", "grad(mixed)", *EXPRESSION[2:]]
    found = srcad("diff", *mixed, "--against", "HEAD")
    assert (found.exit_code, found.stdout) == (0, "mixed_grad: unchanged\n")


def test_what_is_not_there_is_said(history: Path) -> None:
    found = srcad("diff", *EXPRESSION, "--against", "nowhere")
    assert found.exit_code == 2 and "git knows no `nowhere` here" in found.stderr
    model = history / "pkg" / "model.py"
    model.write_text(model.read_text() + "\n\ndef fresh(u):\n    return np.sum(u**2)\n")
    words = ["pkg/model.py", "grad(fresh)", "--arg", "u: float64[n]", "--against", "HEAD"]
    found = srcad("diff", *words)
    assert found.exit_code == 1
    assert found.stdout.startswith("fresh_grad: new\n")
    found = srcad("diff", *words, "--arg", "v: float")
    assert found.exit_code == 2 and "no argument `v` in either revision" in found.stderr


# Two texts.


def side(text: str, **reads: object) -> Side:
    return Side(text, reads=dict(reads))


FIRST = """
def f_backward(y_bar, x):
    return y_bar * K * x

def f_grad(x):
    # y = x * K
    v = [a * x for a in (1, 2)]
    return f_backward(y_bar=v, x=x)
"""


@pytest.mark.parametrize(
    "changes, reads, kind",
    [
        ({}, {}, "unchanged"),
        ({"# y = x * K": "# y = K * x"}, {}, "unchanged"),
        ({"v": "w", "[a": "[b", "for a": "for b"}, {}, "only names moved"),
        ({"y_bar": "z_bar", "f_backward": "g_backward"}, {}, "only names moved"),
        ({"K": "C"}, {"C": 2.0}, "only names moved"),
        ({"K": "C"}, {"C": 3.0}, "only values that it reads changed"),
        ({}, {"K": 2}, "only values that it reads changed"),
        ({}, {"K": float("nan")}, "only values that it reads changed"),
        ({"K": "C"}, {}, "the mathematics changed"),  # a name that nothing is known of
        ({"x=x": "x=v"}, {}, "the mathematics changed"),
        ({"y_bar=v, x=x": "x=v, y_bar=x"}, {}, "the mathematics changed"),
        ({"y_bar * K * x": "x * K * y_bar"}, {}, "the mathematics changed"),
        ({"y_bar * K": "y_bar * y_bar"}, {}, "the mathematics changed"),
        ({"(1, 2)": "(1, 3)"}, {}, "the mathematics changed"),
        ({"K * x": "x * x"}, {}, "the mathematics changed"),
    ],
)
def test_alpha_equivalence(changes: dict[str, str], reads: dict[str, object], kind: str) -> None:
    text = FIRST
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    assert change("f_grad", side(FIRST, K=2.0), side(text, **(reads or {"K": 2.0}))).kind == kind


@pytest.mark.parametrize(
    "apart, nested, kind",
    [
        (["t = np.sin(x)", "y = 2 * t"], ["y = 2 * np.sin(x)"], "only names moved"),
        (["s = x[1]", "t = np.sin(x)", "y = s + t"], ["y = x[1] + np.sin(x)"], "only names moved"),
        (["t = x[0]", "x[0] = 1", "y = t"], ["x[0] = 1", "y = x[0]"], "the mathematics changed"),
        (["t = r.normal()", "y = r.gamma(1) - t"], ["y = r.gamma(1) - r.normal()"], "the mathematics changed"),
        (["t = np.sin(x)", "y = t + t"], ["y = np.sin(x) + t"], "the mathematics changed"),
        (["t = x[0]", "y = [t for t in x]"], ["y = [x[0] for t in x]"], "the mathematics changed"),
    ],
)  # fmt: skip
def test_whether_a_value_has_a_name_is_no_mathematics(
    apart: list[str], nested: list[str], kind: str
) -> None:
    one, other = ("\n    ".join(["def f(x, r):", *each, "return y"]) for each in (apart, nested))
    assert change("f", side(one), side(other)).kind == kind


def test_statements_are_paired_with_what_became_of_them() -> None:
    old = "def g(x):\n    # a = x\n    a_bar = 1\n    # b = f(a)\n    b_bar = 2\n"
    new = "def g(x):\n    # b = f(aa)\n    b_bar = 3\n    # c = 7\n    c_bar = 4\n"
    lines = [("m.py", 2), ("m.py", 2), ("m.py", 3), ("m.py", 3)]
    shown = by_statement(Side(old, [None, *lines]), Side(new, [None, *lines]))
    headings = [line for line in shown.splitlines() if line[0] == "@"]
    assert headings == [
        "@@ m.py:2, gone: a = x @@",
        "@@ m.py:3 -> 2: b = f(a)  ->  b = f(aa) @@",
        "@@ m.py:3, new: c = 7 @@",
    ]


def test_the_worst_entry() -> None:
    a = {"u": np.array([[1.0, 2.0], [3.0, 4.0]]), "v": 1.0}
    b = {"u": np.array([[1.0, 2.0 + 1e-9], [3.0, 4.1]]), "v": 1.0 + 1e-15}
    found = worst(a, b)
    assert found[1:5] == (0, (1, 1), 4.0, 4.1) and found.ratio > 1
    assert worst(a, {**a, "v": 1.0 + 1e-15}).ratio < 1
    assert worst(np.array([np.nan, np.inf]), np.array([np.nan, np.inf])).ratio == 0
    assert worst(np.ones(2), np.array([1.0, np.nan])).ratio == np.inf
    assert worst(np.ones(2), np.ones(3)).trouble and worst(np.ones(2), np.ones(2, "f4")).trouble
