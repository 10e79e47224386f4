"""Programs that name their oracle, and the check that holds every derivative of a program against it.

A program is a plain function in a module; `@program` says where it is evaluated and which oracle it has:

- `"complex"`: the complex step, of programs that are analytic as they are written (no `abs`, no comparison of what is
  differentiated, arrays made like their arguments);
- `"differences"`: central differences, extrapolated, of the module's twin: the same text with a NumPy of long doubles;
- a function of the same arguments: the closed form of the derivative, in the order of the arguments' floats.

The oracle gives the Jacobian of all floats that come out by all floats that go in, whatever trees these are in: dicts, dataclasses
and objects are flattened by `leaves`. `check` holds against it the gradient, the pullback, the pushforward, the rows of the
Jacobian and its columns; against differences of the oracle the second order; forward against reverse to rounding. Arguments stay
as they were, results are nobody else's.

>>> @program(np.array([1.0, 2.0]), oracle="complex")
... def squares(x):
...     return np.sum(x * x)
>>> squares.example.argnums
(0,)
>>> jacobian(squares, squares.example)
array([[2., 4.]])
"""

import copy
import dataclasses
import enum
import importlib.util
import math
import os
import sys
import types
import warnings
from typing import Any

import numpy as np

os.environ["SRCAD_CACHE_DIR"] = "off"

import srcad
from tests.fuzz.check import LONG, _Long, _Math, limit

__all__ = ["Example", "check", "jacobian", "leaves", "program", "programs", "replaced"]

# Steps of the differences, and how near their last two extrapolations are where they settle.
STEPS = (4e-3, 2e-3, 1e-3)
SETTLED = 1e-7


@dataclasses.dataclass(frozen=True)
class Example:
    """Where a program is evaluated, what it is differentiated by, its oracle, and why it is refused where it still is."""

    args: tuple[Any, ...]
    oracle: Any
    argnums: tuple[int, ...]
    refused: str | None = None
    tolerance: float = 1e-8
    second: bool = True


def program(*args, oracle, argnums=None, refused=None, tolerance=1e-8, second=True):
    """Say of a function that it is a program of the corpus. Without `argnums` it is differentiated by all its arguments with floats.

    `refused` are words of the message that srcad refuses it with today; `second` is False where the second order does not exist.
    """
    assert callable(oracle) or oracle in ("complex", "differences"), oracle
    if argnums is None:
        argnums = tuple(place for place, arg in enumerate(args) if leaves(arg))

    def named(function):
        function.example = Example(args, oracle, argnums, refused, tolerance, second)
        return function

    return named


def programs(module):
    """The programs that a module defines."""
    return [f for f in vars(module).values() if isinstance(getattr(f, "example", None), Example)]


# trees


def parts(tree):
    """What a container holds, in order; None of what is no container."""
    if isinstance(tree, dict):
        return list(tree.values())
    if isinstance(tree, (tuple, list)):
        return list(tree)
    if isinstance(tree, (np.ndarray, np.generic, type, types.FunctionType, enum.Enum)):
        return None
    if hasattr(tree, "__dict__") and not callable(getattr(type(tree), "__array__", None)):
        return list(vars(tree).values())
    return None


def is_float(leaf):
    return isinstance(leaf, (float, complex, np.inexact)) or (
        isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc"
    )


def leaves(tree):
    """The floats and float arrays of a tree.

    >>> leaves({"a": 1.5, "b": (2, [np.float64(3.0)], "mode", None)})
    [1.5, np.float64(3.0)]
    """
    held = parts(tree)
    if held is None:
        return [tree] if is_float(tree) else []
    return [leaf for part in held for leaf in leaves(part)]


def only_floats(tree):
    """Whether nothing else is in a tree."""
    held = parts(tree)
    return is_float(tree) if held is None else all(map(only_floats, held))


def replaced(tree, pending):
    """The tree, with what the iterator gives in the places of its floats; everything else is copied.

    >>> replaced((1.0, {"k": 2, "v": 3.0}), iter([10.0, 30.0]))
    (10.0, {'k': 2, 'v': 30.0})
    """
    if isinstance(tree, dict):
        return type(tree)((key, replaced(part, pending)) for key, part in tree.items())
    if isinstance(tree, (tuple, list)):
        made = [replaced(part, pending) for part in tree]
        return type(tree)(*made) if hasattr(tree, "_fields") else type(tree)(made)
    if parts(tree) is None:
        return next(pending) if is_float(tree) else copy.deepcopy(tree)
    made = object.__new__(type(tree))
    for name, part in vars(tree).items():
        object.__setattr__(made, name, replaced(part, pending))
    return made


def vector(tree, dtype=float):
    """The floats of a tree, one after the other."""
    return np.concatenate(
        [np.zeros(0, dtype), *[np.ravel(np.asarray(leaf, dtype)) for leaf in leaves(tree)]]
    )


