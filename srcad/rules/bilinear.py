"""Products of arrays: the two transposes, written for each pair of ranks as a person writes them."""

from __future__ import annotations

import operator
import string
from typing import Any

import numpy as np

from srcad.core.quote import Symbol, call, conj, put, rank, sizes, spread
from srcad.core.types import never_one
from srcad.rules.families import bilinear

__all__ = ["written_out"]

LAST = (Ellipsis, None)
BEFORE_LAST = (Ellipsis, None, slice(None))


def _swapped(x: Any) -> Any:
    """The transpose of the last two axes."""
    return x.T if rank(x) == 2 else np.swapaxes(x, -1, -2)


@bilinear(operator.matmul, np.matmul, broadcasts=True, signature=np.matmul.signature)
def matmul(y_bar: Any, a: Any, b: Any) -> Any:
    ranks = rank(a), rank(b)
    if ranks == (1, 1):
        return y_bar * b, y_bar * a
    if ranks == (2, 1):
        return np.outer(y_bar, b), a.T @ y_bar
    if ranks == (1, 2):
        return b @ y_bar, np.outer(a, y_bar)
    if rank(b) == 1:
        return y_bar[LAST] * b, _contracted(a, y_bar)
    if rank(a) == 1:
        return (b @ y_bar[LAST])[..., 0], a[:, None] * y_bar[BEFORE_LAST]
    if rank(b) == 2:
        return y_bar @ b.T, _contracted(a, y_bar)
    return y_bar @ _swapped(b), _swapped(a) @ y_bar


def _contracted(a: Any, y_bar: Any) -> Any:
    """`a.T @ y_bar`, with all axes of `a` but the last summed over."""
    if rank(a) == 2:
        return a.T @ y_bar
    axes = tuple(range(rank(a) - 1))
    return np.tensordot(a, y_bar, (axes, axes))


@bilinear(np.dot, broadcasts=True)
def dot(y_bar: Any, a: Any, b: Any) -> Any:
    if rank(a) == 0 or rank(b) == 0:
        return y_bar * b, y_bar * a
    if rank(b) < 3:
        return matmul(y_bar, a, b)
    return tensordot(y_bar, a, b, axes=((-1,), (-2,)))


@bilinear(np.inner, broadcasts=True)
def inner(y_bar: Any, a: Any, b: Any) -> Any:
    if rank(a) == 0 or rank(b) == 0:
        return y_bar * b, y_bar * a
    if rank(b) == 1:
        return matmul(y_bar, a, b)
    if rank(a) == 1:
        b_bar, a_bar = matmul(y_bar, b, a)
        return a_bar, b_bar
    if (rank(a), rank(b)) == (2, 2):
        return y_bar @ b, y_bar.T @ a
    return tensordot(y_bar, a, b, axes=((-1,), (-1,)))


@bilinear(np.vdot, on_complex="given")
def vdot(y_bar: Any, a: Any, b: Any) -> Any:
    """It conjugates its first operand, as `vecdot` and `vecmat` do."""
    return conj(y_bar) * _shaped(b, a), y_bar * _shaped(a, b)


@bilinear(np.outer)
def outer(y_bar: Any, a: Any, b: Any) -> Any:
    a_bar, b_bar = y_bar @ _flat(b), _flat(a) @ y_bar
    return (
        a_bar if rank(a) == 1 else np.reshape(a_bar, np.shape(a)),
        b_bar if rank(b) == 1 else np.reshape(b_bar, np.shape(b)),
    )


def _flat(x: Any) -> Any:
    return x if rank(x) == 1 else np.reshape(x, (-1,))


def _shaped(x: Any, like: Any) -> Any:
    return x if rank(x) == rank(like) == 1 else np.reshape(x, np.shape(like))


@bilinear(np.tensordot)
def tensordot(y_bar: Any, a: Any, b: Any, *, axes: Any = 2) -> Any:
    """Contract `y_bar` with the free axes of the other operand, then put the axes where they belong."""
    if isinstance(axes, Symbol):
        raise NotImplementedError(
            "the axes are not known when the derivative is written; pass a literal"
        )
    if isinstance(axes, int):
        axes = tuple(range(-axes, 0)), tuple(range(axes))
    of_a, of_b = (
        tuple(one % rank(x) for one in (part if isinstance(part, (tuple, list)) else (part,)))
        for part, x in zip(axes, (a, b))
    )
    free_a = tuple(axis for axis in range(rank(a)) if axis not in of_a)
    free_b = tuple(axis for axis in range(rank(b)) if axis not in of_b)
    left, right = tuple(range(len(free_a))), tuple(range(len(free_a), len(free_a) + len(free_b)))
    a_bar = np.tensordot(y_bar, b, (right, free_b))
    b_bar = np.tensordot(a, y_bar, (free_a, left))
    # What is left of `b` stands in b's order after the free axes of `a`, and that of `a` before the free axes of `b`.
    rest_of_a = tuple(of_a[of_b.index(axis)] for axis in sorted(of_b))
    rest_of_b = tuple(of_b[of_a.index(axis)] for axis in sorted(of_a))
    return _placed(a_bar, free_a + rest_of_a), _placed(b_bar, rest_of_b + free_b)


