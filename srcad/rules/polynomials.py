"""Polynomials: values and fits, in powers and in each of the bases of numpy.polynomial.

The derivative of a value by the coefficients is the matrix of Vandermonde, that by the point is the value of the derivative
polynomial; both have rules, so that nothing here is differentiated term by term, and no degree has to be known.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial

from srcad import runtime
from srcad.core.quote import array_of, call, conj, rank, written
from srcad.rules.derived import derived, in_terms
from srcad.rules.families import constant, linear, primitive
from srcad.rules.linear import known
from srcad.rules.refused import refused

__all__: list[str] = []


def _dtype(x: Any) -> Any:
    return call(runtime.dtype_of, x)


def _flat(x: Any) -> Any:
    return x if rank(x) == 1 else call(np.reshape, x, (-1,))


def _like(bar: Any, x: Any) -> Any:
    """A cotangent in the structure of an operand that may be a list."""
    return type(x)(bar[i] for i in range(len(x))) if isinstance(x, (tuple, list)) else bar


# Powers, the highest first: the old functions of NumPy.


def _plain(p: Any) -> None:
    if not isinstance(p, (tuple, list)) and rank(p) != 1:
        raise NotImplementedError("coefficients of more than one polynomial; use numpy.polynomial")


@primitive(np.polyval, memory="fresh")
class PolynomialValue:
    @staticmethod
    def pullback(y_bar: Any, p: Any, x: Any, y: Any) -> Any:
        _plain(p)
        x_bar = y_bar * call(runtime.cast, np.polyval(call(np.polyder, p), x), y)
        points = _flat(x) if rank(x) else written(y_bar, np.reshape, x, (1,))
        powers = call(runtime.cast, call(np.vander, points, _length(p)), y_bar)
        p_bar = _flat(y_bar) @ powers if rank(x) else y_bar * powers[0]
        return _like(p_bar, p), x_bar

    @staticmethod
    def pushforward(p_dot: Any, x_dot: Any, p: Any, x: Any, y: Any) -> Any:
        _plain(p)
        by_x = None
        if x_dot is not None:
            by_x = call(runtime.cast, np.polyval(call(np.polyder, p), x), y) * x_dot
        by_p = None if p_dot is None else call(np.polyval, p_dot, x)
        return by_x if by_p is None else by_p if by_x is None else by_p + by_x


@in_terms(np.polyval)
def powers_times_coefficients(p: Any, x: Any) -> Any:
    """The sum of powers times coefficients."""
    p = array_of(p, x)
    exponents = call(np.arange, np.size(p))[::-1]
    powers = x[..., None] ** exponents if rank(x) else x**exponents
    return powers @ p


def _length(p: Any) -> Any:
    return len(p) if isinstance(p, (tuple, list)) else np.size(p)


def _down_from(count: Any, like: Any) -> Any:
    """`count - 1, ..., 1`."""
    return written(like, np.arange, 1, count)[::-1]


@derived(np.polyder, linear=True, memory="fresh")
def polyder(p: Any, *, m: Any = 1) -> Any:
    p = array_of(p, p)
    for _ in range(known(m, "the order")):
        p = p[:-1] * _down_from(np.size(p), p)
    return p


@derived(np.polyint, memory="fresh")
def polyint(p: Any, *, m: Any = 1, k: Any = None) -> Any:
    order = known(m, "the order")
    constants = k if isinstance(k, (tuple, list)) else [0 if k is None else k]
    constants = list(constants) * (order if len(constants) == 1 else 1)
    for each in constants:
        last = written(p, np.full, (1,), each, dtype=_dtype(p))
        p = np.concatenate((p / _down_from(np.size(p) + 1, p), last))
    return p


def _tail(y_bar: Any, a: Any) -> Any:
    """The part of a sum that one of the polynomials is in: its last coefficients."""
    if isinstance(a, (tuple, list)):
        return _like(y_bar[np.size(y_bar) - len(a) :], a)
    if rank(a) == 0:
        return y_bar[-1]
    return y_bar[np.size(y_bar) - np.size(a) :]


@linear(np.polyadd, memory="fresh")
def polyadd(y_bar: Any, a1: Any, a2: Any) -> Any:
    return _tail(y_bar, a1), _tail(y_bar, a2)


@linear(np.polysub, memory="fresh")
def polysub(y_bar: Any, a1: Any, a2: Any) -> Any:
    return _tail(y_bar, a1), _tail(-y_bar, a2)


@primitive(np.poly, memory="fresh")
class Monic:
    """The coefficients c of prod(x - r_k). Without the factor of r_k they are c deflated, c_0 r_k^j + ... + c_j."""

    @staticmethod
    def _check(roots: Any) -> None:
        if rank(roots) != 1:
            raise NotImplementedError("the polynomial of a matrix; use np.linalg.eigvals first")

    @staticmethod
    def _powers(roots: Any, n: Any) -> Any:
        return call(runtime.cast, call(np.vander, roots, n, increasing=True), roots)

    @staticmethod
    def pullback(y_bar: Any, seq_of_zeros: Any, y: Any) -> Any:
        Monic._check(seq_of_zeros)
        n = np.size(seq_of_zeros)
        lags = np.correlate(y_bar[1:], conj(y[:-1]), mode="full")[n - 1 :]
        return -(Monic._powers(seq_of_zeros, n) @ lags)

    @staticmethod
    def pushforward(seq_of_zeros_dot: Any, seq_of_zeros: Any, y: Any) -> Any:
        Monic._check(seq_of_zeros)
        n = np.size(seq_of_zeros)
        sums = seq_of_zeros_dot @ Monic._powers(seq_of_zeros, n)
        return np.pad(-np.convolve(y[:-1], sums)[:n], (1, 0))


refused(
    *(np.polymul, np.polydiv),
    reason="it drops leading zeros: the length of its result depends on the values",
    rewrite="Multiply with np.convolve, and divide with a loop.",
)
refused(
    np.roots,
    reason="it drops leading and trailing zeros: what it computes depends on the values",
    rewrite="Take np.linalg.eigvals of the companion matrix.",
)


# The bases of numpy.polynomial, the constant first.


class Basis(NamedTuple):
    """What numpy.polynomial offers of one basis."""

    module: Any
    prefix: str

    def __call__(self, name: str) -> Callable[..., Any]:
        """One of its functions."""
        return getattr(self.module, self.prefix + name)  # type: ignore[no-any-return]


BASES = [
    Basis(polynomial, "poly"),
    Basis(chebyshev, "cheb"),
    Basis(legendre, "leg"),
    Basis(hermite, "herm"),
    Basis(hermite_e, "herme"),
    Basis(laguerre, "lag"),
]


def _matrix(function: Any, c: Any, axis: int, **options: Any) -> Any:
    """The matrix of what a linear function does to coefficients: what it makes of unit vectors."""
    units = call(np.eye, np.shape(c)[axis], dtype=_dtype(c))
    return call(function, units, **options)


def _along(matrix: Any, c: Any, axis: int) -> Any:
    """A matrix applied along an axis."""
    if rank(c) == 1:
        return matrix @ c
    made = np.tensordot(matrix, c, (1, axis))
    return np.moveaxis(made, 0, axis) if axis else made


class Fit:
    """Weighted least squares: V' W (y - V c) = 0 says how c varies (as in Golub and Pereyra 1973).

    With u = solve(V' W V, c_bar) and the residuals r: y_bar = w**2 u(x), x_bar = w**2 (r u'(x) - u(x) c'(x)),
    w_bar = 2 w r u(x), where u and c are read as polynomials.
    """

    def __init__(self, val: Any, der: Any, vander: Any) -> None:
        self.val, self.der, self.vander = val, der, vander

    @staticmethod
    def check(y: Any, deg: Any, full: Any, cov: Any = False) -> None:
        """Refuse what the formula is not about."""
        if full or cov:
            raise NotImplementedError("its `full` results; fit, and compute the residuals yourself")
        if isinstance(deg, (tuple, list)) or rank(y) != 1:
            raise NotImplementedError(
                "some degrees only, or several fits at once; use np.linalg.lstsq"
            )

    def normal(self, V: Any, w: Any) -> Any:
        """V' W V."""
        return V.T @ V if w is None else (V.T * w**2) @ V

    def pullback(self, c_bar: Any, x: Any, y: Any, w: Any, c: Any, deg: Any) -> Any:
        """Cotangents of points, values and weights."""
        u = np.linalg.solve(self.normal(self.vander(x, deg), w), c_bar)
        residual, at = y - self.val(x, c), self.val(x, u)
        x_bar = residual * self.val(x, self.der(u)) - at * self.val(x, self.der(c))
        if w is None:
            return x_bar, at, None
        return w**2 * x_bar, w**2 * at, 2 * w * residual * at

    def pushforward(self, dots: Any, x: Any, y: Any, w: Any, c: Any, deg: Any, slopes: Any) -> Any:
        """The tangent of the coefficients."""
        x_dot, y_dot, w_dot = dots
        V = self.vander(x, deg)
        residual = y - self.val(x, c)
        moved = 0.0 if y_dot is None else y_dot
        if x_dot is not None:
            moved = moved - self.val(x, self.der(c)) * x_dot
        weight = 1.0 if w is None else w**2
        right = V.T @ (weight * moved) if x_dot is not None or y_dot is not None else 0.0
        if x_dot is not None:
            right = right + (weight * residual * x_dot) @ slopes(x, deg, c)
        if w_dot is not None:
            right = right + V.T @ (2 * w * w_dot * residual)
        return np.linalg.solve(self.normal(V, w), right)


OLD = Fit(
    lambda x, c: np.polyval(c, x),
    lambda c: call(np.polyder, c),
    lambda x, deg: call(np.vander, x, deg + 1),
)


def _slopes_of_powers(x: Any, deg: Any, c: Any) -> Any:
    """The derivatives of the powers, the highest first, that of the constant last."""
    powers = call(np.vander, x, deg + 1)
    return np.pad(powers[:, 1:] * _down_from(deg + 1, c), ((0, 0), (0, 1)))


@primitive(np.polyfit, memory="fresh")
class PolynomialFit:
    __doc__ = Fit.__doc__

    @staticmethod
    def pullback(
        y_bar: Any,
        x: Any,
        y: Any,
        w: Any,
        c: Any,
        *,
        deg: Any,
        rcond: Any = None,
        full: Any = False,
        cov: Any = False,
    ) -> Any:
        Fit.check(y, deg, full, cov)
        return OLD.pullback(y_bar, x, y, w, c, deg)

    @staticmethod
    def pushforward(
        x_dot: Any,
        y_dot: Any,
        w_dot: Any,
        x: Any,
        y: Any,
        w: Any,
        c: Any,
        *,
        deg: Any,
        rcond: Any = None,
        full: Any = False,
        cov: Any = False,
    ) -> Any:
        Fit.check(y, deg, full, cov)
        return OLD.pushforward((x_dot, y_dot, w_dot), x, y, w, c, deg, _slopes_of_powers)


def _register(basis: Basis) -> None:
    val, der, integral, vander = (basis(name) for name in ("val", "der", "int", "vander"))

    def _values(x: Any, degree: Any) -> Any:
        """The basis polynomials at the points; NumPy makes a vector of a number first."""
        values = call(vander, x, degree)
        return values if rank(x) else values[0]

    @primitive(val, memory="fresh")
    class Value:
        @staticmethod
        def _check(c: Any, x: Any, tensor: Any) -> None:
            if not isinstance(c, (tuple, list)) and rank(c) > 1 and not tensor:
                raise NotImplementedError(
                    "`tensor=False`; take the value of one polynomial at a time"
                )

        @staticmethod
        def pullback(y_bar: Any, x: Any, c: Any, y: Any, *, tensor: Any = True) -> Any:
            Value._check(c, x, tensor)
            c_ = array_of(c, x)
            several, deep = rank(c_) - 1, rank(x)
            x_bar = y_bar * call(val, x, call(der, c_))
            if several:
                x_bar = np.sum(x_bar, axis=tuple(range(several)) if several > 1 else 0)
            values = call(runtime.cast, _values(x, np.shape(c_)[0] - 1), y_bar)
            if not several and deep == 1:
                c_bar = y_bar @ values
            elif not several and deep == 0:
                c_bar = y_bar * values
            else:
                axes = tuple(range(several, several + deep))
                c_bar = np.tensordot(values, y_bar, (tuple(range(deep)), axes))
            return x_bar, _like(c_bar, c)

        @staticmethod
        def pushforward(
            x_dot: Any, c_dot: Any, x: Any, c: Any, y: Any, *, tensor: Any = True
        ) -> Any:
            Value._check(c, x, tensor)
            by_x = None if x_dot is None else call(val, x, call(der, array_of(c, x))) * x_dot
            by_c = None if c_dot is None else call(val, x, c_dot)
            return by_x if by_c is None else by_c if by_x is None else by_c + by_x

    @in_terms(val)
    def basis_times_coefficients(x: Any, c: Any, *, tensor: Any = True) -> Any:
        """The sum of basis polynomials times coefficients."""
        Value._check(c, x, tensor)
        c = array_of(c, x)
        values = _values(x, np.shape(c)[0] - 1)
        return values @ c if rank(c) == 1 else np.tensordot(c, values, ((0,), (-1,)))

    @linear(der, memory="fresh")
    def derivative(y_bar: Any, c: Any, *, m: Any = 1, scl: Any = 1, axis: Any = 0) -> Any:
        axis = known(axis, "the axis") % rank(c)
        options = {**({} if m == 1 else {"m": m}), **({} if scl == 1 else {"scl": scl})}
        return _along(_matrix(der, c, axis, **options).T, y_bar, axis)

    @primitive(integral, memory="fresh")
    class Integral:
        """Linear in the coefficients, but for the constants of integration."""

        @staticmethod
        def _options(m: Any, lbnd: Any, scl: Any) -> dict[str, Any]:
            given = {"m": (m, 1), "lbnd": (lbnd, 0), "scl": (scl, 1)}
            return {key: value for key, (value, default) in given.items() if value != default}

        @staticmethod
        def pullback(
            y_bar: Any,
            c: Any,
            y: Any,
            *,
            m: Any = 1,
            k: Any = (),
            lbnd: Any = 0,
            scl: Any = 1,
            axis: Any = 0,
        ) -> Any:
            axis = known(axis, "the axis") % rank(c)
            options = Integral._options(m, known(lbnd, "the bound"), known(scl, "the scale"))
            return _along(_matrix(integral, c, axis, **options).T, y_bar, axis)

        @staticmethod
        def pushforward(
            c_dot: Any,
            c: Any,
            y: Any,
            *,
            m: Any = 1,
            k: Any = (),
            lbnd: Any = 0,
            scl: Any = 1,
            axis: Any = 0,
        ) -> Any:
            options = Integral._options(m, known(lbnd, "the bound"), known(scl, "the scale"))
            return call(integral, c_dot, **options, **({"axis": axis} if axis else {}))

    @in_terms(integral)
    def matrix_times_coefficients(
        c: Any, *, m: Any = 1, k: Any = (), lbnd: Any = 0, scl: Any = 1, axis: Any = 0
    ) -> Any:
        """The matrix of the integral, and what the constants of integration add to that of any polynomial."""
        axis = known(axis, "the axis") % rank(c)
        options = Integral._options(m, known(lbnd, "the bound"), known(scl, "the scale"))
        made = _along(_matrix(integral, c, axis, **options), c, axis)
        if not np.any(np.not_equal(known(k, "the constants"), 0)):
            return made
        unit = call(np.eye, np.shape(c)[axis], dtype=_dtype(c))[0]
        constant = call(integral, unit, k=k, **options) - call(integral, unit, **options)
        behind = rank(c) - 1 - axis
        return made + (constant[(slice(None), *(None,) * behind)] if behind else constant)

    @primitive(vander, memory="fresh")
    class Vandermonde:
        """The derivative of each basis polynomial, by the matrix of the derivative."""

        @staticmethod
        def _slopes(x: Any, deg: Any, y: Any) -> Any:
            matrix = written(x, der, written(x, np.eye, deg + 1, dtype=_dtype(y)))
            return call(vander, x, call(builtins.max, deg - 1, 0)) @ matrix

        @staticmethod
        def pullback(y_bar: Any, x: Any, y: Any, *, deg: Any) -> Any:
            x_bar = np.sum(y_bar * Vandermonde._slopes(x, deg, y), axis=-1)
            return x_bar if rank(x) else x_bar[0]

        @staticmethod
        def pushforward(x_dot: Any, x: Any, y: Any, *, deg: Any) -> Any:
            slopes = Vandermonde._slopes(x, deg, y)
            return x_dot[..., None] * slopes if rank(x) else x_dot * slopes

    new = Fit(
        lambda x, c: call(val, x, c),
        lambda c: call(der, c),
        lambda x, deg: call(vander, x, deg),
    )

    @primitive(basis("fit"), memory="fresh")
    class BasisFit:
        __doc__ = Fit.__doc__

        @staticmethod
        def pullback(
            y_bar: Any,
            x: Any,
            y: Any,
            w: Any,
            c: Any,
            *,
            deg: Any,
            rcond: Any = None,
            full: Any = False,
        ) -> Any:
            Fit.check(y, deg, full)
            return new.pullback(y_bar, x, y, w, c, deg)

        @staticmethod
        def pushforward(
            x_dot: Any,
            y_dot: Any,
            w_dot: Any,
            x: Any,
            y: Any,
            w: Any,
            c: Any,
            *,
            deg: Any,
            rcond: Any = None,
            full: Any = False,
        ) -> Any:
            Fit.check(y, deg, full)
            dots = x_dot, y_dot, w_dot
            return new.pushforward(dots, x, y, w, c, deg, Vandermonde._slopes)

    def values(*points: Any, c: Any) -> list[Any]:
        if rank(c) != len(points):
            raise NotImplementedError(
                "coefficients of more than one polynomial; take one at a time"
            )
        return [_values(x, np.shape(c)[place] - 1) for place, x in enumerate(points)]

    @derived(basis("val2d"), memory="fresh")
    def val2d(x: Any, y: Any, c: Any) -> Any:
        return np.einsum("...i,...j,ij->...", *values(x, y, c=c), c)

    @derived(basis("val3d"), memory="fresh")
    def val3d(x: Any, y: Any, z: Any, c: Any) -> Any:
        return np.einsum("...i,...j,...k,ijk->...", *values(x, y, z, c=c), c)

    @derived(basis("grid2d"), memory="fresh")
    def grid2d(x: Any, y: Any, c: Any) -> Any:
        of_x, of_y = values(x, y, c=c)
        return np.tensordot(np.tensordot(of_x, c, (-1, 0)), of_y, (-1, -1))

    @derived(basis("grid3d"), memory="fresh")
    def grid3d(x: Any, y: Any, z: Any, c: Any) -> Any:
        of_x, of_y, of_z = values(x, y, z, c=c)
        made = np.tensordot(np.tensordot(of_x, c, (-1, 0)), of_y, (rank(x), -1))
        return np.tensordot(made, of_z, (rank(x), -1))

    @derived(basis("vander2d"), memory="fresh")
    def vander2d(x: Any, y: Any, *, deg: Any) -> Any:
        n, m = known(deg, "the degrees")
        both = call(vander, x, n)[..., None] * call(vander, y, m)[..., None, :]
        return np.reshape(both, (*_shape(x), (n + 1) * (m + 1)))

    @derived(basis("vander3d"), memory="fresh")
    def vander3d(x: Any, y: Any, z: Any, *, deg: Any) -> Any:
        n, m, k = known(deg, "the degrees")
        both = call(vander, x, n)[..., None, None] * call(vander, y, m)[..., None, :, None]
        both = both * call(vander, z, k)[..., None, None, :]
        return np.reshape(both, (*_shape(x), (n + 1) * (m + 1) * (k + 1)))

    names = "line add sub mulx mul div pow trim roots companion fromroots"
    for name in names.split():
        if basis is not BASES[0] or name != "fromroots":
            refused(
                getattr(basis.module, basis.prefix + name),
                reason="it drops the highest coefficients that are zero: the length of its result depends on the values",
                rewrite="Add and multiply values, or write it with arrays: np.convolve multiplies powers.",
            )


def _shape(x: Any) -> list[Any]:
    return [np.shape(x)[axis] for axis in range(rank(x))]


for _basis in BASES:
    _register(_basis)


@derived(polynomial.polyfromroots, memory="fresh")
def polyfromroots(roots: Any) -> Any:
    return call(np.poly, roots)[::-1]


@derived(polynomial.polyvalfromroots, memory="fresh")
def polyvalfromroots(x: Any, r: Any) -> Any:
    if rank(r) != 1:
        raise NotImplementedError("the roots of several polynomials; take one at a time")
    return np.prod(x - r[(slice(None), *(None,) * rank(x))], axis=0)


@derived(chebyshev.chebweight)
def chebweight(x: Any) -> Any:
    return 1 / (np.sqrt(1 + x) * np.sqrt(1 - x))


@derived(hermite.hermweight)
def hermweight(x: Any) -> Any:
    return np.exp(-(x**2))


@derived(hermite_e.hermeweight)
def hermeweight(x: Any) -> Any:
    return np.exp(-0.5 * x**2)


@derived(laguerre.lagweight)
def lagweight(x: Any) -> Any:
    return np.exp(-x)


constant(
    legendre.legweight,
    *(basis("gauss") for basis in BASES[1:]),
    *(chebyshev.chebpts1, chebyshev.chebpts2),
    reason="points and weights, which depend on a degree alone",
)
refused(
    *(
        getattr(basis.module, name)
        for basis in BASES[1:]
        for name in (f"poly2{basis.prefix}", f"{basis.prefix}2poly")
    ),
    reason="it drops the highest coefficients that are zero: the length of its result depends on the values",
    rewrite="Apply the matrix that it makes of unit vectors.",
)
refused(
    chebyshev.chebinterpolate,
    reason="it calls a function at points of its own",
    rewrite="Take the values at chebpts1, and fit them with chebfit.",
)
refused(
    *(
        getattr(np.polynomial, name)
        for name in ("Polynomial", "Chebyshev", "Legendre", "Hermite", "HermiteE", "Laguerre")
    ),
    reason="a polynomial as an object is no array",
    rewrite="Keep the coefficients, and use the functions of numpy.polynomial: polyval, chebval.",
)
