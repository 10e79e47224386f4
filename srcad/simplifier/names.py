"""Names: values that are never live together may share one; a reader expects that they do.

What a loop carries, a join, a store and its base are merged where nothing stands against it, then values that wish for
the same name. What is left over gets a counter. Interference is exact enough: two values interfere when one is defined while the other is live.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

from srcad.analysis.liveness import defines, reads_of, scan
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Chosen,
    Function,
    Let,
    Loop,
    Statement,
    Tree,
    Value,
    Within,
    blocks,
    defined,
    leaves,
    walk,
)
from srcad.core.results import parts_after
from srcad.simplifier.rewrite import uses

__all__ = ["assign_names"]

_RESERVED = {"np", "math", "srcad", "runtime", *keyword.kwlist, *dir(builtins)}


def assign_names(
    function: Function, taken: Iterable[str] = (), fixed: dict[Value, str] | None = None
) -> dict[Value, str]:
    """A name for every value of a function whose expressions are nested.

    `taken` are names that the module uses for other things; `fixed` are names that are given (hidden arguments).
    """
    return _Names(function, set(taken), fixed or {}).names()


class _Names:
    def __init__(self, function: Function, taken: set[str], fixed: dict[Value, str]) -> None:
        self.function = function
        self.taken = taken | {
            param.name for param in function.params if not isinstance(param.tree, Value)
        }
        self.fixed = dict(fixed)
        self.clash: dict[Value, set[Value]] = {}
        self.outer = set(function.hidden)
        # Classes of values that share a name, by their leaders: who is in it, and whom it interferes with.
        self.members: dict[Value, list[Value]] = {}
        self.leader: dict[Value, Value] = {}
        self.against_class: dict[Value, set[Value]] = {}
        self.wishes: dict[Value, str | None] = {}
        for param in function.params:
            for value in leaves(param.tree):
                self.fixed.setdefault(value, param.name if param.tree is value else "")
        self.values = self.all_values()
        for value in self.values:
            self.members[value] = [value]
            self.leader[value] = value
            self.clash.setdefault(value, set())
        inputs = [value for param in function.params for value in leaves(param.tree)] + list(
            function.hidden
        )
        before = scan(function.body, leaves(function.result), self.visit)
        for value in inputs:
            self.against(value, (before | set(inputs)) if value in self.fixed else before)
        self.against_class = {value: set(self.clash[value]) for value in self.values}

    def all_values(self) -> list[Value]:
        found: dict[Value, None] = {}
        for param in self.function.params:
            for value in leaves(param.tree):
                found[value] = None
        for value in self.function.hidden:
            found[value] = None
        for statement in walk(self.function.body):
            for value in (*defined(statement), *_inner(statement)):
                found[value] = None
        for value in unpacked(self.function):
            del found[value]
        return sorted(found, key=lambda value: value.serial)

    # interference

    def against(self, value: Value, others: Iterable[Value]) -> None:
        mine = self.clash.setdefault(value, set())
        for other in others:
            if other is not value:
                mine.add(other)
                self.clash.setdefault(other, set()).add(value)

    def visit(self, statement: Statement, live: set[Value]) -> None:
        outs = list(defined(statement))
        for value in outs:
            self.against(value, live)
            self.against(value, outs)
        if isinstance(statement, Attempt):  # Python deletes the name at the end of that side
            self.against(statement.caught, live | reads_of(statement.orelse))
            if isinstance(statement, Within) and statement.target is not None:
                self.against(statement.target, live | reads_of(statement.body))
        elif isinstance(statement, Loop):
            exits = {carry.exit for carry in statement.carries}
            ends = set(leaves([statement.until, *(c.next for c in statement.carries)]))
            inside = (
                reads_of(statement.body)
                | reads_of(statement.header)
                | set(leaves(statement.test))
                | ends
            ) - defines([statement])
            heads = _inner(statement)
            around = (live - exits) | inside | {record.source for record in statement.records}
            # What no iteration reads is assigned when an iteration is over, and may then have the name of its index.
            params = [carry.param for carry in statement.carries]
            unread = set(params) - inside - set(reads_of(statement.body))
            unread = set() if statement.test is not None else unread - ends
            heads = [value for value in heads if value not in unread]
            for value in (*heads, *unread):
                self.against(value, around)
                self.against(value, heads if value not in unread else params)
            over = {*leaves(statement.domain), *(array for array, _ in statement.over)}
            for carry in statement.carries:
                if carry.init is not None:  # before what the loop runs over is read
                    self.against(carry.param, over - {carry.init})
                if carry.next is not statement.until:  # which is read after they are assigned
                    self.against(carry.param, leaves(statement.until))
            if not statement.body:
                return

    # merging

    def find(self, value: Value) -> Value:
        while self.leader[value] is not value:
            value = self.leader[value]
        return value

    def merge(self, a: Tree, b: Tree, *, force: bool = False) -> None:
        if (
            not (isinstance(a, Value) and isinstance(b, Value))
            or a not in self.leader
            or b not in self.leader
        ):
            return
        a, b = self.find(a), self.find(b)
        if a is b or a in self.outer or b in self.outer:
            return  # a name of an outer scope is never assigned
        if not force:
            if not self.against_class[a].isdisjoint(self.members[b]):
                return
            names_a, names_b = self.wish(a), self.wish(b)
            if names_a and names_b and names_a != names_b:
                return
        if b.serial < a.serial:
            a, b = b, a
        self.leader[b] = a
        self.members[a] += self.members.pop(b)
        self.against_class[a] |= self.against_class.pop(b)
        self.wishes.pop(a, None)

    def wish(self, leader: Value) -> str | None:
        """The name that a class insists on, or None."""
        if leader not in self.wishes:
            self.wishes[leader] = self.wished(leader)
        return self.wishes[leader]

    def wished(self, leader: Value) -> str | None:
        for value in self.members[leader]:
            if value in self.fixed:
                return self.fixed[value] or value.base
        named = [value for value in self.members[leader] if value.named]
        return min(named, key=lambda value: value.serial).base if named else None

    def named(self, value: Value) -> str:
        """The name that the class of a value will have, counters aside."""
        leader = self.find(value)
        return self.wish(leader) or leader.base

    def names(self) -> dict[Value, str]:
        statements = list(walk(self.function.body))
        for statement in statements:
            if isinstance(statement, Let) and statement.inplace:
                self.merge(statement.args[0], statement.out, force=True)
        joins: list[tuple[Tree, Tree]] = []
        for statement in statements:
            if isinstance(statement, Loop):
                joins += [(carry.param, carry.next) for carry in statement.carries]
                joins += [(carry.param, carry.exit) for carry in statement.carries]
                joins += [(carry.param, carry.init) for carry in statement.carries]
            elif isinstance(statement, Branch):
                joins += [
                    (phi.out, side) for phi in statement.phis for side in (phi.then, phi.orelse)
                ]
        for a, b in joins:
            self.merge(a, b)
        by_base: dict[str, list[Value]] = {}
        for value in self.values:
            by_base.setdefault(value.base, []).append(value)
        for same in by_base.values():
            self.merge_same(same)
        return self.assign()

    def merge_same(self, values: list[Value]) -> None:
        """Merge the classes of values of one base where they can be: each with the first that takes it.

        What a class refused it refuses when it has grown, so one try for each pair of classes is enough.
        """
        classes: dict[Value, None] = {}
        for value in values:
            mine = self.find(value)
            if mine in classes:
                continue
            for first in classes:
                if self.named(first) == self.named(value):  # else a join gave one another name
                    self.merge(first, value)
                    if self.find(first) is self.find(value):
                        break
            else:
                classes[mine] = None
                continue
            if self.find(first) is not first:  # the younger one leads no longer
                classes = dict.fromkeys(map(self.find, classes))

    def assign(self) -> dict[Value, str]:
        names: dict[Value, str] = {}
        used = set(self.taken) | _RESERVED
        leaders = sorted(
            {self.find(value) for value in self.values}, key=lambda value: value.serial
        )
        given: dict[Value, str] = {}
        for leader in leaders:
            for value in self.members[leader]:
                if self.fixed.get(value):
                    given[leader] = self.fixed[value]
                    used.add(self.fixed[value])
        order = [leader for leader in leaders if any(v.named for v in self.members[leader])]
        order += [leader for leader in leaders if leader not in set(order)]
        for leader in order:
            if leader in given:
                continue
            wish = self.wish(leader) or leader.base
            plain = (
                any(v.named for v in self.members[leader])
                or isinstance(wish, Chosen)
                or wish.endswith(("_bar", "_dot", "saved"))
                or wish in ("value", "count", "i", "result")
            )
            name = wish if plain and wish not in used else ""
            counter = 0
            while not name:
                counter += 1
                candidate = f"{wish}_{counter}"
                name = candidate if candidate not in used else ""
            used.add(name)
            given[leader] = name
        for value in self.values:
            names[value] = given[self.find(value)]
        return names


def _inner(statement: Statement) -> list[Value]:
    """What a loop's head defines for its body, and an attempt for its other side."""
    if isinstance(statement, Attempt):
        return [statement.caught]
    if not isinstance(statement, Loop):
        return []
    found = [carry.param for carry in statement.carries]
    if statement.index is not None:
        found.append(statement.index)
    found.extend(leaves([targets for _, targets, *_ in (*statement.records, *statement.over)]))
    return found


def unpacked(function: Function) -> list[Value]:
    """Several results that the text never calls anything, since it names their parts."""
    read = uses(function)
    found: list[Value] = []

    def visit(block: Block) -> None:
        for place, statement in enumerate(block):
            out = statement.out if isinstance(statement, Let) else None
            if out is not None and parts_after(block, place, read.get(out, 0)):
                found.append(out)
            for inner in blocks(statement):
                visit(inner)

    visit(function.body)
    return found
