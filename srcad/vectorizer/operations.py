"""What each operation becomes over a leading axis: one table, by families.

A handler gets the batch under way and a statement whose result depends on the axis; it emits what computes the
result for all indices at once, and returns that value. Ranks are proven, and those without the axis. An axis counted
from the left moves by one; one counted from the right (`axis=-1`) stays.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import infer, same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Let, Slice, Tree, Value, leaves
from srcad.core.quote import RankUnknown, may_be_complex, quote
from srcad.core.types import never_one
from srcad.rules import rule_of
from srcad.rules.families import cores, named_axes

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch

__all__ = ["BATCH_OPTIONS", "FORM", "form_handler", "handler"]

Handler = Callable[["Batch", Let], Any]

TABLE: dict[Any, Handler] = {}

ALL = Slice()


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler for functions, or for names of NumPy's (as many as this version has)."""

    def register(made: Handler) -> Handler:
        for function in functions:
            found = ops.functions_called(function) if isinstance(function, str) else [function]
            TABLE.update(dict.fromkeys(found, made))
        return made

    return register


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


# Elementwise.


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


def by_definition(b: Batch, let: Let) -> Any:
    """The definition over the axis."""
    rule = rule_of(let.op.function)
    assert rule is not None and rule.definition is not None
    builder = Builder(infer, let.origin)
    try:
        found = quote(rule.definition, builder, let.args, dict(let.options))
    except (NotImplementedError, RankUnknown) as reason:
        b.refuse(f"`{let.op.name}`: {reason}")
    several = let.out.type.kind == "tuple"  # type: ignore[union-attr]
    if several:  # a literal is no array
        found = tuple(one if isinstance(one, Value) else None for one in found)
    if (len(found) != 1 and not several) or not all(
        isinstance(one, Value) or (several and one is None) for one in found
    ):
        b.refuse(f"`{let.op.name}` has no batched form")
    for statement in builder.block:
        b.unfold(statement)
    if not several:
        return b.rows(found[0])
    return tuple(None if one is None else b.rows(one) for one in found)


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


_OPERATORS = "add sub mul truediv floordiv mod pow and_ or_ xor lshift rshift neg pos invert lt le eq ne gt ge"


@handles(*(getattr(operator, name) for name in _OPERATORS.split()))
@handles(
    "where clip real imag angle round around fix sinc i0 nan_to_num isclose isreal iscomplex isneginf isposinf"
)
@handles("conj conjugate copy astype", builtins.abs, builtins.pow)
@handles(np.ndarray.astype, runtime.stop_gradient, runtime.own, ops.move.function)
def elementwise(b: Batch, let: Let) -> Any:
    """Operands align from the right, so one with fewer axes gets some behind the batch's.

    z = g * x        ->        z = g[:, None] * x             (g has no axes of its own, x has one)
    """
    options = {key: b.get(option) for key, option in let.options}
    for option in options.values():
        type_ = type_of(option)
        if type_.numeric and type_.rank != 0:
            b.refuse(f"an option of `{let.op.name}` with axes of its own")
    ranks = [None if arg is None or _is_dtype(arg) else b.rank(arg) for arg in let.args]
    rank = max(one for one in ranks if one is not None)
    args = [
        b.get(arg) if one is None else b.lift(arg, rank - one) for arg, one in zip(let.args, ranks)
    ]
    for place, arg in enumerate(let.args):
        if isinstance(arg, Value) and arg in b.thin and b.target.type.kind != "tuple":
            trial = list(args)
            trial[place] = b.widened(b.thin[arg], rank - b.rank(arg))
            full, found = (infer(let.op, tuple(given), options) for given in (args, trial))
            if found.dtype == full.dtype and same_shape(found, b.type_with_axis(b.target)):
                args = trial
    return b.emit(let.op, *args, **options)


def _is_dtype(tree: Tree) -> bool:
    return isinstance(tree, (type, np.dtype, str)) or (
        isinstance(tree, Value) and tree.type.kind == "object"
    )


@handles("searchsorted interp")
def pointwise(b: Batch, let: Let) -> Any:
    """Elementwise in one operand, with tables as the others."""
    place = 0 if let.op.function is np.interp else 1
    if place == 1 and b.is_batched(let.args[0]):
        return counted(b, let)
    if any(b.is_batched(arg) for i, arg in enumerate(let.args) if i != place):
        b.refuse(f"a table of `{let.op.name}` is batched")
    return b.emit(
        let.op, *map(b.get, let.args), **{key: b.get(option) for key, option in let.options}
    )


def counted(b: Batch, let: Let) -> Any:
    """
    i = np.searchsorted(g, v)             ->        i = np.sum(g[:, None] < v[:, None], axis=-1)        (v has one axis)
    """
    (table, v), options = b.bound(let, 2)
    side = options.pop("side", "left")
    if options or b.rank(table) != 1 or side not in ("left", "right"):
        b.refuse("a table that is not in order")
    rank = b.rank(v)
    rows = b.lift(table, rank) if rank else b.get(table)
    points = (
        b.emit(ops.getitem, b.get(v), (Ellipsis, None)) if rank or b.is_batched(v) else b.get(v)
    )
    below = b.emit(ops.less if side == "left" else ops.less_equal, rows, points)
    return b.emit(np.sum, below, axis=-1)


@handles(operator.not_)
def negation(b: Batch, let: Let) -> Any:
    return b.emit(np.logical_not, b.get(let.args[0]))


@handles(builtins.max, builtins.min)
def extreme(b: Batch, let: Let) -> Any:
    """
    y = max(a, b)              ->        y = np.where(b > a, b, a)        (of NaN, too)
    """
    if len(let.args) != 2 or any(map(b.rank, let.args)):
        b.refuse(f"`{let.op.name}` of anything but two numbers")
    first, second = map(b.get, let.args)
    compare = ops.greater if let.op.function is builtins.max else ops.less
    return b.emit(np.where, b.emit(compare, second, first), second, first)


@handles(builtins.float)
def to_float(b: Batch, let: Let) -> Any:
    x = b.get(let.args[0])
    return x if b.dtype_of(x) == "float64" else b.emit(np.asarray, x, dtype=np.float64)


@handles(builtins.complex)
def to_complex(b: Batch, let: Let) -> Any:
    """
    z = complex(x, y)          ->        z = x + 1j * y
    """
    real, *imag = map(b.get, let.args)
    if not imag:
        kept = b.dtype_of(real) == "complex128"
        return real if kept else b.emit(np.asarray, real, dtype=np.complex128)
    return b.emit(ops.add, real, b.emit(ops.multiply, 1j, imag[0]))


