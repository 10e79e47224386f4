"""Each NumPy function of the breadth, called in the ways that people call it, inside a small program.

A row is the text of an expression; its names are arguments: s a float, v and u vectors (n), p a positive vector, A and B
matrices (n, m), C and D square, T of rank three. The derivatives of `lambda names: expression` are held against differences
in every mode, at several sizes, in float64 and float32.
"""

import importlib.util
import itertools
import re
import sys

import numpy as np
import pytest

from tests.programs.support import agree

SHAPES = {"s": (), "t": (), "v": ("n",), "u": ("n",), "p": ("n",), "w": ("m",), "A": ("n", "m"), "B": ("n", "m"), "E": ("m", "n"),
          "C": ("n", "n"), "D": ("n", "n"), "T": ("n", "m", "n"), "r": ("n", "1"), "c": ("1", "m"), "o": ("1",)}  # fmt: skip

ELEMENTWISE = """
np.sin(v) | np.cos(v) | np.tan(0.5 * v) | np.arcsin(0.3 * v) | np.arccos(0.3 * v) | np.arctan(v) | np.sinh(v) | np.cosh(v)
np.tanh(v) | np.arcsinh(v) | np.arccosh(p + 1) | np.arctanh(0.3 * v) | np.exp(v) | np.exp2(v) | np.expm1(v) | np.log(p)
np.log2(p) | np.log10(p) | np.log1p(p) | np.sqrt(p) | np.cbrt(p) | np.square(v) | np.reciprocal(p) | np.negative(v)
np.positive(v) | np.absolute(v) | np.abs(v) | np.fabs(v) | np.sign(v) * v | np.deg2rad(v) | np.rad2deg(v) | np.radians(v)
np.degrees(v) | np.sinc(v) | np.floor(v) * v | np.rint(v) + v | np.ceil(v) - v | np.trunc(v) * v | np.nan_to_num(v)
np.add(v, u) | np.subtract(v, u) | np.multiply(v, u) | np.divide(v, p) | np.true_divide(u, p) | np.power(p, u)
np.float_power(p, 2.0) | np.maximum(v, u) | np.minimum(v, u) | np.fmax(v, u) | np.fmin(v, u) | np.hypot(v, u)
np.arctan2(v, u) | np.logaddexp(v, u) | np.logaddexp2(v, u) | np.copysign(v, u) | np.mod(v, 0.7) | np.remainder(v, p)
np.fmod(v, 0.7) | np.heaviside(v, 0.5) * u | np.clip(v, -0.5, 0.5) | np.clip(v, None, 0.2) | np.clip(v, a_min=-0.1, a_max=None)
np.clip(v, u, u + 1) | v.clip(-0.5, 0.5) | v.clip(0.1, None) | np.where(v > 0, v, u) | np.where(v > u, v * u, 0.0)
np.where(v > 0, 1.0, v) | np.where(s > 0, v, u) | np.where(C > 0, v, v[:, None]) | np.maximum(v, 0) | np.minimum(0.3, v)
-v | +v | abs(v) | v + u | v - u | v * u | v / p | v ** 2 | v ** 3 | p ** 0.5 | p ** u | p ** -1.5 | v % 0.7 | v // 0.7 * u
2 ** v | 2.0 / p | 1 - v | v ** 0 | v ** 1 | p ** s | v * s | s / p | s - v | v ** np.int64(2) | 3 * v + s ** 2
v * v * v | v * 0 | v / 1 | v + 0 | (v - v) * u | v * 2 * 3 | -(-v) | v * True | v == u | np.isnan(v) * v | (v > 0) * v
np.sin(s) | s ** 2 + s | np.exp(s) * v | np.sqrt(s * s + 1) | np.maximum(s, t) | np.where(s > t, s, t * s) | abs(s) * s
math.sin(s) + math.cos(s) * math.tan(s * 0.5) | math.exp(s) + math.log(s * s + 1) + math.sqrt(s * s + 2)
math.asin(0.3 * s) + math.acos(0.3 * s) + math.atan(s) + math.atan2(s, t) + math.hypot(s, t) | math.sinh(s) * math.cosh(t)
math.tanh(s) + math.asinh(s) + math.acosh(2 + s * s) + math.atanh(0.3 * s) | math.log(s * s + 1, 3) | math.log2(s * s + 1)
math.log10(s * s + 1) + math.log1p(s * s) + math.expm1(s) | math.pow(s * s + 1, t) | math.fabs(s) | math.radians(s)
math.degrees(s) + math.erf(s) * math.erfc(t) | math.pi * s + math.e | math.floor(s) * s | math.copysign(s, t) * t
max(s, t) + min(s, t) * 2 | max(s, 0.0) | min(s, t, 0.3) | max(s, t, 0.1) * s | float(s) * 2 | pow(s, 2) | abs(s) | s % 0.7
math.fmod(s, 0.7)
"""

