"""Functions over a leading axis: the text that comes out, control flow, what is refused, random programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srcad.api.compile import Unit, unpack
from srcad.core.nodes import Function, Let, Param, Value, leaves, walk
from srcad.core.ops import Operation
from srcad.core.types import Size, array
from srcad.core.verify import verify
from srcad.parser.state import Program
from srcad.simplifier.pipeline import lower, simplify
from srcad.transformer.reverse import pullback
from srcad.vectorizer.batch import NotBatchable, batch
from tests.vectorizer.harness import compare, compiled, core_of, flat, inputs_of

SIZES = {"n": 4, "m": 3, "k": 2, "one": 1}


def lines(text: str) -> str:
    """The body of an emitted function."""
    return "\n".join(line for line in text.splitlines() if line.startswith(" "))


def body(expression: str, specs: dict[str, str], batched: str, **outer: Any) -> str:
    text = f"def f({', '.join(specs)}):\n    y = {expression}\n    return y\n"
    return lines(compare(text, specs, batched.split(), SIZES, **outer))


# As a person writes it: the expression, the types of its operands, and what becomes of it. `g` has the axis.
WRITTEN = [
    ("W.T @ g", "g[m] W[m,n]", "g @ W"),
    ("W @ g", "g[n] W[m,n]", "g @ W.T"),
    ("g @ W", "g[m] W[m,n]", "g @ W"),
    ("x @ g", "g[n] x[n]", "g @ x"),
    ("g @ x", "g[n] x[n]", "g @ x"),
    ("W.T @ g", "g[m,k] W[m,n]", "W.T @ g"),
    ("g @ W.T", "g[k,n] W[m,n]", "g @ W.T"),
    ("g @ x", "g[m,n] x[n]", "g @ x"),
    ("x @ g", "g[n,m] x[n]", "x @ g"),
    ("np.dot(W, g)", "g[n] W[m,n]", "g @ W.T"),
    ("np.dot(g, W)", "g[m] W[m,n]", "np.dot(g, W)"),
    ("np.outer(g, x)", "g[n] x[m]", "g[:, :, None] * x"),
    ("np.outer(x, g)", "g[n] x[m]", "x[:, None] * g[:, None, :]"),
    ("np.einsum('ij,j->i', W, g)", "g[n] W[m,n]", 'np.einsum("ij,aj->ai", W, g)'),
    ("g * x", "g x[n]", "g[:, None] * x"),
    ("g * W", "g W[m,n]", "g[:, None, None] * W"),
    ("g * W", "g[n] W[m,n]", "g[:, None] * W"),
    ("g * W", "g[m,n] W[n]", "g * W"),
    ("W * g[:, None]", "g[m] W[m,n]", "W * g[:, :, None]"),
    ("np.sum(g)", "g[n]", "np.sum(g, axis=1)"),
    ("np.sum(g)", "g[m,n]", "np.sum(g, axis=(1, 2))"),
    ("g.sum(axis=0)", "g[m,n]", "g.sum(axis=1)"),
    ("np.sum(g, axis=-1)", "g[m,n]", "np.sum(g, axis=-1)"),
    ("np.sum(g, axis=1, keepdims=True)", "g[m,n]", "np.sum(g, axis=2, keepdims=True)"),
    ("g[1:] - g[:-1]", "g[n]", "g[:, 1:] - g[:, :-1]"),
    ("g[0]", "g[n]", "g[:, 0]"),
    ("g[..., 1]", "g[m,n]", "g[..., 1]"),
    ("np.cumsum(g[::-1])[::-1]", "g[n]", "np.cumsum(g[:, ::-1], axis=1)[:, ::-1]"),
    ("g.T", "g[m,n]", "np.swapaxes(g, -1, -2)"),
    ("np.linalg.solve(W, g)", "g[n] W[n,n]", "np.linalg.solve(W, g.T).T"),
    ("np.where(x > 1, g, 0)", "g[n] x[n]", "np.where(x > 1, g, 0)"),
    ("np.reshape(g, (2, 2))", "g[n]", "np.reshape(g, (len(g), 2, 2))"),
    ("np.concatenate((g, g * 2))", "g[n]", "np.concatenate((g, g * 2), axis=1)"),
    ("np.stack((g, g))", "g[n]", "np.stack((g, g), axis=1)"),
    ("np.diag(g)", "g[n,n]", "np.diagonal(g, axis1=1, axis2=2)"),
    ("np.trace(g)", "g[n,n]", "np.trace(g, axis1=1, axis2=2)"),
]


def specs_of(text: str) -> dict[str, str]:
    """`g[n] x` as specifications: float64 arrays, and a NumPy scalar."""
    found = {}
    for word in text.split():
        name, bracket, sizes = word.partition("[")
        found[name] = f"float64[{sizes}" if bracket else "scalar"
    return found


@pytest.mark.parametrize(
    ("expression", "types", "wanted"), WRITTEN, ids=[f"{w[0]} | {w[1]}" for w in WRITTEN]
)
def test_written_as_a_person_does(expression: str, types: str, wanted: str) -> None:
    assert body(expression, specs_of(types), "g") == f"    y = {wanted}\n    return y"


# Right for every number of rows: operands by name, those that start with g have the axis.
RIGHT = """
g[m] W[m,n]              | W.T @ g + np.sum(g) * W[0]
g[n] h[n]                | g @ h
g[m,n] h[n]              | g @ h
g[n] h[n,m]              | g @ h
g[m,n] h[n,k]            | g @ h
g[k,m,n] h[n,m]          | g @ h
g[n] A[k,m,n]            | A @ g
g[n] A[k,n,m]            | g @ A
g[m,n] A[k,n,m]          | g @ A
g[n,m] A[k,m,n]          | A @ g
g[n] A[k,m,n]            | np.dot(A, g)
g[n,m] A[k,m,n]          | np.dot(A, g)
g[k,n,m] A[m,n]          | np.dot(A, g)
g[m,n] A[k,m,n]          | np.tensordot(A, g, axes=2)
g[n,m] W[m,n]            | np.inner(W, g.T)
g[n] W[m,n]              | np.inner(W, g)
g[n] x[n]                | np.vdot(x, g)
g x[n]                   | np.outer(g, x)
g[n,n] x[n]              | np.linalg.solve(g + 9 * np.eye(4), x)
g[n,m] A[n,n]            | np.linalg.solve(A + 9 * np.eye(4), g)
g[n,n] h[n]              | np.linalg.solve(g + 9 * np.eye(4), h)
g[n,n] h[n,m]            | np.linalg.solve(g + 9 * np.eye(4), h)
g[n] A[m,n,n]            | np.linalg.solve(A + 9 * np.eye(4), g)
g[n,n]                   | np.linalg.inv(g + 9 * np.eye(4))
g                        | np.sum(g) * 2
g                        | np.cumsum(g)
g h                      | np.stack([g, h])
g x[n]                   | np.concatenate((g * x, x))
g[m,n] x[m,n]            | np.hstack((g, x))
g[m,n] x[m,n]            | np.vstack((x, g))
g[m] x[m]                | np.column_stack((g, x))
g[m] x[m]                | np.hstack([x, g, x])
g[one,n] x[m,n]          | g * x
g[m,one] x[one,n]        | g * x
g[m,one]                 | np.squeeze(g, axis=1)
g[m,one]                 | np.squeeze(g, axis=-1)
g[3,1]                   | np.squeeze(g)
g[m]                     | np.expand_dims(g, 0)
g[m]                     | np.expand_dims(g, -1)
g[m,n]                   | np.expand_dims(g, (0, -1))
g[m] x[m,n]              | np.maximum(g[:, None], x)
g[m,n] x[n]              | np.clip(g, x, 1.5)
g[m]                     | np.broadcast_to(g, (2, 3))
g[m] x[k,m]              | np.broadcast_to(g, x.shape) @ x.T
g[m,n,k]                 | np.transpose(g, (2, 0, 1))
g[m,n,k]                 | g.T
g[m,n,k]                 | np.moveaxis(g, 0, -1)
g[m,n,k]                 | np.swapaxes(g, 0, 2)
g[m,n]                   | g.reshape(-1)
g[m,n]                   | g.reshape(4, -1)
g[m,n]                   | np.ravel(g)
g[m,n] x[n,m]            | g.reshape(x.shape) * x
g[n]                     | np.diag(g)
g[n]                     | np.diag(g, 1)
g[n]                     | np.diag(g, -2)
g[m,n]                   | np.diag(g)
g[m,n]                   | np.diag(g, 1)
g[m,n]                   | np.tril(g) + np.triu(g, 1)
g[m,n]                   | np.diff(g, axis=0)
g[m,n]                   | np.diff(g)
g[m,n]                   | np.flip(g)
g[m,n]                   | np.flip(g, 0)
g[m,n]                   | np.roll(g, 1, axis=0)
g[m,n]                   | np.roll(g, 1)
g[n]                     | np.tile(g, 2)
g[n]                     | np.repeat(g, 2)
g[m,n]                   | np.mean(g, axis=0) + np.std(g, axis=(0,)) * np.var(g)
g[m,n]                   | np.max(g) + np.min(g, axis=-1)
g[m,n]                   | np.prod(g, axis=(0, 1))
g[m,n]                   | np.linalg.norm(g)
g[m,n]                   | np.linalg.norm(g, axis=0)
g[m,n]                   | np.cumsum(g)
g[m,n]                   | np.cumprod(g, axis=0)
g[m,n]                   | np.argmax(g, axis=0) + np.argmin(g)
g[m,n]                   | g.shape[0] * g
g[m,n]                   | g * len(g)
g[m,n]                   | g / g.size + g.ndim
g[m,n]                   | np.zeros_like(g) + g[0]
g[m,n]                   | np.full_like(g, g[0, 0])
g x[m,n]                 | np.full_like(x, g) * x
g                        | np.full(3, g)
g x[n]                   | np.array([g, g * x[0], 1.0])
g[m,n]                   | g[1]
g[m,n]                   | g[:, 1]
g[m,n]                   | g[1, 2]
g[m,n]                   | g[None]
g[m,n]                   | g[..., None]
g[m,n]                   | g[-1, ::2]
g[m,n]                   | g[[0, 2]]
g[m,n]                   | g[:, [0, 2]]
g[m,n]                   | g[[0, 2], 1]
g[m,n]                   | g[[0, 2], [1, 1]]
g[n] x[n]                | g[x > 1]
g[m,n] x[m]              | g[x > 1, 0]
g                        | max(g, 1.0) + min(2.0, g) + abs(g) + float(g)
g x[n]                   | np.linspace(g, x, 5)
g[n] x[n]                | (g * x).astype(np.float32)
g[n]                     | -g + (+g) ** 2 // 0.3 % 0.7
g[n]                     | np.interp(g, np.arange(4.0), np.arange(4.0) ** 2)
""".strip().splitlines()


@pytest.mark.parametrize("case", RIGHT)
def test_right_for_every_number_of_rows(case: str) -> None:
    types, expression = map(str.strip, case.split("|"))
    specs = specs_of(types)
    moving = [name for name in specs if name in ("g", "h")]
    for batched in [moving] + ([["g"], ["h"]] if len(moving) > 1 else []):
        body(expression, specs, " ".join(batched))


STORES = """
u[1:] = g                           | g u[n]
u[1:-1] += g                        | g u[n]
u[0] = g                            | g u[n]
u[0] = g                            | g[n] u[m,n]
u[:, 0] = g                         | g[m] u[m,n]
u[:, 0] = g                         | g u[m,n]
u[:, 1:3] += g[:, None]             | g[m] u[m,n]
u[...] = g                          | g[n] u[m,n]
u[x > 1] = g                        | g u[n] x[n]
u[-1, ::2] = g                      | g u[m,n]
u[:] = u * g                        | g u[m,n]
u[1] = 0                            | g[n] u[n]
""".strip().splitlines()


@pytest.mark.parametrize("case", STORES)
@pytest.mark.parametrize("batched", ["g", "u", "g u"])
def test_stores(case: str, batched: str) -> None:
    store, types = map(str.strip, case.split("|"))
    specs = specs_of(types)
    text = f"def f({', '.join(specs)}):\n    u = u.copy()\n    {store}\n    return u * 2\n"
    compare(text, specs, batched.split(), SIZES)


LOOPS = {
    "a carry that starts without the axis": (
        """
