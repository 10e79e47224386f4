"""`vmap` as a function: a function's Core over a leading axis of some of its arguments.

def predict(W, x):                  def predict_vmap(W, x):         # x: float64[B, n]
    return np.tanh(W @ x)    ->         return np.tanh(x @ W.T)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.analysis.types import infer
from srcad.api.dims import spread_dims
from srcad.api.request import Request
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Block,
    Function,
    Let,
    Origin,
    Param,
    Tree,
    Value,
    leaves,
    place_of,
    walk,
)
from srcad.core.renewal import Renewal
from srcad.core.types import Dim, Type
from srcad.errors import ArgumentValueError, UnsupportedSyntaxError
from srcad.vectorizer.batch import NotBatchable
from srcad.vectorizer.control import Control
from srcad.vectorizer.examples import SHAPE, NotOnce

__all__ = ["mapped"]


def mapped(function: Function, request: Request, name: str) -> Function:
    """The function over a leading axis. The request's `in_dims` are pairs (axis, size) for each leaf, or None, as the compiler made them.

    Raises UnsupportedSyntaxError where what the examples return is not known to be stackable, or where they draw.
    """
    randomness = request.randomness
    if randomness == "error":
        check_draws(function)
    front = Builder(infer)
    params, inputs, size = mapped_inputs(front, function, request.in_dims)
    if size is None:
        raise ArgumentValueError("in_dims maps over no argument", reason="Give one of them an int.")
    first = next(iter(inputs.values()))
    try:
        count_of: Tree = size if isinstance(size, int) else front.emit(ops.length, first)
        once = (lambda let: ops.draws(let.op)) if randomness == "same" else (lambda let: False)
        walker = Control(function, inputs, size, count_of, once=once, careful=request.careful)
        made = walker.run()
        ends = Ends(walker, count_of)
        result = ends.of(
            function.result, spread_dims(request.out_dims, function.result, "out_dims")
        )
    except NotOnce as drawing:
        raise UnsupportedSyntaxError(
            "a draw that the examples are to share depends on the example",
            place=place_of(function, drawing.statement),
            reason='Draw where no branch, loop or argument depends on what is mapped over, or ask for randomness="different".',
        ) from None
    except NotBatchable as refused:
        raise UnsupportedSyntaxError(
            f"vmap of `{function.name}`: {refused.why}",
            place=place_of(function, refused.statement),
            reason="What the examples make of it is not known to be arrays of one rank and dtype, which could be stacked: loop over the examples.",
        ) from None
    made = made.renewed(
        name=name,
        params=params,
        body=[*front.block, *made.body, *ends.block, *ends.builder.block],
        result=result,
    )
    made.defaults = {}
    return made  # type: ignore[no-any-return]


def check_draws(function: Function) -> None:
    """Refuse what draws; other effects are those of each example. Raises UnsupportedSyntaxError."""
    for statement in walk(function.body):
        if isinstance(statement, Let) and statement.op.effect == "effect":
            if not ops.draws(statement.op):
                continue
            name = statement.op.name
            name = f".{name}()" if statement.op.style == "method" else name
            raise UnsupportedSyntaxError(
                f"`{name}` draws under vmap",
                place=place_of(function, statement),
                reason='Whether the examples share what is drawn is not said: randomness="same" or "different". Or draw before, and pass what was drawn.',
            )


def mapped_inputs(
    front: Builder, function: Function, in_dims: Any
) -> tuple[list[Param], dict[Value, Value], Dim | None]:
    """The parameters of a map, what stands for those of the function with the axis in front, and the size of the axis."""
    inputs: dict[Value, Value] = {}
    params = []
    size: Dim | None = None
    for param, dims in zip(function.params, in_dims):
        wholes: dict[Value, Value] = {}
        for leaf, dim in zip(leaves(param.tree), dims):
            if dim is None:
                continue
            axis, count = dim
            size = count if size is None else size
            sizes, dtype = leaf.type.shape or (), leaf.type.dtype
            axis %= len(sizes) + 1
            type_ = Type("array", dtype, (*sizes[:axis], size, *sizes[axis:]))
            whole = wholes[leaf] = inputs[leaf] = Value(leaf.base, type_, named=leaf.named)
            if axis:
                move = ops.operation(np.moveaxis)
                inputs[leaf] = front.emit(move, whole, source=axis, destination=0, base=leaf.base)
            inputs[leaf].type = Type("array", dtype, (size, *sizes))
        tree = Renewal(dict(wholes)).tree(param.tree)
        params.append(Param(param.name, tree, param.keyword))
    return params, inputs, size


class Ends:
    """The results of a map: what the examples make of those of the function, stacked along the axes that are asked for."""

    def __init__(self, walker: Control, count: Tree) -> None:
        self.walker, self.count = walker, count
        self.block: Block = []
        self.builder = Builder(infer, Origin())
        self.rows: dict[Value, Value] = {}

    def of(self, tree: Tree, dim: Any) -> Any:
        """A result, or a tree of them."""
        if isinstance(tree, dict):
            return {key: self.of(part, dim[key]) for key, part in tree.items()}
        if isinstance(tree, (tuple, list)):
            parts = [self.of(part, one) for part, one in zip(tree, dim)]
            return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
        if dim is None:
            if isinstance(tree, Value) and tree in self.walker.batched:
                raise ArgumentValueError(
                    "out_dims is None for a value that depends on what is mapped over",
                    reason="Give it an int.",
                )
            return tree
        if isinstance(tree, (bool, int, float, complex)):
            return self.builder.emit(ops.operation(np.full), self.count, tree)
        return self.moved(self.stacked(tree), int(dim)) if isinstance(tree, Value) else tree

    def stacked(self, leaf: Value) -> Value:
        """What the examples make of a result; what they share, for each of them."""
        found = self.rows.get(leaf)
        if found is None:
            walker = self.walker
            walker.statement = Let(None, ops.own, ())
            kept, walker.out = walker.out, self.block
            if leaf in walker.batched or leaf.type.shape is not None or not leaf.type.numeric:
                found = walker.rows(leaf)
            else:
                whole = walker.emit(SHAPE, walker.get(leaf))
                shape = walker.emit(ops.add, (walker.count(),), whole)
                found = walker.emit(np.broadcast_to, walker.get(leaf), shape=shape)
            self.rows[leaf], walker.out = found, kept
        return found

    def moved(self, rows: Value, dim: int) -> Value:
        """The axis of the examples in another place."""
        rank = rows.type.rank
        if rank is not None and not -rank <= dim < rank:
            raise ArgumentValueError(
                f"out_dims has {dim} for a value of {rank} axes", reason="Choose one of them."
            )
        if (dim if rank is None else dim % rank) == 0:
            return rows
        return self.builder.emit(ops.operation(np.moveaxis), rows, source=0, destination=dim)
