"""Batching: a function's Core over a leading axis, from the facts of which values have it.

    def pulled(x, W, z_bar):                 def pulled(x, W, z_bar):            # z_bar: float64[B, m]
        y_bar = W.T @ z_bar           ->         y_bar = z_bar @ W
        x_bar = y_bar * np.cos(x)                x_bar = y_bar * np.cos(x)
        return x_bar                             return x_bar                    # float64[B, n]

A value that depends on a batched one becomes a new value with the axis in front; everything else stays the very same
value and statement, evaluated once. Control flow stays as it is. In the rows of a Jacobian only cotangents are
batched, so conditions, domains of loops and indices never are: where one is, or where an operation has no batched
form (`operations`), `NotBatchable` says so and the caller loops over the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NoReturn

import numpy as np

from srcad.analysis.liveness import defines
from srcad.analysis.types import infer, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import (
    Attempt,
    Block,
    Branch,
    Call,
    Carry,
    Function,
    Let,
    Loop,
    Origin,
    Param,
    Phi,
    Slice,
    Statement,
    Tree,
    Value,
    Within,
    defined,
    leaves,
    map_tree,
    walk,
)
from srcad.core.types import Dim, Type, never_one
from srcad.vectorizer.dtypes import dtype_named, strong
from srcad.vectorizer.loops import loop
from srcad.vectorizer.operations import BATCH_OPTIONS, FORM, form_handler, handler
from srcad.vectorizer.structure import (
    Blocks,
    Columns,
    Diagonal,
    Element,
    Form,
    Shared,
    array_of,
    element_of,
    in_form,
    like_at,
    met,
    param_of,
    stand_in,
    structured,
)

__all__ = ["Batch", "NotBatchable", "batch"]


class NotBatchable(Exception):
    """`statement` has no form over a leading axis, and `why`: the caller loops over the rows instead."""

    def __init__(self, statement: Statement | None, why: str) -> None:
        super().__init__(why)
        self.statement, self.why = statement, why

    @property
    def line(self) -> int:
        """The line of the user's that the statement belongs to, or 0."""
        return getattr(self.statement, "origin", Origin()).line


def batch(
    function: Function,
    batched: Iterable[Value] | Mapping[Value, Value | Element],
    size: Dim | None = None,
    count: Tree = None,
    *,
    opened: list[Statement] | None = None,
) -> tuple[Function, dict[Value, Value | Element]]:
    """The function that computes the same for every index of a leading axis of `batched`.

    Arguments: a function before storage; its inputs (parameters, or values that the caller defines) that get the
    axis, or a mapping of them to the values that they become, or to elements of `structure`; the size of the axis; the operand that
    holds that size at run time, for what has to be created with it (by default the size where it is an int, else the length of the
    first input). Elements bring both along. `opened` is filled with the statements for which elements were made arrays, or
    share another axis of the rows than the first.
    Returns the function and what became of each old value: its batched value, or an element where nothing needed an array. What is not in
    the mapping has no axis. What the function returns is made arrays.
    Raises NotBatchable.
    """
    made = Batch(function, batched, size, count)
    ready = made.run()
    if opened is not None:
        opened.extend(made.opened)
    found = {old: made.elements.get(old, made.new.get(old)) for old in made.batched}
    return ready, {old: what for old, what in found.items() if what is not None}


def dependents(function: Function, inputs: Iterable[Value]) -> set[Value]:
    """The values that differ along the axis: those that depend on more than the form of one that does."""
    found = set(inputs)

    def depends(tree: Tree) -> bool:
        return any(value in found for value in leaves(tree))

    before = -1
    while before != len(found):
        before = len(found)
        for statement in walk(function.body):
            if isinstance(statement, Let):
                if statement.out is not None and depends(_contents(statement)):
                    found.add(statement.out)
            elif isinstance(statement, Call):
                if depends(statement.args):
                    found.update(statement.outs)
            elif isinstance(statement, Branch):
                found.update(phi.out for phi in statement.phis if depends((phi.then, phi.orelse)))
            elif isinstance(statement, Loop):
                for carry in statement.carries:
                    if depends((carry.init, carry.next)):
                        found.update((carry.param, carry.exit))
    return found


