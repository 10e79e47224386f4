"""Shapes: what is blind to them becomes what they prove it to be.

    x_bar = sum_to(y_bar * w, x)            x_bar = y_bar * w               (x and the product have one shape)
    b_bar = sum_to(z_bar, b)         ->     b_bar = np.sum(z_bar, axis=0)
    x_bar = spread(1.0, x) * w              x_bar = w                       (w has x's shape already)

A rewrite that is not proven is not done: `sum_to` stays, and is a helper at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcad.analysis.types import Opaque, infer, same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import (
    Call,
    Function,
    Let,
    Loop,
    Slice,
    Statement,
    Tree,
    Value,
    defined,
    leaves,
    operands,
    walk,
)
from srcad.core.printer import same
from srcad.core.quote import may_be_complex
from srcad.core.types import Size, Type, never_one
from srcad.simplifier.rewrite import Pass, remake, uses

__all__ = ["resolve_shapes"]

# What arrays have and Python's numbers do not; of the dtype the type, which stays weak.
_KINDS = {"bool": bool, "int": int, "float": float, "complex": complex}
_OF_NUMBERS: dict[ops.Operation, Callable[[str | None], Tree]] = {
    ops.shape: lambda name: (),
    ops.size: lambda name: 1,
    ops.dtype: lambda name: _KINDS.get(name or "", float),
}
_ELEMENTWISE = {
    ops.add,
    ops.subtract,
    ops.multiply,
    ops.divide,
    ops.power,
    ops.negative,
    ops.positive,
}


def resolve_shapes(function: Function) -> Function:
    """The function with `sum_to`, `spread` and `cast` resolved where shapes and dtypes are proven."""
    return _Shapes().run(function)


def same_form(a: Type, b: Type) -> bool:
    """Whether a value of type `a` can stand for one of type `b`: proven shape and dtype."""
    if a.kind == "number" and b.rank == 0:
        return b.kind != "array" and (a.dtype != "complex" or is_complex(b))
    return (
        a.dtype == b.dtype
        and a.dtype is not None
        and same_shape(a, b)
        and (a.kind == b.kind or b.kind == "any")
    )


def is_complex(type_: Type) -> bool:
    """Whether a dtype is known to be complex."""
    return (type_.dtype or "").startswith("complex")


def pass_name(old: Value, new: Value) -> None:
    """A folded operation passes its name on to what stands for it."""
    if not new.named and (
        old.named or (old.base.endswith("_bar") and not new.base.endswith("_bar"))
    ):
        new.base, new.named = old.base, old.named


def mixed(function: Function) -> bool:
    """Whether a function computes with other floating dtypes than float64, which Python's numbers are as strong as."""
    values: set[Value] = set()
    for statement in walk(function.body):
        values.update(operands(statement))
        values.update(defined(statement))
    found = {value.type.dtype or "" for value in values}
    kinds = ("float", "longdouble", "complex")
    strong = found - {"float", "complex", "float64", "complex128"}
    return any(dtype.startswith(kinds) for dtype in strong)


