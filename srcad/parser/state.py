"""What the parser carries along a function: the environment, the memory, the block under construction, and refusals."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

from srcad.analysis.memory import memory_of
from srcad.analysis.types import infer, type_of
from srcad.analysis.views import keeps_order, ordered, settled
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Function, Let, Loop, Origin, Test, Tree, Value
from srcad.core.ops import Operation
from srcad.core.specification import Known, Reference
from srcad.core.types import Type
from srcad.errors import AliasingError, Place, SrcadError, UnsupportedSyntaxError
from srcad.parser.boxes import Box, Held, boxes, holds, refill
from srcad.parser.jumps import Region
from srcad.parser.places import Before, Buffer, Step, Unbound, View, views
from srcad.parser.reads import reads
from srcad.parser.records import Filled, Frame, Maybe, Numbers
from srcad.parser.refusals import SYNTAX
from srcad.parser.rows import NeedRows, Rows, Site
from srcad.parser.source import Source

__all__ = [
    "Guard",
    "Known",
    "NamedNumber",
    "NeedInline",
    "NeedStatic",
    "NeedUnroll",
    "Program",
    "Reference",
    "State",
    "Unbound",
    "Unreachable",
]


class NamedNumber(float):
    """A constant of a module: a float that prints as `np.pi`."""

    text: str

    def __new__(cls, value: float, text: str) -> NamedNumber:
        made = super().__new__(cls, value)
        made.text = text
        return made


class NeedStatic(Exception):
    """The value of a parameter is needed to parse (an axis, a flag): compile again for that value."""

    def __init__(self, value: Value, node: Any = None) -> None:
        super().__init__(value)
        self.value, self.node = value, node
        self.place: Place | None = None
        # The callee whose parameter it is.
        self.callee: Any = None
        # Of the function that is differentiated: the parameter, and the places that lead to the value in it.
        self.where: tuple[str, tuple[int, ...]] | None = None


class NeedUnroll(Exception):
    """A list is indexed by the index of a loop of known length: parse the loop iteration by iteration."""

    def __init__(self, value: Value, node: Any = None) -> None:
        super().__init__(value)
        self.value, self.node = value, node
        self.place: Place | None = None
        self.where: tuple[str, tuple[int, ...]] | None = None


class NeedInline(Exception):
    """A callee takes, returns or writes what can be handed on only, or calls itself: it is parsed where it is called."""


class Unreachable(Exception):
    """A callee that is parsed in place raises whatever comes: the rest of the expression, and of the block, is not reached."""


class Entered(NamedTuple):
    """A function that is being parsed: `key` tells it from others, `static` is what is known of its arguments.

    `inline` says that it is parsed where it is called.
    """

    key: Any
    inline: bool
    static: Any = None


class Guard(NamedTuple):
    """`binding` is what the last iteration of a loop gave a name: nothing, if the loop never ran.

    It did not where `stop` <= `start`; or, in other loops, where what they carry in `ran` is false at their end. Where an iteration may leave the name
    alone, `assigned` says whether one did not.
    """

    binding: Any
    loop: Loop
    emitted: list[Builder]
    assigned: Any = None


class Program:
    """All that is shared by the functions parsed for one derivative: callees by signature, references, hidden arguments.

    `decided` are the integers of outer scopes whose values the text is for.
    """

    def __init__(
        self,
        decided: frozenset[tuple[tuple[str, ...], str]] = frozenset(),
        rows: dict[Site, NeedRows] | None = None,
    ) -> None:
        self.decided, self.rows, self.rounds = decided, rows or {}, 0
        self.references: dict[tuple[tuple[str, ...], str], Reference] = {}
        self.hidden: dict[tuple[tuple[str, ...], str], Value] = {}
        self.callees: dict[Any, Function] = {}
        # Callees that are parsed where they are called, with what they were called with.
        self.inlined: set[Any] = set()
        self.stack: list[Entered] = []
        # Lists, dicts and objects: pairs that may be one, those of outer scopes, those that are arguments (of which function), and
        # where lists are written down. Each is kept alive, since it is known by its identity.
        self.linked: list[tuple[Any, Any]] = []
        self.outside: dict[int, Any] = {}
        self.kept: list[Any] = []
        # What lists that grow hold copies of: lists that are no longer to be changed.
        self.frozen: dict[int, tuple[Any, str]] = {}
        self.arguments: dict[int, tuple[Any, str]] = {}
        # Arguments that are known while parsing (functions), by identity, with the operands by which the text hands them on.
        self.handed: dict[int, tuple[Any, Value]] = {}
        self.sites: dict[int, tuple[Any, Site]] = {}
        self.places: dict[Any, tuple[Any, tuple[str, ...], str]] = {}
        self.count = 0
        # The boxes that were changed, and how many callees were parsed in place.
        self.touched: list[int] = []
        # Arrays in the order in which they were written, on all paths.
        self.stored: list[Buffer] = []
        # Buffers that may share the memory of one that was stored into: what they held, and on which sides of branches that was.
        self.stale: dict[Buffer, tuple[Value, dict[Any, int]]] = {}
        self.calls = 0

    def refer(self, path: tuple[str, ...], name: str, found: Any) -> None:
        """Note that the text depends on what `name` stands for."""
        self.references.setdefault((path, name), Reference(path, name, found))
        self.places.setdefault(identity(found), (found, path, name))

    def hand_in(self, name: str, found: Any) -> None:
        """Note that the function that is differentiated is given an object as an argument."""
        if len(self.stack) == 1 and identity(found) not in self.places:
            self.refer((), f"argument {name}", found)

    def place_of(self, found: Any) -> tuple[tuple[str, ...], str] | None:
        """Where an object was first found: through which callees, under which name."""
        place = self.places.get(identity(found))
        return None if place is None else place[1:]


def identity(found: Any) -> Any:
    """What tells an object from others while it lives; a method is made anew whenever it is read."""
    if isinstance(found, types.MethodType):
        return id(found.__self__), id(found.__func__)
    return id(found)


class Work:
    """What parsers share of which one parses a body in place of the other: the block, the memory, and the loop around."""

    def __init__(self) -> None:
        self.builder = Builder(infer)
        self.memory: dict[Buffer, Value] = {}
        self.frame: Frame | None = None


class State:
    """Environment, memory and block; `later` are the names that may still be read after the statement being parsed."""

    def __init__(self, source: Source, program: Program, path: tuple[str, ...]) -> None:
        self.source, self.program, self.path = source, program, path
        self.env: dict[str, Any] = {}
        self.work = Work()
        self.later: frozenset[str] = frozenset()
        self.written: set[str] = set()
        self.constant = 0
        self.hidden_views: list[View] = []
        # Of a function inside another, the parser of that; of one that is parsed where it is called, that of its caller.
        self.scope: State | None = None
        self.caller: State | None = None
        # Names that the functions inside it read, whenever they are called.
        self.captured: frozenset[str] = frozenset()
        self.own: frozenset[str] = frozenset()
        # What an expression holds that is being evaluated.
        self.pending: list[Any] = []
        self.held: frozenset[str] = frozenset()
        self.statement: Any = source.node
        # What a method is bound to: its first parameter, read like an object of an outer scope.
        self.owner: Any = None
        # The innermost loop around that is left by jumps; and what is to be done right after the loop that was parsed last.
        self.region: Region | None = None
        self.afterwards: list[Any] = []
        # Whether what follows is not reached, since an exception was raised; what was caught, in a handler; the settings of `np.errstate`.
        self.has_raised = False
        self.handling: Value | None = None
        self.under: tuple[tuple[tuple[str, str], ...], ...] = ()
        # The body of a `try` that is being parsed: what was known before each of its statements.
        self.trace: list[Any] | None = None
        self.attempting = 0
        # Whether a `try` succeeded: its test, and the loops around it.
        self.outcomes: dict[Value, tuple[Test, Any]] = {}
        self.numbers = Numbers()
        # Lists of arrays that are values: what they may be views of, and what that held.
        self.lists_of: dict[Value, list[tuple[Buffer, Value]]] = {}
        self.guards: dict[str, Guard] = {}
        # Buffers that are made on one side of a test, and are reached on that side only.
        self.sided: dict[Buffer, tuple[Test, int]] = {}
        self.builders = [self.builder]
        # While a branch is joined: what pairs of boxes became, and the boxes that were there before it.
        self.joins: dict[tuple[int, int], Any] = {}
        self.before_joins: Held = {}

    @property
    def builder(self) -> Builder:
        """The block under construction."""
        return self.work.builder

    @builder.setter
    def builder(self, builder: Builder) -> None:
        self.work.builder = builder

    @property
    def memory(self) -> dict[Buffer, Value]:
        """What the buffers hold."""
        return self.work.memory

    @memory.setter
    def memory(self, memory: dict[Buffer, Value]) -> None:
        self.work.memory = memory

    @property
    def frame(self) -> Frame | None:
        """The loop whose body is being parsed."""
        return self.work.frame

    @frame.setter
    def frame(self, frame: Frame | None) -> None:
        self.work.frame = frame

    # refusals

    def refuse(
        self,
        node: Any,
        what: str,
        reason: str,
        kind: Callable[..., SrcadError] = UnsupportedSyntaxError,
    ) -> NoReturn:
        """Raise an error that points at `node`."""
        raise kind(what, place=self.source.place(node), reason=reason)

    def refuse_syntax(self, node: Any) -> NoReturn:
        """Raise the error for a construct that is never accepted."""
        name = type(node).__name__
        unknown = (
            f"`{name}` is not known to this version of srcad",
            "It is newer than srcad, or stands where it means nothing. docs/language.md lists what is known.",
        )
        self.refuse(node, *SYNTAX.get(name, unknown))

    @contextmanager
    def calling(self, node: Any) -> Iterator[None]:
        """Let an error in a function of another file say which call leads there."""
        try:
            yield
        except SrcadError as error:
            error.reached_by(self.source.place(node))
            raise

    # what the layers below call of those above

    def block(self, statements: list[Any], later: frozenset[str]) -> None:
        """Parse a list of statements; `later` are the names read after it."""
        raise NotImplementedError

    def header_text(self, statement: Any) -> str:
        """The text of a statement; of a compound one its first line."""
        raise NotImplementedError

    def assign(self, target: Any, value: Any, since: int) -> None:
        """Bind a target to a value."""
        raise NotImplementedError

    def call(self, node: Any, callee: Any, args: list[Any], options: dict[str, Any]) -> Any:
        """Call a binding."""
        raise NotImplementedError

    def living(self, but: str | None = None) -> Iterator[tuple[str, Any]]:
        """The names (`but` one) that may be read after the statement being parsed, and what they stand for: its own, and its callers'."""
        own = self.env
        yield from ((name, own[name]) for name in sorted(own) if name in self.later and name != but)
        caller = self.caller
        while caller is not None:
            later = caller.later | reads(caller.statement)
            yield from ((name, caller.env[name]) for name in sorted(caller.env) if name in later)
            yield from (("a value of its expression", part) for part in caller.pending)
            caller = caller.caller
        yield from (("a value of this expression", part) for part in self.pending)

    @contextmanager
    def holding(self, part: Any) -> Iterator[None]:
        """An expression holds `part` while the rest of it is evaluated."""
        self.pending.append(part)
        try:
            yield
        finally:
            self.pending.pop()

    # emitting

    def emit(
        self,
        op: Operation,
        args: tuple[Any, ...],
        options: tuple[tuple[str, Any], ...] = (),
        *,
        base: str = "",
    ) -> Any:
        """`op` of bindings: a view where the result may share memory with the first operand, else a fresh array or a value."""
        self.known_still(list(args))
        operands = tuple(self.read(arg) for arg in args)
        named = tuple((key, self.read(option)) for key, option in options)
        value = self.builder.let(op, operands, named, base=base)
        self.numbers.note(value, op, operands, named)
        self.freeze()
        if value.type.kind in ("object", "tuple"):
            self.note_parts(value, op, args, operands, dict(named))
        if value.type.kind == "tuple":
            return self.parts_of(value)
        if value.type.immutable:
            return value
        owner = args[0] if args and isinstance(args[0], View) else None
        memory = settled(op, operands, dict(named), owner is not None and in_order(owner))
        if memory == "same" and owner is not None:
            return View(owner.buffer, owner.path, value, self.current(owner.buffer))
        if memory in ("view", "maybe") and owner is not None:
            step = Step(op, operands[1:], named, memory == "view")
            return View(owner.buffer, (*owner.path, step), value, self.current(owner.buffer))
        made = self.bind_new(value)
        if args and isinstance(args[0], Value) and args[0] in self.lists_of:
            self.part_of(args[0], made)
        if memory == "fresh":
            given = views([list(args), dict(options)])
            orders = [view.value.type.rank in (0, 1) or in_order(view) for view in given]
            made.buffer.ordered = ordered(op, operands, dict(named), orders)
        else:
            for view in views([list(args), dict(options)]):
                self.overlap(made, view.buffer)
        return made

    def parts_of(self, results: Value) -> Any:
        """Several results, as the tuple that they are."""
        parts, made = self.builder.parts(results), []
        for place, part in enumerate(parts):
            self.numbers.note(part, ops.part, (results, place), ())
            self.builder.block[place - len(parts)].frozen = bool(self.constant)  # type: ignore[attr-defined]
            binding = self.bind_new(part)
            if results in self.lists_of and isinstance(binding, View):
                self.part_of(results, binding)
            made.append(binding)
        return type(parts)(*made) if hasattr(parts, "_fields") else tuple(made)

    def overlap(self, made: View, buffer: Buffer) -> None:
        """What was made may be the memory of a buffer, and of what that may be."""
        for other in (buffer, *buffer.aliases):
            made.buffer.alias(other)
        made.buffer.arguments |= buffer.arguments

    def note_parts(
        self, value: Value, op: Operation, args: Any, operands: Any, options: dict[str, Any]
    ) -> None:
        """Remember of what a list of arrays (`np.split(x, 2)`) may be views."""
        seen = views([list(args), options])
        if seen and memory_of(op, operands, options) != "fresh":
            self.lists_of[value] = [(view.buffer, self.current(view.buffer)) for view in seen]

    def part_of(self, parts: Value, made: View) -> None:
        """A part of such a list may share memory with what the list was made of."""
        for buffer, version in self.lists_of[parts]:
            if self.current(buffer) is not version:
                self.refuse(
                    self.statement,
                    "this list was made of an array that was written since",
                    "Whether its parts see the store is not known. Unpack it before the store, or slice the array.",
                    AliasingError,
                )
            self.overlap(made, buffer)

    def freeze(self) -> None:
        """Within `no_grad`, what was just computed is a constant."""
        if self.constant:
            last = self.builder.block[-1]
            if isinstance(last, Let):
                last.frozen = True

    def bind_new(self, value: Value) -> Any:
        """An array in memory of its own."""
        if value.type.immutable:
            return value
        buffer = Buffer()
        self.memory[buffer] = value
        return View(buffer, (), value, value)

    def read(self, binding: Any, node: Any = None) -> Tree:
        """The operand that a binding stands for now."""
        if isinstance(binding, View):
            return self.read_view(binding)
        if isinstance(binding, Maybe) and binding.absent == "None":
            self.refuse(
                node or self.statement,
                f"`{binding.name}` may be None here",
                "It is None on one side of a branch. Read it under the same condition, or give it a value on both sides.",
            )
        if isinstance(binding, Unbound):
            try:
                self.refuse(
                    node or self.statement,
                    f"`{binding.name}` {binding.why[0]}",
                    binding.why[1],
                )
            except UnsupportedSyntaxError as error:
                error.first = isinstance(binding, Before)  # type: ignore[attr-defined]
                raise
        if isinstance(binding, Filled) and binding.site is not None:
            raise NeedRows(binding.site, binding.element, grow=False)
        if isinstance(binding, Rows):
            self.refuse(
                node or self.statement,
                f"the list `{binding.name}`, which grows in a loop, is used in a way that is not accepted",
                "Make an array of it first: np.array(...).",
            )
        if isinstance(binding, Filled):
            self.refuse(
                node or self.statement,
                f"the list `{binding.name}`, which a loop fills, is read in a way that is not accepted yet",
                "Loop over it, reversed or not, or index it in a loop over the same numbers; or fill an array.",
            )
        if isinstance(binding, Box):
            self.refuse(
                node or self.statement,
                "an object is used where an array or a number must stand",
                "Read its attributes, or call a method of it by its name.",
            )
        if isinstance(binding, Known):
            return binding.object
        if isinstance(binding, tuple):
            parts = [self.read(part, node) for part in binding]
            return type(binding)(*parts) if hasattr(binding, "_fields") else tuple(parts)
        if isinstance(binding, list):
            return [self.read(part, node) for part in binding]
        if isinstance(binding, dict):
            return {key: self.read(part, node) for key, part in binding.items()}
        return binding

    def current(self, buffer: Buffer) -> Value:
        """What a buffer holds now; an array of an outer scope, what it held from the start."""
        found = self.memory.get(buffer, buffer.initial)
        assert found is not None
        return found

    def outdate(self, buffer: Buffer) -> None:
        """A buffer is stored into: what may share its memory is not known any more."""
        for other in buffer.aliases:
            held = self.memory.get(other, other.initial)
            if held is not None:
                self.program.stale[other] = held, dict(self.numbers.taken)

    def known_still(self, binding: Any) -> None:
        """Refuse a value that an expression holds, where a store since may have changed it. (Names are asked at the store.)"""
        if not self.program.stale:
            return
        for view in views(binding):
            held, sides = self.program.stale.get(view.buffer, (None, {}))
            if held is None or held is not self.memory.get(view.buffer, view.buffer.initial):
                continue
            if all(self.numbers.taken.get(test, side) == side for test, side in sides.items()):
                self.refuse(
                    self.statement,
                    "an array that this expression holds may share the memory that a part of it writes",
                    "They are the same array on some paths only. Do the store on a line of its own, and .copy() where one becomes the other.",
                    AliasingError,
                )

    def read_view(self, view: View) -> Value:
        """The value of a view now: what it was, or read again from what its buffer holds since a store."""
        current = self.current(view.buffer)
        if current is view.version:
            return view.value
        value = current
        for step in view.path:
            if not step.sure:
                self.refuse(
                    self.statement,
                    f"`{step.op.name}` may or may not have copied the array that was written since",
                    "Whether this value sees the store is not known. Write .copy() where it is made, or after the store make it again.",
                    AliasingError,
                )
            value = self.builder.let(step.op, (value, *step.args), step.options)
        return value

    def name(self, binding: Any, name: str, since: int) -> None:
        """Give the value that this statement made (`since`: the block's length before it) the user's name."""
        value = getattr(binding, "value", binding)  # of an array, or of what a solver returned
        if isinstance(value, Value) and not value.named and value.serial >= since:
            value.base, value.named = name.partition(" ")[0], True

    # boxes

    def reached(self) -> list[Any]:
        """What the names of this function, of its callers and of those around it stand for."""
        found: list[Any] = []
        state: State | None = self
        while state is not None:
            scope: State | None = state
            while scope is not None:
                found += [*scope.env.values(), *scope.pending]
                scope = scope.scope
            state = state.caller
        return found

    def held_boxes(self) -> Held:
        """What the boxes hold that can be reached now."""
        return {key: (box, holds(box)) for key, box in boxes(self.reached()).items()}

    def put_back(self, held: Held) -> None:
        """Let the boxes hold what they held."""
        for box, parts in held.values():
            refill(box, parts)

    def link(self, one: Any, other: Any) -> None:
        """Two boxes may be one, by the path that was taken."""
        if one is not other:
            self.program.linked.append((one, other))

    def freeze_boxes(self, binding: Any, label: str) -> None:
        """What a list holds is not changed from now on."""
        for box in boxes([binding]).values():
            self.program.frozen[id(box)] = (box, label)

    def frozen_in(self, binding: Any) -> str | None:
        """The list that holds a box of a binding, if one does."""
        frozen = self.program.frozen
        return next((frozen[key][1] for key in boxes([binding]) if key in frozen), None)

    def change(self, node: Any, box: Any) -> None:
        """Before a box is changed: whether all who hold it are known."""
        self.program.touched.append(id(box))
        kind = next((k.__name__ for k in (list, dict, set) if isinstance(box, k)), "object")
        if id(box) in self.program.outside:
            self.refuse(
                node,
                f"a {kind} of an outer scope is changed",
                "A derivative changes nothing outside. Change a copy, and return it.",
                AliasingError,
            )
        doubtful = {
            id(b if a is box else a) for a, b in self.program.linked if a is box or b is box
        }
        for key in {id(box), *doubtful} & self.program.frozen.keys():
            self.refuse(
                node,
                f"{'an' if kind == 'object' else 'a'} {kind} that the list `{self.program.frozen[key][1]}` holds is changed",
                "The list grows in a loop, and keeps its items in arrays. Change it before it is appended.",
                AliasingError,
            )
        if doubtful and doubtful & set(boxes(self.reached())):
            self.refuse(
                node,
                f"it is not known whether another name stands for the {kind} that is changed here",
                "They are one on some paths only. Make a copy where one becomes the other.",
                AliasingError,
            )
        if id(box) in self.program.arguments:
            self.written.add(self.program.arguments[id(box)][1])

    # blocks

    @contextmanager
    def inner(self) -> Iterator[Builder]:
        """Emit into a block of its own; names assigned inside stay (copy the environment where they must not)."""
        outer, under, constant = self.builder, self.under, self.constant
        self.builder = Builder(infer, outer.origin)
        self.builders.append(self.builder)
        try:
            yield self.builder
        finally:
            self.builder, self.under, self.constant = outer, under, constant
            self.builders.pop()

    @contextmanager
    def at(self, node: Any, text: str = "") -> Iterator[None]:
        """Emit on behalf of the statement `node`."""
        statement, origin = self.statement, self.builder.origin
        self.statement = node
        line, shown = getattr(node, "lineno", 0), text or self.source.text(node)
        self.builder.origin = Origin(line, shown, under=self.under, file=self.source.file)
        try:
            yield
        finally:
            self.statement, self.builder.origin = statement, origin

    def type(self, binding: Any) -> Type:
        """The type of a binding that is no container."""
        if isinstance(binding, View):
            return binding.value.type
        return type_of(binding)


def in_order(view: View) -> bool:
    """Whether what a view shows lies in C order without gaps for certain."""
    return view.buffer.ordered and all(
        keeps_order(step.op, step.args, dict(step.options)) for step in view.path
    )
