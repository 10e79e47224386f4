"""Products over a leading axis."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree, Value, leaves
from srcad.core.quote import may_be_complex
from srcad.vectorizer.operations.pointwise import elementwise
from srcad.vectorizer.operations.table import ALL, Handler, every_axis, handles

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


def transposed(b: Batch, matrix: Tree) -> Tree:
    """The transpose of an old unbatched matrix, as an operand; that of a transpose is what it was made of."""
    made = b.lets.get(matrix) if isinstance(matrix, Value) else None
    if made is not None and made.op.function is np.transpose and not made.options:
        return b.get(made.args[0])
    return b.emit(ops.transpose, b.get(matrix))


@handles(operator.matmul, np.matmul)
def matmul(b: Batch, let: Let) -> Any:
    """
    y = W.T @ g                ->        y = g @ W
    s = x @ g                  ->        s = g @ x
    y = A.T @ g                ->        y = A.T @ g                      (g has two axes)
    """
    return product(b, let.op, *let.args)


def product(b: Batch, op: ops.Operation, a: Tree, c: Tree) -> Any:
    """The matrix product of old operands."""
    p, q = b.rank(a), b.rank(c)
    left, right = b.is_batched(a), b.is_batched(c)
    if not right and q < 3:
        return b.emit(op, b.get(a), b.get(c))
    if not left and q == 1 and p < 3:
        return b.emit(op, b.get(c), b.get(a) if p == 1 else transposed(b, a))
    if p == q == 1:
        return b.emit(np.sum, b.emit(ops.multiply, b.get(a), b.get(c)), axis=1)
    # Vectors as matrices: those with the axis cannot stand for themselves any more.
    stack = max(p, q, 2)
    row, column = left and p == 1, right and q == 1
    one = _matrix(b, a, stack, row, (None, ALL)) if left else b.get(a)
    two = _matrix(b, c, stack, column, (ALL, None)) if right else b.get(c)
    made = b.emit(op, one, two)
    if row:
        return b.emit(ops.getitem, made, (Ellipsis, 0, ALL))
    return b.emit(ops.getitem, made, (Ellipsis, 0)) if column else made


def _matrix(b: Batch, x: Tree, stack: int, vector: bool, ends: tuple[Tree, ...]) -> Value:
    """A batched operand of a stack of products: axes behind the batch's, and the second one of a vector."""
    rank = b.rank(x)
    if not vector:
        return b.lift(x, stack - max(rank, 2))  # type: ignore[no-any-return]
    return b.emit(ops.getitem, b.get(x), (ALL, *(None,) * (stack - 2), *ends))


@handles(np.dot)
def dot(b: Batch, let: Let) -> Any:
    a, c = let.args
    p, q = b.rank(a), b.rank(c)
    left, right = b.is_batched(a), b.is_batched(c)
    if not p or not q:
        return elementwise(b, Let(let.out, ops.multiply, (a, c)))
    if not right:
        return b.emit(let.op, b.get(a), b.get(c))  # the axes of the first come first
    if p < 3 and q < 3:
        op = ops.matmul if (p, q) != (1, 1) or left else let.op
        return product(b, op, a, c)
    if q == 1:
        return product(b, ops.matmul, a, c)
    if left:
        return contracted(b, a, c, (p - 1,), (q - 2,))
    return _moved(b, b.emit(let.op, b.get(a), b.get(c)), p - 1)


@handles(np.inner)
def inner(b: Batch, let: Let) -> Any:
    a, c = let.args
    p, q = b.rank(a), b.rank(c)
    if not p or not q:
        return elementwise(b, Let(let.out, ops.multiply, (a, c)))
    if not b.is_batched(c):
        return b.emit(let.op, b.get(a), b.get(c))
    if not b.is_batched(a):
        if q == 1:
            return b.emit(let.op, b.get(c), b.get(a))
        return _moved(b, b.emit(let.op, b.get(a), b.get(c)), p - 1)
    if p == q == 1:
        return product(b, ops.matmul, a, c)
    return contracted(b, a, c, (p - 1,), (q - 1,))


def contracted(b: Batch, a: Tree, c: Tree, of_a: tuple[int, ...], of_c: tuple[int, ...]) -> Value:
    """Two batched operands, summed over pairs of axes; their other axes in order."""
    letters = iter("bcdefghijklmnopqrstuvwxyz")
    one, two = ["".join(next(letters) for _ in range(b.rank(x))) for x in (a, c)]
    for x, y in zip(of_a, of_c):
        two = two.replace(two[y], one[x])
    free = "".join(x for x in one + two if (one + two).count(x) == 1)
    return b.emit(np.einsum, f"a{one},a{two}->a{free}", b.get(a), b.get(c))


