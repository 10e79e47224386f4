"""Exceptions and contexts: `raise`, `assert`, `try`, `with`, `del`, and imports inside the function.

A side of an `if` that raises does not fall through, so that nothing is joined:

    if x < 0:                                 if x < 0:
        k = 2 * x                                 k = 2 * x
        raise ValueError(f"{k}")      ->          raise ValueError(f"{k}")
    y = np.sqrt(x)                            y = np.sqrt(x)      # the other side, and all that follows

A `try` is a branch that decides itself which side it takes: an `Attempt`. Several handlers are one that asks what was caught; `else` is a branch of the same
test; `finally` is done after the body, and where that has an effect, before what was raised is raised again:

    try:                                      try:
        y = f(x)                                  y = f(x)
    finally:                          ->      except BaseException:
        log.close()                               log.close()
                                                  raise
                                              log.close()

Where something is caught, what the body did before is known as far as it is the same wherever it may have raised.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import types
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple, NoReturn

import gast
import numpy as np

from srcad import runtime
from srcad.analysis.raising import may_raise
from srcad.analysis.types import infer
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Attempt, Block, Branch, Let, Phi, Test, Value, Within, walk
from srcad.core.specification import Known
from srcad.core.types import number
from srcad.errors import AliasingError, UnsupportedSyntaxError
from srcad.parser.boxes import Held, boxes, holds, refill, same_contents
from srcad.parser.expressions import Given, is_static, truth
from srcad.parser.handles import MethodBinding
from srcad.parser.jumps import FLAG, KEPT, Aside, Resume, computed_inside, leaves, returns
from srcad.parser.managers import known_to_pass
from srcad.parser.messages import TEXT, Messages
from srcad.parser.places import Buffer, View
from srcad.parser.reads import live, writes
from srcad.parser.state import Unbound

__all__ = ["Contexts"]

_SETTINGS = ("all", "divide", "over", "under", "invalid")


class Contexts(Messages):
    """Parse what is about exceptions and contexts."""

    # The block that the statement being parsed emits into.
    doing: Builder | None = None
    # The names that each `finally` around assigns.
    last: frozenset[str] = frozenset()

    # raising

    def do_Raise(self, node: Any) -> None:
        args: tuple[Any, ...] = ()
        options: tuple[tuple[str, Any], ...] = ()
        if node.exc is None:
            if self.handling is None:
                self.refuse(
                    node,
                    "`raise` stands outside of `except`",
                    "It would raise RuntimeError: say what is raised.",
                )
        else:
            args = (self.exception(node.exc),)
        if node.cause is not None:
            options = (("cause", self.exception(node.cause)),)
        self.builder.add(Let(None, ops.raise_, args, options, self.builder.origin))
        self.has_raised = True

    def exception(self, node: Any) -> Any:
        """The operand for an exception: made here, caught, or a class."""
        if isinstance(node, gast.Call):
            callee = self.expression(node.func)
            if self.is_exception(callee):
                args, options = [], []
                for arg in node.args:
                    if isinstance(arg, gast.Starred):
                        args += self.unpack(arg, self.expression(arg.value), None)
                    else:
                        args.append(self.expression(arg))
                for keyword in node.keywords:
                    options.append((keyword.arg, self.operand_of(node, keyword.value)))
                operands = tuple(self.said(node, arg) for arg in args)
                return self.text(self.maker(callee), operands, tuple(options), "error")
        binding = self.expression(node)
        if self.is_exception(binding):
            return self.text(self.maker(binding), (), (), "error")
        if binding is None or (isinstance(binding, Value) and binding.type == TEXT):
            return binding
        return self.refuse(
            node,
            "what is raised here is no exception that is known while parsing",
            "Raise a class of exceptions, a call of one, or what was caught.",
        )

    def operand_of(self, node: Any, value: Any) -> Any:
        return self.said(node, self.expression(value))

    def said(self, node: Any, binding: Any) -> Any:
        """What an exception is given: anything, since nothing computes with it."""
        if isinstance(binding, Known):
            return binding
        return self.read(binding, node)

    def is_exception(self, binding: Any) -> bool:
        """Whether a binding is a class of exceptions."""
        return (
            isinstance(binding, Known)
            and isinstance(binding.object, type)
            and issubclass(binding.object, BaseException)
        )

    def maker(self, binding: Known) -> ops.Operation:
        """The operation that makes an exception."""
        found = self.named(binding)
        return ops.Operation(found.object, found.name)

    def named(self, binding: Known) -> Known:
        """A class under the name that the text gives it."""
        name = ops.name_of(binding.object) or binding.name.rpartition(".")[2]
        return Known(binding.object, name)

    def do_Assert(self, node: Any) -> None:
        condition = self.expression(node.test)
        if is_static(condition):
            if not truth(condition):
                self.do_Raise(self.failed(node))
            return
        wrong = self.emit(ops.not_, (condition,))
        message = node.msg
        if message is None or (
            isinstance(message, gast.Constant) and isinstance(message.value, str)
        ):
            given = None if message is None else message.value
            raising = (self.read(wrong), "AssertionError", given)
            self.builder.add(Let(None, ops.raise_if, raising, (), self.builder.origin))
            return
        with self.inner() as builder:
            self.do_Raise(self.failed(node))
        self.has_raised = False
        operand = self.read(wrong)
        self.builder.add(Branch(Test(), operand, builder.block, [], [], self.builder.origin))

    def failed(self, node: Any) -> Any:
        """`raise AssertionError(msg)`, as it stands for an `assert`."""
        error = gast.Call(Given(Known(AssertionError, "AssertionError")), [], [])
        error.args = [] if node.msg is None else [node.msg]
        return gast.copy_location(gast.Raise(gast.copy_location(error, node), None), node)

    # names

    def do_Delete(self, node: Any) -> None:
        for target in node.targets:
            if isinstance(target, (gast.Tuple, gast.List)):
                self.do_Delete(gast.copy_location(gast.Delete(target.elts), node))
                continue
            owner = None if isinstance(target, gast.Name) else self.expression(target.value)
            if isinstance(target, gast.Subscript) and isinstance(owner, (list, dict)):
                self.delete_item(target, owner, target.slice)
                continue
            if not isinstance(target, gast.Name):
                self.refuse(
                    target,
                    "an attribute is deleted, or an item of what is no list and no dict",
                    "Build what is left of it, and give that the name.",
                )
            self.expression(
                gast.copy_location(gast.Name(target.id, gast.Load(), None, None), target)
            )
            self.env[target.id] = Unbound(target.id)

    def do_Import(self, node: Any) -> None:
        for alias in node.names:
            head = alias.name.partition(".")[0]
            module = self.imported(node, alias.name)
            found = module if alias.asname else self.imported(node, head)
            self.env[alias.asname or head] = self.library(node, found, alias.name)

    def do_ImportFrom(self, node: Any) -> None:
        function: Any = self.source.function
        package = function.__globals__.get("__package__") or None
        name = "." * (node.level or 0) + (node.module or "")
        module = self.imported(node, name, package)
        for alias in node.names:
            found = getattr(module, alias.name, None)
            if found is None:
                found = self.imported(node, f"{name}.{alias.name}", package)
            self.env[alias.asname or alias.name] = self.library(node, found, alias.name, module)

    def imported(self, node: Any, name: str, package: str | None = None) -> types.ModuleType:
        """A module."""
        try:
            return importlib.import_module(name, package)
        except ImportError as error:
            return self.refuse(node, f"{error}", "It would raise when the function is called.")

    def library(
        self, node: Any, found: Any, name: str, module: types.ModuleType | None = None
    ) -> Any:
        """What an import gives. The derivative does not notice when a module of the user's is another one at a later call."""
        home = found if isinstance(found, types.ModuleType) else module
        if not _installed(home):
            self.refuse(
                node,
                f"`{name}` is imported inside the function",
                "What is imported here is looked up again at each call. Import it at the top of the module.",
            )
        if isinstance(found, (bool, int, float, str, type(None))):
            return found
        return Known(found, f"call imported.{name.rpartition('.')[2]}")

    def done(self, method: Any, node: Any) -> None:
        """Parse a statement; in the body of a `try` one that is known to fail raises there."""
        outer, self.doing = self.doing, self.builder
        try:
            method(node)
        except Fails as failed:
            kind, _, message = failed.args[0].partition(": ")
            error = self.maker(Known(getattr(builtins, kind), kind))
            raised = self.text(error, (message,), (), "error")
            self.builder.add(Let(None, ops.raise_, (raised,), (), self.builder.origin))
            self.has_raised = True
        finally:
            self.doing = outer

    def refuse(
        self, node: Any, what: str, reason: str, kind: Any = UnsupportedSyntaxError
    ) -> NoReturn:
        name = what.partition(": ")[0]
        error = getattr(builtins, name, None)
        always = self.attempting and self.doing is self.builder  # not on one side of an expression
        if always and reason.startswith("It would raise") and isinstance(error, type):
            raise Fails(what)
        super().refuse(node, what, reason, kind)

    # contexts

    def do_With(self, node: Any) -> None:
        self.within(node, list(node.items), node.body, self.later)

    def do_with_return(self, node: Any, rest: list[Any], later: frozenset[str]) -> None:
        """A `with` that returns: what follows it is what is left of its body, out of the context again."""
        body = list(node.body)
        if rest and not _stops(body):
            leave = gast.copy_location(Leaving(self.under, self.constant), node)
            body += [leave, *rest]
        self.within(node, list(node.items), body, later)

    def within(self, node: Any, items: list[Any], body: list[Any], later: frozenset[str]) -> None:
        """Parse the body of a `with`."""
        if not items:
            self.block(body, later)
            return
        item, *items = items
        call, kept = item.context_expr, (self.under, self.constant)
        callee = (
            self.expression(call.func) if isinstance(call, gast.Call) else self.expression(call)
        )
        found = callee.object if isinstance(callee, Known) else None
        plain = isinstance(call, gast.Call) and item.optional_vars is None
        if plain and found is runtime.no_grad:
            self.constant += 1
        elif plain and found is np.errstate:
            self.under = (*self.under, self.settings(call))
        elif plain and found is contextlib.suppress and body is node.body:
            inner = gast.copy_location(gast.With(items, body, None), node) if items else None
            kinds = [self.expression(arg) for arg in call.args]
            if not all(map(self.is_exception, kinds)):
                self.refuse(call, "what is suppressed here is not known", "Name the classes.")
            passed = [gast.copy_location(gast.Pass(), node)]
            handler = Handler(tuple(map(self.named, kinds)), None, passed, node)
            self.attempt(node, [inner] if inner else body, [], [handler], later)
            return
        elif found is contextlib.nullcontext and isinstance(call, gast.Call):
            given = self.expression(call.args[0]) if call.args else None
            if item.optional_vars is not None:
                self.assign(item.optional_vars, given, Value("").serial)
        else:
            self.managed(node, item, callee, items, body, later)
            return
        self.builder.origin = self.builder.origin._replace(under=self.under)
        self.within(node, items, body, later)
        self.under, self.constant = kept

    def do_Leaving(self, node: Any) -> None:
        self.under, self.constant = node.under, node.constant

    def managed(
        self,
        node: Any,
        item: Any,
        callee: Any,
        items: list[Any],
        body: list[Any],
        later: frozenset[str],
    ) -> None:
        """A context that does something: it is entered and left in the forward sweep, around what stands in it."""
        call = item.context_expr
        if body is not node.body:
            self.refuse_return(body)
        why = (
            known_to_pass(callee.object)
            if isinstance(callee, Known)
            else "it is not known while parsing"
        )
        if why is not None:
            self.refuse(
                call,
                f"this context is not accepted: {why}",
                "Enter it outside the function, or keep to what it does on entering and leaving: call that before and after.",
            )
        manager: Any = self.named(callee)
        if isinstance(call, gast.Call):
            args = [self.expression(arg) for arg in call.args]
            options = [(keyword.arg, self.expression(keyword.value)) for keyword in call.keywords]
            for part in (*args, *(part for _, part in options)):
                if isinstance(part, (View, Value)) and self.type(part).differentiable:
                    self.refuse(
                        call,
                        "a context is given a value that may vary with the arguments",
                        "What it does with it is not known. Give it constants.",
                    )
            op = ops.Operation(manager.object, manager.name, effect="effect")
            operands = tuple(self.said(node, arg) for arg in args)
            named = tuple((key, self.said(node, part)) for key, part in options)
            manager = self.text(op, operands, named, "context")
            self.program.refer(self.path, f"call {callee.name}", callee.object)
        target = None
        if item.optional_vars is not None:
            if not isinstance(item.optional_vars, gast.Name):
                self.refuse(item.optional_vars, "this target is not accepted", "Bind it to a name.")
            target = Value(item.optional_vars.id, TEXT, named=True)
            self.env[item.optional_vars.id] = target
        with self.inner() as builder:
            self.within(node, items, body, later)
        origin = self.builder.origin
        flags = Value("succeeded", number("bool")), Value("error", TEXT)
        leave = Let(None, ops.raise_, (), (), origin)
        self.builder.add(Within(Test(), builder.block, leave, origin, manager, target, flags))

    def settings(self, call: Any) -> tuple[tuple[str, str], ...]:
        """The settings of an `np.errstate`: what they say about warnings changes no value."""
        names = [*_SETTINGS[: len(call.args)], *(keyword.arg for keyword in call.keywords)]
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        found = []
        for name, value in zip(names, values):
            setting = self.expression(value)
            if name not in _SETTINGS or setting not in ("ignore", "warn", "print", "log"):
                self.refuse(
                    value,
                    f"`np.errstate({name}={setting!r})` decides what is computed",
                    "Only what is warned of can be set here: look at the values, and raise: if not np.all(np.isfinite(y)): raise ...",
                )
            found.append((name, setting))
        return tuple(found)

    # try

    def do_Try(self, node: Any) -> None:
        if node.finalbody:
            self.do_finally(node)
        else:
            self.attempt(node, node.body, node.orelse, self.handlers(node), self.later)

    def do_try_return(self, node: Any, rest: list[Any], later: frozenset[str]) -> None:
        """A `try` that returns: what follows it is done on the sides that do not.

        try: return f(x)              try: kept = f(x)
        except E: y = 0       ->      except E: y = 0; return y
        return y                      else: return kept
        """
        if node.finalbody:
            sides = [node.orelse or node.body, *(handler.body for handler in node.handlers)]
            if all(map(_stops, sides)) or any(isinstance(s, gast.Return) for s in node.finalbody):
                self.do_finally(node, rest, later)
            else:
                self.as_loop(node, rest, later)
            return
        body, orelse = list(node.body), list(node.orelse)
        if isinstance(body[-1], gast.Return) and not any(map(returns, body[:-1])):
            orelse = self.keep(body)
        elif any(isinstance(one, gast.Return) or returns(one) for one in body):
            self.as_loop(node, rest, later)
            return
        elif not _stops(orelse):
            orelse += rest
        handlers = self.handlers(node)
        for handler in handlers:
            if not _stops(handler.body):
                handler.body.extend(rest)
        self.attempt(node, body, orelse, handlers, later, returning=True)

    def as_loop(self, node: Any, rest: list[Any], later: frozenset[str]) -> None:
        """A `try` that returns under a condition, or does something at last: a loop of one iteration, which jumps leave."""
        if not rest or not isinstance(rest[-1], gast.Return):
            self.refuse_return([node])
        target = gast.Name("_", gast.Store(), None, None)
        items = gast.List([gast.Constant(0, None)], gast.Load())
        loop = gast.For(target, items, [node, *rest[:-1]], rest[-1:], None)
        for made in (target, items, items.elts[0], loop):
            gast.copy_location(made, node)
        self.block([loop], later)

    def keep(self, body: list[Any]) -> list[Any]:
        """Let a body that ends in `return` keep the value under a name; what returns it then."""
        found = computed_inside(body)
        body[:] = found[:-1]
        return [found[-1]]

    def refuse_return(self, body: list[Any]) -> None:
        found = (n for s in body for n in gast.walk(s) if isinstance(n, gast.Return))
        self.refuse(
            next(found),
            "`return` under a condition inside `try` is not accepted yet",
            "Keep the value in a name, and return it after the `try`.",
        )

    def handlers(self, node: Any) -> list[Handler]:
        """The handlers of a `try`, with the classes that each catches."""
        found = []
        for handler in node.handlers:
            errors: tuple[Known, ...] = (Known(BaseException, "BaseException"),)
            if handler.type is not None:
                given = self.expression(handler.type)
                parts = given.object if isinstance(given, Known) else given
                known = [
                    part if isinstance(part, Known) else Known(part, getattr(part, "__name__", ""))
                    for part in (parts if isinstance(parts, (tuple, list)) else (given,))
                ]
                if not all(map(self.is_exception, known)):
                    self.refuse(
                        handler.type,
                        "what is caught here is not known while parsing",
                        "Name the classes of exceptions.",
                    )
                errors = tuple(map(self.named, known))
            name = handler.name.id if isinstance(handler.name, gast.Name) else handler.name
            found.append(Handler(errors, name, list(handler.body), handler))
        return found

    def traced(self, body: list[Any], later: frozenset[str]) -> list[Step]:
        """Parse the body of a `try`; what was known before each of its statements."""
        steps: list[Step] = []
        self.trace = steps
        self.attempting += 1
        try:
            self.block(body, later)
        finally:
            self.attempting, self.trace = self.attempting - 1, None
        return [*steps, self.step(None)]

    def call_method(
        self, node: Any, method: MethodBinding, args: list[Any], options: dict[str, Any]
    ) -> Any:
        owner = method.owner
        if method.name == "item" and self.attempting and isinstance(owner, (View, Value)):
            type_ = self.type(owner)
            kind = next(
                (k for k in (float, int, bool) if (type_.dtype or "").startswith(k.__name__)), None
            )
            if kind is not None and type_.rank == 0 and not args:
                return self.emit(
                    ops.operation(kind), (owner,)
                )  # which raises as what it gives does
        return super().call_method(node, method, args, options)

    def step(self, statement: Any) -> Step:
        """What is known before a statement."""
        held = {key: (box, holds(box)) for key, box in boxes(self.reached()).items()}
        done = len(self.program.touched), self.program.calls, len(self.program.stored)
        env, memory, place = dict(self.env), dict(self.memory), len(self.builder.block)
        return Step(statement, env, memory, held, place, *done)

    def attempt(
        self,
        node: Any,
        body: list[Any],
        orelse: list[Any],
        handlers: list[Handler],
        later: frozenset[str],
        *,
        returning: bool = False,
    ) -> None:
        """A `try` without `finally`; with `returning`, all of its sides return."""
        errors = tuple(dict.fromkeys(error for one in handlers for error in one.errors))
        catches = tuple(error.object for error in errors)
        inside = live(orelse, later).union(*(live(one.body, later) for one in handlers))
        test, flag = Test(), Value("succeeded", number("bool"), named=True)
        caught = Value("error", TEXT, named=True)
        self.numbers.conditions[test] = flag
        with self.taking(test, 0), self.inner() as tried:
            steps = self.traced(body, inside)
        orelse = self.where_not_left(node, orelse)
        ended, self.has_raised = self.has_raised, False
        place = next((k for k, s in enumerate(tried.block) if may_raise(s, catches)), None)
        front = tried.block[:place]
        self.builder.block.extend(front)  # what cannot raise before it is done in any case
        if place is None:
            self.has_raised = ended
            if not ended:
                self.block(orelse, later)
            return
        steps = _beginning(steps, place)
        before, held = steps[0], steps[0].held
        del tried.block[:place]
        first = Side(tried, self.env, self.memory, self.ended_boxes(held))
        self.forget(node, before, steps, tried.block, catches)
        with self.taking(test, 1), self.inner() as handling:
            kept, self.handling = self.handling, caught
            try:
                self.handle(handlers, later)
            finally:
                self.handling = kept
            if self.has_returned:
                self.env[_RETURNED], self.has_returned = self.returned, False
        raised, self.has_raised = self.has_raised, False
        second = Side(handling, self.env, self.memory, self.ended_boxes(held))
        made = Attempt(
            test, flag, tried.block, handling.block, [], self.builder.origin, errors, caught
        )
        self.outcomes[flag] = test, self.nest()
        if raised or ended:  # what follows belongs to the other side
            self.builder.add(made)
            self.go_on(held, first if raised else second)
            self.has_raised = raised and ended
            if raised and not ended:
                self.block(orelse, later)
            elif returning and not raised:
                self.returned, self.has_returned = self.env[_RETURNED], True
            return
        if not orelse:
            self.builder.add(made)
            made.phis = self.join_sides(node, (test, flag), before, held, (first, second), later)
            return
        self.go_on(held, first)
        with self.taking(test, 0), self.inner() as other:
            self.block(orelse, later)
            if self.has_returned:
                self.env[_RETURNED], self.has_returned = self.returned, False
        if self.has_raised:
            self.refuse(
                orelse[0], "`else` of a `try` always raises", "Raise at the end of its body."
            )
        first = Side(other, self.env, self.memory, self.ended_boxes(held))
        self.builder.add(made)
        second = second._replace(builder=Builder(infer, self.builder.origin))
        asked = later | {_RETURNED} if returning else later
        phis = self.join_sides(node, (test, flag), before, held, (first, second), asked)
        sides = first.builder.block, second.builder.block
        self.builder.add(Branch(test, flag, *sides, phis, self.builder.origin))
        if returning:
            self.returned, self.has_returned = self.env[_RETURNED], True

    def where_not_left(self, node: Any, orelse: list[Any]) -> list[Any]:
        """The `else` of a `try` whose body may have jumped; what is done at last is done then, too."""
        left, region = self.left(), self.region
        if region is None or not orelse or left is False or isinstance(orelse[0], Aside):
            return orelse
        return [] if left is True else [self.unless(left, [Resume(region), *orelse], node)]

    def go_on(self, held: Held, side: Side) -> None:
        """Go on from the end of a side."""
        self.env, self.memory = side.env, side.memory
        for key, parts in side.boxes.items():
            refill(held[key][0], parts)

    def join_sides(
        self,
        node: Any,
        under: tuple[Test, Value],
        before: Step,
        held: Held,
        sides: tuple[Side, Side],
        later: frozenset[str],
    ) -> list[Phi]:
        """Let names, memory and boxes stand for what the one side or the other gave them."""
        phis: list[Phi] = []
        ends = sides[0].memory, sides[1].memory
        names = list(dict.fromkeys([*sides[0].env, *sides[1].env]))
        bindings: dict[str, list[Any]] = {name: [] for name in names}
        operands: dict[str, list[Any]] = {name: [] for name in names}
        kept = self.builder
        for place, side in enumerate(sides):
            self.builder, self.env, self.memory = side.builder, side.env, side.memory
            with self.taking(under[0], place):
                for name in names:
                    absent = False if name.startswith(FLAG) else Unbound(name)
                    binding = side.env.get(name, absent)
                    bindings[name].append(binding)
                    wanted = name in later or name.startswith((FLAG, KEPT))
                    operands[name].append(self.join_operands(node, binding) if wanted else None)
        self.builder, self.env = kept, before.env
        self.memory = self.join_memory(node, under[0], before.memory, ends, phis)
        changed = [side.boxes for side in sides]
        self.join_boxes(node, held, changed, [(s.builder, s.memory) for s in sides], phis, under)
        env = {}
        for name in names:
            (a, b), (x, y) = bindings[name], operands[name]
            if a is b or (isinstance(a, View) and a.same_place(b) and a.buffer in before.memory):
                env[name] = a
            elif name.startswith(FLAG):
                env[name] = self.join_flags(node, before.env.get(name), a, b, phis, under)
            elif a is True and b is False:
                env[name] = under[1]
            elif name.startswith(KEPT):
                env[name] = self.join_kept(node, name, (a, x), (b, y), phis, under)
            elif name in later:
                env[name] = self.join_bindings(node, name, (a, x), (b, y), phis, under)
            else:
                env[name] = Unbound(name)
        self.env = env
        return phis

    # what is known where something was caught

    def forget(
        self, node: Any, before: Step, steps: list[Step], block: Block, catches: tuple[type, ...]
    ) -> None:
        """Go on as where the body of a `try` raised: what it did is known where it is the same wherever it may have raised."""
        names = set(before.env) | set(writes([step.statement for step in steps[:-1]]))
        torn: set[str] = set()
        lost: set[Buffer] = set()
        spoilt: set[int] = set()
        for step, after in pairwise(steps):
            segment = block[step.place : after.place]
            if not any(may_raise(statement, catches) for statement in segment):
                continue
            whole = not _at_once(step.statement, segment, catches) or after.calls > step.calls
            if whole:
                spoilt |= set(self.program.touched[step.touched : after.touched])
                lost |= set(self.program.stored[step.stored : after.stored]) & set(before.memory)
            ways = [step, after] if whole else [step]
            torn |= {n for n in names for way in ways if not _same(way.env, before.env, n)}
            torn |= set(writes([step.statement])) if whole else set()
            lost |= {
                b
                for b in before.memory
                for way in ways
                if way.memory.get(b) is not before.memory[b]
            }
            changed = _changed(after.held, step.held)
            if len(changed) > 1 or whole:
                spoilt |= changed
            spoilt |= _changed(step.held, before.held)
        if spoilt & set(before.held):
            self.refuse(
                node,
                "a list or an object is changed in the body of this `try` before it may raise",
                "What it holds then is not known. Change it after the `try`, or in its `else`.",
            )
        torn = {
            name for name in torn if not name.startswith((FLAG, KEPT))
        }  # who left raises nothing
        self.env = {name: Torn(name) if name in torn else before.env[name] for name in before.env}
        self.env.update({name: Torn(name) for name in torn})
        self.memory = {
            buffer: Lost(value.base) if buffer in lost else value
            for buffer, value in before.memory.items()
        }

    def handle(self, handlers: list[Handler], later: frozenset[str]) -> None:
        """Parse the handlers: of several, the first whose classes what was caught is of."""
        chain: list[Any] = []
        for handler in reversed(handlers):
            mine = [gast.copy_location(Naming(handler.name), handler.node), *handler.body]
            if handler is handlers[-1]:
                chain = mine
                continue
            asked = gast.copy_location(Catches(handler.errors), handler.node)
            chain = [gast.copy_location(gast.If(asked, mine, chain), handler.node)]
        self.block(chain, later)
        for handler in handlers:
            if handler.name is not None:
                self.env[handler.name] = Unbound(handler.name)

    def do_Naming(self, node: Any) -> None:
        if node.name is not None:
            self.env[node.name] = self.handling

    def _Catches(self, node: Any) -> Any:
        return self.asked(self.handling, node.errors)

    def call(self, node: Any, callee: Any, args: list[Any], options: dict[str, Any]) -> Any:
        if isinstance(callee, Known) and callee.object is isinstance and len(args) == 2:
            classes = args[1] if isinstance(args[1], tuple) else (args[1],)
            caught = isinstance(args[0], Value) and args[0].type == TEXT
            if caught and all(map(self.is_exception, classes)):
                return self.asked(args[0], tuple(map(self.named, classes)))
        return super().call(node, callee, args, options)

    def asked(self, caught: Any, classes: tuple[Known, ...]) -> Value:
        """Whether what was caught is of some classes."""
        errors = classes[0] if len(classes) == 1 else classes
        out = Value("caught", number("bool"))
        op = ops.operation(isinstance)
        self.builder.add(Let(out, op, (caught, errors), (), self.builder.origin))
        return out

    def test_of(self, condition: Any) -> tuple[Test, Any, bool]:
        """As in other branches; what waits for a `try` to succeed, or to fail, is under its test."""
        number, nest = self.numbers.here(condition), self.nest()
        negated = self.numbers.negated.get(number)
        for flag, (test, around) in self.outcomes.items():
            if around == nest and test not in self.numbers.taken:
                if number == self.numbers.of(flag):
                    return test, flag, False
                if negated is flag:
                    return test, flag, True
        return super().test_of(condition)

    def read(self, binding: Any, node: Any = None) -> Any:
        if isinstance(binding, Torn):
            self.refuse(
                node or self.statement,
                f"`{binding.name}` may or may not have been assigned when the exception was raised",
                "Assign it before the `try`, or again here.",
            )
        return super().read(binding, node)

    def current(self, buffer: Buffer) -> Value:
        found = super().current(buffer)
        if isinstance(found, Lost):
            self.refuse(
                self.statement,
                "an array is read that the body of a `try` may have written to before it raised",
                "Write to a copy in the body, and bind that to the name at its end.",
                AliasingError,
            )
        return found

    def join_memory(
        self,
        node: Any,
        test: Test,
        memory: dict[Buffer, Value],
        sides: tuple[dict[Buffer, Value], dict[Buffer, Value]],
        phis: list[Phi],
    ) -> dict[Buffer, Value]:
        lost = {b: v for side in sides for b, v in side.items() if isinstance(v, Lost)}
        plain = [{b: memory.get(b, v) if b in lost else v for b, v in s.items()} for s in sides]
        merged = super().join_memory(node, test, memory, (plain[0], plain[1]), phis)
        return {**merged, **lost}

    # finally

    def do_finally(
        self, node: Any, rest: list[Any] | None = None, later: frozenset[str] | None = None
    ) -> None:
        """`try ... finally`; with `rest`, one that returns.

        One that jumps out of its `finally` swallows what was raised, unless it does not come to that:

        try: f(x)                     try: f(x)
        finally:                      except BaseException:
            if c: break       ->          if c: break
                                          raise
                                      else:
                                          if c: break
        """
        final, body = node.finalbody, list(node.body)
        later = self.later if later is None else later
        if node.handlers:
            inner = gast.Try(node.body, node.handlers, node.orelse, [])
            body = [gast.copy_location(inner, node)]
        if any(leaves(s) or returns(s) for s in final):
            if self.region is None:
                self.refuse(
                    next(n for s in final for n in gast.walk(s) if isinstance(n, gast.Return)),
                    "a jump in `finally` is not accepted",
                    "It would swallow the exception. Jump after the `try`.",
                )
            again = gast.copy_location(gast.Raise(None, None), node)
            errors = (Known(BaseException, "BaseException"),)
            with self.at_last(final, later):
                self.attempt(
                    node, body, final, [Handler(errors, None, [*final, again], node)], later
                )
            return
        if rest is not None and not node.handlers:
            if not isinstance(body[-1], gast.Return) or any(map(returns, body[:-1])):
                self.refuse_return(body)
        held, before = self.held_boxes(), self.step(None)
        test, flag = Test(), Value("succeeded", number("bool"), named=True)
        self.numbers.conditions[test] = flag
        with self.taking(test, 0), self.inner() as tried, self.at_last(final, later):
            steps = self.traced(body, later | live(final, later))
        returned, self.has_returned = self.has_returned, False
        if rest is not None and not returned and not self.has_raised:
            self.refuse_return(node.body)
        ended, self.has_raised = self.has_raised, False
        with self.inner() as finals:
            self.block(final, later)
        raised, self.has_raised = self.has_raised, False
        if _acts(finals.block):
            after = Side(finals, self.env, self.memory, self.ended_boxes(held))
            everything = Known(BaseException, "BaseException")
            self.forget(node, before, steps, tried.block, (BaseException,))
            with self.taking(test, 1), self.inner() as handling:
                self.block(final, later)
                if not self.has_raised:
                    self.builder.add(Let(None, ops.raise_, (), (), self.builder.origin))
            self.ended_boxes(held)
            self.go_on(held, after)
            caught = Value("error", TEXT, named=True)
            sides = tried.block, handling.block
            origin = self.builder.origin
            self.builder.add(Attempt(test, flag, *sides, [], origin, (everything,), caught))
        else:
            self.builder.block.extend(tried.block)
        self.has_raised, self.has_returned = ended or raised, returned
        if not ended:
            self.builder.block.extend(finals.block)

    @contextlib.contextmanager
    def at_last(self, final: list[Any], later: frozenset[str]) -> Iterator[None]:
        """Parse what `final` is done after, whichever way it is left: a name that it reads is read after a jump, too."""
        region, last = self.region, self.last
        after = frozenset() if region is None else region.after
        self.last = last | frozenset(writes(final))
        if region is not None:
            region.after = after | live(final, later)
        try:
            yield
        finally:
            self.last = last
            if region is not None:
                region.after = after


