"""Functions that have no derivative, or one that is zero wherever it exists, by reason."""

from __future__ import annotations

import builtins
import math
import operator

import numpy as np

from srcad import runtime
from srcad.core import ops
from srcad.rules.families import constant

__all__: list[str] = []

constant(
    *(operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge),
    *(operator.is_, operator.is_not, operator.not_),
    *(np.less, np.less_equal, np.equal, np.not_equal, np.greater, np.greater_equal),
    *(np.logical_and, np.logical_or, np.logical_xor, np.logical_not),
    *(np.isnan, np.isinf, np.isfinite, np.isnat, np.isclose, np.allclose, np.array_equal),
    *(np.any, np.all, np.iscomplexobj, np.isrealobj, np.isscalar),
    *(np.array_equiv, np.isneginf, np.isposinf, np.isreal, np.iscomplex, np.isin, np.iterable),
    *(np.can_cast, np.issubdtype),
    *(getattr(np, name) for name in ("isdtype", "in1d") if hasattr(np, name)),
    *(math.isnan, math.isinf, math.isfinite, math.isclose),
    *(builtins.bool, builtins.any, builtins.all, builtins.isinstance, builtins.callable, np.bool_),
    reason="a truth value",
)

# The results are floats, but steps: the derivative is zero wherever it exists. They are constants, as in torch and JAX.
constant(
    *(np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix),
    *(operator.floordiv, np.floor_divide, builtins.round, math.floor, math.ceil, math.trunc),
    reason="a step function: its derivative is zero wherever it exists",
)

constant(
    *(
        np.argmax,
        np.argmin,
        np.argsort,
        np.nonzero,
        np.flatnonzero,
        np.argwhere,
        np.searchsorted,
        np.digitize,
    ),
    *(np.lexsort, np.argpartition, np.signbit, np.ravel_multi_index, np.unravel_index),
    *(
        np.shape,
        np.size,
        np.ndim,
        builtins.len,
        builtins.range,
        runtime.dtype_of,
        np.result_type,
        np.dtype,
    ),
    *(
        np.finfo,
        np.iinfo,
        np.indices,
        np.triu_indices,
        np.tril_indices,
        np.diag_indices,
        builtins.int,
    ),
    *(np.nanargmax, np.nanargmin, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from),
    *(np.broadcast_shapes, np.mask_indices, np.count_nonzero),
    *(np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64),
    *{np.longlong, np.ulonglong, np.intc, np.uintc}.difference(
        (np.int32, np.int64, np.uint32, np.uint64)
    ),
    reason="a position, a size or another whole number",
)

constant(
    *(operator.and_, operator.or_, operator.xor, operator.invert, operator.lshift, operator.rshift),
    *(
        np.bitwise_and,
        np.bitwise_or,
        np.bitwise_xor,
        np.invert,
        np.left_shift,
        np.right_shift,
        np.bitwise_count,
    ),
    *(np.packbits, np.unpackbits),
    *(np.gcd, np.lcm, math.gcd, math.lcm, math.factorial, math.comb, math.perm, math.isqrt),
    reason="a function of whole numbers",
)

constant(
    *(
        np.zeros,
        np.ones,
        np.empty,
        np.zeros_like,
        np.ones_like,
        np.empty_like,
        np.eye,
        np.identity,
        np.tri,
    ),
    *(np.bartlett, np.blackman, np.hamming, np.hanning),
    reason="it depends on the size of its operand and not on the values",
)

constant(
    *(np.array2string, np.array_repr, np.array_str, np.base_repr, np.binary_repr),
    *(np.format_float_positional, np.format_float_scientific),
    reason="a text",
)

constant(
    *(np.promote_types, np.common_type, np.min_scalar_type, np.typename, np.mintypecode),
    *(np.einsum_path,),
    reason="it depends on the types or sizes of its operands and not on the values",
)

constant(ops.pick.function, reason="a leaf of an argument is an input of its own")

if hasattr(runtime, "stop_gradient"):
    constant(runtime.stop_gradient, reason="the user says that it is constant")