REDUCTIONS = """
np.sum(A) | np.sum(A, axis=0) | np.sum(A, 1) | np.sum(A, axis=-1, keepdims=True) | np.sum(A, axis=(0, 1)) | np.sum(T, axis=(0, 2))
np.sum(T, axis=(0, -1), keepdims=True) | A.sum() | A.sum(0) | A.sum(axis=1, keepdims=True) | np.sum(s) | np.sum(v > 0) * s
np.mean(A) | np.mean(A, axis=0) | np.mean(A, axis=(0, 1), keepdims=True) | A.mean(-1) | v.mean() | np.mean(T, axis=1)
np.prod(A) | np.prod(A, axis=0) | np.prod(A, axis=1, keepdims=True) | A.prod(1) | v.prod() | np.prod(v * (np.arange(len(v)) != 1))
np.max(A) | np.max(A, axis=0) | np.max(A, axis=1, keepdims=True) | A.max(-1) | np.amax(v) | v.max() * v | np.max(T, axis=1)
np.min(A) | np.min(A, axis=0) | np.min(A, axis=1, keepdims=True) | A.min(0) | np.amin(v) | v - v.min()
np.var(A) | np.var(A, axis=0) | np.var(A, axis=1, keepdims=True) | A.var(1) | np.var(A, ddof=1) | np.var(A, axis=0, ddof=1)
np.std(A) | np.std(A, axis=0) | np.std(A, axis=1, keepdims=True) | A.std(1) | np.std(v, ddof=1)
np.linalg.norm(v) | np.linalg.norm(A) | np.linalg.norm(A, axis=0) | np.linalg.norm(A, axis=1, keepdims=True)
np.linalg.norm(A, 'fro') | np.linalg.norm(v, 2)
np.cumsum(v) | np.cumsum(A) | np.cumsum(A, axis=0) | np.cumsum(A, axis=1) | A.cumsum(1) | np.cumprod(v) | np.cumprod(A, axis=0)
np.diff(v) | np.diff(v, 2) | np.diff(A) | np.diff(A, axis=0) | np.trace(C) | C.trace() | np.trace(C, 1) | np.trace(C, offset=-1) | np.trace(T, axis1=1, axis2=2) | T.trace(1, 2, 0) | np.diagonal(T, 0, -1, 1) | T.diagonal(axis1=2, axis2=1)
np.diag(v) | np.diag(C) | np.diag(v, 1) | np.diag(C, -1) | np.diagonal(C) | C.diagonal() | np.diag(np.diag(C)) @ v
A.ravel()[np.argsort(A, axis=None)] * np.arange(A.size) | (v == v.max()) * v | np.argmax(v) * v | v[np.argmax(v)] | v[np.argsort(v)] | v[v > 0] | np.sum(v[v > 0]) | np.any(v > 0) * v
"""