class Handler(NamedTuple):
    """An `except`: what it catches, the name for it, and what is done."""

    errors: tuple[Known, ...]
    name: str | None
    body: list[Any]
    node: Any


class Step(NamedTuple):
    """What is known before a statement, and where in the block what it emits begins.

    `touched` boxes, `calls` of functions that are parsed in place and `stored` arrays were counted before it.
    """

    statement: Any
    env: dict[str, Any]
    memory: dict[Buffer, Value]
    held: Held
    place: int
    touched: int
    calls: int
    stored: int


class Side(NamedTuple):
    """The end of a side: its block, and what is known there."""

    builder: Builder
    env: dict[str, Any]
    memory: dict[Buffer, Value]
    boxes: dict[int, dict[Any, Any]]


class Fails(Exception):
    """A statement is known to raise."""


class Torn(Unbound):
    """What a name stands for where the body of a `try` may have assigned it, or not."""


class Lost(Value):
    """What an array holds where the body of a `try` may have written to it, or not."""

    __slots__ = ()


class Leaving(gast.AST):
    """A statement that leaves contexts: what was set before they were entered."""

    _fields = ()

    def __init__(self, under: Any, constant: int) -> None:
        self.under, self.constant = under, constant


class Naming(gast.AST):
    """A statement that gives what was caught a name."""

    _fields = ()

    def __init__(self, name: str | None) -> None:
        self.name = name


