"""What the stages knew while they made a derivative, for whoever wants it explained; nobody else keeps it."""

from __future__ import annotations

from typing import NamedTuple

from srcad.core.nodes import Function, Value

__all__ = ["Facts", "Swept", "swept"]


class Swept(NamedTuple):
    """How one block of a Jacobian was computed.

    `how` is "identity", "diagonal", "blocks", "block diagonal" (no zero is computed with), "transpose" (of another block), "dense" (all rows at once, over a
    leading axis), "loop", "single" (there is one row), or "zero" (it does not depend). `why` there is a loop, and the `line` of the statement that has no
    batched form. `sweep` is "rows" or "columns".
    """

    output: Value
    by: Value
    how: str
    sweep: str = "rows"
    why: str = ""
    line: int = 0


class Facts:
    """`primal` is the function's Core as it was parsed, sizes unified; `printed` are the functions of the text with the names of their values;
    `swept` says how the blocks of Jacobians were computed, innermost transform first.
    """

    def __init__(self) -> None:
        self.primal: Function | None = None
        self.printed: list[tuple[Function, dict[Value, str]]] = []
        self.swept: tuple[Swept, ...] = ()


def swept(function: Function, found: list[Swept]) -> Function:
    """The function of a Jacobian, with what is known of how; what a later transform adds follows."""
    return function.renewed(swept=(*getattr(function, "swept", ()), *found))  # type: ignore[no-any-return]
