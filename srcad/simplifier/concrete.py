"""Concrete: the vocabulary of derivatives in NumPy's words, where types decide which.

x_bar = spread(1.0, x)            x_bar = np.ones_like(x)
x_bar = spread(s_bar, x)    ->    x_bar = np.full_like(x, s_bar)
x_bar = cast(y_bar, x)            x_bar = y_bar.astype(np.float32)
x_bar = result(y_bar, x)          x_bar = y_bar.copy()             (where y_bar is not ours to give)
x_bar = spread(2 / x.size, x)     x_bar = np.full_like(x, 2) / x.size

The last, since Python's division by a size of 0 raises where NumPy's warns; what is left of such divisions is `np.divide`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.types import infer, same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Function, Let, Tree, Value, leaves, walk
from srcad.core.ops import operation
from srcad.core.quote import may_be_complex
from srcad.core.types import never_one
from srcad.simplifier.rewrite import Pass, remake, uses
from srcad.simplifier.shapes import is_complex, mixed, same_form, unrepeated

__all__ = ["make_concrete"]

_ASTYPE = ops.Operation(np.ndarray.astype, "astype", style="method", base="cast", operands=("a",))


def make_concrete(function: Function) -> Function:
    """The function in plain NumPy, helpers left only where ranks are unknown."""
    return _Concrete(function).run(function)


class _Concrete(Pass):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.lets: dict[Value, Let] = {}
        self.given = {value for param in function.params for value in leaves(param.tree)}
        self.given.update(function.hidden)
        self.mixed = mixed(function)
        self.ratios: dict[Value, Let] = {}
        self.raising: set[Value] = set()
        self.computing: set[Value] = set()  # where strength in promotion matters
        self.find_ratios(function)

    def find_ratios(self, function: Function) -> None:
        """The adjoint's divisions of Python numbers by sizes, and those of them that cannot be left to an array."""
        lets = {s.out: s for s in walk(function.body) if isinstance(s, Let) and s.out is not None}
        for value, let in lets.items():
            if let.op is ops.divide and let.origin.part != "primal" and may_raise(let, lets):
                self.ratios[value] = let
        if not self.ratios:
            return
        taken = [
            value
            for let in lets.values()
            if let.op in _DIVIDED
            for value in leaves(let.args)
            if value in self.ratios and self.array_divides(let, value)
        ]
        read = uses(function)
        self.raising = {
            value
            for value, let in self.ratios.items()
            if is_size(let.args[1], lets) and taken.count(value) < read.get(value, 0)
        }
        for value, let in reversed(lets.items()):
            if let.op in _ARITHMETIC and (let.op is not ops.negative or value in self.computing):
                self.computing.update(leaves(let.args))

    def array_divides(self, use: Let, ratio: Value) -> bool:
        """Whether an array can be divided instead of the number that it is made of or multiplied by."""
        if use.origin.part == "primal":
            return False
        if use.op is ops.multiply:
            return any(type_of(arg).rank for arg in use.args)
        g, x = use.args
        if use.op is ops.divide:
            return g is ratio and bool(type_of(x).rank)
        return g is ratio and bool(type_of(x).rank) and type_of(x).differentiable

    def divided(self, statement: Let) -> Let:
        """`a / n * w` as `a * w / n`, `np.full_like(x, a / n)` as `np.full_like(x, a) / n`."""
        for place, arg in enumerate(statement.args):
            ratio = self.ratios.get(arg) if isinstance(arg, Value) else None
            if ratio is None or arg in self.raising or not self.array_divides(statement, arg):
                continue
            over, under = ratio.args
            other = statement.args[1 - place]
            if statement.op is ops.multiply:
                whole = other
                if not (isinstance(over, (int, float)) and over == 1):
                    whole = self.emit(ops.multiply, over, other, origin=statement.origin)
            elif statement.op is ops.divide:
                whole = self.emit(ops.divide, over, other, origin=statement.origin)
            else:
                made = self.spread(remake(statement, ops.spread, (over, other)))
                whole = self.emit(
                    made.op, *made.args, origin=statement.origin, **dict(made.options)
                )
            return remake(statement, ops.divide, (whole, under))
        return statement

    def let(self, statement: Let) -> Let | None:
        made = self.concrete(statement)
        if self.mixed and made is not None and made is not statement and made.out is not None:
            found = infer(made.op, made.args, dict(made.options))
            if found.dtype is not None and made.out.type.numeric:
                made.out.type = made.out.type._replace(dtype=found.dtype)
        return made

    def concrete(self, statement: Let) -> Let | None:
        if statement.out is not None:
            self.lets[statement.out] = statement
        if statement.out in self.raising:
            weak = self.mixed and type_of(statement.out).kind == "number"
            if not weak or statement.out not in self.computing:
                return remake(statement, operation(np.divide), statement.args)
            ratio = self.emit(operation(np.divide), *statement.args, origin=statement.origin)
            return remake(statement, operation(float), (ratio,))  # weak in promotion, as it was
        if self.ratios and statement.op in _DIVIDED:
            statement = self.divided(statement)
        op = statement.op
        if op is ops.zeros_like and statement.origin.part != "primal" and not statement.options:
            (x,) = statement.args
            if type_of(x).dtype is None:
                # It may be an array of integers, which a cotangent is not.
                dtype = self.emit(
                    operation(np.result_type), x, np.float32, origin=statement.origin, base="dtype"
                )
                return remake(statement, op, (x,), (("dtype", dtype),))
        if op is ops.spread:
            return self.spread(statement)
        if op is ops.cast:
            return self.cast(statement)
        if op is ops.result:
            return self.result(statement)
        if op is ops.sparse_solve:
            return self.solved(statement)
        if op is ops.put_add and not unrepeated(statement.args[1], self.lets):
            return remake(statement, ops.add_at, statement.args)
        if op.function is runtime.stop_gradient:
            self.known[statement.out] = statement.args[0]  # type: ignore[index]
            return None
        return statement

    def spread(self, statement: Let) -> Let:
        g, x = statement.args
        from_, to = type_of(g), type_of(x)
        # What is of unknown dtype may be complex where `x`, which stands for another array's shape, is real.
        vague = isinstance(g, Value) and from_.dtype is None
        one_dtype = to.differentiable or from_.kind == "scalar"
        if from_.rank == 0 and to.kind == "array" and one_dtype and not vague:
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

    def solved(self, statement: Let) -> Let:
        from scipy.sparse import linalg

        A, b = statement.args
        shape = type_of(b).shape
        solve = operation(linalg.spsolve)
        if shape is not None and (len(shape) == 1 or (len(shape) == 2 and never_one(shape[1]))):
            return remake(statement, solve, (A, b), statement.options)
        found = self.emit(solve, A, b, origin=statement.origin, **dict(statement.options))
        form = self.emit(ops.shape, b, origin=statement.origin)
        return remake(statement, operation(np.reshape), (found, form))

    def cast(self, statement: Let) -> Let | None:
        g, x = statement.args
        from_, to = type_of(g), type_of(x)
        if to.dtype is None:
            return statement
        dtype = np.dtype(to.dtype).type
        if from_.dtype is None and not is_complex(to) and may_be_complex(g):
            return statement
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
            if is_complex(to) and from_.dtype is not None and not is_complex(from_):
                kind = complex if to.kind == "number" else np.dtype(to.dtype).type
                return remake(statement, operation(kind), (g,))
            vague = from_.dtype is None and to.dtype == "float"  # a power, which may be complex
            if from_.rank == 0 and from_.kind == "number" and (from_.dtype == "int" or vague):
                return remake(statement, operation(float), (g,))
            if from_.rank == 0 and from_.kind in ("number", "scalar"):
                sure = g in self.lets and from_[:2] == to[:2] and self.as_typed(g)
                loose = (None,) if self.mixed else (None, "float64")
                if is_complex(to) and not self.surely_complex(x):
                    return statement  # made of what is joined, and real on the other path
                if to.kind == "scalar" and not sure and to.dtype not in loose:
                    # What is joined may be a Python number still, and with it what is computed of it another dtype.
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
            if from_.kind == "array" and same_shape(from_, to):
                if same_form(from_, to):
                    return remake(statement, ops.own, (g,))
                if to.dtype is not None and to.differentiable:
                    return remake(statement, _ASTYPE, (g, np.dtype(to.dtype).type))
        return statement

    def surely_complex(self, tree: Tree) -> bool:
        """Whether a number that is typed complex is so on every path; arrays are, what is joined may be real."""
        if not isinstance(tree, Value):
            return isinstance(tree, complex)
        if not is_complex(tree.type):
            return False
        if tree in self.given or (tree.type.kind == "array" and tree.type.rank):
            return True
        made = self.lets.get(tree)
        return made is not None and any(map(self.surely_complex, made.args))

    def as_typed(self, tree: Tree) -> bool | None:
        """Whether a value has the dtype that its type says; False: it may be a Python number, None: or have another dtype."""
        if not isinstance(tree, Value) or tree.type.kind == "number":
            return False
        if tree in self.given or tree.type.rank or tree.type.kind == "array":
            return True
        made = self.lets.get(tree)
        if made is None:  # joined
            return False
        operands = [self.as_typed(value) for value in leaves(made.args)]
        if made.op in _ARITHMETIC:
            return None if None in operands else any(operands)
        return True if isinstance(made.op.function, type) or all(operands) else None

    def kept(self, g: Any, statement: Let) -> Any:
        """A result that is another value's: the name goes along."""
        if isinstance(g, Value) and not g.named and statement.out is not None:
            g.base, g.named = statement.out.base, True
        return g


