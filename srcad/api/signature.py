"""Signatures: what a derivative is compiled for, read from arguments or from text.

A signature is, per array, its dtype, its rank and which axes have length 1; per Python number its type; per static argument its value.

>>> read_spec("float64[n, 3]"), read_spec("(float64, int64[n])")
(float64[n, 3], (float, int64[n]))
"""

from __future__ import annotations

import ast
import enum
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from srcad.core.pytrees import Node, labels, look, look_within
from srcad.core.specification import Container, Known, Unfit
from srcad.core.types import GENERATOR, OPAQUE, Size, Sparse, Type, number
from srcad.errors import ArgumentTypeError, ArgumentValueError, SrcadError

__all__ = [
    "Letters",
    "Spec",
    "decided",
    "key_of",
    "part_at",
    "read_argument",
    "read_spec",
    "settle",
    "specify",
    "written",
]

_NUMBERS = {float: number("float"), int: number("int"), complex: number("complex")}


class Spec:
    """What stands for an argument, or a part of one, in `Derivative.source`: made by `srcad.spec`."""

    def __init__(self, text: str) -> None:
        self.text, self.tree = text, read_spec(text)

    def __repr__(self) -> str:
        return f"spec({self.text!r})"


class Letters:
    """Names of sizes, in the order of need: n, m, k, ... with counters after them."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)

    def next(self) -> str:
        counter = 0
        while True:
            for letter in "nmkhdpqrs":
                name = f"{letter}{counter or ''}"
                if name not in self.taken:
                    self.taken.add(name)
                    return name
            counter += 1


class Same:
    """A part of a key that equals only that of the very same object, which it keeps: the next one may not get its `id`."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def key_of(value: Any, depth: int = 0) -> Any:
    """The part of a dispatch key that an argument gives."""
    kind = type(value)
    if kind is np.ndarray:
        shape = value.shape
        return (
            value.dtype,
            len(shape),
            tuple([size == 1 for size in shape]) if 1 in shape else None,
        )
    if kind is float or kind is int:
        return kind
    if value is None or kind is bool or isinstance(value, (str, enum.Enum)):
        return (kind, value)
    if isinstance(value, np.generic):
        return (np.generic, value.dtype)
    if isinstance(value, np.ndarray):
        return (kind, id(value))  # a subclass, which is refused
    if kind is dict:
        return (kind, tuple([(key, key_of(part, depth)) for key, part in value.items()]))
    if kind is tuple or kind is list:
        return (kind, tuple([key_of(part, depth) for part in value]))
    if kind.__module__.startswith("scipy.sparse"):
        return (kind, value.dtype, tuple([size == 1 for size in value.shape]))
    node = look_within(value, depth)
    if node is not None:
        deeper = depth + node.weight
        return (node.form, tuple([key_of(part, deeper) for part in node.parts]))
    return (kind, Same(value)) if callable(value) else kind


def decided(value: Any) -> Any:
    """An argument whose value decides, as the constant that the parser takes for it; None for what cannot be one.

    >>> decided((0, np.int64(1))), decided(2), decided(np.ones(2))
    ((0, 1), 2, None)
    """
    if isinstance(value, np.integer):
        return int(value)
    if type(value) is tuple:
        parts = tuple(decided(part) for part in value)
        return None if any(part is None for part in parts) else parts
    return value if isinstance(value, (bool, int, float, complex, str)) else None


def specify(value: Any, letters: Letters, name: str = "argument", depth: int = 0) -> Any:
    """The specification of an argument, from its value.

    Raises ArgumentTypeError for arrays of objects and kinds of arguments that are not accepted.
    """
    if isinstance(value, np.ndarray):
        if type(value) is not np.ndarray:
            raise ArgumentTypeError(
                f"argument `{name}` is a {type(value).__name__}, which computes otherwise than an array",
                reason=f"Pass np.asarray({name}).",
            )
        if value.dtype.kind == "O" or value.dtype.names:
            raise ArgumentTypeError(
                f"argument `{name}` is an array of objects",
                reason="Only numeric arrays are accepted.",
            )
        shape = tuple(1 if size == 1 else Size(letters.next(), 0, True) for size in value.shape)
        return Type("array", value.dtype.name if value.dtype.isnative else value.dtype.str, shape)
    if isinstance(value, Spec):
        return value.tree
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):
        return Type("scalar", value.dtype.name, ())
    for kind, type_ in _NUMBERS.items():
        if isinstance(value, kind):
            return type_
    if type(value).__module__.startswith("scipy.sparse"):
        return Type("object", value=Sparse(value.dtype.name) if value.dtype.kind == "f" else None)
    node = look_within(value, depth)
    if node is not None:
        within = list(zip(node.parts, labels(name, node)))
        if node.is_plain:
            spec = [_attribute(part, letters, label, depth + node.weight) for part, label in within]
        else:
            spec = [specify(part, letters, label, depth) for part, label in within]
        check_keys(node, name)
        if node.form is dict:
            return dict(zip(node.keys, spec))
        return Container(type(value), tuple(spec), node.form)
    if type(value) in (dict, list, tuple):
        raise ArgumentTypeError(
            f"`{name}` is too long, or leads to too many objects, to be read as an attribute",
            reason="Pass it as an argument of its own, or an array of what is read.",
        )
    if isinstance(value, (dict, list, tuple)):
        raise ArgumentTypeError(
            f"argument `{name}` holds a {type(value).__name__}",
            reason="Containers are tuples, lists, dicts, named tuples and dataclasses: pass one of these.",
        )
    if isinstance(value, enum.Enum):
        return Known(value, str(value))
    if callable(value):
        return Known(value, getattr(value, "__name__", name))
    if isinstance(value, (np.random.Generator, np.random.RandomState)):
        return GENERATOR
    return Type("object", value="number") if isinstance(value, numbers.Number) else OPAQUE


