"""Forward mode: tangents beside the values that they belong to.

    y = np.sin(x)               y = np.sin(x)
    z = y * w           ->      y_dot = np.cos(x) * x_dot
    return z                    z = y * w
                                z_dot = y_dot * w
                                return z, z_dot

A tangent has the form of its value. Loops and branches carry tangents along (`fused`), or tangents have loops and
branches of their own, of the same families and tests, that read the values by name: a pushforward, to be cut off. What a loop
reads of its siblings needs nothing special: the tangent of a value of an iteration is a value of that iteration.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from srcad.analysis.activity import active, lost
from srcad.analysis.types import infer, same_shape, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Call,
    Carry,
    Function,
    Let,
    Loop,
    Phi,
    Statement,
    Tree,
    Value,
    leaves,
    map_tree,
    place_of,
    surviving,
)
from srcad.core.quote import RankUnknown, quote, real, unwrap, wanting, wrap
from srcad.core.results import parts_of
from srcad.errors import MissingRuleError, SrcadError, UnsupportedSyntaxError
from srcad.rules import rule_of, without_derivative, without_rule
from srcad.rules.chain import check_complex, scaled, slopes, weighted, with_operands
from srcad.transformer.adjoint import cotangent_type
from srcad.transformer.masks import WHERE, may_be_infinite

__all__ = ["Tangent"]


class Tangent:
    """The pushforward of a function along `dots`, which map inputs to their tangents."""

    def __init__(
        self,
        function: Function,
        dots: dict[Value, Tree],
        outputs: list[Value],
        *,
        fused: bool = True,
    ) -> None:
        self.function, self.fused = function, fused
        hidden = lost(function.body, dots)
        if hidden is not None:
            self.refuse(hidden, *without_rule(hidden.op))
        self.active = active(function.body, dots, outputs)
        self.dots = dict(dots)
        self.rename: dict[Value, Tree] = {}
        # Elementwise functions whose partial derivative may be infinite, and what depends on them.
        self.risky: set[Value] = set()
        self.builder = Builder(infer)
        # Several results at once wait for the last of their parts.
        self.results: dict[Value, Let] = {}
        self.parts = parts_of(function.body)

    def run(self) -> Block:
        """The function's statements and the tangents' (where they are not fused, the latter alone)."""
        self.block(self.function.body)
        return self.builder.block

    def dot(self, tree: Tree) -> Tree | None:
        """The tangent of an operand; None where it does not vary."""
        return self.dots.get(tree) if isinstance(tree, Value) and tree in self.active else None

    # statements

    def block(self, block: Block) -> None:
        part = "tangent" if self.fused else "adjoint"
        for statement in block:
            origin = statement.origin
            self.builder.origin = origin._replace(part=part)
            if isinstance(statement, Let):
                if self.fused:
                    self.builder.add(statement)
                if statement.op is ops.part:
                    self.let_part(statement)
                elif statement.out in self.active and statement.out.type.kind != "tuple":
                    self.let(statement)
                elif statement.out is not None:
                    self.results[statement.out] = statement
            elif isinstance(statement, Branch):
                self.branch(statement)
            elif isinstance(statement, Loop):
                self.loop(statement)
            else:
                assert not isinstance(statement, Call), "calls are inlined before"
                self.builder.add(statement)

    def inner(self, block: Block, front: Block = []) -> Block:  # noqa: B006 - read only
        """A block inside a statement."""
        kept, self.builder = self.builder, Builder(infer, self.builder.origin)
        self.builder.block.extend(front)
        self.block(block)
        made, self.builder = self.builder.block, kept
        return made

    def refuse(
        self,
        statement: Statement,
        what: str,
        reason: str,
        kind: type[SrcadError] = MissingRuleError,
    ) -> None:
        """Raise an error that points at the statement of the user's."""
        raise kind(what, place=place_of(self.function, statement), reason=reason)

    def let_part(self, statement: Let) -> None:
        """When the last of several results has its name, the pushforward of what computed them."""
        results = statement.args[0]
        if results in self.active and self.parts[results][-1] is statement.out:
            self.let(self.results[results])

    def let(self, statement: Let) -> None:
        """The pushforward of one operation."""
        out, op = statement.out, statement.op
        assert out is not None
        rule = rule_of(op.function)
        if rule is None or rule.pullback is None:
            self.refuse(statement, *without_rule(op))
            return
        statement = with_operands(rule, statement)
        for place, why in rule.without.items():
            given = statement.args[place : place + 1]
            if any(value in self.active for value in leaves(given)):
                self.refuse(statement, *without_derivative(op, rule.operands[place], why))
        unknown = [name for name, _ in statement.options if name not in rule.options]
        if unknown:
            self.refuse(
                statement,
                f"option `{unknown[0]}=` of `{op.name}` has no derivative rule",
                "Leave the option out, or compute what it does with other functions.",
            )
        if op.function in (ops.put.function, ops.put_add.function):
            base = statement.args[0]
            if isinstance(base, Value) and not base.type.differentiable:
                self.refuse(
                    statement,
                    "a value that varies with the arguments is stored into an array of integers",
                    "The store truncates, so it has no derivative. Make the array with a floating dtype.",
                    UnsupportedSyntaxError,
                )
        if any(value in self.active for _, option in statement.options for value in leaves(option)):
            self.refuse(
                statement,
                f"`{op.name}` has no derivative with respect to this option",
                "Hold it constant.",
            )
        start = len(self.builder.block)
        try:
            made = self.pushed(statement, rule)
        except RankUnknown as unknown_rank:
            self.refuse(
                statement,
                f"the rank of `{unknown_rank.args[0].base}` is not known here",
                f"The derivative of `{op.name}` depends on it. Declare it with --arg, or keep a name to arrays of one rank.",
            )
            return
        except NotImplementedError as reason:
            if isinstance(reason, SrcadError):  # of a function that the rule differentiates
                raise
            self.refuse(
                statement,
                f"`{op.name}` is not differentiable this way: {reason}",
                "Rewrite it with other functions.",
            )
            return
        if made is None:  # it varies by what turned out to have no slope, as one of several results
            return
        parts = self.parts.get(out)
        if parts is None:
            self.dots[out] = self.formed(made, out, start)
            return
        dots = self.builder.parts(made) if isinstance(made, Value) else made
        self.dots.update(
            (part, self.formed(dot, part, start))
            for part, dot in zip(parts, dots)
            if dot is not None and part in self.active
        )

    def formed(self, made: Tree, out: Value, start: int) -> Tree:
        """A tangent in the form of its value, under its name."""
        found = type_of(made)
        if found.kind == "array" and found.rank == 0 and out.type.kind != "array":
            made = self.builder.emit(ops.getitem, made, ())
        if not (isinstance(made, Value) and same_shape(found, out.type)) and out.type.rank != 0:
            made = self.builder.emit(ops.spread, made, out)
        found = type_of(made)
        if isinstance(made, Value) and (found.dtype != out.type.dtype or found.dtype is None):
            if out.type.kind != "number":
                made = self.builder.emit(ops.cast, made, out)
        if isinstance(made, Value) and any(
            isinstance(let, Let) and let.out is made for let in self.builder.block[start:]
        ):
            made.base, made.named = f"{out.base}_dot", out.named
        return made

    def pushed(self, statement: Let, rule: Any) -> Tree:
        """The tangent of an operation's result, by the family of its rule."""
        out, op = statement.out, statement.op
        assert out is not None
        args, options = self.operand(statement.args), self.operand(statement.options)
        y = self.parts.get(out) or out
        wanted = range(len(args)) if rule.wrt is None else rule.wrt
        dots = [
            self.dots_of(arg) if place in wanted else None
            for place, arg in enumerate(statement.args)
        ]
        if all(dot is None for dot in dots):
            return None
        if rule.family == "elementwise":
            start = len(self.builder.block)
            partials = quote(partial(slopes, rule), self.builder, (*args, y), dict(options))
            risky = {arg for arg in args if isinstance(arg, Value) and arg in self.risky}
            if risky or may_be_infinite(self.builder.block[start:]):
                self.risky.add(out)
            if isinstance(y, tuple):
                varying = [
                    (one, dot, arg)
                    for one, dot, arg in zip(partials, dots, args)
                    if dot is not None
                ]
                for one, _, arg in varying:
                    if one is None:
                        self.no_derivative(statement, arg)
                given = wrap(tuple(dot for _, dot, _ in varying), self.builder)
                return tuple(
                    unwrap(weighted(wrap(parts, self.builder), given))
                    for parts in zip(*(one for one, _, _ in varying))
                )
            total: Tree = None
            for one, dot, arg in zip(partials, dots, args):
                if dot is None:
                    continue
                if one is None:
                    self.no_derivative(statement, arg)
                term = self.scaled(one, dot, rule.flat and arg in risky)
                total = term if total is None else self.builder.emit(ops.add, total, term)
            if rule.on_complex == "given":
                (total,) = quote(real, self.builder, (total,))
            return total
        if rule.pushforward is not None:
            missing = [None] * (len(rule.operands) - len(args)) if not rule.variadic else []
            check_complex(rule, args)
            read = {i for i, part in enumerate(self.parts.get(out, ())) if part in self.active}
            with wanting(read or None):
                given = (*dots, *missing, *args, *missing, y)
                made = quote(rule.pushforward, self.builder, given, dict(options))
            return made if isinstance(y, tuple) else made[0]
        if rule.family == "linear":
            filled = [
                self.held(op, self.filled(dot, arg), arg)
                if place in wanted and _varies(arg)
                else arg
                for place, (arg, dot) in enumerate(zip(args, dots))
            ]
            if op is ops.put_add and dots[2] is None:
                return filled[0]
            return self.called(rule, op, tuple(filled), options)
        total = None
        for place, dot in enumerate(dots):
            if dot is not None:
                dot = self.held(op, dot, args[place])
                term = self.called(rule, op, (*args[:place], dot, *args[place + 1 :]), options)
                total = term if total is None else self.builder.emit(ops.add, total, term)
        return total

    def operand(self, tree: Tree) -> Tree:
        return map_tree(tree, lambda value: self.rename.get(value, value)) if self.rename else tree

    def called(self, rule: Any, op: Any, args: Any, options: Any) -> Tree:
        """The operation on other operands."""
        args, named = rule.merge(args, dict(options))
        return self.builder.let(op, args, tuple(named.items()))

    def held(self, op: Any, dot: Tree, arg: Tree) -> Tree:
        """A tangent that methods can be called of: a number is an array like the operand."""
        of_arrays = op.style in ("method", "attribute") or op.base == "astype"
        kind, rank = type_of(dot).kind, type_of(dot).rank
        number = isinstance(dot, (int, float)) or kind == "number" or (kind == "any" and not rank)
        if not of_arrays or not number or type_of(arg).kind == "number":
            return dot
        return self.builder.emit(ops.operation(np.full_like), arg, dot)

    def no_derivative(self, statement: Let, arg: Tree) -> None:
        name = arg.base if isinstance(arg, Value) else "this operand"
        self.refuse(
            statement,
            f"`{statement.op.name}` has no derivative with respect to `{name}`",
            "Hold it constant with srcad.stop_gradient, or rewrite the expression.",
        )

    def dots_of(self, arg: Tree) -> Tree | None:
        """The tangent of an operand; of a sequence a sequence, its constant parts with zeros."""
        if isinstance(arg, Value):
            return self.dot(arg)
        if isinstance(arg, (tuple, list)) and any(value in self.active for value in leaves(arg)):
            return type(arg)(self.filled(self.dots_of(part), part) for part in arg)
        return None

    def filled(self, dot: Tree | None, arg: Tree) -> Tree:
        """A tangent without None."""
        if dot is not None:
            return dot
        if isinstance(arg, (tuple, list)):
            return type(arg)(self.filled(None, part) for part in arg)
        return self.zero(arg)

    def zero(self, tree: Tree) -> Tree:
        """The tangent of what does not vary."""
        type_ = type_of(tree)
        if not isinstance(tree, Value) or (type_.rank == 0 and type_.kind != "array"):
            return 0.0
        return self.builder.emit(ops.zeros_like, tree, base=f"{tree.base}_dot")

    def scaled(self, partial: Tree, dot: Tree, flat: bool = False) -> Tree:
        """`partial * dot`, where the partial is not a plain sign; a tangent that may be infinite is masked where the partial is zero."""
        if isinstance(partial, Value) and partial.type.dtype == "bool" and partial.type.rank:
            return self.builder.emit(WHERE, partial, dot, 0)
        made = unwrap(scaled(wrap(partial, self.builder), wrap(dot, self.builder)))
        if not flat or not isinstance(partial, Value):
            return made
        return self.builder.emit(WHERE, self.builder.emit(ops.not_equal, partial, 0), made, 0)

    # joins

    def end(self, tree: Tree) -> Tree:
        """The tangent of a join's operand; None stays."""
        if tree is None:
            return None
        dot = self.dot(tree)
        return self.zero(tree) if dot is None else dot

    def ended(self, block: Block, trees: list[Tree]) -> list[Tree]:
        """Tangents at the end of a block."""
        kept, self.builder = self.builder, Builder(infer, self.builder.origin)
        made = [self.end(tree) for tree in trees]
        block.extend(self.builder.block)
        self.builder = kept
        return made

    def branch(self, statement: Branch) -> None:
        origin = self.builder.origin
        moving = [phi for phi in statement.phis if phi.out in self.active]
        fused, attempt = self.fused, isinstance(statement, Attempt)
        if attempt:  # the tangents come after it: what raises in it is the function's own
            if fused:
                self.builder.add(statement)
            self.fused = False
        known = surviving(statement)
        if known is not None:
            self.block(known)
            self.fused = fused
            return
        body, orelse = self.inner(statement.body), self.inner(statement.orelse)
        self.fused = fused
        self.builder.origin = origin
        thens = self.ended(body, [phi.then for phi in moving])
        elses = self.ended(orelse, [phi.orelse for phi in moving])
        phis = []
        for phi, then, other in zip(moving, thens, elses):
            out = _twin(phi.out)
            self.dots[phi.out] = out
            phis.append(Phi(out, then, other))
        if self.fused and not attempt:
            phis = [*statement.phis, *phis]
        elif not (body or orelse or phis):
            return
        condition = self.operand(statement.condition)
        made = Branch(statement.test, condition, body, orelse, phis, statement.origin)
        if attempt or not self.fused:
            made.origin = origin
        self.builder.add(made)

    def loop(self, statement: Loop) -> None:
        origin = self.builder.origin
        moving = [c for c in statement.carries if c.param in self.active or c.exit in self.active]
        inits = [None if c.init is None else self.end(c.init) for c in moving]
        params = [_twin(c.param) for c in moving]
        for carry, param in zip(moving, params):
            self.dots[carry.param] = param
        # What a header computes is there for the body too: its tangents come with the body.
        kept, self.fused = self.fused, False
        front = self.inner(statement.header)
        self.fused = kept
        renamed = dict(self.rename)
        index = None if statement.open and not self.fused else statement.index
        if index is not None and not self.fused:
            self.rename[index] = index = index.like()
        body = self.inner(statement.body, front)
        self.builder.origin = origin
        nexts = self.ended(body, [c.next for c in moving])
        carries = []
        for carry, param, init, after in zip(moving, params, inits, nexts):
            out = _twin(carry.exit)
            self.dots[carry.exit] = out
            carries.append(Carry(param, init, after, out))
        if self.fused:
            carries = [*statement.carries, *carries]
            self.builder.add(statement.renewed(body=body, carries=carries))
            return
        self.rename = renamed
        if not (body or carries):
            return
        domain = None if statement.open else self.operand(statement.domain)
        made = Loop(statement.family, statement.direction, index, domain, carries, body, origin)
        self.builder.add(made)


def _twin(value: Value) -> Value:
    """The tangent of a join."""
    return Value(f"{value.base}_dot", cotangent_type(value), named=value.named)


def _varies(tree: Tree) -> bool:
    """Whether an operand of a linear operation is one that it is linear in: a number, or values of them."""
    return tree is not None and not isinstance(tree, (str, bool, type))
