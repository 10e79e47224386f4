"""The walk that all passes share: a block is rebuilt statement by statement under a substitution.

A pass overrides `let`. It returns the statement to keep, or None after it has put something else for its value into `known`;
new statements that it needs before are appended with `emit`. Nothing is changed in place: Core is shared.
"""

from __future__ import annotations

from typing import Any

from srcad.analysis.types import infer
from srcad.core import ops
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Call,
    Carry,
    Function,
    Let,
    Loop,
    Origin,
    Phi,
    Statement,
    Tree,
    Value,
    Within,
    blocks,
    leaves,
    map_tree,
    operands,
    walk,
)
from srcad.core.ops import Operation

__all__ = ["Pass", "begin_with_none", "copy_function", "forks", "uses"]


class Pass:
    """Rebuild a function; `known` maps a value to what stands for it from now on."""

    def __init__(self) -> None:
        self.known: dict[Value, Tree] = {}
        self.out: Block = []
        self.changed = False
        # Within the body of an attempt, which is left alone.
        self.attempting = 0

    def run(self, function: Function) -> Function:
        """The function after the pass."""
        body = self.block(function.body)
        result = self.tree(function.result)
        return copy_function(function, body, result)

    def tree(self, tree: Tree) -> Tree:
        """Operands under the substitution."""
        return map_tree(tree, self.resolve) if self.known else tree

    def resolve(self, value: Value) -> Tree:
        """What stands for a value."""
        found: Tree = value
        while isinstance(found, Value) and found in self.known:
            found = self.known[found]
        return found if isinstance(found, Value) else map_tree(found, self.resolve)

    def block(self, block: Block) -> Block:
        """A block rebuilt."""
        kept, self.out = self.out, []
        visit = self.statement
        for statement in block:
            visit(statement)
        made, self.out = self.out, kept
        return made

    def statement(self, statement: Statement) -> None:
        """Rebuild one statement."""
        if isinstance(statement, Let):
            new = self.renew(statement)
            made = self.let(new)
            if made is not None:
                self.out.append(made)
        elif isinstance(statement, Call):
            self.out.append(statement.renewed(args=self.tree(statement.args)))
        elif isinstance(statement, Branch):
            made_branch = self.branch(statement)
            if made_branch is not None:
                self.out.append(made_branch)
        elif isinstance(statement, Loop):
            made_loop = self.loop(statement)
            if made_loop is not None:
                self.out.append(made_loop)
        else:
            self.out.append(statement)

    def renew(self, statement: Let) -> Let:
        """The statement with its operands under the substitution."""
        if not self.known:
            return statement
        args = self.tree(statement.args)
        options = (
            tuple((key, self.tree(option)) for key, option in statement.options)
            if statement.options
            else ()
        )
        if args is statement.args and not options:
            return statement
        return remake(statement, statement.op, args, options)

    def let(self, statement: Let) -> Let | None:
        """What becomes of an operation; overridden by passes."""
        return statement

    def branch(self, statement: Branch) -> Branch | None:
        condition = self.tree(statement.condition)
        attempt = isinstance(statement, Attempt) and bool(statement.errors)
        if isinstance(statement, Within):
            statement = statement.renewed(manager=self.tree(statement.manager))
        self.attempting += attempt
        body = self.block(statement.body)
        self.attempting -= attempt
        orelse = self.block(statement.orelse)
        phis = [Phi(phi.out, self.tree(phi.then), self.tree(phi.orelse)) for phi in statement.phis]
        return statement.renewed(condition=condition, body=body, orelse=orelse, phis=phis)  # type: ignore[no-any-return]

    def loop(self, statement: Loop) -> Loop | None:
        domain = self.tree(statement.domain)
        inits = [self.tree(carry.init) for carry in statement.carries]
        header = self.block(statement.header)
        test = self.tree(statement.test)
        body = self.block(statement.body)
        until = self.tree(statement.until)
        carries = [
            Carry(carry.param, init, self.tree(carry.next), carry.exit)
            for carry, init in zip(statement.carries, inits)
        ]
        return statement.renewed(  # type: ignore[no-any-return]
            domain=domain,
            header=header,
            test=test,
            until=until,
            body=body,
            carries=carries,
            records=[
                record._replace(source=self.tree(record.source)) for record in statement.records
            ],
            over=[(self.tree(array), element) for array, element in statement.over],
        )

    def emit(
        self, op: Operation, *args: Any, origin: Origin = Origin(), base: str = "", **options: Any
    ) -> Value:
        """A new statement before the one being rebuilt."""
        out = Value(base or op.base, infer(op, args, options))
        self.out.append(Let(out, op, args, tuple(options.items()), origin))
        return out


def remake(statement: Let, op: Operation, args: Any, options: Any = ()) -> Let:
    """A statement for the same value, with another operation."""
    return statement.renewed(op=op, args=args, options=options)  # type: ignore[no-any-return]


def copy_function(function: Function, body: Block, result: Tree, params: Any = None) -> Function:
    """A function with another body."""
    return function.renewed(  # type: ignore[no-any-return]
        body=body, result=result, params=function.params if params is None else params
    )


def forks(function: Function) -> bool:
    """Whether there is a branch or a loop."""
    return any(isinstance(statement, (Branch, Loop)) for statement in function.body)


def uses(function: Function) -> dict[Value, int]:
    """How often each value is read."""
    count: dict[Value, int] = {}

    def read(tree: Tree) -> None:
        for value in leaves(tree):
            count[value] = count.get(value, 0) + 1

    for statement in walk(function.body):
        for value in operands(statement):
            count[value] = count.get(value, 0) + 1
        if isinstance(statement, Branch):
            for phi in statement.phis:
                read((phi.then, phi.orelse))
        elif isinstance(statement, Loop):
            read((statement.test, statement.until))
            for carry in statement.carries:
                read(carry.next)
    read(function.result)
    return count


def begin_with_none(block: Block, values: set[Value]) -> None:
    """What a loop that never runs leaves without a value is None, where the value is handed on."""
    for place in reversed(range(len(block))):
        statement = block[place]
        for inner in blocks(statement):
            begin_with_none(inner, values)
        if not isinstance(statement, Loop):
            continue
        carries = []
        for carry in statement.carries:
            if carry.init is None and carry.exit in values:
                start = carry.exit.like()
                block.insert(place, Let(start, ops.move, (None,), (), statement.origin))
                carry = Carry(carry.param, start, carry.next, carry.exit)
            carries.append(carry)
        statement.carries = carries
