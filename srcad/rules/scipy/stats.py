"""scipy.stats: the densities and distribution functions of the common distributions, statistics of data.

Of a distribution its logarithmic density in standard form is all that is stated. With z = (x - loc) / scale

    logpdf = log f(z) - log(scale)    pdf = exp(logpdf)    ppf' = 1 / pdf(ppf)
    cdf' = pdf    sf' = -pdf    logcdf' = exp(logpdf - logcdf)    logsf' = -exp(logpdf - logsf)

and where a shape parameter s has a known flow g, by which a quantile moves with it (dz/ds = -g, so that dF/ds = g f),
the distribution functions have a derivative by it, too. Outside of its support a density is 0, and so are its slopes.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg, special, stats

from srcad.core import ops
from srcad.core.quote import call, rank, sizes
from srcad.core.types import never_one
from srcad.rules.derived import derived
from srcad.rules.families import constant, elementwise
from srcad.rules.linear import count_of
from srcad.rules.refused import refused
from srcad.rules.scipy import having
from srcad.rules.scipy.special.tools import literal

__all__: list[str] = []

LOG_2, LOG_PI, LOG_2PI = math.log(2), math.log(math.pi), math.log(2 * math.pi)
STEPS = "it goes in steps"
UNKNOWN = "its derivative by a shape parameter has no closed form"


log, log1p, exp, gammaln, betaln, i0e = map(
    literal, (np.log, np.log1p, np.exp, special.gammaln, special.betaln, special.i0e)
)
ndtr, log_ndtr, xlogy, xlog1py, cosm1, logaddexp = map(
    literal,
    (special.ndtr, special.log_ndtr, special.xlogy, special.xlog1py, special.cosm1, np.logaddexp),
)


# Tools.


def _where(condition: Any, a: Any, b: Any) -> Any:
    """`np.where`, decided where the condition is known."""
    return (a if condition else b) if isinstance(condition, bool) else np.where(condition, a, b)


def _most(k: Any, low: int) -> Any:
    return max(k, low) if isinstance(k, (int, float)) else np.maximum(k, low)


def _bare(x: Any) -> Any:
    """A number, not an array of no axes."""
    return x if isinstance(x, (int, float)) else x[()]


def _given(*operands: Any) -> tuple[Any, ...]:
    """Operands of a call, without those at the end that are left out."""
    count = len(operands)
    while count and operands[count - 1] is None:
        count -= 1
    return operands[:count]


def _left_out(x: Any, default: int) -> bool:
    return x is None or (type(x) is int and x == default)


def _standard(x: Any, loc: Any, scale: Any) -> Any:
    x = x if _left_out(loc, 0) else x - loc
    return x if _left_out(scale, 1) else x / scale


def _named(function: Callable[..., Any], names: str) -> Callable[..., Any]:
    """A function of any operands as one of operands with names."""
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, plain) for name in names.split()]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return function


def _signature(names: str) -> str:
    return ",".join("()" for _ in names.split()) + "->()"


def _method(distribution: Any, name: str, first: str, shapes: str, last: str) -> tuple[Any, str]:
    """A method of a distribution, whose parameters are told, and their names."""
    function = getattr(distribution, name)
    ops.declare(function, f"{first} {shapes} {last}")
    return function, " ".join(
        f"{first} {shapes} {last}".replace("=0", "").replace("=1", "").split()
    )


# Continuous distributions.


def continuous(
    distribution: Any,
    shapes: str = "",
    *,
    inside: Callable[..., Any] | None = None,
    middle: Any = 1.0,
    flow: Callable[..., Any] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the methods of a distribution by `log_density(z, *shapes)`.

    `inside(z, *shapes)` says where its support is, and `middle` is a point there (or what makes one of the shapes);
    `flow(z, *shapes)` are the flows of the shapes.
    """
    count = len(shapes.split())
    locscale = "loc=0 scale=1"

    def decorate(log_density: Callable[..., Any]) -> Callable[..., Any]:
        def log_pdf(x: Any, *rest: Any) -> Any:
            own, (loc, scale) = rest[:count], rest[count:]
            z = _standard(x, loc, scale)
            if inside is None:
                found = log_density(z, *own)
                return found if _left_out(scale, 1) else found - log(scale)
            within = inside(z, *own)
            point = middle(*own) if callable(middle) else middle
            found = log_density(_where(within, z, point), *own)
            found = found if _left_out(scale, 1) else found - log(scale)
            return _bare(_where(within, found, -math.inf))

        def logpdf(*operands: Any) -> Any:
            return log_pdf(*operands)

        def pdf(*operands: Any) -> Any:
            return exp(log_pdf(*operands))

        for name, rule in (("logpdf", logpdf), ("pdf", pdf)):
            function, names = _method(distribution, name, "x", shapes, locscale)
            derived(function, signature=_signature(names), on_complex="refuse")(_named(rule, names))

        def density(x: Any, *rest: Any) -> Any:
            return call(distribution.pdf, *_given(x, *rest))

        def ratio(x: Any, rest: Any, y: Any) -> Any:
            """The density by what has the logarithm y."""
            top = call(distribution.logpdf, *_given(x, *rest))
            return exp(top - (y if inside is None else _where(y == -math.inf, 0, y)))

        def slopes(x: Any, rest: Any, f: Any) -> tuple[Any, ...]:
            """Those of the distribution function by all operands: its flow."""
            own, (loc, scale) = rest[:count], rest[count:]
            z = _standard(x, loc, scale)
            by_shape: Any = [None] * count
            if flow is not None and count:
                within = True if inside is None else inside(z, *own)
                point = (
                    z
                    if inside is None
                    else _where(within, z, middle(*own) if callable(middle) else middle)
                )
                flows = flow(point, *own)
                wide = flows if isinstance(flows, tuple) else (flows,)
                by_shape = [f * (g if _left_out(scale, 1) else g * scale) for g in wide]
            return (f, *by_shape, -f, -f * z)

        def cdf(x: Any, *rest: Any) -> Any:
            rest = rest[:-1]
            return slopes(x, rest, density(x, *rest))

        def sf(x: Any, *rest: Any) -> Any:
            rest = rest[:-1]
            return slopes(x, rest, -density(x, *rest))

        def logcdf(x: Any, *rest: Any) -> Any:
            rest, y = rest[:-1], rest[-1]
            return slopes(x, rest, ratio(x, rest, y))

        def logsf(x: Any, *rest: Any) -> Any:
            rest, y = rest[:-1], rest[-1]
            return slopes(x, rest, -ratio(x, rest, y))

        def quantile(sign: int, *operands: Any) -> Any:
            rest, y = operands[1:-1], operands[-1]
            own, (loc, scale) = rest[:count], rest[count:]
            z = _standard(y, loc, scale)
            by_shape: Any = [None] * count
            if flow is not None and count:
                flows = flow(z, *own)
                wide = flows if isinstance(flows, tuple) else (flows,)
                by_shape = [-g if _left_out(scale, 1) else -g * scale for g in wide]
            return (sign / density(y, *rest), *by_shape, 1, z)

        def ppf(*operands: Any) -> Any:
            return quantile(1, *operands)

        def isf(*operands: Any) -> Any:
            return quantile(-1, *operands)

        unknown = {} if flow is not None else dict.fromkeys(shapes.split(), UNKNOWN)
        for rule in (cdf, sf, logcdf, logsf, ppf, isf):
            first = "q" if rule in (ppf, isf) else "x"
            function, names = _method(distribution, rule.__name__, first, shapes, locscale)
            elementwise(
                function, signature=_signature(names), without=unknown, on_complex="refuse"
            )(_named(rule, f"{names} y"))
        return log_density

    return decorate


