"""The table of batched forms, and what its handlers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.analysis.types import infer
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Let, Slice, Tree, Value
from srcad.core.quote import RankUnknown, quote
from srcad.rules import rule_of

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


Handler = Callable[["Batch", Let], Any]


TABLE: dict[Any, Handler] = {}


ALL = Slice()


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler for functions, or for names of NumPy's (as many as this version has)."""

    def register(made: Handler) -> Handler:
        for function in functions:
            found = ops.functions_called(function) if isinstance(function, str) else [function]
            TABLE.update(dict.fromkeys(found, made))
        return made

    return register


def by_definition(b: Batch, let: Let) -> Any:
    """The definition over the axis."""
    rule = rule_of(let.op.function)
    assert rule is not None and rule.definition is not None
    builder = Builder(infer, let.origin)
    try:
        found = quote(rule.definition, builder, let.args, dict(let.options))
    except (NotImplementedError, RankUnknown) as reason:
        b.refuse(f"`{let.op.name}`: {reason}")
    several = let.out.type.kind == "tuple"  # type: ignore[union-attr]
    if several:  # a literal is no array
        found = tuple(one if isinstance(one, Value) else None for one in found)
    if (len(found) != 1 and not several) or not all(
        isinstance(one, Value) or (several and one is None) for one in found
    ):
        b.refuse(f"`{let.op.name}` has no batched form")
    for statement in builder.block:
        b.unfold(statement)
    if not several:
        return b.rows(found[0])
    return tuple(None if one is None else b.rows(one) for one in found)


def shifted(b: Batch, axis: Tree) -> Any:
    """An axis, or several: those counted from the left move by one."""
    if isinstance(axis, (tuple, list)):
        return tuple(shifted(b, one) for one in axis)
    if not isinstance(axis, (int, np.integer)):
        b.refuse("an axis that is not known while compiling")
    return int(axis) + 1 if axis >= 0 else int(axis)


def every_axis(rank: int) -> Any:
    """All axes but the batch's."""
    return 1 if rank == 1 else tuple(range(1, rank + 1))
