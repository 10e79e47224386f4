"""The steps of explicit methods of Runge and Kutta's at points of time that are given, as `scipy.integrate.solve_ivp` takes them.

These are in the language that srcad differentiates: the parser puts them in the place of a call of `solve_ivp`, with the points that
its error control has accepted. What comes is what SciPy gives, to rounding (its `rk_step` and `RkDenseOutput`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["at_times", "through"]


def through(fun: Any, t: Any, y0: Any, A: Any, B: Any, C: Any, stages: int, width: int) -> Any:
    """The solution at the points that the method steps through; A, B, C are its tableau (Hairer, Norsett and Wanner 1993, II.1).

    `stages` are the rows of A, and `width` its columns.

    >>> A, B, C = np.array([[0.0], [0.5]]), np.array([0.0, 1.0]), np.array([0.0, 0.5])
    >>> through(lambda t, y: 2 * t * y**0, np.array([0.0, 1.0, 3.0]), np.zeros(1), A, B, C, 2, 1)
    array([[0., 1., 9.]])
    """
    y = np.empty((t.size, y0.size))
    y[0] = y0
    for i in range(t.size - 1):
        h = t[i + 1] - t[i]
        k = np.zeros((stages, y0.size))
        for s in range(stages):
            k[s] = fun(t[i] + C[s] * h, y[i] + h * (A[s] @ k[:width]))
        y[i + 1] = y[i] + h * (B @ k)
    return y.T


def at_times(
    fun: Any, t: Any, y0: Any, A: Any, B: Any, C: Any, P: Any, stages: int, width: int, t_eval: Any
) -> Any:
    """The solution at other times, by the polynomial of each step, of which P has the coefficients.

    It needs the slope at the end of the step, too: as a last stage.

    >>> A, B, C = np.array([[0.0], [0.5]]), np.array([0.0, 1.0]), np.array([0.0, 0.5])
    >>> P = np.array([[1.0, -0.5], [0.0, 0.0], [0.0, 0.5]])
    >>> points, times = np.array([0.0, 1.0, 3.0]), np.array([0.5, 2.0])
    >>> at_times(lambda t, y: 2 * t * y**0, points, np.zeros(1), A, B, C, P, 2, 1, times)
    array([[0.25, 4.  ]])
    """
    if width < stages:
        A = np.pad(A, ((0, 0), (0, stages - width)))
    A = np.vstack((A, B))
    C = np.append(C, 1.0)
    y = np.empty((t.size, y0.size))
    y[0] = y0
    k = np.zeros((t.size - 1, stages + 1, y0.size))
    for i in range(t.size - 1):
        h = t[i + 1] - t[i]
        for s in range(stages + 1):
            k[i, s] = fun(t[i] + C[s] * h, y[i] + h * (A[s] @ k[i, :-1]))
        y[i + 1] = y[i] + h * (A[-1] @ k[i, :-1])
    steps = np.diff(t)
    forward = np.sign(steps[0])
    place = np.searchsorted(forward * t[1:], forward * t_eval)
    h = steps[place]
    powers = ((t_eval - t[place]) / h)[:, None] ** np.arange(1, P.shape[1] + 1)
    within = np.einsum("js,jsn->jn", powers @ P.T, k[place])
    return (y[place] + h[:, None] * within).T
