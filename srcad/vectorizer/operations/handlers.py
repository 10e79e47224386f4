"""What an operation becomes over a leading axis: what the table says, or what its rule does."""

from __future__ import annotations

from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Let, Tree, Value
from srcad.rules import rule_of
from srcad.rules.families import cores, named_axes
from srcad.vectorizer.operations import indexing, joining, products, series, shaping, spreading  # noqa: F401 - they register
from srcad.vectorizer.operations.pointwise import elementwise, to_type
from srcad.vectorizer.operations.reductions import (
    along_first,
    of_ufunc,
    quantile,
    ragged,
    reduction,
)
from srcad.vectorizer.operations.table import TABLE, Handler, by_definition, every_axis, shifted

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch


def handler(let: Let) -> Handler | None:
    """The handler of an operation, or None."""
    function = let.op.function
    found = TABLE.get(function)
    if found is not None:
        rule = rule_of(function)
        if rule is None or rule.definition is None or found in BATCH_OPTIONS:
            return found
        by_name = any(key in rule.named for key, _ in let.options)
        return by_definition if by_name else partial(either, found)
    if isinstance(function, np.ufunc) and function.signature is None:
        return elementwise
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        return of_ufunc.get(function.__name__, by_definition)
    if isinstance(function, type):
        return to_type if issubclass(function, np.generic) else None
    rule = rule_of(function)
    if rule is not None and rule.signature is not None:
        return generalized
    if rule is not None and rule.over_axes:
        return over_axes
    if rule is not None and rule.along is not None:
        return along_axis
    if rule is not None and rule.definition is not None:
        return by_definition
    if rule is None or rule.family != "elementwise":
        return one_call if (ops.module_of(function) or "").startswith("scipy.") else None
    if function.__module__ == "math":
        return None if rule.twin is None else by_twin
    # A function of the user's acts on each element of an array if it was given one.
    return elementwise if ops.name_of(function) or let.out.type.rank else None  # type: ignore[union-attr]


def generalized(b: Batch, let: Let) -> Any:
    """What broadcasts over all axes but the last few, which its rule names, does so over one more.

    y = np.linalg.solve(A, g)  ->        y = np.linalg.solve(A[:, None], g)  (g has three axes, A two)
    y = linalg.cho_solve(c, g) ->        y = linalg.cho_solve(c, g.T).T        (g has one axis)
    """
    rule = rule_of(let.op.function)
    assert rule is not None and rule.signature is not None
    names = cores(rule.signature)[:-1]
    ranks = [None if arg is None or _is_object(arg) else b.rank(arg) for arg in let.args]
    columns = [
        place
        for place, (core, rank) in enumerate(zip(names, ranks))
        if rank is not None
        and core.endswith("?")
        and len(named_axes(core, rank)) < len(core.split(","))
    ]
    fronts = [
        None if rank is None else rank - len(named_axes(core, rank))
        for core, rank in zip(names, ranks)
    ]
    options = {key: b.get(option) for key, option in let.options}
    moving = [place for place, arg in enumerate(let.args) if b.is_batched(arg)]
    if columns and moving == columns and not any(fronts):  # vectors are columns of a matrix
        args = [
            b.emit(ops.transpose, b.get(arg)) if i in columns else b.get(arg)
            for i, arg in enumerate(let.args)
        ]
        return b.emit(ops.transpose, b.emit(let.op, *args, **options))
    if not rule.stacks and rule.definition is not None:
        return by_definition(b, let)
    if not rule.stacks:
        b.refuse(f"`{let.op.name}` takes no stacks: one call at a time")
    if not set(columns) & set(moving):  # one vector is that of all matrices
        columns = []
    most = max(front for front in fronts if front is not None)
    if min(front for front in fronts if front is not None) < 0:
        b.refuse(f"operands of too few axes for `{let.op.name}`")
    args = [
        arg if front is None else b.lift(arg, most - front) for arg, front in zip(let.args, fronts)
    ]
    for place in columns:
        args[place] = b.emit(ops.getitem, args[place], (Ellipsis, None))
    made = b.emit(let.op, *args, **options)
    return b.emit(ops.getitem, made, (Ellipsis, 0)) if columns else made


def _is_object(arg: Tree) -> bool:
    """Whether an operand is no number, as a sparse matrix is."""
    return isinstance(arg, Value) and arg.type.kind == "object"


def one_call(b: Batch, let: Let) -> Any:
    """A function of SciPy's that knows one form of its operands."""
    b.refuse(f"`{let.op.name}` takes no stacks: one call at a time")


def along_axis(b: Batch, let: Let) -> Any:
    """What works along one axis of one operand, does so along the next.

    y = signal.lfilter(b, a, g)         ->      y = signal.lfilter(b, a, g, axis=1)
    """
    rule = rule_of(let.op.function)
    assert rule is not None and rule.along is not None
    option, _, operand = rule.along.partition(" ")
    place = rule.operands.index(operand) if operand else 0
    options = {key: b.get(value) for key, value in let.options}
    if any(b.is_batched(arg) for i, arg in enumerate(let.args) if i != place):
        one_call(b, let)
    default = signature(let.op.function).parameters[option].default
    options[option] = shifted(b, options.get(option, default))
    return b.again(let.op, *map(b.get, let.args), **options)


def either(found: Handler, b: Batch, let: Let) -> Any:
    """What the table says, or the definition where that has no answer."""
    from srcad.vectorizer.batch import NotBatchable

    start, target = len(b.out), b.target
    try:
        return found(b, let)
    except NotBatchable:
        b.undo(start)
        b.target = target
        return by_definition(b, let)


def over_axes(b: Batch, let: Let) -> Any:
    """What works along axes, does so along those that follow; with several operands by its definition.

    y = special.softmax(g, axis=0)     ->      y = special.softmax(g, axis=1)
    """
    rule = rule_of(let.op.function)
    assert rule is not None
    named = rule.named
    given = {key: option for key, option in let.options if key not in named or option is not None}
    rank, axis = b.rank(let.args[0]), given.get("axis")
    count = rank if axis is None else len(axis) if isinstance(axis, tuple) else 1
    several = len(let.args) > 1 or any(key in named for key in given)
    if several or not rank or (count > 1 and rule.over_axes == "one"):
        return by_definition(b, let)
    if b.is_batched(list(given.values())):
        b.refuse(f"an option of `{let.op.name}` is batched")
    options = {key: b.get(option) for key, option in given.items()}
    axis = options.pop("axis", None)
    along = every_axis(rank) if axis is None else shifted(b, axis)
    return b.again(let.op, b.rows(let.args[0]), **options, axis=along)


def by_twin(b: Batch, let: Let) -> Any:
    """A function of `math` takes numbers only; NumPy's of the same rule takes arrays: `math.sin(g)` is `np.sin(g)`."""
    twin = rule_of(let.op.function).twin  # type: ignore[union-attr]
    if len(let.args) > twin.nin:
        b.refuse(f"`{let.op.name}` with so many operands")
    return elementwise(b, let.renewed(op=ops.operation(twin)))


BATCH_OPTIONS: set[Any] = {by_definition, over_axes, reduction, along_first, ragged, quantile}
