"""Structured seeds: Jacobians of random straight-line programs against those row by row, and their text."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from srcad.api.columns import forward_jacobian
from srcad.api.compile import Unit, unpack
from srcad.api.rows import jacobian
from srcad.core.verify import verify
from srcad.parser.state import Program
from srcad.simplifier.pipeline import lower, simplify
from srcad.transformer.reverse import pullback
from tests.vectorizer.harness import compiled, core_of, flat

SIZES = [(5, 3), (4, 4), (3, 5), (2, 3), (2, 2), (1, 1), (1, 4), (4, 1), (0, 3), (3, 0), (0, 0)]


def derivatives(text: str, specs: dict[str, str]) -> tuple[Any, dict[str, Any], Any]:
    """The function, its Jacobians by rows and by columns with respect to all arguments, and its pullback, each with its text."""
    core, function = core_of(text, specs)
    wrt = [param.tree for param in core.params]
    unit = Unit(Program())
    made = {
        "rows": jacobian(core, wrt, tuple(wrt), unit.split, simplify),
        "columns": forward_jacobian(core, wrt, tuple(wrt), simplify),
    }
    ready = {}
    for way, jac in made.items():
        verify(jac, way)
        ready[way] = compiled(lower(unpack(simplify(jac))))
    single, _ = compiled(lower(unpack(simplify(pullback(core, wrt, tuple(wrt), unit.split)))))
    return function, ready, single


def row_by_row(function: Any, single: Any, given: list[Any]) -> list[Any]:
    """The Jacobians, one seed at a time."""
    y = np.asarray(function(*given))
    found = [np.zeros((y.size, *np.shape(x)), np.asarray(x).dtype) for x in given]
    for place in range(y.size):
        seed = np.zeros(y.size, y.dtype)
        seed[place] = 1
        row = single(*given, seed.reshape(y.shape) if y.ndim else y.dtype.type(1))
        for jac, part in zip(found, flat(row)):
            jac[place] = part
    return [jac.reshape(y.shape + np.shape(x)) for jac, x in zip(found, given)]


def check(text: str, specs: dict[str, str], sizes: Any = SIZES) -> None:
    function, ready, single = derivatives(text, specs)
    ran = 0
    for n, m in sizes:
        rng = np.random.default_rng(n + 10 * m)
        given: list[Any] = []
        for spec in specs.values():
            dtype, bracket, dims = spec.partition("[")
            shape = [{"n": n, "m": m}.get(dim.strip("] "), 0) for dim in dims.split(",")]
            drawn = rng.uniform(0.5, 1.5, shape if bracket else ())
            given.append(drawn.astype(dtype) if bracket else float(drawn))
        try:
            expected = row_by_row(function, single, [np.copy(x)[()] for x in given])
        except (ValueError, IndexError):  # the function has no value at this size
            continue
        ran += 1
        for way, (run, emitted) in ready.items():
            before = [np.copy(x) for x in given]
            found = flat(run(*given))
            assert all(map(np.array_equal, given, before)), f"an argument was written to\n{emitted}"
            for place, (jac, wanted) in enumerate(zip(found, expected)):
                about = f"{way}, argument {place}, n = {n}, m = {m}\n{text}\n{emitted}"
                assert np.shape(jac) == wanted.shape, about
                if isinstance(given[place], np.ndarray):
                    assert np.asarray(jac).dtype == wanted.dtype, about
                loose = given[0].dtype == np.float32
                np.testing.assert_allclose(
                    jac,
                    wanted,
                    rtol=2e-4 if loose else 1e-9,
                    atol=1e-4 if loose else 1e-10,
                    err_msg=about,
                )
                if isinstance(jac, np.ndarray):
                    shared = [
                        x for x in (*given, *found) if x is not jac and isinstance(x, np.ndarray)
                    ]
                    assert not any(np.shares_memory(jac, x) for x in shared), about
                    assert jac.flags.writeable, about
    assert ran


class Draw:
    """A random program: values by the size of their only axis, or by both of two."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.lines: list[str] = []
        self.known: dict[str, list[str]] = {"n": ["x", "y"]}
        self.count = 0

    def vector(self, kind: str | None = None) -> tuple[str, str]:
        kind = kind or self.rng.choice([k for k in self.known for _ in range(2 if k == "n" else 1)])
        return self.rng.choice(self.known[kind][-3:]), kind

    def let(self, kind: str, expression: str) -> str:
        self.count += 1
        name = f"v{self.count}"
        self.lines.append(f"{name} = {expression}")
        self.known.setdefault(kind, []).append(name)
        return name

    def number(self) -> str:
        return self.rng.choice(["2", "0.5", "-1.5", "3.0", "a"])

    def step(self) -> None:
        rng = self.rng
        u, kind = self.vector()
        v, _ = self.vector(kind)
        c, n = self.number(), rng.randrange(13)
        if n == 0:
            self.let(kind, f"np.{rng.choice(['sin', 'cos', 'tanh', 'exp', 'abs'])}(0.3 * {u})")
        elif n == 1:
            self.let(kind, f"{u} {rng.choice('+-*')} {v}")
        elif n == 2:
            self.let(kind, rng.choice([f"{c} * {u}", f"{u} + {c}", f"{c} - {u}", f"-{u}"]))
        elif n == 3:
            self.let(kind, f"{u} / (2 + {v} ** 2)")
        elif n == 4:
            self.let(kind, f"np.where({u} > 0.8, {u} * {v}, {c})")
        elif n == 5 and not kind.startswith("("):
            front, back = rng.choice([(1, 0), (0, 1), (1, 1), (2, 0), (0, 2)])
            made = f"{kind}|{front + back}"
            one = f"[{front or ''}:{-back or ''}]"
            front = rng.randrange(front + back + 1)
            back = int(made.rpartition("|")[2]) - front
            two = f"[{front or ''}:{-back or ''}]"
            self.let(made, f"{u}{one} {rng.choice('+-*')} {c} * {v}{two}")
        elif n == 6 and not kind.startswith("("):
            self.let(f"{kind}|1", f"np.diff({u})")
        elif n == 7 and not kind.startswith("("):
            w = self.let(kind, f"{u}.copy()")
            store = rng.choice(
                [
                    "[1:-1] += {c} * {v}[1:-1]",
                    "[1:] = {v}[:-1]",
                    "[:-1] *= {v}[1:]",
                    "[1:] -= {v}[1:] * {v}[:-1]",
                ]
                + ["[2:] += {v}[:-2]", "[:1] = 0.0", "[:-1] += {v}[:-1]"]
            )
            self.lines.append(w + store.format(c=c, v=v))
        elif n == 8 and kind in ("n", "m"):
            form = ("W @ {}", "{} @ W.T", "W.dot({})") if kind == "n" else ("W.T @ {}", "{} @ W")
            self.let("m" if kind == "n" else "n", rng.choice(form).format(u))
        elif n == 9:
            self.let(kind, f"{u} * np.sum({v})")
        elif n == 10 and kind in ("n", "m"):
            w, _ = self.vector("n")
            self.let(f"({kind},n)", f"{u}[:, None] * {w}")
        elif n == 11 and kind.startswith("("):
            left, right = kind.strip("()").split(",")
            self.let(left, f"np.sum({u}, axis=1)")
        elif n == 12 and kind in ("n", "m"):
            self.let(kind, rng.choice(["np.reshape({}, (-1,))", "np.ravel({})"]).format(u))

    def text(self) -> str:
        for _ in range(self.rng.randrange(2, 9)):
            self.step()
        last = self.rng.choice(
            [*list(self.known.values())[-1][-1:], f"v{self.count}"] if self.count else ["x"]
        )
        if last == "v0":
            last = "x"
        result = last if self.rng.random() < 0.8 else f"np.ravel({last})"
        return "def f(x, y, W, a):\n" + "".join(
            f"    {line}\n" for line in [*self.lines, f"return {result}"]
        )


@pytest.mark.parametrize("seed", range(120))
def test_random_programs(seed: int) -> None:
    dtype = "float32" if seed % 6 == 5 else "float64"
    specs = {"x": f"{dtype}[n]", "y": f"{dtype}[n]", "W": f"{dtype}[m, n]", "a": "float"}
    check(Draw(seed).text(), specs)
