"""Functions that solve an equation: their derivative is that of the equation's solution, whatever finds it.

From r(x, p) = 0 follows dx = -(dr/dx)^-1 dr/dp dp, and backwards p_bar = -(dr/dp)^T v with (dr/dx)^T v = x_bar (the
implicit function theorem). So the rule of the function that solves is one linear system with the Jacobian of the
residual, which srcad differentiates; how the solution was found is not looked into.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import numpy as np

from srcad.analysis.types import named_shapes, type_of
from srcad.api.transforms import grad, jacrev
from srcad.core import ops
from srcad.core.quote import call, rank
from srcad.core.types import Type
from srcad.errors import ArgumentError
from srcad.rules.families import REGISTRY, Rule, filling, register

__all__ = ["implicit"]

F = TypeVar("F", bound=Callable[..., Any])


def implicit(residual: Callable[..., Any], *, signature: str) -> Callable[[F], F]:
    """Say of a function what equation its result solves: its derivative is then the solution's.

    Args:
        residual: `residual(x, *parameters)`, which is zero for the result x, has as many elements as x, and is differentiable
            by srcad (of a minimum it is the gradient of what is minimised). Its parameters are named as the function's; on
            parameters of the function that it does not have, such as a starting point, the solution does not depend.
        signature: The axes of the function's arguments and of its result, in NumPy's notation: "(n),(n)->(n)".

    Raises:
        ArgumentError: The residual has a parameter that the function has not.

    Example:
        >>> import numpy as np, srcad
        >>> def kepler(E, M, e):
        ...     return E - e * np.sin(E) - M
        >>> @srcad.implicit(kepler, signature="(),()->()")
        ... def anomaly(M, e):
        ...     E = M
        ...     while abs(kepler(E, M, e)) > 1e-14:
        ...         E = E - kepler(E, M, e) / (1 - e * np.cos(E))
        ...     return E
        >>> M, e = 1.0, 0.3
        >>> slope = srcad.grad(lambda M: anomaly(M, e))(M)
        >>> bool(abs(slope - 1 / (1 - e * np.cos(anomaly(M, e)))) < 1e-12)
        True
    """

    def decorate(solver: F) -> F:
        names = tuple(inspect.signature(solver).parameters)
        own = list(inspect.signature(residual).parameters)[1:]
        for name in own:
            if name not in names:
                raise ArgumentError(
                    f"`{residual.__name__}` has a parameter `{name}`, which `{solver.__name__}` has not",
                    reason="Parameters of both are found by their names.",
                )
        _Solution(solver, residual, names, [names.index(name) for name in own], signature)
        return solver

    return decorate


class _Solution:
    """The rule of a function that solves."""

    def __init__(
        self,
        solver: Any,
        residual: Any,
        names: tuple[str, ...],
        places: list[int],
        signature: str,
    ) -> None:
        self.residual, self.places, self.signature = residual, places, signature
        self.names = ["x", *(names[place] for place in places)]
        rule = Rule(
            "primitive",
            solver,
            pullback=filling(self.pullback, names, 1, 1),
            pushforward=self.pushforward,
            operands=names,
            wrt=tuple(sorted(places)),
            signature=signature,
            stacks=False,
            typed=self.type,
            on_complex="refuse",
        )
        register(rule)

    def type(self, *operands: Any) -> Type:
        """That which the signature tells; the numbers are floating."""
        (shape,) = named_shapes(self.signature, [type_of(operand) for operand in operands])
        return _floating(shape, operands)

    def by(self, place: int) -> Any:
        """The Jacobian of the residual by x (0) or by one of its parameters, as a function."""
        return _jacobian(self.residual, place, self.names[place])

    def solved(self, y: Any, given: Any, right: Any, turn: bool) -> Any:
        """The linear system of the Jacobian by x, or of its transpose."""
        matrix = call(self.by(0), y, *given)
        if rank(y) == 0:
            return right / matrix
        if rank(y) > 1:
            matrix = np.reshape(matrix, (np.size(y), np.size(y)))
            right = np.reshape(right, (-1,))
        found = np.linalg.solve(matrix.T if turn else matrix, right)
        return found if rank(y) == 1 else np.reshape(found, np.shape(y))

    def pullback(self, y_bar: Any, *rest: Any) -> Any:
        *operands, y = rest
        given = [operands[place] for place in self.places]
        v = self.solved(y, given, y_bar, turn=True)
        bars: list[Any] = [None] * len(operands)
        for count, place in enumerate(self.places, 1):
            if isinstance(self.residual, types.FunctionType):
                pull = _contracted(self.residual, count, self.names[count])
                bars[place] = -call(pull, v, y, *given)
            else:
                bars[place] = -_weighted(v, call(self.by(count), y, *given), y)
        return tuple(bars)

    def pushforward(self, *rest: Any) -> Any:
        count = (len(rest) - 1) // 2
        dots, operands, y = rest[:count], rest[count:-1], rest[-1]
        given = [operands[place] for place in self.places]
        terms = [
            _along(call(self.by(place), y, *given), dots[operand], operands[operand])
            for place, operand in enumerate(self.places, 1)
            if dots[operand] is not None
        ]
        return self.solved(y, given, -sum(terms[1:], terms[0]), turn=False)


def _weighted(v: Any, matrix: Any, y: Any) -> Any:
    """The transpose of a Jacobian, applied."""
    return v * matrix if rank(y) == 0 else np.tensordot(v, matrix, rank(y))


def _along(matrix: Any, dot: Any, x: Any) -> Any:
    """A Jacobian, applied."""
    return matrix * dot if rank(x) == 0 else np.tensordot(matrix, dot, rank(x))


@cache
def _contracted(residual: Any, place: int, name: str) -> Any:
    """`(v, x, *parameters) -> (dr / d parameter)^T v`, as a function that has a rule."""

    def product(weights: Any, *operands: Any) -> Any:
        return np.sum(weights * residual(*operands))

    made = grad(product, argnums=place + 1)
    typed = lambda *args: _floating(type_of(args[place + 1]).shape, args)  # noqa: E731
    return _ruled(made, f"{_name(residual)}_pullback_{name}", typed)


@cache
def _jacobian(function: Any, place: int, name: str) -> Any:
    """A Jacobian as a function that has a rule."""

    def typed(*args: Any) -> Type:
        values = _TYPED[function](*args) if function in _TYPED else type_of(args[0])
        outer, inner = values.shape, type_of(args[place]).shape
        return _floating(None if outer is None or inner is None else (*outer, *inner), args)

    op = REGISTRY.get(function) and ops.operation(function)
    own = op.name if op else _name(function)
    return _ruled(jacrev(function, argnums=place), f"{own}_by_{name}", typed)


def _name(function: Any) -> str:
    return function.__name__ if function.__name__.isidentifier() else "residual"


def _floating(shape: Any, operands: tuple[Any, ...]) -> Type:
    """The type of what is computed of these operands."""
    known = {type_of(operand).dtype for operand in operands} - {"float"}
    dtype = None if None in known else "float32" if known == {"float32"} else "float64"
    return Type("array" if shape else "any", dtype, shape)


# The types of the derivatives that have rules, by their operands.
_TYPED: dict[Any, Callable[..., Type]] = {}


def _ruled(made: Any, name: str, typed: Callable[..., Type]) -> Any:
    """Give a derivative a rule, by its own Jacobians: it can then be differentiated in turn."""
    _TYPED[made] = typed

    def pullback(y_bar: Any, *rest: Any) -> Any:
        *operands, y = rest
        return tuple(
            _weighted(y_bar, call(_jacobian(made, place, str(place)), *operands), y)
            for place in range(len(operands))
        )

    def pushforward(*rest: Any) -> Any:
        count = (len(rest) - 1) // 2
        dots, operands = rest[:count], rest[count:-1]
        terms = [
            _along(call(_jacobian(made, place, str(place)), *operands), dot, operands[place])
            for place, dot in enumerate(dots)
            if dot is not None
        ]
        return sum(terms[1:], terms[0])

    rule = Rule(
        "primitive",
        made,
        pullback=pullback,
        pushforward=pushforward,
        operands=("*operands",),
        typed=typed,
        memory="fresh",
        on_complex="refuse",
    )
    REGISTRY[made] = rule
    op = ops.operation(made)
    op.name, op.base, op.effect = name, name, "pure"
    return made
