"""Calls of NumPy's that other calls say as well: those others are what is differentiated.

np.cross(a, b, axis=0)              np.moveaxis(np.linalg.cross(np.moveaxis(a, 0, -1), ...), -1, 0)
np.einsum(a, [0, 1], b, [1])   ->   np.einsum("ab,b", a, b)
np.vecdot(a, b, axis=0)            np.vecdot(np.moveaxis(a, 0, -1), np.moveaxis(b, 0, -1))
x, h = np.linspace(a, b, 5, retstep=True)     x, h = np.linspace(a, b, 5), (b - a) / 4
np.r_[0:3, x]                       np.concatenate([np.arange(0, 3), x])
np.c_[x, y]                         np.column_stack([x, y])
"""

from __future__ import annotations

import inspect
import string
from typing import Any

import gast
import numpy as np

from srcad.core import ops
from srcad.core.nodes import Slice
from srcad.core.specification import Known
from srcad.parser.handles import is_function
from srcad.parser.places import View

__all__ = ["NORMAL", "joined", "joins"]

Args = list[Any]
Options = dict[str, Any]


def _given(parser: Any, node: Any, function: Any, args: Args, options: Options) -> Options:
    """The arguments by name."""
    try:
        return dict(inspect.signature(function).bind(*args, **options).arguments)
    except TypeError as error:
        return parser.refuse(node, str(error), "It would raise when the function is called.")


def _as_array(parser: Any, binding: Any) -> Any:
    if isinstance(binding, (list, tuple)):
        return parser.emit(ops.operation(np.array), (binding,))
    return binding


def joins(owner: Any) -> bool:
    """Whether indexing something joins arrays: `np.r_`, `np.c_`."""
    return isinstance(owner, Known) and (owner.object is np.r_ or owner.object is np.c_)


def joined(parser: Any, node: Any, owner: Known, where: Any) -> Any:
    """`np.r_[...]` as np.concatenate, `np.c_[...]` as np.column_stack."""
    parts = []
    for element in where.elts if isinstance(where, gast.Tuple) else [where]:
        part = _joined_part(parser, element)
        type_ = None if part is None else parser.type(part)
        most = 2 if owner.object is np.c_ else 64
        if type_ is None or type_.rank is None or type_.rank > most or not type_.dtype:
            parser.refuse(
                node,
                f"`{owner.name}[...]` of this",
                "It joins numbers, arrays of known rank, and ranges: write np.concatenate, np.stack or np.linspace.",
            )
        assert type_ is not None
        parts.append((part, type_))
    # Numbers of Python's are weak in it, and would not be as arrays.
    weak = [_KINDS[type_.dtype] for _, type_ in parts if type_.kind == "number"]
    strong = [np.dtype(type_.dtype) for _, type_ in parts if type_.kind != "number"]
    dtype = np.result_type(*strong, *(kind() for kind in weak))
    written = bool(strong) and dtype != np.result_type(*strong, *map(np.dtype, weak))
    arrays = []
    for part, type_ in parts:
        if type_.rank == 0:
            options = {}
            if type_.kind == "number" and written:
                options = {"dtype": Known(dtype.type, f"np.{dtype.name}")}
            part = parser.call(node, Known(np.array, "np.array"), [[part]], options)
        arrays.append(part)
    function = np.column_stack if owner.object is np.c_ else np.concatenate
    return parser.call(node, Known(function, f"np.{function.__name__}"), [arrays], {})


_KINDS: dict[str, Any] = {"int": int, "float": float, "complex": complex, "bool": bool}


def _joined_part(parser: Any, element: Any) -> Any:
    """What is joined: an array, a number, a range; None of what says how."""
    if not isinstance(element, gast.Slice):
        part = _as_array(parser, parser.expression(element))
        return None if isinstance(part, str) else part
    ends = (element.lower, element.upper, element.step)
    start, stop, step = (None if end is None else parser.expression(end) for end in ends)
    if stop is None or isinstance(step, complex):
        return None
    given = [0 if start is None else start, stop, 1 if step is None else step]
    return parser.call(element, Known(np.arange, "np.arange"), given, {})


