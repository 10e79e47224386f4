"""What is known of arguments before parsing: types of values, containers of them, and objects that are static."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Container", "Known", "Reference", "Unfit", "own_signature", "unwrap"]


@dataclass(frozen=True)
class Known:
    """An object known while parsing: a module, a function, a class; `name` is how the text calls it."""

    object: Any
    name: str


class Container(tuple):  # type: ignore[type-arg]
    """Specifications of the parts of a container, hashable, with the kind it stands for.

    `form` is the class of what stands for it in trees of operands: the kind itself, or a `Struct`.
    """

    kind: type
    form: type

    def __new__(cls, kind: type, parts: tuple[Any, ...], form: type | None = None) -> Container:
        made = super().__new__(cls, parts)
        made.kind, made.form = kind, form or kind
        return made

    def tree(self, parts: list[Any]) -> Any:
        """What stands for it in a tree of operands, of these parts."""
        return self.form(*parts) if hasattr(self.form, "_fields") else self.form(parts)

    def with_parts(self, parts: Iterable[Any]) -> Container:
        """One of the same kind."""
        return Container(self.kind, tuple(parts), self.form)


@dataclass(frozen=True)
class Unfit:
    """An attribute that is not accepted as an argument: `error` is raised where it is read."""

    error: Any


class Reference(NamedTuple):
    """A name of an outer scope that a function reads: through which callees it is found, and what it stood for."""

    path: tuple[str, ...]
    name: str
    object: Any


def unwrap(function: Callable[..., Any]) -> Any:
    """The Python function behind a method; others as they are. What `functools.wraps` points to is not what runs."""
    while isinstance(function, types.MethodType):
        function = function.__func__
    return function


def own_signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of the function that runs, not of the one that `functools.wraps` says it stands for."""
    plain = unwrap(function)
    if not isinstance(plain, types.FunctionType):
        return inspect.signature(function)
    bare = types.FunctionType(
        plain.__code__, {}, plain.__name__, plain.__defaults__, plain.__closure__
    )
    bare.__kwdefaults__ = plain.__kwdefaults__
    signature = inspect.signature(bare)
    if isinstance(function, types.MethodType):
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    return signature
