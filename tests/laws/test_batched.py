"""The law "batched equals stacked": what every rule writes down, over a leading axis, against its rows one by one."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from srcad.analysis.types import infer
from srcad.core import ops
from srcad.core.nodes import Function, Let, Param, Slice, Value, leaves
from srcad.core.types import Size, Type
from srcad.rules import rule_of
from srcad.rules.check import bound, distance, execute, record
from srcad.vectorizer.batch import NotBatchable, batch
from tests.laws.table import CASES, Case


def recorded(case: Case, symbolic: bool = True) -> tuple[Function, Any, dict[Value, Any]]:
    """The pullback of a call as Core, (seed, operands, result), and the numbers of its inputs."""
    rule, operands, options = bound(case.function, case.args, case.options)
    y = rule.value(operands, options)
    y_bar = np.asarray(
        np.linspace(-1, 1.5, np.size(y)).reshape(np.shape(y)), getattr(y, "dtype", float)
    )
    block, start, values, outs = record(
        rule, y_bar if isinstance(y, np.ndarray) else y_bar[()], operands, y, options
    )
    for value in {*values, *leaves([let.out for let in block])} if symbolic else ():
        if value.type.shape:
            sizes = tuple(
                Size(f"n{size}", 0, size != 1) if size != 1 else 1 for size in value.type.shape
            )
            value.type = value.type._replace(shape=sizes)
    params = [Param(f"x{place}", value) for place, value in enumerate(values)]
    return Function("pullback", params, block, outs), start, values


def of_scipy(let: Let) -> bool:
    return (ops.module_of(let.op.function) or "").startswith("scipy.")


def check(function: Function, inputs: list[Value], values: dict[Value, Any]) -> list[Let]:
    """Batch by some inputs and compare with each row; for no rows, the shapes. Returns the batched statements."""
    made, new = batch(function, inputs, Size("B"))
    has_axis = [value in new for value in leaves(function.result)]
    found = list(leaves(made.result))
    counts = {0, 1, 4, *(size for x in values.values() for size in np.shape(x))}
    full = {}
    for value in inputs:
        x = np.asarray(values[value])
        scale = np.random.default_rng(1).uniform(0.9, 1.1, (max(counts), *x.shape))
        full[value] = (x * scale).astype(x.dtype)
    wanted = []
    for place in range(max(counts)):
        row = {
            value: x[place, ...]
            if isinstance(values[value], np.ndarray)
            else type(values[value])(x[place])
            for value, x in full.items()
        }
        env = execute(function.body, {**values, **row})
        wanted.append([env[value] for value in leaves(function.result)])
    for count in sorted(counts):
        given = {**values, **{new[value]: x[:count] for value, x in full.items()}}
        try:
            env = execute(made.body, given)
        except ValueError:
            if count or not any(map(of_scipy, made.body)):
                raise
            continue  # some of SciPy's functions take no stacks of none
        for place, (value, has) in enumerate(zip(found, has_axis)):
            single = np.stack([row[place] for row in wanted])
            expected = single[:count] if has else single[0]
            assert np.shape(env[value]) == expected.shape
            assert distance(np.asarray(env[value]), expected) < 1e-12
            # Without values nothing tells np.emath to make complex numbers.
            plain = not expected.size and expected.dtype.kind == "c"
            assert plain or np.asarray(env[value]).dtype == expected.dtype
    moving = {value for let in made.body for value in leaves(let.args) if value.type.shape}
    moving = {value for value in moving if value.type.shape[0] == Size("B")}
    return [let for let in made.body if any(value in moving for value in leaves(let.args))]


def refused_seeds(case: Case) -> set[str]:
    """A cotangent with a leading axis: the rows of a Jacobian. Why it is refused, where it is."""
    refused = set()
    for symbolic in (True, False):
        function, start, values = recorded(case, symbolic)
        try:
            accepted_again(check(function, [start[0]], values))
        except NotBatchable as error:
            refused.add(error.why)
    return refused


def refusal(case: Case) -> str:
    """A call and its pullback, all that is floating over a leading axis: `vmap(grad(f))`. Why it is refused, or "".

    What is refused is looped over: it costs time, not correctness.
    """
    function, start, values = recorded(case)
    op = ops.operation(case.function)
    rule, _, named = bound(case.function, case.args, case.options)
    args, options = rule.merge(start[1], named)
    primal = Let(start[2], op, args, tuple(options.items()))
    values = {value: x for value, x in values.items() if value is not start[2]}
    params = [Param(f"x{place}", value) for place, value in enumerate(values)]
    function = Function("pulled", params, [primal, *function.body], function.result)
    floating = [value for value, x in values.items() if np.asarray(x).dtype.kind in "fc"]
    try:
        accepted_again(check(function, floating, values))
    except NotBatchable as error:
        return error.why
    return ""


def called(case: Case, symbolic: bool) -> tuple[Function, dict[Value, Any]]:
    """A call as Core: one operation, and what it is about as parameters."""
    op = ops.operation(case.function)
    operands, options = ops.bind(op, case.args, case.options)
    values: dict[Value, Any] = {}

    def symbol(x: Any) -> Any:
        if isinstance(x, (tuple, list)):
            return type(x)(map(symbol, x))
        if not isinstance(x, (np.ndarray, np.generic, float, complex)):
            return Slice(x.start, x.stop, x.step) if isinstance(x, slice) else x
        shape = tuple(Size(f"n{n}", 0, True) if symbolic and n != 1 else n for n in np.shape(x))
        kind = (
            "array"
            if isinstance(x, np.ndarray)
            else "scalar"
            if isinstance(x, np.generic)
            else "number"
        )
        value = Value(
            "x",
            Type(
                kind,
                x.dtype.name if kind != "number" else type(x).__name__,
                shape,
            ),
        )
        values[value] = x
        return value

    args = symbol(operands)
    options = tuple((key, symbol(x) if isinstance(x, np.ndarray) else x) for key, x in options)
    out = Value("y", infer(op, args, dict(options)))
    body = [Let(out, op, args, options)]
    return Function(
        "call", [Param(f"x{i}", value) for i, value in enumerate(values)], body, out
    ), values


# What a batch says of calls that are looped over, row by row: it costs time, not correctness. Any other reason is a failure. `math`'s
# functions take numbers only.
LOOPED = (
    "one call at a time",  # a function that takes no stacks
    "the rank of",  # of a result that no rank is inferred of
    "an option of",  # a number, or an array, that is one for all rows
    "these options of",
    "a table of `np.interp`",
    "of several arrays",
    "of arrays of different or too low ranks",
    "of all axes as one",
    "that adds axes",
    "`np.convolve`",
    "`np.poly",  # sums over coefficients, of which all rows have the same
    "fftfreq`",
    "`lstsq`",
    "`sum`",  # Python's, which adds up what it is given one by one
    "`np.array`",
    "not proven to be of one shape",
    "`y` would be float64[?]",
)


def looped(reasons: Iterable[str]) -> set[str]:
    """The reasons that are none of those."""
    return {why for why in reasons if why and not any(one in why for one in LOOPED)}


def accepted_again(block: list[Let]) -> None:
    """What is emitted has rules, and is written as they take it."""
    for let in block:
        rule = rule_of(let.op.function)
        assert rule is not None, f"{let.op} has no rule"
        if rule.family != "constant":
            assert {key for key, _ in let.options} <= {*rule.options, *rule.named}
            assert rule.variadic or len(let.args) <= len(rule.operands)


def refused_operands(case: Case) -> set[str]:
    """A function over a leading axis of each of its operands, and of all: why it is refused, where it is."""
    refused = set()
    for symbolic in (True, False):
        function, values = called(case, symbolic)
        floating = [value for value, x in values.items() if np.asarray(x).dtype.kind in "fc"]
        each = [[value] for value in floating] if symbolic and len(floating) > 1 else []
        for inputs in [*each, floating]:
            try:
                check(function, inputs, values)
            except NotBatchable as error:
                refused.add(error.why)
    return refused


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_batched_equals_stacked(case: Case) -> None:
    """The function over a leading axis of each of its operands, and of all; its pullback, over that of the seed, and of all."""
    math = getattr(case.function, "__module__", None) == "math"
    failures = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for run in (refused_seeds, refused_operands, lambda case: {refusal(case)}):
            try:
                refused = looped(run(case))
            except Exception as error:
                failures.append(
                    f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}"
                )
            else:
                failures += [] if math else refused
    assert not failures, "\n".join(failures)
