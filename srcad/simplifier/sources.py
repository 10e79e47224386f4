"""Sources of shapes: a value that is read for its shape alone is not computed for it.

    z_bar = 1.0 / (log_z - picked).size      ->      z_bar = 1.0 / labels.size
    size_1 = (u[1:] - u[:-1] ** 2).size      ->      size_1 = u[1:].size
    size_1 = (W @ x).size                    ->      size_1 = W.shape[0]

An argument of proven equal shape does as well; for `zeros_like` and its kin of equal dtype too. Else what the value is computed from, where
nothing else reads the value.
"""

from __future__ import annotations

from srcad.analysis.types import infer, same_shape, same_size, type_of
from srcad.core import ops
from srcad.core.nodes import Function, Let, Tree, Value, leaves, walk
from srcad.core.types import Type
from srcad.simplifier.rewrite import Pass, remake, uses

__all__ = ["choose_sources"]

# Which operand is read for its shape, and whether its dtype matters.
_READS = {
    ops.size: (0, False),
    ops.shape: (0, False),
    ops.length: (0, False),
    ops.ndim: (0, False),
    ops.zeros_like: (0, True),
    ops.ones_like: (0, True),
    ops.spread: (1, True),
    ops.sum_to: (1, True),
    ops.cast: (1, True),
}


def choose_sources(function: Function) -> Function:
    """The function with shapes read from arguments where they are proven the same."""
    inputs = [value for param in function.params for value in leaves(param.tree)] + list(
        function.hidden
    )
    plain = [
        value
        for value in inputs
        if value.type.kind == "array" and value.type.shape and not value.base.endswith("_bar")
    ]
    return _Sources(plain, idle(function)).run(function)


def idle(function: Function) -> set[Value]:
    """The values of which only the shape is read."""
    forms: dict[Value, int] = {}
    for statement in walk(function.body):
        found = _READS.get(statement.op) if isinstance(statement, Let) else None
        if found is not None and statement.origin.part != "primal":
            value = statement.args[found[0]]
            if isinstance(value, Value):
                forms[value] = forms.get(value, 0) + 1
    count = uses(function)
    return {value for value, times in forms.items() if count.get(value) == times}


class _Sources(Pass):
    def __init__(self, inputs: list[Value], idle: set[Value]) -> None:
        super().__init__()
        self.inputs, self.idle = inputs, idle
        self.lets: dict[Value, Let] = {}

    def let(self, statement: Let) -> Let | None:
        if statement.out is not None:
            self.lets[statement.out] = statement
        found = _READS.get(statement.op)
        if found is None or statement.origin.part == "primal":
            return statement
        place, strict = found
        if statement.op is ops.spread and type_of(statement.args[0]).kind in ("scalar", "array"):
            strict = False  # what is spread has a dtype of its own
        value: Tree = statement.args[place]
        if not isinstance(value, Value) or value in self.inputs or value.type.kind != "array":
            return statement
        other = next((x for x in self.inputs if _does(x.type, value.type, strict)), None)
        if other is None and value in self.idle:
            if statement.op in (ops.size, ops.length):
                made = self.counted(statement, value)
                if made is not None:
                    return made
            other = self.operand(value, strict)
        if other is None:
            return statement
        args = list(statement.args)
        args[place] = other
        return remake(statement, statement.op, tuple(args), statement.options)

    def operand(self, value: Value, strict: bool) -> Value | None:
        """What a value is computed from that has its shape: its own operand, or theirs."""
        made = self.lets.get(value)
        for other in leaves(made.args) if made is not None else ():
            if other.type.kind == "array" and _does(other.type, value.type, strict):
                return (self.operand(other, strict) if other in self.idle else None) or other
        return None

    def counted(self, statement: Let, value: Value) -> Let | None:
        """The number of elements, as that of an argument or as the length of one of its axes."""
        shape = value.type.shape or ()
        total = infer(ops.size, (value,), {}).value
        for other in self.inputs if statement.op is ops.size and total is not None else ():
            if infer(ops.size, (other,), {}).value == total:
                return remake(statement, ops.size, (other,))
        for other in self.inputs if len(shape) == 1 else ():
            for axis, size in enumerate(other.type.shape or ()):
                if same_size(size, shape[0]):
                    whole = self.emit(ops.shape, other, origin=statement.origin)
                    return remake(statement, ops.getitem, (whole, axis))
        return None


def _does(other: Type, type_: Type, strict: bool) -> bool:
    """Whether the one form does as well as the other."""
    return same_shape(other, type_) and (not strict or other.dtype == type_.dtype is not None)
