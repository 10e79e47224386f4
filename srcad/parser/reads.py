"""Which names a piece of Python reads and assigns, from its syntax alone.

>>> import gast
>>> statement = gast.parse("y[i] = x + 1").body[0]
>>> sorted(reads(statement)), sorted(writes(gast.parse("a, b = c; b += d").body))
(['i', 'x', 'y'], ['a', 'b'])
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gast

__all__ = ["reads", "writes"]


def reads(nodes: Any) -> frozenset[str]:
    """Names that may be read, anywhere inside."""
    found = set()
    for node in nodes if isinstance(nodes, (list, tuple)) else [nodes]:
        for inner in gast.walk(node):
            if isinstance(inner, gast.Name) and not isinstance(inner.ctx, (gast.Store, gast.Del)):
                found.add(inner.id)
            elif isinstance(inner, gast.AugAssign) and isinstance(inner.target, gast.Name):
                found.add(inner.target.id)
    return frozenset(found)


def writes(nodes: Iterable[Any]) -> list[str]:
    """Names that are assigned, in order of appearance, each once."""
    found: dict[str, None] = {}
    for node in nodes:
        for inner in gast.walk(node):
            if isinstance(inner, gast.Name) and isinstance(inner.ctx, gast.Store):
                found[inner.id] = None
    return list(found)
