"""Concrete: the vocabulary of derivatives in NumPy's words, where types decide which.

x_bar = spread(1.0, x)            x_bar = np.ones_like(x)
x_bar = spread(s_bar, x)    ->    x_bar = np.full_like(x, s_bar)
x_bar = cast(y_bar, x)            x_bar = y_bar.astype(np.float32)
x_bar = result(y_bar, x)          x_bar = y_bar.copy()             (where y_bar is not ours to give)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Function, Let, Slice, Tree, Value
from srcad.core.ops import operation
from srcad.simplifier.rewrite import Pass, remake
from srcad.simplifier.shapes import same_form

__all__ = ["make_concrete"]

_ASTYPE = ops.Operation(np.asarray, "astype", style="method", base="cast", operands=("a",))


def make_concrete(function: Function) -> Function:
    """The function in plain NumPy, helpers left only where ranks are unknown."""
    return _Concrete(function).run(function)


class _Concrete(Pass):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.lets: dict[Value, Let] = {}

    def let(self, statement: Let) -> Let | None:
        if statement.out is not None:
            self.lets[statement.out] = statement
        op = statement.op
        if op is ops.spread:
            return self.spread(statement)
        if op is ops.cast:
            return self.cast(statement)
        if op is ops.result:
            return self.result(statement)
        if op is ops.put_add and not unrepeated(statement.args[1], self.lets):
            return remake(statement, ops.add_at, statement.args)
        if op.function is runtime.stop_gradient:
            self.known[statement.out] = statement.args[0]  # type: ignore[index]
            return None
        return statement

    def spread(self, statement: Let) -> Let | None:
        g, x = statement.args
        from_, to = type_of(g), type_of(x)
        if from_.rank == 0 and to.kind == "array" and (to.differentiable or from_.kind == "scalar"):
            if isinstance(g, (int, float)) and g == 1:
                return remake(statement, ops.ones_like, (x,))
            if isinstance(g, (int, float)) and g == 0:
                return remake(statement, ops.zeros_like, (x,))
            own = from_.kind == "scalar" and from_.dtype is not None and from_.dtype != to.dtype
            options = (("dtype", np.dtype(from_.dtype).type),) if own else ()
            return remake(statement, operation(np.full_like), (x, g), options)
        if to.kind == "array":
            shape = self.emit(ops.shape, x, origin=statement.origin)
            return remake(statement, operation(np.broadcast_to), (g,), (("shape", shape),))
        return statement

    def cast(self, statement: Let) -> Let | None:
        g, x = statement.args
        from_, to = type_of(g), type_of(x)
        if to.dtype is None:
            return statement
        dtype = np.dtype(to.dtype).type
        if from_.kind == "array" and from_.rank:
            return remake(statement, _ASTYPE, (g, dtype))
        if from_.rank == 0:
            return remake(statement, operation(dtype), (g,))
        return statement

    def result(self, statement: Let) -> Let | None:
        g, x = statement.args
        if isinstance(g, int):
            g = float(g)
        from_, to = type_of(g), type_of(x)
        if to.kind in ("number", "scalar"):
            if from_.rank == 0 and from_.kind == "number" and from_.dtype == "int":
                return remake(statement, operation(float), (g,))
            if from_.rank == 0 and from_.kind in ("number", "scalar"):
                if to.kind == "scalar" and to.dtype not in (
                    None,
                    "float64",
                ):  # it may be a Python number still
                    return remake(statement, operation(np.dtype(to.dtype).type), (g,))
                self.known[statement.out] = self.kept(g, statement)  # type: ignore[index]
                return None
            return statement
        if to.kind == "array":
            if (
                from_.rank == 0
            ):  # what computes with 0-d arrays gives scalars, whatever the type says
                if isinstance(g, (int, float)) and g in (0, 1):
                    return remake(statement, ops.zeros_like if g == 0 else ops.ones_like, (x,))
                return remake(statement, operation(np.full_like), (x, g))
            if from_.kind == "array" and same_shape(from_, to) and same_form(from_, to):
                return remake(statement, ops.own, (g,))
        return statement

    def kept(self, g: Any, statement: Let) -> Any:
        """A result that is another value's: the name goes along."""
        if isinstance(g, Value) and not g.named and statement.out is not None:
            g.base, g.named = statement.out.base, True
        return g


def unrepeated(index: Tree, lets: dict[Value, Let]) -> bool:
    """Whether an index is proven to name no element twice, so that `x[index] += e` adds all of `e`."""
    advanced = []
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, (Slice, int, type(None), type(...))):
            continue
        type_ = type_of(part)
        if type_.rank == 0 and (type_.dtype or "").startswith(("int", "uint")):
            continue
        advanced.append(part)
    if not advanced or (
        len(advanced) == 1 and type_of(advanced[0]).dtype == "bool" and type_of(advanced[0]).rank
    ):
        return True
    made = [lets.get(part) if isinstance(part, Value) else None for part in advanced]
    return any(let is not None and let.op.function is np.arange for let in made) and all(
        type_of(part).rank == 1 for part in advanced
    )
