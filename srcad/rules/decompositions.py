"""Matrices taken apart, and what is computed by that. Leading axes are stacks of matrices.

Sources: M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions with application in
optimum experimental design" (2010); I. Murray, "Differentiation of the Cholesky decomposition" (2016); M. Seeger et
al., "Auto-differentiating linear algebra" (2017); J. Townsend, "Differentiating the singular value decomposition"
(2016); G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses" (1973).

Where NumPy reads one triangle of a matrix, so does the derivative: it is zero on the other one. Symmetric gradients are those
of a function of `(a + a.T) / 2`. Vectors that belong to equal eigenvalues or singular values have no derivative: they
may turn, and the formulas divide by 0. Equal values alone need no such quotients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Let
from srcad.core.quote import (
    Symbol,
    call,
    conj,
    imag,
    may_be_complex,
    put,
    put_add,
    rank,
    real,
    sizes,
    wants,
)
from srcad.rules.derived import derived, formulas
from srcad.rules.families import constant, primitive, rule_of
from srcad.rules.linear import known

__all__: list[str] = []


# Matrices.


def _t(x: Any) -> Any:
    return x.T if rank(x) == 2 else np.swapaxes(x, -1, -2)


def _h(x: Any) -> Any:
    """The conjugate transpose."""
    return conj(_t(x))


def _row(w: Any) -> Any:
    """A vector as a row: it scales columns."""
    return w if rank(w) == 1 else w[..., None, :]


def _column(w: Any) -> Any:
    """A vector as a column: it scales rows."""
    return w[:, None] if rank(w) == 1 else w[..., None]


def _at(s: Any, place: int) -> Any:
    return s[place] if rank(s) == 1 else s[..., place]


def _eye(w: Any) -> Any:
    """The unit matrix for vectors of this size and dtype."""
    dtype = w.value.type.dtype if isinstance(w, Symbol) else w.dtype
    options = {} if dtype == "float64" else {"dtype": w.dtype}
    return call(np.eye, w.shape[-1], **options)


def _diagonal(x: Any) -> Any:
    return np.diagonal(x) if rank(x) == 2 else np.diagonal(x, axis1=-2, axis2=-1)


def _real_diagonal(x: Any) -> Any:
    return real(_diagonal(x))


def _mirrored(a: Any, lower: bool) -> Any:
    """The Hermitian matrix of which one triangle is read."""
    triangle, rest = (np.tril(a), np.tril(a, -1)) if lower else (np.triu(a), np.triu(a, 1))
    return (rest + _real_part(a) if may_be_complex(a) else triangle) + _h(rest)


def _folded(g: Any, lower: bool) -> Any:
    """The transpose of `_mirrored`: both triangles together, in the one that is read."""
    other = np.triu(g, 1) if lower else np.tril(g, -1)
    if may_be_complex(g):
        return (np.tril(g, -1) if lower else np.triu(g, 1)) + _real_part(g) + _h(other)
    return (np.tril(g) if lower else np.triu(g)) + _h(other)


def _real_part(x: Any) -> Any:
    """The real part of the diagonal, as a matrix."""
    return np.tril(np.triu(real(x)))


def _halved(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    return 0.5 * (np.tril(x) + np.tril(x, -1))


def _inverse_gaps(w: Any, eye: Any) -> Any:
    """1 / (w_j - w_i), and 0 on the diagonal."""
    return 1 / (_row(w) - _column(w) + eye) - eye


def _is_square(a: Any) -> bool:
    """Whether matrices are proven square."""
    m, n = _sizes(a)
    return _no_taller(m, n) and _no_taller(n, m)


def _sizes(a: Any) -> tuple[Any, Any]:
    found = sizes(a)
    return (None, None) if found is None else (found[-2], found[-1])


def _no_taller(a: Any, b: Any) -> bool:
    """Whether the size `a` is proven at most `b`."""
    return (isinstance(a, int) and isinstance(b, int) and a <= b) or (
        isinstance(a, tuple) and isinstance(b, tuple) and a[:2] == b[:2]
    )


def _require(a: Any, *, wide: bool, what: str) -> None:
    """Refuse, here or when the text runs, matrices with more rows than columns (`wide`), or fewer."""
    m, n = _sizes(a) if wide else _sizes(a)[::-1]
    if _no_taller(m, n):
        return
    message = f"{what}, which no derivative determines; ask for the reduced form"
    if isinstance(m, int) and isinstance(n, int):
        raise NotImplementedError(message)
    rows, columns = a.shape[-2], a.shape[-1]
    _refuse(rows > columns if wide else columns > rows, message)


def _refuse(wrong: Any, message: str) -> None:
    """Let the text raise where a condition holds; where it is known already, raise."""
    if isinstance(wrong, Symbol):
        builder = wrong.builder
        raised = (wrong.value, "ValueError", message)
        builder.add(Let(None, ops.raise_if, raised, (), builder.origin))
    elif wrong:
        raise NotImplementedError(message)


def _check_phase(slope: Any, *bars: Any) -> None:
    """Let the text raise where the phase of complex vectors matters: its slope is the imaginary part of these numbers."""
    largest: Any = sum(np.sum(np.abs(bar)) for bar in bars if bar is not None)
    wrong = np.sum(np.abs(np.imag(slope))) > 1e-4 * largest
    _refuse(wrong, "the phase of complex vectors is arbitrary, and the function depends on it")


# Symmetric matrices.


@primitive(np.linalg.eigh, signature="(n,n)->(n),(n,n)", on_complex="given")
class Eigh:
    """Giles 2008, 3.1: V (diag(w_bar) + (V^H V_bar) / (w_j - w_i)) V^H.

    Complex vectors have any phase: the text raises where a function depends on it.
    """

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, UPLO: Any = "L") -> Any:
        (w_bar, v_bar), (w, v) = y_bar, y
        if v_bar is None:
            return _folded((v * _row(w_bar)) @ _h(v), UPLO.upper() == "L")
        eye = _eye(w)
        inner = _h(v) @ v_bar
        if may_be_complex(a):
            _check_phase(_diagonal(inner), v_bar)
        inner = _inverse_gaps(w, eye) * inner
        if w_bar is not None:
            inner = inner + _row(w_bar) * eye
        return _folded(v @ inner @ _h(v), UPLO.upper() == "L")

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, UPLO: Any = "L") -> Any:
        w, v = y
        inner = _h(v) @ _mirrored(a_dot, UPLO.upper() == "L") @ v
        v_dot = v @ (_inverse_gaps(w, _eye(w)) * inner) if wants(1) else None
        return _real_diagonal(inner), v_dot


@primitive(np.linalg.eig, signature="(n,n)->(n),(n,n)", on_complex="given")
class Eig:
    """Giles 2008, 3.1, with vectors of length 1 whose largest component is real, as LAPACK makes them.

    W = V^-1 A_dot V / (w_j - w_i);  V_dot = V W - V diag(Re V^H V W), turned back so that the largest component stays real.
    """

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any) -> Any:
        (w_bar, v_bar), (w, v) = y_bar, y
        if v_bar is None:
            return np.linalg.solve(_h(v), _column(w_bar) * _h(v))
        eye = _eye(w)
        v_bar = v_bar - 1j * _pivots(v) * _row(np.sum(real(conj(v_bar) * 1j * v), axis=-2))
        inner = _h(v) @ v_bar
        inner = inner - (_h(v) @ v) * _row(real(_diagonal(inner)))
        inner = conj(_inverse_gaps(w, eye)) * inner
        if w_bar is not None:
            inner = inner + _row(w_bar) * eye
        return np.linalg.solve(_h(v), inner @ _h(v))

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
        w, v = y
        moved = np.linalg.solve(v, a_dot @ v)
        v_dot = None
        if wants(1):
            v_dot = v @ (_inverse_gaps(w, _eye(w)) * moved)
            v_dot = v_dot - v * _row(real(np.sum(conj(v) * v_dot, axis=-2)))
            v_dot = v_dot - 1j * v * _row(np.sum(imag(v_dot) * _pivots(v), axis=-2))
        return _diagonal(moved), v_dot


def _pivots(v: Any) -> Any:
    """One over the largest component of each column, which is real, at its place; else 0."""
    size = np.abs(v) * (np.imag(v) == 0)
    largest = call(np.arange, v.shape[-1])[:, None] == np.argmax(size, axis=-2)[..., None, :]
    return np.where(largest, 1 / np.where(largest, real(v), 1), 0)


@derived(np.linalg.eigvals, signature="(n,n)->(n)")
def eigvals(a: Any) -> Any:
    return np.linalg.eig(a)[0]


@derived(np.linalg.eigvalsh, signature="(n,n)->(n)")
def eigvalsh(a: Any, *, UPLO: Any = "L") -> Any:
    """Of equal eigenvalues, functions of which the order does not matter are differentiable."""
    return np.linalg.eigh(a, **({} if UPLO == "L" else {"UPLO": UPLO}))[0]


@primitive(np.linalg.cholesky, signature="(n,n)->(n,n)", on_complex="given")
class Cholesky:
    """Murray 2016, equations 8 and 9, P(X) being the lower triangle with half the diagonal: L_dot = L P(L^-1 A_dot L^-H)."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, upper: Any = False) -> Any:
        factor, factor_bar = (_h(y), _h(y_bar)) if upper else (y, y_bar)
        inner = _halved(_h(factor) @ factor_bar)
        # L^-H inner L^-1
        a_bar = np.linalg.solve(_h(factor), _h(np.linalg.solve(_h(factor), _h(inner))))
        a_bar = _halved(a_bar + _h(a_bar))
        return _h(a_bar) if upper else a_bar

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, upper: Any = False) -> Any:
        factor = _h(y) if upper else y
        moved = _mirrored(a_dot, not upper)
        inner = np.linalg.solve(factor, _h(np.linalg.solve(factor, moved)))
        y_dot = factor @ _halved(inner)
        return _h(y_dot) if upper else y_dot


