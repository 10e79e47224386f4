"""What has no form over the axis, example by example: a loop over the statements that need it, and no others.

    z = np.sqrt(x)                     z = np.sqrt(x)                        # x: float64[B, n]
    w = np.poly(z)              ->     w = np.empty((len(x), x.shape[1] + 1))
    return w * 2                       for i in range(len(x)):
                                           w[i] = np.poly(z[i])
                                       return w * 2

The loop's body is the very statements of one example, so what is right for one is right for all: exceptions, effects and what decides
itself how often it is done included. The statements of a block that are in it are consecutive; it contains whole families of loops and all branches of
a test, where one of them reads what is local to another. What does not depend on the example stands before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np

from srcad.analysis.liveness import defines, reads_of
from srcad.analysis.types import infer, same_size
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Carry,
    Family,
    Function,
    Let,
    Loop,
    Phi,
    Slice,
    Statement,
    Test,
    Tree,
    Value,
    defined,
    leaves,
    operands,
    surviving,
    visible,
    walk,
)
from srcad.core.renewal import Renewal
from srcad.core.types import Dim, Size, Type, number
from srcad.vectorizer.batch import Batch, NotBatchable
from srcad.vectorizer.drawing import draw_at_once, only_draw

__all__ = ["SHAPE", "Examples", "NotOnce"]


Path = tuple[tuple[Any, int], ...]
SHAPE = ops.Operation(np.shape, "np.shape", base="shape")


class NotOnce(Exception):
    """What is to be done once for all examples depends on the example, or on what does."""

    def __init__(self, statement: Let) -> None:
        super().__init__(statement)
        self.statement = statement


class _Again(Exception):
    """Values that do not depend on the axis are made in a loop over it: they are taken to depend on it."""


class Examples(Batch):
    """A batch that loops over the examples where it has no other form."""

    changed: tuple[str, ...] = ("new", "thin", "lets", "missing", "partial", "emitted")

    def __init__(
        self, function: Function, *given: Any, once: Callable[[Let], bool] = lambda let: False
    ) -> None:
        self.once = once
        self.ragged: set[Value] = set()
        self.ends = set(leaves(function.result))
        self.only_draw = only_draw(function)
        self.unsure = unassigned(function)
        self.lets_of: dict[Value, Let] = {}
        self.readers: Counter[Value] = Counter(leaves(function.result))
        for statement in walk(function.body):
            self.readers.update(own_reads(statement))
            if isinstance(statement, Let) and statement.out is not None:
                self.lets_of[statement.out] = statement
        super().__init__(function, *given)
        self.heads = dict(self.new)
        self.whole = self.size
        self.paths: dict[Value, Path] = {}
        self.within_of: dict[int, Path] = {}
        self.find_paths(function.body, ())

    def dependents(self, function: Function, inputs: Any) -> set[Value]:
        """As what is computed, so what decides: joins under a condition that differs, and what loops carry that do not end together."""
        found = super().dependents(function, inputs)
        open_: set[Any] = set()

        def depends(tree: Tree) -> bool:
            return any(value in found for value in leaves(tree))

        while True:
            before = len(found), len(open_)
            for statement in walk(function.body):
                if isinstance(statement, Attempt):
                    inner = defines([statement])
                    if found & (inner | reads_of([statement])) or any(
                        map(self.acts, walk([statement]))
                    ):
                        found |= inner
                elif isinstance(statement, Branch):
                    if depends(statement.condition):
                        found.update(p.out for p in statement.phis if p.then is not p.orelse)
                elif isinstance(statement, Loop):
                    if depends([statement.test, statement.until]):
                        open_.add(statement.family)
                    if statement.family in open_ or depends(statement.domain):
                        for carry in statement.carries:
                            if carry.next is not carry.param:
                                found.update((carry.param, carry.exit))
                    begins = statement.domain and (statement.domain[0], statement.domain[2])
                    if depends(begins) and statement.index is not None:
                        found.add(statement.index)
                elif (
                    isinstance(statement, Let)
                    and statement.out is not None
                    and (self.acts(statement) or self.is_handed_out(statement, found))
                ):
                    found |= self.made_for(statement, found)
            if before == (len(found), len(open_)):
                return found
            found = super().dependents(function, found)

    def is_handed_out(self, statement: Let, found: set[Value]) -> bool:
        """Whether a statement is a derivative with respect to what differs: the examples get one each."""
        return statement.op is ops.result and statement.args[1] in found

    def made_for(self, statement: Let, found: set[Value]) -> set[Value]:
        """A result, and what is made from zeros for it alone: each example has its own from the beginning."""
        assert statement.out is not None
        made: set[Value] = {statement.out}
        value = statement.args[0] if statement.op is ops.result else None
        stores: set[Value] = set()
        while isinstance(value, Value) and self.readers[value] == 1 and value in self.lets_of:
            let = self.lets_of[value]
            stores.add(value)
            if let.op in (ops.put, ops.put_add):
                value = let.args[0]
                continue
            plain = len(let.args) == 1 and not let.options
            if let.op is ops.zeros_like and plain and let.args[0] in found:
                return made | stores
            break
        return made

    def find_paths(self, block: Block, path: Path) -> None:
        """Where each value is defined: the loops and the sides of branches around it."""
        self.within_of[id(block)] = path
        for statement in block:
            self.paths.update(dict.fromkeys(defined(statement), path))
            if isinstance(statement, Loop):
                inner = (*path, (statement.family, 0))
                self.paths.update(dict.fromkeys((c.param for c in statement.carries), inner))
                if statement.index is not None:
                    self.paths[statement.index] = inner
                self.find_paths(statement.header, inner)
                self.find_paths(statement.body, inner)
            elif isinstance(statement, Branch):
                for side, part in enumerate((statement.body, statement.orelse)):
                    known = part is surviving(statement)
                    self.find_paths(part, path if known else (*path, (statement.test, side)))

    def run(self) -> Function:
        known = self.snapshot()
        while True:
            try:
                return super().run()
            except _Again:
                self.restore(known)

    def block(self, block: Block, own: Any = ()) -> Block:
        kept, self.out = self.out, []
        known, region = self.snapshot(), (0, 0)
        self.open.append(self.out)
        while True:
            place = 0
            try:
                while place < len(block):
                    if region[0] == place < region[1]:
                        self.separate(block, *region)
                        place = region[1]
                        continue
                    self.rewrite(block[place])
                    place += 1
                break
            except NotBatchable as refused:
                self.restore(known)
                self.out.clear()
                region = self.joined(block, region, place, refused)
        self.open.pop()
        made, self.out = self.out, kept
        return made

    def snapshot(self) -> dict[str, Any]:
        """What rewriting changes, to be undone."""
        return {name: copy(getattr(self, name)) for name in self.changed}

    def restore(self, known: dict[str, Any]) -> None:
        """Undo what was rewritten since a snapshot."""
        for name, part in known.items():
            setattr(self, name, copy(part))

    def let(self, statement: Let) -> None:
        if self.once(statement) and self.is_batched([statement.args, statement.options]):
            raise NotOnce(statement)
        if self.acts(statement):
            made = draw_at_once(self, statement) if statement is self.only_draw else None
            if made is not None:
                assert statement.out is not None
                self.stands(statement.out, made)
                made.named = statement.out.named
                return
            self.refuse(f"`{statement.op.name}` has an effect")
        super().let(statement)

    def acts(self, statement: Statement) -> bool:
        """Whether a statement does something beside computing, that is done for each example."""
        return (
            isinstance(statement, Let)
            and statement.op.effect == "effect"
            and statement.op is not ops.raise_if
            and not self.once(statement)
        )

    # which statements

    def joined(
        self, block: Block, region: tuple[int, int], place: int, refused: NotBatchable
    ) -> tuple[int, int]:
        """The statements of a block that are looped over: so far, and the one that was refused, and what cannot be apart from these."""
        before = region
        start, stop = (
            (min(region[0], place), max(region[1], place + 1)) if region[1] else (place, place + 1)
        )
        while True:
            inside = block[start:stop]
            made, seen = defines(inside), {v for s in inside for v in visible(s)}
            wider = (start, stop)
            for other, statement in enumerate(block):
                if start <= other < stop:
                    continue
                here = defines([statement]) - (set(visible(statement)) - self.ragged)
                apart = (reads_of([statement]) & (made - seen)) | (reads_of(inside) & here)
                stuck = {v for v in reads_of([statement]) & seen if not self.shape_is_known(v)}
                if apart or stuck or families_of([statement]) & families_of(inside):
                    wider = (min(wider[0], other), max(wider[1], other + 1))
            if wider == (start, stop):
                break
            start, stop = wider
        if self.split(inside):
            raise NotBatchable(refused.statement, refused.why)
        everywhere = self.reads_beside(block, start, stop)
        local = (made - seen) | {value for value in seen if not self.stackable(value)}
        if (start, stop) == before or local & everywhere or self.hidden(block, inside):
            raise NotBatchable(refused.statement, refused.why)
        return start, stop

    def stackable(self, value: Value) -> bool:
        """Whether the values of all examples can be one array."""
        type_ = value.type
        if not type_.numeric or (value in self.unsure and value not in self.ends):
            return False
        if type_.shape is None or type_.dtype is None:  # which nothing can be computed with
            return self.size is self.whole and value in self.ends
        # Else another example may have another one, and of no example at all (some of them may be none) nothing tells the shape.
        if all(self.source_of(size) is not None for size in type_.shape):
            return True
        return self.size is self.whole and value in self.ends

    def shape_is_known(self, value: Value) -> bool:
        """Whether that array can be made before the loop."""
        sizes = value.type.shape or ()
        if value.type.shape is None or value.type.dtype is None:
            return False
        return self.stackable(value) and all(self.source_of(size) is not None for size in sizes)

    def reads_beside(self, block: Block, start: int, stop: int) -> set[Value]:
        """What the function reads that is not in these statements of a block."""
        inside = set(map(id, walk(block[start:stop])))
        found = set(leaves(self.function.result))
        for statement in walk(self.function.body):
            if id(statement) not in inside:
                found |= own_reads(statement)
        return found

    def split(self, inside: Block) -> bool:
        """Whether other loops run as often as one of these statements."""
        here = set(map(id, walk(inside)))
        others = [each for each in walk(self.function.body) if id(each) not in here]
        mine = families_of(inside)
        return any(
            isinstance(each, Loop) and each.domain is None and each.family in mine
            for each in others
        )

    def hidden(self, block: Block, inside: Block) -> bool:
        """Whether statements read what would be local to others if they stood in a loop of their own."""
        around = self.within_of.get(id(block), ())
        return any(
            step not in around
            for value in reads_of(inside) - defines(inside)
            for step in self.paths.get(value, ())
        )

    # the loop

    def separate(self, block: Block, start: int, stop: int) -> None:
        """Emit the loop over the examples of some statements."""
        inside: Block = []
        for statement in block[start:stop]:
            self.statement = statement
            if self.is_common(statement) and not reads_of([statement]) & defines(inside):
                self.rewrite(statement)
            else:
                inside.append(statement)
        for statement in walk(inside):
            if isinstance(statement, Let) and self.once(statement):
                raise NotOnce(statement)
        seen = [value for statement in inside for value in visible(statement)]
        beside = self.reads_beside(block, start, stop)
        ends = [value for value in seen if value in beside]
        common = {value for value in ends if value not in self.batched}
        if common:
            self.batched |= common | self.dependents(self.function, {*self.batched, *common})
            raise _Again
        origin = self.statement.origin
        index = Value("i", number("int"))
        inner = Builder(infer, origin)
        known: dict[Value, Tree] = {}
        made = defines(inside)
        for value in sorted(reads_of(inside) - made, key=lambda value: value.serial):
            if value in self.batched:
                rows = self.get(value)
                item = inner.emit(ops.getitem, rows, index, base=value.base, named=value.named)
                known[value] = item
            else:
                known[value] = self.get(value)
        copies = Renewal(known)
        body = copies.block(inside)
        carries, tail = [], Builder(infer, origin)
        for value in ends:
            carries.append(self.gathered(tail, index, value, copies.tree(value)))
            self.stands(value, carries[-1].exit)
        body += tail.block
        loop = Loop(
            Family(), 1, index, (0, self.count(), 1), carries, [*inner.block, *body], origin
        )
        self.out.append(loop)

    def gathered(self, tail: Builder, index: Value, value: Value, one: Tree) -> Carry:
        """The array of what the examples make of a value: made before the loop, or by the first where only that tells the shape."""
        type_ = value.type
        sizes, vague = type_.shape or (), type_.shape is None or type_.dtype is None
        known = not vague and all(self.source_of(size) is not None for size in sizes)
        shape = tuple(self.size_operand(size) if known else 0 for size in sizes)
        options = {} if vague else self.dtype_option(value)
        start = self.emit(np.empty, (self.count(), *shape) if shape else self.count(), **options)
        start.base = value.base
        start.type = Type("any") if vague else self.type_with_axis(value, start.type.dtype)
        param, after = start.like(), start.like(named=value.named)
        base = param
        if not known:
            sides = [Builder(infer, tail.origin), Builder(infer, tail.origin)]
            first, rest = sides
            whole = first.emit(ops.add, (self.count(),), first.emit(SHAPE, one))
            if vague:
                options = {"dtype": first.emit(ops.operation(np.result_type), one)}
            made = first.emit(ops.operation(np.empty), whole, base=value.base, **options)
            made.type = start.type
            other = rest.emit(ops.getitem, rest.emit(SHAPE, param), Slice(1, None))
            differs = rest.emit(ops.not_equal, rest.emit(SHAPE, one), other)
            message = f"`{value.base}` has another shape for each example"
            raising = (differs, "ValueError", message)
            rest.add(Let(None, ops.raise_if, raising, (), tail.origin))
            kept = self.promoted(rest, param, one) if vague else param
            base = start.like()
            is_first = tail.emit(ops.equal, index, 0)
            phis = [Phi(base, made, kept)]
            tail.add(Branch(Test(), is_first, first.block, rest.block, phis, tail.origin))
        stored = tail.emit(ops.put, base, index, one, base=value.base, fresh=True)
        stored.type = start.type
        return Carry(param, start, stored, after)

    def promoted(self, builder: Builder, rows: Value, one: Tree) -> Value:
        """An array as one that can hold another value, too, as `np.stack` makes it."""
        dtype = builder.emit(
            ops.operation(np.result_type), rows, builder.emit(ops.operation(np.result_type), one)
        )
        differs = builder.emit(ops.not_equal, dtype, builder.emit(ops.dtype, rows))
        side = Builder(infer, builder.origin)
        none = side.emit(ops.zeros_like, one)  # a conversion, and one that has a derivative
        wider = side.emit(ops.add, rows, none, base=rows.base)
        made = rows.like()
        builder.add(
            Branch(Test(), differs, side.block, [], [Phi(made, wider, rows)], builder.origin)
        )
        return made

    def is_common(self, statement: Statement) -> bool:
        """Whether a statement does the same for all examples, and once is as good as often."""
        return not any(
            value in self.batched for value in reads_of([statement]) | defines([statement])
        ) and all(
            not isinstance(inner, Let) or inner.op.effect == "pure" or self.once(inner)
            for inner in walk([statement])
        )

    def source_of(self, size: Dim) -> tuple[Value, int, int] | None:
        """An input, its axis and the number to take off, that tell a size; for a number nothing has to be asked."""
        if isinstance(size, int):
            return Value("size"), 0, 0
        for param in self.function.params:
            for value in leaves(param.tree):
                for axis, other in enumerate(value.type.shape or ()):
                    if (
                        isinstance(other, Size)
                        and same_size(Size(other.key), Size(size.key))
                        and other.minus == 0
                    ):
                        return value, axis, size.minus
        return None

    def size_operand(self, size: Dim) -> Tree:
        """A size of one example as an operand."""
        if isinstance(size, int):
            return size
        found = self.source_of(size)
        assert found is not None
        value, axis, minus = found
        whole = self.emit(ops.shape, self.inputs_now(value))
        got = self.emit(ops.getitem, whole, axis + (value in self.batched))
        if not minus:
            return got
        less = self.emit(ops.subtract, got, minus) if minus > 0 else self.emit(ops.add, got, -minus)
        return self.emit(ops.operation(max), less, 0) if minus > 0 else less

    def inputs_now(self, value: Value) -> Tree:
        """What stands for an input at the function's head."""
        return self.heads.get(value, value)


