"""scipy.fft: Fourier transforms, which are NumPy's, and cosine and sine transforms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import fft

from srcad.core.quote import call, rank, written
from srcad.rules.derived import derived
from srcad.rules.families import constant, linear
from srcad.rules.linear import known, runtime_cast
from srcad.rules.refused import refused
from srcad.rules.scipy import having

__all__: list[str] = []


def _one_axis(ours: Any, theirs: Any) -> None:
    @derived(ours, linear=True, memory="fresh")
    def transform(
        x: Any,
        *,
        n: Any = None,
        axis: Any = -1,
        norm: Any = None,
        workers: Any = None,
        plan: Any = None,
    ) -> Any:
        return theirs(x, n=n, axis=axis, norm=norm)


def _several_axes(ours: Any, theirs: Any, default: Any) -> None:
    @derived(ours, linear=True, memory="fresh")
    def transform(
        x: Any,
        *,
        s: Any = None,
        axes: Any = default,
        norm: Any = None,
        workers: Any = None,
        plan: Any = None,
    ) -> Any:
        if s is not None and axes is None:
            axes = tuple(range(-len(s), 0))
        return theirs(x, s=s, axes=axes, norm=norm)


for _name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
    _one_axis(getattr(fft, _name), getattr(np.fft, _name))
for _name in ("fft", "ifft", "rfft", "irfft"):
    _several_axes(getattr(fft, f"{_name}2"), getattr(np.fft, f"{_name}2"), (-2, -1))
    _several_axes(getattr(fft, f"{_name}n"), getattr(np.fft, f"{_name}n"), None)


@derived(fft.fftshift, linear=True, memory="fresh")
def fftshift(x: Any, *, axes: Any = None) -> Any:
    return np.fft.fftshift(x, axes=axes)


@derived(fft.ifftshift, linear=True, memory="fresh")
def ifftshift(x: Any, *, axes: Any = None) -> Any:
    return np.fft.ifftshift(x, axes=axes)


# Cosine and sine transforms. With norm="ortho" they are orthogonal: the transpose is the inverse. Without, type 2 scales
# the results of that, type 3 its operands, and type 4 all alike: by sqrt(2 n), one of them by sqrt(2) more or less.


def _cosine(ours: Any, inverse: Any, first: bool, backwards: bool) -> None:
    """`first`: it is the first of them that is scaled otherwise, not the last; `backwards`: it is an inverse itself."""

    @linear(ours, along="axis", memory="fresh")
    def transform(
        y_bar: Any,
        x: Any,
        *,
        type: Any = 2,
        n: Any = None,
        axis: Any = -1,
        norm: Any = None,
        workers: Any = None,
        orthogonalize: Any = None,
    ) -> Any:
        if known(type, "the type") not in (2, 3, 4) or n is not None or orthogonalize is not None:
            raise NotImplementedError("types 2, 3 and 4 are, of as many elements as there are")
        if known(norm, "the norm") not in (None, "ortho", "backward"):
            raise NotImplementedError(f"norm={norm!r}; use norm='ortho'")
        options = {} if type == 2 else {"type": type}
        options |= {} if axis == -1 else {"axis": axis}
        if norm == "ortho":
            return call(inverse, y_bar, **options, norm="ortho")
        place = axis % rank(x)
        count = np.shape(x)[place]
        scale = (2 * count) ** 0.5
        if type != 4:
            k = written(y_bar, np.arange, count)
            special = k == 0 if first else k == count - 1
            scale = scale * np.where(special, math.sqrt(2 if type == 2 else 0.5), 1.0)
            behind = rank(x) - 1 - place
            scale = scale[(slice(None), *(None,) * behind)] if behind else scale
        before = (type == 2) != backwards  # what is scaled is the result

        def weighted(z: Any) -> Any:
            return runtime_cast(z / scale if backwards else z * scale, z)

        if before:
            return call(inverse, weighted(y_bar), **options, norm="ortho")
        return weighted(call(inverse, y_bar, **options, norm="ortho"))


_cosine(fft.dct, fft.idct, True, False)
_cosine(fft.idct, fft.dct, True, True)
_cosine(fft.dst, fft.idst, False, False)
_cosine(fft.idst, fft.dst, False, True)

constant(
    *having(fft, "next_fast_len prev_fast_len get_workers fhtoffset"),
    reason="a whole number, or one that depends on parameters alone",
)
refused(
    *having(fft, "hfft2 ihfft2 hfftn ihfftn dctn idctn dstn idstn fht ifht"),
    reason="there is no rule for it",
    rewrite="Transform one axis after the other (dct, fft); a Hankel transform is written with fft.",
)
refused(
    *having(fft, "set_backend skip_backend set_global_backend register_backend set_workers"),
    reason="it changes how transforms are computed",
    rewrite="Choose outside of the function.",
)
refused(
    *having(fft, "fftfreq rfftfreq"),
    reason="NumPy's has a rule",
    rewrite="Use np.fft.fftfreq and np.fft.rfftfreq.",
)
