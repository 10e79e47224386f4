"""scipy.linalg: solving, inverses, functions of matrices, matrices of a structure.

Solvers that read a triangle or a band of their matrix have a derivative by what they read, and zero by what they do
not. Stacks of matrices are looped over: SciPy does so itself, from 1.17 on, and not where there are none. What NumPy
has, too, is defined by NumPy's function. M. B. Giles (2008) has the formulas of the products and the inverse; the
others are named at their rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg

from srcad.core.quote import Symbol, call, conj, may_be_complex, rank
from srcad.rules.derived import derived
from srcad.rules.families import linear, primitive
from srcad.rules.linear import known, runtime_cast

__all__: list[str] = []

# Tools.


def _swapped(x: Any) -> Any:
    return x.T if rank(x) == 2 else np.swapaxes(x, -1, -2)


def _written(*, check_finite: Any = True, **options: Any) -> dict[str, Any]:
    """The options that are to be written out: all but the defaults."""
    plain = {key: option for key, option in options.items() if option not in (None, False, 0)}
    return plain if check_finite is True else {**plain, "check_finite": check_finite}


def _outer(b_bar: Any, y: Any, b: Any, a: Any) -> Any:
    """The sum over the columns of `b_bar @ y.T`, where `b` may be one."""
    if rank(b) != 1:
        return b_bar @ _swapped(y)
    return np.outer(b_bar, y) if rank(a) == 2 else b_bar[..., None] * y[..., None, :]


def _applied(a: Any, y: Any, b: Any) -> Any:
    """`a @ y`, where `y` is columns, or one as `b` is."""
    return a @ y if rank(a) == 2 or rank(b) != 1 else (a @ y[..., None])[..., 0]


def _plus(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else a + b


# Solving. What a solver reads of its matrix is a projection; of a symmetric one it reads a triangle twice.

_SYMMETRIC = {"sym", "symmetric", "pos", "positive definite", "her", "hermitian"}
_TRIANGLES = {"upper triangular": np.triu, "lower triangular": np.tril}


def _read(a: Any, assume_a: Any, lower: Any) -> Any:
    """The matrix that is meant by what is read of `a`."""
    if assume_a in _SYMMETRIC:
        half, k = (np.tril, -1) if lower else (np.triu, 1)
        return half(a) + _swapped(half(a, k=k))
    return _kept(a, assume_a)


def _folded(a_bar: Any, assume_a: Any, lower: Any) -> Any:
    """The transpose of `_read`."""
    if assume_a in _SYMMETRIC:
        half, k = (np.tril, -1) if lower else (np.triu, 1)
        return half(a_bar) + half(_swapped(a_bar), k=k)
    return _kept(a_bar, assume_a)


def _kept(a: Any, assume_a: Any) -> Any:
    if assume_a in _TRIANGLES:
        return _TRIANGLES[assume_a](a)
    width = {"diagonal": 0, "tridiagonal": 1}.get(assume_a)
    return a if width is None else np.triu(np.tril(a, k=width), k=-width)


def _check(assume_a: Any, *operands: Any) -> None:
    if isinstance(known(assume_a, "assume_a"), str) and assume_a in _SYMMETRIC - {
        "sym",
        "symmetric",
    }:
        if may_be_complex(operands):
            raise NotImplementedError(
                "of a Hermitian matrix of complex numbers; use assume_a='gen', or write the matrix out"
            )


_TURNED = {
    "upper triangular": "lower triangular",
    "lower triangular": "upper triangular",
    "gen": None,
    "general": None,
}


@primitive(linalg.solve, signature="(n,n),(n,k?)->(n,k?)", broadcasts=True, stacks=False)
class Solve:
    """Giles 2008, 2.3.1: b_bar = solve(a.T, y_bar), a_bar = -b_bar @ y.T."""

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        b: Any,
        y: Any,
        *,
        lower: Any = False,
        check_finite: Any = True,
        assume_a: Any = None,
        transposed: Any = False,
    ) -> Any:
        _check(assume_a, a, b)
        given = {"check_finite": check_finite}
        if assume_a in _SYMMETRIC:
            b_bar = linalg_solve(a, y_bar, b, **_written(assume_a=assume_a, lower=lower, **given))
            return -_folded(_outer(b_bar, y, b, a), assume_a, lower), b_bar
        if transposed:
            b_bar = linalg_solve(a, y_bar, b, **_written(assume_a=assume_a, **given))
            return -_kept(_outer(y, b_bar, b, a), assume_a), b_bar
        turned = _TURNED.get(assume_a, assume_a)
        b_bar = linalg_solve(_swapped(a), y_bar, b, **_written(assume_a=turned, **given))
        return -_kept(_outer(b_bar, y, b, a), assume_a), b_bar

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, a: Any, b: Any, y: Any, **options: Any) -> Any:
        if a_dot is None:
            return linalg_solve(a, b_dot, b, **options)
        assume_a, lower = options.get("assume_a"), options.get("lower", False)
        _check(assume_a, a, b)
        moved = _read(a_dot, assume_a, lower)
        moved = _swapped(moved) if options.get("transposed", False) else moved
        return linalg_solve(a, _plus(b_dot, -_applied(moved, y, b)), b, **options)


def linalg_solve(a: Any, c: Any, b: Any, **options: Any) -> Any:
    """`linalg.solve(a, c)`, where `c` is columns, or one as `b` is."""
    if rank(a) == 2 or rank(b) != 1 or rank(c) == 1:
        return call(linalg.solve, a, c, **options)
    return call(linalg.solve, a, c[..., None], **options)[..., 0]


@primitive(
    linalg.solve_triangular,
    signature="(n,n),(n,k?)->(n,k?)",
    broadcasts=True,
    stacks=False,
)
class SolveTriangular:
    """As `Solve`, of the triangle that is read."""

    @staticmethod
    def _half(a: Any, lower: Any, unit_diagonal: Any) -> Any:
        half, k = (np.tril, -1) if lower else (np.triu, 1)
        return half(a, k=k) if unit_diagonal else half(a)

    @staticmethod
    def _trans(trans: Any, *operands: Any) -> int:
        turned: int = {"N": 0, "T": 1, "C": 2}.get(trans, trans)
        if turned == 2 and may_be_complex(operands):
            raise NotImplementedError("trans='C' of complex numbers; write a.conj() with trans='T'")
        return min(turned, 1)

    @staticmethod
    def _solve(a: Any, c: Any, b: Any, **options: Any) -> Any:
        if rank(a) == 2 or rank(b) != 1 or rank(c) == 1:
            return call(linalg.solve_triangular, a, c, **options)
        return call(linalg.solve_triangular, a, c[..., None], **options)[..., 0]

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        b: Any,
        y: Any,
        *,
        trans: Any = 0,
        lower: Any = False,
        unit_diagonal: Any = False,
        check_finite: Any = True,
    ) -> Any:
        turned = SolveTriangular._trans(trans, a, b)
        options = _written(
            trans=1 - turned, lower=lower, unit_diagonal=unit_diagonal, check_finite=check_finite
        )
        b_bar = SolveTriangular._solve(a, y_bar, b, **options)
        a_bar = _outer(y, b_bar, b, a) if turned else _outer(b_bar, y, b, a)
        return -SolveTriangular._half(a_bar, lower, unit_diagonal), b_bar

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, a: Any, b: Any, y: Any, **options: Any) -> Any:
        if a_dot is None:
            return SolveTriangular._solve(a, b_dot, b, **options)
        turned = SolveTriangular._trans(options.get("trans", 0), a, b)
        moved = SolveTriangular._half(
            a_dot, options.get("lower", False), options.get("unit_diagonal", False)
        )
        right = -_applied(_swapped(moved) if turned else moved, y, b)
        return SolveTriangular._solve(a, _plus(b_dot, right), b, **options)


# What NumPy has, too.


@derived(linalg.inv, memory="fresh")
def inv(a: Any, *, assume_a: Any = None, lower: Any = False, check_finite: Any = True) -> Any:
    _check(assume_a, a)
    return np.linalg.inv(_read(a, assume_a, lower))


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
    return conj(_swapped(np.linalg.cholesky(conj(_swapped(a)))))


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


def _corner(y: Any, a: Any) -> Any:
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
            return _corner(call(function, block(_swapped(a), y_bar)), a)

        @staticmethod
        def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
            return _corner(call(function, block(a, a_dot)), a)

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
        return Exponential.along(_swapped(A), y_bar)

    @staticmethod
    def pushforward(A_dot: Any, A: Any, y: Any) -> Any:
        return Exponential.along(A, A_dot)

    @staticmethod
    def along(a: Any, e: Any) -> Any:
        if rank(a) == 2 and _is_double(a) and _is_double(e):  # it knows no other dtype
            return call(linalg.expm_frechet, a, e, compute_expm=False)
        return runtime_cast(_corner(call(linalg.expm, block(a, e)), a), e)


def _is_double(x: Any) -> bool:
    return (x.value.type.dtype if isinstance(x, Symbol) else np.asarray(x).dtype) == "float64"


@derived(linalg.expm_frechet, memory="fresh")
def expm_frechet(
    A: Any, E: Any, *, method: Any = None, compute_expm: Any = True, check_finite: Any = True
) -> Any:
    y = call(linalg.expm, block(A, E))
    if not compute_expm:
        return _corner(y, A)
    n = np.shape(A)[-1]
    return y[:n, :n], y[:n, n:]


# Linear equations between matrices.


@primitive(linalg.solve_sylvester, signature="(m,m),(n,n),(m,n)->(m,n)", stacks=False)
class Sylvester:
    """a y + y b = q, and the adjoint equation is a.T s + s b.T = y_bar."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, b: Any, q: Any, y: Any) -> Any:
        q_bar = call(linalg.solve_sylvester, _swapped(a), _swapped(b), y_bar)
        return -q_bar @ _swapped(y), -_swapped(y) @ q_bar, q_bar

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, q_dot: Any, a: Any, b: Any, q: Any, y: Any) -> Any:
        right = q_dot
        right = right if a_dot is None else _plus(right, -a_dot @ y)
        right = right if b_dot is None else _plus(right, -y @ b_dot)
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
        q_bar = call(linalg.solve_continuous_lyapunov, _swapped(a), y_bar)
        return -(q_bar @ _swapped(y) + _swapped(q_bar) @ y), q_bar

    @staticmethod
    def pushforward(a_dot: Any, q_dot: Any, a: Any, q: Any, y: Any) -> Any:
        right = q_dot if a_dot is None else _plus(q_dot, -(a_dot @ y + y @ _swapped(a_dot)))
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
        q_bar = call(linalg.solve_discrete_lyapunov, _swapped(a), y_bar, **_written(method=method))
        return q_bar @ a @ _swapped(y) + _swapped(q_bar) @ a @ y, q_bar

    @staticmethod
    def pushforward(a_dot: Any, q_dot: Any, a: Any, q: Any, y: Any, *, method: Any = None) -> Any:
        right = q_dot
        if a_dot is not None:
            moved = a_dot @ y @ _swapped(a)
            right = _plus(right, moved + a @ y @ _swapped(a_dot))
        return call(linalg.solve_discrete_lyapunov, a, right, **_written(method=method))


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


