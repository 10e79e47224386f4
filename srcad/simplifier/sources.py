"""Sources of shapes: a value that is read for its shape alone is not computed for it.

    z_bar = 1.0 / (log_z - picked).size      ->      z_bar = 1.0 / labels.size

An argument of proven equal shape does as well; for `zeros_like` and its kin of equal dtype too.
"""

from __future__ import annotations

from srcad.analysis.types import same_shape, type_of
from srcad.core import ops
from srcad.core.nodes import Function, Let, Tree, Value, leaves
from srcad.simplifier.rewrite import Pass, remake

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
    return _Sources(plain).run(function)


class _Sources(Pass):
    def __init__(self, inputs: list[Value]) -> None:
        super().__init__()
        self.inputs = inputs

    def let(self, statement: Let) -> Let | None:
        found = _READS.get(statement.op)
        if found is None or statement.origin.part == "primal":
            return statement
        place, strict = found
        if statement.op is ops.spread and type_of(statement.args[0]).kind in ("scalar", "array"):
            strict = False  # what is spread has a dtype of its own
        value: Tree = statement.args[place]
        if not isinstance(value, Value) or value in self.inputs or value.type.kind != "array":
            return statement
        for other in self.inputs:
            if same_shape(other.type, value.type) and (
                not strict or (other.type.dtype == value.type.dtype is not None)
            ):
                args = list(statement.args)
                args[place] = other
                return remake(statement, statement.op, tuple(args), statement.options)
        return statement
