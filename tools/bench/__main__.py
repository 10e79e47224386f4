"""The command: see the package's docstring."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
from typing import Any

import numpy as np

from . import __doc__ as description
from .contenders import contenders
from .documents import circumstances, put, table
from .peers import installed
from .startup import compile_times, dispatch_overhead, import_times
from .table import ROWS
from .timing import CLOCKS, medians, readable

LIMIT = 1.25
"""What srcad may take, in units of the hand-written derivative."""

AIMS = {"cold": 50e-3, "warm": 5e-3, "import": 150e-3, "dispatch": 3e-6}


def show(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table: with rich where it is installed and someone looks on, else plainly."""
    if sys.stdout.isatty():
        try:
            from rich.console import Console
            from rich.table import Table
        except ImportError:
            pass
        else:
            table = Table(title=title, title_justify="left")
            for i, column in enumerate(columns):
                table.add_column(column, justify="right" if i else "left")
            for row in rows:
                table.add_row(*row)
            Console().print(table)
            return
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    print(f"\n{title}\n")
    for cells in [columns, *rows]:
        first, *others = zip(cells, widths, strict=True)
        line = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        print("  ".join(line).rstrip())


def against_hand(
    only: set[str], samples: int, seconds: float, clock: str = "wall"
) -> list[dict[str, Any]]:
    """Time every row; the ratio is the emitted function's, or the call's where it has no text."""
    peers = list(installed())
    results = []
    for row in ROWS:
        if only and row.name not in only:
            continue
        print(f"{row.name} ...", file=sys.stderr, flush=True)
        ready, missing = contenders(row, peers)
        times = medians(ready, samples, seconds, CLOCKS[clock])
        mine = times.get("emitted", times.get("srcad"))
        ratio = mine / times["hand"] if mine is not None else None
        results.append(
            {
                "name": row.name,
                "transform": row.transform,
                "seconds": times,
                "missing": missing,
                "ratio": ratio,
                "over": ratio is not None and ratio > LIMIT,
            }
        )
    return results


