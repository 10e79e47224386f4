"""What memory the result of an operation may share with an operand.

- "fresh": with none; the result is a new array that may be written to, or no array;
- "view": with the first operand, always; it may be read-only (`np.broadcast_to`);
- "maybe": with any operand, or not;
- "same": it is the first operand.

`memory` knows the operation alone, `memory_of` the operands, too. What is not listed is "maybe".

>>> from srcad.core.nodes import Value
>>> from srcad.core.types import array, number
>>> memory(ops.add), memory(ops.operation(np.ravel)), memory(ops.operation(np.swapaxes)), memory(ops.move)
('fresh', 'maybe', 'view', 'same')
>>> x, i = Value("x", array("float64", 3, 3)), Value("i", number("int"))
>>> [memory_of(ops.getitem, (x, index), {}) for index in [i, (i, 1), Slice(1), [0, 1], Value("k")]]
['view', 'fresh', 'view', 'fresh', 'maybe']
"""

from __future__ import annotations

import builtins
import math
import operator
from functools import cache
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import infer, type_of
from srcad.core import ops
from srcad.core.nodes import Slice
from srcad.core.ops import Operation
from srcad.rules.families import rule_of

__all__ = ["memory", "memory_of"]

Tree = Any

# Of the others the rule says it (`Rule.memory`).
_NAMES = {
    "fresh": """sum prod mean max min amax amin var std any all argmax argmin count_nonzero
        nanmax nanmin nanargmax nanargmin cumsum cumprod dot inner vdot outer tensordot trace cross
        concatenate concat stack vstack hstack column_stack where take_along_axis clip roll sort argsort argpartition
        tri diff trapz searchsorted digitize angle sinc i0
        zeros ones empty full zeros_like ones_like empty_like full_like eye identity arange linspace copy
        nonzero flatnonzero argwhere isclose allclose array_equal isreal iscomplex isin shape size ndim
        iscomplexobj isrealobj isscalar linalg.norm linalg.svd linalg.svdvals linalg.qr linalg.lstsq linalg.cond
        linalg.matrix_rank linalg.matmul linalg.outer linalg.tensordot linalg.vector_norm linalg.matrix_norm
        linalg.trace linalg.vecdot""",
    "view": "transpose permute_dims swapaxes moveaxis expand_dims squeeze broadcast_to flip rot90 diagonal real",
}

_TABLE: dict[Any, str] = {
    builtins.max: "maybe",
    builtins.min: "maybe",
    builtins.abs: "fresh",
    builtins.pow: "fresh",
    builtins.divmod: "fresh",
    runtime.put: "fresh",
    runtime.put_add: "fresh",
    runtime.own: "fresh",
    runtime.dtype_of: "fresh",
    runtime.stop_gradient: "same",
    operator.getitem: "maybe",
    ops.move.function: "same",
    ops.new_list: "fresh",
    ops.append: "fresh",
    np.ndarray.flatten: "fresh",
    np.ndarray.copy: "fresh",
}
for _name in (
    "float",
    "int",
    "bool",
    "complex",
    "round",
    "len",
    "range",
    "isinstance",
    "any",
    "all",
    "str",
):
    _TABLE[getattr(builtins, _name)] = "fresh"
for _function in vars(operator).values():
    if callable(_function):
        _TABLE.setdefault(_function, "fresh")
for _function in vars(math).values():
    if callable(_function):
        _TABLE[_function] = "fresh"
for _kind, _names in _NAMES.items():
    _TABLE.update(dict.fromkeys(ops.functions_called(_names), _kind))


def memory(op: Operation) -> str:
    """What any result of the operation may share (without `out`): "fresh", "view", "maybe" or "same"."""
    if isinstance(op.function, np.ufunc):
        # x.conj() of a real array is x.
        return "maybe" if op.style == "method" and op.function is np.conjugate else "fresh"
    if op.function in _SPECIAL:
        return "maybe"
    rule = rule_of(op.function)
    declared = None if rule is None else rule.memory
    return declared or _TABLE.get(op.function, "maybe")