def _one_axis(*operands: Any) -> None:
    if any(rank(x) != 1 for x in operands if x is not None):
        raise NotImplementedError("of anything but vectors; versions of SciPy differ about it")


@derived(linalg.toeplitz, memory="fresh")
def toeplitz(c: Any, r: Any = None) -> Any:
    _one_axis(c, r)
    if r is None and may_be_complex(c):
        raise NotImplementedError("of one complex vector; write toeplitz(c, c.conj())")
    m, n = np.size(c), np.size(c if r is None else r)
    values = np.concatenate((c[::-1], (c if r is None else r)[1:]))
    return values[call(np.arange, m)[::-1, None] + call(np.arange, n)]


@derived(linalg.circulant, memory="fresh")
def circulant(c: Any) -> Any:
    _one_axis(c)
    places = call(np.arange, np.size(c))
    return c[places[:, None] - places]


@derived(linalg.hankel, memory="fresh")
def hankel(c: Any, r: Any = None) -> Any:
    _one_axis(c, r)
    r = np.zeros_like(c) if r is None else r
    values = np.concatenate((c, r[1:]))
    return values[call(np.arange, np.size(c))[:, None] + call(np.arange, np.size(r))]


@derived(linalg.fiedler, memory="fresh")
def fiedler(a: Any) -> Any:
    _one_axis(a)
    return np.abs(a[:, None] - a)


@derived(linalg.matmul_toeplitz, memory="fresh")
def matmul_toeplitz(c_or_cr: Any, x: Any, *, check_finite: Any = False, workers: Any = None) -> Any:
    return _toeplitz_of(c_or_cr) @ x


@derived(linalg.solve_toeplitz, memory="fresh")
def solve_toeplitz(c_or_cr: Any, b: Any, *, check_finite: Any = True) -> Any:
    return np.linalg.solve(_toeplitz_of(c_or_cr), b)


def _toeplitz_of(c_or_cr: Any) -> Any:
    return toeplitz(*c_or_cr) if isinstance(c_or_cr, tuple) else toeplitz(c_or_cr)
