"""How time and peak memory of large Jacobians grow: by hand, by srcad, and by the libraries that are installed.

    python -m tools.bench.growth                  all problems, at all sizes
    python -m tools.bench.growth --only heat,bratu --sizes 10000,100000
    python -m tools.bench.growth --json out.json --write     and into docs/performance.md

Peak memory is measured in a process for each size and contender: how much the resident memory of the process has risen at most during a call, over
what it was before, the result included (Linux alone tells; blocks that are freed are given back at once, by an option of the C library). There, too,
each result is held against the one by hand. Times are medians of one process for each size, in which the contenders take turns.

Left out is what is expected, from the size before, to take longer or more memory than the limits.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .documents import circumstances, put, table
from .problems import PROBLEMS, Problem
from .rivals import COLORINGS, RIVALS, agrees, dense, entries, installed
from .timing import CLOCKS, medians, readable

SECONDS, BYTES, FIRST = 4.0, 2.5e9, 150.0
"""The limits: of a call, of its memory, and of a process in which the first call has to come to its end."""

Clock = Callable[[], float]

BY_NAME = {problem.name: problem for problem in PROBLEMS}

LIBRARIES = ["numpy", "scipy", "asdex", "jax", "torch", "autograd"]


# In a process of its own ------------------------------------------------------------------------


def resident(which: str) -> int | None:
    """Bytes that are resident (VmRSS), or were at most (VmHWM)."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(which)), None)


