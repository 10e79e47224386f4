# ruff: noqa: SIM905
"""What `memory` and `memory_of` say is compared with `np.shares_memory` on real arrays."""

from __future__ import annotations

import copy
import itertools
import warnings
from typing import Any

import numpy as np
import pytest

from srcad import runtime
from srcad.analysis.memory import _place_of_out, memory, memory_of
from srcad.core import ops
from srcad.core.nodes import Slice, Value
from srcad.core.types import ANY, Type


def typed(tree: Any, vague: bool = False) -> Any:
    """Operands of Core for real ones: arrays and scalars become values."""
    if isinstance(tree, (list, tuple)):
        return type(tree)(typed(part, vague) for part in tree)
    if isinstance(tree, slice):
        return Slice(tree.start, tree.stop, tree.step)
    if isinstance(tree, (np.ndarray, np.generic)):
        kind = "array" if isinstance(tree, np.ndarray) else "scalar"
        return Value("x", ANY if vague else Type(kind, tree.dtype.name, np.shape(tree)))
    return tree


def arrays(tree: Any) -> list[np.ndarray]:
    if isinstance(tree, np.ndarray):
        return [tree]
    return (
        [found for part in tree for found in arrays(part)]
        if isinstance(tree, (list, tuple))
        else []
    )


def agree(op: ops.Operation, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Compare; whether the operation accepts these operands."""
    args, options = copy.deepcopy((args, options))  # some of them write to `out`
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            if op.style == "method":
                result = getattr(args[0], op.function.__name__)(*args[1:], **options)
            else:
                result = op.function(*args, **options)
    except Exception:
        return False
    inputs = arrays(args) + arrays(list(options.values()))
    outputs = arrays(result)
    shares = any(np.shares_memory(a, b) for a, b in itertools.product(inputs, outputs))
    empty = all(a.size == 0 for a in inputs) or all(a.size == 0 for a in outputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writes = all(a.flags.writeable for a in outputs)
    for vague in (False, True):
        said = {
            memory_of(
                op,
                typed(args, vague),
                {key: typed(option, vague) for key, option in options.items()},
            )
        }
        if len(args) <= _place_of_out(op.function) and "out" not in options:
            said.add(memory(op))
        for claim in said:
            what = (claim, op, args, options, result)
            assert claim in ("fresh", "view", "maybe", "same")
            assert claim != "fresh" or (not shares and writes), what
            assert (
                claim != "view"
                or shares
                or empty
                or not isinstance(args[0], np.ndarray)
                or not outputs
            ), what
            assert claim != "same" or result is args[0], what
    return True


X, Y, V = np.arange(9.0).reshape(3, 3) + np.eye(3), np.ones((3, 3)), np.array([1.0, 2.0, 3.0])
OPERANDS = [
    X,
    V,
    X.astype(np.float32),
    X.astype(int),
    V.astype(int),
    X > 2,
    X + 1j,
    V * 1j,
    np.array(2.0),
    np.float64(2),
    np.ones((1, 3, 1)),
    np.ones(1),
    np.zeros((0, 3)),
    X.T,
    X[::2],
    np.ones((1, 1)),
    [1.0, 2.0],
    2.0,
]
OPTIONS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((), {"axis": 0}),
    ((), {"axis": None}),
    ((), {"axis": ()}),
    ((), {"axis": -1, "keepdims": True}),
    ((0,), {}),
    ((1,), {}),
    ((0, 0), {}),
    ((0, 1), {}),
    ((-1,), {}),
    ((2,), {}),
    ((X,), {}),
    ((V,), {}),
    ((1.0,), {}),
    ((V, V), {}),
    ((X, X), {}),
    ((1.0, 2.0), {}),
    (((3, 3),), {}),
    (((-1,),), {}),
    ((None,), {}),
    ((), {"copy": False}),
    ((), {"copy": None}),
    ((), {"copy": True}),
    ((float,), {}),
    ((float,), {"copy": False}),
    ((), {"dtype": float}),
    ((), {"n": 0}),
    ((), {"n": 1}),
    ((), {"k": 0}),
    ((), {"k": 1}),
    ((), {"decimals": 1}),
    ((0, 1, 0), {}),
    ((([0, 1],)), {}),
]
SKIPPED = """save savez savez_compressed savetxt copyto put place putmask put_along_axis fill_diagonal info test
show_config show_runtime setbufsize getbufsize seterr seterrcall get_include fromfile load loadtxt genfromtxt memmap
fromregex""".split()
PUBLIC = [
    name
    for name in sorted(set(dir(np)) - set(SKIPPED))
    if callable(getattr(np, name)) and not isinstance(getattr(np, name), type) and name[0] != "_"
]


@pytest.mark.parametrize("name", PUBLIC)
def test_functions_of_numpy(name: str) -> None:
    function = getattr(np, name)
    op = ops.operation(function)
    for operand, (args, options) in itertools.product(OPERANDS, OPTIONS):
        operand = (
            operand.copy()
            if isinstance(operand, np.ndarray) and operand.base is not None
            else operand
        )
        agree(op, (operand, *args), options)
    for parts in [(V, V), [X, X], [V], [2.0, V]]:
        agree(op, (parts,), {})
        agree(op, (parts,), {"axis": 0})


@pytest.mark.parametrize(
    "name",
    sorted(
        name for name in dir(np.linalg) if callable(getattr(np.linalg, name)) and name.islower()
    ),
)
def test_functions_of_linear_algebra(name: str) -> None:
    function = getattr(np.linalg, name)
    if name == "test":
        return
    for operand, (args, options) in itertools.product(OPERANDS, OPTIONS):
        agree(ops.Operation(function, f"np.linalg.{name}"), (operand, *args), options)


METHODS = """sum prod mean max min std var all any argmax argmin clip conj conjugate copy cumsum cumprod diagonal dot
ravel repeat reshape round squeeze swapaxes take trace transpose ptp argsort""".split()


@pytest.mark.parametrize("name", METHODS)
def test_methods(name: str) -> None:
    op = ops.operation(getattr(np, name), "method")
    for operand, (args, options) in itertools.product(OPERANDS, OPTIONS):
        if isinstance(operand, (np.ndarray, np.generic)):
            agree(op, (operand, *args), options)
    for name_ in ("astype", "flatten", "copy"):
        for operand, (args, options) in itertools.product(OPERANDS, OPTIONS):
            if isinstance(operand, np.ndarray):
                agree(
                    ops.operation(getattr(np.ndarray, name_), "method"), (operand, *args), options
                )


def test_python_and_our_own() -> None:
    values = [
        X,
        V,
        np.array(2.0),
        np.float64(2),
        2.0,
        V.astype(np.float32),
        V.astype(int),
        np.ones((1, 3)),
        np.ones(1),
        np.zeros(0),
    ]
    count = 0
    for op in list(ops._OPERATIONS.values()):
        if op.function in (ops.append, ops.new_list) or op.name.startswith("np."):
            continue
        if (ops.module_of(op.function) or "").startswith(
            "scipy."
        ):  # not all of it looks at what it gets
            continue
        for args in [(a,) for a in values] + list(itertools.product(values, repeat=2)):
            if op.style in (
                "call",
                "binary",
                "unary",
                "compare",
                "cast",
                "spread",
                "result",
                "name",
                "own",
            ):
                count += agree(op, args, {})
    assert count > 300
    for function in [abs, max, min, sum, float, pow, divmod, round]:
        for args in (
            [(a,) for a in values]
            + list(itertools.product(values, repeat=2))
            + [([V],), ([V], V), ([], V), ((V, V),)]
        ):
            agree(ops.operation(function), args, {})
    for base, index, value in itertools.product([X, V], [0, slice(1), ([0, 1],)], [1.0, 2.0]):
        agree(ops.put, (base, index, value), {})
        agree(ops.put_add, (base, index, value), {})
    assert memory(ops.saved) == memory(ops.save) == "fresh"
    assert memory(ops.pick) == "maybe"
    assert memory(ops.operation(lambda x: x)) == "maybe"
    assert memory(ops.operation(runtime.stop_gradient)) == "same"


PARTS = [
    0,
    -1,
    np.int64(1),
    np.array(1),
    slice(None),
    slice(1, None),
    None,
    ...,
    [0, 1],
    [True, False, True],
    np.array([0, 1]),
    V > 1,
    True,
    np.True_,
    (),
]


def test_indexing() -> None:
    for base in [X, V, np.ones((3, 3, 3)), np.array(2.0), X.astype(int)]:
        for index in (
            PARTS
            + list(itertools.product(PARTS[:-1], repeat=2))
            + list(itertools.product(PARTS[:-1], repeat=3))
        ):
            agree(ops.getitem, (base, index), {})


def test_out() -> None:
    assert (
        memory_of(ops.operation(np.add), (Value("x"), Value("y")), {"out": Value("z")}) == "maybe"
    )


def test_einsum() -> None:
    for args in [
        ("ij->ji", X),
        ("ii->i", X),
        ("ij->i", X),
        ("i,i->i", V, V),
        ("ij,j", X, V),
        ("ij", X),
        ("i,->i", V, 1.0),
        ("...->...", X),
    ]:
        assert agree(ops.operation(np.einsum), args, {})
        agree(ops.operation(np.einsum), args, {"optimize": True})


PRECISE = {
    "sum": "fresh",
    "where": "fresh",
    "concatenate": "fresh",
    "zeros_like": "fresh",
    "transpose": "view",
    "expand_dims": "view",
    "reshape": "maybe",
    "ravel": "maybe",
    "asarray": "maybe",
    "tanh": "fresh",
    "diagonal": "view",
    "broadcast_to": "view",
    "copy": "fresh",
}


@pytest.mark.parametrize("name", PRECISE)
def test_what_is_known(name: str) -> None:
    assert memory(ops.operation(getattr(np, name))) == PRECISE[name]
