"""Matrices taken apart, and what is computed by that. Leading axes are stacks of matrices.

Sources: M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions" (2010); I. Murray,
"Differentiation of the Cholesky decomposition" (2016); G. H. Golub and V. Pereyra (1973) for the pseudoinverse.

Where NumPy reads one triangle of a matrix, so does the derivative: it is zero on the other one. That of a function of
symmetric matrices is had by `(a + a.T) / 2`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core.quote import call, rank
from srcad.rules.derived import derived
from srcad.rules.families import primitive

__all__: list[str] = []


def _t(x: Any) -> Any:
    """The transpose of matrices."""
    return x.T if rank(x) == 2 else np.swapaxes(x, -1, -2)


def _mirrored(a: Any, lower: bool) -> Any:
    """The symmetric matrix of which one triangle is given."""
    return np.tril(a) + _t(np.tril(a, -1)) if lower else np.triu(a) + _t(np.triu(a, 1))


def _folded(g: Any, lower: bool) -> Any:
    """The transpose of `_mirrored`: both triangles together in the one that is read."""
    return np.tril(g) + _t(np.triu(g, 1)) if lower else np.triu(g) + _t(np.tril(g, -1))


def _eye(a: Any, dtype: Any) -> Any:
    return call(np.eye, a.shape[-1], dtype=dtype)


def _gaps(w: Any) -> Any:
    """Differences of eigenvalues, w_j - w_i; infinite on the diagonal, where 1 / gap is to be 0."""
    return np.where(_eye(w, bool), np.inf, w[..., None, :] - w[..., None])


@primitive(np.linalg.eigh, signature="(n,n)->(n),(n,n)")
class Eigh:
    """Giles 2008, 3.1. The eigenvectors of equal eigenvalues have no derivative: 1 / 0."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any, *, UPLO: Any = "L") -> Any:
        (w_bar, v_bar), (w, v) = y_bar, y
        if v_bar is None:
            return _folded((v * _row(w_bar)) @ _t(v), UPLO == "L")
        inner = (_t(v) @ v_bar) / _gaps(w)
        if w_bar is not None:
            inner = inner + _row(w_bar) * _eye(a, a.dtype)
        return _folded(v @ inner @ _t(v), UPLO == "L")

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any, *, UPLO: Any = "L") -> Any:
        w, v = y
        inner = _t(v) @ _mirrored(a_dot, UPLO == "L") @ v
        return np.diagonal(inner, axis1=-2, axis2=-1), v @ (inner / _gaps(w))


def _row(w: Any) -> Any:
    """A vector as a row of matrices."""
    return w if rank(w) == 1 else w[..., None, :]


@derived(np.linalg.eigvalsh, signature="(n,n)->(n)")
def eigvalsh(a: Any, *, UPLO: Any = "L") -> Any:
    """Equal eigenvalues need no differences: their cotangents, if equal too, are right."""
    return np.linalg.eigh(a, UPLO=UPLO)[0]
