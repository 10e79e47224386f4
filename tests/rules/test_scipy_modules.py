"""Every public callable of SciPy's modules but scipy.special is in one bucket: rule, constant, refused."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

pytest.importorskip("scipy")
from scipy import stats

from srcad.rules import refusal_of, rule_of
from srcad.rules.scipy import load
from srcad.rules.solvers import solver_of

load()

MODULES = "linalg integrate interpolate optimize sparse sparse.linalg signal fft ndimage stats"


def public(module: Any) -> list[tuple[str, Any]]:
    """What a module offers to be called; exceptions are not, and distributions are by their methods."""
    named = [(name, getattr(module, name)) for name in module.__all__]
    return [
        (name, found)
        for name, found in named
        if callable(found)
        and not (isinstance(found, type) and issubclass(found, Exception))
        and (hasattr(found, "__name__") or not type(found).__module__.startswith("scipy.stats"))
    ]


@pytest.mark.parametrize("home", MODULES.split())
def test_one_bucket(home: str) -> None:
    wrong = [
        name
        for name, function in public(importlib.import_module(f"scipy.{home}"))
        if sum(known(function) is not None for known in (rule_of, refusal_of, solver_of)) != 1
    ]
    assert wrong == []


@pytest.mark.parametrize("home", MODULES.split())
def test_reasons(home: str) -> None:
    for name, function in public(importlib.import_module(f"scipy.{home}")):
        rule, refusal = rule_of(function), refusal_of(function)
        if rule is not None:
            assert rule.family != "constant" or rule.reason, name
            assert all(rule.without.values()), name
        if refusal is not None:
            assert refusal.reason and refusal.rewrite.endswith("."), name


def test_the_common_distributions() -> None:
    continuous = """norm expon gamma beta t chi2 f lognorm uniform laplace logistic cauchy pareto weibull_min gumbel_r gumbel_l rayleigh
    halfnorm invgamma truncnorm vonmises"""
    for name in continuous.split():
        for method in ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf"):
            assert rule_of(getattr(getattr(stats, name), method)) is not None, (name, method)
    for name in ("poisson", "binom", "bernoulli", "geom", "nbinom"):
        for method in ("pmf", "logpmf", "cdf", "logcdf", "sf", "logsf"):
            assert rule_of(getattr(getattr(stats, name), method)) is not None, (name, method)
    assert rule_of(stats.multivariate_normal.logpdf) is not None
    assert rule_of(stats.dirichlet.logpdf) is not None
