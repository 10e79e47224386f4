"""A module to ask derivatives of, and the command run in this process."""

import os
import sys
import textwrap

import pytest
from click.testing import CliRunner

from srcad.cli.commands import command

MODULE = '''
import functools
import numpy as np
import math
import srcad

K = 2.0
A = np.array([1.0, 2.0, 3.0])


def loss(w, X, t, k=2.0):
    """Squares."""
    return k * np.sum((X @ w - t) ** 2)


def sine(x: "float64[n]"):
    return np.sin(x)


def power(x: "float64[n]", p: int = 3):
    return np.sum(x ** p)


def summed(x: "float64[n, m]", axis=0):
    return np.sum(np.sum(x, axis=axis) ** 2)


def reads(x: "float64[3]"):
    return np.sum(K * A * x)


def helper(x):
    return math.exp(x)


def calls(x: float):
    return helper(x) * x


def with_aux(x: "float64[n]"):
    return np.sum(x ** 2), x


def pair(x: "float64[n]"):
    return np.sin(x), np.sum(x)


def tree(p):
    return p["W"][0] * np.sum(p["b"])


def generator(x: "float64[n]"):
    yield x


def ruleless(x: "float64[n]"):
    return np.sum(np.i0(x))


def integers(x: "int64[n]"):
    return np.sum(x)


def stars(*xs):
    return xs[0]


@functools.wraps(power)
def decorated(*given, **p):
    return power(*given, **p)


def held(x: "float64[n]"):
    return np.sum(x * srcad.stop_gradient(x))


def positive(x: "float64[n]"):
    return np.sum(np.log(x))


def indexed(x: "float64[n]", i: "int64[m]"):
    return np.sum(x[i] ** 2)


def solved(a: "float64[n, n]", b: "float64[n]"):
    return np.sum(np.linalg.solve(a, b) ** 2)


def nowhere(x: "float64[n]"):
    return np.sum(np.log(x) + np.sqrt(-x))


def ünïcode(größe: float):
    return größe * größe


def plainly(größe: float):
    return größe * größe


class Group:
    @staticmethod
    def inner(x: float):
        return x * x


double = lambda x: x * 2
number = 3
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with `mod.py` in it."""
    (tmp_path / "mod.py").write_text(textwrap.dedent(MODULE), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SRCAD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(os.fspath(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def srcad(folder):
    """Run the command: `srcad("dump", "mod.py", "loss")`."""
    try:
        runner = CliRunner(mix_stderr=False)  # before click 8.2
    except TypeError:
        runner = CliRunner()
    return lambda *words: runner.invoke(command, list(map(str, words)), prog_name="srcad")