class _Shapes(Pass):
    def __init__(self) -> None:
        super().__init__()
        self.lets: dict[Value, Let] = {}
        self.mixed = False
        self.weakened: set[Value] = set()
        self.counts: Mapping[Value, int] = {}

    def run(self, function: Function) -> Function:
        self.mixed = mixed(function)
        self.counts = uses(function)
        return super().run(function)

    def renew(self, statement: Let) -> Let:
        """A number that stands for a scalar is weak in promotion: what is computed with it may have another dtype."""
        made = super().renew(statement)
        out = made.out
        if not self.mixed or out is None:
            return made
        if made is statement and not any(value in self.weakened for value in leaves(made.args)):
            return made
        inferred = infer(made.op, made.args, dict(made.options))
        if inferred.dtype is not None and inferred[:2] != out.type[:2] and out.type.numeric:
            out.type = out.type._replace(
                kind=inferred.kind if out.type.rank == 0 else out.type.kind, dtype=inferred.dtype
            )
            self.weakened.add(out)
        return made

    def statement(self, statement: Statement) -> None:
        if self.mixed and isinstance(statement, Call):
            statement = statement.renewed(args=self.strong(statement))
        super().statement(statement)

    def loop(self, statement: Loop) -> Loop | None:
        made = super().loop(statement)
        if made is None or not self.mixed:
            return made
        for carry in made.carries:
            type_ = carry.param.type
            if type_.kind != "scalar" or type_.dtype in (None, "float64"):
                continue
            # What an iteration before it made of a number would be weaker than what it stands for.
            scalar = ops.operation(np.dtype(type_.dtype).type)
            if carry.init is not None and type_of(carry.init).kind == "number":
                carry.init = self.emit(scalar, carry.init, origin=statement.origin)
            if carry.next is not None and type_of(carry.next).kind == "number":
                out = carry.param.like(named=False)
                made.body.append(Let(out, scalar, (carry.next,), (), statement.origin))
                carry.next = out
        return made

    def strong(self, call: Call) -> Tree:
        """The arguments of a call, with scalars where the callee takes scalars."""
        taken = [leaf for param in call.callee.params for leaf in leaves(param.tree)]
        args = list(self.tree(call.args))
        if len(taken) != len(args):
            return tuple(args)
        for place, (wanted, arg) in enumerate(zip(taken, args)):
            given = type_of(arg)
            if wanted.type.kind == "scalar" and wanted.type.dtype and given.kind == "number":
                scalar = ops.operation(np.dtype(wanted.type.dtype).type)
                args[place] = self.emit(scalar, arg, origin=call.origin)
        return tuple(args)

    def let(self, statement: Let) -> Let | None:
        made = self.simplify(statement)
        if made is not None and made.out is not None:
            if made is not statement or made.out.type.shape is None:
                inferred = infer(made.op, made.args, dict(made.options))
                if made.out.type.shape is None and inferred.shape is not None:
                    made.out.type = inferred
            elif _masked(made.out.type):  # the mask may be another value by now
                inferred = infer(made.op, made.args, dict(made.options))
                if inferred.shape is not None:
                    made.out.type = made.out.type._replace(shape=inferred.shape)
            self.lets[made.out] = made
        return made

    def stands(self, statement: Let, tree: Tree) -> None:
        """`tree` stands for the statement's value."""
        if isinstance(tree, Value) and statement.out is not None and tree in self.lets:
            if self.lets[tree].origin.part != "primal":
                pass_name(statement.out, tree)
        self.known[statement.out] = tree  # type: ignore[index]

    def is_stored_once(self, condition: Tree, item: Tree, other: Tree) -> bool:
        """Whether `where(put(z, i, v)[i] == v, item, 0)` takes all of `item`: no place is named twice."""
        equal = self.source(condition, ops.equal)
        read = self.source(equal.args[0], ops.getitem) if equal is not None else None
        put = self.source(read.args[0], ops.put) if read is not None else None
        if equal is None or read is None or put is None or other != 0:
            return False
        _, index, value = put.args
        return value is equal.args[1] and same(index, read.args[1]) and unrepeated(index, self.lets)

    def is_whole(self, base: Tree, value: Tree) -> bool:
        """Whether a value that is stored into all of an array is the new array as it is."""
        array = type_of(base)
        return bool(array.rank) and isinstance(value, Value) and same_form(value.type, array)

    def source(self, tree: Tree, op: ops.Operation) -> Let | None:
        """The statement that made a value, if it did `op`."""
        found = self.lets.get(tree) if isinstance(tree, Value) else None
        return found if found is not None and found.op is op else None

    def simplify(self, statement: Let) -> Let | None:
        op = statement.op
        if op in _OF_NUMBERS and type_of(statement.args[0]).kind == "number":
            self.stands(statement, _OF_NUMBERS[op](type_of(statement.args[0]).dtype))
            return None
        if op is ops.sum_to:
            return self.sum_to(statement)
        if op is ops.spread:
            return self.spread(statement)
        if op is ops.cast:
            return self.cast(statement)
        if op is ops.size and len(statement.args) == 1 and type_of(statement.args[0]).rank == 0:
            self.stands(statement, 1)
            return None
        if op in (ops.put, ops.put_add):
            base, index, value = statement.args
            if _all_of(index) and self.is_whole(base, value):
                if op is ops.put_add:
                    return remake(statement, ops.add, (base, value))
                if not value.named and value in self.lets and statement.out is not None:
                    value.base, value.named = statement.out.base, statement.out.named
                self.stands(statement, value)
                return None
            if type_of(base).rank == 0 and (
                index is Ellipsis or index == ()
            ):  # all there is to store into
                if op is ops.put_add:
                    return remake(statement, ops.add, (base, value))
                return (
                    remake(statement, ops.cast, (value, base))
                    if type_of(value).rank == 0
                    else statement
                )
            spread = self.source(value, ops.spread)
            if spread is not None:
                return remake(statement, op, (base, index, spread.args[0]))
            return statement
        if op is ops.shape and statement.origin.part != "primal":
            made = self.lets.get(statement.args[0])
            shape = _shape_given(made) if made is not None else None
            if shape is None and made is not None:
                shape = self.shape_of_parts(made)
            if shape is not None:
                self.stands(statement, shape)
                return None
        if op is ops.getitem:
            if statement.origin.part != "primal":
                size = self.size_known(*statement.args)
                if size is not None:
                    self.stands(statement, size)
                    return None
                if self.total_at_once(statement) is not None:
                    return self.total_at_once(statement)
            if _all_of(statement.args[1]) and type_of(statement.args[0]).rank:
                self.stands(statement, statement.args[0])
                return None
            if isinstance(statement.args[0], (int, float)):  # `0[()]`
                self.stands(statement, statement.args[0])
                return None
            spread = self.source(statement.args[0], ops.spread)
            if (
                spread is not None
                and type_of(spread.args[0]).rank == 0
                and statement.out is not None
            ):
                if statement.out.type.rank == 0:
                    self.stands(statement, spread.args[0])
                    return None
            if statement.origin.part != "primal":
                return self.sliced_at_once(statement)
            return self.read_at_once(statement)
        if op.function is np.ravel and statement.origin.part != "primal":
            return self.ravel(statement)
        if op is ops.conj and statement.origin.part != "primal":
            if isinstance(statement.args[0], (int, float)):
                self.stands(statement, statement.args[0])
                return None
            twice = self.source(statement.args[0], ops.conj)
            if twice is not None:
                self.stands(statement, twice.args[0])
                return None
            return self.elementwise(statement)
        if op is ops.real and statement.origin.part != "primal":
            if isinstance(statement.args[0], (int, float)):
                self.stands(statement, statement.args[0])
                return None
            spread = self.source(statement.args[0], ops.spread)
            if spread is not None and type(spread.args[0]) is complex:
                like = self.part_of(spread.args[1], statement)
                if like is not None:
                    return remake(statement, ops.spread, (spread.args[0].real, like))
            turned = self.source(statement.args[0], ops.conj)
            return statement if turned is None else remake(statement, op, turned.args)
        if op is ops.transpose and statement.origin.part != "primal":
            turned = self.source(statement.args[0], ops.transpose)
            if turned is not None and not turned.options and not statement.options:
                self.stands(statement, turned.args[0])
                return None
            return statement
        selects = op.function is np.where and len(statement.args) == 3
        if selects and self.is_stored_once(*statement.args):
            self.stands(statement, statement.args[1])
            return None
        if selects and statement.origin.part != "primal":
            return self.thinned(statement)
        if op.function is np.sum and not statement.options:
            spread = self.source(statement.args[0], ops.spread)
            if spread is not None and type_of(spread.args[0]).rank == 0:
                count = self.emit(ops.size, spread.args[1], origin=statement.origin)
                return remake(statement, ops.multiply, (spread.args[0], count))
            return statement
        if op in (ops.add, ops.subtract) and statement.out is not None:
            for place in (1, 0) if op is ops.add else (1,):
                zeros = self.source(statement.args[place], ops.zeros_like)
                other = statement.args[1 - place]
                if zeros is not None and same_form(type_of(other), statement.out.type):
                    self.stands(statement, other)
                    return None
        if op in _ELEMENTWISE or isinstance(op.function, np.ufunc):
            return self.elementwise(self.uncast(statement))
        return statement

    def shape_of_parts(self, made: Let) -> Tree | None:
        """The shape of what is computed for its shape alone, from those of its operands: `(X @ W).shape` as `(len(X), W.shape[1])`."""
        if made.out is None or self.counts.get(made.out, 0) != 1 or made.out.named:
            return None
        arrays = [arg for arg in leaves(made.args) if arg.type.shape]
        found: dict[Any, tuple[Value, int]] = {}
        for array in reversed(arrays):
            for axis, size in reversed(list(enumerate(array.type.shape or ()))):
                found[size] = array, axis
        sizes = made.out.type.shape
        if not sizes or not all(isinstance(size, int) or size in found for size in sizes):
            return None
        return tuple(
            size if isinstance(size, int) else self.size_at(*found[size], made) for size in sizes
        )

    def size_at(self, array: Value, axis: int, made: Let) -> Value:
        """`len(x)`, or `x.shape[axis]`."""
        if axis == 0:
            return self.emit(ops.length, array, origin=made.origin)
        shape = self.emit(ops.shape, array, origin=made.origin)
        return self.emit(ops.getitem, shape, axis, origin=made.origin)

    def size_known(self, base: Tree, index: Tree) -> Tree | None:
        """A size that is a number for certain, or that the array was made with: `np.zeros((3, n)).shape[1]`."""
        if type(index) is not int:
            return None
        if type(base) is tuple:
            return base[index]  # type: ignore[no-any-return]
        read = self.source(base, ops.shape)
        shape = type_of(read.args[0]).shape if read is not None else None
        if shape is None or not -len(shape) <= index < len(shape):
            return None
        return shape[index] if isinstance(shape[index], int) else None

    def total_at_once(self, statement: Let) -> Let | None:
        """`np.sum(g, axis=1, keepdims=True)[:, 0]` as `np.sum(g, axis=1)`."""
        base, index = statement.args
        total = self.lets.get(base) if isinstance(base, Value) else None
        if total is None or total.op.function is not np.sum or self.counts.get(base, 1) != 1:
            return None
        options, rank = dict(total.options), type_of(base).rank
        axis = options.get("axis")
        if options.keys() != {"axis", "keepdims"} or rank is None or axis is None:
            return None
        axes = {one % rank for one in (axis if isinstance(axis, tuple) else (axis,))}
        parts = index if type(index) is tuple else (index,)
        if not all(part == Slice() or (type(part) is int and part == 0) for part in parts):
            return None
        if {place for place, part in enumerate(parts) if part == 0} != axes:
            return None
        return remake(statement, total.op, total.args, (("axis", axis),))

    def sliced_at_once(self, statement: Let) -> Let | None:
        """`x[::-1][::-1]` as `x`, and `x.shape[1:][0]` as `x.shape[1]`."""
        base, index = statement.args
        part = self.source(base, ops.getitem)
        first = part.args[1] if part is not None else None
        if part is None or not isinstance(first, Slice) or not isinstance(base, Value):
            return self.read_at_once(statement)
        if first == index == Slice(None, None, -1):
            self.stands(statement, part.args[0])
            return None
        start = 0 if first.start is None else first.start
        whole = first.stop is None and first.step in (None, 1) and type(start) is int
        if not base.named and whole and start >= 0 and type(index) is int and index >= 0:
            return remake(statement, ops.getitem, (part.args[0], start + index))
        return self.read_at_once(statement)

    def read_at_once(self, statement: Let) -> Let:
        """`A[i][j]` as `A[i, j]`, where `A[i]` is read for that only."""
        base, index = statement.args
        row = self.source(base, ops.getitem)
        if row is None or base.named or self.counts.get(base, 0) != 1:
            return statement
        first = row.args[1] if type(row.args[1]) is tuple else (row.args[1],)
        second = index if type(index) is tuple else (index,)
        rank = type_of(row.args[0]).rank
        if rank is None or not all(map(_integer, first)) or len(first) + len(second) > rank:
            return statement
        if not all(_integer(part) or isinstance(part, Slice) for part in second):
            return statement
        return remake(statement, ops.getitem, (row.args[0], (*first, *second)))

    def ravel(self, statement: Let) -> Let | None:
        """What was flat before it got another shape."""
        made = self.lets.get(statement.args[0])
        if statement.options or made is None or made.op.function is not np.reshape:
            return statement
        order = dict(made.options).get("order", "C")
        if order != "C" or type_of(made.args[0]).rank != 1:
            return statement
        self.stands(statement, made.args[0])
        return None

    def sum_to(self, statement: Let) -> Let | None:
        g, x = statement.args
        from_, to = type_of(g), type_of(x)
        spread = self.source(g, ops.spread)
        if to.rank == 0 and spread is not None and type_of(spread.args[0]).rank == 0:
            count = self.emit(ops.size, spread.args[1], origin=statement.origin)
            made = self.emit(ops.multiply, spread.args[0], count, origin=statement.origin)
            return self.cast(remake(statement, ops.cast, (made, x)))
        if same_shape(from_, to) or (to.rank == 0 and from_.rank == 0):
            return self.cast(remake(statement, ops.cast, (g, x)))
        if from_.shape is None or to.shape is None or len(from_.shape) < len(to.shape):
            return statement
        extra = len(from_.shape) - len(to.shape)
        ones = []
        for axis, size in enumerate(to.shape):
            before = from_.shape[extra + axis]
            if same_size(size, before) or never_one(size):
                continue
            if size != 1:
                return statement
            ones.append(extra + axis)
        if to.rank == 0:
            total = self.emit(ops.operation(np.sum), g, origin=statement.origin)
            return self.cast(remake(statement, ops.cast, (total, x)))
        part: Any = g
        if extra:
            lead: Any = 0 if extra == 1 else tuple(range(extra))
            part = self.emit(ops.operation(np.sum), part, origin=statement.origin, axis=lead)
            ones = [axis - extra for axis in ones]
        if ones:
            axes: Any = ones[0] if len(ones) == 1 else tuple(ones)
            part = self.emit(
                ops.operation(np.sum), part, origin=statement.origin, axis=axes, keepdims=True
            )
        if isinstance(part, Value) and to.kind == "array" and part.type.shape is not None:
            part.type = Type(part.type.kind, part.type.dtype, to.shape)
        return self.cast(remake(statement, ops.cast, (part, x)))

    def spread(self, statement: Let) -> Let | None:
        g, x = statement.args
        inner = self.filled(g)
        if inner is not None:
            statement = remake(statement, ops.spread, (inner.args[0], x))
            g = inner.args[0]
        if same_shape(type_of(g), type_of(x)) and (
            type_of(x).rank != 0 or type_of(x).kind != "array"
        ):
            self.stands(statement, g)
            return None
        return statement

    def cast(self, statement: Let) -> Let | None:
        g, x = statement.args
        from_, to = type_of(g), type_of(x)
        if is_complex(from_) and to.dtype is not None and not is_complex(to):
            g = self.emit(ops.real, g, origin=statement.origin, base="real")
            statement, from_ = remake(statement, ops.cast, (g, x)), type_of(g)
        if from_.dtype is None and not is_complex(to) and may_be_complex(g):
            return statement
        spread = self.source(g, ops.spread)
        if to.kind == "number" or (to.dtype is not None and not to.differentiable):
            self.stands(statement, g)
            return None
        if to.dtype is None:
            return statement
        weak = ("int", "float", "complex") if is_complex(to) else ("int", "float")
        if from_.dtype == to.dtype or (from_.kind == "number" and from_.dtype in weak):
            self.stands(statement, g)
            return None
        if spread is not None:
            inner = type_of(spread.args[0])
            made = spread.args[0]
            if inner.kind != "number" or inner.dtype not in weak:
                made = self.emit(ops.cast, made, x, origin=statement.origin)
            like = (
                x if same_shape(to, from_) else spread.args[1]
            )  # a Python number takes the dtype of what it is like
            return remake(statement, ops.spread, (made, like))
        return statement

    def part_of(self, like: Tree, statement: Let) -> Value | None:
        """What a value is made of that has the form of the statement's: of a complex one its part, or the other way round."""
        made = self.lets.get(like) if isinstance(like, Value) else None
        out = statement.out
        if made is None or out is None:
            return None
        return next((x for x in leaves(made.args) if same_form(x.type, out.type)), None)

    def uncast(self, statement: Let) -> Let:
        """What is made complex need not be, where it meets what is."""
        casts = [self.source(arg, ops.cast) for arg in statement.args]
        if not any(casts) or statement.out is None or not is_complex(statement.out.type):
            return statement
        args = tuple(
            cast.args[0] if cast is not None and not is_complex(type_of(cast.args[0])) else arg
            for arg, cast in zip(statement.args, casts)
        )
        type_ = infer(statement.op, args, dict(statement.options))
        if same_form(type_, statement.out.type):
            return remake(statement, statement.op, args, statement.options)
        return statement

    def thinned(self, statement: Let) -> Let:
        """An operation of operands that need not be spread for the form of its result."""
        spreads = [self.source(arg, ops.spread) for arg in statement.args]
        thin = tuple(
            arg if spread is None else spread.args[0]
            for arg, spread in zip(statement.args, spreads)
        )
        type_ = infer(statement.op, thin, dict(statement.options))
        if any(spreads) and statement.out is not None and same_form(type_, statement.out.type):
            return remake(statement, statement.op, thin, statement.options)
        return statement

    def filled(self, arg: Tree) -> Let | None:
        """The spread that an operand is, or of which it is `v[:, None]`: of a number that is the number, spread otherwise."""
        found = self.source(arg, ops.spread)
        item = self.source(arg, ops.getitem) if found is None else None
        if item is None or not _all_of(_without_new_axes(item.args[1])):
            return found
        found = self.source(item.args[0], ops.spread)
        return found if found is not None and type_of(found.args[0]).rank == 0 else None

    def elementwise(self, statement: Let) -> Let | None:
        """An operand that is spread need not be, where the result has its shape anyway; if all are, the result is."""
        out = statement.out
        spreads = [self.filled(arg) for arg in statement.args]
        if out is None or not any(spreads):
            return statement
        thin = tuple(
            arg if spread is None else spread.args[0]
            for arg, spread in zip(statement.args, spreads)
        )
        options = dict(statement.options)
        type_ = infer(statement.op, thin, options)
        if same_form(type_, out.type) or (
            same_shape(type_, out.type) and type_.dtype == out.type.dtype
        ):
            return remake(statement, statement.op, thin, statement.options)
        if type_.rank == 0 or all(
            spread is not None or type_of(arg).rank == 0
            for arg, spread in zip(statement.args, spreads)
        ):
            like = next(spread.args[1] for spread in spreads if spread is not None)
            floating = (out.type.dtype or "").startswith(("float", "complex"))
            weak = type_.kind == "number" and floating
            if is_complex(out.type) and type_of(like).dtype != out.type.dtype:
                like = self.part_of(like, statement)
                if like is None:
                    return statement
            if same_shape(type_of(like), out.type) and (weak or type_.dtype == out.type.dtype):
                value = self.emit(statement.op, *thin, origin=statement.origin, **options)
                self.lets[value] = self.out[-1]  # type: ignore[assignment]
                return remake(statement, ops.spread, (value, like))
        return statement


