"""Objects of users' classes while parsing: boxes of attributes, of a known class.

An argument that is a dataclass, an object registered with optree, or any other object of a class written in Python is entered as one
(`Parser.enter`), its attributes being the bindings of their parts. As a result it is a `Struct` (`core.structs`) again.
"""

from __future__ import annotations

from typing import Any

from srcad.core.pytrees import look
from srcad.core.structs import Struct
from srcad.parser.boxes import Box
from srcad.parser.places import Handle
from srcad.runtime import instance

__all__ = ["Instance", "alike", "struct_of"]


class Instance(Box, Handle):
    """An object of the class `kind`; `parts` are its attributes.

    `name` is that of the argument that it is, or is in; None of one that the function makes.
    """

    def __init__(self, kind: type, parts: dict[str, Any], name: str | None = None) -> None:
        super().__init__(parts)
        self.kind, self.name = kind, name

    def held(self) -> Any:
        return list(self.parts.values())


def alike(a: Instance, b: Instance) -> bool:
    """Whether two objects that the function made have one class and the same attributes."""
    return a.name is None and b.name is None and a.kind is b.kind and list(a.parts) == list(b.parts)


def struct_of(made: Instance, operands: dict[str, Any]) -> Any:
    """What stands for an object in a tree of operands."""
    node = look(instance(made.kind, **operands))
    assert node is not None and issubclass(node.form, Struct), made.kind
    return node.form(*node.parts)
