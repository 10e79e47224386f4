"""Lists that grow in loops which stay loops: arrays, with an item a row.

    ys = [y]                               ys = np.empty(n + 1)
    for i in range(n):                     ys[0] = y
        ys.append(f(ys[-1]))      ->       for i in range(n):
    return np.array(ys)                        ys[i + 1] = f(ys[i])
                                           return ys

That a list grows so is found out while its loop is parsed: it is noted for the place where the list is written (`NeedRows`), and the function is
parsed again. Where each iteration of one loop over so many items appends as often, the rows are made before it and filled. Elsewhere
(in a `while`, under a condition) each append makes the array anew, one row longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from srcad.analysis.types import join
from srcad.core.builder import Builder
from srcad.core.nodes import Loop
from srcad.core.types import Type
from srcad.parser.boxes import Box

__all__ = ["Inner", "NeedRows", "Plan", "Rows", "Site", "joined_elements", "leaf_items", "replaced"]

Site = tuple[str, int, int, int]


class Inner(NamedTuple):
    """An item that is such a list itself: of so many `items`."""

    items: Any


class NeedRows(Exception):
    """The list that is written at `site` grows in a loop: its items are rows of arrays; `grow` says that they are not counted before."""

    def __init__(self, site: Site, element: Any, *, grow: bool) -> None:
        super().__init__(site)
        self.site, self.element, self.grow = site, element, grow


class Plan:
    """A loop that fills rows: `times` in each iteration, from row `base` on; `done` of them in this iteration so far."""

    def __init__(self, loop: Loop, count: Any, base: Any, times: int) -> None:
        self.loop, self.count, self.base, self.times, self.done = loop, count, base, times, 0
        self.builder: Builder | None = None


class Rows(Box):
    """A list as arrays; `element` is the type of an item, a tree of types.

    Its parts: `head`, the items so far while these are known one by one; then `tree`, for each leaf of an item the array of its rows.
    """

    def __init__(self, site: Site, name: str, element: Any, head: tuple[Any, ...]) -> None:
        super().__init__({"head": head, "tree": None})
        self.site, self.name, self.element = site, name, element
        self.grow = False
        self.frame: Any = None
        self.plan: Plan | None = None

    @property
    def head(self) -> tuple[Any, ...]:
        return self.parts["head"]

    @property
    def tree(self) -> Any:
        return self.parts["tree"]


def leaf_items(element: Any, item: Any = None) -> Iterator[tuple[Type, Any]]:
    """The leaves of an element, each with its part of an item."""
    if isinstance(element, Type):
        yield element, item
    elif isinstance(element, Inner):
        yield from leaf_items(element.items, item.items if isinstance(item, Inner) else item)
    elif isinstance(element, dict):
        for key, part in element.items():
            yield from leaf_items(part, None if item is None else item[key])
    else:
        for place, part in enumerate(element):
            yield from leaf_items(part, None if item is None else item[place])


def replaced(element: Any, leaves: Iterator[Any]) -> Any:
    """The tree of an element with other leaves; inner lists as `Inner` of theirs."""
    if isinstance(element, Type):
        return next(leaves)
    if isinstance(element, Inner):
        return Inner(replaced(element.items, leaves))
    if isinstance(element, dict):
        return {key: replaced(part, leaves) for key, part in element.items()}
    parts = [replaced(part, leaves) for part in element]
    return type(element)(*parts) if hasattr(element, "_fields") else type(element)(parts)


def joined_elements(a: Any, b: Any) -> Any:
    """The type of items that are of either type; None where there is none."""
    if a is None or b is None:
        return a if b is None else b
    if isinstance(a, Type) and isinstance(b, Type):
        if _weak_beside(a, b) or _weak_beside(b, a):
            return None
        return a if a == b else join(a, b)
    if type(a) is not type(b) or isinstance(a, Type):
        return None
    if isinstance(a, Inner):
        inner = joined_elements(a.items, b.items)
        return None if inner is None else Inner(inner)
    if len(a) != len(b):
        return None
    if isinstance(a, dict):
        parts = {key: joined_elements(a[key], b[key]) for key in a if key in b}
        return parts if len(parts) == len(a) and None not in parts.values() else None
    found = [joined_elements(p, q) for p, q in zip(a, b)]
    if any(part is None for part in found):
        return None
    return type(a)(*found) if hasattr(a, "_fields") else type(a)(found)


def _weak_beside(a: Type, b: Type) -> bool:
    """Whether a number of Python's stands beside what it would be weaker than; in one array it is not."""
    if a.kind != "number" or b.kind == "number":
        return False
    return b.dtype not in ("float64", "complex128") and (a.dtype, b.dtype) != ("int", "int64")
