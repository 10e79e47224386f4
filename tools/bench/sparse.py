"""Time and peak memory of sparse Jacobians and Hessians, against those written by hand.

    python -m tools.bench.sparse [--sizes 100000]

By hand: the entries from their formulas, and `scipy.sparse.diags_array` of them. Each result is held against the one by hand before it is timed.
The first call compiles, finds the pattern and colours it; later calls with arrays of the same shapes do none of that. Peak memory is what NumPy
has allocated at most during a call, the result included. Times depend on what a process has allocated before: give each size a process of its own.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from typing import Any

import numpy as np
from scipy import sparse

import srcad


def heat(u: Any) -> Any:
    d = np.zeros_like(u)
    d[1:-1] = u[2:] - 2 * u[1:-1] + u[:-2]
    return u + 0.1 * d * u**2


def heat_by_hand(u: Any) -> Any:
    inner = u[1:-1]
    d = np.zeros(u.size)
    d[1:-1] = u[2:] - 2 * inner + u[:-2]
    main = 1 + 0.2 * d * u
    side = 0.1 * inner**2
    main[1:-1] -= 2 * side
    below, above = np.zeros(u.size - 1), np.zeros(u.size - 1)
    below[:-1], above[1:] = side, side
    return sparse.diags_array([below, main, above], offsets=[-1, 0, 1], format="csr")


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_by_hand(x: Any) -> Any:
    main = np.zeros(x.size)
    main[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    main[1:] += 200
    side = -400 * x[:-1]
    return sparse.diags_array([side, main, side], offsets=[-1, 0, 1], format="csr")


def bratu(u: Any) -> Any:
    p = np.pad(u, 1)
    h = 1 / (u.shape[0] + 1)
    around = p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2]
    return (around - 4 * u) / h**2 + 6 * np.exp(u)


def bratu_by_hand(u: Any) -> Any:
    n = u.shape[0]
    h = 1 / (n + 1)
    main = -4 / h**2 + 6 * np.exp(u.ravel())
    side = np.full(n * n - 1, 1 / h**2)
    side[n - 1 :: n] = 0
    far = np.full(n * n - n, 1 / h**2)
    return sparse.diags_array([far, side, main, side, far], offsets=[-n, -1, 0, 1, n], format="csr")


def line(n: int) -> Any:
    return np.random.default_rng(0).uniform(size=n)


def square(n: int) -> Any:
    side = round(n**0.5)
    return np.random.default_rng(0).uniform(size=(side, side))


CASES = [
    ("heat stencil, jacfwd", heat, srcad.jacfwd(heat, sparse=True), heat_by_hand, line),
    ("heat stencil, jacrev", heat, srcad.jacrev(heat, sparse=True), heat_by_hand, line),
    ("Rosenbrock, hessian", rosenbrock, srcad.hessian(rosenbrock, sparse=True), rosenbrock_by_hand, line),
    ("2-D Bratu, jacfwd", bratu, srcad.jacfwd(bratu, sparse=True), bratu_by_hand, square),
]  # fmt: skip


def measured(calls: list[Any], x: Any, rounds: int = 25) -> list[float]:
    """Seconds of each of some calls, the best of a few rounds in which they take turns.

    A large block is freed first. It raises the size above which the C library gives memory back at once: that would be timed else.
    """
    np.ones(4_000_000).sum()
    best = [np.inf] * len(calls)
    for _ in range(rounds):
        for place, call in enumerate(calls):
            start = time.perf_counter()
            call(x)
            best[place] = min(best[place], time.perf_counter() - start)
    return best


def peak_of(call: Any, x: Any) -> int:
    tracemalloc.start()
    call(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    print("| derivative | n | products | value | by hand | srcad | srcad / by hand | first call | peak, by hand | peak, srcad |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    sizes = parser.parse_args().sizes
    for name, function, derivative, by_hand, drawn in CASES:
        for n in sizes:
            x = drawn(n)
            start = time.perf_counter()
            found = derivative(x)
            first = time.perf_counter() - start
            wanted = by_hand(x)
            assert abs(found - wanted).max() <= 1e-9 * abs(wanted).max()
            seconds = measured([function, by_hand, derivative], x)
            value, hand, ours = (f"{1e3 * each:.3g} ms" for each in seconds)
            peaks = [f"{peak_of(call, x) / 1e6:.3g} MB" for call in (by_hand, derivative)]
            colors = srcad.sparsity(
                srcad.grad(function) if name.endswith("hessian") else function, x
            ).colors()
            ratio = f"{seconds[2] / seconds[1]:.2f}"
            cells = [name, x.size, colors.max() + 1, value, hand, ours, ratio, f"{first:.2f} s"]
            print("|", " | ".join(map(str, [*cells, *peaks])), "|")


if __name__ == "__main__":
    main()
