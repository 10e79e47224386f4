"""The derivative of a solution: that of the equation which it solves, whatever found it.

From r(x, p) = 0 follows dx = -(dr/dx)^-1 dr/dp dp, and backwards p_bar = (dr/dp)^T v with (dr/dx)^T v = -x_bar (the
implicit function theorem). Of a minimum, r is the gradient of what is minimised. The Jacobian by x, and the pullback by p, are those
that srcad makes of r; they are written down where they are used:

    x = optimize.root(residual, x0, args=(a,)).x
    # backward, with residual(x, a) = np.tanh(W @ x) - a
    residual_jac = (1 - np.tanh(W @ x) ** 2)[:, None] * W
    v = np.linalg.solve(residual_jac.T, -x_bar)
    a_bar = -v
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from srcad.api.columns import pushforward
from srcad.api.compose import settled, through, transformed
from srcad.api.rows import jacobian
from srcad.core.nodes import Function, Let, defined, leaves, walk
from srcad.core.quote import Symbol, apart, rank, unwrap, wrap
from srcad.core.renewal import Renewal
from srcad.core.solutions import Solution
from srcad.errors import SrcadError
from srcad.rules.families import MAKERS, Rule
from srcad.simplifier.closing import close
from srcad.simplifier.inlining import inline
from srcad.simplifier.pipeline import simplify
from srcad.simplifier.rewrite import Pass
from srcad.transformer.reverse import gradient, pullback

__all__: list[str] = []


class _Calculus:
    """The rule of a solution: operands are what the solver returned, and what the equation reads besides x."""

    def __init__(self, solution: Solution) -> None:
        self.solution = solution
        self.made: dict[Any, Function] = {}

    def derived(self, key: Any, make: Callable[[], Function]) -> Function:
        """A function that is made of the equation, once."""
        if key not in self.made:
            with apart():
                self.made[key] = simplify(close(settled(make())))
        return self.made[key]

    @property
    def residual(self) -> Function:
        """What is zero at the solution."""

        def make() -> Function:
            plain = close(simplify(_Silent().run(inline(self.solution.equation))))
            if self.solution.stationary:
                x = plain.params[0].tree
                return gradient(plain, [x], x, _no_calls)
            if self.solution.request is None:
                return plain
            outer = self.solution.request
            return transformed(through(plain, outer, _no_calls), outer, _no_calls)

        return self.derived("residual", make)

    def jacobian(self) -> Function:
        """dr/dx, a function of (x, *captured)."""
        residual = self.residual
        x = residual.params[0].tree
        if x.type.rank == 0:
            return self.derived("by x", lambda: gradient(residual, [x], x, _no_calls))
        return self.derived("by x", lambda: jacobian(residual, [x], x, _no_calls, simplify))

    def pulled(self, places: tuple[int, ...]) -> Function:
        """(dr/dp)^T v of the parameters at some places, a function of (x, *captured, v)."""
        residual = self.residual
        wrt = [residual.params[place].tree for place in places]
        return self.derived(
            ("pullback", places), lambda: pullback(residual, wrt, tuple(wrt), _no_calls)
        )

    def pushed(self, places: tuple[int, ...]) -> Function:
        """(r, dr/dp p_dot) of the parameters at some places, a function of (x, *captured, *dots)."""
        residual = self.residual
        params = [residual.params[place] for place in places]
        wrt = [param.tree for param in params]
        return self.derived(("pushforward", places), lambda: pushforward(residual, wrt, params))

    # the rule

    def solved(self, y: Any, captured: Any, right: Any, turn: bool) -> Any:
        """The linear system of the Jacobian by x, or of its transpose."""
        matrix = _written(self.jacobian(), (y, *captured))
        if rank(y) == 0:
            return right / matrix
        diagonal = _diagonal(matrix)
        if diagonal is not None:
            return right / diagonal
        symmetric, name = self.solution.stationary, self.solution.equation.name
        if isinstance(matrix, Symbol):
            matrix.value.base = f"{name}_{'hess' if symmetric else 'jac'}"
            matrix.value.named = True
        if rank(y) > 1:
            matrix = np.reshape(matrix, (np.size(y), np.size(y)))
            right = np.reshape(right, (-1,))
        found = np.linalg.solve(matrix.T if turn and not symmetric else matrix, right)
        return found if rank(y) == 1 else np.reshape(found, np.shape(y))

    def pullback(self, y_bar: Any, found: Any, *rest: Any) -> Any:
        *captured, y = rest
        v = self.solved(y, captured, -y_bar, turn=True)
        return (None, *self.bars(y, captured, v))

    def bars(self, y: Any, captured: list[Any], v: Any) -> list[Any]:
        """(dr/dp)^T v by each of what is captured, None where there is none."""
        found: list[Any] = [None] * len(captured)

        def fill(places: list[int]) -> None:
            pulled = self.pulled(tuple(place + 1 for place in places))
            for place, bar in zip(places, _written(pulled, (y, *captured, v))):
                found[place] = bar

        places = [
            place
            for place, operand in enumerate(captured)
            if isinstance(operand, Symbol) and operand.value.type.differentiable
        ]
        try:
            fill(places)
        except (
            SrcadError
        ):  # by one of them there is no derivative, which matters where it is asked for
            for place in places:
                with suppress(SrcadError):
                    fill([place])
        return found

    def pushforward(self, *rest: Any) -> Any:
        count = (len(rest) - 1) // 2
        dots, captured, y = rest[1:count], rest[count + 1 : -1], rest[-1]
        places = tuple(place for place, dot in enumerate(dots) if dot is not None)
        pushed = self.pushed(tuple(place + 1 for place in places))
        given = (y, *captured, *(dots[place] for place in places))
        _, r_dot = _written(pushed, given)
        return self.solved(y, captured, -r_dot, turn=False)


class _Silent(Pass):
    """What the function says while it is solved for is not said again for its derivative."""

    def let(self, statement: Let) -> Let | None:
        return None if statement.op.function is print else statement


def _rule(solution: Solution) -> Rule:
    if solution.rule is None:
        solution.rule = _made(solution)
    return solution.rule  # type: ignore[no-any-return]


def _made(solution: Solution) -> Rule:
    calculus = _Calculus(solution)
    type_ = solution.equation.params[0].tree.type
    return Rule(
        "primitive",
        solution,  # type: ignore[arg-type]
        pullback=calculus.pullback,
        pushforward=calculus.pushforward,
        operands=("found", "*captured"),
        typed=lambda *operands: type_,
        memory="fresh" if solution.fresh else "maybe",
        stacks=False,
        on_complex="refuse",
    )


MAKERS[Solution] = _rule


def _no_calls(*call: Any) -> Any:
    raise AssertionError("calls are inlined before")


def _written(function: Function, args: tuple[Any, ...]) -> Any:
    """The statements of a function, written down for these arguments; its result."""
    builder = next(arg.builder for arg in args if isinstance(arg, Symbol))
    params = [value for param in function.params for value in leaves(param.tree)]
    copy = Renewal(dict(zip(params, map(unwrap, args))))
    block = copy.block(function.body)
    for statement in walk(block):
        statement.origin = builder.origin._replace(under=statement.origin.under)
        for value in defined(statement):  # of a derivative, which is a step of another
            value.named = value.named and not value.base.endswith(("_bar", "_dot"))
    builder.block.extend(block)
    return wrap(copy.tree(function.result), builder)


def _diagonal(matrix: Any) -> Any:
    """The diagonal, of a matrix that was made of it."""
    for let in reversed(matrix.builder.block):
        if isinstance(let, Let) and let.out is matrix.value:
            if let.op.function is np.diag and rank(wrap(let.args[0], matrix.builder)) == 1:
                return wrap(let.args[0], matrix.builder)
            return None
    return None