PRODUCTS = """
v @ u | np.dot(v, u) | v.dot(u) | np.vdot(v, u) | np.inner(v, u) | A @ w | v @ A | A @ E | A.T @ A | np.matmul(A, E)
np.dot(A, w) | np.dot(A, E) | np.dot(v, A) | A.dot(w) | np.dot(s, v) | np.dot(v, s) | np.inner(A, B) | T @ A | T @ v
np.outer(v, w) | np.outer(A, v) | np.tensordot(A, E, 1) | np.tensordot(A, B, axes=([0, 1], [0, 1])) | np.tensordot(T, A, axes=([0], [0]))
np.einsum('i,i->', v, u) | np.einsum('ij,j->i', A, w) | np.einsum('ij,j', A, w) | np.einsum('ij,jk->ik', A, E) | np.einsum('ij,jk', A, E)
np.einsum('ij->ji', A) | np.einsum('ij->j', A) | np.einsum('ij->', A) | np.einsum('ij,ij->i', A, B) | np.einsum('i,j->ij', v, w)
np.einsum('i,ij,j->', v, A, w) | np.einsum('i,ij,j->ij', v, A, w) | np.einsum('ijk,jk->i', T, E) | np.einsum('ijk,i->jk', T, v)
np.einsum('ij,i->ij', A, v) | np.einsum('i,i->i', v, v) | np.einsum('ij,ik->jk', A, A) | np.einsum('ij,kj->ik', A, r * c)
np.einsum('ij,j->i', c, w) | np.einsum('ij,ij->ij', A, c) | np.einsum('i,->i', v, s) | np.einsum('ij, jk -> ik', A, E)
np.linalg.solve(C, v) | np.linalg.solve(C, A) | np.linalg.inv(C) | np.linalg.inv(C) @ v | np.linalg.solve(C @ C.T, v)
np.linalg.det(C) | A @ w + v | (A @ w) @ (A @ w) | v @ C @ v | C @ C @ v | np.linalg.solve(C, v) @ v | C.T @ v | np.kron(s, v) if False else v
"""

SHAPING = """
A.T | v.T | T.T | np.transpose(A) | np.transpose(T, (1, 2, 0)) | A.transpose() | T.transpose(2, 0, 1) | T.transpose((0, 2, 1))
np.swapaxes(T, 0, 1) | T.swapaxes(0, -1) | np.moveaxis(T, 0, -1) | np.reshape(A, -1) | np.reshape(A, (A.shape[1], A.shape[0]))
A.reshape(-1) | A.reshape(A.shape[1], A.shape[0]) | A.reshape((-1, 1)) | v.reshape(-1, 1) | v.reshape(1, -1) * 2 | A.ravel() | np.ravel(A)
A.flatten() | np.squeeze(r) | np.squeeze(r, axis=1) | r.squeeze() | r.squeeze(1) | c.squeeze(0) | np.expand_dims(v, 0) | np.expand_dims(v, axis=-1)
np.expand_dims(A, (0, 2)) | v[:, None] | v[None] | v[np.newaxis, :] | A[:, None, :] | np.atleast_1d(s) | np.atleast_2d(v) | np.atleast_2d(s) | np.atleast_3d(s) | np.atleast_3d(A)
np.concatenate([v, u]) | np.concatenate((A, B), axis=1) | np.concatenate([A, B], 0) | np.concatenate([v, w]) | np.concatenate([v, v])
np.concatenate((v[1:], v[:1])) | np.concatenate([A.T, E], axis=-1) | np.concatenate([v, [0.5, 2.0]]) | np.concatenate([A, B], axis=None)
np.stack([v, u]) | np.stack((v, u), axis=1) | np.stack([A, B], axis=-1) | np.stack([s, t]) | np.stack([v[0], v[-1], s]) | np.vstack([v, u])
np.hstack([v, u]) | np.hstack([A, B]) | np.column_stack([v, u]) | np.array([s, t, s * t]) | np.array([[s, 1.0], [0.0, t]]) | np.array([v, u])
np.asarray(v) * 2 | np.array(v) | np.array([v[0], 2.0, s]) | np.array((s, t)) @ np.array([1.0, 2.0]) | np.copy(v) | v.copy() * v
np.broadcast_to(v, (2, len(v))) | np.broadcast_to(s, 3) | np.broadcast_to(r, A.shape) | np.broadcast_to(s, v.shape) * v
np.flip(v) | np.flip(A, axis=0) | np.flip(A) | np.roll(v, 1) | np.roll(A, 1, axis=1) | np.roll(A, -1, 0) | np.tril(C) | np.triu(C, 1)
np.full(3, s) | np.full((2, 2), s) * s | np.full_like(v, s) | np.full(v.shape, s) | np.linspace(0, 1, 4) * s | np.linspace(s, t, 5)
np.zeros(3) + s | np.ones((2, 3)) * s | np.zeros_like(v) + v | np.ones_like(A) * A | np.arange(len(v)) * v | np.arange(1.0, 4.0) * s
np.eye(len(v)) @ v | np.eye(2, 3) * s | np.identity(3) * s | np.eye(len(v)) * v | np.zeros(v.shape) + v | np.ones(len(v), dtype=v.dtype) * v
v[0] | v[-1] | A[0] | A[0, 1] | A[:, 0] | A[-1, :] | A[1:, :-1] | A[::-1, ::-1] | A[..., 0] | T[0] | T[:, 0] | T[..., 0] | T[0, :, 0]
T[:, :, 1:] | v[1:] | v[:-1] | v[::2] | v[::-1] | v[1::2] | v[-2:] | v[:2] | v[5:] | A[:, None, 0] | A[None, ..., None] | v[...]
v[[0, 0, 1]] | v[np.array([1, 0, 1])] | A[[0, 1], [1, 0]] | A[[0, 0]] | A[:, [1, 0]] | A[np.arange(len(v)), 0] | v[np.arange(len(v)) // 2]
A.astype(float) * 2 | v.astype(np.float64) | v.shape[0] * v | A.size * s | A.ndim * s | len(A) * s | v.real if False else v
np.take(v, [0, 1]) if False else v | np.sum(np.stack([v, u]), axis=0) | sum([s, t, 1.0]) | sum([v, u]) if False else v
"""