# Determinants.


@primitive(np.linalg.slogdet, signature="(n,n)->(),()", on_complex="given")
class LogDeterminant:
    """Giles 2008, 2.2.4: of t = tr(A^-1 A_dot) the real part belongs to the logarithm, and the imaginary one turns the sign."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any) -> Any:
        (sign_bar, scale), (sign, _) = y_bar, y
        if sign_bar is not None and may_be_complex(sign):
            turn = 1j * imag(sign_bar * conj(sign))
            scale = turn if scale is None else scale + turn
        if scale is None:
            return np.zeros_like(a)
        return (scale if rank(a) == 2 else scale[..., None, None]) * _h(np.linalg.inv(a))

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
        moved = np.sum(_t(np.linalg.inv(a)) * a_dot, axis=(-2, -1))
        sign_dot = 1j * imag(moved) * y[0] if may_be_complex(a) and wants(0) else None
        return sign_dot, real(moved)


# Orthogonal factors.


@primitive(np.linalg.qr, on_complex="given")
class QR:
    """Walter and Lehmann 2010; Q_dot = Q W + (1 - Q Q^H) C, R_dot = Q^H A_dot - W R, with C = X_dot U^-1 of the leading square
    part U of R and the columns X of A that belong to it, and W the antisymmetric matrix with the lower triangle of Q^H C."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, mode: Any = "reduced") -> Any:
        if mode == "r":
            return _triangle[0](y_bar, a, y)
        (q_bar, r_bar), (q, r) = y_bar, y
        m, n = _sizes(a)
        if mode == "complete" and not _no_taller(m, n):
            if q_bar is not None:
                _require(a, wide=True, what="`Q` has columns beyond those of the matrix")
            else:
                q, r = np.linalg.qr(a)
                r_bar = r_bar[..., : q.shape[-1], :]
        elif mode not in ("reduced", "complete"):
            raise NotImplementedError(f"np.linalg.qr with mode={mode!r}; use mode='reduced'")
        lead = _Leading(a, q)
        inner = -r_bar @ _h(r) if r_bar is not None else 0
        if q_bar is not None:
            projected = _h(q) @ q_bar
            inner = projected + inner if r_bar is not None else projected
        turned = _halved(inner - _h(inner)) if may_be_complex(a) else np.tril(inner - _h(inner))
        if q_bar is None:
            c_bar = q @ turned
        else:
            c_bar = q_bar + q @ (turned - projected)
        x_bar = _h(np.linalg.solve(lead.of(r), _h(c_bar)))
        rest = None if r_bar is None else q @ r_bar
        return lead.added(x_bar, rest)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, mode: Any = "reduced") -> Any:
        if mode == "r":
            return _triangle[1](a_dot, a, y)
        if mode not in ("reduced", "complete"):
            raise NotImplementedError(f"np.linalg.qr with mode={mode!r}; use mode='reduced'")
        q, r = y
        m, n = _sizes(a)
        below = None
        if mode == "complete" and not _no_taller(m, n):
            if wants(0):
                _require(a, wide=True, what="`Q` has columns beyond those of the matrix")
            else:
                below = np.zeros_like(r)
                q, r = np.linalg.qr(a)
        lead = _Leading(a, q)
        c = _h(np.linalg.solve(_h(lead.of(r)), _h(lead.of(a_dot))))
        inner = _h(q) @ c
        lower = np.tril(inner, -1)
        turned = lower - _h(lower)
        if may_be_complex(a):
            turned = turned + 1j * np.imag(np.triu(np.tril(inner)))
        r_dot = _h(q) @ a_dot - turned @ r
        if below is not None:
            return None, put(below, (Ellipsis, slice(None, q.shape[-1]), slice(None)), r_dot)
        return q @ (turned - inner) + c if wants(0) else None, r_dot


