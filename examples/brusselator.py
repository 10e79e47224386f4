"""A reaction that spreads over a square: sparse Jacobians for stiff equations and for Newton's method.

The Brusselator with diffusion (Hairer and Wanner 1996, IV.10) has two unknowns at each point of a periodic grid, 10 082 in all. Its
Jacobian would take 800 MB as an array; six entries in each row are not zero. `srcad.jacfwd(f, sparse=True)` finds the pattern in the source,
and computes the entries by a few products. SciPy takes what comes as it is: BDF with its Jacobian, and with one by differences
(which is given the same pattern, by `srcad.sparsity`), then Newton's method for where it comes to rest, beside Newton and Krylov's method
of `scipy.optimize.root`, which has differences along directions alone.

    python examples/brusselator.py [points along an edge]
"""

import sys
import time

import numpy as np
from scipy import integrate, optimize
from scipy.sparse.linalg import spsolve

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


jacobian = srcad.jacfwd(reaction, sparse=True)


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

    print("Newton's method for the state at rest:")
    began, state = time.perf_counter(), ends[0]
    for iteration in range(1, 21):
        change = spsolve(jacobian(state, edge).tocsc(), reaction(state, edge))
        state = state - change
        print(f"  {iteration}: changed by {np.max(np.abs(change)):.1e}")
        if np.max(np.abs(change)) < 1e-11:
            break
    print(f"  {iteration} sparse systems, {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    krylov = optimize.root(reaction, ends[0], args=(edge,), method="krylov", tol=1e-9)
    print(f"  by Krylov {krylov.nfev} calls, {time.perf_counter() - began:.2f} s, {np.max(np.abs(krylov.x - state)):.1e} apart")  # fmt: skip
    u, v = np.reshape(state, (2, -1))
    print(
        f"at rest u = {u.mean():.10f}, v = {v.mean():.10f}, flat to {max(np.ptp(u), np.ptp(v)):.1e}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 71)
