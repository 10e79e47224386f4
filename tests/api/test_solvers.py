"""Solvers of scipy.optimize inside of a differentiated function: first and second order, both modes, what is refused."""

import numpy as np
import pytest

import srcad

optimize = pytest.importorskip("scipy.optimize")

START = np.array([0.5, 0.5])
MATRIX = np.array([[2.0, 0.3], [0.1, 1.5]])
TIMES = np.linspace(0, 1, 9)
P = np.array([0.6, 0.9])
DECAY = 2 * np.exp(0.3 * TIMES) + 0.1 * TIMES


def balance(x, p, weights):
    return weights @ x + x**3 - p


def by_a_function_of_the_module(p):
    sol = optimize.root(balance, np.ones(2), args=(2 * p, MATRIX * p[0]), tol=1e-13)
    if not sol.success:
        raise RuntimeError(sol.message)
    return np.sum(sol.x**2)


def by_a_function_inside(p):
    def equations(x):
        return [p[0] * x[0] + x[1] ** 3 - 1, x[1] * np.exp(p[1] * x[0]) - 0.5]

    def slopes(x):
        grown = np.exp(p[1] * x[0])
        return [[p[0], 3 * x[1] ** 2], [p[1] * x[1] * grown, grown]]

    return np.sum(optimize.root(equations, [0.5, 0.5], jac=slopes, tol=1e-13).x ** 2 * p)


def by_broyden(p):
    start = np.ones((2, 2))
    found = optimize.root(lambda x: x + 0.1 * x.T**3 - np.outer(p, p), start, method="krylov")
    return np.sum(found.x**2)


def a_minimum(p):
    found = optimize.minimize(
        lambda x: np.sum(x**4 / 4 + x**2) - p @ x, START, jac=lambda x: x**3 + 2 * x - p, tol=1e-13
    )
    return np.sum(found.x**3) + found.fun


def of_squares(y):
    found = optimize.least_squares(
        lambda c: c[0] * np.exp(c[1] * TIMES) - y, START, xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    return found.x[0] * found.x[1] + found.cost


def a_fixed_point(p):
    return np.sum(optimize.fixed_point(lambda x: np.cos(p * x) / 2, START, xtol=1e-14) ** 2 * p)


def with_control_flow(p):
    def polynomial(x):
        total = -1.0
        for i in range(3):
            total = total + p[0] ** i * x ** (i + 1)
        if p[1] > 0.5:
            total = total + p[1] * x
        return total

    return optimize.brentq(polynomial, 0.0, 5.0, xtol=1e-15)


def in_a_loop(p):
    x = START
    for _ in range(3):
        x = optimize.fsolve(lambda z: z**3 + p * z - 1 - 0.1 * x, x, xtol=1e-13)
    return np.sum(x)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        *((f, P) for f in (by_a_function_of_the_module, by_a_function_inside, by_broyden)),
        *((f, P) for f in (a_minimum, a_fixed_point, with_control_flow, in_a_loop)),
        (of_squares, DECAY),
    ],
)
def test_derivatives(f, x):
    step = 1e-4 * np.random.default_rng(0).normal(size=x.shape)
    gradient, hessian = srcad.grad(f), srcad.hessian(f)(x)
    assert gradient(x) @ step == pytest.approx((f(x + step) - f(x - step)) / 2, rel=1e-5)
    np.testing.assert_allclose(srcad.jacfwd(f)(x), gradient(x), rtol=1e-9)
    wanted = (gradient(x + step) - gradient(x - step)) / 2
    np.testing.assert_allclose(hessian @ step, wanted, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "solve",
    [
        lambda a: optimize.root_scalar(lambda x: x * x - a, bracket=(0, 5), xtol=1e-15).root,
        lambda a: (
            optimize.root_scalar(
                lambda x: (x * x - a, 2 * x), x0=2.0, fprime=True, method="newton"
            ).root
        ),
        lambda a: optimize.minimize(
            lambda x: (x[0] ** 3 / 3 - a * x[0], x**2 - a), [2.0], jac=True, tol=1e-13
        ).x[0],
        lambda a: optimize.newton(lambda x: x * x - a, 2.0, fprime=lambda x: 2 * x, tol=1e-14),
        lambda a: optimize.toms748(lambda x, c: x * x - c, 0.0, 5.0, (a,), xtol=1e-15),
        lambda a: optimize.minimize_scalar(lambda x: x**3 / 3 - a * x, (0.5, 2.0), tol=1e-14).x,
    ],
)
def test_square_roots(solve):
    """sqrt(a), by solvers of numbers."""
    a = 1.7
    assert srcad.grad(solve)(a) == pytest.approx(0.5 * a**-0.5, rel=1e-6)
    assert srcad.grad(srcad.grad(solve))(a) == pytest.approx(-0.25 * a**-1.5, rel=1e-6)


