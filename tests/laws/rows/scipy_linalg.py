"""scipy.linalg."""

import numpy as np
import pytest

from tests.laws.cases import POSITIVE, REAL, add, arrays, draw

linalg = pytest.importorskip("scipy.linalg")


def square(n: int, make=REAL):
    """Well-conditioned, not symmetric."""
    (a,) = arrays((n, n), make=make)
    return a + 4 * np.eye(n)


def spd(n: int):
    a = square(n)
    return a @ a.T


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
for name in "cosm sinm tanm coshm sinhm tanhm".split():
    add(getattr(linalg, name), "3x3", A / 6)
add(linalg.expm_frechet, "3x3", A / 4, square(3), compute_expm=False)
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