def _moved(b: Batch, made: Value, place: int) -> Value:
    """The batch's axis from where a product put it to the front."""
    return made if place == 0 else b.emit(np.moveaxis, made, source=place, destination=0)


@handles(np.vdot)
def vdot(b: Batch, let: Let) -> Any:
    a, c = let.args
    if not same_shape(type_of(a), type_of(c)):
        b.refuse("`np.vdot` of operands that are not proven to be of one shape")
    rank, real = b.rank(a), not may_be_complex(a)
    if rank == 1 and real:
        return product(b, ops.matmul, a, c)
    first = b.get(a) if real else b.emit(ops.conj, b.get(a))
    made = b.emit(ops.multiply, first, b.get(c))
    return b.emit(np.sum, made, axis=every_axis(rank)) if rank else made


@handles(np.outer)
def outer(b: Batch, let: Let) -> Any:
    """
    W = np.outer(g, x)         ->        W = g[:, :, None] * x
    W = np.outer(x, g)         ->        W = x[:, None] * g[:, None, :]
    """
    a, c = let.args
    left, right = (b.flat(x) if b.is_batched(x) else _vector(b, x) for x in (a, c))
    two = (ALL, ALL, None) if b.is_batched(a) else (ALL, None)
    one = b.emit(ops.getitem, left, two)
    if b.is_batched(c):
        right = b.emit(ops.getitem, right, (ALL, None, ALL))
    return b.emit(ops.multiply, one, right)


def _vector(b: Batch, x: Tree) -> Tree:
    return b.get(x) if b.rank(x) == 1 else b.emit(np.reshape, b.get(x), shape=(-1,))


@handles("tensordot")
def tensordot(b: Batch, let: Let) -> Any:
    (a, c), options = b.bound(let, 2)
    axes = options.get("axes", 2)
    p, q = b.rank(a), b.rank(c)
    if isinstance(axes, int):
        axes = tuple(range(p - axes, p)), tuple(range(axes))
    if not isinstance(axes, (tuple, list)) or any(True for _ in leaves(axes)):
        b.refuse("axes that are not known while compiling")
    sides = [part if isinstance(part, (tuple, list)) else (part,) for part in axes]
    of_a, of_c = (tuple(int(one) % rank for one in side) for side, rank in zip(sides, (p, q)))
    if not b.is_batched(c):
        moved = tuple(one + 1 for one in of_a), of_c
        return b.emit(let.op, b.get(a), b.get(c), axes=moved)
    if b.is_batched(a):
        return contracted(b, a, c, of_a, of_c)
    moved = of_a, tuple(one + 1 for one in of_c)
    return _moved(b, b.emit(let.op, b.get(a), b.get(c), axes=moved), p - len(of_a))


@handles(np.einsum)
def einsum(b: Batch, let: Let) -> Any:
    """
    y = np.einsum("ij,j->i", W, g)        ->        y = np.einsum("ij,aj->ai", W, g)
    """
    subscripts, *operands = let.args
    if not isinstance(subscripts, str):
        b.refuse("`np.einsum` without a string of subscripts")
    text = subscripts.replace(" ", "")
    inputs, arrow, result = text.partition("->")
    if not arrow:
        labels = sorted(set(inputs) - set(",."))
        result = "..." * ("." in inputs) + "".join(
            label for label in labels if inputs.count(label) == 1
        )
    letter = next(
        (x for x in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" if x not in text), None
    )
    if letter is None:
        b.refuse("`np.einsum` without a free letter")
    terms = [
        letter + term if b.is_batched(x) else term for term, x in zip(inputs.split(","), operands)
    ]
    options = {key: b.get(option) for key, option in let.options}
    return b.emit(let.op, f"{','.join(terms)}->{letter}{result}", *map(b.get, operands), **options)


def _stacked(cores: tuple[int, ...]) -> Handler:
    """A function of stacks, whose operands end with so many axes of their own."""

    def stack(b: Batch, let: Let) -> Any:
        operands, options = b.bound(let, len(cores))
        own = [b.rank(x) - core for x, core in zip(operands, cores)]
        if min(own) < 0:
            b.refuse(f"operands of too few axes for `{let.op.name}`")
        return b.again(
            let.op, *(b.lift(x, max(own) - rank) for x, rank in zip(operands, own)), **options
        )

    return stack


handles("linalg.matrix_rank linalg.qr linalg.svd")(_stacked((2,)))
