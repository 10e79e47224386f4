"""Time, work and peak memory of Jacobians by several processes, and into a file.

    python -m tools.bench.workers [--size 1500] [--workers 2] [--repeat 3]

Three functions: a nonlinear wave of 100 steps, elementwise operations, which NumPy runs on one core; one of thousands of steps, of which much is saved and
few rows are asked for; one that is so cheap that handing its rows over costs as much as computing them. NumPy's own threads are switched off, as they
should be where processes share the cores.

`time` is the best of some calls. On a machine that others use `work` tells more: the processor seconds of one call, of the caller and of the workers,
pickling included. What they have more of than one process alone is the overhead. `sent` is what the tasks of one call take. `memory` is what NumPy has
allocated at most in the caller during the call, in units of the result, which a file is no part of.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pickle
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before NumPy is loaded, here and in the workers

import numpy as np  # noqa: E402

import srcad  # noqa: E402


def wave(u: Any) -> Any:
    for _ in range(100):
        u = u + 0.1 * np.sin(np.roll(u, 1) - u) * np.exp(-u * u)
    return np.cumsum(u)


def long(u: Any) -> Any:
    for _ in range(1000):
        u = u + 0.001 * np.sin(np.roll(u, 1) - u) * np.exp(-u * u)
    return np.cumsum(u)[:100]


def cheap(u: Any) -> Any:
    return np.cumsum(np.sin(u)) * u


class Watched(Executor):
    """Hands tasks on to processes, and adds up how large they are."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self.pool, self.sent, self._max_workers = pool, 0, workers

    def submit(self, task: Any, /, *args: Any, **_: Any) -> Future[Any]:
        self.sent += len(pickle.dumps(args))
        return self.pool.submit(task, *args)


def clock() -> tuple[int, float]:
    """Of a worker, its processor seconds."""
    time.sleep(0.2)  # so that each worker gets one
    return os.getpid(), time.process_time()


def clocks(pool: Any, workers: int) -> float:
    """The processor seconds of all workers."""
    found: dict[int, float] = {}
    while len(found) < workers:
        found |= dict(future.result() for future in [pool.submit(clock) for _ in range(workers)])
    return sum(found.values())


class Measured:
    """What a call costs: the best time of some, the mean work of the caller and of the workers, and what is allocated."""

    def __init__(self, call: Any, repeat: int, pool: Any, workers: int) -> None:
        call()
        seconds = []
        theirs, mine = clocks(pool, workers) if pool else 0.0, time.process_time()
        for _ in range(repeat):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        self.time, self.caller = min(seconds), (time.process_time() - mine) / repeat
        self.workers = (clocks(pool, workers) - theirs) / repeat if pool else 0.0
        tracemalloc.start()
        call()
        self.peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


def table(
    function: Any, n: int, chunk: int, given: Any, processes: Any, threads: Any
) -> Iterator[str]:
    """The rows of one function."""
    u = np.sin(np.linspace(0.0, 6.0, n))
    expected = srcad.jacrev(function, chunk_size=chunk)(u)
    watched = Watched(processes, given.workers)
    with tempfile.TemporaryDirectory() as folder:
        file = np.memmap(f"{folder}/J", float, "w+", shape=expected.shape)
        for label, pool, options in (
            ("all rows at once", None, {}),
            ("chunks", None, {"chunk_size": chunk}),
            ("chunks into a memmap", None, {"chunk_size": chunk, "out": file}),
            (f"{given.workers} threads", None, {"chunk_size": chunk, "executor": threads}),
            (f"{given.workers} processes", processes, {"chunk_size": chunk, "executor": watched}),
            (
                f"{given.workers} processes into a memmap",
                processes,
                {"chunk_size": chunk, "executor": watched, "out": file},
            ),
        ):
            derivative: Any = srcad.jacrev(function, **options)  # type: ignore[arg-type]
            np.testing.assert_allclose(derivative(u), expected, rtol=1e-8, atol=1e-12)
            watched.sent = 0
            found = Measured(lambda: derivative(u), given.repeat, pool, given.workers)  # noqa: B023
            work = f"{found.caller:.2f} s" + (f" + {found.workers:.2f} s" if pool else "")
            sent = f"{watched.sent / (given.repeat + 2) / 1e6:.2f} MB" if pool else ""
            yield (
                f"| `{function.__name__}`, {expected.shape[0]} rows of {n} | {label} | {found.time:.2f} s | {work} "
                f"| {sent} | {found.peak / expected.nbytes:.1f} results |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=1500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    print("| function | | time | work (+ of workers) | sent | memory |")
    print("|---|---|---|---|---|---|")
    spawn = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(given.workers, spawn) as processes,
        ThreadPoolExecutor(given.workers) as threads,
    ):
        for function, n, chunk in ((wave, given.size, 50), (long, given.size, 10), (cheap, 2 * given.size, 50)):  # fmt: skip
            for line in table(function, n, chunk, given, processes, threads):
                print(line, flush=True)


if __name__ == "__main__":
    main()
