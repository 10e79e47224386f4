"""Storage: how values of a loop get to the loop that runs backward over it.

Until here a reverse loop reads, by name, what its sibling defined in the same iteration. Now, for each family, the deepest first (an inner list is a value of
the outer loop): what is read across is saved, one record an iteration, and read back in order or reversed.

- What is cheap to compute again from what is at hand is computed again.
- What the loop carries is not saved twice: the value after an update is the value before the next one, held from record to record.
- A value local to a side of a branch is joined with None.
- Nothing to save: the loop is counted.

Before and after:

    for i in range(n):                 saved = []
        s = np.sin(x)                  for i in range(n):
        x = s * x                          s = np.sin(x)
    for mirror:                    ->      saved.append((s, x))
        reads s, x                         x = s * x
                                       for s_1, x_1 in reversed(saved):
                                           reads s_1, x_1
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from srcad.analysis.liveness import defines, reads_of
from srcad.analysis.types import infer, type_of
from srcad.core import ops
from srcad.core.nodes import (
    Block,
    Branch,
    Carry,
    Family,
    Function,
    Let,
    Loop,
    Phi,
    Record,
    Statement,
    Tree,
    Value,
    blocks,
    defined,
    leaves,
    map_tree,
    operands,
    surviving,
    visible,
    walk,
)
from srcad.core.types import Type, number
from srcad.simplifier.rewrite import Pass, begin_with_none, copy_function, remake

__all__ = ["store_values"]

_CHEAP = {
    ops.less, ops.less_equal, ops.equal, ops.not_equal, ops.greater, ops.greater_equal, ops.not_, ops.is_, ops.is_not,
    ops.getitem, ops.negative, ops.shape, ops.size, ops.length, ops.ndim, ops.dtype, ops.transpose, ops.pick,
}  # fmt: skip


def store_values(function: Function) -> Function:
    """The function with values saved and read back where loops read their siblings."""
    function = _clone(function)
    families: dict[Family, list[tuple[int, Loop]]] = {}
    for depth, loop in _loops(function.body, 0):
        families.setdefault(loop.family, []).append((depth, loop))
    for family in sorted(families, key=lambda family: (-families[family][0][0], family.serial)):
        loops = [loop for _, loop in families[family]]
        if len(loops) > 1:
            _Family(function, loops).store()
    return function


def _loops(block: Block, depth: int) -> Iterator[tuple[int, Loop]]:
    for statement in block:
        if isinstance(statement, Loop):
            yield depth, statement
        for inner in blocks(statement):
            yield from _loops(inner, depth + isinstance(statement, Loop))


def _clone(function: Function) -> Function:
    """A copy whose loops, branches and blocks can be edited."""
    return copy_function(function, _Copy().block(function.body), function.result)


class _Copy(Pass):
    def let(self, statement: Let) -> Let:
        return remake(statement, statement.op, statement.args, statement.options)


class _Family:
    """The loops over one set of iterations, in program order."""

    def __init__(self, function: Function, loops: list[Loop]) -> None:
        self.function, self.loops = function, loops

    def store(self) -> None:
        for place, source in enumerate(self.loops):
            readers = self.loops[place + 1 :]
            own = _own(source)
            needs: dict[Value, None] = {}
            for reader in readers:
                inner = defines([reader])
                for value in sorted(_reads(reader), key=lambda v: v.serial):
                    if (
                        value in own
                        and value not in inner
                        and not (value is source.index and reader.index is not None)
                    ):
                        needs[value] = None
            self.save(source, readers, list(needs))
        for reader in self.loops[1:]:
            if reader.domain is None and not reader.open and not reader.records:
                self.count(self.loops[0], reader)

    def save(self, source: Loop, readers: list[Loop], needs: list[Value]) -> None:
        """Provide `needs`, defined in an iteration of `source`, to those of the readers that read any of them."""
        needed_by = {id(reader): set(_reads(reader)) & set(needs) for reader in readers}
        for reader in readers:
            if not needed_by[id(reader)]:
                self.align(source, reader)
        readers = [reader for reader in readers if needed_by[id(reader)]]
        inside = [*source.header, *source.body]
        lets: dict[Value | None, Let] = {s.out: s for s in walk(inside) if isinstance(s, Let)}
        own = _own(source)
        if all(reader.index is not None for reader in readers):
            own.discard(source.index)  # which they have, too
        filled = self.filled(source)
        own -= set(filled)
        needs = [value for value in needs if value not in filled]
        kept = list(needs)
        recomputed: list[Value] = []
        for value in needs:
            if self.recomputable(value, lets, own, [v for v in kept if v is not value], source):
                kept.remove(value)
                recomputed.append(value)
        restored: list[tuple[Carry, list[tuple[Let, Value]]]] = []
        held: list[tuple[Value, Carry]] = []
        places: set[Value | None] = set()
        opposite = all(reader.direction == -source.direction for reader in readers)
        if opposite:
            for carry in source.carries:
                if carry.next in kept and carry.param in kept and carry.next is not carry.param:
                    kept.remove(carry.next)
                    held.append((carry.next, carry))
            for carry in source.carries:
                chain = self.chain(source, carry) if carry.param in kept else []
                indices = {v for let in chain for v in leaves(let.args[1])}
                undone = {carry.param, *(let.out for let in chain)}
                if undone & (indices | places):  # what is undone tells where no more
                    continue
                if chain and all(self.at_hand(let.args[1], source, own, kept) for let in chain):
                    places |= indices
                    olds = [(let, self.old(source, let)) for let in chain]
                    kept = [
                        v
                        for v in kept
                        if v is not carry.param and v not in {let.out for let in chain}
                    ]
                    held = [(v, c) for v, c in held if c is not carry]
                    kept += [old for _, old in olds]
                    restored.append((carry, olds))
        kept.sort(key=lambda v: v.serial)
        record: Value | None = None
        if kept:
            record = Value("saved", Type("record"))
            begin_with_none(source.body, set(kept))
            sources = [self.surface(source, value) for value in kept]
            self.insert_before(source, Let(record, ops.saved, (), (), source.origin))
            self.append(source, record, sources)
        for reader in readers:
            mapping: dict[Value, Tree] = dict(filled)
            if source.index is not None and reader.index is not None:
                mapping[source.index] = reader.index
            wanted = set(_reads(reader))
            if record is not None:
                targets = []
                for value in kept:
                    target = value.like(named=value.named)
                    mapping[value] = target
                    targets.append(target)
                reader.records = [
                    *reader.records,
                    Record(
                        record,
                        tuple(targets) if len(targets) > 1 else targets[0],
                        reader.direction == -source.direction,
                    ),
                ]
            for value, carry in held:
                if value in wanted:
                    hold = Value(carry.param.base, carry.param.type, named=carry.param.named)
                    reader.carries = [
                        *reader.carries,
                        Carry(
                            hold,
                            carry.exit,
                            mapping[carry.param],
                            Value(carry.param.base, carry.param.type),
                        ),
                    ]
                    mapping[value] = hold
            front: Block = []
            for carry, olds in restored:
                self.restore(reader, carry, olds, mapping, front)
            needed = wanted & set(recomputed)
            for value in recomputed:
                if value in needed:
                    self.recompute(value, lets, mapping, front)
            _substitute(reader, mapping)
            reader.body[:0] = front

    def filled(self, source: Loop) -> dict[Value, Tree]:
        """Arrays that the loop fills where nothing stood: what an iteration has of them, the array has at the end."""
        found: dict[Value, Tree] = {}
        for carry in source.carries:
            chain = self.chain(source, carry)
            if chain and all(("fresh", True) in let.options for let in chain):
                found[carry.param] = carry.exit
                found.update((let.out, carry.exit) for let in chain if let.out is not None)
        return found

    def align(self, source: Loop, reader: Loop) -> None:
        """A reader that reads nothing but, maybe, the index."""
        if source.index is not None and reader.index is not None:
            _substitute(reader, {source.index: reader.index})

    def chain(self, source: Loop, carry: Carry) -> list[Let]:
        """The stores that make the next value of a carried array out of its parameter, first one first."""
        lets = {s.out: s for s in source.body if isinstance(s, Let) and s.out is not None}
        found: list[Let] = []
        value = carry.next
        while value is not carry.param:
            let = lets.get(value)
            if let is None or let.op not in (ops.put, ops.put_add):
                return []
            found.append(let)
            value = let.args[0]
        return found[::-1]

    def at_hand(self, index: Tree, source: Loop, own: set[Value], kept: list[Value]) -> bool:
        """Whether the index of a store is there in the reader too."""
        return all(value not in own or value in kept for value in leaves(index))

    def old(self, source: Loop, let: Let) -> Value:
        """What a store is about to overwrite."""
        base, index = let.args[0], let.args[1]
        out = Value("old", infer(ops.getitem, (base, index), {}))
        source.body.insert(
            source.body.index(let), Let(out, ops.getitem, (base, index), (), let.origin)
        )
        return out

    def restore(
        self,
        reader: Loop,
        carry: Carry,
        olds: list[tuple[Let, Value]],
        mapping: dict[Value, Tree],
        front: Block,
    ) -> None:
        """Undo the stores of an iteration: the array goes back from its last value to its first."""
        change = lambda v: mapping.get(v, v)  # noqa: E731
        hold = carry.param.like()
        current = hold
        for let, old in reversed(olds):
            assert let.out is not None
            mapping[let.out] = current
            before = carry.param.like()
            index = map_tree(let.args[1], change)
            front.append(
                Let(
                    before,
                    ops.put,
                    (current, index, mapping[old]),
                    (),
                    let.origin._replace(text="", part="adjoint"),
                )
            )
            current = before
        mapping[carry.param] = current
        reader.carries = [
            *reader.carries,
            Carry(hold, carry.exit, current, carry.param.like(named=False)),
        ]

    def recomputable(
        self,
        value: Value,
        lets: dict[Value | None, Let],
        own: set[Value],
        kept: list[Value],
        source: Loop,
    ) -> bool:
        """Whether a value can be had again from what is kept, what lies outside the loops, and the index."""
        statement = lets.get(value)
        if statement is None or not _cheap(statement):
            return False
        inside = [*source.header, *source.body]
        if _path(inside, value) and (
            statement.op is ops.getitem
            or (statement.op is ops.power and not _plain_power(statement))
            or any(operand in own and _path(inside, operand) for operand in operands(statement))
        ):
            return False  # computed at the head of the reader it could raise where the branch guards it, or read None
        if _arithmetic(statement):
            return all(operand in kept or operand not in own for operand in operands(statement))
        for operand in operands(statement):
            if operand in kept or operand not in own:
                continue
            if not self.recomputable(operand, lets, own, kept, source):
                return False
        return True

    def recompute(
        self, value: Value, lets: dict[Value | None, Let], mapping: dict[Value, Tree], front: Block
    ) -> None:
        """Compute a value again at the head of a reader."""
        if value in mapping:
            return
        statement = lets[value]
        for operand in operands(statement):
            if operand in lets and operand not in mapping:
                self.recompute(operand, lets, mapping, front)
        change = lambda v: mapping.get(v, v)  # noqa: E731
        out = value.like(named=False)
        options = tuple((key, map_tree(option, change)) for key, option in statement.options)
        front.append(
            Let(
                out,
                statement.op,
                map_tree(statement.args, change),
                options,
                statement.origin._replace(text="", part="adjoint"),
            )
        )
        mapping[value] = out

    def surface(self, source: Loop, value: Value) -> Value:
        """The value, or its join with None where a side of a branch defines it."""
        path = _path([*source.header, *source.body], value)
        for branch, side in reversed(path):
            out = Value(value.base, value.type, named=value.named)
            branch.phis.append(Phi(out, value, None) if side == 0 else Phi(out, None, value))
            value = out
        return value

    def append(self, source: Loop, record: Value, values: list[Value]) -> None:
        """Save a record as soon as its last value is there."""
        place = 0
        for position, statement in enumerate(source.body):
            if any(value in values for value in visible(statement)):
                place = position + 1
        saved = tuple(values) if len(values) > 1 else values[0]
        source.body.insert(place, Let(None, ops.save, (record, saved), (), source.origin))

    def insert_before(self, loop: Loop, statement: Statement) -> None:
        for block in _all_blocks(self.function.body):
            for place, found in enumerate(block):
                if found is loop:
                    block.insert(place, statement)
                    return

    def count(self, source: Loop, reader: Loop) -> None:
        """Nothing is read back from a loop whose length is not known: its trips are counted."""
        for carry in source.carries:
            if carry.param.base == "count":
                reader.domain = (0, carry.exit, 1)
                return
        one = number("int")
        param, after, total = Value("count", one), Value("count", one), Value("count", one)
        source.carries = [*source.carries, Carry(param, 0, after, total)]
        # First, where the end of an iteration may stand behind a `break`.
        place = len(source.body) if source.until is None else 0
        source.body.insert(place, Let(after, ops.add, (param, 1), (), source.origin))
        reader.domain = (0, total, 1)
        reader.index = reader.index or Value("i", one)


def _own(loop: Loop) -> set[Value]:
    """What an iteration of a loop defines for itself, the insides of inner loops aside."""
    found = {carry.param for carry in loop.carries}
    if loop.index is not None:
        found.add(loop.index)

    def collect(block: Block) -> None:
        for statement in block:
            found.update(defined(statement))
            if isinstance(statement, Branch):
                collect(statement.body)
                collect(statement.orelse)

    collect(loop.header)
    collect(loop.body)
    found.update(leaves([record.targets for record in loop.records]))
    return found


def _reads(loop: Loop) -> set[Value]:
    found = reads_of(loop.body) | reads_of(loop.header)
    found.update(leaves((loop.test, loop.until)))
    for carry in loop.carries:
        found.update(leaves(carry.next))
    return found


def _plain_power(statement: Let) -> bool:
    """Whether `x ** k` raises nothing: of NumPy's floats, by a natural number."""
    base, exponent = statement.args
    kind, dtype = type_of(base)[:2]
    natural = type(exponent) is int and exponent >= 0
    return natural and kind in ("scalar", "array") and (dtype or "").startswith("float")