def unassigned(function: Function) -> set[Value]:
    """What a branch leaves without a value on one of its sides."""
    found: set[Value] = set()
    before = -1
    while before != len(found):
        before = len(found)
        for statement in walk(function.body):
            joins: list[tuple[Tree, ...]] = []
            if isinstance(statement, Branch):
                joins = [(phi.out, phi.then, phi.orelse) for phi in statement.phis]
            elif isinstance(statement, Loop):
                joins = [(c.param, c.init, c.next) for c in statement.carries]
                joins += [(c.exit, c.init, c.next) for c in statement.carries]
            for out, *ends in joins:
                if any(end is None or (isinstance(end, Value) and end in found) for end in ends):
                    found.add(out)
    return found


def own_reads(statement: Statement) -> set[Value]:
    """What a statement itself reads, the ends of its joins included."""
    found = set(operands(statement))
    if isinstance(statement, Branch):
        found.update(leaves([(phi.then, phi.orelse) for phi in statement.phis]))
    elif isinstance(statement, Loop):
        found.update(leaves([statement.test, statement.until]))
        found.update(leaves([carry.next for carry in statement.carries]))
    return found


def families_of(block: Block) -> set[Any]:
    """The families of loops that count their iterations by each other."""
    return {
        each.family
        for each in walk(block)
        if isinstance(each, Loop) and (each.domain is None or each.open)
    }
