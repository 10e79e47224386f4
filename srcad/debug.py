"""Finding where the first NaN or infinity of a derivative came from."""

from __future__ import annotations

import ast
import functools
import linecache
import sys
import threading
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import numpy as np

from srcad.core.pytrees import flatten
from srcad.loader.places import Primal, is_generated, primal_of

__all__ = ["debug_nans"]

Trace = Any


class debug_nans:
    """`with srcad.debug_nans():` raise where a derivative makes the first number that is not finite.

    Derivatives that this thread calls in the block are followed line by line, which is slow; outside of it nothing costs anything. The first line
    that stores or returns a NaN or an infinity where all that it reads is finite raises FloatingPointError, which names the line of the user's that it
    belongs to. What an argument brings along is not held against the derivative. Blocks may be nested: the innermost counts. A debugger that
    follows the program line by line sees nothing of generated functions in the block.

    Args:
        infinities: Whether an infinity counts, too.

    Raises:
        FloatingPointError: In the block, with the user's line, the generated line, what it made and of what.

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
        self.outer = threading.local()  # the traces that were set when this thread entered

    def __enter__(self) -> debug_nans:
        before = sys.gettrace()
        self.outer.traces = [*getattr(self.outer, "traces", ()), before]
        sys.settrace(_Follower(self.infinities, before))
        return self

    def __exit__(self, *exception: Any) -> None:
        sys.settrace(self.outer.traces.pop())


class _Follower:
    """What Python calls for each function that is called in a block."""

    def __init__(self, infinities: bool, before: Trace) -> None:
        self.infinities, self.before = infinities, before
        while isinstance(self.before, _Follower):  # of a block around this one
            self.before = self.before.before

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Trace:
        if not is_generated(frame.f_code.co_filename):
            return self.before(frame, event, arg) if self.before is not None else None
        return _Frame(frame, self.infinities, self.again).step

    def again(self) -> None:
        """Go on after an error that the block catches: Python has ended the following."""
        sys.settrace(self)


class _Frame:
    """A run of a generated function: the line that has just run is looked at before the next."""

    def __init__(self, frame: FrameType, infinities: bool, again: Callable[[], None]) -> None:
        self.infinities, self.again = infinities, again
        self.line = 0
        # Of what is not finite already, not to be reported again.
        self.known = {name for name, value in frame.f_locals.items() if self.bad(value)}

    def step(self, frame: FrameType, event: str, arg: Any) -> Trace:
        if event == "exception":
            self.line = 0
            return self.step
        if self.line:
            self.look(frame)
        if event == "return" and arg is not None and self.bad(arg):
            read = _names(frame.f_code.co_filename, frame.f_lineno)[1]
            if not any(self.bad(_value(frame, name)) for name in read):
                self.report(frame, frame.f_lineno, "what it returns", arg, read)
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
                others = [other for other in read if other != name]
                if not tainted and not any(self.bad(_value(frame, other)) for other in others):
                    self.report(frame, self.line, f"`{name}`", value, others)

    def bad(self, value: Any) -> bool:
        """Whether a number that is not finite is in it."""
        return any(bool(np.any(self.wrong(leaf))) for leaf in _arrays(value))

    def wrong(self, array: np.ndarray[Any, Any]) -> Any:
        return ~np.isfinite(array) if self.infinities else np.isnan(array)

    def report(
        self, frame: FrameType, line: int, what: str, value: Any, read: Iterable[str]
    ) -> None:
        file = frame.f_code.co_filename
        array = next(leaf for leaf in _arrays(value) if np.any(self.wrong(leaf)))
        at = tuple(map(int, np.argwhere(self.wrong(array))[0]))
        kind = "NaN" if np.isnan(array[at]) else "infinity"
        index = f" at [{', '.join(map(str, at))}]" if at else ""
        primal = _primal(file, line)
        where = primal.place if primal is not None else frame.f_code.co_name
        said = [
            f"{where}: the first {kind} is in {what}{index} of {frame.f_code.co_name}",
            *([f"    {primal.text}"] if primal is not None and primal.text else []),
            f"line {line} of the derivative:",
            f"    {linecache.getline(file, line).strip()}",
        ]
        for name in read:
            value = _value(frame, name)
            if any(True for _ in _arrays(value)):
                said.append(f"  {name}: {_summary(value, at, array.shape)}")
        error = FloatingPointError("\n".join(said))
        error.left_derivative = self.again  # type: ignore[attr-defined]
        raise error


def _primal(file: str, line: int) -> Primal | None:
    """The user's statement of a line, or of the nearest line above it in the function that has one."""
    for above in range(line, 0, -1):
        found = primal_of(file, above)
        if found is not None or linecache.getline(file, above).startswith("def "):
            return found
    return None


def _value(frame: FrameType, name: str) -> Any:
    """What a name stands for: an argument, a variable, or what the text reads from outside."""
    return frame.f_locals[name] if name in frame.f_locals else frame.f_globals.get(name)


def _arrays(value: Any) -> Iterable[np.ndarray[Any, Any]]:
    """The numbers of a value that may be no numbers, as arrays."""
    for leaf in flatten(value) if isinstance(value, (tuple, list, dict)) else (value,):
        if isinstance(leaf, (np.ndarray, float, complex, np.generic)):
            array = np.asarray(leaf)
            if array.dtype.kind in "fc":
                yield array


def _summary(value: Any, at: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """An operand in a few words: its form, how large it is, and its entry that belongs to the one that went wrong."""
    array = next(iter(_arrays(value)))
    if not array.ndim:
        return f"{array[()]:.8g}"
    words = [f"{array.dtype}[{', '.join(map(str, array.shape))}]"]
    if array.size and array.dtype.kind == "f":
        words.append(f"from {np.min(array):.4g} to {np.max(array):.4g}")
    zeros = int(np.sum(array == 0))
    words += [f"{zeros} of {array.size} zero"] if zeros else []
    if array.shape == shape:
        words.append(f"{array[at]:.8g} there")
    return ", ".join(words)


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
            # NumPy's `out=` is a store, too, and so is the first argument of `np.add.at`.
            for inner in ast.walk(node):
                if isinstance(inner, ast.keyword) and inner.arg == "out":
                    written += [n.id for n in ast.walk(inner.value) if isinstance(n, ast.Name)]
                elif isinstance(inner, ast.Call) and getattr(inner.func, "attr", "") == "at":
                    written += [n.id for n in inner.args[:1] if isinstance(n, ast.Name)]
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
