"""scipy.special at kinks, at ends of domains, and where a formula would be 0 / 0."""

import numpy as np
import pytest

import srcad

special = pytest.importorskip("scipy.special")

NEAR_0 = np.array([-1e-3, 0.0, 1e-3])


def slope(function, *args, argnums=0):
    with np.errstate(divide="ignore"):
        return srcad.grad(function, argnums=argnums)(*args)


def bend(function, x):
    return srcad.grad(srcad.grad(function))(x)


@pytest.mark.parametrize(
    ("function", "x", "first", "second"),
    [
        (lambda x: special.exprel(x), 0.0, 1 / 2, 1 / 3),
        (lambda x: special.ellipk(x), 0.0, np.pi / 8, 9 * np.pi / 64),
        (lambda x: special.ellipe(x), 0.0, -np.pi / 8, -3 * np.pi / 64),
        (lambda x: special.spence(x), 1.0, -1.0, 1 / 2),
        (lambda x: special.rgamma(x), 0.0, 1.0, 2 * np.euler_gamma),
        (lambda x: special.rgamma(x), -1.0, -1.0, 2 * (1 - np.euler_gamma)),
        (lambda x: special.j1(x), 0.0, 0.5, 0.0),
        (lambda x: special.i1(x), 0.0, 0.5, 0.0),
        (lambda x: special.jv(0, x), 0.0, 0.0, -0.5),
        (lambda x: special.spherical_jn(0, x), 0.0, 0.0, -1 / 3),
        (lambda x: special.spherical_jn(1, x), 0.0, 1 / 3, 0.0),
        (lambda x: special.eval_legendre(3, x), 1.0, 6.0, 15.0),
        (lambda x: special.eval_chebyt(3, x), -1.0, 9.0, -24.0),
        (lambda x: special.eval_hermite(0, x), 0.3, 0.0, 0.0),
        (lambda x: special.diric(x, 3), 0.0, 0.0, -2 / 3),
        (lambda x: special.diric(x, 4), 2 * np.pi, 0.0, 5 / 4),
        (lambda x: special.lambertw(x).real, 0.0, 1.0, -2.0),
        (lambda x: special.boxcox(2.0, x), 0.0, np.log(2) ** 2 / 2, np.log(2) ** 3 / 3),
        (lambda x: special.expit(x), 800.0, 0.0, 0.0),
        (
            lambda x: special.log_ndtr(x),
            -40.0,
            40.02496884720727,
            -40.02496884720727 * 0.02496884720727,
        ),
    ],
)
def test_smooth(function, x, first, second):
    np.testing.assert_allclose(slope(function, x), first, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(bend(function, x), second, rtol=1e-9, atol=1e-12)


def test_ends():
    zeros = np.zeros(3)
    assert np.all(slope(lambda x: np.sum(special.entr(x)), zeros) == np.inf)
    assert np.all(slope(lambda x: np.sum(special.logit(x)), np.array([0.0, 1.0])) == np.inf)
    assert np.all(slope(lambda x: np.sum(special.gammainc(1.0, x)), zeros) == 1)
    assert np.all(slope(lambda x: np.sum(special.gammainc(2.5, x)), zeros) == 0)
    assert np.all(slope(lambda x: np.sum(special.chdtr(2.0, x)), zeros) == 0.5)


@pytest.mark.parametrize("function", [special.xlogy, special.rel_entr, special.kl_div])
def test_nothing_of_something(function):
    """0 * log(y): by y there is a derivative, and at y = 0 none is made up, but no NaN."""
    at_0 = {special.xlogy: 0.0, special.rel_entr: 0.0, special.kl_div: 1.0}[function]
    y = np.array([2.0, 0.0])
    by_y = slope(lambda x, y: np.sum(function(x, y)), np.zeros(2), y, argnums=1)
    assert by_y.tolist() == [at_0, at_0]
    by_x = slope(lambda x, y: function(x, y), 0.0, 2.0)
    assert by_x == (np.log(2.0) if function is special.xlogy else -np.inf) or np.isinf(by_x)
    # The mixed derivative is that of where x is not 0.
    mixed = srcad.grad(srcad.grad(lambda x, y: special.xlogy(x, y)), argnums=1)
    assert mixed(0.0, 2.0) == 0.5


def test_kinks():
    assert slope(lambda r: special.huber(1.0, r), 1.0) == 1.0
    assert slope(lambda r: special.huber(1.0, r), -3.0) == -1.0
    assert slope(lambda d: special.huber(d, 3.0), 1.0) == 2.0
    assert slope(lambda x: special.i0e(x), 0.0) == 0.0


def test_logsumexp_of_ties_and_infinities():
    terms = np.array([1.0, -np.inf, 1.0])
    assert np.allclose(slope(lambda x: special.logsumexp(x), terms), [0.5, 0.0, 0.5], 1e-15)
    soft = srcad.jacrev(lambda x: special.softmax(x))(terms)
    assert soft.tolist() == [[0.25, 0.0, -0.25], [0.0, 0.0, 0.0], [-0.25, 0.0, 0.25]]
    log = srcad.grad(lambda x: special.log_softmax(x)[0])(terms)
    assert log.tolist() == [0.5, 0.0, -0.5]
    assert np.allclose(slope(lambda x: special.logsumexp(x), np.array([800.0, 0.0])), [1, 0])


def test_incomplete_integrals_beyond_a_period():
    for phi in (-7.0, -2.0, 0.0, 2.0, 7.0):
        for function in (special.ellipkinc, special.ellipeinc):
            by_m = slope(lambda m, f=function, p=phi: f(p, m), 0.4)
            wanted = (function(phi, 0.4 + 1e-6) - function(phi, 0.4 - 1e-6)) / 2e-6
            assert abs(by_m - wanted) < 1e-8


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype(dtype):
    x = np.array([0.25, 0.5], dtype)
    functions = [
        lambda x: special.gammaln(x),
        lambda x: special.digamma(x),
        lambda x: special.ellipk(x),
        lambda x: special.jv(1, x),
        lambda x: special.betainc(2.0, 3.0, x),
        lambda x: special.hyp1f1(1.0, 2.0, x),
        lambda x: special.logsumexp(x),
        lambda x: special.spence(x),
        lambda x: special.eval_legendre(2, x),
    ]
    for function in functions:
        assert srcad.grad(lambda x, f=function: np.sum(f(x)))(x).dtype == dtype
        assert srcad.hessian(lambda x, f=function: np.sum(f(x)))(x).dtype == dtype