def _cross(parser: Any, node: Any, callee: Known, args: Args, options: Options) -> Any:
    """Vectors of three elements on the last axis: `np.linalg.cross`, which takes no others."""
    given = _given(parser, node, callee.object, args, options)
    first, second = (_as_array(parser, x) for x in list(given.values())[:2])
    axis = given.get("axis")
    places = [
        axis if axis is not None else given.get(name, -1) for name in ("axisa", "axisb", "axisc")
    ]
    if not all(isinstance(place, int) for place in places):
        parser.refuse(node, "the axis is not known while parsing", "Give it as a literal.")
    moved = [
        x if place == -1 else parser.call_known(node, np.moveaxis, [x, place, -1], {})
        for x, place in zip((first, second), places)
    ]
    made = parser.call_known(node, np.linalg.cross, moved, {})
    return (
        made if places[2] == -1 else parser.call_known(node, np.moveaxis, [made, -1, places[2]], {})
    )


def _einsum(parser: Any, node: Any, callee: Known, args: Args, options: Options) -> Any:
    """Subscripts as lists of numbers, as letters."""
    path = options.get("optimize", False)
    if isinstance(path, (list, tuple)):  # which is another one in the derivative
        options = {**options, "optimize": True}
    if not args or isinstance(args[0], str):
        return parser.call_known(node, np.einsum, args, options)
    lists = [*args[1::2], *(args[-1:] if len(args) % 2 else [])]
    lists = [
        [one.object if isinstance(one, Known) else one for one in part]
        if isinstance(part, (list, tuple))
        else part
        for part in lists
    ]
    if not all(isinstance(part, (list, tuple)) for part in lists):
        parser.refuse(
            node, "subscripts that are not known while parsing", "Write them as 'ij,j->i'."
        )
    labels = sorted({one for part in lists for one in part if isinstance(one, int)})
    letter = {one: string.ascii_letters[place] for place, one in enumerate(labels)}
    letter[Ellipsis] = "..."  # type: ignore[index]
    try:
        terms = ["".join(letter[one] for one in part) for part in lists]
    except KeyError:
        parser.refuse(
            node, "subscripts that are not known while parsing", "Write them as 'ij,j->i'."
        )
    count = len(args) // 2
    spec = ",".join(terms[:count]) + "".join(f"->{term}" for term in terms[count:])
    return parser.call_known(node, np.einsum, [spec, *args[: 2 * count : 2]], options)


def _linspace(parser: Any, node: Any, callee: Known, args: Args, options: Options) -> Any:
    """`retstep=True` gives the step, too."""
    given = _given(parser, node, np.linspace, args, options)
    if given.pop("retstep", False) is False:
        return parser.call_known(node, np.linspace, args, options)
    start, stop = given.pop("start"), given.pop("stop")
    made = parser.call_known(node, np.linspace, [start, stop], dict(given))
    count = given.get("num", 50)
    if given.get("endpoint", True) is not False:
        count = parser.binary(node, ops.subtract, count, 1)
    step = parser.binary(node, ops.divide, parser.binary(node, ops.subtract, stop, start), count)
    return made, step


def _pad(parser: Any, node: Any, callee: Known, args: Args, options: Options) -> Any:
    """Widths by axis, as pairs for all axes."""
    if len(args) < 2 or not isinstance(args[1], dict):
        return parser.call_known(node, np.pad, args, options)
    array, widths, *rest = args
    rank = parser.type(array).rank
    if rank is None or not all(isinstance(axis, int) and -rank <= axis < rank for axis in widths):
        parser.refuse(
            node,
            "axes that are not known while parsing, or not there",
            "Give a pair for each axis.",
        )
    pairs = [(0, 0)] * rank
    for axis, width in widths.items():
        pairs[axis] = width if isinstance(width, (tuple, list)) else (width, width)
    return parser.call_known(node, np.pad, [array, tuple(pairs), *rest], options)


