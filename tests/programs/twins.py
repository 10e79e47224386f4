"""Jacobians of programs in twins of their modules, which owe nothing to srcad: complex steps and extrapolated differences.

A twin is a copy of the program's module where NumPy makes arrays of another dtype, so that buffers, helpers and classes follow.
Where a twin is complex, `abs` and `arctan2` are continued analytically, so that programs which take sides have complex steps too.
A Jacobian is one matrix: a row for each number that comes out, a column for each that goes in.
"""

import enum
import math
import types
from functools import cache
from pathlib import Path

import numpy as np

__all__ = [
    "apart",
    "flat",
    "floats",
    "is_float",
    "jacobian",
    "joined",
    "mapped",
    "parts_of",
    "twin",
]

LONG = np.longdouble


# Trees: of tuples, lists, dicts and objects with attributes.


def parts_of(tree):
    """The children of a node and how to put others in their place; None for a leaf."""
    if isinstance(tree, dict):
        return list(tree.values()), lambda parts: dict(zip(tree, parts))
    if isinstance(tree, (tuple, list)):
        kind = type(tree)
        return list(tree), lambda parts: kind(*parts) if hasattr(tree, "_fields") else kind(parts)
    if not hasattr(tree, "__dict__") or isinstance(
        tree, (np.ndarray, np.generic, type, types.FunctionType, types.ModuleType, enum.Enum)
    ):
        return None
    return list(vars(tree).values()), lambda parts: with_attributes(type(tree), tree, parts)


def with_attributes(kind, tree, parts):
    """An object of a class with the attributes of another one, and other values; not initialised."""
    made = object.__new__(kind)
    for name, part in zip(vars(tree), parts):
        object.__setattr__(made, name, part)
    return made


def flat(tree):
    """The leaves of a tree.

    >>> flat({"a": [1.0, (2.0, 3)], "b": None})
    [1.0, 2.0, 3, None]
    """
    found = parts_of(tree)
    return [tree] if found is None else [leaf for part in found[0] for leaf in flat(part)]


def mapped(function, *trees):
    """The tree of what a function gives for each leaf, of several trees alike.

    >>> mapped(lambda a, b: a + b, [1, {"x": 2}], [10, {"x": 20}])
    [11, {'x': 22}]
    """
    found = parts_of(trees[0])
    if found is None:
        return function(*trees)
    others = [parts_of(tree)[0] for tree in trees[1:]]
    return found[1]([mapped(function, *parts) for parts in zip(found[0], *others)])


def is_float(leaf):
    return isinstance(leaf, (float, np.floating)) or (
        isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
    )


def floats(tree):
    """The leaves that a derivative is with respect to."""
    return [leaf for leaf in flat(tree) if is_float(leaf)]


def joined(tree, dtype=float):
    """The numbers of a tree, in one vector; of results, so that what is no number is refused.

    >>> joined([1.0, {"x": np.ones((2, 1))}])
    array([1., 1., 1.])
    """
    return np.concatenate(
        [np.zeros(0, dtype), *(np.ravel(np.asarray(leaf)) for leaf in flat(tree))]
    )


def apart(vector, tree):
    """The tree with the numbers of a vector in the place of its floats, arrays as arrays and numbers as numbers.

    >>> apart(np.array([1.0, 2.0, 3.0]), (0.0, np.zeros(2), 7))
    (1.0, array([2., 3.]), 7)
    """
    begin = 0

    def part(leaf):
        nonlocal begin
        if not is_float(leaf):
            return leaf
        found = vector[begin : begin + np.size(leaf)].reshape(np.shape(leaf))
        begin += np.size(leaf)
        if isinstance(leaf, np.ndarray):
            return found.copy()
        return float(found) if found.dtype == float else found[()]

    return mapped(part, tree)


# Modules in another precision.


def _abs(z):
    """The absolute value, continued analytically."""
    return np.where(np.real(z) < 0, -z, z)[()]


def _arctan2(y, x):
    """To first order in the imaginary parts, which is all that a complex step reads."""
    a, b = np.real(y), np.real(x)
    return np.arctan2(a, b) + 1j * (b * np.imag(y) - a * np.imag(x)) / (a**2 + b**2)


def _elimination(a, b):
    """Gauss and Jordan, where LAPACK knows no such precision."""
    a, b = np.array(a, LONG), np.array(b, LONG)
    for column in range(len(a)):
        row = column + int(np.argmax(np.abs(a[column:, column])))
        a[[column, row]], b[[column, row]] = a[[row, column]], b[[row, column]]
        for other in range(len(a)):
            if other != column:
                scale = a[other, column] / a[column, column]
                a[other] = a[other] - scale * a[column]
                b[other] = b[other] - scale * b[column]
    return (b.T / np.diag(a)).T


def _determinant(a):
    """By the first row."""
    if not len(a):
        return LONG(1)
    rows = np.asarray(a)[1:]
    return sum(
        (-1) ** j * a[0, j] * _determinant(np.delete(rows, j, axis=1)) for j in range(len(a))
    )


