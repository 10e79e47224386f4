"""Products of arrays that no signature tells."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.analysis.types.asking import ask, describe, made_of, operand_type, with_shape
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    Tree,
    Unknown,
    axes_in,
    broadcast_sizes,
    is_sequence,
    known_shape,
    product_of,
)
from srcad.core.types import Dim, Type
from srcad.rules.bilinear import written_out


@handles("dot")
def _dot(function: Any, a: Tree, b: Tree) -> Type:
    one, two = operand_type(a), operand_type(b)
    left, right = known_shape(one), known_shape(two)
    if not left or not right:
        shape = left or right
    else:
        shape = left[:-1] + (right[:-2] + right[-1:] if len(right) > 1 else ())
    return with_shape(np.dot, shape, one, two)


@handles("inner")
def _inner(function: Any, a: Tree, b: Tree) -> Type:
    one, two = operand_type(a), operand_type(b)
    left, right = known_shape(one), known_shape(two)
    return with_shape(
        np.inner, left[:-1] + right[:-1] if left and right else left or right, one, two
    )


@handles("vdot")
def _vdot(function: Any, a: Tree, b: Tree) -> Type:
    return with_shape(np.vdot, (), operand_type(a), operand_type(b))


@handles("outer")
def _outer(function: Any, a: Tree, b: Tree) -> Type:
    one, two = operand_type(a), operand_type(b)
    return with_shape(
        np.outer, (product_of(known_shape(one)), product_of(known_shape(two))), one, two
    )


@handles("tensordot")
def _tensordot(function: Any, a: Tree, b: Tree, axes: Tree = 2) -> Type:
    one, two = operand_type(a), operand_type(b)
    left, right = known_shape(one), known_shape(two)
    if is_sequence(axes):
        first, second = axes
        gone, away = axes_in(first, len(left)), axes_in(second, len(right))
    else:
        count = operator.index(axes)
        if not 0 <= count <= min(len(left), len(right)):
            raise Unknown
        gone, away = list(range(len(left) - count, len(left))), list(range(count))
    if len(gone) != len(away):
        raise Unknown
    shape = [s for i, s in enumerate(left) if i not in gone] + [
        s for i, s in enumerate(right) if i not in away
    ]
    pairs = _pairs(gone), _pairs(away)
    found = ask(np.tensordot, (_describe_or(one), _describe_or(two), ("tuple", *pairs)), ())
    if found is None:
        raise Unknown
    return made_of(tuple(shape), found[0], found[1] if one.dtype and two.dtype else None)


def _pairs(axes: list[int]) -> tuple[Any, ...]:
    return ("tuple", *(("const", "int", axis) for axis in axes))


def _describe_or(type_: Type) -> tuple[Any, ...]:
    return describe(type_ if type_.dtype else type_._replace(dtype="float64"))


@handles("einsum")
def _einsum(function: Any, subscripts: Tree, *operands: Tree, **options: Tree) -> Type:
    if not isinstance(subscripts, str):
        raise Unknown
    optimize = options.pop("optimize", False)
    if options:
        raise Unknown
    types = list(map(operand_type, operands))
    text = subscripts.replace(" ", "")
    described = [("const", "str", text), *map(_describe_or, types)]
    found = ask(np.einsum, tuple(described), ())
    if found is None or found[2] is None:
        raise Unknown
    dtype = found[1] if all(t.dtype for t in types) else None
    kind = "any" if optimize and not found[2] else found[0]  # NumPy's versions differ
    try:
        labels, output = written_out(text, [len(known_shape(type_)) for type_ in types])
    except NotImplementedError:
        raise Unknown from None
    sizes: dict[str, Dim] = {}
    for term, type_ in zip(labels, types):
        for label, size in zip(term, known_shape(type_)):
            sizes[label] = broadcast_sizes(sizes[label], size) if label in sizes else size
    return made_of(tuple(sizes[label] for label in output), kind, dtype)
