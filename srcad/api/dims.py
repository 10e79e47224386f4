"""in_dims and out_dims: which axis of each array is mapped over, and what one example of an argument is.

It imports no compiler: calls of mapped functions need it too.
"""

from __future__ import annotations

import enum
import inspect
from typing import Any

import numpy as np

from srcad.api.request import Request
from srcad.core.pytrees import look
from srcad.core.specification import Container, Known, Unfit
from srcad.core.structs import Struct
from srcad.core.types import CARRIED, Type
from srcad.errors import ArgumentValueError

__all__ = ["example_of", "resolved", "spread_dims"]


def spread_dims(dims: Any, tree: Any, what: str) -> Any:
    """in_dims or out_dims for every leaf of a tree, in its structure: an object's as a list. Raises ArgumentValueError.

    The tree is one of values, of operands, or a specification. What is configuration of an object is not mapped.
    """
    found = _parts(tree)
    if found is None:
        if _is_static(tree, what):
            return None
        if dims is not None and (isinstance(dims, bool) or not isinstance(dims, (int, np.integer))):
            raise ArgumentValueError(
                f"{what} has {dims!r} for an array",
                reason="It is an int, or None for what is not mapped.",
            )
        return dims
    keys, parts, fixed = found
    form = _form(tree)
    if form is not None and not form.is_tree and dims is not None:
        raise ArgumentValueError(
            f"{what} maps over a {form.kind.__name__}, which is neither a dataclass nor registered with optree",
            reason="Give it None in in_dims, and pass what is mapped as arguments.",
        )
    fixed = [held or _is_static(part, what) for held, part in zip(fixed, parts)]
    given = _given(dims, tree, keys, fixed, what)
    spread = [spread_dims(dim, part, what) for dim, part in zip(given, parts)]
    return dict(zip(keys, spread)) if isinstance(tree, dict) else spread


def _given(dims: Any, tree: Any, keys: list[Any], fixed: list[bool], what: str) -> list[Any]:
    """What dims say of each part."""
    node = look(dims) if not isinstance(dims, (dict, tuple, list)) else None
    if node is not None:  # an object like the argument, which holds dims
        dims = dict(zip(node.keys, node.parts))
    by_name = not isinstance(tree, (tuple, list)) or isinstance(tree, Struct) or _form(tree)
    if isinstance(dims, dict) and by_name:
        if set(dims) - set(keys) or {k for k, f in zip(keys, fixed) if not f} - set(dims):
            raise ArgumentValueError(
                f"{what} has the keys {list(dims)}, not {keys}", reason="Name them all."
            )
        return [None if held else dims[key] for key, held in zip(keys, fixed)]
    if isinstance(dims, (tuple, list)) and not isinstance(tree, dict):
        if len(dims) != len(keys):
            raise ArgumentValueError(
                f"{what}={dims!r} does not fit {len(keys)} parts",
                reason="Give one for each, or a single int.",
            )
        return list(dims)
    return [None if held else dims for held in fixed]


def _is_static(leaf: Any, what: str) -> bool:
    """Whether a leaf is the same for all examples: what is returned of a truth value is an array of them."""
    if isinstance(leaf, bool):
        return what != "out_dims"
    return leaf is None or isinstance(leaf, (str, enum.Enum, Known, Unfit)) or callable(leaf)


def _form(tree: Any) -> Any:
    """The struct that a specification is of."""
    return tree.form if isinstance(tree, Container) and issubclass(tree.form, Struct) else None


def _parts(tree: Any) -> tuple[list[Any], list[Any], list[bool]] | None:
    """Keys and parts of a container, and which are configuration; None for a leaf."""
    if isinstance(tree, dict):
        return list(tree), list(tree.values()), [False] * len(tree)
    form = _form(tree)
    if form is not None:
        fixed = [
            key in form.fixed or (key in form.counts and not _is_array(part)) or part in CARRIED
            for key, part in zip(form._fields, tree)
        ]
        return list(form._fields), list(tree), fixed
    if isinstance(tree, Struct):
        return list(tree._fields), list(tree), list(map(tree.is_fixed, range(len(tree))))
    if isinstance(tree, (tuple, list)) and not isinstance(tree, Type):
        return list(range(len(tree))), list(tree), [False] * len(tree)
    node = None if isinstance(tree, Type) else look(tree)
    if node is None:
        return None
    return list(node.keys), node.parts, [node.fixed(place) for place in range(len(node.keys))]