def memory_of(op: Operation, args: tuple[Tree, ...], options: dict[str, Tree]) -> str:
    """What the result of the operation on these operands may share.

    >>> from srcad.core.nodes import Value
    >>> from srcad.core.types import array, number
    >>> square = Value("square", array("float64", 3, 3))
    >>> memory_of(ops.operation(np.diag), (square,), {}), memory_of(ops.operation(np.diag), (Value("x"),), {})
    ('view', 'maybe')
    >>> memory_of(ops.sum_to, (square, square), {}), memory_of(ops.operation(np.array), (square,), {"copy": None})
    ('maybe', 'maybe')
    """
    function = op.function
    if options.get("out") is not None or len(args) > _place_of_out(function):
        return "maybe"
    if function is operator.getitem or function is ops.select_item:
        found = _getitem(*args)
    elif function in _SPECIAL:
        found = _SPECIAL[function](args, options)
    else:
        found = memory(op)
    complex_ = args and (type_of(args[0]).dtype or "").startswith("complex")
    if function is np.imag and complex_ and type_of(args[0]).kind == "array":
        return "view"  # of real numbers it is zeros that are read only
    if function is np.conjugate and complex_:
        return "fresh"
    if found == "fresh":
        return found
    if function in _OF_ONE and (
        type(args[0]) in (list, tuple) or type_of(args[0]).kind in ("number", "scalar")
    ):
        return "fresh"  # NumPy makes an array of it first
    kind = infer(op, args, options).kind
    return "fresh" if kind == "number" or kind == "scalar" else found


# Functions of one array, whose result may be written to where the array may.
_OF_ONE = {
    getattr(np, name)
    for name in """reshape ravel transpose swapaxes moveaxis rollaxis squeeze expand_dims flip fliplr flipud rot90
    asarray asanyarray ascontiguousarray real""".split()  # noqa: SIM905
}


@cache
def _place_of_out(function: Any) -> int:
    """From how many positional arguments on one of them is `out`."""
    if isinstance(function, np.ufunc):
        return function.nin
    names = ops.parameters(function) or ()
    return names.index("out") if "out" in names else 99


def _getitem(base: Tree, index: Tree) -> str:
    if type(base) in (list, tuple) or type_of(base).kind != "array":
        return "maybe"
    parts = index if type(index) is tuple else (index,)
    kinds = {_part(part) for part in parts}
    return "fresh" if "advanced" in kinds else "maybe" if "unknown" in kinds else "view"


def _part(part: Tree) -> str:
    """What a part of an index is: "basic", "advanced" or "unknown"."""
    if part is None or part is Ellipsis or isinstance(part, Slice):
        return "basic"
    if type(part) in (list, tuple):
        return "advanced"
    type_ = type_of(part)
    if type_.kind in ("number", "scalar") and type_.dtype:
        return "basic" if type_.dtype.startswith(("int", "uint")) else "advanced"
    return "advanced" if type_.shape else "unknown"


def _diag(args: tuple[Tree, ...], options: dict[str, Tree]) -> str:
    rank = type_of(args[0]).rank
    return "maybe" if rank is None else "fresh" if rank == 1 else "view"


def _diff(args: tuple[Tree, ...], options: dict[str, Tree]) -> str:
    n = args[1] if len(args) > 1 else options.get("n", 1)
    return "fresh" if type(n) is int and n > 0 else "maybe"


def _copying(positional: int) -> Any:
    """Of functions with an option `copy`, that takes at most so many arguments by position if it copies."""

    def found(args: tuple[Tree, ...], options: dict[str, Tree]) -> str:
        return "fresh" if options.get("copy", True) is True and len(args) <= positional else "maybe"

    return found


def _einsum(args: tuple[Tree, ...], options: dict[str, Tree]) -> str:
    return "fresh" if len(args) > 2 and isinstance(args[0], str) else "maybe"


def _part_of_results(args: tuple[Tree, ...], options: dict[str, Tree]) -> str:
    return "view" if type_of(args[0]).dtype == "shared" else "fresh"


def _result(args: tuple[Tree, ...], options: dict[str, Tree]) -> str:
    x_bar, x = map(type_of, args)
    return "fresh" if x.kind == "array" or x_bar.shape == () else "maybe"


def _matrix_power(args: tuple[Tree, ...], options: dict[str, Tree]) -> str:
    n = args[1] if len(args) > 1 else options.get("n")
    return "fresh" if type(n) is int and n != 1 else "maybe"


_SPECIAL: dict[Any, Any] = {
    np.diag: _diag,
    np.diff: _diff,
    np.array: _copying(2),
    np.ndarray.astype: _copying(2),
    np.nan_to_num: _copying(1),
    np.meshgrid: _copying(99),
    np.einsum: _einsum,
    np.linalg.matrix_power: _matrix_power,
    runtime.result: _result,
    ops.part.function: _part_of_results,
}
if hasattr(np, "astype"):
    _SPECIAL[np.astype] = _copying(2)