def risen(call: Any) -> int | None:
    """How much memory a call takes at most."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # the maximum begins anew
    except (OSError, AttributeError):
        return None
    before = resident("VmRSS")
    found = call()
    after = resident("VmHWM")
    del found
    return None if before is None or after is None else max(after - before, 0)


def alone(problem: Problem, name: str, n: int, clock: Clock) -> dict[str, Any]:
    """One contender: whether it is right, its first call, the time of another, its memory."""
    args = problem.arguments(n)
    start = clock()
    call = RIVALS[name](problem, args)
    if call is None:
        return {"missing": "it has none"}
    found = call()
    report: dict[str, Any] = {"first": clock() - start}
    start = clock()
    call()
    report["seconds"] = clock() - start
    if name != "value":
        report["peak"] = risen(call)
        wanted = problem.by_hand(*args)
        report["entries"] = entries(wanted)
        if not agrees(found, wanted):
            return {"missing": "WRONG"}
    return report


def race(problem: Problem, n: int, names: list[str], quick: bool, clock: Clock) -> dict[str, float]:
    """The medians of some contenders.

    A large block is freed first. It raises the size above which the C library gives memory back at once: that would be timed else.
    """
    args = problem.arguments(n)
    calls = {name: RIVALS[name](problem, args) for name in names}
    np.ones(4_000_000).sum()
    ready = {name: call for name, call in calls.items() if call is not None}
    samples, seconds = (5, 5e-3) if quick else (21, 20e-3)
    return medians(ready, samples, seconds, clock)


def process(*words: str, limit: float | None, exact: bool) -> dict[str, Any]:
    """What a process of this module prints, or why there is nothing."""
    environment = dict(os.environ)
    if exact:
        environment["MALLOC_MMAP_THRESHOLD_"] = "65536"
    try:
        done = subprocess.run(
            [sys.executable, "-m", __spec__.name, *words],
            capture_output=True,
            text=True,
            timeout=limit,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return {"missing": f"not ready in {FIRST:.0f} s"}
    if done.returncode:
        return {"missing": (done.stderr.strip().splitlines() or ["died"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


# All of them ------------------------------------------------------------------------------------


def expected(problem: Problem, name: str, n: int, last: dict[str, Any], size: int) -> str | None:
    """Why a size is left out, from what the one before took; None if it is not."""
    if "missing" in last:
        return str(last["missing"])
    growth = (n / size) ** (2 if dense(problem, name) else 1)
    if last["seconds"] * growth > SECONDS:
        return f"more than {SECONDS:.0f} s"
    if (last.get("peak") or 0) * growth > BYTES:
        return f"more than {BYTES / 1e9:.1f} GB"
    return None


def measured(
    problem: Problem, sizes: list[int], names: list[str], options: list[str]
) -> dict[str, Any]:
    """By size and contender: `first`, `seconds` and `peak`, or why they are `missing`."""
    report: dict[str, Any] = {}
    for place, n in enumerate(sizes):
        found: dict[str, Any] = {}
        for name in names:
            print(f"{problem.name} {n}: {name} ...", file=sys.stderr, flush=True)
            why = None
            if place:
                size = sizes[place - 1]
                why = expected(problem, name, n, report[str(size)][name], size)
            words = *options, "--alone", problem.name, name, str(n)
            found[name] = {"missing": why} if why else process(*words, limit=FIRST, exact=True)
        ready = [name for name in names if "missing" not in found[name]]
        race = [*options, "--race", problem.name, str(n), "--", *ready]
        times = process(*race, limit=None, exact=False)
        for name in ready:
            if "missing" in times:
                found[name] = {"missing": times["missing"]}
            else:
                found[name]["seconds"] = times[name]
        report[str(n)] = found
    return report


def exponent(points: list[tuple[float, float]]) -> str:
    """The slope of the line through the logarithms, over the last two decades.

    >>> exponent([(10, 3.0), (100, 30.0), (1000, 300.0)])
    'n^1.00'
    """
    last = [(n, what) for n, what in points if n >= points[-1][0] / 100]
    if len(last) < 2:
        return "-"
    x, y = np.log(last).T
    return f"n^{np.polyfit(x, y, 1)[0]:.2f}"


def size_of(number: float | None) -> str:
    """Bytes, with two or three digits; what is less than a megabyte is hidden by the interpreter."""
    if number is None:
        return "-"
    if number < 1e6:
        return "< 1 MB"
    if number >= 1e9:
        return f"{number / 1e9:.2f} GB"
    return f"{number / 1e6:.{0 if number >= 1e8 else 1}f} MB"


def cells(problem: Problem, report: dict[str, Any], names: list[str], what: str) -> list[list[str]]:
    """Rows of a problem: for each size what each contender took, then how it grows."""
    lines = []
    smallest = 1e6 if what == "peak" else 0.0
    for n, found in report.items():
        sizes = [each["entries"] for each in found.values() if "entries" in each]
        line = [problem.title, n, f"{sizes[0]}" if sizes else "-"]
        for name in names:
            number = found.get(name, {}).get(what)
            shown = size_of if what == "peak" else readable
            line.append("-" if number is None else shown(number))
        if what == "seconds":
            hand, ours = (found.get(name, {}).get(what) for name in ("by hand", "srcad"))
            line.append(f"{ours / hand:.2f}" if hand and ours else "-")
        lines.append(line)
    grown = [problem.title, "growth", ""]
    for name in names:
        points = [(float(n), found.get(name, {}).get(what)) for n, found in report.items()]
        there = [(n, number) for n, number in points if number is not None and number >= smallest]
        grown.append(exponent(there) if there else "-")
    return [*lines, grown + ([""] if what == "seconds" else [])]


def tables(results: dict[str, Any], names: list[str]) -> dict[str, str]:
    """Time, peak memory, first calls, and what is left out, as Markdown."""
    chosen = [problem for problem in PROBLEMS if problem.name in results]
    made = {}
    for title, what, leave_out in (
        ("growth: time", "seconds", ()),
        ("growth: memory", "peak", ("value",)),
    ):
        shown = [name for name in names if name not in leave_out]
        columns = ["problem", "n", "entries", *shown]
        columns += ["srcad / by hand"] if what == "seconds" else []
        lines = [line for p in chosen for line in cells(p, results[p.name], shown, what)]
        made[title] = table(columns, lines)
    first = [name for name in ("srcad", "asdex", "JAX") if name in names]
    lines = [
        [problem.title, n, *(f"{found[name]['first']:.2f} s" if "first" in found.get(name, {}) else "-" for name in first)]
        for problem in chosen
        for n, found in results[problem.name].items()
    ]  # fmt: skip
    made["growth: first calls"] = table(["problem", "n", *first], lines)
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for problem in chosen:
        for n, found in results[problem.name].items():
            for name in names:
                why = found.get(name, {"missing": "left out of this run"}).get("missing")
                if why and why != "it has none":
                    reasons.setdefault((problem.title, name, why), []).append(n)
    lines = [[title, name, ns[0], why] for (title, name, why), ns in reasons.items()]
    made["growth: left out"] = table(["problem", "contender", "from n =", "why"], lines)
    return made


def measure(options: argparse.Namespace, names: list[str]) -> dict[str, Any]:
    """Everything that is asked for; saved after each problem, as all of them take long."""
    rivals = [name for name in installed() if name not in options.without.split(",")]
    report: dict[str, Any] = {"rivals": rivals, "problems": {}}
    words = ["--clock", options.clock, *(["--quick"] if options.quick else [])]
    with tempfile.TemporaryDirectory() as folder:
        os.environ[COLORINGS] = folder
        for name in names:
            problem = BY_NAME[name]
            sizes = [int(n) for n in options.sizes.split(",")] if options.sizes else problem.sizes
            report["problems"][name] = measured(problem, sorted(sizes), rivals, words)
            report["circumstances"] = circumstances(LIBRARIES, options.clock)
            if options.json:
                Path(options.json).write_text(json.dumps(report, indent=1))
    return report


def joined(files: list[str]) -> dict[str, Any]:
    """Several reports as one: of a contender at a size the last."""
    reports = [json.loads(Path(file).read_text()) for file in files]
    problems: dict[str, Any] = {}
    for name in BY_NAME:
        found: dict[str, Any] = {}
        for report in reports:
            for n, each in report["problems"].get(name, {}).items():
                found.setdefault(n, {}).update(each)
        if found:
            problems[name] = {n: found[n] for n in sorted(found, key=int)}
    rivals = [name for name in RIVALS if any(name in report["rivals"] for report in reports)]
    return {**reports[-1], "rivals": rivals, "problems": problems}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", help=f"problems, with commas; there are {', '.join(BY_NAME)}")
    parser.add_argument("--sizes", help="sizes, with commas, instead of the problems' own")
    parser.add_argument("--without", default="", help="contenders to leave out, with commas")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter samples")
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu where other programs run, too"
    )
    parser.add_argument("--json", metavar="FILE", help="write the numbers there too")
    parser.add_argument(
        "--from", dest="known", nargs="+", metavar="FILE", help="take the numbers from there"
    )
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--race", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("rivals", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    clock = CLOCKS[options.clock]
    if options.alone:
        name, rival, n = options.alone
        print(json.dumps(alone(BY_NAME[name], rival, int(n), clock)))
        return 0
    if options.race:
        name, n = options.race
        print(json.dumps(race(BY_NAME[name], int(n), options.rivals, options.quick, clock)))
        return 0
    names = options.only.split(",") if options.only else list(BY_NAME)
    unknown = set(names) - set(BY_NAME)
    if unknown:
        parser.error(f"no problem is called {', '.join(sorted(unknown))}")
    report = joined(options.known) if options.known else measure(options, names)
    made = {"growth: measured": report["circumstances"]}
    made |= tables(report["problems"], report["rivals"])
    for title, text in made.items():
        print(f"\n{title}\n\n{text}")
        if options.write:
            put(title, text)
    wrong = [
        f"{name} {n} {rival}"
        for name, found in report["problems"].items()
        for n, each in found.items()
        for rival, took in each.items()
        if took.get("missing") == "WRONG"
    ]
    if wrong:
        print(f"another derivative: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
