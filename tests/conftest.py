"""What holds for all tests, and for the processes that they start."""

import os

# Before NumPy is imported: threads that wait for each other cost more than they compute with matrices of a few rows.
for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
