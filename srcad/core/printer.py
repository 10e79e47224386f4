"""From Core to text: statements of gast with the user's names, comments that quote the primal, joins as assignments.

A loop's carries become assignments before it, at the end of its body, and after it, where the names differ; where they must happen at once, one tuple
assignment does it. The printer decides nothing about values: what it is given, it writes.
"""

from __future__ import annotations

import enum
import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import gast
import numpy as np

from srcad.core import ops
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Call,
    Expr,
    Function,
    Let,
    Loop,
    Origin,
    Record,
    Slice,
    Statement,
    Tree,
    Value,
    Within,
    defined,
    fails,
    leaves,
    operands,
    walk,
)
from srcad.core.results import parts_after
from srcad.core.solutions import Lifted
from srcad.core.specification import Known
from srcad.core.structs import Struct
from srcad.core.unparse import Blank, Comment, unparse_lines

__all__ = ["function_node", "module_lines", "module_text"]

_BINARY = {
    "+": gast.Add, "-": gast.Sub, "*": gast.Mult, "/": gast.Div, "//": gast.FloorDiv, "%": gast.Mod, "**": gast.Pow, "@": gast.MatMult,
    "&": gast.BitAnd, "|": gast.BitOr, "^": gast.BitXor, "<<": gast.LShift, ">>": gast.RShift,
}  # fmt: skip
_COMPARE = {
    "<": gast.Lt, "<=": gast.LtE, "==": gast.Eq, "!=": gast.NotEq, ">": gast.Gt, ">=": gast.GtE, "is": gast.Is, "is not": gast.IsNot,
}  # fmt: skip
_UNARY = {"-": gast.USub, "+": gast.UAdd, "~": gast.Invert, "not": gast.Not}
# Options that read better by position, where they directly follow the operands.
_POSITIONAL = {
    "shape",
    "newshape",
    "new_shape",
    "pad_width",
    "indices_or_sections",
    "deg",
    "N",
    "dtype_",
    "repeats",
    "reps",
    "start",
    "stop",
    "step",
    "fill_value",
    "num",
}


