"""Time and peak memory of a Jacobian by chunk size.

    python -m tools.bench.chunks [--size 1000]

The function is a layer with a cumulative sum before it: its rows are dense from the first step on, so that all of them at
once need room for intermediate results of n x n. Peak memory is what NumPy has allocated at most during the call, the result included.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from typing import Any

import numpy as np

import srcad


def layer(x: Any, W: Any) -> Any:
    s = np.cumsum(x**2)
    return np.sin(W @ np.tanh(s / s.size)) * s


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
    n = parser.parse_args().size
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=n), rng.normal(size=(n, n)) / np.sqrt(n)
    result = n * n * 8
    expected = None
    print("| transform | chunk_size | preallocated | time | peak memory |")
    print("|---|---|---|---|---|")
    for transform in (srcad.jacrev, srcad.jacfwd):
        for chunk_size in (None, n // 2, n // 10, 10, 1):
            for preallocate in (False, True):
                if preallocate and chunk_size is None:
                    continue
                derivative = transform(
                    layer, chunk_size=chunk_size, _preallocate_and_copy=preallocate
                )
                found = derivative(x, W)
                expected = found if expected is None else expected
                np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)
                seconds, peak = measured(lambda d=derivative: d(x, W))
                print(
                    f"| `{transform.__name__}` | {chunk_size} | {'yes' if preallocate else 'no'} "
                    f"| {1e3 * seconds:.1f} ms | {peak / result:.1f} results |"
                )


if __name__ == "__main__":
    main()
