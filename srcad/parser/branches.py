"""Branches: both sides, and the joins of what they give to names and memory."""

from __future__ import annotations

import builtins
from typing import Any

import gast

from srcad.analysis.liveness import defines
from srcad.analysis.types import join, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Block, Branch, Let, Phi, Test, Value
from srcad.core.specification import Known
from srcad.parser.expressions import (
    Given,
    is_static,
    truth,
)
from srcad.parser.jumps import FLAG, KEPT
from srcad.parser.jumps import ends as stops
from srcad.parser.matching import WHOLE
from srcad.parser.places import Before, Buffer, View, views
from srcad.parser.reads import writes
from srcad.parser.records import Maybe
from srcad.parser.state import Unbound
from srcad.parser.writers import Writers

__all__ = ["Branches"]


class Branches(Writers):
    """Parse branches."""

    def do_early_return(self, node: Any, rest: list[Any], later: frozenset[str]) -> None:
        """`if c: return a` with statements after it: they are the other side of the branch."""
        body, orelse = list(node.body), list(node.orelse)
        if not stops(body):
            body += rest
        if not stops(orelse):
            orelse += rest
        condition = self.expression(node.test)
        if is_static(condition):
            self.block(body if truth(condition) else orelse, later)
            return
        self.later = later
        value = self.choose(
            node,
            condition,
            lambda: self.side(node, body, later),
            lambda: self.side(node, orelse, later),
        )
        self.returned, self.has_returned = value, not self.has_raised

    def side(self, node: Any, statements: list[Any], later: frozenset[str]) -> Any:
        """A side of a branch that returns: its value."""
        env = dict(self.env)
        self.block(statements, later)
        if self.has_raised:
            return None
        if not self.has_returned:
            self.refuse(
                node,
                "one path returns a value and another falls off the end",
                "Return a value on every path.",
            )
        value, self.has_returned = self.returned, False
        self.env = env
        return value

    def do_If(self, node: Any) -> None:
        condition = self.expression(node.test)
        if is_static(condition):
            self.block(node.body if truth(condition) else node.orelse, self.later)
            return
        operand = self.read(condition)
        if self.raises(node, operand):
            return
        test, operand, flipped = self.test_of(operand)
        env, memory, later = dict(self.env), dict(self.memory), self.later
        held, ends = self.held_boxes(), []
        builders: list[tuple[Builder, dict[Buffer, Value]]] = []
        sides: list[tuple[dict[str, Any], dict[str, Any], dict[Buffer, Value], Block]] = []
        raised: list[bool] = []
        parts = (node.orelse, node.body) if flipped else (node.body, node.orelse)
        assigned = set(writes(node.body + node.orelse))
        for place, statements in enumerate(parts):
            known = self.on_side(env, test, place)
            self.env, self.memory = dict(known), dict(memory)
            with self.taking(test, place), self.inner() as builder:
                self.block(statements, later)
                raised.append(self.has_raised)
                self.later, self.has_raised = later, False
                for name, binding in known.items():
                    if self.env.get(name) is binding and name not in assigned:
                        self.env[name] = env[name]
                operands = {
                    name: self.join_operands(node, binding)
                    for name, binding in ({} if raised[-1] else self.env).items()
                    if name in later or name not in assigned or name.startswith(KEPT)
                }
                ends.append(self.ended_boxes(held))
                builders.append((builder, self.memory))
            sides.append((self.env, operands, self.memory, builder.block))
        if any(raised):
            self.env = sides[raised.index(False)][0] if False in raised else env
            self.survive(test, operand, raised, builders, held, ends)
            return
        (env_a, x, memory_a, block_a), (env_b, y, memory_b, block_b) = sides
        phis: list[Phi] = []
        self.memory = self.join_memory(node, test, memory, (memory_a, memory_b), phis)
        names = list(dict.fromkeys([*env_a, *env_b]))
        self.env = env
        test = self.own_test(test)
        self.join_boxes(node, held, ends, builders, phis, (test, operand))
        self.env = {}
        for name in names:
            absent = False if name.startswith(FLAG) else Unbound(name)
            a, b = env_a.get(name, absent), env_b.get(name, absent)
            idle = self.idle(name, env_a, env_b)
            if a is b or (isinstance(a, View) and a.same_place(b) and a.buffer in memory):
                self.env[name] = a
            elif name.startswith(FLAG):
                self.env[name] = self.join_flags(node, env.get(name), a, b, phis, (test, operand))
            elif name in later and (self.guarded(name, a) or self.guarded(name, b)):
                condition_number = self.numbers.here(operand)
                self.env[name] = Maybe(name, test, condition_number, (a, b), "guarded", operand)
            elif (
                idle is not None and name in later and self.outlives(b, block_b, memory, idle == 0)
            ):
                self.env[name] = b
            elif (
                idle is not None and name in later and self.outlives(a, block_a, memory, idle == 1)
            ):
                self.env[name] = a
            elif idle is not None and name in later and self.attempting:
                # What follows a `try` waits for the flag, and so does what joins its sides.
                ways = (a, x.get(name)), (b, y.get(name))
                lost = (Unbound(name), None)
                pair = (lost, ways[1]) if idle == 0 else (ways[0], lost)
                under = test, operand
                self.env[name] = self.join_kept(node, name, pair[0], pair[1], phis, under)
            elif name.startswith(KEPT):
                if isinstance(b, Unbound) and self.outlives(a, block_a, memory, True):
                    self.env[name] = a
                elif isinstance(a, Unbound) and self.outlives(b, block_b, memory, True):
                    self.env[name] = b
                else:
                    one, other = (a, x.get(name)), (b, y.get(name))
                    under = test, operand
                    self.env[name] = self.join_kept(node, name, one, other, phis, under)
            elif name in later:
                self.env[name] = self.join_bindings(
                    node, name, (a, x.get(name)), (b, y.get(name)), phis, (test, operand)
                )
            else:
                self.env[name] = Unbound(name)
        self.builder.add(Branch(test, operand, block_a, block_b, phis, self.builder.origin))

    def join_flags(
        self, node: Any, before: Any, a: Any, b: Any, phis: list[Phi], under: tuple[Test, Any]
    ) -> Any:
        """A flag that the two sides of a branch give `a` and `b`: where these are true and false, the condition."""
        test, condition = under
        if getattr(node, "rest", False) and b is False:
            return before  # the other side is what was not left before, and has not been left since
        if b is False and a is True:
            return condition
        if a is False and b is True:
            return self.emit(ops.not_, (condition,))
        sides = (condition if a is True else a, b)
        out = Value("done", join(*map(type_of, sides)))
        phis.append(Phi(out, *sides))
        self.numbers.joined[out] = (test, (a, b))
        return out

    def join_kept(
        self,
        node: Any,
        name: str,
        then: tuple[Any, Any],
        orelse: tuple[Any, Any],
        phis: list[Phi],
        under: tuple[Test, Any],
    ) -> Any:
        """What a place that leaves a loop knew: it is read where that place was taken only, so the other side does not matter."""
        bound = [way for way in (then, orelse) if not isinstance(way[0], Unbound)]
        for way in (then, orelse):
            if isinstance(way[0], Unbound) and type(way[0]) not in (Unbound, Before):
                return way[0]  # it is one of several things
        if not bound:
            return Unbound(name)
        if len(bound) == 2:
            return self.join_bindings(node, name.rpartition(" ")[2], then, orelse, phis, under)
        found = bound[0][0]
        if isinstance(found, dict):
            items = {}
            for key in found:
                inner = [
                    way if isinstance(way[0], Unbound) else (way[0][key], way[1][key])
                    for way in (then, orelse)
                ]
                items[key] = self.join_kept(node, f"{name}_{key}", inner[0], inner[1], phis, under)
            return items
        if isinstance(found, (tuple, list)):
            parts = []
            for place in range(len(found)):
                inner = [
                    way if isinstance(way[0], Unbound) else (way[0][place], way[1][place])
                    for way in (then, orelse)
                ]
                parts.append(
                    self.join_kept(node, f"{name}_{place}", inner[0], inner[1], phis, under)
                )
            kind = type(found)
            return kind(*parts) if hasattr(found, "_fields") else kind(parts)
        if not isinstance(found, (Value, View)):
            return found
        base = name.rpartition(" ")[2]
        types = [type_of(way[1]) for way in bound]
        out = Value(base, join(*types) if len(types) > 1 else types[0], named=True)
        sides = [None if isinstance(way[0], Unbound) else way[1] for way in (then, orelse)]
        phis.append(Phi(out, *sides))
        made = self.bind_new(out)
        if isinstance(made, View):
            for view in views([way[0] for way in bound]):
                made.buffer.arguments |= view.buffer.arguments
                for other in (view.buffer, *view.buffer.aliases):
                    made.buffer.alias(other)
        return made

    def idle(self, name: str, env_a: dict[str, Any], env_b: dict[str, Any]) -> int | None:
        """The side of a branch that leaves a loop after which a name is not read, so that what it is there does not matter."""
        region = self.region
        if region is None or name in region.after or name.startswith((FLAG, KEPT)):
            return None
        return next((k for k, e in enumerate((env_a, env_b)) if e.get(region.stop) is True), None)

    def outlives(
        self, binding: Any, block: Block, memory: dict[Buffer, Value], chosen: bool
    ) -> bool:
        """Whether what a name stands for at the end of a side that is chosen was there before the branch."""
        if not chosen or not isinstance(binding, (Value, View)):
            return False
        inside = defines(block)
        if isinstance(binding, View):
            return binding.buffer in memory and binding.value not in inside
        return binding not in inside

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

    # patterns of `match`

    def _Fits(self, node: Any) -> Any:
        """Whether a subject has the form of a pattern."""
        if node.cls is not None:
            callee = Given(Known(builtins.isinstance, "isinstance"))
            call = gast.Call(gast.copy_location(callee, node), [node.subject, node.cls], [])
            return self.expression(gast.copy_location(call, node))
        subject = self.expression(node.subject)
        if node.keys is not None:
            keys = [self.expression(key) for key in node.keys]
            return isinstance(subject, dict) and all(key in subject for key in keys)
        if isinstance(subject, Value) and subject.type.kind == "object":
            known = getattr(subject.type, "value", None)
            subject = known if isinstance(known, tuple) else subject
        if not isinstance(subject, (tuple, list)):
            return False
        return len(subject) == node.length or (node.open and len(subject) > node.length)

    def _Member(self, node: Any) -> Any:
        """A part of a subject that a pattern names by its place, or what is left of a dict."""
        if node.without is not None:
            keys = [self.expression(key) for key in node.without]
            subject = self.expression(node.subject)
            return {key: part for key, part in subject.items() if key not in keys}
        cls = self.expression(node.cls)
        kind = cls.object if isinstance(cls, Known) else None
        if kind in WHOLE:
            return self.expression(node.subject)
        names = getattr(kind, "__match_args__", ())
        if node.place >= len(names):
            self.refuse(
                node.cls,
                "it is not known what this pattern takes by position",
                "Name the attributes: `Point(x=a, y=b)`.",
            )
        part = gast.Attribute(node.subject, names[node.place], gast.Load())
        return self.expression(gast.copy_location(part, node))
