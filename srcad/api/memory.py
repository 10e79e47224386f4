"""`chunk_size="auto"`: how many rows of a Jacobian are computed at once, by the memory that is available and what a row takes."""

from __future__ import annotations

import math
import os
import sys
import weakref
from typing import Any

__all__ = ["available", "chosen", "chosen_in_words", "counted", "in_words", "row_cost", "why"]

# More rows at once than fit into a cache are no faster (docs/jacobians.md); a product with a matrix is, by some rows.
_CACHE, _FEW = 16 << 20, 16


def available() -> int:
    """The bytes of memory that this process can still use: what the system has available, within the limits of its control groups and its own.

    >>> available() > 0
    True
    """
    return max(min([_of_system(), *of_groups(), *_of_limits()]), 1 << 20)


def of_groups(listing: str = "/proc/self/cgroup", mount: str = "/sys/fs/cgroup") -> list[int]:
    """What the limits leave of the control groups that this process is in, and of those around them.

    What is a copy of files does not count: it is given up where memory is asked for. (Kernel documentation, admin-guide/cgroup-v2 and cgroup-v1/memory.)
    """
    found = []
    limits: tuple[str, ...]
    for line in _read(listing).splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            kept, limits, used, files = mount, ("max", "high"), "current", "inactive_file"
        elif "memory" in controllers.split(","):
            kept, limits = f"{mount}/memory", ("limit_in_bytes",)
            used, files = "usage_in_bytes", "total_inactive_file"
        else:
            continue
        names = path.strip("/").split("/")
        for depth in range(len(names) + 1):  # in a container its own group is the root
            group = "/".join([kept, *names[:depth], "memory"])
            stat = dict(map(str.split, _read(f"{group}.stat").splitlines()))
            usage = _read(f"{group}.{used}")
            for limit in limits:
                most = _read(f"{group}.{limit}")  # a number, or "max"
                if most.isdigit() and usage.isdigit():
                    found.append(int(most) - int(usage) + int(stat.get(files, 0)))
    return found


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def _of_limits() -> list[int]:
    """What limits of the address space and of the data in it leave (`ulimit -v`, `ulimit -d`)."""
    found = []
    try:
        import resource

        pages = [int(number) for number in _read("/proc/self/statm").split()] or [0] * 7
        for limit, place in ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5)):
            most, _ = resource.getrlimit(limit)
            if most != resource.RLIM_INFINITY:
                found.append(most - pages[place] * os.sysconf("SC_PAGE_SIZE"))
    except (ImportError, AttributeError, ValueError, OSError):
        pass
    return found


def _of_system() -> int:
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    if sys.platform == "win32":
        import ctypes

        class Status(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
                (name, ctypes.c_ulonglong) for name in ("total", "free", "a", "b", "c", "d", "e")
            ]

        status = Status(length=ctypes.sizeof(Status))
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status.free)
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 1 << 30


def chosen(row: float, count: int, workers: int = 1, *, shared: bool = False) -> int:
    """How many rows at once.

    Args:
        row: The bytes that one takes.
        count: How many there are.
        workers: How many chunks are computed at a time.
        shared: Whether chunks go to workers, so that each of them gets several.

    >>> chosen(8.0, 100), chosen(1e15, 100), chosen(8.0, 100, 2, shared=True)
    (100, 1, 13)
    """
    return min(_bounds(row, count, workers, shared))[0]


def why(row: float, count: int, workers: int = 1, *, shared: bool = False) -> str:
    """What bounds the choice, as the end of a sentence that has said how much memory is available.

    >>> why(1e15, 100), why(1e6, 100)
    ('', '; more at once are no faster')
    """
    return min(_bounds(row, count, workers, shared))[1]


def _bounds(row: float, count: int, workers: int, shared: bool) -> list[tuple[int, str]]:
    row = max(row, 1.0)
    several = count if not shared else math.ceil(count / (4 * workers))
    found = [
        (available() / 4 / workers // row, ""),
        (max(_CACHE // row, _FEW), "; more at once are no faster"),
        (several, f"; each of {workers} workers gets several chunks" if shared else ""),
        (count, ""),
    ]
    return [(int(max(1, bound)), reason) for bound, reason in found]


_KNOWN: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def row_cost(derivative: Any, dispatcher: Any, args: tuple[Any, ...]) -> Any:
    """The formulas (`RowCost`) of the halves that a dispatcher has for arguments. The compiler makes them once for each."""
    compiled = dispatcher.find(args)
    found = _KNOWN.get(compiled)
    if found is None:
        from srcad.api.facts import Facts
        from srcad.api.rowcost import RowCost

        facts = Facts()
        derivative.remade(dispatcher.request, args, facts)
        found = _KNOWN[compiled] = RowCost(
            facts, dispatcher.request.has_aux, compiled.made.names.get("batched") == "yes"
        )
    return found


def in_words(number: float) -> str:
    """Bytes as a person says them.

    >>> in_words(800), in_words(8.2e6)
    ('800 bytes', '8.2 MB')
    """
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f} bytes"


def chosen_in_words(many: str, row: float, count: int) -> str:
    """What `chunk_size="auto"` chooses in this process, and why."""
    left = available()
    if row * count < left / 4:
        return f'all {many} at once (chunk_size="auto"): they take {in_words(row * count)} at most, and {in_words(left)} are available'
    return (
        f'{counted(chosen(row, count), many)} at a time (chunk_size="auto"): one takes {in_words(row)} at most, '
        f"and {in_words(left)} are available{why(row, count)}"
    )


def counted(number: int, many: str) -> str:
    """`3 rows`, `1 row`."""
    return f"{number} {many if number != 1 else many[:-1]}"
