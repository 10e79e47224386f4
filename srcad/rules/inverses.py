"""Inverses of what has none, systems of equations, products of many.

Source: G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses" (1973).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core.quote import call, conj, rank, real, sizes, wants
from srcad.rules.derived import derived
from srcad.rules.families import primitive, rule_of
from srcad.rules.linear import known
from srcad.rules.stacks import folded, h, mirrored, real_diagonal_of, refuse

__all__: list[str] = []


@primitive(np.linalg.pinv, signature="(m,n)->(n,m)", on_complex="given")
class PseudoInverse:
    """Golub and Pereyra 1973, for matrices whose rank does not change."""

    @staticmethod
    def pullback(
        y_bar: Any,
        a: Any,
        y: Any,
        *,
        rcond: Any = None,
        hermitian: Any = False,
        rtol: Any = None,
    ) -> Any:
        if hermitian:
            return folded(PseudoInverse.pullback(y_bar, mirrored(a, True), y), True)
        across, turned = h(y), h(y_bar)
        beside = turned - a @ (y @ turned)  # what is orthogonal to the columns of a
        a_bar = -across @ y_bar @ across + beside @ y @ across
        return a_bar + across @ y @ (turned - (turned @ y) @ a)

    @staticmethod
    def pushforward(
        a_dot: Any,
        a: Any,
        y: Any,
        *,
        rcond: Any = None,
        hermitian: Any = False,
        rtol: Any = None,
    ) -> Any:
        if hermitian:
            return PseudoInverse.pushforward(mirrored(a_dot, True), mirrored(a, True), y)
        across, turned = h(y), h(a_dot)
        y_dot = -y @ a_dot @ y + y @ across @ (turned - (turned @ a) @ y)
        return y_dot + (turned - y @ (a @ turned)) @ across @ y


@primitive(np.linalg.lstsq, on_complex="given")
class LeastSquares:
    """As `pinv(a) @ b`, of constant rank (Golub and Pereyra 1973): by a residual, not by the inverse of a square."""

    @staticmethod
    def pullback(y_bar: Any, a: Any, b: Any, y: Any, *, rcond: Any = None) -> Any:
        (x_bar, squares_bar, _, s_bar), (x, squares, *_) = y_bar, y
        a_bar: Any = 0
        b_bar: Any = 0
        column = rank(b) == 1
        if x_bar is not None or squares_bar is not None:
            rest = b - a @ x
        if x_bar is not None:
            inverse = np.linalg.pinv(a, **_cut(rcond))
            b_bar = h(inverse) @ x_bar
            beside = x_bar - inverse @ (a @ x_bar)
            a_bar = _outer(rest, inverse @ b_bar, column) - _outer(b_bar, x, column)
            a_bar = a_bar + _outer(h(inverse) @ x, beside, column)
        if squares_bar is not None and sizes(squares) != (0,):
            if column:  # there may be none: their sum is 0
                moved = 2 * np.sum(squares_bar) * rest
            else:
                if not isinstance((sizes(squares) or (None,))[0], int):
                    refuse(squares.size == 0, "there are no residuals of such a matrix")
                moved = 2 * squares_bar * rest
            a_bar, b_bar = a_bar - _outer(moved, x, column), b_bar + moved
        if s_bar is not None:
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            a_bar = a_bar + (u * s_bar) @ vh
        return tuple(
            np.zeros_like(x) if type(bar) is int else bar for x, bar in ((a, a_bar), (b, b_bar))
        )

    @staticmethod
    def pushforward(a_dot: Any, b_dot: Any, a: Any, b: Any, y: Any, *, rcond: Any = None) -> Any:
        x = y[0]
        rest = b - a @ x
        moved = 0 if b_dot is None else b_dot
        if a_dot is not None:
            moved = moved - a_dot @ x
        inverse = np.linalg.pinv(a, **_cut(rcond))
        x_dot = squares_dot = s_dot = None
        if wants(0):
            x_dot = inverse @ moved
            if a_dot is not None:
                turned = h(a_dot) @ (h(inverse) @ x)
                x_dot = x_dot + inverse @ (h(inverse) @ (h(a_dot) @ rest))
                x_dot = x_dot + (turned - inverse @ (a @ turned))
        if wants(1) and sizes(y[1]) == (0,):
            squares_dot = np.zeros_like(y[1])
        elif wants(1):
            products = real(2 * conj(rest) * moved)
            options: dict[str, Any] = {"keepdims": True} if rank(b) == 1 else {}
            squares_dot = np.sum(products, axis=0, **options)
        if wants(3) and a_dot is not None:
            u, _, vh = np.linalg.svd(a, full_matrices=False)
            s_dot = real_diagonal_of(h(u) @ a_dot @ h(vh))
        return x_dot, squares_dot, None, s_dot


def _least_squares(a: Any, b: Any, *, rcond: Any = None) -> Any:
    """For stacks, which NumPy's does not take: there may be no residuals, and the rank may differ."""
    solution = np.linalg.pinv(a, **_cut(rcond)) @ b
    return solution, None, None, np.linalg.svd(a, compute_uv=False)


rule_of(np.linalg.lstsq).definition = _least_squares  # type: ignore[union-attr]


def _cut(rcond: Any) -> dict[str, Any]:
    """What `lstsq` leaves out as small, in words of `pinv`."""
    return {"rtol": None} if rcond is None else {"rcond": rcond}


def _outer(u: Any, v: Any, column: bool) -> Any:
    return np.outer(u, conj(v)) if column else u @ h(v)


@derived(np.linalg.matrix_power)
def matrix_power(a: Any, *, n: Any) -> Any:
    n = known(n, "n")
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 0:
        return 0 * a + call(np.eye, a.shape[-1], dtype=a.dtype)
    power = None
    while n:
        if n % 2:
            power = a if power is None else power @ a
        n //= 2
        a = a @ a if n else a
    return power


@derived(np.linalg.multi_dot)
def multi_dot(arrays: Any) -> Any:
    product, *others = arrays
    for other in others:
        product = product @ other
    return product


@derived(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, *, axes: Any = None) -> Any:
    count = rank(a)
    if axes is not None:
        last = [known(axis, "axes") % count for axis in axes]
        a = np.transpose(a, [i for i in range(count) if i not in last] + last)
    shape = a.shape[rank(b) :] if count != rank(b) else ()
    matrix = np.reshape(a, (b.size, b.size))
    return np.reshape(np.linalg.solve(matrix, np.reshape(b, (-1,))), shape)


@derived(np.linalg.tensorinv)
def tensorinv(a: Any, *, ind: Any = 2) -> Any:
    ind = known(ind, "ind")
    front = [a.shape[i] for i in range(ind)]
    back = [a.shape[i] for i in range(ind, rank(a))]
    size = 1
    for one in front:
        size = size * one
    inverse = np.linalg.inv(np.reshape(a, (size, size)))
    return np.reshape(inverse, (*back, *front))