def _may_be_left_out(function: Any, place: int) -> bool:
    """Whether a parameter is None by default, so that those behind it can be named."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    return place < len(parameters) and parameters[place].default is None


def module_text(functions: Iterable[Any], imports: Iterable[str] = ("import numpy as np",)) -> str:
    """The text of a module of functions that are printed already."""
    return module_lines(functions, imports)[0]


def module_lines(
    functions: Iterable[Any], imports: Iterable[str]
) -> tuple[str, tuple[Origin | None, ...]]:
    """As `module_text`, with the origin of each line."""
    body: list[Any] = []
    for line in imports:
        body.extend(gast.parse(line).body)
    return unparse_lines(gast.Module(body=[*body, *functions], type_ignores=[]))


def name(identifier: str, *, store: bool = False) -> Any:
    """A name node."""
    return gast.Name(identifier, gast.Store() if store else gast.Load(), None, None)


def dotted(path: str) -> Any:
    """`np.linalg.norm` as a node."""
    head, *rest = path.split(".")
    node = name(head)
    for part in rest:
        node = gast.Attribute(node, part, gast.Load())
    return node


class _Printer:
    """Prints one function under given names."""

    def __init__(self, names: dict[Value, str], comment_width: int = 84) -> None:
        self.names, self.width = names, comment_width
        self.quoted: Origin | None = None
        self.classes: dict[Any, str] = {}
        self.whole: frozenset[str] = frozenset()
        self.spoken: dict[int, str] = {}

    # expressions

    def expr(self, tree: Tree) -> Any:
        if isinstance(tree, enum.Enum):  # a key
            return gast.Attribute(name(self.class_name(type(tree))), tree.name, gast.Load())
        if isinstance(tree, Value):
            return name(self.names[tree])
        if isinstance(tree, Expr):
            return self.operation(tree.op, tree.args, tree.options)
        if isinstance(tree, Lifted):
            return name(self.callees[tree.function])
        if isinstance(tree, Slice):
            return gast.Slice(*(None if part is None else self.expr(part) for part in tree))
        if isinstance(tree, slice):
            return gast.Slice(
                *(
                    None if part is None else self.expr(part)
                    for part in (tree.start, tree.stop, tree.step)
                )
            )
        if isinstance(tree, tuple):
            if hasattr(tree, "_fields"):
                return self.struct(tree) if isinstance(tree, Struct) else self.named_tuple(tree)
            return gast.Tuple([self.expr(part) for part in tree], gast.Load())
        if isinstance(tree, list):
            return gast.List([self.expr(part) for part in tree], gast.Load())
        if isinstance(tree, dict):
            return gast.Dict(
                [self.expr(key) for key in tree],
                [self.expr(part) for part in tree.values()],
            )
        return constant(tree)

    def named_tuple(self, tree: Any) -> Any:
        parts = [gast.keyword(field, self.expr(part)) for field, part in zip(tree._fields, tree)]
        return gast.Call(dotted(self.class_name(type(tree))), [], parts)

    def struct(self, tree: Struct) -> Any:
        """An object of a user's class."""
        kind = name(self.class_name(tree.kind))
        if tree.style == "mapping":
            front = [self.class_argument(part) for part in tree.extra]
            return gast.Call(kind, [*front, self.expr(tree.named())], [])
        if tree.style == "sequence":
            more = [constant(part) for part in tree.extra if part is not None]
            return gast.Call(kind, [self.expr(list(tree)), *more], [])
        parts = [gast.keyword(field, self.expr(part)) for field, part in zip(tree._fields, tree)]
        if tree.style == "call":
            return gast.Call(kind, [], parts)
        return gast.Call(dotted("srcad.runtime.instance"), [kind], parts)

    def class_argument(self, found: Any) -> Any:
        """The factory of a defaultdict."""
        return constant(None) if found is None else name(self.class_name(found))

    def class_name(self, kind: Any) -> str:
        """How the text calls a class."""
        return self.classes.get(kind) or str(kind.__name__)

    def operation(
        self, op: ops.Operation, args: tuple[Tree, ...], options: tuple[tuple[str, Tree], ...]
    ) -> Any:
        style = op.style
        if style == "binary":
            return gast.BinOp(self.expr(args[0]), _BINARY[op.symbol](), self.expr(args[1]))
        if style == "compare":
            return gast.Compare(self.expr(args[0]), [_COMPARE[op.symbol]()], [self.expr(args[1])])
        if style == "unary":
            if (
                op is ops.negative
                and isinstance(args[0], Expr)
                and args[0].op in (ops.multiply, ops.divide)
                and has_negative(args[0].args[0])
            ):
                head, tail = args[0].args
                front = (
                    self.operation(ops.negative, (head,), ())
                    if not isinstance(head, (int, float))
                    else constant(-head)
                )
                return gast.BinOp(front, _BINARY[args[0].op.symbol](), self.expr(tail))
            return gast.UnaryOp(_UNARY[op.symbol](), self.expr(args[0]))
        if style == "attribute" and not options and isinstance(args[0], (Value, Expr, Known)):
            return gast.Attribute(self.expr(args[0]), op.symbol, gast.Load())
        if style == "index":
            return gast.Subscript(self.expr(args[0]), self.expr(args[1]), gast.Load())
        if style == "ifexp":
            return gast.IfExp(self.expr(args[0]), self.expr(args[1]), self.expr(args[2]))
        if style in ("and", "or"):
            kind = gast.And() if style == "and" else gast.Or()
            return gast.BoolOp(kind, [self.expr(arg) for arg in args])
        if style == "name":
            return self.expr(args[0])
        if style == "list":
            return gast.List([], gast.Load())
        if style == "text":
            return gast.JoinedStr([self.field(part) for part in args])
        keywords = []
        positional = list(args)
        last = len(args)
        for key, option in options:
            if (key in _POSITIONAL or op.base in ("swapaxes", "moveaxis")) and len(
                positional
            ) == last:
                positional.append(option)
                last += 1
            else:
                last = -1
                keywords.append(gast.keyword(key, self.expr(option)))
        if style == "method":
            callee = gast.Attribute(self.expr(positional[0]), op.name, gast.Load())
            return gast.Call(callee, [self.expr(arg) for arg in positional[1:]], keywords)
        path = (
            self.spoken.get(id(op.function), op.name)
            if style != "attribute"
            else {"transpose": "np.transpose", "dtype": "srcad.runtime.dtype_of"}.get(
                op.name, f"np.{op.name}"
            )
        )
        head, dot, _ = path.partition(".")
        path = f"scipy.{path}" if dot and head in self.whole else path
        first = next((i for i, arg in enumerate(args) if i and arg is None), len(args))
        if any(arg is not None for arg in args[first:]) and _may_be_left_out(op.function, first):
            # What stands after an operand that is left out is named.
            named = zip(ops.parameters(op.function)[first:], positional[first:])  # type: ignore[index]
            late = [gast.keyword(key, self.plain(arg)) for key, arg in named if arg is not None]
            positional, keywords = positional[:first], late + keywords
        return gast.Call(dotted(path), [self.plain(arg) for arg in positional], keywords)

    def field(self, part: Any) -> Any:
        """A part of an f-string."""
        if isinstance(part, str):
            return gast.Constant(part, None)
        spec = gast.JoinedStr([gast.Constant(part.spec, None)]) if part.spec else None
        return gast.FormattedValue(self.expr(part.value), part.conversion, spec)

    def plain(self, tree: Tree) -> Any:
        """An operand of a call; an index handed to a helper is written as slice(...)."""
        if isinstance(tree, Slice):
            parts = list(tree)[:2] if tree.step is None else list(tree)
            parts = parts[1:] if len(parts) == 2 and tree.start is None else parts
            return gast.Call(name("slice"), [self.expr(part) for part in parts], [])
        if isinstance(tree, tuple) and any(isinstance(part, (Slice, type(...))) for part in tree):
            return gast.Tuple([self.plain(part) for part in tree], gast.Load())
        return self.expr(tree)

    # statements

    def statements(self, block: Block, out: list[Any] | None = None) -> list[Any]:
        """A block; what runs with other settings of `np.errstate` than what is around it, in a `with` of its own."""
        out = [] if out is None else out
        for settings, group in groupby(block, self.settings):
            if settings is None:
                following = [*group]
                while following:
                    start, statement = len(out), following.pop(0)
                    parts = self.unpacked(statement, following)
                    if parts:
                        self.unpack(statement, parts, out)
                        del following[: len(parts)]
                        for node in out[start:]:
                            node.origin = statement.origin
                        continue
                    after = following[0] if following else None
                    if isinstance(statement, Attempt) and _goes_on(statement, after):
                        self.branch(statement, out, following.pop(0))  # type: ignore[arg-type]
                    else:
                        self.statement(statement, out)
                    for node in out[start:]:
                        node.origin = statement.origin
                continue
            inner = list(group)
            self.quote(inner[0].origin._replace(text=""), out)
            lines: list[Any] = []
            self.under = (*self.under, settings)
            self.statements(inner, lines)
            self.under = self.under[:-1]
            if lines:
                given = [gast.keyword(key, gast.Constant(value, None)) for key, value in settings]
                manager = gast.Call(dotted("np.errstate"), [], given)
                out.append(gast.With([gast.withitem(manager, None)], lines, None))
        return out

    def settings(self, statement: Statement) -> tuple[tuple[str, str], ...] | None:
        """The outermost settings of a statement beyond those that are printed already."""
        under, depth = statement.origin.under, len(self.under)
        return under[depth] if under[:depth] == self.under and len(under) > depth else None

    def quote(self, origin: Origin, out: list[Any]) -> None:
        """Above adjoint statements, the primal statement that they belong to; above the first, an empty line."""
        if origin.part != "adjoint":
            return
        if not self.adjoint:
            self.adjoint = True
            if out and not is_doc(out[-1]):
                out.append(Blank())
        text = origin.text.strip()
        if not text or (self.quoted is not None and self.quoted[:2] == origin[:2]):
            return
        self.quoted = origin
        out.append(
            Comment(text if len(text) <= self.width else text[: self.width - 3].rstrip() + "...")
        )

    adjoint = False
    depth = 0
    under: tuple[tuple[tuple[str, str], ...], ...] = ()
    read: Counter[Value]

    def statement(self, statement: Statement, out: list[Any]) -> None:
        if isinstance(statement, Let):
            self.let(statement, out)
        elif isinstance(statement, Call):
            self.call(statement, out)
        elif isinstance(statement, Branch):
            self.branch(statement, out)
        elif isinstance(statement, Loop):
            self.loop(statement, out)

    def let(self, statement: Let, out: list[Any]) -> None:
        if statement.out is not None and self.silent(statement):
            return
        self.quote(statement.origin, out)
        if statement.op is ops.save:
            record, values = statement.args
            callee = gast.Attribute(self.expr(record), "append", gast.Load())
            out.append(gast.Expr(gast.Call(callee, [self.expr(values)], [])))
            return
        if statement.op is ops.raise_if:
            condition, error, message = statement.args
            raised = call(error, *([] if message is None else [constant(message)]))
            if error == "AssertionError":
                given = None if message is None else constant(message)
                out.append(gast.Assert(negated(self.expr(condition)), given))
                return
            out.append(gast.If(self.expr(condition), [gast.Raise(raised, None)], []))
            return
        if statement.op is ops.raise_:
            error = self.expr(statement.args[0]) if statement.args else None
            given = [self.expr(cause) for _, cause in statement.options]
            out.append(gast.Raise(error, *given) if given else gast.Raise(error, None))
            return
        if statement.op.style == "put":
            self.put(statement, out)
            return
        if statement.out is None or (
            statement.op.effect == "effect" and not self.read[statement.out]
        ):
            out.append(gast.Expr(self.operation(statement.op, statement.args, statement.options)))
            return
        target = self.names[statement.out]
        op, args = statement.op, statement.args
        first = args[0] if args else None
        if isinstance(first, Value) and self.names[first] == target and not statement.options:
            augment = statement.inplace or (statement.out.type.immutable and first.type.immutable)
            if op.style == "binary" and augment and op.symbol != "@":
                symbol, value = op.symbol, args[1]
                if symbol == "+" and isinstance(value, Expr) and value.op is ops.negative:
                    symbol, value = "-", value.args[0]
                out.append(
                    gast.AugAssign(name(target, store=True), _BINARY[symbol](), self.expr(value))
                )
                return
        out.append(
            gast.Assign(
                [name(target, store=True)], self.operation(op, args, statement.options), None
            )
        )

    def unpacked(self, statement: Statement, following: Block) -> list[Let]:
        """The parts that an assignment of several results at once gives names to."""
        out = getattr(statement, "out", None)
        read = self.read[out] if isinstance(out, Value) else 0
        return parts_after([statement, *following[:read]], 0, read) if read else []

    def unpack(self, statement: Statement, parts: list[Let], out: list[Any]) -> None:
        """`w, V = np.linalg.eigh(A)`."""
        assert isinstance(statement, Let) and statement.out is not None
        self.quote(statement.origin, out)
        names = [self.blank] * len(statement.out.type.parts)
        for part in parts:
            names[part.args[1]] = self.names[part.out]  # type: ignore[index]
        targets = gast.Tuple([name(each, store=True) for each in names], gast.Store())
        call = self.operation(statement.op, statement.args, statement.options)
        out.append(gast.Assign([targets], call, None))

    @property
    def blank(self) -> str:
        """The name of what nobody reads."""
        taken = {self.names.get(value) for value, count in self.read.items() if count}
        return "__" if "_" in taken else "_"

    def silent(self, statement: Let) -> bool:
        """A move between values of one name."""
        return (
            statement.op is ops.move
            and isinstance(statement.args[0], Value)
            and (
                self.names[statement.args[0]] == self.names[statement.out]  # type: ignore[index]
            )
        )

    def put(self, statement: Let, out: list[Any]) -> None:
        """A store, in place."""
        base, index, value = statement.args
        target = self.names[statement.out]  # type: ignore[index]
        if not statement.inplace:
            out.append(
                gast.Assign(
                    [name(target, store=True)],
                    self.operation(statement.op, statement.args, ()),
                    None,
                )
            )
            return
        place = gast.Subscript(name(target), self.expr(index), gast.Store())
        if statement.op is ops.put:
            if isinstance(value, Expr) and value.op.style == "binary" and value.op.symbol != "@":
                inner = value.args[0]
                if (
                    isinstance(inner, Expr)
                    and inner.op is ops.getitem
                    and inner.args[0] is base
                    and same(inner.args[1], index)
                ):
                    out.append(
                        gast.AugAssign(place, _BINARY[value.op.symbol](), self.expr(value.args[1]))
                    )
                    return
            out.append(gast.Assign([place], self.expr(value), None))
        elif statement.op is ops.put_add:
            symbol = "+"
            if isinstance(value, Expr) and value.op is ops.negative:
                symbol, value = "-", value.args[0]
            elif type(value) in (int, float) and value < 0:
                symbol, value = "-", -value
            out.append(gast.AugAssign(place, _BINARY[symbol](), self.expr(value)))
        else:
            out.append(
                gast.Expr(
                    gast.Call(
                        dotted("np.add.at"), [name(target), self.plain(index), self.expr(value)], []
                    )
                )
            )

    def call(self, statement: Call, out: list[Any]) -> None:
        self.quote(statement.origin, out)
        node = gast.Call(
            name(self.callees[statement.callee]), [self.expr(arg) for arg in statement.args], []
        )
        targets = [name(self.names[value], store=True) for value in statement.outs]
        if not targets:
            out.append(gast.Expr(node))
        elif len(targets) == 1:
            out.append(gast.Assign(targets, node, None))
        else:
            out.append(gast.Assign([gast.Tuple(targets, gast.Store())], node, None))

    callees: dict[Function, str]

    def moves(self, pairs: list[tuple[Value, Tree]], out: list[Any]) -> None:
        """Assign all at once, in an order that needs no help where there is one."""
        pending: list[tuple[Value, Tree]] = []
        for target, source in pairs:
            if isinstance(source, Value) and self.names[source] == self.names[target]:
                continue
            if not any(
                self.names[target] == self.names[done] and source is other
                for done, other in pending
            ):
                pending.append((target, source))
        while pending:
            for place, (target, _) in enumerate(pending):
                mine = self.names[target]
                if not any(
                    mine == self.names[read]
                    for other, (_, source) in enumerate(pending)
                    if other != place
                    for read in leaves(source)
                ):
                    target, source = pending.pop(place)
                    out.append(gast.Assign([name(mine, store=True)], self.expr(source), None))
                    break
            else:
                targets = [name(self.names[target], store=True) for target, _ in pending]
                values = [self.expr(source) for _, source in pending]
                out.append(
                    gast.Assign(
                        [gast.Tuple(targets, gast.Store())], gast.Tuple(values, gast.Load()), None
                    )
                )
                pending = []

    def branch(self, statement: Branch, out: list[Any], rest: Branch | None = None) -> None:
        """A branch; the `rest` is what follows an attempt under its test."""
        sides = []
        others: list[list[Any]] = []
        read = (
            self.read[statement.condition] - (rest is not None)
            if isinstance(statement, Attempt)
            else 0
        )
        self.quote(statement.origin._replace(text=""), out)
        quoted = last = self.quoted
        for block, pick in ((statement.body, "then"), (statement.orelse, "orelse")):
            lines: list[Any] = []
            self.quoted = quoted
            self.depth += 1
            self.statements(block, lines)
            ended = [(phi.out, getattr(phi, pick)) for phi in statement.phis]
            if read:
                ended.append((statement.condition, pick == "then"))
            if not fails(block):
                self.moves(ended, lines)
            if rest is not None:
                others.append(lines if pick == "orelse" else [])
                self.statements(rest.body if pick == "then" else rest.orelse, others[-1])
                self.moves([(phi.out, getattr(phi, pick)) for phi in rest.phis], others[-1])
            self.depth -= 1
            if self.quoted is not quoted:
                last = None
            sides.append(lines)
        self.quoted = last
        body, orelse = sides
        if isinstance(statement, Within):
            target = statement.target
            named = None if target is None else name(self.names[target], store=True)
            item = gast.withitem(self.expr(statement.manager), named)
            out.append(gast.With([item], body or [gast.Pass()], None))
            return
        if isinstance(statement, Attempt):
            errors: list[Any] = [constant(error) for error in statement.errors]
            kind = errors[0] if len(errors) == 1 else gast.Tuple(errors, gast.Load())
            caught = self.names[statement.caught] if statement.caught in self.read else None
            handler = gast.ExceptHandler(kind, caught and name(caught), orelse or [gast.Pass()])
            out.append(gast.Try(body or [gast.Pass()], [handler], others[0] if others else [], []))
            return
        condition = self.expr(statement.condition)
        if not body and not orelse:
            return
        if not body:
            condition, body, orelse = negated(condition), orelse, []
        out.append(gast.If(condition, body, orelse))

    def loop(self, statement: Loop, out: list[Any]) -> None:
        self.quote(statement.origin._replace(text=""), out)
        starting = self.quoted
        self.moves(
            [(carry.param, carry.init) for carry in statement.carries if carry.init is not None],
            out,
        )
        body: list[Any] = []
        self.depth += 1
        head = self.head(statement, body)
        moves = [(carry.param, carry.next) for carry in statement.carries]
        found = self.early(statement)
        if found is None:
            self.statements(statement.body, body)
            self.moves(moves, body)
            if statement.until is not None:
                self.stop(statement.until, statement.body[-1:], [], body)
        else:
            place, early = found
            done, rest = statement.body[:place], statement.body[place:]
            self.statements(done, body)
            self.moves(early, body)
            self.stop(statement.until, [] if early else done[-1:], rest, body)
            for inner in rest:
                if isinstance(inner, Branch) and inner.condition is statement.until:
                    self.statements(inner.orelse, body)
                    self.moves([(phi.out, phi.orelse) for phi in inner.phis], body)
                else:
                    self.statement(inner, body)
            self.moves([move for move in moves if move not in early], body)
        self.depth -= 1
        test: Any = gast.Constant(True, None)
        if statement.test is not None and (statement.header or head is not None):
            stop = gast.If(negated(self.expr(statement.test)), [gast.Break()], [])
            body = [*self.statements(statement.header), stop, *body]
        elif statement.test is not None:
            test = self.expr(statement.test)
        body = body or [gast.Pass()]
        if head is None:
            out.append(gast.While(test, body, []))
        else:
            out.append(gast.For(head[0], head[1], body, [], None))
        if self.quoted is not starting:
            self.quoted = None
        self.moves([(carry.exit, carry.param) for carry in statement.carries], out)

    def early(self, loop: Loop) -> tuple[int, list[tuple[Value, Tree]]] | None:
        """How much of a loop's body must be done in its last iteration, and what must be assigned: the rest can stand behind the `break`.

        y = f(x)                          y = f(x)
        done = y > 1                      if y > 1:
        if not done:               ->         break
            s += y                        s += y
        if done: break
        """
        until, body = loop.until, loop.body
        place = len(body)
        while place > 0 and until not in set(defined(body[place - 1])):
            if not _idle(body[place - 1], until):
                break
            place -= 1
        if not isinstance(until, Value):
            return None
        skipped = body[place:]
        made = {value for statement in walk(skipped) for value in defined(statement)}
        chosen = {
            phi.out: phi.then
            for statement in skipped
            if isinstance(statement, Branch) and statement.condition is until
            for phi in statement.phis
        }
        early = []
        for carry in loop.carries:
            last = chosen.get(carry.next, carry.next) if carry.exit in self.read else carry.param
            if isinstance(last, Value) and last in made:
                return None
            if not isinstance(last, Value) or self.names[last] != self.names[carry.param]:
                early.append((carry.param, last))
        # What the rest reads must not have been assigned.
        read = {until, *leaves([carry.next for carry in loop.carries])}
        read.update(value for statement in walk(skipped) for value in _reads(statement))
        for target, source in early:
            mine = self.names[target]
            if any(self.names[value] == mine for value in read if value is not source):
                return None
        return place, early

    def stop(self, until: Tree, before: Block, rest: Block, out: list[Any]) -> None:
        """The end of a loop `until` something is true, between a statement and what else its body does."""
        condition = self.expr(until)
        again = sum(isinstance(s, Branch) and s.condition is until for s in rest)
        made = before and isinstance(before[0], Let) and before[0].out is until
        last = out[-1] if out else None
        stands = isinstance(last, gast.Assign) and getattr(last.targets[0], "id", None)
        if made and self.read[until] == 1 + again and stands == self.names.get(until):
            condition = out.pop().value
        out.append(gast.Break() if until is True else gast.If(condition, [gast.Break()], []))

    def head(self, statement: Loop, body: list[Any]) -> Any:
        """Target and iterable of a `for`; the body may have to begin with reading a record."""
        if statement.domain is None and not statement.records:
            return None
        backward = statement.direction < 0
        records = statement.records
        index = (
            statement.index
            if statement.index is not None and self.used(statement, statement.index)
            else None
        )
        if statement.over:
            return self.head_over(statement, index)
        counted = None
        if statement.domain is not None:
            counted = self.range(statement.domain)
        if records:
            first = records[0]
            simple = (
                (statement.direction < 0) == first.back
                and statement.domain is not None
                and plain_range(statement.domain)
                and len(records) == 1
            )
            if index is None or counted is None:
                nodes = [self.listed(record) for record in records]
                targets = [self.target(record.targets) for record in records]
                if len(nodes) == 1:
                    return targets[0], nodes[0]
                return gast.Tuple(targets, gast.Store()), call("zip", *nodes)
            if simple:
                read = gast.Subscript(self.expr(first.source), name(self.names[index]), gast.Load())
                body.append(gast.Assign([self.target(first.targets)], read, None))
            else:
                nodes = [self.listed(record) for record in records]
                run = call("reversed", counted) if backward else counted
                targets_ = [
                    name(self.names[index], store=True),
                    *(self.target(record.targets) for record in records),
                ]
                return gast.Tuple(targets_, gast.Store()), call("zip", run, *nodes)
        target = (
            name(self.names[index], store=True)
            if index is not None
            else name(self.blank, store=True)
        )
        if index is None and not any(
            isinstance(inner, Let) and inner.op is ops.save for inner in statement.body
        ):
            backward = False
        return target, call("reversed", counted) if backward else counted

    def listed(self, record: Record) -> Any:
        """The list that a loop reads a record of in each iteration, in the loop's order."""
        node = self.expr(record.source)
        return call("reversed", node) if record.back else node

    def head_over(self, statement: Loop, index: Value | None) -> Any:
        """A loop straight over arrays."""
        arrays = [self.expr(array) for array, _ in statement.over]
        targets = [name(self.names[element], store=True) for _, element in statement.over]
        run = arrays[0] if len(arrays) == 1 else call("zip", *arrays)
        target = targets[0] if len(targets) == 1 else gast.Tuple(targets, gast.Store())
        if statement.direction < 0:
            return target, call("reversed", run)
        if index is not None:
            return gast.Tuple([name(self.names[index], store=True), target], gast.Store()), call(
                "enumerate", run
            )
        return target, run

    def target(self, targets: Tree) -> Any:
        if isinstance(targets, tuple):
            return gast.Tuple(
                [name(self.names[value], store=True) for value in targets], gast.Store()
            )
        return name(self.names[targets], store=True)

    def used(self, loop: Loop, index: Value) -> bool:
        from_body: set[Value] = set()

        def visit(block: Block) -> None:
            for statement in block:
                if isinstance(statement, Let):
                    from_body.update(leaves(statement.args))
                    for _, option in statement.options:
                        from_body.update(leaves(option))
                elif isinstance(statement, Call):
                    from_body.update(leaves(statement.args))
                elif isinstance(statement, Branch):
                    from_body.update(leaves(statement.condition))
                    visit(statement.body)
                    visit(statement.orelse)
                    for phi in statement.phis:
                        from_body.update(leaves((phi.then, phi.orelse)))
                elif isinstance(statement, Loop):
                    from_body.update(leaves(statement.domain))
                    from_body.update(leaves((statement.test, statement.until)))
                    visit(statement.header)
                    visit(statement.body)
                    for carry in statement.carries:
                        from_body.update(leaves((carry.init, carry.next)))

        visit(loop.header)
        visit(loop.body)
        from_body.update(leaves((loop.test, loop.until)))
        for carry in loop.carries:
            from_body.update(leaves(carry.next))
        return index in from_body

    def range(self, domain: tuple[Tree, Tree, Tree]) -> Any:
        start, stop, step = domain
        if step == 1 and isinstance(step, int):
            parts = [stop] if start == 0 and isinstance(start, int) else [start, stop]
        else:
            parts = [start, stop, step]
        return call("range", *(self.expr(part) for part in parts))


