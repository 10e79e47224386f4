"""Block diagonal seeds: Jacobians of functions of each row, and of products by a matrix, against those row by row."""

from __future__ import annotations

import pickle
import random
import re
from typing import Any

import numpy as np
import pytest

from srcad import hessian, jacfwd, jacrev, spec, vmap
from srcad.errors import UnsupportedSyntaxError
from tests.vectorizer.harness import define, flat
from tests.vectorizer.test_structure import check, derivatives

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # means of no columns

SIZES = {
    "X": "float64[n, m]",
    "W": "float64[m, k]",
    "M": "float64[m, m]",
    "V": "float64[k, 3]",
    "b": "float64[k]",
    "p": "float64[m]",
    "c": "float64[n]",
}


def function_of(body: str, dtype: str = "float64", first: str = "X") -> tuple[str, dict[str, str]]:
    """The text of a function of a body, and the specifications of the arguments that it reads."""
    read = set(re.findall(r"(?<![\w.])[A-Za-z]\w*", body))
    names = [first, *(name for name in SIZES if name in read and name != first)]
    lines = "".join(f"    {line}\n" for line in body.split("; "))
    specs = {name: SIZES[name].replace("float64", dtype) for name in names}
    return f"def f({', '.join(names)}):\n{lines}", specs


BODIES = [
    "h = np.tanh(X @ W + b); return np.exp(h - np.max(h, axis=-1, keepdims=True)) @ V",
    "E = np.exp(X); return (E / np.sum(E, axis=-1, keepdims=True)) @ W",
    "return np.where(X > 1, X * np.sum(X, axis=1)[:, None], X @ M) / p",
    "return (X - np.mean(X, axis=1, keepdims=True)) / np.sqrt(np.var(X, axis=1) + 0.1)[:, None]",
    "return X[:, 1:] * X[:, :-1] - np.diff(X ** 2, axis=1)",
    "return X[:, 0] * X[:, -1] + (X @ p) * c - np.linalg.norm(X, axis=1)",
    "Y = X.copy(); Y[:, 1:] *= Y[:, :-1]; Y[:, 0] = np.sum(X, axis=1); return Y",
    "return np.outer(X @ p, p) * X + np.broadcast_to((X @ p)[:, None], X.shape)",
    "return np.cumsum(X ** 2, axis=1)[:, ::-1] - np.cumsum(X, axis=1) * X",
    "return W.T @ np.sin(X).T + np.sum(W, axis=0)[:, None]",
    "return np.sum(X, axis=0) * p * (c @ X)",
    # What meets at joins, in another shape, and joined to arrays.
    "Y = X @ M; for t in range(3):;     Y = np.tanh(Y @ M) * X + Y; return Y",
    "Y = X; for t in range(2):;     for s in range(2):;         Y = Y @ M + X; return Y",
    "Y = X @ M; for t in range(2):;     if t > 0:;         Y = np.tanh(Y @ M + X); return Y",
    "Y = X; if c[0] > 1:;     Y = np.sin(X) @ M; else:;     Y = np.zeros_like(X); return Y * X",
    "s = np.zeros(len(X)); for t in range(3):;     s = np.sin(s + X @ p) * c; return s",
    "Y = np.zeros_like(X); for r in range(X.shape[1] - 1):;     Y[:, r + 1] = Y[:, r] * X[:, r]; return Y + X",
    "return np.einsum('ij,jk,kl->il', np.tanh(X @ M), W, V) * np.einsum('ij,j->i', X, p)[:, None]",
    "return np.reshape(np.reshape(X @ W, (len(X), 2, 2)) ** 2, (len(X), -1)) @ V",
    "return np.concatenate((X @ W, X, np.ones((len(X), 2))), axis=1) ** 2",
    "return np.stack((np.stack((X @ p, c), axis=1) @ np.ones(2), X[:, 0]), axis=-1) ** 2",
    # What mixes the rows is dense, from there on or from the start.
    "Y = X @ M; for t in range(3):;     Y = Y[::-1] * X - np.mean(Y, axis=0); return Y",
    "Y = X @ M; if c[0] > 1:;     Y = np.tanh(Y); else:;     Y = np.roll(Y, 1, axis=0); return Y",
    "Y = X @ M; Z = X; for t in range(2):;     Y, Z = Z * 2, np.sort(Y @ M, axis=0); return Y * Z",
    "Y = X @ M; for r in range(len(X) - 1):;     Y[r + 1] = Y[r] * X[r]; return Y",
    "return np.concatenate((X @ M, X[::-1]), axis=0) @ W",
    "return np.reshape(X * p, (X.shape[1], X.shape[0])) @ X",
    "return np.einsum('ij,kj->ik', X, X) + np.einsum('ij,ij->j', X, X) @ p",
    "return (X @ W) - np.mean(X @ W, axis=0) + np.cumsum(X @ W, axis=0)",
    "return np.tanh(X[1:] * X[:-1])[:, :1] @ np.sum(X, axis=0)[None]",
    "return X @ X.T + X @ p",
    "return X * X[:1] + X[:, :1] * p",
]


