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

from srcad.core.syntax import nodes_in

__all__ = ["augments", "live", "reads", "reads_first", "writes"]


def reads(nodes: Any) -> frozenset[str]:
    """Names that may be read, anywhere inside."""
    found = set()
    for node in nodes if isinstance(nodes, (list, tuple)) else [nodes]:
        for inner in nodes_in(node):
            if isinstance(inner, gast.Name) and not isinstance(inner.ctx, (gast.Store, gast.Del)):
                found.add(inner.id)
            elif isinstance(inner, gast.AugAssign) and isinstance(inner.target, gast.Name):
                found.add(inner.target.id)
    return frozenset(found)


def live(
    statements: Iterable[Any],
    after: frozenset[str],
    jumps: frozenset[str] = frozenset(),
    last: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Names whose values before the statements may be read, by them or later.

    Those of `after` are read after them, of `jumps` after a jump, of `last` by what is done at last (`finally`), whatever leaves them.

    >>> body = gast.parse("a = b\\nfor i in r:\\n    a = a + c\\n    d = i").body
    >>> sorted(live(body, frozenset("ad")))
    ['b', 'c', 'd', 'r']
    """
    for statement in reversed(list(statements)):
        if isinstance(statement, gast.Return):
            after = reads([statement]) | last
        elif isinstance(statement, (gast.Break, gast.Continue)):
            after = jumps | last
        elif hasattr(statement, "alive"):  # a jump that the parser has rewritten
            after = statement.alive | last
        elif hasattr(statement, "besides"):  # one that is taken up again
            after |= statement.besides | last
        elif isinstance(statement, gast.If):
            sides = statement.body, statement.orelse
            after = frozenset().union(*(live(side, after, jumps, last) for side in sides))
            after |= reads([statement.test])
        elif isinstance(statement, (gast.For, gast.While)):
            is_for = isinstance(statement, gast.For)
            targets = frozenset(writes([statement.target] if is_for else []))
            head = reads([statement.iter if is_for else statement.test])
            after |= (
                head
                | live(statement.orelse, after, jumps, last)
                | (reads([statement.target]) if is_for else head)
            )
            while True:
                before = after | (live(statement.body, after, after, last) - targets)
                if before == after:
                    break
                after = before
        elif isinstance(statement, gast.With):
            after = live(statement.body, after, jumps, last) | reads(
                [item.context_expr for item in statement.items]
            )
        elif isinstance(statement, gast.Try):
            final = statement.finalbody
            inner = live(final, after | jumps | last, jumps, last) if final else last
            after = live(final, after, jumps, last)
            handled = [live(handler.body, after, jumps, inner) for handler in statement.handlers]
            heads = reads([handler.type for handler in statement.handlers if handler.type])
            ended = live(statement.orelse, after, jumps, inner).union(*handled)
            after = live(statement.body, ended, jumps, inner).union(heads, *handled)
        elif isinstance(statement, gast.Assign):
            names = {t.id for t in statement.targets if isinstance(t, gast.Name)}
            for target in statement.targets:
                if isinstance(target, (gast.Tuple, gast.List)):
                    names |= {t.id for t in target.elts if isinstance(t, gast.Name)}
            after = (after - names) | reads([statement])
        else:
            after |= reads([statement])
    return after


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
            head, targets = [statement.iter], [statement.target]
            parts = [statement.body, statement.orelse]
        elif isinstance(statement, gast.With):
            head, parts, targets = [], [statement.body], []
        elif isinstance(statement, gast.Try):
            head = [handler.type for handler in statement.handlers if handler.type]
            parts, targets = [[*statement.body, *statement.orelse]], []
            parts += [*(handler.body for handler in statement.handlers), statement.finalbody]
        else:
            head, parts, targets = [statement], [], [statement]
        if name in reads(head):
            return True
        if name in writes([*head, *targets]):
            return False
        if any(reads_first(part, name) for part in parts):
            return True
        if any(name in writes(part) for part in parts):
            return False
    return False


def augments(nodes: Iterable[Any]) -> set[str]:
    """Names that are assigned by `op=` alone.

    >>> sorted(augments(gast.parse("a += 1; b *= 2; b = a").body))
    ['a']
    """
    augmented: set[int] = set()
    found, plain = set(), set()
    for node in nodes:
        for inner in nodes_in(node):
            if isinstance(inner, gast.AugAssign) and isinstance(inner.target, gast.Name):
                augmented.add(id(inner.target))
                found.add(inner.target.id)
            elif isinstance(inner, gast.Name) and isinstance(inner.ctx, gast.Store):
                if id(inner) not in augmented:
                    plain.add(inner.id)
    return found - plain


def writes(nodes: Iterable[Any]) -> list[str]:
    """Names that are assigned, in order of appearance, each once."""
    found: dict[str, None] = {}
    for node in nodes:
        for inner in nodes_in(node):
            if isinstance(inner, gast.Name) and isinstance(inner.ctx, gast.Store):
                found[inner.id] = None
    return list(found)
