"""Tables of Markdown, written into the documentation between two comments that name them."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def table(columns: list[str], rows: list[list[str]]) -> str:
    """Markdown.

    >>> print(table(["a", "b"], [["1", "2"]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [columns, ["---"] * len(columns), *rows]
    cells = ("|".join(line) if line[0] == "---" else " | ".join(line) for line in lines)
    return "\n".join(f"|{line}|" if line.startswith("---") else f"| {line} |" for line in cells)


def put(name: str, text: str, page: Path = PAGE) -> None:
    """Put a text between `<!-- name -->` and `<!-- end -->`. Raises ValueError where they are not there."""
    before, opened, rest = page.read_text().partition(f"<!-- {name} -->\n")
    _, closed, after = rest.partition("<!-- end -->")
    if not (opened and closed):
        raise ValueError(f"{page.name} has no <!-- {name} --> followed by <!-- end -->")
    page.write_text(f"{before}{opened}\n{text}\n\n{closed}{after}")


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(
            line.partition(":")[2].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def circumstances(libraries: list[str], clock: str = "wall") -> str:
    """When, on what and with which versions something was measured."""
    versions = [f"Python {platform.python_version()}"]
    for library in libraries:
        try:
            version = importlib.metadata.version(library).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            continue
        versions.append(f"{library} {version}")
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    kind = {"wall": "Time on the wall.", "cpu": "Time of the processor."}[clock]
    return (
        f"Measured on {datetime.date.today()}: {os.cpu_count()} cores ({processor()}), one thread, float64;\n"
        f"{', '.join(versions)}. {kind} Load of the machine at the end: {load}."
    )