def _cheap(statement: Let) -> bool:
    if statement.op in (ops.add, ops.subtract, ops.multiply) and statement.out is not None:
        return statement.out.type.kind == "number" and statement.out.type.dtype == "int"
    return statement.op in _CHEAP or _arithmetic(statement)


def _arithmetic(statement: Let) -> bool:
    """One operation on numbers: no dearer than saving its value."""
    return (
        statement.op in (ops.add, ops.subtract, ops.multiply, ops.power)
        and statement.out is not None
        and statement.out.type.rank == 0
        and statement.out.type.immutable
        and not statement.out.named
    )


def _path(block: Block, value: Value) -> list[tuple[Branch, int]]:
    """The branches, outermost first, inside which a value is defined."""
    for statement in block:
        if value in set(visible(statement)):
            return []
        if isinstance(statement, Branch):
            for side, inner in enumerate((statement.body, statement.orelse)):
                if any(value in set(defined(s)) for s in walk(inner)):
                    known = inner is surviving(statement)
                    return [*(() if known else ((statement, side),)), *_path(inner, value)]
    return []


def _all_blocks(block: Block) -> Iterator[Block]:
    yield block
    for statement in block:
        for inner in blocks(statement):
            yield from _all_blocks(inner)


def _substitute(loop: Loop, mapping: dict[Value, Tree]) -> None:
    """Replace values inside a loop."""
    change = Pass()
    change.known = {old: new for old, new in mapping.items() if old is not new}
    inner = [carry for carry in loop.carries]
    loop.body = _Edit(change.known).block(loop.body)
    for carry in inner:
        carry.next = change.tree(carry.next)


class _Edit(Pass):
    """Substitution that keeps loops and branches editable."""

    def __init__(self, known: dict[Value, Any]) -> None:
        super().__init__()
        self.known = dict(known)
