"""Programs that say where they are evaluated and what their oracle is, and the check of all their derivatives against it.

>>> @program(np.array([1.0, 2.0]), oracle="complex")
... def squares(x):
...     return np.sum(x * x)
>>> squares.example.argnums
(0,)
"""

import copy
import dataclasses
import os
import warnings
from typing import Any

import numpy as np

os.environ["SRCAD_CACHE_DIR"] = "off"

import srcad
from tests.fuzz.check import limit
from tests.programs.twins import apart, flat, floats, is_float, jacobian, joined, mapped, parts_of

__all__ = ["Example", "check", "program", "programs"]

ORACLES = {"complex": "complex step", "differences": "long differences"}


@dataclasses.dataclass(frozen=True)
class Example:
    """Where a program is evaluated, what it is differentiated by, and its oracle."""

    args: tuple[Any, ...]
    oracle: Any
    argnums: tuple[int, ...]
    tolerance: float = 1e-8
    second: bool = True

    def chosen(self, args=None):
        """The arguments that the program is differentiated by."""
        return [(self.args if args is None else args)[place] for place in self.argnums]

    def moved(self, vector):
        """The arguments, with a vector in the place of the floats of those that the program is differentiated by."""
        args = list(copy.deepcopy(self.args))
        for place, arg in zip(self.argnums, like(self.chosen(), vector)):
            args[place] = arg
        return args


def program(*args, oracle, argnums=None, tolerance=1e-8, second=True):
    """Say of a function that it is a program of the corpus.

    The oracle is `"complex"` for the complex step, `"differences"` for extrapolated ones in long double, or a function of the
    arguments: the Jacobian in closed form. Without `argnums` it is differentiated by all its arguments with floats. `second` is
    False where the oracle has no second order.
    """
    assert callable(oracle) or oracle in ORACLES, oracle
    if argnums is None:
        argnums = tuple(place for place, arg in enumerate(args) if floats(arg))

    def named(function):
        function.example = Example(args, oracle, argnums, tolerance, second)
        return function

    return named


def programs(module):
    """The programs that a module defines."""
    return [f for f in vars(module).values() if isinstance(getattr(f, "example", None), Example)]


def like(tree, vector):
    """The tree with a vector's entries in the place of its floats, of their dtypes."""

    def cast(leaf, entry):
        if isinstance(leaf, np.ndarray) and is_float(leaf):
            return np.asarray(entry, leaf.dtype)
        return type(leaf)(entry) if is_float(leaf) else leaf

    return mapped(cast, tree, apart(vector, tree))


def expected(function, example, args=None):
    """The oracle's Jacobian: a row for each number that comes out, a column for each that goes in."""
    args = copy.deepcopy(example.args if args is None else args)
    if callable(example.oracle):
        columns = joined(floats(example.chosen(args))).size
        return np.asarray(joined(floats(example.oracle(*args))), float).reshape(-1, columns)
    return jacobian(function, args, example.argnums, ORACLES[example.oracle])


def extrapolated(function, steps=(4e-3, 2e-3, 1e-3)):
    """The derivative at 0 of a function of a step; None where it does not settle."""
    table = [[(function(h) - function(-h)) / (2 * h)] for h in steps]
    for row, line in enumerate(table):
        for column in range(row):
            factor = 4 ** (column + 1)
            line.append((factor * line[column] - table[row - 1][column]) / (factor - 1))
    found, before = table[-1][-1], table[-1][-2]
    size = 1 + np.max(np.abs(found), initial=0.0)
    assert np.max(np.abs(found - before), initial=0.0) < 1e-6 * size, (
        "the differences do not settle"
    )
    return found