def _positive(z: Any, *shapes: Any) -> Any:
    return z > 0


def _not_negative(z: Any, *shapes: Any) -> Any:
    return z >= 0


def _in_unit(z: Any, *shapes: Any) -> Any:
    return (z >= 0) & (z <= 1)


@continuous(stats.norm)
def norm(z: Any) -> Any:
    return -(z**2) / 2 - LOG_2PI / 2


@continuous(stats.halfnorm, inside=_not_negative)
def halfnorm(z: Any) -> Any:
    return (LOG_2 - LOG_PI) / 2 - z**2 / 2


@continuous(stats.lognorm, "s", inside=_positive, flow=lambda z, s: -z * log(z) / s)
def lognorm(z: Any, s: Any) -> Any:
    return -(log(z) ** 2) / (2 * s**2) - log(s * z) - LOG_2PI / 2


@continuous(stats.expon, inside=_not_negative)
def expon(z: Any) -> Any:
    return -z


@continuous(stats.gamma, "a", inside=_not_negative)
def gamma(z: Any, a: Any) -> Any:
    return xlogy(a - 1, z) - z - gammaln(a)


@continuous(stats.invgamma, "a", inside=_positive)
def invgamma(z: Any, a: Any) -> Any:
    return -(a + 1) * log(z) - gammaln(a) - 1 / z


