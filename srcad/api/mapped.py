"""`vmap` as a function: a function's Core over a leading axis of some of its arguments.

def predict(W, x):                  def predict_vmap(W, x):         # x: float64[B, n]
    return np.tanh(W @ x)    ->         return np.tanh(x @ W.T)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.analysis.types import infer
from srcad.api.request import Request
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Block, Function, Let, Origin, Param, Tree, Value, leaves, walk
from srcad.core.renewal import Renewal
from srcad.core.specification import Container
from srcad.core.types import Dim, Type
from srcad.errors import ArgumentValueError, Place, UnsupportedSyntaxError
from srcad.vectorizer.batch import Batch, NotBatchable

__all__ = ["example_of", "mapped", "resolved", "spread_dims"]


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


def mapped(function: Function, in_dims: Any, out_dims: Any, name: str) -> Function:
    """The function over a leading axis. `in_dims` are pairs (axis, size) for each leaf, or None, as the compiler made them.

    Raises UnsupportedSyntaxError where the control flow depends on the axis.
    """
    place = function.parsed.place
    for statement in walk(function.body):
        if isinstance(statement, Let) and statement.op.effect == "effect":
            raise UnsupportedSyntaxError(
                f"`{statement.op.name}` under vmap",
                place=_at(place, statement),
                reason="What prints, draws or writes to outer objects is not mapped over.",
            )
    front = Builder(infer)
    inputs: dict[Value, Value] = {}
    params = []
    size: Dim | None = None
    for param, dims in zip(function.params, in_dims):
        wholes: dict[Value, Value] = {}
        for leaf, dim in zip(leaves(param.tree), dims):
            if dim is None:
                continue
            axis, count = dim
            size = count if size is None else size
            sizes = leaf.type.shape or ()
            axis %= len(sizes) + 1
            whole = Value(
                leaf.base,
                Type("array", leaf.type.dtype, (*sizes[:axis], size, *sizes[axis:])),
                named=leaf.named,
            )
            wholes[leaf] = whole
            inputs[leaf] = (
                whole
                if axis == 0
                else front.emit(
                    ops.operation(np.moveaxis), whole, source=axis, destination=0, base=leaf.base
                )
            )
            inputs[leaf].type = Type("array", leaf.type.dtype, (size, *sizes))
        tree = Renewal(dict(wholes)).tree(param.tree)
        params.append(Param(param.name, tree, param.keyword))
    if size is None:
        raise ArgumentValueError("in_dims maps over no argument", reason="Give one of them an int.")
    first = next(iter(inputs.values()))
    try:
        count_of: Tree = size if isinstance(size, int) else front.emit(ops.length, first)
        walker = Batch(function, inputs, size, count_of)
        made = walker.run()
        tail: Block = []
        ends: dict[Value, Value] = {}
        for leaf in dict.fromkeys(leaves(function.result)):
            walker.statement = Let(None, ops.own, ())
            kept, walker.out = walker.out, tail
            ends[leaf] = walker.rows(leaf)
            walker.out = kept
    except NotBatchable as refused:
        raise UnsupportedSyntaxError(
            f"vmap of `{function.name}`: {refused.why}",
            place=_at(place, refused.statement),
            reason="Functions whose control flow or indices depend on what is mapped over are not accepted yet: loop over the examples.",
        ) from None
    builder = Builder(infer, Origin())
    dims = spread_dims(out_dims, function.result, "out_dims")

    def ended(tree: Tree, dim: Any) -> Tree:
        if isinstance(tree, dict):
            return {key: ended(part, dim[key]) for key, part in tree.items()}
        if isinstance(tree, (tuple, list)):
            parts = [ended(part, one) for part, one in zip(tree, dim)]
            return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
        if dim is None:
            if isinstance(tree, Value) and tree in walker.batched:
                raise ArgumentValueError(
                    "out_dims is None for a value that depends on what is mapped over",
                    reason="Give it an int.",
                )
            return tree
        if isinstance(tree, (int, float)) and not isinstance(tree, bool):
            return builder.emit(ops.operation(np.full), count_of, float(tree))
        if not isinstance(tree, Value):
            return tree
        rows = ends[tree]
        rank = len(rows.type.shape or ())
        if not -rank <= dim < rank:
            raise ArgumentValueError(
                f"out_dims has {dim} for a value of {rank} axes", reason="Choose one of them."
            )
        if dim % rank:
            return builder.emit(ops.operation(np.moveaxis), rows, source=0, destination=int(dim))
        return rows

    result = ended(function.result, dims)
    made = made.renewed(
        name=name,
        params=params,
        body=[*front.block, *made.body, *tail, *builder.block],
        result=result,
    )
    made.defaults = {}
    return made  # type: ignore[no-any-return]


def _at(place: Any, statement: Any) -> Any:
    """The place of a statement of the user's."""
    if place is None or statement is None or not statement.origin.line:
        return place
    return Place(place.file, statement.origin.line, 0, None, statement.origin.text)
