"""What the rules of matrices share. Leading axes are stacks of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Let
from srcad.core.quote import Symbol, call, conj, may_be_complex, rank, real, sizes

__all__ = [
    "as_column",
    "as_row",
    "check_phase",
    "diagonal_of",
    "entry",
    "folded",
    "h",
    "halved",
    "inverse_gaps",
    "is_square",
    "mirrored",
    "no_taller",
    "real_diagonal_of",
    "refuse",
    "require",
    "sizes_of",
    "swapped",
    "unit_like",
]


def swapped(x: Any) -> Any:
    return x.T if rank(x) == 2 else np.swapaxes(x, -1, -2)


def h(x: Any) -> Any:
    """The conjugate transpose."""
    return conj(swapped(x))


def as_row(w: Any) -> Any:
    """A vector as a row: it scales columns."""
    return w if rank(w) == 1 else w[..., None, :]


def as_column(w: Any) -> Any:
    """A vector as a column: it scales rows."""
    return w[:, None] if rank(w) == 1 else w[..., None]


def entry(s: Any, place: int) -> Any:
    return s[place] if rank(s) == 1 else s[..., place]


def unit_like(w: Any) -> Any:
    """The unit matrix for vectors of this size and dtype."""
    dtype = w.value.type.dtype if isinstance(w, Symbol) else w.dtype
    options = {} if dtype == "float64" else {"dtype": w.dtype}
    return call(np.eye, w.shape[-1], **options)


def diagonal_of(x: Any) -> Any:
    return np.diagonal(x) if rank(x) == 2 else np.diagonal(x, axis1=-2, axis2=-1)


def real_diagonal_of(x: Any) -> Any:
    return real(diagonal_of(x))


def mirrored(a: Any, lower: bool) -> Any:
    """The Hermitian matrix of which one triangle is read."""
    triangle, rest = (np.tril(a), np.tril(a, -1)) if lower else (np.triu(a), np.triu(a, 1))
    return (rest + _real_part(a) if may_be_complex(a) else triangle) + h(rest)


def folded(g: Any, lower: bool) -> Any:
    """The transpose of `mirrored`: both triangles together, in the one that is read."""
    other = np.triu(g, 1) if lower else np.tril(g, -1)
    if may_be_complex(g):
        return (np.tril(g, -1) if lower else np.triu(g, 1)) + _real_part(g) + h(other)
    return (np.tril(g) if lower else np.triu(g)) + h(other)


def _real_part(x: Any) -> Any:
    """The real part of the diagonal, as a matrix."""
    return np.tril(np.triu(real(x)))


def halved(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    return 0.5 * (np.tril(x) + np.tril(x, -1))


def inverse_gaps(w: Any, eye: Any) -> Any:
    """1 / (w_j - w_i), and 0 on the diagonal."""
    return 1 / (as_row(w) - as_column(w) + eye) - eye


def is_square(a: Any) -> bool:
    """Whether matrices are proven square."""
    m, n = sizes_of(a)
    return no_taller(m, n) and no_taller(n, m)


def sizes_of(a: Any) -> tuple[Any, Any]:
    found = sizes(a)
    return (None, None) if found is None else (found[-2], found[-1])


def no_taller(a: Any, b: Any) -> bool:
    """Whether the size `a` is proven at most `b`."""
    return (isinstance(a, int) and isinstance(b, int) and a <= b) or (
        isinstance(a, tuple) and isinstance(b, tuple) and a[:2] == b[:2]
    )


def require(a: Any, *, wide: bool, what: str) -> None:
    """Refuse, here or when the text runs, matrices with more rows than columns (`wide`), or fewer."""
    m, n = sizes_of(a) if wide else sizes_of(a)[::-1]
    if no_taller(m, n):
        return
    message = f"{what}, which no derivative determines; ask for the reduced form"
    if isinstance(m, int) and isinstance(n, int):
        raise NotImplementedError(message)
    rows, columns = a.shape[-2], a.shape[-1]
    refuse(rows > columns if wide else columns > rows, message)


def refuse(wrong: Any, message: str) -> None:
    """Let the text raise where a condition holds; where it is known already, raise."""
    if isinstance(wrong, Symbol):
        builder = wrong.builder
        raised = (wrong.value, "ValueError", message)
        builder.add(Let(None, ops.raise_if, raised, (), builder.origin))
    elif wrong:
        raise NotImplementedError(message)


def check_phase(slope: Any, *bars: Any) -> None:
    """Let the text raise where the phase of complex vectors matters: its slope is the imaginary part of these numbers."""
    largest: Any = sum(np.sum(np.abs(bar)) for bar in bars if bar is not None)
    wrong = np.sum(np.abs(np.imag(slope))) > 1e-4 * largest
    refuse(wrong, "the phase of complex vectors is arbitrary, and the function depends on it")
