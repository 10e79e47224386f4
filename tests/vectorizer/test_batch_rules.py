"""The law "batched equals stacked": what every rule writes down, over a leading axis, against its rows one by one."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
import pytest

from srcad.analysis.types import infer
from srcad.core import ops
from srcad.core.nodes import Function, Let, Param, Slice, Value, leaves
from srcad.core.types import Size, Type
from srcad.rules.check import bound, concrete, distance, execute, record
from srcad.vectorizer.batch import NotBatchable, batch
from tests.laws.table import CASES, Case


def recorded(case: Case, symbolic: bool = True) -> tuple[Function, Value, dict[Value, Any]]:
    """The pullback of a call as Core, its seed, and the numbers of its inputs."""
    rule, operands, options = bound(case.function, case.args, case.options)
    y = case.function(*operands, **options)
    y_bar = np.asarray(np.linspace(-1, 1.5, np.size(y)).reshape(np.shape(y)), getattr(y, "dtype", float))
    block, start, values, outs = record(rule, y_bar if isinstance(y, np.ndarray) else y_bar[()], operands, y, options)
    for value in {*values, *leaves([let.out for let in block])} if symbolic else ():
        if value.type.shape:
            sizes = tuple(Size(f"n{size}", 0, size != 1) if size != 1 else 1 for size in value.type.shape)
            value.type = value.type._replace(shape=sizes)
    params = [Param(f"x{place}", value) for place, value in enumerate(values)]
    return Function("pullback", params, block, outs), start[0], values


def stacked(function: Function, values: dict[Value, Any], rows: dict[Value, Any]) -> Any:
    """The results for each row."""
    found = []
    for place in range(len(next(iter(rows.values())))):
        env = execute(function.body, {**values, **{value: x[place] for value, x in rows.items()}})
        found.append(concrete(function.result, env))
    return found


def check(function: Function, inputs: list[Value], values: dict[Value, Any], count: int) -> None:
    """Batch by some inputs and compare with each row, or for no rows the shapes."""
    made, new = batch(function, inputs, Size("B"))
    has_axis = [value in new for value in leaves(function.result)]
    rng = np.random.default_rng(count)
    rows = {}
    for value in inputs:
        x = np.asarray(values[value])
        scale = rng.uniform(0.9, 1.1, (count or 1, *x.shape))
        rows[value] = (x * scale).astype(x.dtype)
    wanted = stacked(function, values, rows)
    kept = {value: x for value, x in values.items() if value not in rows}
    env = execute(made.body, {**kept, **{new[v]: x[:count] for v, x in rows.items()}})
    found = list(leaves(made.result))
    for place, (value, has) in enumerate(zip(found, has_axis)):
        single = [flat(row)[place] for row in wanted]
        full = np.stack(single)[:count] if has else single[0]
        assert np.shape(env[value]) == np.shape(full), f"{np.shape(env[value])}, not {np.shape(full)}"
        assert distance(np.asarray(env[value]), np.asarray(full)) < 1e-12
        if has:
            assert env[value].dtype == full.dtype


def flat(tree: Any) -> list[Any]:
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in flat(part)]
    return [] if tree is None or isinstance(tree, (int, float)) and not isinstance(tree, np.generic) else [tree]


def sizes_of(values: dict[Value, Any]) -> list[int]:
    """Numbers of rows: all sizes of the operands, and others."""
    return sorted({0, 1, 5, *(size for x in values.values() for size in np.shape(x))})


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_rows_of_seeds(case: Case) -> None:
    """A cotangent with a leading axis: the rows of a Jacobian. Every rule has them."""
    for symbolic in (True, False):
        function, seed, values = recorded(case, symbolic)
        for count in sizes_of(values):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check(function, [seed], values, count)


def called(case: Case, symbolic: bool) -> tuple[Function, dict[Value, Any]]:
    """A call as Core: one operation, and what it is about as parameters."""
    op = ops.operation(case.function)
    operands, options = ops.bind(op, case.args, case.options)
    values: dict[Value, Any] = {}

    def symbol(x: Any) -> Any:
        if isinstance(x, (tuple, list)):
            return type(x)(map(symbol, x))
        if not isinstance(x, (np.ndarray, np.generic, float)):
            return Slice(x.start, x.stop, x.step) if isinstance(x, slice) else x
        shape = tuple(Size(f"n{n}", 0, True) if symbolic and n != 1 else n for n in np.shape(x))
        kind = "array" if isinstance(x, np.ndarray) else "scalar" if isinstance(x, np.generic) else "number"
        value = Value("x", Type(kind, getattr(x, "dtype", np.dtype(float)).name if kind != "number" else "float", shape))
        values[value] = x
        return value

    args = symbol(operands)
    out = Value("y", infer(op, args, dict(options)))
    body = [Let(out, op, args, options)]
    return Function("call", [Param(f"x{i}", value) for i, value in enumerate(values)], body, out), values


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_rows_of_operands(case: Case) -> None:
    """The function itself over a leading axis of each of its operands, and of all: stacked, or refused."""
    refused = set()
    for symbolic in (True, False):
        function, values = called(case, symbolic)
        floating = [value for value, x in values.items() if np.asarray(x).dtype.kind == "f"]
        for inputs in [[value] for value in floating] + [floating]:
            for count in sizes_of(values):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        check(function, inputs, values, count)
                    except NotBatchable as error:
                        refused.add(error.why)
    if os.environ.get("SHOW_REFUSED"):
        print("REFUSED", case.id, refused) if refused else None
