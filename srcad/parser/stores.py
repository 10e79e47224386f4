"""Stores: what is written in place becomes a new value for all who see that memory.

`x[i] = v` gives the buffer of `x` a new value, `put(x, i, v)`; a store through a view of it, the value that `analysis.views.back` makes of that:

    t = x.T                        transpose_1 = x.T
    t[0] = v          ->           stored_1 = put(transpose_1, 0, v)
                                   x_1 = stored_1.T
"""

from __future__ import annotations

from typing import Any

import gast
import numpy as np

from srcad import runtime
from srcad.analysis.types import type_of
from srcad.analysis.views import back, composed, read_only
from srcad.core import ops
from srcad.core.nodes import Slice, Tree, Value
from srcad.core.ops import Operation
from srcad.core.types import Type
from srcad.errors import AliasingError
from srcad.parser.calls import Calls
from srcad.parser.expressions import (
    _BINARY,
    is_constant,
)
from srcad.parser.handles import FlatBinding, MethodBinding
from srcad.parser.places import Step, View, views
from srcad.parser.rows import Rows

__all__ = ["Stores"]


class Stores(Calls):
    """Parse stores into arrays."""

    def target_of(self, target: Any, owner: Any) -> tuple[View, Any]:
        """The view and the index that a store to an item of `owner` goes to."""
        owner = self.flat(owner.owner) if isinstance(owner, FlatBinding) else owner
        if not isinstance(owner, View):
            self.refuse(target, "what is stored into is no array", "Only arrays are stored into.")
        index = self.index(target.slice)
        if not _index(index):
            self.refuse(
                target,
                "a store at what is no index",
                "It would raise when the function is called: index by integers, slices and arrays of integers or flags.",
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
            with self.holding([old]):
                value = self.expression(node.value)
            if isinstance(old, View) and self.type(old).kind != "scalar":
                self.augment_array(node, target.id, old, op, value)
                return
            new = self.augmented(node, old, op, value)
            self.name(new, target.id, since)
            self.env[target.id] = new
            return
        owner = self.expression(target.value)
        if isinstance(target, gast.Attribute):
            with self.holding(owner):
                old = self.attribute(target, owner, target.attr)
                since = Value("").serial
                value = self.expression(node.value)
                new = self.augmented(node, old, op, value)
                self.name(new, target.attr, since)
                self.set_attribute(target, owner, target.attr, new)
            return
        if isinstance(owner, (list, dict, tuple, Rows)):
            key = self.item_key(target, owner, target.slice)
            with self.holding([owner]):
                old = self.subscript(target, owner, target.slice)
                value = self.expression(node.value)
                self.put_item(target, owner, key, self.augmented(node, old, op, value))
            return
        owner, index = self.target_of(target, owner)
        before = self.current(owner.buffer)
        value = self.expression(node.value)
        if self.current(owner.buffer) is not before:
            self.refuse(
                node,
                f"the right side of `{op.symbol}=` writes to the array on the left",
                "Python reads the left side first. Compute the right side on a line of its own before.",
                AliasingError,
            )
        self.augment(node, owner, index, op, value)

    def augmented(self, node: Any, old: Any, op: ops.Operation, value: Any) -> Any:
        """What `old op= value` leaves in the place of `old`: arrays and lists are changed where they are."""
        if isinstance(old, View) and self.type(old).kind != "scalar":
            self.augment(node, old, Ellipsis, op, value)
            return old
        if isinstance(old, Rows) and op is ops.add:
            self.call_method(node, MethodBinding(old, "extend"), [value], {})
            return old
        if isinstance(old, list) and op in (ops.add, ops.multiply):
            self.change(node, old)
            old[:] = [*old, *self.unpack(node, value, None)] if op is ops.add else old * value
            return old
        if isinstance(old, (set, dict)) and type(value) is type(old):
            self.change(node, old)
            made = self.binary(node, op, old, value)
            old.clear()
            old.update(made)
            return old
        return self.binary(node, op, old, value)

    def augment(self, node: Any, owner: View, index: Tree, op: Any, value: Any) -> None:
        """`owner[index] op= value`: what is there is read, computed with, and stored."""
        # At a place that is named twice `put_add` adds twice; NumPy's `+=` adds once.
        if op in (ops.add, ops.subtract) and _unrepeated(index):
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
        shared += [held for held in sorted(old.buffer.reaches()) if held.startswith("list ")]
        if type_.kind == "any" and shared:
            self.refuse(
                node,
                f"it is not known whether `{name}` is an array that `{shared[0]}` shares, or a number",
                f"Write {name} = {name} {op.symbol} ... for a new value.",
                AliasingError,
            )
        since = Value("").serial
        new = self.binary(node, op, old, value)
        if type_.kind == "any" or (not old.path and not shared and not old.buffer.reaches()):
            joined = type_.kind == "any" or self.type(new) == type_
            if joined:
                self.name(new, name, since)
                self.env[name] = new if type_.kind == "any" else self.rebind(old, new)
                return
        self.store(node, old, Ellipsis, new, add=False)

    def rebind(self, old: View, new: Any) -> View:
        """The same buffer holding a new value."""
        value = self.read(new)
        self.outdate(old.buffer)
        self.memory[old.buffer] = value
        self.program.stored.append(old.buffer)
        return View(old.buffer, (), value, value)

    def store(
        self,
        node: Any,
        target: View,
        index: Tree,
        value: Any,
        *,
        add: bool,
        fresh: bool = False,
    ) -> None:
        """`target[index] = value` or `+=`: the buffer gets a new value, which every view of it will read.

        `fresh`: nothing stood there before.
        """
        if isinstance(value, (tuple, list)):
            value = self.emit(ops.operation(np.array), (value,))
        self.known_still(value)
        operand = self.read(value)
        self.check_store(node, target)
        self.check_dtype(node, self.type(target), operand)
        # NumPy stores these element by element.
        if _flags(index) or any(step.op is _FLAT for step in target.path):
            self.check_overlap(node, target, value)
        if self.constant and isinstance(
            operand, Value
        ):  # what is stored is constant; the rest of the array stays what it is
            operand = self.builder.let(ops.operation(runtime.stop_gradient), (operand,))
        options = (("fresh", True),) if fresh and not target.path else ()
        self.put(node, target, index, operand, ops.put_add if add else ops.put, options)

    def put(
        self,
        node: Any,
        target: View,
        index: Tree,
        operand: Tree,
        op: Operation,
        options: tuple[tuple[str, Tree], ...] = (),
    ) -> None:
        """Store into a view, and carry its new value up to its buffer."""
        root = self.current(target.buffer)
        ways, values = [], [root]
        for step in target.path:
            way = back(self.builder.let, step.op, step.args, dict(step.options), values[-1])
            if way is None:
                self.refuse(
                    node,
                    f"a store through a view that `{step.op.name}` makes is not accepted",
                    "Store to the array itself, or to a copy: .copy().",
                    AliasingError,
                )
            ways.append(way)
            values.append(self.builder.let(step.op, (values[-1], *step.args), step.options))
        for step in reversed(target.path):
            found = composed(step.op, step.args, values[-2], index)
            if found is None:
                break
            index = found
            values.pop(), ways.pop()
        new = self.builder.let(op, (values[-1], index, operand), options, base=values[-1].base)
        for way in reversed(ways):
            new = way(new)
        new.base, new.named = root.base, root.named
        self.memory[target.buffer] = new
        self.program.stored.append(target.buffer)

    def check_dtype(self, node: Any, target: Type, operand: Tree) -> None:
        """Refuse what NumPy would cut off: it has no derivative."""
        kept, given = target.dtype or "", _dtypes(operand)
        whole = ("int", "uint", "bool")
        if kept.startswith(whole) and not all((dtype or "").startswith(whole) for dtype in given):
            self.refuse(
                node,
                "a float is stored into an array of integers",
                "The store truncates, so it has no derivative. Make the array with a floating dtype.",
            )
        if kept.startswith("float") and any((dtype or "").startswith("complex") for dtype in given):
            self.refuse(
                node,
                "a complex number is stored into an array of floats",
                "The store drops the imaginary part. Store its real part, or make the array with a complex dtype.",
            )

    def check_overlap(self, node: Any, target: View, *values: Any) -> None:
        """Refuse a store that NumPy does element by element, of what may be the memory that it writes to."""
        buffers = {target.buffer, *target.buffer.aliases}
        if any(view.buffer in buffers for view in views(list(values))):
            self.refuse(
                node,
                "what is stored here may be elements that the store itself changes",
                "NumPy reads and writes them one by one. Store a copy of them: .copy().",
                AliasingError,
            )

    def flat(self, array: View) -> View:
        """All elements of an array in a row: as `x.flat`, which is no copy however they lie in memory."""
        value = self.emit(_FLAT, (array,))
        step = Step(_FLAT, (), (), True)
        return View(array.buffer, (*array.path, step), self.read(value), self.current(array.buffer))

    def check_store(self, node: Any, target: View) -> None:
        """Refuse a store whose memory another live name may or may not share."""
        for step in target.path:
            if read_only(step.op):
                self.refuse(
                    node,
                    f"a view that `{step.op.name}` makes is written",
                    "NumPy refuses this: such views are read-only. Store to the array itself.",
                )
            if not step.sure:
                self.refuse(
                    node,
                    "it is not known whether this store reaches another array",
                    f"`{step.op.name}` gives a view or a copy, as the array lies in memory. Write .copy() where it is made, or store to the array itself.",
                    AliasingError,
                )
        buffer = target.buffer
        self.outdate(buffer)
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
            if argument.startswith("rows "):
                if not target.path:
                    continue
                self.refuse(
                    node,
                    f"an item of the list `{argument.removeprefix('rows ')}` is written, which was appended under another name",
                    "The store would change that array, too. Append a copy: x.copy().",
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


_FLAT = Operation(np.ravel, "np.ravel", operands=("a",))


def _parts(index: Tree) -> tuple[Tree, ...]:
    return index if isinstance(index, tuple) and not isinstance(index, Slice) else (index,)


def _index(index: Tree) -> bool:
    """Whether NumPy may take it as an index."""
    for part in _parts(index):
        if isinstance(part, list) and not all(map(_index, part)):
            return False
        if isinstance(part, (float, complex, str, dict)):
            return False
        if isinstance(part, Value) and (part.type.dtype or "").startswith(("float", "complex")):
            return False
    return True


def _unrepeated(index: Tree) -> bool:
    """Whether an index names no element twice for certain: integers, slices, None, ellipses, and at most one mask."""
    masks = 0
    for part in _parts(index):
        if isinstance(part, Value):
            dtype, kind = part.type.dtype or "", part.type.kind
            masks += dtype == "bool"
            number = part.type.rank == 0 and dtype.startswith(("int", "uint")) and kind != "array"
            if dtype != "bool" and not number:
                return False
        elif not isinstance(part, (Slice, int, type(None), type(...))):
            return False
    return masks < 2


def _flags(index: Tree) -> bool:
    """Whether a mask may be in an index, by which NumPy stores element by element."""
    for part in _parts(index):
        if isinstance(part, list):
            if not all(type(one) is int for one in part):
                return True
        elif isinstance(part, Value) and part.type.kind not in ("number", "scalar"):
            if part.type.dtype is None or part.type.dtype == "bool":
                return True
    return False


def _dtypes(tree: Tree) -> list[str | None]:
    """The dtypes of what is stored."""
    if isinstance(tree, (tuple, list)):
        return [dtype for part in tree for dtype in _dtypes(part)]
    return [type_of(tree).dtype]
