"""scipy.linalg: what NumPy has, too, functions of matrices, equations between matrices, matrices of a structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg

from srcad.core.quote import Symbol, call, conj, may_be_complex, rank
from srcad.rules.derived import derived
from srcad.rules.families import linear, primitive
from srcad.rules.linear import runtime_cast
from srcad.rules.scipy import having
from srcad.rules.scipy.linalg.solving import check, read
from srcad.rules.scipy.linalg.tools import plus, written
from srcad.rules.stacks import swapped

__all__: list[str] = []

# What NumPy has, too.


@derived(linalg.inv, memory="fresh")
def inv(a: Any, *, assume_a: Any = None, lower: Any = False, check_finite: Any = True) -> Any:
    check(assume_a, a)
    return np.linalg.inv(read(a, assume_a, lower))


@derived(linalg.det, memory="fresh")
def det(a: Any, *, check_finite: Any = True) -> Any:
    return np.linalg.det(a)


@derived(linalg.norm, memory="fresh")
def norm(
    a: Any, *, ord: Any = None, axis: Any = None, keepdims: Any = False, check_finite: Any = True
) -> Any:
    return np.linalg.norm(a, ord=ord, axis=axis, keepdims=keepdims)


@derived(linalg.cholesky, memory="fresh")
def cholesky(a: Any, *, lower: Any = False, check_finite: Any = True) -> Any:
    """One triangle is read: the lower one, or the upper one, which is the lower one of the transpose."""
    if lower:
        return np.linalg.cholesky(a)
    return conj(swapped(np.linalg.cholesky(conj(swapped(a)))))


@derived(*having(linalg, "kron"), memory="fresh")
def kron(a: Any, b: Any) -> Any:
    return np.kron(a, b)


@derived(linalg.khatri_rao, memory="fresh")
def khatri_rao(a: Any, b: Any) -> Any:
    return np.reshape(a[..., :, None, :] * b[..., None, :, :], (*_front(a), -1, np.shape(a)[-1]))


def _front(a: Any) -> tuple[Any, ...]:
    return tuple(np.shape(a)[axis] for axis in range(rank(a) - 2))


# Functions of matrices.


def block(a: Any, e: Any) -> Any:
    """The matrix of which every function has that of `a` on the diagonal, and its derivative along `e` above it."""
    top = np.concatenate((a, e), axis=-1)
    bottom = np.concatenate((np.zeros_like(a), a), axis=-1)
    return np.concatenate((top, bottom), axis=-2)


def corner(y: Any, a: Any) -> Any:
    n = np.shape(a)[-1]
    return y[..., :n, n:] if rank(a) > 2 else y[:n, n:]


def _function_of_matrix(function: Callable[..., Any]) -> None:
    """A function of matrices with a power series: its derivative along e is a block of that of [[a, e], [0, a]].

    R. Mathias, "A chain rule for matrix functions and applications" (1996); the adjoint is that of the transpose
    (N. J. Higham, "Functions of Matrices", 2008, section 3.2).
    """

    class FunctionOfMatrix:
        @staticmethod
        def pullback(y_bar: Any, a: Any, y: Any) -> Any:
            return corner(call(function, block(swapped(a), y_bar)), a)

        @staticmethod
        def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
            return corner(call(function, block(a, a_dot)), a)

    primitive(function, signature="(n,n)->(n,n)", stacks=False)(FunctionOfMatrix)


_function_of_matrix(linalg.cosm)
_function_of_matrix(linalg.sinm)


@derived(linalg.coshm, memory="fresh")
def coshm(A: Any) -> Any:
    return (call(linalg.expm, A) + call(linalg.expm, -A)) / 2


@derived(linalg.sinhm, memory="fresh")
def sinhm(A: Any) -> Any:
    return (call(linalg.expm, A) - call(linalg.expm, -A)) / 2


@derived(linalg.tanm, memory="fresh")
def tanm(A: Any) -> Any:
    return np.linalg.solve(call(linalg.cosm, A), call(linalg.sinm, A))


@derived(linalg.tanhm, memory="fresh")
def tanhm(A: Any) -> Any:
    return np.linalg.solve(call(linalg.coshm, A), call(linalg.sinhm, A))


@primitive(linalg.expm, signature="(n,n)->(n,n)")
class Exponential:
    """The Frechet derivative is that of the transpose, turned around (A. H. Al-Mohy and N. J. Higham, 2009)."""

    @staticmethod
    def pullback(y_bar: Any, A: Any, y: Any) -> Any:
        return Exponential.along(swapped(A), y_bar)

    @staticmethod
    def pushforward(A_dot: Any, A: Any, y: Any) -> Any:
        return Exponential.along(A, A_dot)

    @staticmethod
    def along(a: Any, e: Any) -> Any:
        if rank(a) == 2 and _is_double(a) and _is_double(e):  # it knows no other dtype
            return call(linalg.expm_frechet, a, e, compute_expm=False)
        return runtime_cast(corner(call(linalg.expm, block(a, e)), a), e)


def _is_double(x: Any) -> bool:
    return (x.value.type.dtype if isinstance(x, Symbol) else np.asarray(x).dtype) == "float64"


@derived(linalg.expm_frechet, memory="fresh")
def expm_frechet(
    A: Any, E: Any, *, method: Any = None, compute_expm: Any = True, check_finite: Any = True
) -> Any:
    y = call(linalg.expm, block(A, E))
    if not compute_expm:
        return corner(y, A)
    n = np.shape(A)[-1]
    return y[:n, :n], y[:n, n:]


# Linear equations between matrices.


@primitive(linalg.solve_sylvester, signature="(m,m),(n,n),(m,n)->(m,n)", stacks=False)
class Sylvester:
    """a y + y b = q, and the adjoint equation is a.T s + s b.T = y_bar."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, b: Any, q: Any, y: Any) -> Any:
        q_bar = call(linalg.solve_sylvester, swapped(a), swapped(b), y_bar)
        return -q_bar @ swapped(y), -swapped(y) @ q_bar, q_bar

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, q_dot: Any, a: Any, b: Any, q: Any, y: Any) -> Any:
        right = q_dot
        right = right if a_dot is None else plus(right, -a_dot @ y)
        right = right if b_dot is None else plus(right, -y @ b_dot)
        return call(linalg.solve_sylvester, a, b, right)


