"""Functions of Python's own that take functions or what can be looped over: what they come to, while parsing.

reduce(f, xs, y)         ->    f(f(y, x0), x1)            where the items are known one by one; else a loop
max(xs, key=f)           ->    x1 if f(x1) > f(x0) else x0
all(x > 0 for x in xs)   ->    x0 > 0 and x1 > 0
"""

from __future__ import annotations

import builtins
import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import gast
import numpy as np

from srcad.analysis.types import join
from srcad.core import ops
from srcad.core.nodes import Value
from srcad.core.specification import Known
from srcad.parser.expressions import _BINARY, _COMPARE, Given, is_static, settled
from srcad.parser.handles import Callee, PartialBinding
from srcad.parser.places import View
from srcad.parser.reads import reads, writes

__all__ = ["STANDARD"]


def fold(
    parser: Any, node: Any, binding: Any, start: Any, step: Callable[[Any, Any], Any], name: str
) -> Any:
    """`step(... step(step(start, x0), x1) ..., xn)`; without the `start` (...) the first item is it."""
    over = parser.over(node, binding)
    if over.parts is not None:
        parts = over.parts[:: over.direction]
        if start is ...:
            if not parts:
                parser.refuse(
                    node,
                    "there is nothing to begin with in an empty list",
                    "Give an initial value: it would raise when the function is called.",
                )
            start, parts = parts[0], parts[1:]
        for part in parts:
            start = step(start, part)
        return start
    if start is ...:
        if not isinstance(binding, View):
            parser.refuse(
                node,
                "what this begins with is not known while parsing",
                "Give an initial value, or write a loop.",
            )
        start = parser.emit(ops.getitem, (binding, 0))
        rest = parser.subscript(node, binding, gast.Slice(gast.Constant(1, None), None, None))
        over = parser.over(node, rest)
    return loop(parser, node, over, start, step, name)


def loop(
    parser: Any, node: Any, over: Any, start: Any, step: Callable[[Any, Any], Any], name: str
) -> Any:
    """`for item in over: total = step(total, item)`, as if it were written."""
    taken = {*parser.env, *reads(parser.source.node), *writes([parser.source.node])}

    def fresh(base: str) -> str:
        found, counter = base, 0
        while found in taken:
            counter += 1
            found = f"{base}_{counter}"
        taken.add(found)
        return found

    total, item = fresh(name), fresh("item")
    stepped = Callee("step", lambda parser, node, args, options: step(*args))

    def variable(name: str, context: Any) -> Any:
        return gast.Name(name, context, None, None)

    body = gast.Assign(
        [variable(total, gast.Store())],
        gast.Call(Given(stepped), [variable(total, gast.Load()), variable(item, gast.Load())], []),
    )
    written = gast.For(variable(item, gast.Store()), Given(parser.lazily(over)), [body], [], None)
    for inner in gast.walk(written):
        gast.copy_location(inner, node)
    later = parser.later
    parser.env[total] = start
    parser.later = later | {total}
    try:
        parser.do_For(written)
        return parser.env[total]
    finally:
        parser.later = later
        parser.env.pop(total, None)
        parser.env.pop(item, None)


