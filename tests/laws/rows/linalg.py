"""Rows of numpy.linalg. Several results go through functions of them: of vectors that may change sign, ones that do not see it."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from srcad.rules import derived
from tests.laws.cases import COVERED, REAL, draw, rows, sizes

MATRICES = "3x3 1x1 4x3x3 2x1x2x2 0x0 0x2x2"
ANY_SHAPE = "3x3 4x2 2x4 1x3 3x1 1x1 2x3x2 2x2x3"


def positive(shape: Any, rng: np.random.Generator) -> Any:
    """Matrices that are positive definite, and whose eigenvalues are apart, whichever triangle is read."""
    n = min(shape[-2:])
    made = rng.uniform(-0.2, 0.2, shape)
    made[..., range(n), range(n)] += np.arange(1.0, n + 1)
    return made


def through(*functions: Any) -> Any:
    """A function of several results' for which rows are written."""

    def decorate(definition: Any) -> Any:
        COVERED.update(functions)
        return derived(definition)(definition)

    return decorate


def turned(x: Any) -> Any:
    return np.conj(np.swapaxes(x, -1, -2))


@through(np.linalg.eigh)
def of_eigh(a: Any, *, UPLO: Any = "L") -> Any:
    w, v = np.linalg.eigh(a, UPLO=UPLO)
    return (v * np.exp(-w)[..., None, :]) @ turned(v) + w[..., None]


@through(np.linalg.eigh)
def of_eigenvectors(a: Any) -> Any:
    return np.abs(np.linalg.eigh(a)[1]) ** 2


@through(np.linalg.eig)
def of_eig(a: Any) -> Any:
    """Vectors as LAPACK makes them: of length 1, the largest component real."""
    w, v = np.linalg.eig(a)
    return np.real(w[..., None, :] * v) + np.imag(v) ** 2


@through(np.linalg.eigvals)
def of_eigvals(a: Any) -> Any:
    return np.abs(np.linalg.eigvals(a)) ** 2


@through(np.linalg.eig, np.linalg.eigvals)
def of_spiral(a: Any) -> Any:
    """As these, of matrices whose eigenvalues are complex numbers."""
    return of_eig(a) + of_eigvals(a)[..., None]


@through(np.linalg.slogdet)
def of_slogdet(a: Any) -> Any:
    sign, logdet = np.linalg.slogdet(a)
    return sign * logdet


@through(np.linalg.qr)
def of_qr(a: Any, *, mode: Any = "reduced") -> Any:
    q, r = np.linalg.qr(a, mode=mode)
    return np.sum(q**3, axis=-2)[..., None] * np.sum(np.sin(r), axis=-1)[..., None]


@through(np.linalg.qr)
def of_triangle(a: Any, *, mode: Any = "r") -> Any:
    found = np.linalg.qr(a, mode=mode)
    return found * found if mode == "r" else found[1] ** 2


@through(np.linalg.svd)
def of_svd(a: Any, *, full_matrices: Any = False, hermitian: Any = False) -> Any:
    u, s, vh = np.linalg.svd(a, full_matrices=full_matrices, hermitian=hermitian)
    return (u * np.exp(-s)[..., None, :]) @ vh + np.sum(s)


@through(np.linalg.svd)
def of_left_vectors(a: Any, *, full_matrices: Any = False) -> Any:
    u, s, _ = np.linalg.svd(a, full_matrices=full_matrices)
    return np.abs(u) ** 2 * s[..., :1, None]


@through(np.linalg.svd)
def of_right_vectors(a: Any, *, full_matrices: Any = False) -> Any:
    return np.abs(np.linalg.svd(a, full_matrices=full_matrices)[2]) ** 2


@through(np.linalg.svd)
def of_singular_values(a: Any, *, hermitian: Any = False, compute_uv: Any = False) -> Any:
    found = np.linalg.svd(a, compute_uv=compute_uv, hermitian=hermitian)
    return found[1] ** 2 if compute_uv else found**2


@through(np.linalg.lstsq)
def of_lstsq(a: Any, b: Any, *, rcond: Any = None) -> Any:
    x, _, _, s = np.linalg.lstsq(a, b, rcond=rcond)
    return x * np.sum(s)


@through(np.linalg.lstsq)
def of_residuals(a: Any, b: Any) -> Any:
    return np.linalg.lstsq(a, b)[1]


@through(np.divmod, builtins.divmod)
def of_divmod(x1: Any, x2: Any) -> Any:
    quotient, rest = np.divmod(x1, x2)
    return quotient * rest


@through(np.modf, math.modf)
def of_modf(x: Any) -> Any:
    fraction, whole = np.modf(x)
    return fraction * whole


@through(np.frexp, math.frexp)
def of_frexp(x: Any) -> Any:
    mantissa, exponent = np.frexp(x)
    return mantissa * exponent


def squares(shape: Any, rng: np.random.Generator) -> Any:
    return np.asarray(positive(shape, rng) + 0.3 * np.eye(shape[-1]))


def turning(shape: Any, rng: np.random.Generator) -> Any:
    """Real matrices with complex eigenvalues."""
    return positive(shape, rng) + np.triu(np.ones(shape), 1) - 2 * np.tril(np.ones(shape), -1)


