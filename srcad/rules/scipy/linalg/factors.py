"""scipy.linalg: decompositions and what solves with their factors. The formulas are those of NumPy's, of the factors that SciPy gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg

from srcad.core.nodes import Value
from srcad.core.quote import call, put_add, rank
from srcad.core.results import SEVERAL
from srcad.core.types import ANY, Size, Type
from srcad.rules.decompositions import QR, SVD
from srcad.rules.derived import derived
from srcad.rules.families import constant, primitive
from srcad.rules.inverses import PseudoInverse
from srcad.rules.linear import known
from srcad.rules.refused import refused
from srcad.rules.scipy import having
from srcad.rules.scipy.linalg.matrices import block, cholesky, corner, one_axis
from srcad.rules.scipy.linalg.solving import folded, read
from srcad.rules.scipy.linalg.tools import applied, outer_of, plus
from srcad.rules.stacks import as_row, diagonal_of, inverse_gaps, swapped, unit_like

__all__: list[str] = []

# Decompositions: the formulas are those of NumPy's, of the factors that SciPy gives.


def _plain_options(**options: Any) -> None:
    """Refuse options that another formula would be for."""
    for name, (given, default) in options.items():
        if known(given, f"`{name}`") is not default and given != default:
            raise NotImplementedError(f"{name}={given!r}; leave it out")


def _eigh_of(
    a: Any,
    b: Any = None,
    *,
    lower: Any = True,
    eigvals_only: Any = False,
    type: Any = 1,
    check_finite: Any = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: Any = None,
) -> Any:
    Eigh._options(lower, eigvals_only, type, check_finite, subset_by_index, subset_by_value)
    matrix = read(a, "sym", lower)
    if b is not None:
        factor = np.linalg.cholesky(read(b, "sym", lower))
        half = np.linalg.solve(factor, matrix)
        matrix = np.linalg.solve(factor, swapped(half))
    if eigvals_only:
        return np.linalg.eigvalsh(matrix)
    w, v = np.linalg.eigh(matrix)
    return w, v if b is None else np.linalg.solve(swapped(factor), v)


@primitive(linalg.eigh, definition=_eigh_of, memory="fresh", on_complex="refuse")
class Eigh:
    """a v = b v diag(w), v.T b v = 1: with G = v.T v_bar, a_bar = v (diag(w_bar) + G / (w_j - w_i)) v.T and
    b_bar = -v (diag(w_bar w) + G w_j / (w_j - w_i) + diag(G) / 2) v.T (Giles 2008, 3.1, for a pencil of matrices).
    """

    @staticmethod
    def _options(
        lower: Any = True,
        eigvals_only: Any = False,
        type: Any = 1,
        check_finite: Any = True,
        subset_by_index: Any = None,
        subset_by_value: Any = None,
        driver: Any = None,
    ) -> tuple[Any, Any]:
        _plain_options(
            type=(type, 1),
            subset_by_index=(subset_by_index, None),
            subset_by_value=(subset_by_value, None),
        )
        return lower, eigvals_only

    @staticmethod
    def _vectors(a: Any, b: Any, y: Any, lower: Any, eigvals_only: Any) -> Any:
        if not eigvals_only:
            return y
        operands = (a,) if b is None else (a, b)
        return call(linalg.eigh, *operands, **({} if lower else {"lower": lower}))

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        b: Any,
        y: Any,
        *,
        lower: Any = True,
        eigvals_only: Any = False,
        type: Any = 1,
        check_finite: Any = True,
        subset_by_index: Any = None,
        subset_by_value: Any = None,
        driver: Any = None,
    ) -> Any:
        Eigh._options(lower, eigvals_only, type, check_finite, subset_by_index, subset_by_value)
        w, v = Eigh._vectors(a, b, y, lower, eigvals_only)
        w_bar, v_bar = (y_bar, None) if eigvals_only else y_bar
        moved = beside = None
        if v_bar is not None:
            turn = swapped(v) @ v_bar
            moved = inverse_gaps(w, unit_like(w)) * turn
            beside = moved * as_row(w) + _on_diagonal(diagonal_of(turn) / 2)
        by_a = (v if moved is None else v @ moved @ swapped(v)) if w_bar is None else None
        if w_bar is not None and moved is None:
            by_a = (v * as_row(w_bar)) @ swapped(v)
        elif w_bar is not None:
            by_a = v @ (_on_diagonal(w_bar) + moved) @ swapped(v)
        a_bar = folded(by_a, "sym", lower)
        if b is None:
            return a_bar, None
        if w_bar is not None:
            beside = plus(_on_diagonal(w_bar * w), beside)
        return a_bar, -folded(v @ beside @ swapped(v), "sym", lower)

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, a: Any, b: Any, y: Any, **options: Any) -> Any:
        lower, eigvals_only = Eigh._options(**options)
        w, v = Eigh._vectors(a, b, y, lower, eigvals_only)
        inner: Any = None
        turned: Any = None
        if a_dot is not None:
            inner = swapped(v) @ read(a_dot, "sym", lower) @ v
        if b_dot is not None:
            turned = swapped(v) @ read(b_dot, "sym", lower) @ v
            inner = plus(inner, -turned * as_row(w))
        w_dot = diagonal_of(inner)
        if eigvals_only:
            return w_dot
        change = inverse_gaps(w, unit_like(w)) * inner
        if turned is not None:
            change = change - _on_diagonal(diagonal_of(turned) / 2)
        return w_dot, v @ change


def _on_diagonal(w: Any) -> Any:
    return np.diag(w) if rank(w) == 1 else as_row(w) * unit_like(w)


@derived(linalg.eigvalsh, memory="fresh", on_complex="refuse")
def eigvalsh(
    a: Any,
    b: Any = None,
    *,
    lower: Any = True,
    type: Any = 1,
    check_finite: Any = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: Any = None,
) -> Any:
    Eigh._options(lower, True, type, check_finite, subset_by_index, subset_by_value)
    return _eigh_of(a, b, lower=lower, eigvals_only=True)


def _svd_of(
    a: Any,
    *,
    full_matrices: Any = True,
    compute_uv: Any = True,
    check_finite: Any = True,
    lapack_driver: Any = None,
) -> Any:
    return np.linalg.svd(a, full_matrices=full_matrices, compute_uv=compute_uv)


@primitive(linalg.svd, definition=_svd_of, memory="fresh", on_complex="given")
class Svd:
    """As np.linalg.svd."""

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        y: Any,
        *,
        full_matrices: Any = True,
        compute_uv: Any = True,
        check_finite: Any = True,
        lapack_driver: Any = None,
    ) -> Any:
        return SVD.pullback(y_bar, a, y, full_matrices=full_matrices, compute_uv=compute_uv)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, **options: Any) -> Any:
        kept = {k: v for k, v in options.items() if k in ("full_matrices", "compute_uv")}
        return SVD.pushforward(a_dot, a, y, **kept)


@derived(linalg.svdvals, memory="fresh")
def svdvals(a: Any, *, check_finite: Any = True) -> Any:
    return np.linalg.svd(a, compute_uv=False)


_MODES = {"full": "complete", "economic": "reduced"}


def _qr_of(
    a: Any,
    *,
    mode: Any = "full",
    pivoting: Any = False,
    check_finite: Any = True,
    lwork: Any = None,
) -> Any:
    if mode not in _MODES or pivoting:
        raise NotImplementedError("with pivots, or of R alone; use mode='economic'")
    return call(np.linalg.qr, a, mode=_MODES[mode])


@primitive(linalg.qr, definition=_qr_of, memory="fresh", on_complex="given")
class Qr:
    """As np.linalg.qr."""

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        y: Any,
        *,
        mode: Any = "full",
        pivoting: Any = False,
        check_finite: Any = True,
        lwork: Any = None,
    ) -> Any:
        if mode not in _MODES or pivoting:
            raise NotImplementedError("with pivots, or of R alone; use mode='economic'")
        return QR.pullback(y_bar, a, y, mode=_MODES[mode])

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, **options: Any) -> Any:
        return QR.pushforward(a_dot, a, y, mode=_MODES[options.get("mode", "full")])


@derived(linalg.eigvals, memory="fresh")
def eigvals(a: Any, b: Any = None, *, check_finite: Any = True) -> Any:
    if b is not None:
        raise NotImplementedError("of two matrices; use np.linalg.solve(b, a)")
    return np.linalg.eigvals(a) + 0j


@primitive(linalg.pinv, signature="(m,n)->(n,m)", stacks=False, on_complex="given")
class Pinv:
    """As np.linalg.pinv."""

    @staticmethod
    def pullback(
        y_bar: Any, a: Any, y: Any, *, atol: Any = None, rtol: Any = None, check_finite: Any = True
    ) -> Any:
        return PseudoInverse.pullback(y_bar, a, y)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, **options: Any) -> Any:
        return PseudoInverse.pushforward(a_dot, a, y)


# Factors that another function solves with.


def _halves(lower: Any, upper: Any) -> Any:
    """What is below the diagonal of one matrix, and above it (and on it) of another."""
    return np.tril(lower, k=-1) + np.triu(upper)


def _unit(lu: Any) -> Any:
    """The factor of the packed form that has ones on its diagonal."""
    return np.tril(lu, k=-1) + unit_like(lu)


def _permuted(piv: Any, x: Any, turn: bool) -> Any:
    """P x (or P.T x, where it is turned): what solves with unit factors."""
    return call(linalg.lu_solve, (unit_like(x), piv), x, **({} if turn else {"trans": 1}))


def _packed(a: Any, **options: Any) -> Type:
    """The factors in one matrix, and the pivots."""
    if not isinstance(a, Value) or (a.type.rank or 0) < 2:
        return ANY
    *front, m, n = a.type.shape or ()
    pivots = Type("array", "int32", (*front, m if m == n else Size(object())))
    return Type("tuple", None, None, (Type("array", a.type.dtype, (*front, m, n)), pivots))


@primitive(linalg.lu_factor, typed=_packed, memory="fresh", on_complex="refuse")
class LuFactor:
    """a = P L U, of a square matrix: with X the lower part of L.T L_bar and the upper one of U_bar U.T,
    a_bar = P L^-T X U^-T (Walter and Lehmann 2010; pivots do not move).
    """

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, check_finite: Any = True) -> Any:
        (lu_bar, _), (lu, piv) = y_bar, y
        below = swapped(_unit(lu)) @ np.tril(lu_bar, k=-1)
        inner = _halves(below, np.triu(lu_bar) @ swapped(np.triu(lu)))
        left = call(linalg.solve_triangular, lu, inner, trans=1, lower=True, unit_diagonal=True)
        right = swapped(call(linalg.solve_triangular, lu, swapped(left)))
        return _permuted(piv, right, turn=False)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, check_finite: Any = True) -> Any:
        lu, piv = y
        moved = _permuted(piv, a_dot, turn=True)
        left = call(linalg.solve_triangular, lu, moved, lower=True, unit_diagonal=True)
        inner = swapped(call(linalg.solve_triangular, lu, swapped(left), trans=1))
        lower, upper = _unit(lu) @ np.tril(inner, k=-1), np.triu(inner) @ np.triu(lu)
        return _halves(lower, upper), None


@primitive(linalg.lu_solve, memory="fresh", on_complex="refuse")
class LuSolve:
    """As `Solve`, by the packed factors: of a = P L U the cotangents are (P.T a_bar) U.T and L.T (P.T a_bar)."""

    @staticmethod
    def pullback(
        y_bar: Any, lu_and_piv: Any, b: Any, y: Any, *, trans: Any = 0, check_finite: Any = True
    ) -> Any:
        lu, piv = lu_and_piv
        given = {} if trans else {"trans": 1}
        b_bar = call(linalg.lu_solve, (lu, piv), y_bar, **given)
        a_bar = outer_of(y, b_bar, b, lu) if trans else outer_of(b_bar, y, b, lu)
        turned = _permuted(piv, -a_bar, turn=True)
        return (_halves(turned @ swapped(np.triu(lu)), swapped(_unit(lu)) @ turned), None), b_bar

    @staticmethod
    def pushforward(
        dots: Any,
        b_dot: Any,
        lu_and_piv: Any,
        b: Any,
        y: Any,
        *,
        trans: Any = 0,
        check_finite: Any = True,
    ) -> Any:
        lu, piv = lu_and_piv
        given = {"trans": 1} if trans else {}
        right = b_dot
        if dots is not None and dots[0] is not None:
            moved = np.tril(dots[0], k=-1) @ np.triu(lu) + _unit(lu) @ np.triu(dots[0])
            moved = _permuted(piv, moved, turn=False)
            right = plus(right, -applied(swapped(moved) if trans else moved, y, b))
        return call(linalg.lu_solve, (lu, piv), right, **given)


# What the other triangle of a factor holds is left open by SciPy: zeros since 1.18, before that what it held.
_HOLDS = bool(linalg.cho_factor(np.array([[1.0, 0.5], [0.5, 1.0]]))[0][1, 0])


@derived(linalg.cho_factor, memory="fresh", on_complex="refuse")
def cho_factor(a: Any, *, lower: Any = False, check_finite: Any = True) -> Any:
    """The other triangle is not read."""
    half = cholesky(a, lower=lower)
    if _HOLDS:
        half = half + (np.triu(a, k=1) if lower else np.tril(a, k=-1))
    return half, bool(lower)


def _cho_solve_of(c_and_lower: Any, b: Any, *, check_finite: Any = True) -> Any:
    c, lower = c_and_lower
    half = np.tril(c) if known(lower, "which triangle") else swapped(np.triu(c))
    return np.linalg.solve(half @ swapped(half), b)


@primitive(linalg.cho_solve, definition=_cho_solve_of, memory="fresh", on_complex="refuse")
class ChoSolve:
    """As `Solve`, by the factor of a = c c.T (or c.T c): c_bar = (a_bar + a_bar.T) c."""

    @staticmethod
    def pullback(y_bar: Any, c_and_lower: Any, b: Any, y: Any, *, check_finite: Any = True) -> Any:
        c, lower = c_and_lower
        b_bar = call(linalg.cho_solve, (c, known(lower, "which triangle")), y_bar)
        outer = outer_of(b_bar, y, b, c)
        both = outer + swapped(outer)
        c_bar = -np.tril(both @ np.tril(c)) if lower else -np.triu(np.triu(c) @ both)
        return (c_bar, None), b_bar

    @staticmethod
    def pushforward(
        dots: Any, b_dot: Any, c_and_lower: Any, b: Any, y: Any, *, check_finite: Any = True
    ) -> Any:
        c, lower = c_and_lower
        right = b_dot
        if dots is not None and dots[0] is not None:
            half = np.tril if known(lower, "which triangle") else np.triu
            dot, factor = half(dots[0]), swapped(half(c))
            turn = dot @ factor if lower else factor @ dot
            right = plus(right, -applied(turn + swapped(turn), y, b))
        return call(linalg.cho_solve, (c, lower), right)


# Bands.


def _places(bands: Any, upper: Any) -> tuple[Any, Any]:
    """For each element of a band, that is of a column, the row it is of, and whether there is one."""
    rows, n = np.shape(bands)[0], np.shape(bands)[1]
    places = call(np.arange, rows)[:, None] - upper + call(np.arange, n)
    inside = (places >= 0) & (places < n)
    return np.where(inside, places, 0), inside


def _product_in_bands(x: Any, y: Any, places: Any, inside: Any, b: Any) -> Any:
    """The bands of the matrix x @ y.T."""
    made = x[places] * y
    made = made if rank(b) == 1 else np.sum(made, axis=-1)
    return np.where(inside, made, 0)


def _as_right(l_and_u: Any, ab: Any, b: Any) -> Type:
    types = [x.type for x in (ab, b) if isinstance(x, Value)]
    names = [type_.dtype for type_ in types]
    known_ = len(types) == 2 and None not in names
    dtype = np.result_type(*names).name if known_ else None
    return Type("array", dtype, types[-1].shape) if len(types) == 2 else ANY


@primitive(linalg.solve_banded, wrt=(1, 2), typed=_as_right, memory="fresh", on_complex="refuse")
class SolveBanded:
    """As `Solve`, of the elements in the bands; the bands of the transpose are those of the matrix, shifted."""

    @staticmethod
    def pullback(
        y_bar: Any, l_and_u: Any, ab: Any, b: Any, y: Any, *, check_finite: Any = True
    ) -> Any:
        lower, upper = known(l_and_u, "the number of bands")
        columns, inside = _places(ab, lower)
        rows = call(np.arange, np.shape(ab)[0])[::-1, None]
        turned = np.where(inside, ab[rows, columns], 0)
        b_bar = call(linalg.solve_banded, (upper, lower), turned, y_bar)
        return None, -_product_in_bands(b_bar, y, *_places(ab, upper), b), b_bar

    @staticmethod
    def pushforward(
        _: Any, ab_dot: Any, b_dot: Any, l_and_u: Any, ab: Any, b: Any, y: Any, **options: Any
    ) -> Any:
        right = b_dot
        if ab_dot is not None:
            places, inside = _places(ab, l_and_u[1])
            moved = np.where(inside, ab_dot, 0)
            terms = moved * y if rank(b) == 1 else moved[..., None] * y
            right = plus(right, -put_add(np.zeros_like(y), places, terms))
        return call(linalg.solve_banded, l_and_u, ab, right)


# Roots and logarithms: whether they are real depends on the values.


def _same_shape(A: Any) -> Type:
    return Type("array", None, A.type.shape) if isinstance(A, Value) else ANY


@primitive(linalg.sqrtm, typed=_same_shape, memory="fresh")
class SquareRoot:
    """y y = a, so that y y_dot + y_dot y = a_dot: a Sylvester equation (Higham 2008, section 6.1)."""

    @staticmethod
    def pullback(y_bar: Any, A: Any, y: Any) -> Any:
        return call(linalg.solve_sylvester, swapped(y), swapped(y), y_bar)

    @staticmethod
    def pushforward(A_dot: Any, A: Any, y: Any) -> Any:
        return call(linalg.solve_sylvester, y, y, A_dot)


@primitive(linalg.logm, typed=_same_shape, memory="fresh")
class Logarithm:
    """As all functions of matrices."""

    @staticmethod
    def pullback(y_bar: Any, A: Any, y: Any) -> Any:
        return corner(call(linalg.logm, block(swapped(A), y_bar)), A)

    @staticmethod
    def pushforward(A_dot: Any, A: Any, y: Any) -> Any:
        return corner(call(linalg.logm, block(A, A_dot)), A)


# More of the same kinds.


def _three_factors(a: Any, **options: Any) -> Type:
    if not isinstance(a, Value) or (a.type.rank or 0) < 2 or options.get("permute_l"):
        return ANY
    *front, m, n = a.type.shape or ()
    inner, dtype = Size(object()), a.type.dtype
    shapes = ((*front, m, m), (*front, m, inner), (*front, inner, n))
    return Type("tuple", None, None, tuple(Type("array", dtype, shape) for shape in shapes))


@primitive(linalg.lu, typed=_three_factors, memory="fresh", on_complex="refuse")
class Lu:
    """a = P L U as `LuFactor`, where the permutation is a result; of a square matrix."""

    @staticmethod
    def _check(permute_l: Any, p_indices: Any) -> None:
        if permute_l or p_indices:
            raise NotImplementedError("with permute_l or p_indices; take P, L, U = linalg.lu(a)")

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        y: Any,
        *,
        permute_l: Any = False,
        check_finite: Any = True,
        p_indices: Any = False,
    ) -> Any:
        Lu._check(permute_l, p_indices)
        (_, l_bar, u_bar), (p, l, u) = y_bar, y
        below = None if l_bar is None else np.tril(swapped(l) @ l_bar, k=-1)
        above = None if u_bar is None else np.triu(u_bar @ swapped(u))
        if below is None and above is None:
            return None
        inner = plus(below, above)
        left = call(linalg.solve_triangular, l, inner, trans=1, lower=True, unit_diagonal=True)
        return p @ swapped(call(linalg.solve_triangular, u, swapped(left)))

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, **options: Any) -> Any:
        Lu._check(options.get("permute_l", False), options.get("p_indices", False))
        p, l, u = y
        moved = swapped(p) @ a_dot
        left = call(linalg.solve_triangular, l, moved, lower=True, unit_diagonal=True)
        inner = swapped(call(linalg.solve_triangular, u, swapped(left), trans=1))
        return None, l @ np.tril(inner, k=-1), np.triu(inner) @ u


@derived(linalg.pinvh, memory="fresh", on_complex="refuse")
def pinvh(
    a: Any,
    *,
    atol: Any = None,
    rtol: Any = None,
    lower: Any = True,
    return_rank: Any = False,
    check_finite: Any = True,
) -> Any:
    _plain_options(return_rank=(return_rank, False))
    return np.linalg.pinv(read(a, "sym", lower))


@derived(linalg.eigvalsh_tridiagonal, memory="fresh", on_complex="refuse")
def eigvalsh_tridiagonal(
    d: Any,
    e: Any,
    *,
    select: Any = "a",
    select_range: Any = None,
    check_finite: Any = True,
    tol: Any = 0.0,
    lapack_driver: Any = "auto",
) -> Any:
    _plain_options(select=(select, "a"))
    return np.linalg.eigvalsh(np.diag(d) + np.diag(e, k=-1))


@derived(linalg.leslie, memory="fresh")
def leslie(f: Any, s: Any) -> Any:
    one_axis(f, s)
    below = np.diag(s, k=-1)
    return np.concatenate((below[:1] + f, below[1:]))


refused(
    *having(linalg, "find_best_blas_type get_blas_funcs get_lapack_funcs"),
    reason="it makes a function, not a number",
    rewrite="Use the functions of scipy.linalg.",
)
refused(
    *having(
        linalg,
        "cossin hessenberg ldl matrix_balance null_space ordqz orth orthogonal_procrustes polar qz rq rsf2csf schur subspace_angles "
        "qr_delete qr_insert qr_multiply qr_update cdf2rdf eig eig_banded eigh_tridiagonal diagsvd",
    ),
    reason="there is no rule for this decomposition",
    rewrite="Use np.linalg.eig, eigh, svd or qr, from which it can be made.",
)
refused(
    *having(linalg, "lstsq"),
    reason="which of its results there are depends on the shapes",
    rewrite="Use np.linalg.lstsq.",
)
refused(
    *having(
        linalg,
        "fractional_matrix_power funm signm expm_cond solve_continuous_are solve_discrete_are solve_circulant solveh_banded "
        "cho_solve_banded cholesky_banded eigvals_banded clarkson_woodruff_transform companion fiedler_companion convolution_matrix",
    ),
    reason="there is no rule for it",
    rewrite="Write it with expm, logm, solve, solve_banded or toeplitz; of an equation that it solves use srcad.implicit.",
)
constant(
    *having(linalg, "dft hadamard helmert hilbert invhilbert invpascal pascal"),
    reason="it depends on a size alone",
)
constant(
    *having(linalg, "bandwidth ishermitian issymmetric"),
    reason="a truth value, or a whole number",
)

SEVERAL.update({linalg.lu, linalg.eigh, linalg.svd, linalg.qr, linalg.lu_factor, linalg.cho_factor})
