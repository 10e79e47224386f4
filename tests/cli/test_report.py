"""`srcad report`, and the forms of `srcad dump` that show the function beside its derivative."""

import json
import re

import pytest

from srcad.cli.dump import _shown
from srcad.cli.side_by_side import show

LOSS = ("w: float64[d]", "X: float64[n, d]", "t: float64[n]")
TOML = """\
[tool.srcad.files."mod_srcad.py"]
source = "mod.py"
derivatives = ["grad(power)", "jacrev(sine)", "hessian(power)"]
"""


def test_report_of_a_file_and_of_the_project(srcad, folder):
    result = srcad("report", "--html", "out.html", "mod.py", "grad(power)", "sine")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    text = (folder / "out.html").read_text(encoding="utf-8")
    assert re.findall(r"<h2><code>(\w+)", text) == ["power", "sine"]
    assert "<b>jacrev(sine)</b> x: float64[n]" in text
    assert text.count('class="stage parse"') == 2
    (folder / "pyproject.toml").write_text(TOML)
    assert srcad("report", "--html", "all.html").exit_code == 0
    text = (folder / "all.html").read_text(encoding="utf-8")
    assert re.findall(r"<h2><code>(\w+)", text) == ["power", "sine"]
    assert re.findall(r'tabindex="-?\d">(\w+\(\w+\))', text) == ["grad(power)", "hessian(power)"]
    assert str(folder) not in text


def test_report_in_trouble_writes_nothing(srcad, folder):
    for words, said in (
        (["mod.py", "grad(generator)"], "yield"),
        (["mod.py", "grad(power)", "--arg", "z: float64"], "`z`"),
        (["mod.py"], "Usage"),
        ([], "[tool.srcad]"),
    ):
        result = srcad("report", "--html", "out.html", *words)
        assert result.exit_code == 2 and said in result.stderr, result.stderr
    assert srcad("report", "mod.py", "power").exit_code == 2
    assert not (folder / "out.html").exists()


def test_side_by_side(srcad, folder):
    result = srcad("dump", "mod.py", "grad(calls)", "--side-by-side")
    assert (result.exit_code, result.stderr) == (0, "")
    pairs = [[side.strip() for side in line.split("|")] for line in result.stdout.splitlines()]
    left = {right.partition("  ")[2].strip(): left for left, right in pairs}
    assert left["# return math.exp(x)"].endswith("return math.exp(x)")
    assert left["def calls_grad(x):"].endswith("def calls(x: float):")
    assert srcad("dump", "mod.py", "power", "--side-by-side", "--output", "t.txt").stdout == ""
    assert "|" in (folder / "t.txt").read_text()
    staged = srcad("dump", "mod.py", "power", "--side-by-side", "--stage", "parse").stdout
    assert "def power(x" in staged.partition("|")[2] and "power_1 = x ** " in staged
    result = srcad("dump", "mod.py", "power", "--side-by-side", "--format", "json")
    assert result.exit_code == 2 and "--side-by-side" in result.stderr


@pytest.mark.parametrize("width", [60, 120])
def test_side_by_side_on_a_terminal_is_as_wide_as_it_is(srcad, folder, monkeypatch, capsys, width):
    monkeypatch.setenv("COLUMNS", str(width))
    shown = _shown("mod.py", "grad(loss)", LOSS, None, False)
    capsys.readouterr()
    show(shown)
    written = capsys.readouterr().out
    assert max(map(len, written.splitlines())) <= width
    letters = "".join(written.split())
    for line in shown.derivatives[0].texts[-1].lines if width > 100 else ():
        assert "".join(line.text.split()) in letters  # nothing is cut


@pytest.mark.parametrize("more", [[], ["--standalone"]])
def test_json_knows_the_lines(srcad, folder, more):
    text = srcad("dump", "mod.py", "grad(reads)", *more).stdout
    found = json.loads(srcad("dump", "mod.py", "grad(reads)", "--format", "json", *more).stdout)
    assert found["text"] == text
    assert [line["text"] for line in found["lines"]] == text.splitlines()
    assert [line["line"] for line in found["lines"]] == list(range(1, len(found["lines"]) + 1))
    assert found["signature"] == {"x": "float64[3]"} and found["function"] == "reads"
    assert set(found["versions"]) == {"srcad", "numpy"}
    source = (folder / "mod.py").read_text().splitlines()
    primal = [line["primal"] for line in found["lines"] if line["sweep"] == "adjoint"]
    assert primal and all(source[each["line"] - 1].strip() == each["text"] for each in primal)
    assert {each["text"] for each in primal} == {"return np.sum(K * A * x)"}
    assert {each["file"] for each in primal} == {"mod.py"}


def test_html_is_a_page(srcad):
    text = srcad("dump", "mod.py", "power", "--format", "html").stdout
    assert text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n")
