"""Places: which names share memory, so that a store becomes a value for all of them.

While parsing, an array is a `View`: a buffer and a path of view operations into it. `memory[buffer]` is the value that the buffer holds now. A
store through a view computes the buffer's new value by walking the path back; whoever reads another view of it afterwards
reads from the new value. Nothing of this remains in Core.

Where control flow joins, a name may stand for one buffer or another: it gets a new buffer that *may alias* both, and a store to any of
these is refused while another is still to be read.
"""

from __future__ import annotations

from typing import Any

from srcad.core.nodes import Tree, Value
from srcad.core.ops import Operation

__all__ = ["Before", "Buffer", "Handle", "Step", "Unbound", "View", "views"]


class Unbound:
    """What a name stands for where it may not have been assigned; `sides` are what it may stand for."""

    sides: tuple[Any, ...] = ()
    why = (
        "may not have been assigned here",
        "It is assigned on some paths only: assign it before the `if` or the loop.",
    )

    def __init__(self, name: str) -> None:
        self.name = name


class Handle:
    """What is called or handed on while parsing; `held` are the bindings that it sees."""

    def held(self) -> Any:
        return []


class Before(Unbound):
    """What an iteration before this one gave a name, if one did."""


class Buffer:
    """A piece of memory; `aliases` are the buffers that may be, or may overlap, the same memory.

    `arguments` are the arguments (and arrays of outer scopes, as "global name", and lists that hold it, as "list name") whose memory it may be.
    `ordered` says that it lies in C order without gaps for certain.
    """

    __slots__ = ("aliases", "arguments", "initial", "ordered")

    def __init__(self, argument: str | None = None, initial: Value | None = None) -> None:
        self.aliases: set[Buffer] = set()
        self.arguments: set[str] = set() if argument is None else {argument}
        self.initial = initial
        self.ordered = False

    def alias(self, other: Buffer) -> None:
        """The two may share memory."""
        if other is not self:
            self.aliases.add(other)
            other.aliases.add(self)

    def reaches(self) -> set[str]:
        """The arguments that a store here may change."""
        return self.arguments.union(*(other.arguments for other in self.aliases))

    def comes_in(self) -> bool:
        """Whether it may be the memory of an argument, or of an array of an outer scope."""
        return any(not name.startswith(("list ", "rows ", "side ")) for name in self.reaches())


class Step:
    """One view operation of a path: `op(base, *args, **options)`; `sure` says that it never copies."""

    __slots__ = ("args", "op", "options", "sure")

    def __init__(
        self,
        op: Operation,
        args: tuple[Tree, ...],
        options: tuple[tuple[str, Tree], ...],
        sure: bool,
    ) -> None:
        self.op, self.args, self.options, self.sure = op, args, options, sure


class View:
    """An array as the parser knows it: `value` is what it held when `buffer` held `version`."""

    __slots__ = ("buffer", "path", "value", "version")

    def __init__(
        self, buffer: Buffer, path: tuple[Step, ...], value: Value, version: Value
    ) -> None:
        self.buffer, self.path, self.value, self.version = buffer, path, value, version

    def same_place(self, other: Any) -> bool:
        """Whether both stand for the same elements of the same buffer."""
        return (
            isinstance(other, View)
            and self.buffer is other.buffer
            and len(self.path) == len(other.path)
            and all(a is b for a, b in zip(self.path, other.path))
        )


def views(binding: Any) -> list[View]:
    """The views inside a binding."""
    if isinstance(binding, View):
        return [binding]
    if isinstance(binding, (tuple, list)):
        return [view for part in binding for view in views(part)]
    if isinstance(binding, dict):
        return [view for part in binding.values() for view in views(part)]
    if isinstance(binding, Unbound):
        return views(binding.sides)
    if isinstance(binding, Handle):
        return views(binding.held())
    return []
