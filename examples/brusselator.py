"""A reaction that spreads over a square: sparse Jacobians for stiff equations, least squares and roots.

The Brusselator with diffusion (Hairer and Wanner 1996, IV.10) has two unknowns at each point of a periodic grid, 10 368 in all. Its
Jacobian would take 860 MB as an array; six entries in each row are not zero. `srcad.jacfwd(f, sparse=True)` finds the pattern in the source,
and computes the entries by a few products. SciPy takes what comes as it is, and is held against itself with differences, which are given the same
pattern by `srcad.sparsity`:

- `solve_ivp` by BDF,
- `least_squares` for an implicit step,
- `root` for the state at rest. Its method for many unknowns has differences along directions alone; with the factors of the sparse Jacobian as a
  preconditioner it needs few of them. Newton's method with the Jacobian itself needs none.

    python examples/brusselator.py [points along an edge]
"""

import sys
import time
import timeit

import numpy as np
from scipy import integrate, optimize
from scipy.sparse.linalg import LinearOperator, splu, spsolve

import srcad

FEED, RATE, SPREAD = 1.0, 1.7, 0.002


def reaction(state, edge):
    """The rates of change of both concentrations, which stand below each other in one vector."""
    u, v = np.reshape(state, (2, edge, edge))
    step = 1 / edge

    def laplacian(w):
        across = np.roll(w, 1, 0) + np.roll(w, -1, 0) + np.roll(w, 1, 1) + np.roll(w, -1, 1)
        return (across - 4 * w) / step**2

    made = u**2 * v
    u_rate = FEED + made - (RATE + 1) * u + SPREAD * laplacian(u)
    v_rate = RATE * u - made + SPREAD * laplacian(v)
    return np.concatenate((np.ravel(u_rate), np.ravel(v_rate)))


def implicit(state, before, step, edge):
    """What is zero after an implicit step."""
    return state - before - step * reaction(state, edge)


jacobian = srcad.jacfwd(reaction, sparse=True)
implicit_jacobian = srcad.jacfwd(implicit, sparse=True)


def start(edge):
    x = np.arange(edge) / edge
    u = FEED + 0.1 * np.sin(2 * np.pi * x)[:, None] * np.cos(2 * np.pi * x)
    v = RATE / FEED + 0.1 * np.cos(4 * np.pi * x)[:, None] + np.zeros(edge)
    return np.concatenate((np.ravel(u), np.ravel(v)))


def main(edge):
    first = start(edge)
    pattern = srcad.sparsity(reaction, first, edge)
    colors = pattern.colors().max() + 1
    print(f"{first.size} unknowns, {pattern.nnz} entries, {colors} colours")

    one = min(timeit.repeat(lambda: jacobian(first, edge), number=1))
    call = min(timeit.repeat(lambda: reaction(first, edge), number=1))
    print(f"a Jacobian in {1e3 * one:.2g} ms; differences without the pattern: {first.size + 1} calls, {call * first.size:.2g} s")  # fmt: skip

    print("BDF to t = 2:")
    ends = []
    for name, options in (
        ("sparse Jacobian", {"jac": lambda t, y: jacobian(y, edge)}),
        ("differences", {"jac_sparsity": pattern.matrix}),
    ):
        began = time.perf_counter()
        found = integrate.solve_ivp(
            lambda t, y: reaction(y, edge), (0, 2), first, "BDF", rtol=1e-6, atol=1e-8, **options
        )
        seconds = time.perf_counter() - began
        ends.append(found.y[:, -1])
        print(f"  {name:16} {found.t.size - 1} steps, {found.nfev} calls, {found.njev} Jacobians, {seconds:.2f} s")  # fmt: skip
    print(f"  they end {np.max(np.abs(ends[0] - ends[1])):.1e} apart")

    print("least squares for an implicit step of 0.05:")
    given = first, 0.05, edge
    implicit_jacobian(first, *given)  # the first call compiles
    for name, options in (
        ("sparse Jacobian", {"jac": implicit_jacobian}),
        ("differences", {"jac_sparsity": srcad.sparsity(implicit, first, *given).matrix}),
    ):
        began = time.perf_counter()
        fit = optimize.least_squares(implicit, first, args=given, **options)
        print(f"  {name:16} {fit.nfev} calls, {fit.njev} Jacobians, {time.perf_counter() - began:.2f} s, off by {np.max(np.abs(fit.fun)):.1e}")  # fmt: skip

    print("the state at rest:")
    began, state = time.perf_counter(), ends[0]
    for iteration in range(1, 21):
        change = spsolve(jacobian(state, edge).tocsc(), reaction(state, edge))
        state = state - change
        print(f"  Newton {iteration}: changed by {np.max(np.abs(change)):.1e}")
        if np.max(np.abs(change)) < 1e-11:
            break
    print(f"  Newton           {iteration} Jacobians, {time.perf_counter() - began:.2f} s")
    for name in ("Krylov, factors", "Krylov"):
        began, options = time.perf_counter(), {}
        if name == "Krylov, factors":
            matrix = jacobian(ends[0], edge).tocsc()
            options = {"jac_options": {"inner_M": LinearOperator(matrix.shape, splu(matrix).solve)}}
        krylov = optimize.root(reaction, ends[0], args=(edge,), method="krylov", tol=1e-9, options=options)  # fmt: skip
        print(f"  {name:16} {krylov.nfev} calls, {time.perf_counter() - began:.2f} s, {np.max(np.abs(krylov.x - state)):.1e} from Newton's")  # fmt: skip
    u, v = np.reshape(state, (2, -1))
    print(
        f"at rest u = {u.mean():.10f}, v = {v.mean():.10f}, flat to {max(np.ptp(u), np.ptp(v)):.1e}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 72)