def f(g, x):
    s = 0.0
    for i in range(3):
        s = s + g * x[i]
    return s
""",
        "g x[n]",
    ),
    "zero iterations": (
        """
def f(g, x):
    u = x * 2
    for i in range(0):
        u = u * g
    return u
""",
        "g x[n]",
    ),
    "a carry that becomes batched through another, late": (
        """
def f(g, x):
    a, b, c = x * 1, x * 2, x * 3
    for i in range(5):
        a, b, c = b, c, c + g
    return a, b, c
""",
        "g x[n]",
    ),
    "a carry that stays without the axis": (
        """
def f(g, x):
    t, u = x * 1, g * x
    for i in range(3):
        t = np.sin(t)
        u = u * t
    return t, u
""",
        "g x[n]",
    ),
    "the next value has no axis": (
        """
def f(g, x):
    u = g * x
    v = u
    for i in range(3):
        v = u
        u = x * i
    return u, v
""",
        "g x[n]",
    ),
    "stores in nested loops": (
        """
def f(g, A):
    u = np.zeros(4)
    for i in range(3):
        for j in range(4):
            u[j] += g[i] * A[i, j]
    return u
""",
        "g[m] A[m,n]",
    ),
    "while": (
        """
def f(g, x):
    t, u = 0.0, g * x
    while t < 2.5:
        t = t + x[0]
        u = u * np.cos(t)
    return u
