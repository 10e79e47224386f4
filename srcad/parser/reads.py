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

__all__ = ["reads", "reads_first", "writes"]


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


def reads_first(statements: Iterable[Any], name: str) -> bool:
    """Whether a name may be read before the statements have assigned it, as far as they show; a part that may not run counts as run.

    >>> body = gast.parse("y = 1\\nz = y").body
    >>> reads_first(body, "y"), reads_first(body[1:], "y"), reads_first(body, "x")
    (False, True, False)
    """
    for statement in statements:
        if isinstance(statement, (gast.If, gast.While)):
            head, parts, targets = [statement.test], [statement.body, statement.orelse], []
        elif isinstance(statement, gast.For):
            head, parts, targets = [statement.iter], [statement.body], [statement.target]
        elif isinstance(statement, gast.With):
            head, parts, targets = [], [statement.body], []
        else:
            head, parts, targets = [statement], [], [statement]
        if name in reads(head):
            return True
        if name in writes(targets):
            return False
        if any(reads_first(part, name) for part in parts):
            return True
        if any(name in writes(part) for part in parts):
            return False
    return False


def writes(nodes: Iterable[Any]) -> list[str]:
    """Names that are assigned, in order of appearance, each once."""
    found: dict[str, None] = {}
    for node in nodes:
        for inner in gast.walk(node):
            if isinstance(inner, gast.Name) and isinstance(inner.ctx, gast.Store):
                found[inner.id] = None
    return list(found)
