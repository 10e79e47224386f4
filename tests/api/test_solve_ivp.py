"""scipy.integrate.solve_ivp inside of a differentiated function: through the accepted steps, which are held constant."""

import numpy as np
import pytest

import srcad

integrate = pytest.importorskip("scipy.integrate")

FINE = {"rtol": 1e-11, "atol": 1e-13}
START = np.array([2.0, 1.0])
RATES = np.array([1.0, 0.5])


def lotka(t, z, a, b):
    x, y = z
    return np.array([a * x - b * x * y, 0.3 * x * y - y])


def by_the_default(p):
    sol = integrate.solve_ivp(lotka, (0, 3), START * p, args=(p[0], p[1]))
    return np.sum(sol.y**2) + sol.t[-1]


def at_times(p):
    def slope(t, z):
        return [p[0] * z[0] - p[1] * z[0] * z[1], 0.3 * z[0] * z[1] - z[1] + np.sin(p[0] * t)]

    times = np.linspace(0, 3, 7)
    found = integrate.solve_ivp(slope, (0, 3), [2.0, p[0]], method="RK23", t_eval=times)
    return np.sum(found.y**2)


def back_in_time(p):
    found = integrate.solve_ivp(
        lotka, (p[0], -1.0), START, args=(1.0, p[1]), method="DOP853", max_step=0.5
    )
    if not found.success:
        raise RuntimeError(found.message)
    return found.y[0, -1] * found.y[1, -1]


@pytest.mark.parametrize("f", [by_the_default, at_times, back_in_time])
def test_of_the_numbers_that_scipy_gives(f):
    """The steps are those of SciPy, and both modes are each other's transpose, to rounding."""
    value, gradient = srcad.value_and_grad(f)(RATES)
    assert value == pytest.approx(f(RATES), rel=1e-13)
    np.testing.assert_allclose(srcad.jacfwd(f)(RATES), gradient, rtol=1e-11)


def growth(rate, start, end, times=None, method="RK45"):
    """start exp(rate end^2 / 2)"""
    return integrate.solve_ivp(
        lambda t, y: rate * t * y, (0.0, end), [start], method, t_eval=times, **FINE
    ).y[0]


@pytest.mark.parametrize("method", ["RK45", "RK23", "DOP853"])
def test_closed_form(method):
    def f(p):
        return growth(p[0], p[1], p[2], method=method)[-1]

    rate, start, end = p = np.array([0.7, 1.3, 1.1])
    grown = np.exp(rate * end**2 / 2)
    by_rate, by_end = end**2 / 2, rate * end
    wanted = [start * grown * by_rate, grown, start * grown * by_end]
    tight = {"rtol": 1e-6 if method == "RK23" else 1e-8, "atol": 1e-8}
    np.testing.assert_allclose(srcad.grad(f)(p), wanted, **tight)
    if method == "RK45":
        second = srcad.hessian(f)(p)
        assert second[0, 0] == pytest.approx(start * grown * by_rate**2, rel=1e-6)
        assert second[0, 2] == pytest.approx(start * grown * (by_rate * by_end + end), rel=1e-6)
        assert second[2, 2] == pytest.approx(start * grown * (by_end**2 + rate), rel=1e-4)


def test_by_the_times():
    def f(times):
        return growth(0.7, 1.3, 2.0, times)

    times = np.array([0.3, 0.9, 2.0])
    wanted = 0.7 * times * f(times)
    np.testing.assert_allclose(srcad.jacrev(f)(times), np.diag(wanted), rtol=1e-6)
    slopes = srcad.vmap(srcad.grad(lambda rate: growth(rate, 1.3, 2.0)[-1]))(RATES)
    np.testing.assert_allclose(slopes, 2 * 1.3 * np.exp(2 * RATES), rtol=1e-8)


def test_reads_as_steps():
    text = srcad.grad(by_the_default).source(RATES)
    assert "integrate.solve_ivp(lotka, (0, 3), prod_1, args=(item_1, item_2))" in text
    assert "A = integrate.RK45.A\n" in text
    assert "y[sum_1] = y[i] + h * (B @ k)" in text
    assert "srcad" not in text


def slope(t, y, a):
    return -a * y


@pytest.mark.parametrize(
    ("solve", "why"),
    [
        (lambda a: integrate.solve_ivp(slope, (0, a), START, "LSODA", args=(a,)).y, "explicit"),
        (
            lambda a: integrate.solve_ivp(slope, (0, 1), START, args=(a,), events=slope).y,
            r"`events=` of `integrate\.solve_ivp`",
        ),
        (
            lambda a: integrate.solve_ivp(slope, (0, 1), START, "DOP853", [0.5], args=(a,)).y,
            "t_eval.*DOP853",
        ),
        (lambda a: integrate.solve_ivp(slope, (0, 1), a, args=(a,)).y, "0 axes"),
        (lambda a: integrate.odeint(slope, START, START, args=(a,)), "solve_ivp"),
    ],
)
def test_refused(solve, why):
    with pytest.raises(srcad.SrcadError, match=why):
        srcad.grad(lambda a: np.sum(solve(a)))(0.5)