@continuous(stats.loggamma, "c")
def loggamma(z: Any, c: Any) -> Any:
    return c * z - exp(z) - gammaln(c)


@continuous(stats.chi2, "df", inside=_not_negative)
def chi2(z: Any, df: Any) -> Any:
    return xlogy(df / 2 - 1, z) - z / 2 - gammaln(df / 2) - LOG_2 / 2 * df


@continuous(stats.chi, "df", inside=_not_negative)
def chi(z: Any, df: Any) -> Any:
    return LOG_2 - LOG_2 / 2 * df - gammaln(df / 2) + xlogy(df - 1, z) - z**2 / 2


@continuous(stats.beta, "a b", inside=_in_unit, middle=0.5)
def beta(z: Any, a: Any, b: Any) -> Any:
    return xlog1py(b - 1, -z) + xlogy(a - 1, z) - betaln(a, b)


@continuous(stats.f, "dfn dfd", inside=_positive)
def f(z: Any, dfn: Any, dfd: Any) -> Any:
    power = dfd / 2 * log(dfd) + dfn / 2 * log(dfn) + xlogy(dfn / 2 - 1, z)
    return power - (dfn + dfd) / 2 * log(dfd + dfn * z) - betaln(dfn / 2, dfd / 2)


@continuous(stats.t, "df")
def t(z: Any, df: Any) -> Any:
    constant = gammaln((df + 1) / 2) - gammaln(df / 2) - log(math.pi * df) / 2
    return constant - (df + 1) / 2 * log1p(z**2 / df)


@continuous(stats.cauchy)
def cauchy(z: Any) -> Any:
    return -LOG_PI - log1p(z**2)


@continuous(stats.halfcauchy, inside=_not_negative)
def halfcauchy(z: Any) -> Any:
    return LOG_2 - LOG_PI - log1p(z**2)


@continuous(stats.laplace)
def laplace(z: Any) -> Any:
    return -LOG_2 - np.abs(z)


@continuous(stats.logistic)
def logistic(z: Any) -> Any:
    """Of both tails, so that it is smooth at 0, too."""
    return -logaddexp(0, z) - logaddexp(0, -z)


@continuous(stats.hypsecant)
def hypsecant(z: Any) -> Any:
    return -LOG_PI + LOG_2 - logaddexp(z, -z)


@continuous(stats.uniform, inside=_in_unit, middle=0.5)
def uniform(z: Any) -> Any:
    return 0 * z


@continuous(stats.pareto, "b", inside=lambda z, b: z >= 1, flow=lambda z, b: z * log(z) / b)
def pareto(z: Any, b: Any) -> Any:
    return log(b) - (b + 1) * log(z)


