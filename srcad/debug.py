"""Finding where the first NaN or infinity of a derivative came from."""

from __future__ import annotations

import ast
import functools
import linecache
import sys
from types import FrameType
from typing import Any

import numpy as np

from srcad.loader.places import is_generated, place_of

__all__ = ["debug_nans"]

Trace = Any


class debug_nans:
    """`with srcad.debug_nans():` raise where a derivative makes the first number that is not finite.

    Derivatives that run in the block are followed line by line, which is slow. The first line that stores a NaN or an
    infinity where all that it reads is finite raises FloatingPointError, which names the line of the user's that it belongs to. What
    an argument brings along is not held against the derivative.

    Args:
        infinities: Whether an infinity counts, too.

    Raises:
        FloatingPointError: In the block, with the user's file and line, the generated line and what it made.

    >>> import srcad
    >>> def length(x):
    ...     return np.sum(x ** 2) ** 0.5
    >>> with np.errstate(all="ignore"), debug_nans():
    ...     srcad.grad(length)(np.zeros(2))
    Traceback (most recent call last):
        ...
    FloatingPointError: ...
    """

    def __init__(self, *, infinities: bool = True) -> None:
        self.infinities = infinities
        self.before: Trace = None

    def __enter__(self) -> debug_nans:
        self.before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *exception: Any) -> None:
        sys.settrace(self.before)

    def _called(self, frame: FrameType, event: str, arg: Any) -> Trace:
        if not is_generated(frame.f_code.co_filename):
            return self.before(frame, event, arg) if self.before is not None else None
        return _Frame(frame, self.infinities).step


class _Frame:
    """A run of a generated function: the line that has just run is looked at before the next."""

    def __init__(self, frame: FrameType, infinities: bool) -> None:
        self.infinities = infinities
        self.line = 0
        # Of what is not finite already, not to be reported again.
        self.known = {name for name, value in frame.f_locals.items() if self.bad(value)}

    def step(self, frame: FrameType, event: str, arg: Any) -> Trace:
        if event == "exception":
            return self.step
        if self.line:
            self.look(frame)
        if event == "return" and arg is not None and self.bad(arg) and not self.known:
            self.report(frame, frame.f_lineno, "what it returns", arg)
        self.line = frame.f_lineno
        return self.step

    def look(self, frame: FrameType) -> None:
        written, read = _names(frame.f_code.co_filename, self.line)
        for name in written:
            value = frame.f_locals.get(name)
            if not self.bad(value):
                self.known.discard(name)
            elif name not in self.known:
                tainted = self.known & set(read)
                self.known.add(name)
                if not tainted and not any(
                    self.bad(frame.f_locals.get(other)) for other in read if other != name
                ):
                    self.report(frame, self.line, f"`{name}`", value)

    def bad(self, value: Any) -> bool:
        """Whether a number that is not finite is in it."""
        if isinstance(value, (tuple, list)):
            return any(map(self.bad, value))
        if isinstance(value, (np.ndarray, float, complex, np.generic)):
            array = np.asarray(value)
            if array.dtype.kind not in "fc":
                return False
            wrong = ~np.isfinite(array) if self.infinities else np.isnan(array)
            return bool(np.any(wrong))
        return False

    def report(self, frame: FrameType, line: int, what: str, value: Any) -> None:
        file = frame.f_code.co_filename
        array = np.asarray(value)
        kind = "NaN" if np.any(np.isnan(array)) else "an infinity"
        text = linecache.getline(file, line).strip()
        place = place_of(file, line)
        where = f"{place[0]}:{place[1]}" if place is not None else frame.f_code.co_name
        index = ""
        if array.ndim:
            first = np.argwhere(~np.isfinite(array))[0]
            index = f" at [{', '.join(map(str, first))}]"
        sys.settrace(None)
        raise FloatingPointError(
            f"{where}: the first {kind} is in {what}{index} of {frame.f_code.co_name}\n    {text}"
        )


@functools.lru_cache(maxsize=4096)
def _names(file: str, line: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that the statement of a line stores into, and those that it reads."""
    for node in _statements(file):
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            written: list[str] = []
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AugAssign):
                targets = [node.target]
            for target in targets:
                written += [
                    inner.id
                    for inner in ast.walk(target)
                    if isinstance(inner, ast.Name)
                    and (isinstance(inner.ctx, ast.Store) or _owns(target, inner))
                ]
            read = [
                inner.id
                for inner in ast.walk(node)
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
            ]
            # NumPy's `out=` is a store, too.
            for inner in ast.walk(node):
                if isinstance(inner, ast.keyword) and inner.arg == "out":
                    written += [n.id for n in ast.walk(inner.value) if isinstance(n, ast.Name)]
            if isinstance(node, ast.AugAssign):
                read += written
            return tuple(dict.fromkeys(written)), tuple(dict.fromkeys(read))
    return (), ()


def _owns(target: ast.expr, name: ast.Name) -> bool:
    """Whether a store into `x[i]` is one into `x`."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return target is name


@functools.lru_cache(maxsize=256)
def _statements(file: str) -> tuple[ast.stmt, ...]:
    """The simple statements of a generated text."""
    tree = ast.parse("".join(linecache.getlines(file)))
    return tuple(
        node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not hasattr(node, "body")
    )
