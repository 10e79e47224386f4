"""`np.logaddexp.reduce` and its like: the methods of every ufunc of two operands that has an elementwise rule.

Where NumPy has a function of its own for one (`np.add.reduce` is `np.sum` along the first axis), the parser takes that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcad.core.quote import call, put, put_add, rank, sum_to, written
from srcad.rules import elementwise as _elementwise  # noqa: F401 - the rules of the ufuncs
from srcad.rules.derived import derived
from srcad.rules.families import REGISTRY, Rule, constant, linear, primitive
from srcad.rules.linear import along, axes_of, known, restore
from srcad.rules.reductions import chosen, masked, take_along_axis, taken

__all__: list[str] = []


def _number(partial: Any, like: Any) -> Any:
    """A partial derivative in the shape of what it is by."""
    return np.zeros_like(like) + (0 if partial is None else partial)


def _last(x: Any, axis: int) -> Any:
    return x if rank(x) == 1 else np.moveaxis(x, axis, -1)


def _back(x: Any, axis: int) -> Any:
    return x if rank(x) == 1 else np.moveaxis(x, -1, axis)


# Associative ones, whose partial derivative by one operand is a function of that and of the result: so it is in a reduction, too.


def associative(ufunc: Any, rule: Rule) -> None:
    """`reduce` and `accumulate` of np.logaddexp and np.hypot."""

    def share(x: Any, y: Any) -> Any:
        return rule.pullback(x, x, y)[0]  # type: ignore[misc]

    @primitive(ufunc.reduce, memory="fresh")
    class Reduce:
        @staticmethod
        def _shares(array: Any, y: Any, axis: Any, keepdims: Any, where: Any) -> Any:
            whole = restore(y, array, axis, keepdims)
            kept = array if where is True else np.where(where, array, whole)
            return masked(share(kept, whole), where)

        @staticmethod
        def pullback(
            y_bar: Any,
            array: Any,
            initial: Any,
            y: Any,
            *,
            axis: Any = 0,
            dtype: Any = None,
            keepdims: Any = False,
            where: Any = True,
        ) -> Any:
            shares = Reduce._shares(array, y, axis, keepdims, where)
            a_bar = restore(y_bar, array, axis, keepdims) * shares
            return a_bar, None if initial is None else sum_to(y_bar * share(initial, y), initial)

        @staticmethod
        def pushforward(
            a_dot: Any,
            initial_dot: Any,
            array: Any,
            initial: Any,
            y: Any,
            *,
            axis: Any = 0,
            dtype: Any = None,
            keepdims: Any = False,
            where: Any = True,
        ) -> Any:
            y_dot = 0
            if a_dot is not None:
                shares = Reduce._shares(array, y, axis, keepdims, where)
                y_dot = np.sum(a_dot * shares, **chosen(axis, keepdims))
            return y_dot if initial_dot is None else y_dot + initial_dot * share(initial, y)

    def triangle(array: Any, y: Any, axis: int) -> Any:
        """The share that the element of a row has in the result of a column; nothing of what comes later."""
        a, y = _last(array, axis)[..., None], _last(y, axis)[..., None, :]
        later = call(np.tri, np.shape(a)[-2], k=-1, dtype=bool)
        return np.triu(share(np.where(later, y, a), y))

    _accumulation(ufunc, triangle)


def _accumulation(ufunc: Any, triangle: Any) -> None:
    """The rule of `accumulate`, by the derivatives of the results (columns) by the elements (rows)."""

    @primitive(ufunc.accumulate, memory="fresh")
    class Accumulate:
        """n**2 numbers, right where a product would be divided by zero, or a sum cancel."""

        @staticmethod
        def pullback(y_bar: Any, array: Any, y: Any, *, axis: Any = 0, dtype: Any = None) -> Any:
            axis = known(axis, "the axis")
            by_column = _last(y_bar, axis)[..., None, :]
            return _back(np.sum(triangle(array, y, axis) * by_column, axis=-1), axis)

        @staticmethod
        def pushforward(a_dot: Any, array: Any, y: Any, *, axis: Any = 0, dtype: Any = None) -> Any:
            axis = known(axis, "the axis")
            by_row = _last(a_dot, axis)[..., None]
            return _back(np.sum(triangle(array, y, axis) * by_row, axis=-2), axis)


# All others, by the chain of the steps: y_k = f(y_{k-1}, a_k).


def sequential(ufunc: Any, rule: Rule) -> None:
    """`reduce` and `accumulate` of np.power, np.arctan2 and the like."""

    def steps(a: Any, y: Any, axis: int) -> tuple[Any, Any]:
        """The partial derivatives of each step by the result before, and by its element; of the first 1."""
        first, last = along(axis, slice(1, None), a), along(axis, slice(None, -1), a)
        by_before, by_element = rule.pullback(y[last], a[first], y[first])  # type: ignore[misc]
        ones = np.ones_like(a)
        by_before = put(ones, first, _number(by_before, a[first]))
        return by_before, put(ones, first, _number(by_element, a[first]))

    def triangle(array: Any, y: Any, axis: int) -> Any:
        """What comes of a step of a row in the result of a column: the product of the steps between."""
        by_before, by_element = steps(_last(array, axis), _last(y, axis), -1)
        done = call(np.tri, np.shape(by_before)[-1], dtype=bool)
        between = np.where(done, 1, by_before[..., None, :])
        return by_element[..., None] * np.triu(np.cumprod(between, axis=-1))

    _accumulation(ufunc, triangle)
    if ufunc is np.power:
        return  # NumPy leaves elements out where they are float64 (2.2, 2.4)

    @primitive(ufunc.reduce, memory="fresh")
    class Reduce:
        @staticmethod
        def _partials(array: Any, axis: Any) -> Any:
            (axis,) = axes_of(axis, array)
            by_before, by_element = steps(array, call(ufunc.accumulate, array, axis=axis), axis)
            first, last = along(axis, slice(1, None), array), along(axis, slice(None, -1), array)
            back = along(axis, slice(None, None, -1), array)
            options: dict[str, Any] = {} if rank(array) == 1 else {"axis": axis}
            behind = np.cumprod(by_before[first][back], **options)[back]
            return by_element * put(np.ones_like(array), last, behind)

        @staticmethod
        def pullback(
            y_bar: Any,
            array: Any,
            y: Any,
            *,
            axis: Any = 0,
            dtype: Any = None,
            keepdims: Any = False,
        ) -> Any:
            return restore(y_bar, array, axis, keepdims) * Reduce._partials(array, axis)

        @staticmethod
        def pushforward(
            a_dot: Any,
            array: Any,
            y: Any,
            *,
            axis: Any = 0,
            dtype: Any = None,
            keepdims: Any = False,
        ) -> Any:
            return np.sum(a_dot * Reduce._partials(array, axis), **chosen(axis, keepdims))


def running_extreme(ufunc: Any) -> None:
    """`np.maximum.accumulate`: what stands at the last record so far; of ties the latest."""

    def records(array: Any, y: Any, axis: Any) -> Any:
        (axis,) = axes_of(axis, array)
        i = call(np.arange, np.shape(array)[axis])
        i = i[(slice(None), *(None,) * (rank(array) - 1 - axis))] if rank(array) > 1 else i
        return call(np.maximum.accumulate, np.where(array == y, i, 0), axis=axis)

    @primitive(ufunc.accumulate, memory="fresh")
    class Accumulate:
        @staticmethod
        def pullback(y_bar: Any, array: Any, y: Any, *, axis: Any = 0, dtype: Any = None) -> Any:
            return take_along_axis(y_bar, array, records(array, y, axis), axis=axis)[0]

        @staticmethod
        def pushforward(a_dot: Any, array: Any, y: Any, *, axis: Any = 0, dtype: Any = None) -> Any:
            return taken(a_dot, records(array, y, axis), axis)


# Definitions.


@derived(np.subtract.reduce, memory="fresh")
def subtract_reduce(array: Any, *, axis: Any = 0, dtype: Any = None, keepdims: Any = False) -> Any:
    (axis,) = axes_of(axis, array)
    first = array[along(axis, slice(None, 1) if keepdims else 0, array)]
    return first - np.sum(array[along(axis, slice(1, None), array)], **chosen(axis, keepdims))


@derived(np.divide.reduce, memory="fresh")
def divide_reduce(array: Any, *, axis: Any = 0, dtype: Any = None, keepdims: Any = False) -> Any:
    (axis,) = axes_of(axis, array)
    first = array[along(axis, slice(None, 1) if keepdims else 0, array)]
    return first / np.prod(array[along(axis, slice(1, None), array)], **chosen(axis, keepdims))


@derived(np.subtract.accumulate, memory="fresh")
def subtract_accumulate(array: Any, *, axis: Any = 0, dtype: Any = None) -> Any:
    (axis,) = axes_of(axis, array)
    rest = along(axis, slice(1, None), array)
    return np.cumsum(put(array, rest, -array[rest]), axis=axis)


@derived(np.divide.accumulate, memory="fresh")
def divide_accumulate(array: Any, *, axis: Any = 0, dtype: Any = None) -> Any:
    (axis,) = axes_of(axis, array)
    rest = along(axis, slice(1, None), array)
    return np.cumprod(put(array, rest, 1 / array[rest]), axis=axis)


def outer(ufunc: Any) -> None:
    """`np.add.outer(a, b)` is `a[:, None] + b`."""

    @derived(ufunc.outer, memory="fresh")
    def pairs(A: Any, B: Any, *, dtype: Any = None) -> Any:
        if rank(A) == rank(B) == 1 and ufunc is np.multiply:
            return np.outer(A, B)
        if rank(A) and rank(B):
            A = A[(Ellipsis, *(None,) * rank(B))]
        return call(ufunc, A, B)


# Segments: a[i[k]:i[k + 1]], or a[i[k]] alone where that is empty.


def _lengths(array: Any, indices: Any, axis: int) -> tuple[Any, Any]:
    """Where the segments begin, and how long they are."""
    begins = written(array, np.asarray, indices) if isinstance(indices, (tuple, list)) else indices
    ends = call(np.append, begins[1:], np.shape(array)[axis])
    return begins, np.maximum(ends - begins, 1)


@linear(np.add.reduceat, wrt=(0,), memory="fresh")
def add_reduceat(y_bar: Any, array: Any, indices: Any, *, axis: Any = 0, dtype: Any = None) -> Any:
    """Each element of a segment gets the cotangent of its sum."""
    (axis,) = axes_of(axis, array)
    begins, lengths = _lengths(array, indices, axis)
    segment = np.repeat(call(np.arange, np.size(begins)), lengths)
    before = np.cumsum(lengths) - lengths
    places = call(np.arange, np.size(segment)) + (begins - before)[segment]
    of_each = y_bar[along(axis, segment, y_bar)]
    return put_add(np.zeros_like(array), along(axis, places, array), of_each), None


def segments(ufunc: Any, reduce: Any) -> None:
    """`reduceat` of what has a mask: the segments side by side, as long as the longest."""

    @derived(ufunc.reduceat, wrt=(0,), memory="fresh")
    def reduceat(array: Any, indices: Any, *, axis: Any = 0, dtype: Any = None) -> Any:
        (axis,) = axes_of(axis, array)
        begins, lengths = _lengths(array, indices, axis)
        step = call(np.arange, np.max(lengths))
        inside = step < lengths[:, None]
        places = np.where(inside, begins[:, None] + step, 0)
        rows = array[along(axis, places, array)]
        behind = rank(array) - axis - 1
        mask = inside[(slice(None), slice(None), *(None,) * behind)] if behind else inside
        return reduce(rows, axis=axis + 1, where=mask)


# The table.

_ASSOCIATIVE = {np.logaddexp, np.logaddexp2, np.hypot}
_EXTREMES = {np.maximum, np.minimum, np.fmax, np.fmin}
_BY_NUMPY = {np.add, np.multiply, np.subtract, np.divide}

for _function, _rule in [*REGISTRY.items()]:
    if not isinstance(_function, np.ufunc) or _function.signature is not None:
        continue
    if _function.nin != 2 or _function.nout != 1:
        continue
    if _rule.family == "constant":
        constant(_function.outer, reason=_rule.reason)
        constant(_function.reduce, _function.accumulate, reason=_rule.reason)
    elif _rule.family == "elementwise":
        outer(_function)
        if _function in _ASSOCIATIVE:
            associative(_function, _rule)
        elif _function in _EXTREMES:
            running_extreme(_function)
        elif _function not in _BY_NUMPY:
            sequential(_function, _rule)

segments(np.multiply, np.prod)
segments(np.maximum, lambda x, **options: np.max(x, **options, initial=-math.inf))
segments(np.minimum, lambda x, **options: np.min(x, **options, initial=math.inf))
segments(np.logaddexp, lambda x, **options: call(np.logaddexp.reduce, x, **options))