@handles(builtins.int, builtins.round, math.floor, math.ceil, math.trunc)
def to_integer(b: Batch, let: Let) -> Any:
    if len(let.args) != 1 or let.options:
        b.refuse(f"`{let.op.name}` with such operands")
    function, x = let.op.function, b.get(let.args[0])
    rounded = {builtins.round: np.rint, math.floor: np.floor, math.ceil: np.ceil}.get(function)
    return b.emit(np.asarray, x if rounded is None else b.emit(rounded, x), dtype=builtins.int)


def to_type(b: Batch, let: Let) -> Any:
    """`np.float32(s)` of a number: of many `np.asarray(s, np.float32)` (called with one element in an array, the type gives a number)."""
    if len(let.args) != 1 or let.options:
        b.refuse(f"`{let.op.name}` with such operands")
    x, name = b.get(let.args[0]), np.dtype(let.op.function).name
    return x if b.dtype_of(x) == name else b.emit(np.asarray, x, dtype=let.op.function)


@handles("atleast_1d atleast_2d")
def at_least(b: Batch, let: Let) -> Any:
    if len(let.args) != 1:
        handled = TABLE[let.op.function]
        return tuple(
            handled(b, let.renewed(args=(x,)))
            if b.is_batched(x)
            else b.rows(b.emit(let.op, b.get(x)))
            for x in let.args
        )
    x, rank = let.args[0], b.rank(let.args[0])
    least = int(let.op.function.__name__[8])
    return b.lift(x, max(least - rank, 0))


@handles("atleast_3d")
def at_least_3d(b: Batch, let: Let) -> Any:
    """
    y = np.atleast_3d(g)       ->        y = g[:, None, :, None]          (g has one axis)
    """
    if len(let.args) != 1:
        return at_least(b, let)
    (x,) = let.args
    added = {0: (None, None, None), 1: (None, ALL, None), 2: (ALL, ALL, None)}.get(b.rank(x))
    return b.get(x) if added is None else b.emit(ops.getitem, b.get(x), (ALL, *added))


@handles("linspace")
def linspace(b: Batch, let: Let) -> Any:
    ends, options = b.bound(let, 2)
    if options.get("retstep"):
        b.refuse("`retstep=` of `np.linspace`")
    rank = max(map(b.rank, ends))
    options["axis"] = shifted(b, options.get("axis", 0))
    return b.again(let.op, *(b.lift(x, rank - b.rank(x)) for x in ends), **options)


@handles("array asarray asanyarray ascontiguousarray")
def array(b: Batch, let: Let) -> Any:
    """`np.array([a, b])` is a stack along the axis behind the batch's, a list of lists a stack of stacks."""
    (parts,), options = b.bound(let)
    least = options.pop("ndmin", 0)
    if isinstance(parts, Value):
        if let.op.function is np.ascontiguousarray and not b.rank(parts):
            b.refuse("`np.ascontiguousarray` of a number")
        front = max(least - b.rank(parts), 0)
        return b.again(let.op, b.lift(parts, front) if front else b.get(parts), **options)
    if not isinstance(parts, (list, tuple)) or options:
        b.refuse("this form of `np.array`")

    def stacked(tree: Any) -> Any:
        if not isinstance(tree, (list, tuple)):
            return b.rows(tree)
        if not tree:
            b.refuse("an empty list in `np.array`")
        return b.emit(np.stack, type(parts)(map(stacked, tree)), axis=1)

    made = stacked(parts)
    if least and made.type.rank != b.target.type.rank + 1:
        return b.emit(
            ops.getitem, made, (ALL, *(None,) * (b.target.type.rank + 1 - made.type.rank))
        )
    return made


# Reductions, and what runs along an axis.


def shifted(b: Batch, axis: Tree) -> Any:
    """An axis, or several: those counted from the left move by one."""
    if isinstance(axis, (tuple, list)):
        return tuple(shifted(b, one) for one in axis)
    if not isinstance(axis, (int, np.integer)):
        b.refuse("an axis that is not known while compiling")
    return int(axis) + 1 if axis >= 0 else int(axis)


def every_axis(rank: int) -> Any:
    """All axes but the batch's."""
    return 1 if rank == 1 else tuple(range(1, rank + 1))


_ONE_AXIS = {np.argmax, np.argmin, np.nanargmax, np.nanargmin}
_NO_OP = {
    np.sum,
    np.prod,
    np.mean,
    np.max,
    np.min,
    np.amax,
    np.amin,
    np.median,
    np.nansum,
    np.nanprod,
    np.nanmean,
}


@handles("sum prod mean max min amax amin var std any all argmax argmin count_nonzero ptp")
@handles("nansum nanprod nanmean nanmax nanmin nanstd nanvar nanargmax nanargmin")
def reduction(b: Batch, let: Let) -> Any:
    """
    s = np.sum(g)              ->        s = np.sum(g, axis=1)            (g has one axis; with two: axis=(1, 2))
    s = np.sum(g, axis=0)      ->        s = np.sum(g, axis=1)

    A mask has the axis where its values have, and then all axes of what is reduced.
    """
    beside = {key: option for key, option in let.options if key in ("where", "mean", "initial")}
    let = let.renewed(options=tuple(item for item in let.options if item[0] not in beside))
    (a,), options = b.bound(let)
    rank = b.rank(a)
    begin = beside.pop("initial") if b.is_batched(beside.get("initial")) else None
    if begin is not None and let.op.function not in _BEGINNINGS:
        b.refuse(f"`initial=` of `{let.op.name}` is batched")
    join, neutral = _BEGINNINGS.get(let.op.function, (None, None))
    if begin is not None and neutral is not None:
        options["initial"] = neutral
    for key, option in beside.items():
        lifts = b.is_batched(option)
        options[key] = b.lift(option, max(rank, 1) - b.rank(option)) if lifts else option
    if b.is_batched(a) or b.is_batched(list(beside.values())):
        made = _reduced(b, let, a, options)
    else:
        made = b.again(let.op, b.get(a), **options)
    if begin is None:
        return made
    # NumPy begins with one number for all: where each row has its own, that comes in afterwards.
    return b.emit(join, made, b.lift(begin, b.target.type.rank))


_BEGINNINGS: dict[Any, tuple[Any, float | None]] = {
    np.sum: (ops.add, None),
    np.prod: (ops.multiply, None),
    np.max: (np.maximum, -math.inf),
    np.min: (np.minimum, math.inf),
    np.nansum: (ops.add, None),
    np.nanprod: (ops.multiply, None),
    **{f.reduce: (f, None) for f in (np.logaddexp, np.logaddexp2, np.hypot)},
}