def has_negative(tree: Tree) -> bool:
    """Whether `-a * b` can be written for `-(a * b)`: masks and unsigned numbers have no negative of that kind."""
    if isinstance(tree, (Value, Expr)):
        return (tree.type.dtype or "").startswith(("float", "int", "complex"))
    return isinstance(tree, (int, float)) and not isinstance(tree, bool)


def call(function: str, *args: Any) -> Any:
    """A call of a name."""
    return gast.Call(name(function), list(args), [])


def constant(value: Any) -> Any:
    """A constant: a literal, a named number, or an object that NumPy or Python names."""
    text = getattr(value, "text", None)
    if isinstance(text, str) and isinstance(value, float):
        if text.startswith("-"):
            return gast.UnaryOp(gast.USub(), dotted(text[1:]))
        return dotted(text)
    if isinstance(value, (bool, int, float, complex)) and not isinstance(value, np.generic):
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and (value < 0 or (value == 0 and str(value)[0] == "-"))
        ):
            return gast.UnaryOp(gast.USub(), gast.Constant(-value, None))
        return gast.Constant(value, None)
    if isinstance(value, Known):
        return dotted(value.name)
    if value is None or isinstance(value, (str, bytes, type(...))):
        return gast.Constant(value, None)
    if isinstance(value, np.dtype):
        return gast.Call(dotted("np.dtype"), [gast.Constant(value.name, None)], [])
    found = ops.name_of(value)
    if found is not None:
        return dotted(found)
    raise TypeError(f"no literal for {value!r}")


