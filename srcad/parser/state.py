"""What the parser carries along a function: the environment, the memory, the block under construction, and refusals."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

from srcad.analysis.memory import memory_of
from srcad.analysis.types import infer, type_of
from srcad.core.builder import Builder
from srcad.core.nodes import Function, Let, Loop, Origin, Test, Tree, Value
from srcad.core.ops import Operation
from srcad.core.specification import Known, Reference
from srcad.core.types import Type
from srcad.errors import AliasingError, SrcadError, UnsupportedSyntaxError
from srcad.parser.places import Buffer, Step, Unbound, View, views
from srcad.parser.records import Filled, Frame, Maybe, Numbers
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


class NeedUnroll(Exception):
    """A list is indexed by the index of a loop of known length: parse the loop iteration by iteration."""

    def __init__(self, value: Value, node: Any = None) -> None:
        super().__init__(value)
        self.value, self.node = value, node


class NeedInline(Exception):
    """A callee returns what can be handed on only (a list that a loop filled): it is parsed where it is called."""


class Guard(NamedTuple):
    """`binding` is what the last iteration of a loop gave a name: nothing, if the loop never ran.

    It did not where `stop` <= `start`; or, in other loops, where what they carry in `ran` is false at their end.
    """

    binding: Any
    loop: Loop
    emitted: list[Builder]


class Program:
    """All that is shared by the functions parsed for one derivative: callees by signature, references, hidden arguments.

    `decided` are the integers of outer scopes whose values the text is for.
    """

    def __init__(self, decided: frozenset[tuple[tuple[str, ...], str]] = frozenset()) -> None:
        self.decided = decided
        self.references: dict[tuple[tuple[str, ...], str], Reference] = {}
        self.hidden: dict[tuple[tuple[str, ...], str], Value] = {}
        self.callees: dict[Any, Function] = {}
        self.stack: list[Any] = []
        self.sources: dict[types.CodeType, str] = {}

    def refer(self, path: tuple[str, ...], name: str, found: Any) -> None:
        """Note that the text depends on what `name` stands for."""
        self.references.setdefault((path, name), Reference(path, name, found))


class State:
    """Environment, memory and block; `later` are the names that may still be read after the statement being parsed."""

    def __init__(self, source: Source, program: Program, path: tuple[str, ...]) -> None:
        self.source, self.program, self.path = source, program, path
        self.env: dict[str, Any] = {}
        self.memory: dict[Buffer, Value] = {}
        self.builder = Builder(infer)
        self.later: frozenset[str] = frozenset()
        self.written: set[str] = set()
        self.constant = 0
        self.hidden_views: list[View] = []
        # Inside the body of a lambda: its arguments, and the environment of the function around it.
        self.captured: dict[str, Any] = {}
        self.function_env: dict[str, Any] | None = None
        self.held: frozenset[str] = frozenset()
        self.statement: Any = source.node
        # What a method is bound to: its first parameter, read like an object of an outer scope.
        self.owner: Any = None
        self.frame: Frame | None = None
        self.numbers = Numbers()
        self.guards: dict[str, Guard] = {}
        # Buffers that are made on one side of a test, and are reached on that side only.
        self.sided: dict[Buffer, tuple[Test, int]] = {}
        self.builders = [self.builder]
        # Where the body of a callee is parsed in place: the memory of the caller, which it does not write to.
        self.foreign: frozenset[Buffer] = frozenset()

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
        operands = tuple(self.read(arg) for arg in args)
        named = tuple((key, self.read(option)) for key, option in options)
        value = self.builder.let(op, operands, named, base=base)
        self.numbers.note(value, op, operands, named)
        self.freeze()
        if value.type.immutable or value.type.kind == "object":
            return value
        memory = memory_of(op, operands, dict(named))
        owner = args[0] if args and isinstance(args[0], View) else None
        if memory == "same" and owner is not None:
            return View(owner.buffer, owner.path, value, self.current(owner.buffer))
        if memory in ("view", "maybe") and owner is not None:
            step = Step(op, operands[1:], named, memory == "view")
            return View(owner.buffer, (*owner.path, step), value, self.current(owner.buffer))
        made = self.bind_new(value)
        if memory != "fresh":
            for view in views(list(args)):
                made.buffer.alias(view.buffer)
        return made

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
            self.refuse(
                node or self.statement,
                f"`{binding.name}` may not have been assigned here",
                "It is assigned on some paths only: assign it before the `if` or the loop.",
            )
        if isinstance(binding, Filled):
            self.refuse(
                node or self.statement,
                f"the list `{binding.name}`, which a loop fills, is read in a way that is not accepted yet",
                "Loop over it, reversed or not, or index it in a loop over the same numbers; or fill an array.",
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
        value = binding.value if isinstance(binding, View) else binding
        if isinstance(value, Value) and not value.named and value.serial >= since:
            value.base, value.named = name, True

    # blocks

    @contextmanager
    def inner(self) -> Iterator[Builder]:
        """Emit into a block of its own; names assigned inside stay (copy the environment where they must not)."""
        outer = self.builder
        self.builder = Builder(infer, outer.origin)
        self.builders.append(self.builder)
        try:
            yield self.builder
        finally:
            self.builder = outer
            self.builders.pop()

    @contextmanager
    def at(self, node: Any, text: str = "") -> Iterator[None]:
        """Emit on behalf of the statement `node`."""
        statement, origin = self.statement, self.builder.origin
        self.statement = node
        self.builder.origin = Origin(getattr(node, "lineno", 0), text or self.source.text(node))
        try:
            yield
        finally:
            self.statement, self.builder.origin = statement, origin

    def type(self, binding: Any) -> Type:
        """The type of a binding that is no container."""
        if isinstance(binding, View):
            return binding.value.type
        return type_of(binding)