def rows(text):
    return [row.strip() for line in text.strip().splitlines() for row in line.split(" | ")]


def program(text, names, folder=None):
    """`lambda names: text`, from a file."""
    name = f"row_{abs(hash(text))}"
    path = program.folder / f"{name}.py"
    path.write_text(
        f"import math\nimport numpy as np\n\n\ndef f({', '.join(names)}):\n    return {text}\n"
    )
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module.f


@pytest.fixture(autouse=True, scope="module")
def folder(tmp_path_factory):
    program.folder = tmp_path_factory.mktemp("rows")


def draw(name, n, m, dtype=np.float64):
    dims = {"n": n, "m": m, "1": 1}
    shape = tuple(dims[dim] for dim in SHAPES[name])
    rng = np.random.default_rng([ord(name), n, m])
    values = rng.normal(size=shape) * 0.8
    if name == "p":
        values = np.abs(values) + 0.3
    if name in "CD":
        values = values + 2 * np.eye(n)
    return dtype(values) if not shape else values.astype(dtype)


def check(text, sizes, dtype=np.float64):
    """One function, its derivatives at all sizes where it is defined."""
    names = [name for name in SHAPES if re.search(rf"(?<![\w.']){name}\b(?!')", text)]
    function = program(text, names)
    if not any([check_size(function, text, names, n, m, dtype) for n, m in sizes]):
        pytest.skip("nothing to compare")


def check_size(function, text, names, n, m, dtype):
    args = [draw(name, n, m, dtype) for name in names]
    if dtype is np.float64:
        args = [float(arg) if np.ndim(arg) == 0 else arg for arg in args]
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(function(*args))
    except (IndexError, ValueError, np.linalg.LinAlgError):
        return False
    if value.dtype.kind != "f":
        return False
    if min(n, m) < 2 and re.search("std|norm|var", text):
        return False  # a kink, or a division by zero
    modes = ("vjp", "value_and_grad") if value.ndim == 0 else ("vjp",)
    agree(function, *args, modes=modes)
    return True


SIZES = [(3, 2), (4, 4), (1, 3), (2, 1), (0, 2)]


@pytest.mark.parametrize("text", rows(ELEMENTWISE))
def test_elementwise(text):
    check(text, SIZES)


