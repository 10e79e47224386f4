"""Functions of the user's: called as functions of their own, or parsed where they are called.

A plain callee is parsed once per specification, and called. Parsed in place, as if its body stood at the call, is what takes or returns things that
are no arrays (functions, lists that a loop fills), what writes to its arguments, what calls itself, and what is defined inside a function:

    def f(x):                                # as if it were written
        def scaled(y):
            return k * y              ->     k = 2.0 * x
        k = 2.0 * x                          return k * np.sin(x)
        return scaled(np.sin(x))
"""

from __future__ import annotations

import inspect
import os
import sys
import types
from typing import Any

import gast

from srcad.core.nodes import Call, Function, Value, leaves, map_tree
from srcad.core.specification import Container, Known, last_name, own_signature, unwrap
from srcad.parser.containers import Containers
from srcad.parser.expressions import is_constant
from srcad.parser.handles import FunctionBinding, captured_names, own_names
from srcad.parser.places import Handle, View, views
from srcad.parser.records import handed_on
from srcad.parser.refusals import generator_or_async
from srcad.parser.rows import Rows
from srcad.parser.source import source_of
from srcad.parser.state import (
    Entered,
    NeedInline,
    NeedStatic,
    NeedUnroll,
    State,
    Unreachable,
    identity,
)

__all__ = ["Functions"]

# So deep, and so often in all, may a function be parsed inside itself.
_DEPTH, _COUNT = 50, 2000
_FRAMES = 10_000
# Where derivatives are made.
_API = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "api", "")


