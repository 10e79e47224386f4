"""`srcad explain`: the page of the documentation as it is, a line that is refused, JSON."""

import json
import re
import shlex
from pathlib import Path

from tests.cli.conftest import MODULE

PAGE = Path(__file__).parents[2] / "docs" / "explain.md"


def test_page_is_current(srcad, folder):
    """The page's commands, at the page's file, print what the page says."""
    text = PAGE.read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", text, re.S)
    (folder / "heat.py").write_text(program, encoding="utf-8")
    shown = re.findall(r"```console\n\$ (.*?)\n(.*?)```", text, re.S)
    assert len(shown) == 5
    for command, output in shown:
        assert srcad(*shlex.split(command)[1:]).stdout == output, command


def test_refused(srcad):
    result = srcad("explain", "mod.py", "grad(ruleless)")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`np.i0`" in result.stderr
    line = int(re.match(r"mod\.py:(\d+)", result.stderr).group(1))
    there = srcad("explain", "mod.py", "grad(ruleless)", "--line", line)
    assert there.exit_code == 1 and there.stdout.startswith(f"mod.py:{line}: refused\n")
    assert "scipy.special.i0" in there.stdout
    elsewhere = srcad("explain", "mod.py", "grad(ruleless)", "--line", line - 1)
    assert elsewhere.exit_code == 1 and f"because of line {line}" in elsewhere.stdout
    told = json.loads(
        srcad("explain", "mod.py", "grad(ruleless)", "--line", line, "--format", "json").stdout
    )
    assert told["refused"] and told["here"] and told["error"] == "MissingRuleError"


def test_chunks(srcad):
    chosen = srcad("explain", "mod.py", "jacobian(sine, chunk_size='auto')").stdout
    assert "rows at a time as memory allows" in chosen
    chosen = srcad("explain", "mod.py", "hessian(power, chunk_size=2)").stdout
    assert "2 columns at a time (chunk_size)" in chosen


def test_json(srcad):
    told = json.loads(srcad("explain", "mod.py", "jacrev(sine)", "--format", "json").stdout)
    assert told["derivative"] == "sine_jacrev" and told["by"] == ["x"]
    assert told["jacobian"][0]["how"] == "diagonal"
    assert told["cost"]["function"] == "n"
    line = next(value["line"] for value in told["values"] if value["line"])
    one = json.loads(
        srcad("explain", "mod.py", "jacrev(sine)", "--line", line, "--format", "json").stdout
    )
    assert one["adjoint"][0]["statement"] == "x_bar = np.diag(np.cos(x))"


def test_lines_are_those_of_the_dump(srcad):
    text = srcad("dump", "mod.py", "grad(reads)").stdout.splitlines()
    assert text[1].startswith("from mod import A")
    line = next(at for at, said in enumerate(MODULE.splitlines(), 1) if "sum(K * A" in said)
    words = ["explain", "mod.py", "grad(reads)", "--line", line]
    (one,) = json.loads(srcad(*words, "--format", "json").stdout)["adjoint"]
    assert text[one["line"] - 1].strip() == one["statement"]
    assert f"{one['line']}  {one['statement']}" in srcad(*words).stdout


def test_of_a_bare_name_and_of_no_function(srcad):
    assert "sine_jacrev, of mod.py" in srcad("explain", "mod.py", "sine").stdout
    assert srcad("explain", "mod.py", "grad(nothing)").exit_code == 2
    assert srcad("explain", "mod.py", "grad(integers)", "--line", 3).exit_code != 0


def test_undeclared_arguments_have_no_formulas(srcad, folder):
    text = "import numpy as np\n\n\ndef open_(x):\n    y = np.exp(x)\n    return np.sum(y * y)\n"
    (folder / "unspecified.py").write_text(text)
    told = srcad("explain", "unspecified.py", "grad(open_)")
    assert "declare what `x` is" in told.stdout and "bytes" not in told.stdout
    assert "y: ?[...]" in told.stdout
    told = srcad("explain", "unspecified.py", "grad(open_)", "--format", "json")
    assert json.loads(told.stdout)["cost"] is None
