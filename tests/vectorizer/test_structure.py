"""Structured seeds: Jacobians of random straight-line programs against those row by row, and their text."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest

from srcad.analysis.types import infer
from srcad.api.columns import forward_jacobian
from srcad.api.compile import Unit, unpack
from srcad.api.rows import jacobian
from srcad.core.builder import Builder
from srcad.core.nodes import Value
from srcad.core.types import Size, Type, array
from srcad.core.verify import verify
from srcad.parser.state import Program
from srcad.rules.check import execute
from srcad.simplifier.pipeline import lower, simplify
from srcad.transformer.reverse import pullback
from srcad.vectorizer.structure import identity_seed, materialised
from tests.vectorizer.harness import compiled, core_of, flat

SIZES = [(5, 3), (4, 4), (3, 5), (2, 3), (2, 2), (1, 1), (1, 4), (4, 1), (0, 3), (3, 0), (0, 0)]


def derivatives(
    text: str, specs: dict[str, str], *, only_first: bool = False
) -> tuple[Any, dict[str, Any], Any]:
    """The function, its Jacobians by rows and by columns with respect to all arguments, and its pullback, each with its text."""
    core, function = core_of(text, specs)
    wrt = [param.tree for param in core.params if param.tree.type.differentiable]
    wrt = wrt[: 1 if only_first else None]
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


def row_by_row(function: Any, single: Any, given: list[Any], moving: list[Any]) -> list[Any]:
    """The Jacobians by what is `moving`, one seed at a time."""
    y = np.asarray(function(*given))
    found = [np.zeros((y.size, *np.shape(x)), np.asarray(x).dtype) for x in moving]
    for place in range(y.size):
        seed = np.zeros(y.size, y.dtype)
        seed[place] = 1
        row = single(*given, seed.reshape(y.shape) if y.ndim else y.dtype.type(1))
        for jac, part in zip(found, flat(row)):
            jac[place] = part
    return [jac.reshape(y.shape + np.shape(x)) for jac, x in zip(found, moving)]


def check(text: str, specs: dict[str, str], sizes: Any = SIZES) -> None:
    function, ready, single = derivatives(text, specs)
    ran = 0
    for n, m in sizes:
        rng = np.random.default_rng(n + 10 * m)
        given: list[Any] = []
        for spec in specs.values():
            dtype, bracket, dims = spec.partition("[")
            known = {"n": n, "m": m, "k": 4}
            words = [dim.strip("] ") for dim in dims.split(",") if dim]
            shape = [known[word] if word in known else int(word) for word in words]
            drawn = rng.uniform(0.5, 1.5, shape if bracket else ())
            drawn = rng.integers(0, max(n, 1), shape) if dtype == "int64" else drawn
            given.append(drawn.astype(dtype) if bracket else float(drawn))
        moving = [x for x in given if np.asarray(x).dtype.kind == "f"]
        try:
            expected = row_by_row(function, single, [np.copy(x)[()] for x in given], moving)
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
                if isinstance(moving[place], np.ndarray):
                    assert np.asarray(jac).dtype == wanted.dtype, about
                loose = any(np.asarray(x).dtype == np.float32 for x in given)
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
        c, n = self.number(), rng.randrange(19)
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

        elif n == 13:
            self.loop(kind, f"{{w}} = np.sin({{w}}) * {v} + {c} * {{w}}")
        elif n == 14:
            self.loop(kind, f"{{w}} = {{w}} * {u}", f"{{w}} = {{w}} + 0.1 * np.cos({v}) * {{w}}")
        elif n == 15 and not kind.startswith("("):
            self.loop(kind, f"{{w}}[1:-1] += 0.1 * ({{w}}[:-2] * {v}[2:] - {{w}}[2:])")
        elif n == 16:
            self.loop(kind, f"{{w}} = {{w}} + 0.1 * np.sin(np.sum({v} * {{w}})) * {u}")
        elif n == 17:
            sides = [f"0.5 * {u} ** 2", f"np.sin({v})", f"{u} * {v}", f"{u}", f"{c} * {v}"]
            one, two = rng.sample(sides, 2)
            w = self.let(kind, u)
            self.lines.append(f"if a > 0.9:\n        {w} = {one}\n    else:\n        {w} = {two}")
        elif n == 18:
            self.loop(
                kind,
                f"if i > 0:\n            {{w}} = {{w}} * np.cos({v})",
                f"{{w}} = {{w}} * {u} + {v}",
            )

    def loop(self, kind: str, *lines: str) -> None:
        u, _ = self.vector(kind)
        start = self.rng.choice([f"{u}.copy()", f"0.5 * {u}", f"np.zeros_like({u}) + 1.0"])
        w = self.let(kind, start)
        body = "".join("        " + line.format(w=w) + "\n" for line in lines).rstrip()
        self.lines.append(f"for i in range({self.rng.randrange(4)}):\n{body}")

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


def specs_of(types: str) -> dict[str, str]:
    """`x[n] y[m]32 i[n]i a` as specifications."""
    specs = {}
    for word in types.split():
        label, bracket, dims = word.partition("[")
        shape, _, kind = dims.partition("]")
        dtype = {"": "float64", "32": "float32", "i": "int64"}[kind]
        specs[label] = f"{dtype}[{shape}]" if bracket else "float"
    return specs


# The body of the emitted Jacobian by the first argument, by rows; and by columns, where that is not the same but for the names.
WRITTEN = {
    "elementwise": ("x[n]", "return np.sin(x)", "x_bar = np.diag(np.cos(x))"),
    "an identity": ("x[n] y[n]", "return x + y ** 2", "x_bar = np.eye(x.size)"),
    "a second argument": ("y[n] x[n]", "return x + y ** 2", "y_bar = np.diag(2 * y)"),
    "a number": ("x[n]", "return 3 * x", "x_bar = 3 * np.eye(x.size)"),
    "a matrix": ("x[n] W[m,n]", "return W @ x", "x_bar = W.copy()"),
    "a matrix from the right": ("x[m] W[m,n]", "return x @ W", "x_bar = W.T.copy()"),
    "a layer": (
        "x[n] W[m,n]",
        "return np.tanh(W @ x)",
        "x_bar = (1 - np.tanh(W @ x) ** 2)[:, None] * W",
    ),
    "two layers": (
        "x[n] W[k,n] b[k] V[m,k]",
        "h = np.tanh(W @ x + b); return V @ h",
        "h = np.tanh(W @ x + b); x_bar = (V * (1 - h ** 2)) @ W",
        "h = np.tanh(W @ x + b); h_bar = (1 - h ** 2)[:, None] * W; x_bar = V @ h_bar",
    ),
    "a residual": ("x[n] W[n,n]", "return x + W @ x", "x_bar = np.eye(x.size) + W"),
    "two axes": (
        "X[n,m]",
        "return np.exp(X)",
        "X_bar = np.reshape(np.diag(np.ravel(np.exp(X))), X.shape + X.shape)",
    ),
    "another shape": (
        "X[n,m]",
        "return np.ravel(X) ** 2",
        "X_bar = np.reshape(np.diag(2 * np.ravel(X)), (X.size,) + X.shape)",
    ),
    "a choice": (
        "x[n]",
        "return np.where(x > 0, np.sin(x), 0)",
        "x_bar = np.diag(np.where(x > 0, np.cos(x), 0.0))",
        "x_bar = np.diag(np.where(x > 0, np.cos(x), 0.0))",
    ),
    "a sum": (
        "y[n] x[m]",
        "return np.cos(np.sum(y)) * x",
        "neg_1 = -np.sin(np.sum(y)) * x; y_bar = np.broadcast_to(neg_1[:, None], (x.size, y.size)).copy()",
        "y_bar = -np.sin(np.sum(y)) * np.full(y.size, 1.0) * x[:, None]",
    ),
    "a stencil": (
        "u[n]",
        "return u[:-2] - 2 * u[1:-1] + u[2:]",
        "size_1 = u[:-2].size; i = np.arange(size_1); u_bar = np.zeros((size_1, u.size)); u_bar[i, i + 2] += 1; u_bar[i, i + 1] -= 2; u_bar[i, i] += 1",
        "i = np.arange(u.size - 2); u_bar = np.zeros((u[:-2].size, u.size)); u_bar[i, i] += 1; u_bar[i, i + 1] -= 2; u_bar[i, i + 2] += 1",
    ),
    "a stencil in place": (
        "u[n] a",
        "v = u.copy(); v[1:-1] += a * (u[:-2] - u[2:]); return v",
        "u_bar = np.eye(u.size); i = np.arange(u.size - 2); u_bar[i + 1, i + 2] -= a; u_bar[i + 1, i] += a",
        "u_bar = np.eye(u.size); i = np.arange(u.size - 2); u_bar[i + 1, i] += a; u_bar[i + 1, i + 2] -= a",
    ),
    "a branch": (
        "x[n] a",
        "if a > 1:;     y = np.sin(x); else:;     y = x * 2; return y",
        "if a > 1:; x_bar = np.cos(x); else:; x_bar = 2 * np.ones_like(x); x_bar = np.diag(x_bar)",
    ),
    "a loop": (
        "x[n] a",
        "y = x; for _ in range(9):;     y = y + a * np.sin(y); return y",
        "saved = []; y = x; for _ in range(9):; saved.append(y); y = y + a * np.sin(y); y_bar = np.ones_like(x); "
        "for y in reversed(saved):; y_bar += a * y_bar * np.cos(y); x_bar = np.diag(y_bar)",
        "x_bar = np.ones_like(x); y = x; for _ in range(9):; y_1 = y + a * np.sin(y); "
        "x_bar = x_bar + a * np.cos(y) * x_bar; y = y_1; x_bar = np.diag(x_bar)",
    ),
    "float32": ("x[n]32", "return 2 * x", "x_bar = 2 * np.eye(x.size, dtype=np.float32)"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_written_as_a_person_does(name: str) -> None:
    types, body, *wanted = WRITTEN[name]
    specs = specs_of(types)
    first = next(iter(specs))
    text = f"def f({', '.join(specs)}):\n" + "".join(f"    {line}\n" for line in body.split("; "))
    check(text, specs)
    _, ready, _ = derivatives(text, specs, only_first=True)
    for way, (_, emitted) in ready.items():
        lines = [line.strip() for line in emitted.splitlines() if line.startswith(" ")]
        found = "; ".join(line for line in lines if not line.startswith(("#", "return")))
        if way == "columns":
            found = re.sub(
                r"\w+_dot\b", lambda made: "h_bar" if made[0] == "h_dot" else f"{first}_bar", found
            )
        assert found == wanted[-1 if way == "columns" else 0], way


@pytest.mark.parametrize("seed", range(120))
def test_random_programs(seed: int) -> None:
    dtype = "float32" if seed % 6 == 5 else "float64"
    specs = {"x": f"{dtype}[n]", "y": f"{dtype}[n]", "W": f"{dtype}[m, n]", "a": "float"}
    check(Draw(seed).text(), specs)


# Where a length is not what its symbol says, or two sizes agree by chance.
TRAPS = [
    ("x[n]", "return x[2:] * x[:-2]"),
    ("x[n]", "return (x[1:-1] * x[2:])[1:] - x[2:-1]"),
    ("x[n]", "return np.diff(x[2:]) * np.diff(x[:-2])"),
    ("x[n]", "return x[1:] * x[:1]"),
    ("x[n]", "return x * x[-1:] + x[:1]"),
    ("x[n]", "return x[-2:] * 2"),
    ("x[n]", "return x[:3] ** 2"),
    ("x[n]", "return x[1:3] * 2"),
    ("x[n]", "return x[1:3][1:] * x[0]"),
    ("x[n]", "return x[3:1] * 2"),
    ("x[n]", "return x[::2] ** 2"),
    ("x[n]", "return x[::-1] * x"),
    ("x[n]", "return x[[0, 0]] * x[0]"),
    ("x[n]", "return x[[0, 0, 0]] ** 2"),
    ("x[n]", "return x[x > 0.9] ** 2"),
    ("x[n]", "y = x.copy(); y[1:] = x[:1]; return y"),
    ("x[n]", "y = x.copy(); y[1:] += x[:-1]; y[:-1] *= y[1:]; return y"),
    ("x[n]", "y = x * 2; y[1:-1] = 0.0; return y * x"),
    ("x[n]", "y = x * 2; y[:2] = x[1:3]; return y"),
    ("x[n]", "y = np.zeros_like(x); y[2:] += x[2:]; return y - x"),
    ("x[n]", "y = np.zeros_like(x); y[1:] += x[:-1]; y[1:] += x[1:]; return y[1:] * 2"),
    ("x[n]", "y = x * 1; y[0] = x[-1]; return y"),
    ("x[n]", "y = x * 1; y[x > 0.9] = 0.0; return y"),
    ("x[n]", "return np.concatenate((x[:1], x[1:-1] * 2, x[-1:]))"),
    ("x[n]", "return x[:, None] * x"),
    ("x[n]", "return x * x[:, None]"),
    ("x[n]", "return np.where(x[:, None] > 0.9, x, 0)"),
    ("x[n] W[m,n]", "return W * x"),
    ("x[n] W[m,n]", "return np.sum(W * x, axis=1)"),
    ("x[n] W[m,n]", "return W @ x[::-1]"),
    ("x[n] W[n,n]", "return W @ (W @ x)"),
    ("x[n] W[n,n]", "return x @ W * x"),
    ("x[n] W[m,n]", "return np.outer(W @ x, x)"),
    ("x[n] y[m]", "return np.sum(x) + y"),
    ("x[n] y[m]", "return np.mean(x * 2) * y"),
    ("x[n] b[n]", "return np.where(b > 1, x, -x)"),
    ("X[n,m] b[m]", "return X * b"),
    ("X[n,m] b[m]", "return np.reshape(X * b, (-1,)) ** 2"),
    ("X[n,m]", "return np.ravel(X.T)"),
    ("X[n,m]", "return np.sum(X, axis=0) + X[0]"),
    ("X[n,n]", "return X.T * X"),
    ("X[n,m]", "return np.reshape(X, (X.size, 1)) * 2"),
    ("x[1]", "return np.sin(x) * x[0]"),
    ("x[1] y[n]", "return x * y"),
    ("x[2]", "return x[1:] - x[:-1]"),
    ("x[2]", "return x[2:] * 3"),
    ("x[3]", "return x[-5:2] * x[:2]"),
    ("x[6]", "y = x.copy(); y[1:-2] -= x[3:] * x[:-3]; return y"),
    ("x[6]", "return np.reshape(np.reshape(np.sin(x), (2, 3)) * 2, (3, 2))"),
    ("X[2,3]", "return X.reshape(6) * np.ravel(X)"),
    ("x[0]", "return np.diff(x) + 1"),
    ("x[n]32", "return np.diff(x) * np.where(x[1:] > 1, x[1:], 0)"),
    ("x[n]32 y[n]", "return x * y"),
    ("x[n] y[n]32", "return np.sin(x)[1:] * y[1:] - y[:-1]"),
    ("x[n] y[n]32 W[n,n]32", "return np.tanh(y) * (W @ (x * np.sin(y)))"),
    ("x[n]32 y[n]", "return (x * np.sin(y)) * np.float32(0.1)"),
    ("x[n] y[n]32", "return np.diff(x * y) * np.where(y > 1, y, 0)[1:]"),
    ("x[n]32 a", "return a * x / len(x)"),
    ("x[n] i[n]i", "return x * i + x[i[:1]]"),
    ("x[n]32 i[n]i", "return x * (i > 0)"),
]


@pytest.mark.parametrize(("types", "body"), TRAPS, ids=[f"{t} | {body}" for t, body in TRAPS])
def test_traps(types: str, body: str) -> None:
    specs = specs_of(types)
    lines = "".join(f"    {line}\n" for line in body.split("; "))
    check(f"def f({', '.join(specs)}):\n{lines}", specs)


@pytest.mark.parametrize(
    "body", ["x * p * q * q", "(W @ (x * p)) * q", "np.diff(x * q) * p[1:] * q[1:]"]
)
def test_factors_of_lower_precision_are_computed_with_in_higher(body: str) -> None:
    specs = {"x": "float64[n]", "p": "float32[n]", "q": "float32[n]", "W": "float32[n, n]"}
    text = f"def f(x, p, q, W):\n    return {body}\n"
    function, ready, single = derivatives(text, specs, only_first=True)
    rng = np.random.default_rng(0)
    given = [rng.normal(size=4), *(rng.normal(size=s).astype("float32") for s in (4, 4, (4, 4)))]
    whole = [x.astype("float64") for x in given]
    x_bar = np.stack([np.asarray(function(e, *whole[1:])) for e in np.eye(4)], axis=1)
    for way, (run, emitted) in ready.items():
        (found,) = run(*given)
        np.testing.assert_allclose(found, x_bar, rtol=1e-13, err_msg=f"{way}\n{emitted}")


ROW_TYPES = [
    array("float64", Size("n")),
    array("float64", Size("n"), Size("m")),
    array("float32", Size("n")),
    array("float64", 2, 3),
    array("float64", Size("n"), 0),
    array(None, Size("n"), Size("m")),
]


def ones(type_: Type) -> Any:
    shape = [{"n": 4, "m": 3}.get(getattr(size, "key", None), size) for size in type_.shape or ()]
    return np.ones(shape, type_.dtype or "float32")


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("type_", ROW_TYPES, ids=map(repr, ROW_TYPES))
def test_an_identity_as_an_array(type_: Type, counted: bool, transposed: bool) -> None:
    builder, y = Builder(infer), Value("y", type_)
    seed = identity_seed(builder if counted else None, y, transposed=transposed)
    made = materialised(builder, seed, y, y, transposed=transposed)
    of_y = ones(type_)
    found = execute(builder.block, {y: of_y})[made]
    expected = np.eye(of_y.size, dtype=of_y.dtype).reshape(of_y.shape * 2)
    assert np.array_equal(found, expected) and found.dtype == expected.dtype
    assert made.type.rank == 2 * len(of_y.shape) and made.base == (
        "y_dot" if transposed else "y_bar"
    )


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("y_type", ROW_TYPES, ids=map(repr, ROW_TYPES))
@pytest.mark.parametrize("x_type", ROW_TYPES, ids=map(repr, ROW_TYPES))
def test_rows_in_the_shape_of_a_jacobian(y_type: Type, x_type: Type, transposed: bool) -> None:
    builder, y, x = Builder(infer), Value("y", y_type), Value("x", x_type)
    of_y, of_x = ones(y_type), ones(x_type)
    expected = np.arange(float(of_y.size * of_x.size)).reshape(of_y.shape + of_x.shape)
    seeded, reached = (of_x, of_y) if transposed else (of_y, of_x)
    given = expected.reshape(of_y.size, of_x.size)
    given = (given.T if transposed else given).reshape(seeded.size, *reached.shape)
    sizes = (y_type if transposed else x_type).shape or ()
    rows = Value("rows", Type("array", "float64", (Size("rows"), *sizes)))
    made = materialised(builder, rows, y, x, transposed=transposed)
    found = execute(builder.block, {y: of_y, x: of_x, rows: given})[made]
    assert np.array_equal(found, expected) and found.dtype == of_x.dtype
    assert not np.shares_memory(found, given)
