"""Elementwise operations that are linear in an element: they are done on its scales."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Let, Tree
from srcad.core.quote import conj, may_be_complex
from srcad.vectorizer.structure.blocks import added, as_blocks, within
from srcad.vectorizer.structure.elements import (
    Columns,
    Diagonal,
    Element,
    Shared,
    is_just,
    is_number,
)
from srcad.vectorizer.structure.shared import blockwise
from srcad.vectorizer.structure.shared.pointwise import casted
from srcad.vectorizer.structure.table import (
    fitting,
    floated,
    handles,
    is_zero,
    negated,
    only,
    sum_of,
)

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


def applied(b: Batch, let: Let, compute: Callable[[list[Tree]], Tree]) -> Element | None:
    """An elementwise operation that is linear in its one operand with the axis: done on the scales instead."""
    place, element = only(b, let)
    if isinstance(element, Shared):
        return blockwise(b, let, compute)
    old, out = let.args[place], let.out
    if element is None or out is None or not same_shape(old.type, out.type):
        return None
    if isinstance(element, Diagonal):
        args = [element.scale if i == place else b.get(arg) for i, arg in enumerate(let.args)]
        scale = fitting(b, compute(args), out.type.shape, element.like)
        if scale is None:
            return None
        return element._replace(scale=scale, origin=let.origin)
    if isinstance(element, Columns):
        return None
    parts = []
    for part in element.parts:
        args = [
            part.scale if i == place else within(b, b.get(arg), part, element.size)
            for i, arg in enumerate(let.args)
        ]
        if None in args:
            return None
        scale = fitting(b, compute(args), (part.length,), None)
        if scale is None:
            return None
        parts.append(part._replace(scale=scale, origin=let.origin))
    return element._replace(parts=tuple(parts))


@handles(operator.neg, np.negative)
def negative(b: Batch, let: Let) -> Any:
    return applied(b, let, lambda args: negated(b, args[0]))


@handles(operator.pos, np.positive, np.copy, runtime.own, ops.move.function, runtime.stop_gradient)
@handles(np.asarray, np.ascontiguousarray)
def same(b: Batch, let: Let) -> Any:
    if let.options:
        return None
    _, element = only(b, let)
    if isinstance(element, Shared) and same_shape(let.args[0].type, b.target.type):
        return element
    return applied(b, let, lambda args: args[0])


@handles(np.real, np.imag, np.conjugate)
def complex_part(b: Batch, let: Let) -> Any:
    """
    x_bar = diagonal(d).real   ->        diagonal(d.real)
    """

    def compute(args: list[Tree]) -> Tree:
        if is_number(args[0]) or not may_be_complex(args[0]):
            return 0 if let.op.function is np.imag else args[0]
        if type(args[0]) is complex:
            return (conj if let.op is ops.conj else let.op.function)(args[0])
        return b.emit(let.op, args[0])

    return applied(b, let, compute)


@handles(runtime.cast, runtime.result, runtime.spread, runtime.sum_to)
def formed(b: Batch, let: Let) -> Any:
    """What gives a value the form of another, where that is the shape that it has."""
    g, x = let.args
    if b.is_batched(x):
        return None
    dtype, element = b.target.type.dtype, b.element(g)
    if isinstance(element, Shared):
        return casted(b, let, element, x) if same_shape(g.type, type_of(x)) else None

    def compute(args: list[Tree]) -> Tree:
        if is_number(args[0]) or type_of(args[0]).dtype in (dtype, "float", "int"):
            return args[0]
        return b.emit(ops.cast, args[0], b.get(let.args[1]))

    return applied(b, let.renewed(args=let.args[:1]), compute)


@handles(operator.mul, np.multiply)
def product(b: Batch, let: Let) -> Any:
    """
    x_bar = diagonal(d) * p    ->        diagonal(d * p)
    """

    def compute(args: list[Tree]) -> Tree:
        a, c = args
        if is_number(a) and is_number(c):
            return a * c
        if is_just(a, 1):
            return c
        return a if is_just(c, 1) else b.emit(ops.multiply, a, c)

    return None if let.options else applied(b, let, compute)


@handles(operator.truediv, np.divide)
def quotient(b: Batch, let: Let) -> Any:
    if let.options or b.is_batched(let.args[1]):
        return None

    def compute(args: list[Tree]) -> Tree:
        return args[0] if is_just(args[1], 1) else b.emit(ops.divide, *args)

    return applied(b, let, compute)


@handles(np.where)
def selected(b: Batch, let: Let) -> Any:
    """
    x_bar = np.where(c, diagonal(d), 0)   ->    diagonal(np.where(c, d, 0))
    """
    if len(let.args) != 3 or b.is_batched(let.args[0]):
        return None
    condition, *sides = let.args

    def choose(args: list[Tree]) -> Tree:
        return b.emit(np.where, args[0], *map(floated, args[1:]))

    if all(map(b.is_batched, sides)):
        one, two = map(b.element, sides)
        if isinstance(one, Shared) or isinstance(two, Shared):
            return blockwise(b, let, choose)
        if not (isinstance(one, Diagonal) and isinstance(two, Diagonal)):
            return None
        if not all(same_shape(side.type, b.target.type) for side in sides):
            return None
        scales = [floated(element.scale) for element in (one, two)]
        scale = b.emit(np.where, b.get(condition), *scales)
        scale = fitting(b, scale, b.target.type.shape, one.like)
        return None if scale is None else one._replace(scale=scale, origin=let.origin)
    other = sides[b.is_batched(sides[0])]
    if not is_zero(b, other):
        return None

    zeroed = [0.0 if side is other else side for side in sides]
    return applied(b, let.renewed(args=(condition, *zeroed)), choose)


@handles(operator.add, np.add, operator.sub, np.subtract)
def total(b: Batch, let: Let) -> Any:
    """
    diagonal(d) + diagonal(e)  ->        diagonal(d + e)
    """
    if let.options:
        return None
    minus = let.op.function in (operator.sub, np.subtract)
    for place, other in ((0, let.args[1]), (1, let.args[0])):
        if not b.is_batched(other) and is_zero(b, other):
            alone = let.renewed(args=(let.args[place],))
            return negative(b, alone) if place and minus else same(b, alone)
    one, two = map(b.element, let.args)
    if not all(map(b.is_batched, let.args)):
        return None
    if isinstance(one, Shared) or isinstance(two, Shared):
        return blockwise(b, let, lambda args: sum_of(b, args[0], args[1], minus))
    if not all(b.element(arg) and same_shape(arg.type, b.target.type) for arg in let.args):
        return None
    if isinstance(one, Diagonal) and isinstance(two, Diagonal):
        scale = sum_of(b, one.scale, two.scale, minus)
        return one._replace(scale=scale, origin=let.origin)
    return added(b, let, as_blocks(one, let.args[0]), as_blocks(two, let.args[1]), minus)
