"""Arguments and results as trees of numbers: taken apart, compared, put together again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from srcad.api import Derivative
from srcad.core.pytrees import formed, is_varied, labels, look, own, rebuild
from srcad.errors import ArgumentTypeError

__all__ = [
    "Array",
    "as_it_is",
    "bound_arguments",
    "called_with",
    "distance_of",
    "formed_like",
    "is_equal",
    "is_float",
    "is_like",
    "is_number",
    "is_static",
    "leaves_of",
    "mapped",
    "pairs_of",
    "precision_of",
    "signature_of",
    "unit_vector",
]

Array = np.ndarray[Any, Any]


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """The parameters of a function; of a ufunc those that it computes from."""
    if isinstance(function, Derivative):
        return function.dispatcher.signature
    if isinstance(function, np.ufunc):
        names = ["x"] if function.nin == 1 else [f"x{place + 1}" for place in range(function.nin)]
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind) for name in names])
    return inspect.signature(function)


def bound_arguments(function: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]:
    """The arguments by name, in order, defaults filled in."""
    bound = signature_of(function).bind(*args)
    bound.apply_defaults()
    for name, parameter in bound.signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ArgumentTypeError(
                f"`{parameter}` takes any number of arguments",
                reason=f"Name the arguments in place of `{name}`.",
            )
    return dict(bound.arguments)


def called_with(function: Callable[..., Any], values: list[Any]) -> Any:
    """The function at all its arguments, in order."""
    positional, keywords = [], {}
    for (name, parameter), value in zip(signature_of(function).parameters.items(), values):
        if parameter.kind is parameter.KEYWORD_ONLY:
            keywords[name] = value
        else:
            positional.append(value)
    return function(*positional, **keywords)


def leaves_of(tree: Any, label: str) -> Iterator[tuple[str, Any]]:
    """The leaves of containers, with their names."""
    found: list[tuple[str, Any]] = []
    mapped(tree, lambda leaf, name: found.append((name, leaf)), label)
    return iter(found)


def mapped(tree: Any, visit: Callable[[Any, str], Any], label: str) -> Any:
    """A tree of the same structure with other leaves; what is configuration of an object is as it was."""
    node = look(tree)
    if node is None:
        return visit(tree, label)
    parts = [
        rebuild(part, own) if node.fixed(place) else mapped(part, visit, name)
        for place, (part, name) in enumerate(zip(node.parts, labels(label, node)))
    ]
    return formed(node.form, node.keys, parts)


def is_like(tree: Any, other: Any) -> bool:
    """Whether two trees have the same structure."""
    node, found = look(tree), look(other)
    if node is None or found is None:
        return node is found
    if type(tree) is not type(other) or set(node.keys) != set(found.keys):
        return False
    theirs = dict(zip(found.keys, found.parts))
    return all(is_like(part, theirs[key]) for key, part in zip(node.keys, node.parts))


def is_float(leaf: Any) -> bool:
    return isinstance(leaf, (float, complex, np.inexact)) or (
        isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc"
    )


def pairs_of(leaf: Any) -> Array:
    """Of complex numbers the real and the imaginary parts, on a last axis; what is real as it is."""
    if not np.iscomplexobj(leaf):
        return np.asarray(leaf)
    return np.stack([np.real(leaf), np.imag(leaf)], axis=-1)


def is_number(leaf: Any) -> bool:
    if isinstance(leaf, np.ndarray):
        return leaf.dtype.kind in "biufc"
    return isinstance(leaf, (int, float, complex, np.number, np.bool_))


def is_static(leaf: Any) -> bool:
    return not is_varied(leaf)


def as_it_is(value: Any) -> Any:
    """A copy of an array; other things as they are."""
    # A copy in another order would be summed in another order.
    return value.copy(order="K") if isinstance(value, np.ndarray) else value


def formed_like(leaf: Array, original: Any) -> Any:
    """An array as what its original is: NumPy promotes a Python number otherwise than a scalar."""
    if np.iscomplexobj(original):
        leaf = np.asarray(leaf[..., 0] + 1j * leaf[..., 1])
    if isinstance(original, np.ndarray):
        return leaf
    if type(original) is complex and leaf.dtype == complex:
        return complex(leaf)
    return float(leaf) if type(original) is float and leaf.dtype == float else leaf[()]


def is_equal(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


def precision_of(values: list[Any]) -> np.dtype[Any]:
    """The least precise floating dtype among values."""
    found = [np.asarray(value).dtype for value in values]
    floats = [np.zeros(0, dtype).real.dtype for dtype in found if dtype.kind in "fc"]
    return min(floats, key=lambda dtype: dtype.itemsize, default=np.dtype(float))


def distance_of(a: Any, b: Any) -> float:
    """|a - b|, 0 where both are the same (infinite or no number), infinite where only one is finite."""
    a, b = np.longdouble(a), np.longdouble(b)
    if a == b or (np.isnan(a) and np.isnan(b)):
        return 0.0
    distance = float(abs(a - b))
    return distance if np.isfinite(distance) else np.inf


def unit_vector(shape: tuple[int, ...], entry: int) -> Array:
    direction = np.zeros(shape)
    direction.reshape(-1)[entry] = 1.0
    return direction
