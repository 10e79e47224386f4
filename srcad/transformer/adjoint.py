"""Reverse mode: a function's Core, and sweeps over it that compute cotangents.

    z = x * y           z = x * y
    return z     ->     x_bar = sum_to(z_bar * y, x)
                        y_bar = sum_to(z_bar * x, y)

The driver owns seeds, broadcasting, accumulation, zeros and activity; rules know nothing of these. What it emits is blind to shapes and
reads any primal value it likes, in loops too: a loop's adjoint is a loop of the same family in the opposite direction, a branch's is a
branch of the same test. How values get there is `simplifier.storage`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, reduce
from itertools import zip_longest
from operator import or_
from typing import Any

from srcad.analysis.activity import active, lost
from srcad.analysis.types import infer, same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Block,
    Branch,
    Call,
    Carry,
    Family,
    Function,
    Let,
    Loop,
    Phi,
    Split,
    Statement,
    Tree,
    Value,
    blocks,
    defined,
    leaves,
    map_tree,
    operands,
    place_of,
    surviving,
    walk,
)
from srcad.core.quote import RankUnknown, may_be_complex, quote, unwrap, wrap
from srcad.core.results import parts_of
from srcad.core.types import Size, Type
from srcad.errors import MissingRuleError, SrcadError, UnsupportedSyntaxError
from srcad.rules import rule_of, without_derivative, without_rule
from srcad.rules.chain import gradients, pulled, scaled, weighted, with_operands
from srcad.transformer.masks import NOWHERE, Masked, Masks, may_be_infinite, only_moves, within

__all__ = ["Adjoint", "cotangent_type"]


Splitter = Callable[[Function, tuple[bool, ...], tuple[bool, ...]], Split]


def cotangent_type(value: Value) -> Type:
    """The type of a value's cotangent: that of the value; of a Python number what may be a number or a NumPy scalar."""
    if value.type.kind == "number":
        return Type("scalar", "complex128" if value.type.dtype == "complex" else "float64", ())
    if value.type.kind == "array" and value.type.rank == 0:
        return Type("any", value.type.dtype, ())
    return value.type


