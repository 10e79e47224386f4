"""scipy.linalg."""

from typing import Any

import numpy as np
import pytest

from srcad.core.quote import call
from srcad.rules import derived
from tests.laws.cases import COVERED, REAL, add, arrays

linalg = pytest.importorskip("scipy.linalg")


def square(n: int, make=REAL):
    """Well-conditioned, not symmetric."""
    (a,) = arrays((n, n), make=make)
    return a + 4 * np.eye(n)


def arrays_of(shape):
    return next(arrays(shape))


def through(*functions):
    """A function of several results' for which rows are written."""

    def decorate(definition):
        COVERED.update(functions)
        return derived(definition)(definition)

    return decorate


A, (B, V) = square(3), arrays((3, 2), (3,))
SYMMETRIC = A @ A.T / 4
for label, b in [("vector", V), ("matrix", B), ("column", B[:, :1])]:
    add(linalg.solve, label, A, b)
    add(linalg.solve, f"{label}-transposed", A, b, transposed=True)
    for lower in (False, True):
        add(linalg.solve, f"{label}-pos-{lower}", SYMMETRIC, b, assume_a="pos", lower=lower)
        add(linalg.solve, f"{label}-sym-{lower}", SYMMETRIC, b, assume_a="sym", lower=lower)
        for trans in (0, 1):
            add(
                linalg.solve_triangular,
                f"{label}-{lower}-{trans}",
                A,
                b,
                lower=lower,
                trans=trans,
            )
    add(linalg.solve_triangular, f"{label}-unit", A, b, unit_diagonal=True, trans="T")
add(linalg.solve, "1x1", A[:1, :1], V[:1])
add(linalg.solve_triangular, "1x1", A[:1, :1], V[:1])
for label, a in [("3x3", A), ("1x1", A[:1, :1]), ("stack", np.stack([A, A.T]))]:
    add(linalg.det, label, a)
    add(linalg.expm, label, a / 4)
add(linalg.inv, "3x3", A)
add(linalg.norm, "3x3", A)
add(linalg.norm, "axis", A, axis=1)
for lower in (False, True):
    add(linalg.cholesky, f"3x3-{lower}", SYMMETRIC, lower=lower)
add(linalg.khatri_rao, "2x3-3x3", *arrays((2, 3), (3, 3)))
for function in (linalg.cosm, linalg.sinm, linalg.tanm, linalg.coshm, linalg.sinhm, linalg.tanhm):
    add(function, "3x3", A / 6)
# (The definition is a block of one exponential, whose scaling differs from release to release.)
add(linalg.expm_frechet, "3x3", A / 4, square(3), compute_expm=False, slack=3)
add(linalg.solve_sylvester, "3-2", A, square(2), B)
add(linalg.solve_continuous_lyapunov, "3x3", A, square(3))
add(linalg.solve_discrete_lyapunov, "3x3", A / 8, square(3))
add(linalg.solve_discrete_lyapunov, "3x3-bilinear", A / 8, square(3), method="bilinear")
add(linalg.block_diag, "2x3-1x1-2", *arrays((2, 3), (1, 1), (2,)))
add(linalg.toeplitz, "3", *arrays((3,)))
add(linalg.toeplitz, "3-2", *arrays((3,), (2,)))
add(linalg.circulant, "3", *arrays((3,)))
add(linalg.circulant, "1", *arrays((1,)))
add(linalg.hankel, "3", *arrays((3,)))
add(linalg.hankel, "3-4", *arrays((3,), (4,)))
add(linalg.fiedler, "3", np.array([0.3, 1.5, -0.7]))
C = np.array([3.0, 0.5, -0.3])
add(linalg.matmul_toeplitz, "3", C, B)
add(linalg.matmul_toeplitz, "3-2", (C, C[:2]), B[:2])
add(linalg.solve_toeplitz, "3", C, V)
add(linalg.solve_toeplitz, "3-3", (C, -C), V)


@through(linalg.eigh)
def of_eigh(a: Any, b: Any = None, *, lower: Any = True) -> Any:
    w, v = call(linalg.eigh, a, *(() if b is None else (b,)), lower=lower)
    return v * np.exp(-w) @ v.T + w


