"""What loops carry, typed again once equal sizes have one name: an array that was thought to change its shape may turn out to keep it.

    for _ in range(3):          H: float64[n, m], W: float64[k, h]: after the first iteration H is float64[n, h], so that its columns are `?`
        H = np.tanh(H @ W)      where k and h turn out to be m, H is float64[n, m] throughout

By induction: where the body makes of what has the shape that it began with something of that shape, that is the shape in every iteration.
"""

from __future__ import annotations

from srcad.analysis.types import infer, type_of
from srcad.analysis.types.lattice import join
from srcad.core.nodes import Block, Branch, Carry, Function, Let, Loop, Tree, Value, leaves
from srcad.core.types import Size, Type

__all__ = ["retype_loops", "unsettled"]


def retype_loops(function: Function) -> Function:
    """The function with the types of what its loops carry made exact, where they can be (in place)."""
    _Types().block(function.body)
    return function


def unsettled(carry: Carry) -> bool:
    """Whether a loop carries an array of one rank whose sizes it began with are not known to last."""
    param, init = carry.param.type, type_of(carry.init)
    return (
        param.shape is not None
        and init.shape is not None
        and len(param.shape) == len(init.shape)
        and any(
            a != b and isinstance(a, Size) and not isinstance(a.key, str)
            for a, b in zip(param.shape, init.shape)
        )
    )


class _Types:
    """Types that change, with what they were."""

    def __init__(self) -> None:
        self.old: dict[Value, Type] = {}

    def block(self, block: Block) -> None:
        for statement in block:
            if isinstance(statement, Let):
                self.let(statement)
            elif isinstance(statement, Branch):
                self.block(statement.body)
                self.block(statement.orelse)
                for phi in statement.phis:
                    if self.changed(phi.then) or self.changed(phi.orelse):
                        self.become(phi.out, join(type_of(phi.then), type_of(phi.orelse)))
            elif isinstance(statement, Loop):
                self.loop(statement)

    def let(self, statement: Let) -> None:
        options = dict(statement.options)
        if statement.out is not None and self.changed((statement.args, tuple(options.values()))):
            self.become(statement.out, infer(statement.op, statement.args, options))

    def loop(self, loop: Loop) -> None:
        open_ = [carry for carry in loop.carries if unsettled(carry)]
        before = dict(self.old)
        for carry in open_:
            self.become(carry.param, type_of(carry.init))
        self.block(loop.header)
        self.block(loop.body)
        if any(carry.param.type.shape != type_of(carry.next).shape for carry in open_):
            for value in self.old.keys() - before.keys():
                value.type = self.old[value]
            self.old = before
            return
        for carry in open_:
            self.become(carry.exit, carry.param.type)

    def changed(self, tree: Tree) -> bool:
        return bool(self.old) and any(value in self.old for value in leaves(tree))

    def become(self, value: Value, found: Type) -> None:
        """Take what is known now, if it says more of the same thing."""
        type_ = value.type
        if found.shape is None or (found.kind, found.dtype) != (type_.kind, type_.dtype):
            return
        if found != type_:
            self.old.setdefault(value, type_)
            value.type = found
