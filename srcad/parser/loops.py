"""Loops: unrolled where their items are known one by one, else one loop with what it carries.

for a in x:                    for i in range(len(x)):     # carries v: param, init, next, exit
    v = v + a        ->            a = x[i]
                                   sum_1 = v + a
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import gast

from srcad.core.nodes import Carry, Family, Let, Loop, Value, walk
from srcad.core.types import Type, number
from srcad.errors import AliasingError, UnsupportedSyntaxError
from srcad.parser.boxes import boxes, copied, holds, refill
from srcad.parser.carried import Boxed, Carried
from srcad.parser.expressions import Given, is_static, truth
from srcad.parser.iterables import Iterable, Iterables
from srcad.parser.jumps import (
    FLAG,
    KEPT,
    Bind,
    First,
    Region,
    Rest,
    Resume,
    at_test,
    in_header,
    region_of,
)
from srcad.parser.objects import Instance
from srcad.parser.places import Before, Buffer, View, views
from srcad.parser.reads import augments, live, reads, reads_first, writes
from srcad.parser.records import Filled, Frame, Growing, Kept, Maybe, handed_on
from srcad.parser.rows import Rows
from srcad.parser.state import NeedUnroll, Unbound

__all__ = ["Loops"]


# So many iterations of a `while` are parsed one by one.
_MOST = 1000


class _Whole(Exception):
    """What is done before the test of a loop cannot be done apart from the rest of its body."""


class Loops(Iterables):
    """Parse loops."""

    def do_For(self, node: Any) -> None:
        outer, self.taken = self.taken, []
        over = self.iterable(node.iter)
        taken, self.taken = self.taken, outer
        guarded = self.guarding(over)
        with self.jumping(node) as region:
            later = self.later if region is None else region.after
            if over.parts is not None or over.unroll:
                items: Any = over.parts or (over.item(place) for place in range(over.count))
                if over.live is not None:
                    items, taken = self.living_items(node, over.live), []
                with self.running_over(node, list(over.parts or [])):
                    self.unrolled(node, items, later, region, taken)
            elif (
                region is None
                or over.record is not None
                or not self.parted(
                    lambda parts: self.loop(node, over, later, parts), region, whole=False
                )
            ):
                self.rolled(node, over, later, region)
            self.unchanged(node, taken)
        if guarded != self.guarding(over) or (_free(over.guard) & set(writes(node.body))):
            self.refuse(
                node,
                "what is run over here was read ahead, and changes meanwhile",
                "Run over a copy, or a list that is made before the loop.",
                AliasingError,
            )
        self.leave(region)

    def guarding(self, over: Iterable) -> dict[Buffer, Value]:
        """What the memory holds that items were read ahead of."""
        return {view.buffer: self.current(view.buffer) for view in views(over.guard)}

    def living_items(self, node: Any, box: Any) -> Iterator[Any]:
        """The items of a list as Python reads them, while the loop may change it."""
        place = 0
        size = len(box)
        while place < len(box):
            if isinstance(box, dict) and len(box) != size:
                self.fails(node, RuntimeError("dictionary changed size during iteration"))
            if place >= _MOST:
                self.refuse(node, "this list grows while it is run over", "Run over a copy of it.")
            yield box[place] if isinstance(box, list) else list(box)[place]
            place += 1

    def rolled(self, node: Any, over: Iterable, later: frozenset[str], region: Any) -> None:
        """A loop that stays one, if it does not need the number of each iteration."""
        undo = self.checkpoint()
        try:
            self.loop(node, over, later)
        except NeedUnroll as need:
            undo()
            count = over.count
            if not isinstance(count, int):
                self.refuse(
                    need.node or node,
                    "a list is indexed by a value that is not known while parsing",
                    "Use an array, or loop over the list.",
                )
            self.rest_unrolled(node, over, later, region)
        except UnsupportedSyntaxError as error:
            if not getattr(error, "first", False) or region is not None:
                raise
            if over.first and isinstance(over.count, int) and over.count <= _MOST:
                undo()
                self.rest_unrolled(node, over, later, region)
                return
            begins = self.begins(node, over)
            if begins is None:
                raise
            undo()
            rest: Iterable = over._replace(first=1)
            if over.domain is not None:
                start, stop, step = over.domain
                rest = rest._replace(domain=(self.linear(start, step, 1), stop, step))
            parts = [First(node, over), *node.body, Rest(node, rest)]
            whole = gast.If(Given(begins()), parts, [])
            self.block([gast.copy_location(whole, node)], later)

    def begins(self, node: Any, over: Iterable) -> Callable[[], Any] | None:
        """What tells whether a loop has a first iteration, where that can be parsed apart from the others.

        The first iteration is another one where it alone finds a name without a value, or with one of another kind:

            last = None                           last = None
            for a in x:                           if len(x) > 0:
                if last is not None:                  a = x[0]
                    s += a * last        ->           last = a
                last = a                              for i in range(1, len(x)): ...
        """
        if over.direction < 0 or over.first or over.record is not None or over.live is not None:
            return None
        if over.domain is None:
            return lambda: self.compare(
                node, gast.Gt(), over.count() if callable(over.count) else over.count, 0
            )
        start, stop, step = over.domain
        if not isinstance(step, int):
            return None
        return lambda: self.compare(node, gast.Lt() if step > 0 else gast.Gt(), start, stop)

    def do_First(self, node: Any) -> None:
        over = node.over
        item = over.item(0) if over.domain is None else over.domain[0]
        self.assign(node.target, item, Value("").serial)

    def do_Rest(self, node: Any) -> None:
        with self.at(node.node, self.header_text(node.node)):
            self.rolled(node.node, node.over, self.later, None)

    def rest_unrolled(self, node: Any, over: Iterable, later: frozenset[str], region: Any) -> None:
        """Each iteration that is left of a loop with so many of them; its items are read when it is their turn."""
        items = (over.item(place) for place in range(over.first, over.count)[:: over.direction])
        with self.running_over(node, over.arrays):
            self.unrolled(node, items, later, region)

    @contextmanager
    def running_over(self, node: Any, bindings: Any) -> Iterator[None]:
        """What a loop runs over counts as a name: the loop reads it while the body may write to it."""
        held, around = f"for ... in {self.source.text(node.iter)}", self.held
        if bindings:
            self.env[held], self.held = bindings, around | {held}
        try:
            yield
        finally:
            self.held = around
            self.env.pop(held, None)

    def unrolled(
        self, node: Any, items: Any, later: frozenset[str], region: Any, taken: Any = ()
    ) -> None:
        """A loop iteration by iteration; where one may have left it, the next waits for that."""
        body = node.body if region is None else region.body
        if region is not None:
            region.alive = later | live(body, later)
            region.carried = {n for n, b in self.env.items() if not isinstance(b, Unbound)}
        around = live(body, later) | later | self.held
        for item in items:
            self.unchanged(node, taken)
            stop = self.env.get(region.stop, False) if region is not None else False
            if stop is True:
                return
            if stop is False:
                self.resume(region)
                self.assign(node.target, item, Value("").serial)
                self.block(body, around)
            else:
                begin = [Resume(region), Bind(node.target, item)]
                self.block([self.unless(stop, [*begin, *body], node)], around)

    def checkpoint(self) -> Callable[[], None]:
        """What undoes all that is parsed from here on."""
        kept, frame = (dict(self.env), dict(self.memory), len(self.builder.block)), self.frame
        contents = self.held_boxes()

        def undo() -> None:
            self.frame = frame
            self.env, self.memory = dict(kept[0]), dict(kept[1])
            self.put_back(contents)
            del self.builder.block[kept[2] :]

        return undo

    # lists that grow

    def plan_lists(self, body: list[Any], loop: Loop, *, counted: bool) -> list[Any]:
        """The lists that a loop fills, each iteration as often."""
        return []

    def filling(self, planned: list[Any], builder: Any) -> Any:
        """Parse an iteration that fills them."""
        return nullcontext()

    def typed(self, item: Any) -> Any:
        """The type of an item of a list, or None."""
        return None

    # jumps

    @contextmanager
    def jumping(self, node: Any) -> Iterator[Region | None]:
        """Parse a loop whose jumps, if it has any, are those of its region."""
        outer = self.region
        depth = 0 if outer is None else outer.depth + 1
        region = region_of(node, depth)
        if region is not None:
            old = (f"{FLAG}{depth} ", f"{KEPT}{depth} ")
            self.env = {key: b for key, b in self.env.items() if not key.startswith(old)}
            region.after = region.leaving(self.later)
            self.region = region
        try:
            yield region
        finally:
            self.region = outer

    def parted(self, run: Callable[[Any], None], region: Region, *, whole: bool) -> bool:
        """Parse a loop that is left between two parts of its body as such, if it can be."""
        parts = in_header(region, whole=whole)
        if parts is None:
            return False
        undo = self.checkpoint()
        try:
            run(parts)
        except (_Whole, NeedUnroll):
            undo()
            return False
        region.default = parts[3]
        return True

    def resume(self, region: Region | None) -> None:
        """Nothing has been left yet."""
        if region is not None:
            for key in (region.left, region.stop, *(site.key for site in region.sites)):
                self.env[key] = False

    def left(self) -> Any:
        """Whether the iteration has been left: known, or a value."""
        return False if self.region is None else self.env.get(self.region.left, False)

    def unless(self, flag: Any, statements: list[Any], node: Any) -> Any:
        """Statements that wait for a flag."""
        made = gast.copy_location(gast.If(Given(flag), [], statements), node)
        made.rest = True
        return made

    def do_Leave(self, node: Any) -> None:
        region, site = node.region, node.site
        self.env[region.left] = True
        if site is None:
            return
        self.env[region.stop] = self.env[site.key] = True
        for name in sorted(live(site.tail, frozenset())):
            found = self.env.get(name)
            if found is not None and name not in region.carried:
                self.env[site.prefix + name] = found

    def do_Resume(self, node: Any) -> None:
        self.resume(node.region)

    def do_Aside(self, node: Any) -> None:
        region = node.region
        keys = (region.left, region.stop, *(site.key for site in region.sites))
        node.flags = {key: self.env.get(key, False) for key in keys}
        self.resume(region)

    def do_Back(self, node: Any) -> None:
        self.env.update(node.aside.flags)

    def do_Bind(self, node: Any) -> None:
        self.assign(node.target, node.item, Value("").serial)

    def leave(self, region: Region | None) -> None:
        """Note what is to be done after a loop for the jump that left it, or for none."""
        if region is None:
            return
        cases = []
        for site in region.sites:
            flag = self.env.get(site.key, False)
            if flag is not False and site is not region.default:
                known = [key for key in self.env if key.startswith(site.prefix)]
                binds = [
                    gast.Assign(
                        [gast.Name(key.removeprefix(site.prefix), gast.Store(), None, None)],
                        gast.Name(key, gast.Load(), None, None),
                        None,
                    )
                    for key in known
                ]
                for bind in binds:
                    gast.copy_location(bind, region.node)
                cases.append((flag, [*binds, *site.tail]))
        last = list(region.node.orelse)
        if region.default is not None:
            last = [*region.again, *region.default.tail]
        if region.endless and region.default is None:
            last = cases.pop()[1] if cases else []
        if not last and not any(body for _, body in cases):
            cases = []
        elif region.stop in self.env and cases and not any(body for _, body in cases):
            cases = [(self.env[region.stop], [])]  # whichever it was
        for flag, body in reversed(cases):
            last = [gast.copy_location(gast.If(Given(flag), body, last), region.node)]
        self.afterwards = last

    def loop(self, node: Any, over: Iterable, later: frozenset[str], parts: Any = None) -> None:
        """A loop that stays one."""
        family, direction = Family(), over.direction
        index = Value("i", number("int"))
        domain: Any = over.domain
        item: Callable[[], Any] = lambda: index  # noqa: E731
        if over.record is not None:
            source = over.record.loop
            family, direction = source.family, direction * source.direction
            domain = None if source.open else source.domain
            if source.index is not None:
                self.numbers.same(index, source.index)
            item = lambda: over.item(index)  # noqa: E731
        elif domain is None:
            count = self.read(over.count() if callable(over.count) else over.count)
            domain = (over.first, count, 1)
            item = lambda: over.item(index)  # noqa: E731
        if over.domain is not None and isinstance(node.target, gast.Name):
            index.base, index.named = node.target.id, True

        def start() -> None:
            with self.at(node, " "):
                self.assign(node.target, item(), index.serial)

        with self.running_over(node, over.arrays):
            shown = index if domain is not None else None
            loop = Loop(family, direction, shown, domain, [], [], self.builder.origin)
            body = node.body if self.region is None else self.region.body_of(node)
            header, test, body, _ = parts or (None, None, body, None)
            self.carry(node, body, later, loop, start, test, header, joined=over.record is not None)

    def do_While(self, node: Any) -> None:
        node = at_test(node)
        with self.jumping(node) as region:
            later = self.later if region is None else region.after
            if region is None and self.counted_down(node):
                return
            endless = isinstance(node.test, gast.Constant) and bool(node.test.value)
            loop = Loop(Family(), 1, None, None, [], [], self.builder.origin)
            if not endless or region is None:
                body = node.body if region is None else region.body
                self.carry(node, body, later, loop, None, node.test)
            else:
                region.endless = True

                def run(parts: Any) -> None:
                    self.carry(node, parts[2], later, loop, None, parts[1], parts[0])

                if not self.parted(run, region, whole=True):
                    loop.header, loop.test = [], None
                    self.carry(node, region.body, later, loop, None)
        self.leave(region)

    def counted_down(self, node: Any) -> bool:
        """`while stack:`, of a list whose items are known while parsing: iteration by iteration."""
        kinds = (list, dict, set)
        if not any(isinstance(self.env.get(name), kinds) for name in reads([node.test])):
            return False
        later = self.later
        around = live([node, *node.body], later) | later
        for count in range(_MOST + 1):
            undo = self.checkpoint()
            condition = self.expression(node.test)
            if not is_static(condition):
                undo()
                if count:
                    self.refuse(
                        node,
                        "the condition of this loop depends on a list, and on values",
                        "Loop over the list, or keep its items in an array.",
                    )
                return False
            if not truth(condition):
                return True
            self.block(node.body, around)
        return self.refuse(
            node,
            f"this loop has more than {_MOST} iterations that are parsed one by one",
            "Keep the items in an array.",
        )

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
        region = self.region if self.region is not None and self.region.node is node else None
        head = [*(header or []), *([gast.Expr(test)] if test is not None else [])]
        for name in writes([*head, *body]):
            if reads_first([*head, *body], name):
                self.merge(node, name)
                self.assure(name)
        planned = self.plan_lists(body, loop, counted=region is None and test is None)
        env0, memory0 = dict(self.env), dict(self.memory)
        held0 = self.held_boxes()
        targets = writes([node.target] if isinstance(node, gast.For) else [])
        # A target that is read after the loop is what it was before, where there is no iteration.
        before_too = {
            name
            for name in targets
            if name in later and not isinstance(env0.get(name, Unbound(name)), Unbound)
        }
        assigned = [
            name
            for name in [*writes([*head, *body]), *before_too]
            if name not in targets or name in before_too
        ]
        shared = self.seen_by_others(augments([*head, *body]), env0)
        assigned = [name for name in assigned if name not in shared]
        assigned = list(dict.fromkeys(assigned))
        originals = {name: env0[name] for name in assigned if name in env0}
        env0.update({name: copied(binding) for name, binding in originals.items()})
        boxed: dict[int, Boxed] = {}
        linked: set[tuple[str, str]] = set()
        inside = before = later
        while True:
            if region is not None:
                region.alive = inside
            before = inside | (live([*head, *body], inside) - frozenset(targets))
            if before == inside:
                break
            inside = before
        inside |= self.held
        types: dict[Any, Type] = {}
        partners: dict[Any, frozenset[Any]] = {}
        stored: list[Buffer] = []
        frame = self.frame = Frame(loop, self.frame, self.builder)
        frame.joined = joined
        free = {name for name in assigned if not reads_first([*head, *body], name)}
        loose: set[str] = set()
        for _ in range(50):
            self.env, self.memory = dict(env0), dict(memory0)
            self.put_back(held0)
            carried = Carried(self, env0, memory0, types, partners)
            carried.free, carried.loose = free, loose
            for name in assigned:
                if name in env0 and name not in loose and self.carries(name, name in free):
                    self.env[name] = carried.enter(node, name, env0[name])
                elif name not in env0 or type(env0[name]) in (Unbound, Before):
                    self.env[name] = Before(name)
                else:
                    self.env[name] = Unbound(name)
            for name in targets:
                if name not in before_too:
                    self.env[name] = Unbound(name)
            if region is not None:
                del region.sites[region.first :]
                self.resume(region)
                entered = {path[0] for path in carried.carries if isinstance(path, tuple)}
                region.carried = entered | (set(env0) - set(assigned) - set(targets))
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
                    if header is not None and start is not None:
                        start()
                    self.block(header or [], live([gast.Expr(test), *body], inside) | self.held)
                    with self.at(node, self.header_text(node)):
                        condition = self.expression(test)
                        if is_static(condition):
                            if header is not None:
                                raise _Whole
                            if not truth(condition):
                                self.never_changes(node)
                        else:
                            loop.test = self.read(condition)
                loop.header = builder.block
                effect = any(
                    isinstance(s, Let) and s.op.effect == "effect" for s in walk(builder.block)
                )
                stores = any(self.memory[buffer] is not memory[buffer] for buffer in memory)
                if header is None and stores:
                    self.refuse(
                        node,
                        "the condition of this loop writes to an array",
                        "Write `while True:`, the store, and `if not ...: break`.",
                    )
                if header is None:
                    self.env, self.memory = env, memory
                elif effect or stores:
                    raise _Whole
            with self.inner() as builder:
                self.later = later | inside
                frame.builder = builder
                with self.filling(planned, builder):
                    if start is not None and header is None:
                        start()
                    self.block(body, later | inside)
                self.has_raised = False  # what follows is reached where there is no iteration
                if region is not None:
                    loop.until = self.ending(region)
                changed = carried.leave(self, node, stored)
                changed |= carried.leave_boxes(node, held0, boxed, originals, linked)
            if test is not None and loop.test is None:  # and no list that it is about grows
                self.never_changes(node)
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
        names = [
            *assigned,
            *(n for n in targets if n not in assigned),
            *(part.name for part in boxed.values()),
        ]
        if test is None and loop.domain is None and loop.until is None and not joined:
            self.refuse(
                node,
                "this loop never ends",
                "A loop needs a condition, or a break that is reached.",
            )
        flags = {} if region is None else self.flags(region, loop)
        carried.finish(self, loop, env0, memory0, later, names, region)
        loop.carries += flags.values()
        self.env.update({key: carry.exit for key, carry in flags.items()})
        for rows in planned:
            rows.plan = None
        self.put_back(held0)
        for part in boxed.values():
            exits = self.env.pop(part.name)
            refill(part.box, {**holds(part.box), **exits})
        carried.link(originals, linked)
        for name, binding in filled.items():
            binding.closed = True
            self.env[name] = binding
        self.builder.add(loop)

    def never_changes(self, node: Any) -> None:
        self.refuse(
            node,
            "the condition of this loop never changes",
            "A loop needs a condition that ends it.",
        )

    def seen_by_others(self, names: set[str], env: dict[str, Any]) -> set[str]:
        """Those of the names that `op=` changes which are lists, or arrays that others see: they stay the same."""
        found = set()
        for name in names:
            binding = env.get(name)
            if isinstance(binding, (list, dict, set, Rows)):
                found.add(name)
            if isinstance(binding, View) and self.type(binding).rank:
                others = [part for other, part in env.items() if other != name]
                caller = self.caller
                while caller is not None:
                    others += caller.env.values()
                    caller = caller.caller
                if any(view.buffer is binding.buffer for view in views(others)):
                    found.add(name)
        return found

    def ending(self, region: Region) -> Any:
        """The value of an iteration that says whether it left the loop, or None where none does."""
        stop = self.env[region.stop]
        if stop is False:
            return None
        value = self.read(stop)
        if isinstance(value, Value) and not value.named:
            value.base, value.named = "done", True
        return value

    def flags(self, region: Region, loop: Loop) -> dict[str, Carry]:
        """What the loop carries of its flags: those that are read after it."""
        wanted = [site.key for site in region.sites if self.env.get(site.key, False) is not False]
        if region.node.orelse and not region.endless:
            wanted.append(region.stop)
        made = {}
        for key in wanted:
            value = self.read(self.env[key])
            if value is not False:
                flag = number("bool")
                base = value.base if isinstance(value, Value) else "done"
                made[key] = Carry(
                    Value(base, flag, named=True), False, value, Value(base, flag, named=True)
                )
        return made

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
            or found.site in self.program.rows
        ):
            return False
        parts = self.handed(node.args[0], lists=True)
        for part in handed_on(parts):
            if isinstance(part, Filled) and not part.closed:
                self.read(part, node)
        for view in views(parts):
            view.buffer.arguments.add(f"list {name}")
        for box in boxes([parts]).values():
            if not isinstance(box, Growing):
                self.program.frozen[id(box)] = (box, name)
        made = self.env[name] = found.filled = Filled(name, frame.loop, self.kept(parts))
        made.site, made.element = found.site, self.typed(made.parts)
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
        if isinstance(binding, Instance):
            return Instance(binding.kind, self.kept(binding.parts), binding.name)
        return binding


def _free(guard: Any) -> frozenset[str]:
    """The names that the functions of a guard read."""
    if isinstance(guard, (list, tuple)):
        return frozenset().union(*map(_free, guard))
    return getattr(guard, "free", frozenset())
