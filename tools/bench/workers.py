"""Time and peak memory of a Jacobian by two processes, and into a file.

    python -m tools.bench.workers [--size 1000] [--workers 2]

The function is a nonlinear wave that takes a number of steps: all of its Jacobian's entries are computed, and elementwise operations, which NumPy
runs on one core, take most of the time. Peak memory is what NumPy has allocated at most in the caller during the call, the result included where it is no file.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
import tracemalloc
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np

import srcad


def wave(u: Any) -> Any:
    for _ in range(100):
        u = u + 0.1 * np.sin(np.roll(u, 1) - u) * np.exp(-u * u)
    return np.cumsum(u)


def measured(call: Any, repeat: int = 5) -> tuple[float, float]:
    """Seconds (the best of some calls), and the peak of allocated bytes."""
    call()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    tracemalloc.start()
    call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return min(seconds), peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    n = given.size
    u = np.sin(np.linspace(0.0, 6.0, n))
    expected = srcad.jacrev(wave)(u)
    print("| | chunk_size | time | peak memory |")
    print("|---|---|---|---|")
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(given.workers, spawn) as processes,
        ThreadPoolExecutor(given.workers) as threads,
    ):
        file = np.memmap(f"{folder}/J", float, "w+", shape=(n, n))
        for name, options in (
            ("all rows at once", {}),
            ("chunks", {"chunk_size": n // 20}),
            ("chunks, `out=` a memmap", {"chunk_size": n // 20, "out": file}),
            ("`out=` a memmap", {"out": file}),
            (f"{given.workers} threads", {"executor": threads}),
            (f"{given.workers} processes", {"executor": processes}),
            (f"{given.workers} processes", {"executor": processes, "chunk_size": n // 20}),
            (f"{given.workers} processes, `out=` a memmap", {"executor": processes, "out": file}),
        ):
            derivative: Any = srcad.jacrev(wave, **options)  # type: ignore[arg-type]
            np.testing.assert_allclose(derivative(u), expected, rtol=1e-8, atol=1e-12)
            seconds, peak = measured(lambda: derivative(u))  # noqa: B023
            chosen = options.get("chunk_size", "auto" if options else None)
            if chosen == "auto":
                chosen = f"auto ({derivative.explain(u).note.split()[0]})"
            print(
                f"| {name} | {chosen} | {seconds:.2f} s | {peak / expected.nbytes:.2f} results |",
                flush=True,
            )


if __name__ == "__main__":
    main()