class Adjoint:
    """The primal statements of a function, and as many reverse sweeps over them as are asked for."""

    def __init__(
        self, function: Function, wrt: list[Value], outputs: list[Value], split: Splitter
    ) -> None:
        self.function, self.wrt = function, wrt
        hidden = lost(function.body, wrt)
        if hidden is not None:
            self.refuse(hidden, *without_rule(hidden.op))
        self.active = active(function.body, wrt, outputs)
        self.splits: dict[Call, tuple[Split, Call, list[Value]]] = {}
        self.split = split
        self.body = self._forward_calls(function.body)
        self.parts = parts_of(self.body)
        self.builder = Builder(infer)
        self.bars: dict[Value, Tree] = {}
        self.masks = Masks()
        # Of several results at once: the cotangents of the parts.
        self.part_bars: dict[Value, dict[int, Tree]] = {}
        # Cotangents of what one loop of a family (or branch of a test) reads of another: found in the same iteration of the mirror's.
        self.pending: dict[Value, Tree] = {}
        self.local = _Locals(self.body)
        self.rename: dict[Value, Value] = {}
        self.scopes: list[_Scope] = []

    # calls of the user's functions become calls of their forward halves

    def _forward_calls(self, block: Block) -> Block:
        made: Block = []
        for statement in block:
            if isinstance(statement, Call) and any(out in self.active for out in statement.outs):
                statement = self._forward_call(statement)
            elif isinstance(statement, Branch):
                statement = statement.renewed(
                    body=self._forward_calls(statement.body),
                    orelse=self._forward_calls(statement.orelse),
                )
            elif isinstance(statement, Loop):
                statement = statement.renewed(
                    header=self._forward_calls(statement.header),
                    body=self._forward_calls(statement.body),
                )
            made.append(statement)
        return made

    def _forward_call(self, call: Call) -> Call:
        wanted = tuple(any(value in self.active for value in leaves(arg)) for arg in call.args)
        outs = tuple(out in self.active for out in call.outs)
        split = self.split(call.callee, wanted, outs)
        residuals = [
            call.outs[kept] if isinstance(kept, int) else kept.like(named=False)
            for kept in split.residuals
        ]
        more = [value for value in residuals if value not in call.outs]
        made = Call([*call.outs, *more], split.forward, call.args, call.origin)
        self.splits[made] = (split, call, residuals)
        return made

    # sweeps

    def sweep(self, seeds: list[tuple[Tree, Tree]]) -> dict[Value, Tree]:
        """The cotangents of all values, given those of some outputs as (output, cotangent) pairs; the statements go to `builder`."""
        self.bars, self.pending, self.part_bars = {}, {}, {}
        self.scopes = []
        for output, seed in seeds:
            if isinstance(output, Value):
                self.accumulate(output, seed)
        self.block(self.body)
        return self.bars

    def zero(self, value: Value) -> Tree:
        """A cotangent of zeros."""
        if value.type.rank == 0:
            return 0.0
        made = self.builder.emit(ops.zeros_like, value, base=f"{value.base}_bar")
        self.masks.known[made] = Masked(NOWHERE)
        return made

    def accumulate(self, value: Value, contribution: Tree) -> None:
        """Add to the cotangent of a value."""
        if value not in self.active:
            return
        before = self.lookup(value)
        base = f"{value.base}_bar"
        if before is None:
            self.christen(contribution, value, base)
            self.bars[value] = contribution
            return
        rebased = self.rebase(before, contribution, value)
        if rebased is None:
            rebased = self.masks.added(self.builder, before, contribution, base)
        self.christen(rebased, value, base)
        self.bars[value] = rebased

    def fitted(self, value: Value, bar: Tree) -> Tree:
        """The cotangent of a join as that of one of its sides, which may be real where the other is complex."""
        if not may_be_complex(bar) or type_of(bar).dtype == value.type.dtype is not None:
            return bar
        return self.builder.emit(ops.cast, bar, value)

    def christen(self, bar: Tree, value: Value, base: str) -> None:
        """The first contribution and the running sum bear the name of the cotangent."""
        if (
            isinstance(bar, Value)
            and self.builder.block
            and not bar.named
            and (value.named or not bar.base.endswith("_bar"))
        ):
            if any(isinstance(s, Let) and s.out is bar for s in self.builder.block[-6:]):
                bar.base = base

    def rebase(self, before: Tree, contribution: Tree, value: Value) -> Value | None:
        """`before + put_add(zeros_like(x), index, g)` is `put_add(before, index, g)`: the adjoint of an indexing writes where it belongs."""
        if not isinstance(before, Value) or before.type.kind == "scalar":
            return None
        made = {
            s.out: (place, s) for place, s in enumerate(self.builder.block) if isinstance(s, Let)
        }
        chain: list[tuple[int, Let]] = []
        link = contribution
        while isinstance(link, Value) and link in made:
            place, statement = made[link]
            if statement.op is ops.zeros_like:
                if not chain or statement.args[0] is not value:
                    return None
                del self.builder.block[place]
                current: Any = before
                for put_place, put in reversed(chain):
                    new = Value(f"{value.base}_bar", before.type)
                    let = Let(new, ops.put_add, (current, *put.args[1:]), put.options, put.origin)
                    self.builder.block[put_place - 1] = let
                    current = new
                return current  # type: ignore[no-any-return]
            if statement.op is not ops.put_add:
                return None
            chain.append((place, statement))
            link = statement.args[0]
        return None

    def lookup(self, value: Value) -> Tree | None:
        """The cotangent so far, as the scope being swept sees it."""
        found = self.bars.get(value)
        if found is None and self.scopes:
            found = self.reach(self.scopes[-1], value)
            if found is not None:
                self.bars[value] = found
        return found

    def reach(self, scope: _Scope | None, value: Value) -> Tree | None:
        """A cotangent from outside a scope, or from a sibling of it."""
        if scope is None:
            return None
        return self.pending.pop(value, None) if scope.owns(value) else scope.enter(value)

    def block(self, block: Block) -> None:
        taken: set[int] = set()
        for place in reversed(range(len(block))):
            if place in taken:
                continue
            statement = block[place]
            origin = statement.origin
            text = origin.text if isinstance(statement, (Let, Call)) else ""
            self.builder.origin = origin._replace(text=text, part="adjoint")
            if isinstance(statement, Let):
                self.let(statement)
            elif isinstance(statement, Call):
                self.call(statement)
            elif isinstance(statement, Branch):
                self.branch(statement, self.read_by_sides(block, place, taken))
            elif isinstance(statement, Loop):
                self.loop(statement)

    def read_by_sides(self, block: Block, place: int, taken: set[int]) -> tuple[Block, Block]:
        """What stands before a branch and is read by one of its sides alone: its adjoint stands on that side, too.

            y = np.log(x)                      if x > 0:
            if x > 0:                              y_bar = z_bar
                z = y                  ->          # y = np.log(x)
            else:                                  x_bar = y_bar / x
                z = x                          else:
                                                   x_bar = z_bar

        Where the other side is taken a cotangent of zero would be multiplied by what may be infinite, or a system that is
        singular be solved. The places of these statements are added to `taken`.
        """
        branch = block[place]
        assert isinstance(branch, Branch)
        sides: tuple[Block, Block] = ([], [])
        if surviving(branch) is not None:
            return sides
        readers: dict[Value, int] = {}  # 1 and 2: the sides, 4: what else

        def read(values: Iterable[Value], reader: int) -> None:
            for value in values:
                readers[value] = readers.get(value, 0) | reader

        read(self.differentiated(branch.body), 1)
        read(self.differentiated(branch.orelse), 2)
        for phi in branch.phis:
            if phi.out in self.active:
                read(leaves(phi.then), 1)
                read(leaves(phi.orelse), 2)
        for before in reversed(range(place)):
            if before in taken:
                continue  # what reads it has its adjoint already
            statement = block[before]
            outs = [value for value in defined(statement) if value in self.active]
            reader = reduce(or_, (readers.get(value, 0) for value in outs), 0)
            contributed = (self.bars, self.part_bars, self.pending)
            if any(out in bars for out in outs for bars in contributed):
                reader = 4
            if reader and isinstance(statement, Let) and statement.op is ops.part:
                reader = 4  # cotangents of several results meet where these are made
            # The adjoint of a loop or a branch reads what it does not hand out, and must stand where it stands:
            # a second sweep in reverse would find the two on different sides, and lose what the one contributes.
            if isinstance(statement, (Branch, Loop)):
                reader = 4
            if not reader:
                continue
            if reader in (1, 2):
                sides[reader - 1].insert(0, statement)
                taken.add(before)
            read(self.differentiated([statement]), reader if reader < 3 else 4)
        return sides

    def differentiated(self, block: Block) -> set[Value]:
        """What the adjoint of a block may contribute to."""
        found: list[Any] = []
        for statement in walk(block):
            if any(out in self.active for out in defined(statement)):
                if isinstance(statement, (Let, Call)):
                    found.append(list(operands(statement)))
                elif isinstance(statement, Branch):
                    found.append([(phi.then, phi.orelse) for phi in statement.phis])
            if isinstance(statement, Loop):
                found.append([(carry.init, carry.next) for carry in statement.carries])
                found.append(statement.domain)
        return {value for value in leaves(found) if value in self.active}

    def take(self, value: Value) -> Tree | None:
        """The finished cotangent of a value that is about to be differentiated."""
        if value not in self.active:
            return None
        if value.type.kind == "tuple":
            bars = self.part_bars.pop(value, None)
            return bars and tuple(map(bars.get, range(len(value.type.parts))))
        bar = self.bars.pop(value, None)
        if bar is None:
            bar = self.pending.pop(value, None)
        if isinstance(bar, Value) and value.named and bar.base == f"{value.base}_bar":
            bar.named = True
        return bar

    def refuse(
        self,
        statement: Statement,
        what: str,
        reason: str,
        kind: type[SrcadError] = MissingRuleError,
    ) -> None:
        """Raise an error that points at the statement of the user's."""
        raise kind(what, place=place_of(self.function, statement), reason=reason)

    def operand(self, tree: Tree) -> Tree:
        return map_tree(tree, lambda value: self.rename.get(value, value))

    def let(self, statement: Let) -> None:
        """The pullback of one operation."""
        out = statement.out
        if out is None:
            return
        y_bar = self.take(out)
        if y_bar is None:
            return
        op = statement.op
        if op is ops.part:
            results, place = statement.args
            self.part_bars.setdefault(results, {})[place] = y_bar
            return
        y = self.parts.get(out, out)
        rule = rule_of(op.function)
        if rule is None or rule.pullback is None:
            self.refuse(statement, *without_rule(op))
            return
        statement = with_operands(rule, statement)
        args, options = self.operand(statement.args), dict(self.operand_options(statement))
        for place, why in rule.without.items():
            given = statement.args[place : place + 1]
            if any(value in self.active for value in leaves(given)):
                self.refuse(statement, *without_derivative(op, rule.operands[place], why))
        unknown = [name for name in options if name not in rule.options]
        if unknown:
            self.refuse(
                statement,
                f"option `{unknown[0]}=` of `{op.name}` has no derivative rule",
                "Leave the option out, or compute what it does with other functions.",
            )
        if op.function in (ops.put.function, ops.put_add.function) and not _floating(
            statement.args[0]
        ):
            self.refuse(
                statement,
                "a value that varies with the arguments is stored into an array of integers",
                "The store truncates, so it has no derivative. Make the array with a floating dtype.",
                UnsupportedSyntaxError,
            )
        for _, option in statement.options:
            if any(value in self.active for value in leaves(option)):
                self.refuse(
                    statement,
                    f"`{op.name}` has no derivative with respect to this option",
                    "Hold it constant.",
                )
        start = len(self.builder.block)
        try:
            if (
                rule.family == "elementwise"
                and isinstance(y_bar, Value)
                and not isinstance(y, tuple)
            ):
                self.selected(statement, rule, args, y, y_bar, options)
                return
            if rule.family == "elementwise":
                partials = quote(partial(gradients, rule), self.builder, (*args, y), options)
                contributions = [
                    self.weighted(y_bar, one)
                    if any(v in self.active for v in leaves(arg))
                    else None
                    for arg, one in zip(statement.args, partials)
                ]
            else:
                last = (y,) if rule.pushforward is not None else ()
                given = (y_bar, *args, *last)
                contributions = list(quote(partial(pulled, rule), self.builder, given, options))
                self.move_masks(rule, y_bar, y, given, options, contributions, start)
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
        for place, (arg, contribution) in enumerate(zip(statement.args, contributions)):
            if contribution is None and rule.wrt is not None and place not in rule.wrt:
                continue  # an operand that is there for its form
            self.contribute(statement, arg, contribution, rule.broadcasts, None, start)
        if len(contributions) < len(statement.args):
            for arg in statement.args[len(contributions) :]:
                self.contribute(statement, arg, None, False)

    def operand_options(self, statement: Let) -> list[tuple[str, Tree]]:
        return [(name, self.operand(option)) for name, option in statement.options]

    def selected(
        self, statement: Let, rule: Any, args: Any, y: Value, y_bar: Value, options: Any
    ) -> None:
        """The contributions of an elementwise operation: factors of what is under the mask of a cotangent."""
        mask, start = self.masks.lifted(self.builder, y_bar), len(self.builder.block)
        partials = quote(partial(gradients, rule), self.builder, (*args, y), options)
        if mask.flat and may_be_infinite(self.builder.block[start:]):
            mask = mask._replace(alive=reduce(within, mask.flat, mask.alive), flat=())
        made: list[tuple[Tree, Tree, Masked | None]] = []
        for place, (arg, one) in enumerate(zip_longest(statement.args, partials)):
            if not any(value in self.active for value in leaves(arg)):
                continue
            if one is None:
                if rule.wrt is None or place in rule.wrt:
                    made.append((arg, None, None))
                continue
            type_ = type_of(one)
            if type_.dtype == "bool" and type_.rank:
                made.append((arg, None, mask._replace(alive=within(mask.alive, one))))
                continue
            under = mask._replace(inner=self.scaled(mask.inner, one))
            if isinstance(one, Value) and (rule.flat or type_.dtype == "bool"):
                holds = one if type_.dtype == "bool" else self.builder.emit(ops.not_equal, one, 0)
                under = under._replace(flat=(*mask.flat, holds))
            made.append((arg, None if isinstance(one, Value) else self.scaled(y_bar, one), under))
        for arg, plain, under_ in made:
            self.contribute(statement, arg, plain, True, under_)

    def move_masks(
        self,
        rule: Any,
        y_bar: Tree,
        y: Tree,
        given: Any,
        options: Any,
        made: list[Tree],
        start: int,
    ) -> None:
        """Where an operation gives its operand another shape or order, its cotangent's mask goes the same way."""
        if not isinstance(y_bar, Value) or not isinstance(y, Value):
            return
        mask = self.masks.lifted(self.builder, y_bar)
        places = [place for place, bar in enumerate(made) if isinstance(bar, Value)]
        if (mask.alive is None and not mask.flat) or len(places) != 1 or made[places[0]] is y_bar:
            return
        if not only_moves(self.builder.block[start:]):
            return

        def move(tree: Tree) -> Tree:
            return quote(partial(pulled, rule), self.builder, (tree, *given[1:]), options)[
                places[0]
            ]

        moved = self.masks.moved(self.builder, mask, y.type, move)
        inner = None if moved.alive is None or mask.inner is y_bar else move(mask.inner)
        self.masks.known[made[places[0]]] = moved._replace(inner=inner)

    def weighted(self, y_bar: Tree, partial: Tree) -> Tree:
        """The contribution of an elementwise operation; of several results the sum of theirs, each with a partial of its own."""
        if partial is None:
            return None
        total = weighted(wrap(partial, self.builder), wrap(y_bar, self.builder))
        return 0.0 if total is None else unwrap(total)

    def scaled(self, y_bar: Tree, partial: Tree) -> Tree:
        return unwrap(scaled(wrap(y_bar, self.builder), wrap(partial, self.builder)))

    def contribute(
        self,
        statement: Let,
        arg: Tree,
        contribution: Tree,
        broadcasts: bool,
        mask: Masked | None = None,
        start: int | None = None,
    ) -> None:
        """Add a contribution, made by the statements from `start` on, to an operand; a sequence operand has a sequence of them.

        Under a `mask`, the contribution is there if it is known without it.
        """
        if isinstance(arg, (tuple, list)):
            if isinstance(contribution, (tuple, list)):
                for part, inner in zip(arg, contribution):
                    self.contribute(statement, part, inner, broadcasts, mask, start)
                return
            arg_values = [value for value in leaves(arg) if value in self.active]
            if arg_values:
                self.refuse(
                    statement,
                    f"`{statement.op.name}` has no derivative with respect to this operand",
                    "Hold it constant.",
                )
            return
        if not isinstance(arg, Value) or arg not in self.active:
            return
        if contribution is None and mask is None:
            self.refuse(
                statement,
                f"`{statement.op.name}` has no derivative with respect to `{arg.base}`",
                "Hold it constant with srcad.stop_gradient, or rewrite the expression.",
            )
        like = self.rename.get(arg, arg)
        if mask is None:
            mask = self.masks.lifted(self.builder, contribution, start)
        if mask.alive is None and not mask.flat:
            self.accumulate(arg, self.formed(mask.inner, like, broadcasts))
            return
        apart = broadcasts and not same_shape(type_of(mask.inner), like.type)
        left = self.masks.summed(mask, like.type) if apart else mask
        if left.alive != mask.alive:
            whole = self.masks.laid(self.builder, mask) if contribution is None else contribution
            whole = self.formed(whole, like, broadcasts)
            if isinstance(whole, Value):
                self.masks.known[whole] = left._replace(inner=None)
        else:
            left = left._replace(inner=self.formed(mask.inner, like, broadcasts))
            if contribution is None or apart:
                whole = self.masks.laid(self.builder, left)
            else:
                whole = self.formed(contribution, like, broadcasts)
                if isinstance(whole, Value):
                    self.masks.known[whole] = left
        self.accumulate(arg, whole)

    def formed(self, contribution: Tree, like: Value, broadcasts: bool) -> Tree:
        """A contribution in the form of its operand."""
        found = type_of(contribution)
        if (
            found.kind == "array" and found.rank == 0
        ):  # np.where of numbers gives a 0-d array; cotangents are numbers
            contribution = self.builder.emit(ops.getitem, contribution, ())
        if broadcasts:
            return self.builder.emit(ops.sum_to, contribution, like)
        if isinstance(contribution, Value) and found.kind == "array" and like.type.kind == "array":
            if like.type.shape is not None and not same_shape(found, like.type):
                # It has the operand's shape: that is a law of rules, though types alone may not see it.
                contribution.type = contribution.type._replace(shape=like.type.shape)
        if type_of(contribution).dtype != like.type.dtype or like.type.dtype is None:
            made = self.builder.emit(ops.cast, contribution, like)
            if type(contribution) in (int, float) and like.type.dtype and may_be_complex(like):
                made.type = cotangent_type(like)  # a number stands for a complex one, too
            return made
        return contribution

    def call(self, statement: Call) -> None:
        """A callee's backward half."""
        if statement not in self.splits:
            if any(self.take(out) is not None for out in statement.outs):
                self.refuse(statement, "this call has no backward half", "This is a bug of srcad.")
            return
        split, call, residuals = self.splits[statement]
        seeds = []
        touched = False
        for out in call.outs:
            if out in self.active:
                bar = self.take(out)
                touched |= bar is not None
                seeds.append(self.zero(out) if bar is None else bar)
        if not touched:
            return
        args = self.operand(statement.args)
        inputs = [arg for arg in call.args if any(value in self.active for value in leaves(arg))]
        outs = [Value(f"{arg.base}_bar", cotangent_type(arg)) for arg in inputs]
        kept = tuple(args[place] for place in split.kept)
        self.builder.add(
            Call(
                outs,
                split.backward,
                (*seeds, *kept, *self.operand(tuple(residuals))),
                self.builder.origin,
            )
        )
        for arg, bar in zip(inputs, outs):
            bar.named = arg.named and self.lookup(arg) is None
            self.accumulate(arg, bar)

    def branch(self, statement: Branch, first: tuple[Block, Block]) -> None:
        """The same sides again, under the same test, each after what it alone reads; an attempt that was survived has one."""
        known = surviving(statement)
        if known is not None:
            self.block(known)
            return
        seeds = []
        for phi in statement.phis:
            bar = self.take(phi.out)
            if bar is not None:
                seeds.append((phi, bar))
        if not seeds and not any(value in self.pending for value in self.local.inside(statement)):
            return
        outer_bars, outer_builder, origin = self.bars, self.builder, self.builder.origin
        sides: list[tuple[dict[Value, Tree], Builder]] = []
        waiting = self.pending
        left: list[dict[Value, Tree]] = []
        phis: list[Phi] = []
        for side, (block, pick) in enumerate(
            ((statement.body, "then"), (statement.orelse, "orelse"))
        ):
            local = self.local.of(statement.test, side) | _locals(first[side])
            scope = _Side(self, local, outer_bars)
            scope.place = (statement.test, side)
            self.pending = dict(waiting)
            self.scopes.append(scope)
            self.bars, self.builder = {}, Builder(infer, origin)
            for phi, bar in seeds:
                source = getattr(phi, pick)
                if isinstance(source, Value):
                    self.accumulate(source, self.fitted(source, bar))
            self.block([*first[side], *block])
            self.scopes.pop()
            self.pending.update({v: b for v, b in self.bars.items() if scope.owns(v)})
            for value, bar in self.pending.items():
                if scope.owns(value) and bar is not waiting.get(value) and self.elsewhere(value):
                    out = Value(f"{value.base}_bar", cotangent_type(value), named=value.named)
                    phis.append(Phi(out, bar, None) if side == 0 else Phi(out, None, bar))
                    self.pending[value] = out
            left.append(self.pending)
            sides.append(({v: b for v, b in self.bars.items() if not scope.owns(v)}, self.builder))
        self.bars, self.builder = outer_bars, outer_builder
        self.builder.origin = origin
        self.pending = self.still_pending(statement, left, [b for _, b in sides], phis)
        touched = list(dict.fromkeys([*sides[0][0], *sides[1][0]]))
        for value in touched:
            before = self.lookup(value)
            ends: list[Tree] = []
            for bars, builder in sides:
                end = bars.get(value, before)
                if end is None:
                    kept, self.builder = self.builder, builder
                    end = self.zero(value)
                    self.builder = kept
                ends.append(end)
            if ends[0] is ends[1]:
                self.bars[value] = ends[0]
                continue
            out = Value(f"{value.base}_bar", cotangent_type(value), named=value.named)
            self.joined(out, ends, [builder.block for _, builder in sides], statement)
            phis.append(Phi(out, ends[0], ends[1]))
            self.bars[value] = out
        self.builder.add(
            Branch(
                statement.test,
                self.operand(statement.condition),
                sides[0][1].block,
                sides[1][1].block,
                phis,
                origin,
            )
        )

    def joined(
        self, out: Value, ends: list[Tree], adjoint: list[Block], statement: Branch | Loop
    ) -> None:
        """Note where the join of a statement's adjoint is alive."""
        # What siblings define is read on their side, or in their iterations, alone.
        places: list[Any] = (
            [(statement.test, 0), (statement.test, 1)]
            if isinstance(statement, Branch)
            else [statement.family]
        )
        inside = self.local.inside(statement).union(
            *map(_locals, adjoint), *(self.local.found.get(place, ()) for place in places)
        )
        self.masks.joined(self.builder, out, ends, inside, [*blocks(statement), *adjoint])

    def elsewhere(self, value: Value) -> bool:
        """Whether the sweep is inside a branch that the value does not stand in."""
        here = {scope.place for scope in self.scopes}
        return not here <= {place for place, _ in self.local.path[value]}

    def still_pending(
        self,
        statement: Branch,
        left: list[dict[Value, Tree]],
        builders: list[Builder],
        phis: list[Phi],
    ) -> dict[Value, Tree]:
        """The cotangents that wait for a sibling after a branch, from those after each of its sides."""
        found: dict[Value, Tree] = {}
        for value in dict.fromkeys([*left[0], *left[1]]):
            own = [k for k in (0, 1) if value in self.local.of(statement.test, k)]
            ends = [side.get(value) for side in left]
            if own or ends[0] is ends[1]:
                end = ends[own[0]] if own else ends[0]
                if end is not None:
                    found[value] = end
                continue
            for k in (0, 1):
                if ends[k] is None:
                    kept, self.builder = self.builder, builders[k]
                    ends[k] = self.zero_there(value)
                    self.builder = kept
            found[value] = Value(f"{value.base}_bar", cotangent_type(value), named=value.named)
            phis.append(Phi(found[value], ends[0], ends[1]))
        return found

    def zero_there(self, value: Value) -> Tree:
        """Zeros for a value of one side of a branch, outside of it: made under the same tests."""
        if value.type.rank == 0:
            return 0.0
        here = {scope.place for scope in self.scopes}
        path = [part for part in self.local.path[value] if part[0] not in here]
        if any(branch is None for _, branch in path):
            raise UnsupportedSyntaxError(
                f"`{value.base}` is read on one side of a branch, by a loop over the iterations that assign it",
                reason="Loop over them outside of the branch.",
            )
        outer, builder = self.builder, Builder(infer, self.builder.origin)
        self.builder = builder
        end = self.zero(value)
        for (test, side), branch in reversed(path):
            out = Value(f"{value.base}_bar", cotangent_type(value))
            phi = Phi(out, end, None) if side == 0 else Phi(out, None, end)
            blocks = (builder.block, []) if side == 0 else ([], builder.block)
            condition = self.operand(branch.condition)
            builder = Builder(infer, outer.origin)
            builder.add(Branch(test, condition, *blocks, [phi], outer.origin))
            end = out
        self.builder = outer
        outer.block.extend(builder.block)
        return end

    def loop(self, statement: Loop) -> None:
        """The mirror of a loop."""
        carried = [c for c in statement.carries if c.param in self.active or c.exit in self.active]
        starts = []
        for carry in carried:
            bar = self.take(carry.exit)
            starts.append(bar)
        if all(start is None for start in starts) and not any(
            value in self.pending for value in self.local.inside(statement)
        ):
            return
        origin = self.builder.origin
        # Which iterations an open loop had is saved, its index with them.
        index = None
        if statement.index is not None and not statement.open:
            index = statement.index.like()
            self.local.of(statement.family).add(index)
        carries: list[Carry] = []
        for carry, start in zip(carried, starts):
            base = f"{carry.param.base}_bar"
            type_ = _carried_type(carry)
            init = self.zero(carry.exit) if start is None else start
            carries.append(
                Carry(
                    Value(base, type_, named=carry.param.named),
                    init,
                    None,
                    Value(base, type_, named=carry.param.named),
                )
            )
        outer_bars, outer_builder = self.bars, self.builder
        scope = _Mirror(self, self.local.of(statement.family), outer_bars)
        scope.place = (statement.family, 0)
        self.scopes.append(scope)
        self.bars, self.builder = {}, Builder(infer, origin)
        kept = dict(self.rename)
        if index is not None and statement.index is not None:
            self.rename[statement.index] = index
        for carry, mirror in zip(carried, carries):
            if isinstance(carry.next, Value):
                self.accumulate(carry.next, self.fitted(carry.next, mirror.param))
        self.block(statement.body)
        self.block(statement.header)
        for carry, mirror in zip(carried, carries):
            bar = self.bars.pop(carry.param, None)
            if bar is None:
                bar = self.pending.pop(carry.param, None)
            if bar is None:  # where nothing comes in, the parameter has no value at first
                bar = self.zero(carry.exit if carry.init is None else carry.param)
            mirror.next = bar
        for value, accumulator in scope.accumulators.items():
            accumulator.next = self.bars[value]
        self.pending.update({v: b for v, b in self.bars.items() if scope.owns(v)})
        body = self.builder.block
        self.rename = kept
        self.scopes.pop()
        self.bars, self.builder = outer_bars, outer_builder
        self.builder.origin = origin
        self.builder.block.extend(scope.before)
        mirror_loop = Loop(
            statement.family,
            -statement.direction,
            index,
            None if statement.open else self.operand(statement.domain),
            [*carries, *scope.accumulators.values()],
            body,
            origin,
        )
        self.builder.add(mirror_loop)
        for value, accumulator in scope.accumulators.items():
            ends = [accumulator.init, accumulator.next]
            self.joined(accumulator.exit, ends, [body], statement)
            self.bars[value] = accumulator.exit
        for carry, mirror in zip(carried, carries):
            if isinstance(carry.init, Value):
                self.accumulate(carry.init, self.fitted(carry.init, mirror.exit))