def example_of(spec: Any, dims: Any, name: str) -> Any:
    """The specification of one example of an argument that is mapped over `dims`."""
    if isinstance(spec, dict):
        return {key: example_of(part, dims[key], f"{name}[{key!r}]") for key, part in spec.items()}
    if isinstance(spec, Type) and dims is not None:
        if spec.kind != "array" or not spec.shape:
            raise ArgumentValueError(
                f"argument `{name}` is mapped over and is {spec!r}, which has no axes",
                reason="Give it None in in_dims.",
            )
        rank = len(spec.shape)
        if not -rank <= dims < rank:
            raise ArgumentValueError(
                f"in_dims has {dims} for `{name}`, which has {rank} axes",
                reason="Choose one of them.",
            )
        shape = spec.shape[: dims % rank] + spec.shape[dims % rank + 1 :]
        return Type("array" if shape else "scalar", spec.dtype, shape)
    if isinstance(spec, Container):
        labels = [
            f"{name}.{key}" if isinstance(key, str) else f"{name}[{key!r}]"
            for key in getattr(spec.form, "_fields", range(len(spec)))
        ]
        return spec.with_parts(map(example_of, spec, dims, labels))
    return spec


def resolved(
    request: Request, spec: dict[str, Any], function: Any
) -> tuple[Request, dict[str, Any]]:
    """A request whose in_dims are pairs (axis, size) for each leaf, and the specification of the user's function's arguments.

    Each vmap, from the outermost on, takes its axis off the arguments that it maps over.
    """
    return _resolved(request, spec, *_unsaid(function))


def _unsaid(function: Any) -> tuple[set[str], set[str]]:
    """The parameters that have defaults, and those that are given by keyword alone."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return set(), set()
    keywords = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    return {p.name for p in parameters if p.default is not p.empty} - keywords, keywords


def _resolved(
    request: Request, spec: dict[str, Any], defaults: set[str], keywords: set[str]
) -> tuple[Request, dict[str, Any]]:
    if request.transform == "vmap":
        given = request.in_dims
        names = list(spec)
        if isinstance(given, (tuple, list)):
            if len(given) > len(names):
                raise ArgumentValueError(
                    f"in_dims={given!r} is for {len(given)} arguments, and there are {len(names)}",
                    reason="Give one for each.",
                )
            rest = names[len(given) :]
            left = [name for name in rest if name not in defaults | keywords]
            if left:
                raise ArgumentValueError(
                    f"in_dims={given!r} says nothing of `{left[0]}`",
                    reason="Give one for each argument.",
                )
            per = dict(zip(names, [*given, *[None] * len(rest)]))
        else:
            per = {}
            for name, part in spec.items():
                if name in defaults and _is_array(part):
                    raise ArgumentValueError(
                        f"in_dims={given!r} does not say whether `{name}`, which has a default, is mapped over",
                        reason="Give a tuple with an entry for each argument.",
                    )
                per[name] = None if name in defaults | keywords else given
        dims = {name: _dims(per[name], part, name) for name, part in spec.items()}
        example = {name: example_of(part, dims[name], name) for name, part in spec.items()}
        flat = tuple(tuple(_pairs(part, dims[name])) for name, part in spec.items())
        request, spec = request._replace(in_dims=flat), example
    if request.inner is None:
        return request, spec
    inner, spec = _resolved(request.inner, spec, defaults, keywords)
    return request._replace(inner=inner), spec


def _is_array(part: Any) -> bool:
    return not isinstance(part, Type) or part.kind == "array"


def _dims(dims: Any, spec: Any, name: str) -> Any:
    return _static_out(spread_dims(dims, spec, f"in_dims of `{name}`"), spec)


def _static_out(dims: Any, spec: Any) -> Any:
    if isinstance(spec, dict):
        return {key: _static_out(dims[key], part) for key, part in spec.items()}
    if isinstance(spec, Container):
        return [_static_out(dim, part) for dim, part in zip(dims, spec)]
    return dims if isinstance(spec, Type) else None


def _pairs(spec: Any, dims: Any) -> list[Any]:
    """(axis, size) of each value of an argument, or None."""
    if isinstance(spec, dict):
        return [pair for key, part in spec.items() for pair in _pairs(part, dims[key])]
    if isinstance(spec, Type):
        return [None if dims is None else (int(dims), spec.shape[dims])]  # type: ignore[index]
    if isinstance(spec, Container):
        return [pair for part, dim in zip(spec, dims) for pair in _pairs(part, dim)]
    return [None] if isinstance(spec, (Known, Unfit)) else []
