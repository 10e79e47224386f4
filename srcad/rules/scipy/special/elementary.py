"""Logistic functions, logarithms of sums, entropies, and elementary functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from srcad.core.quote import may_be_complex, rank, spread
from srcad.rules.elementwise import power
from srcad.rules.families import elementwise, primitive
from srcad.rules.linear import restore
from srcad.rules.scipy import having
from srcad.rules.scipy.special.elliptic import lowered
from srcad.rules.scipy.special.tools import ONE, absolute, is_literal, log, log1p_, without

__all__: list[str] = []

# Logistic functions, logarithms of sums, entropies.


@elementwise(special.expit)
def expit(x: Any, y: Any) -> Any:
    return y * (1 - y)


@elementwise(*having(special, "log_expit"))
def log_expit(x: Any, y: Any) -> Any:
    return special.expit(-x)


@elementwise(*having(special, "softplus"), signature=ONE)
def softplus(x: Any, y: Any) -> Any:
    return np.exp(x - y)


@elementwise(special.logit)
def logit(x: Any, y: Any) -> Any:
    return 1 / (x * (1 - x))


def _logsumexp(
    a: Any, b: Any, *, axis: Any = None, keepdims: Any = False, return_sign: Any = False
) -> Any:
    if keepdims and rank(a) == 0:
        raise NotImplementedError("keepdims= of a number, which is given an axis; leave it out")
    largest = np.max(a, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0)
    terms = np.exp(a - largest) if b is None else b * np.exp(a - largest)
    total = np.sum(terms, axis=axis, keepdims=keepdims)
    shift = largest if keepdims else np.squeeze(largest, axis=axis)
    if return_sign:
        return np.log(np.abs(total)) + shift, np.sign(total)
    return np.log(total) + shift


@primitive(
    special.logsumexp, definition=_logsumexp, over_axes="one", broadcasts=True, memory="fresh"
)
class LogSumExp:
    """The terms exp(a) of the sum by the sum, by the result: where a is -inf that is 0. The sign of the sum is constant."""

    @staticmethod
    def _weights(a: Any, b: Any, y: Any, axis: Any, keepdims: Any, return_sign: Any) -> Any:
        if keepdims and rank(a) == 0:
            raise NotImplementedError("keepdims= of a number, which is given an axis; leave it out")
        if b is not None and rank(b) > rank(a):
            raise NotImplementedError("`b` has more axes than `a`; broadcast `a` to its shape")
        if return_sign and may_be_complex((a, b)):
            raise NotImplementedError("the sign of a complex sum is its phase, which varies")
        value, sign = y if return_sign else (y, None)
        weights = np.exp(a - restore(value, a, axis, keepdims))
        return weights if sign is None else restore(sign, a, axis, keepdims) * weights

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        b: Any,
        y: Any,
        *,
        axis: Any = None,
        keepdims: Any = False,
        return_sign: Any = False,
    ) -> Any:
        weights = LogSumExp._weights(a, b, y, axis, keepdims, return_sign)
        weights = restore(y_bar[0] if return_sign else y_bar, a, axis, keepdims) * weights
        if b is None:
            return weights, None
        a_bar = b * weights
        return a_bar, spread(weights, a_bar)

    @staticmethod
    def pushforward(
        a_dot: Any,
        b_dot: Any,
        a: Any,
        b: Any,
        y: Any,
        *,
        axis: Any = None,
        keepdims: Any = False,
        return_sign: Any = False,
    ) -> Any:
        weights = LogSumExp._weights(a, b, y, axis, keepdims, return_sign)
        total = 0 if a_dot is None else a_dot * weights if b is None else b * a_dot * weights
        if b_dot is not None:
            total = total + b_dot * weights
        y_dot = np.sum(total, axis=axis, keepdims=keepdims)
        return (y_dot, None) if return_sign else y_dot


def _total(x: Any, axis: Any) -> Any:
    """The sum along axes, which broadcasts against `x`."""
    return np.sum(x) if axis is None else np.sum(x, axis=axis, keepdims=True)


def _softmax(x: Any, *, axis: Any = None) -> Any:
    terms = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return terms / np.sum(terms, axis=axis, keepdims=True)


@primitive(
    special.softmax, definition=_softmax, over_axes="any", on_complex="refuse", memory="fresh"
)
class Softmax:
    """The derivative diag(y) - y y^T is symmetric."""

    @staticmethod
    def pullback(y_bar: Any, x: Any, y: Any, *, axis: Any = None) -> Any:
        scaled = y * y_bar
        return scaled - y * _total(scaled, axis)

    @staticmethod
    def pushforward(x_dot: Any, x: Any, y: Any, *, axis: Any = None) -> Any:
        return Softmax.pullback(x_dot, x, y, axis=axis)


def _log_softmax(x: Any, *, axis: Any = None) -> Any:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


@primitive(
    special.log_softmax,
    definition=_log_softmax,
    over_axes="any",
    on_complex="refuse",
    memory="fresh",
)
class LogSoftmax:
    @staticmethod
    def pullback(y_bar: Any, x: Any, y: Any, *, axis: Any = None) -> Any:
        return y_bar - np.exp(y) * _total(y_bar, axis)

    @staticmethod
    def pushforward(x_dot: Any, x: Any, y: Any, *, axis: Any = None) -> Any:
        return x_dot - _total(np.exp(y) * x_dot, axis)


@elementwise(special.xlogy)
def xlogy(x1: Any, x2: Any, y: Any) -> Any:
    """0 by x2 where both are 0."""
    return log(x2), x1 / _unless_both(x1, x2, x2)


@elementwise(special.xlog1py)
def xlog1py(x1: Any, x2: Any, y: Any) -> Any:
    return log1p_(x2), x1 / _unless_both(x1, x2 + 1, x2 + 1)


def _unless_both(x1: Any, x2: Any, value: Any) -> Any:
    """The value, or 1 where both operands are 0."""
    if (is_literal(x1) and x1) or (is_literal(x2) and x2):
        return value
    return np.where((x1 == 0) & (x2 == 0), 1, value)


@elementwise(special.entr)
def entr(x: Any, y: Any) -> Any:
    return -np.log(x) - 1


@elementwise(special.rel_entr)
def rel_entr(x1: Any, x2: Any, y: Any) -> Any:
    return np.log(x1 / x2) + 1, -x1 / _unless_both(x1, x2, x2)


@elementwise(special.kl_div)
def kl_div(x1: Any, x2: Any, y: Any) -> Any:
    return np.log(x1 / x2), 1 - x1 / _unless_both(x1, x2, x2)


@elementwise(special.huber)
def huber(delta: Any, r: Any, y: Any) -> Any:
    return np.maximum(absolute(r) - delta, 0), np.clip(r, -delta, delta)


@elementwise(special.pseudo_huber)
def pseudo_huber(delta: Any, r: Any, y: Any) -> Any:
    root = np.hypot(delta, r)
    return (root - delta) ** 2 / root, delta * r / root


# Elementary functions. exprel is M(1, 2, x) (DLMF 13.6.2), so its derivatives do not cancel at 0.


@elementwise(special.cbrt)
def cbrt(x: Any, y: Any) -> Any:
    return 1 / (3 * y**2)


@elementwise(special.exp2)
def exp2(x: Any, y: Any) -> Any:
    return math.log(2) * y


@elementwise(special.exp10)
def exp10(x: Any, y: Any) -> Any:
    return math.log(10) * y


@elementwise(special.expm1)
def expm1(x: Any, y: Any) -> Any:
    return y + 1


@elementwise(special.log1p)
def log1p(x: Any, y: Any) -> Any:
    return 1 / (1 + x)


@elementwise(special.cosm1)
def cosm1(x: Any, y: Any) -> Any:
    return -np.sin(x)


@elementwise(special.exprel)
def exprel(x: Any, y: Any) -> Any:
    return special.hyp1f1(2, 3, x) / 2


@elementwise(*having(special, "powm1"))
def powm1(x1: Any, x2: Any, y: Any) -> Any:
    return power(x1, x2, y + 1)


@elementwise(special.radian)
def radian(d: Any, m: Any, s: Any, y: Any) -> Any:
    return math.pi / 180, math.pi / 180 / 60, math.pi / 180 / 3600


@elementwise(special.sindg)
def sindg(x: Any, y: Any) -> Any:
    return math.pi / 180 * special.cosdg(x)


@elementwise(special.cosdg)
def cosdg(x: Any, y: Any) -> Any:
    return -math.pi / 180 * special.sindg(x)


@elementwise(special.tandg)
def tandg(x: Any, y: Any) -> Any:
    return math.pi / 180 * (1 + y**2)


@elementwise(special.cotdg)
def cotdg(x: Any, y: Any) -> Any:
    return -math.pi / 180 * (1 + y**2)


@elementwise(special.diric, signature=ONE)
def diric(x: Any, y: Any, *, n: Any) -> Any:
    """diric is U(n - 1, cos(x / 2)) / n, whose derivative is a Gegenbauer polynomial: no 0 / 0 at multiples of 2 pi."""
    half = x / 2
    by_x = -np.sin(half) * special.eval_gegenbauer(n - 2, 2, np.cos(half)) / n
    return lowered(n - 1, by_x)


def boxcox_by_lmbda(log_x: Any, lmbda: Any) -> Any:
    """The derivative of (x**lmbda - 1) / lmbda by lmbda: log(x) * exprel(lmbda * log(x)) differentiated."""
    return log_x**2 * special.hyp1f1(2, 3, lmbda * log_x) / 2


@elementwise(special.boxcox)
def boxcox(x: Any, lmbda: Any, y: Any) -> Any:
    return x ** (lmbda - 1), boxcox_by_lmbda(log(x), lmbda)


@elementwise(special.boxcox1p)
def boxcox1p(x: Any, lmbda: Any, y: Any) -> Any:
    return (1 + x) ** (lmbda - 1), boxcox_by_lmbda(log1p_(x), lmbda)


@elementwise(special.inv_boxcox)
def inv_boxcox(x: Any, lmbda: Any, y: Any) -> Any:
    slope = y ** (1 - lmbda)
    return slope, -slope * boxcox_by_lmbda(np.log(y), lmbda)


@elementwise(special.inv_boxcox1p)
def inv_boxcox1p(x: Any, lmbda: Any, y: Any) -> Any:
    slope = (1 + y) ** (1 - lmbda)
    return slope, -slope * boxcox_by_lmbda(np.log1p(y), lmbda)


@elementwise(special.lambertw, signature=ONE)
def lambertw(z: Any, y: Any, *, k: Any = 0, tol: Any = 1e-8) -> Any:
    """y / (z * (1 + y)), of which this is the form without 0 / 0 at z = 0 (DLMF 4.13.4)."""
    return 1 / (z + np.exp(y))


@elementwise(special.wrightomega)
def wrightomega(z: Any, y: Any) -> Any:
    return y / (1 + y)


@elementwise(special.wright_bessel, without=without("a b"))
def wright_bessel(a: Any, b: Any, x: Any, y: Any) -> Any:
    return None, None, special.wright_bessel(a, b + a, x)


@elementwise(*having(special, "log_wright_bessel"), without=without("a b"))
def log_wright_bessel(a: Any, b: Any, x: Any, y: Any) -> Any:
    return None, None, np.exp(special.log_wright_bessel(a, b + a, x) - y)