def negated(condition: Any) -> Any:
    """`not condition`."""
    if isinstance(condition, gast.UnaryOp) and isinstance(condition.op, gast.Not):
        return condition.operand
    return gast.UnaryOp(gast.Not(), condition)


def plain_range(domain: tuple[Tree, Tree, Tree]) -> bool:
    """Whether a domain counts 0, 1, 2, ..."""
    return (
        isinstance(domain[0], int)
        and domain[0] == 0
        and isinstance(domain[2], int)
        and domain[2] == 1
    )


def same(a: Tree, b: Tree) -> bool:
    """Whether two trees read the same."""
    if isinstance(a, Expr) and isinstance(b, Expr):
        return a.op is b.op and same(a.args, b.args) and same(a.options, b.options)
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a is b or (not isinstance(a, (Value, Expr)) and type(a) is type(b) and a == b)


def function_node(
    function: Function,
    names: dict[Value, str],
    callees: dict[Function, str],
    doc: str = "",
    defaults: dict[str, Any] | None = None,
    kinds: dict[str, Any] | None = None,
    classes: dict[Any, str] | None = None,
    whole: frozenset[str] = frozenset(),
    spoken: dict[int, str] | None = None,
) -> Any:
    """A function as a gast node.

    `classes` are the names of the classes of which it makes objects; `whole` the modules of SciPy that are written in
    full, since their names stand for something else; `spoken` the names of functions of whose own name there are two.
    """
    printer = _Printer(names)
    printer.callees, printer.classes, printer.whole = callees, classes or {}, whole
    printer.spoken = spoken or {}
    printer.read = Counter(leaves(function.result))
    for statement in walk(function.body):
        printer.read.update(_reads(statement))
    kinds = kinds or {}
    defaults = defaults or {}
    arguments = gast.arguments([], [], None, [], [], None, [])
    for param in function.params:
        node = gast.Name(param.name, gast.Param(), None, None)
        default = param.tree if is_literal(param.tree) else defaults.get(param.name, ...)
        known = param.name in defaults and is_literal(default)
        if param.name in kinds.get("keyword", ()):
            arguments.kwonlyargs.append(node)
            arguments.kw_defaults.append(constant(default) if known else None)
            continue
        (
            arguments.posonlyargs if param.name in kinds.get("positional", ()) else arguments.args
        ).append(node)
        if known or (arguments.defaults and is_literal(default)):
            arguments.defaults.append(constant(default))
        else:
            arguments.defaults.clear()
    body: list[Any] = []
    if doc:
        body.append(gast.Expr(gast.Constant(doc, None)))
    for param in function.params:
        if is_literal(param.tree):  # the text is for this value alone
            shown = repr(param.tree)
            differs = gast.Compare(
                name(param.name),
                [
                    gast.IsNot()
                    if param.tree is None or isinstance(param.tree, bool)
                    else gast.NotEq()
                ],
                [constant(param.tree)],
            )
            message = gast.Constant(f"this derivative is for {param.name}={shown}", None)
            body.append(gast.If(differs, [gast.Raise(call("ValueError", message), None)], []))
    printer.statements(function.body, body)
    returned = gast.Return(printer.expr(function.result))
    returned.origin = next(filter(None, map(_origin, _parts(function.result))), None)
    body.append(returned)
    return gast.FunctionDef(function.name, arguments, body, [], None, None, [])


