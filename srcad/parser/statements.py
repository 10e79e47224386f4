"""Statements: assignments, stores, branches and loops, with their joins.

for a in x:                    for i in range(len(x)):     # carries v: param, init, next, exit
    v = v + a        ->            a = x[i]
                                   sum_1 = v + a
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any, NamedTuple

import gast

from srcad import runtime
from srcad.analysis.types import join, type_of, widen
from srcad.core import ops
from srcad.core.nodes import Block, Branch, Carry, Family, Let, Loop, Phi, Slice, Value, walk
from srcad.core.specification import Known
from srcad.core.types import Type, number
from srcad.errors import AliasingError
from srcad.parser.calls import Calls
from srcad.parser.expressions import (
    _BINARY,
    LambdaBinding,
    MethodBinding,
    _truth,
    is_constant,
    is_static,
)
from srcad.parser.places import Buffer, View, views
from srcad.parser.reads import live, reads_first, writes
from srcad.parser.records import Filled, Frame, Growing, Kept, Maybe, handed_on
from srcad.parser.state import Guard, NeedUnroll, Unbound

__all__ = ["Statements"]


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


class Statements(Calls):
    """Parse statements into the block."""

    def block(self, statements: list[Any], later: frozenset[str]) -> None:
        """Parse a list of statements; `later` are the names read after it."""
        for place, statement in enumerate(statements):
            rest = statements[place + 1 :]
            self.later = live(rest, later)
            with self.at(statement, self.header_text(statement)):
                method = getattr(self, f"do_{type(statement).__name__}", None)
                if method is None:
                    self.refuse(
                        statement,
                        f"`{type(statement).__name__}` statements are not accepted",
                        "See docs/language.md for the statements that are.",
                    )
                if isinstance(statement, gast.If) and _returns(statement):
                    self.do_early_return(statement, rest, later)
                    return
                if isinstance(statement, (gast.For, gast.While)) and _returns(statement):
                    inner = next(
                        node for node in gast.walk(statement) if isinstance(node, gast.Return)
                    )
                    self.refuse(
                        inner,
                        "`return` inside a loop is not accepted yet",
                        "Keep the value in a name, and return it after the loop.",
                    )
                method(statement)
                if isinstance(statement, gast.Return):
                    return  # what follows never runs

    def header_text(self, statement: Any) -> str:
        """The text of a statement; of a compound one its first line."""
        if isinstance(statement, (gast.For, gast.While, gast.If, gast.With)):
            return (
                self.source.lines[statement.lineno - 1].strip()
                if statement.lineno <= len(self.source.lines)
                else ""
            )
        return self.source.text(statement)

    def do_Pass(self, node: Any) -> None:
        return None

    def do_Expr(self, node: Any) -> None:
        if isinstance(node.value, gast.Constant) or self.fills(node.value):
            return
        self.expression(node.value)

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

    def do_Return(self, node: Any) -> None:
        self.returned = self.handed(node.value) if node.value is not None else None
        self.has_returned = True

    def do_early_return(self, node: Any, rest: list[Any], later: frozenset[str]) -> None:
        """`if c: return a` with statements after it: they are the other side of the branch."""
        body, orelse = list(node.body), list(node.orelse)
        if not _ends(body):
            body += rest
        if not _ends(orelse):
            orelse += rest
        condition = self.expression(node.test)
        if is_static(condition):
            self.block(body if _truth(condition) else orelse, later)
            return
        self.later = later
        value = self.choose(
            node,
            condition,
            lambda: self.side(node, body, later),
            lambda: self.side(node, orelse, later),
        )
        self.returned, self.has_returned = value, True

    def side(self, node: Any, statements: list[Any], later: frozenset[str]) -> Any:
        """A side of a branch that returns: its value."""
        env = dict(self.env)
        self.block(statements, later)
        if not self.has_returned:
            self.refuse(
                node,
                "one path returns a value and another falls off the end",
                "Return a value on every path.",
            )
        value, self.has_returned = self.returned, False
        self.env = env
        return value

    # assignment

    def do_Assign(self, node: Any) -> None:
        since = Value("").serial
        value = self.expression(node.value)
        if isinstance(node.targets[0], gast.Name) and isinstance(node.value, gast.List):
            single = not value and len(node.targets) == 1
            value = Growing((), self.frame, self.builder) if single else list(value)
        for target in node.targets:
            self.assign(target, value, since)

    def do_AnnAssign(self, node: Any) -> None:
        if node.value is not None:
            since = Value("").serial
            self.assign(node.target, self.expression(node.value), since)

    def assign(self, target: Any, value: Any, since: int) -> None:
        """Bind a target to a value."""
        if isinstance(target, gast.Name):
            self.name(value, target.id, since)
            self.env[target.id] = value
        elif isinstance(target, (gast.Tuple, gast.List)):
            if any(isinstance(element, gast.Starred) for element in target.elts):
                self.refuse(
                    target, "a star on the left side is not accepted yet", "Index the parts."
                )
            parts = self.unpack(target, value, len(target.elts))
            if len(parts) != len(target.elts):
                self.refuse(
                    target,
                    f"{len(parts)} parts are unpacked into {len(target.elts)} names",
                    "Match the numbers.",
                )
            for element, part in zip(target.elts, parts):
                self.assign(element, part, since)
        elif isinstance(target, gast.Subscript):
            owner, index = self.target_of(target)
            self.store(target, owner, index, value, add=False)
        elif isinstance(target, gast.Attribute):
            self.refuse(
                target, "an attribute is assigned", "Keep the value in a local name and return it."
            )
        else:
            self.refuse(
                target, "this target is not accepted", "Assign to names, elements and slices."
            )

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
            for other in sorted(self.env)
            if other != name and other in self.later
            for view in views(self.env[other])
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

    # branches

    def do_If(self, node: Any) -> None:
        condition = self.expression(node.test)
        if is_static(condition):
            self.block(node.body if _truth(condition) else node.orelse, self.later)
            return
        operand = self.read(condition)
        if self.raises(node, operand):
            return
        test, operand, flipped = self.test_of(operand)
        env, memory, later = dict(self.env), dict(self.memory), self.later
        sides: list[tuple[dict[str, Any], dict[str, Any], dict[Buffer, Value], Block]] = []
        parts = (node.orelse, node.body) if flipped else (node.body, node.orelse)
        for place, statements in enumerate(parts):
            known = self.on_side(env, test, place)
            self.env, self.memory = dict(known), dict(memory)
            with self.taking(test, place), self.inner() as builder:
                self.block(statements, later)
                self.later = later
                for name, binding in known.items():
                    if self.env.get(name) is binding:
                        self.env[name] = env[name]
                operands = {
                    name: self.join_operands(node, binding)
                    for name, binding in self.env.items()
                    if name in later or name not in writes(node.body + node.orelse)
                }
            sides.append((self.env, operands, self.memory, builder.block))
        (env_a, x, memory_a, block_a), (env_b, y, memory_b, block_b) = sides
        phis: list[Phi] = []
        merged = {**memory_a, **memory_b}
        for place, made in enumerate((memory_a, memory_b)):
            self.sided.update((buffer, (test, place)) for buffer in made if buffer not in memory)
        for buffer in memory:
            a, b = memory_a[buffer], memory_b[buffer]
            under, place = self.sided.get(buffer, (None, 0))
            if under is test:
                merged[buffer] = b if place else a
            elif a is not b and under is not None and under not in self.numbers.taken:
                self.refuse(
                    node,
                    "an array that one side of a branch makes is written under another condition",
                    "Make it before the `if`, or write to a copy.",
                    AliasingError,
                )
            elif a is not b:
                out = Value(a.base, join(a.type, b.type), named=a.named)
                phis.append(Phi(out, a, b))
                merged[buffer] = out
        self.memory = merged
        names = list(dict.fromkeys([*env_a, *env_b]))
        self.env = env
        test = self.own_test(test)
        self.env = {}
        for name in names:
            a = env_a.get(name, Unbound(name))
            b = env_b.get(name, Unbound(name))
            if a is b or (isinstance(a, View) and a.same_place(b) and a.buffer in memory):
                self.env[name] = a
            elif name in later and (self.guarded(name, a) or self.guarded(name, b)):
                condition_number = self.numbers.here(operand)
                self.env[name] = Maybe(name, test, condition_number, (a, b), "guarded", operand)
            elif name in later:
                self.env[name] = self.join_bindings(
                    node, name, (a, x.get(name)), (b, y.get(name)), phis, (test, operand)
                )
            else:
                self.env[name] = Unbound(name)
        self.builder.add(Branch(test, operand, block_a, block_b, phis, self.builder.origin))

    def raises(self, node: Any, condition: Any) -> bool:
        """`if condition: raise ValueError("...")`, with an exception of Python's own."""
        if len(node.body) != 1 or node.orelse or not isinstance(node.body[0], gast.Raise):
            return False
        raised = node.body[0].exc
        args = raised.args if isinstance(raised, gast.Call) else []
        kind = raised.func if isinstance(raised, gast.Call) else raised
        if (
            not isinstance(kind, gast.Name)
            or kind.id in self.env
            or node.body[0].cause is not None
            or len(args) > 1
            or getattr(raised, "keywords", [])
            or not all(isinstance(a, gast.Constant) and isinstance(a.value, str) for a in args)
        ):
            return False
        error = self.expression(kind)
        if not (
            isinstance(error, Known)
            and isinstance(error.object, type)
            and issubclass(error.object, Exception)
            and getattr(builtins, error.name, None) is error.object
        ):
            return False
        message = args[0].value if args else None
        raising = (condition, error.name, message)
        self.builder.add(Let(None, ops.raise_if, raising, (), self.builder.origin))
        return True

    # loops

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
        try:
            self.loop(node, over, later)
        except NeedUnroll as need:
            self.frame = frame
            self.env, self.memory = kept[0], kept[1]
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
        targets = writes([node.target] if isinstance(node, gast.For) else [])
        assigned = [name for name in writes(body) if name not in targets]
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
            carried = _Carried(self, env0, memory0, types, partners)
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
        carried.finish(self, loop, env0, memory0, later, [*assigned, *targets])
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

    def do_With(self, node: Any) -> None:
        for item in node.items:
            manager = (
                self.expression(item.context_expr.func)
                if isinstance(item.context_expr, gast.Call)
                else None
            )
            if (
                not (isinstance(manager, Known) and manager.object is runtime.no_grad)
                or item.optional_vars is not None
            ):
                self.refuse(
                    node,
                    "only `with srcad.no_grad():` is accepted yet",
                    "Enter other contexts outside the function.",
                )
        self.constant += 1
        try:
            self.block(node.body, self.later)
        finally:
            self.constant -= 1

    def _refused(what: str, rewrite: str) -> Any:  # type: ignore[misc]
        def method(self: Statements, node: Any) -> None:
            self.refuse(node, what, rewrite)

        return method

    do_Break = _refused("`break` is not accepted yet", "Put the condition into a while loop.")
    do_Continue = _refused(
        "`continue` is not accepted yet", "Put the rest of the body under an if."
    )
    do_Try = do_TryStar = _refused(
        "`try` is not accepted yet", "Handle exceptions outside the function."
    )
    do_Raise = _refused("`raise` is not accepted yet", "Check arguments before the call.")
    do_Assert = _refused("`assert` is not accepted yet", "Check arguments before the call.")
    do_FunctionDef = _refused(
        "functions defined inside the function are not accepted yet", "Define it at module level."
    )
    do_AsyncFunctionDef = do_ClassDef = _refused(
        "this definition is not accepted", "Define it at module level."
    )
    do_Global = do_Nonlocal = _refused(
        "names of outer scopes are not written", "Return the value instead."
    )
    do_Delete = _refused(
        "`del` is not accepted yet",
        "Leave the name; the derivative does not keep what it does not need.",
    )
    do_Import = do_ImportFrom = _refused(
        "imports inside the function are not accepted yet", "Import at the top of the module."
    )
    do_Match = _refused("`match` is not accepted yet", "Write if and elif.")


