"""Several results at once: a value whose type is a tuple, and the `part`s of it that follow.

    t = np.linalg.eigh(A)
    w = part(t, 0)                printed as          w, V = np.linalg.eigh(A)
    V = part(t, 1)

Such a value is read by its parts alone, in the block that makes it: no join, loop or list ever sees it. All parts stay for as long as
one is read, since a derivative may read others; what nobody reads goes when Core is lowered.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Block, Let, Statement, Value, walk

__all__ = ["SEVERAL", "is_part", "parts_after", "parts_of"]

# What has several results, with some options at least. (Shapes and lists of arrays are no such results, but objects.)
SEVERAL: set[Any] = {
    *(np.modf, np.frexp, np.divmod, builtins.divmod, math.modf, math.frexp),
    *(np.unique, np.average, np.histogram, np.histogram2d),
    *(np.linalg.eigh, np.linalg.eig, np.linalg.slogdet, np.linalg.qr, np.linalg.svd, np.linalg.lstsq),
}


def is_part(statement: Statement) -> bool:
    """Whether a statement takes one of several results that have a name of their own."""
    return (
        isinstance(statement, Let)
        and statement.op is ops.part
        and isinstance(statement.args[0], Value)
    )


def parts_of(block: Block) -> dict[Value, tuple[Value, ...]]:
    """The parts of all results in a block."""
    found: dict[Value, dict[int, Value]] = {}
    for statement in walk(block):
        if isinstance(statement, Let) and is_part(statement):
            results, place = statement.args
            assert statement.out is not None
            found.setdefault(results, {}).setdefault(place, statement.out)
    return {results: tuple(parts[i] for i in sorted(parts)) for results, parts in found.items()}


def parts_after(block: Block, place: int, read: int) -> list[Let]:
    """The parts right behind the results at a place of a block, if these are all that is read of them (`read` times)."""
    results, found = block[place], []
    if not isinstance(results, Let) or results.out is None or results.out.type.kind != "tuple":
        return []
    for statement in block[place + 1 : place + 1 + read]:
        if not (is_part(statement) and statement.args[0] is results.out):  # type: ignore[attr-defined]
            return []
        found.append(statement)
    return found  # type: ignore[return-value]
