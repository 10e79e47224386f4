"""Distributions: outside of the support, frozen, by keyword, and what has no derivative."""

import warnings

import numpy as np
import pytest

import srcad

stats = pytest.importorskip("scipy.stats")
from scipy.stats import norm  # noqa: E402

X = np.array([0.5, 1.5, -2.0])
PRIOR = stats.gamma(2.5, scale=0.7)


def differences(f, *args):
    found = []
    for place, x in enumerate(args):
        steps = [(*args[:place], x + h, *args[place + 1 :]) for h in (1e-6, -1e-6)]
        found.append((f(*steps[0]) - f(*steps[1])) / 2e-6)
    return found


@pytest.mark.parametrize(
    "name", ["expon", "gamma", "beta", "lognorm", "uniform", "pareto", "weibull_min", "truncnorm"]
)
@pytest.mark.parametrize("method", ["logpdf", "pdf", "cdf", "sf", "logcdf", "logsf"])
def test_outside_of_the_support_is_flat(name, method):
    shapes = {"gamma": (2.5,), "beta": (2.0, 3.0), "lognorm": (0.5,), "pareto": (2.0,)}
    shapes |= {"weibull_min": (2.0,), "truncnorm": (-1.0, 2.0)}
    function = getattr(getattr(stats, name), method)

    def at(x, loc, scale):
        return function(x, *shapes.get(name, ()), loc, scale)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in (-7.5, 9.5) if name in ("beta", "uniform", "truncnorm") else (-7.5,):
            assert srcad.grad(at, argnums=(0, 1, 2))(x, 0.1, 1.2) == (0, 0, 0)


def test_one_outside_among_others():
    def total(x, a, scale):
        return np.sum(np.exp(stats.gamma.logpdf(x, a, scale=scale)))

    found = srcad.grad(total, argnums=(0, 1, 2))(X, 2.5, 0.7)
    assert found[0][2] == 0 and np.all(np.isfinite(found[0]))
    np.testing.assert_allclose(
        found[1:], differences(lambda a, s: total(X, a, s), 2.5, 0.7), rtol=1e-7
    )


def frozen_inside(x, mu, s):
    return np.sum(stats.norm(mu, scale=s).logpdf(x))


def frozen_outside(x, mu, s):
    return np.sum(PRIOR.logpdf(np.abs(x) * s + mu))


def by_keyword(x, mu, s):
    return np.sum(norm.logcdf(x, scale=s) * mu)


def by_name(x, mu, s):
    return np.sum(stats.norm.ppf(1 / (1 + np.exp(-x)), loc=mu, scale=s) ** 2)


@pytest.mark.parametrize("f", [frozen_inside, frozen_outside, by_keyword, by_name])
def test_ways_of_calling(f):
    found = srcad.grad(f, argnums=(1, 2))(X, 0.3, 1.2)
    np.testing.assert_allclose(found, differences(lambda m, s: f(X, m, s), 0.3, 1.2), rtol=1e-6)


def test_frozen_outside_is_read_at_each_call():
    gradient = srcad.grad(frozen_outside, argnums=2)
    first = gradient(X, 0.3, 1.2)
    kept = PRIOR.args
    PRIOR.args = (4.0,)
    try:
        second = gradient(X, 0.3, 1.2)
        wanted = differences(lambda s: frozen_outside(X, 0.3, s), 1.2)[0]
    finally:
        PRIOR.args = kept
    assert first != second
    np.testing.assert_allclose(second, wanted, rtol=1e-7)


def test_reads_like_a_formula():
    text = srcad.grad(lambda x: np.sum(stats.gamma.cdf(x, 2.0, scale=3.0))).source(X)
    assert "x_bar = stats.gamma.pdf(x, 2.0, 0, 3.0)" in text


@pytest.mark.parametrize(
    "f", [lambda a: stats.gamma.cdf(0.5, a), lambda a: stats.poisson.logpmf(a, 2.0)]
)
def test_refused(f):
    with pytest.raises(srcad.MissingRuleError, match="no derivative with respect to"):
        srcad.grad(f)(1.0)


def test_data_of_counts():
    counts = np.array([0, 3, 1])
    rate = srcad.grad(lambda mu: np.sum(stats.poisson.logpmf(counts, mu)))(1.5)
    assert rate == pytest.approx(counts.sum() / 1.5 - 3)
    p = srcad.grad(lambda p: np.sum(stats.binom.logpmf(counts, 5, p)))(0.3)
    assert p == pytest.approx(4 / 0.3 - 11 / 0.7)


def test_dirichlet():
    x, alpha = np.array([0.2, 0.5, 0.3]), np.array([1.5, 2.0, 0.7])
    found = srcad.grad(lambda a: stats.dirichlet.logpdf(x, a))(alpha)
    steps = 1e-6 * np.eye(3)
    wanted = [
        (stats.dirichlet.logpdf(x, alpha + h) - stats.dirichlet.logpdf(x, alpha - h)) / 2e-6
        for h in steps
    ]
    np.testing.assert_allclose(found, wanted, rtol=1e-7)


def test_multivariate_normal():
    rng = np.random.default_rng(0)
    points, factor = rng.normal(size=(5, 3)), rng.normal(size=(3, 3))

    def loss(mean, factor):
        cov = factor @ factor.T + np.eye(3)
        return np.sum(stats.multivariate_normal.logpdf(points, mean, cov))

    def plain(mean, factor):
        cov = factor @ factor.T + np.eye(3)
        off = points - mean
        return -np.sum(off * np.linalg.solve(cov, off.T).T) / 2 - 2.5 * np.linalg.slogdet(cov)[1]

    found = srcad.grad(loss, argnums=(0, 1))(np.ones(3), factor)
    wanted = srcad.grad(plain, argnums=(0, 1))(np.ones(3), factor)
    for a, b in zip(found, wanted):
        np.testing.assert_allclose(a, b, rtol=1e-12)