class _Carried:
    """What a loop carries, while its body is being parsed."""

    def __init__(
        self,
        state: Statements,
        env0: dict[str, Any],
        memory0: dict[Buffer, Value],
        types: dict[Any, Type],
        partners: dict[Any, frozenset[Any]],
    ) -> None:
        self.state, self.env0, self.memory0, self.types, self.partners = (
            state,
            env0,
            memory0,
            types,
            partners,
        )
        self.carries: dict[Any, Carry] = {}
        self.buffers: dict[Any, Buffer] = {}
        self.entry: dict[str, Any] = {}
        # Names that an iteration assigns before it reads them; those of them that change their kind, so that they cannot be carried.
        self.free: set[str] = set()
        self.loose: set[str] = set()

    def parameter(self, key: Any, init: Any, base: str, named: bool) -> Value:
        """A value that the loop carries, for `key`: a path from a name, or a buffer."""
        type_ = self.types.get(key, type_of(init))
        param = Value(base, type_, named=named)
        self.carries[key] = Carry(param, init, None, Value(base, type_, named=named))
        return param

    def enter(self, node: Any, name: str, binding: Any, key: tuple[Any, ...] = ()) -> Any:
        """The binding of a name in an iteration."""
        path = (name, *key)
        if isinstance(binding, (tuple, list)):
            parts = [
                self.enter(node, name, part, (*key, place)) for place, part in enumerate(binding)
            ]
            return type(binding)(*parts) if hasattr(binding, "_fields") else type(binding)(parts)
        if isinstance(binding, dict):
            return {
                inner: self.enter(node, name, part, (*key, inner))
                for inner, part in binding.items()
            }
        if isinstance(
            binding,
            (str, type(None), Known, LambdaBinding, MethodBinding, Unbound, Slice, type(...)),
        ):
            self.entry[name] = binding
            return binding
        init = self.state.read(binding, node)
        base = name if not key else "_".join(map(str, path))
        param = self.parameter(path, init, base, not key)
        if param.type.immutable:
            return param
        buffer = Buffer()
        self.buffers[path] = buffer
        self.state.memory[buffer] = param
        return View(buffer, (), param, param)

    def entered(self, state: Statements, env0: dict[str, Any], assigned: list[str]) -> None:
        """Where another name sees the buffer that a carried one begins with, the two may share memory."""
        count: dict[Buffer, int] = {}
        for binding in env0.values():
            for view in views(binding):
                count[view.buffer] = count.get(view.buffer, 0) + 1
        for path, buffer in self.buffers.items():
            begin = self.beginning(env0, path)
            buffer.arguments |= self.partners.get(("arguments", path), frozenset())
            if isinstance(begin, View):
                buffer.arguments |= begin.buffer.arguments
                if count.get(begin.buffer, 0) > 1 or begin.path:
                    buffer.alias(begin.buffer)
                for other_path, other in self.buffers.items():
                    second = self.beginning(env0, other_path)
                    if (
                        other is not buffer
                        and isinstance(second, View)
                        and second.buffer is begin.buffer
                    ):
                        buffer.alias(other)
                for other_buffer in begin.buffer.aliases:
                    buffer.alias(other_buffer)
        for path, buffer in self.buffers.items():
            for other in self.partners.get(path, ()):
                buffer.alias(self.buffers[other] if isinstance(other, tuple) else other)

    def beginning(self, env0: dict[str, Any], path: tuple[Any, ...]) -> Any:
        binding = env0[path[0]]
        for key in path[1:]:
            binding = binding[key]
        return binding

    def leave(self, state: Statements, node: Any, stored: list[Buffer]) -> bool:
        """Take what the iteration ends with; whether anything must be parsed again."""
        changed = self.loosen(state)
        if changed:
            return True
        for path, carry in self.carries.items():
            if isinstance(path, Buffer):
                carry.next = state.memory[path]
                changed |= self.widen(path, carry)
                continue
            binding = state.env.get(path[0], Unbound(path[0]))
            try:
                for key in path[1:]:
                    binding = binding[key]
            except (TypeError, KeyError, IndexError):
                binding = Unbound(path[0])
            if not isinstance(binding, (View, Value, int, float, complex)):
                state.refuse(
                    node,
                    f"`{path[0]}` stands for things of different kinds in different iterations",
                    "Keep its structure the same.",
                )
            carry.next = state.read(binding, node)
            changed |= self.widen(path, carry)
            if isinstance(binding, View) and path in self.buffers:
                changed |= self.share(path, binding)
        for name, binding in self.entry.items():
            if state.env.get(name) is not binding and state.env.get(name) != binding:
                state.refuse(node, f"`{name}` changes its kind in the loop", "Use another name.")
        for path in self.carries:
            if (
                not isinstance(path, Buffer)
                and len(path) == 1
                and _size(state.env.get(path[0])) != _size(self.env0.get(path[0]))
            ):
                state.refuse(
                    node, f"`{path[0]}` changes its structure in the loop", "Use an array."
                )
        for buffer in self.memory0:
            if buffer not in self.carries and state.memory.get(buffer) is not self.memory0[buffer]:
                stored.append(buffer)
                changed = True
        return changed

    def loosen(self, state: Statements) -> bool:
        """Give up carrying names that stand for things of different kinds, where no iteration reads the one before."""
        found = set()
        for name in (path[0] for path in self.carries if not isinstance(path, Buffer)):
            binding, before = state.env.get(name), self.env0.get(name)
            if _size(before) is not None or _size(binding) is not None:
                if type(binding) is not type(before) or _size(binding) != _size(before):
                    found.add(name)
            elif not isinstance(binding, (View, Value, int, float, complex)):
                found.add(name)
        for name, binding in self.entry.items():
            if state.env.get(name) is not binding and state.env.get(name) != binding:
                found.add(name)
        found &= self.free
        self.loose |= found
        return bool(found)

    def widen(self, key: Any, carry: Carry) -> bool:
        """Whether the type of a carried value had to give way."""
        wanted = widen(carry.param.type, type_of(carry.init), type_of(carry.next))
        if wanted == carry.param.type:
            return False
        self.types[key] = wanted
        return True

    def share(self, path: tuple[Any, ...], binding: View) -> bool:
        """Note what a carried array may share memory with in the next iteration."""
        before = self.partners.get(("arguments", path), frozenset())
        reached = before | binding.buffer.reaches()
        if reached - self.buffers[path].arguments:
            self.partners["arguments", path] = reached
            return True
        mine = {path for path, buffer in self.buffers.items() if buffer is binding.buffer}
        partners: set[Any] = set()
        by_buffer = {buffer: other for other, buffer in self.buffers.items()}
        if (not mine and binding.buffer in self.memory0) or binding.path:
            partners.add(by_buffer.get(binding.buffer, binding.buffer))
        for other in binding.buffer.aliases:
            partners.add(by_buffer.get(other, other))
        for other_path in self.buffers:
            if other_path != path:
                end = self.state.env.get(other_path[0])
                for key in other_path[1:]:
                    end = end[key] if end is not None else None
                if isinstance(end, View) and (
                    end.buffer is binding.buffer or end.buffer in binding.buffer.aliases
                ):
                    partners.add(other_path)
        partners = {
            p for p in partners if p != path and (isinstance(p, tuple) or p in self.memory0)
        }
        known = self.partners.get(path, frozenset())
        if partners <= known:
            return False
        self.partners[path] = known | partners
        return True

    def finish(
        self,
        state: Statements,
        loop: Loop,
        env0: dict[str, Any],
        memory0: dict[Buffer, Value],
        later: frozenset[str],
        names: list[str],
    ) -> None:
        """Bind what is known after the loop."""
        after, ended = dict(env0), dict(memory0)
        last_env, last_memory = state.env, state.memory
        state.memory = ended
        for key, carry in self.carries.items():
            if isinstance(key, Buffer):
                ended[key] = carry.exit

        def leave(path: tuple[Any, ...], binding: Any) -> Any:
            if isinstance(binding, (tuple, list)):
                parts = [leave((*path, place), part) for place, part in enumerate(binding)]
                return (
                    type(binding)(*parts) if hasattr(binding, "_fields") else type(binding)(parts)
                )
            if isinstance(binding, dict):
                return {key: leave((*path, key), part) for key, part in binding.items()}
            carry = self.carries.get(path)
            if carry is None:
                return binding
            made = state.bind_new(carry.exit)
            if isinstance(made, View) and path in self.buffers:
                made.buffer.arguments |= self.buffers[path].arguments
                for other in self.buffers[path].aliases:
                    made.buffer.alias(other)
                made.buffer.alias(self.buffers[path])
            return made

        exits: dict[Any, Any] = {}
        for name in names:
            if name in env0 and name in {p[0] for p in self.carries if isinstance(p, tuple)}:
                exits[name] = leave((name,), env0[name])
            elif name in later:
                exits[name] = self.last(state, name, last_env.get(name), last_memory, loop)
            else:
                exits[name] = env0.get(name, Unbound(name)) if name in self.entry else Unbound(name)
        by_path = {path: buffer for path, buffer in self.buffers.items()}
        for path, buffer in by_path.items():
            for other_path, other in by_path.items():
                if other in buffer.aliases and path[0] in exits and other_path[0] in exits:
                    for a in views(exits[path[0]]):
                        for b in views(exits[other_path[0]]):
                            a.buffer.alias(b.buffer)
        after.update(exits)
        state.env = after
        loop.carries = list(self.carries.values())
        for carry in loop.carries:  # zero iterations included; `param` is what an iteration sees
            if carry.init is not None:
                carry.exit.type = join(type_of(carry.init), carry.param.type)

    def last(
        self, state: Statements, name: str, binding: Any, memory: dict[Buffer, Value], loop: Loop
    ) -> Any:
        """A name that the loop's body assigns first: after the loop it is what the last iteration gave it."""
        if (
            binding is None
            or isinstance(binding, (Unbound, Filled, Known, str, MethodBinding, LambdaBinding))
            or is_constant(binding)
        ):
            return Unbound(name)
        if isinstance(binding, (tuple, list, dict)):
            return Unbound(name)
        value: Value
        if isinstance(binding, View):
            if memory[binding.buffer] is not binding.version:
                return Unbound(name)
            value = binding.value
        else:
            value = binding
        carry = Carry(value.like(named=False), None, value, value.like())
        self.carries[("last", name)] = carry
        made = state.bind_new(carry.exit)
        if isinstance(made, View) and isinstance(binding, View):
            made.buffer.arguments |= binding.buffer.arguments
            if binding.buffer in self.memory0:
                made.buffer.alias(binding.buffer)
            for other in binding.buffer.aliases:
                made.buffer.alias(other)
            for other in self.buffers.values():
                if other is binding.buffer:
                    made.buffer.alias(other)
        if not _always_runs(loop):
            state.guards[name] = Guard(made, loop, [])
        return made