def _reduced(b: Batch, let: Let, a: Tree, options: dict[str, Any]) -> Any:
    rank, function = b.rank(a), let.op.function
    if not rank:
        dtype = type_of(a).dtype
        if (
            function in _NO_OP
            and not options.keys() - {"axis", "keepdims"}
            and dtype
            and dtype == b.target.type.dtype
        ):
            return b.get(a)
        options.pop("keepdims", None)
        return b.again(let.op, b.widened(b.rows(a), 1), **{**options, "axis": 1})
    axis = options.pop("axis", None)
    if axis is not None:
        return b.again(let.op, b.rows(a), **options, axis=shifted(b, axis))
    if function in _ONE_AXIS:
        if options.get("keepdims"):
            b.refuse(f"`{let.op.name}` of all axes, kept")
        return b.again(let.op, b.flat(a), **options, axis=1)
    return b.again(let.op, b.rows(a), **options, axis=every_axis(rank))


@handles("median nanmedian")
def middle(b: Batch, let: Let) -> Any:
    """As a reduction; of several axes at once NumPy cannot for an empty batch."""
    axis = dict(let.options).get("axis")
    if isinstance(axis, (tuple, list)) and len(axis) != 1:
        return by_definition(b, let)
    if axis is None and b.rank(let.args[0]) > 1:
        if dict(let.options).get("keepdims"):
            return by_definition(b, let)
        return b.emit(let.op, b.flat(let.args[0]), axis=1)
    return reduction(b, let)


@handles("quantile percentile nanquantile nanpercentile")
def quantile(b: Batch, let: Let) -> Any:
    """
    y = np.quantile(g, 0.5)    ->        y = np.quantile(g, 0.5, axis=1)
    y = np.quantile(x, g)      ->        y = np.quantile(x, g)             (the axes of g come first)
    """
    a, q = let.args
    options, front = dict(let.options), b.rank(q)
    if b.is_batched(options.get("weights")):
        b.refuse(f"`{let.op.name}` has the same weights for all rows: one call at a time")
    if b.is_batched(q):
        if b.is_batched(a):
            b.refuse(f"`{let.op.name}` has the same quantiles for all rows: one call at a time")
        if not front:
            return b.emit(let.op, b.get(a), b.get(q), **options)
        made = b.emit(let.op, b.get(a), b.emit(np.ravel, b.get(q)), **options)
        rest = b.emit(ops.getitem, b.emit(ops.shape, made), Slice(1, None))
        return b.emit(np.reshape, made, shape=b.emit(ops.add, b.shape(q), rest))
    axis = options.pop("axis", None)
    of_several = isinstance(axis, (tuple, list)) or (axis is None and options.get("keepdims"))
    if of_several or (front and let.op.function in (np.nanquantile, np.nanpercentile)):
        return by_definition(b, let)  # what NumPy cannot of an empty batch
    if axis is None:
        a, axis = b.flat(a), 0
    else:
        a = b.get(a)
    made = b.emit(let.op, a, b.get(q), axis=shifted(b, axis), **options)
    return b.emit(np.moveaxis, made, source=front, destination=0) if front else made


@handles("unique histogram histogram2d")
def ragged(b: Batch, let: Let) -> Any:
    b.refuse(
        f"the rows of `{let.op.name}` are of different lengths, or have edges of their own: one call at a time"
    )


@handles(np.linalg.norm)
def norm(b: Batch, let: Let) -> Any:
    (x,), options = b.bound(let)
    rank, axis = b.rank(x), options.pop("axis", None)
    if axis is not None:
        axis = shifted(b, axis)
    elif rank in (1, 2):
        axis = every_axis(rank)
    elif options.get("ord") is not None or options.get("keepdims"):
        b.refuse("this norm of more than two axes at once")
    else:
        return b.emit(let.op, b.flat(x), axis=1) if rank else b.emit(builtins.abs, b.get(x))
    return b.again(let.op, b.get(x), **options, axis=axis)


@handles("cumsum cumprod nancumsum nancumprod take repeat sort argsort partition argpartition")
def flattening(b: Batch, let: Let) -> Any:
    """Along an axis; of all axes as one, where there is none.

    s = np.cumsum(g)           ->        s = np.cumsum(g, axis=1)
    """
    (a,), options = b.bound(let)
    function = let.op.function
    if function in (np.sort, np.argsort, np.partition, np.argpartition):
        options.setdefault("axis", -1)
    axis = options.pop("axis", None)
    if axis is None:
        return b.again(let.op, b.flat(a), **options, axis=1)
    if not b.rank(a):
        b.refuse("an axis of a number")
    return b.again(let.op, b.get(a), **options, axis=shifted(b, axis))


@handles("take_along_axis")
def taken(b: Batch, let: Let) -> Any:
    """
    y = np.take_along_axis(g, i, axis=0)   ->    y = np.take_along_axis(g, i[None], axis=1)
    """
    (a, places), options = [*let.args], dict(let.options)
    axis = options.get("axis", -1)
    if axis is None:
        a = b.flat(a) if b.is_batched(a) else b.emit(np.reshape, b.get(a), shape=(1, -1))
    else:
        a = b.get(a) if b.is_batched(a) else b.emit(ops.getitem, b.get(a), None)
    i = b.get(places) if b.is_batched(places) else b.emit(ops.getitem, b.get(places), None)
    return b.emit(let.op, a, i, axis=1 if axis is None else shifted(b, axis))


def along_first(b: Batch, let: Let) -> Any:
    """`np.logaddexp.reduce(g)` runs along the first axis."""
    options = {"axis": 0, **dict(let.options)}
    let = let.renewed(options=tuple(options.items()))
    return reduction(b, let) if let.op.function.__name__ == "reduce" else flattening(b, let)


def by_segments(b: Batch, let: Let) -> Any:
    a, places = let.args
    options = {"axis": 0, **dict(let.options)}
    options["axis"] = shifted(b, options["axis"])
    if b.is_batched(places):
        b.refuse(f"`{let.op.name}` of other segments for each row")
    return b.emit(let.op, b.get(a), b.get(places), **options)


of_ufunc: dict[str, Handler] = {
    "reduce": along_first,
    "accumulate": along_first,
    "reduceat": by_segments,
}


@handles("diff trapezoid trapz")
def along(b: Batch, let: Let) -> Any:
    """Along an axis, the last by default."""
    (a,), options = b.bound(let)
    at = options.get("x")
    if options.keys() - {"axis", "n", "x", "dx"} or not (at is None or type_of(at).rank == 1):
        b.refuse(f"these options of `{let.op.name}`")
    if "axis" in options:
        options["axis"] = shifted(b, options["axis"])
    return b.again(let.op, b.get(a), **options)


