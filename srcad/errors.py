"""One hierarchy of errors; each says where, what, why, and what to write instead.

>>> error = UnsupportedSyntaxError(
...     "`yield` cannot be differentiated",
...     place=Place("model.py", 14, 4, 15, "    yield x * 2"),
...     reason="A generator has no single output. Collect the values in a list and return np.stack(values).",
... )
>>> print(error)
model.py:14: UnsupportedSyntaxError: `yield` cannot be differentiated
    yield x * 2
    ^^^^^^^^^^^
A generator has no single output. Collect the values in a list and return np.stack(values).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "AliasingError",
    "ArgumentError",
    "ArgumentTypeError",
    "ArgumentValueError",
    "ChunkError",
    "CoreError",
    "MissingRuleError",
    "NotYetError",
    "Place",
    "RankUnknownError",
    "SourceNotFoundError",
    "SrcadError",
    "UnsupportedSyntaxError",
]


class Place(NamedTuple):
    """A span of one line of a source file: what an error points at."""

    file: str
    line: int
    column: int = 0
    end_column: int | None = None
    text: str = ""

    def caret(self) -> str:
        """The source line, stripped to its own indentation, with the span underlined."""
        text = self.text.rstrip()
        indent = len(text) - len(text.lstrip())
        start = max(self.column, indent)
        end = self.end_column if self.end_column is not None else len(text)
        end = min(max(end, start + 1), max(len(text), start + 1))
        return f"    {text[indent:]}\n    {' ' * (start - indent)}{'^' * (end - start)}"


class SrcadError(Exception):
    """Base of all errors that srcad raises on purpose.

    Arguments: `what` is wrong, the `place` in the user's source (or None), the `reason` with a rewrite. `calls` are the places of the
    calls, the innermost first, that lead into the file of the place from other files.
    """

    def __init__(self, what: str, *, place: Place | None = None, reason: str = "") -> None:
        self.what, self.place, self.reason = what, place, reason
        self.calls: tuple[Place, ...] = ()
        super().__init__(what)

    def reached_by(self, call: Place) -> None:
        """Note a call, where it stands in another file than what it leads to.

        >>> error = UnsupportedSyntaxError("no", place=Place("library.py", 3), reason="Write another.")
        >>> error.reached_by(Place("library.py", 7, text="    return inner(x)"))
        >>> error.reached_by(Place("model.py", 5, text="    return outer(x)"))
        >>> print(error)
        library.py:3: UnsupportedSyntaxError: no
        Write another.
        Called in model.py:5: return outer(x)
        """
        inner = self.calls[-1] if self.calls else self.place
        if inner is not None and inner.file != call.file:
            self.calls = (*self.calls, call)

    def __str__(self) -> str:
        lines = [self.what]
        if self.place is not None:
            lines = [f"{self.place.file}:{self.place.line}: {type(self).__name__}: {self.what}"]
            if self.place.text.strip():
                lines.append(self.place.caret())
        if self.reason:
            lines.append(self.reason)
        lines += [f"Called in {call.file}:{call.line}: {call.text.strip()}" for call in self.calls]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.place, self.reason, self.calls)


def _rebuild(
    kind: type[SrcadError],
    what: str,
    place: Place | None,
    reason: str,
    calls: tuple[Place, ...] = (),
) -> SrcadError:
    made = kind(what, place=place, reason=reason)
    made.calls = calls
    return made


class SourceNotFoundError(SrcadError, OSError):
    """The source text of a function cannot be found, or is not what runs."""

    __str__ = SrcadError.__str__


class UnsupportedSyntaxError(SrcadError, NotImplementedError):
    """A construct of Python, or an option of the contract, that is not accepted."""


class RankUnknownError(UnsupportedSyntaxError):
    """The rank of a value is not proven, and what is asked for depends on it."""


class NotYetError(UnsupportedSyntaxError, AttributeError):
    """A name of the contract that a later version brings."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"`srcad.{name}` is not implemented yet",
            reason="It comes with a later version of srcad.",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return NotYetError, (self.what.split("`")[1].removeprefix("srcad."),)


class MissingRuleError(SrcadError, NotImplementedError):
    """A function on the active path has no derivative rule."""


class AliasingError(SrcadError, NotImplementedError):
    """It cannot be decided whether two names share the memory that a store writes."""


class ArgumentError(SrcadError):
    """An argument of a transform, or of a derivative, is not what it must be."""


class ArgumentTypeError(ArgumentError, TypeError):
    """An argument of the wrong type."""


class ArgumentValueError(ArgumentError, ValueError):
    """An argument of the right type with a wrong value."""


class ChunkError(SrcadError, RuntimeError):
    """Some rows of a Jacobian were not computed, and the others are no result."""


class CoreError(SrcadError, AssertionError):
    """The verifier found Core that breaks its own laws: a bug of srcad."""
