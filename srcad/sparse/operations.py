"""What each operation makes of dependences: one table, by families.

| Operations | The result depends on |
|---|---|
| elementwise | what its operands depend on there, as they broadcast |
| that take, join and shape | what the elements do that stand there: the operation itself is done with the places of elements |
| stores | what the base does, and in its place what is stored |
| reductions | all that is reduced to it |
| along an axis | all along that axis |
| products | what is summed over; a constant factor counts as if it had no zeros |
| defined by others, or by a signature | what the definition does; all of the axes that the signature names |
| constants | nothing |
| anything else | all of all operands |
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad import runtime
from srcad.core import ops
from srcad.core.quote import RankUnknown, quote
from srcad.rules import rule_of
from srcad.rules.families import cores, named_axes
from srcad.sparse.matrices import everything, gather, grouped, same, stacked, union
from srcad.sparse.traced import Traced, leaves_of, mapped, plain

if TYPE_CHECKING:
    from srcad.sparse.propagation import Tracer

__all__ = ["dependences"]

Handler = Callable[["Tracer", tuple[Any, ...], dict[str, Any], Any], Any]

# What a handler returns that has no answer: then the result depends on all.
UNKNOWN: Any = object()

TABLE: dict[Any, Handler] = {}
# Which operands of functions that take, join and shape are what they do it with; the others say how.
_MOVED: dict[Any, tuple[int, ...]] = {}

# The answer is in the shape alone.
_FORMS = {np.shape, np.size, len, np.ndim, runtime.dtype_of, np.zeros_like, np.ones_like, np.empty_like}  # fmt: skip
# Constants of which values decide no shape.
_PLAIN = {
    np.any, np.all, any, all, np.argmax, np.argmin, np.argsort, np.isclose, np.allclose, np.array_equal, np.count_nonzero, np.isfinite,
    runtime.stop_gradient, isinstance, operator.is_, operator.is_not, np.iscomplexobj, np.result_type,
}  # fmt: skip
# Rules of a derivative whose values decide shapes.
_SHAPED = {np.unique}
_NUMERIC = (np.ndarray, np.generic, int, float, complex)


def dependences(tracer: Tracer, op: Any, args: Any, options: Any, value: Any) -> tuple[Any, bool]:
    """What the result of an operation depends on, and whether all arguments of the kind give the same."""
    function = op.function
    leaves = list(leaves_of((args, options)))
    fixed = function in _FORMS or (all(leaf.fixed for leaf in leaves) and not _of_numbers(function, leaves))  # fmt: skip
    data = _MOVED.get(function, ())
    places = [arg for at, arg in enumerate(args) if at not in data]
    if not fixed:
        tracer.varies(_deciding(function, list(leaves_of((places, options)))))
    if not any(leaf.deps is not None for leaf in leaves):
        return None, fixed
    if op is ops.part:
        owner = args[0].deps
        return (owner[plain(args[1])] if isinstance(owner, tuple) else owner), fixed
    results = value if isinstance(value, (tuple, list)) else (value,)
    if not any(np.asarray(one).dtype.kind in "fc" for one in results if isinstance(one, _NUMERIC)):
        return None, fixed  # no derivative goes through integers
    found = _found(tracer, function, args, options, value)
    if found is UNKNOWN or not _fits(found, value):
        found = of_all(tracer, leaves, value)
    return found, fixed


def _of_numbers(function: Any, leaves: list[Traced]) -> bool:
    """Whether a result varies with the numbers of a sparse matrix, of which the structure alone is the same for all arguments of the kind."""
    return function is not ops.sparse_transpose.function and any(ops.is_sparse(leaf.value) for leaf in leaves)  # fmt: skip


def _deciding(function: Any, leaves: list[Traced]) -> list[Traced]:
    """The operands of which values may have decided where elements go, or how many there are."""
    rule = rule_of(function)
    if isinstance(function, np.ufunc) or function in _PLAIN:
        return []
    if rule is None:
        saying = (ops.select_part, ops.raise_where, ops.raise_error, ops.render)
        return [] if function in saying else leaves
    if rule.family == "constant":
        return [] if getattr(function, "__module__", "") in ("_operator", "math") else leaves
    if rule.family == "elementwise" or function in (runtime.cast, runtime.spread):
        return []
    if function is np.where and len(leaves) > 1:  # with one operand it finds places
        return []
    whole = [leaf for leaf in leaves if np.asarray(leaf.value).dtype.kind not in "fc"]
    return leaves if function in _SHAPED else whole


def _fits(found: Any, value: Any) -> bool:
    """Whether there is a row for each element."""
    if isinstance(value, (tuple, list)):
        return isinstance(found, tuple) and len(found) == len(value) and all(map(_fits, found, value))  # fmt: skip
    return found is None or (not isinstance(found, tuple) and found.shape[0] == np.size(value))


def _found(tracer: Tracer, function: Any, args: Any, options: Any, value: Any) -> Any:
    handler = TABLE.get(function) or _of_ufunc(function)
    if handler is not None:
        return handler(tracer, args, options, value)
    rule = rule_of(function)
    if rule is None:
        return elementwise(tracer, args, options, value) if isinstance(function, np.ufunc) else UNKNOWN  # fmt: skip
    if rule.family == "elementwise":
        return elementwise(tracer, args, options, value)
    if rule.family == "constant":
        return tuple([None] * len(value)) if isinstance(value, (tuple, list)) else None
    if rule.signature is not None:
        return by_signature(rule.signature, args, options, value)
    return by_definition(tracer, rule, args, options)


def of_all(tracer: Tracer, leaves: list[Traced], value: Any) -> Any:
    """Every element on all that any operand depends on."""
    found = [one for leaf in leaves for one in _matrices(leaf.deps)]
    inputs = np.unique(np.concatenate([everything(one) for one in found]))
    if isinstance(value, (tuple, list)):
        return tuple(same(inputs, np.size(one), tracer.width) for one in value)
    return same(inputs, np.size(value), tracer.width)


def _matrices(deps: Any) -> list[Any]:
    if isinstance(deps, tuple):
        return [one for each in deps for one in _matrices(each)]
    return [] if deps is None else [deps]


def broadcast(deps: Any, shape: tuple[int, ...], to: tuple[int, ...]) -> Any:
    """The dependences of what is broadcast. Raises ValueError where it does not."""
    if deps is None or shape == to:
        return deps
    places = np.arange(deps.shape[0]).reshape(shape)
    return gather(deps, np.broadcast_to(places, to).ravel())


def elementwise(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    """As operands broadcast; each of several results alike."""
    several = isinstance(value, (tuple, list))
    to = np.shape(value[0] if several else value)
    found = None
    for leaf in leaves_of((args, options)):
        if isinstance(leaf.deps, tuple):
            return UNKNOWN
        try:
            found = union(found, broadcast(leaf.deps, np.shape(leaf.value), to))
        except ValueError:
            return UNKNOWN
    return tuple(found for _ in value) if several else found


TABLE[complex] = elementwise


def by_signature(signature: str, args: Any, options: Any, value: Any) -> Any:
    """All of the axes that a signature names; those before them broadcast."""
    front, _, back = signature.partition("->")
    several = isinstance(value, (tuple, list))
    values, outs = (value if several else (value,)), cores(back)
    if any(leaf.deps is not None for leaf in leaves_of(options)) or len(outs) != len(values):
        return UNKNOWN
    made: list[Any] = [None] * len(values)
    for core, operand in zip(cores(front), args):
        if not isinstance(operand, Traced) or operand.deps is None:
            continue
        shape = np.shape(operand.value)
        rank = len(shape) - len(named_axes(core, len(shape)))
        if isinstance(operand.deps, tuple) or rank < 0:
            return UNKNOWN
        count = int(np.prod(shape[:rank], dtype=int))
        per = int(np.prod(shape[rank:], dtype=int))
        stack = grouped(operand.deps, np.repeat(np.arange(count), per), count)
        for place, (out, each) in enumerate(zip(outs, values)):
            to = np.shape(each)
            inner = len(to) - len(named_axes(out, len(to)))
            try:
                wide = (*shape[:rank], *(1,) * (len(to) - inner))
                made[place] = union(made[place], broadcast(stack, wide, to))
            except ValueError:
                return UNKNOWN
    return tuple(made) if several else made[0]


def by_definition(tracer: Tracer, rule: Any, args: Any, options: Any) -> Any:
    """What the functions do that define this one."""
    from srcad.sparse.propagation import Raised, Tracing

    if rule.definition is None:
        return UNKNOWN
    builder = Tracing(tracer)
    try:
        operands, named = rule.split(builder.operand(args), builder.operand(options))
        found = quote(rule.definition, builder, operands, named)
    except (NotImplementedError, RankUnknown, TypeError, ValueError, LookupError, Raised):
        return UNKNOWN
    if len(found) == 1 and isinstance(found[0], (tuple, list)):
        (found,) = found
    parts = [tracer.read(one) for one in found]
    if any(part is None for part in parts):  # which it does not say
        return UNKNOWN
    deps = tuple(part.deps if isinstance(part, Traced) else None for part in parts)
    return deps[0] if len(deps) == 1 else deps


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Register a handler for functions, or for names of NumPy's."""

    def register(made: Handler) -> Handler:
        TABLE.update(dict.fromkeys(_named(functions), made))
        return made

    return register


