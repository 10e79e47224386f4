"""Reductions, what accumulates along an axis, and order."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from srcad import runtime
from srcad.core.quote import call, conj, put, put_add, rank, real, spread, sum_to
from srcad.rules.families import linear, primitive
from srcad.rules.linear import _rank, along, axes_of, count_of, known, restore, runtime_cast

__all__ = ["chosen", "masked", "taken"]


def chosen(axis: Any, keepdims: Any) -> dict[str, Any]:
    """The options of a reduction as they are given: those that differ from the defaults."""
    given = {} if axis is None else {"axis": axis}
    return {**given, "keepdims": True} if keepdims else given


def masked(x: Any, where: Any) -> Any:
    """`x` where the mask is true, else 0."""
    return x if where is True else np.where(where, x, 0)


def _where(where: Any) -> dict[str, Any]:
    return {} if where is True else {"where": where}


# Sums.


@linear(np.sum)
def sum_(
    y_bar: Any,
    a: Any,
    initial: Any,
    *,
    axis: Any = None,
    dtype: Any = None,
    keepdims: Any = False,
    where: Any = True,
) -> Any:
    a_bar = spread(masked(restore(y_bar, a, axis, keepdims), where), a)
    return a_bar, None if initial is None else sum_to(y_bar, initial)


@linear(builtins.sum)
def sum_of_rows(y_bar: Any, iterable: Any) -> Any:
    if isinstance(iterable, (tuple, list)):
        raise NotImplementedError(
            "the sum of a list; write np.sum(np.stack(...), axis=0), or add in a loop"
        )
    return spread(y_bar, iterable)


def _count(a: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    """How many elements a reduction takes together, those that a mask leaves out not counted."""
    if where is True:
        return count_of(a, axis)
    return np.sum(spread(where, a), **chosen(axis, keepdims), dtype=call(runtime.dtype_of, a))


@linear(np.mean)
def mean(
    y_bar: Any,
    a: Any,
    *,
    axis: Any = None,
    dtype: Any = None,
    keepdims: Any = False,
    where: Any = True,
) -> Any:
    mean_bar = restore(y_bar / _count(a, axis, keepdims, where), a, axis, keepdims)
    return spread(masked(mean_bar, where), a)


@linear(np.cumsum)
def cumsum(y_bar: Any, a: Any, *, axis: Any = None, dtype: Any = None) -> Any:
    back = slice(None, None, -1)
    if axis is None:
        a_bar = np.cumsum(y_bar[back])[back]
        return a_bar if _rank(a) == 1 else np.reshape(a_bar, np.shape(a))
    index = along(axis, back, a)
    return np.cumsum(y_bar[index], axis=axis)[index]


# Extremes.


@primitive(np.max, np.amax, np.min, np.amin, np.nanmax, np.nanmin, on_complex="refuse")
class Extreme:
    """Ties share evenly, a bound given as `initial` among them. NaN is equal to nothing, so it has no share."""

    @staticmethod
    def _shares(a: Any, initial: Any, y: Any, axis: Any, keepdims: Any, where: Any) -> Any:
        """Which elements are the extreme, whether the bound is, and how many these are."""
        is_extreme = a == restore(y, a, axis, keepdims)
        if where is not True:
            is_extreme = is_extreme & where
        ties = np.sum(is_extreme, **chosen(axis, keepdims), dtype=call(runtime.dtype_of, a))
        if initial is None:
            return is_extreme, None, ties
        # The result has rounded a bound of a longer dtype.
        is_bound = y == (initial if type(initial) in (int, float) else runtime_cast(initial, y))
        return is_extreme, is_bound, ties + is_bound

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        initial: Any,
        y: Any,
        *,
        axis: Any = None,
        keepdims: Any = False,
        where: Any = True,
    ) -> Any:
        is_extreme, is_bound, ties = Extreme._shares(a, initial, y, axis, keepdims, where)
        share = y_bar / ties
        a_bar = np.where(is_extreme, restore(share, a, axis, keepdims), 0)
        return a_bar, None if initial is None else sum_to(is_bound * share, initial)

    @staticmethod
    def pushforward(
        a_dot: Any,
        initial_dot: Any,
        a: Any,
        initial: Any,
        y: Any,
        *,
        axis: Any = None,
        keepdims: Any = False,
        where: Any = True,
    ) -> Any:
        is_extreme, is_bound, ties = Extreme._shares(a, initial, y, axis, keepdims, where)
        if a_dot is None:
            return is_bound * initial_dot / ties
        total = np.sum(np.where(is_extreme, a_dot, 0), **chosen(axis, keepdims))
        return (total if initial_dot is None else total + is_bound * initial_dot) / ties


# Products.


def _product_of_others(a: Any, axis: int) -> Any:
    """For each element the product of all others on the axis; no division, so zeros are right at every order."""
    first, last = along(axis, slice(1, None), a), along(axis, slice(None, -1), a)
    options: dict[str, Any] = {} if _rank(a) == 1 else {"axis": axis}
    before = put(np.ones_like(a), first, np.cumprod(a[last], **options))
    turned = np.cumprod(a[along(axis, slice(None, 0, -1), a)], **options)
    after = put(np.ones_like(a), last, turned[along(axis, slice(None, None, -1), a)])
    return before * after


def _flat(a: Any, axis: Any) -> tuple[Any, int]:
    """The array and the one axis that a product runs over."""
    if axis is None:
        return (a, 0) if rank(a) == 1 else (np.reshape(a, (-1,)), 0)
    return a, known(axis, "the axis")


def _shaped(x: Any, a: Any, axis: Any) -> Any:
    return x if axis is not None or rank(a) == 1 else np.reshape(x, np.shape(a))


@primitive(np.prod)
class Product:
    @staticmethod
    def _others(a: Any, initial: Any, axis: Any, where: Any) -> Any:
        """The partial derivatives. Over several axes: the others on the last, times the other products on the rest."""
        factors = a if where is True else np.where(where, a, 1)
        axes = axis if isinstance(axis, (tuple, list)) else (axis,)
        others = masked(Product._of_axes(factors, axes), where)
        return others if initial is None else others * initial

    @staticmethod
    def _of_axes(a: Any, axes: Any) -> Any:
        if not axes:
            return np.ones_like(a)
        *rest, last = axes
        others = _shaped(_product_of_others(*_flat(a, last)), a, last)
        if not rest:
            return others
        return others * Product._of_axes(np.prod(a, axis=last, keepdims=True), rest)

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        initial: Any,
        y: Any,
        *,
        axis: Any = None,
        dtype: Any = None,
        keepdims: Any = False,
        where: Any = True,
    ) -> Any:
        a_bar = restore(y_bar, a, axis, keepdims) * Product._others(a, initial, axis, where)
        if initial is None:
            return a_bar, None
        factor = np.prod(a, **chosen(axis, keepdims), **_where(where))
        return a_bar, sum_to(y_bar * factor, initial)

    @staticmethod
    def pushforward(
        a_dot: Any,
        initial_dot: Any,
        a: Any,
        initial: Any,
        y: Any,
        *,
        axis: Any = None,
        dtype: Any = None,
        keepdims: Any = False,
        where: Any = True,
    ) -> Any:
        y_dot = None
        if a_dot is not None:
            others = Product._others(a, initial, axis, where)
            y_dot = np.sum(a_dot * others, **chosen(axis, keepdims))
        if initial_dot is None:
            return y_dot
        term = initial_dot * np.prod(a, **chosen(axis, keepdims), **_where(where))
        return term if y_dot is None else y_dot + term


@primitive(np.cumprod)
class CumulativeProduct:
    """By the triangle of products of the first j elements without the k-th: n**2 numbers, right with zeros."""

    @staticmethod
    def _triangle(a: Any, axis: Any) -> tuple[Any, int]:
        flat, axis = _flat(a, axis)
        if rank(flat) == 1:
            row, n = flat, np.size(flat)
        else:
            row = np.moveaxis(flat, axis, -1)[..., None, :]
            n = np.shape(row)[-1]
        others = np.where(call(np.eye, n, dtype=bool), 1, row)
        return np.triu(np.cumprod(others, axis=-1)), axis

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, axis: Any = None, dtype: Any = None) -> Any:
        triangle, last = CumulativeProduct._triangle(a, axis)
        if rank(y_bar) == 1:
            flat_bar = triangle @ y_bar
        else:
            flat_bar = np.sum(triangle * np.moveaxis(y_bar, last, -1)[..., None, :], axis=-1)
        if axis is None or rank(a) == 1:
            return _shaped(flat_bar, a, axis)
        return np.moveaxis(flat_bar, -1, last)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, axis: Any = None, dtype: Any = None) -> Any:
        triangle, last = CumulativeProduct._triangle(a, axis)
        dot, _ = _flat(a_dot, axis)
        if rank(dot) == 1:
            return dot @ triangle
        y_dot = np.sum(triangle * np.moveaxis(dot, last, -1)[..., None], axis=-2)
        return y_dot if axis is None or rank(a) == 1 else np.moveaxis(y_dot, -1, last)


# Statistics.


def _centred(a: Any, axis: Any, where: Any, mean: Any) -> Any:
    """How far the elements are from their mean; 0 where a mask leaves them out."""
    if mean is None:
        mean = np.mean(a, **chosen(axis, axis is not None), **_where(where))
    return masked(a - mean, where)


def _freedom(a: Any, axis: Any, keepdims: Any, ddof: Any, correction: Any, where: Any) -> Any:
    less = ddof if correction is None else correction
    count = _count(a, axis, keepdims, where)
    return count - less if known(less, "ddof") else count


def _sum_of_moves(centred: Any, a_dot: Any, mean_dot: Any, axis: Any, keepdims: Any) -> Any:
    """The tangent of half the sum of squares."""
    if mean_dot is None:
        moves = a_dot
    else:
        moves = -mean_dot if a_dot is None else a_dot - mean_dot
    return real(np.sum(conj(centred) * moves, **chosen(axis, keepdims)))


class _Moments:
    """What np.var and np.std have in common: `slope` is that of the result by half the sum of squares, times a factor."""

    @staticmethod
    def slope(factor: Any, y: Any, n: Any) -> Any:
        raise NotImplementedError

    @classmethod
    def pullback(
        cls,
        y_bar: Any,
        a: Any,
        mean: Any,
        y: Any,
        *,
        axis: Any = None,
        dtype: Any = None,
        ddof: Any = 0,
        keepdims: Any = False,
        where: Any = True,
        correction: Any = None,
    ) -> Any:
        centred = _centred(a, axis, where, mean)
        n = _freedom(a, axis, keepdims, ddof, correction, where)
        a_bar = centred * restore(cls.slope(y_bar, y, n), a, axis, keepdims)
        return (a_bar, None) if mean is None else (sum_to(a_bar, a), sum_to(-a_bar, mean))

    @classmethod
    def pushforward(
        cls,
        a_dot: Any,
        mean_dot: Any,
        a: Any,
        mean: Any,
        y: Any,
        *,
        axis: Any = None,
        dtype: Any = None,
        ddof: Any = 0,
        keepdims: Any = False,
        where: Any = True,
        correction: Any = None,
    ) -> Any:
        centred = _centred(a, axis, where, mean)
        n = _freedom(a, axis, keepdims, ddof, correction, where)
        return cls.slope(_sum_of_moves(centred, a_dot, mean_dot, axis, keepdims), y, n)


@primitive(np.var, on_complex="given")
class Variance(_Moments):
    @staticmethod
    def slope(factor: Any, y: Any, n: Any) -> Any:
        return 2 * factor / n


@primitive(np.std, on_complex="given")
class Deviation(_Moments):
    """Where all elements are equal, 0 is a subgradient: no direction makes it smaller."""

    @staticmethod
    def slope(factor: Any, y: Any, n: Any) -> Any:
        return factor / (np.where(y == 0, 1, y) * n)


# Order.


def _at(arr: Any, indices: Any, axis: int) -> Any:
    """The index that takes `indices` along an axis, each from its own place on the others."""
    own = rank(arr)
    parts = []
    for one in range(own):
        i = call(np.arange, np.shape(arr)[one])
        parts.append(indices if one == axis else i[(slice(None), *(None,) * (own - 1 - one))])
    return tuple(parts) if own > 1 else indices


@linear(np.take_along_axis, wrt=(0,))
def take_along_axis(y_bar: Any, arr: Any, indices: Any, *, axis: Any = -1) -> Any:
    if axis is None:
        flat = np.zeros_like(arr) if rank(arr) == 1 else np.reshape(np.zeros_like(arr), (-1,))
        return _shaped(put_add(flat, indices, y_bar), arr, axis), None
    (axis,) = axes_of(axis, arr)
    return put_add(np.zeros_like(arr), _at(arr, indices, axis), y_bar), None


def _sorts(kind: Any, stable: Any) -> dict[str, Any]:
    return {k: v for k, v in (("kind", kind), ("stable", stable)) if v is not None}


def taken(x: Any, order: Any, axis: Any) -> Any:
    return x[order] if rank(x) == 1 else np.take_along_axis(x, order, axis=axis)


@primitive(np.sort, on_complex="given")
class Sorted:
    """By the permutation that sorts, and by its inverse, which sorts the permutation."""

    @staticmethod
    def pullback(
        y_bar: Any, a: Any, y: Any, *, axis: Any = -1, kind: Any = None, stable: Any = None
    ) -> Any:
        flat = np.reshape(a, (-1,)) if axis is None and rank(a) != 1 else a
        along = {} if axis in (None, -1) else {"axis": axis}
        order = np.argsort(flat, **along, **_sorts(kind, stable))
        a_bar = taken(y_bar, np.argsort(order, **along), axis)
        return _shaped(a_bar, a, axis)

    @staticmethod
    def pushforward(
        a_dot: Any, a: Any, y: Any, *, axis: Any = -1, kind: Any = None, stable: Any = None
    ) -> Any:
        if axis is None and rank(a) != 1:
            a, a_dot = np.reshape(a, (-1,)), np.reshape(a_dot, (-1,))
        along = {} if axis in (None, -1) else {"axis": axis}
        return taken(a_dot, np.argsort(a, **along, **_sorts(kind, stable)), axis)
