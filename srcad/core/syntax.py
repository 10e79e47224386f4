"""Walks over trees of syntax, Python's and gast's: as `ast.walk` and `ast.iter_child_nodes`, in the same order, as lists.

They are asked for at every statement while parsing.
"""

from __future__ import annotations

import ast
from typing import Any

__all__ = ["nodes_below", "nodes_in"]


def nodes_below(node: Any) -> list[Any]:
    """The nodes right below a node, in order.

    >>> [type(child).__name__ for child in nodes_below(ast.parse("x + 1").body[0].value)]
    ['Name', 'Add', 'Constant']
    """
    found = []
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found += [part for part in value if isinstance(part, ast.AST)]
    return found


def nodes_in(node: Any) -> list[Any]:
    """A node and all that is below it, level by level.

    >>> [each.id for each in nodes_in(ast.parse("f(x) + y")) if isinstance(each, ast.Name)]
    ['y', 'f', 'x']
    """
    found = [node]
    for inner in found:  # which grows
        for field in inner._fields:
            value = getattr(inner, field, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [part for part in value if isinstance(part, ast.AST)]
    return found