_triangle = formulas(lambda a: np.linalg.qr(a)[1])


class _Leading:
    """The leading columns of a matrix, as many as it has orthogonal ones."""

    def __init__(self, a: Any, q: Any) -> None:
        m, n = _sizes(a)
        self.a = a
        self.all = _no_taller(n, m)
        self.index = (Ellipsis, slice(None, None if self.all else q.shape[-1]))

    def of(self, x: Any) -> Any:
        return x if self.all else x[self.index]

    def added(self, x_bar: Any, rest: Any) -> Any:
        """A cotangent of the leading columns, and one of all."""
        if self.all:
            return x_bar if rest is None else rest + x_bar
        return put_add(np.zeros_like(self.a) if rest is None else rest, self.index, x_bar)


@primitive(np.linalg.svd, on_complex="given")
class SVD:
    """Townsend 2016. Where a singular value is 0, its vectors have no derivative, and the value has two one-sided ones.

    Complex vectors have any phase, one for both sides: the text raises where a function depends on it.
    """

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        y: Any,
        *,
        full_matrices: Any = True,
        compute_uv: Any = True,
        hermitian: Any = False,
    ) -> Any:
        if hermitian:  # which is square, and of which the lower triangle is read
            if not compute_uv:
                y_bar, y = (None, y_bar, None), np.linalg.svd(a, hermitian=True)
            return _folded(SVD.pullback(y_bar, a, y, full_matrices=False), True)
        if not compute_uv:
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            return (u * _row(y_bar)) @ vh
        (u_bar, s_bar, vh_bar), (u, s, vh) = y_bar, y
        if u_bar is None and vh_bar is None:
            if full_matrices and not _is_square(a):
                u, _, vh = np.linalg.svd(a, full_matrices=False)
            return (u * _row(s_bar)) @ vh
        if full_matrices and not _is_square(a):
            if u_bar is None or vh_bar is None:
                return _pulled_from_one_side(a, u, s, vh, *y_bar)
            _require(a, wide=True, what=_TOO_MANY)
            _require(a, wide=False, what=_TOO_MANY)
        eye = _eye(s)
        gaps = _inverse_gaps(s**2, eye)
        m, n = _sizes(a)
        inner = rest = slope = 0
        if u_bar is not None:
            turn = _h(u) @ u_bar
            slope = _diagonal(turn) if may_be_complex(a) else 0
            inner = gaps * (turn - _h(turn)) * _row(s)
            if may_be_complex(a):
                inner = inner + eye * (turn - _h(turn)) / _row(2 * s)
            if not full_matrices and not _no_taller(m, n):
                rest = rest + ((u_bar - u @ turn) / _row(s)) @ vh
        if vh_bar is not None:
            turn = vh @ _h(vh_bar)
            slope = slope + _diagonal(turn) if may_be_complex(a) else 0
            inner = inner + _column(s) * (gaps * (turn - _h(turn)))
            if not full_matrices and not _no_taller(n, m):
                rest = rest + (u / _row(s)) @ (vh_bar - _h(turn) @ vh)
        if may_be_complex(a):
            _check_phase(slope, u_bar, vh_bar)
        if s_bar is not None:
            inner = inner + _row(s_bar) * eye
        return u @ inner @ vh + rest

    @staticmethod
    def pushforward(
        a_dot: Any,
        a: Any,
        y: Any,
        *,
        full_matrices: Any = True,
        compute_uv: Any = True,
        hermitian: Any = False,
    ) -> Any:
        if hermitian:
            moved = _mirrored(a_dot, True)
            if compute_uv:
                return SVD.pushforward(moved, a, y, full_matrices=False)
            u, _, vh = np.linalg.svd(a, hermitian=True)
            return _real_diagonal(_h(u) @ moved @ _h(vh))
        if not compute_uv:
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            return _real_diagonal(_h(u) @ a_dot @ _h(vh))
        u, s, vh = y
        if not (wants(0) or wants(2)):
            if full_matrices and not _is_square(a):
                u, _, vh = np.linalg.svd(a, full_matrices=False)
            return None, _real_diagonal(_h(u) @ a_dot @ _h(vh)), None
        if full_matrices and not _is_square(a):
            if not (wants(0) and wants(2)):
                return _pushed_to_one_side(a_dot, a, u, s, vh)
            _require(a, wide=True, what=_TOO_MANY)
            _require(a, wide=False, what=_TOO_MANY)
        moved = _h(u) @ a_dot @ _h(vh)
        s_dot = _real_diagonal(moved)
        u_dot = vh_dot = None
        m, n = _sizes(a)
        eye = _eye(s)
        gaps = _inverse_gaps(s**2, eye)
        scaled, mirrored = moved * _row(s), _h(moved) * _row(s)
        if wants(0):
            turn = gaps * (scaled + _h(scaled))
            if may_be_complex(a):
                turn = turn + eye * (moved - _h(moved)) / _row(2 * s)
            u_dot = u @ turn
            if not full_matrices and not _no_taller(m, n):
                u_dot = u_dot + (a_dot @ _h(vh) - u @ moved) / _row(s)
        if wants(2):
            vh_dot = -(gaps * (mirrored + _h(mirrored))) @ vh
            if not full_matrices and not _no_taller(n, m):
                vh_dot = vh_dot + (_h(u) @ a_dot - moved @ vh) / _column(s)
        return u_dot, s_dot, vh_dot


