"""What is known of arguments before parsing: types of values, containers of them, and objects that are static."""

from __future__ import annotations

import ast
import inspect
import re
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = [
    "Container",
    "Form",
    "Known",
    "Reference",
    "Unfit",
    "classes_of",
    "follow",
    "last_name",
    "own_signature",
    "steps_of",
    "structure_of",
    "unwrap",
]


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


class Form:
    """A function of any number of arguments as it is called in one way: `gathered` are the parameters that each star takes."""

    def __init__(
        self,
        function: Callable[..., Any],
        signature: inspect.Signature,
        gathered: tuple[tuple[str, tuple[str, ...]], ...],
    ) -> None:
        self.function, self.gathered = function, gathered
        self.__signature__ = signature
        self.__self__ = getattr(function, "__self__", None)
        self.__name__ = getattr(function, "__name__", "function")
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and (self.function, self.gathered) == (
            other.function,
            other.gathered,
        )

    def __hash__(self) -> int:
        return hash((self.function, self.gathered))

    def gather(self, bound: dict[str, Any]) -> dict[str, Any]:
        """What the function's own parameters stand for, by what these stand for."""
        found = dict(bound)
        stars = own_signature(self.function).parameters
        for star, names in self.gathered:
            parts = {name: found.pop(name) for name in names}
            several = stars[star].kind is inspect.Parameter.VAR_POSITIONAL
            found[star] = tuple(parts.values()) if several else parts
        return found


def unwrap(function: Callable[..., Any]) -> Any:
    """The Python function behind a method; others as they are. What `functools.wraps` points to is not what runs."""
    while isinstance(function, (types.MethodType, Form)):
        function = (
            function.__func__ if isinstance(function, types.MethodType) else function.function
        )
    return function


def own_signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of the function that runs, not of the one that `functools.wraps` says it stands for."""
    plain = unwrap(function)
    if not isinstance(plain, types.FunctionType) or isinstance(function, Form):
        return inspect.signature(function)
    bare = types.FunctionType(
        plain.__code__, {}, plain.__name__, plain.__defaults__, plain.__closure__
    )
    bare.__kwdefaults__ = plain.__kwdefaults__
    signature = inspect.signature(bare)
    if isinstance(function, types.MethodType):
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    return signature


_STEP = re.compile(r"\.?([^.\[\]]+)|(\[[^\]]*\])")


def steps_of(name: str) -> list[str]:
    """The head of the name of something in an outer scope, and the steps from there.

    >>> steps_of("self.layers[0].weights"), steps_of("model.@area"), steps_of("f.__kwdefaults__['k']")
    (['self', 'layers', '[0]', 'weights'], ['model', '@area'], ['f', '__kwdefaults__', "['k']"])
    """
    return [attribute or item for attribute, item in _STEP.findall(name)]


def last_name(name: str) -> str:
    """What the text calls something of an outer scope.

    >>> last_name("self.layers"), last_name("ACTIONS['run']"), last_name("f.__defaults__[-1]")
    ('layers', 'ACTIONS', 'value')
    """
    words = [step for step in steps_of(name) if step.isidentifier() and not step.startswith("__")]
    return words[-1] if words and not name.rpartition(".")[2].startswith("__") else "value"


def follow(found: Any, steps: list[str]) -> Any:
    """What attributes, items, and (`@area`) the getters of properties lead to. Raises what these raise.

    >>> follow({"a": 1j}, ["['a']", "imag"])
    1.0
    """
    for step in steps:
        if step.startswith("["):
            found = found[ast.literal_eval(step[1:-1])]
        elif step.startswith("@"):
            found = types.MethodType(inspect.getattr_static(type(found), step[1:]).fget, found)
        else:
            found = getattr(found, step)
    return found


def classes_of(found: Any) -> str:
    """The classes of an object, as text.

    >>> classes_of(True)
    'builtins.bool builtins.int builtins.object'
    """
    return " ".join(f"{kind.__module__}.{kind.__qualname__}" for kind in type(found).__mro__)


def structure_of(found: Any) -> str:
    """The structure of a container, as text: what holds for another one too where they differ in their leaves only.

    >>> structure_of([1.0, (2, "a")]), structure_of({"w": None})
    ('list(., tuple(., .))', "dict('w': .)")
    """
    kind = type(found).__name__
    if isinstance(found, dict):
        return (
            f"{kind}({', '.join(f'{key!r}: {structure_of(part)}' for key, part in found.items())})"
        )
    if isinstance(found, (tuple, list)):
        return f"{kind}({', '.join(map(structure_of, found))})"
    return "."