@pytest.mark.parametrize("body", BODIES)
def test_functions_of_rows(body: str) -> None:
    check(*function_of(body))


@pytest.mark.parametrize("first", ["W", "p", "V"])
def test_by_the_other_matrix(first: str) -> None:
    check(*function_of("return np.tanh(X @ W + b) @ V * (X @ p)[:, None]", first=first))


class Draw:
    """A random function of each row: values by the sizes behind the first axis. With `mixing`, some steps see other rows."""

    def __init__(self, seed: int, mixing: bool = False) -> None:
        self.rng, self.mixing = random.Random(seed), mixing
        self.lines: list[str] = []
        self.known: dict[str, list[str]] = {"m": ["X"]}

    def value(self, kind: str) -> str:
        return self.rng.choice(self.known[kind][-2:])

    def let(self, kind: str, expression: str) -> None:
        self.last = name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        self.known.setdefault(kind, []).append(name)

    def step(self) -> None:
        kind = self.rng.choice(list(self.known))
        u, v = self.value(kind), self.value(kind)
        forms = [
            (kind, f"np.{self.rng.choice(['sin', 'tanh', 'exp'])}(0.3 * {u})"),
            (kind, f"{u} {self.rng.choice('+-*')} {v}"),
            (kind, f"{u} / (2 + {v} ** 2)"),
            (kind, f"np.where({u} > 0.6, {u} * {v}, {v})"),
        ]
        if kind:
            forms += [
                (
                    "",
                    f"np.{self.rng.choice(['sum', 'mean'])}({u}, axis={self.rng.choice(['1', '-1'])})",
                ),
                ("1", f"np.sum({u}, axis=1, keepdims=True)"),
                ("", f"{u}[:, 0]"),
                (kind, f"np.cumsum({u}, axis=-1)"),
                (
                    kind,
                    f"{u} * {self.value(self.rng.choice(sorted({'1', kind} & set(self.known))))}",
                ),
            ]
        else:
            forms += [("1", f"{u}[:, None]"), ("m", f"{u}[:, None] * X"), ("", f"{u} * c")]
        if self.mixing:
            forms += [(kind, f"{u}[::-1]"), (kind, f"np.roll({u}, 1, axis=0)")]
            forms += [(kind, f"{u} * {v}[:1]"), (kind, f"np.cumsum({u}, axis=0) - {v}")]
            forms += [(kind, f"{u} - np.mean({v}, axis=0)"), (kind, f"np.sort({u}, axis=0)")]
        if kind == "m":
            forms += [("k", f"{u} @ W"), ("m", f"{u} @ M"), ("", f"{u} @ p"), ("m", f"{u} * p")]
        if kind == "k":
            forms += [("k", f"{u} + b"), ("m", f"{u} @ W.T"), ("k", f"{u}[:, ::-1]")]
        kind, made = self.rng.choice(forms)
        if kind != "1" and self.known.get(kind) and self.rng.random() < 0.3:
            self.joined(kind, made)
        else:
            self.let(kind, made)

    def joined(self, kind: str, made: str) -> None:
        """A step in a loop, or on one side of a branch."""
        start, then = self.value(kind), self.rng.choice(["0.5 * {w} + {v}", "np.tanh({w}) * {v}"])
        self.let(kind, self.rng.choice([f"{start} * 1", f"np.zeros_like({start})"]))
        w, v = self.known[kind][-1], f"t{len(self.lines)}"
        front = self.rng.choice(["for t in range(2):", "if c[0] > 1:"])
        self.lines += [front, f"    {v} = {made}", f"    {w} = {then.format(w=w, v=v)}"]

    def body(self) -> str:
        for _ in range(self.rng.randrange(2, 8)):
            self.step()
        return "; ".join([*self.lines, f"return {self.last}"])


@pytest.mark.parametrize("seed", range(30))
def test_random_functions_of_rows(seed: int) -> None:
    body = Draw(seed, mixing=seed % 3 == 2).body()
    check(*function_of(body, "float32" if seed % 10 == 4 else "float64"))