def _parts(tree: Tree) -> Iterator[Tree]:
    """The parts of a tree of results that are no containers."""
    if isinstance(tree, (tuple, list, dict)):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from _parts(part)
    else:
        yield tree


def _origin(tree: Tree) -> Origin | None:
    """Where an expression comes from; None of a name."""
    return tree.origin if isinstance(tree, Expr) and tree.origin.line else None


def _idle(statement: Statement, until: Tree) -> bool:
    """Whether a statement does nothing but define values."""
    if isinstance(statement, Let):
        return statement.op.effect == "pure" and not statement.inplace and statement.out is not None
    if isinstance(statement, Attempt) or not isinstance(statement, Branch):
        return False
    sides = [statement.body] if statement.condition is until else [statement.body, statement.orelse]
    return all(_idle(inner, until) for side in sides for inner in side)


def _goes_on(attempt: Attempt, after: Statement | None) -> bool:
    """Whether what follows an attempt is its `else`."""
    return (
        isinstance(after, Branch)
        and not isinstance(after, Attempt)
        and after.condition is attempt.condition
        and not fails(attempt.body)
        and not fails(attempt.orelse)
        and after.origin.part == attempt.origin.part
    )


def _reads(statement: Statement) -> Iterator[Value]:
    """What a statement reads, its joins included."""
    yield from operands(statement)
    if isinstance(statement, Branch):
        yield from leaves([(phi.then, phi.orelse) for phi in statement.phis])
    elif isinstance(statement, Loop):
        yield from leaves([carry.next for carry in statement.carries])
        yield from leaves((statement.test, statement.until))


def is_doc(node: Any) -> bool:
    """Whether a statement is a docstring."""
    return isinstance(node, gast.Expr) and isinstance(node.value, gast.Constant)


def is_literal(value: Any) -> bool:
    """Whether a default can be written out."""
    return value is None or isinstance(value, (bool, int, float, str))