@continuous(stats.lomax, "c", inside=_not_negative, flow=lambda z, c: (1 + z) * log1p(z) / c)
def lomax(z: Any, c: Any) -> Any:
    return log(c) - (c + 1) * log1p(z)


@continuous(stats.powerlaw, "a", inside=_in_unit, middle=0.5, flow=lambda z, a: z * log(z) / a)
def powerlaw(z: Any, a: Any) -> Any:
    return log(a) + xlogy(a - 1, z)


@continuous(stats.weibull_min, "c", inside=_positive, flow=lambda z, c: z * log(z) / c)
def weibull_min(z: Any, c: Any) -> Any:
    return log(c) + xlogy(c - 1, z) - z**c


@continuous(
    stats.weibull_max,
    "c",
    inside=lambda z, c: z < 0,
    middle=-1.0,
    flow=lambda z, c: z * log(-z) / c,
)
def weibull_max(z: Any, c: Any) -> Any:
    return weibull_min(-z, c)


@continuous(stats.rayleigh, inside=_positive)
def rayleigh(z: Any) -> Any:
    return log(z) - z**2 / 2


@continuous(stats.maxwell, inside=_positive)
def maxwell(z: Any) -> Any:
    return (LOG_2 - LOG_PI) / 2 + 2 * log(z) - z**2 / 2


@continuous(stats.gumbel_r)
def gumbel_r(z: Any) -> Any:
    return -z - exp(-z)


@continuous(stats.gumbel_l)
def gumbel_l(z: Any) -> Any:
    return z - exp(z)


@continuous(stats.moyal)
def moyal(z: Any) -> Any:
    return -(z + exp(-z) + LOG_2PI) / 2


@continuous(stats.levy, inside=_positive)
def levy(z: Any) -> Any:
    return -LOG_2PI / 2 - 1.5 * log(z) - 1 / (2 * z)


@continuous(stats.invgauss, "mu", inside=_positive)
def invgauss(z: Any, mu: Any) -> Any:
    return -LOG_2PI / 2 - 1.5 * log(z) - (z - mu) ** 2 / (2 * mu**2 * z)


@continuous(stats.fisk, "c", inside=_positive, flow=lambda z, c: z * log(z) / c)
def fisk(z: Any, c: Any) -> Any:
    return log(c) + (c - 1) * log(z) - 2 * log1p(z**c)


@continuous(stats.skewnorm, "a")
def skewnorm(z: Any, a: Any) -> Any:
    return LOG_2 + norm(z) + log_ndtr(a * z)


@continuous(stats.vonmises, "kappa")
def vonmises(z: Any, kappa: Any) -> Any:
    return kappa * cosm1(z) - LOG_2PI - log(i0e(kappa))


def _mass(a: Any, b: Any) -> Any:
    """The probability of a normal number to be between a and b, of the tail where it is not lost."""
    right = a > 0
    low, high = _where(right, -b, a), _where(right, -a, b)
    return ndtr(high) - ndtr(low)