def _carried_type(carry: Carry) -> Type:
    """The type of the cotangent that a mirror carries: that of the next value at first, of the parameter at last.

    A size that differs between iterations is no longer the one that the parameter's type names.
    """
    type_, after = cotangent_type(carry.param), type_of(carry.next)
    if type_.shape is None or after.shape is None or len(type_.shape) != len(after.shape):
        return (
            type_ if type_.shape is None or type_.shape == after.shape else Type("any", type_.dtype)
        )
    shape = tuple(
        size if same_size(size, other) else Size(("iteration", carry.param.serial, axis))
        for axis, (size, other) in enumerate(zip(type_.shape, after.shape))
    )
    return type_._replace(shape=shape)


class _Scope:
    """A block being swept: which values are its own or a sibling's, and how it gets at cotangents from outside."""

    def __init__(self, sweep: Adjoint, local: set[Value], outer: dict[Value, Tree]) -> None:
        self.sweep, self.local, self.outer = sweep, local, outer
        self.parent = sweep.scopes[-1] if sweep.scopes else None
        self.place: tuple[Any, int]

    def owns(self, value: Value) -> bool:
        return value in self.local

    def outside(self, value: Value) -> Tree | None:
        """The cotangent of a value that is not the scope's own, where the scope stands."""
        found = self.outer.get(value)
        if found is None:
            found = self.sweep.reach(self.parent, value)
            if found is not None:
                self.outer[value] = found
        return found

    def enter(self, value: Value) -> Tree | None:
        """The cotangent of a value that is not the scope's own, as the scope sees it."""
        raise NotImplementedError


