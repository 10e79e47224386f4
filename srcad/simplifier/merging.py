"""Merging: branches of one test that follow each other are one.

if c:                              if c:
    b = g * y                          b = g * y
if c:                  ->              x_bar = b * w
    x_bar = b * w                  else:
else:                                  x_bar = 0.0
    x_bar = 0.0
"""

from __future__ import annotations

from srcad.core.nodes import Attempt, Block, Branch, Function, Phi, fails
from srcad.simplifier.rewrite import Pass

__all__ = ["merge_branches"]


def merge_branches(function: Function) -> Function:
    """The function with branches that follow a branch of the same test made part of that."""
    return _Merge().run(function)


class _Merge(Pass):
    def block(self, block: Block) -> Block:
        made: Block = []
        for statement in super().block(block):
            before = made[-1] if made else None
            if isinstance(before, Branch) and isinstance(statement, Branch):
                if _together(before, statement):
                    made[-1] = _merged(before, statement)
                    continue
            made.append(statement)
        return made


def _together(first: Branch, second: Branch) -> bool:
    """Whether two branches can be one."""
    return (
        first.test is second.test
        and first.condition is second.condition
        and first.origin.part == second.origin.part
        and not isinstance(first, Attempt)
        and not isinstance(second, Attempt)
        and not any(map(fails, (first.body, first.orelse, second.body, second.orelse)))
    )


def _merged(first: Branch, second: Branch) -> Branch:
    """One branch for two; the second reads on each side what the first joined there."""
    sides = []
    for pick, before, after in (
        ("then", first.body, second.body),
        ("orelse", first.orelse, second.orelse),
    ):
        change = Pass()
        change.known = {phi.out: getattr(phi, pick) for phi in first.phis}
        block = change.block(after)
        sides.append(([*before, *block], [change.tree(getattr(p, pick)) for p in second.phis]))
    ends = zip(second.phis, sides[0][1], sides[1][1])
    phis = [*first.phis, *(Phi(phi.out, then, orelse) for phi, then, orelse in ends)]
    return first.renewed(body=sides[0][0], orelse=sides[1][0], phis=phis)  # type: ignore[no-any-return]
