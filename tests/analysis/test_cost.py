"""Costs as formulas: by hand, for each kind of operation, loops and branches."""

import numpy as np
import pytest
from scipy import linalg

import srcad
from srcad.analysis.cost import Formula


def mapped(x, steps):
    total = 0.0
    for i in range(1, steps):
        total += np.sum(x * i)
    return total


def endless(x):
    while np.sum(x) > 1:
        x = x / 2
    return x


def either(x):
    if np.sum(x) > 0:
        x = x * 2
    else:
        x = x + np.outer(x, x) @ x
    return x


A, B, X, T = "float64[n, m]", "float64[m, k]", "float64[n]", "float64[p, n, m]"
S, R = "float64[n, n]", "float64[n, k]"

COSTS = {
    "matmul": (lambda a, b: a @ b, (A, B), "2 k m n"),
    "stack": (lambda a, b: a @ b, (T, B), "2 k m n p"),
    "vector": (lambda a, b: a @ b, (A, "float64[m]"), "2 m n"),
    "einsum": (lambda a, b: np.einsum("ij,jk->ki", a, b), (A, B), "2 k m n"),
    "tensordot": (lambda a, b: np.tensordot(a, b, 1), (A, B), "2 k m n"),
    "outer": (lambda x, y: np.outer(x, y), (X, "float64[m]"), "m n"),
    "convolve of one size": (lambda x: np.convolve(x, x), (X,), "2 n^2"),
    "cross": (lambda x, y: np.cross(x, y), ("float64[n, 3]", "float64[n, 3]"), "6 n"),
    "convolve": (lambda x, y: np.convolve(x, y), (X, "float64[m]"), "2 m n"),
    "solve": (lambda a, b: np.linalg.solve(a, b), (S, R), "k n^2 + n^3"),
    "inv": (lambda a: linalg.inv(a), (S,), "n^3"),
    "defined": (lambda a: np.ptp(a), (A,), "2 m n + 1"),
    "sum": (lambda a: np.sum(a, axis=0), (A,), "m n"),
    "views": (lambda a: a.T[1:][:, ::2].T, (A,), "0"),
    "broadcast": (lambda a, x: a + x[:, None], (A, X), "m n"),
    "minus": (lambda x: x[2:] - x[:-2], (X,), "n - 2"),
    "fft": (lambda x: np.fft.rfft(x).real, (X,), "n log2(n)"),
    "sort": (lambda x: np.sort(x), (X,), "n log2(n)"),
    "loop": (mapped, (X, "int"), "2 n steps - 2 n + steps - 1"),
    "while": (endless, (X,), "2 n trips_19 + trips_19"),
    "branch": (either, (X,), "3 n^2 + 2 n + 1"),
}


@pytest.mark.parametrize("case", COSTS)
def test_costs(case):
    function, specs, expected = COSTS[case]
    explanation = srcad.jacfwd(function, 0).explain(*map(srcad.spec, specs))
    assert str(explanation.function) == expected
    assert explanation.cost.bounds == (case == "branch")


def test_formulas():
    n, m = Formula.named("n"), Formula.named("m")
    assert (n + 1) * (n - 1) == n * n - 1
    assert str(n * 0) == "0" and str(n * -1 + 2) == "-n + 2"
    assert (3 * n * m + 2 * n * n).over(n * m + n * n) == "2 to 3"
    assert (n * m).over(n + m) == "about (m n) / (m + n)"
    assert (5 * n).over(Formula(0)) == ""
    assert (2 * n).most(n + 4) == 2 * n + 4
    assert (n * n * m - 3).at(n=2, m=5) == 17
