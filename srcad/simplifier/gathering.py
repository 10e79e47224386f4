"""Gathering: parts of several results stand right behind them, in order, so that they are one statement of the text.

    t = np.linalg.eigh(A)             t = np.linalg.eigh(A)
    w = part(t, 0)                    w = part(t, 0)
    saved.append(w)           ->      V = part(t, 1)           w, V = np.linalg.eigh(A)
    V = part(t, 1)                    saved.append(w)          saved.append(w)
"""

from __future__ import annotations

from srcad.core.nodes import Block, Function, Let, Value
from srcad.core.results import is_part
from srcad.simplifier.rewrite import Pass

__all__ = ["gather"]


def gather(function: Function) -> Function:
    """The function with parts right behind what they are parts of."""
    return _Gather().run(function)


class _Gather(Pass):
    def block(self, block: Block) -> Block:
        made = super().block(block)
        parts: dict[Value, list[Let]] = {}
        for statement in made:
            if isinstance(statement, Let) and is_part(statement):
                parts.setdefault(statement.args[0], []).append(statement)
        if not parts:
            return made
        found: Block = []
        for statement in made:
            if isinstance(statement, Let) and is_part(statement):
                continue
            found.append(statement)
            if isinstance(statement, Let) and statement.out in parts:
                found += sorted(parts[statement.out], key=lambda part: part.args[1])
        return found