def _ix(parser: Any, node: Any, callee: Known, args: Args, options: Options) -> Any:
    """Each array of places along an axis of its own."""
    made = []
    for place, arg in enumerate(args):
        arg = _as_array(parser, arg)
        if parser.type(arg).dtype == "bool":
            arg = parser.call_known(node, np.flatnonzero, [arg], {})
        index = ((None,) * place, Slice(), (None,) * (len(args) - 1 - place))
        made.append(parser.emit(ops.getitem, (arg, (*index[0], index[1], *index[2]))))
    return tuple(made)


def _piecewise(parser: Any, node: Any, callee: Known, args: Args, options: Options) -> Any:
    """`y = np.zeros_like(x)`, then `y[condition] = f(x[condition])` one after the other; the last function is for the rest."""
    x, conditions, functions, *more = args
    if not isinstance(x, View):
        parser.refuse(node, "np.piecewise of a number", "Use `if`, or np.where.")
    conditions = list(conditions) if isinstance(conditions, (tuple, list)) else [conditions]
    if not isinstance(functions, (tuple, list)) or len(functions) - len(conditions) not in (0, 1):
        parser.refuse(
            node,
            "the functions are not as many as the conditions, or one more",
            "It would raise when the function is called.",
        )
    masks = []
    for condition in conditions:
        condition = _as_array(parser, condition)
        if parser.type(condition).dtype != "bool":
            condition = parser.compare(node, gast.NotEq(), condition, 0)
        masks.append(condition)
    if len(functions) > len(masks):
        some = masks[0]
        for mask in masks[1:]:
            some = parser.binary(node, ops.bit_or, some, mask)
        masks.append(parser.emit(ops.invert, (some,)))
    made = parser.emit(ops.zeros_like, (x,))
    for mask, function in zip(masks, functions):
        value = function
        if isinstance(function, Known) or is_function(function):
            part = parser.emit(ops.getitem, (x, parser.read(mask)))
            value = parser.call(node, function, [part, *more], dict(options))
        parser.store(node, made, parser.read(mask), value, add=False)
    return made


def _of_axes(parser: Any, node: Any, callee: Known, args: Args, options: Options) -> Any:
    """A generalized ufunc along other axes than the last: the axes are moved there, and those of the result back."""
    function, options = callee.object, dict(options)
    axis, axes = options.pop("axis", None), options.pop("axes", None)
    if axis is None and axes is None:
        return parser.call_known(node, function, args, options)
    of_each = [axis] * len(args) if axes is None else list(axes)
    of_each = [part if isinstance(part, (tuple, list)) else (part,) for part in of_each]
    if not all(isinstance(one, int) for part in of_each for one in part):
        parser.refuse(node, "the axis is not known while parsing", "Give it as a literal.")

    def moved(x: Any, places: Any, back: bool = False) -> Any:
        last = tuple(range(-len(places), 0))
        if tuple(places) == last:
            return x
        ends: list[Any] = [last, tuple(places)] if back else [tuple(places), last]
        source, target = [end[0] for end in ends] if len(last) == 1 else ends
        return parser.call_known(node, np.moveaxis, [x, source, target], {})

    made = parser.call_known(
        node,
        function,
        [moved(_as_array(parser, x), part) for x, part in zip(args, of_each)],
        options,
    )
    return moved(made, of_each[-1], back=True) if len(of_each) > len(args) else made


def _reshape(parser: Any, node: Any, callee: Known, args: Args, options: Options) -> Any:
    """`copy=True` is a copy of what is reshaped."""
    if options.get("copy") is not True:
        return parser.call_known(node, np.reshape, args, options)
    plain = {key: option for key, option in options.items() if key != "copy"}
    return parser.emit(ops.copy, (parser.call_known(node, np.reshape, args, plain),))


NORMAL: dict[Any, Any] = {
    np.cross: _cross,
    np.linalg.cross: _cross,
    np.einsum: _einsum,
    np.linspace: _linspace,
    np.pad: _pad,
    np.ix_: _ix,
    np.piecewise: _piecewise,
    np.reshape: _reshape,
    **{
        getattr(np, name): _of_axes
        for name in ("matmul", "vecdot", "matvec", "vecmat")
        if hasattr(np, name)
    },
}
