"""What the result of an operation is: kind, dtype and symbolic shape, from the types of its operands.

`infer` is called for every statement that is built. Whatever it says is proven, under two assumptions: a value whose
shape is known holds numbers (NumPy's kinds b, i, u, f, c), and Python integers that meet arrays fit into 64 bits.
Kinds and dtypes are not tabulated: NumPy itself is asked, once per function and types of operands, by running the
function on tiny arrays (`asking`). Shapes come from what the function's rule says (a signature, a definition, a family:
`inference`); what no rule says is computed by a handler, in a file a subject. (One exception, on purpose: `join` calls
a Python real or a float64 scalar, not known which, a float64 scalar.)

Sizes. A `Size` stands for `max(key - minus, 0)`; a `minus` below zero adds: `Size("n", -1)` is n + 1. Keys that this
module makes are `Opaque`: a tag and what the size is a function of, so that equal functions of equal sizes are equal.

Integers. `Type.value` of an integer is an int or an `Exact` (key + offset), that of `x.shape` is the tuple of sizes.
So `np.zeros(len(x))` has the size of `x`. `len(x) - 1` may be negative, which no size is; `size_of` turns an integer
into the size of what is made with it.

>>> import numpy as np
>>> from srcad.core import ops
>>> from srcad.core.nodes import Slice, Value
>>> from srcad.core.types import Size, array
>>> n, m = Size("n"), Size("m")
>>> x = Value("x", array("float64", n, m))
>>> infer(ops.getitem, (x, Slice(1, -1)), {}), infer(ops.operation(np.sum), (x,), {"axis": 0})
(float64[n - 2, m], float64[m])
>>> infer(ops.add, (x, 1), {}), infer(ops.less, (x, Value("y")), {}), infer(ops.divide, (1, 2), {})
(float64[n, m], ?[...], float)

A loop: start with `param.type = init.type`, infer the body, `widened = widen(param, init, next)`; repeat until that is
`param`; then `exit` has type `join(init, param)`. An opaque size belongs to the values that it was made of: a copy of
a block (an inlined callee) has to be inferred anew.
"""

from srcad.analysis.types.asking import named_shapes
from srcad.analysis.types.inference import infer
from srcad.analysis.types.lattice import (
    Exact,
    Opaque,
    Unknown,
    broadcast,
    join,
    same_shape,
    same_size,
    size_of,
    type_of,
    widen,
)

__all__ = [
    "Exact",
    "Opaque",
    "Unknown",
    "broadcast",
    "infer",
    "join",
    "named_shapes",
    "same_shape",
    "same_size",
    "size_of",
    "type_of",
    "widen",
]
