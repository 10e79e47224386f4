"""Functions whose derivative is neither elementwise nor a product: an explicit pushforward and pullback each."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad import runtime
from srcad.core.quote import call, rank
from srcad.rules.families import primitive
from srcad.rules.linear import along, count_of, known, restore

__all__: list[str] = []


def _options(axis: Any, keepdims: Any) -> dict[str, Any]:
    """The options of a reduction as they are given: those that differ from the defaults."""
    given = {} if axis is None else {"axis": axis}
    return {**given, "keepdims": True} if keepdims else given


# Extremes.


@primitive(np.max, np.amax, np.min, np.amin)
class Extreme:
    """Ties share evenly."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
        is_extreme = a == restore(y, a, axis, keepdims)
        ties = np.sum(is_extreme, **_options(axis, keepdims), dtype=call(runtime.dtype_of, a))
        return is_extreme * restore(y_bar / ties, a, axis, keepdims)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
        is_extreme = a == restore(y, a, axis, keepdims)
        ties = np.sum(is_extreme, **_options(axis, keepdims), dtype=call(runtime.dtype_of, a))
        return np.sum(is_extreme * a_dot, **_options(axis, keepdims)) / ties


# Products.


def _product_of_others(a: Any, axis: int) -> Any:
    """For each element the product of all others on the axis; no division, so zeros are right at every order."""
    options: dict[str, Any] = {"axis": axis} if axis else {}
    one = np.ones_like(a[along(axis, slice(None, 1), a)])
    before = np.concatenate((one, a[along(axis, slice(None, -1), a)]), **options)
    after = np.concatenate((one, a[along(axis, slice(None, 0, -1), a)]), **options)
    before, after = np.cumprod(before, axis), np.cumprod(after, axis)
    return before * after[along(axis, slice(None, None, -1), a)]


def _flat(a: Any, axis: Any) -> tuple[Any, int]:
    """The array and the one axis that a product runs over."""
    if axis is None:
        return (a, 0) if rank(a) == 1 else (np.reshape(a, (-1,)), 0)
    if isinstance(axis, (tuple, list)):
        if len(axis) != 1:
            raise NotImplementedError(
                "np.prod over several axes; take one after the other, or reshape first"
            )
        (axis,) = axis
    return a, known(axis, "the axis")


def _shaped(x: Any, a: Any, axis: Any) -> Any:
    return x if axis is not None or rank(a) == 1 else np.reshape(x, np.shape(a))


@primitive(np.prod)
class Product:
    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
        others = _shaped(_product_of_others(*_flat(a, axis)), a, axis)
        return restore(y_bar, a, axis, keepdims) * others

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
        others = _shaped(_product_of_others(*_flat(a, axis)), a, axis)
        return np.sum(a_dot * others, **_options(axis, keepdims))


@primitive(np.cumprod)
class CumulativeProduct:
    """By the triangle of products of the first j elements without the k-th: n**2 numbers, right with zeros."""

    @staticmethod
    def _triangle(a: Any, axis: Any) -> tuple[Any, int]:
        flat, axis = _flat(a, axis)
        flat = flat if rank(flat) == 1 else np.moveaxis(flat, axis, -1)
        n = np.shape(flat)[-1]
        without = np.where(call(np.eye, n, dtype=bool), 1, flat[..., None, :])
        return np.triu(np.cumprod(without, axis=-1)), axis

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, axis: Any = None) -> Any:
        triangle, last = CumulativeProduct._triangle(a, axis)
        y_bar = y_bar if rank(y_bar) == 1 else np.moveaxis(y_bar, last, -1)
        flat_bar = np.sum(triangle * y_bar[..., None, :], axis=-1)
        if axis is None or rank(a) == 1:
            return _shaped(flat_bar, a, axis)
        return np.moveaxis(flat_bar, -1, last)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, axis: Any = None) -> Any:
        triangle, last = CumulativeProduct._triangle(a, axis)
        dot, _ = _flat(a_dot, axis)
        dot = dot if rank(dot) == 1 else np.moveaxis(dot, last, -1)
        y_dot = np.sum(triangle * dot[..., None], axis=-2)
        return y_dot if axis is None or rank(a) == 1 else np.moveaxis(y_dot, -1, last)


# Order.


@primitive(np.sort)
class Sorted:
    """By the permutation that sorts, and by its inverse, which sorts the permutation."""

    @staticmethod
    def _order(a: Any, axis: Any) -> Any:
        if rank(a) != 1:
            raise NotImplementedError(
                "np.sort of more than one axis; sort a row at a time, or index by np.argsort"
            )
        return np.argsort(a)

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, axis: Any = -1) -> Any:
        return y_bar[np.argsort(Sorted._order(a, axis))]

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, axis: Any = -1) -> Any:
        return a_dot[Sorted._order(a, axis)]


# Statistics.


def _freedom(a: Any, axis: Any, ddof: Any) -> Any:
    return count_of(a, axis) - ddof if known(ddof, "ddof") else count_of(a, axis)


