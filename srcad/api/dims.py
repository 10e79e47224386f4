"""in_dims and out_dims: which axis of each array is mapped over, and what one example of an argument is.

It imports no compiler: calls of mapped functions need it too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.api.request import Request
from srcad.core.specification import Container
from srcad.core.types import Type
from srcad.errors import ArgumentValueError

__all__ = ["example_of", "resolved", "spread_dims"]


def spread_dims(dims: Any, tree: Any, what: str) -> Any:
    """in_dims or out_dims for every leaf of a tree, in its structure. Raises ArgumentValueError."""
    if isinstance(tree, dict):
        if isinstance(dims, dict):
            if set(dims) != set(tree):
                raise ArgumentValueError(
                    f"{what} has the keys {list(dims)}, not {list(tree)}", reason="Name them all."
                )
            return {key: spread_dims(dims[key], part, what) for key, part in tree.items()}
        return {key: spread_dims(dims, part, what) for key, part in tree.items()}
    if isinstance(tree, (tuple, list)):
        if isinstance(dims, (tuple, list)):
            if len(dims) != len(tree):
                raise ArgumentValueError(
                    f"{what}={dims!r} does not fit {len(tree)} parts",
                    reason="Give one for each, or a single int.",
                )
            return [spread_dims(dim, part, what) for dim, part in zip(dims, tree)]
        return [spread_dims(dims, part, what) for part in tree]
    if dims is not None and (isinstance(dims, bool) or not isinstance(dims, (int, np.integer))):
        raise ArgumentValueError(
            f"{what} has {dims!r} for an array",
            reason="It is an int, or None for what is not mapped.",
        )
    return dims


def example_of(spec: Any, dims: Any, name: str) -> Any:
    """The specification of one example of an argument that is mapped over `dims`."""
    if isinstance(spec, dict):
        return {key: example_of(part, dims[key], name) for key, part in spec.items()}
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
        return Container(
            spec.kind, tuple(example_of(part, dim, name) for part, dim in zip(spec, dims))
        )
    return spec


def resolved(
    request: Request, spec: dict[str, Any], defaults: Any = ()
) -> tuple[Request, dict[str, Any]]:
    """A request whose in_dims are pairs (axis, size) for each leaf, and the specification of the user's function's arguments.

    Each vmap, from the outermost on, takes its axis off the arguments that it maps over.
    """
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
            if any(name not in defaults for name in rest):
                raise ArgumentValueError(
                    f"in_dims={given!r} says nothing of `{rest[0]}`",
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
                per[name] = None if name in defaults else given
        dims = {name: _dims(per[name], part, name) for name, part in spec.items()}
        example = {name: example_of(part, dims[name], name) for name, part in spec.items()}
        flat = tuple(tuple(_pairs(part, dims[name])) for name, part in spec.items())
        request, spec = request._replace(in_dims=flat), example
    if request.inner is None:
        return request, spec
    inner, spec = resolved(request.inner, spec, defaults)
    return request._replace(inner=inner), spec


def _is_array(part: Any) -> bool:
    return not isinstance(part, Type) or part.kind == "array"


def _dims(dims: Any, spec: Any, name: str) -> Any:
    if isinstance(spec, Type) or not isinstance(spec, (dict, Container)):
        if not isinstance(spec, Type):
            return None  # a static argument is the same for all examples
        return spread_dims(dims, None, f"in_dims of `{name}`")
    parts = spec if isinstance(spec, dict) else list(spec)
    made = spread_dims(dims, _skeleton(parts), f"in_dims of `{name}`")
    return _static_out(made, parts)


def _skeleton(spec: Any) -> Any:
    if isinstance(spec, dict):
        return {key: _skeleton(part) for key, part in spec.items()}
    if isinstance(spec, (Container, list)):
        return [_skeleton(part) for part in spec]
    return None


def _static_out(dims: Any, spec: Any) -> Any:
    if isinstance(spec, dict):
        return {key: _static_out(dims[key], part) for key, part in spec.items()}
    if isinstance(spec, (Container, list)):
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
    return []
