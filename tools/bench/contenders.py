"""The contenders of a row of the table, ready to be called.

They are the function itself ("value"), the derivative written by hand ("hand"), srcad's as its
user calls it ("srcad"), the function that this call ends up in ("emitted"), and the peers'.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import srcad

from .peers import PEERS, as_arrays
from .table import Row

Call = Callable[[], Any]


def srcad_function(row: Row) -> Any:
    """srcad's derivative of the row's function; None where this version has no such transform."""
    try:
        if row.transform == "vmap_jacrev":
            in_dims = (0, *[None] * (row.primal.__code__.co_argcount - 1))
            vmap: Any = getattr(srcad, "vmap")  # noqa: B009 - not in every version
            return vmap(srcad.jacrev(row.primal, row.argnums), in_dims)
        return getattr(srcad, row.transform)(row.primal, row.argnums)
    except (AttributeError, NotImplementedError):
        return None


def srcad_derivative(row: Row, args: tuple[Any, ...]) -> Call | None:
    """srcad's derivative, called as its user calls it."""
    if row.transform == "vjp":
        *primals, seed = args

        def pull_back():
            _, pullback = srcad.vjp(row.primal, *primals)
            return pullback(seed)

        return pull_back
    derivative = srcad_function(row)
    return derivative and (lambda: derivative(*args))


def emitted_function(derivative: Any, primal: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The function in the text that srcad emits for these arguments."""
    text = derivative.source(*args)
    name = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)][-1]
    space = dict(primal.__globals__)
    exec(compile(text, f"<emitted {name}>", "exec"), space)
    return space[name]


def emitted_derivative(row: Row, args: tuple[Any, ...]) -> Call | None:
    """The emitted function, called directly."""
    derivative = None if row.transform == "vjp" else srcad_function(row)
    if derivative is None:
        return None
    emitted = emitted_function(derivative, row.primal, args)
    return lambda: emitted(*args)


def equal(got: Any, wanted: Any) -> bool:
    """Whether two results have the same leaves, to rounding."""
    a, b = as_arrays(got), as_arrays(wanted)
    if len(a) != len(b):
        return False
    for x, y in zip(a, b, strict=True):
        tolerance = 1e-4 if np.float32 in (x.dtype, y.dtype) else 1e-8
        size = float(np.max(np.abs(y), initial=0.0))
        if x.shape != y.shape or not np.allclose(x, y, rtol=tolerance, atol=tolerance * size):
            return False
    return True


def contenders(row: Row, peers: Iterable[str]) -> tuple[dict[str, Call], dict[str, str]]:
    """What there is to time in a row, all of it right; and why the rest is missing."""
    args = row.arguments(np.random.default_rng(0))
    primals = args[:-1] if row.transform == "vjp" else args
    ready: dict[str, Call] = {"hand": lambda: row.hand(*args)}
    if row.transform != "vmap_jacrev":
        ready = {"value": lambda: row.primal(*primals), **ready}
    missing: dict[str, str] = {}
    makers: dict[str, Callable[[Row, tuple[Any, ...]], Call | None]]
    makers = {"emitted": emitted_derivative, "srcad": srcad_derivative}
    makers |= {name: PEERS[name] for name in peers}
    wanted = row.hand(*args)
    for name, make in makers.items():
        try:
            call = make(row, args)
            got = call and call()
        except Exception as error:
            later = row.transform in ("hessian", "vmap_jacrev")
            if name in ("srcad", "emitted") and later and isinstance(error, NotImplementedError):
                missing[name] = "-"
                continue
            missing[name] = f"error: {type(error).__name__}: {error}"
            print(f"{row.name}: {name}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        if call is None:
            missing[name] = "-"
        elif equal(got, wanted):
            ready[name] = call
        else:
            missing[name] = "WRONG"
            print(f"{row.name}: {name} gives another derivative; not timed", file=sys.stderr)
    return ready, missing
