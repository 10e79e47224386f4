"""The public callables of NumPy and math, each with the bucket that srcad has it in.

    python -m tools.namespaces            what has no bucket, or more than one
    python -m tools.namespaces --all      everything

Nothing is listed here by hand: the buckets are the registry of rules, the refusals, and the parser's own tables of
what it carries out itself.
"""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from srcad.core import ops
from srcad.parser import arrays, calls, iterables, managers, refusals, standard, writers
from srcad.rules import refusal_of, rule_of
from srcad.rules.solvers import solver_of

__all__ = ["Entry", "entries", "entry_of", "public", "unaccounted"]

# The namespaces of the walk, and what a text calls them.
NAMESPACES: list[tuple[str, Any]] = [
    ("np.", np),
    ("np.linalg.", np.linalg),
    ("np.fft.", np.fft),
    ("np.emath.", np.emath),
    *(
        (f"np.polynomial.{name}.", getattr(np.polynomial, name))
        for name in ("polynomial", "chebyshev", "hermite", "hermite_e", "laguerre", "legendre")
    ),
    ("np.polynomial.", np.polynomial),
    ("math.", math),
]


class Entry(NamedTuple):
    """A callable: its name, what it is, its buckets (there should be one), and why it is in it."""

    name: str
    function: Any
    buckets: tuple[str, ...]
    reason: str = ""
    rewrite: str = ""

    @property
    def bucket(self) -> str:
        """The bucket; nothing where it has none."""
        return self.buckets[0] if self.buckets else ""


def entries() -> list[Entry]:
    """Every public callable of the namespaces, every ufunc's methods, every method and attribute of arrays."""
    found = [
        entry_of(f"{prefix}{name}", function)
        for prefix, module in NAMESPACES
        for name, function in public(module)
    ]
    found += [_of_ufunc(name) for name in _names(np.ufunc) if callable(getattr(np.ufunc, name))]
    found += [_of_array(name) for name in _names(np.ndarray)]
    return found


def unaccounted() -> list[Entry]:
    """What is in no bucket, or in more than one."""
    return [entry for entry in entries() if len(entry.buckets) != 1]


def _names(owner: Any) -> list[str]:
    listed = getattr(owner, "__all__", None) or dir(owner)
    return [name for name in listed if not name.startswith("_")]


def public(module: Any) -> Iterator[tuple[str, Any]]:
    """The callables that a module offers, by name; no errors."""
    for name in _names(module):
        function = getattr(module, name)
        if not callable(function) or isinstance(function, types.ModuleType):
            continue
        if isinstance(function, type) and issubclass(function, BaseException):
            continue
        yield name, function


def entry_of(name: str, function: Callable[..., Any]) -> Entry:
    """A callable with its buckets."""
    buckets, reason, rewrite = [], "", ""
    rule, refusal = rule_of(function), refusal_of(function)
    if rule is not None:
        buckets.append(rule.family)
        reason = rule.reason
    if refusal is not None:
        buckets.append("refused")
        reason, rewrite = refusal
    elif _hashable(function) and function in refusals.CALLS:
        buckets.append("refused")
        reason, rewrite = refusals.CALLS[function]
    how = solver_of(function) if _hashable(function) else None
    if how is not None:
        buckets.append("solver")
        reason = how.described()
    if not buckets:
        kind = _language(function)
        buckets += [kind] if kind else []
        reason = LANGUAGE.get(kind, "")
    return Entry(name, function, tuple(buckets), reason, rewrite)


def _hashable(function: Any) -> bool:
    try:
        hash(function)
    except TypeError:
        return False
    return True


LANGUAGE = {
    "written": "a call that writes: it becomes a store",
    "parsed": "carried out while parsing: what it comes to is differentiated",
    "looped": "what a loop runs over",
    "effect": "it acts on the world outside: called as it stands, once, and its result is constant",
    "entered": "a context manager: what it changes holds for the derivative of its body, too",
}


def _language(function: Any) -> str:
    """What the parser makes of a callable itself; nothing where it makes nothing of it."""
    if not _hashable(function):
        return ""
    if function in writers._WRITERS:
        return "written"
    if function in calls._SPECIAL or function in standard.STANDARD:
        return "parsed"
    if function in iterables._MAKERS:
        return "looped"
    if function in managers._KNOWN:
        return "entered"
    return "effect" if function in calls._EFFECTS else ""


def _of_ufunc(name: str) -> Entry:
    method = getattr(np.ufunc, name)
    if name == "at" or name in calls._UFUNC_METHODS:
        kind = "written" if name == "at" else "parsed"
        return Entry(f"np.ufunc.{name}", method, (kind,), LANGUAGE[kind])
    return entry_of(f"np.ufunc.{name}", method)


def _of_array(name: str) -> Entry:
    found = getattr(np.ndarray, name)
    full = f"np.ndarray.{name}"
    if name in arrays.FUNCTIONS:
        same = entry_of(full, arrays.FUNCTIONS[name])
        return same._replace(reason=same.reason or f"as {ops.name_of(arrays.FUNCTIONS[name])}")
    buckets = []
    if name in writers._BY_METHOD:
        buckets.append("written")
    if name in arrays.METHODS or name in arrays.ATTRIBUTES:
        buckets.append("parsed")
    reason = rewrite = ""
    if name in arrays.REFUSED:
        buckets.append("refused")
        reason, rewrite = arrays.REFUSED[name]
    handler = arrays.METHODS.get(name) or arrays.ATTRIBUTES.get(name)
    if handler is not None:
        reason = (handler.__doc__ or "").partition("\n")[0].rstrip(".")
    return Entry(full, found, tuple(buckets), reason or LANGUAGE.get("".join(buckets), ""), rewrite)


def main(everything: bool) -> int:
    """Print the buckets, or what has none."""
    for entry in entries() if everything else unaccounted():
        print(entry.name, *entry.buckets)
    return len(unaccounted())


if __name__ == "__main__":
    sys.exit(bool(main("--all" in sys.argv[1:])))
