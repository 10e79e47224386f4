"""`srcad doctor`: whether what srcad needs is there and works, and what to do where it does not."""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import NamedTuple

import click
import numpy as np

import srcad
from srcad.errors import SrcadError
from srcad.loader import Cache, default_cache

__all__ = ["Check", "checks", "doctor"]

# The oldest versions that srcad works with; `pyproject.toml` says the same.
NEEDED = {
    "numpy": "2.0",
    "gast": "0.6",
    "astunparse": "1.6.3",
    "optree": "0.13",
    "click": "8.1",
    "rich": "13",
    "pygments": "2.13",
    "platformdirs": "4",
}
EXTRAS = {"scipy": "1.13", "numba": "0.61"}
OLDEST_PYTHON = (3, 10)


class Check(NamedTuple):
    """What was looked at, whether it is right, what was found, and the cure where it is wrong."""

    name: str
    ok: bool
    found: str
    cure: str = ""


@click.command()
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def doctor(form: str) -> None:
    """Look at versions, the cache, sources, and compile a small function; exit status 1 where something is wrong."""
    found = list(checks())
    if form == "json":
        click.echo(json.dumps([each._asdict() for each in found], indent=2))
    else:
        width = max(len(each.name) for each in found)
        for each in found:
            mark = "ok   " if each.ok else "WRONG"
            click.echo(f"{mark}  {each.name:{width}}  {each.found}")
            if not each.ok:
                click.echo(f"       {'':{width}}  {each.cure}")
    sys.exit(0 if all(each.ok for each in found) else 1)


def checks() -> Iterator[Check]:
    """All that is looked at, in order."""
    python = platform.python_version()
    yield Check(
        "Python",
        sys.version_info[:2] >= OLDEST_PYTHON,
        python,
        "srcad needs Python 3.10 or later: make an environment with one.",
    )
    yield Check("srcad", True, srcad.__version__)
    for name, least in NEEDED.items():
        yield version(name, least)
    for name, least in EXTRAS.items():
        yield version(name, least, extra=True)
    yield from rules_of_scipy()
    yield kept(default_cache())
    yield sources()
    yield derivative()


def version(name: str, least: str, *, extra: bool = False) -> Check:
    """Whether a package is there in a version that is new enough."""
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        if extra:
            return Check(name, True, f"not installed; optional: pip install 'srcad[{name}]'")
        return Check(name, False, "not installed", f"pip install '{name}>={least}'")
    return Check(name, _number(found) >= _number(least), found, f"pip install '{name}>={least}'")


def _number(text: str) -> tuple[int, ...]:
    """The numbers that a version begins with.

    >>> _number("2.4.0rc1") > _number("2.0"), _number("1.9") < _number("1.13")
    (True, True)
    """
    numbers = []
    for part in text.split("."):
        digits = re.match(r"\d+", part)
        if digits is None:
            break
        numbers.append(int(digits.group()))
        if digits.group() != part:
            break
    return tuple(numbers)


MODULES = (
    *("special", "linalg", "stats", "signal", "integrate", "interpolate"),
    *("optimize", "fft", "ndimage", "sparse"),
)


def rules_of_scipy() -> Iterator[Check]:
    """Whether the rules of SciPy's modules load with the SciPy that is installed."""
    try:
        importlib.import_module("scipy")
    except ImportError:
        return
    wrong = []
    for module in MODULES:
        try:
            importlib.import_module(f"scipy.{module}")
            importlib.import_module(f"srcad.rules.scipy.{module}")
        except Exception as error:
            wrong.append(f"{module} ({type(error).__name__}: {error})")
    cure = "Install another version of SciPy, or report this."
    yield Check(
        "rules of SciPy", not wrong, ", ".join(wrong) or f"{len(MODULES)} modules load", cure
    )


def kept(cache: Cache) -> Check:
    """Whether generated texts can be kept, in a folder that nobody else can write to."""
    off = os.environ.get("SRCAD_CACHE_DIR", "-").strip().lower() in ("", "off")
    if cache.path is None and off:
        return Check("cache", True, f"in memory alone: {cache.why}")
    trouble = cache.trouble()
    if not trouble:
        return Check("cache", True, str(cache.path))
    cure = (
        "Set SRCAD_CACHE_DIR to a folder of your own that no other user can write to (chmod go-w); "
        "until then each process compiles anew."
    )
    return Check("cache", False, trouble, cure)


def probe(x: np.ndarray) -> np.floating:
    """What is compiled to see that it works."""
    y = np.tanh(x)
    for _ in range(2):
        y = y * y + x
    return np.sum(y)


def sources() -> Check:
    """Whether the text of functions can be found, which derivatives are made from."""
    from srcad.parser.source import source_of

    cure = (
        "Install srcad with its .py files (not compiled files alone), and run Python without -OO."
    )
    return tried("sources", lambda: source_of(probe).file and "can be read", cure)


def derivative() -> Check:
    """Whether a small gradient compiles, runs, and is what differences say."""

    def run() -> str:
        report = srcad.verify(srcad.grad(probe), np.array([0.5, -1.0, 2.0]))
        if not report.ok:
            raise ArithmeticError(str(report))
        return "compiles, runs, and agrees with differences"

    cure = (
        "Empty the cache (srcad cache clear); if that does not help, install srcad and NumPy anew."
    )
    return tried("a gradient", run, cure)


def tried(name: str, action: Callable[[], str], cure: str) -> Check:
    """A check that is wrong where it raises."""
    try:
        return Check(name, True, action())
    except SrcadError as error:
        return Check(name, False, error.what, error.reason or cure)
    except Exception as error:
        return Check(name, False, f"{type(error).__name__}: {error}", cure)