_TOO_MANY = "a matrix of this shape has singular vectors that belong to no singular value"


def _pulled_from_one_side(
    a: Any, u: Any, s: Any, vh: Any, u_bar: Any, s_bar: Any, vh_bar: Any
) -> Any:
    """Where the left (or right) vectors alone are read, and may be as many as there are rows: with V^H = U^H A / s."""
    left = u_bar is not None
    _require(a, wide=left, what=_TOO_MANY)
    v, v_bar = (u, u_bar) if left else (_h(vh), _h(vh_bar))
    eye = _eye(s)
    turn = _h(v) @ v_bar
    if may_be_complex(a):
        _check_phase(_diagonal(turn), v_bar)
    inner = _inverse_gaps(s**2, eye) * (turn - _h(turn))
    if s_bar is not None:
        inner = inner + _row(s_bar / s) * eye
    both = v @ inner @ _h(v)
    return both @ a if left else a @ both


def _pushed_to_one_side(a_dot: Any, a: Any, u: Any, s: Any, vh: Any) -> Any:
    left = wants(0)
    _require(a, wide=left, what=_TOO_MANY)
    v = u if left else _h(vh)
    moved = _h(v) @ (a_dot @ _h(a) if left else _h(a_dot) @ a) @ v
    v_dot = v @ (_inverse_gaps(s**2, _eye(s)) * (moved + _h(moved)))
    s_dot = _real_diagonal(moved) / s if wants(1) else None
    return (v_dot, s_dot, None) if left else (None, s_dot, _h(v_dot))


