"""Copies of Core whose values, families and tests are new: a block can then stand in a function twice."""

from __future__ import annotations

from typing import Any

from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Call,
    Carry,
    Family,
    Let,
    Loop,
    Phi,
    Test,
    Tree,
    Value,
    Within,
    map_tree,
)

__all__ = ["Renewal"]


class Renewal:
    """Copies statements; `known` maps an old value to the operand that stands for it.

    >>> from srcad.core import ops
    >>> x, y, z = Value("x"), Value("y"), Value("z")
    >>> copy = Renewal({x: z})
    >>> (let,) = copy.block([Let(y, ops.negative, (x,))])
    >>> let.args == (z,), let.out is y, copy.tree(y) is let.out
    (True, False, True)
    """

    def __init__(self, known: dict[Value, Tree] | None = None, *, frozen: bool = False) -> None:
        self.known: dict[Value, Tree] = dict(known or {})
        self.families: dict[Family, Family] = {}
        self.frozen = frozen

    def tree(self, tree: Tree) -> Tree:
        """The operand that stands for an old one."""
        return map_tree(tree, lambda value: self.known.get(value, value))

    def new(self, value: Value) -> Value:
        """The new value of an old one."""
        made = self.known[value] = value.like()
        return made

    def family(self, old: Any) -> Any:
        """The new family of an old one; a test's likewise."""
        if old not in self.families:
            self.families[old] = Test() if isinstance(old, Test) else Family()
        return self.families[old]

    def block(self, block: Block) -> Block:
        """A block copied."""
        return [self.statement(statement) for statement in block]

    def statement(self, statement: Any) -> Any:
        """A statement copied."""
        if isinstance(statement, Let):
            args = self.tree(statement.args)
            options = tuple((key, self.tree(option)) for key, option in statement.options)
            out = None if statement.out is None else self.new(statement.out)
            frozen = statement.frozen or self.frozen
            return statement.renewed(args=args, options=options, out=out, frozen=frozen)
        if isinstance(statement, Call):
            args = self.tree(statement.args)
            outs = [self.new(out) for out in statement.outs]
            return statement.renewed(args=args, outs=outs, frozen=statement.frozen or self.frozen)
        if isinstance(statement, Branch):
            changes: dict[str, Any] = {}
            if isinstance(statement, Attempt):
                changes = {"caught": self.new(statement.caught)}
                self.new(statement.condition)
            if isinstance(statement, Within):
                changes["manager"] = self.tree(statement.manager)
                if statement.target is not None:
                    changes["target"] = self.new(statement.target)
            condition = self.tree(statement.condition)
            body, orelse = self.block(statement.body), self.block(statement.orelse)
            ends = [(self.tree(phi.then), self.tree(phi.orelse)) for phi in statement.phis]
            phis = [Phi(self.new(phi.out), *end) for phi, end in zip(statement.phis, ends)]
            test = self.family(statement.test)
            return statement.renewed(
                test=test, condition=condition, body=body, orelse=orelse, phis=phis, **changes
            )
        assert isinstance(statement, Loop), statement
        domain = self.tree(statement.domain)
        inits = [self.tree(carry.init) for carry in statement.carries]
        params = [self.new(carry.param) for carry in statement.carries]
        index = None if statement.index is None else self.new(statement.index)
        header = self.block(statement.header)
        test_ = self.tree(statement.test)
        body = self.block(statement.body)
        until = self.tree(statement.until)
        nexts = [self.tree(carry.next) for carry in statement.carries]
        exits = [self.new(carry.exit) for carry in statement.carries]
        return statement.renewed(
            family=self.family(statement.family),
            domain=domain,
            index=index,
            header=header,
            test=test_,
            until=until,
            body=body,
            carries=[Carry(*parts) for parts in zip(params, inits, nexts, exits)],
        )
