"""Loops: unrolled where their items are known one by one, else one loop with what it carries.

for a in x:                    for i in range(len(x)):     # carries v: param, init, next, exit
    v = v + a        ->            a = x[i]
                                   sum_1 = v + a
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gast

from srcad.core.nodes import Family, Let, Loop, Value, walk
from srcad.core.types import Type, number
from srcad.parser.boxes import copied, holds, refill
from srcad.parser.carried import Boxed, Carried
from srcad.parser.expressions import (
    is_static,
)
from srcad.parser.iterables import Iterable, Iterables
from srcad.parser.places import Buffer, View, views
from srcad.parser.reads import live, reads_first, writes
from srcad.parser.records import Filled, Frame, Growing, Kept, Maybe, handed_on
from srcad.parser.state import NeedUnroll, Unbound

__all__ = ["Loops"]


class Loops(Iterables):
    """Parse loops."""

    def do_For(self, node: Any) -> None:
        if node.orelse:
            self.refuse(
                node, "`else` of a loop is not accepted yet", "Put it after the loop, under a flag."
            )
        over = self.iterable(node.iter)
        later = self.later
        if over.parts is not None:
            held = f"for ... in {self.source.text(node.iter)}"
            outer = self.held
            self.env[held], self.held = list(over.parts), outer | {held}
            try:
                for part in over.parts[:: over.direction]:
                    since = Value("").serial
                    self.assign(node.target, part, since)
                    self.block(node.body, live(node.body, later) | later | self.held)
            finally:
                self.env.pop(held, None)
                self.held = outer
            return
        kept, frame = (dict(self.env), dict(self.memory), len(self.builder.block)), self.frame
        contents = self.held_boxes()
        try:
            self.loop(node, over, later)
        except NeedUnroll as need:
            self.frame = frame
            self.env, self.memory = kept[0], kept[1]
            self.put_back(contents)
            del self.builder.block[kept[2] :]
            count = over.count
            if not isinstance(count, int):
                self.refuse(
                    need.node or node,
                    "a list is indexed by a value that is not known while parsing",
                    "Use an array, or loop over the list.",
                )
            for place in range(count)[:: over.direction]:
                self.assign(node.target, over.item(place), Value("").serial)
                self.block(node.body, later | live(node.body, later))

    def loop(self, node: Any, over: Iterable, later: frozenset[str]) -> None:
        """A loop that stays one."""
        family, direction = Family(), over.direction
        index = Value("i", number("int"))
        domain: Any = over.domain
        item: Callable[[], Any] = lambda: index  # noqa: E731
        if over.record is not None:
            source = over.record.loop
            family, direction, domain = source.family, direction * source.direction, source.domain
            if source.index is not None:
                self.numbers.same(index, source.index)
            item = lambda: over.item(index)  # noqa: E731
        elif domain is None:
            count = self.read(over.count() if callable(over.count) else over.count)
            domain = (0, count, 1)
            item = lambda: over.item(index)  # noqa: E731
        if over.domain is not None and isinstance(node.target, gast.Name):
            index.base, index.named = node.target.id, True

        def start() -> None:
            with self.at(node, " "):
                self.assign(node.target, item(), index.serial)

        # The loop reads its array while the body may write to it: it counts as a name of the array's.
        held = [f"for ... in {self.source.text(node.iter)}"] if over.arrays else []
        for name in held:
            self.env[name] = over.arrays
        self.held = self.held | frozenset(held)
        try:
            shown = index if domain is not None else None
            loop = Loop(family, direction, shown, domain, [], [], self.builder.origin)
            self.carry(node, node.body, later, loop, start, joined=over.record is not None)
        finally:
            self.held = self.held - frozenset(held)
            for name in held:
                self.env.pop(name, None)

    def do_While(self, node: Any) -> None:
        if node.orelse:
            self.refuse(
                node, "`else` of a loop is not accepted yet", "Put it after the loop, under a flag."
            )
        loop = Loop(Family(), 1, None, None, [], [], self.builder.origin)
        header, test, body = self.while_parts(node)
        self.carry(node, body, self.later, loop, None, test, header)
        for name in writes(header):
            self.env[name] = Unbound(name)

    def while_parts(self, node: Any) -> tuple[list[Any], Any, list[Any]]:
        """What is done before each test of a loop, its test, and its body.

        `while True: a = f(x); if not a: break; ...` computes `a` before each test, the last one too. What the body reads of that it computes
        again. After the loop these names are not known.
        """
        if not (isinstance(node.test, gast.Constant) and node.test.value is True):
            return [], node.test, node.body
        for place, statement in enumerate(node.body):
            if (
                isinstance(statement, gast.If)
                and len(statement.body) == 1
                and isinstance(statement.body[0], gast.Break)
                and not statement.orelse
            ):
                header, body = node.body[:place], node.body[place + 1 :]
                test = gast.copy_location(gast.UnaryOp(gast.Not(), statement.test), statement.test)
                if isinstance(statement.test, gast.UnaryOp) and isinstance(
                    statement.test.op, gast.Not
                ):
                    test = statement.test.operand
                again = any(reads_first(body, name) for name in writes(header))
                again |= any(reads_first(header, name) for name in writes(header))
                return header, test, [*header, *body] if again else body
        return [], node.test, node.body

    def carry(
        self,
        node: Any,
        body: list[Any],
        later: frozenset[str],
        loop: Loop,
        start: Callable[[], None] | None,
        test: Any = None,
        header: list[Any] | None = None,
        *,
        joined: bool = False,
    ) -> None:
        """Parse the body until what the loop carries, its types and what may share memory stand still."""
        for name in writes(body):
            if reads_first([*(header or []), *body], name):
                self.merge(node, name)
                self.assure(name)
        env0, memory0 = dict(self.env), dict(self.memory)
        held0 = self.held_boxes()
        targets = writes([node.target] if isinstance(node, gast.For) else [])
        assigned = [name for name in writes(body) if name not in targets]
        originals = {name: env0[name] for name in assigned if name in env0}
        env0.update({name: copied(binding) for name, binding in originals.items()})
        boxed: dict[int, Boxed] = {}
        linked: set[tuple[str, str]] = set()
        again = [*(header or []), *([gast.Expr(test)] if test is not None else []), *body]
        inside = later
        while (before := inside | (live(again, inside) - frozenset(targets))) != inside:
            inside = before
        inside |= self.held
        types: dict[Any, Type] = {}
        partners: dict[Any, frozenset[Any]] = {}
        stored: list[Buffer] = []
        frame = self.frame = Frame(loop, self.frame, self.builder)
        frame.joined = joined
        free = {name for name in assigned if not reads_first([*(header or []), *body], name)}
        loose: set[str] = set()
        for _ in range(50):
            self.env, self.memory = dict(env0), dict(memory0)
            self.put_back(held0)
            carried = Carried(self, env0, memory0, types, partners)
            carried.free, carried.loose = free, loose
            for name in assigned:
                if name in env0 and name not in loose and self.carries(name, name in free):
                    self.env[name] = carried.enter(node, name, env0[name])
                elif name in env0:
                    self.env[name] = Unbound(name)
            for name in targets:
                self.env[name] = Unbound(name)
            for buffer in stored:
                self.memory[buffer] = carried.parameter(
                    buffer, memory0[buffer], memory0[buffer].base, memory0[buffer].named
                )
            for part in boxed.values():
                carried.enter_box(node, part, env0)
            carried.link(originals, linked)
            carried.entered(self, env0, assigned)
            if test is not None:
                with self.inner() as builder:
                    self.later = later | inside
                    env, memory = dict(self.env), dict(self.memory)
                    self.block(header or [], live([gast.Expr(test), *body], inside) | self.held)
                    if any(self.memory[buffer] is not memory[buffer] for buffer in memory):
                        self.refuse(
                            node,
                            "what is done before the test of this loop writes to an array",
                            "Store in the rest of the body.",
                        )
                    with self.at(node, self.header_text(node)):
                        condition = self.expression(test)
                        if is_static(condition):
                            self.refuse(
                                node,
                                "the condition of this loop never changes",
                                "A loop needs a condition that ends it.",
                            )
                        loop.test = self.read(condition)
                loop.header = builder.block
                if any(isinstance(s, Let) and s.op.effect == "effect" for s in walk(builder.block)):
                    if header:
                        self.refuse(
                            node,
                            "what is done before the test of this loop has an effect",
                            "Do it in the rest of the body.",
                        )
                self.env, self.memory = env, memory
            with self.inner() as builder:
                self.later = later | inside
                frame.builder = builder
                if start is not None:
                    start()
                self.block(body, later | inside)
                changed = carried.leave(self, node, stored)
                changed |= carried.leave_boxes(node, held0, boxed, originals, linked)
            loop.body = builder.block
            if not changed:
                break
        else:
            self.refuse(
                node,
                "what this loop carries changes without end",
                "Give the loop's values one shape and kind.",
            )
        self.frame = frame.outer
        filled = {
            name: binding
            for name, binding in self.env.items()
            if isinstance(binding, Filled) and binding.loop is loop
        }
        names = [*assigned, *targets, *(part.name for part in boxed.values())]
        carried.finish(self, loop, env0, memory0, later, names)
        self.put_back(held0)
        for part in boxed.values():
            exits = self.env.pop(part.name)
            refill(part.box, {**holds(part.box), **exits})
        carried.link(originals, linked)
        for name, binding in filled.items():
            binding.closed = True
            self.env[name] = binding
        self.builder.add(loop)

    def carries(self, name: str, free: bool) -> bool:
        """Whether a loop whose body assigns a name (before it reads it: `free`) takes what it was before into its iterations."""
        found = self.env[name]
        if isinstance(found, (Unbound, Filled, Growing)):
            return False
        guard = self.guards.get(name)
        return guard is None or guard.binding is not found or not free

    def fills(self, node: Any) -> bool:
        """`saved.append(...)`, once in each iteration of a loop, to a list that is empty when the loop begins."""
        if not (
            isinstance(node, gast.Call)
            and isinstance(node.func, gast.Attribute)
            and node.func.attr == "append"
            and isinstance(node.func.value, gast.Name)
            and len(node.args) == 1
            and not node.keywords
        ):
            return False
        name, frame = node.func.value.id, self.frame
        found = self.env.get(name)
        if (
            frame is None
            or self.builder is not frame.builder
            or not isinstance(found, Growing)
            or found.frame is not frame.outer
            or found.block is not frame.around
            or found.read
        ):
            return False
        parts = self.handed(node.args[0], lists=True)
        for part in handed_on(parts):
            if isinstance(part, Filled) and not part.closed:
                self.read(part, node)
        for view in views(parts):
            view.buffer.arguments.add(f"list {name}")
        self.env[name] = found.filled = Filled(name, frame.loop, self.kept(parts))
        return True

    def kept(self, binding: Any) -> Any:
        """A record: arrays as what they hold now."""
        if isinstance(binding, View):
            return Kept(self.read_view(binding))
        if isinstance(binding, Maybe):
            sides = tuple(
                Kept(side.value) if isinstance(side, View) else self.kept(side)
                for side in binding.sides
            )
            return Maybe(binding.name, binding.test, binding.number, sides, binding.absent)  # type: ignore[arg-type]
        if isinstance(binding, (tuple, list)) and not isinstance(binding, Growing):
            parts = [self.kept(part) for part in binding]
            return type(binding)(*parts) if hasattr(binding, "_fields") else type(binding)(parts)
        if isinstance(binding, dict):
            return {key: self.kept(part) for key, part in binding.items()}
        return binding