rows([np.linalg.cholesky, np.linalg.eigvalsh, of_eigh, of_slogdet], MATRICES, positive)
rows([of_eig, of_eigvals], "3x3 1x1 2x3x3", positive)
rows(of_spiral, "2x2 3x3 2x3x3", turning)
rows(np.linalg.cholesky, "3x3 2x3x3", positive, tag="upper", upper=True)
rows([np.linalg.eigvalsh, of_eigh], "3x3 2x3x3", positive, tag="U", UPLO="U")
rows(of_eigenvectors, "3x3 1x1 2x3x3", positive)
rows([of_qr, of_triangle, of_svd, of_singular_values], ANY_SHAPE, positive)
rows([of_left_vectors, of_right_vectors, np.linalg.svdvals], ANY_SHAPE, positive)
rows(of_qr, "3x3 2x4 1x1", positive, tag="complete", mode="complete")
rows(of_triangle, "3x3 2x4 4x2", positive, tag="complete", mode="complete")
rows(of_triangle, "3x3 4x2", positive, tag="reduced", mode="reduced")
rows(
    [of_svd, of_left_vectors, of_right_vectors],
    "3x3 2x3x3",
    positive,
    tag="full",
    full_matrices=True,
)
rows(of_left_vectors, "2x4", positive, tag="full", full_matrices=True)
rows(of_right_vectors, "4x2", positive, tag="full", full_matrices=True)
rows([of_svd, of_singular_values], "3x3 2x3x3", positive, tag="hermitian", hermitian=True)
rows(of_singular_values, "3x3 4x2", positive, tag="uv", compute_uv=True)
rows(np.linalg.pinv, ANY_SHAPE, positive)
rows(np.linalg.pinv, "3x3 2x3x3", positive, tag="hermitian", hermitian=True)
rows(np.linalg.pinv, "4x2", positive, tag="rcond", rcond=1e-10)
rows(of_lstsq, "4x2,4 4x2,4x3 3x3,3 2x4,2 1x1,1x1", positive, REAL)
rows(of_lstsq, "4x2,4", positive, REAL, tag="rcond", rcond=1e-10)
rows(of_residuals, "4x2,4 4x2,4x3", positive, REAL)
for power in (-2, -1, 0, 1, 2, 3, 5):
    rows(np.linalg.matrix_power, "3x3 2x2x2 1x1", squares, tag=f"n{power}", n=power)
rows(
    np.linalg.multi_dot,
    [((3, 2), (2, 4), (4, 1))],
    lambda shapes, rng: [REAL(s, rng) for s in shapes],
)
rows(
    np.linalg.multi_dot, [((2,), (2, 4), (4,))], lambda shapes, rng: [REAL(s, rng) for s in shapes]
)


def unfolded(shape: Any, rng: np.random.Generator) -> Any:
    """Arrays that are regular matrices, however they are reshaped into squares."""
    size = round(np.sqrt(np.prod(shape)))
    return squares((size, size), rng).reshape(shape)


rows(np.linalg.tensorsolve, "2x3x6,2x3 6x2x3,6 3x3,3", unfolded, REAL)
rows(np.linalg.tensorsolve, "2x6x3,6", unfolded, REAL, tag="axes", axes=(0, 2))
rows(np.linalg.tensorinv, "2x3x6 2x2x4", unfolded)
rows(np.linalg.tensorinv, "4x2x2 3x3", unfolded, tag="ind1", ind=1)

for order in (None, "fro", 2, -2, 1, -1, np.inf, -np.inf):
    rows(np.linalg.cond, "3x3 2x2x2 1x1", positive, tag=f"p{order}", p=order)
for order in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf):
    rows(np.linalg.norm, "3x3 2x4 3x1", positive, tag=f"ord{order}", ord=order)
    rows(np.linalg.norm, "3x2x3", draw(0.3, 2), tag=f"axes-ord{order}", ord=order, axis=(0, -1))
    rows(np.linalg.norm, "2x3", positive, tag=f"keep-ord{order}", ord=order, keepdims=True)
    rows(np.linalg.matrix_norm, "2x3 3x2x3", positive, tag=f"ord{order}", ord=order)
for order in (1, 2, 3, -1, 2.5, np.inf, -np.inf):
    rows(np.linalg.norm, "4 1", REAL, tag=f"ord{order}", ord=order)
    rows(np.linalg.norm, "2x3", REAL, tag=f"axis-ord{order}", ord=order, axis=0, keepdims=True)
    rows(np.linalg.vector_norm, "4 2x3 1", REAL, tag=f"ord{order}", ord=order)
    rows(np.linalg.vector_norm, "2x3x2", REAL, tag=f"axes-ord{order}", ord=order, axis=(0, 2))
rows(np.linalg.vector_norm, "2x3", REAL, tag="axis", axis=1, keepdims=True)

PAIR = sizes("3,3 2x3,2x3 1,1")
rows([np.linalg.outer], sizes("3,2 1,3"), REAL, REAL)
rows([np.linalg.vecdot], PAIR, REAL, REAL)
rows(np.linalg.vecdot, sizes("3x2,3x2"), REAL, REAL, tag="axis", axis=0)
rows(np.linalg.matmul, sizes("2x3,3x4 2x2x3,3x1"), REAL, REAL)
rows(np.linalg.tensordot, sizes("2x3,3x2"), REAL, REAL, axes=1)
rows([np.linalg.trace, np.linalg.diagonal], "3x3 2x3x4", REAL)
rows([np.linalg.trace, np.linalg.diagonal], "3x3 2x3x4", REAL, tag="offset", offset=1)
rows(np.linalg.matrix_transpose, "2x3 2x3x4", REAL)
rows(of_divmod, sizes("3,3 2x3,3 number,3"), draw(5.1, 5.4), draw(2.1, 2.4))
rows([of_modf, of_frexp], "3 2x3 0 scalar", REAL)
