"""Functions of a library that solve an equation for a function that they are given: what is asked of them, and what they return.

Their derivative is that of the solution, by the equation alone (`srcad.api.implicit`). An entry says where in a call the function, the
point to start from, and the solution are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from srcad.rules.families import load_rules

__all__ = ["RESIDUAL", "SOLVERS", "STATED", "Solver", "Stated", "solver", "solver_of"]


@dataclass(frozen=True)
class Solver:
    """How a function solves.

    `finds` is what the solution x of a call with a function f is: a "root" (f(x) = 0), a "fixed" point (f(x) = x), a "minimum"
    of f, or one of "squares" (of the sum of squares of f(x)); or the "steps" of dx/dt = f(t, x). `function` and `first` are the
    parameters that stand at the head of a call, `function` being f; `start` is the one that has the shape of x, None where x is a
    number (with `floats` one of Python's). `attribute` is that of x in what is returned, empty where that is x. `others` are further
    functions of x. `flat` says that x has one axis, unless `method=` is one of `shaped`. `refused` are options with the reason and
    the rewrite.
    """

    finds: str
    function: str
    attribute: str = ""
    start: str | None = None
    first: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    flat: bool = False
    shaped: tuple[str, ...] = ()
    floats: bool = False
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)

    def described(self) -> str:
        """What it solves, by what there is a derivative, and what is refused, as a text of the documentation.

        >>> Solver("root", "f", floats=True, refused={"full_output": ("", "")}).described()
        'f(x, ...) = 0; by what `f` reads besides x; refused: `full_output=`'
        """
        equation = {"root": "{}(x, ...) = 0", "fixed": "{}(x, ...) = x"}.get(
            self.finds, "the gradient of {}(x, ...) is 0"
        )
        if self.finds == "steps":
            said = "the accepted steps of RK45, RK23 and DOP853, held constant, as a loop, for `.y`; by `y0`, `t_span`, `t_eval`, and what `fun` reads"
            return said + "; refused: " + ", ".join(f"`{name}=`" for name in self.refused)
        if self.finds == "squares":
            equation = "the gradient of the sum of {}(x, ...) ** 2 is 0"
        read = f" for `.{self.attribute}`" if self.attribute else ""
        parts = [
            equation.format(self.function) + read,
            f"by what `{self.function}` reads besides x",
        ]
        if self.refused:
            parts.append("refused: " + ", ".join(f"`{name}=`" for name in self.refused))
        return "; ".join(parts)


SOLVERS: dict[Callable[..., Any], Solver] = {}


@dataclass(frozen=True)
class Stated:
    """What a function of the user's is said to solve: `residual(x, *names)` is zero, by parameters that both have.

    Where a derivative of the residual is meant, `request` is what is asked of it, and `stationary` says that it is the gradient by x.
    `signature` names the axes of the function's arguments and of x.
    """

    residual: Callable[..., Any]
    names: tuple[str, ...]
    signature: str
    request: Any = None
    stationary: bool = False


STATED: dict[Callable[..., Any], Stated] = {}
# Where a function keeps the residual that it has stated.
RESIDUAL = "__residual__"


def solver(*functions: Callable[..., Any], **what: Any) -> None:
    """Register functions that solve."""
    for function in functions:
        SOLVERS[function] = Solver(**what)


def solver_of(function: Callable[..., Any]) -> Solver | None:
    """How a function solves, or None."""
    load_rules(function)
    return SOLVERS.get(function)