def _range_length(start: int, stop: int, step: int) -> int:
    """How many numbers a range has."""
    return len(range(start, stop, step))


def _always_runs(loop: Loop) -> bool:
    """Whether it is proven that a loop has iterations."""
    if loop.domain is None:
        return False
    start, stop, step = (
        part.type.value if isinstance(part, Value) and part.type.value is not None else part
        for part in loop.domain
    )
    if not (isinstance(start, int) and isinstance(stop, int) and isinstance(step, int)):
        return False
    return len(range(start, stop, step)) > 0


def _size(binding: Any) -> int | None:
    return len(binding) if isinstance(binding, (tuple, list, dict)) else None


def _returns(node: Any) -> bool:
    """Whether a `return` of this function stands inside; one of a function defined inside does not count."""
    pending = list(gast.iter_child_nodes(node))
    while pending:
        inner = pending.pop()
        if isinstance(inner, gast.Return):
            return True
        if not isinstance(
            inner, (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda, gast.ClassDef)
        ):
            pending.extend(gast.iter_child_nodes(inner))
    return False


def _ends(statements: list[Any]) -> bool:
    if not statements:
        return False
    last = statements[-1]
    return isinstance(last, gast.Return) or (
        isinstance(last, gast.If) and _ends(last.body) and _ends(last.orelse)
    )


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