def _placed(x: Any, order: tuple[int, ...]) -> Any:
    """`x`, whose axes are those that `order` names, with axis 0 first."""
    if order == tuple(range(len(order))):
        return x
    return np.transpose(x, tuple(order.index(axis) for axis in range(len(order))))


@bilinear(np.einsum, broadcasts=True)
def einsum(y_bar: Any, subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    """Linear in each operand: the result's cotangent and the other operands, contracted to the operand's subscripts.

    A subscript twice in one operand takes a diagonal: the cotangent stands on it, and is zero elsewhere.
    """
    if not isinstance(subscripts, str):
        raise NotImplementedError("the subscripts are no literal string; write them as 'ij,j->i'")
    terms, result = written_out(subscripts, [rank(operand) for operand in operands])
    options = {"optimize": optimize} if optimize is not False else {}
    cotangents = []
    for place, (term, operand) in enumerate(zip(terms, operands)):
        others = [other for i, other in enumerate(terms) if i != place]
        arrays = [other for i, other in enumerate(operands) if i != place]
        found = {*result, *"".join(others)}
        single = "".join(dict.fromkeys(term))
        kept = "".join(label for label in single if label in found)
        x_bar = y_bar
        if not all(_meets(operand, term, array, other) for other, array in zip(others, arrays)):
            # An axis of length 1 is stretched to its partner's: the driver sums over what was stretched.
            spec = f"{','.join([result, *others, term])}->{single}"
            x_bar = np.einsum(spec, y_bar, *arrays, np.ones_like(operand), **options)
        else:
            if arrays or kept != result:
                spec = f"{','.join([result, *others])}->{kept}"
                x_bar = np.einsum(spec, y_bar, *arrays, **options)
            if kept != single and kept:  # an axis that is only summed over
                x_bar = x_bar[tuple(slice(None) if one in found else None for one in single)]
            if kept != single and single == term:
                x_bar = spread(x_bar, operand)
        cotangents.append(x_bar if single == term else _on_diagonal(x_bar, single, operand, term))
    return None, *cotangents


def _on_diagonal(x_bar: Any, single: str, x: Any, term: str) -> Any:
    """An array like `x` with `x_bar` where the indices that share a label are the same: `x_bar[i, i]`."""
    places = {}
    for axis, label in enumerate(single):
        i = call(np.arange, np.shape(x)[term.index(label)])
        behind = len(single) - 1 - axis
        places[label] = i[(slice(None), *(None,) * behind)] if behind else i
    return put(np.zeros_like(x), tuple(places[label] for label in term), x_bar)


def _meets(a: Any, term: str, b: Any, other: str) -> bool:
    """Whether the axes of two operands that share a label are proven to have one length."""
    first, second = sizes(a), sizes(b)
    for axis, label in enumerate(term):
        if label in other:
            if first is None or second is None:
                return False
            m, n = first[axis], second[other.index(label)]
            if m != n and not (never_one(m) and never_one(n)):
                return False
    return True


def written_out(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """The subscripts of each operand of np.einsum, of these ranks, and of the result; a letter for each axis.

    >>> written_out("...ij,...jk", [3, 2])
    (['zij', 'jk'], 'zik')
    """
    inputs, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ranks):
        raise NotImplementedError(f"{len(ranks)} operands with subscripts for {len(terms)}")
    free = [x for x in string.ascii_uppercase + string.ascii_lowercase if x not in subscripts]
    extra = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks)]
    if any(count < 0 or (count and "..." not in term) for term, count in zip(terms, extra)):
        raise NotImplementedError("operands have more axes than subscripts, or fewer")
    most = "".join(free[-max(extra, default=0) :]) if max(extra, default=0) else ""
    labels = inputs.replace("...", "").replace(",", "")
    if not arrow:
        once = sorted(label for label in set(labels) if labels.count(label) == 1)
        result = "..." * ("..." in inputs) + "".join(once)
    terms = [term.replace("...", most[len(most) - count :]) for term, count in zip(terms, extra)]
    return terms, result.replace("...", most)


@bilinear(np.vecdot, broadcasts=True, signature="(n),(n)->()", on_complex="given")
def vecdot(y_bar: Any, x1: Any, x2: Any) -> Any:
    scale = y_bar[LAST] if rank(y_bar) else y_bar
    return conj(scale) * x2, scale * x1


if hasattr(np, "matvec"):  # NumPy 2.2

    @bilinear(np.matvec, broadcasts=True, signature="(m,n),(n)->(m)")
    def matvec(y_bar: Any, x1: Any, x2: Any) -> Any:
        return y_bar[LAST] * x2[BEFORE_LAST], np.vecmat(conj(y_bar), x1)

    @bilinear(np.vecmat, broadcasts=True, signature="(n),(n,m)->(m)", on_complex="given")
    def vecmat(y_bar: Any, x1: Any, x2: Any) -> Any:
        return np.matvec(x2, conj(y_bar)), x1[LAST] * y_bar[BEFORE_LAST]
