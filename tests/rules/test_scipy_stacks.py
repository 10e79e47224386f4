"""Decompositions of SciPy's of a stack of matrices, in functions, are those of its matrices one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcad

pytest.importorskip("scipy", "1.16")  # which brought stacks
from scipy import linalg


def eigenvectors(a: Any, b: Any) -> Any:
    w, v = linalg.eigh(a + np.swapaxes(a, -1, -2))
    return v * np.sin(w)[..., None, :] @ np.swapaxes(v, -1, -2)


def pencils(a: Any, b: Any) -> Any:
    w, v = linalg.eigh(a + np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2) @ b)
    return np.abs(v) * w[..., None, :]


def permuted(a: Any, b: Any) -> Any:
    p, l, u = linalg.lu(a)
    return p @ np.sin(l) @ np.cos(u)


def packed(a: Any, b: Any) -> Any:
    factors = linalg.lu_factor(a)
    return linalg.lu_solve(factors, b) + np.sin(factors[0])


def halves(a: Any, b: Any) -> Any:
    c = linalg.cho_factor(np.swapaxes(a, -1, -2) @ a, lower=True)
    return linalg.cho_solve(c, b) + np.sin(c[0])


@pytest.mark.parametrize("function", [eigenvectors, pencils, permuted, packed, halves])
def test_one_by_one(function: Any) -> None:
    rng = np.random.default_rng(0)
    a, b, a_dot, b_dot = rng.normal(size=(4, 2, 3, 3)) + np.diag([1.0, 2, 4])
    y, y_dot = srcad.jvp(function, (a, b), (a_dot, b_dot))
    for place in range(2):
        alone = srcad.jvp(function, (a[place], b[place]), (a_dot[place], b_dot[place]))
        np.testing.assert_allclose([y[place], y_dot[place]], alone, rtol=1e-10, atol=1e-10)
    h = 1e-6
    moved = function(a + h * a_dot, b + h * b_dot) - function(a - h * a_dot, b - h * b_dot)
    np.testing.assert_allclose(y_dot, moved / (2 * h), rtol=1e-5, atol=1e-6)
    y_bar = rng.normal(size=y.shape)
    _, pullback = srcad.vjp(function, a, b)
    a_bar, b_bar = pullback(y_bar)
    both = np.sum(a_bar * a_dot) + np.sum(b_bar * b_dot)
    np.testing.assert_allclose(both, np.sum(y_bar * y_dot), rtol=1e-9)


def lowest(a: Any, b: Any) -> Any:
    a = a + a.T
    return np.append(linalg.eigh(a, subset_by_index=[0, 1])[0], linalg.eigh(a, b.T @ b, type=2)[0])


@pytest.mark.parametrize("function", [pencils, permuted, packed, halves, lowest])
def test_maps(function: Any) -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 2, 3, 3))
    found = srcad.vmap(function)(a, b)
    alone = [function(a[place], b[place]) for place in range(2)]
    np.testing.assert_allclose(found, alone, rtol=1e-10, atol=1e-10)
