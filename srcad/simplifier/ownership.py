"""Ownership: destruction recovered where nobody can see it.

Core's stores return new arrays. A store happens in place where its base is memory that this code allocated, that is dead afterwards, and that nothing
live shares; else the base is copied first. A sum `x_bar + e` becomes `x_bar += e` under the same condition, where the shape and dtype are proven to stay.
What counts as sharing: another name, a view, a saved record, a result. A live view of what is written is copied where it is made.

    u_1 = put_add(u, slice, e)      u[1:-1] += e
    s = getitem(u, slice)      ->   s = u[1:-1].copy()     (where s is read after a later store)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from srcad.analysis.liveness import defines, reads_of, scan
from srcad.analysis.memory import memory_of
from srcad.analysis.types import same_shape
from srcad.core import ops
from srcad.core.nodes import (
    Block,
    Branch,
    Call,
    Carry,
    Function,
    Let,
    Loop,
    Statement,
    Tree,
    Value,
    defined,
    leaves,
)
from srcad.simplifier.rewrite import Pass, remake

__all__ = ["recover_stores"]

_STORES = (ops.put, ops.put_add, ops.add_at)

# What shows all of an array in another order, or all that is read of it: as much one's own as the array is.
_ALL_OF = (
    *(np.reshape, np.ravel, np.transpose, np.moveaxis, np.swapaxes),
    *(np.flip, np.squeeze, np.expand_dims, np.real, np.imag),
)


def _copying(value: Value) -> ops.Operation:
    """How a value is copied: what has no axes may be a Python number after all."""
    return ops.copy if value.type.kind == "array" and value.type.rank != 0 else ops.own


def _may_be_number(base: Value) -> bool:
    """Whether NumPy makes a number of it, which nothing can be stored into: a product of arrays without axes is one."""
    return base.type.rank == 0 and base.type.kind != "array"


def recover_stores(function: Function) -> Function:
    """The function with stores and sums marked `inplace`, and copies where they are needed."""
    return _Rewrite(_Owner(function)).run(function)


class _Owner:
    """Decides, for every store in program order."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.made: dict[Value, tuple[str, Any]] = {}
        self.parent: dict[Value, Value] = {}
        self.saved: dict[Value, list[Value]] = {}
        self.after: dict[Statement, set[Value]] = {}
        self.inplace: set[Statement] = set()
        self.copied_base: set[Statement] = set()
        self.given: set[Statement] = set()
        self.copied_views: set[Value] = set()
        self.copied_init: set[Value] = set()
        self.copied_next: set[Value] = set()
        self.copied_phi: set[tuple[Value, int]] = set()
        self.columns: dict[Value, list[tuple[int, Value]]] = {}
        # Values in the order in which they come to be.
        self.places: dict[Value, int] = {}
        self.results = list(leaves(function.result))
        for param in function.params:
            for value in leaves(param.tree):
                self.made[value] = ("outside", None)
        for value in function.hidden:
            self.made[value] = ("outside", None)
        self.pairs: list[tuple[Value, Value, Carry | None]] = []
        self.collect(function.body)
        self.classes: dict[Value, set[Value]] = {}
        self.classify(None)
        scan(
            function.body,
            self.results,
            lambda statement, live: self.after.__setitem__(statement, live),
        )
        self.decide(function.body)

    # classes of values that may share memory

    def find(self, value: Value) -> Value:
        root = value
        while self.parent.get(root, root) is not root:
            root = self.parent[root]
        while self.parent.get(value, value) is not root:
            self.parent[value], value = root, self.parent[value]
        self.parent.setdefault(root, root)
        return root

    def union(self, a: Tree, b: Tree, start_of: Carry | None = None) -> None:
        if (
            isinstance(a, Value)
            and isinstance(b, Value)
            and not a.type.immutable
            and not b.type.immutable
        ):
            self.pairs.append((a, b, start_of))

    def classify(self, cut: Carry | None) -> None:
        """Make the classes; a loop that begins with a copy (those decided, and `cut`) shares nothing with what was copied."""
        self.parent = {}
        for a, b, carry in self.pairs:
            if carry is None or (carry is not cut and carry.param not in self.copied_init):
                self.parent[self.find(a)] = self.find(b)
        self.classes = {}
        for value in list(self.parent):
            self.classes.setdefault(self.find(value), set()).add(value)

    def collect(self, block: Block) -> None:
        for statement in block:
            params = statement.carries if isinstance(statement, Loop) else ()
            self.place(carry.param for carry in params)
            if isinstance(statement, Loop):
                self.place(leaves([targets for _, targets, _ in statement.records]))
            if isinstance(statement, Let):
                self.collect_let(statement)
            elif isinstance(statement, Call):
                fresh = getattr(statement.callee, "fresh", False)
                for out in statement.outs:
                    self.made[out] = ("fresh" if fresh else "outside", None)
                    for arg in () if fresh else leaves(statement.args):
                        self.union(out, arg)
            elif isinstance(statement, Branch):
                self.collect(statement.body)
                self.collect(statement.orelse)
                for phi in statement.phis:
                    self.made[phi.out] = ("phi", (statement, phi))
                    self.union(phi.out, phi.then)
                    self.union(phi.out, phi.orelse)
            elif isinstance(statement, Loop):
                for carry in statement.carries:
                    self.made[carry.param] = self.made[carry.exit] = ("carry", (statement, carry))
                    self.union(carry.param, carry.init, carry)
                    for other in (carry.next, carry.exit):
                        self.union(carry.param, other)
                for record, targets, _ in statement.records:
                    for place, target in enumerate(leaves(targets)):
                        self.made[target] = ("outside", None)
                        if target.type.kind == "record":
                            self.saved.setdefault(target, []).extend(
                                self.inner_saved(record, place)
                            )
                        for source in self.column(record, place):
                            self.union(target, source)
                self.collect(statement.header)
                self.collect(statement.body)
            self.place(defined(statement))

    def place(self, values: Iterable[Value]) -> None:
        """Note that these values come to be now."""
        for value in values:
            self.places[value] = len(self.places)

    def column(self, record: Value, place: int) -> list[Value]:
        """What was saved at a place of the tuples in a list."""
        return [value for at, value in self.columns.get(record, ()) if at == place]

    def inner_saved(self, record: Value, place: int) -> list[Value]:
        found: list[Value] = []
        for value in self.column(record, place):
            self.columns.setdefault(value, [])
            found.extend(self.saved.get(value, ()))
        return found

    def collect_let(self, statement: Let) -> None:
        out = statement.out
        if statement.op is ops.save:
            record, values = statement.args
            parts = values if isinstance(values, tuple) else (values,)
            for place, value in enumerate(parts):
                if isinstance(value, Value):
                    self.saved.setdefault(record, []).append(value)
                    self.columns.setdefault(record, []).append((place, value))
            return
        if out is None:
            return
        self.made[out] = ("let", statement)
        if out.type.immutable:
            return
        memory = memory_of(statement.op, statement.args, dict(statement.options))
        if statement.op in _STORES or memory != "fresh" or _sum_of(statement) is not None:
            first = statement.args[0] if statement.args else None
            if _sum_of(statement) is not None:
                self.union(out, _sum_of(statement))
            elif statement.op in _STORES:
                self.union(out, first)
            else:
                for value in leaves(statement.args):
                    self.union(out, value)

    # decisions

    def decide(self, block: Block) -> None:
        for statement in block:
            if isinstance(statement, Let) and statement.out is not None:
                if statement.op in _STORES:
                    self.store(statement)
                elif statement.op is ops.own:
                    self.give(statement)
                elif _sum_of(statement) is not None:
                    self.sum(statement)
            elif isinstance(statement, Branch):
                self.decide(statement.body)
                self.decide(statement.orelse)
            elif isinstance(statement, Loop):
                self.decide(statement.header)
                self.decide(statement.body)

    def live(self, statement: Statement) -> set[Value]:
        """What may be read after a statement: values, and what live lists hold."""
        return self.after[statement] | self.held(statement)

    def held(self, statement: Statement) -> set[Value]:
        """What the lists hold that may be read after a statement."""
        held: set[Value] = set()
        pending = [value for value in self.after[statement] if value.type.kind == "record"]
        while pending:
            for value in self.saved.get(pending.pop(), ()):
                if value not in held:
                    held.add(value)
                    if value.type.kind == "record":
                        pending.append(value)
        return held

    def rivals(self, base: Value, statement: Let) -> set[Value]:
        """Live values that may share the memory of `base`; the statement's own result is one where the last iteration saved it."""
        members = self.classes.get(self.find(base), {base}) if base in self.parent else {base}
        held, since = self.held(statement), self.allocated(base)
        return {
            value
            for value in (self.after[statement] | held) & members
            if self.places.get(value, -1) >= since
            and (value is not statement.out or (value in held and self.carried(base, set())))
        }

    def allocated(self, value: Tree) -> int:
        """Since which value of this iteration the memory of a value is there: what came before cannot share it. -1 where it is not known."""
        while isinstance(value, Value):
            kind, what = self.made.get(value, ("outside", None))
            if kind == "fresh" or value in self.copied_views:
                return self.places[value]
            if kind != "let" or what.op.effect == "effect":
                return -1
            changed = what.op in _STORES or _sum_of(what) is not None
            memory = memory_of(what.op, what.args, dict(what.options))
            if changed and what in self.inplace and what not in self.copied_base:
                value = what.args[0]
            elif changed or memory == "fresh":
                return self.places[value]
            elif memory == "view" or what.op.function in _ALL_OF:
                value = what.args[0]
            else:
                return -1
        return -1

    def carried(self, value: Tree, seen: set[Value]) -> bool:
        """Whether the memory of a value may be that of an iteration before."""
        if not isinstance(value, Value) or value in seen:
            return False
        seen.add(value)
        kind, what = self.made.get(value, ("outside", None))
        if kind == "carry":
            _, carry = what
            if value is carry.param:
                return True
            seen.add(carry.param)  # which is that of its own loop
            return self.carried(carry.init, seen) or self.carried(carry.next, seen)
        if kind == "phi":
            _, phi = what
            return self.carried(phi.then, seen) or self.carried(phi.orelse, seen)
        if kind != "let":
            return False
        if what.op in _STORES or _sum_of(what) is not None:
            return self.carried(what.args[0], seen)
        if memory_of(what.op, what.args, dict(what.options)) == "fresh":
            return False
        return any(self.carried(part, seen) for part in leaves(what.args))

    def store(self, statement: Let) -> None:
        base = statement.args[0]
        self.inplace.add(statement)
        if not isinstance(base, Value):  # a literal
            self.copied_base.add(statement)
            return
        if _may_be_number(base) or self.overlaps(base, *statement.args[1:]):
            self.copy_base(statement)
            return
        rivals = self.rivals(base, statement)
        views = self.views_apart(rivals, base)
        if rivals - views and self.begin_with_copy(base, statement):
            rivals = self.rivals(base, statement)
            views = self.views_apart(rivals, base)
        if rivals - views or (
            not self.own(base, fix=False, seen=set()) and not self.worth_fixing(base)
        ):
            self.copy_base(statement)
            return
        self.copied_views |= views
        self.own(base, fix=True, seen=set())

    def views_apart(self, rivals: set[Value], base: Value) -> set[Value]:
        """The views among them that a copy keeps apart from `base`: not those that it is a view of itself."""
        views = {value for value in rivals if self.is_view(value) and value is not base}
        return views - self.seen_through(base) if views else views

    def seen_through(self, base: Value) -> set[Value]:
        """The values whose memory `base` may be a part of by the way it is made."""
        found: set[Value] = set()
        pending: list[Tree] = [base]
        while pending:
            value = pending.pop()
            if not isinstance(value, Value) or value in found:
                continue
            found.add(value)
            kind, what = self.made.get(value, ("outside", None))
            if kind == "carry":
                pending += [what[1].init, what[1].next]
            elif kind == "phi":
                pending += [what[1].then, what[1].orelse]
            elif kind == "let" and (what.op in _STORES or _sum_of(what) is not None):
                pending.append(what.args[0])
            elif kind == "let" and memory_of(what.op, what.args, dict(what.options)) != "fresh":
                pending += leaves(what.args)
        return found

    def copy_base(self, statement: Let) -> None:
        """Store into a copy, which shares nothing with what it was copied from."""
        self.copied_base.add(statement)
        base = statement.args[0]
        self.pairs = [pair for pair in self.pairs if pair[:2] != (statement.out, base)]
        self.classify(None)

    def overlaps(self, base: Value, index: Tree, value: Tree) -> bool:
        """Whether a store through a mask, which NumPy does element by element, may read what it writes."""
        if not isinstance(value, Value) or value.type.immutable or base not in self.parent:
            return False
        if value not in self.parent or self.find(value) is not self.find(base):
            return False
        return any(
            isinstance(part, list)
            or (isinstance(part, Value) and part.type.dtype in (None, "bool"))
            for part in (index if isinstance(index, tuple) else (index,))
        )

    def begin_with_copy(self, base: Value, statement: Let) -> bool:
        """Whether one copy before a loop spares a copy in each iteration: where sharing comes in by what the loop begins with."""
        starts: list[Carry] = []
        value: Tree = base
        while isinstance(value, Value):
            kind, what = self.made.get(value, ("outside", None))
            if kind == "let" and what.op in _STORES:
                value = what.args[0]
                continue
            if kind != "carry" or what[1] in starts or value is what[1].exit:
                break
            starts.append(what[1])
            value = what[1].init
        for carry in reversed(starts):  # outside first
            if carry.param in self.copied_init or not isinstance(carry.init, Value):
                continue
            self.classify(carry)
            if not {v for v in self.rivals(base, statement) if not self.is_view(v)}:
                self.copied_init.add(carry.param)
                return True
        self.classify(None)
        return False

    def worth_fixing(self, base: Value) -> bool:
        """Whether a copy before a loop, or on one side, makes the value ours."""
        return self.made.get(base, ("outside", None))[0] in ("carry", "phi")

    def sum(self, statement: Let) -> None:
        base = _sum_of(statement)
        if base is None:
            return
        rivals = self.rivals(base, statement)
        if rivals or not self.own(base, fix=False, seen=set()):
            return
        self.inplace.add(statement)

    def give(self, statement: Let) -> None:
        """A result is handed out as it is where it is ours and nobody else's, else copied."""
        value = statement.args[0]
        if (
            isinstance(value, Value)
            and not self.rivals(value, statement)
            and self.own(value, fix=False, seen=set())
        ):
            self.given.add(statement)

    def is_view(self, value: Value) -> bool:
        kind, what = self.made.get(value, ("outside", None))
        return (
            kind == "let"
            and what.op not in _STORES
            and _sum_of(what) is None
            and memory_of(what.op, what.args, dict(what.options)) in ("view", "maybe")
        )

    def own(self, value: Tree, *, fix: bool, seen: set[Any]) -> bool:
        """Whether the memory of a value is this code's own; with `fix`, make it so by copies at joins."""
        if not isinstance(value, Value):
            return False
        if value in self.copied_views:
            return True
        kind, what = self.made.get(value, ("outside", None))
        if kind == "let":
            if what.op in _STORES or _sum_of(what) is not None:
                return True
            if what.op is ops.own:
                return True
            if what.op.function in _ALL_OF:
                return self.own(what.args[0], fix=False, seen=seen)
            memory = memory_of(what.op, what.args, dict(what.options))
            return memory == "fresh" and what.op.effect != "effect"
        if kind == "fresh":
            return True
        if kind == "phi":
            statement, phi = what
            if phi in seen:
                return True
            seen.add(phi)
            fine = True
            for side, operand in enumerate((phi.then, phi.orelse)):
                if not (
                    self.own(operand, fix=fix, seen=seen)
                    and self.dies(operand, statement, {phi.out})
                ):
                    fine = False
                    if fix:
                        self.copied_phi.add((phi.out, side))
            return fine or fix
        if kind == "carry":
            loop, carry = what
            if carry in seen:
                return True
            seen.add(carry)
            fine = True
            if carry.param not in self.copied_init and not (
                self.own(carry.init, fix=fix, seen=seen)
                and self.dies(carry.init, loop, {c.exit for c in loop.carries}, carry)
            ):
                fine = False
                if fix:
                    self.copied_init.add(carry.param)
            if not self.own(carry.next, fix=fix, seen=seen):
                fine = False
                if fix:
                    self.copied_next.add(carry.param)
            return fine or fix
        return False

    def dies(
        self, operand: Tree, statement: Statement, results: set[Value], carry: Carry | None = None
    ) -> bool:
        """Whether nothing that is read later, or inside, shares memory with what enters a join."""
        if not isinstance(operand, Value):
            return False
        live = self.live(statement) - results
        if isinstance(statement, Loop):
            live |= (
                reads_of(statement.body) | reads_of(statement.header) | set(leaves(statement.test))
            ) - defines([statement])
            for other in statement.carries:
                if other is not carry and isinstance(other.init, Value):
                    live.add(other.init)
        elif isinstance(statement, Branch):
            for phi in statement.phis:
                if phi.out not in results:
                    live |= set(leaves((phi.then, phi.orelse)))
        members = (
            self.classes.get(self.find(operand), {operand}) if operand in self.parent else {operand}
        )
        joined = defines([statement])
        return not {value for value in live & members if value not in joined or value is operand}