def like(tree, values):
    """The tree with the entries of a vector in the places of its floats, of the vector's dtype."""

    def pending():
        start = 0
        for leaf in leaves(tree):
            size = np.size(leaf)
            piece = values[start : start + size].reshape(np.shape(leaf))
            start += size
            if isinstance(leaf, np.ndarray):
                # a layout that is the leaf's, so that what may copy does so in both
                dtype = leaf.dtype if piece.dtype == float else piece.dtype
                made = np.empty_like(leaf, dtype=dtype)
                made[...] = piece
                yield made
            elif type(leaf) is float and piece.dtype == float:
                yield float(piece)
            else:
                yield (
                    piece.astype(np.asarray(leaf).dtype)[()] if piece.dtype == float else piece[()]
                )

    return replaced(tree, pending())


# oracles


def twin(function):
    """The function of a second copy of its module, whose NumPy makes long doubles."""
    module = sys.modules[function.__module__]
    name = f"{function.__module__}_in_long_double"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, module.__file__)
        sys.modules[name] = made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        for key, found in list(vars(made).items()):
            vars(made)[key] = lengthened(found)
    return getattr(sys.modules[name], function.__name__)


def lengthened(found):
    """What a module's name stands for, in long double."""
    if found is np:
        return _Long()
    if found is math:
        return _Math()
    if isinstance(found, np.ndarray) and found.dtype.kind == "f":
        return found.astype(LONG)
    name = getattr(found, "__name__", "")
    if callable(found) and getattr(math, name, None) is found:
        return getattr(_Math(), name)
    return found


def extrapolated(function, at_zero=None):
    """The derivative at 0 of a function of a step, which gives vectors."""
    table = [[(function(h) - function(-h)) / (2 * h)] for h in map(LONG, STEPS)]
    for row, line in enumerate(table):
        for column in range(row):
            factor = LONG(4) ** (column + 1)
            line.append((factor * line[column] - table[row - 1][column]) / (factor - 1))
    found, before = table[-1][-1], table[-1][-2]
    size = 1 + np.max(np.abs(found), initial=0.0)
    assert np.max(np.abs(found - before), initial=0.0) < SETTLED * size, (
        "the oracle: the differences do not settle"
    )
    return found


def jacobian(function, example, at=None):
    """The oracle's matrix: what comes out by what goes in, at the example or at other entries of its floats."""
    if callable(example.oracle):
        args = example.args if at is None else moved(example, at)
        found = vector(example.oracle(*copy.deepcopy(args)))
        return found.reshape(-1, vector(chosen(example, args)).size)
    if example.oracle == "complex":
        at = vector(chosen(example)) if at is None else np.asarray(at, float)
        columns = []
        for place in range(at.size):
            step = at.astype(complex)
            step[place] += 1e-100j
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                columns.append(vector(function(*moved(example, step)), complex).imag / 1e-100)
        return np.stack(columns, axis=1)
    long = twin(function)
    at = vector(chosen(long.example)) if at is None else at
    at = np.asarray(at, LONG)
    columns = []
    for place in range(at.size):
        unit = np.zeros(at.size, LONG)
        unit[place] = 1
        columns.append(
            extrapolated(
                lambda h, unit=unit: vector(long(*moved(long.example, at + h * unit)), LONG)
            )
        )
    return np.stack(columns, axis=1).astype(LONG)


def chosen(example, args=None):
    """The arguments that the program is differentiated by."""
    return [(example.args if args is None else args)[place] for place in example.argnums]


def moved(example, entries):
    """The arguments, fresh, with these entries in the floats of those that the program is differentiated by."""
    given = like(chosen(example), entries)
    args = list(copy.deepcopy(example.args))
    for place, arg in zip(example.argnums, given):
        args[place] = arg
    return args


# what is held against it


def same(a, b):
    """Whether two trees are equal to the bit."""
    inner, other = parts(a), parts(b)
    if inner is None:
        return type(a) is type(b) and np.array_equal(a, b, equal_nan=is_float(a))
    return (
        type(a) is type(b)
        and other is not None
        and len(inner) == len(other)
        and all(map(same, inner, other))
    )


def matrix(tree, rows, columns):
    """The leaves of a Jacobian, as one matrix: `rows` and `columns` are the sizes of the floats out and in."""
    blocks = iter(leaves(tree))
    lines = [
        np.concatenate(
            [np.asarray(next(blocks), float).reshape(row, column) for column in columns], axis=1
        )
        for row in rows
    ]
    assert not list(blocks), "a Jacobian has more leaves than it has pairs of floats out and in"
    return np.concatenate(lines) if lines else np.zeros((0, sum(columns)))


def close(found, wanted, what, tolerance):
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    assert found.shape == wanted.shape, f"{what}: shape {found.shape}, not {wanted.shape}"
    scale = np.max(np.abs(wanted), initial=1.0)
    worst = np.max(np.abs(found - wanted), initial=0.0)
    assert worst <= tolerance * scale, f"wrong: {what}: {found}, by the oracle {wanted}"


def owned(results, others, what):
    """Arrays that are writable, and share memory with nothing."""
    arrays = [leaf for leaf in leaves(results) if isinstance(leaf, np.ndarray)]
    seen = [leaf for leaf in leaves(others) if isinstance(leaf, np.ndarray)]
    for place, leaf in enumerate(arrays):
        assert leaf.flags.writeable or not leaf.size, f"{what}: a result is not writable"
        for other in [*seen, *arrays[:place]]:
            assert not np.shares_memory(leaf, other), f"{what}: a result shares memory"


