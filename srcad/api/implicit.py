"""Functions of the user's that solve an equation: their derivative is that of the equation's solution, whatever finds it.

They are called as they are. What they return is the solution of an equation, as what scipy.optimize.root returns is, and has the same
rule (`srcad.api.solutions`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from srcad.api.derivative import behind
from srcad.errors import ArgumentError
from srcad.rules.solvers import RESIDUAL, STATED, Stated

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

    base, request = behind(residual)
    inner = request is not None and request.inner is None and not request.has_aux
    stationary = inner and request.transform == "grad" and request.argnums == 0  # type: ignore[union-attr]

    def decorate(solver: F) -> F:
        names = tuple(inspect.signature(solver).parameters)
        own = tuple(inspect.signature(residual).parameters)[1:]
        for name in own:
            if name not in names:
                raise ArgumentError(
                    f"`{residual.__name__}` has a parameter `{name}`, which `{solver.__name__}` has not",
                    reason="Parameters of both are found by their names.",
                )
        STATED[solver] = Stated(base, own, signature, request, stationary)
        with suppress(AttributeError):  # of what is compiled
            setattr(solver, RESIDUAL, base)
        return solver

    return decorate