@handles("flip roll")
def turning(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    rank, axis = b.rank(a), options.pop("axis", None)
    if not rank:
        return b.get(a)
    if axis is None and let.op.function is np.roll and rank > 1:
        rolled = b.again(let.op, b.flat(a), **options, axis=1)
        return b.emit(np.reshape, rolled, shape=b.shape(a))
    return b.again(
        let.op, b.get(a), **options, axis=every_axis(rank) if axis is None else shifted(b, axis)
    )


_BASES = {
    "polynomial": "poly",
    "chebyshev": "cheb",
    "legendre": "leg",
    "hermite": "herm",
    "hermite_e": "herme",
    "laguerre": "lag",
}


def _of_bases(name: str) -> list[Any]:
    """What each of the bases of numpy.polynomial has under a name."""
    return [getattr(getattr(np.polynomial, home), prefix + name) for home, prefix in _BASES.items()]


@handles(*_of_bases("vander"))
def powers(b: Batch, let: Let) -> Any:
    """A number's are a row of a matrix."""
    (x,), options = b.bound(let)
    return b.again(let.op, b.get(x) if b.rank(x) else b.lift(x, 1), **options)


@handles(*_of_bases("der"))
def coefficients(b: Batch, let: Let) -> Any:
    """Along the first axis, with the batch's as the last: one of NumPy's functions forgets another `axis=`."""
    (c,), options = b.bound(let)
    if options.get("axis"):
        options["axis"] %= b.rank(c)
    last = b.emit(np.moveaxis, b.get(c), source=0, destination=-1)
    made = b.again(let.op, last, **options)
    return b.emit(np.moveaxis, made, source=-1, destination=0)


@handles(*(getattr(np.fft, name) for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")))
def fourier(b: Batch, let: Let) -> Any:
    """Along the last axis, if no other is given."""
    (a,), options = b.bound(let)
    if "axis" in options:
        options["axis"] = shifted(b, options["axis"])
    return b.again(let.op, b.get(a), **options)


@handles(
    *(getattr(np.fft, f"{name}{n}") for name in ("fft", "ifft", "rfft", "irfft") for n in "2n")
)
def fourier_of_several(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    axes = options.pop("axes", None)
    if axes is None and let.op.function.__name__.endswith("n"):
        axes = tuple(range(-(b.rank(a) if "s" not in options else len(options["s"])), 0))
    where = {} if axes is None else {"axes": shifted(b, tuple(axes))}
    return b.again(let.op, b.get(a), **options, **where)


# Products.


def transposed(b: Batch, matrix: Tree) -> Tree:
    """The transpose of an old unbatched matrix, as an operand; that of a transpose is what it was made of."""
    made = b.lets.get(matrix) if isinstance(matrix, Value) else None
    if made is not None and made.op.function is np.transpose and not made.options:
        return b.get(made.args[0])
    return b.emit(ops.transpose, b.get(matrix))


@handles(operator.matmul, np.matmul)
def matmul(b: Batch, let: Let) -> Any:
    """
    y = W.T @ g                ->        y = g @ W
    s = x @ g                  ->        s = g @ x
    y = A.T @ g                ->        y = A.T @ g                      (g has two axes)
    """
    return product(b, let.op, *let.args)


def product(b: Batch, op: ops.Operation, a: Tree, c: Tree) -> Any:
    """The matrix product of old operands."""
    p, q = b.rank(a), b.rank(c)
    left, right = b.is_batched(a), b.is_batched(c)
    if not right and q < 3:
        return b.emit(op, b.get(a), b.get(c))
    if not left and q == 1 and p < 3:
        return b.emit(op, b.get(c), b.get(a) if p == 1 else transposed(b, a))
    if p == q == 1:
        return b.emit(np.sum, b.emit(ops.multiply, b.get(a), b.get(c)), axis=1)
    # Vectors as matrices: those with the axis cannot stand for themselves any more.
    stack = max(p, q, 2)
    row, column = left and p == 1, right and q == 1
    one = _matrix(b, a, stack, row, (None, ALL)) if left else b.get(a)
    two = _matrix(b, c, stack, column, (ALL, None)) if right else b.get(c)
    made = b.emit(op, one, two)
    if row:
        return b.emit(ops.getitem, made, (Ellipsis, 0, ALL))
    return b.emit(ops.getitem, made, (Ellipsis, 0)) if column else made


def _matrix(b: Batch, x: Tree, stack: int, vector: bool, ends: tuple[Tree, ...]) -> Value:
    """A batched operand of a stack of products: axes behind the batch's, and the second one of a vector."""
    rank = b.rank(x)
    if not vector:
        return b.lift(x, stack - max(rank, 2))  # type: ignore[no-any-return]
    return b.emit(ops.getitem, b.get(x), (ALL, *(None,) * (stack - 2), *ends))


@handles(np.dot)
def dot(b: Batch, let: Let) -> Any:
    a, c = let.args
    p, q = b.rank(a), b.rank(c)
    left, right = b.is_batched(a), b.is_batched(c)
    if not p or not q:
        return elementwise(b, Let(let.out, ops.multiply, (a, c)))
    if not right:
        return b.emit(let.op, b.get(a), b.get(c))  # the axes of the first come first
    if p < 3 and q < 3:
        op = ops.matmul if (p, q) != (1, 1) or left else let.op
        return product(b, op, a, c)
    if q == 1:
        return product(b, ops.matmul, a, c)
    if left:
        return contracted(b, a, c, (p - 1,), (q - 2,))
    return _moved(b, b.emit(let.op, b.get(a), b.get(c)), p - 1)


@handles(np.inner)
def inner(b: Batch, let: Let) -> Any:
    a, c = let.args
    p, q = b.rank(a), b.rank(c)
    if not p or not q:
        return elementwise(b, Let(let.out, ops.multiply, (a, c)))
    if not b.is_batched(c):
        return b.emit(let.op, b.get(a), b.get(c))
    if not b.is_batched(a):
        if q == 1:
            return b.emit(let.op, b.get(c), b.get(a))
        return _moved(b, b.emit(let.op, b.get(a), b.get(c)), p - 1)
    if p == q == 1:
        return product(b, ops.matmul, a, c)
    return contracted(b, a, c, (p - 1,), (q - 1,))


def contracted(b: Batch, a: Tree, c: Tree, of_a: tuple[int, ...], of_c: tuple[int, ...]) -> Value:
    """Two batched operands, summed over pairs of axes; their other axes in order."""
    letters = iter("bcdefghijklmnopqrstuvwxyz")
    one, two = ["".join(next(letters) for _ in range(b.rank(x))) for x in (a, c)]
    for x, y in zip(of_a, of_c):
        two = two.replace(two[y], one[x])
    free = "".join(x for x in one + two if (one + two).count(x) == 1)
    return b.emit(np.einsum, f"a{one},a{two}->a{free}", b.get(a), b.get(c))


def _moved(b: Batch, made: Value, place: int) -> Value:
    """The batch's axis from where a product put it to the front."""
    return made if place == 0 else b.emit(np.moveaxis, made, source=place, destination=0)


@handles(np.vdot)
def vdot(b: Batch, let: Let) -> Any:
    a, c = let.args
    if not same_shape(type_of(a), type_of(c)):
        b.refuse("`np.vdot` of operands that are not proven to be of one shape")
    rank, real = b.rank(a), not may_be_complex(a)
    if rank == 1 and real:
        return product(b, ops.matmul, a, c)
    first = b.get(a) if real else b.emit(ops.conj, b.get(a))
    made = b.emit(ops.multiply, first, b.get(c))
    return b.emit(np.sum, made, axis=every_axis(rank)) if rank else made


@handles(np.outer)
def outer(b: Batch, let: Let) -> Any:
    """
    W = np.outer(g, x)         ->        W = g[:, :, None] * x
    W = np.outer(x, g)         ->        W = x[:, None] * g[:, None, :]
    """
    a, c = let.args
    left, right = (b.flat(x) if b.is_batched(x) else _vector(b, x) for x in (a, c))
    two = (ALL, ALL, None) if b.is_batched(a) else (ALL, None)
    one = b.emit(ops.getitem, left, two)
    if b.is_batched(c):
        right = b.emit(ops.getitem, right, (ALL, None, ALL))
    return b.emit(ops.multiply, one, right)


def _vector(b: Batch, x: Tree) -> Tree:
    return b.get(x) if b.rank(x) == 1 else b.emit(np.reshape, b.get(x), shape=(-1,))


@handles("tensordot")
def tensordot(b: Batch, let: Let) -> Any:
    (a, c), options = b.bound(let, 2)
    axes = options.get("axes", 2)
    p, q = b.rank(a), b.rank(c)
    if isinstance(axes, int):
        axes = tuple(range(p - axes, p)), tuple(range(axes))
    if not isinstance(axes, (tuple, list)) or any(True for _ in leaves(axes)):
        b.refuse("axes that are not known while compiling")
    sides = [part if isinstance(part, (tuple, list)) else (part,) for part in axes]
    of_a, of_c = (tuple(int(one) % rank for one in side) for side, rank in zip(sides, (p, q)))
    if not b.is_batched(c):
        moved = tuple(one + 1 for one in of_a), of_c
        return b.emit(let.op, b.get(a), b.get(c), axes=moved)
    if b.is_batched(a):
        return contracted(b, a, c, of_a, of_c)
    moved = of_a, tuple(one + 1 for one in of_c)
    return _moved(b, b.emit(let.op, b.get(a), b.get(c), axes=moved), p - len(of_a))


@handles(np.einsum)
def einsum(b: Batch, let: Let) -> Any:
    """
    y = np.einsum("ij,j->i", W, g)        ->        y = np.einsum("ij,aj->ai", W, g)
    """
    subscripts, *operands = let.args
    if not isinstance(subscripts, str):
        b.refuse("`np.einsum` without a string of subscripts")
    text = subscripts.replace(" ", "")
    inputs, arrow, result = text.partition("->")
    if not arrow:
        labels = sorted(set(inputs) - set(",."))
        result = "..." * ("." in inputs) + "".join(
            label for label in labels if inputs.count(label) == 1
        )
    letter = next(
        (x for x in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" if x not in text), None
    )
    if letter is None:
        b.refuse("`np.einsum` without a free letter")
    terms = [
        letter + term if b.is_batched(x) else term for term, x in zip(inputs.split(","), operands)
    ]
    options = {key: b.get(option) for key, option in let.options}
    return b.emit(let.op, f"{','.join(terms)}->{letter}{result}", *map(b.get, operands), **options)


def _stacked(cores: tuple[int, ...]) -> Handler:
    """A function of stacks, whose operands end with so many axes of their own."""

    def stack(b: Batch, let: Let) -> Any:
        operands, options = b.bound(let, len(cores))
        own = [b.rank(x) - core for x, core in zip(operands, cores)]
        if min(own) < 0:
            b.refuse(f"operands of too few axes for `{let.op.name}`")
        return b.again(
            let.op, *(b.lift(x, max(own) - rank) for x, rank in zip(operands, own)), **options
        )

    return stack


handles("linalg.matrix_rank linalg.qr linalg.svd")(_stacked((2,)))


@handles(ops.part.function)
def part(b: Batch, let: Let) -> Any:
    results, place = let.args
    made = b.get(results)
    if not isinstance(made, tuple):
        return b.emit(ops.part, made, place)
    if made[place] is None:
        b.missing.add(let.out)  # type: ignore[arg-type]
    return made[place]


# Indexing and stores as values.


def index_of(b: Batch, index: Tree) -> tuple[Tree, ...]:
    """An index behind that of the batch's axis.

    Where arrays of indices are apart, NumPy would put their axes in front of it.
    """
    parts = index if type(index) is tuple else (index,)
    places = [place for place, part in enumerate(parts) if _picks(b, part)]
    if (
        any(not _is_basic(parts[place]) for place in places)
        and len(places) != places[-1] - places[0] + 1
    ):
        b.refuse("arrays of indices that are apart")
    return b.get(parts) if parts and parts[0] is Ellipsis else (ALL, *b.get(parts))


def picks_of(b: Batch, index: Tree, rows: bool) -> Tree:
    """An index of integers that differ by row, in each row (`rows`) or in what all rows share.

    y = x[g]                   ->        y = x[np.arange(m)[:, None], g]   (x has the axis, too)
    """
    parts = index if type(index) is tuple else (index,)
    whole = [place for place, part in enumerate(parts) if _picks(b, part)]
    if whole != list(range(len(whole))):
        b.refuse("an index is batched, behind a slice")
    picks = parts[: len(whole)]
    if any(type_of(part).dtype == "bool" for part in picks):
        b.refuse("a mask is batched")
    most = max(b.rank(part) for part in picks)
    new: list[Tree] = [b.lift(part, most - b.rank(part)) for part in picks]
    if rows:
        row = b.emit(np.arange, b.count())
        new.insert(0, b.emit(ops.getitem, row, (ALL, *(None,) * most)) if most else row)
    made = (*new, *b.get(parts[len(whole) :]))
    return made if len(made) > 1 else made[0]


def _picks(b: Batch, part: Tree) -> bool:
    """Whether a part of an index is an integer or an array."""
    if part is None or part is Ellipsis or isinstance(part, (Slice, slice)):
        return False
    if isinstance(part, (list, tuple)) or _is_basic(part):
        return True
    type_ = type_of(part)
    if not type_.rank or type_.dtype is None:
        b.refuse("an index of unknown kind")
    return True


def _is_basic(part: Tree) -> bool:
    """Whether a part of an index is an integer."""
    type_ = type_of(part)
    return type_.rank == 0 and type_.dtype is not None and type_.dtype.startswith(("int", "uint"))


@handles(operator.getitem)
def getitem(b: Batch, let: Let) -> Any:
    """
    d = g[1:] - g[:-1]         ->        d = g[:, 1:] - g[:, :-1]
    """
    base, index = let.args
    if b.is_batched(index):
        return b.emit(let.op, b.get(base), picks_of(b, index, b.is_batched(base)))
    return b.get(base) if index == () else b.emit(let.op, b.get(base), index_of(b, index))


@handles(runtime.put, runtime.put_add)
def store(b: Batch, let: Let) -> Any:
    """
    x_bar = np.zeros_like(x)                  x_bar = np.zeros((m, x.size))
    x_bar[1:] += g             ->             x_bar[:, 1:] += g
    """
    base, index, value = let.args
    slot, rank = infer(ops.getitem, (base, index), {}).rank, b.rank(value)
    if slot is None or rank > slot:
        b.refuse("a store whose place and value have axes that do not fit, or are not known")
    place = picks_of(b, index, True) if b.is_batched(index) else index_of(b, index)
    return b.emit(let.op, b.rows(base), place, b.lift(value, slot - rank))


# Forms: shapes, copies, joins of arrays.


def broadcasted(b: Batch, g: Tree, shape: Callable[[], Tree]) -> Any:
    """A batched operand broadcast along new axes; the operand before that is remembered."""
    rank = b.target.type.rank - b.rank(g)
    if rank < 0:
        b.refuse("a value of more axes than the shape that it is broadcast to")
    thin = b.lift(g, rank)
    b.thin[b.target] = thin
    return b.emit(np.broadcast_to, thin, shape=shape())


@handles(runtime.spread)
def spread(b: Batch, let: Let) -> Any:
    """
    x_bar = spread(g, x) * w   ->        x_bar = g[:, None] * w
    """
    g, x = let.args
    if same_shape(type_of(g), type_of(x)):
        return b.get(g)
    return broadcasted(b, g, lambda: b.shape(x))


@handles("broadcast_to")
def broadcast_to(b: Batch, let: Let) -> Any:
    (g,), _ = b.bound(let)
    return broadcasted(b, g, lambda: b.grown(dict(let.options).get("shape", let.args[-1])))


@handles("full full_like")
def filled(b: Batch, let: Let) -> Any:
    (like, fill), options = b.bound(let, 2)
    if options.keys() - {"order"}:
        b.refuse(f"options of `{let.op.name}`")
    if let.op.function is np.full:
        return broadcasted(b, fill, lambda: b.grown(like))
    if b.is_batched(like):
        return b.emit(let.op, b.get(like), b.lift(fill, b.rank(like) - b.rank(fill)))
    if b.dtype(like) is None or b.dtype(like) != b.dtype(fill):
        b.refuse("`np.full_like` with a value of another dtype")
    return broadcasted(b, fill, lambda: b.shape(like))


def summed(b: Batch, g: Tree, x: Tree, batch: int) -> Value:
    """`sum_to(g, x)` of old operands, with ranks proven; `batch` axes stand in front."""
    from_, to = type_of(g).shape, type_of(x).shape
    part = b.get(g)
    if from_ is None or to is None:
        b.refuse("a sum to a shape that is not known")
    extra = len(from_) - len(to)
    if extra:
        lead = tuple(range(batch, extra + batch))
        part = b.emit(np.sum, part, axis=lead if extra > 1 else lead[0])
    ones = []
    for axis, size in enumerate(to):
        before = from_[extra + axis]
        if same_size(size, before) or never_one(size):
            continue
        if size != 1:  # it may be 1: that is seen at run time
            like = b.get(x)
            if batch:
                like = b.emit(np.broadcast_to, like, shape=b.shape(x))
            elif b.is_batched(x):  # there for the form of one example
                zero = 0j if may_be_complex(part) else 0.0  # the cast comes after it
                like = b.emit(np.broadcast_to, zero, shape=unbatched_shape(b, x))
            return b.emit(ops.sum_to, part, like)
        ones.append(axis + batch)
    if ones:
        part = b.emit(np.sum, part, axis=tuple(ones) if len(ones) > 1 else ones[0], keepdims=True)
    return part  # type: ignore[no-any-return]


@handles(runtime.sum_to)
def sum_to(b: Batch, let: Let) -> Any:
    """
    x_bar = sum_to(g, x)       ->        x_bar = np.sum(g, axis=1)         (g has an axis more than x)

    An axis that may be of length 1 is left to `sum_to`, told the shape with the batch's axis.
    """
    g, x = let.args
    if b.rank(g) < b.rank(x):
        return spread(b, let)
    return casted(b, summed(b, g, x, 1), x)


def casted(b: Batch, part: Value, x: Tree) -> Value:
    """`cast(part, x)`, where it does anything; x is an old operand."""
    to = type_of(x)
    if to.kind == "number" and to.dtype in ("float", "int") and may_be_complex(part):
        return b.emit(ops.real, part)
    if to.kind == "number" or (
        to.dtype is not None and (to.dtype == b.dtype_of(part) or not to.differentiable)
    ):
        return part
    return b.emit(ops.cast, part, b.get(x))


@handles(runtime.cast)
def cast(b: Batch, let: Let) -> Any:
    return casted(b, b.get(let.args[0]), let.args[1])


@handles(runtime.result)
def result(b: Batch, let: Let) -> Any:
    """A derivative as it is handed out: of the right shape and dtype, sharing memory with nothing."""
    g, x = let.args
    part = b.get(g)
    if not same_shape(type_of(g), type_of(x)):
        part = broadcasted(b, g, lambda: b.shape(x))
    return b.emit(ops.own, casted(b, part, x))


@handles("reshape")
def reshape(b: Batch, let: Let) -> Any:
    """
    y = np.reshape(g, (2, 3))             ->        y = np.reshape(g, (m, 2, 3))
    """
    (a,), options = b.bound(let)
    order, shape = options.pop("order", "C"), options.pop("shape", options.pop("newshape", None))
    if order not in ("C", "F") or options:
        b.refuse("a reshape in an order that depends on how the array lies in memory")
    if not _is_shape(shape):
        parts = shape if isinstance(shape, (tuple, list)) else (shape,)
        shape = tuple(_resolved(b, a, parts))
    return reshaped(b, let.op, a, shape, order)


def _is_shape(tree: Tree) -> bool:
    return isinstance(tree, Value) and tree.type.kind == "object"


def reshaped(b: Batch, op: ops.Operation, a: Tree, shape: Tree, order: str) -> Any:
    """A batched operand in a new shape. In the order of Fortran, the axis that goes slowest is the last."""
    count = (b.count(),)
    if order == "C":
        new = b.emit(ops.add, count, shape) if _is_shape(shape) else (*count, *shape)
        return b.emit(op, b.get(a), shape=new)
    new = b.emit(ops.add, shape, count) if _is_shape(shape) else (*shape, *count)
    back = b.emit(np.moveaxis, b.get(a), source=0, destination=-1)
    made = b.emit(op, back, shape=new, order=order)
    return b.emit(np.moveaxis, made, source=-1, destination=0)


def _resolved(b: Batch, a: Tree, parts: Any) -> list[Tree]:
    """The sizes of a new shape, -1 among them computed: of an empty batch NumPy cannot."""
    if not any(isinstance(part, int) and part == -1 for part in parts):
        return list(parts)
    rest: Tree = 1
    for part in parts:
        if not (isinstance(part, int) and part == -1):
            rest = b.product(rest, part)
    total = b.total(a)
    if isinstance(rest, int) and rest == 1:
        missing = total
    elif isinstance(rest, int) and isinstance(total, int):
        missing = total // max(rest, 1)
    else:
        missing = b.emit(ops.floor_divide, total, rest)
    return [missing if isinstance(part, int) and part == -1 else part for part in parts]


@handles("ravel", np.ndarray.flatten)
def ravel(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    order = options.get("order", "C")
    if order == "F" and b.rank(a) > 1:
        return reshaped(b, ops.operation(np.reshape), a, (b.total(a),), order)
    if order not in ("C", "F"):
        b.refuse("a ravel in an order that depends on how the array lies in memory")
    return b.flat(a)


@handles("transpose permute_dims")
def transpose(b: Batch, let: Let) -> Any:
    """
    y = g.T                    ->        y = np.swapaxes(g, -1, -2)
    """
    (a,), options = b.bound(let)
    rank, axes = b.rank(a), options.get("axes")
    if rank < 2:
        return b.get(a)
    if axes is None and rank == 2:
        return b.emit(np.swapaxes, b.get(a), axis1=-1, axis2=-2)
    if axes is None:
        axes = tuple(range(rank))[::-1]
    if not isinstance(axes, (tuple, list)) or not all(isinstance(one, int) for one in axes):
        b.refuse("axes that are not known while compiling")
    return b.emit(
        ops.operation(np.transpose), b.get(a), axes=(0, *(one % rank + 1 for one in axes))
    )


@handles("swapaxes moveaxis expand_dims")
def axes_moved(b: Batch, let: Let) -> Any:
    """Every option is an axis, or several."""
    (a,), options = b.bound(let)
    return b.again(let.op, b.get(a), **{key: shifted(b, axis) for key, axis in options.items()})


@handles("squeeze")
def squeeze(b: Batch, let: Let) -> Any:
    """The batch's axis stays, whatever its length."""
    (a,), options = b.bound(let)
    axis = options.get("axis")
    if axis is not None:
        return b.again(let.op, b.get(a), axis=shifted(b, axis))
    shape = type_of(a).shape or ()
    if not all(size == 1 or never_one(size) for size in shape):
        b.refuse("`np.squeeze` of an axis that may be of length 1")
    gone = tuple(place + 1 for place, size in enumerate(shape) if size == 1)
    return (
        b.emit(np.squeeze, b.get(a), axis=gone if len(gone) > 1 else gone[0]) if gone else b.get(a)
    )


@handles("tile")
def tile(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    reps = options["reps"]
    count = (
        len(reps) if isinstance(reps, (tuple, list)) else 1 if type_of(reps).rank == 0 else math.inf
    )
    if count > b.rank(a):
        b.refuse("`np.tile` that adds axes")
    return b.again(let.op, b.get(a), reps=reps)


@handles("diag")
def diag(b: Batch, let: Let) -> Any:
    """
                                         D = np.zeros((m, n, n))
    D = np.diag(g)             ->        D[:, i, i] = g                    (i = np.arange(n))
    d = np.diag(G)             ->        d = np.diagonal(G, axis1=1, axis2=2)
    """
    (v,), options = b.bound(let)
    k = options.get("k", 0)
    if b.rank(v) == 2:
        return b.emit(np.diagonal, b.get(v), **({"offset": k} if k != 0 else {}), axis1=1, axis2=2)
    if not isinstance(k, int):
        b.refuse("a diagonal that is not known while compiling")
    (n,) = b.sizes(v)
    side = n + abs(k) if isinstance(n, int) else n if k == 0 else b.emit(ops.add, n, abs(k))
    zeros = b.emit(np.zeros, (b.count(), side, side), **b.dtype_option(v))
    row = column = b.emit(np.arange, n)
    if k > 0:
        column = b.emit(ops.add, row, k)
    elif k < 0:
        row = b.emit(ops.add, column, -k)
    return b.emit(ops.put, zeros, (ALL, row, column), b.get(v))


@handles("diagonal trace")
def diagonal(b: Batch, let: Let) -> Any:
    (a,), options = b.bound(let)
    axes = {
        key: shifted(b, options.pop(key, default)) for key, default in (("axis1", 0), ("axis2", 1))
    }
    return b.again(let.op, b.get(a), **options, **axes)


def _joined(
    b: Batch,
    let: Let,
    least: int,
    axis: Callable[[int], tuple[Any, int]],
    low: dict[int, tuple[Tree, ...]] | None = None,
) -> Any:
    """A join of several arrays; `axis` says of their rank which function joins them, and where.

    Where they have different ranks, `low` says with which index those of each low rank join the others.
    """
    (parts,), options = b.bound(let)
    if not isinstance(parts, (tuple, list)):
        return _joined_rows(b, let, parts, options)
    options = {key: option for key, option in options.items() if key == "dtype"}
    ranks = {b.rank(part) for part in parts}
    if low is not None and (len(ranks) > 1 or min(ranks) < least):
        lifted = [
            b.emit(ops.getitem, b.rows(part), low[b.rank(part)])
            if b.rank(part) in low
            else b.rows(part)
            for part in parts
        ]
        return b.emit(np.concatenate, type(parts)(lifted), axis=axis(2)[1], **options)
    if len(ranks) != 1 or min(ranks) < least:
        b.refuse(f"`{let.op.name}` of arrays of different or too low ranks")
    function, place = axis(ranks.pop())
    return b.emit(function, type(parts)(map(b.rows, parts)), axis=place, **options)


def _joined_rows(b: Batch, let: Let, rows: Tree, options: dict[str, Tree]) -> Any:
    """The join of the rows of one array."""
    axis = options.pop("axis", 0)
    options.pop("casting", None)
    if options or not isinstance(axis, int) or b.rank(rows) < 1:
        b.refuse(f"`{let.op.name}` of one array")
    if let.op.function is np.stack:
        place = axis % b.rank(rows)
        return (
            b.emit(np.moveaxis, b.get(rows), source=1, destination=place + 1)
            if place
            else b.get(rows)
        )
    if let.op.function not in (np.concatenate, np.vstack) or axis != 0:
        b.refuse(f"`{let.op.name}` of one array")
    sizes = list(b.sizes(rows))
    if b.rank(rows) > 2 or let.op.function is np.concatenate:
        sizes[:2] = [b.product(*sizes[:2])]
    elif b.rank(rows) == 1:
        sizes.append(1)
    return b.emit(np.reshape, b.get(rows), shape=(b.count(), *sizes))


@handles("concatenate concat")
def concatenate(b: Batch, let: Let) -> Any:
    """
    y = np.concatenate((g, x))            ->        y = np.concatenate((g, np.broadcast_to(x, (m, x.size))), axis=1)
    """
    (parts,), options = b.bound(let)
    if options.get("axis", 0) is None:
        if options.keys() - {"axis"} or not isinstance(parts, (tuple, list)):
            b.refuse("this form of `np.concatenate`")
        if not all(b.is_batched(part) or b.rank(part) == 1 for part in parts):
            b.refuse("`np.concatenate` of all axes as one")
        flat = [b.flat(part) if b.is_batched(part) else b.rows(part) for part in parts]
        return b.emit(let.op, type(parts)(flat), axis=1)
    return _joined(b, let, 1, lambda rank: (let.op, shifted(b, options.get("axis", 0))))


@handles("stack")
def stack(b: Batch, let: Let) -> Any:
    _, options = b.bound(let)
    return _joined(b, let, 0, lambda rank: (let.op, shifted(b, options.get("axis", 0))))


@handles("vstack")
def vstack(b: Batch, let: Let) -> Any:
    low = {0: (ALL, None, None), 1: (ALL, None, ALL)}
    return _joined(b, let, 1, lambda rank: (np.stack if rank == 1 else np.concatenate, 1), low)


@handles("hstack")
def hstack(b: Batch, let: Let) -> Any:
    (parts,), _ = b.bound(let)
    several = isinstance(parts, (tuple, list)) and len({b.rank(part) for part in parts}) > 1
    if several:  # numbers among vectors
        return _joined(b, let, 0, lambda rank: (np.concatenate, 1), {0: (ALL, None)})
    return _joined(
        b, let, 0, lambda rank: (np.concatenate, min(rank, 2)) if rank else (np.stack, 1)
    )


@handles("column_stack")
def column_stack(b: Batch, let: Let) -> Any:
    low = {0: (ALL, None, None), 1: (ALL, ALL, None)}
    return _joined(b, let, 1, lambda rank: (np.stack if rank == 1 else np.concatenate, 2), low)


# The handlers that know what to do where an option depends on the axis.
BATCH_OPTIONS: set[Any] = {by_definition, over_axes, reduction, along_first, ragged, quantile}


# What reads the form of a batched value only: its result has no batch axis.


# The operands of which only the form matters, by position.
FORM: dict[Any, tuple[int, ...]] = {
    **dict.fromkeys((np.shape, np.size, np.ndim, builtins.len, runtime.dtype_of), (0,)),
    **dict.fromkeys((np.zeros_like, np.ones_like, np.empty_like, np.full_like), (0,)),
    **dict.fromkeys((runtime.sum_to, runtime.spread, runtime.cast, runtime.result), (1,)),
}

_MADE = {
    np.zeros_like: np.zeros,
    np.ones_like: np.ones,
    np.empty_like: np.empty,
    np.full_like: np.full,
}


def form_handler(function: Any) -> Callable[[Batch, Let], None]:
    """What becomes of a statement whose result does not have the axis."""
    return _FORMS[function]


def unbatched_shape(b: Batch, x: Tree) -> Value:
    """`x.shape[1:]` of a batched operand."""
    return b.emit(ops.getitem, b.emit(ops.shape, b.get(x)), Slice(1, None))


def form_shape(b: Batch, let: Let) -> None:
    whole = b.emit(ops.shape, b.get(let.args[0]))
    b.keep(let, ops.getitem, whole, Slice(1, None))


def form_size(b: Batch, let: Let) -> None:
    (x,), options = b.bound(let)
    axis = options.get("axis")
    b.rank(x)
    if axis is None:
        b.new[b.target] = b.total(x)
    else:
        b.new[b.target] = b.sizes(x)[axis]


def form_length(b: Batch, let: Let) -> None:
    b.rank(let.args[0])
    b.new[b.target] = b.sizes(let.args[0])[0]


def form_rank(b: Batch, let: Let) -> None:
    b.new[b.target] = b.rank(let.args[0])


def form_dtype(b: Batch, let: Let) -> None:
    type_ = type_of(let.args[0])
    if type_.kind == "number" and type_.dtype is not None:
        b.new[b.target] = getattr(builtins, type_.dtype)
    else:
        b.keep(let, let.op, b.get(let.args[0]))


def form_made(b: Batch, let: Let) -> None:
    """
    c = np.zeros_like(g)       ->        c = np.zeros(g.shape[1:])
    """
    operands, options = b.bound(let, 1 + (let.op.function is np.full_like))
    options = {key: option for key, option in options.items() if key != "order"}
    if options.keys() - {"dtype"}:
        b.refuse(f"options of `{let.op.name}`")
    x, *fill = operands
    dtype = {"dtype": options["dtype"]} if options else b.dtype_option(x)
    if fill and not dtype:
        dtype = {"dtype": np.float64}
    b.keep(let, _MADE[let.op.function], unbatched_shape(b, x), *map(b.get, fill), **dtype)


def form_sum_to(b: Batch, let: Let) -> None:
    g, x = let.args
    if b.rank(g) < b.rank(x):
        form_spread(b, let)
        return
    b.new[b.target] = casted(b, summed(b, g, x, 0), x)


def form_spread(b: Batch, let: Let) -> None:
    if same_shape(type_of(let.args[0]), type_of(let.args[1])):
        b.new[b.target] = b.get(let.args[0])
        return
    b.keep(let, np.broadcast_to, b.get(let.args[0]), shape=unbatched_shape(b, let.args[1]))


def form_cast(b: Batch, let: Let) -> None:
    b.new[b.target] = casted(b, b.get(let.args[0]), let.args[1])


def form_result(b: Batch, let: Let) -> None:
    g, x = let.args
    part = b.get(g)
    if not same_shape(type_of(g), type_of(x)):
        part = b.emit(np.broadcast_to, part, shape=unbatched_shape(b, x))
    b.keep(let, ops.own, casted(b, part, x))


_FORMS: dict[Any, Callable[[Batch, Let], None]] = {
    np.shape: form_shape,
    np.size: form_size,
    np.ndim: form_rank,
    builtins.len: form_length,
    runtime.dtype_of: form_dtype,
    runtime.sum_to: form_sum_to,
    runtime.spread: form_spread,
    runtime.cast: form_cast,
    runtime.result: form_result,
    **dict.fromkeys(_MADE, form_made),
}
