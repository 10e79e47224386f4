"""What it costs before the first number: import, compiling, loading from the cache, dispatch.

The measurements of `import`, of a cold and of a warm cache need fresh processes; this module
starts them and is also what they run:

    python -m tools.bench.startup first-calls    # JSON: seconds of each first call
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def child(*arguments: str, **environment: str) -> str:
    """Run a Python process from the root of the repository and return what it prints."""
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


# import -----------------------------------------------------------------------------------------


def import_times(repeats: int) -> dict[str, float]:
    """Seconds, the best of several: the bare interpreter, and what numpy and srcad add to it."""
    statements = {"interpreter": "pass", "numpy": "import numpy", "srcad": "import srcad"}
    best = dict.fromkeys(statements, float("inf"))
    for _ in range(repeats):
        for name, statement in statements.items():
            start = time.perf_counter()
            child("-c", statement)
            best[name] = min(best[name], time.perf_counter() - start)
    bare = best["interpreter"]
    return {"interpreter": bare, "numpy": best["numpy"] - bare, "srcad": best["srcad"] - bare}


# first calls ------------------------------------------------------------------------------------


def first_calls() -> dict[str, float]:
    """Seconds of the first call of each golden derivative less those of a later one, in this process.

    The key "process" has the very first one of all, which also pays for what srcad imports and
    opens late.
    """
    import numpy as np

    from .contenders import srcad_derivative
    from .table import ROWS

    rows = [row for row in ROWS if row.gallery]
    results: dict[str, float] = {}
    for row in [rows[0], *rows]:
        args = row.arguments(np.random.default_rng(0))
        try:
            derivative = srcad_derivative(row, args)
            if derivative is None:
                continue
            start = time.perf_counter()
            derivative()
            first = time.perf_counter() - start
        except Exception as error:
            print(f"{row.name}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        later = float("inf")
        for _ in range(5):
            start = time.perf_counter()
            derivative()
            later = min(later, time.perf_counter() - start)
        results[row.name if results else "process"] = first - later
    return results


def compile_times(repeats: int) -> tuple[dict[str, float], dict[str, float]]:
    """First calls with an empty cache (cold) and with a filled one (warm), medians."""
    cold: dict[str, list[float]] = {}
    warm: dict[str, list[float]] = {}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as cache:
            for times in (cold, warm):
                printed = child("-m", "tools.bench.startup", "first-calls", SRCAD_CACHE_DIR=cache)
                for name, seconds in json.loads(printed).items():
                    times.setdefault(name, []).append(seconds)
    cold_medians = {name: statistics.median(values) for name, values in cold.items()}
    warm_medians = {name: statistics.median(values) for name, values in warm.items()}
    return cold_medians, warm_medians


# dispatch ---------------------------------------------------------------------------------------


def dispatch_overhead(samples: int, seconds: float) -> dict[str, float]:
    """Seconds that calling a derivative of a length-3 array adds to what it emitted."""
    import numpy as np

    import srcad

    from .contenders import emitted_function
    from .table import rosenbrock
    from .timing import medians

    x = np.array([0.5, -0.3, 0.8])
    derivative: Any = srcad.grad(rosenbrock)
    emitted = emitted_function(derivative, rosenbrock, (x,))
    times = medians(
        {"derivative": lambda: derivative(x), "emitted": lambda: emitted(x)}, samples, seconds
    )
    return {**times, "overhead": times["derivative"] - times["emitted"]}


if __name__ == "__main__":
    if sys.argv[1:] != ["first-calls"]:
        sys.exit(__doc__)
    print(json.dumps(first_calls()))