def test_reads_like_the_theorem():
    text = srcad.grad(by_a_function_of_the_module).source(P)
    assert "sol = optimize.root(balance, np.ones(2), args=(prod_1, prod_2), tol=1e-13)" in text
    assert "balance_jac = np.diag(3 * x_1 ** 2) + prod_2" in text
    assert "v = np.linalg.solve(balance_jac.T, -2 * x_1)" in text
    assert "def balance(x, p, weights):\n    return weights @ x + x ** 3 - p" in text
    text = srcad.grad(lambda p: np.sum(optimize.root(lambda x: x**3 - p, START).x)).source(P)
    assert "/ (3 * optimize.root(residual, START, args=(p,)).x ** 2)" in text  # no matrix


def test_jacobians_by_rows_and_by_columns():
    def moved(p):
        return optimize.root(balance, np.ones(2), args=(p, MATRIX), tol=1e-13).x

    x = moved(P)
    wanted = np.linalg.inv(MATRIX + np.diag(3 * x**2))
    np.testing.assert_allclose(srcad.jacrev(moved)(P), wanted, rtol=1e-12)
    np.testing.assert_allclose(srcad.jacfwd(moved)(P), wanted, rtol=1e-12)


def test_where_it_begins_does_not_matter():
    def f(start):
        return np.sum(optimize.root(lambda x: x**3 - P, start, tol=1e-13).x)

    assert srcad.grad(f)(np.ones(2)).tolist() == [0, 0]


def writes(p):
    def f(x):
        x[0] = 1.0
        return x - p

    return np.sum(optimize.root(f, START).x)


@pytest.mark.parametrize(
    ("f", "error", "why"),
    [
        (
            lambda p: optimize.minimize(lambda x: x @ x, p, bounds=[(0, 1)]).x[0],
            srcad.UnsupportedSyntaxError,
            r"`bounds=` of `optimize\.minimize`.*\n.*\n.*\n.*expit",
        ),
        (
            lambda p: optimize.minimize(lambda x: x - p, p).x[0],
            srcad.UnsupportedSyntaxError,
            "no single number",
        ),
        (
            lambda p: np.sum(optimize.root(lambda x: x - p, p).jac),
            srcad.UnsupportedSyntaxError,
            r"`\.jac` of what a solver returned",
        ),
        (
            lambda p: np.sum(optimize.root(lambda x: x - p, np.outer(p, p)).x),
            srcad.UnsupportedSyntaxError,
            r"np\.ravel",
        ),
        (
            lambda p: np.sum(optimize.root(lambda x: np.spacing(x) - p, p).x),
            srcad.MissingRuleError,
            "`np.spacing` is not differentiated",
        ),
        (
            lambda p: np.sum(optimize.curve_fit(lambda t, c: c * t, TIMES, TIMES * p[0])[0]),
            srcad.MissingRuleError,
            "least_squares",
        ),
        (writes, srcad.AliasingError, "changes something outside"),
        (
            lambda p: optimize.brentq(lambda x: x - p[0] + np.random.rand(), -2, 2),
            srcad.UnsupportedSyntaxError,
            "draws random numbers",
        ),
    ],
)
def test_refused(f, error, why):
    with pytest.raises(error, match=why):
        srcad.grad(f)(P)