def _named(functions: tuple[Any, ...]) -> list[Any]:
    """Functions, and those of NumPy's that words are the names of (as many as this version has)."""
    found: list[Any] = []
    for each in functions:
        found += [getattr(np, word, None) for word in each.split()] if isinstance(each, str) else [each]  # fmt: skip
    return [each for each in found if each is not None]


# what takes, joins and shapes


def _moved(
    function: Any, positions: Any, tracer: Tracer, args: Any, options: Any, value: Any
) -> Any:
    """The operation is done with the places of elements, in operands at some positions."""
    parts: list[Any] = []
    start = 1  # 0 is what depends on nothing

    def places(leaf: Any) -> Any:
        nonlocal start
        if not isinstance(leaf, Traced):
            return 0 if isinstance(leaf, _NUMERIC) else leaf
        if leaf.deps is None:
            return np.zeros(np.shape(leaf.value), np.int64)
        parts.append(leaf.deps)
        made = np.arange(start, start + leaf.deps.shape[0]).reshape(np.shape(leaf.value))
        start += leaf.deps.shape[0]
        return made

    given = [mapped(arg, places) if at in positions else plain(arg) for at, arg in enumerate(args)]
    named = {key: plain(option) for key, option in options.items() if key not in _KINDS}
    in_memory = named.get("order") in ("K", "A") and function in _BY_ORDER
    if in_memory or not parts or any(leaf.deps is not None for leaf in leaves_of(options)):
        return UNKNOWN
    try:
        found = np.asarray(function(*given, **named))
    except (TypeError, ValueError):
        return UNKNOWN
    return gather(stacked(parts), found.ravel() - 1)


