"""For the tests of a project that uses srcad: derivatives held against differences of their functions.

from srcad.testing import check_derivative

def test_loss():
    check_derivative(loss, np.ones(3), 0.5, order=2)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.verify import Report, verify

__all__ = ["check_derivative"]


def check_derivative(
    derivative_or_f: Callable[..., Any],
    *args: Any,
    argnums: int | tuple[int, ...] | None = None,
    rtol: float | None = None,
    order: int = 1,
    limit: int = 100,
    seed: int = 0,
) -> Report:
    """Assert that a derivative is what differences of its function say.

    Args:
        derivative_or_f: A derivative made by srcad, or a function, of which the gradient or Jacobian is checked.
        args: The arguments to check it at.
        argnums: For a function, the arguments to differentiate by; all that hold floats, if not given.
        rtol: The relative error allowed; four times the root of the dtype's precision, if not given.
        order: 2 checks the derivative of the derivative, too.
        limit: How many entries of an argument are varied one by one.
        seed: For what is chosen at random.

    Returns:
        The report, as `srcad.verify` gives it.

    Raises:
        AssertionError: The derivative differs; the message is the table.
        SrcadError: As `srcad.verify`.

    >>> import numpy as np
    >>> def loss(w, scale):
    ...     return scale * np.sum(w**3)
    >>> check_derivative(loss, np.array([1.0, 2.0]), 0.5, order=2).ok
    True
    """
    __tracebackhide__ = True  # pytest shows the call, not this line
    report = verify(
        derivative_or_f, *args, argnums=argnums, rtol=rtol, limit=limit, seed=seed, order=order
    )
    if not report.ok:
        raise AssertionError(str(report))
    return report
