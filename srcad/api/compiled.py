"""A compiled derivative, and what the names of outer scopes stood for when it was compiled: whether they still do.

Functions, modules and flags are held against what they are at each call; arrays and numbers of outer scopes are read at each call and
are part of the signature.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.api.request import Generated
from srcad.api.signature import key_of
from srcad.core.specification import classes_of, follow, steps_of, structure_of, unwrap

__all__ = ["MISSING", "Compiled", "Scope", "by_keyword", "is_hidden", "is_static", "scope_of"]

MISSING = object()


class Scope:
    """The outer scopes of a function, read by name at any time."""

    def __init__(self, function: types.FunctionType, owner: Any = None) -> None:
        self.function, self.owner = function, owner

    def cell(self, name: str) -> Any:
        """The cell that holds a free variable, or None."""
        free = self.function.__code__.co_freevars
        if name in free and self.function.__closure__ is not None:
            return self.function.__closure__[free.index(name)]
        return None

    def read(self, name: str) -> Any:
        """What a name stands for now (see `steps_of`); or the structure of that, whether it has an attribute, or what a module has."""
        kind, _, rest_of = name.partition(" ")
        if kind == "structure":
            return structure_of(self.read(rest_of))
        if kind == "classes":
            return classes_of(self.read(rest_of))
        if kind == "has":
            owner, _, attribute = rest_of.rpartition(".")
            return hasattr(self.read(owner), attribute)
        if kind == "import":
            module, _, rest_of = rest_of.partition(":")
            try:
                return follow(sys.modules[module], steps_of(rest_of))
            except (LookupError, AttributeError):
                return MISSING
        head, *rest = steps_of(name)
        cell = self.cell(head)
        try:
            if self.owner is not None and head == self.function.__code__.co_varnames[0]:
                found = self.owner
            elif cell is not None:
                found = cell.cell_contents
            else:
                found = self.function.__globals__.get(head, MISSING)
            return found if found is MISSING else follow(found, rest)
        except (ValueError, AttributeError, LookupError, TypeError):
            return MISSING


def scope_of(
    root: Callable[..., Any], path: tuple[str, ...], given: dict[str, Any] | None = None
) -> Scope | None:
    """The scope of a callee, found through the names of the callees on the way; `given` are the root's arguments."""
    scope = Scope(unwrap(root), getattr(root, "__self__", None))
    for name in path:
        if name.startswith("argument "):
            found = (given or {}).get(name[len("argument ") :], MISSING)
        else:
            found = scope.read(name)
        if not isinstance(unwrap(found), types.FunctionType):
            return None
        scope = Scope(unwrap(found), getattr(found, "__self__", None))
    return scope


class Compiled:
    """A derivative for one signature: its functions, and what must still hold for them to be right."""

    def __init__(
        self,
        function: Callable[..., Any],
        made: Generated,
        namespace: dict[str, Any],
        given: dict[str, Any],
    ) -> None:
        self.made, self.namespace = made, namespace
        # Whether arguments are what it is for, where the key does not say it all.
        self.fits: Callable[[tuple[Any, ...]], bool] | None = None
        self.entry = self.call = namespace.get(made.names.get("entry", ""))
        self.forward = namespace.get(made.names.get("forward", ""))
        self.backward = namespace.get(made.names.get("backward", ""))
        self.written, self.guards = made.written, made.guards
        self.fixed: list[tuple[Scope, str, Any, Any]] = []
        self.plain: list[tuple[dict[str, Any], str, Any]] = []
        self.contents: list[tuple[Any, str]] = []
        self.absent: list[tuple[dict[str, Any], str]] = []
        self.values: list[tuple[Scope, str, Any]] = []
        self.root = unwrap(function)
        self.code = getattr(self.root, "__code__", None)
        hidden_names = {(path, outer) for path, outer in made.hidden.values()}
        all_hidden = {
            (r.path, r.name)
            for r in made.references
            if is_hidden(r.object) and not r.name.startswith("value ")
        }
        for reference in made.references:
            if (
                reference.path,
                reference.name,
            ) in hidden_names | all_hidden or reference.name.startswith(("call ", "argument ")):
                continue
            scope = scope_of(function, reference.path, given)
            if scope is None:
                continue
            if reference.name.startswith("value "):
                self.values.append((scope, reference.name[len("value ") :], reference.object))
                continue
            if reference.name.startswith("builtin "):
                self.absent.append((scope.function.__globals__, reference.name[len("builtin ") :]))
                continue
            code = _behaviour(reference.object)
            if isinstance(reference.object, (list, dict, set)):
                self.contents.append((reference.object, repr(reference.object)))
            name = reference.name
            if name.isidentifier() and scope.cell(name) is None and code is None:
                self.plain.append((scope.function.__globals__, reference.name, reference.object))
            else:
                self.fixed.append((scope, reference.name, reference.object, code))
        self.hidden: list[tuple[Scope, str, str, Any]] = []
        for text, (path, outer) in made.hidden.items():
            scope = scope_of(function, path, given)
            if scope is not None:
                self.hidden.append((scope, outer, text, key_of(scope.read(outer))))

    def valid(self) -> bool:
        """Whether outer names still stand for what they did; hidden arguments are brought up to date."""
        if self.code is not None and self.root.__code__ is not self.code:
            return False
        for namespace, name in self.absent:  # a builtin that is shadowed since
            if name in namespace:
                return False
        for scope, name, expected in self.values:
            found = scope.read(name)
            if type(found) is not type(expected) or found != expected:
                return False
        for namespace, name, expected in self.plain:
            if namespace.get(name, MISSING) is not expected:
                return False
        for scope, name, expected, code in self.fixed:
            found = scope.read(name)
            if found is not expected and not (
                (is_static(found) or isinstance(found, types.MethodType))
                and type(found) is type(expected)
                and found == expected
            ):
                return False
            if code is not None and _behaviour(found) != code:
                return False
        for container, text in self.contents:
            if repr(container) != text:
                return False
        for scope, outer, text, key in self.hidden:
            found = scope.read(outer)
            if key_of(found) != key:
                return False
            self.namespace[text] = found
        return True


def by_keyword(entry: Callable[..., Any], signature: inspect.Signature) -> Callable[..., Any]:
    """The generated function, called with all arguments by position; tangents or a cotangent may follow."""
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    count = sum(kind is not inspect.Parameter.KEYWORD_ONLY for kind in kinds)
    names = list(signature.parameters)[count:]
    total = len(kinds)
    return lambda *args: entry(*args[:count], *args[total:], **dict(zip(names, args[count:total])))


def _behaviour(found: Any) -> Any:
    """What of a Python function can be replaced in place."""
    plain = unwrap(found)
    if not isinstance(plain, types.FunctionType):
        return None
    keyword = tuple(sorted((plain.__kwdefaults__ or {}).items()))
    return plain.__code__, *map(_fixed, plain.__defaults__ or ()), *map(_fixed, keyword)


def _fixed(default: Any) -> Any:
    """A default as something that compares; arrays are read at each call."""
    if isinstance(default, tuple):
        return tuple(map(_fixed, default))
    plain = default is None or isinstance(default, (bool, int, float, complex, str))
    return (type(default), repr(default) if plain else id(default))


def is_hidden(found: Any) -> bool:
    """Whether an object of an outer scope is read at each call."""
    return isinstance(found, (np.ndarray, np.generic, float, int, complex)) and not isinstance(
        found, bool
    )


def is_static(found: Any) -> bool:
    return found is None or isinstance(found, (bool, str, tuple))
