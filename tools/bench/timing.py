"""Time several things side by side."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
"""Time on the wall; or of the processor, by all threads of the process: for machines that other programs use, too."""

SLOW = 0.3
"""Seconds a call from which on three samples are enough."""


def calls_per_sample(
    call: Callable[[], Any], seconds: float, clock: Callable[[], float] = time.perf_counter
) -> tuple[int, float]:
    """How many calls a sample needs to last that long, and how long one takes, roughly."""
    calls = 1
    while True:
        start = clock()
        for _ in range(calls):
            call()
        spent = clock() - start
        if spent >= 0.5 * seconds:
            return max(1, round(calls * seconds / spent)), spent / calls
        calls = max(2 * calls, min(10 * calls, int(calls * seconds / max(spent, 1e-9))))


def medians(
    contenders: dict[str, Callable[[], Any]],
    samples: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Median time of one call of each, from samples of the given length taken in turns.

    Every round takes one sample of every contender, in an order that is turned by one each time,
    so that whatever disturbs the machine disturbs all of them.
    """
    calls, pace = {}, {}
    for name, call in contenders.items():
        call()
        calls[name], pace[name] = calls_per_sample(call, seconds, clock)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for turn in range(samples):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                if pace[name] > SLOW and len(times[name]) >= 3:
                    continue
                call, repeat = contenders[name], range(calls[name])
                start = clock()
                for _ in repeat:
                    call()
                times[name].append((clock() - start) / len(repeat))
    finally:
        if collecting:
            gc.enable()
    return {name: statistics.median(values) for name, values in times.items()}


def readable(seconds: float) -> str:
    """A time with three digits and its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
