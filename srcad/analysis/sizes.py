"""Sizes that are the same because the function runs: two names for one size become one.

    z = X @ w          X: float64[n, m], w: float64[k]: m is k, or this raises
    t * z              t: float64[p], neither size is 1: p is n, or this raises
    np.linalg.inv(A)   A: float64[n, m], the rule's signature is (n,n)->(n,n): m is n
    np.interp(x, s, t) s: float64[n], t: float64[m]: m is n

Only statements that run whenever the function does are evidence: those of its own block, and of loops that are known to run.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.analysis.carried import retype_loops, unsettled
from srcad.analysis.types import infer, type_of
from srcad.core import ops
from srcad.core.nodes import (
    Block,
    Function,
    Let,
    Loop,
    Tree,
    Value,
    defined,
    leaves,
    map_tree,
    walk,
)
from srcad.core.solutions import Solution
from srcad.core.types import Dim, Shape, Size, Type, never_one
from srcad.rules.families import cores, named_axes, rule_of

__all__ = ["unify_sizes"]

_ELEMENTWISE = {
    ops.add,
    ops.subtract,
    ops.multiply,
    ops.divide,
    ops.power,
    ops.less,
    ops.less_equal,
    ops.greater,
    ops.greater_equal,
}
_SPREADS = {ops.spread, ops.operation(np.broadcast_to)}


def unify_sizes(function: Function) -> Function:
    """Give equal sizes one name, in the types of the function's values (which are changed in place)."""
    names = _Names()
    _collect(function.body, names, {})
    if names.parent:
        for value in _values(function):
            value.type = names.type(value.type)
        retype_loops(function)
    return function


class _Names:
    """Classes of symbols, by the first of them."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}
        self.many: set[str] = set()

    def find(self, name: str) -> str:
        while name in self.parent:
            name = self.parent[name]
        return name

    def same(self, a: Dim, b: Dim) -> None:
        if isinstance(a, Size) and isinstance(b, Size) and a.minus == b.minus == 0:
            if isinstance(a.key, str) and isinstance(b.key, str):
                self.many |= {size.key for size in (a, b) if size.many}  # type: ignore[misc]
                first, second = self.find(a.key), self.find(b.key)
                if first != second:
                    self.parent[second] = first

    def size(self, size: Dim) -> Dim:
        if isinstance(size, Size) and isinstance(size.key, str) and self.find(size.key) != size.key:
            return Size(self.find(size.key), size.minus, size.many)
        return size

    def type(self, type_: Type) -> Type:
        if type_.shape is None:
            return type_
        shape = tuple(self.size(size) for size in type_.shape)
        return type_._replace(shape=shape) if shape != type_.shape else type_


def _collect(block: Block, names: _Names, known: dict[Value, Value]) -> None:
    """What statements say that run; `known` are stand-ins for values whose types are known better in one iteration than in all."""
    for statement in block:
        if isinstance(statement, Let):
            if isinstance(statement.op.function, Solution):  # which was evaluated
                _collect(statement.op.function.equation.body, names, {})
            args = _standing(statement, known) if known else statement.args
            shapes: list[Any] = [arg.type.shape if isinstance(arg, Value) else () for arg in args]
            if any(shape is None for shape in shapes):
                continue
            masks = [
                x.type.shape
                for key, x in statement.options
                if key in ("where", "mean") and isinstance(x, Value) and x.type.shape is not None
            ]
            if masks:  # of a reduction
                _aligned([shapes[0], *masks], names)
            if statement.op in _ELEMENTWISE or _elementwise(statement.op.function):
                _aligned(shapes, names)
            elif statement.op.function is np.dot and len(shapes) == 2 and all(shapes):
                a, b = shapes
                names.same(a[-1], b[-2] if len(b) > 1 else b[-1])
            elif statement.op in _SPREADS and statement.out is not None and shapes[0]:
                _aligned([shapes[0], statement.out.type.shape or ()], names)
            elif statement.op.function is np.interp and all(shapes[1:3]):
                names.same(shapes[1][0], shapes[2][0])
            elif statement.op.function is np.gradient and len(shapes) == 2 and shapes[1]:
                axis = dict(statement.options).get("axis", 0)
                if isinstance(axis, int) and -len(shapes[0]) <= axis < len(shapes[0]):
                    names.same(shapes[0][axis], shapes[1][0])
            elif (rule := rule_of(statement.op.function)) is not None and rule.signature:
                _named(rule.signature, shapes, names)
        elif isinstance(statement, Loop) and (count := _least(statement)):
            _collect(statement.body, names, dict(known))
            carries = [carry for carry in statement.carries if unsettled(carry)]
            if carries:
                first = {carry.param: _like(carry.param, carry.init) for carry in carries}
                _collect(statement.body, names, {**known, **first})
            if carries and count > 1:
                later = {carry.param: _like(carry.param, carry.next) for carry in carries}
                _collect(statement.body, names, {**known, **later})


def _like(value: Value, tree: Tree) -> Value:
    """A stand-in for a value, of the type of what it is in one iteration."""
    made = value.like()
    made.type = type_of(tree)
    return made


def _standing(statement: Let, known: dict[Value, Value]) -> tuple[Tree, ...]:
    """The operands of a statement with stand-ins, one of which its value has from there on."""
    args: tuple[Tree, ...] = map_tree(statement.args, lambda value: known.get(value, value))
    if args is not statement.args and statement.out is not None:
        made = statement.out.like()
        made.type = infer(statement.op, args, dict(statement.options))
        known[statement.out] = made
    return args


def _elementwise(function: Any) -> bool:
    """Whether it works element by element (np.matmul is a ufunc that does not)."""
    if isinstance(function, np.ufunc):
        return function.signature is None
    rule = rule_of(function)
    return function is np.where or (rule is not None and rule.family == "elementwise")


def _named(signature: str, shapes: list[Any], names: _Names) -> None:
    """Axes that the signature of a generalized ufunc gives one name are equal."""
    first: dict[str, Dim] = {}
    for core, shape in zip(cores(signature)[:-1], shapes):
        letters = named_axes(core, len(shape))
        if len(shape) < len(letters):
            continue
        for letter, size in zip(letters, shape[len(shape) - len(letters) :]):
            names.same(first.setdefault(letter, size), size)


def _aligned(shapes: list[Any], names: _Names) -> None:
    """Axes that meet, of which neither is 1, are equal."""
    longest: Shape = max(shapes, key=len, default=())
    for axis in range(1, len(longest) + 1):
        sizes = [shape[-axis] for shape in shapes if len(shape) >= axis and never_one(shape[-axis])]
        for size in sizes[1:]:
            names.same(sizes[0], size)


def _least(loop: Loop) -> int:
    """How often a loop runs for certain: twice stands for more."""
    if (
        loop.domain is None
        or loop.test is not None
        or not all(isinstance(part, int) for part in loop.domain)
    ):
        return 0
    count = len(range(*loop.domain))
    return min(count, 2 if loop.until is None else 1)


def _values(function: Function) -> set[Value]:
    found = {value for param in function.params for value in leaves(param.tree)} | set(
        function.hidden
    )
    for statement in walk(function.body):
        found.update(defined(statement))
        if isinstance(statement, Loop):
            found.update(carry.param for carry in statement.carries)
        solution = getattr(getattr(statement, "op", None), "function", None)
        if isinstance(solution, Solution):
            found |= _values(solution.equation)
    return found