""",
        "g x[n]",
    ),
    "a branch that ends with the axis on one side": (
        """
def f(g, x):
    if x[0] > 1:
        u = g * x
    else:
        u = x + 1
    return u
""",
        "g x[n]",
    ),
    "numbers at a join": (
        """
def f(g, x):
    s = 0.0
    if x[0] > 1:
        s = g * 2
    t = 1.5
    if x[1] <= 1:
        t = g
    return s, t
""",
        "g x[n]",
    ),
    "a branch in a loop": (
        """
def f(g, x):
    u = x * 0
    for i in range(4):
        if x[i] > 1:
            u[i] = g * x[i]
        else:
            u = u + g
    return u
""",
        "g x[n]",
    ),
    "a carry whose dtype changes": (
        """
def f(g, x):
    s, u = g * np.float32(2), x
    for i in range(3):
        u = s * x
        s = np.sum(u) + x[0]
    return s, u
""",
        "g x[n]",
    ),
    "a value of one side only": (
        """
def f(g, x):
    if x[0] > 0:
        c = g * x
    u = x
    if x[1] > 0:
        u = g + x
    return u
""",
        "g x[n]",
    ),
    "a row of an array": (
        """
def f(g, A):
    s = np.zeros(4)
    for row in A:
        s = s + g * row
    return s
