"""Lists that grow in loops, as rows of arrays (see `srcad.parser.rows`), and comprehensions."""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import gast
import numpy as np

from srcad.core import ops
from srcad.core.nodes import Let, Loop, Slice, Value
from srcad.core.specification import Known, unwrap
from srcad.core.types import Size, Type
from srcad.errors import AliasingError
from srcad.parser.boxes import boxes, holds, same_contents
from srcad.parser.expressions import Given, is_constant, is_static, truth
from srcad.parser.handles import FunctionBinding
from srcad.parser.iterables import Iterable, Lazy
from srcad.parser.loops import Loops
from srcad.parser.places import View, views
from srcad.parser.reads import reads, writes
from srcad.parser.records import Filled, Kept
from srcad.parser.rows import (
    Inner,
    NeedRows,
    Plan,
    Rows,
    Site,
    joined_elements,
    leaf_items,
    replaced,
)
from srcad.parser.state import NeedUnroll

__all__ = ["Lists"]

# As many items of a comprehension over numbers are written out one by one.
_FEW = 8
_CHANGES = ("append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort")


class _Stays(Exception):
    """How many items a comprehension has is not known while parsing: its loop stays one."""


class Lists(Loops):
    """Lists whose lengths are not known while parsing."""

    # where lists begin

    def _List(self, node: Any) -> Any:
        return self.begun(self.parts(node), node)

    def begun(self, made: list[Any], node: Any) -> Any:
        """A list that is written at `node`: rows, where it is known to grow in a loop."""
        site = self.site(node)
        self.program.sites[id(made)] = (made, site)
        need = self.program.rows.get(site)
        if need is None or need.element is None:
            return made
        rows = Rows(site, "", need.element, tuple(made))
        rows.grow, rows.frame = need.grow, self.frame
        if need.grow:
            self.materialise(node, rows, None)
        return rows

    def binary(self, node: Any, op: ops.Operation, left: Any, right: Any) -> Any:
        if op is ops.multiply and (isinstance(left, list) or isinstance(right, list)):
            parts, times = (left, right) if isinstance(left, list) else (right, left)
            if isinstance(times, (View, Value)) and len(parts) == 1:
                return self.repeated(node, parts[0], times)
        found = super().binary(node, op, left, right)
        if isinstance(found, list) and hasattr(node, "lineno"):
            return self.begun(found, node)
        return found

    def repeated(self, node: Any, item: Any, times: Any) -> Any:
        """`[0.0] * n`."""
        element = self.typed(item)
        if not isinstance(element, Type) or element.shape != ():
            self.refuse(
                node,
                "a list of so many items that is not known while parsing",
                "Begin with an empty list and append to it, or make an array: np.zeros(n).",
            )
        rows = Rows(self.site(node), "", element, ())
        rows.grow, rows.frame = True, self.frame
        made = self.call(node, Known(np.full, "np.full"), [times, item], {})
        rows.parts["tree"] = made
        return rows

    def unknown_place(self, node: Any, owner: Any, key: Value) -> NoReturn:
        known = self.program.sites.get(id(owner))
        frame = self.frame
        while frame is not None and frame.loop.index is not key:
            frame = frame.outer
        few = False
        if frame is not None and frame.loop.domain is not None:
            domain = frame.loop.domain
            few = all(isinstance(part, int) for part in domain) and len(range(*domain)) <= _FEW
        if not few and known is not None and isinstance(owner, list) and owner:
            element: Any = self.typed(owner[0])
            for item in owner[1:]:
                element = (
                    joined_elements(element, self.typed(item)) if element is not None else None
                )
            if element is not None:
                raise NeedRows(known[1], element, grow=True)
        super().unknown_place(node, owner, key)

    def site(self, node: Any) -> Site:
        """Where a list is written."""
        return (
            self.source.file,
            node.lineno,
            node.col_offset,
            getattr(node, "end_col_offset", 0) or 0,
        )

    def grows(self, node: Any, box: Any, parts: list[Any], *, grow: bool = False) -> None:
        """A list gets longer in a loop, or (`grow`) on one path and not on another."""
        known = self.program.sites.get(id(box))
        if isinstance(box, Rows):
            raise NeedRows(box.site, box.element, grow=True)
        if not isinstance(box, list) or known is None:
            self.refuse(
                node,
                f"`{self.label(box)}` has another length on different paths",
                "Use an array, or a list that begins as [...] in this function.",
            )
        assert known is not None
        if known[1] in self.program.rows:
            raise NeedUnroll(Value("i"), node)
        element = self.element_of(node, box, [*box, *parts], known[1])
        if element is None:
            self.refuse(
                node, f"`{self.label(box)}` grows in a loop that never adds to it", "Use an array."
            )
        raise NeedRows(known[1], element, grow=grow)

    def element_of(self, node: Any, box: Any, items: list[Any], site: Site) -> Any:
        """The type of the items of a list; where they have none in common, the loops that fill it are parsed iteration by iteration."""
        element: Any = None
        for item in items:
            found = self.typed(item)
            element = joined_elements(element, found) if found is not None else None
            if element is None:
                raise NeedRows(site, None, grow=False)
        return element

    def typed(self, item: Any) -> Any:
        """The type of an item: a tree of types, or None."""
        if isinstance(item, Kept):
            item = item.value
        if isinstance(item, (View, Value)) or (
            is_constant(item) and isinstance(item, (bool, int, float, complex))
        ):
            type_ = self.type(item)._replace(value=None)
            return type_ if type_.numeric and type_.dtype and type_.shape is not None else None
        if isinstance(item, Rows):
            if item.tree is None:
                return self.typed(list(item.head))
            return Inner(
                replaced(
                    item.element,
                    iter([v.value.type._replace(value=None) for v in self.leaves(item)]),
                )
            )
        if isinstance(item, dict):
            parts = {key: self.typed(part) for key, part in item.items()}
            return None if None in parts.values() else parts
        if isinstance(item, (tuple, list)):
            found = [self.typed(part) for part in item]
            if any(part is None for part in found):
                return None
            if isinstance(item, list) and found and _one_array(found):
                first = found[0]
                shape = (len(found), *(first.shape or ()))
                return Inner(
                    first._replace(kind="array", dtype=np.dtype(_dtype_of(first)).name, shape=shape)
                )
            return type(item)(*found) if hasattr(item, "_fields") else type(item)(found)
        return None

    # rows

    def leaves(self, rows: Rows) -> list[View]:
        """The arrays of the rows."""
        return [view for _, view in leaf_items(rows.element, rows.tree)]

    def materialise(self, node: Any, rows: Rows, total: Any) -> None:
        """Make the arrays: of `total` rows, of which the first are there; or of these only."""
        name = rows.name or self.label(rows)
        found = []
        columns = list(
            zip(*([leaf for _, leaf in leaf_items(rows.element, item)] for item in rows.head))
        )
        types = [type_ for type_, _ in leaf_items(rows.element)]
        for place, type_ in enumerate(types):
            column = list(columns[place]) if columns else []
            base = name if len(types) == 1 else f"{name}_{place}"
            if total is None and len(column) > 3 and _one_number(column):
                zero = column[0] == 0 and type(column[0]) is float
                maker: Any = np.zeros if zero else np.full
                given = [] if zero else [column[0]]
                name_of = f"np.{maker.__name__}"
                made = self.call(node, Known(maker, name_of), [len(column), *given], {})
            elif total is None and column:
                maker = np.array if type_.rank == 0 else np.stack
                made = self.call(node, Known(maker, f"np.{maker.__name__}"), [column], {})
            else:
                count = 0 if total is None else total
                if type_.shape is None:
                    self.unsized(node, rows)
                sizes = [self.size_here(node, rows, size) for size in type_.shape or ()]
                dtype = _dtype_of(type_)
                options = (
                    {} if dtype is np.float64 else {"dtype": Known(dtype, f"np.{dtype.__name__}")}
                )
                shape = (count, *sizes) if sizes else count
                made = self.call(node, Known(np.empty, "np.empty"), [shape], options)
            made.value.base, made.value.named = base, True
            if total is not None:
                for row, leaf in enumerate(column):
                    self.store(node, made, row, leaf, add=False, fresh=True)
                    self.current(made.buffer).base = base
            for leaf in column:
                if isinstance(leaf, View):
                    self.hold(rows, made, leaf)
            found.append(made)
        rows.parts["tree"] = replaced(rows.element, iter(found))
        rows.parts["head"] = ()

    def size_here(self, node: Any, rows: Rows, size: Any) -> Any:
        """A value that holds a size here: that of an axis of an array in scope."""
        if isinstance(size, int):
            return size
        for value in self.memory.values():
            for axis, found in enumerate(value.type.shape or ()):
                if not isinstance(found, Size) or found.key != size.key or found.minus != 0:
                    continue
                if value.type.rank == 1:
                    whole = self.emit(ops.length, (value,))
                else:
                    whole = self.emit(ops.getitem, (self.emit(ops.shape, (value,)), axis))
                op = ops.subtract if size.minus > 0 else ops.add
                return whole if size.minus == 0 else self.emit(op, (whole, abs(size.minus)))
        return self.unsized(node, rows)

    def unsized(self, node: Any, rows: Rows) -> Any:
        """Refuse items of a size that is not known before the loop."""
        return self.refuse(
            node,
            f"how large the items of `{self.label(rows)}` are is not known before the loop",
            "Fill an array that is made before it.",
        )

    def plan_lists(self, body: list[Any], loop: Loop, *, counted: bool) -> list[Rows]:
        """The lists that a loop fills, each iteration as often, with arrays for all of their rows."""
        planned = []
        for name, rows in list(self.env.items()):
            if not isinstance(rows, Rows) or rows.grow or rows.plan is not None:
                continue
            times = sum(map(lambda statement: _appends_to(statement, name), body))
            every = [node for part in body for node in gast.walk(part) if _changes(node, name)]
            if not every:
                continue
            again = [other for other, found in self.env.items() if found is rows and other != name]
            if not counted or len(every) != times or again or loop.domain is None:
                raise NeedRows(rows.site, rows.element, grow=True)
            count = self.trips(loop)
            base = (
                len(rows.head)
                if rows.tree is None
                else self.emit(ops.length, (self.leaves(rows)[0],))
            )
            node = self.statement
            added = count if times == 1 else self.binary(node, ops.multiply, count, times)
            if rows.tree is None:
                total = added if base == 0 else self.binary(node, ops.add, added, base)
                self.materialise(node, rows, total)
            else:
                self.lengthen(node, rows, added)
            rows.plan = Plan(loop, count, base, times)
            planned.append(rows)
        return planned

    def trips(self, loop: Loop) -> Any:
        """How often a loop runs."""
        start, stop, step = loop.domain or (0, 0, 1)
        if type(start) is int and type(step) is int and (start, step) == (0, 1):
            return stop
        if all(isinstance(part, int) for part in (start, stop, step)):
            return len(range(start, stop, step))
        return self.counted(self.range(self.statement, start, stop, step))

    def counted(self, over: Iterable) -> Any:
        """How many items there are."""
        return over.count() if callable(over.count) else over.count

    def lengthen(self, node: Any, rows: Rows, added: Any) -> None:
        """Room for more rows."""
        for type_, view in leaf_items(rows.element, rows.tree):
            sizes = [self.size_here(node, rows, size) for size in type_.shape or ()]
            more = self.call(
                node, Known(np.empty, "np.empty"), [(added, *sizes) if sizes else added], {}
            )
            self.become(
                view,
                self.call(node, Known(np.concatenate, "np.concatenate"), [(view, more)], {}),
                longer=True,
            )

    def apart(self, item: Any) -> Any:
        """An item that is taken out of its list: no row any longer."""
        if isinstance(item, View):
            return self.bind_new(self.read(item)) if item.path else item
        if isinstance(item, dict):
            return {key: self.apart(part) for key, part in item.items()}
        if isinstance(item, (tuple, list)):
            parts = [self.apart(part) for part in item]
            return type(item)(*parts) if hasattr(item, "_fields") else type(item)(parts)
        return item

    def from_start(self, item: View) -> bool:
        """Whether an item of rows counts from the first."""
        key = item.path[0].args[0] if item.path[0].args else None
        return key >= 0 if type(key) is int else self.never_negative(key)

    def become(self, view: View, made: Any, *, longer: bool = False) -> None:
        """Let the buffer of an array hold another one, of other size; `longer`: with rows after those that it had."""
        if view.path:
            self.refuse(
                self.statement,
                "a list changes its length that is an item of a list, and is picked by a value",
                "Lists in such a list keep one length. Give each a name of its own, or fill an array.",
            )
        value = self.read(made)
        assert isinstance(value, Value)
        for name, binding in self.living():
            if any(
                seen.buffer is view.buffer and not (longer and self.from_start(seen))
                for seen in views(binding)
                if seen.path
            ):
                self.refuse(
                    self.statement,
                    f"a list changes its length, while `{name}` may stand for an item of it",
                    f"Write .copy() where `{name}` is bound.",
                    AliasingError,
                )
        old = self.current(view.buffer)
        value.base, value.named = old.base, old.named
        self.memory[view.buffer] = value

    @contextmanager
    def filling(self, planned: list[Rows], builder: Any) -> Iterator[None]:
        """Parse an iteration that fills rows."""
        for rows in planned:
            assert rows.plan is not None
            rows.plan.done, rows.plan.builder = 0, builder
        yield
        for rows in planned:
            if rows.plan is None or rows.plan.done != rows.plan.times:
                raise NeedRows(rows.site, rows.element, grow=True)

    def number(self, plan: Plan) -> tuple[Any, int]:
        """The row of the item that is appended next in this iteration, as a value and a number to add."""
        loop = plan.loop
        start, _, step = loop.domain or (0, 0, 1)
        offset = plan.done
        place: Any = loop.index
        node = self.statement
        plain = type(start) is int and type(step) is int and step == 1
        if plain and plan.times == 1 and loop.direction > 0:
            offset -= start
        else:
            if not (plain and start == 0):
                place = self.binary(node, ops.subtract, place, start)
                if not (type(step) is int and step == 1):
                    place = self.binary(node, ops.floor_divide, place, step)
            if loop.direction < 0:
                last = self.binary(node, ops.subtract, plan.count, 1)
                place = self.binary(node, ops.subtract, last, place)
            if plan.times != 1:
                place = self.binary(node, ops.multiply, place, plan.times)
        if isinstance(plan.base, int):
            return place, offset + plan.base
        return self.binary(node, ops.add, place, plan.base), offset

    def row(self, plan: Plan, back: int = 0) -> Any:
        """The number of the row that is next, or of one `back` of it."""
        place, offset = self.number(plan)
        offset -= back
        if offset == 0:
            return place
        op = ops.add if offset > 0 else ops.subtract
        return self.binary(self.statement, op, place, abs(offset))

    def add_item(self, node: Any, rows: Rows, item: Any) -> None:
        """`rows.append(item)`."""
        element = self.typed(item)
        joined = None if element is None else joined_elements(rows.element, element)
        if joined is None:
            self.refuse(
                node,
                f"the items of `{self.label(rows)}`, which grows in a loop, are not of one kind",
                "Append numbers, arrays of one shape, or tuples of such.",
            )
        if not _alike(joined, rows.element):
            raise NeedRows(rows.site, joined, grow=rows.grow)
        plan = rows.plan
        if rows.tree is None:
            if self.frame is not rows.frame:
                raise NeedRows(rows.site, rows.element, grow=True)
            rows.parts["head"] = (*rows.head, item)
            return
        if plan is not None and self.builder is not plan.builder:
            raise NeedRows(rows.site, rows.element, grow=True)
        for box in boxes([item]).values():
            self.program.frozen[id(box)] = (box, self.label(rows))
        item = self.spread_rows(node, item)
        row = None if plan is None else self.row(plan)
        for (type_, view), (_, leaf) in zip(
            leaf_items(rows.element, rows.tree), leaf_items(rows.element, item)
        ):
            if isinstance(leaf, View):
                self.hold(rows, view, leaf)
            if plan is not None:
                self.store(node, view, row, leaf, add=False, fresh=True)
            else:
                self.become(view, self.longer(node, view, leaf, type_, after=True), longer=True)
        if plan is not None:
            plan.done += 1

    def hold(self, rows: Rows, view: View, leaf: View) -> None:
        """The rows hold a copy of an array that the list itself holds: neither is written from now on, where others see it."""
        if leaf.path or any(leaf.buffer is seen.buffer for seen in views(self.reached())):
            view.buffer.arguments.add(f"rows {self.label(rows)}")
        leaf.buffer.arguments.add(f"list {self.label(rows)}")

    def spread_rows(self, node: Any, item: Any) -> Any:
        """An item with the lists in it as arrays."""
        if isinstance(item, Rows):
            return self.whole(node, item)
        if isinstance(item, list) and isinstance(self.typed(item), Inner):
            maker = np.array if all(self.is_single(part) for part in item) else np.stack
            return self.call(node, Known(maker, f"np.{maker.__name__}"), [list(item)], {})
        if isinstance(item, dict):
            return {key: self.spread_rows(node, part) for key, part in item.items()}
        if isinstance(item, (tuple, list)):
            parts = [self.spread_rows(node, part) for part in item]
            return type(item)(*parts) if hasattr(item, "_fields") else type(item)(parts)
        return item

    def longer(self, node: Any, view: View, leaf: Any, type_: Type, *, after: bool) -> Any:
        """An array with one more row."""
        if type_.rank == 0:
            row = self.call(node, Known(np.array, "np.array"), [[leaf]], {})
        else:
            row = self.emit(ops.getitem, (leaf, None))
        parts = (view, row) if after else (row, view)
        return self.call(node, Known(np.concatenate, "np.concatenate"), [parts], {})

    def item(self, node: Any, rows: Rows, key: Any) -> Any:
        """`rows[key]`."""
        plan = rows.plan
        if rows.tree is None:
            if isinstance(key, (Value, View)):
                raise NeedUnroll(self.read(key), node)
            try:
                return rows.head[key]
            except IndexError as error:
                self.fails(node, error)
        if plan is not None:
            if isinstance(key, int) and key < 0:
                key = self.row(plan, -key)
            elif not isinstance(key, int) and not self.never_negative(key):
                filled = Slice(None, self.row(plan), None)
                return self.picked(
                    rows,
                    lambda view: self.emit(
                        ops.getitem, (self.emit(ops.getitem, (view, filled)), key)
                    ),
                )
        return self.picked(rows, lambda view: self.emit(ops.getitem, (view, key)))

    def never_negative(self, key: Any) -> bool:
        """Whether an index counts from the start."""
        frame = self.frame
        while frame is not None:
            domain = frame.loop.domain
            if frame.loop.index is key and domain is not None:
                return (
                    type(domain[0]) is int
                    and domain[0] >= 0
                    and type(domain[2]) is int
                    and domain[2] > 0
                )
            frame = frame.outer
        return False

    def picked(self, rows: Rows, pick: Callable[[View], Any]) -> Any:
        """An item made of what is picked of each array."""
        return self.recalled_rows(
            rows, replaced(rows.element, iter([pick(v) for v in self.leaves(rows)]))
        )

    def recalled_rows(self, rows: Rows, item: Any) -> Any:
        """An item with the arrays of inner lists as lists again."""
        if isinstance(item, Inner):
            inner = Rows(rows.site, "", _without_axis(item.items), ())
            inner.parts["tree"], inner.grow = item.items, True
            return inner
        made: Any = item
        if isinstance(item, dict):
            made = {key: self.recalled_rows(rows, part) for key, part in item.items()}
        elif isinstance(item, (tuple, list)):
            parts = [self.recalled_rows(rows, part) for part in item]
            made = type(item)(*parts) if hasattr(item, "_fields") else type(item)(parts)
        if isinstance(made, (list, dict)):
            self.program.frozen[id(made)] = (made, self.label(rows))
        return made

    def whole(self, node: Any, rows: Rows) -> Any:
        """The tree of arrays of all items so far, apart from those that the list goes on with."""
        if rows.tree is None:
            self.materialise(node, rows, None)
        plan = rows.plan

        def array(view: View) -> Any:
            if plan is not None:
                return self.emit(ops.getitem, (view, Slice(None, self.row(plan), None)))
            return self.bind_new(self.read_view(view))

        return replaced(rows.element, iter([array(view) for view in self.leaves(rows)]))

    def arrayed_rows(self, node: Any, rows: Rows) -> Any:
        """`np.array(rows)`."""
        if rows.tree is None:
            return self.call(node, Known(np.array, "np.array"), [list(rows.head)], {})
        tree = self.whole(node, rows)
        while isinstance(tree, Inner):
            tree = tree.items
        if isinstance(tree, View):
            return tree
        if isinstance(tree, (tuple, list)) and all(isinstance(part, View) for part in tree):
            return self.call(node, Known(np.stack, "np.stack"), [list(tree)], {"axis": 1})
        return self.refuse(
            node,
            f"`{self.label(rows)}` holds no numbers or arrays that one array could hold",
            "Take its parts apart in a loop, or append to several lists.",
        )

    # unpacking

    def unpack(self, node: Any, binding: Any, count: int | None) -> list[Any]:
        if isinstance(binding, Filled):
            self.read(binding, node)
        if isinstance(binding, Rows):
            if binding.tree is None:
                return list(binding.head)
            if count is not None:
                self.expect(self.length_of(binding), gast.Eq(), count)
                return [self.item(node, binding, place) for place in range(count)]
        return super().unpack(node, binding, count)

    def expect(self, length: Any, kind: Any, count: int) -> None:
        """Raise, as Python does, where another number of items is unpacked."""
        opposite = gast.NotEq() if isinstance(kind, gast.Eq) else gast.Lt()
        wrong = self.compare(self.statement, opposite, length, count)
        raising = (self.read(wrong), "ValueError", "another number of values to unpack")
        self.builder.add(Let(None, ops.raise_if, raising, (), self.builder.origin))

    def open_ended(self, node: Any, binding: Any) -> Rows | None:
        """A list whose length is not known while parsing; None for others."""
        if isinstance(binding, Filled):
            self.read(binding, node)
        if isinstance(binding, View):
            type_ = self.type(binding)
            if (
                type_.kind == "array"
                and type_.rank
                and not isinstance((type_.shape or (0,))[0], int)
            ):
                binding = self.listed_array(node, binding)
        return binding if isinstance(binding, Rows) and binding.tree is not None else None

    def assign_with_star(self, target: Any, rows: Rows, star: int, since: int) -> None:
        """`a, *b, c = rows`."""
        elements = target.elts
        behind = len(elements) - star - 1
        self.expect(self.length_of(rows), gast.GtE(), len(elements) - 1)
        for place, element in enumerate(elements):
            if place == star:
                part = self.sliced_rows(target, rows, Slice(star or None, -behind or None, None))
                self.assign(element.value, part, since)
            else:
                key = place if place < star else place - len(elements)
                self.assign(element, self.item(target, rows, key), since)

    # reads

    def over(self, node: Any, binding: Any) -> Iterable:
        if isinstance(binding, Rows) and binding.tree is not None:
            if binding.plan is not None:
                self.refuse(
                    node,
                    f"`{self.label(binding)}` is run over while it grows",
                    "Run over it after the loop that fills it.",
                )
            views = self.leaves(binding)
            return Iterable(
                lambda: self.emit(ops.length, (views[0],)),
                lambda i: self.item(node, binding, i),
                arrays=tuple(views),
            )
        if isinstance(binding, Rows):
            binding = list(binding.head)
        return super().over(node, binding)

    def subscript(self, node: Any, owner: Any, where: Any) -> Any:
        if not isinstance(owner, Rows):
            return super().subscript(node, owner, where)
        key = self.index(where)
        return (
            self.sliced_rows(node, owner, key)
            if isinstance(key, Slice)
            else self.item(node, owner, key)
        )

    def sliced_rows(self, node: Any, owner: Rows, key: Slice) -> Any:
        """`rows[key]` of a slice."""
        if owner.tree is None:
            self.place(node, key.start), self.place(node, key.stop)
            return list(owner.head[slice(*key)])
        made = Rows(owner.site, "", owner.element, ())
        whole = [view for _, view in leaf_items(owner.element, self.whole(node, owner))]
        sliced = [self.bind_new(self.read(self.emit(ops.getitem, (v, key)))) for v in whole]
        for view in [*sliced, *self.leaves(owner)]:  # which hold the same arrays
            if isinstance(view, View) and (self.type(view).rank or 2) > 1:
                view.buffer.arguments.add(f"rows {self.label(owner)}")
        made.parts["tree"], made.grow = replaced(owner.element, iter(sliced)), True
        return made

    def put_item(self, node: Any, owner: Any, key: Any, value: Any) -> None:
        if not isinstance(owner, Rows):
            return super().put_item(node, owner, key, value)
        if owner.tree is None:
            items = list(owner.head)
            super().put_item(node, items, key, value)
            owner.parts["head"] = tuple(items)
            return None
        if owner.plan is not None:
            if not (isinstance(key, int) and key < 0):
                raise NeedRows(owner.site, owner.element, grow=True)
            key = self.row(owner.plan, -key)
        for view, (_, leaf) in zip(
            self.leaves(owner), leaf_items(owner.element, self.spread_rows(node, value))
        ):
            if isinstance(leaf, View) and leaf.buffer is view.buffer:
                place = self.numbers.of((self.read(key),))
                if len(leaf.path) == 1 and self.numbers.of(leaf.path[0].args) == place:
                    continue  # `xs[i] += v` has changed it where it is
                view.buffer.arguments.add(f"rows {self.label(owner)}")
            elif isinstance(leaf, View):
                self.hold(owner, view, leaf)
            self.item_replaced(node, owner, view)
            self.store(node, view, self.read(key), leaf, add=False)
        return None

    def item_replaced(self, node: Any, rows: Rows, view: View) -> None:
        """Refuse to put another item in the place of one that a name may stand for: a row is read again after a store."""
        for name, binding in self.living():
            if any(seen.buffer is view.buffer and seen.path for seen in views(binding)):
                self.refuse(
                    node,
                    f"an item of `{self.label(rows)}` is replaced, while `{name}` may stand for it",
                    f"Write .copy() where `{name}` is bound.",
                    AliasingError,
                )

    def moved(self, targets: list[Any], parts: list[Any]) -> list[Any]:
        """What is assigned to items of a list of rows at once: as it was before the first of them was replaced."""
        owners = [
            self.env.get(target.value.id)
            for target in targets
            if isinstance(target, gast.Subscript) and isinstance(target.value, gast.Name)
        ]
        trees = [
            (owner, view)
            for owner in owners
            if isinstance(owner, Rows) and owner.tree is not None
            for view in self.leaves(owner)
        ]
        found = []
        for part in parts:
            for owner, view in trees:
                if isinstance(part, View) and part.buffer is view.buffer and part.path:
                    view.buffer.arguments.add(f"rows {self.label(owner)}")
                    part = self.bind_new(self.read(part))
            found.append(part)
        return found

    def item_key(self, node: Any, owner: Any, where: Any) -> Any:
        if isinstance(owner, Rows) and owner.tree is not None:
            return self.index(where)
        return super().item_key(node, owner, where)

    def call(self, node: Any, callee: Any, args: list[Any], options: dict[str, Any]) -> Any:
        stops = isinstance(callee, Known) and callee.object in (builtins.any, builtins.all)
        if not stops or not args or not isinstance(args[0], Lazy):
            return self.called(node, callee, args, options)
        memory, contents = dict(self.memory), self.held_boxes()
        result = self.called(node, callee, args, options)
        stored = any(self.memory.get(buffer) is not held for buffer, held in memory.items())
        if stored or not all(same_contents(was, holds(box)) for box, was in contents.values()):
            self.refuse(
                node,
                f"{callee.name}() stops early, and what it asks for changes something",
                "Write a loop with a break.",
            )
        return result

    def called(self, node: Any, callee: Any, args: list[Any], options: dict[str, Any]) -> Any:
        """Call a binding: of lists that loops fill, and of generators."""
        if isinstance(callee, Known) and callee.object is builtins.next:
            pass
        elif isinstance(callee, Known) and (
            ops.name_of(callee.object) is not None or not _with_source(callee.object)
        ):
            args = [self.forced(node, arg) for arg in args]
        if isinstance(callee, Known) and callee.object is builtins.list and len(args) == 1:
            many = self.listed_array(node, args[0])
            if isinstance(many, Lazy):
                args = [many]
            elif many is not None:
                return many
        if isinstance(callee, Known) and callee.object is builtins.len and len(args) == 1:
            if isinstance(args[0], Lazy) and args[0].name.startswith("range"):
                return self.counted(self.over(node, args[0]))
        if any(isinstance(arg, Rows) for arg in args) and isinstance(callee, Known):
            function = callee.object
            rows = args[0]
            if function is builtins.len:
                return self.length_of(rows)
            if function is builtins.sum and len(args) == 1 and not options:
                return self.call(
                    node, Known(np.sum, "np.sum"), [self.arrayed_rows(node, rows)], {"axis": 0}
                )
            if (
                function in (builtins.max, builtins.min, builtins.any, builtins.all)
                and len(args) == 1
                and not options
            ):
                twin = getattr(np, function.__name__)
                return self.call(
                    node,
                    Known(twin, f"np.{function.__name__}"),
                    [self.arrayed_rows(node, rows)],
                    {},
                )
            if function in (builtins.list, builtins.tuple) and isinstance(rows, Rows):
                return self.subscript(node, rows, gast.Slice(None, None, None))
            if ops.name_of(function) is not None and (ops.name_of(function) or "").startswith(
                "np."
            ):
                made = self.joined_rows(node, function, rows, args, options)
                if made is not None:
                    return made
                args = [
                    self.arrayed_rows(node, arg) if isinstance(arg, Rows) else arg for arg in args
                ]
        return super().call(node, callee, args, options)

    def listed_array(self, node: Any, binding: Any) -> Any:
        """`list(x)` of an array whose length is not known, or of what counts that far; None of what is known one by one."""
        if isinstance(binding, Lazy):
            over = self.over(node, binding)
            if over.parts is not None or isinstance(over.count, int):
                return self.lazily(over)
            held = Lazy(binding.name, lambda *_: over, [over.arrays], [], once=False)
            return self.copied_out(node, held)
        if not isinstance(binding, View):
            return None
        shape = self.type(binding).shape
        if not shape or isinstance(shape[0], int) or not self.type(binding).dtype:
            return None
        if shape[1:]:  # its items are views, which stores go through
            return self.copied_out(node, binding)
        element = self.type(binding)._replace(kind="scalar", shape=(), value=None)
        rows = Rows(self.site(node), "", element, ())
        rows.grow, rows.frame = True, self.frame
        rows.parts["tree"] = self.emit(ops.copy, (binding,))
        return rows

    def copied_out(self, node: Any, binding: Any) -> Any:
        """`[x for x in xs]`."""
        target, item = (gast.Name("item", ctx(), None, None) for ctx in (gast.Store, gast.Load))
        made = gast.ListComp(item, [gast.comprehension(target, Given(binding), [], 0)])
        for part in gast.walk(made):
            gast.copy_location(part, node)
        return self.expression(made)

    def joined_rows(
        self, node: Any, function: Any, rows: Any, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """What joins a list of arrays to one array; None of other functions."""
        if function not in _JOINS or not isinstance(rows, Rows):
            return None
        array = self.arrayed_rows(node, rows)
        rank = self.type(array).rank
        axis = args[1] if len(args) > 1 else options.get("axis", 0)
        plain = len(args) + len(options) == 1
        if function in (np.array, np.asarray, np.asanyarray):
            return array if plain else None
        if function is np.stack and isinstance(axis, int):
            if axis == 0:
                return array
            return self.call(node, Known(np.moveaxis, "np.moveaxis"), [array, 0, axis], {})
        if plain or (function is np.concatenate and axis == 0):
            if rank == 2 and function in (np.concatenate, np.hstack):
                return self.call(node, Known(np.ravel, "np.ravel"), [array], {})
            if rank == 1 and function is np.hstack:
                return array
            if function is np.vstack and rank == 2:
                return array
            if function is np.vstack and rank == 1:
                return self.emit(ops.getitem, (array, (Slice(), None)))
            if function is np.column_stack and rank == 2:
                return self.emit(ops.transpose, (array,))
            if function in (np.concatenate, np.vstack) and rank is not None and rank > 2:
                sizes = [
                    self.emit(ops.getitem, (self.emit(ops.shape, (array,)), axis))
                    for axis in range(2, rank)
                ]
                return self.call(node, Known(np.reshape, "np.reshape"), [array, (-1, *sizes)], {})
        return self.refuse(
            node,
            f"np.{function.__name__}() so of a list that grows in a loop",
            "Use np.array of the list, and shape that.",
        )

    def length_of(self, rows: Rows) -> Any:
        """How many items there are."""
        if rows.tree is None:
            return len(rows.head)
        if rows.plan is not None:
            return self.row(rows.plan)
        return self.emit(ops.length, (self.leaves(rows)[0],))

    def call_method(self, node: Any, method: Any, args: list[Any], options: dict[str, Any]) -> Any:
        owner, name = method.owner, method.name
        if not isinstance(owner, Rows):
            return super().call_method(node, method, args, options)
        if name in _CHANGES:
            self.change(node, owner)
        if name == "append" and len(args) == 1:
            self.add_item(node, owner, args[0])
            return None
        if name == "copy" and not args:
            return self.subscript(node, owner, gast.Slice(None, None, None))
        if owner.tree is None:
            items = list(owner.head)
            found = self.call_container(node, items, name, args, options)
            if name in _CHANGES and self.frame is not owner.frame:
                raise NeedRows(owner.site, owner.element, grow=True)
            owner.parts["head"] = tuple(items)
            return found
        if owner.plan is not None:
            raise NeedRows(owner.site, owner.element, grow=True)
        if name == "extend":
            for item in self.known(node, args[0]):
                self.add_item(node, owner, item)
            return None
        if name == "pop" and (not args or args[0] in (-1, 0)):
            first = bool(args) and args[0] == 0
            found = self.apart(self.item(node, owner, 0 if first else -1))
            rest = Slice(1, None, None) if first else Slice(None, -1, None)
            for view in self.leaves(owner):
                self.become(view, self.emit(ops.getitem, (view, rest)))
            return found
        if name == "reverse":
            for view in self.leaves(owner):
                self.become(view, self.call(node, Known(np.flip, "np.flip"), [view], {"axis": 0}))
            return None
        if name == "insert" and args[0] == 0:
            item = self.spread_rows(node, args[1])
            if not _alike(joined_elements(owner.element, self.typed(args[1])), owner.element):
                self.refuse(
                    node, "what is inserted is of another kind", "Append items of one kind."
                )
            for (type_, view), (_, leaf) in zip(
                leaf_items(owner.element, owner.tree), leaf_items(owner.element, item)
            ):
                self.become(view, self.longer(node, view, leaf, type_, after=False))
            return None
        return self.refuse(
            node,
            f"`.{name}()` of a list that grows in a loop",
            "Append, pop from an end, or fill an array.",
        )

    def name(self, binding: Any, name: str, since: int) -> None:
        if not isinstance(binding, Rows):
            super().name(binding, name, since)
        elif not binding.name:
            binding.name = name.partition(" ")[0]
            views = self.leaves(binding) if binding.tree is not None else []
            for place, view in enumerate(views):
                current = self.current(view.buffer)
                current.base = binding.name if len(views) == 1 else f"{binding.name}_{place}"

    # comprehensions

    def comprehended(self, node: Any, element: Callable[[], Any]) -> Any:
        undo = self.checkpoint()
        kept = {name: self.env.get(name) for name in _targets(node)}
        outer, self.later = self.later, self.later | reads([node])
        try:
            found: list[Any] = []
            self.written_out(node.generators, lambda: found.append(element()))
            return self.begun_out(found, node)
        except _Stays:
            undo()
            return self.looped(node)
        finally:
            self.later = outer
            for name, binding in kept.items():
                self.env.pop(name, None)
                if binding is not None:
                    self.env[name] = binding

    def _GeneratorExp(self, node: Any) -> Any:
        """What is looked over first is evaluated where the generator is written, the rest when it is run over."""
        if any(isinstance(part, gast.NamedExpr) for part in gast.walk(node)):
            self.refuse(
                node,
                "a generator assigns a name",
                "Write a loop, which says how far it runs, or a list: [...].",
            )
        first = node.generators[0]
        outer, self.taken = self.taken, []
        over = self.over(first.iter, self.expression(first.iter))
        taken, self.taken = self.taken, outer
        held = Lazy("a generator", lambda *_: over, [over.parts, over.arrays], taken, once=False)
        given = gast.copy_location(Given(held), first.iter)
        generators = [gast.comprehension(first.target, given, first.ifs, 0), *node.generators[1:]]
        body = gast.copy_location(gast.ListComp(node.elt, generators), node)
        none = gast.arguments([], [], None, [], [], None, [])
        function = gast.copy_location(gast.Lambda(none, body), node)
        made = FunctionBinding(function, "generator", {}, self)

        def run(parser: Any, where: Any) -> Iterable:
            found: Iterable = parser.over(where, parser.call_function(where, made, [], {}))
            return found._replace(guard=made, live=None)

        return Lazy("a generator", run, [made, held], [], once=True)

    def forced(self, node: Any, binding: Any) -> Any:
        """A generator as the list of its items; others as they are."""
        if (
            isinstance(binding, Lazy)
            and binding.name == "a generator"
            and binding.parts["items"] is None
        ):
            self.use(node, binding)
            return self.call_function(node, binding.sees[0], [], {})
        return binding

    def begun_out(self, made: list[Any], node: Any) -> Any:
        """The list of a comprehension, which may grow later."""
        return self.begun(made, node)

    def written_out(self, generators: list[Any], use: Callable[[], Any]) -> None:
        """Do something for each item, one by one."""
        if not generators:
            use()
            return
        first, rest = generators[0], generators[1:]
        over = self.iterable(first.iter)
        parts = over.parts
        if parts is None:
            if over.record is not None or not isinstance(over.count, int):
                raise _Stays
            if over.count > _FEW and not over.unroll:
                raise _Stays
            parts = [over.item(place) for place in range(over.count)[:: over.direction]]
        for part in parts:
            self.assign(first.target, part, Value("").serial)
            for test in first.ifs:
                condition = self.expression(test)
                if not is_static(condition):
                    raise _Stays
                if not truth(condition):
                    break
            else:
                self.written_out(rest, use)

    def looped(self, node: Any) -> Any:
        """A comprehension as a loop that appends."""
        if not isinstance(node, (gast.ListComp, gast.GeneratorExp)):
            self.refuse(
                node,
                "the keys of this comprehension are not known while parsing",
                "Loop over what is known one by one: a list, a range with numbers.",
            )
        key = f"items {node.lineno} {node.col_offset}"
        self.env[key] = self.begun([], node)
        if isinstance(self.env[key], Rows):
            self.env[key].name = "items"
            self.env[key].frame = self.frame
        append = gast.Attribute(_name(key), "append", gast.Load())
        self.do_loop(node, gast.Expr(gast.Call(append, [node.elt], [])))
        return self.env.pop(key)

    def do_loop(self, node: Any, inner: Any) -> None:
        """Run the loops of a comprehension around a statement."""
        for generator in reversed(node.generators):
            for test in reversed(generator.ifs):
                inner = gast.If(test, [inner], [])
            inner = gast.For(generator.target, generator.iter, [inner], [], None)
        for part in gast.walk(inner):
            if not hasattr(part, "lineno"):
                gast.copy_location(part, node)
        later, statement = self.later, self.statement
        self.later = later | {name for name in self.env if " " in name}
        self.do_For(inner)
        self.later, self.statement = later, statement

    def _Call(self, node: Any) -> Any:
        if (
            isinstance(node.func, gast.Name)
            and node.func.id == "sum"
            and node.func.id not in self.env
            and node.args
            and isinstance(node.args[0], (gast.GeneratorExp, gast.ListComp))
            and len(node.args) == 1
            and not node.keywords
        ):
            callee = self.expression(node.func)
            if isinstance(callee, Known) and callee.object is builtins.sum:
                return self.summed(node, callee, node.args[0])
        return super()._Call(node)

    def summed(self, node: Any, callee: Known, items: Any) -> Any:
        """`sum(f(x) for x in xs)`: where the loop stays one, without a list."""
        undo = self.checkpoint()
        kept = {name: self.env.get(name) for name in _targets(items)}
        outer, self.later = self.later, self.later | reads([items])
        try:
            found: list[Any] = []
            self.written_out(items.generators, lambda: found.append(self.expression(items.elt)))
            return super().call(node, callee, [found], {})
        except _Stays:
            undo()
            key = f"sum {node.lineno} {node.col_offset}"
            self.env[key] = 0
            add = gast.Assign(
                [_name(key, gast.Store())], gast.BinOp(_name(key), gast.Add(), items.elt), None
            )
            self.do_loop(items, add)
            return self.env.pop(key)
        finally:
            self.later = outer
            for name, binding in kept.items():
                self.env.pop(name, None)
                if binding is not None:
                    self.env[name] = binding


_JOINS = {
    np.array,
    np.asarray,
    np.asanyarray,
    np.stack,
    np.concatenate,
    np.vstack,
    np.hstack,
    np.column_stack,
    np.dstack,
    np.block,
}


def _one_array(types: list[Any]) -> bool:
    """Whether items of these types make one array."""
    first = types[0]
    return isinstance(first, Type) and all(
        isinstance(other, Type)
        and other.shape == first.shape
        and _dtype_of(other) is _dtype_of(first)
        for other in types
    )


def _one_number(parts: list[Any]) -> bool:
    """Whether all parts are the same constant."""
    return all(
        is_constant(part) and type(part) is type(parts[0]) and part == parts[0] for part in parts
    )


def _with_source(function: Any) -> bool:
    """Whether a callable is written in Python."""
    return isinstance(unwrap(function), types.FunctionType)


def _name(key: str, context: Any = None) -> Any:
    return gast.Name(key, context or gast.Load(), None, None)


def _targets(node: Any) -> list[str]:
    """The names that a comprehension assigns, which are its own."""
    return writes([generator.target for generator in node.generators])


def _appends_to(statement: Any, name: str) -> bool:
    """Whether a statement is `name.append(...)`."""
    return (
        isinstance(statement, gast.Expr)
        and _changes(statement.value, name)
        and statement.value.func.attr == "append"
    )


def _changes(node: Any, name: str) -> bool:
    """Whether an expression changes the list of that name."""
    return (
        isinstance(node, gast.Call)
        and isinstance(node.func, gast.Attribute)
        and isinstance(node.func.value, gast.Name)
        and node.func.value.id == name
        and node.func.attr in _CHANGES
    )


def _dtype_of(type_: Type) -> Any:
    """The dtype of the rows of items."""
    names = {"float": "float64", "int": "int64", "complex": "complex128"}
    return np.dtype(names.get(type_.dtype or "float", type_.dtype or "float64")).type


def _alike(a: Any, b: Any) -> bool:
    """Whether items of the one type fit among those of the other."""
    if isinstance(a, Type) and isinstance(b, Type):
        return a.rank == b.rank and _dtype_of(a) is _dtype_of(b) and a.kind == b.kind
    if isinstance(a, Inner) and isinstance(b, Inner):
        return _alike(a.items, b.items)
    if type(a) is not type(b) or len(a) != len(b):
        return False
    if isinstance(a, dict):
        return all(key in b and _alike(part, b[key]) for key, part in a.items())
    return all(map(_alike, a, b))


def _without_axis(tree: Any) -> Any:
    """The types of the items of a list, from the arrays of its rows."""
    if isinstance(tree, View):
        type_ = tree.value.type
        shape = (type_.shape or ())[1:]
        return type_._replace(kind="array" if shape else "scalar", shape=shape, value=None)
    if isinstance(tree, Inner):
        return Inner(_without_axis(tree.items))
    if isinstance(tree, dict):
        return {key: _without_axis(part) for key, part in tree.items()}
    parts = [_without_axis(part) for part in tree]
    return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
