"""Lists that a loop fills with a record an iteration, and that another loop reads: how derivatives keep values.

    saved = []                             # Growing
    for i in range(n):                     # a loop of some family
        saved.append((x, s))
        ...                                # Filled, from here on
    for x, s in reversed(saved):           # a loop of the same family, the other way round, that reads x and s by name
        ...

Nothing of such a list remains in Core. So it must be provable which iteration reads what which iteration appended: one append in each
iteration, by the one loop, and no other use of the list than to run over it, to index it by the index of a loop over the same numbers,
to hand it on, or to append it to a list of an outer loop. All else is refused.

What one side of a branch alone gives a name (the other has None, or nothing) is a `Maybe`: it is read under a test of the same value, on the same side.
To prove that two tests, or the lengths of two loops, are the same, values are numbered: equal numbers mean equal values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from srcad.analysis.types import Exact
from srcad.core.builder import Builder
from srcad.core.nodes import Family, Loop, Phi, Test, Value
from srcad.core.ops import Operation, not_
from srcad.parser.objects import Instance
from srcad.parser.places import Unbound

__all__ = ["Filled", "Frame", "Growing", "Kept", "Maybe", "Numbers", "handed_on", "resolved"]


class Frame:
    """A loop whose body is being parsed; `outer` is the frame and `around` the block around it, `builder` that of the body itself.

    `joined` says that its family is that of the loop whose list it reads.
    """

    def __init__(self, loop: Loop, outer: Frame | None, around: Builder) -> None:
        self.loop, self.outer, self.around = loop, outer, around
        self.builder: Builder | None = None
        self.joined = False


class Growing(list):  # type: ignore[type-arg]
    """An empty list that a name was bound to in `frame` and `block`; once the name has been `read`, who else holds the list is not known.

    `filled` is what became of it; an outer record may hold it already.
    """

    def __init__(
        self, parts: Any = (), frame: Frame | None = None, block: Builder | None = None
    ) -> None:
        super().__init__(parts)
        self.frame, self.block, self.read = frame, block, False
        self.site: Any = None
        self.filled: Filled | None = None


class Filled:
    """A list that `loop` filled with `parts`, one record an iteration; `closed` once the loop is over."""

    def __init__(self, name: str, loop: Loop, parts: Any) -> None:
        self.name, self.loop, self.parts, self.closed = name, loop, parts, False
        # Where the list is written, and the type of its items: what it takes to keep them in arrays instead.
        self.site: Any = None
        self.element: Any = None


class Kept:
    """An array in a record."""

    def __init__(self, value: Value) -> None:
        self.value = value


class Maybe(Unbound):
    """What a name stands for that has a value on some sides of `test` only; `sides` are the bindings there.

    `number` is that of the condition; `absent` says what the name is elsewhere: "None", or "unbound"; or "guarded", where it has a value on both
    sides, one of them from a loop that may never have run: these are joined on the `condition` when the name is read.
    """

    def __init__(
        self,
        name: str,
        test: Test,
        number: int,
        sides: tuple[Any, Any],
        absent: str,
        condition: Any = None,
    ) -> None:
        super().__init__(name)
        self.condition = condition
        # The families of the loops around the branch, its joins, and the operands there.
        self.nest: tuple[Family, ...] = ()
        self.phis: list[Phi] | None = None
        self.operands: tuple[Any, Any] = (None, None)
        self.joins: dict[int, Value] = {}
        self.test, self.number, self.sides, self.absent = test, number, sides, absent


class Numbers:
    """Numbers of values, equal only where the values are.

    `negated` is what a number is the negation of; `joined` are the values that a branch joined, with its test and what they are on each side.

    >>> from srcad.core import ops
    >>> a, b, c = Value("a"), Value("b"), Value("c")
    >>> numbers = Numbers()
    >>> numbers.note(b, ops.negative, (a,), ())
    >>> numbers.note(c, ops.negative, (a,), ())
    >>> numbers.of(b) == numbers.of(c), numbers.of(a) == numbers.of(b), numbers.of(1) == numbers.of(1.0)
    (True, False, False)
    """

    def __init__(self) -> None:
        self.known: dict[Any, int] = {}
        self.negated: dict[int, Any] = {}
        self.joined: dict[Value, tuple[Test, tuple[Any, Any]]] = {}
        self.taken: dict[Test, int] = {}
        self.conditions: dict[Test, Any] = {}

    def of(self, tree: Any) -> int:
        """The number of a tree of operands; integers that are known to be equal have one number."""
        if isinstance(tree, Value) and tree not in self.known:
            exact = tree.type.value
            if isinstance(exact, int):
                return self.of(exact)
            if isinstance(exact, Exact):
                return self.number(("exact", exact.key, exact.offset))
        return self.number(self.key(tree))

    def number(self, key: Any) -> int:
        return self.known.setdefault(key, len(self.known))

    def key(self, tree: Any) -> Any:
        if isinstance(tree, (tuple, list)):
            return (type(tree), *map(self.of, tree))
        if isinstance(tree, dict):
            return (dict, *((key, self.of(part)) for key, part in tree.items()))
        if isinstance(tree, (bool, int, float, complex, str, bytes, type(None), type(...))):
            return (type(tree), repr(tree))
        if isinstance(tree, Value):
            return tree
        try:
            hash(tree)
        except TypeError:
            return object()
        return (type(tree), tree)

    def note(self, out: Value, op: Operation, args: Any, options: Any) -> None:
        """`out` is what `op` makes: what another call of it with equal operands makes too, unless it draws."""
        if op.function in (min, max) and len(args) == 2 and len(set(map(self.of, args))) == 1:
            self.known.setdefault(out, self.of(args[0]))
        elif op.effect == "pure":
            made = self.key((op, args, options))
            number = self.known[made] if made in self.known else self.of(out)
            self.known[made] = self.known[out] = number
            if op is not_:
                self.negated[number] = args[0]

    def here(self, tree: Any) -> int:
        """The number of a condition, on the sides `taken` of the branches around."""
        while isinstance(tree, Value) and tree in self.joined:
            test, sides = self.joined[tree]
            if test not in self.taken:
                break
            tree = sides[self.taken[test]]
        return self.of(tree)

    def same(self, value: Value, other: Value) -> None:
        """Two indices stand for the same number in iterations that belong together."""
        self.known[value] = self.of(other)


def handed_on(binding: Any) -> Iterator[Any]:
    """What of a binding can be handed on only: the filled lists and the names that are None on a side."""
    if isinstance(binding, (Filled, Maybe)):
        yield binding
    elif isinstance(binding, (tuple, list)):
        for part in binding:
            yield from handed_on(part)
    elif isinstance(binding, dict):
        for part in binding.values():
            yield from handed_on(part)
    elif isinstance(binding, Instance):
        yield from handed_on(binding.parts)


def resolved(binding: Any, test: Test, side: int) -> Any:
    """The binding on one side of `test`, in the loops around that."""
    if not any(isinstance(part, Maybe) for part in handed_on(binding)):
        return binding
    if isinstance(binding, Maybe):
        return resolved(binding.sides[side], test, side) if binding.test is test else binding
    if isinstance(binding, dict):
        return {key: resolved(part, test, side) for key, part in binding.items()}
    if isinstance(binding, Instance):
        return Instance(binding.kind, resolved(binding.parts, test, side), binding.name)
    parts = [resolved(part, test, side) for part in binding]
    return type(binding)(*parts) if hasattr(binding, "_fields") else type(binding)(parts)
