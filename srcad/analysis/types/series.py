"""Polynomials, and Fourier transforms."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from srcad.analysis.types.asking import operand_type, with_shape
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    Exact,
    Opaque,
    Tree,
    Unknown,
    as_given,
    axis_in,
    exactly,
    fresh_size,
    integer_known,
    known_shape,
    product_of,
    sum_of,
)
from srcad.core.types import Dim, Type, less


def _polynomial_value(function: Callable[..., Any], x: Tree, c: Tree, tensor: Tree = True) -> Type:
    """numpy.polynomial: the axes of the coefficients but the first, then those of the points."""
    at, type_ = operand_type(x), operand_type(c)
    if not tensor and len(known_shape(type_)) > 1:
        raise Unknown
    shape = known_shape(type_)[1:] + known_shape(at)
    first = type_._replace(shape=(2,))
    kind = "scalar" if at.rank == 0 else "array"
    found = with_shape(function, shape, at._replace(shape=(2,)), first, probe=True)
    return found if shape else found._replace(kind=kind)


def _one_more(degree: Tree) -> Dim:
    """The number of coefficients."""
    count = integer_known(degree)
    return as_given(
        count + 1 if isinstance(count, int) else count._replace(offset=count.offset + 1)
    )


def _polynomial_powers(function: Callable[..., Any], x: Tree, deg: Tree) -> Type:
    at = operand_type(x)
    shape = (*(known_shape(at) or (1,)), _one_more(deg))
    return with_shape(function, shape, at._replace(shape=(2,)), probe=True, deg=1)


def _polynomial_change(
    sign: int,
    function: Callable[..., Any],
    c: Tree,
    m: Tree = 1,
    *rest: Tree,
    axis: Tree = 0,
    **more: Tree,
) -> Type:
    """The derivative has a coefficient less for each order, but one at least; the integral one more."""
    type_ = operand_type(c)
    shape = list(known_shape(type_))
    place, order = axis_in(axis, len(shape)), operator.index(m)
    if sign < 0 and order:
        size = shape[place]
        known = isinstance(size, int)
        shape[place] = max(size - order, 1) if known else fresh_size()  # type: ignore[operator]
    elif order:
        shape[place] = sum_of((shape[place], order))
    return with_shape(function, tuple(shape), type_._replace(shape=(2,)), probe=True)


@handles(np.polyfit)
def _polynomial_fit(
    function: Callable[..., Any], x: Tree, y: Tree, deg: Tree, *rest: Tree, **more: Tree
) -> Type:
    if more.get("full") or more.get("cov") or rest or len(known_shape(operand_type(y))) != 1:
        raise Unknown
    points, values = operand_type(x), operand_type(y)
    dtype = (
        np.result_type(points.dtype, values.dtype, 1.0) if points.dtype and values.dtype else None
    )
    name = None if dtype is None or dtype.name not in ("float64", "complex128") else dtype.name
    return Type("array", name, (_one_more(deg),))


@handles(np.poly)
def _monic(function: Any, seq_of_zeros: Tree) -> Type:
    type_ = operand_type(seq_of_zeros)
    (count,) = known_shape(type_)
    real = type_.dtype in ("float64", "float32", "float16")
    return Type("array", type_.dtype if real else None, (sum_of((count, 1)),))


def _half(size: Dim) -> Dim:
    """The number of elements of half a spectrum: `n // 2 + 1`."""
    if isinstance(size, int):
        return size // 2 + 1
    count = exactly(size)
    assert isinstance(count, Exact)
    return as_given(Exact(Opaque("floordiv", Exact(count.key, count.offset), 2), 1))


def _whole(size: Dim) -> Dim:
    return product_of((2, less(size, 1)))


def _fourier(
    change: str,
    function: Callable[..., Any],
    a: Tree,
    n: Tree = None,
    axis: Tree = -1,
    norm: Tree = None,
) -> Type:
    """A transform of one axis; `change` says what becomes of its size: "same", "half" or "whole"."""
    type_ = operand_type(a)
    shape = list(known_shape(type_))
    place = axis_in(axis, len(shape))
    size = shape[place] if n is None else as_given(integer_known(n))
    if change == "half":
        size = _half(size)
    elif change == "whole" and n is None:
        size = _whole(size)
    shape[place] = size
    return with_shape(function, tuple(shape), type_._replace(shape=(2,)), probe=True)


def _fourier_of_several(
    default: Any,
    function: Callable[..., Any],
    a: Tree,
    s: Tree = None,
    axes: Tree = None,
    norm: Tree = None,
) -> Type:
    type_ = operand_type(a)
    shape = list(known_shape(type_))
    if axes is None:
        axes = default or tuple(range(-(len(shape) if s is None else len(s)), 0))
    places = [axis_in(axis, len(shape)) for axis in axes]
    for place, count in zip(places, s or ()):
        if not (type(count) is int and count == -1):
            shape[place] = as_given(integer_known(count))
    return with_shape(function, tuple(shape), type_._replace(shape=(2,) * len(shape)))


@handles(np.fft.fftfreq, np.fft.rfftfreq)
def _frequencies(function: Any, n: Tree, d: Tree = 1.0) -> Type:
    size = as_given(integer_known(n))
    return Type("array", "float64", (_half(size) if function is np.fft.rfftfreq else size,))


handles(*(getattr(np.fft, name) for name in ("fft", "ifft")))(partial(_fourier, "same"))
handles(np.fft.rfft)(partial(_fourier, "half"))
handles(np.fft.irfft)(partial(_fourier, "whole"))
for _name in ("fft", "ifft"):
    handles(getattr(np.fft, f"{_name}2"))(partial(_fourier_of_several, (-2, -1)))
    handles(getattr(np.fft, f"{_name}n"))(partial(_fourier_of_several, None))

_BASES = {
    "polynomial": "poly",
    "chebyshev": "cheb",
    "legendre": "leg",
    "hermite": "herm",
    "hermite_e": "herme",
    "laguerre": "lag",
}
for _module, _prefix in _BASES.items():
    for _name, _handler in (
        ("val", _polynomial_value),
        ("vander", _polynomial_powers),
        ("der", partial(_polynomial_change, -1)),
        ("int", partial(_polynomial_change, 1)),
        ("fit", _polynomial_fit),
    ):
        handles(getattr(getattr(np.polynomial, _module), _prefix + _name))(_handler)