@derived(np.linalg.svdvals)
def svdvals(x: Any) -> Any:
    return np.linalg.svd(x, compute_uv=False)


# Inverses of what has none, and systems of equations.


@primitive(np.linalg.pinv, signature="(m,n)->(n,m)", on_complex="given")
class PseudoInverse:
    """Golub and Pereyra 1973, for matrices whose rank does not change."""

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        y: Any,
        *,
        rcond: Any = None,
        hermitian: Any = False,
        rtol: Any = None,
    ) -> Any:
        if hermitian:
            return _folded(PseudoInverse.pullback(y_bar, _mirrored(a, True), y), True)
        across, turned = _h(y), _h(y_bar)
        beside = turned - a @ (y @ turned)  # what is orthogonal to the columns of a
        a_bar = -across @ y_bar @ across + beside @ y @ across
        return a_bar + across @ y @ (turned - (turned @ y) @ a)

    @staticmethod
    def pushforward(
        a_dot: Any,
        a: Any,
        y: Any,
        *,
        rcond: Any = None,
        hermitian: Any = False,
        rtol: Any = None,
    ) -> Any:
        if hermitian:
            return PseudoInverse.pushforward(_mirrored(a_dot, True), _mirrored(a, True), y)
        across, turned = _h(y), _h(a_dot)
        y_dot = -y @ a_dot @ y + y @ across @ (turned - (turned @ a) @ y)
        return y_dot + (turned - y @ (a @ turned)) @ across @ y


