"""Benchmarks: what srcad emits against the derivative written by hand, and against other tools.

    python -m tools.bench                 everything
    python -m tools.bench --quick         a tenth of the time, rougher numbers
    python -m tools.bench --only heat,rk4
    python -m tools.bench --json out.json --write       and into docs/performance.md
    python -m tools.bench.growth          large Jacobians, sparse and of rows: how time and memory grow

One thread, results compared before anything is timed, contenders interleaved, medians.
"""

import os

# Read by the BLAS libraries when they are loaded, so they are set before NumPy is imported.
for _name in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)
os.environ.setdefault("JAX_PLATFORMS", "cpu")
