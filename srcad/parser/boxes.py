"""Boxes: lists, dicts and objects that a function makes and changes while it runs.

Of a list nothing remains in Core but its elements. While parsing it is a Python list of bindings, held by all who hold it in the program: a
change is seen through every name, as it should be. Where control flow parts, what each box holds is noted, put back before the
other side is parsed, and joined after both:

    pair = [a, b]                      # pair: [a, b]
    if c:
        pair[0] = b          ->        # pair: [b, b]      joined: [value_1, b], where value_1 = b if c else a
    y = pair[0]                        # y: value_1
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from srcad.parser.places import Handle, Unbound

__all__ = ["Box", "Held", "boxes", "copied", "holds", "refill", "same_contents"]


class Box:
    """An object that is no list and no dict; `parts` are its attributes."""

    def __init__(self, parts: dict[Any, Any]) -> None:
        self.parts = parts


Held = dict[int, tuple[Any, Any]]


def boxes(bindings: Iterable[Any]) -> dict[int, Any]:
    """Every box that can be reached from the bindings, by identity.

    >>> inner = [1]
    >>> list(boxes([(inner, 2), {"a": inner}]).values())
    [[1], {'a': [1]}]
    """
    found: dict[int, Any] = {}
    seen: set[int] = set()
    pending = list(bindings)[::-1]
    while pending:
        binding = pending.pop()
        if id(binding) in seen:
            continue
        if isinstance(binding, (list, dict, set, Box)):
            seen.add(id(binding))
            found[id(binding)] = binding
            pending.extend(holds(binding).values())
            if isinstance(binding, Handle):
                pending.extend(binding.held())
        elif isinstance(binding, tuple):
            seen.add(id(binding))
            pending.extend(binding)
        elif isinstance(binding, Unbound):
            pending.extend(binding.sides)
        elif isinstance(binding, Handle):
            seen.add(id(binding))
            held = binding.held()
            pending.extend(held if isinstance(held, (list, tuple)) else [held])
    return found


def holds(box: Any) -> dict[Any, Any]:
    """What a box holds, by place, as a copy."""
    if isinstance(box, list):
        return dict(enumerate(box))
    if isinstance(box, set):
        return dict.fromkeys(sorted(box, key=repr))
    return dict(box.parts if isinstance(box, Box) else box)


def refill(box: Any, parts: dict[Any, Any]) -> None:
    """Let a box hold what `holds` gave of it."""
    if isinstance(box, list):
        box[:] = parts.values()
        return
    if isinstance(box, set):
        box.clear()
        box.update(parts)
        return
    own = box.parts if isinstance(box, Box) else box
    if own is not parts:
        own.clear()
        own.update(parts)


def copied(binding: Any) -> Any:
    """The binding with boxes of its own.

    >>> inner = [1]
    >>> made = copied((inner, {"a": inner}))
    >>> made, made[0] is inner
    (([1], {'a': [1]}), False)
    """
    if isinstance(binding, dict):
        return {key: copied(part) for key, part in binding.items()}
    if isinstance(binding, (tuple, list)):
        parts = [copied(part) for part in binding]
        return type(binding)(*parts) if hasattr(binding, "_fields") else type(binding)(parts)
    return binding


def same_contents(before: dict[Any, Any], after: dict[Any, Any]) -> bool:
    """Whether a box holds the same bindings in the same places.

    >>> same_contents({0: 1.0}, {0: 1.0}), same_contents({}, {0: 1.0})
    (True, False)
    """
    return list(before) == list(after) and all(
        a is b or (type(a) is type(b) and isinstance(a, (bool, int, float, str)) and a == b)
        for a, b in zip(before.values(), after.values())
    )