@primitive(
    linalg.solve_continuous_lyapunov,
    signature="(n,n),(n,n)->(n,n)",
    stacks=False,
    on_complex="refuse",
)
class ContinuousLyapunov:
    """a y + y a.T = q, and the adjoint equation is a.T s + s a = y_bar."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, q: Any, y: Any) -> Any:
        q_bar = call(linalg.solve_continuous_lyapunov, swapped(a), y_bar)
        return -(q_bar @ swapped(y) + swapped(q_bar) @ y), q_bar

    @staticmethod
    def pushforward(a_dot: Any, q_dot: Any, a: Any, q: Any, y: Any) -> Any:
        right = q_dot if a_dot is None else plus(q_dot, -(a_dot @ y + y @ swapped(a_dot)))
        return call(linalg.solve_continuous_lyapunov, a, right)


@primitive(
    linalg.solve_discrete_lyapunov,
    signature="(n,n),(n,n)->(n,n)",
    stacks=False,
    on_complex="refuse",
)
class DiscreteLyapunov:
    """y = a y a.T + q, and the adjoint equation is s = a.T s a + y_bar."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, q: Any, y: Any, *, method: Any = None) -> Any:
        q_bar = call(linalg.solve_discrete_lyapunov, swapped(a), y_bar, **written(method=method))
        return q_bar @ a @ swapped(y) + swapped(q_bar) @ a @ y, q_bar

    @staticmethod
    def pushforward(a_dot: Any, q_dot: Any, a: Any, q: Any, y: Any, *, method: Any = None) -> Any:
        right = q_dot
        if a_dot is not None:
            moved = a_dot @ y @ swapped(a)
            right = plus(right, moved + a @ y @ swapped(a_dot))
        return call(linalg.solve_discrete_lyapunov, a, right, **written(method=method))


# Matrices of a structure.


@linear(linalg.block_diag)
def block_diag(y_bar: Any, *arrs: Any) -> Any:
    found, row, column = [], 0, 0
    for a in arrs:
        shape = np.shape(a) if rank(a) == 2 else (1, np.size(a))
        if rank(a) > 2:
            raise NotImplementedError("stacks of blocks; make them one at a time")
        ends = row + shape[0], column + shape[1]
        part = y_bar[row : ends[0], column : ends[1]]
        found.append(part if rank(a) == 2 else part[0] if rank(a) == 1 else part[0, 0])
        row, column = ends
    return tuple(found)


def one_axis(*operands: Any) -> None:
    if any(rank(x) != 1 for x in operands if x is not None):
        raise NotImplementedError("of anything but vectors; versions of SciPy differ about it")


@derived(linalg.toeplitz, memory="fresh")
def toeplitz(c: Any, r: Any = None) -> Any:
    one_axis(c, r)
    if r is None and may_be_complex(c):
        raise NotImplementedError("of one complex vector; write toeplitz(c, c.conj())")
    m, n = np.size(c), np.size(c if r is None else r)
    values = np.concatenate((c[::-1], (c if r is None else r)[1:]))
    return values[call(np.arange, m)[::-1, None] + call(np.arange, n)]


@derived(linalg.circulant, memory="fresh")
def circulant(c: Any) -> Any:
    one_axis(c)
    places = call(np.arange, np.size(c))
    return c[places[:, None] - places]


@derived(linalg.hankel, memory="fresh")
def hankel(c: Any, r: Any = None) -> Any:
    one_axis(c, r)
    r = np.zeros_like(c) if r is None else r
    values = np.concatenate((c, r[1:]))
    return values[call(np.arange, np.size(c))[:, None] + call(np.arange, np.size(r))]


@derived(linalg.fiedler, memory="fresh")
def fiedler(a: Any) -> Any:
    one_axis(a)
    return np.abs(a[:, None] - a)


@derived(linalg.matmul_toeplitz, memory="fresh")
def matmul_toeplitz(c_or_cr: Any, x: Any, *, check_finite: Any = False, workers: Any = None) -> Any:
    return _toeplitz_of(c_or_cr) @ x


@derived(linalg.solve_toeplitz, memory="fresh")
def solve_toeplitz(c_or_cr: Any, b: Any, *, check_finite: Any = True) -> Any:
    return np.linalg.solve(_toeplitz_of(c_or_cr), b)


def _toeplitz_of(c_or_cr: Any) -> Any:
    return toeplitz(*c_or_cr) if isinstance(c_or_cr, tuple) else toeplitz(c_or_cr)
