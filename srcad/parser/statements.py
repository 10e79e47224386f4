"""Statements: blocks, assignments, and what has no file of its own."""

from __future__ import annotations

from typing import Any

import gast

from srcad.core.nodes import Value
from srcad.parser.contexts import Contexts
from srcad.parser.jumps import Resume, ends, leaves, one_by_one, returns
from srcad.parser.reads import live
from srcad.parser.records import Growing
from srcad.parser.refusals import SYNTAX, written_outside
from srcad.parser.rows import Rows
from srcad.parser.state import Unreachable

__all__ = ["Statements"]


class Statements(Contexts):
    """Parse statements into the block."""

    def block(self, statements: list[Any], later: frozenset[str]) -> None:
        """Parse a list of statements; `later` are the names read after it."""
        try:
            self.statements(statements, later)
        except Unreachable:
            self.has_raised = True

    def statements(self, statements: list[Any], later: frozenset[str]) -> None:
        """Parse statements one after the other, up to one that leaves."""
        trace, self.trace = self.trace, None
        for place, whole in enumerate(statements):
            rest = statements[place + 1 :]
            statement = one_by_one(whole) if isinstance(whole, gast.If) else whole
            self.later = live(rest, later) | self.captured
            with self.at(statement, self.header_text(statement)):
                if trace is not None:
                    trace.append(self.step(statement))
                method = getattr(self, f"do_{type(statement).__name__}", None)
                if method is None:
                    self.refuse_syntax(statement)
                outside = written_outside(self.source.node, statement)
                if outside is not None:
                    self.refuse(outside, *SYNTAX["Global"])
                if self.region is None and isinstance(statement, gast.If) and returns(statement):
                    self.do_early_return(statement, rest, later)
                    return
                if self.region is None and isinstance(statement, gast.Try) and returns(statement):
                    self.do_try_return(statement, rest, later)
                    return
                if self.region is None and isinstance(statement, gast.With) and returns(statement):
                    self.do_with_return(statement, rest, later)
                    return
                waits = getattr(statement, "rest", False)
                if isinstance(statement, gast.If) and not waits and leaves(statement):
                    whole = gast.If(statement.test, list(statement.body), list(statement.orelse))
                    if ends(whole.body) or ends(whole.orelse):
                        self.later = later
                        for side in (whole.body, whole.orelse):
                            side.extend([] if ends(side) else rest)
                        rest = []
                    self.done(method, gast.copy_location(whole, statement))
                else:
                    self.done(method, statement)
                if self.has_raised:
                    return  # what follows is not reached
                if self.afterwards:
                    then, self.afterwards = self.afterwards, []
                    if self.region is not None:
                        moves = not self.attempting
                        then = self.region.rewritten(then, moves=moves, last=self.last)
                    self.block([*then, *rest], later)
                    return
                left = self.left()
                if isinstance(statement, gast.Return) or left is True or not rest:
                    return  # what follows never runs, or is done
                if left is not False and self.region is not None:
                    if rest:
                        begin = Resume(self.region)
                        self.block([self.unless(left, [begin, *rest], statement)], later)
                    return

    def header_text(self, statement: Any) -> str:
        """The text of a statement; of a compound one its first line."""
        if not hasattr(statement, "lineno"):  # one that the parser made
            return " "
        if isinstance(statement, (gast.For, gast.While, gast.If, gast.With, gast.Try)):
            return (
                self.source.lines[statement.lineno - 1].strip()
                if statement.lineno <= len(self.source.lines)
                else ""
            )
        return self.source.text(statement)

    def do_Pass(self, node: Any) -> None:
        return None

    do_Nonlocal = do_Pass  # what it is for is refused where it is done

    def do_Global(self, node: Any) -> None:
        scope = self.scope
        while scope is not None:
            for name in node.names:
                if name in scope.env:
                    self.refuse(
                        node,
                        f"`{name}` is global here, and local in the function around",
                        "Give one of them another name.",
                    )
            scope = scope.scope

    def do_Expr(self, node: Any) -> None:
        if isinstance(node.value, gast.Constant) or self.fills(node.value):
            return
        self.expression(node.value)

    def do_Return(self, node: Any) -> None:
        self.returned = self.handed(node.value) if node.value is not None else None
        self.known_still(self.returned)
        self.has_returned = True

    # assignment

    def do_Assign(self, node: Any) -> None:
        since = Value("").serial
        value = self.expression(node.value)
        if isinstance(node.targets[0], gast.Name) and isinstance(node.value, gast.List):
            if isinstance(value, list) and not value and len(node.targets) == 1:
                site = self.program.sites[id(value)][1]
                value = Growing((), self.frame, self.builder)
                value.site = site
                self.program.sites[id(value)] = (value, site)
        for target in node.targets:
            self.assign(target, value, since)

    def do_AnnAssign(self, node: Any) -> None:
        if node.value is not None:
            since = Value("").serial
            self.assign(node.target, self.expression(node.value), since)

    def assign(self, target: Any, value: Any, since: int) -> None:
        """Bind a target to a value."""
        if isinstance(target, gast.Name):
            self.known_still(value)
            self.name(value, target.id, since)
            self.env[target.id] = value
        elif isinstance(target, (gast.Tuple, gast.List)):
            self.assign_parts(target, value, since)
        elif isinstance(target, gast.Subscript):
            owner = self.expression(target.value)
            if isinstance(owner, (list, dict, tuple, Rows)):
                self.set_item(target, owner, target.slice, value)
                return
            owner, index = self.target_of(target, owner)
            self.store(target, owner, index, value, add=False)
        elif isinstance(target, gast.Attribute):
            self.name(value, target.attr, since)
            self.set_attribute(target, self.expression(target.value), target.attr, value)
        else:
            self.refuse(
                target, "this target is not accepted", "Assign to names, elements and slices."
            )

    def assign_parts(self, target: Any, value: Any, since: int) -> None:
        """Bind the elements of a target on the left side, one of which may have a star."""
        elements = target.elts
        stars = [place for place, part in enumerate(elements) if isinstance(part, gast.Starred)]
        rows = self.open_ended(target, value) if stars else None
        if rows is not None:
            self.assign_with_star(target, rows, stars[0], since)
            return
        parts = self.unpack(target, value, None if stars else len(elements))
        if stars:
            first, behind = stars[0], len(elements) - stars[0] - 1
            if len(parts) >= first + behind:
                rest = parts[first : len(parts) - behind]
                parts = [*parts[:first], rest, *parts[len(parts) - behind :]]
                elements = [*elements[:first], elements[first].value, *elements[first + 1 :]]
        if len(parts) != len(elements):
            self.refuse(
                target,
                f"{len(parts)} parts are unpacked into {len(elements)} names",
                "Match the numbers.",
            )
        parts = self.moved(elements, parts)
        for place, (element, part) in enumerate(zip(elements, parts)):
            with self.holding(parts[place + 1 :]):
                self.assign(element, part, since)
