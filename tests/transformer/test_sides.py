"""What one side of a branch alone reads has its adjoint on that side: the other one does not meet what is infinite or singular."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcad


def guarded(x: Any) -> Any:
    y = np.log(x)
    z = np.sqrt(x)
    w = y * z
    if x <= 0:
        return 3 * x
    return w + y


def chained(x: Any) -> Any:
    y = 1 / (x - 1)
    if x == 1:
        return 5 * x
    elif x > 3:
        return x**2
    return y * y


def helper(x: Any) -> Any:
    return np.log(x) / x


def called(x: Any) -> Any:
    y = helper(x)
    return y if x > 0 else 7 * x


def read_by_both(x: Any) -> Any:
    y = x * x
    if x > 0:
        return y + x
    return y * 4


def read_after(x: Any) -> Any:
    y = x * x
    z = np.sin(y)
    a = z if x > 0 else x
    return a * y


@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "x", "slope"),
    [
        (guarded, 0.0, 3.0),
        (chained, 1.0, 5.0),
        (chained, 2.0, -2.0),
        (chained, 4.0, 8.0),
        (called, np.float64(0.0), 7.0),
        (read_by_both, 2.0, 5.0),
        (read_by_both, -2.0, -16.0),
        (read_after, 1.0, 2 * np.sin(1.0) + 2 * np.cos(1.0)),
        (read_after, -2.0, 12.0),
    ],
)
def test_the_other_side_is_not_met(function: Any, x: Any, slope: float) -> None:
    x = np.float64(x)
    assert srcad.grad(function)(x) == pytest.approx(slope, rel=1e-14)
    assert srcad.vjp(function, x)[1](1.0)[0] == pytest.approx(slope, rel=1e-14)


def stored(x: Any, t: Any) -> Any:
    x[:] = 0.3 * x
    if t > 0:
        return np.sum(x * np.cos(x))
    return 1.5


@pytest.mark.parametrize("t", [1.0, -1.0])
def test_second_order(t: float) -> None:
    x = np.array([0.5, -1.0, 2.0])
    y = 0.3 * x
    wanted = np.diag(-0.09 * (2 * np.sin(y) + y * np.cos(y))) if t > 0 else np.zeros((3, 3))
    gradient = srcad.grad(stored)
    for hessian in (srcad.hessian(stored), srcad.jacrev(gradient), srcad.jacfwd(gradient)):
        np.testing.assert_allclose(hessian(x, t), wanted, rtol=1e-13)


def several(x: Any, t: float) -> Any:
    whole, rest = np.divmod(x, 0.83)
    return np.sum(whole - x) if t > 0 else -2 * np.sum(rest + whole)


@pytest.mark.parametrize(("t", "slope"), [(1.0, -1.0), (-1.0, -2.0)])
def test_one_of_several_results(t: float, slope: float) -> None:
    x = np.array([0.1, 1.0, 2.0])
    _, pullback = srcad.vjp(lambda x: several(x, t), x)
    for found in (srcad.grad(several)(x, t), pullback(1.0)[0]):
        np.testing.assert_array_equal(found, np.full(3, slope))


def test_a_solver_that_has_failed() -> None:
    optimize = pytest.importorskip("scipy.optimize")

    def found(a: Any) -> Any:
        sol = optimize.root(lambda x, a: a + 0 * x, np.array([1.0]), args=(a,))
        if not sol.success:
            return 100 * a
        return sol.x[0]

    assert srcad.grad(found)(3.0) == 100.0
    assert "solve" not in srcad.grad(found).source(3.0).partition("else")[0].partition("if")[2]