def check_keys(node: Node, name: str) -> None:
    """Refuse dicts with keys that a text cannot write. Raises ArgumentTypeError."""
    for key in node.keys:
        for part in key if type(key) is tuple else (key,):
            if not isinstance(part, (str, int, float, bytes, enum.Enum, type(None))):
                raise ArgumentTypeError(
                    f"argument `{name}` has the key {key!r}",
                    reason="Keys are strings, numbers, members of enumerations, and tuples of them.",
                )


def _attribute(value: Any, letters: Letters, name: str, depth: int) -> Any:
    """The specification of an attribute, which may be anything as long as it is not read."""
    try:
        return specify(value, letters, name, depth)
    except SrcadError as error:
        return Unfit(error)


def part_at(value: Any, places: tuple[int, ...]) -> Any:
    """What places lead to in an argument, or None.

    >>> part_at({"a": (1, 2)}, (0, 1)), part_at(1.0, (0,))
    (2, None)
    """
    for place in places:
        node = look(value)
        if node is None or place >= len(node.parts):
            return None
        value = node.parts[place]
    return value


def settle(spec: Any, value: Any, places: tuple[int, ...]) -> Any:
    """The specification of an argument with the value of what places lead to in it.

    >>> settle({"x": Type("any"), "k": _NUMBERS[int]}, {"x": 1.0, "k": 2}, (1,))
    {'x': ?[...], 'k': 2}
    """
    if not places:
        constant = decided(value)
        return spec if constant is None else constant
    node = look(value)
    if node is None or not isinstance(spec, (dict, Container)) or places[0] >= len(node.parts):
        return spec
    parts = list(spec.values()) if isinstance(spec, dict) else list(spec)
    parts[places[0]] = settle(parts[places[0]], node.parts[places[0]], places[1:])
    return dict(zip(spec, parts)) if isinstance(spec, dict) else spec.with_parts(parts)


def written(name: str, value: Any, places: tuple[int, ...]) -> str:
    """How what places lead to in an argument is written.

    >>> written("p", {"axes": [0, 1]}, (0, 1))
    "p['axes'][1]"
    """
    for place in places:
        node = look(value)
        if node is None:
            return name
        name, value = labels(name, node)[place], node.parts[place]
    return name


def read_argument(text: str) -> tuple[str, Any]:
    """`"x: float64[n, m]"` as a name and a specification. Raises ArgumentValueError."""
    name, colon, spec = text.partition(":")
    if not colon or not name.strip().isidentifier():
        raise ArgumentValueError(
            f"`{text}` does not declare an argument", reason='Write --arg "x: float64[n, m]".'
        )
    return name.strip(), read_spec(spec.strip())


def read_spec(text: str) -> Any:
    """A specification from text: dtypes with sizes, tuples, lists and dicts of them, or the literal of a static value.

    A dtype without brackets is a number (`float64` and `int64` those of Python), `float64[()]` a 0-d array.
    The same symbol means the same size, whatever it turns
    out to be.
    """
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise ArgumentValueError(
            f"`{text}` is no specification", reason="Write a dtype and sizes: float64[n, m]."
        ) from None
    return _spec(node, text)


def _spec(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Name):
        if node.id in ("float64", "float"):
            return number("float")
        if node.id in ("int64", "int"):
            return number("int")
        if node.id in ("bool", "complex"):
            return number(node.id)
        return Type("scalar", _dtype(node.id, text), ())
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inner = node.slice
        dims = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        return Type("array", _dtype(node.value.id, text), tuple(_dim(dim, text) for dim in dims))
    if isinstance(node, (ast.Tuple, ast.List)):
        kind = tuple if isinstance(node, ast.Tuple) else list
        return Container(kind, tuple(_spec(part, text) for part in node.elts))
    if isinstance(node, ast.Dict):
        return {_key(key, text): _spec(part, text) for key, part in zip(node.keys, node.values)}
    if isinstance(node, ast.Constant):
        return node.value
    raise ArgumentValueError(
        f"`{text}` is no specification", reason="Write a dtype and sizes: float64[n, m]."
    )


def _key(node: ast.expr | None, text: str) -> Any:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):
        return node.value
    raise ArgumentValueError(
        f"`{text}` is no specification", reason="Keys of a dict are names or literals."
    )


def _dtype(name: str, text: str) -> str:
    try:
        dtype = np.dtype(name)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind == "O":
        raise ArgumentValueError(
            f"`{name}` in `{text}` is no numeric dtype",
            reason="Write float64, float32, int64, bool, ...",
        )
    return dtype.name


def _dim(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name):
        return Size(node.id)
    raise ArgumentValueError(
        f"a size in `{text}` is neither a name nor a number", reason="Write float64[n, 3]."
    )