@primitive(np.linalg.lstsq, on_complex="given")
class LeastSquares:
    """As `pinv(a) @ b`, of constant rank (Golub and Pereyra 1973): by a residual, not by the inverse of a square."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, b: Any, y: Any, *, rcond: Any = None) -> Any:
        (x_bar, squares_bar, _, s_bar), (x, squares, *_) = y_bar, y
        a_bar: Any = 0
        b_bar: Any = 0
        column = rank(b) == 1
        if x_bar is not None or squares_bar is not None:
            rest = b - a @ x
        if x_bar is not None:
            inverse = np.linalg.pinv(a, **_cut(rcond))
            b_bar = _h(inverse) @ x_bar
            beside = x_bar - inverse @ (a @ x_bar)
            a_bar = _outer(rest, inverse @ b_bar, column) - _outer(b_bar, x, column)
            a_bar = a_bar + _outer(_h(inverse) @ x, beside, column)
        if squares_bar is not None and sizes(squares) != (0,):
            if column:  # there may be none: their sum is 0
                moved = 2 * np.sum(squares_bar) * rest
            else:
                if not isinstance((sizes(squares) or (None,))[0], int):
                    _refuse(squares.size == 0, "there are no residuals of such a matrix")
                moved = 2 * squares_bar * rest
            a_bar, b_bar = a_bar - _outer(moved, x, column), b_bar + moved
        if s_bar is not None:
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            a_bar = a_bar + (u * s_bar) @ vh
        return tuple(
            np.zeros_like(x) if type(bar) is int else bar for x, bar in ((a, a_bar), (b, b_bar))
        )

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, a: Any, b: Any, y: Any, *, rcond: Any = None) -> Any:
        x = y[0]
        rest = b - a @ x
        moved = 0 if b_dot is None else b_dot
        if a_dot is not None:
            moved = moved - a_dot @ x
        inverse = np.linalg.pinv(a, **_cut(rcond))
        x_dot = squares_dot = s_dot = None
        if wants(0):
            x_dot = inverse @ moved
            if a_dot is not None:
                turned = _h(a_dot) @ (_h(inverse) @ x)
                x_dot = x_dot + inverse @ (_h(inverse) @ (_h(a_dot) @ rest))
                x_dot = x_dot + (turned - inverse @ (a @ turned))
        if wants(1) and sizes(y[1]) == (0,):
            squares_dot = np.zeros_like(y[1])
        elif wants(1):
            products = real(2 * conj(rest) * moved)
            options: dict[str, Any] = {"keepdims": True} if rank(b) == 1 else {}
            squares_dot = np.sum(products, axis=0, **options)
        if wants(3) and a_dot is not None:
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            s_dot = _real_diagonal(_h(u) @ a_dot @ _h(vh))
        return x_dot, squares_dot, None, s_dot


def _least_squares(a: Any, b: Any, *, rcond: Any = None) -> Any:
    """For stacks, which NumPy's does not take: there may be no residuals, and the rank may differ."""
    solution = np.linalg.pinv(a, **_cut(rcond)) @ b
    return solution, None, None, np.linalg.svd(a, compute_uv=False)