@pytest.mark.parametrize("text", rows(REDUCTIONS))
def test_reduction(text):
    check(text, SIZES)


@pytest.mark.parametrize("text", rows(PRODUCTS))
def test_product(text):
    check(text, SIZES)


@pytest.mark.parametrize("text", rows(SHAPING))
def test_shaping(text):
    check(text, SIZES)


@pytest.mark.parametrize(
    "text", [r for r in rows(ELEMENTWISE + REDUCTIONS + PRODUCTS + SHAPING) if "math." not in r]
)
def test_float32(text):
    check(text, [(3, 2)], np.float32)


# Ties and edges, where the derivative is a convention: the mean of both sides, as torch's.


@pytest.mark.parametrize(
    "text, want",
    [
        ("np.sum(np.maximum(v, v))", 1.0),
        ("np.max(v * 0 + 1 + v)", None),
        ("np.sum(np.abs(v * 0))", 0.0),
        ("np.sum(v ** 2 * 0)", 0.0),
    ],
)
def test_ties(text, want):
    import srcad

    g = srcad.grad(program(text, ["v"]))(np.ones(4))
    if want is None:
        assert np.allclose(g, 0.25)
    else:
        assert np.allclose(g, want)


def test_powers_at_zero():
    import srcad

    for text, want in [
        ("np.sum(v ** 2)", 0.0),
        ("np.sum(v ** 1)", 1.0),
        ("np.sum(v ** 0)", 0.0),
        ("np.sum(v ** 3)", 0.0),
        ("np.sum(v ** 2.0)", 0.0),
    ]:
        assert np.array_equal(srcad.grad(program(text, ["v"]))(np.zeros(3)), np.full(3, want)), text
    g = srcad.grad(program("np.prod(v)", ["v"]))
    assert np.allclose(g(np.array([2.0, 0.0, 3.0])), [0, 6, 0])
    assert np.allclose(g(np.array([0.0, 0.0, 3.0])), 0)


def test_branches_of_where_stay_apart():
    import srcad

    g = srcad.grad(program("np.sum(np.where(v > 0, np.sqrt(np.where(v > 0, v, 1.0)), 0.0))", ["v"]))
    assert np.allclose(g(np.array([-1.0, 4.0])), [0, 0.25])


# Calls nested in each other: every pair of an elementwise function over a reduction over a product.

PIECES = ["np.exp(0.3 * {0})", "({0} - {1})", "{0} * {1}", "np.tanh({0})", "np.maximum({0}, {1})"]
TOTALS = [
    "np.sum({0}, axis=0)",
    "np.mean({0}, axis=1)",
    "np.max({0}, axis=0)",
    "np.linalg.norm({0} + 2.0, axis=1)",
    "{0} @ w",
    "v @ {0}",
]


@pytest.mark.parametrize("inner, total, outer", list(itertools.product(PIECES, TOTALS, PIECES)))
def test_nested_calls(inner, total, outer):
    first = "(" + inner.format("A", "B") + ")"
    second = "(" + total.format(first) + ")"
    check("np.sum(" + outer.format(second, "s") + ")", [(3, 2)])


def test_a_long_formula():
    text = "np.sum(((A @ w + v) ** 2 * np.exp(-v * v / (2 * s * s)) / math.sqrt(2 * math.pi * s * s) - np.log(p)[::-1]) * np.arange(len(v)))"
    check(text, SIZES)


JOINED = [
    lambda x: np.r_[x, 2.0, x**2, 1] ** 2,
    lambda x: np.r_[0:3, x[0], x[1:]] ** 3,
    lambda x: np.r_[[x[0], 2.0], (x[1], 3)] * x[0],
    lambda x: np.c_[x, x**2, np.outer(x, x)] ** 2,
    lambda x: np.c_[x[0], 3 * x[1]] ** 2,
]


@pytest.mark.parametrize("function", JOINED)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arrays_joined_by_indexing(function, dtype):
    agree(function, np.array([0.5, 1.5, -2.0], dtype))
