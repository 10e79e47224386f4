"""Handles: functions that exist while parsing only. They are called or handed on; nothing of them is in Core."""

from __future__ import annotations

from typing import Any

import gast

from srcad.core.specification import Known
from srcad.core.syntax import nodes_below, nodes_in
from srcad.parser.places import Handle

__all__ = [
    "Callee",
    "ChoiceBinding",
    "FlatBinding",
    "FrozenBinding",
    "FunctionBinding",
    "MethodBinding",
    "PartialBinding",
    "captured_names",
    "free_names",
    "is_function",
    "own_names",
]


class MethodBinding(Handle):
    """`x.sum`: a method of an array, a list or an object, before it is called; `function` is what an object's class has of that name."""

    def __init__(self, owner: Any, name: str, function: Any = None) -> None:
        self.owner, self.name, self.function = owner, name, function

    def held(self) -> Any:
        return self.owner


class FlatBinding(Handle):
    """`x.flat`: all elements of an array in a row, before they are indexed or stored into."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner

    def held(self) -> Any:
        return self.owner


class FunctionBinding(Handle):
    """A `def` or a `lambda` inside a function: its body is parsed where it is called.

    `defaults` are evaluated where it is written. `scope` is the parser of the function around it: what its other names stand for at the
    call is what they stand for there.
    """

    def __init__(self, node: Any, name: str, defaults: dict[str, Any], scope: Any) -> None:
        self.node, self.name, self.defaults, self.scope = node, name, defaults, scope
        self.free = free_names(node)
        self.asked = False

    def held(self) -> Any:
        """What it sees: its defaults, and what its names stand for in the functions around."""
        if self.asked:  # it sees itself
            return []
        self.asked = True
        try:
            found, scope = list(self.defaults.values()), self.scope
            while scope is not None:
                found += [scope.env[name] for name in self.free if name in scope.env]
                scope = scope.scope
            return [part.held() if isinstance(part, Handle) else part for part in found]
        finally:
            self.asked = False


class PartialBinding(Handle):
    """`functools.partial(callee, *args, **options)`."""

    def __init__(self, callee: Any, args: list[Any], options: dict[str, Any]) -> None:
        self.callee, self.args, self.options = callee, args, options

    def held(self) -> Any:
        return [self.callee, self.args, self.options]


class FrozenBinding(Handle):
    """`stats.norm(loc, scale)`: a distribution with its parameters, which its methods are handed behind their own arguments."""

    def __init__(self, distribution: Any, args: list[Any], options: dict[str, Any]) -> None:
        self.distribution, self.args, self.options = distribution, args, options

    def held(self) -> Any:
        return [self.args, self.options]

    def method(self, name: str) -> Callee:
        """One of its methods."""
        function = getattr(self.distribution.object, name)
        known = Known(function, f"{self.distribution.name}.{name}")

        def call(parser: Any, node: Any, args: list[Any], options: dict[str, Any]) -> Any:
            return parser.call(node, known, [*args, *self.args], {**self.options, **options})

        return Callee(known.name, call, self.held())


class ChoiceBinding(Handle):
    """One of two functions, by a condition: called, it is a branch of two calls."""

    def __init__(self, condition: Any, sides: tuple[Any, Any]) -> None:
        self.condition, self.sides = condition, sides

    def held(self) -> Any:
        return list(self.sides)


class Callee(Handle):
    """A function of Python's own made of others (`operator.itemgetter(0)`): `call(parser, node, args, options)` is its value."""

    def __init__(self, name: str, call: Any, parts: Any = ()) -> None:
        self.name, self.call, self.parts = name, call, parts

    def held(self) -> Any:
        return self.parts


def is_function(binding: Any) -> bool:
    """Whether a binding is a function that holds no values of the place where it was made."""
    if isinstance(binding, Known):
        return callable(binding.object)
    if isinstance(binding, ChoiceBinding):
        return True
    return isinstance(binding, FunctionBinding) and not binding.defaults


def free_names(node: Any) -> frozenset[str]:
    """The names that a function reads and neither takes nor assigns; those that functions inside it read so, too.

    >>> sorted(free_names(gast.parse("def f(x, k=a):\\n    y = x * b\\n    return lambda z: y * z * c").body[0]))
    ['b', 'c']
    """
    body = node.body if isinstance(node.body, list) else [node.body]
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [star for star in (arguments.vararg, arguments.kwarg) if star is not None]
    bound = {argument.id for argument in every}
    read: set[str] = set()
    pending = list(body)
    while pending:
        inner = pending.pop()
        if isinstance(inner, (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda)):
            read |= free_names(inner)
            pending += [*inner.args.defaults, *(d for d in inner.args.kw_defaults if d is not None)]
            pending += getattr(inner, "decorator_list", [])
            if not isinstance(inner, gast.Lambda):
                bound.add(inner.name)
            continue
        if isinstance(inner, gast.Name):
            (bound if isinstance(inner.ctx, gast.Store) else read).add(inner.id)
        elif isinstance(inner, gast.AugAssign) and isinstance(inner.target, gast.Name):
            read.add(inner.target.id)
        pending.extend(nodes_below(inner))
    return frozenset(read - bound)


def own_names(node: Any) -> frozenset[str]:
    """The names that are a function's own: its parameters, and what it assigns.

    >>> sorted(own_names(gast.parse("def f(x):\\n    y = [i for i in g(x)]\\n    def h(): z = 1").body[0]))
    ['h', 'x', 'y']
    """
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [star for star in (arguments.vararg, arguments.kwarg) if star is not None]
    found, declared = {argument.id for argument in every}, set()
    pending = list(node.body) if isinstance(node.body, list) else [node.body]
    while pending:
        inner = pending.pop()
        if isinstance(inner, (gast.FunctionDef, gast.AsyncFunctionDef, gast.ClassDef)):
            found.add(inner.name)
        elif isinstance(inner, (gast.Global, gast.Nonlocal)):
            declared.update(inner.names)
        elif isinstance(inner, gast.NamedExpr):
            found.add(inner.target.id)
            pending.append(inner.value)
        elif isinstance(inner, (gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp)):
            pending += [walrus for walrus in nodes_in(inner) if isinstance(walrus, gast.NamedExpr)]
        elif not isinstance(inner, gast.Lambda):
            if isinstance(inner, gast.Name) and isinstance(inner.ctx, gast.Store):
                found.add(inner.id)
            pending.extend(nodes_below(inner))
    return frozenset(found - declared)


def captured_names(node: Any) -> frozenset[str]:
    """The names of a function that the functions inside it read."""
    found: frozenset[str] = frozenset()
    pending = list(node.body) if isinstance(node.body, list) else [node.body]
    while pending:
        inner = pending.pop()
        if isinstance(inner, (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda)):
            found |= free_names(inner)
        else:
            pending.extend(nodes_below(inner))
    return found
