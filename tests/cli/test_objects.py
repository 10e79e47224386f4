"""The command, for functions that take and return objects."""

import importlib.util
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

from srcad.cli.commands import command

MODULE = """
import dataclasses
import typing

import numpy as np
import scipy.sparse


@dataclasses.dataclass
class Ball:
    mass: float
    pos: "float64[n]"
    n: int = 2
    mode: str = "sum"


@dataclasses.dataclass
class Casting:
    w: "float64[n]"

    def __post_init__(self):
        self.w = np.asarray(self.w)


@dataclasses.dataclass
class Unknown:
    w: np.ndarray


@dataclasses.dataclass
class Later:  # as with `from __future__ import annotations`
    ball: "Ball"
    w: "'float64[n]'"
    rate = 0.5


class Pair(typing.NamedTuple):
    a: float
    b: dict


def energy(p: Ball, x):
    return np.sum(p.pos * x) * p.mass if p.mode == "sum" else np.sum(p.pos)


def norm(p: Casting):
    return np.sum(p.w**2)


def made(x: "float64[n]"):
    return Ball(np.sum(x), x * 2)


def pair(x: "float64[n]"):
    return Pair(np.sum(x), {"k": x * 2})


def unknown(p: Unknown):
    return np.sum(p.w)


def unannotated(p):
    return np.sum(p.w)


SCALE = 1.5


class Scaled:
    def __init__(self, x):
        self.x = SCALE * x


def scaled(x: float):
    return Scaled(x).x


TABLE = scipy.sparse.csr_array(np.eye(2))


def table(x: "float64[2]"):
    return np.sum(TABLE @ x)


def later(p: Later):
    return Later.rate * np.sum(p.w**2) * p.ball.mass
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "objects_of_the_command.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def called(*words):
        result = CliRunner().invoke(command, [words[0], "objects_of_the_command.py", *words[1:]])
        return result.exit_code, result.output

    return called


def module_of(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("standalone", [[], ["--standalone"]])
def test_the_text_imports_the_class_and_runs(run, tmp_path, standalone):
    file = tmp_path / "derivative.py"
    words = ["--arg", "x: float64[n]", "--output", str(file), *standalone]
    assert run("dump", "grad(energy)", *words)[0] == 0
    text = file.read_text()
    assert "from objects_of_the_command import Ball\n" in text and "mass = p.mass\n" in text
    module = module_of(file)
    p = module.Ball(2.0, np.ones(3))
    found = module.energy_grad(p, np.arange(3.0))
    assert (found.mass, found.n, found.mode) == (3.0, 2, "sum")
    np.testing.assert_array_equal(found.pos, [0.0, 2.0, 4.0])
    p.mode = "mean"
    with pytest.raises(ValueError, match="this derivative is for p.mode='sum'"):
        module.energy_grad(p, np.arange(3.0))
    assert run("dump", "grad(norm)", "--output", str(file), *standalone)[0] == 0
    module = module_of(file)
    np.testing.assert_array_equal(module.norm_grad(module.Casting([1.0, 2.0])).w, [2.0, 4.0])
    assert ("srcad" in file.read_text()) is (not standalone)


@pytest.mark.parametrize("standalone", [[], ["--standalone"]])
def test_texts_as_annotations_and_numbers_of_classes(run, tmp_path, standalone):
    file = tmp_path / "derivative.py"
    assert run("dump", "grad(later)", "--output", str(file), *standalone)[0] == 0
    module = module_of(file)
    home = importlib.import_module("objects_of_the_command")
    p = home.Later(home.Ball(2.0, np.ones(1)), np.array([1.0, 3.0]))
    found = module.later_grad(p)
    np.testing.assert_array_equal(found.w, [2.0, 6.0])
    assert found.ball.mass == 5.0
    assert run("dump", "grad(scaled)", "--output", str(file), *standalone)[0] == 0
    assert module_of(file).scaled_grad(2.0) == 1.5


def test_parts_of_arguments_are_not_saved(run):
    status, output = run("explain", "grad(norm)", "--format", "json")
    assert status == 0 and json.loads(output)["saved"] == []


@pytest.mark.parametrize(
    "expression",
    [
        "grad(energy)",
        "value_and_grad(energy, argnums=(0, 1))",
        "hessian(energy)",
        "jvp(energy)",
        "linearize(energy)",
        "hvp(energy)",
        "grad(norm)",
        "grad(later)",
        "jacrev(made)",
        "jacfwd(pair)",
        "vjp(made)",
        "vmap(energy, in_dims=(None, 0))",
    ],
)
def test_verify(run, expression):
    words = ["--arg", "x: float64[n]"] if "energy" in expression else []
    words = ["--arg", "x: float64[m, n]"] if "vmap" in expression else words
    status, output = run("verify", expression, *words)
    assert status == 0, output


@pytest.mark.parametrize(
    "expression, words",
    [
        ("grad(unknown)", "does not know what `w` of a Unknown is"),
        ("grad(table) --standalone", "`TABLE`, which the function reads, cannot be written out"),
        ("grad(unannotated)", "nothing is known of what `w` is an attribute of"),
    ],
)
def test_what_the_command_cannot_know(run, expression, words):
    status, output = run("dump", *expression.split())
    assert status == 2 and re.search(words, output) and "Python" in output