""",
        "g A[m,n]",
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_control_flow_stays(name: str) -> None:
    text, types = LOOPS[name]
    compare(text.lstrip(), specs_of(types), ["g"], SIZES)


def test_float32_stays() -> None:
    text = "def f(g, x):\n    s = g * x\n    for i in range(3):\n        s = s + g[0] * x\n    return s\n"
    compare(text, {"g": "float32[n]", "x": "float32[n]"}, ["g"], SIZES)


def test_both_sides_of_a_branch_run() -> None:
    """Inputs that take one side and the other."""
    text = "def f(g, x, flip):\n    u = x + 1\n    if flip * x[0] > 0:\n        u = g * x\n    return u\n"
    specs = {**specs_of("g x[n]"), "flip": "int"}
    compare(text, specs, ["g"], SIZES)


# Backward sweeps over seeds with the axis: mirrors of loops, that read values of their siblings.
SWEEPS = {
    "stencil": """
def f(u, a):
    u = u.copy()
    for _ in range(4):
        u[1:-1] += a * (u[:-2] - 2 * u[1:-1] + u[2:])
    return u
""",
    "a recurrence": """
def f(u, a):
    for t in range(3):
        u = np.tanh(u) * a + u / np.sum(u**2)
    return u
""",
    "nested loops and scalars": """
def f(u, a):
    r = np.zeros(4)
    for i in range(4):
        s = 0.0
        for j in range(i):
            s += u[j] * a
        r[i] = s * s
    return r
""",
    "a branch in a loop": """
def f(u, a):
    u = u.copy()
    for i in range(4):
        if u[i] > 1:
            c = np.exp(-u[i])
            u[i] = c * a
        else:
            u = u * u[i]
    return u