@through(linalg.eigh)
def of_eigenvalues(a: Any, b: Any = None) -> Any:
    return call(linalg.eigh, a, *(() if b is None else (b,)), eigvals_only=True)


@through(linalg.svd)
def of_svd(a: Any) -> Any:
    u, s, vh = call(linalg.svd, a, full_matrices=False)
    return u * np.exp(-s) @ vh


@through(linalg.svd)
def of_values(a: Any) -> Any:
    return call(linalg.svd, a, compute_uv=False)


@through(linalg.qr)
def of_qr(a: Any) -> Any:
    q, r = call(linalg.qr, a, mode="economic")
    return np.abs(q @ np.exp(r))


@through(linalg.lu_factor, linalg.lu_solve)
def of_lu(a: Any, b: Any, *, trans: Any = 0) -> Any:
    factors = call(linalg.lu_factor, a)
    return call(linalg.lu_solve, factors, b, trans=trans) + np.sum(np.sin(factors[0]))


@through(linalg.cho_factor, linalg.cho_solve)
def of_cholesky(a: Any, b: Any, *, lower: Any = False) -> Any:
    c, _ = call(linalg.cho_factor, a, lower=lower)
    return call(linalg.cho_solve, (c, lower), b) + np.sum(np.sin(c))


@through(linalg.sqrtm, linalg.logm)
def of_root(a: Any) -> Any:
    return np.real(call(linalg.sqrtm, a)) + np.real(call(linalg.logm, a))


@through(linalg.eigvals)
def of_eigvals(a: Any) -> Any:
    return np.abs(call(linalg.eigvals, a)) ** 2


@through(linalg.lu)
def of_permuted(a: Any) -> Any:
    p, l, u = call(linalg.lu, a.T @ a + np.diag(2 + a[0] ** 2))
    return p @ np.sin(l) @ np.cos(u)


SPREAD = np.diag([1.0, 2.5, 4.0]) + arrays_of((3, 3)) / 5
METRIC = SYMMETRIC / 4 + np.eye(3)
for lower in (True, False):
    add(of_eigh, f"3-{lower}", SPREAD, lower=lower)
    add(of_eigh, f"3-3-{lower}", SPREAD, METRIC, lower=lower)
add(of_eigenvalues, "3", SPREAD)
add(of_eigenvalues, "3-3", SPREAD, METRIC)
add(linalg.eigvalsh, "3", SPREAD)
add(linalg.eigvalsh, "3-3", SPREAD, METRIC, lower=False)
for label, a in [("3x3", SPREAD), ("3x2", SPREAD[:, :2].copy()), ("2x3", SPREAD[:2])]:
    add(of_svd, label, a)
    add(of_values, label, a)
    add(linalg.svdvals, label, a)
    add(linalg.pinv, label, a)
    add(of_qr, label, a)
for label, b in [("vector", V), ("matrix", B)]:
    add(of_lu, f"3-{label}", A[::-1].copy(), b)
    add(of_lu, f"3-{label}-turned", A[::-1].copy(), b, trans=1)
    for lower in (False, True):
        add(of_cholesky, f"3-{label}-{lower}", SYMMETRIC, b, lower=lower)
    BANDS = arrays_of((4, 3)) + np.array([[0.0], [0], [5], [0]])
    add(linalg.solve_banded, f"{label}-12", (1, 2), BANDS, b)
    add(linalg.solve_banded, f"{label}-00", (0, 0), BANDS[2:3], b)
    add(linalg.solve_banded, f"{label}-11", (1, 1), BANDS[1:], b)
add(of_root, "3", SYMMETRIC + np.eye(3))
add(of_eigvals, "3", SPREAD)
for label, a in [("3", A[::-1].copy()), ("1", A[:1, :1])]:
    add(of_permuted, label, a)
add(linalg.pinvh, "3", SPREAD)
add(linalg.eigvalsh_tridiagonal, "3-2", np.array([1.0, 2.5, 4.0]), np.array([0.3, -0.4]))
add(linalg.leslie, "3-2", V, V[:2])
if hasattr(linalg, "kron"):  # which new versions of SciPy leave to NumPy
    add(linalg.kron, "2x3-3x2", *arrays((2, 3), (3, 2)))
