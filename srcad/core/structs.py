"""Objects of users' classes in trees of operands: their parts by name, and how the text writes them.

A `Struct` is a tuple of its parts, so that all that walks over tuples walks over it too; its class says what it stands for.

>>> class Params: ...
>>> made = struct(Params, ("mass", "drag"))(1.0, 0.5)
>>> made.part("drag"), made.named(), made.kind is Params, type(made) is struct(Params, ("mass", "drag"))
(0.5, {'mass': 1.0, 'drag': 0.5}, True, True)
"""

from __future__ import annotations

from typing import Any

from srcad.core.types import CARRIED

__all__ = ["Struct", "struct"]


class Struct(tuple):  # type: ignore[type-arg]
    """The parts of an object of the class `kind`, named by `_fields`.

    `style` is how the text makes one: "call" by keywords of its class; "instance" without calling it, since what its
    `__init__` does has been done; "mapping" and "sequence" from a dict or list of its parts, `extra` being what else its class takes.
    `fixed` parts are configuration and no part of what is differentiated; so are objects that are no numbers, and those in `counts` where they
    are integers. `derived` parts
    are made of the others when such an object is made. Of a class that is no pytree (`is_tree`) all parts are fixed.
    """

    kind: type
    _fields: tuple[Any, ...]
    style: str
    fixed: frozenset[Any]
    counts: frozenset[Any]
    derived: frozenset[Any]
    is_tree: bool
    extra: tuple[Any, ...]

    def __new__(cls, *parts: Any) -> Struct:
        return super().__new__(cls, parts)

    def part(self, name: Any) -> Any:
        """The part of that name."""
        return self[self._fields.index(name)]

    def is_fixed(self, place: int) -> bool:
        """Whether a part is no part of what is differentiated."""
        key, part = self._fields[place], self[place]
        opaque = getattr(part, "type", None) in CARRIED
        return key in self.fixed or (key in self.counts and _is_whole(part)) or opaque

    def named(self) -> dict[Any, Any]:
        """The parts by name."""
        return dict(zip(self._fields, self))


_MADE: dict[Any, type[Struct]] = {}


def struct(
    kind: type,
    fields: tuple[Any, ...],
    *,
    style: str = "instance",
    fixed: frozenset[Any] = frozenset(),
    counts: frozenset[Any] = frozenset(),
    derived: frozenset[Any] = frozenset(),
    is_tree: bool = True,
    extra: tuple[Any, ...] = (),
) -> type[Struct]:
    """The class of the structs that stand for objects of `kind` with these parts: one for equal descriptions."""
    key = (kind, fields, *map(type, fields), style, fixed, counts, derived, is_tree, extra)
    found = _MADE.get(key)
    if found is None:
        members = {
            "kind": kind,
            "_fields": fields,
            "style": style,
            "fixed": fixed,
            "counts": counts,
            "derived": derived,
            "is_tree": is_tree,
            "extra": extra,
        }
        found = _MADE[key] = type(kind.__name__, (Struct,), members)
    return found


def _is_whole(part: Any) -> bool:
    type_ = getattr(part, "type", None)
    if type_ is not None:
        return (type_.dtype or "").startswith(("int", "uint", "bool"))
    return isinstance(part, int)
