"""scipy.stats: distributions at points inside of their support (outside is tests/rules/test_scipy_stats.py), statistics."""

import numpy as np
import pytest

from tests.laws.cases import COVERED, POSITIVE, REAL, add, arrays, draw, rows

stats = pytest.importorskip("scipy.stats")

HALF, UNIT, WIDE, NEAR = draw(0.95, 1.2), draw(0.35, 0.65), draw(1.3, 3.0), draw(0.7, 2)


def words(front: str, count: int, back: str = "") -> str:
    return ",".join([front] + ["number"] * count + ([back] if back else []))


LOW = draw(0.3, 0.45)  # below the kink of some at a half
# Points of the standard form, and draws of the shapes.
CONTINUOUS = {
    "norm cauchy laplace logistic hypsecant gumbel_r gumbel_l moyal": (REAL, []),
    "halfnorm expon halfcauchy rayleigh maxwell": (POSITIVE, []),
    "levy": (NEAR, []),
    "uniform": (UNIT, []),
    "gamma invgamma chi2 chi lomax fisk weibull_min lognorm": (POSITIVE, [WIDE]),
    "invgauss": (NEAR, [WIDE]),
    "pareto": (draw(1.6, 3), [WIDE]),
    "powerlaw": (UNIT, [WIDE]),
    "weibull_max": (draw(-2, -0.3), [WIDE]),
    "loggamma t skewnorm vonmises": (REAL, [WIDE]),
    "beta": (UNIT, [WIDE, WIDE]),
    "f": (POSITIVE, [WIDE, draw(3, 5)]),
    "truncnorm": (draw(-0.2, 0.3), [draw(-1.2, -1), draw(1, 1.2)]),
}
for names, (points, shapes) in CONTINUOUS.items():
    for name in names.split():
        distribution = getattr(stats, name)
        for method in ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf"):
            function = getattr(distribution, method)
            rows(function, words("3", len(shapes)), points, *shapes) if shapes else rows(
                function, "3 0d number scalar", points
            )
            loc = draw(-0.01, 0.01)
            rows(
                function,
                words("2x3", len(shapes), "number") + ",number",
                points,
                *shapes,
                loc,
                HALF,
                tag="locscale",
            )
        for method in ("ppf", "isf"):
            function = getattr(distribution, method)
            shape = words("3", len(shapes), "number") + ",number"
            rows(function, shape, LOW, *shapes, REAL, HALF)

K = np.array([0, 2, 3])
for method in ("logpmf", "pmf", "cdf", "sf", "logcdf", "logsf"):
    for name, args in {
        "poisson": (K, 1.7),
        "binom": (K, 5, np.array([0.3, 0.5, 0.6])),
        "bernoulli": (np.array([0, 0, 0]), 0.3),
        "geom": (K + 1, 0.3),
        "nbinom": (K, 5, np.array([[0.3], [0.6]])),
    }.items():
        add(getattr(getattr(stats, name), method), "3", *args)

(X, ROWS, MEAN, M) = arrays((3,), (4, 3), (3,), (3, 3))
COV = M @ M.T + np.eye(3)
for method in ("logpdf", "pdf"):
    function = getattr(stats.multivariate_normal, method)
    add(function, "3", X, MEAN, COV)
    add(function, "4x3", ROWS, MEAN, COV)
    add(function, "nomean", ROWS, None, COV)

# Points off the simplex have no density: tests/rules/test_scipy_stats.py.
COVERED.update({stats.dirichlet.logpdf, stats.dirichlet.pdf})

AXES = [{}, {"axis": 1}, {"axis": None}, {"axis": -1, "keepdims": True}]
(DATA,) = arrays((5, 4), make=POSITIVE)
for function in (stats.sem, stats.skew, stats.kurtosis, stats.gmean, stats.hmean):
    for options in AXES:
        add(function, f"5x4-{options}", DATA, **options)
for options in AXES[:3]:
    add(stats.zscore, f"5x4-{options}", DATA, **options)
    add(stats.gstd, f"5x4-{options}", DATA, **options)
add(stats.zmap, "5x4-4x4", DATA, DATA[:4] * 2.0)
add(stats.variation, "5x4", DATA, axis=None)
add(stats.skew, "unbiased", DATA, bias=False, axis=1)
add(stats.kurtosis, "unbiased", DATA, bias=False, axis=1, fisher=False)
add(stats.moment, "3", DATA, order=3, axis=1)
add(stats.entropy, "5x4", DATA, axis=None)
add(stats.entropy, "of-two", DATA, DATA[:, ::-1].copy(), base=2.0, axis=None)
if hasattr(stats, "pmean"):
    add(stats.pmean, "3x4", DATA, 1.5, axis=1)