rule_of(np.linalg.lstsq).definition = _least_squares  # type: ignore[union-attr]


def _cut(rcond: Any) -> dict[str, Any]:
    """What `lstsq` leaves out as small, in words of `pinv`."""
    return {"rtol": None} if rcond is None else {"rcond": rcond}


def _outer(u: Any, v: Any, column: bool) -> Any:
    return np.outer(u, conj(v)) if column else u @ _h(v)


@derived(np.linalg.matrix_power)
def matrix_power(a: Any, *, n: Any) -> Any:
    n = known(n, "n")
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 0:
        return 0 * a + call(np.eye, a.shape[-1], dtype=a.dtype)
    power = None
    while n:
        if n % 2:
            power = a if power is None else power @ a
        n //= 2
        a = a @ a if n else a
    return power


@derived(np.linalg.multi_dot)
def multi_dot(arrays: Any) -> Any:
    product, *others = arrays
    for other in others:
        product = product @ other
    return product


@derived(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, *, axes: Any = None) -> Any:
    count = rank(a)
    if axes is not None:
        last = [known(axis, "axes") % count for axis in axes]
        a = np.transpose(a, [i for i in range(count) if i not in last] + last)
    shape = a.shape[rank(b) :] if count != rank(b) else ()
    matrix = np.reshape(a, (b.size, b.size))
    return np.reshape(np.linalg.solve(matrix, np.reshape(b, (-1,))), shape)


@derived(np.linalg.tensorinv)
def tensorinv(a: Any, *, ind: Any = 2) -> Any:
    ind = known(ind, "ind")
    front = [a.shape[i] for i in range(ind)]
    back = [a.shape[i] for i in range(ind, rank(a))]
    size = 1
    for one in front:
        size = size * one
    inverse = np.linalg.inv(np.reshape(a, (size, size)))
    return np.reshape(inverse, (*back, *front))


# Norms.


