"""Methods and attributes of arrays: which function of NumPy each of them is, and what those are that are none.

    x.sum(0)             is    np.sum(x, 0)                 and stays written as it is
    x.compress(c)        is    np.compress(c, x)
    x.item(0, 1)         is    x[0, 1]
    x.mT                 is    np.swapaxes(x, -1, -2)
    x.partition(2)       is    x[...] = np.partition(x, 2)  (`writers` has all that write)

The tables are complete: what NumPy's arrays have and they do not is found by a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.core import ops
from srcad.core.specification import Known
from srcad.parser.handles import FlatBinding
from srcad.parser.places import View

__all__ = ["ATTRIBUTES", "FUNCTIONS", "METHODS", "REFUSED"]

# Methods that are the function of their name, with the array first and its other parameters in the same places.
FUNCTIONS: dict[str, Any] = {
    function.__name__: function
    for function in (
        *(np.sum, np.mean, np.prod, np.max, np.min, np.std, np.var, np.dot, np.cumsum, np.cumprod),
        *(np.clip, np.trace, np.copy, np.squeeze, np.ravel, np.swapaxes, np.diagonal, np.repeat),
        *(np.argmax, np.argmin, np.argsort, np.argpartition, np.any, np.all, np.round, np.nonzero),
        *(np.take, np.choose, np.searchsorted, np.conjugate),
    )
}
FUNCTIONS["conj"] = np.conjugate


def _given(
    parser: Any, node: Any, args: list[Any], options: dict[str, Any], first: str, *rest: str
) -> dict[str, Any]:
    """The arguments of a method by name; the first may not be left out."""
    given = dict(zip((first, *rest), args)) | options
    if first not in given or len(args) > 1 + len(rest):
        parser.refuse(
            node, "the arguments do not fit", "It would raise when the function is called."
        )
    return given


def _astype(parser: Any, node: Any, owner: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """`np.astype(x, dtype)`."""
    given = _given(parser, node, args, options, "dtype", "order", "casting", "subok", "copy")
    for name, plain in (("order", "K"), ("casting", "unsafe"), ("subok", True)):
        if given.pop(name, plain) != plain:
            parser.refuse(
                node,
                f"`{name}=` of `.astype()` is not accepted",
                "Leave it out: a derivative says nothing of it.",
            )
    function = np.astype if hasattr(np, "astype") else np.asarray
    return parser.call_known(node, function, [owner, given.pop("dtype")], given)


def _flatten(parser: Any, node: Any, owner: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """`np.ravel(x, order)`, always a copy."""
    flat = parser.call_known(node, np.ravel, [owner, *args], options)
    return parser.emit(ops.copy, (flat,))


def _reshape(parser: Any, node: Any, owner: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """`np.reshape(x, shape)`."""
    packed = {"shape": args[0] if len(args) == 1 else tuple(args)} if args else {}
    copied = options.get("copy") is True
    options = {key: option for key, option in options.items() if not copied or key != "copy"}
    made = parser.call_known(node, np.reshape, [owner], {**packed, **options})
    return parser.emit(ops.copy, (made,)) if copied else made


def _transpose(parser: Any, node: Any, owner: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """`np.transpose(x, axes)`."""
    if not options and args in ([], [None]):
        return parser.emit(ops.transpose, (owner,))
    packed = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else tuple(args)
    return parser.call_known(node, np.transpose, [owner], {"axes": packed, **options})


def _compress(parser: Any, node: Any, owner: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """`np.compress(condition, x, axis)`."""
    given = _given(parser, node, args, options, "condition", "axis", "out")
    condition = given.pop("condition")
    return parser.call_known(node, np.compress, [condition, owner], given)


def _item(parser: Any, node: Any, owner: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """`x.item(i)` counts through all elements, `x.item(i, j)` is `x[i, j]`."""
    index = tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else tuple(args)
    type_ = parser.type(owner)
    if not args and type_.kind in ("scalar", "number"):
        made = owner
    elif not args or len(index) > 1 or type_.rank == 1:
        made = parser.emit(ops.getitem, (owner, index if len(index) != 1 else index[0]))
    else:
        made = parser.emit(ops.getitem, (parser.flat(owner), index[0]))
    if type_.kind == "number" or type_.dtype is None:
        return made
    number = type(np.zeros((), type_.dtype).item())  # Python's, weak in promotion
    return parser.emit(ops.operation(number), (made,)) if number in (int, float, complex) else made


def _tolist(parser: Any, node: Any, owner: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """`list(x)`, of one axis."""
    if parser.type(owner).rank == 0:
        return parser.emit(ops.getitem, (owner, ()))
    if parser.type(owner).rank != 1:
        parser.refuse(
            node,
            "`.tolist()` of an array of arrays",
            "Loop over the array: its rows are arrays, which compute.",
        )
    return parser.call(node, Known(list, "list"), [owner], {})


def _view(parser: Any, node: Any, owner: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """`x[...]`; of no other type."""
    if args or options:
        parser.refuse(
            node,
            "`.view()` as another type reads the memory of an array as something else",
            "Convert the numbers with x.astype(dtype); of complex ones use x.real and x.imag.",
        )
    return parser.emit(ops.getitem, (owner, Ellipsis))


def _to_device(parser: Any, node: Any, owner: Any, args: list[Any], options: dict[str, Any]) -> Any:
    """`x`, on the device that there is."""
    if args != ["cpu"]:
        parser.refuse(node, "NumPy's arrays are on one device", "Write x.to_device('cpu').")
    return owner


# What else is called as `(parser, node, owner, args, options) -> binding`.
METHODS: dict[str, Callable[..., Any]] = {
    "astype": _astype,
    "flatten": _flatten,
    "reshape": _reshape,
    "transpose": _transpose,
    "compress": _compress,
    "item": _item,
    "tolist": _tolist,
    "view": _view,
    "to_device": _to_device,
}


def _swapped(parser: Any, node: Any, owner: Any) -> Any:
    """`np.swapaxes(x, -1, -2)`."""
    if parser.type(owner).rank == 2:
        return parser.emit(ops.transpose, (owner,))
    return parser.call_known(node, np.swapaxes, [owner, -1, -2], {})


def _rank(parser: Any, node: Any, owner: Any) -> Any:
    """The number of axes: constant."""
    known = parser.type(owner).rank
    return parser.emit(ops.ndim, (owner,)) if known is None else known


def _itemsize(parser: Any, node: Any, owner: Any) -> Any:
    """The bytes of an element: constant."""
    dtype = parser.type(owner).dtype
    if dtype is None:
        parser.refuse(node, "the dtype of this array is not known", "Write the number of bytes.")
    return np.dtype(dtype).itemsize


def _nbytes(parser: Any, node: Any, owner: Any) -> Any:
    """`x.size * x.itemsize`: constant."""
    return parser.emit(
        ops.multiply, (parser.emit(ops.size, (owner,)), _itemsize(parser, node, owner))
    )


def _flat(parser: Any, node: Any, owner: Any) -> Any:
    """All elements in a row: indexed, stored to and looped over."""
    if isinstance(owner, View):
        return FlatBinding(owner)
    return parser.refuse(node, "`.flat` of something that is no array", "Use the number itself.")


def _transposed(parser: Any, node: Any, owner: Any) -> Any:
    """`np.transpose(x)`."""
    return parser.emit(ops.transpose, (owner,))


def _of(op: ops.Operation) -> Callable[..., Any]:
    def read(parser: Any, node: Any, owner: Any) -> Any:
        return parser.emit(op, (owner,))

    read.__doc__ = f"The {op.name}: constant."
    return read


def _real(parser: Any, node: Any, owner: Any) -> Any:
    """`np.real(x)`; of a real array, the array."""
    dtype = parser.type(owner).dtype
    plain = dtype is not None and not dtype.startswith("c")
    return owner if plain else parser.emit(ops.real, (owner,))


def _imag(parser: Any, node: Any, owner: Any) -> Any:
    """`np.imag(x)`."""
    return parser.emit(ops.imag, (owner,))


def _device(parser: Any, node: Any, owner: Any) -> Any:
    """`"cpu"`: constant."""
    return "cpu"


# Attributes, as `(parser, node, owner) -> binding`.
ATTRIBUTES: dict[str, Callable[..., Any]] = {
    "T": _transposed,
    "real": _real,
    "imag": _imag,
    "mT": _swapped,
    "shape": _of(ops.shape),
    "size": _of(ops.size),
    "ndim": _rank,
    "dtype": _of(ops.dtype),
    "itemsize": _itemsize,
    "nbytes": _nbytes,
    "flat": _flat,
    "device": _device,
}

_MEMORY = "A derivative works on arrays of its own, which lie in memory in their own way: decide outside the function."
_BYTES = "Its elements are numbers here, not bytes: convert them outside the function."

REFUSED: dict[str, tuple[str, str]] = {
    **{
        name: (f"`.{name}` says how an array lies in memory", _MEMORY)
        for name in ("strides", "base", "data", "ctypes", "flags", "setflags")
    },
    **{
        name: (f"`.{name}()` is about the bytes of an array", _BYTES)
        for name in ("byteswap", "getfield", "setfield", "tobytes")
    },
    **{
        name: (
            f"`.{name}()` writes the array to a file or a text",
            "It would happen again whenever a derivative is taken. Do it outside, with the result.",
        )
        for name in ("tofile", "dump", "dumps")
    },
    **{
        name: (f"`.{name}()` is no method of NumPy's arrays any more", "It would raise.")
        for name in ("itemset", "newbyteorder", "ptp", "tostring")
    },
    "resize": (
        "`.resize()` changes the size of an array in place",
        "Make a new array: x = np.resize(x, shape).",
    ),
}