# The argument, the body, and the Jacobian as it is written.
WRITTEN = {
    "a layer": (
        "X",
        "return np.tanh(X @ W + b)",
        "X_bar[i, :, i] = (1 - tanh_1 ** 2)[:, :, None] * W.T",
    ),
    "a product": ("X", "return X @ W", "X_bar[i, :, i] = W.T"),
    "by the matrix": ("W", "return X @ W", "W_bar[:, i, :, i] = X"),
    "by a matrix of a vector": ("M", "return M @ p", "M_bar[i, i] = p"),
    "sums": ("X", "return np.sum(X ** 2, axis=1)", "X_bar[i, i] = 2 * X"),
    "means": ("X", "return np.mean(X, axis=0)", "X_bar[i, :, i] = np.divide(1, X.shape[0])"),
    "columns": ("X", "return X[:, 0] * c", "X_bar[i, i] = zeros_1"),
    "a row": ("X", "return X[0]", ""),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_written_as_a_person_does(name: str) -> None:
    first, body, wanted = WRITTEN[name]
    _, ready, _ = derivatives(*function_of(body, first=first), only_first=True)
    text = ready["rows"][1]
    for name, expression in re.findall(r"^    (\w+_\d+) = (.*)$", text, re.M):
        if not name.startswith(("zeros", "tanh")):
            text = re.sub(rf"= {name}$", f"= {expression}", text, flags=re.M)
    assert wanted in text, text


@pytest.mark.parametrize(
    "body",
    [*BODIES[:9], BODIES[11], *BODIES[15:18], *BODIES[19:21], "return np.sin(X)", "return X @ W"],
)
def test_compact(body: str) -> None:
    text, specs = function_of(body)
    f = define(text)
    read = list(specs)[1:]
    blocks, whole = jacrev(f, compact=True), jacrev(f)
    for n, m in ((5, 3), (4, 4), (2, 2), (1, 3), (0, 3)):
        rng = np.random.default_rng(n)
        sizes = {"n": n, "m": m, "k": 4, "3": 3}
        given = [
            rng.uniform(0.5, 1.5, [sizes[s.strip()] for s in specs[name][8:-1].split(",")])
            for name in ("X", *read)
        ]
        dense, found = whole(*given), blocks(*given)
        axes = dense.ndim - np.ndim(f(*given))
        i = np.arange(n)
        at = (i, *(slice(None),) * (dense.ndim - axes - 1), i)
        np.testing.assert_allclose(found, dense[at].reshape(found.shape), rtol=1e-12, atol=1e-12)
        assert found.shape == (*dense.shape[: dense.ndim - axes], *given[0].shape[1:])
        assert found.flags.writeable and not any(np.shares_memory(found, x) for x in given)
        if n in (4, 5):
            forward = jacfwd(f, compact=True)(*given)
            np.testing.assert_allclose(forward, found, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 3, 2), (4, 4, 4)])
def test_compact_hessians_are_those_of_the_rows(shape: tuple[int, int, int]) -> None:
    n, m, k = shape
    rng = np.random.default_rng(0)
    given = (*map(rng.normal, [0] * 4, [1] * 4, [(n, m), (n, k), (m, k), n]),)

    def rows(X: Any, Y: Any, W: Any, c: Any) -> Any:
        return np.sum(np.sum(np.tanh(X @ W * Y) ** 2, axis=1) * c**2)

    def row(x: Any, y: Any, W: Any, c: Any) -> Any:
        return np.sum(np.tanh(x @ W * y) ** 2) * c**2

    every = (3, 0, 1)
    found = hessian(rows, every, compact=True)(*given)
    wanted = vmap(hessian(row, every), (0, 0, None, 0))(*given)
    for one, two in zip(flat(found), flat(wanted), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("Y = X - np.mean(X, axis=0); return Y", "may depend on more"),
        ("return np.sum(X)", "no axes"),
        ("return X.T @ M.T", "may depend on more"),
        ("return p + 1.0", "does not depend"),
        (
            "Y = X @ M; for t in range(3):;     Y = Y * X;     Y = X[::-1] * Y; return Y",
            ">:5: .*may depend on more",
        ),
    ],
)
def test_what_is_not_compact_is_refused(body: str, why: str) -> None:
    f = define(function_of(body)[0])
    specs = [spec(text) for text in function_of(body)[1].values()]
    with pytest.raises(UnsupportedSyntaxError, match=why):
        jacrev(f, compact=True).source(*specs)


def test_of_compact_hessians_too() -> None:
    X = np.ones((5, 3))
    assert not hessian(lambda X: np.sum(X), compact=True)(X).any()
    for f, why in (
        (lambda X: np.sum(np.mean(X, axis=0) ** 2), "may depend on more"),
        (lambda X: X**2, "no single number"),
    ):
        with pytest.raises(UnsupportedSyntaxError, match=why):
            hessian(f, compact=True)(X)
    with pytest.raises(UnsupportedSyntaxError, match="no axes"):
        jacfwd(lambda X, k: X * k, 1, compact=True)(X, 2.0)


def test_compact_goes_with_other_transforms_and_no_other_option() -> None:
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(2, 5, 3)), rng.normal(size=(3, 4))
    d = jacrev(lambda X, W: np.tanh(X @ W), compact=True)
    np.testing.assert_array_equal(vmap(d, (0, None))(X, W), [d(x, W) for x in X])
    assert pickle.loads(pickle.dumps(jacrev(np.sin, compact=True)))(X[0]).shape == (5, 3, 3)
    assert pickle.loads(pickle.dumps(hessian(np.sum, compact=True)))(X[0]).shape == (5, 3, 3)
    for transform in (jacrev, jacfwd, hessian):
        for option in ({"sparse": True}, {"chunk_size": 2}, {"progress": True}):
            with pytest.raises(UnsupportedSyntaxError, match="compact=True"):
                transform(np.sin, compact=True, **option)
