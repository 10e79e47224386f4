"""What a walk knows of a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from srcad.core.nodes import Slice
from srcad.core.specification import Known

__all__ = ["Traced", "leaves_of", "mapped", "plain"]


class Traced:
    """A value, what its elements depend on (None: nothing; a tuple of it for several results), and whether all arguments of the kind give it.

    `numeric`: it varies with the numbers of sparse matrices alone. `drawn`: it varies with what is drawn at random, and is another one where the derivative
    is computed.
    """

    __slots__ = ("deps", "drawn", "fixed", "numeric", "value")

    def __init__(
        self,
        value: Any,
        deps: Any = None,
        fixed: bool = True,
        numeric: bool = False,
        drawn: bool = False,
    ) -> None:
        self.value, self.deps = value, deps
        self.fixed, self.numeric, self.drawn = fixed, numeric, drawn


def leaves_of(tree: Any) -> Iterator[Traced]:
    """The traced values in operands."""
    if isinstance(tree, Traced):
        yield tree
    elif isinstance(tree, (tuple, list)):
        for part in tree:
            yield from leaves_of(part)
    elif isinstance(tree, dict):
        yield from leaves_of(list(tree.values()))


def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Operands with each traced value, and each constant, replaced."""
    if isinstance(tree, Slice):
        return slice(*(mapped(part, change) for part in tree))
    if isinstance(tree, (tuple, list)):
        parts = [mapped(part, change) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if isinstance(tree, dict):
        return {key: mapped(part, change) for key, part in tree.items()}
    return change(tree)


def plain(tree: Any) -> Any:
    """Operands as what they stand for."""

    def value(leaf: Any) -> Any:
        if isinstance(leaf, Traced):
            return leaf.value
        return leaf.object if isinstance(leaf, Known) else leaf

    return mapped(tree, value)
