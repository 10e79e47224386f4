"""Polynomials and Fourier transforms over a leading axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.core.nodes import Let
from srcad.vectorizer.operations.table import handles, shifted

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


_BASES = {
    "polynomial": "poly",
    "chebyshev": "cheb",
    "legendre": "leg",
    "hermite": "herm",
    "hermite_e": "herme",
    "laguerre": "lag",
}


def _of_bases(name: str) -> list[Any]:
    """What each of the bases of numpy.polynomial has under a name."""
    return [getattr(getattr(np.polynomial, home), prefix + name) for home, prefix in _BASES.items()]


@handles(*_of_bases("vander"))
def powers(b: Batch, let: Let) -> Any:
    """A number's are a row of a matrix."""
    (x,), options = b.bound(let)
    return b.again(let.op, b.get(x) if b.rank(x) else b.lift(x, 1), **options)


@handles(*_of_bases("der"))
def coefficients(b: Batch, let: Let) -> Any:
    """Along the first axis, with the batch's as the last: one of NumPy's functions forgets another `axis=`."""
    (c,), options = b.bound(let)
    if options.get("axis"):
        options["axis"] %= b.rank(c)
    last = b.emit(np.moveaxis, b.get(c), source=0, destination=-1)
    made = b.again(let.op, last, **options)
    return b.emit(np.moveaxis, made, source=-1, destination=0)


@handles(*(getattr(np.fft, name) for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")))
def fourier(b: Batch, let: Let) -> Any:
    """Along the last axis, if no other is given."""
    (a,), options = b.bound(let)
    if "axis" in options:
        options["axis"] = shifted(b, options["axis"])
    return b.again(let.op, b.get(a), **options)


@handles(
    *(getattr(np.fft, f"{name}{n}") for name in ("fft", "ifft", "rfft", "irfft") for n in "2n")
)
def fourier_of_several(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    axes = options.pop("axes", None)
    if axes is None and let.op.function.__name__.endswith("n"):
        axes = tuple(range(-(b.rank(a) if options.get("s") is None else len(options["s"])), 0))
    where = {} if axes is None else {"axes": shifted(b, tuple(axes))}
    return b.again(let.op, b.get(a), **options, **where)
