"""Functions whose derivative is neither elementwise nor a product: an explicit pushforward and pullback each."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core.quote import conj, rank, real
from srcad.rules.derived import formulas
from srcad.rules.families import primitive
from srcad.rules.linear import restore
from srcad.rules.norms import norm_of
from srcad.rules.reductions import chosen

__all__: list[str] = []


# Linear algebra. The formulas are those of M. B. Giles, "Collected matrix derivative results for forward and
# reverse mode algorithmic differentiation" (2008).


@primitive(np.linalg.norm, on_complex="given")
class Norm:
    """The 2-norm of vectors and the Frobenius norm of matrices by hand. At 0, 0 is a subgradient: it is the least of all."""

    @staticmethod
    def is_euclidean(x: Any, ord: Any, axis: Any) -> bool:
        if axis is None and ord is None:
            return True
        axes = rank(x) if axis is None else len(axis) if isinstance(axis, (tuple, list)) else 1
        return ord is None or (ord == 2 and axes == 1) or (ord in ("fro", "f") and axes == 2)

    @staticmethod
    def pullback(
        y_bar: Any, x: Any, y: Any, *, ord: Any = None, axis: Any = None, keepdims: Any = False
    ) -> Any:
        if not Norm.is_euclidean(x, ord, axis):
            return _other[0](y_bar, x, y, ord=ord, axis=axis, keepdims=keepdims)
        return x * restore(y_bar / np.where(y == 0, 1, y), x, axis, keepdims)

    @staticmethod
    def pushforward(
        x_dot: Any, x: Any, y: Any, *, ord: Any = None, axis: Any = None, keepdims: Any = False
    ) -> Any:
        if not Norm.is_euclidean(x, ord, axis):
            return _other[1](x_dot, x, y, ord=ord, axis=axis, keepdims=keepdims)
        return real(np.sum(conj(x) * x_dot, **chosen(axis, keepdims))) / np.where(y == 0, 1, y)


_other = formulas(norm_of)


def _swapped(x: Any) -> Any:
    return x.T if rank(x) == 2 else np.swapaxes(x, -1, -2)


@primitive(np.linalg.solve, broadcasts=True, signature="(n,n),(n,k?)->(n,k?)")
class Solve:
    """Giles 2008, 2.3.1: b_bar = solve(a.T, y_bar), a_bar = -b_bar @ y.T."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, b: Any, y: Any) -> Any:
        if rank(b) != 1:
            b_bar = np.linalg.solve(_swapped(a), y_bar)
            return -b_bar @ _swapped(y), b_bar
        if rank(a) == 2:
            b_bar = np.linalg.solve(a.T, y_bar)
            return -np.outer(b_bar, y), b_bar
        b_bar = np.linalg.solve(_swapped(a), y_bar[..., None])[..., 0]
        return -b_bar[..., None] * y[..., None, :], b_bar

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, a: Any, b: Any, y: Any) -> Any:
        if rank(b) == 1 and rank(a) > 2:  # a stack of matrices against one vector
            right = -a_dot @ y[..., None] if a_dot is not None else 0
            return np.linalg.solve(a, right if b_dot is None else b_dot[:, None] + right)[..., 0]
        if a_dot is None:
            return np.linalg.solve(a, b_dot)
        return np.linalg.solve(a, -a_dot @ y if b_dot is None else b_dot - a_dot @ y)


@primitive(np.linalg.inv, signature="(n,n)->(n,n)")
class Inverse:
    """Giles 2008, 2.2.3."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any) -> Any:
        return -_swapped(y) @ y_bar @ _swapped(y)

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
        return -y @ a_dot @ y


@primitive(np.linalg.det, signature="(n,n)->()")
class Determinant:
    """Giles 2008, 2.2.4. A singular matrix has a derivative, but not by this formula: it raises LinAlgError."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, y: Any) -> Any:
        scale = y_bar * y if rank(a) == 2 else (y_bar * y)[..., None, None]
        return scale * _swapped(np.linalg.inv(a))

    @staticmethod
    def pushforward(a_dot: Any, a: Any, y: Any) -> Any:
        return y * np.sum(_swapped(np.linalg.inv(a)) * a_dot, axis=(-2, -1))
