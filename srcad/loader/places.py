"""Which line of the user's a line of a generated text belongs to: for tracebacks, and for `debug_nans`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

__all__ = ["Lines", "is_generated", "note", "noted", "place_of", "register"]

F = TypeVar("F", bound=Callable[..., Any])

# For each line of a text the name of a file and a line of it, or None.
Lines = tuple["tuple[str, int] | None", ...]

_known: dict[str, Lines] = {}


def register(filename: str, lines: Lines) -> None:
    """Keep where the lines of a loaded text came from."""
    _known[filename] = lines


def is_generated(filename: str) -> bool:
    """Whether a file is a generated text that was loaded."""
    return filename in _known


def place_of(filename: str, line: int) -> tuple[str, int] | None:
    """The user's file and line that a line of a generated text belongs to.

    >>> register("<srcad f_grad>", (None, ("model.py", 14)))
    >>> place_of("<srcad f_grad>", 2), place_of("<srcad f_grad>", 7), place_of("other.py", 1)
    (('model.py', 14), None, None)
    """
    lines = _known.get(filename, ())
    return lines[line - 1] if 0 < line <= len(lines) else None


def note(error: BaseException) -> None:
    """Say in a traceback which line of the user's the derivative was at, where Python shows notes (3.11)."""
    found = None
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        found = place_of(trace.tb_frame.f_code.co_filename, trace.tb_lineno) or found
        trace = trace.tb_next
    if found is None or not hasattr(error, "add_note"):
        return
    text = f"in the derivative of {found[0]}:{found[1]}"
    if text not in getattr(error, "__notes__", ()):
        error.add_note(text)


def noted(function: F) -> F:
    """A function that runs generated code; an exception that leaves it gets the note."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            note(error)
            raise

    return run  # type: ignore[return-value]