def _sum_of(statement: Let) -> Value | None:
    """`x` of an adjoint statement `x + e` or `x - e` that could be done in place."""
    if statement.op not in (ops.add, ops.subtract) or statement.origin.part == "primal":
        return None
    base = statement.args[0]
    out = statement.out
    if (
        isinstance(base, Value)
        and out is not None
        and base.base == out.base
        and base.base.endswith("_bar")
        and base.type.kind == out.type.kind == "array"
        and base.type.dtype == out.type.dtype is not None
        and same_shape(base.type, out.type)
        and base.type.rank
    ):
        return base
    return None


class _Rewrite(Pass):
    """Carry out what was decided."""

    def __init__(self, owner: _Owner) -> None:
        super().__init__()
        self.owner = owner
        self.results: set[Value] = set()

    def copied(self, value: Tree, origin: Any, join: Value | None = None) -> Tree:
        """A copy for a join, under the join's name."""
        if not isinstance(value, Value):
            return value
        out = value.like() if join is None else value.like(join.base, named=join.named)
        self.out.append(Let(out, _copying(value), (value,), (), origin))
        return out

    def storable(self, value: Tree, store: Let) -> Tree:
        """A copy to store into: an array also of what may be a number."""
        if isinstance(value, Value) and not _may_be_number(value):
            return self.copied(value, store.origin)
        assert store.out is not None
        out = value.like() if isinstance(value, Value) else store.out.like()
        self.out.append(Let(out, ops.operation(np.array), (value,), (), store.origin))
        return out

    def let(self, statement: Let) -> Let | None:
        source = self.original
        if statement.op is ops.own:
            value = statement.args[0]
            if source not in self.owner.given:
                plain = isinstance(value, Value) and value.type.kind == "array"
                return remake(statement, ops.copy, statement.args) if plain else statement
            if isinstance(value, Value) and not value.named and statement.out is not None:
                value.base, value.named = statement.out.base, True
            self.known[statement.out] = value  # type: ignore[index]
            return None
        made = remake(statement, statement.op, statement.args, statement.options)
        if source in self.owner.copied_base:
            made.args = (self.storable(made.args[0], statement), *made.args[1:])
        made.inplace = source in self.owner.inplace
        if made.out in self.owner.copied_views:
            inner = Value(made.op.base, made.out.type)
            self.out.append(Let(inner, made.op, made.args, made.options, made.origin))
            made = Let(made.out, _copying(inner), (inner,), (), made.origin)
        return made

    def statement(self, statement: Statement) -> None:
        self.original = statement
        super().statement(statement)

    def branch(self, statement: Branch) -> Branch | None:
        made = super().branch(statement)
        if made is None:
            return None
        for phi in made.phis:
            for side, block in enumerate((made.body, made.orelse)):
                if (phi.out, side) in self.owner.copied_phi:
                    kept, self.out = self.out, block
                    if side == 0:
                        phi.then = self.copied(phi.then, statement.origin)
                    else:
                        phi.orelse = self.copied(phi.orelse, statement.origin)
                    self.out = kept
        return made

    def loop(self, statement: Loop) -> Loop | None:
        made = super().loop(statement)
        if made is None:
            return None
        for carry in made.carries:
            if carry.param in self.owner.copied_init:
                carry.init = self.copied(carry.init, statement.origin, carry.param)
            if carry.param in self.owner.copied_next:
                kept, self.out = self.out, made.body
                carry.next = self.copied(carry.next, statement.origin)
                self.out = kept
        return made
