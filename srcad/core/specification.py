"""What is known of arguments before parsing: types of values, containers of them, and objects that are static."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Container", "Known", "Reference", "unwrap"]


@dataclass(frozen=True)
class Known:
    """An object known while parsing: a module, a function, a class; `name` is how the text calls it."""

    object: Any
    name: str


class Container(tuple):  # type: ignore[type-arg]
    """A tuple or list of specifications, hashable, with the kind it stands for."""

    kind: type

    def __new__(cls, kind: type, parts: tuple[Any, ...]) -> Container:
        made = super().__new__(cls, parts)
        made.kind = kind
        return made


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
