"""Sharing: the same pure operation on the same operands is computed once.

    p = x[:-1] ** 2
    q = 1.0 - x[:-1]      ->     x[:-1] becomes one value

Only what an enclosing block has computed already is shared, never across the sides of a branch. What makes memory of its own is not shared where it may
become an accumulator (`zeros_like`, `copy`): two buffers are not one. The index `i + 1` stays at its places, where `i = np.arange(n)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Block, Branch, Call, Expr, Function, Let, Loop, Value
from srcad.core.types import Type
from srcad.simplifier.rewrite import Pass

__all__ = ["key_of", "share"]

_OWN_MEMORY = {
    ops.zeros_like,
    ops.ones_like,
    ops.copy,
    ops.put,
    ops.put_add,
    ops.result,
    ops.own,
    ops.saved,
    ops.save,
}


def share(function: Function) -> Function:
    """The function with equal operations computed once."""
    return _Share().run(function)


def key_of(tree: Any) -> Any:
    """A hashable key of a tree of operands; equal keys mean equal values. Numbers differ by type and by sign of zero."""
    if isinstance(tree, Value):
        return tree
    if isinstance(tree, (tuple, list)):
        return (type(tree).__name__, *map(key_of, tree))
    if isinstance(tree, dict):
        return ("dict", *((key, key_of(part)) for key, part in tree.items()))
    if isinstance(tree, Expr):
        return (
            "expr",
            tree.op,
            key_of(tree.args),
            tuple((name, key_of(option)) for name, option in tree.options),
        )
    if isinstance(tree, (int, float, complex, str, bytes, type(None), type(...))):
        return (type(tree).__name__, repr(tree))
    try:
        hash(tree)
    except TypeError:
        return ("object", id(tree))
    return (type(tree).__name__, tree)


class _Share(Pass):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[dict[Any, Value]] = [{}]
        self.counters: set[Any] = set()

    def block(self, block: Block) -> Block:
        self.seen.append({})
        made = super().block(block)
        self.seen.pop()
        return made

    def let(self, statement: Let) -> Let | None:
        op, out = statement.op, statement.out
        if out is None or op.effect == "effect" or op in _OWN_MEMORY or _allocates(statement):
            return statement
        if op is ops.add and statement.args[0] in self.counters:  # as cheap as its name
            return statement
        if op.function is np.arange:
            self.counters.add(out)
        key = (
            op,
            key_of(statement.args),
            tuple((name, key_of(option)) for name, option in statement.options),
            statement.frozen,
        )
        for seen in self.seen:
            found = seen.get(key)
            if found is not None:
                if out.named and not found.named:
                    found.base, found.named = out.base, True
                self.known[out] = found
                return None
        self.seen[-1][key] = out
        return statement


def _allocates(statement: Let) -> bool:
    """Whether the operation makes an array that does not depend on operands' values: a buffer, in a program that stores."""
    name = statement.op.name
    return name in (
        "np.zeros",
        "np.ones",
        "np.empty",
        "np.full",
        "np.full_like",
        "np.empty_like",
        "np.array",
        "np.eye",
    )


_ = (Branch, Call, Loop, Type)