def _truncated(z: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """F = (Phi(z) - Phi(a)) / mass: by a it is -phi(a) (1 - F) / mass, by b it is -phi(b) F / mass."""
    mass = _mass(a, b)
    below, above = _mass(a, z) / mass, _mass(z, b) / mass
    return -exp((z**2 - a**2) / 2) * above, -exp((z**2 - b**2) / 2) * below


@continuous(
    stats.truncnorm,
    "a b",
    inside=lambda z, a, b: (z >= a) & (z <= b),
    middle=lambda a, b: a,
    flow=_truncated,
)
def truncnorm(z: Any, a: Any, b: Any) -> Any:
    return norm(z) - log(_mass(a, b))


# Discrete distributions: a derivative by their parameters alone.


def discrete(
    distribution: Any,
    parameters: str,
    *,
    inside: Callable[..., Any],
    middle: float = 0.0,
    whole: str = "",
    flow: Callable[..., Any],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the methods of a distribution by `log_mass(k, *parameters)`.

    `flow(k, *parameters)` is the derivative of the distribution function by each parameter, None where there is none;
    of `whole` ones there is none at all.
    """
    count = len(parameters.split())
    steps = dict.fromkeys(["k", "loc", *whole.split()], STEPS)

    def decorate(log_mass: Callable[..., Any]) -> Callable[..., Any]:
        def log_pmf(k: Any, *rest: Any) -> Any:
            own, loc = rest[:count], rest[count]
            k = _standard(k, loc, None)
            within = (k == k // 1) & inside(k, *own)
            found = log_mass(_where(within, k, middle), *own)
            return _bare(_where(within, found, -math.inf))

        def logpmf(*operands: Any) -> Any:
            return log_pmf(*operands)

        def pmf(*operands: Any) -> Any:
            return exp(log_pmf(*operands))

        for rule in (logpmf, pmf):
            function, names = _method(distribution, rule.__name__, "k", parameters, "loc=0")
            derived(function, signature=_signature(names), without=steps, on_complex="refuse")(
                _named(rule, names)
            )

        def slopes(k: Any, rest: Any, weight: Any) -> tuple[Any, ...]:
            own, loc = rest[:count], rest[count]
            found = flow(_standard(k, loc, None) // 1, *own)
            wide = found if isinstance(found, tuple) else (found,)
            return (None, *(None if one is None else weight(one) for one in wide), None)

        def cdf(k: Any, *rest: Any) -> Any:
            rest = rest[:-1]
            return slopes(k, rest, lambda slope: slope)

        def sf(k: Any, *rest: Any) -> Any:
            rest = rest[:-1]
            return slopes(k, rest, lambda slope: -slope)

        def logcdf(k: Any, *rest: Any) -> Any:
            rest, y = rest[:-1], rest[-1]
            return slopes(k, rest, lambda slope: slope * _inverse(y))

        def logsf(k: Any, *rest: Any) -> Any:
            rest, y = rest[:-1], rest[-1]
            return slopes(k, rest, lambda slope: -slope * _inverse(y))

        known = flow(1.0, *(0.5,) * count)
        wide = known if isinstance(known, tuple) else (known,)
        unknown = {name: UNKNOWN for name, one in zip(parameters.split(), wide) if one is None}
        for rule in (cdf, sf, logcdf, logsf):
            function, names = _method(distribution, rule.__name__, "k", parameters, "loc=0")
            elementwise(
                function,
                signature=_signature(names),
                without={**unknown, **steps},
                on_complex="refuse",
            )(_named(rule, f"{names} y"))
        constant(distribution.ppf, distribution.isf, reason="a whole number")
        return log_mass

    return decorate


def _inverse(y: Any) -> Any:
    """One by what has the logarithm y, where that is not 0."""
    return exp(-_where(y == -math.inf, 0, y))


@discrete(
    stats.poisson,
    "mu",
    inside=lambda k, mu: k >= 0,
    flow=lambda k, mu: -call(stats.poisson.pmf, k, mu),
)
def poisson(k: Any, mu: Any) -> Any:
    return xlogy(k, mu) - gammaln(k + 1) - mu


@discrete(
    stats.binom,
    "n p",
    whole="n",
    inside=lambda k, n, p: (k >= 0) & (k <= n),
    flow=lambda k, n, p: (None, -n * call(stats.binom.pmf, k, n - 1, p)),
)
def binom(k: Any, n: Any, p: Any) -> Any:
    ways = gammaln(n + 1) - (gammaln(k + 1) + gammaln(n - k + 1))
    return ways + xlogy(k, p) + xlog1py(n - k, -p)


@discrete(
    stats.bernoulli,
    "p",
    inside=lambda k, p: (k >= 0) & (k <= 1),
    flow=lambda k, p: -1.0 * (k == 0),
)
def bernoulli(k: Any, p: Any) -> Any:
    return xlogy(k, p) + xlog1py(1 - k, -p)


@discrete(
    stats.geom,
    "p",
    inside=lambda k, p: k >= 1,
    middle=1.0,
    flow=lambda k, p: _most(k, 0) * (1 - p) ** _most(k - 1, 0),
)
def geom(k: Any, p: Any) -> Any:
    return xlog1py(k - 1, -p) + log(p)


@discrete(
    stats.nbinom,
    "n p",
    inside=lambda k, n, p: k >= 0,
    flow=lambda k, n, p: (None, (n + k) / p * call(stats.nbinom.pmf, k, n, p)),
)
def nbinom(k: Any, n: Any, p: Any) -> Any:
    ways = gammaln(n + k) - gammaln(k + 1) - gammaln(n)
    return ways + n * log(p) + xlog1py(k, -p)


# Several variables at once.


@derived(stats.multivariate_normal.logpdf, memory="fresh", on_complex="refuse")
def multivariate_normal(
    x: Any, mean: Any = None, cov: Any = None, *, allow_singular: Any = False
) -> Any:
    """By the Cholesky factor of the covariance, of which the lower triangle is read, as SciPy's decomposition does."""
    if cov is None or rank(cov) != 2 or rank(x) not in (1, 2) or allow_singular:
        raise NotImplementedError(
            "the covariance is to be a matrix of full rank, and x one point or rows of points"
        )
    off = x - (np.zeros_like(cov[0]) if mean is None else mean)
    factor = np.linalg.cholesky(cov)
    white = call(linalg.solve_triangular, factor, off if rank(off) == 1 else off.T, lower=True)
    size = np.sum(white**2, axis=0) + LOG_2PI * np.shape(cov)[0]
    found = -size / 2 - np.sum(np.log(np.diag(factor)))
    if rank(x) == 2 and (sizes(x) or [None])[0] == 1:  # SciPy's result has lost the axis
        return found[0]
    if rank(x) == 2 and not (sizes(x) and never_one(sizes(x)[0])):  # type: ignore[index]
        raise NotImplementedError("it is not known whether x has one row, which SciPy drops")
    return found


@derived(stats.multivariate_normal.pdf, memory="fresh", on_complex="refuse")
def multivariate_density(
    x: Any, mean: Any = None, cov: Any = None, *, allow_singular: Any = False
) -> Any:
    return exp(multivariate_normal(x, mean, cov, allow_singular=allow_singular))


@derived(stats.dirichlet.logpdf, memory="fresh", on_complex="refuse")
def dirichlet(x: Any, alpha: Any) -> Any:
    """A product of matrices, which takes no x of another length (SciPy then fills in the last one)."""
    return np.dot(alpha - 1, log(x)) - np.sum(gammaln(alpha)) + gammaln(np.sum(alpha))


@derived(stats.dirichlet.pdf, memory="fresh", on_complex="refuse")
def dirichlet_density(x: Any, alpha: Any) -> Any:
    return exp(dirichlet(x, alpha))


# Statistics of data.


def _policy(nan_policy: Any) -> None:
    if nan_policy != "propagate":
        raise NotImplementedError(f"nan_policy={nan_policy!r}; take the numbers out before")


def _central(a: Any, order: int, axis: Any, keepdims: Any = False) -> Any:
    return np.mean(
        (a - np.mean(a, axis=axis, keepdims=True)) ** order, axis=axis, keepdims=keepdims
    )


@derived(stats.zscore, memory="fresh", on_complex="refuse")
def zscore(a: Any, *, axis: Any = 0, ddof: Any = 0, nan_policy: Any = "propagate") -> Any:
    return zmap(a, a, axis=axis, ddof=ddof, nan_policy=nan_policy)


@derived(stats.zmap, memory="fresh", on_complex="refuse")
def zmap(
    scores: Any, compare: Any, *, axis: Any = 0, ddof: Any = 0, nan_policy: Any = "propagate"
) -> Any:
    _policy(nan_policy)
    mean = np.mean(compare, axis=axis, keepdims=True)
    return (scores - mean) / np.std(compare, axis=axis, ddof=ddof, keepdims=True)


@derived(stats.sem, memory="fresh", on_complex="refuse")
def sem(
    a: Any,
    *,
    axis: Any = 0,
    ddof: Any = 1,
    nan_policy: Any = "propagate",
    keepdims: Any = False,
) -> Any:
    _policy(nan_policy)
    return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims) / count_of(a, axis) ** 0.5


@derived(stats.variation, memory="fresh", on_complex="refuse")
def variation(
    a: Any,
    *,
    axis: Any = 0,
    nan_policy: Any = "propagate",
    ddof: Any = 0,
    keepdims: Any = False,
) -> Any:
    _policy(nan_policy)
    options = {"axis": axis, "keepdims": keepdims}
    return np.std(a, ddof=ddof, **options) / np.mean(a, **options)


@derived(stats.skew, memory="fresh", on_complex="refuse")
def skew(
    a: Any,
    *,
    axis: Any = 0,
    bias: Any = True,
    nan_policy: Any = "propagate",
    keepdims: Any = False,
) -> Any:
    _policy(nan_policy)
    found = _central(a, 3, axis, keepdims) / _central(a, 2, axis, keepdims) ** 1.5
    if bias:
        return found
    n = count_of(a, axis)
    return found * ((n - 1.0) * n) ** 0.5 / (n - 2.0)


@derived(stats.kurtosis, memory="fresh", on_complex="refuse")
def kurtosis(
    a: Any,
    *,
    axis: Any = 0,
    fisher: Any = True,
    bias: Any = True,
    nan_policy: Any = "propagate",
    keepdims: Any = False,
) -> Any:
    _policy(nan_policy)
    found = _central(a, 4, axis, keepdims) / _central(a, 2, axis, keepdims) ** 2
    if not bias:
        n = count_of(a, axis)
        found = ((n**2 - 1.0) * found - 3 * (n - 1.0) ** 2) / ((n - 2.0) * (n - 3.0)) + 3
    return found - 3 if fisher else found


@derived(stats.moment, memory="fresh", on_complex="refuse")
def moment(
    a: Any,
    *,
    order: Any = 1,
    axis: Any = 0,
    nan_policy: Any = "propagate",
    center: Any = None,
    keepdims: Any = False,
) -> Any:
    _policy(nan_policy)
    center = np.mean(a, axis=axis, keepdims=True) if center is None else center
    return np.mean((a - center) ** order, axis=axis, keepdims=keepdims)


def _averaged(a: Any, axis: Any, weights: Any, nan_policy: Any, keepdims: Any) -> Any:
    _policy(nan_policy)
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    total = np.sum(weights * a, axis=axis, keepdims=keepdims)
    return total / np.sum(weights, axis=axis, keepdims=keepdims)


@derived(stats.gmean, memory="fresh", on_complex="refuse")
def gmean(
    a: Any,
    *,
    axis: Any = 0,
    nan_policy: Any = "propagate",
    keepdims: Any = False,
) -> Any:
    return exp(_averaged(log(a), axis, None, nan_policy, keepdims))


@derived(stats.hmean, memory="fresh", on_complex="refuse")
def hmean(
    a: Any,
    *,
    axis: Any = 0,
    nan_policy: Any = "propagate",
    keepdims: Any = False,
) -> Any:
    return 1 / _averaged(1 / a, axis, None, nan_policy, keepdims)


@derived(*having(stats, "pmean"), memory="fresh", on_complex="refuse")
def pmean(
    a: Any,
    p: Any,
    *,
    axis: Any = 0,
    nan_policy: Any = "propagate",
    keepdims: Any = False,
) -> Any:
    return _averaged(a**p, axis, None, nan_policy, keepdims) ** (1 / p)


@derived(stats.gstd, memory="fresh", on_complex="refuse")
def gstd(a: Any, *, axis: Any = 0, ddof: Any = 1) -> Any:
    return exp(np.std(log(a), axis=axis, ddof=ddof))


@derived(stats.entropy, memory="fresh", on_complex="refuse")
def entropy(
    pk: Any,
    qk: Any = None,
    *,
    base: Any = None,
    axis: Any = 0,
    nan_policy: Any = "propagate",
    keepdims: Any = False,
) -> Any:
    _policy(nan_policy)
    p = pk / np.sum(pk, axis=axis, keepdims=True)
    if qk is None:
        parts = special.entr(p)
    else:
        parts = special.rel_entr(p, qk / np.sum(qk, axis=axis, keepdims=True))
    found = np.sum(parts, axis=axis, keepdims=keepdims)
    return found if base is None else found / log(base)


def _refused(names: str, reason: str, rewrite: str) -> None:
    refused(*having(stats, names), reason=reason, rewrite=rewrite)


_refused(
    "pearsonr linregress spearmanr kendalltau pointbiserialr",
    "its result is an object with p-values",
    "For the correlation write np.corrcoef(x, y)[0, 1], for a line np.polyfit or np.linalg.lstsq.",
)
_refused(
    "alexandergovern anderson anderson_ksamp ansari barnard_exact bartlett binomtest boschloo_exact brunnermunzel bws_test chatterjeexi "
    "chi2_contingency chisquare cramervonmises cramervonmises_2samp dunnett epps_singleton_2samp f_oneway fisher_exact fligner "
    "friedmanchisquare goodness_of_fit jarque_bera kruskal ks_1samp ks_2samp kstest kurtosistest levene mannwhitneyu median_test "
    "monte_carlo_test mood multiscale_graphcorr normaltest page_trend_test permutation_test poisson_means_test power "
    "power_divergence quantile_test ranksums shapiro skewtest somersd spearmanrho tukey_hsd ttest_1samp ttest_ind "
    "ttest_ind_from_stats ttest_rel wilcoxon combine_pvalues false_discovery_control weightedtau theilslopes siegelslopes logrank",
    "it is a test: its result is an object with a p-value",
    "Write its statistic with NumPy, and the p-value with a distribution's cdf.",
)
_refused(
    "BootstrapMethod MonteCarloMethod PermutationMethod CensoredData Covariance Mixture Normal Uniform Logistic Binomial "
    "make_distribution truncate order_statistic abs exp log rv_continuous rv_discrete rv_histogram gaussian_kde ecdf fit bootstrap "
    "bayes_mvs mvsdist sobol_indices describe binned_statistic binned_statistic_2d binned_statistic_dd cumfreq relfreq probplot "
    "ppcc_plot boxcox_normplot yeojohnson_normplot",
    "it makes an object, or calls what it is given as often as it likes",
    "Make it outside of the function; the distributions themselves are stats.norm and so on.",
)
_refused(
    "boxcox boxcox_llf boxcox_normmax yeojohnson yeojohnson_llf yeojohnson_normmax ppcc_max circmean circstd circvar estimated_cdf "
    "differential_entropy directional_stats energy_distance wasserstein_distance wasserstein_distance_nd expectile gzscore iqr kstat "
    "kstatvar lmoment median_abs_deviation mode obrientransform percentileofscore quantile scoreatpercentile sigmaclip tmax tmean "
    "tmin trim1 trim_mean trimboth tsem tstd tvar",
    "there is no rule for it",
    "Write it with NumPy: np.mean, np.std, np.quantile, np.sort, scipy.special.boxcox.",
)
_refused(
    "rankdata tiecorrect find_repeats rvs_ratio_uniforms random_correlation random_table",
    "it goes in steps, or draws",
    "Take it of a constant.",
)
