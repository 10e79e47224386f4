"""What a loop carries from iteration to iteration, found while its body is parsed."""

from __future__ import annotations

from typing import Any, NamedTuple

from srcad.analysis.types import join, type_of, widen
from srcad.core.nodes import Carry, Loop, Phi, Slice, Value
from srcad.core.specification import Known
from srcad.core.types import Type, number
from srcad.errors import UnsupportedSyntaxError
from srcad.parser.boxes import Box, Held, boxes, holds, refill, same_contents
from srcad.parser.expressions import Differs, is_constant
from srcad.parser.jumps import KEPT, Region
from srcad.parser.objects import Instance
from srcad.parser.places import Before, Buffer, Handle, View, views
from srcad.parser.records import Filled, Growing, Maybe
from srcad.parser.state import Guard, Unbound

__all__ = ["Boxed", "Carried"]


class Boxed(NamedTuple):
    """A box that the iterations change, in `places`; what it holds there is carried under `name`."""

    name: str
    box: Any
    before: dict[Any, Any]
    places: tuple[Any, ...]


class Carried:
    """What a loop carries, while its body is being parsed."""

    def __init__(
        self,
        state: Any,
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
        self.begun: dict[str, dict[Any, Any]] = {}
        self.entry: dict[tuple[Any, ...], Any] = {}
        # What containers each name enters with: a loop carries values, and these stand still.
        self.forms: dict[str, Any] = {}
        # Names that an iteration assigns before it reads them; those of them that change their kind, so that they cannot be carried.
        self.free: set[str] = set()
        self.loose: set[str] = set()

    def parameter(self, key: Any, init: Any, base: str, named: bool) -> Value:
        """A value that the loop carries, for `key`: a path from a name, or a buffer."""
        type_ = self.types.get(key, type_of(init))
        param = Value(base, type_, named=named)
        self.carries[key] = Carry(param, init, None, Value(base, type_, named=named))
        return param

    def enter(self, node: Any, name: str, binding: Any) -> Any:
        """The binding of a name in an iteration."""
        made = self.part(node, name, binding)
        self.forms[name] = _form(binding)
        self.freeze(name, made)
        return made

    def freeze(self, name: str, binding: Any) -> None:
        """What an iteration leaves in a name may be what it has appended to a list."""
        for label in self.partners.get(("frozen", name), ()):
            self.state.freeze_boxes(binding, label)

    def part(self, node: Any, name: str, binding: Any, key: tuple[Any, ...] = ()) -> Any:
        """The binding of a part of what a name stands for in an iteration."""
        path = (name, *key)
        if isinstance(binding, (tuple, list)):
            parts = [
                self.part(node, name, part, (*key, place)) for place, part in enumerate(binding)
            ]
            return type(binding)(*parts) if hasattr(binding, "_fields") else type(binding)(parts)
        if isinstance(binding, dict):
            return {
                inner: self.part(node, name, part, (*key, inner)) for inner, part in binding.items()
            }
        if isinstance(binding, Instance):
            parts = self.part(node, name, binding.parts, key)
            return Instance(binding.kind, parts, binding.name)
        if isinstance(
            binding,
            (str, type(None), Known, Handle, Unbound, Slice, type(...)),
        ):
            self.entry[path] = binding
            return binding
        init = self.state.read(binding, node)
        base = name if not key else "_".join(map(str, (name.partition("'")[0], *key)))
        base = base.partition(" ")[0]
        param = self.parameter(path, init, base, not key)
        if param.type.immutable:
            return param
        buffer = Buffer()
        self.buffers[path] = buffer
        self.state.memory[buffer] = param
        return View(buffer, (), param, param)

    def enter_box(self, node: Any, boxed: Boxed, env0: dict[str, Any]) -> None:
        """Let a box hold in an iteration what the iterations before left in it."""
        env0[boxed.name] = {place: boxed.before[place] for place in boxed.places}
        parts = self.begun[boxed.name] = self.enter(node, boxed.name, env0[boxed.name])
        refill(boxed.box, {**boxed.before, **parts})
        own = boxed.box.parts if isinstance(boxed.box, Box) else boxed.box
        self.state.env[boxed.name] = own

    def link(self, originals: dict[str, Any], linked: set[tuple[str, str]]) -> None:
        """A list that a carried name stands for may be the one that it stood for before the loop, or another name's."""
        env = self.state.env
        others = [binding for name, binding in env.items() if name not in originals]
        caller = self.state.caller
        around = boxes([*others, *(caller.reached() if caller is not None else [])])
        for name, binding in originals.items():
            here = boxes([env.get(name)])
            for key, box in boxes([binding]).items():
                shared = key in around or any(
                    key in boxes([other]) for held, other in originals.items() if held != name
                )
                for own in here.values() if shared else ():
                    self.state.link(own, box)
            for one, two in linked:
                if one == name:
                    for own in here.values():
                        for other in boxes([env.get(two)]).values():
                            self.state.link(own, other)

    def leave_boxes(
        self,
        node: Any,
        held0: Held,
        boxed: dict[int, Boxed],
        originals: dict[str, Any],
        linked: set[tuple[str, str]],
    ) -> bool:
        """Note which boxes the iteration changed, and which names share one at its end; whether that is new."""
        changed = False
        for key, (box, before) in held0.items():
            known = boxed.get(key)
            start = {**before, **(self.started(known) if known else {})}
            after = holds(box)
            if list(after) != list(before):
                self.state.grows(
                    node,
                    box,
                    [part for part in after.values() if not any(part is p for p in start.values())],
                )
            places = tuple(
                place
                for place in before
                if (known and place in known.places)
                or not same_contents({0: start[place]}, {0: after[place]})
            )
            if any(boxes([after[place]]) for place in places):
                self.state.refuse(
                    node,
                    f"`{self.state.label(box)}` changes its structure in the loop",
                    "Use an array.",
                )
            if places and (known is None or places != known.places):
                name = known.name if known else f"{self.state.label(box)}'{len(boxed)}"
                boxed[key] = Boxed(name, box, before, places)
                changed = True
        env = self.state.env
        reached = {name: set(boxes([env.get(name)])) for name in originals}
        rest = set(boxes(b for n, b in env.items() if n not in originals and "'" not in n))
        for one in originals:
            for two in originals:
                if one < two and reached[one] & reached[two] and (one, two) not in linked:
                    linked.add((one, two))
                    changed = True
            if reached[one] & rest & set(held0):
                for name in env:
                    if name not in originals and reached[one] & set(boxes([env[name]])):
                        changed |= (one, name) not in linked
                        linked.add((one, name))
        return changed

    def started(self, boxed: Boxed) -> dict[Any, Any]:
        """What a box held in its carried places when the iteration began."""
        return self.begun[boxed.name]

    def entered(self, state: Any, env0: dict[str, Any], assigned: list[str]) -> None:
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
        return reach(env0[path[0]], path[1:])

    def leave(self, state: Any, node: Any, stored: list[Buffer]) -> bool:
        """Take what the iteration ends with; whether anything must be parsed again."""
        changed = self.loosen(state)
        if changed:
            return True
        for path, carry in self.carries.items():
            if isinstance(path, Buffer):
                carry.next = state.current(path)
                changed |= self.widen(path, carry)
                continue
            binding = self.ending(path)
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
        for name in dict.fromkeys(path[0] for path in self.carries if isinstance(path, tuple)):
            label = state.frozen_in(state.env.get(name))
            key = ("frozen", name)
            if label is not None and key not in self.partners:
                self.partners[key] = frozenset({label})
                changed = True
        for path in self.entry:
            if self.differs(path):
                try:
                    state.refuse(
                        node, f"`{path[0]}` changes its kind in the loop", "Use another name."
                    )
                except UnsupportedSyntaxError as error:
                    error.first = True  # type: ignore[attr-defined]
                    raise
        for name, form in self.forms.items():
            if self.formed(name) != form:
                try:
                    state.refuse(
                        node,
                        f"`{name}` changes its structure in the loop",
                        "Use an array, or a list that is appended to.",
                    )
                except UnsupportedSyntaxError as error:
                    error.first = True  # type: ignore[attr-defined]
                    raise
        for buffer in self.memory0:
            if buffer not in self.carries and state.memory.get(buffer) is not self.memory0[buffer]:
                stored.append(buffer)
                changed = True
        return changed

    def loosen(self, state: Any) -> bool:
        """Give up carrying names that stand for things of different kinds, where no iteration reads the one before."""
        found = set()
        for name in (path[0] for path in self.carries if not isinstance(path, Buffer)):
            binding, form = state.env.get(name), _form(self.env0.get(name))
            if form is None and not isinstance(binding, (View, Value, int, float, complex)):
                found.add(name)
        found |= {name for name, form in self.forms.items() if self.formed(name) != form}
        found |= {path[0] for path in self.entry if self.differs(path)}
        found &= self.free
        self.loose |= found
        return bool(found)

    def formed(self, name: str) -> Any:
        """The form of what an iteration leaves in a name; of a box, of the places that are carried."""
        begun = self.begun.get(name)
        if begun is None:
            return _form(self.state.env.get(name))
        return _form({place: self.ending((name, place)) for place in begun})

    def ending(self, path: tuple[Any, ...]) -> Any:
        """What an iteration leaves at a path."""
        binding = self.state.env.get(path[0], Unbound(path[0]))
        try:
            return reach(binding, path[1:])
        except (TypeError, KeyError, IndexError):
            return Unbound(path[0])

    def differs(self, path: tuple[Any, ...]) -> bool:
        """Whether an iteration leaves something else than it found where nothing is carried."""
        before, now = self.entry[path], self.ending(path)
        return now is not before and now != before

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
                end = self.ending(other_path)
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
        state: Any,
        loop: Loop,
        env0: dict[str, Any],
        memory0: dict[Buffer, Value],
        later: frozenset[str],
        names: list[str],
        region: Region | None = None,
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
            if isinstance(binding, Instance):
                return Instance(binding.kind, leave(path, binding.parts), binding.name)
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
        entered = {path[0] for path in self.entry}
        for name in names:
            if name in env0 and name in {p[0] for p in self.carries if isinstance(p, tuple)}:
                exits[name] = leave((name,), env0[name])
                self.freeze(name, exits[name])
            elif name in later and not (_bound(env0.get(name)) and not _always_runs(loop)):
                ended = last_env.get(name)
                if isinstance(ended, Maybe):
                    exits[name] = self.latest(state, name, ended, last_memory, loop)
                else:
                    exits[name] = self.last(state, name, ended, last_memory, loop)
            else:
                nothing = Differs(name) if _bound(env0.get(name)) else Unbound(name)
                exits[name] = env0.get(name, nothing) if name in entered else nothing
        by_path = {path: buffer for path, buffer in self.buffers.items()}
        for path, buffer in by_path.items():
            for other_path, other in by_path.items():
                if other in buffer.aliases and path[0] in exits and other_path[0] in exits:
                    for a in views(exits[path[0]]):
                        for b in views(exits[other_path[0]]):
                            a.buffer.alias(b.buffer)
        after.update(exits)
        for key, binding in last_env.items():
            if region is not None and key.startswith(f"{KEPT}{region.depth} "):
                after[key] = self.known_there(state, key, binding, last_memory)
        state.env = after
        loop.carries = list(self.carries.values())
        for carry in loop.carries:  # zero iterations included; `param` is what an iteration sees
            if carry.init is not None:
                carry.exit.type = join(type_of(carry.init), carry.param.type)

    def known_there(self, state: Any, key: str, binding: Any, memory: dict[Buffer, Value]) -> Any:
        """What a place that left the loop knew: it is read where that place was taken, and only there."""
        if isinstance(binding, (tuple, list)) and not isinstance(binding, Growing):
            parts = [self.known_there(state, key, part, memory) for part in binding]
            return type(binding)(*parts) if hasattr(binding, "_fields") else type(binding)(parts)
        if isinstance(binding, dict):
            return {
                name: self.known_there(state, key, part, memory) for name, part in binding.items()
            }
        value = _surface(binding, memory)
        if value is None or isinstance(value, Box):
            return Unbound(key.rpartition(" ")[2])
        if not isinstance(value, Value):
            return value
        carry = Carry(value.like(named=False), None, value, value.like())
        self.carries[(" last", key, len(self.carries))] = carry
        made = state.bind_new(carry.exit)
        if isinstance(made, View):
            for view in views(binding):
                made.buffer.arguments |= view.buffer.arguments
                for other in (view.buffer, *view.buffer.aliases):
                    made.buffer.alias(other)
        return made

    def latest(
        self, state: Any, name: str, binding: Any, memory: dict[Buffer, Value], loop: Loop
    ) -> Any:
        """A name that not every iteration assigns: after the loop it is what the last one gave it that did."""
        found = [_surface(side, memory) for side in _known_sides(binding)]
        if not found or not all(isinstance(value, Value) or is_constant(value) for value in found):
            return Unbound(name)
        if any(isinstance(value, (str, bytes, type(None), type(...))) for value in found):
            return Unbound(name)
        types = [type_of(value) for value in found]
        type_ = types[0] if len(types) == 1 else join(*types)
        flag = number("bool")
        # Zeros like it may be asked for, where not even its rank is known.
        init = 0.0 if type_.rank is None else None
        type_ = type_ if init is None else join(type_, type_of(init))
        carry = Carry(Value(name, type_), init, None, Value(name, type_))
        ran = Carry(Value("assigned", flag), False, None, Value("assigned", flag))

        def end(part: Any) -> tuple[Any, Any]:
            if isinstance(part, Before):
                return carry.param, ran.param
            if not isinstance(part, Maybe):
                return _surface(part, memory), True
            assert part.phis is not None
            (a, one), (b, other) = map(end, part.sides)
            out, both = Value(name, type_, named=True), one
            part.phis.append(Phi(out, a, b))
            if one is not other:
                both = Value("assigned", flag)
                part.phis.append(Phi(both, one, other))
            return out, both

        carry.next, ran.next = end(binding)
        self.carries[" last", name] = carry
        self.carries[" last", name, "assigned"] = ran
        made = state.bind_new(carry.exit)
        if isinstance(made, View):
            for view in views(binding):
                made.buffer.arguments |= view.buffer.arguments
                for other in (view.buffer, *view.buffer.aliases):
                    made.buffer.alias(other)
        state.guards[name] = Guard(made, loop, [], ran.exit)
        return made

    def last(
        self, state: Any, name: str, binding: Any, memory: dict[Buffer, Value], loop: Loop
    ) -> Any:
        """A name that the loop's body assigns first: after the loop it is what the last iteration gave it."""
        if (
            binding is None
            or isinstance(binding, (Unbound, Filled, Known, str, Handle))
            or is_constant(binding)
        ):
            return Unbound(name)
        if isinstance(binding, (tuple, list, dict, set, Box)):
            return Unbound(name)
        value: Value
        if isinstance(binding, View):
            if memory[binding.buffer] is not binding.version:
                return Unbound(name)
            value = binding.value
        else:
            value = binding
        carry = Carry(value.like(named=False), None, value, value.like())
        self.carries[(" last", name)] = carry
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


def _known_sides(binding: Any) -> list[Any]:
    """What a name may stand for at the end of an iteration, besides what it was before; nothing where that is not known."""
    if isinstance(binding, Before):
        return []
    if isinstance(binding, Maybe) and binding.absent == "unbound" and binding.phis is not None:
        parts = [_known_sides(side) for side in binding.sides]
        whole = all(part or isinstance(side, Before) for part, side in zip(parts, binding.sides))
        return [*parts[0], *parts[1]] if whole else []
    return [] if isinstance(binding, Unbound) else [binding]


def _surface(binding: Any, memory: dict[Buffer, Value]) -> Any:
    """The operand of a binding at the end of an iteration."""
    if isinstance(binding, View):
        current = memory.get(binding.buffer, binding.buffer.initial)
        if not binding.path:
            return current
        return binding.value if current is binding.version else None
    return None if isinstance(binding, (Unbound, Filled, Growing)) else binding


def _always_runs(loop: Loop) -> bool:
    """Whether it is proven that a loop has iterations."""
    if loop.test is not None or loop.domain is None:
        return loop.test is None and loop.until is not None
    start, stop, step = (
        part.type.value if isinstance(part, Value) and part.type.value is not None else part
        for part in loop.domain
    )
    if not (isinstance(start, int) and isinstance(stop, int) and isinstance(step, int)):
        return False
    return len(range(start, stop, step)) > 0


def _bound(binding: Any) -> bool:
    """Whether a name stands for something, which it keeps where a loop that assigns it never runs."""
    return binding is not None and not isinstance(binding, (Unbound, Filled, Growing))


def reach(binding: Any, keys: tuple[Any, ...]) -> Any:
    """What keys lead to in a binding."""
    for key in keys:
        binding = (binding.parts if isinstance(binding, Instance) else binding)[key]
    return binding


def _form(binding: Any) -> Any:
    """The containers that a binding is made of, without what is in them; None where it is none.

    >>> _form([1.0, (2.0, 3.0)]) == _form([0.0, (0.0, 0.0)]), _form([1.0]) == _form([1.0, 2.0])
    (True, False)
    """
    if isinstance(binding, (tuple, list)):
        kind = list if isinstance(binding, list) else type(binding)
        return kind, tuple(map(_form, binding))
    if isinstance(binding, dict):
        return dict, {key: _form(part) for key, part in binding.items()}
    if isinstance(binding, Instance):
        return binding.kind, _form(binding.parts)
    return None