def _sum(parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
    binding = args[0]
    start = args[1] if len(args) > 1 else options.get("start", 0)
    zero = isinstance(start, int) and start == 0
    if isinstance(binding, (View, Value)) and parser.type(binding).kind != "object":
        total = parser.call_known(node, np.sum, [binding], {"axis": 0})
        return total if zero else parser.binary(node, ops.add, start, total)
    return _added(parser, node, binding, start, zero)


def _added(parser: Any, node: Any, binding: Any, start: Any, zero: bool) -> Any:
    def add(total: Any, part: Any) -> Any:
        if zero and isinstance(total, int) and total == 0 and not isinstance(part, (int, float)):
            return part  # 0 + x, as a person writes it
        return parser.binary(node, ops.add, total, part)

    return fold(parser, node, binding, start, add, "total")


def _fsum(parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
    (binding,) = args
    if isinstance(binding, View):
        return parser.call_known(node, np.sum, [binding], {})
    return _added(parser, node, binding, 0.0, False)


def _prod(parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
    (binding,) = args
    start = options.get("start", 1)
    one = isinstance(start, int) and start == 1
    if isinstance(binding, View) and one:
        return parser.call_known(node, np.prod, [binding], {})

    def multiply(total: Any, part: Any) -> Any:
        if one and isinstance(total, int) and total == 1 and not isinstance(part, (int, float)):
            return part
        return parser.binary(node, ops.multiply, total, part)

    return fold(parser, node, binding, start, multiply, "product")


def _reduce(parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
    function, binding, *rest = args
    start = rest[0] if rest else options.get("initial", ...)
    return fold(
        parser,
        node,
        binding,
        start,
        lambda total, part: parser.call(node, function, [total, part], {}),
        "total",
    )


def _extreme(
    parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
) -> Any:
    key, several = options.get("key"), len(args) > 1
    if set(options) - {"key", "default"}:
        parser.refuse(
            node,
            f"{callee.name}() takes no `{sorted(options)[0]}`",
            "It would raise when the function is called.",
        )
    if not several and isinstance(args[0], View) and key is None:
        if parser.type(args[0]).rank == 1:
            whole = np.max if callee.object is builtins.max else np.min
            return parser.call_known(node, whole, args, {})
        parser.refuse(node, f"{callee.name}() of an array of arrays", f"Use np.{callee.name}.")
    parts = list(args) if several else parser.unpack(node, args[0], None)
    if not parts:
        if "default" in options:
            return options["default"]
        parser.refuse(
            node, f"{callee.name}() of nothing", "It would raise when the function is called."
        )
    if key is None:
        if all(isinstance(part, (int, str)) for part in parts):
            return callee.object(parts)
        result = parts[0]
        for part in parts[1:]:
            result = _joined(
                parser, parser.emit(ops.operation(callee.object), (result, part)), result, part
            )
        return result
    keys = [parser.call(node, key, [part], {}) for part in parts]
    better = gast.Gt() if callee.object is builtins.max else gast.Lt()
    best, measure = parts[0], keys[0]
    for part, other in zip(parts[1:], keys[1:]):
        found = parser.compare(node, better, other, measure)
        if is_static(found):
            best, measure = (part, other) if found else (best, measure)
            continue
        best, measure = parser.choose(
            node,
            found,
            lambda part=part, other=other: (part, other),
            lambda best=best, measure=measure: (best, measure),
        )
    return best


def _joined(parser: Any, result: Any, *sides: Any) -> Any:
    """The greater of a Python number and a NumPy scalar: like what a branch gives, a scalar."""
    found = join(*map(parser.type, sides))
    if parser.type(result).kind != "any" or found.kind != "scalar":
        return result
    value = parser.read(result)
    value.type = found
    return value


def _quantified(stop_at: bool) -> Any:
    """`any` (it stops at what is true) or `all`."""

    def call(
        parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        (binding,) = args
        if isinstance(binding, View):
            if parser.type(binding).rank == 1:
                whole = np.any if stop_at else np.all
                return parser.call_known(node, whole, [binding], {})
            parser.refuse(node, f"{callee.name}() of an array of arrays", f"Use np.{callee.name}.")
        result: Any = not stop_at
        for part in parser.unpack(node, binding, None):
            if not is_static(part) and parser.type(part).dtype != "bool":
                part = parser.compare(node, gast.NotEq(), part, 0)
            result = parser.both(node, result, lambda part=part: part, stop_at=stop_at)
        return bool(result) if is_static(result) else result

    return call


def _sorted(parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
    if isinstance(args[0], View):
        if options.get("reverse", False) is not False or options.get("key") is not None:
            parser.refuse(node, "sorted() of an array with options", "Write np.sort(x)[::-1].")
        order = parser.call_known(node, np.argsort, args, {})
        return parser.emit(ops.getitem, (args[0], order))
    made = list(args[0]) if isinstance(args[0], set) else parser.unpack(node, args[0], None)
    parser.sort(node, made, options)
    return made


def _divmod(parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
    return tuple(parser.binary(node, op, *args) for op in (ops.floor_divide, ops.remainder))


def _pow(parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
    given = [*args, *options.values()]
    if len(given) == 2:
        return parser.binary(node, ops.power, *given)
    if settled(given):
        return pow(*given)
    return parser.refuse(node, "pow() with three arguments", "Use `**` and `%`.")


def _dist(parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
    """`math.dist(p, q)`: the length of the difference."""
    if any(isinstance(arg, View) for arg in args):
        return parser.call_known(
            node, np.linalg.norm, [parser.binary(node, ops.subtract, *args)], {}
        )
    parts = _pairwise(parser, node, ops.subtract, args)
    return parser.call_known(node, math.hypot, parts, {}) if parts else 0.0


def _sumprod(
    parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
) -> Any:
    """`math.sumprod(p, q)`."""
    if all(isinstance(arg, View) for arg in args):
        return parser.call_known(node, np.dot, args, {})
    return _added(parser, node, _pairwise(parser, node, ops.multiply, args), 0, True)


def _pairwise(parser: Any, node: Any, op: Any, args: list[Any]) -> list[Any]:
    """An operation of two sequences, part by part."""
    one, other = (parser.unpack(node, arg, None) for arg in args)
    if len(one) != len(other):
        parser.refuse(
            node,
            "two sequences of different lengths",
            "It would raise when the function is called.",
        )
    return [parser.binary(node, op, *pair) for pair in zip(one, other)]


def _from_function(
    parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
) -> Any:
    """`np.fromfunction(f, shape)`: `f` of the indices, which are floats."""
    function, shape = args
    options = dict(options)
    dtype = options.pop("dtype", Known(float, "float"))
    indices = parser.call_known(node, np.indices, [shape], {"dtype": dtype})
    shape = shape if isinstance(shape, (tuple, list)) else parser.unpack(node, shape, None)
    each = [parser.emit(ops.getitem, (indices, place)) for place in range(len(shape))]
    return parser.call(node, function, each, options)


def _over_axes(
    parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
) -> Any:
    """`np.apply_over_axes(f, a, axes)`: one axis after the other, each of which stays with the length 1."""
    function, a, axes = args
    rank = parser.type(a).rank
    for axis in axes if isinstance(axes, (tuple, list)) else [axes]:
        if not isinstance(axis, int) or rank is None:
            parser.refuse(node, "an axis is not known while parsing", "Give the axes as literals.")
        axis %= rank
        a = parser.call(node, function, [a, axis], {})
        if parser.type(a).rank == rank - 1:
            a = parser.call_known(node, np.expand_dims, [a, axis], {})
    return a


def _along_axis(
    parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
) -> Any:
    """`np.apply_along_axis(f, axis, a)`: a list of what `f` is of each row, joined.

    np.apply_along_axis(f, 1, a)    ->    np.stack([f(item) for item in a])
    np.apply_along_axis(f, 0, a)    ->    np.stack([f(item) for item in a.T], axis=-1)
    """
    function, axis, a, *rest = args
    rank = parser.type(a).rank
    if not isinstance(axis, int) or not rank:
        parser.refuse(node, "an axis is not known while parsing", "Give it as a literal.")
    return _along(
        parser, node, a, axis % rank, lambda row: parser.call(node, function, [row, *rest], options)
    )


def _along(parser: Any, node: Any, a: Any, axis: int, of_row: Callable[[Any], Any]) -> Any:
    rank = parser.type(a).rank
    if rank == 1:
        return of_row(a)
    if not axis:
        a = (
            parser.emit(ops.transpose, (a,))
            if rank == 2
            else parser.call_known(node, np.moveaxis, [a, -1, 0], {})
        )
    inner = Callee(
        "inner",
        lambda parser, node, args, options: _along(parser, node, args[0], max(axis - 1, 0), of_row),
    )
    target, item = (gast.Name("item", ctx(), None, None) for ctx in (gast.Store, gast.Load))
    each = gast.Call(Given(inner), [item], [])
    rows = gast.ListComp(each, [gast.comprehension(target, Given(a), [], 0)])
    for part in gast.walk(rows):
        gast.copy_location(part, node)
    made = parser.expression(rows)
    return parser.call(node, Known(np.stack, "np.stack"), [made], {} if axis else {"axis": -1})


def _operator(op: Any) -> Any:
    def call(
        parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        return parser.binary(node, op, *args)

    return call


def _comparison(kind: Any) -> Any:
    def call(
        parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
    ) -> Any:
        return parser.compare(node, kind(), *args)

    return call


def _getitem(
    parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
) -> Any:
    owner, key = args
    return parser.subscript(node, owner, Given(key))


def _itemgetter(
    parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
) -> Any:
    def get(parser: Any, node: Any, given: list[Any], options: dict[str, Any]) -> Any:
        found = tuple(parser.subscript(node, given[0], Given(key)) for key in args)
        return found if len(found) > 1 else found[0]

    return Callee("itemgetter", get, args)


def _attrgetter(
    parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
) -> Any:
    def get(parser: Any, node: Any, given: list[Any], options: dict[str, Any]) -> Any:
        found = []
        for name in args:
            part = given[0]
            for step in name.split("."):
                part = parser.attribute(node, part, step)
            found.append(part)
        return tuple(found) if len(found) > 1 else found[0]

    return Callee("attrgetter", get, args)


def _wraps(parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]) -> Any:
    """`functools.wraps(f)`: what it decorates, under another name."""
    return Callee("wraps", lambda parser, node, args, options: args[0])


def _partial(
    parser: Any, node: Any, callee: Known, args: list[Any], options: dict[str, Any]
) -> Any:
    return PartialBinding(args[0], args[1:], options)


STANDARD: dict[Any, Any] = {
    builtins.sum: _sum,
    builtins.max: _extreme,
    builtins.min: _extreme,
    builtins.any: _quantified(True),
    builtins.all: _quantified(False),
    builtins.sorted: _sorted,
    builtins.divmod: _divmod,
    builtins.pow: _pow,
    functools.reduce: _reduce,
    functools.partial: _partial,
    functools.wraps: _wraps,
    math.fsum: _fsum,
    math.prod: _prod,
    math.dist: _dist,
    **({math.sumprod: _sumprod} if hasattr(math, "sumprod") else {}),
    np.fromfunction: _from_function,
    np.apply_over_axes: _over_axes,
    np.apply_along_axis: _along_axis,
    operator.getitem: _getitem,
    operator.itemgetter: _itemgetter,
    operator.attrgetter: _attrgetter,
    **{op.function: _operator(op) for op in _BINARY.values()},
    **{op.function: _comparison(kind) for kind, op in _COMPARE.items()},
}