def _contents(statement: Let) -> Tree:
    """The operands whose elements an operation reads, not only their shape and dtype."""
    options = [option for _, option in statement.options]
    form = FORM.get(statement.op.function, ())
    return [arg for place, arg in enumerate(statement.args) if place not in form], options


class Batch:
    """The rewriting of one function.

    `batched` are the old values that get the axis, `new` what stands for an old value, `target` the old value being
    computed; `thin` is a batched value before it was broadcast along axes of length 1, which does as well where an
    elementwise consumer has the shape anyway; `partial` are those that one side of a branch leaves without a value,
    and of which no shape can be read there.
    """

    def __init__(
        self,
        function: Function,
        inputs: Iterable[Value] | Mapping[Value, Value | Element],
        size: Dim | None = None,
        count: Tree = None,
    ) -> None:
        self.function = function
        self.statement: Any = None
        self.target: Any = None
        self.new: dict[Value, Tree] = {}
        self.elements: dict[Value, Element] = {}
        given = inputs if isinstance(inputs, Mapping) else dict.fromkeys(inputs)
        for value, what in given.items():
            if what is not None and not isinstance(what, Value):
                self.elements[value] = what
        self.seeded = next((element.rows for element in self.elements.values()), None)
        if size is None and self.seeded is not None:
            size, count = self.seeded.size, self.seeded.count
        assert size is not None
        self.size = size
        for value, what in given.items():
            if value not in self.elements:
                self.new[value] = what or self.twin(value, value.type.dtype)
        self.inputs = set(self.new.values())
        self.length = size if isinstance(size, int) else count
        self.first = next(iter(self.new.values()), None)
        self.batched = self.dependents(function, given)
        self.out: Block = []
        self.open: list[Block] = []
        self.home: dict[Value, Block] = {}
        self.passing: list[Value] = []
        self.emitted: set[Value] = set()
        self.thin: dict[Value, Value] = {}
        self.partial: set[Tree] = set()
        self.lets: dict[Value, Let] = {}
        self.missing: set[Value] = set()
        self.opened: list[Statement] = []
        self.blocks: dict[tuple[Value, int], tuple[Block, Any]] = {}

    def dependents(self, function: Function, inputs: Iterable[Value]) -> set[Value]:
        """The values that get the axis where some inputs have it."""
        return dependents(function, inputs)

    def run(self) -> Function:
        """The function over the axis."""
        self.out = body = self.block(self.function.body)
        params = [
            Param(param.name, self.get(param.tree), param.keyword) for param in self.function.params
        ]
        return self.function.renewed(  # type: ignore[no-any-return]
            params=params, body=body, result=self.get(self.function.result)
        )

    # statements

    def block(self, block: Block, own: Iterable[Value] = ()) -> Block:
        """A block rewritten; old values that are its `own` are known in it, and nowhere before."""
        kept, self.out = self.out, []
        passing, self.passing = self.passing, []
        self.open.append(self.out)
        self.home.update(dict.fromkeys(own, self.out))
        for statement in block:
            self.rewrite(statement)
        self.open.pop()
        for value in self.passing:
            self.new.pop(value, None)
        self.passing = passing
        made, self.out = self.out, kept
        return made

    def rewrite(self, statement: Statement) -> None:
        """Rewrite one statement."""
        self.statement = statement
        if isinstance(statement, Let):
            self.let(statement)
        elif isinstance(statement, Call):
            if self.is_batched(statement.args):
                self.refuse("a call of a function with a batched argument")
            self.out.append(statement.renewed(args=self.get(statement.args)))
        elif isinstance(statement, Branch):
            self.branch(statement)
        elif isinstance(statement, Loop):
            self.loop(statement)
        else:
            self.out.append(statement)

    def let(self, statement: Let) -> None:
        out = statement.out
        if out is not None:
            self.lets[out] = statement
        given = (statement.args, [option for _, option in statement.options])
        if not self.is_batched(given):
            whole = self.sized(statement)
            if whole is not None:
                self.keep(statement, ops.getitem, *whole)
                return
            args = self.get(statement.args)
            options = tuple((key, self.get(option)) for key, option in statement.options)
            same = args is statement.args and options == statement.options
            self.out.append(statement if same else statement.renewed(args=args, options=options))
            return
        if statement.op is ops.raise_if:  # for one of them is for all
            raised = self.emit(np.any, self.get(statement.args[0]))
            self.out.append(statement.renewed(args=(raised, *statement.args[1:])))
            return
        if out is None or statement.op.effect == "effect":
            self.refuse(f"`{statement.op.name}` of a batched value has an effect")
        self.target = out
        if out not in self.batched:
            if self.form_of_elements(statement):
                return
            form_handler(statement.op.function)(self, statement)
            return
        rewrite = handler(statement)
        beside = self.is_batched(given[1])
        if beside and rewrite not in BATCH_OPTIONS:
            self.refuse(f"an option of `{statement.op.name}` is batched")
        several = out.type.kind == "tuple"
        if out.type.shape is None and not several:
            self.refuse(f"the rank of `{out.base}` is not known")
        start = len(self.out)
        found = None if several or beside else self.structured(statement)
        if found is not None:
            self.found(out, found, start)
            return
        if rewrite is None:
            self.refuse(f"`{statement.op.name}` has no batched form")
        made = rewrite(self, statement)
        if made is None:  # one of several results that has no batched form: it must not be read
            return
        self.stands(out, made)
        if several:
            return
        made.type = self.checked(made, out)
        fresh = self.fresh(made, start)
        if fresh or (not made.named and made not in self.inputs and _bears_name(out)):
            made.base, made.named = out.base, out.named

    def sized(self, statement: Let) -> tuple[Tree, int] | None:
        """Where a size of a batched value is read off its shape, that shape and the place in it: `x.shape[-1]`, not `x.shape[1:][-1]`."""
        if statement.op is not ops.getitem or type(statement.args[1]) is not int:
            return None
        made, place = self.lets.get(statement.args[0]), statement.args[1]
        if made is None or made.op is not ops.shape or not self.is_batched(made.args):
            return None
        if not -self.rank(made.args[0]) <= place < self.rank(made.args[0]):
            return None
        return self.emit(ops.shape, self.get(made.args[0])), place + (place >= 0)

    def unfold(self, statement: Let) -> None:
        """Rewrite a statement of a definition, which stands for one of the function's."""
        kept = self.target
        if statement.out is not None and self.is_batched(_contents(statement)):
            self.batched.add(statement.out)
        self.let(statement)
        self.target = kept

    def found(self, out: Value, found: Element | Value, start: int) -> None:
        """What the tables of elements say that stands for an old value; a value of the user's keeps its type and its name."""
        made = found.value if isinstance(found, (Columns, Shared)) else found
        self.stands(out, found)
        if isinstance(made, Value) and self.fresh(made, start):
            if isinstance(found, Value):
                made.type = self.checked(made, out)
            if isinstance(found, Shared) and found.row:
                self.opened.append(self.statement)
            made.base = out.base
            made.named = out.named and self.out[-1].op is not ops.transpose  # type: ignore[attr-defined]

    def stands(self, old: Value, found: Element | Tree) -> None:
        """Let an element, or an array, stand for an old value from now on."""
        self.new.pop(old, None)
        self.elements.pop(old, None)
        if isinstance(found, (Diagonal, Blocks, Shared, Columns)):
            self.elements[old], self.home[old] = found, self.out
        else:
            self.new[old] = found

    def fresh(self, made: Value, start: int) -> bool:
        """Whether a value was made by the statements from a place on."""
        return any(isinstance(let, Let) and let.out is made for let in self.out[start:])

    def structured(self, statement: Let) -> Element | Value | None:
        """What the table of elements makes of a statement, if it has an operand that is one; nothing is emitted where it has no answer."""
        last = self.seeded is not None and self.seeded.last
        if not (last or any(map(self.element, leaves(statement.args)))):
            return None
        return structured(self, statement)

    def form_of_elements(self, statement: Let) -> bool:
        """Where only the form of elements is read, that of a value without the axis does as well."""
        change: dict[Value, Value] = {}
        for value in leaves(statement.args):
            element = self.element(value)
            other = stand_in(element, value) if element is not None else None
            if value in self.batched and other is None:
                return False
            if other is not None:
                change[value] = other
        args = map_tree(statement.args, lambda value: change.get(value, value))
        self.out.append(statement.renewed(args=self.get(args)))
        return True

    def undo(self, start: int) -> None:
        """Take the statements from a place on back, and what was made by them."""
        gone = {id(let.out) for let in self.out[start:] if isinstance(let, Let)}
        del self.out[start:]
        for value in [value for value, made in self.new.items() if id(made) in gone]:
            del self.new[value]

    def type_with_axis(self, old: Value, dtype: str | None = None) -> Type:
        """The type that a batched value has."""
        if old.type.shape is None:
            self.refuse(f"the rank of `{old.base}` is not known")
        return Type("array", dtype, (self.size, *old.type.shape))

    def checked(self, made: Value, old: Value) -> Type:
        """The type that a batched `old` has, which that of `made` must not contradict."""
        wanted = self.type_with_axis(old, made.type.dtype)
        found, sizes = made.type.shape, wanted.shape or ()
        if found is not None and (len(found) != len(sizes) or any(map(_differ, found, sizes))):
            self.refuse(f"`{old.base}` would be {made.type!r}, not {wanted!r}")
        return wanted

    def branch(self, statement: Branch) -> None:
        if isinstance(statement, Attempt):
            self.attempt(statement)
            return
        if self.is_batched(statement.condition):
            self.refuse("a condition is batched")
        sides = [self.block(statement.body), self.block(statement.orelse)]
        self.statement = statement
        phis = []
        for phi in statement.phis:
            if phi.then is None or phi.orelse is None:
                self.partial.add(phi.out)
            if phi.out not in self.batched:
                phis.append(Phi(phi.out, self.get(phi.then), self.get(phi.orelse)))
                continue
            operands = phi.then, phi.orelse
            form = met(self, operands, phi.out)
            if form is not None:
                value = param_of(self, phi.out, form)
                both = [
                    self.form_within(side, statement.origin, one, phi.out, form)
                    for side, one in zip(sides, operands)
                ]
                phis.append(Phi(value, *both))
                like = self.like_of(operands)
                self.stands(phi.out, element_of(self, value, form, like, statement.origin))
                continue
            ends = []
            for side, end, other in zip(sides, (phi.then, phi.orelse), (phi.orelse, phi.then)):
                ends.append(
                    self.within(side, statement.origin, end, self.dtype(other), phi.out.base)
                )
            dtypes = {self.dtype_of(end) for end in ends if end is not None}
            self.stands(phi.out, self.twin(phi.out, dtypes.pop() if len(dtypes) == 1 else None))
            phis.append(Phi(self.new[phi.out], *ends))
        condition = self.get(statement.condition)
        self.out.append(
            statement.renewed(condition=condition, body=sides[0], orelse=sides[1], phis=phis)
        )

    def attempt(self, statement: Attempt) -> None:
        """What may raise for one index of the axis and not for another has no batched form."""
        if any(value in self.batched for value in (*defined(statement), *defines([statement]))):
            self.refuse("what may raise is batched")
        sides = self.block(statement.body), self.block(statement.orelse)
        phis = [Phi(p.out, self.get(p.then), self.get(p.orelse)) for p in statement.phis]
        if isinstance(statement, Within):
            statement = statement.renewed(manager=self.get(statement.manager))
        self.out.append(statement.renewed(body=sides[0], orelse=sides[1], phis=phis))

    def loop(self, statement: Loop) -> None:
        loop(self, statement)

    def agrees(self, param: Tree, end: Tree) -> bool:
        """Whether what a loop carries keeps its dtype, or has none that anything rests on."""
        dtype = self.dtype_of(param)
        return dtype is None or dtype == self.dtype_of(end)

    def first_twin(self, carry: Carry) -> Value:
        """What a loop carries with the axis, of the dtype that it begins with."""
        fixed = isinstance(carry.init, Value)
        dtype = self.dtype(carry.init) if fixed else strong(carry.param.type.dtype)
        return self.twin(carry.param, dtype)

    def like_of(self, trees: Iterable[Tree]) -> Tree:
        """A value of the shape that a row has, if an operand of a join tells one."""
        return next((like for like in map(partial(like_at, self), trees) if like is not None), None)

    def form_within(
        self, block: Block, origin: Origin, tree: Tree, out: Value, form: Form
    ) -> Value:
        """A join's operand at the end of a block, in the form that is joined."""
        kept, self.out = self.out, block
        at, self.statement = self.statement, Statement()
        self.statement.origin = origin
        made = in_form(self, tree, out, form)
        if made in self.emitted:
            made.base = out.base
        self.statement, self.out = at, kept
        return made

    def within(
        self, block: Block, origin: Origin, tree: Tree, dtype: str | None, base: str
    ) -> Tree:
        """A join's operand with the axis, made at the end of a block where it has none; None stays."""
        if tree is None:
            return None
        kept, self.out = self.out, block
        at, self.statement = self.statement, Statement()
        self.statement.origin = origin
        made = self.rows(tree, dtype)
        self.statement, self.out = at, kept
        if not self.is_batched(tree):
            made.base = base
        return made

    # what handlers use

    def refuse(self, why: str) -> NoReturn:
        """Give up."""
        raise NotBatchable(self.statement, why)

    def is_batched(self, tree: Tree) -> bool:
        """Whether an old operand depends on the axis."""
        return any(value in self.batched for value in leaves(tree))

    def get(self, tree: Tree) -> Any:
        """The operand that stands for an old one."""
        return map_tree(tree, self.rows_of)

    def rows_of(self, value: Value) -> Tree:
        """What stands for an old value: an element is made an array when it is read for the first time."""
        if value in self.missing:
            self.refuse(f"`{value.base}` has no batched form")
        if value not in self.new and value in self.elements:
            kept, home = self.out, self.home.get(value, self.open[0] if self.open else self.out)
            if any(home is block for block in self.open):
                self.out = home  # where all that sees the element sees the array
            else:
                self.passing.append(value)
            self.opened.append(self.statement)
            self.new[value] = array_of(self, value, self.elements[value])
            self.new[value].base = value.base
            self.out = kept
        return self.new.get(value, value)

    def element(self, tree: Tree) -> Element | None:
        """The element that stands for an old operand, if it is one."""
        return self.elements.get(tree) if isinstance(tree, Value) else None

    def rank(self, tree: Tree) -> int:
        """The rank of an old operand, without the axis."""
        found = type_of(tree)
        if not found.numeric or found.rank is None:
            self.refuse("the rank of an operand is not known")
        return found.rank

    def dtype(self, tree: Tree) -> str | None:
        """The dtype of an old operand, or of what stands for it."""
        if self.element(tree) is not None:
            return tree.type.dtype  # type: ignore[no-any-return]
        return (
            self.dtype_of(self.get(tree)) if self.is_batched(tree) else strong(type_of(tree).dtype)
        )

    def dtype_of(self, tree: Tree) -> str | None:
        """The dtype of a new operand."""
        return type_of(tree).dtype

    def twin(self, old: Value, dtype: str | None) -> Value:
        """A new value: `old` with the axis."""
        type_ = self.type_with_axis(old, strong(dtype))
        return Value(old.base, type_, named=old.named)

    def emit(self, what: Callable[..., Any] | ops.Operation, *args: Tree, **options: Tree) -> Value:
        """A new statement: an operation of new operands."""
        op = what if isinstance(what, ops.Operation) else ops.operation(what)
        out = Value(op.base, infer(op, args, options))
        made = Let(out, op, args, tuple(options.items()), self.statement.origin)
        made.frozen = getattr(self.statement, "frozen", False)
        self.out.append(made)
        self.emitted.add(out)
        return out

    def keep(self, statement: Let, what: Any, *args: Tree, **options: Tree) -> None:
        """An operation of new operands for the same old value."""
        op = what if isinstance(what, ops.Operation) else ops.operation(what)
        self.out.append(statement.renewed(op=op, args=args, options=tuple(options.items())))

    def lift(self, tree: Tree, axes: int) -> Any:
        """What stands for an old operand; if it has the axis, with so many of length 1 right behind: `g[:, None]`."""
        new = self.get(tree)
        if not axes or not self.is_batched(tree):
            return new
        return self.widened(new, axes)

    def widened(self, new: Value, axes: int) -> Value:
        """A batched value with axes of length 1 right behind the batch's."""
        return self.emit(ops.getitem, new, (Slice(), *(None,) * axes)) if axes else new

    def count(self) -> Tree:
        """The size of the axis, as an operand."""
        if self.length is None:
            if self.seeded is not None:
                return self.seeded.number(self.emit)
            assert self.first is not None
            return self.emit(ops.length, self.first)
        return self.length

    def shape(self, like: Tree) -> Tree:
        """The shape of an old operand with the axis, as an operand: `(len(z_bar), x.size)`, `(m,) + A.shape`."""
        if self.is_batched(like):
            return self.emit(ops.shape, self.get(like))
        sizes = type_of(like).shape
        if sizes is None:
            self.refuse("the rank of an operand is not known")
        if all(isinstance(size, int) for size in sizes):
            return (self.count(), *sizes)
        if len(sizes) == 1:
            return self.count(), self.emit(ops.size, self.get(like))
        return self.emit(ops.add, (self.count(),), self.emit(ops.shape, self.get(like)))

    def grown(self, shape: Tree) -> Tree:
        """A shape that is an old operand, with the axis in front."""
        made = self.lets.get(shape) if isinstance(shape, Value) else None
        if made is not None and made.op is ops.shape:
            return self.shape(made.args[0])
        if isinstance(shape, Value) and shape.type.kind == "object":
            return self.emit(ops.add, (self.count(),), self.get(shape))
        parts = shape if isinstance(shape, (tuple, list)) else (shape,)
        return (self.count(), *self.get(tuple(parts)))

    def sizes(self, tree: Tree) -> list[Tree]:
        """The sizes of a batched operand without the axis, as operands."""
        found = type_of(tree).shape
        assert found is not None
        made: list[Tree] = []
        for place, size in enumerate(found):
            if isinstance(size, int):
                made.append(size)
            else:
                whole = self.emit(ops.shape, self.get(tree))
                made.append(self.emit(ops.getitem, whole, place + 1))
        return made

    def total(self, tree: Tree) -> Tree:
        """How many elements a batched operand has for each index of the axis, as an operand."""
        total: Tree = None
        for size in self.sizes(tree):
            total = size if total is None else self.product(total, size)
        return 1 if total is None else total

    def product(self, a: Tree, b: Tree) -> Tree:
        """Two sizes multiplied."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if isinstance(a, int) and a == 1:
            return b
        return a if isinstance(b, int) and b == 1 else self.emit(ops.multiply, a, b)

    def flat(self, tree: Tree) -> Value:
        """A batched operand with one axis beside the batch's."""
        rank = self.rank(tree)
        if rank < 2:
            flat: Value = self.lift(tree, 1 - rank)
            return flat
        return self.emit(np.reshape, self.get(tree), shape=(self.count(), self.total(tree)))

    def rows(self, tree: Tree, dtype: str | None = None) -> Value:
        """What stands for an old operand, with the axis in any case. Zeros are made, all else is broadcast."""
        if self.is_batched(tree):
            found: Value = self.get(tree)
            return found
        type_ = type_of(tree)
        if type_.shape is None or not type_.numeric:
            self.refuse("the rank of a value that meets batched ones is not known")
        wanted = (self.size, *type_.shape)
        made = self.lets.get(tree) if isinstance(tree, Value) else None
        if not isinstance(tree, Value) and not isinstance(tree, np.ndarray):
            named = dtype_named(dtype or strong(type_.dtype))
            if tree == 0:
                new = self.emit(np.zeros, self.count(), **named)
            else:
                new = self.emit(np.full, self.count(), tree, **named)
        elif made is not None and made.op.function in _FILLED and not made.options:
            like = made.args[0]
            if self.is_batched(like) or like in self.partial:
                new = self.emit(made.op, self.get(like))
            else:
                shape = self.shape(like)
                new = self.emit(_FILLED[made.op.function], shape, **self.dtype_option(like))
        elif made is not None and made.op.function in (np.zeros, np.ones) and len(made.args) == 1:
            options = {key: self.get(option) for key, option in made.options}
            new = self.emit(made.op, self.grown(made.args[0]), **options)
        else:
            new = self.emit(np.broadcast_to, self.get(tree), shape=self.shape(tree))
        new.type = Type("array", new.type.dtype, wanted)
        return new

    def dtype_option(self, like: Tree) -> dict[str, Any]:
        """`dtype=` as an old operand has it; nothing for NumPy's default."""
        type_ = type_of(like)
        if type_.dtype is not None:
            return dtype_named(strong(type_.dtype))
        ask = ops.dtype if type_.kind in ("array", "scalar") else ops.operation(np.result_type)
        return {"dtype": self.emit(ask, self.get(like))}

    def bound(self, statement: Let, front: int = 1) -> tuple[tuple[Tree, ...], dict[str, Any]]:
        """A statement's first operands, and all else by name."""
        names = ops.parameters(statement.op.function)
        rest = statement.args[front:]
        if rest and (names is None or len(names) < len(statement.args)):
            self.refuse(f"the arguments of `{statement.op.name}` have no names")
        named = dict(zip((names or ())[front:], rest))
        options = {**named, **dict(statement.options)}
        if self.is_batched(list(options.values())):
            self.refuse(f"an option of `{statement.op.name}` is batched")
        return statement.args[:front], {key: self.get(option) for key, option in options.items()}

    def again(self, op: ops.Operation, *args: Tree, **options: Tree) -> Value:
        """As `emit`, the options in the order of the signature."""
        operands, named = ops.bind(op, args, options)
        return self.emit(op, *operands, **dict(named))


def _bears_name(value: Value) -> bool:
    """Whether the name of a value that another stands for passes on."""
    return value.named or value.base.endswith("_bar")


_FILLED: dict[Any, Any] = {np.zeros_like: np.zeros, np.ones_like: np.ones}


def _differ(a: Dim, b: Dim) -> bool:
    """Whether two sizes are proven different."""
    if isinstance(a, int) and isinstance(b, int):
        return a != b
    if same_size(a, b):
        return False
    return (a == 1 and never_one(b)) or (b == 1 and never_one(a))