def check(function, example=None):
    """Hold the derivatives of a program against its oracle, and against each other. Raises AssertionError."""
    example = example or function.example
    with np.errstate(all="ignore"), warnings.catch_warnings(), limit(60):
        warnings.simplefilter("ignore")
        _check(function, example)


def _check(function, example):
    rng = np.random.default_rng(3)
    args, argnums = example.args, example.argnums
    before = copy.deepcopy(args)
    value = function(*copy.deepcopy(args))
    reference = jacobian(function, example)
    rows = [np.size(leaf) for leaf in leaves(value)]
    columns = [np.size(leaf) for leaf in leaves(chosen(example))]
    assert reference.shape == (sum(rows), sum(columns)), "the oracle: not as many entries"
    narrow = any(
        np.asarray(leaf).dtype == np.float32 for leaf in [*leaves(value), *leaves(chosen(example))]
    )
    tolerance = 1e-3 if narrow else example.tolerance
    rounding = 1e-3 if narrow else 1e-10

    def unchanged(what):
        assert same(args, before), f"{what} changes an argument"

    scalar = is_float(value) and np.ndim(value) == 0
    if scalar:
        gradient = srcad.grad(function, argnums)(*args)
        unchanged("grad")
        close(vector(gradient), reference[0], "grad", tolerance)
        owned(gradient, args, "grad")
        found, again = srcad.value_and_grad(function, argnums)(*args)
        close(found, value, "the value", rounding)
        close(vector(again), vector(gradient), "value_and_grad against grad", rounding)

    by_rows = srcad.jacrev(function, argnums)(*args)
    unchanged("jacrev")
    by_rows = matrix(by_rows, rows, columns)
    close(by_rows, reference, "jacrev", tolerance)
    by_columns = matrix(srcad.jacfwd(function, argnums)(*args), rows, columns)
    unchanged("jacfwd")
    close(by_columns, by_rows, "jacfwd against jacrev", rounding)
    if not scalar:
        one_by_one = srcad.jacrev(function, argnums, chunk_size=1)(*args)
        close(matrix(one_by_one, rows, columns), by_rows, "jacrev, row by row", rounding)

    if only_floats(list(args)):
        _pulled_and_pushed(function, args, value, reference, rng, tolerance, rounding)
        unchanged("vjp or jvp")
    if example.second and not narrow:
        _second_order(function, example, scalar, rows, columns, rng)
        unchanged("the second order")


def _pulled_and_pushed(function, args, value, reference, rng, tolerance, rounding):
    y, pullback = srcad.vjp(function, *args)
    close(vector(y), vector(value), "the value of vjp", rounding)
    weights = rng.normal(size=reference.shape[0])
    y_bar = like(value, weights.astype(vector(value).dtype))
    bars = pullback(y_bar)
    close(vector(bars), weights @ reference, "the pullback", tolerance)
    owned(bars, [args, y, y_bar], "the pullback")
    close(vector(pullback(y_bar)), vector(bars), "the pullback, called again", 0.0)
    moves = rng.normal(size=reference.shape[1])
    again, dots = srcad.jvp(function, tuple(args), tuple(like(list(args), moves)))
    close(vector(again), vector(value), "the value of jvp", rounding)
    close(vector(dots), reference @ moves, "the pushforward", tolerance)
    pushed, pulled = weights * vector(dots), vector(bars) * moves
    size = 1 + np.sum(np.abs(pushed)) + np.sum(np.abs(pulled))
    assert abs(np.sum(pushed) - np.sum(pulled)) <= rounding * size, (
        f"wrong: forward mode gives {np.sum(pushed)}, reverse mode {np.sum(pulled)}"
    )


def _second_order(function, example, scalar, rows, columns, rng):
    at = vector(chosen(example))
    direction = rng.normal(size=at.size)
    direction /= max(np.linalg.norm(direction), 1.0)
    wanted = extrapolated(
        lambda h: jacobian(function, example, at + np.asarray(h, LONG) * direction)
    )
    once = srcad.grad if scalar else srcad.jacrev
    first = once(function, example.argnums)
    width = [row * column for row in ([1] if scalar else rows) for column in columns]
    found = None
    for twice in (srcad.jacfwd, srcad.jacrev):
        second = twice(first, example.argnums)(*example.args)
        blocks = matrix(second, width, columns)
        # leaf by leaf of the first order, in the order of the matrix
        made = np.concatenate([np.zeros(0), blocks @ direction])
        flat, start = [], 0
        for row in [1] if scalar else rows:
            pieces = []
            for column in columns:
                pieces.append(made[start : start + row * column].reshape(row, column))
                start += row * column
            flat.append(np.concatenate([np.zeros((row, 0)), *pieces], axis=1))
        total = np.concatenate([np.zeros((0, at.size)), *flat])
        close(total, wanted, f"the second order by {twice.__name__}", max(example.tolerance, 1e-7))
        if found is not None:
            close(blocks, found, "the second order, forward against reverse", 1e-8)
        found = blocks
