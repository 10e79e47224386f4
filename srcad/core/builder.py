"""Emitting Core: a block under construction.

>>> from srcad.core import ops
>>> from srcad.core.types import array
>>> builder = Builder()
>>> x = Value("x", array("float64", 3))
>>> y = builder.emit(ops.multiply, x, x)
>>> [statement.op.name for statement in builder.block]
['multiply']
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.core.nodes import Block, Let, Origin, Statement, Value
from srcad.core.ops import Operation, part
from srcad.core.types import ANY, Type

__all__ = ["Builder"]

Infer = Callable[[Operation, tuple[Any, ...], dict[str, Any]], Type]


class Builder:
    """Appends statements to `block`; `infer` gives each result its type, `origin` its place in the source."""

    names_rules = True  # whether what it emits is read, so that names matter

    def __init__(self, infer: Infer | None = None, origin: Origin = Origin()) -> None:
        self.block: Block = []
        self.infer = infer or (lambda op, args, options: ANY)
        self.origin = origin

    def emit(
        self, op: Operation, *args: Any, base: str = "", named: bool = False, **options: Any
    ) -> Value:
        """A new value: `op` of `args`, with the options that are not None-by-default given by name."""
        return self.let(op, args, tuple(options.items()), base=base, named=named)

    def let(
        self,
        op: Operation,
        args: tuple[Any, ...],
        options: tuple[tuple[str, Any], ...] = (),
        *,
        base: str = "",
        named: bool = False,
    ) -> Value:
        """As `emit`, with the options as pairs."""
        out = Value(base or op.base, self.infer(op, args, dict(options)), named=named)
        self.block.append(Let(out, op, args, options, self.origin))
        return out

    def parts(self, value: Value) -> tuple[Value, ...]:
        """All parts of several results, as they are called where NumPy gives them names."""
        types = value.type.parts
        names = getattr(types, "_fields", (value.base,) * len(types))
        made = tuple(self.emit(part, value, i, base=name) for i, name in enumerate(names))
        kind: Any = type(types)
        return made if kind is tuple else kind(*made)  # type: ignore[no-any-return]

    def add(self, statement: Statement) -> None:
        """Append a finished statement."""
        self.block.append(statement)