class _Side(_Scope):
    """A side of a branch: it goes on from the cotangents so far."""

    def enter(self, value: Value) -> Tree | None:
        return self.outside(value)


class _Mirror(_Scope):
    """A loop being mirrored: the cotangent of an outer value is carried from iteration to iteration."""

    def __init__(self, sweep: Adjoint, local: set[Value], outer: dict[Value, Tree]) -> None:
        super().__init__(sweep, local, outer)
        self.accumulators: dict[Value, Carry] = {}
        self.before: Block = []

    def enter(self, value: Value) -> Tree | None:
        base, type_ = f"{value.base}_bar", cotangent_type(value)
        init = self.outside(value)
        if init is None:
            builder = self.sweep.builder
            self.sweep.builder = Builder(infer, builder.origin._replace(text=""))
            init = self.sweep.zero(value)
            self.before.extend(self.sweep.builder.block)
            self.sweep.builder = builder
        carry = Carry(
            Value(base, type_, named=value.named), init, None, Value(base, type_, named=value.named)
        )
        self.accumulators[value] = carry
        self.sweep.masks.known[carry.param] = Masked(
            NOWHERE
        )  # the iterations before have laid their own
        return carry.param


class _Locals:
    """What the iterations of each family's loops, and the sides of each test's branches, define: siblings read it of each other.

    Siblings stand in the same outer loops: a cotangent that one of them leaves to another is one of the same iteration of those, too.
    """

    def __init__(self, block: Block) -> None:
        self.found: dict[Any, set[Value]] = {}
        self.around: dict[Any, tuple[Family, ...]] = {}
        # What stands around each value: the sides of branches, and loops (with no branch).
        self.path: dict[Value, tuple[tuple[tuple[Any, int], Branch | None], ...]] = {}
        self.collect(block, ())

    def collect(self, block: Block, around: tuple[Family, ...], path: Any = ()) -> None:
        for statement in block:
            self.path.update((value, path) for value in defined(statement))
            if isinstance(statement, Loop):
                inside = (*path, ((statement.family, 0), None))
                self.path.update((carry.param, inside) for carry in statement.carries)
                if statement.index is not None:
                    self.path[statement.index] = inside
                self.meet(statement.family, around)
                self.found.setdefault(statement.family, set()).update(self.inside(statement))
                self.collect(statement.header, (*around, statement.family), inside)
                self.collect(statement.body, (*around, statement.family), inside)
            elif isinstance(statement, Branch):
                self.meet(statement.test, around)
                for side, inner in enumerate((statement.body, statement.orelse)):
                    if inner is surviving(statement):
                        self.collect(inner, around, path)
                        continue
                    self.found.setdefault((statement.test, side), set()).update(_locals(inner))
                    place = ((statement.test, side), statement)
                    self.collect(inner, around, (*path, place))

    def meet(self, family: Family, around: tuple[Family, ...]) -> None:
        """Refuse siblings of which one stands in a loop that the other does not stand in."""
        if self.around.setdefault(family, around) != around:
            raise UnsupportedSyntaxError(
                "a derivative that is computed row by row is differentiated again in reverse mode",
                reason="Ask for jacfwd of it, or for all rows at once.",
            )

    def of(self, family: Any, side: int | None = None) -> set[Value]:
        return self.found[family if side is None else (family, side)]

    def inside(self, statement: Statement) -> set[Value]:
        """What a statement's blocks define."""
        if isinstance(statement, Branch):
            return _locals(statement.body) | _locals(statement.orelse)
        assert isinstance(statement, Loop)
        found = _locals(statement.body) | _locals(statement.header)
        if statement.index is not None:
            found.add(statement.index)
        return found | {carry.param for carry in statement.carries}


def _locals(block: Block) -> set[Value]:
    """Every value that is defined inside a block."""
    found: set[Value] = set()
    for statement in walk(block):
        found.update(defined(statement))
        if isinstance(statement, Loop):
            found.update(carry.param for carry in statement.carries)
            if statement.index is not None:
                found.add(statement.index)
    return found


def _floating(tree: Tree) -> bool:
    return not isinstance(tree, Value) or tree.type.differentiable
