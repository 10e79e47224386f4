"""Functions of NumPy and math that no rule covers on purpose, with the reason and what to write instead.

With operands that vary they are errors; of constants they are called as they are.

>>> print(REFUSED[np.spacing].reason)
the distance to the next float is a property of the representation
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from srcad.core.ops import Operation

__all__ = [
    "REFUSED",
    "Refusal",
    "refusal_of",
    "refused",
    "without_derivative",
    "without_rule",
]


class Refusal(NamedTuple):
    """Why a function has no derivative here, and what to write instead."""

    reason: str
    rewrite: str


REFUSED: dict[Callable[..., Any], Refusal] = {}


def refused(*functions: Callable[..., Any] | None, reason: str, rewrite: str) -> None:
    """Note functions that no rule covers on purpose; None stands for one that this version of NumPy does not have."""
    for function in functions:
        if function is not None:
            REFUSED[function] = Refusal(reason, rewrite)


def refusal_of(function: Callable[..., Any]) -> Refusal | None:
    """Why a callable has no rule on purpose, or None."""
    try:
        found = REFUSED.get(function)
        if found is None and not isinstance(function, (type, np.ufunc)):
            found = REFUSED.get(type(function))
        return found
    except TypeError:
        return None


def without_rule(op: Operation) -> tuple[str, str]:
    """What is said of an operation on operands that vary, that has no rule: what it is, and what to write.

    >>> from srcad.core import ops
    >>> without_rule(ops.operation(np.arange))[1]
    'Write `start + step * np.arange(n)`.'
    """
    found = refusal_of(op.function)
    if found is None:
        return (
            f"`{op.name}` has no derivative rule",
            "Give it one with srcad.rules, or hold its value constant with srcad.stop_gradient.",
        )
    return f"`{op.name}` is not differentiated: {found.reason}", found.rewrite


def without_derivative(op: Operation, operand: str, reason: str) -> tuple[str, str]:
    """What is said of an operation that varies with an operand by which no derivative is known."""
    return (
        f"`{op.name}` has no derivative with respect to `{operand}`: {reason}",
        "Hold it constant with srcad.stop_gradient, or rewrite the expression.",
    )


def _numpy(names: str) -> list[Any]:
    """Functions of NumPy by name; None for those that not every version has."""
    return [getattr(np, name, None) for name in names.split()]


refused(
    *_numpy("spacing nextafter"),
    *(getattr(math, name, None) for name in ("nextafter", "ulp")),
    reason="the distance to the next float is a property of the representation",
    rewrite="Take it of a constant, or hold it constant with srcad.stop_gradient.",
)
refused(
    np.i0,
    reason="its derivative is a Bessel function that NumPy does not have",
    rewrite="Use scipy.special.i0.",
)
refused(
    np.kaiser,
    reason="its derivative by `beta` is a Bessel function that NumPy does not have",
    rewrite="Give a constant `beta`, or write the window with scipy.special.i0.",
)
refused(
    *(math.gamma, math.lgamma),
    reason="its derivative is the digamma function, which neither math nor NumPy has",
    rewrite="Use scipy.special.gamma or scipy.special.gammaln.",
)
refused(
    np.lib.stride_tricks.as_strided,
    reason="it says how memory is read, whatever lies there",
    rewrite="Use np.lib.stride_tricks.sliding_window_view, or indices: x[np.arange(n)[:, None] + np.arange(k)].",
)
refused(
    np.arange,
    reason="its length would depend on an operand that varies",
    rewrite="Write `start + step * np.arange(n)`.",
)
refused(
    *_numpy("intersect1d union1d setdiff1d setxor1d"),
    reason="the logic of sets asks which floats are equal: the length of its result depends on the values",
    rewrite="Find the elements outside the function, and index the array with their positions.",
)
refused(
    *(
        getattr(getattr(np.polynomial, module), f"{prefix}valnd", None)
        for module, prefix in (
            *(("polynomial", "poly"), ("chebyshev", "cheb"), ("hermite", "herm")),
            *(("hermite_e", "herme"), ("laguerre", "lag"), ("legendre", "leg")),
        )
    ),
    reason="it is a polynomial in as many variables as it is given",
    rewrite="Use the function for two or three of them (`val2d`, `val3d`), or np.einsum.",
)
refused(
    np.histogramdd,
    reason="its samples are a list of coordinates, as many as there are axes",
    rewrite="Use np.histogram or np.histogram2d; or np.add.at(counts, places, weights).",
)
refused(
    *_numpy("row_stack"),
    reason="NumPy gives the name up",
    rewrite="Use np.vstack.",
)
refused(
    np.trim_zeros,
    reason="the length of its result depends on the values",
    rewrite="Slice the array between the first and the last element that is to be kept.",
)
refused(
    *_numpy("unique_all unique_counts unique_inverse unique_values"),
    reason="the length of its result depends on the values",
    rewrite="Use np.unique, with `return_index=True` and the like.",
)
refused(
    *_numpy("matrix asmatrix bmat"),
    reason="np.matrix is an array whose operators mean other things",
    rewrite="Use arrays, `@` and np.block.",
)
refused(
    *_numpy(
        "ndarray recarray record memmap from_dlpack frombuffer fromfile fromstring fromiter fromregex"
    ),
    reason="it makes an array of memory, text or a file",
    rewrite="Make it outside the function, and pass it; of numbers np.array makes one.",
)
refused(
    *_numpy("nditer nested_iters flatiter broadcast"),
    reason="it walks arrays in the order that they lie in memory",
    rewrite="Use array operations, a loop over indices, or np.ndenumerate.",
)
refused(
    *_numpy("shares_memory may_share_memory isfortran"),
    reason="it asks how arrays lie in memory, and a derivative works on arrays of its own",
    rewrite="Decide outside the function.",
)
refused(
    np.ufunc.resolve_dtypes,
    reason="it makes dtypes, not numbers",
    rewrite="Call it outside the function, or use np.result_type.",
)
refused(
    np.sort_complex,
    reason="it makes complex numbers of real ones",
    rewrite="Use np.sort, or x[np.lexsort((x.imag, x.real))] of complex numbers.",
)
refused(
    *_numpy(
        "datetime64 timedelta64 busdaycalendar busday_count busday_offset is_busday datetime_as_string datetime_data"
    ),
    reason="dates have no derivative",
    rewrite="Compute with numbers of days or seconds.",
)
refused(
    *_numpy("bytes_ str_ object_ void character flexible"),
    reason="texts, records and objects have no derivative",
    rewrite="Keep the numbers in an array of their own.",
)
refused(
    *_numpy(
        "generic number integer signedinteger unsignedinteger inexact floating complexfloating"
    ),
    reason="it is an abstract class, of which there are no numbers",
    rewrite="Use it in isinstance or np.issubdtype; np.float64 makes a number.",
)
refused(
    *_numpy("ufunc poly1d"),
    reason="it makes a function, not a number",
    rewrite="Make it outside the function; a polynomial's values are np.polyval(p, x).",
)

# What another part of this version brings.
refused(
    np.real_if_close,
    reason="the values decide whether its result is complex",
    rewrite="Write `x.real` where it is to be real.",
)
refused(
    np.power.reduce,
    reason="NumPy leaves elements out of it where they are float64 (2.2, 2.4)",
    rewrite="Use np.float_power.reduce.",
)