def same(a, b):
    """Whether two trees are equal to the bit."""
    inner, other = parts_of(a), parts_of(b)
    if inner is None or other is None:
        equal = isinstance(a, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
        return type(a) is type(b) and (equal or (not isinstance(a, np.ndarray) and a == b))
    return (
        type(a) is type(b) and len(inner[0]) == len(other[0]) and all(map(same, inner[0], other[0]))
    )


def matrix(tree, rows, columns):
    """The leaves of a Jacobian as one matrix: `rows` and `columns` are the sizes of the floats out and in."""
    blocks = floats(tree)
    assert len(blocks) == len(rows) * len(columns), f"{len(blocks)} leaves of a Jacobian"
    blocks = iter(blocks)
    lines = [[np.reshape(next(blocks), (row, column)) for column in columns] for row in rows]
    return np.block(lines) if lines else np.zeros((0, sum(columns)))


def close(found, wanted, what, tolerance):
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    assert found.shape == wanted.shape, f"{what}: shape {found.shape}, not {wanted.shape}"
    scale = np.max(np.abs(wanted), initial=1.0)
    worst = np.max(np.abs(found - wanted), initial=0.0)
    assert worst <= tolerance * scale, f"wrong: {what}: {found}, not {wanted}"


def owned(results, others, what):
    """Arrays that are writable, and share memory with nothing."""
    arrays = [leaf for leaf in flat(results) if isinstance(leaf, np.ndarray)]
    seen = [leaf for leaf in flat(others) if isinstance(leaf, np.ndarray)]
    for place, leaf in enumerate(arrays):
        assert leaf.flags.writeable, f"{what}: a result is not writable"
        for other in [*seen, *arrays[:place]]:
            assert not np.shares_memory(leaf, other), f"{what}: a result shares memory"


def check(function, example=None):
    """Hold the derivatives of a program against its oracle, and against each other. Raises AssertionError.

    The gradient, the pullback, the rows of the Jacobian and its columns; the second order against differences of the oracle's
    first; forward against reverse to rounding. Arguments stay as they were, results are nobody else's.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings(), limit(60):
        warnings.simplefilter("ignore")
        _check(function, example or function.example)


def _check(function, example):
    rng = np.random.default_rng(3)
    args, argnums = example.args, example.argnums
    before = copy.deepcopy(args)
    value = function(*copy.deepcopy(args))
    outs, ins = floats(value), floats(example.chosen())
    rows, columns = [np.size(leaf) for leaf in outs], [np.size(leaf) for leaf in ins]
    reference = expected(function, example)
    assert reference.shape == (sum(rows), sum(columns)), f"the oracle's shape is {reference.shape}"
    narrow = any(np.asarray(leaf).dtype == np.float32 for leaf in [*outs, *ins])
    tolerance = 1e-3 if narrow else example.tolerance
    rounding = 1e-3 if narrow else 1e-10
    scalar = is_float(value) and np.ndim(value) == 0

    def unchanged(what):
        assert same(args, before), f"mutated: {what} changes an argument"

    if scalar:
        found, gradient = srcad.value_and_grad(function, argnums)(*args)
        unchanged("value_and_grad")
        close(found, value, "the value", rounding)
        close(joined(floats(gradient)), reference[0], "the gradient", tolerance)
        owned(gradient, args, "the gradient")
        again = srcad.grad(function, argnums)(*args)
        close(joined(floats(again)), joined(floats(gradient)), "grad, without the value", rounding)

    by_rows = matrix(srcad.jacrev(function, argnums)(*args), rows, columns)
    unchanged("jacrev")
    close(by_rows, reference, "jacrev", tolerance)
    by_columns = matrix(srcad.jacfwd(function, argnums)(*args), rows, columns)
    unchanged("jacfwd")
    close(by_columns, by_rows, "jacfwd against jacrev", rounding)
    if not scalar:
        one_by_one = srcad.jacrev(function, argnums, chunk_size=1)(*args)
        close(matrix(one_by_one, rows, columns), by_rows, "jacrev, row by row", rounding)
    if all(map(is_float, flat(list(args)))):
        _pulled_and_pushed(function, args, value, reference, rng, tolerance, rounding)
        unchanged("vjp or jvp")
    if example.second and not narrow:
        _second_order(function, example, scalar, rows, columns, rng)
        unchanged("the second order")


def _pulled_and_pushed(function, args, value, reference, rng, tolerance, rounding):
    y, pullback = srcad.vjp(function, *args)
    close(joined(floats(y)), joined(floats(value)), "the value of vjp", rounding)
    weights = rng.normal(size=reference.shape[0])
    y_bar = like(value, weights)
    bars = pullback(y_bar)
    close(joined(floats(bars)), weights @ reference, "the pullback", tolerance)
    owned(bars, [args, y, y_bar], "the pullback")
    close(joined(floats(pullback(y_bar))), joined(floats(bars)), "the pullback, called again", 0.0)
    moves = rng.normal(size=reference.shape[1])
    again, dots = srcad.jvp(function, tuple(args), tuple(like(list(args), moves)))
    close(joined(floats(again)), joined(floats(value)), "the value of jvp", rounding)
    close(joined(floats(dots)), reference @ moves, "the pushforward", tolerance)
    pushed, pulled = weights * joined(floats(dots)), joined(floats(bars)) * moves
    size = 1 + np.sum(np.abs(pushed)) + np.sum(np.abs(pulled))
    assert abs(np.sum(pushed) - np.sum(pulled)) <= rounding * size, (
        f"wrong: forward mode gives {np.sum(pushed)}, reverse mode {np.sum(pulled)}"
    )


def _second_order(function, example, scalar, rows, columns, rng):
    at = joined(floats(example.chosen()))
    direction = rng.normal(size=at.size)
    direction /= max(np.linalg.norm(direction), 1.0)
    wanted = extrapolated(lambda h: expected(function, example, example.moved(at + h * direction)))
    first = (srcad.grad if scalar else srcad.jacrev)(function, example.argnums)
    leaves = [row * column for row in rows for column in columns]
    found = None
    for twice in (srcad.jacfwd, srcad.jacrev):
        blocks = matrix(twice(first, example.argnums)(*example.args), leaves, columns)
        pieces = np.split(blocks @ direction, np.cumsum(leaves)[:-1])
        pieces = iter([np.zeros(0), *pieces] if not leaves else pieces)
        lines = [[next(pieces).reshape(row, column) for column in columns] for row in rows]
        close(np.block(lines), wanted, f"the second order by {twice.__name__}", 1e-6)
        if found is not None:
            close(blocks, found, "the second order, forward against reverse", 1e-8)
        found = blocks
