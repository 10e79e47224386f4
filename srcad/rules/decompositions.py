"""Matrices taken apart, and what is computed by that. Leading axes are stacks of matrices.

Sources: M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions with application in
optimum experimental design" (2010); I. Murray, "Differentiation of the Cholesky decomposition" (2016); M. Seeger et
al., "Auto-differentiating linear algebra" (2017); J. Townsend, "Differentiating the singular value decomposition"
(2016).

Where NumPy reads one triangle of a matrix, so does the derivative: it is zero on the other one. Symmetric gradients are those
of a function of `(a + a.T) / 2`. Vectors that belong to equal eigenvalues or singular values have no derivative: they
may turn, and the formulas divide by 0. Equal values alone need no such quotients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core.quote import call, conj, imag, may_be_complex, put, put_add, rank, real, wants
from srcad.rules.derived import derived, formulas
from srcad.rules.families import primitive
from srcad.rules.stacks import (
    as_column,
    as_row,
    check_phase,
    diagonal_of,
    folded,
    h,
    halved,
    inverse_gaps,
    is_square,
    mirrored,
    no_taller,
    real_diagonal_of,
    require,
    sizes_of,
    swapped,
    unit_like,
)

__all__: list[str] = []


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
            return folded((v * as_row(w_bar)) @ h(v), UPLO.upper() == "L")
        eye = unit_like(w)
        inner = h(v) @ v_bar
        if may_be_complex(a):
            check_phase(diagonal_of(inner), v_bar)
        inner = inverse_gaps(w, eye) * inner
        if w_bar is not None:
            inner = inner + as_row(w_bar) * eye
        return folded(v @ inner @ h(v), UPLO.upper() == "L")

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, UPLO: Any = "L") -> Any:
        w, v = y
        inner = h(v) @ mirrored(a_dot, UPLO.upper() == "L") @ v
        v_dot = v @ (inverse_gaps(w, unit_like(w)) * inner) if wants(1) else None
        return real_diagonal_of(inner), v_dot


@primitive(np.linalg.eig, signature="(n,n)->(n),(n,n)", on_complex="given")
class Eig:
    """Giles 2008, 3.1, with vectors of length 1 whose largest component is real, as LAPACK makes them.

    W = V^-1 A_dot V / (w_j - w_i);  V_dot = V W - V diag(Re V^H V W), turned back so that the largest component stays real.
    """

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any) -> Any:
        (w_bar, v_bar), (w, v) = y_bar, y
        if v_bar is None:
            return np.linalg.solve(h(v), as_column(w_bar) * h(v))
        eye = unit_like(w)
        v_bar = v_bar - 1j * _pivots(v) * as_row(np.sum(real(conj(v_bar) * 1j * v), axis=-2))
        inner = h(v) @ v_bar
        inner = inner - (h(v) @ v) * as_row(real(diagonal_of(inner)))
        inner = conj(inverse_gaps(w, eye)) * inner
        if w_bar is not None:
            inner = inner + as_row(w_bar) * eye
        return np.linalg.solve(h(v), inner @ h(v))

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
        w, v = y
        moved = np.linalg.solve(v, a_dot @ v)
        v_dot = None
        if wants(1):
            v_dot = v @ (inverse_gaps(w, unit_like(w)) * moved)
            v_dot = v_dot - v * as_row(real(np.sum(conj(v) * v_dot, axis=-2)))
            v_dot = v_dot - 1j * v * as_row(np.sum(imag(v_dot) * _pivots(v), axis=-2))
        return diagonal_of(moved), v_dot


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
        factor, factor_bar = (h(y), h(y_bar)) if upper else (y, y_bar)
        inner = halved(h(factor) @ factor_bar)
        # L^-H inner L^-1
        a_bar = np.linalg.solve(h(factor), h(np.linalg.solve(h(factor), h(inner))))
        a_bar = halved(a_bar + h(a_bar))
        return h(a_bar) if upper else a_bar

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, upper: Any = False) -> Any:
        factor = h(y) if upper else y
        moved = mirrored(a_dot, not upper)
        inner = np.linalg.solve(factor, h(np.linalg.solve(factor, moved)))
        y_dot = factor @ halved(inner)
        return h(y_dot) if upper else y_dot


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
        return (scale if rank(a) == 2 else scale[..., None, None]) * h(np.linalg.inv(a))

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
        moved = np.sum(swapped(np.linalg.inv(a)) * a_dot, axis=(-2, -1))
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
        m, n = sizes_of(a)
        if mode == "complete" and not no_taller(m, n):
            if q_bar is not None:
                require(a, wide=True, what="`Q` has columns beyond those of the matrix")
            else:
                q, r = np.linalg.qr(a)
                r_bar = r_bar[..., : q.shape[-1], :]
        elif mode not in ("reduced", "complete"):
            raise NotImplementedError(f"np.linalg.qr with mode={mode!r}; use mode='reduced'")
        lead = _Leading(a, q)
        inner = -r_bar @ h(r) if r_bar is not None else 0
        if q_bar is not None:
            projected = h(q) @ q_bar
            inner = projected + inner if r_bar is not None else projected
        turned = halved(inner - h(inner)) if may_be_complex(a) else np.tril(inner - h(inner))
        if q_bar is None:
            c_bar = q @ turned
        else:
            c_bar = q_bar + q @ (turned - projected)
        x_bar = h(np.linalg.solve(lead.of(r), h(c_bar)))
        rest = None if r_bar is None else q @ r_bar
        return lead.added(x_bar, rest)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, mode: Any = "reduced") -> Any:
        if mode == "r":
            return _triangle[1](a_dot, a, y)
        if mode not in ("reduced", "complete"):
            raise NotImplementedError(f"np.linalg.qr with mode={mode!r}; use mode='reduced'")
        q, r = y
        m, n = sizes_of(a)
        below = None
        if mode == "complete" and not no_taller(m, n):
            if wants(0):
                require(a, wide=True, what="`Q` has columns beyond those of the matrix")
            else:
                below = np.zeros_like(r)
                q, r = np.linalg.qr(a)
        lead = _Leading(a, q)
        c = h(np.linalg.solve(h(lead.of(r)), h(lead.of(a_dot))))
        inner = h(q) @ c
        lower = np.tril(inner, -1)
        turned = lower - h(lower)
        if may_be_complex(a):
            turned = turned + 1j * np.imag(np.triu(np.tril(inner)))
        r_dot = h(q) @ a_dot - turned @ r
        if below is not None:
            return None, put(below, (Ellipsis, slice(None, q.shape[-1]), slice(None)), r_dot)
        return q @ (turned - inner) + c if wants(0) else None, r_dot


_triangle = formulas(lambda a: np.linalg.qr(a)[1])


class _Leading:
    """The leading columns of a matrix, as many as it has orthogonal ones."""

    def __init__(self, a: Any, q: Any) -> None:
        m, n = sizes_of(a)
        self.a = a
        self.all = no_taller(n, m)
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
            return folded(SVD.pullback(y_bar, a, y, full_matrices=False), True)
        if not compute_uv:
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            return (u * as_row(y_bar)) @ vh
        (u_bar, s_bar, vh_bar), (u, s, vh) = y_bar, y
        if u_bar is None and vh_bar is None:
            if full_matrices and not is_square(a):
                u, _, vh = np.linalg.svd(a, full_matrices=False)
            return (u * as_row(s_bar)) @ vh
        if full_matrices and not is_square(a):
            if u_bar is None or vh_bar is None:
                return _pulled_from_one_side(a, u, s, vh, *y_bar)
            require(a, wide=True, what=_TOO_MANY)
            require(a, wide=False, what=_TOO_MANY)
        eye = unit_like(s)
        gaps = inverse_gaps(s**2, eye)
        m, n = sizes_of(a)
        inner = rest = slope = 0
        if u_bar is not None:
            turn = h(u) @ u_bar
            slope = diagonal_of(turn) if may_be_complex(a) else 0
            inner = gaps * (turn - h(turn)) * as_row(s)
            if may_be_complex(a):
                inner = inner + eye * (turn - h(turn)) / as_row(2 * s)
            if not full_matrices and not no_taller(m, n):
                rest = rest + ((u_bar - u @ turn) / as_row(s)) @ vh
        if vh_bar is not None:
            turn = vh @ h(vh_bar)
            slope = slope + diagonal_of(turn) if may_be_complex(a) else 0
            inner = inner + as_column(s) * (gaps * (turn - h(turn)))
            if not full_matrices and not no_taller(n, m):
                rest = rest + (u / as_row(s)) @ (vh_bar - h(turn) @ vh)
        if may_be_complex(a):
            check_phase(slope, u_bar, vh_bar)
        if s_bar is not None:
            inner = inner + as_row(s_bar) * eye
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
            moved = mirrored(a_dot, True)
            if compute_uv:
                return SVD.pushforward(moved, a, y, full_matrices=False)
            u, _, vh = np.linalg.svd(a, hermitian=True)
            return real_diagonal_of(h(u) @ moved @ h(vh))
        if not compute_uv:
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            return real_diagonal_of(h(u) @ a_dot @ h(vh))
        u, s, vh = y
        if not (wants(0) or wants(2)):
            if full_matrices and not is_square(a):
                u, _, vh = np.linalg.svd(a, full_matrices=False)
            return None, real_diagonal_of(h(u) @ a_dot @ h(vh)), None
        if full_matrices and not is_square(a):
            if not (wants(0) and wants(2)):
                return _pushed_to_one_side(a_dot, a, u, s, vh)
            require(a, wide=True, what=_TOO_MANY)
            require(a, wide=False, what=_TOO_MANY)
        moved = h(u) @ a_dot @ h(vh)
        s_dot = real_diagonal_of(moved)
        u_dot = vh_dot = None
        m, n = sizes_of(a)
        eye = unit_like(s)
        gaps = inverse_gaps(s**2, eye)
        scaled, across = moved * as_row(s), h(moved) * as_row(s)
        if wants(0):
            turn = gaps * (scaled + h(scaled))
            if may_be_complex(a):
                turn = turn + eye * (moved - h(moved)) / as_row(2 * s)
            u_dot = u @ turn
            if not full_matrices and not no_taller(m, n):
                u_dot = u_dot + (a_dot @ h(vh) - u @ moved) / as_row(s)
        if wants(2):
            vh_dot = -(gaps * (across + h(across))) @ vh
            if not full_matrices and not no_taller(n, m):
                vh_dot = vh_dot + (h(u) @ a_dot - moved @ vh) / as_column(s)
        return u_dot, s_dot, vh_dot


_TOO_MANY = "a matrix of this shape has singular vectors that belong to no singular value"


def _pulled_from_one_side(
    a: Any, u: Any, s: Any, vh: Any, u_bar: Any, s_bar: Any, vh_bar: Any
) -> Any:
    """Where the left (or right) vectors alone are read, and may be as many as there are rows: with V^H = U^H A / s."""
    left = u_bar is not None
    require(a, wide=left, what=_TOO_MANY)
    v, v_bar = (u, u_bar) if left else (h(vh), h(vh_bar))
    eye = unit_like(s)
    turn = h(v) @ v_bar
    if may_be_complex(a):
        check_phase(diagonal_of(turn), v_bar)
    inner = inverse_gaps(s**2, eye) * (turn - h(turn))
    if s_bar is not None:
        inner = inner + as_row(s_bar / s) * eye
    both = v @ inner @ h(v)
    return both @ a if left else a @ both


def _pushed_to_one_side(a_dot: Any, a: Any, u: Any, s: Any, vh: Any) -> Any:
    left = wants(0)
    require(a, wide=left, what=_TOO_MANY)
    v = u if left else h(vh)
    moved = h(v) @ (a_dot @ h(a) if left else h(a_dot) @ a) @ v
    v_dot = v @ (inverse_gaps(s**2, unit_like(s)) * (moved + h(moved)))
    s_dot = real_diagonal_of(moved) / s if wants(1) else None
    return (v_dot, s_dot, None) if left else (None, s_dot, h(v_dot))


@derived(np.linalg.svdvals)
def svdvals(x: Any) -> Any:
    return np.linalg.svd(x, compute_uv=False)