@primitive(np.var)
class Variance:
    @staticmethod
    def pullback(
        y_bar: Any, a: Any, y: Any, *, axis: Any = None, ddof: Any = 0, keepdims: Any = False
    ) -> Any:
        centred = a - np.mean(a, **_options(axis, axis is not None))
        return centred * restore(2 * y_bar / (_freedom(a, axis, ddof)), a, axis, keepdims)

    @staticmethod
    def pushforward(
        a_dot: Any, a: Any, y: Any, *, axis: Any = None, ddof: Any = 0, keepdims: Any = False
    ) -> Any:
        centred = a - np.mean(a, **_options(axis, axis is not None))
        return 2 * np.sum(centred * a_dot, **_options(axis, keepdims)) / (_freedom(a, axis, ddof))


@primitive(np.std)
class Deviation:
    """Where all elements are equal there is no derivative: 0 / 0 is NaN."""

    @staticmethod
    def pullback(
        y_bar: Any, a: Any, y: Any, *, axis: Any = None, ddof: Any = 0, keepdims: Any = False
    ) -> Any:
        centred = a - np.mean(a, **_options(axis, axis is not None))
        return centred * restore(y_bar / (y * (_freedom(a, axis, ddof))), a, axis, keepdims)

    @staticmethod
    def pushforward(
        a_dot: Any, a: Any, y: Any, *, axis: Any = None, ddof: Any = 0, keepdims: Any = False
    ) -> Any:
        centred = a - np.mean(a, **_options(axis, axis is not None))
        return np.sum(centred * a_dot, **_options(axis, keepdims)) / (y * (_freedom(a, axis, ddof)))


# Linear algebra. The formulas are those of M. B. Giles, "Collected matrix derivative results for forward and
# reverse mode algorithmic differentiation" (2008).


@primitive(np.linalg.norm)
class Norm:
    """The 2-norm of vectors, the Frobenius norm of matrices. At 0 there is no derivative: 0 / 0 is NaN."""

    @staticmethod
    def _check(x: Any, ord: Any, axis: Any) -> None:
        axes = 1 if isinstance(axis, int) else rank(x) if axis is None else len(axis)
        if not (ord is None or (ord == 2 and axes == 1) or (ord == "fro" and axes == 2)):
            raise NotImplementedError(
                f"np.linalg.norm with ord={ord!r} over {axes} axes; write the norm out"
            )

    @staticmethod
    def pullback(
        y_bar: Any, x: Any, y: Any, *, ord: Any = None, axis: Any = None, keepdims: Any = False
    ) -> Any:
        Norm._check(x, ord, axis)
        return x * restore(y_bar / y, x, axis, keepdims)

    @staticmethod
    def pushforward(
        x_dot: Any, x: Any, y: Any, *, ord: Any = None, axis: Any = None, keepdims: Any = False
    ) -> Any:
        Norm._check(x, ord, axis)
        return np.sum(x * x_dot, **_options(axis, keepdims)) / y


def _swapped(x: Any) -> Any:
    return x.T if rank(x) == 2 else np.swapaxes(x, -1, -2)


@primitive(np.linalg.solve, broadcasts=True)
class Solve:
    """Giles 2008, 2.3.1: b_bar = solve(a.T, y_bar), a_bar = -b_bar @ y.T."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, b: Any, y: Any) -> Any:
        if rank(b) != 1:
            b_bar = np.linalg.solve(_swapped(a), y_bar)
            return -b_bar @ _swapped(y), b_bar
        if rank(a) == 2:
            b_bar = np.linalg.solve(a.T, y_bar)
            return -np.outer(b_bar, y), b_bar
        b_bar = np.linalg.solve(_swapped(a), y_bar[..., None])[..., 0]
        return -b_bar[..., None] * y[..., None, :], b_bar

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, a: Any, b: Any, y: Any) -> Any:
        if rank(b) == 1 and rank(a) > 2:  # a stack of matrices against one vector
            right = -a_dot @ y[..., None] if a_dot is not None else 0
            return np.linalg.solve(a, right if b_dot is None else b_dot[:, None] + right)[..., 0]
        if a_dot is None:
            return np.linalg.solve(a, b_dot)
        return np.linalg.solve(a, -a_dot @ y if b_dot is None else b_dot - a_dot @ y)


@primitive(np.linalg.inv)
class Inverse:
    """Giles 2008, 2.2.3."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any) -> Any:
        return -_swapped(y) @ y_bar @ _swapped(y)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
        return -y @ a_dot @ y


@primitive(np.linalg.det)
class Determinant:
    """Giles 2008, 2.2.4. A singular matrix has a derivative, but not by this formula: it raises LinAlgError."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any) -> Any:
        scale = y_bar * y if rank(a) == 2 else (y_bar * y)[..., None, None]
        return scale * _swapped(np.linalg.inv(a))

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
        return y * np.sum(_swapped(np.linalg.inv(a)) * a_dot, axis=(-2, -1))