@derived(np.linalg.cond)
def cond(x: Any, *, p: Any = None) -> Any:
    """Where the matrix is singular it is infinite, and has no derivative."""
    if p in (None, 2, -2):
        s = np.linalg.svd(x, compute_uv=False)
        return _at(s, -1) / _at(s, 0) if p == -2 else _at(s, 0) / _at(s, -1)
    options = {"ord": p, "axis": (-2, -1)}
    return np.linalg.norm(x, **options) * np.linalg.norm(np.linalg.inv(x), **options)


@derived(np.linalg.matrix_norm)
def matrix_norm(x: Any, *, keepdims: Any = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(x, ord=ord, axis=(-2, -1), keepdims=keepdims)


@derived(np.linalg.vector_norm)
def vector_norm(x: Any, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:
    if isinstance(axis, (tuple, list)) and len(axis) == 1:
        (axis,) = axis
    if axis is None and rank(x) > 1 and ord in (2, None):
        return np.linalg.norm(x, keepdims=keepdims)
    if axis is None or isinstance(axis, (tuple, list)):
        return vector_norm_of(x, ord, axis, keepdims)
    return np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)


def vector_norm_of(x: Any, ord: Any, axis: Any, keepdims: Any) -> Any:
    """The norms of vectors that lie along axes."""
    options = {} if axis is None else {"axis": axis}
    if keepdims:
        options["keepdims"] = True
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(np.abs(x), **options)
    if ord == 0:
        return np.sum(np.astype(x != 0, x.dtype), **options)
    if ord in (None, 2):
        return np.sqrt(np.sum(np.square(np.abs(x)) if may_be_complex(x) else x * x, **options))
    if ord == 1:
        return np.sum(np.abs(x), **options)
    return np.sum(np.abs(x) ** ord, **options) ** (1 / ord)


def norm_of(x: Any, *, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """The norms of vectors and matrices, but for the Euclidean ones."""
    axis = tuple(range(rank(x))) if axis is None else axis
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    if len(axes) == 1:
        return vector_norm_of(x, ord, axes[0] if rank(x) > 1 or keepdims else None, keepdims)
    rows, columns = (one % rank(x) for one in axes)
    if ord in ("nuc", 2, -2):
        if (rows, columns) != (rank(x) - 2, rank(x) - 1):
            x = np.moveaxis(x, (rows, columns), (-2, -1))
        s = np.linalg.svd(x, compute_uv=False)
        found = np.sum(s, axis=-1) if ord == "nuc" else _at(s, 0 if ord == 2 else -1)
    elif ord in (1, -1, np.inf, -np.inf):
        along, over = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = np.sum(np.abs(x), axis=along)
        found = (np.max if ord > 0 else np.min)(sums, axis=over - (over > along))
    else:
        raise NotImplementedError(f"np.linalg.norm with ord={ord!r} of matrices")
    return np.expand_dims(found, tuple(axes)) if keepdims else found


# What np.linalg offers under names of its own.


@derived(np.linalg.outer)
def outer(x1: Any, x2: Any) -> Any:
    return np.outer(x1, x2)


@derived(np.linalg.trace)
def trace(x: Any, *, offset: Any = 0, dtype: Any = None) -> Any:
    options = {} if dtype is None else {"dtype": dtype}
    return np.trace(x, offset=offset, axis1=-2, axis2=-1, **options)


@derived(np.linalg.diagonal, memory="view")
def diagonal(x: Any, *, offset: Any = 0) -> Any:
    return np.diagonal(x, offset=offset, axis1=-2, axis2=-1)


@derived(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, *, axis: Any = -1) -> Any:
    if axis != -1:
        x1, x2 = np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)
    return np.vecdot(x1, x2)


@derived(np.linalg.matmul)
def matmul(x1: Any, x2: Any) -> Any:
    return x1 @ x2


@derived(np.linalg.tensordot)
def tensordot(x1: Any, x2: Any, *, axes: Any = 2) -> Any:
    return np.tensordot(x1, x2, axes=axes)


@derived(np.linalg.matrix_transpose, memory="view")
def matrix_transpose(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


constant(np.linalg.matrix_rank, reason="a position, a size or another whole number")