class Catches(gast.AST):
    """Whether what was caught is of some classes."""

    _fields = ()

    def __init__(self, errors: tuple[Known, ...]) -> None:
        self.errors = errors


# What stands for the returned value among the names.
_RETURNED = "value returned"


def _beginning(steps: list[Step], place: int) -> list[Step]:
    """The steps from the one on that emits what stands at `place` of the block; places count from there."""
    first = max(k for k, step in enumerate(steps[:-1]) if step.place <= place)
    return [step._replace(place=max(step.place - place, 0)) for step in steps[first:]]


def _changed(after: Held, before: Held) -> set[int]:
    """The boxes that hold something else than before."""
    return {
        key
        for key, (_, parts) in after.items()
        if key not in before or not same_contents(parts, before[key][1])
    }


def _same(env: dict[str, Any], before: dict[str, Any], name: str) -> bool:
    """Whether a name stands for what it stood for before."""
    return env.get(name) is before.get(name)


def _stops(statements: list[Any]) -> bool:
    """Whether what follows some statements is never reached, as far as they show."""
    last = statements[-1] if statements else None
    if isinstance(last, gast.If):
        return _stops(last.body) and _stops(last.orelse)
    return isinstance(last, (gast.Return, gast.Raise))


_SIMPLE = (gast.Assign, gast.AnnAssign, gast.AugAssign, gast.Expr, gast.Raise, gast.Assert)
_STORES = {ops.put.function, ops.put_add.function}


def _at_once(statement: Any, segment: Block, catches: tuple[type, ...]) -> bool:
    """Whether a statement has done nothing yet where it raises: it binds and stores when all is computed."""
    if not isinstance(statement, _SIMPLE):
        return False
    if any(isinstance(inner, gast.NamedExpr) for inner in gast.walk(statement)):
        return False
    stored = False
    for made in segment:
        store = isinstance(made, Let) and made.op.function in _STORES
        if stored and not store and may_raise(made, catches):
            return False
        stored |= store
    return True


def _acts(block: Block) -> bool:
    """Whether something in a block is seen from outside."""
    return any(isinstance(s, Let) and s.op.effect == "effect" for s in walk(block))


def _installed(module: Any) -> bool:
    """Whether a module is Python's own, or one that was installed: nobody edits it between two calls."""
    file = getattr(module, "__file__", None)
    if file is None:
        return True
    return "site-packages" in file or "dist-packages" in file or file.startswith(_STDLIB)


_STDLIB = importlib.__file__.rpartition("importlib")[0]
