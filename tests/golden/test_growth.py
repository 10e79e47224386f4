"""Derivatives of derivatives stay short: order 2 under four times the text of order 1, order 3 under twelve times."""

import inspect

import pytest

from srcad import hessian, jacfwd, jacrev, spec
from srcad.api.signature import read_argument
from srcad.cli.expression import find, load_module, read_expression
from tests.golden.test_golden import CASES, NAMES, read_as_from_outside  # noqa: F401

# Of trees each order has more blocks, each with a text of its own.
FIRST = {name: case for name, case in zip(NAMES, CASES) if case[0].stem != "trees"}


@pytest.mark.parametrize("path, words", FIRST.values(), ids=FIRST)
def test_growth(path, words, read_as_from_outside):  # noqa: F811
    name, steps = read_expression(words[1])
    if len(steps) != 1 or steps[0][0] in ("vmap", "hessian", "jacfwd"):
        pytest.skip("a composition already")
    function = find(load_module(str(path)), name)
    given = dict(word.split(":", 1) for word in words[3::2])
    assert all(read_argument(f"{key}:{text}") for key, text in given.items())
    parameters = inspect.signature(function).parameters
    args = [
        spec(given[key].strip()) if key in given else parameters[key].default for key in parameters
    ]
    if given.get(next(iter(parameters)), "").strip().startswith("complex"):
        pytest.skip("second derivatives by complex arguments are products, no matrices")
    one = len(jacrev(function).source(*args))
    for second in (jacrev(jacrev(function)), jacfwd(jacrev(function)), hessian(function)):
        assert len(second.source(*args)) < 4 * one
    for third in (jacrev(jacrev(jacrev(function))), jacfwd(jacfwd(jacrev(function)))):
        assert len(third.source(*args)) < 13 * one