def tabled(results: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Columns and lines of some rows; the last cell says which are over the limit."""
    tools = list(dict.fromkeys(name for r in results for name in [*r["seconds"], *r["missing"]]))
    peers = [name for name in tools if name not in ("value", "hand", "emitted", "srcad")]
    peers = [name for name in peers if any(name in result["seconds"] for result in results)]
    lines = []
    for result in results:
        times = result["seconds"]
        line = [result["name"], result["transform"]]
        line += [readable(times[name]) if name in times else "-" for name in ("value", "hand")]
        for name in ("emitted", "srcad", *peers):
            if name in times:
                line.append(f"{times[name] / times['hand']:.2f}")
            else:
                line.append(result["missing"][name].partition(":")[0])
        line.append(f"over {LIMIT}" if result["over"] else "")
        lines.append(line)
    shown = ["JAX" if name == "jax" else name for name in peers]
    return ["function", "derivative", "value", "by hand", "emitted", "srcad", *shown, ""], lines


def write_rows(results: list[dict[str, Any]], clock: str) -> None:
    """Put the tables into the documentation: of Jacobians and Hessians, and of gradients."""
    gradients = [
        result
        for result in results
        if "grad" in result["transform"] or result["transform"] == "vjp"
    ]
    others = [result for result in results if result not in gradients]
    for name, some in (("jacobians", others), ("gradients", gradients)):
        columns, lines = tabled(some)
        put(name, table(columns[:-1], [line[:-1] for line in lines]))
    put("measured", circumstances(["numpy", "autograd", "jax", "torch"], clock))


def show_rows(results: list[dict[str, Any]]) -> None:
    columns, lines = tabled(results)
    show("Time of a derivative, in units of the one written by hand", columns, lines)
    ratios = [result["ratio"] for result in results if result["ratio"] is not None]
    if ratios:
        over = sum(result["over"] for result in results)
        middle = statistics.geometric_mean(ratios)
        print(
            "\n'emitted' is the generated function, 'srcad' the call as a user makes it."
            f"\nemitted: geometric mean {middle:.2f}; {over} of {len(ratios)} rows over {LIMIT}."
        )


def startup_costs(quick: bool) -> dict[str, Any]:
    """Import, compile, cache and dispatch."""
    print("import, compile, cache, dispatch ...", file=sys.stderr, flush=True)
    costs: dict[str, Any] = {"import": import_times(5 if quick else 20)}
    costs["cold"], costs["warm"] = compile_times(1 if quick else 5)
    try:
        costs["dispatch"] = dispatch_overhead(5 if quick else 25, 2e-3 if quick else 10e-3)
    except Exception as error:
        print(f"dispatch: {type(error).__name__}: {error}", file=sys.stderr)
        costs["dispatch"] = None
    return costs


def show_startup(costs: dict[str, Any]) -> None:
    cold, warm = costs["cold"], costs["warm"]
    lines = []
    for name in cold:
        late = cold[name] > AIMS["cold"] or warm.get(name, 0.0) > AIMS["warm"]
        warm_time = f"{1e3 * warm[name]:.1f}" if name in warm else "-"
        label = "(first of the process)" if name == "process" else name
        lines.append([label, f"{1e3 * cold[name]:.1f}", warm_time, "over" if late else ""])
    title = "First call of a golden derivative, in ms: with an empty cache, with a filled one"
    show(f"{title} (aims: 50, 5)", ["function", "cold", "warm", ""], lines)

    parts = costs["import"]
    own = parts["srcad"] - parts["numpy"]
    print(
        f"\nimport srcad: {1e3 * parts['srcad']:.0f} ms (aim: 150), of which numpy takes "
        f"{1e3 * parts['numpy']:.0f} ms and srcad itself {1e3 * own:.0f} ms; "
        f"the bare interpreter takes {1e3 * parts['interpreter']:.0f} ms."
    )
    if costs["dispatch"]:
        parts = costs["dispatch"]
        print(
            f"dispatch: {1e6 * parts['overhead']:.2f} us on a length-3 array (aim: 3); derivative "
            f"{1e6 * parts['derivative']:.2f} us, emitted function {1e6 * parts['emitted']:.2f} us."
        )


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench", description=description.split("\n")[0]
    )
    names = ", ".join(row.name for row in ROWS)
    parser.add_argument(
        "--only", help=f"rows, by name, with commas, or 'startup'; there are {names}"
    )
    parser.add_argument("--json", metavar="FILE", help="write the numbers there too")
    parser.add_argument(
        "--write", action="store_true", help="write docs/performance.md; of all rows alone"
    )
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu where other programs run, too"
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter samples")
    options = parser.parse_args(words)

    only = {name.strip() for name in options.only.split(",")} if options.only else set()
    unknown = only - {row.name for row in ROWS} - {"startup"}
    if unknown:
        parser.error(f"no row is called {', '.join(sorted(unknown))}; there are {names}")
    if only and options.write:
        parser.error("--write is of all rows: leave out --only")

    samples, seconds = (5, 2e-3) if options.quick else (21, 20e-3)
    report: dict[str, Any] = {"python": platform.python_version(), "numpy": np.__version__}
    report["rows"] = (
        against_hand(only, samples, seconds, options.clock) if only != {"startup"} else []
    )
    if report["rows"]:
        show_rows(report["rows"])
    if not only or "startup" in only:
        report["startup"] = startup_costs(options.quick)
        show_startup(report["startup"])
    if options.write:
        write_rows(report["rows"], options.clock)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(report, file, indent=2)
    lacking = [why for row in report["rows"] for why in row["missing"].values()]
    return 1 if any(why != "-" for why in lacking) else 0


if __name__ == "__main__":
    sys.exit(main())