_KINDS = ("dtype", "copy", "like", "casting", "subok")
_BY_ORDER = (np.reshape, np.ravel, np.ndarray.flatten)


def moves(position: Any, *functions: Any) -> None:
    """Register functions that take, join or shape the operands at a position, or several."""
    positions = position if isinstance(position, tuple) else (position,)
    for function in _named(functions):
        _MOVED[function] = positions
        TABLE[function] = partial(_moved, function, positions)


moves(
    0,
    operator.getitem,
    "concatenate concat stack hstack vstack dstack column_stack array asarray asanyarray ascontiguousarray reshape ravel transpose",
    "permute_dims swapaxes moveaxis rollaxis expand_dims squeeze flip fliplr flipud rot90 roll broadcast_to atleast_1d atleast_2d",
    "atleast_3d diag diagonal diagflat tril triu take take_along_axis repeat tile delete resize matrix_transpose block",
    np.ndarray.flatten,
)  # fmt: skip
moves(1, "extract compress")
moves((0, 1), "append")
moves((0, 2), "insert", runtime.put)


@handles(np.full, np.full_like)
def filled(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    fill = args[1] if len(args) > 1 else options.get("fill_value")
    if not isinstance(fill, Traced):
        return UNKNOWN
    return broadcast(fill.deps, np.shape(fill.value), np.shape(value))


@handles(runtime.put_add)
def added(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    """A place may be added to more than once."""
    base, index, item = args
    found = base.deps if isinstance(base, Traced) else None
    if not isinstance(item, Traced) or item.deps is None:
        return found
    places = np.arange(np.size(value)).reshape(np.shape(value))[plain(index)]
    spread = broadcast(item.deps, np.shape(item.value), np.shape(places))
    return union(found, grouped(spread, np.ravel(places), np.size(value)))


@handles(
    runtime.spread, runtime.cast, runtime.result, runtime.own, runtime.sum_to, ops.move.function, np.copy, np.real, np.imag, np.conjugate,
    np.ndarray.astype, "astype", np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128, np.clongdouble, float,
)  # fmt: skip
def formed(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    """The form of the second operand, the numbers of the first."""
    first = args[0]
    if not isinstance(first, Traced) or first.deps is None:
        return None
    shape, to = np.shape(first.value), np.shape(value)
    try:
        return broadcast(first.deps, shape, to)
    except ValueError:
        pass
    try:
        places = np.broadcast_to(np.arange(np.size(value)).reshape(to), shape)
    except ValueError:
        return UNKNOWN
    return grouped(first.deps, places.ravel(), np.size(value))


@handles(np.where)
def where(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    """One side alone, where the condition is the same for all arguments."""
    condition, *sides = args
    if len(sides) != 2:
        return UNKNOWN
    found, known = None, not isinstance(condition, Traced) or condition.fixed
    mask = np.broadcast_to(np.asarray(plain(condition), bool), np.shape(value)).ravel()
    for side, taken in zip(sides, (mask, ~mask)):
        if isinstance(side, Traced) and side.deps is not None:
            deps = broadcast(side.deps, np.shape(side.value), np.shape(value))
            if known:
                deps = gather(deps, np.where(taken, np.arange(len(mask)), -1))
            found = union(found, deps)
    return found


# reductions, and what goes along an axis


def _axes(axis: Any, rank: int) -> tuple[int, ...] | None:
    """The axes that are meant, or None."""
    if axis is None:
        return tuple(range(rank))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    if not all(isinstance(one, (int, np.integer)) for one in axes):
        return None
    return tuple(int(one) % rank for one in axes) if rank else ()


def reduced(deps: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """The union over some axes, which stay with the length 1."""
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    count = int(np.prod(kept, dtype=int))
    places = np.broadcast_to(np.arange(count).reshape(kept), shape).ravel()
    return grouped(deps, places, count)


def _along(args: Any, options: Any, default: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The shape of the first operand and the axes that the option `axis` names, where nothing else is differentiated."""
    first = args[0]
    others = list(leaves_of((args[1:], options)))
    if not isinstance(first, Traced) or any(leaf.deps is not None for leaf in others):
        return None
    shape = np.shape(first.value)
    axes = _axes(plain(options.get("axis", default)), len(shape))
    return None if axes is None or isinstance(first.deps, tuple) else (shape, axes)


def reduction(default: Any = None) -> Handler:
    """A handler of what reduces along the option `axis`."""

    def handler(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
        found = _along(args, options, default)
        return UNKNOWN if found is None else reduced(args[0].deps, *found)

    return handler


handles(
    "sum mean prod max min amax amin std var nansum nanmean nanprod nanmax nanmin nanstd nanvar median nanmedian ptp average",
    np.linalg.norm,
)(reduction())  # fmt: skip
handles(builtins.sum)(reduction(0))


def along(default: Any) -> Handler:
    """A handler of what goes along the option `axis`: each element depends on all along it."""

    def handler(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
        found = _along(args, options, default)
        if found is None or len(found[0]) == len(found[1]):
            return UNKNOWN
        shape, axes = found
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
        try:
            return broadcast(reduced(args[0].deps, shape, axes), kept, np.shape(value))
        except ValueError:
            return UNKNOWN

    return handler


handles("cumsum", "cumprod", "nancumsum", "nancumprod")(along(None))
handles("sort", "partition", np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft)(along(-1))


def _of_ufunc(function: Any) -> Handler | None:
    """The handler of a method of a ufunc."""
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        name = function.__name__
        return {"reduce": reduction(0), "accumulate": along(0)}.get(name)
    return None


# products


def contracted(operands: Any, labels: Any, out: Any, value: Any) -> Any:
    """A product of operands whose axes are labelled, summed over the labels that are not in `out`."""
    found, to = None, np.shape(value)
    if len(out) != len(to):
        return UNKNOWN
    for operand, axes in zip(operands, labels):
        if not isinstance(operand, Traced) or operand.deps is None:
            continue
        shape = np.shape(operand.value)
        if len(set(axes)) < len(axes) or len(axes) != len(shape) or isinstance(operand.deps, tuple):
            return UNKNOWN
        gone = tuple(axis for axis, label in enumerate(axes) if label not in out)
        deps = reduced(operand.deps, shape, gone)
        sizes = [size for axis, size in enumerate(shape) if axis not in gone]
        kept = [label for label in axes if label in out]
        order = sorted(range(len(kept)), key=lambda place: out.index(kept[place]))
        places = np.arange(deps.shape[0]).reshape(sizes).transpose(order)
        sized = dict(zip(kept, sizes))
        places = places.reshape([sized.get(label, 1) for label in out])
        try:
            found = union(found, gather(deps, np.broadcast_to(places, to).ravel()))
        except ValueError:
            return UNKNOWN
    return found


def _ranks(args: Any) -> list[int]:
    return [np.ndim(plain(arg)) for arg in args]


@handles(operator.matmul, np.matmul)
def matmul(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    a, b = _ranks(args)
    stacks = [[-place for place in range(rank - 2, 0, -1)] for rank in (a, b)]
    left = [*stacks[0], "i", "k"] if a > 1 else ["k"]
    right = [*stacks[1], "k", "j"] if b > 1 else ["k"]
    out = [*max(stacks, key=len), *("i" if a > 1 else ""), *("j" if b > 1 else "")]
    return contracted(args, [left, right], out, value)


@handles(np.dot)
def dot(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    a, b = _ranks(args)
    if a == 0 or b == 0:
        return elementwise(tracer, args, options, value)
    left = [f"a{place}" for place in range(a - 1)]
    right = [f"b{place}" for place in range(b - 1)]
    return contracted(args, [[*left, "k"], [*right[:-1], "k", *right[-1:]]], [*left, *right], value)


@handles(np.inner)
def inner(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    a, b = _ranks(args)
    if a == 0 or b == 0:
        return elementwise(tracer, args, options, value)
    left = [f"a{place}" for place in range(a - 1)]
    right = [f"b{place}" for place in range(b - 1)]
    return contracted(args, [[*left, "k"], [*right, "k"]], [*left, *right], value)


@handles(np.tensordot)
def tensordot(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    ranks, axes = _ranks(args[:2]), plain(options.get("axes", 2))
    if isinstance(axes, (int, np.integer)):
        axes = range(ranks[0] - axes, ranks[0]), range(axes)
    labels = [[f"{name}{place}" for place in range(rank)] for name, rank in zip("ab", ranks)]
    summed = [
        [int(one) % rank for one in (part if np.iterable(part) else (part,))]
        for part, rank in zip(axes, ranks)
    ]
    for count, (first, second) in enumerate(zip(*summed)):
        labels[0][first] = labels[1][second] = f"k{count}"
    out = [label for part in labels for label in part if label[0] != "k"]
    return contracted(args[:2], labels, out, value)


@handles(np.outer)
def outer(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    flat = [
        Traced(np.ravel(arg.value), arg.deps) if isinstance(arg, Traced) else arg
        for arg in args[:2]
    ]
    return contracted(flat, ["i", "j"], "ij", value)


@handles(np.einsum)
def einsum(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    text, *operands = args
    if not isinstance(text, str) or "." in text:
        return UNKNOWN
    front, arrow, out = text.replace(" ", "").partition("->")
    if not arrow:
        out = "".join(sorted(name for name in set(front) - {","} if front.count(name) == 1))
    return contracted(operands, front.split(","), out, value)


@handles(ops.sparse_product.function)
def sparse_product(tracer: Tracer, args: Any, options: Any, value: Any) -> Any:
    """Of a constant matrix its zeros are known."""
    from scipy import sparse

    matrix, x = plain(args[0]), args[1]
    if not sparse.issparse(matrix) or not isinstance(x, Traced) or np.ndim(x.value) not in (1, 2):
        return UNKNOWN
    pattern = sparse.csr_array(matrix).astype(bool)
    if np.ndim(x.value) == 2:
        pattern = sparse.kron(pattern, sparse.eye_array(np.shape(x.value)[1], dtype=bool), "csr")
    pattern.data[:] = True  # a zero that is stored may become another number
    places = pattern.tocoo()
    return grouped(gather(x.deps, places.col), places.row, pattern.shape[0])
