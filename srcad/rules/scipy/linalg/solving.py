"""scipy.linalg: solving. What a solver reads of its matrix is a projection; of a symmetric one it reads a triangle twice."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from srcad.core.quote import call, may_be_complex, rank
from srcad.rules.families import primitive
from srcad.rules.linear import known
from srcad.rules.scipy.linalg.tools import applied, outer_of, plus, written
from srcad.rules.stacks import swapped

__all__: list[str] = []


_SYMMETRIC = {"sym", "symmetric", "pos", "positive definite", "her", "hermitian"}
_TRIANGLES = {"upper triangular": np.triu, "lower triangular": np.tril}


def read(a: Any, assume_a: Any, lower: Any) -> Any:
    """The matrix that is meant by what is read of `a`."""
    if assume_a in _SYMMETRIC:
        half, k = (np.tril, -1) if lower else (np.triu, 1)
        return half(a) + swapped(half(a, k=k))
    return _kept(a, assume_a)


def folded(a_bar: Any, assume_a: Any, lower: Any) -> Any:
    """The transpose of `read`."""
    if assume_a in _SYMMETRIC:
        half, k = (np.tril, -1) if lower else (np.triu, 1)
        return half(a_bar) + half(swapped(a_bar), k=k)
    return _kept(a_bar, assume_a)


def _kept(a: Any, assume_a: Any) -> Any:
    if assume_a in _TRIANGLES:
        return _TRIANGLES[assume_a](a)
    width = {"diagonal": 0, "tridiagonal": 1}.get(assume_a)
    return a if width is None else np.triu(np.tril(a, k=width), k=-width)


def check(assume_a: Any, *operands: Any) -> None:
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


def _solve_of(
    a: Any,
    b: Any,
    *,
    lower: Any = False,
    check_finite: Any = True,
    assume_a: Any = None,
    transposed: Any = False,
) -> Any:
    matrix = read(a, assume_a, lower)
    return np.linalg.solve(swapped(matrix) if transposed else matrix, b)


@primitive(
    linalg.solve,
    signature="(n,n),(n,k?)->(n,k?)",
    broadcasts=True,
    stacks=False,
    definition=_solve_of,
)
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
        check(assume_a, a, b)
        given = {"check_finite": check_finite}
        if assume_a in _SYMMETRIC:
            b_bar = linalg_solve(a, y_bar, b, **written(assume_a=assume_a, lower=lower, **given))
            return -folded(outer_of(b_bar, y, b, a), assume_a, lower), b_bar
        if transposed:
            b_bar = linalg_solve(a, y_bar, b, **written(assume_a=assume_a, **given))
            return -_kept(outer_of(y, b_bar, b, a), assume_a), b_bar
        turned = _TURNED.get(assume_a, assume_a)
        b_bar = linalg_solve(swapped(a), y_bar, b, **written(assume_a=turned, **given))
        return -_kept(outer_of(b_bar, y, b, a), assume_a), b_bar

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, a: Any, b: Any, y: Any, **options: Any) -> Any:
        if a_dot is None:
            return linalg_solve(a, b_dot, b, **options)
        assume_a, lower = options.get("assume_a"), options.get("lower", False)
        check(assume_a, a, b)
        moved = read(a_dot, assume_a, lower)
        moved = swapped(moved) if options.get("transposed", False) else moved
        return linalg_solve(a, plus(b_dot, -applied(moved, y, b)), b, **options)


def linalg_solve(a: Any, c: Any, b: Any, **options: Any) -> Any:
    """`linalg.solve(a, c)`, where `c` is columns, or one as `b` is."""
    if rank(a) == 2 or rank(b) != 1 or rank(c) == 1:
        return call(linalg.solve, a, c, **options)
    return call(linalg.solve, a, c[..., None], **options)[..., 0]


def _solve_triangular_of(
    a: Any,
    b: Any,
    *,
    trans: Any = 0,
    lower: Any = False,
    unit_diagonal: Any = False,
    check_finite: Any = True,
) -> Any:
    matrix = SolveTriangular._half(a, lower, unit_diagonal)
    if unit_diagonal:
        matrix = matrix + call(np.eye, np.shape(a)[-1], dtype=a.dtype)
    turned = SolveTriangular._trans(trans, a, b)
    return np.linalg.solve(swapped(matrix) if turned else matrix, b)


@primitive(
    linalg.solve_triangular,
    signature="(n,n),(n,k?)->(n,k?)",
    broadcasts=True,
    stacks=False,
    definition=_solve_triangular_of,
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
        options = written(
            trans=1 - turned, lower=lower, unit_diagonal=unit_diagonal, check_finite=check_finite
        )
        b_bar = SolveTriangular._solve(a, y_bar, b, **options)
        a_bar = outer_of(y, b_bar, b, a) if turned else outer_of(b_bar, y, b, a)
        return -SolveTriangular._half(a_bar, lower, unit_diagonal), b_bar

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, a: Any, b: Any, y: Any, **options: Any) -> Any:
        if a_dot is None:
            return SolveTriangular._solve(a, b_dot, b, **options)
        turned = SolveTriangular._trans(options.get("trans", 0), a, b)
        moved = SolveTriangular._half(
            a_dot, options.get("lower", False), options.get("unit_diagonal", False)
        )
        right = -applied(swapped(moved) if turned else moved, y, b)
        return SolveTriangular._solve(a, plus(b_dot, right), b, **options)