def _without_new_axes(index: Tree) -> Tree:
    return tuple(part for part in index if part is not None) if type(index) is tuple else index


def _all_of(index: Tree) -> bool:
    """Whether an index shows all of an array as it is."""
    parts = index if type(index) is tuple else (index,)
    return bool(parts) and all(part is Ellipsis or part == Slice() for part in parts)


# (Not np.reshape: a size of -1 stands for another one.)
_SHAPED = {np.broadcast_to: 1, np.zeros: 0, np.ones: 0, np.empty: 0, np.full: 0}


def _shape_given(made: Let) -> Tree | None:
    """The shape that an array was made with, where it is a tuple of sizes."""
    place = _SHAPED.get(made.op.function)
    if place is None:
        return None
    found = made.args[place] if place < len(made.args) else dict(made.options).get("shape")
    if type(found) is not tuple or any(type(size) is int and size < 0 for size in found):
        return None
    return found


_DISTINCT = (np.arange, np.argsort, np.flatnonzero)


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
    # Broadcasting would repeat an array of one index.
    return any(_distinct(part, lets) for part in advanced) and all(
        len(advanced) == 1 or same_shape(type_of(part), type_of(advanced[0])) for part in advanced
    )


def _distinct(part: Tree, lets: dict[Value, Let]) -> bool:
    """Whether an array of indices is made so that no two of them name one place: `np.arange(n)`, `np.argsort(x)`, such moved upwards."""
    made = lets.get(part) if isinstance(part, Value) else None
    if made is None:
        return False
    if made.op in (ops.add, ops.subtract):
        a, c = made.args
        if made.op is ops.add and isinstance(a, int):
            a, c = c, a
        # Moved downwards they may count from the end.
        return isinstance(c, int) and (c >= 0) == (made.op is ops.add) and _distinct(a, lets)
    if made.op is ops.getitem:
        return isinstance(made.args[1], Slice) and _distinct(made.args[0], lets)
    return made.op.function in _DISTINCT and type_of(part).rank == 1


def _masked(type: Type) -> bool:
    """Whether a size is the number of elements that a mask takes."""
    return any(
        isinstance(size, Size) and isinstance(size.key, Opaque) and size.key.key[0] == "mask"
        for size in type.shape or ()
    )


def _integer(part: Tree) -> bool:
    """Whether a part of an index is one integer."""
    if type(part) is int:
        return True
    type_ = type_of(part) if isinstance(part, Value) else None
    return (
        type_ is not None
        and type_.kind in ("number", "scalar")
        and (type_.dtype or "").startswith(("int", "uint"))
    )
