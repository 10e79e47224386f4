"""Draws of all examples at once, where one after the other would draw the very same.

    e = rng.normal(size=3)             e = rng.normal(size=(len(x), 3))        # x: float64[B, n]
    return x + e               ->      return x + e

A generator hands out its numbers in one sequence, and fills arrays in the order of C. So a function that draws in one place only, once for
each example, may draw for all of them there; with two places the examples would have taken turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from srcad.analysis.draws import SIZE
from srcad.analysis.types import type_of
from srcad.core import ops
from srcad.core.nodes import Call, Function, Let, Tree, Value, walk
from srcad.core.types import Type
from srcad.vectorizer.dtypes import strong

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch

__all__ = ["draw_at_once", "only_draw"]


def only_draw(function: Function) -> Let | None:
    """The one statement that draws, if it stands in no branch and in no loop."""
    found = [
        each
        for each in walk(function.body)
        if isinstance(each, Call) or (isinstance(each, Let) and ops.draws(each.op))
    ]
    at_top = len(found) == 1 and any(each is found[0] for each in function.body)
    return found[0] if at_top and isinstance(found[0], Let) else None


def draw_at_once(b: Batch, let: Let) -> Value | None:
    """What all examples draw, or None where that has to be asked of each."""
    method, out = let.op.name, let.out
    place = SIZE.get(method)
    if place is None or out is None or let.op.style != "method":
        return None
    owner, args, options = let.args[0], list(let.args[1:]), dict(let.options)
    shape, dtype = out.type.shape, out.type.dtype
    if shape is None or dtype is None or b.is_batched(owner) or len(args) > place + 1:
        return None
    size = args.pop() if len(args) > place else options.pop("size", None)
    if b.is_batched(size):
        return None
    rank = len(shape)

    def parameter(tree: Tree) -> Any:
        return b.lift(tree, rank - (type_of(tree).rank or 0))

    given = list(map(parameter, args))
    named = {key: parameter(option) for key, option in options.items()}
    if size is not None:
        named["size"] = b.grown(size)
    elif not b.is_batched([args, list(options.values())]):
        if rank:
            return None
        named["size"] = b.count()
    made = Value(out.base, Type("array", strong(dtype), (b.size, *shape)))
    b.out.append(let.renewed(out=made, args=(b.get(owner), *given), options=tuple(named.items())))
    b.emitted.add(made)
    return made
