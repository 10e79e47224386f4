"""Discrete Fourier transforms.

A transform is a symmetric matrix F of roots of unity, times a scale. The adjoint of F is its conjugate: n times the inverse,
which is the inverse with the scale on the other side, `np.fft.ifft(y_bar, norm="forward")`. What `n` cuts off or fills up with
zeros comes back as zeros, or is cut off. (Cotangents are those of `srcad.rules.complex`.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad import runtime
from srcad.core.quote import call, conj, may_be_complex, put, rank, real, sizes, written
from srcad.core.types import Size
from srcad.rules.derived import derived
from srcad.rules.families import linear, primitive
from srcad.rules.linear import known

__all__: list[str] = []

# The scale on the other side.
_OTHER = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _options(norm: Any, **given: Any) -> dict[str, Any]:
    """The options of a transform that are not the defaults."""
    defaults = {"axis": -1, "s": None}
    found = {key: value for key, value in given.items() if value != defaults.get(key, ())}
    return found if norm in (None, "backward") else {**found, "norm": norm}


def _back(norm: Any) -> Any:
    return _OTHER[known(norm, "the norm")]


def _axis(axis: Any, x: Any) -> int:
    return int(known(axis, "the axis")) % rank(x)


def _fitted(x_bar: Any, x: Any, counts: dict[int, Any]) -> Any:
    """The cotangent of axes that were cut or filled up to these numbers of elements first."""
    counts = {
        axis: n
        for axis, n in counts.items()
        if n is not None and not _equal(_size(x_bar, axis), _size(x, axis))
    }
    if not counts:
        return x_bar
    last = max(counts)
    axes = range(last + 1)
    from_ = tuple(slice(np.shape(x)[one]) if one in counts else slice(None) for one in axes)
    to = tuple(slice(counts[one]) if one in counts else slice(None) for one in axes)
    kept = x_bar[from_ if last else from_[0]]
    kept = kept if may_be_complex(x) else real(kept)
    return put(np.zeros_like(x), to if last else to[0], kept)


def _size(x: Any, axis: int) -> Any:
    found = sizes(x)
    return None if found is None else found[axis]


def _equal(a: Any, b: Any) -> bool:
    """Whether two symbolic sizes are one."""
    return isinstance(a, Size) and isinstance(b, Size) and a[:2] == b[:2]


# One axis.


@linear(np.fft.fft, memory="fresh")
def fft(y_bar: Any, a: Any, *, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    x_bar = np.fft.ifft(y_bar, **_options(_back(norm), axis=axis))
    return _fitted(x_bar, a, {_axis(axis, a): n})


@linear(np.fft.ifft, memory="fresh")
def ifft(y_bar: Any, a: Any, *, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    x_bar = np.fft.fft(y_bar, **_options(_back(norm), axis=axis))
    return _fitted(x_bar, a, {_axis(axis, a): n})


@linear(np.fft.rfft, memory="fresh")
def rfft(y_bar: Any, a: Any, *, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    """The half of a spectrum that is not computed has no cotangent: `n=` fills it up with zeros."""
    place = _axis(axis, a)
    count = np.shape(a)[place] if n is None else n
    x_bar = real(np.fft.ifft(y_bar, n=count, **_options(_back(norm), axis=axis)))
    return _fitted(x_bar, a, {place: n})


@linear(np.fft.irfft, memory="fresh")
def irfft(y_bar: Any, a: Any, *, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    """All of the half spectrum but its ends counts twice, for the half that is not there."""
    place = _axis(axis, a)
    half = np.fft.rfft(y_bar, **_options(_back(norm), axis=axis))
    count = np.shape(y_bar)[place]
    k = written(y_bar, np.arange, count // 2 + 1)
    is_end = (k == 0) | (2 * k == count)
    behind = rank(a) - 1 - place
    is_end = is_end[(slice(None), *(None,) * behind)] if behind else is_end
    a_bar = np.where(is_end, half, 2 * half)
    a_bar = a_bar if may_be_complex(a) else call(runtime.cast, real(a_bar), a)
    return _fitted(a_bar, a, {place: None if n is None else count // 2 + 1})


@derived(np.fft.hfft, linear=True, memory="fresh")
def hfft(a: Any, *, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    given = {} if n is None else {"n": n}
    return np.fft.irfft(conj(a), **given, **_options(_back(norm), axis=axis))


@derived(np.fft.ihfft, linear=True, memory="fresh")
def ihfft(a: Any, *, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    given = {} if n is None else {"n": n}
    return call(np.conjugate, np.fft.rfft(a, **given, **_options(_back(norm), axis=axis)))


# Several axes.


def _axes(axes: Any, s: Any, x: Any) -> tuple[int, ...]:
    """The axes of a transform, from the left."""
    if axes is None:
        axes = range(-(rank(x) if s is None else len(s)), 0)
    return tuple(_axis(axis, x) for axis in axes)


def _is_whole(n: Any) -> bool:
    """Whether a number of elements stands for all of the axis."""
    return n is None or (isinstance(n, int) and n == -1)


def _of_several(forward: Any, backward: Any, default: Any) -> None:
    @linear(forward, memory="fresh")
    def transform(
        y_bar: Any, a: Any, *, s: Any = None, axes: Any = default, norm: Any = None
    ) -> Any:
        options = _options(_back(norm)) if axes == default else _options(_back(norm), axes=axes)
        if s is not None and axes is None:
            options["axes"] = _axes(axes, s, a)
        x_bar = backward(y_bar, **options)
        counts = {} if s is None else dict(zip(_axes(axes, s, a), s))
        return _fitted(x_bar, a, {axis: n for axis, n in counts.items() if not _is_whole(n)})


_of_several(np.fft.fft2, np.fft.ifft2, (-2, -1))
_of_several(np.fft.ifft2, np.fft.fft2, (-2, -1))
_of_several(np.fft.fftn, np.fft.ifftn, None)
_of_several(np.fft.ifftn, np.fft.fftn, None)


def _half_of_several(forward: Any, backward: Any, inverse: Any, default: Any) -> None:
    def unhalved(
        y_bar: Any, a: Any, *, s: Any = None, axes: Any = default, norm: Any = None
    ) -> Any:
        places = _axes(axes, s, a)
        if s is not None or len(set(places)) < len(places):
            return NotImplemented
        shape = tuple(np.shape(a)[axis] for axis in places)
        where = {} if axes is not None and axes == default else {"axes": places}
        return real(inverse(y_bar, s=shape, **where, **_options(_back(norm))))

    @derived(forward, linear=True, memory="fresh", pullback=unhalved)
    def transform(a: Any, *, s: Any = None, axes: Any = default, norm: Any = None) -> Any:
        *others, last = _axes(axes, s, a)
        counts = (
            [None] * (len(others) + 1) if s is None else [None if _is_whole(n) else n for n in s]
        )
        a = np.fft.rfft(a, n=counts[-1], axis=last, norm=norm)
        for axis, n in list(zip(others, counts))[::-1]:
            a = np.fft.fft(a, n=n, axis=axis, norm=norm)
        return a

    @derived(backward, linear=True, memory="fresh")
    def transform_back(a: Any, *, s: Any = None, axes: Any = default, norm: Any = None) -> Any:
        *others, last = _axes(axes, s, a)
        counts = (
            [None] * (len(others) + 1) if s is None else [None if _is_whole(n) else n for n in s]
        )
        for axis, n in zip(others, counts):
            a = np.fft.ifft(a, n=n, axis=axis, norm=norm)
        return np.fft.irfft(a, n=counts[-1], axis=last, norm=norm)


_half_of_several(np.fft.rfft2, np.fft.irfft2, np.fft.ifft2, (-2, -1))
_half_of_several(np.fft.rfftn, np.fft.irfftn, np.fft.ifftn, None)


# The order of frequencies.


def _shifted(function: Any, back: Any, up: bool) -> None:
    def turned(y_bar: Any, x: Any, *, axes: Any = None) -> Any:
        return back(y_bar) if axes is None else back(y_bar, axes)

    @derived(function, linear=True, memory="fresh", pullback=turned)
    def shift(x: Any, *, axes: Any = None) -> Any:
        if axes is None:
            axes = tuple(range(rank(x)))
        axes = axes if isinstance(axes, (tuple, list)) else (axes,)
        halves = [np.shape(x)[axis] // 2 for axis in axes]
        return np.roll(x, tuple(half if up else -half for half in halves), tuple(axes))


_shifted(np.fft.fftshift, np.fft.ifftshift, True)
_shifted(np.fft.ifftshift, np.fft.fftshift, False)


@primitive(np.fft.fftfreq, np.fft.rfftfreq, wrt=(1,), memory="fresh")
class Frequencies:
    """Multiples of 1 / (n d)."""

    @staticmethod
    def pullback(y_bar: Any, n: Any, d: Any, y: Any) -> Any:
        return None, -np.sum(y_bar * y) / d

    @staticmethod
    def pushforward(n_dot: Any, d_dot: Any, n: Any, d: Any, y: Any) -> Any:
        return -y * d_dot / d
