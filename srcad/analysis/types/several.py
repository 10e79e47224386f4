"""Several results at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.analysis.types.asking import (
    DTYPE_BY_VALUE,
    ask,
    constant_of,
    describe,
    made_of,
    named_shapes,
    type_or_any,
)
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    Opaque,
    Tree,
    Unknown,
    best_known,
    broadcast_of,
    fresh_size,
    known_shape,
    plain_size,
    same_size,
    type_of,
)
from srcad.core import ops
from srcad.core.types import ANY, Dim, Shape, Size, Type
from srcad.rules.families import rule_of


@handles("linalg.qr linalg.svd linalg.lstsq")
def several_results(function: Callable[..., Any], *trees: Tree, **options: Tree) -> Type:
    """Several results, or where an option says so one: how many, and their class, whatever is known of the operands."""
    types = [type_or_any(tree) for tree in trees]
    sure = all(t.shape is not None and (t.kind != "any" or t.shape) for t in types)
    full = [
        t if sure and t.dtype else t._replace(dtype="float64")
        for t in (types if sure else [Type("array", "float64", (2, 2))] * len(types))
    ]
    given = tuple((key, constant_of(value)) for key, value in options.items() if value is not None)
    found = ask(function, tuple(map(describe, full)), given)
    if found is None:
        raise Unknown
    several = found[0] == "tuple"
    parts = found[2] if several else (found,)
    shapes: Any = [None] * len(parts)
    if sure:
        shapes = _shapes_of_results(function, types, options, len(parts))
    known = sure and all(t.dtype for t in types)
    if function in DTYPE_BY_VALUE and not (types[0].dtype or "").startswith("complex"):
        known = False
    made = [
        made_of(shape, kind, dtype if known else None)
        if shape is None or len(shape) == rank
        else ANY
        for shape, (kind, dtype, rank) in zip(shapes, parts)
    ]
    if not several:
        return made[0]
    names = hasattr(found[1], "_fields")
    return Type("tuple", None, None, found[1](*made) if names else tuple(made))


def _shapes_of_results(
    function: Callable[..., Any], types: list[Type], options: dict[str, Tree], count: int
) -> list[Shape | None]:
    rule = rule_of(function)
    try:
        if rule is not None and rule.signature is not None:
            shapes = named_shapes(rule.signature, types)
            if len(shapes) != count:
                raise Unknown
            return list(shapes)
        if function in _MATRIX_RESULTS:
            (*stack, m, n), *_ = map(known_shape, types)
            cores = _MATRIX_RESULTS[function](m, n, *types[1:], **options)
            return [None if core is None else (*stack, *core) for core in cores]
        return [broadcast_of(types)] * count
    except (Unknown, ValueError):
        return [None] * count


def _smaller(m: Dim, n: Dim) -> Dim:
    if same_size(m, n):
        return best_known(m, n)
    if isinstance(m, int) and isinstance(n, int):
        return min(m, n)
    return 1 if 1 in (m, n) else Size(Opaque("min", frozenset(map(_plain_size, (m, n)))))


def _plain_size(size: Dim) -> Dim:
    return size if isinstance(size, int) else plain_size(size)


def _qr_shapes(m: Dim, n: Dim, *, mode: str = "reduced") -> list[Shape]:
    k = _smaller(m, n)
    if mode == "r":
        return [(k, n)]
    found: dict[str, list[Shape]] = {"complete": [(m, m), (m, n)], "raw": [(n, m), (k,)]}
    return found.get(mode, [(m, k), (k, n)])


def _svd_shapes(
    m: Dim, n: Dim, *, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> list[Shape]:
    k = _smaller(m, n)
    if not compute_uv:
        return [(k,)]
    return [(m, m), (k,), (n, n)] if full_matrices else [(m, k), (k,), (k, n)]


def _lstsq_shapes(m: Dim, n: Dim, b: Type, *, rcond: Tree = None) -> list[Shape | None]:
    columns = known_shape(b)[1:]  # residuals there are none where the rank is less than n
    return [(n, *columns), (fresh_size(),), (), (_smaller(m, n),)]


_MATRIX_RESULTS: dict[Any, Callable[..., Any]] = {
    np.linalg.qr: _qr_shapes,
    np.linalg.svd: _svd_shapes,
    np.linalg.lstsq: _lstsq_shapes,
}


@handles(ops.part.function)
def _part(function: Any, results: Tree, place: int) -> Type:
    return type_of(results).parts[place]
