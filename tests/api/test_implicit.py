"""Functions that say what equation they solve: first and second order, both modes, by every solver."""

import numpy as np
import pytest

import srcad

optimize = pytest.importorskip("scipy.optimize")


def kepler(E, M, e):
    return E - e * np.sin(E) - M


@srcad.implicit(kepler, signature="(),()->()")
def anomaly(M, e):
    return optimize.brentq(kepler, 0.0, 10.0, args=(M, e), xtol=1e-15)


def balance(x, p, A):
    return A @ x + x**3 - p


@srcad.implicit(balance, signature="(n),(n),(n,n)->(n)")
def balanced(x0, p, A):
    return optimize.root(balance, x0, args=(p, A), tol=1e-13).x


def energy(x, p):
    return np.sum(x**4 / 4 + x**2) - p @ x


@srcad.implicit(srcad.grad(energy), signature="(n)->(n)")
def lowest(p):
    slope = srcad.grad(energy)
    return optimize.minimize(energy, np.zeros_like(p), (p,), jac=slope, tol=1e-13).x


@srcad.implicit(lambda x, p: x - np.cos(p * x) / 2, signature="(n)->(n)")
def still(p):
    return optimize.fixed_point(lambda x: np.cos(p * x) / 2, np.full_like(p, 0.4), xtol=1e-14)


def table(x, p):
    return x + 0.1 * x.T**3 - np.outer(p, p)


@srcad.implicit(table, signature="(n)->(n,n)")
def tabulated(p):
    x = np.outer(p, p)
    for _ in range(200):
        x = np.outer(p, p) - 0.1 * x.T**3
    return x


A = np.array([[2.0, 0.3], [0.1, 1.5]])
P = np.array([0.6, 0.9])
LOSSES = [
    (lambda M, e: np.sin(anomaly(M, e)) * M, (1.0, 0.3)),
    (lambda p, A: np.sum(balanced(np.ones(2), p, A) ** 2), (P, A)),
    (lambda p: np.sum(lowest(p) ** 3), (P,)),
    (lambda p: np.sum(still(p) ** 2 * p), (P,)),
    (lambda p: np.sum(tabulated(p) ** 2), (P,)),
]


def difference(f, args, place, step):
    moved = [
        f(*args[:place], args[place] + sign * step, *args[place + 1 :]) for sign in (1.0, -1.0)
    ]
    return moved[0] - moved[1]


@pytest.mark.parametrize(("f", "args"), LOSSES)
def test_gradients(f, args):
    for place, x in enumerate(args):
        direction = np.random.default_rng(0).normal(size=np.shape(x))
        wanted = difference(f, args, place, 1e-5 * direction) / 2e-5
        found = np.sum(srcad.grad(f, argnums=place)(*args) * direction)
        assert found == pytest.approx(wanted, rel=1e-5)
        forward = np.sum(srcad.jacfwd(f, argnums=place)(*args) * direction)
        assert forward == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize(("f", "args"), LOSSES)
def test_second_order(f, args):
    direction = np.random.default_rng(0).normal(size=np.shape(args[0]))
    wanted = difference(srcad.grad(f), args, 0, 1e-5 * direction) / 2e-5
    found = (
        srcad.hessian(f)(*args) @ direction
        if np.ndim(args[0])
        else srcad.hessian(f)(*args) * direction
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_jacobians():
    for f in (lambda p: lowest(p), lambda p: balanced(np.ones(2), p, A)):
        np.testing.assert_allclose(srcad.jacrev(f)(P), srcad.jacfwd(f)(P), rtol=1e-9)


def test_reads_like_the_theorem():
    text = srcad.grad(LOSSES[1][0], argnums=(0, 1)).source(P, A)
    assert "balance_jac = np.diag(3 * balanced_1 ** 2) + A\n" in text
    assert "v = np.linalg.solve(balance_jac.T, -2 * balanced_1)" in text
    assert "p_bar = -v\n" in text


def test_the_function_itself():
    wanted = srcad.grad(lambda M, e: anomaly(M, e))(1.0, 0.3)
    assert srcad.grad(anomaly)(1.0, 0.3) == wanted
    assert "1.0 / (1.0 - e * np.cos(anomaly(M, e)))" in srcad.grad(anomaly).source(1.0, 0.3)
    np.testing.assert_allclose(srcad.jacrev(lowest)(P), srcad.jacrev(lambda p: lowest(p))(P))


def test_the_start_does_not_matter():
    assert srcad.grad(lambda x0: np.sum(balanced(x0, P, A)))(np.ones(2)).tolist() == [0, 0]


def test_parameters_are_found_by_name():
    with pytest.raises(srcad.ArgumentError, match="has a parameter `q`"):
        srcad.implicit(lambda x, q: x - q, signature="()->()")(lambda p: p)
