"""Stores: what is written in place becomes a new value for all who see that memory."""

from __future__ import annotations

from typing import Any

import gast

from srcad import runtime
from srcad.analysis.types import type_of
from srcad.core import ops
from srcad.core.nodes import Slice, Tree, Value
from srcad.errors import AliasingError
from srcad.parser.calls import Calls
from srcad.parser.expressions import (
    _BINARY,
    is_constant,
)
from srcad.parser.places import View, views

__all__ = ["Stores"]


class Stores(Calls):
    """Parse stores into arrays."""

    def target_of(self, target: Any) -> tuple[View, Any]:
        """The view and the index that a store goes to."""
        owner = self.expression(target.value)
        if isinstance(owner, (list, dict, tuple)):
            self.refuse(
                target,
                f"an item of a {type(owner).__name__} is assigned, which is not accepted yet",
                "Use an array, or names.",
            )
        if not isinstance(owner, View):
            self.refuse(target, "what is stored into is no array", "Only arrays are stored into.")
        index = self.index(target.slice)
        if not (_basic(index) or _mask(index) or _places(index)):
            self.refuse(
                target,
                "a store at computed positions is not accepted yet",
                "Store through integers, slices, a boolean mask, or arrays known to hold integers.",
            )
        return owner, index

    def do_AugAssign(self, node: Any) -> None:
        op = _BINARY[type(node.op)]
        target = node.target
        if isinstance(target, gast.Name):
            old = self._Name(
                gast.copy_location(gast.Name(target.id, gast.Load(), None, None), target)
            )
            since = Value("").serial
            value = self.expression(node.value)
            if isinstance(old, View) and self.type(old).kind != "scalar":
                self.augment_array(node, target.id, old, op, value)
                return
            new = self.binary(node, op, old, value)
            self.name(new, target.id, since)
            self.env[target.id] = new
            return
        if not isinstance(target, gast.Subscript):
            self.refuse(
                node, "an attribute is assigned", "Keep the value in a local name and return it."
            )
        owner, index = self.target_of(target)
        if _mask(index):
            self.refuse(
                node,
                "`op=` through a mask is not accepted yet",
                "Write x = np.where(mask, ..., x).",
            )
        value = self.expression(node.value)
        # At a place that is named twice `put_add` adds twice; NumPy's `+=` adds once.
        if op in (ops.add, ops.subtract) and _basic(index):
            if op is ops.subtract:
                value = -value if is_constant(value) else self.emit(ops.negative, (value,))
            self.store(node, owner, index, value, add=True)
            return
        old = self.emit(ops.getitem, (owner, index))
        self.store(node, owner, index, self.binary(node, op, old, value), add=False)

    def augment_array(self, node: Any, name: str, old: View, op: Any, value: Any) -> None:
        """`x += v` of an array changes it in place, for all who see it."""
        type_ = self.type(old)
        shared = [
            other
            for other, binding in self.living(but=name)
            for view in views(binding)
            if view.buffer is old.buffer or view.buffer in old.buffer.aliases
        ]
        if type_.kind == "any" and shared:
            self.refuse(
                node,
                f"it is not known whether `{name}` is an array that `{shared[0]}` shares, or a number",
                f"Write {name} = {name} {op.symbol} ... for a new value.",
                AliasingError,
            )
        since = Value("").serial
        new = self.binary(node, op, old, value)
        if type_.kind == "any" or (not old.path and not shared and not old.buffer.arguments):
            joined = type_.kind == "any" or self.type(new) == type_
            if joined:
                self.name(new, name, since)
                self.env[name] = new if type_.kind == "any" else self.rebind(old, new)
                return
        self.store(node, old, Ellipsis, new, add=False)

    def rebind(self, old: View, new: Any) -> View:
        """The same buffer holding a new value."""
        value = self.read(new)
        self.memory[old.buffer] = value
        return View(old.buffer, (), value, value)

    def store(self, node: Any, target: View, index: Tree, value: Any, *, add: bool) -> None:
        """`target[index] = value` or `+=`: the buffer gets a new value, which every view of it will read."""
        operand = self.read(value)
        inner = self.read_view(target)
        self.check_store(node, target)
        kept, given = inner.type.dtype or "", type_of(operand)
        if (
            kept.startswith(("int", "uint", "bool"))
            and given.dtype is not None
            and given.dtype.startswith("float")
        ):
            self.refuse(
                node,
                "a float is stored into an array of integers",
                "The store truncates, so it has no derivative. Make the array with a floating dtype.",
            )
        if self.constant and isinstance(
            operand, Value
        ):  # what is stored is constant; the rest of the array stays what it is
            operand = self.builder.let(ops.operation(runtime.stop_gradient), (operand,))
        new = self.builder.let(
            ops.put_add if add else ops.put, (inner, index, operand), base=inner.base
        )
        self.write_back(node, target, new)

    def check_store(self, node: Any, target: View) -> None:
        """Refuse a store whose memory another live name may or may not share."""
        if any(not step.sure for step in target.path) or any(
            step.op is not ops.getitem for step in target.path
        ):
            self.refuse(
                node,
                "it is not known whether this store reaches another array",
                "The array was made by an operation that gives a view or may copy. Write .copy() where it is made.",
                AliasingError,
            )
        buffer = target.buffer
        for name, binding in self.living():
            for view in views(binding):
                if view.buffer in buffer.aliases:
                    self.refuse(
                        node,
                        f"it is not known whether `{name}` shares the memory that is written here",
                        f"They are the same array on some paths only. Write .copy() where one becomes the other, or where `{name}` is bound.",
                        AliasingError,
                    )
        for argument in sorted(buffer.reaches()):
            if argument.startswith("global "):
                self.refuse(
                    node,
                    f"the function writes to the array `{argument.removeprefix('global ')}` of an outer scope",
                    "A derivative changes nothing outside. Write to a copy, and return it.",
                )
            if argument.startswith("list "):
                self.refuse(
                    node,
                    f"the list `{argument.removeprefix('list ')}` holds the array that is written here, or may hold it",
                    "The store would change what was appended. Append a copy: x.copy().",
                    AliasingError,
                )
            if argument.startswith("side "):
                name = argument.removeprefix("side ")
                self.refuse(
                    node,
                    f"`{name}`, which one side of a branch assigns, is written in a loop",
                    f"Assign `{name}` before the `if`, or write to a copy.",
                    AliasingError,
                )
            self.written.add(argument)

    def write_back(self, node: Any, target: View, new: Value) -> None:
        """Carry a new value of a view up to its buffer."""
        root = self.current(target.buffer)
        bases = [root]
        for step in target.path[:-1]:
            bases.append(self.builder.let(step.op, (bases[-1], *step.args), step.options))
        for step, base in zip(reversed(target.path), reversed(bases)):
            new = self.builder.let(ops.put, (base, step.args[0], new))
        new.base, new.named = root.base, root.named
        self.memory[target.buffer] = new


def _basic(part: Any) -> bool:
    """Whether an index is made of integers, slices, None and ellipses for certain."""
    if isinstance(part, tuple) and not isinstance(part, Slice):
        return all(map(_basic, part))
    if isinstance(part, (Slice, int, type(None), type(...))):
        return True
    if isinstance(part, Value):
        return (
            part.type.rank == 0
            and (part.type.dtype or "").startswith(("int", "uint"))
            and part.type.kind != "array"
        )
    return False


def _mask(index: Any) -> bool:
    return (
        isinstance(index, Value) and index.type.dtype == "bool" and index.type.rank not in (None, 0)
    )


def _places(index: Any) -> bool:
    """Whether an index is basic but for arrays (and lists) of integers."""
    if isinstance(index, tuple) and not isinstance(index, Slice):
        return all(map(_places, index))
    if isinstance(index, list):
        return all(isinstance(part, int) and not isinstance(part, bool) for part in index)
    if isinstance(index, Value):
        return (index.type.dtype or "").startswith(("int", "uint")) and index.type.rank is not None
    return _basic(index)
