"""What a `for` runs over: numbers, arrays, lists, and what zip, enumerate and reversed make of them."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any, NamedTuple

import gast

from srcad.core import ops
from srcad.core.nodes import Value
from srcad.core.specification import Known
from srcad.parser.branches import Branches
from srcad.parser.places import View
from srcad.parser.records import Filled

__all__ = ["Iterable", "Iterables"]


class Iterable(NamedTuple):
    """What a loop runs over: how many items, and the binding of item number `i`.

    `parts` are the bindings themselves where they are known one by one (a list): such a loop is unrolled.
    `domain` is (start, stop, step) where the items are the numbers of a range; `record` the list where the items are records of it.
    """

    count: Any
    item: Callable[[Any], Any]
    parts: list[Any] | None = None
    domain: tuple[Any, Any, Any] | None = None
    direction: int = 1
    arrays: tuple[View, ...] = ()
    record: Filled | None = None


class Iterables(Branches):
    """Find out what a loop runs over."""

    def iterable(self, node: Any) -> Iterable:
        """What a `for` runs over."""
        if isinstance(node, gast.Call):
            callee = self.expression(node.func)
            if isinstance(callee, Known) and not node.keywords:
                function = callee.object
                if function is builtins.range:
                    bounds = [self.read(self.expression(arg), arg) for arg in node.args]
                    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
                    for bound in (start, stop, step):
                        if isinstance(bound, float) or (
                            isinstance(bound, Value) and bound.type.dtype in ("float", "float64")
                        ):
                            self.refuse(
                                node,
                                "range() of a float",
                                "It would raise when the function is called.",
                            )
                    if all(isinstance(bound, int) for bound in (start, stop, step)):
                        if step == 0:
                            self.refuse(
                                node,
                                "range() with step 0",
                                "It would raise when the function is called.",
                            )
                        numbers = range(start, stop, step)
                        return Iterable(
                            len(numbers),
                            lambda i: self.linear(start, step, i),
                            None,
                            (start, stop, step),
                        )
                    return Iterable(
                        lambda: self.emit(ops.operation(_range_length), (start, stop, step)),
                        lambda i: self.linear(start, step, i),
                        None,
                        (start, stop, step),
                    )
                if function is builtins.reversed and len(node.args) == 1:
                    over = self.iterable(node.args[0])
                    return over._replace(direction=-over.direction)
                if function is builtins.enumerate and len(node.args) == 1:
                    over = self.iterable(node.args[0])
                    if over.record is not None:
                        self.read(over.record, node)
                    if over.direction < 0:
                        self.refuse(
                            node,
                            "enumerate(reversed(...)) is not accepted yet",
                            "Index explicitly.",
                        )
                    parts = None if over.parts is None else list(enumerate(over.parts))
                    return Iterable(
                        over.count, lambda i: (i, over.item(i)), parts, arrays=over.arrays
                    )
                if function is builtins.zip and node.args:
                    inner = [self.iterable(arg) for arg in node.args]
                    if any(over.record is not None for over in inner):
                        return self.zipped_records(node, inner)
                    if any(over.direction < 0 for over in inner):
                        self.refuse(
                            node, "zip of reversed(...) is not accepted yet", "Index explicitly."
                        )
                    return self.zipped(node, inner)
        binding = self.handed(node)
        if isinstance(binding, Filled):
            record = binding
            if not record.closed:
                self.read(record, node)
            return Iterable(None, lambda i: self.recalled(record), record=record)
        self.plain(binding, node)
        if isinstance(binding, dict):
            binding = list(binding)
        if isinstance(binding, (tuple, list)):
            return Iterable(len(binding), lambda i: binding[i], list(binding))
        if isinstance(binding, View):
            rank = self.type(binding).rank
            if rank == 0:
                self.refuse(
                    node, "a loop over a 0-d array", "It would raise when the function is called."
                )
            return Iterable(
                lambda: self.emit(ops.length, (binding,)),
                lambda i: self.emit(ops.getitem, (binding, i)),
                arrays=(binding,),
            )
        return self.refuse(
            node,
            "a loop over this is not accepted",
            "Loop over range(), arrays, lists, zip() and enumerate() of them.",
        )

    def zipped(self, node: Any, inner: list[Iterable]) -> Iterable:
        """`zip`: as long as the shortest."""
        if all(over.parts is not None for over in inner):
            parts = [tuple(part) for part in zip(*(over.parts or [] for over in inner))]
            return Iterable(len(parts), lambda i: parts[i], parts)
        if any(over.parts is not None for over in inner):
            counts = [len(over.parts) for over in inner if over.parts is not None]
            others = [over for over in inner if over.parts is None]
            if not all(
                isinstance(over.count, int) and over.count >= min(counts) for over in others
            ):
                self.refuse(
                    node,
                    "zip() of a list and an array whose length is not known",
                    "Index the array: x[i].",
                )
            parts = [
                tuple(over.parts[i] if over.parts is not None else over.item(i) for over in inner)
                for i in range(min(counts))
            ]
            return Iterable(len(parts), lambda i: parts[i], parts)

        def count() -> Any:
            counts = [over.count() if callable(over.count) else over.count for over in inner]
            total = counts[0]
            for other in counts[1:]:
                total = self.emit(ops.operation(builtins.min), (total, other))
            return total

        arrays = tuple(view for over in inner for view in over.arrays)
        return Iterable(count, lambda i: tuple(over.item(i) for over in inner), arrays=arrays)

    def zipped_records(self, node: Any, inner: list[Iterable]) -> Iterable:
        """`zip` of records of loops over the same iterations, in one order, and of what these run over."""
        first = next(over.record for over in inner if over.record is not None)
        source = first.loop
        directions = set()
        for over in inner:
            if over.record is not None:
                other = over.record.loop
                directions.add(other.direction * over.direction)
                same = other.family is source.family
            else:
                directions.add(over.direction)
                domain = over.domain
                if domain is None and over.parts is None and callable(over.count):
                    domain = (0, self.read(over.count()), 1)
                same = source.domain is not None and self.numbers.of(domain) == self.numbers.of(
                    source.domain
                )
            if not same or over.parts is not None:
                self.refuse(
                    node,
                    f"it is not known whether `{first.name}` is as long as what it is zipped with",
                    "Zip lists that were filled over the same iterations, and the range that they were filled over.",
                )
        if len(directions) > 1:
            self.refuse(
                node,
                "what is zipped here runs in different directions",
                "Records belong to the iteration that appended them: reverse all, or none.",
            )

        def item(i: Any) -> Any:
            return tuple(i if over.domain is not None else over.item(i) for over in inner)

        arrays = tuple(view for over in inner for view in over.arrays)
        direction = directions.pop() * source.direction
        return Iterable(None, item, None, None, direction, arrays, first)

    def linear(self, start: Any, step: Any, i: Any) -> Any:
        """`start + step * i`."""
        scaled = (
            i
            if step == 1 and isinstance(step, int)
            else self.binary(self.statement, ops.multiply, step, i)
        )
        return (
            scaled
            if start == 0 and isinstance(start, int)
            else self.binary(self.statement, ops.add, start, scaled)
        )


def _range_length(start: int, stop: int, step: int) -> int:
    """How many numbers a range has."""
    return len(range(start, stop, step))