_ARITHMETIC = {
    ops.add,
    ops.subtract,
    ops.multiply,
    ops.divide,
    ops.power,
    ops.negative,
    ops.positive,
}
_DIVIDED = {ops.multiply, ops.divide, ops.spread, ops.result}
_SIZES = {ops.size, ops.length, ops.shape}


def may_raise(division: Let, lets: dict[Value, Let]) -> bool:
    """Whether Python may be what divides, by what may be 0."""
    over, under = division.args
    by_number = under.type.kind == "number" if isinstance(under, Value) else under == 0
    return by_number and may_be_number(over, lets)


def may_be_number(tree: Tree, lets: dict[Value, Let]) -> bool:
    """Whether an operand may be a Python number: a literal that stands for a scalar leaves the type as it was."""
    type_ = type_of(tree)
    if not isinstance(tree, Value) or type_.kind == "number":
        return True
    if type_.rank != 0 or type_.kind == "array":
        return False
    made = lets.get(tree)
    if made is None:
        return True
    if made.op in (ops.sum_to, ops.cast, ops.spread):
        return may_be_number(made.args[0], lets)
    return made.op in _ARITHMETIC and all(may_be_number(arg, lets) for arg in made.args)


def is_size(tree: Tree, lets: dict[Value, Let]) -> bool:
    """Whether an operand is the size of an array, or made of one, as a literal 0 is that anything is divided by."""
    if isinstance(tree, int):
        return tree == 0
    made = lets.get(tree) if isinstance(tree, Value) else None
    if made is None:
        return False
    if made.op in _SIZES:
        return True
    return (made.op in _ARITHMETIC or made.op is ops.getitem) and any(
        is_size(arg, lets) for arg in made.args
    )
