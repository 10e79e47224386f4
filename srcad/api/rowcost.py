"""What a row of a Jacobian takes while it is computed: a formula, read off the half of the text that computes rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.analysis.activity import parameters
from srcad.analysis.cost import Cost, Formula
from srcad.analysis.memory import memory_of
from srcad.api.compose import select
from srcad.api.facts import Facts
from srcad.api.memory import chosen_in_words
from srcad.api.request import Request
from srcad.core import ops
from srcad.core.nodes import Function, Loop, Value
from srcad.core.trees import varied_values
from srcad.core.types import Size, Type

__all__ = ["RowCost", "told"]


class _RowMemory(Cost):
    """Bytes of all that has an axis of rows: of a loop in one iteration, of a branch on its larger side. Nothing is taken to be freed.

    Where rows are computed one by one, of all that is computed.
    """

    def __init__(self, batched: bool) -> None:
        super().__init__()
        self.batched = batched

    def itself(
        self, op: ops.Operation, args: Any, options: Any, type_: Type, named: Value | str
    ) -> Formula:
        if op.style == "put" or memory_of(op, args, options) in ("view", "same"):
            return Formula()
        return self.of_parts(type_, named or op.base)

    def of_parts(self, type_: Type, named: Value | str) -> Formula:
        if type_.kind == "tuple":
            return sum((self.of_parts(part, named) for part in type_.parts), Formula())
        if not type_.numeric:
            return Formula()
        each = np.dtype(type_.dtype or "float64").itemsize * self.of_type(type_, named)
        if not self.batched:
            return each
        return Formula({key: count for key, count in each.terms.items() if "rows" in key})

    def times(self, loop: Loop) -> Formula:
        return Formula(1)


class RowCost:
    """The formula for one row, and those of how many elements the outputs have.

    Args:
        facts: What the stages left of the halves that compute some rows at a time.
        has_aux: Whether the function returns something beside its output.
        batched: Whether they have an axis of rows.
    """

    def __init__(self, facts: Facts, has_aux: bool, batched: bool) -> None:
        assert facts.primal is not None
        half: Function = facts.printed[-1][0]
        found = _RowMemory(batched).of_block(half.body)
        self.formula = Formula({_without(key): count for key, count in found.terms.items()})
        output = facts.primal.result[0] if has_aux else facts.primal.result
        cost = Cost()
        self.counts = [
            cost.of_type(leaf.type, leaf) if isinstance(leaf, Value) else Formula(1)
            for leaf in varied_values(output)
        ]
        # Where the sizes of the formulas are read: of which leaf of the arguments, on which axis.
        self.places: dict[str, tuple[int, int, int]] = {}
        for leaf, value in enumerate(parameters(facts.primal)):
            for axis, size in enumerate(value.type.shape or ()):
                if isinstance(size, Size) and isinstance(size.key, str):
                    self.places.setdefault(size.key, (leaf, axis, size.minus))

    def row(self, leaves: list[Any]) -> float:
        """The bytes of one row; a size that the arguments do not tell is taken to be as large as the largest of them."""
        largest = float(max(map(np.size, leaves), default=1))
        return max(1.0, self.at(self.formula, leaves, largest) or 0.0)

    def count(self, leaves: list[Any]) -> float | None:
        """How many elements the outputs have, where the arguments tell."""
        found = [self.at(formula, leaves, None) for formula in self.counts]
        return None if None in found else float(sum(each or 0.0 for each in found))

    def at(self, formula: Formula, leaves: list[Any], otherwise: float | None) -> float | None:
        sizes: dict[str, float] = {}
        for name in formula.symbols:
            leaf, axis, minus = self.places.get(name, (len(leaves), 0, 0))
            if leaf < len(leaves) and np.ndim(leaves[leaf]) > axis:
                sizes[name] = np.shape(leaves[leaf])[axis] + minus
            elif otherwise is None:
                return None
            else:
                sizes[name] = otherwise
        return float(formula.at(**sizes))


def _without(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([name for name in key if name != "rows"])


def told(facts: Facts, request: Request, batched: bool) -> str:
    """What `chunk_size="auto"` chooses for declared arguments: in numbers where their sizes are numbers, else by the formula."""
    cost = RowCost(facts, request.has_aux, batched)
    forward = request.transform == "jacfwd_chunk"
    many = "columns" if forward else "rows"
    assert facts.primal is not None
    if forward:
        value = select(facts.primal, request.argnums)[0][request.output]
        total = Cost().of_type(value.type, value)
    else:
        total = cost.counts[request.output]
    row, count = cost.at(cost.formula, [], None), cost.at(total, [], None)
    if row is None or count is None:
        return f'{many} at a time as memory allows (chunk_size="auto"): one takes {cost.formula} bytes at most'
    return chosen_in_words(many, row, int(count))
