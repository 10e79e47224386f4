"""`srcad verify`: the table, and what the exit status says."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from srcad.cli import draws
from srcad.cli import verify as command
from srcad.cli.expression import asked

SRCAD = [sys.executable, "-m", "srcad"]
LOSS = ["--arg", "w: float64[d]", "--arg", "X: float64[n, d]", "--arg", "t: float64[n]"]


@pytest.mark.parametrize(
    "expression, args, rows",
    [
        ("grad(loss)", LOSS, ["w"]),
        ("grad(loss, argnums=(0, 1, 2, 3))", LOSS, ["w", "X", "t", "k"]),
        ("value_and_grad(loss)", LOSS, ["w"]),
        ("vjp(loss, argnums=(0, 2))", LOSS, ["w", "t"]),
        ("loss", LOSS, ["w"]),
        ("sine", [], ["x"]),
        ("jacrev(sine, chunk_size=1)", [], ["x"]),
        ("vjp(sine)", [], ["x"]),
        ("power", [], ["x"]),
        ("grad(power)", ["--arg", "x: float32[k]"], ["x"]),
        ("grad(power)", ["--arg", "p: int"], ["x"]),
        ("summed", [], ["x"]),
        ("summed", ["--arg", "axis: 1"], ["x"]),
        ("reads", [], ["x"]),
        ("calls", [], ["x"]),
        ("grad(with_aux, has_aux=True)", [], ["x"]),
        ("pair", [], ["x"]),
        ("grad(tree)", ["--arg", "p: {'W': float64[2], 'b': float64[m]}"], ["p['W']", "p['b']"]),
        ("positive", [], ["x"]),
        ("indexed", [], ["x"]),
        ("grad(solved, argnums=(0, 1))", [], ["a", "b"]),
        ("double", ["--arg", "x: float32[()]"], ["x"]),
        ("Group.inner", [], ["x"]),
        ("ünïcode", [], ["größe"]),
        ("jacfwd(sine)", [], ["x"]),
        ("jacobian(sine)", [], ["x"]),
        ("jacrev(pair)", [], ["x"]),
        ("hessian(power)", [], ["x"]),
        ("hessian(loss, argnums=(0, 3))", LOSS, ["w", "k"]),
        ("jacrev(grad(loss))", LOSS, ["w"]),
        ("jacfwd(grad(loss, argnums=2), argnums=0)", LOSS, ["w"]),
        ("jacfwd(hessian(calls))", [], ["x"]),
        ("grad(grad(calls))", [], ["x"]),
        ("jacrev(vmap(summed, in_dims=(0, None)))", ["--arg", "x: float64[b, n, m]"], ["x"]),
        ("vjp(grad(loss), argnums=(0, 1))", LOSS, ["w", "X"]),
        ("jacrev(with_aux, has_aux=True)", [], ["x"]),
    ],
)
def test_right_derivatives(srcad, expression, args, rows):
    result = srcad("verify", "mod.py", expression, *args)
    assert result.exit_code == 0, result.stdout + result.stderr
    title, header, *lines = result.stdout.splitlines()
    assert title.endswith(": ok") and header.startswith("output")
    for argument in rows:
        assert any(argument in line.split() for line in lines), argument
    assert all(line.endswith("ok") for line in lines)
    assert "dot product" in result.stdout


@pytest.mark.parametrize(
    "expression, args, rows",
    [
        ("jvp(loss, argnums=(0, 3))", LOSS, ["loss"]),
        ("jvp(sine)", [], ["sine"]),
        ("jvp(pair)", [], ["pair[0]", "pair[1]"]),
        ("jvp(with_aux, has_aux=True)", [], ["with_aux"]),
        ("jvp(grad(loss), argnums=(0, 1))", LOSS, ["loss_grad"]),
        ("linearize(loss, argnums=(0, 1))", LOSS, ["loss"]),
        ("linearize(pair)", [], ["pair[0]"]),
        ("hvp(power)", [], ["power_grad"]),
        ("hvp(loss, argnums=(0, 1))", LOSS, ["loss_grad[0]", "loss_grad[1]"]),
        ("vmap(sine)", ["--arg", "x: float64[b, n]"], ["sine"]),
        ("vmap(pair, out_dims=(-1, 0))", ["--arg", "x: float64[b, n]"], ["pair[0]", "pair[1]"]),
        ("vmap(solved, in_dims=(None, 0))", ["--arg", "b: float64[m, n]"], ["solved"]),
        ("vmap(jacrev(sine), in_dims=-1)", ["--arg", "x: float64[n, b]"], ["sine_jacrev"]),
        (
            "vmap(hessian(power), in_dims=(0, None))",
            ["--arg", "x: float64[b, n]"],
            ["power_hessian"],
        ),
        ("vmap(vmap(sine))", ["--arg", "x: float64[a, b, n]"], ["sine_vmap"]),
    ],
)
def test_right_pushforwards_and_maps(srcad, expression, args, rows):
    result = srcad("verify", "mod.py", expression, *args)
    assert result.exit_code == 0, result.stdout + result.stderr
    title, header, *lines = result.stdout.splitlines()
    assert title.endswith(": ok") and header.startswith("output")
    for output in rows:
        assert any(line.startswith(f"{output} ") for line in lines), output
    assert all(line.endswith("ok") for line in lines)


@pytest.mark.parametrize(
    "expression, change",
    [
        ("jvp(sine)", lambda found: (found[0], found[1] * 1.01)),
        ("jvp(sine)", lambda found: (found[0] + 0.1, found[1])),
        ("jvp(sine)", lambda found: found[1]),
        ("jvp(sine)", lambda found: (found[0], found[1][:1])),
        ("hvp(power)", lambda found: (found[0], found[0])),
        ("linearize(pair)", lambda found: (found[0], (found[1][0], found[1][1] + 1))),
        ("hessian(power)", lambda found: found + 0.01),
        ("jacfwd(sine)", lambda found: found.T + 0.01),
        ("jacrev(grad(power))", lambda found: -found),
        ("vmap(vmap(np_sum))", lambda found: found * (1 + 1e-9)),
        ("vmap(vmap(np_sum))", lambda found: found[:1]),
        ("vmap(vmap(np_sum))", lambda found: [found]),
        ("vmap(vmap(np_sum))", lambda found: found[100]),
    ],
)
def test_wrong_ones_are_shown(srcad, folder, monkeypatch, expression, change):
    with open(folder / "mod.py", "a") as file:
        file.write('\n\ndef np_sum(x: "float64[a, b, n]"):\n    return np.sum(x)\n')
    wrong(monkeypatch, change)
    result = srcad("verify", "mod.py", expression)
    assert result.exit_code == 1, result.stdout + result.stderr
    assert "DIFFERS" in result.stdout.splitlines()[0]


def test_sizes_are_distinct_and_small_ones_are_tried(srcad):
    result = srcad("verify", "mod.py", "grad(loss)", *LOSS)
    assert result.stderr == "at 3 random points; d=5 n=4; d=4 n=6; d=1 n=3\n"
    result = srcad("verify", "mod.py", "grad(loss)", *LOSS, "--draws", "1")
    assert result.stderr == "at one random point; d=5 n=4\n"
    result = srcad("verify", "mod.py", "calls", "--draws", "2")
    assert result.stderr == "at 2 random points\n"


def test_a_size_that_the_function_does_not_take_is_left_out(srcad, folder):
    (folder / "sizes.py").write_text(
        "import numpy as np\n\n\ndef f(x: 'float64[n]'):\n    return x[3] * np.sum(x)\n"
    )
    result = srcad("verify", "sizes.py", "f")
    assert result.exit_code == 0
    assert re.findall(r"n=(\d)", result.stderr) == ["5", "4", "6"]


def test_the_same_seed_gives_the_same_table(srcad):
    tables = [srcad("verify", "mod.py", "sine", "--seed", seed).stdout for seed in "001"]
    assert tables[0] == tables[1] != tables[2]


def wrong(monkeypatch, change):
    """Spoil the derivative that the command checks."""
    original = asked

    def spoiled(*words):
        found = original(*words)
        kind = type(found)

        class Spoiled(kind):
            def loaded(self, request, made):
                derivative = kind.loaded(self, request, made)
                return lambda *args: change(derivative(*args))

        return Spoiled(*found)

    monkeypatch.setattr(command, "asked", spoiled)


def test_a_wrong_derivative_is_shown(srcad, monkeypatch):
    def change(found):
        found[1] += 0.5
        return found

    wrong(monkeypatch, change)
    result = srcad("verify", "mod.py", "grad(power)", "--draws", "1")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "gradient of `power` with respect to `x`: DIFFERS"
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("power ")]
    assert "[1]" in line and line.endswith("DIFFERS") and "5.0e-01" in line


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_for_machines(srcad, monkeypatch):
    found = json.loads(srcad("verify", "mod.py", "grad(power)", "--format", "json").stdout)
    assert found["ok"] and [row["test"] for row in found["rows"]] == ["entries", "dot product"]
    assert srcad("verify", "mod.py", "grad(power)", "--format", "github").stdout == ""
    wrong(monkeypatch, lambda found: found + np.inf)
    result = srcad("verify", "mod.py", "grad(power)", "--format", "json")
    assert result.exit_code == 1 and json.loads(result.stdout)["rows"][0]["value"] == "inf"
    result = srcad("verify", "mod.py", "grad(power)", "--format", "github")
    assert result.stdout.startswith("::error title=srcad verify::gradient of `power`")


def test_a_derivative_that_raises_is_shown(srcad, monkeypatch):
    wrong(monkeypatch, lambda found: found[100])
    result = srcad("verify", "mod.py", "grad(power)")
    assert result.exit_code == 1
    assert "raises IndexError" in result.stdout


def test_rtol(srcad, monkeypatch):
    wrong(monkeypatch, lambda found: found * (1 + 1e-5))
    assert srcad("verify", "mod.py", "grad(power)").exit_code == 1
    assert srcad("verify", "mod.py", "grad(power)", "--rtol", "1e-3").exit_code == 0


@pytest.mark.parametrize(
    "words, message",
    [
        (["mod.py", "generator"], r"^mod\.py:\d+: UnsupportedSyntaxError: `yield`"),
        (["mod.py", "held"], r"stop_gradient"),
        (["mod.py", "loss"], r"--arg"),
        (["mod.py", "double"], r"`x`.*\n.*--arg"),
        (["mod.py", "tree"], r"`p`.*\n.*--arg"),
        (["mod.py", "nowhere"], r"no random arguments"),
        (["mod.py", "grad(sine)"], r"single number"),
        (["mod.py", "integers"], r"int64"),
        (["mod.py", "hessian(held)"], r"stop_gradient"),
        (["mod.py", "jacfwd(grad(held))"], r"stop_gradient"),
        (["mod.py", "grad(grad(power))"], r"single number"),
        (["mod.py", "checkpoint(power)"], r"not implemented"),
        (["mod.py", "vmap(power, chunk_size=2)"], r"chunks"),
        (["missing.py", "f"], r"missing\.py"),
        (["mod.py", "nobody"], r"nobody"),
        (["mod.py", "power", "--draws", "0"], r"draws"),
        (["mod.py", "power", "--rtol", "-1"], r"rtol"),
        (["mod.py", "power", "--seed", "-1"], r"seed"),
        (["mod.py"], r"Usage"),
    ],
)
def test_trouble(srcad, words, message):
    result = srcad("verify", *words)
    assert result.exit_code == 2, result.stdout
    assert result.stdout == "" and "Traceback" not in result.stderr
    assert re.search(message, result.stderr), result.stderr


def test_what_a_function_prints_is_no_result(srcad, folder):
    (folder / "loud.py").write_text(
        "import numpy as np\n\nprint('hello')\n\n\n"
        "def f(x: 'float64[n]'):\n    print('called')\n    return np.sum(x ** 2)\n"
    )
    result = srcad("verify", "loud.py", "f")
    assert result.exit_code == 0
    assert result.stdout.startswith("gradient of `f`") and "called" not in result.stdout
    assert "hello" in result.stderr and "called" in result.stderr


def test_a_function_that_raises_is_trouble(srcad, folder):
    (folder / "raising.py").write_text(
        "import numpy as np\n\n\ndef f(x: 'float64[n]'):\n    return np.sum(x[:, :, None])\n"
    )
    result = srcad("verify", "raising.py", "f")
    assert result.exit_code == 2 and result.stdout == ""


def test_draws_fit_their_specifications():
    import numpy as np

    from srcad.api.signature import read_spec

    spec = {
        "a": read_spec("float32[n, m]"),
        "b": read_spec("(int64[n], bool[m], [float, int, bool, {'c': float16, 'd': 'text'}])"),
        "c": read_spec("float64[()]"),
        "d": None,
    }
    found = list(draws.arguments(lambda a, b, c, d: 1.0, spec, {}, 3, 0))
    assert [sizes for sizes, _ in found] == [{"n": 5, "m": 4}, {"n": 4, "m": 6}, {"n": 1, "m": 3}]
    for sizes, values in found:
        n, m = sizes["n"], sizes["m"]
        a, (i, flags, (number, count, flag, inner)) = values["a"], values["b"]
        assert a.shape == (n, m) and a.dtype == np.float32
        assert i.shape == (n,) and i.dtype == np.int64 and np.all((i >= 0) & (i < min(n, m)))
        assert flags.shape == (m,) and flags.dtype == bool
        assert type(number) is float and type(count) is int and type(flag) is bool
        assert type(inner["c"]) is np.float16 and inner["d"] == "text"
        assert type(values["c"]) is np.ndarray and values["c"].shape == ()
        assert values["d"] is None


def test_as_a_process(folder):
    """One run as a user runs it; colours on a terminal only."""
    run = subprocess.run(
        [*SRCAD, "verify", "mod.py", "grad(power)"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    assert run.returncode == 0, run.stderr
    assert "\x1b" not in run.stdout and run.stdout.startswith("gradient of `power`")


def test_a_table_on_a_terminal(folder):
    from .test_dump import on_a_terminal

    shown, status = on_a_terminal(["verify", "mod.py", "grad(power)"], folder, COLUMNS="200")
    assert status == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "gradient of `power` with respect to `x`" in plain
    assert "complex step" in plain and "dot product" in plain
