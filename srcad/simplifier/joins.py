"""Joins that join nothing: a phi of equal sides, a carry that never changes.

for i in range(n):                    x_bar stays what it was: the carry goes
    ... reads x_bar ...      ->
    x_bar = x_bar
"""

from __future__ import annotations

from srcad.core.nodes import Branch, Function, Loop, Phi, Value
from srcad.simplifier.rewrite import Pass, forks
from srcad.simplifier.sharing import key_of

__all__ = ["simplify_joins"]


def simplify_joins(function: Function) -> Function:
    """The function without joins of equal things."""
    return _Joins().run(function) if forks(function) else function


class _Joins(Pass):
    def branch(self, statement: Branch) -> Branch | None:
        made = super().branch(statement)
        if made is None:
            return None
        phis: list[Phi] = []
        seen: dict[object, Value] = {}
        for phi in made.phis:
            key = (key_of(phi.then), key_of(phi.orelse))
            if key[0] == key[1]:
                self.known[phi.out] = phi.then
            elif key in seen and phi.out.type == seen[key].type and not _buffer(phi.out):
                self.known[phi.out] = seen[key]
            else:
                seen[key] = phi.out
                phis.append(phi)
        made.phis = phis
        return made

    def loop(self, statement: Loop) -> Loop | None:
        for carry in list(statement.carries):
            if carry.next is carry.param or (
                carry.next is not None and key_of(carry.next) == key_of(carry.init)
            ):
                if carry.init is not None and (
                    carry.next is carry.param or not isinstance(carry.init, Value)
                ):
                    self.known[carry.param] = carry.init
                    self.known[carry.exit] = carry.init
        made = super().loop(statement)
        if made is not None:
            made.carries = [carry for carry in made.carries if carry.param not in self.known]
        return made


def _buffer(value: Value) -> bool:
    return not value.type.immutable
