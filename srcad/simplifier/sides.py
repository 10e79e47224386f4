"""Branches whose sides are the same: what both do is done without asking.

if c:                                   s_bar = -x.T @ x_bar @ x.T
    s_bar = -a.T @ x_bar @ a.T    ->
else:                                   (where an earlier branch of the same test joined x of a and b)
    s_bar = -b.T @ x_bar @ b.T

A side first reads what an earlier branch of its test joined, in place of what that branch's side put there.
"""

from __future__ import annotations

from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Function,
    Let,
    Test,
    Tree,
    Value,
    map_tree,
    walk,
)
from srcad.core.printer import same
from srcad.simplifier.rewrite import Pass, forks

__all__ = ["join_sides"]


def join_sides(function: Function) -> Function:
    """The function without branches that do the same on both sides."""
    return _Sides().run(function) if forks(function) else function


class _Sides(Pass):
    def __init__(self) -> None:
        super().__init__()
        # For each test and side: what was joined, by what stands for it on that side.
        self.joined: dict[tuple[Test, int], dict[Value, Value]] = {}
        self.sides: list[tuple[Test, int]] = []

    def branch(self, statement: Branch) -> Branch | None:
        made: Branch | None = statement
        if not isinstance(statement, Attempt):
            made = self.read_joined(statement)
        assert made is not None
        made = super().branch(made)
        if made is None or isinstance(made, Attempt):
            self.note(made)
            return made
        renamed = _equal(made.body, made.orelse)
        if renamed is None:
            self.note(made)
            return made
        for phi in made.phis:
            if not same(map_tree(phi.orelse, lambda v: renamed.get(v, v)), phi.then):
                self.note(made)
                return made
        self.out.extend(made.body)
        self.known.update(renamed)  # later branches of the test read what either side put there
        for phi in made.phis:
            self.known[phi.out] = phi.then
        return None

    def read_joined(self, statement: Branch) -> Branch:
        """The branch with reads of what an earlier one of its test joined."""
        parts = []
        for side, block in enumerate((statement.body, statement.orelse)):
            known = self.joined.get((statement.test, side), {})
            ends = [phi.then if side == 0 else phi.orelse for phi in statement.phis]
            if known:
                change = Pass()
                change.known = dict(known)
                block, ends = change.block(block), [change.tree(end) for end in ends]
            parts.append((block, ends))
        (body, then), (orelse, other) = parts
        phis = [type(p)(p.out, a, b) for p, a, b in zip(statement.phis, then, other)]
        return statement.renewed(body=body, orelse=orelse, phis=phis)

    def note(self, statement: Branch | None) -> None:
        """Remember what a branch joins."""
        if statement is None:
            return
        for side, block in enumerate((statement.body, statement.orelse)):
            own = {let.out for let in walk(block) if isinstance(let, Let)}
            found = self.joined.setdefault((statement.test, side), {})
            for phi in statement.phis:
                end = phi.then if side == 0 else phi.orelse
                if isinstance(end, Value) and end in own and end.type == phi.out.type:
                    found.setdefault(end, phi.out)


def _equal(body: Block, orelse: Block) -> dict[Value, Tree] | None:
    """What the values of the second block are called in the first, if both do the same."""
    renamed: dict[Value, Tree] = {}
    if len(body) != len(orelse) or not body:
        return None
    for one, other in zip(body, orelse):
        if not isinstance(one, Let) or not isinstance(other, Let):
            return None
        if one.op is not other.op or one.op.effect != "pure" or one.frozen != other.frozen:
            return None
        change = lambda v: renamed.get(v, v)  # noqa: E731
        options = tuple((key, map_tree(option, change)) for key, option in other.options)
        if not same((one.args, one.options), (map_tree(other.args, change), options)):
            return None
        if one.out is None or other.out is None or one.out.type != other.out.type:
            return None
        renamed[other.out] = one.out
    return renamed
