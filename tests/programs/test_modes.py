"""The laws between the transforms on the programs: orders of derivatives agree, and a map is the stacked calls.

Forward mode against reverse mode is part of `agree`, so of every program.
"""

import re
import warnings

import numpy as np
import pytest

from tests.fuzz.check import limit
from tests.fuzz.modes import Refused, map_is_stack, orders_agree
from tests.programs import test_numpy
from tests.programs.test_numpy import ELEMENTWISE, PRODUCTS, REDUCTIONS, SHAPES, SHAPING
from tests.programs.test_numpy import folder as folder  # a fixture
from tests.programs.test_python import VECTOR

ROWS = test_numpy.rows(ELEMENTWISE + REDUCTIONS + PRODUCTS + SHAPING)
# What is refused: a program that is refused for another reason is a failure.
REFUSED = (
    # it depends on the examples
    r"a (condition|branch) is batched|an index is batched|a mask is batched|what a loop runs over is batched|`int` has no batched form"
    # the shapes are not known
    r"|the rank of .* is not known"
    # known gaps
    r"|`math\.\w+` has no batched form|`math.log` with so many operands|`np.concatenate` of all axes as one|`np.vdot` of operands"
    r"|`_range_length` under vmap"
)


def hold(law, function, args, argnums, **options):
    with np.errstate(all="ignore"), warnings.catch_warnings(), limit(60):
        warnings.simplefilter("ignore")
        try:
            value = function(*[arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args])
        except (IndexError, ValueError, ZeroDivisionError):
            pytest.skip("the program does not take this size")
        if (
            np.asarray(
                value, dtype=object if isinstance(value, (dict, list, tuple)) else None
            ).dtype.kind
            in "biu"
        ):
            pytest.skip("no floats come out")
        try:
            law(function, args, argnums, np.random.default_rng(7), **options)
        except Refused as refused:
            assert re.search(REFUSED, str(refused)), str(refused)
            pytest.skip("refused, as it says")


@pytest.mark.parametrize("function", VECTOR, ids=lambda f: f.__name__)
def test_orders_agree(function):
    hold(orders_agree, function, [np.random.default_rng(5).normal(size=3) * 0.8], (0,))


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("function", VECTOR, ids=lambda f: f.__name__)
def test_a_map_is_the_stacked_calls(function, size):
    """3 is the size of the argument too."""
    hold(map_is_stack, function, [np.random.default_rng(5).normal(size=3) * 0.8], (0,), size=size)


def row(text, n, m):
    names = [name for name in SHAPES if re.search(rf"(?<![\w.']){name}\b(?!')", text)]
    args = [test_numpy.draw(name, n, m) for name in names]
    args = [float(arg) if np.ndim(arg) == 0 else arg for arg in args]
    return names, args


@pytest.mark.parametrize("text", ROWS[::3])
def test_orders_agree_on_rows(text):
    names, args = row(text, 3, 2)
    if not names:
        pytest.skip("no arguments")
    function = test_numpy.program(f"np.sum(np.sin({text}))", names)
    hold(orders_agree, function, args, tuple(range(len(args))))


@pytest.mark.parametrize("text", ROWS)
def test_a_map_of_a_row_is_the_stacked_calls(text):
    names, args = row(text, 3, 2)
    if not names:
        pytest.skip("no arguments")
    function = test_numpy.program(text, names)
    for size in (3, 5):
        hold(map_is_stack, function, args, tuple(range(len(args))), size=size)
