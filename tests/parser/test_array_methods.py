"""Every method and attribute of arrays that is accepted, in a program: the value, and the derivative against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcad
from srcad.parser import arrays, writers

X = np.array([[2.1, -1.4, 0.6], [1.2, 3.3, -0.7]])

# What a function of `x`, of two rows and three columns, does with each.
PROGRAMS = {
    "T": ["x.T @ x"],
    "all": ["x * x.all(axis=0)", "x if x.all() else 2 * x"],
    "any": ["x * x.any(axis=1, keepdims=True)"],
    "argmax": ["x[x.argmax(0), [0, 1, 2]]", "x[0, x[0].argmax()]"],
    "argmin": ["x[x.argmin(axis=0), [0, 1, 2]]"],
    "argpartition": ["x[0][x[0].argpartition(1)[:1]]"],
    "argsort": ["x[0][x[0].argsort()]"],
    "astype": ["x.astype(np.float64)", "x.astype(float, copy=False)", "x.astype('f8', 'K', 'unsafe')"],
    "choose": ["np.array([0, 1, 0]).choose([x[0], x[1]])"],
    "clip": ["x.clip(-1, 1)", "x.clip(min=0)", "x.clip(None, 1)", "x.clip(-1.0, max=x[0, 0])"],
    "compress": ["x.compress([True, False, True], axis=1)", "x.compress([1, 0, 1, 1, 0, 0])"],
    "conj": ["x.conj()"],
    "conjugate": ["x.conjugate()"],
    "copy": ["x.copy()", "x.copy('F')", "x.copy(order='C')"],
    "cumprod": ["x.cumprod(1)", "x.cumprod()"],
    "cumsum": ["x.cumsum(axis=-1)", "x.cumsum()"],
    "device": ["x if x.device == 'cpu' else 2 * x"],
    "diagonal": ["x.diagonal()", "x.diagonal(1)", "x.diagonal(-1, 0, 1)"],
    "dot": ["x.dot(x.T)", "x[0].dot(x[1])"],
    "dtype": ["x + np.ones(3, x.dtype)"],
    "flat": ["x.flat[1:4]", "x.flat[4] * x"],
    "flatten": ["x.flatten() * np.arange(6)", "x.flatten('F') * np.arange(6)"],
    "imag": ["x * (x * (1 + 2j)).imag", "x * x.imag"],
    "item": ["x.item(0, 1) * x", "x.item((1, 2)) * x", "x.item(4) * x", "x[0, 0].item() * x"],
    "itemsize": ["x * x.itemsize"],
    "mT": ["x.mT @ x", "np.stack([x, 2 * x]).mT @ x"],
    "max": ["x.max()", "x.max(0)", "x.max(axis=1, keepdims=True)"],
    "mean": ["x.mean()", "x.mean(-1)", "x.mean((0, 1), keepdims=True)"],
    "min": ["x.min()", "x.min(0)", "x.min(axis=1, keepdims=True)"],
    "nbytes": ["x * x.nbytes"],
    "ndim": ["x * x.ndim"],
    "nonzero": ["x[(x > 0).nonzero()]"],
    "prod": ["x.prod()", "x.prod(0)"],
    "ravel": ["x.ravel() * np.arange(6)", "x.ravel(order='F') * np.arange(6)"],
    "real": ["x * (x * (1 + 2j)).real", "x.real"],
    "repeat": ["x.repeat(2)", "x.repeat(2, axis=0)", "x.repeat([1, 2, 0], 1)"],
    "reshape": ["x.reshape(3, 2) @ x", "x.reshape((-1,))", "x.reshape(6, order='F') * np.arange(6)"],
    "round": ["x * x.round()", "x * x.round(decimals=1)"],
    "searchsorted": ["x * np.arange(5).searchsorted(x)"],
    "shape": ["x * x.shape[1]"],
    "size": ["x * x.size"],
    "squeeze": ["x[:1].squeeze()", "x[:1].squeeze(0)", "x[:, :1].squeeze(axis=1)"],
    "std": ["x.std()", "x.std(0, ddof=1)", "x.std(axis=1, keepdims=True)"],
    "sum": ["x.sum()", "x.sum(0)", "x.sum(axis=(0, 1), keepdims=True)"],
    "swapaxes": ["x.swapaxes(0, 1) @ x"],
    "take": ["x.take([0, 4])", "x.take([0, 0, 2], axis=1)", "x.take(1, 0)"],
    "to_device": ["x.to_device('cpu')"],
    "tolist": ["sum(v * v for v in x[0].tolist())", "x[0, 1].tolist() * x"],
    "trace": ["x.trace()", "x.trace(offset=1)"],
    "transpose": ["x.transpose() @ x", "x.transpose(1, 0) @ x", "x.transpose((1, 0)) @ x", "x.transpose(None) @ x"],
    "var": ["x.var()", "x.var(0, ddof=1)", "x.var(axis=1, keepdims=True)"],
    "view": ["x.view()"],
}  # fmt: skip
# Those that write: to `y`, a copy of `x`.
WRITERS = {
    "fill": ["y[0].fill(x[1, 1])", "y.fill(2.0)"],
    "sort": ["y.sort()", "y.sort(0)", "y.sort(axis=1, kind='stable')", "y[0].sort()"],
    "put": ["y.put([0, 4], x[0, 1])", "y.put([1, 2], x[1, :2])"],
    "partition": ["y.partition(1)", "y.partition(1, axis=0)", "y[0].partition(1)"],
}

CASES = [(name, line) for name, lines in PROGRAMS.items() for line in lines]
STORES = [(name, line) for name, lines in WRITERS.items() for line in lines]


def made(body: str) -> Any:
    return srcad.from_source(f"import numpy as np\n\ndef f(x):\n    {body}", "f")


def checked(function: Any) -> None:
    value, gradient = srcad.value_and_grad(function)(X.copy())
    np.testing.assert_allclose(value, function(X.copy()), rtol=1e-14)
    slopes = np.empty_like(X)
    for place in np.ndindex(X.shape):
        step = np.zeros_like(X)
        step[place] = 1e-5
        slopes[place] = (function(X + step) - function(X - step)) / 2e-5
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-7)
    _, slope = srcad.jvp(function, (X,), (np.sin(X),))
    np.testing.assert_allclose(slope, np.sum(gradient * np.sin(X)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("name", "expression"), CASES)
def test_reads(name: str, expression: str) -> None:
    checked(made(f"return np.sum(np.sin({expression}))"))


@pytest.mark.parametrize(("name", "statement"), STORES)
def test_writes(name: str, statement: str) -> None:
    checked(made(f"y = x.copy(); {statement}; return np.sum(np.sin(y) * y)"))


@pytest.mark.parametrize("name", arrays.REFUSED)
def test_refused(name: str) -> None:
    called = "()" if callable(getattr(np.ndarray, name, len)) else ""
    function = made(f"return np.sum(x) if x.{name}{called} else np.sum(2 * x)")
    with pytest.raises(srcad.UnsupportedSyntaxError, match=rf"`\.{name}"):
        srcad.grad(function)(X)


@pytest.mark.parametrize(
    "line",
    [
        "x.astype()",
        "x.compress(axis=0)",
        "x.view(np.int64)",
        "x.astype(float, order='F')",
        "x.to_device('gpu')",
        "x.tolist()",
        "x.flatten('K')",
    ],
)
def test_refused_uses(line: str) -> None:
    with pytest.raises((srcad.UnsupportedSyntaxError, srcad.MissingRuleError)):
        srcad.grad(made(f"return np.sum({line})"))(X)


def test_every_method_has_a_program() -> None:
    known = {*arrays.FUNCTIONS, *arrays.METHODS, *arrays.ATTRIBUTES}
    assert known == set(PROGRAMS)
    assert set(writers._BY_METHOD) == set(WRITERS)


def test_the_tables_are_disjoint() -> None:
    tables: list[Any] = [
        arrays.FUNCTIONS, arrays.METHODS, arrays.ATTRIBUTES, arrays.REFUSED, writers._BY_METHOD
    ]  # fmt: skip
    assert sum(map(len, tables)) == len(set().union(*tables))