class Functions(Containers):
    """Define and call functions."""

    returned: Any = None
    has_returned = False

    # definitions

    def do_FunctionDef(self, node: Any) -> None:
        defaults = self.defaults_of(node)
        decorators = [self.expression(decorator) for decorator in node.decorator_list]
        made: Any = FunctionBinding(node, node.name, defaults, self)
        for decorator in reversed(decorators):
            made = self.call(node, decorator, [made], {})
        self.env[node.name] = made

    def _Lambda(self, node: Any) -> Any:
        return FunctionBinding(node, "lambda", self.defaults_of(node), self)

    def defaults_of(self, node: Any) -> dict[str, Any]:
        """The defaults of a function, by parameter, evaluated here."""
        arguments = node.args
        names = [argument.id for argument in (*arguments.posonlyargs, *arguments.args)]
        found = dict(zip(names[len(names) - len(arguments.defaults) :], arguments.defaults))
        found |= {
            argument.id: default
            for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults)
            if default is not None
        }
        return {name: self.expression(default) for name, default in found.items()}

    # calls

    def fit(
        self, node: Any, signature: inspect.Signature, args: list[Any], options: dict[str, Any]
    ) -> dict[str, Any]:
        """What the parameters of a callee stand for; without those that are left to their defaults."""
        try:
            bound = signature.bind(*args, **options)
        except TypeError as error:
            self.refuse(node, str(error), "It would raise when the function is called.")
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                bound.arguments.setdefault(parameter.name, ())
            elif parameter.kind is parameter.VAR_KEYWORD:
                bound.arguments.setdefault(parameter.name, {})
        return dict(bound.arguments)

    def call_function(
        self, node: Any, callee: FunctionBinding, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A function that is defined inside a function: its body, where it is called."""
        signature = _signature(callee.node, callee.defaults)
        given = self.fit(node, signature, args, options)
        bound = {
            name: given[name] if name in given else callee.defaults[name]
            for name in signature.parameters
        }
        source = callee.scope.source._replace(node=callee.node)
        inner = type(self)(source, self.program, callee.scope.path)
        inner.scope = callee.scope
        return self.in_place(node, inner, bound, callee.node, callee.name)

    def call_user(self, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
        """A function with a source: a function of its own, parsed once per specification; or parsed in place."""
        function = callee.object
        if unwrap(function).__code__.co_filename.startswith(_API):
            self.refuse(
                node,
                f"`{callee.name}` is a derivative, or makes one",
                "Derivatives inside a function are not accepted yet: take that of the whole, or pass the value of the inner one.",
            )
        path = self.path_of(callee)
        bound = self.bind(node, callee, path, args, options)
        # A method is another function for each object, which its text would not show.
        method = isinstance(function, types.MethodType)
        if method or any(handed_on(list(bound.values()))) or _handles(list(bound.values())):
            return self.parse_inline(node, callee, path, bound)
        spec: dict[str, Any] = {}
        operands: list[Any] = []
        for name, argument in bound.items():
            spec[name] = self.specify(node, argument, operands)
        key = (function, freeze(spec))
        if key in self.program.inlined or self.is_entered(function):
            return self.parse_inline(node, callee, path, bound)
        try:
            with self.calling(node):
                inner = self.parse_callee(callee, path, spec, key)
        except NeedInline:
            self.program.inlined.add(key)
            return self.parse_inline(node, callee, path, bound)
        except NeedStatic as need:
            # The value of a parameter decides: here it may be known.
            if need.callee is not unwrap(function):
                raise
            self.program.inlined.add(key)
            return self.parse_inline(node, callee, path, bound)
        if inner.parsed.written:
            return self.parse_inline(node, callee, path, bound)
        outs: dict[Value, Value] = {}
        for leaf in leaves(inner.result):
            outs.setdefault(leaf, Value(last_name(callee.name), leaf.type))
        call = Call(
            list(outs.values()), inner, tuple(operands), self.builder.origin, result=inner.result
        )
        call.frozen = bool(self.constant)
        self.builder.add(call)
        made = {}
        arrays = [view for argument in bound.values() for view in views(argument)]
        for leaf, out in outs.items():
            made[leaf] = self.bind_new(out)
            if isinstance(made[leaf], View) and leaf in inner.parsed.shared:
                for view in arrays:
                    made[leaf].buffer.alias(view.buffer)
        return map_tree(inner.result, lambda leaf: made[leaf])

    def path_of(self, callee: Known) -> tuple[str, ...]:
        """Through which names a callee is found from the function that is differentiated."""
        function = callee.object
        if self.found_outside(callee.name) is function:  # also where an argument handed it on
            self.program.refer(self.path, callee.name, function)
        path, name = self.program.place_of(function) or (self.path, callee.name)
        return (*path, name)

    def bind(
        self,
        node: Any,
        callee: Known,
        path: tuple[str, ...],
        args: list[Any],
        options: dict[str, Any],
    ) -> dict[str, Any]:
        """What the parameters of a callee stand for."""
        signature = own_signature(callee.object)
        given = self.fit(node, signature, args, options)
        plain = unwrap(callee.object)
        positional = plain.__code__.co_varnames[: plain.__code__.co_argcount]
        places = {
            name: f"__defaults__[{place - len(positional)}]"
            for place, name in enumerate(positional)
        }
        bound = {}
        for name, parameter in signature.parameters.items():
            if name in given:
                bound[name] = given[name]
            elif is_constant(parameter.default):
                bound[name] = parameter.default
            else:
                where = places.get(name, f"__kwdefaults__[{name!r}]")
                full = f"{path[-1]}.{where}"
                bound[name] = self.adopt(node, full, parameter.default, path[:-1], name)
        return bound

    def specify(self, node: Any, argument: Any, operands: list[Any]) -> Any:
        """What a callee is specialised for: types of values, static objects themselves; the operands are collected."""
        if isinstance(argument, (View, Value)) or (
            isinstance(argument, (int, float)) and not isinstance(argument, bool)
        ):
            self.known_still(argument)
            operand = self.read(argument, node)
            operands.append(operand)
            return self.type(argument)
        if is_constant(argument) or isinstance(argument, Known):
            return argument
        if isinstance(argument, dict):
            return {key: self.specify(node, part, operands) for key, part in argument.items()}
        if isinstance(argument, (tuple, list)):
            parts = [self.specify(node, part, operands) for part in argument]
            return Container(type(argument), tuple(parts))
        if callable(argument):
            return Known(argument, getattr(argument, "__name__", "function"))
        return self.refuse(
            node,
            f"an argument of type {type(argument).__name__} is not accepted",
            "Pass arrays and numbers.",
        )

    def parse_callee(
        self, callee: Known, path: tuple[str, ...], spec: dict[str, Any], key: Any
    ) -> Function:
        """The Core of a callee for these argument types."""
        raise NotImplementedError

    # in place

    def is_entered(self, key: Any) -> bool:
        """Whether a function is being parsed already."""
        plain = unwrap(key) if callable(key) else key
        return any(entered.key is plain for entered in self.program.stack)

    def parse_inline(
        self, node: Any, callee: Known, path: tuple[str, ...], arguments: dict[str, Any]
    ) -> Any:
        """Parse a callee as if its body stood here."""
        source = source_of(callee.object)
        inner = type(self)(source, self.program, path)
        if isinstance(callee.object, types.MethodType):
            inner.owner = callee.object.__self__
        return self.in_place(node, inner, arguments, source.function, callee.name)

    def in_place(
        self, node: Any, inner: Functions, arguments: dict[str, Any], key: Any, name: str
    ) -> Any:
        """Parse a body here, by a parser of its own that shares block and memory."""
        static = self.recurse(node, key, {**arguments, "": inner.scope}, name)
        inner.caller = self
        inner.work, inner.builders = self.work, self.builders
        inner.numbers, inner.constant = self.numbers, self.constant
        inner.sided, inner.hidden_views = self.sided, self.hidden_views
        inner.outcomes = self.outcomes
        inner.under, inner.attempting = self.under, self.attempting
        inner.env = dict(arguments)
        self.program.calls += 1
        again = self.is_entered(key)
        limit = sys.getrecursionlimit()
        self.program.stack.append(Entered(key, True, static))
        if again:  # the parser calls itself many times for each call
            sys.setrecursionlimit(max(limit, _FRAMES))
        try:
            with self.calling(node):
                binding = inner.run(node)
        finally:
            self.program.stack.pop()
            if again:
                sys.setrecursionlimit(limit)
        self.written |= inner.written
        if inner.has_raised:
            raise Unreachable
        return binding

    def run(self, call: Any = None) -> Any:
        """Parse the body; its value."""
        node = self.source.node
        other = generator_or_async(node)
        if other is not None:
            self.refuse_syntax(other)
        self.captured, self.own = captured_names(node), own_names(node)
        try:
            if isinstance(node, gast.Lambda):
                self.statement = node.body
                return self.handed(node.body)
            self.block(node.body, self.captured)
        except Unreachable:
            self.has_raised = True
            return None
        except (NeedStatic, NeedUnroll) as need:
            need.place = need.place or self.source.place(need.node or self.statement)
            raise
        return self.returned if self.has_returned else None

    def recurse(self, node: Any, key: Any, arguments: dict[str, Any], name: str) -> Any:
        """What is known of the arguments; where a function calls itself, that must lead somewhere."""
        stack = self.program.stack
        static = tuple((argument, self.known_of(part)) for argument, part in arguments.items())
        places = [place for place, entered in enumerate(stack) if entered.key is key]
        if not places:
            return static
        if any(not entered.inline for entered in stack[max(places[-1], 1) :]):
            raise NeedInline
        self.program.count += 1
        same = any(stack[place].static == static for place in places)
        if same or len(places) > _DEPTH or self.program.count > _COUNT:
            for value in self.deciding():
                raise NeedStatic(value, node)
            reason = "How often is decided by values. Write a loop, or decide by an integer argument, or by the structure of tuples and lists."
            if not same:
                reason = f"It is parsed at each of its calls: at most {_DEPTH} deep, and {_COUNT} in all. Write a loop."
            self.refuse(node, f"`{name}` calls itself without end, as far as is known here", reason)
        return static

    def known_of(self, binding: Any) -> Any:
        """What of an argument decides while parsing, as something that compares."""
        if isinstance(binding, (View, Value)):
            type_ = self.type(binding)
            dims = [part if isinstance(part, int) else None for part in type_.shape or ()]
            return (type_.kind, type_.dtype, type_.rank, tuple(dims))
        if isinstance(binding, dict):
            return tuple((key, self.known_of(part)) for key, part in binding.items())
        if isinstance(binding, (tuple, list)):
            return (type(binding), *map(self.known_of, binding))
        if isinstance(binding, Known):
            return id(binding.object)
        if isinstance(binding, State):  # a closure made elsewhere is another function
            return id(binding)
        if isinstance(binding, Handle):
            return id(getattr(binding, "node", binding))
        return (type(binding), repr(binding))

    def deciding(self) -> list[Value]:
        """Integers from outside that the conditions of the branches around are made of."""
        made = {
            out: statement
            for builder in self.builders
            for statement in builder.block
            for out in [getattr(statement, "out", None)]
            if out is not None
        }
        pending = [self.numbers.conditions.get(test) for test in self.numbers.taken]
        found = []
        seen = set()
        while pending:
            for value in leaves(pending.pop()):
                if value in seen:
                    continue
                seen.add(value)
                if value in made:
                    pending.append(made[value].args)
                elif value.type.kind == "number" and value.type.dtype == "int":
                    found.append(value)
        return found


def freeze(spec: Any) -> Any:
    """A specification as something that can be looked up; an object is itself, whatever it says that it equals."""
    if isinstance(spec, Known):
        return (Known, identity(spec.object))
    if isinstance(spec, dict):
        return tuple((key, freeze(part)) for key, part in spec.items())
    if isinstance(spec, Container):
        return (spec.form, tuple(freeze(part) for part in spec))
    if isinstance(spec, tuple) and not hasattr(spec, "_fields"):
        return tuple(map(freeze, spec))
    try:
        hash(spec)
    except TypeError:
        return (type(spec), repr(spec))
    return spec if not is_constant(spec) else (type(spec), repr(spec))


def _handles(binding: Any) -> bool:
    """Whether a binding holds functions that exist while parsing only."""
    if isinstance(binding, dict):
        return any(map(_handles, binding.values()))
    if isinstance(binding, (tuple, list)):
        return any(map(_handles, binding))
    return isinstance(binding, (Handle, Rows))


def _signature(node: Any, defaults: dict[str, Any]) -> inspect.Signature:
    """The signature of a definition."""
    arguments, kinds = node.args, inspect.Parameter
    groups: list[tuple[list[Any], Any]] = [
        (arguments.posonlyargs, kinds.POSITIONAL_ONLY),
        (arguments.args, kinds.POSITIONAL_OR_KEYWORD),
        ([arguments.vararg] if arguments.vararg else [], kinds.VAR_POSITIONAL),
        (arguments.kwonlyargs, kinds.KEYWORD_ONLY),
        ([arguments.kwarg] if arguments.kwarg else [], kinds.VAR_KEYWORD),
    ]
    return inspect.Signature(
        [
            inspect.Parameter(
                argument.id, kind, default=... if argument.id in defaults else kinds.empty
            )
            for group, kind in groups
            for argument in group
        ]
    )