def _cholesky(a):
    """Analytic, where LAPACK conjugates."""
    made = np.zeros_like(a)
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i, j] - made[i, :j] @ made[j, :j]
            if i == j and not rest.real > 0:
                raise np.linalg.LinAlgError("Matrix is not positive definite")
            made[i, j] = np.sqrt(rest) if i == j else rest / made[j, j]
    return made


class _Linalg:
    """The parts of numpy.linalg that programs use, in a precision of ours."""

    def __init__(self, dtype):
        self.cholesky = _cholesky
        self.solve, self.inv, self.det = np.linalg.solve, np.linalg.inv, np.linalg.det
        if dtype is LONG:
            self.solve, self.det = _elimination, _determinant
            self.inv = lambda a: _elimination(a, np.eye(len(a)))

    def __getattr__(self, name):
        return getattr(np.linalg, name)


class _NumPy:
    """NumPy, which makes arrays of another dtype where it would make float64."""

    float64 = float32 = property(lambda self: self._dtype)
    _makers = frozenset(
        [
            "zeros",
            "ones",
            "full",
            "eye",
            "identity",
            "linspace",
            "array",
            "arange",
            "empty",
            "asarray",
            "tri",
            "diag",
        ]
    )

    def __init__(self, dtype):
        self._dtype = dtype
        self.linalg = _Linalg(dtype)
        if dtype is complex:
            self.abs = self.absolute = self.fabs = _abs
            self.arctan2 = _arctan2

    def __getattr__(self, name):
        found = getattr(np, name)
        if name not in self._makers:
            return found

        def made(*args, **kwargs):
            array = found(*args, **kwargs)
            return array.astype(self._dtype) if array.dtype == np.float64 else array

        return made


class _Math:
    """math, which takes other precisions than Python's."""

    def __init__(self, numpy):
        self._numpy = numpy

    def __getattr__(self, name):
        return getattr(self._numpy, name, None) or getattr(math, name)


@cache
def _module(path, name, dtype):
    made = {"__name__": name, "__file__": path}
    exec(compile(Path(path).read_text(), path, "exec"), made)
    numpy = _NumPy(dtype)
    made |= {"np": numpy, "math": _Math(numpy)}
    if dtype is complex:
        made["abs"] = _abs
    return made


def twin(function, dtype):
    """The function of that name in a copy of its module that computes in `dtype`: float, complex or long double."""
    if dtype is float:
        return function
    code = function.__code__
    return _module(code.co_filename, function.__module__, dtype)[function.__name__]


def _recast(tree, module, dtype):
    """An argument for a twin: its floats in the dtype (or displaced in it already), its objects of the twin's classes."""
    found = parts_of(tree)
    if found is None:
        if not is_float(tree):
            return tree
        made = np.array(tree, dtype)
        return made if isinstance(tree, np.ndarray) else made[()]
    recast = [_recast(part, module, dtype) for part in found[0]]
    if isinstance(tree, (tuple, list, dict)):
        return found[1](recast)
    return with_attributes(module.get(type(tree).__name__, type(tree)), tree, recast)


# Jacobians.


def _columns(function, args, argnums, dtype, of):
    """The Jacobian, column by column: `of` makes one of what the program gives at a displacement along it."""
    run = twin(function, dtype)
    wanted = [args[place] for place in argnums]
    start = joined(floats(wanted)).astype(dtype)

    def at(place, step):
        moved = start.copy()
        moved[place] += step
        given = list(args)
        for argnum, arg in zip(argnums, apart(moved, wanted)):
            given[argnum] = arg
        return joined(run(*_recast(given, run.__globals__, dtype)), dtype)

    with np.errstate(all="ignore"):
        rows = [of(lambda step, place=place: at(place, step)) for place in range(len(start))]
    return np.stack([np.asarray(row, float) for row in rows], axis=1)


def _complex_step(at):
    return at(1e-30j).imag / 1e-30


def _extrapolated(h):
    """Central differences at h, h/2 and h/4, extrapolated to none."""

    def of(at):
        first, second, third = ((at(s) - at(-s)) / (2 * s) for s in (h, h / 2, h / 4))
        first, second = (4 * second - first) / 3, (4 * third - second) / 3
        return (16 * second - first) / 15

    return of


# A method's precision, and how it makes a column.
METHODS = {
    "complex step": (complex, _complex_step),
    "long differences": (LONG, _extrapolated(LONG(1e-5))),
    "differences": (float, _extrapolated(1e-3)),
}


def jacobian(function, args, argnums, method):
    """The matrix of derivatives by a method of METHODS, or by a function that knows them in closed form.

    >>> from tests.programs.real.numerics import clenshaw
    >>> jacobian(clenshaw, (np.array([1.0, 2.0, 3.0]), 0.5), (0, 1), "complex step").round(12)
    array([[ 1. ,  0.5, -0.5,  8. ]])
    """
    if callable(method):
        return np.asarray(method(*args))
    dtype, of = METHODS[method]
    return _columns(function, args, argnums, dtype, of)
