"""Elements through branches and loops: what meets at a join has one form.

zero  <  diagonal of the seed's shape  <  one block for all  <  a block for each index of the shared axis  <  dense
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from srcad.analysis.types import same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import Carry, Origin, Tree, Value
from srcad.core.types import Type
from srcad.vectorizer.dtypes import dtype_named
from srcad.vectorizer.structure.arrays import diagonal_blocks, sizes_of
from srcad.vectorizer.structure.elements import Diagonal, Element, Shared, is_just
from srcad.vectorizer.structure.shared.forms import dims_of, without
from srcad.vectorizer.structure.table import is_zero, shape_source

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


class Form(NamedTuple):
    """What an element is at a join: "zero", "diagonal", or "shared" along two axes; `lead` says that there is a block, or a number, for each index."""

    kind: str
    row: int = 0
    column: int = 0
    lead: bool = False


def form_of(b: Batch, tree: Tree, out: Value) -> Form | None:
    """The form of an operand of a join; None where it is dense there."""
    rows, dtype = b.seeded, out.type.dtype
    if rows is None or out.type.kind != "array" or out.type.shape is None or dtype is None:
        return None
    element = b.element(tree)
    if isinstance(element, Diagonal):
        scale = type_of(element.scale)
        weak = ("float", "int", dtype) if not scale.rank else (dtype,)
        if not same_shape(rows.like.type, out.type) or rows.like.type.dtype != dtype:
            return None
        if scale.dtype not in weak or scale.kind == "any":
            return None
        return Form("diagonal", lead=bool(scale.rank))
    if isinstance(element, Shared):
        if type_of(element.value).dtype != dtype or not isinstance(element.value, Value):
            return None
        return Form("shared", element.row, element.column, element.lead)
    return Form("zero") if not b.is_batched(tree) and is_zero(b, tree) else None


def joined(a: Form | None, c: Form | None) -> Form | None:
    """The least form that both have."""
    if a is None or c is None:
        return None
    if a.kind == "zero" or c.kind == "zero":
        return c if a.kind == "zero" else a
    lead = a.lead or c.lead
    if a.kind == c.kind == "diagonal":
        return a._replace(lead=lead)
    first, other = (a, c) if a.kind == "shared" else (c, a)
    if other.kind == "shared":
        return first._replace(lead=lead) if first[1:3] == other[1:3] else None
    return first._replace(lead=lead) if first.row == first.column else None


def met(b: Batch, trees: tuple[Tree, ...], out: Value) -> Form | None:
    """The form of what meets at a branch."""
    found = form_of(b, trees[0], out)
    for tree in trees[1:]:
        found = joined(found, form_of(b, tree, out))
    if found is None or found.kind == "zero":
        return None
    return found if all(_convertible(b, tree, found) for tree in trees) else None


def forms_at_entry(b: Batch, carry: Carry) -> list[Form]:
    """What a loop may carry, to be tried one after the other."""
    init, out = form_of(b, carry.init, carry.param), carry.param
    if init is None or init.kind != "zero":
        return [] if init is None else [init]
    assert b.seeded is not None and out.type.shape is not None
    seed = b.seeded.like.type
    if same_shape(seed, out.type) and seed.dtype == out.type.dtype:
        return [Form("diagonal")]
    guesses = [
        Form("shared", row, column)
        for row, one in enumerate(seed.shape or ())
        for column, two in enumerate(out.type.shape)
        if same_size(one, two)
    ]
    return [guess for guess in guesses if _convertible(b, carry.init, guess)]


def forms_after(b: Batch, carry: Carry, form: Form) -> list[Form]:
    """What to try next where the body makes something else of what a loop carries; the same form alone, where it does not."""
    init, after = form_of(b, carry.init, carry.param), form_of(b, carry.next, carry.param)
    whole = joined(init, joined(form, after))
    if whole is None or not _convertible(b, carry.init, whole):
        return []
    if form.kind == "diagonal":
        if whole.kind == "diagonal":
            return [form]
        return [whole._replace(lead=init is not None and init.kind != "zero" and init.lead)]
    return [form if whole.lead == form.lead else whole]


def _convertible(b: Batch, tree: Tree, form: Form) -> bool:
    """Whether zeros can be made in a form."""
    if form.kind != "shared" or b.is_batched(tree):
        return True
    return isinstance(tree, Value) and shape_source(b, tree) is not None


def param_of(b: Batch, out: Value, form: Form) -> Value:
    """A value that stands for what is joined."""
    assert b.seeded is not None and out.type.shape is not None
    made = out.like()
    if form.kind == "shared":
        dims = dims_of(b.seeded, form.row, form.lead, out.type.shape, form.column)
        made.type = Type("array", out.type.dtype, dims)
    return made


def element_of(b: Batch, value: Value, form: Form, like: Tree, origin: Origin) -> Element:
    """The element that a join's value stands for."""
    assert b.seeded is not None
    if form.kind == "diagonal":
        return Diagonal(value, b.seeded, b.seeded.like, origin)
    return Shared(value, form.lead, b.seeded, form.row, form.column, None, like, origin)


def like_at(b: Batch, tree: Tree) -> Tree:
    """A value of the shape that a row has at a join, if an operand tells one."""
    element = b.element(tree)
    if element is None:
        return shape_source(b, tree) if isinstance(tree, Value) else None
    return getattr(element, "like", None)


def in_form(b: Batch, tree: Tree, out: Value, form: Form) -> Value:
    """An operand of a join in the form that is joined."""
    assert b.seeded is not None
    element, rows = b.element(tree), b.seeded
    if form.kind == "diagonal":
        return _full_scale(b, element.scale if isinstance(element, Diagonal) else 0)
    seeded = sizes_of(b.emit, rows.like)
    if element is None:
        like = shape_source(b, tree)
        sizes = sizes_of(b.emit, b.get(like)) if isinstance(like, Value) else like
        front = (seeded[form.row],) if form.lead else ()
        whole = (*front, *without(seeded, form.row), *without(sizes, form.column))
        made = b.emit(np.zeros, whole, **dtype_named(out.type.dtype))
    else:
        if isinstance(element, Diagonal):
            element = diagonal_blocks(b.emit, element, form.row, form.column, out.type)
        assert isinstance(element, Shared)
        made = element.value
        if form.lead and not element.lead:
            sizes = sizes_of(b.emit, made)
            if isinstance(element.like, Value):
                rest = without(sizes_of(b.emit, element.like), form.column)
                sizes = (*without(seeded, form.row), *rest)
            made = b.emit(np.broadcast_to, made, shape=(seeded[form.row], *sizes))
    if made in b.emitted:
        made.type = param_of(b, out, form).type
    return made


def _full_scale(b: Batch, scale: Tree) -> Value:
    """A scale of the shape of the seed."""
    assert b.seeded is not None
    like = b.seeded.like
    if type_of(scale).rank:
        return scale  # type: ignore[no-any-return]
    if is_just(scale, 0):
        return b.emit(ops.zeros_like, like)
    ones = b.emit(ops.ones_like, like)
    return ones if is_just(scale, 1) else b.emit(ops.multiply, scale, ones)