""",
    "a value of one side only": """
def f(u, a):
    if a > 0.1:
        c = u[1:] * a
    y = u * 2
    if a > 0.1:
        y = y + np.sum(c)
    return y
""",
    "while": """
def f(u, a):
    t = 0.0
    while t < 2.5:
        u = np.sin(u) * t + a
        t = t + a
    return u
""",
    "swapped buffers": """
def f(u, a):
    v = u * a
    for i in range(3):
        u, v = v, u + np.cos(v)
    return u, v
""",
    "sizes that may be 1": """
def f(u, a):
    return u[1:] * u[:1] + np.diff(u) * a
""",
}


@pytest.mark.parametrize("name", SWEEPS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_of_a_sweep(name: str, dtype: str) -> None:
    core, function = core_of(SWEEPS[name].lstrip(), {"u": f"{dtype}[n]", "a": "float"})
    wrt = [param.tree for param in core.params]
    swept = simplify(pullback(core, wrt, tuple(wrt), Unit(Program()).split))
    seeds = list(dict.fromkeys(leaves(swept.params[-1].tree)))
    made, _ = batch(swept, seeds, Size("B"))
    verify(made, "batch")
    single, _ = compiled(lower(unpack(swept)))
    for ready, text in (
        compiled(lower(unpack(run(made)))) for run in (lambda made: made, simplify)
    ):
        for rows, n in ((1, 4), (3, 4), (4, 4), (0, 4), (7, 4)):
            rng = np.random.default_rng(rows)
            u, a = rng.uniform(0.5, 1.5, n).astype(dtype), 0.7
            bars = [
                rng.normal(size=(rows, *np.shape(y))).astype(dtype) for y in flat(function(u, a))
            ]
            found = flat(ready(u, a, bars if len(bars) > 1 else bars[0]))
            for place, like in enumerate((u, a)):
                wanted = [
                    flat(single(u, a, [bar[i] for bar in bars] if len(bars) > 1 else bars[0][i]))[
                        place
                    ]
                    for i in range(rows)
                ]
                expected = np.stack(wanted) if rows else np.zeros((0, *np.shape(like)))
                assert found[place].shape == expected.shape, text
                np.testing.assert_allclose(
                    found[place], expected, rtol=1e-4, atol=1e-5, err_msg=text
                )


REFUSED = {
    "a condition is batched": "    if g[0] > 1:\n        return g\n    return x\n",
    "a condition is batched ": "    while g[0] > 1:\n        g = g / 2\n    return g\n",
    "arrays of indices that are apart": "    return (g * np.ones((2, 3, 4)))[[0, 1], :, [0, 1]]\n",
    "`np.polyfit` has no batched form": "    return np.polyfit(x, g, 1)\n",
    "a call of a function with a batched argument": "    return helper(g)\n",
}


def helper(x):
    return x * 2


@pytest.mark.parametrize("why", REFUSED)
def test_refused(why: str) -> None:
    core, _ = core_of(f"def f(g, x):\n{REFUSED[why]}", specs_of("g[n] x[n]"), helper=helper)
    with pytest.raises(NotBatchable) as caught:
        batch(core, [inputs_of(core)["g"]], Size("B"))
    found = caught.value
    assert found.why == why.strip() or found.why == "what a loop runs over is batched"
    assert found.statement is not None


def test_effects_are_refused() -> None:
    g = Value("g", array("float64", Size("n")))
    log = Operation([].append, "log", effect="effect")
    function = Function("f", [Param("g", g)], [Let(None, log, (g,))], g)
    with pytest.raises(NotBatchable, match="effect"):
        batch(function, [g], Size("B"))


def test_unknown_ranks_are_refused() -> None:
    text = "def f(g, x, many):\n    u = x\n    if many > 1:\n        u = x[0]\n    return u * g\n"
    core, _ = core_of(text, {**specs_of("g x[n]"), "many": "int"})
    with pytest.raises(NotBatchable, match="rank"):
        batch(core, [inputs_of(core)["g"]], Size("B"))


def test_what_does_not_depend_on_the_axis_stays_the_same_statement() -> None:
    core, _ = core_of("def f(g, x):\n    c = np.cos(x)\n    return g * c\n", specs_of("g x[n]"))
    made, new = batch(core, [inputs_of(core)["g"]], Size("B"))
    cos = next(s for s in walk(core.body) if isinstance(s, Let) and s.op.function is np.cos)
    assert cos in made.body and cos.out not in new
    assert new[inputs_of(core)["g"]] is inputs_of(made)["g"]
    assert inputs_of(made)["x"] is inputs_of(core)["x"]


def test_a_known_size_is_written_as_a_number() -> None:
    core, _ = core_of(
        "def f(g, x):\n    u = x.copy()\n    u[1:] = g\n    return u\n", specs_of("g x[n]")
    )
    made, _ = batch(core, [inputs_of(core)["g"]], 5)
    shapes = [
        s.out.type.shape
        for s in walk(made.body)
        if isinstance(s, Let) and s.out.type.kind == "array"
    ]
    assert (5, Size("n")) in shapes


# Random combinations: operands of every rank, with sizes that agree with each other and with the number of rows.

SHAPES = st.lists(st.sampled_from([1, 2, 3]), max_size=3).map(tuple)
UNARY = [
    "np.sum({0})", "np.sum({0}, axis=0)", "np.sum({0}, axis=-1, keepdims=True)", "np.mean({0})", "np.max({0}, axis=0)",
    "{0}[0]", "{0}[..., -1]", "{0}[None]", "{0}[:, None]", "{0}[1:]", "{0}[::-1]", "{0}.T", "np.cumsum({0}, axis=0)",
    "np.reshape({0}, -1)", "np.sin({0})", "-{0}", "{0}.copy()", "np.flip({0}, axis=0)", "np.stack([{0}, {0}])",
    "np.concatenate(({0}, {0}), axis=-1)", "np.swapaxes({0}, 0, -1)", "np.diff({0}, axis=0)", "np.outer({0}, {0})",
    "np.linalg.norm({0}, axis=0)", "np.expand_dims({0}, 1)", "np.ravel({0})", "{0} * {0}.size", "{0} + len({0})",
]  # fmt: skip
BINARY = [
    "{0} + {1}", "{0} * {1}", "{0} / {1}", "{0} @ {1}", "np.dot({0}, {1})", "np.inner({0}, {1})", "np.outer({0}, {1})",
    "np.maximum({0}, {1})", "np.where({0} > 1, {1}, 0.5)", "np.tensordot({0}, {1}, axes=1)", "np.stack([{0}, {1}])",
    "np.tensordot({0}, {1}, axes=0)", "np.arctan2({0}, {1})", "np.concatenate(({0}, {1}))", "np.hypot({0}, {1}[0])",
    "np.broadcast_to({0}, {1}.shape)",
]  # fmt: skip


@st.composite
def programs(draw: Any) -> tuple[str, dict[str, str], list[str]]:
    """A chain of operations that NumPy accepts, its arguments, and which of them have the axis."""
    names = ["a", "b", "c"]
    shapes = {name: draw(SHAPES) for name in names}
    values: dict[str, Any] = {name: np.ones(shape) for name, shape in shapes.items()}
    text = []
    for place in range(draw(st.integers(1, 5))):
        table = draw(st.sampled_from([UNARY, BINARY]))
        operands = [draw(st.sampled_from(list(values))) for _ in range(2)]
        line = draw(st.sampled_from(table)).format(*operands)
        try:
            found = eval(line, {"np": np, **values})
        except (ValueError, IndexError, TypeError):
            continue
        if np.ndim(found) > 4 or np.size(found) > 300:
            continue
        values[f"v{place}"] = found
        text.append(f"    v{place} = {line}")
    batched = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    last = [name for name in values if name not in names] or ["a"]
    specs = {
        name: f"float64[{', '.join(map(str, shape))}]" if shape else "scalar"
        for name, shape in shapes.items()
    }
    source = "def f(a, b, c):\n" + "\n".join(text) + f"\n    return {last[-1]}, {last[0]}\n"
    return source, specs, batched


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_random_programs(program: tuple[str, dict[str, str], list[str]]) -> None:
    source, specs, batched = program
    try:
        with np.errstate(all="ignore"):
            compare(source, specs, batched, {}, rows=(2, 3))
    except NotBatchable:
        pass
