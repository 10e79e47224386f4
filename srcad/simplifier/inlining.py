"""Inlining: a call of one of the user's functions becomes that function's statements.

    def spring(x, k):                       d = np.diff(x)
        d = np.diff(x)               ->     e = 0.5 * k * np.sum(d ** 2)
        return 0.5 * k * np.sum(d ** 2)     return np.exp(-e)

    e = spring(x, k)
    return np.exp(-e)

A first gradient keeps calls, as pairs of a forward and a backward function; what is transformed again, batched, or pushed
forward has none.
"""

from __future__ import annotations

from srcad.analysis.activity import parameters
from srcad.core import ops
from srcad.core.nodes import Block, Branch, Call, Function, Let, Loop, Tree, Value, leaves, walk
from srcad.core.renewal import Renewal
from srcad.simplifier.rewrite import Pass, copy_function

__all__ = ["inline", "inline_attempts"]


def inline_attempts(function: Function, known: dict[int, Function] | None = None) -> Function:
    """The function, and what it calls, without calls in the bodies of attempts: what raises there belongs to them."""
    known = {} if known is None else known
    if id(function) not in known:
        walker = _Attempts(known)
        made = copy_function(function, walker.block(function.body), walker.tree(function.result))
        made.hidden = list(dict.fromkeys([*function.hidden, *walker.hidden]))
        known[id(function)] = made if walker.found else function
    return known[id(function)]


def inline(function: Function) -> Function:
    """The function without calls."""
    if not any(isinstance(statement, Call) for statement in walk(function.body)):
        return function
    walker = _Inline()
    body = walker.block(function.body)
    made = copy_function(function, body, walker.tree(function.result))
    made.hidden = list(dict.fromkeys([*function.hidden, *walker.hidden]))
    return made


class _Inline(Pass):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: list[Value] = []

    def block(self, block: Block) -> Block:
        kept, self.out = self.out, []
        for statement in block:
            if isinstance(statement, Call):
                self.call(statement)
            else:
                self.statement(statement)
        made, self.out = self.out, kept
        return made

    def call(self, statement: Call) -> None:
        callee = inline(statement.callee)
        self.hidden += callee.hidden
        args: tuple[Tree, ...] = self.tree(statement.args)
        if statement.frozen:
            args = tuple(self.held(arg, statement) for arg in args)
        copy = Renewal(dict(zip(parameters(callee), args)), frozen=statement.frozen)
        self.out.extend(_at(copy.block(callee.body), statement))
        results = dict.fromkeys(leaves(callee.result))
        for out, result in zip(statement.outs, results):
            made = copy.tree(result)
            if isinstance(made, Value) and out.named and not made.named and made not in args:
                made.base, made.named = out.base, True
            self.known[out] = made

    def held(self, arg: Tree, statement: Call) -> Tree:
        """An argument of a call under `no_grad`."""
        if not isinstance(arg, Value):
            return arg
        return self.emit(ops.stop_gradient, arg, origin=statement.origin)


class _Attempts(_Inline):
    """Inlines the calls in the bodies of attempts alone."""

    def __init__(self, known: dict[int, Function]) -> None:
        super().__init__()
        self.done, self.found = known, False

    def call(self, statement: Call) -> None:
        if self.attempting:
            self.found = True
            super().call(statement)
            return
        callee = inline_attempts(statement.callee, self.done)
        self.found |= callee is not statement.callee
        self.out.append(statement.renewed(args=self.tree(statement.args), callee=callee))


def _at(block: Block, call: Call) -> Block:
    """A callee's statements, as of the line that calls it."""
    for statement in walk(block):
        under = call.origin.under + statement.origin.under
        text, at = statement.origin.text, statement.origin.place
        statement.origin = call.origin._replace(text=text, under=under, at=at)
        if isinstance(statement, (Let, Branch, Loop)) and call.origin.part != "primal":
            statement.origin = statement.origin._replace(part=call.origin.part)
    return block
