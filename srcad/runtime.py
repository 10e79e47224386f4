"""The few helpers that generated code may call, where ranks are not known. It imports NumPy alone.

They are alias operations: a result may share memory with an argument, and none of them writes to one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "cast",
    "dtype_of",
    "instance",
    "no_grad",
    "own",
    "put",
    "put_add",
    "result",
    "spread",
    "stop_gradient",
    "sum_to",
]


def put(base: Any, index: Any, value: Any, *, fresh: bool = False) -> Any:
    """`base` with `base[index] = value`, as a new array; `fresh` says that nothing stood there before.

    >>> put(np.zeros(3), slice(1, None), 2.0)
    array([0., 2., 2.])
    """
    new = np.array(base, copy=True)
    new[index] = value
    return new


def put_add(base: Any, index: Any, value: Any) -> Any:
    """`base` with `value` added at `index`, repeated indices adding up, as a new array: the transpose of indexing.

    >>> put_add(np.zeros(3), [0, 0], 1.0)
    array([2., 0., 0.])
    """
    new = np.array(base, copy=True)
    np.add.at(new, index, value)
    return new


def sum_to(x_bar: Any, x: Any) -> Any:
    """The cotangent of `x`, given that of what `x` was broadcast to: summed over the axes that broadcasting made.

    >>> sum_to(np.ones((2, 3)), np.zeros(3)), sum_to(np.ones((2, 3)), np.zeros((2, 1)))
    (array([2., 2., 2.]), array([[3.],
           [3.]]))
    """
    x_bar, shape = np.asarray(x_bar), np.shape(x)
    if x_bar.shape == shape:
        return cast(x_bar[()], x)
    extra = x_bar.ndim - len(shape)
    if extra < 0:
        return spread(x_bar, x)
    axes = tuple(range(extra)) + tuple(
        extra + axis
        for axis, size in enumerate(shape)
        if size == 1 and x_bar.shape[extra + axis] != 1
    )
    return cast(np.sum(x_bar, axis=axes).reshape(shape)[()], x)


def spread(x_bar: Any, x: Any) -> Any:
    """`x_bar` broadcast to the shape of `x`, a Python number in its dtype: the transpose of a sum.

    >>> spread(2.0, np.zeros(3, np.float32))
    array([2., 2., 2.], dtype=float32)
    """
    shape = np.shape(x)
    if shape and not hasattr(x_bar, "dtype"):
        x_bar = cast(x_bar, x)
    return x_bar if np.shape(x_bar) == shape else np.broadcast_to(x_bar, shape)


def cast(x_bar: Any, x: Any) -> Any:
    """`x_bar` in the floating dtype of `x`; as it is where `x` is a Python number, or not floating.

    The cotangent of what is real is real: of a complex one it is the real part.

    >>> cast(2.0 + 1.0j, 0.5), cast(2.0 + 1.0j, 1j)
    (2.0, (2+1j))
    """
    dtype = getattr(x, "dtype", None)
    if (dtype is None or dtype.kind == "f") and np.iscomplexobj(x_bar) and not np.iscomplexobj(x):
        x_bar = x_bar.real
    if (
        dtype is None
        or dtype.kind not in "fc"
        or (hasattr(x_bar, "dtype") and x_bar.dtype == dtype)
    ):
        return x_bar
    return np.asarray(x_bar).astype(dtype)[()]


def result(x_bar: Any, x: Any) -> Any:
    """A derivative with respect to `x` as it is handed out: of the shape and dtype of `x`, fresh, writable.

    >>> result(1.0, np.zeros((), np.float32)).dtype
    dtype('float32')
    """
    x_bar = cast(x_bar, x)
    if isinstance(x, np.ndarray):
        dtype = x.dtype if x.dtype.kind in "fc" else None
        return np.array(np.broadcast_to(x_bar, x.shape), dtype=dtype, copy=True)
    if isinstance(x, np.generic):
        return x.dtype.type(x_bar) if x.dtype.kind in "fc" else x_bar
    return x_bar[()] if isinstance(x_bar, np.ndarray) else x_bar


def dtype_of(x: Any) -> Any:
    """The dtype of an array or a NumPy scalar; of a Python number the type, which stays weak."""
    return getattr(x, "dtype", type(x))


def stop_gradient(x: Any) -> Any:
    """`x`, held constant by every derivative.

    >>> stop_gradient(2.0)
    2.0
    """
    return x


class no_grad:
    """`with srcad.no_grad():` inside a function: results of operations in the block are constants.

    A bare alias (`c = x`) is no operation and stays active. Around the call of a derivative it changes nothing.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exception: Any) -> None:
        return None


def own(x: Any) -> Any:
    """`x` as memory that nothing else shares."""
    return np.array(x, copy=True) if isinstance(x, np.ndarray) else x


def instance(kind: Any, /, **parts: Any) -> Any:
    """An object of a class with these attributes, made without its `__init__`: they are what that has made.

    >>> class Ball:
    ...     def __init__(self, mass):
    ...         self.mass = 2 * mass
    >>> vars(instance(Ball, mass=1.0))
    {'mass': 1.0}
    """
    made = object.__new__(kind)
    for name, part in parts.items():
        object.__setattr__(made, name, part)
    return made
