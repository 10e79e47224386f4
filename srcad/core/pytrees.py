"""Pytrees: what is looked into of an argument or a result, and how one of the same kind is made of other parts.

Containers are tuples, lists, dicts (ordered and default ones too), named tuples, dataclasses, and what is registered with optree. Of any other
object of a class written in Python the attributes are read, but it is no part of what is differentiated: who is to say which
of its attributes are?

>>> @dataclasses.dataclass
... class Ball:
...     mass: float
...     spin: dict
>>> found = look(Ball(2.0, {"axis": 1.0}))
>>> found.keys, found.parts, labels("ball", found)
(('mass', 'spin'), [2.0, {'axis': 1.0}], ['ball.mass', 'ball.spin'])
>>> like(Ball(2.0, {"axis": 1.0}), [3.0, None])
Ball(mass=3.0, spin=None)
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import enum
import functools
import keyword
import numbers
import sys
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from srcad.core.structs import Struct, struct
from srcad.errors import ArgumentTypeError
from srcad.runtime import instance

__all__ = [
    "Node",
    "derivatives",
    "flatten",
    "formed",
    "is_leaf_argument",
    "is_varied",
    "labels",
    "like",
    "look",
    "look_within",
    "own",
    "rebuild",
    "skeleton",
    "varied",
]

# Of objects in objects, which may go around in circles; of lists in them, which may be a history that nobody reads; and of all that
# an object leads to: in a larger graph the attributes of the object itself are read only.
_DEEPEST, _LONGEST, _MOST = 5, 1000, 2000


class Node(NamedTuple):
    """A container: the parts by key; `form` is what stands for it in trees of operands, a `Struct` or a container of Python's."""

    form: type
    keys: tuple[Any, ...]
    parts: list[Any]
    # How much deeper its parts are among objects that are no pytrees.
    weight: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether it is an object of which the attributes are read, but which is no part of a pytree."""
        return issubclass(self.form, Struct) and not self.form.is_tree

    def fixed(self, place: int) -> bool:
        """Whether a part is configuration, and no part of what is differentiated."""
        form = self.form
        if not issubclass(form, Struct):
            return False
        key, part = self.keys[place], self.parts[place]
        return key in form.fixed or (key in form.counts and is_whole(part)) or is_opaque(part)


def look(value: Any) -> Node | None:
    """What a container holds; None for what is a leaf, or is not looked into."""
    kind = type(value)
    if kind is dict:
        return Node(dict, tuple(value), list(value.values()))
    if kind is tuple or kind is list:
        return Node(kind, tuple(range(len(value))), list(value))
    if kind in _LEAVES:
        return None
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return Node(kind, kind._fields, list(value))
    if kind is collections.OrderedDict:
        return Node(struct(kind, tuple(value), style="mapping"), tuple(value), list(value.values()))
    if kind is collections.defaultdict:
        form = struct(kind, tuple(value), style="mapping", extra=(value.default_factory,))
        return Node(form, tuple(value), list(value.values()))
    if kind is collections.deque:
        keys = tuple(range(len(value)))
        return Node(struct(kind, keys, style="sequence", extra=(value.maxlen,)), keys, list(value))
    found = registration(kind) if "optree" in sys.modules else None
    if found is not None:
        return _registered(value, found)
    known = _CLASSES.get(kind)
    if known is not None:
        own = getattr(value, "__dict__", None)
        if own is not None and tuple(own) == known.names:
            return Node(known.form, known.names, list(own.values()))
    if known is not None or dataclasses.is_dataclass(kind):
        return _of_dataclass(value)
    return _plain(value) if is_plain(value) else None


def look_within(value: Any, depth: int) -> Node | None:
    """The same, so deep in objects that are no pytrees: what is too deep or too long in them is not looked into."""
    if depth and (
        depth >= _DEEPEST or (isinstance(value, (list, tuple, dict)) and len(value) > _LONGEST)
    ):
        return None
    return look(value)


_LEAVES = {np.ndarray, float, int, bool, str, type(None), complex, np.float64, types.FunctionType}


def is_plain(value: Any) -> bool:
    """Whether an object's attributes are read where a function reads them: its class is written in Python, and no library's."""
    kind = type(value)
    if kind in (types.SimpleNamespace, argparse.Namespace):
        return True
    if isinstance(value, (type, types.ModuleType, enum.Enum, tuple, list, dict, np.ndarray)):
        return False
    root = (kind.__module__ or "").partition(".")[0]
    if root in _LIBRARIES or root in sys.stdlib_module_names:
        return False
    return bool(kind.__flags__ & 1 << 9) and (hasattr(value, "__dict__") or bool(_slots(kind)))


_LIBRARIES = {"numpy", "scipy", "srcad", "optree"}


def _slots(kind: type) -> list[str]:
    """The attributes that a class and its bases have slots for."""
    found: dict[str, None] = {}
    for base in reversed(kind.__mro__):
        slots = base.__dict__.get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            if name.startswith("__") and not name.endswith("__"):
                name = f"_{base.__name__.lstrip('_')}{name}"
            found[name] = None
    return [name for name in found if name not in ("__dict__", "__weakref__")]


def attributes(value: Any) -> dict[str, Any]:
    """What an object holds, by name."""
    kind = type(value)
    found = {name: getattr(value, name) for name in _slots(kind) if hasattr(value, name)}
    for name, part in getattr(value, "__dict__", {}).items():
        # What a cached property holds is computed of the rest.
        is_name = name.isidentifier() and not keyword.iskeyword(name)
        if is_name and not isinstance(getattr(kind, name, None), functools.cached_property):
            found[name] = part
    return found


def _plain(value: Any) -> Node:
    held = attributes(value)
    form = struct(type(value), tuple(held), fixed=frozenset(held), is_tree=False)
    return Node(form, tuple(held), list(held.values()), 1 if _is_small(value) else _DEEPEST)


def _is_small(value: Any) -> bool:
    """Whether an object leads to few others."""
    count, pending = 0, [(value, 0)]
    while pending:
        part, depth = pending.pop()
        count += 1
        if count > _MOST:
            return False
        if type(part) in _LEAVES or depth >= _DEEPEST:
            continue
        if isinstance(part, (list, tuple, dict)):
            inside = list(part.values() if isinstance(part, dict) else part)
            pending += [(inner, depth) for inner in inside if len(inside) <= _LONGEST]
        elif is_plain(part):
            pending += [(inner, depth + 1) for inner in attributes(part).values()]
    return True


# Dataclasses


class _Class(NamedTuple):
    """What is known of a dataclass: its fields, those that are configuration, counts, and made of others; `form` has all of them."""

    names: tuple[str, ...]
    fixed: frozenset[str]
    counts: frozenset[str]
    derived: frozenset[str]
    form: type[Struct]


_CLASSES: dict[type, _Class] = {}


def _of_dataclass(value: Any) -> Node:
    kind = type(value)
    known = _CLASSES.get(kind)
    if known is None:
        known = _CLASSES[kind] = _described(kind)
    held = attributes(value)
    names = tuple([name for name in known.names if name in held])
    more = tuple([name for name in held if name not in known.names])
    parts = [held[name] for name in names + more]
    if not more and names == known.names:
        return Node(known.form, names, parts)
    form = struct(
        kind,
        names + more,
        fixed=known.fixed | set(more),
        counts=known.counts,
        derived=known.derived | set(more),
    )
    return Node(form, names + more, parts)


def _described(kind: Any) -> _Class:
    fields = dataclasses.fields(kind)
    names = tuple(field.name for field in fields)
    fixed = frozenset(field.name for field in fields if is_configuration(field))
    makes = hasattr(kind, "__post_init__") or not is_generated(kind)
    derived = frozenset(field.name for field in fields if not field.init and makes) - fixed
    hints: dict[str, Any] = {}
    try:
        hints = typing.get_type_hints(kind)
    except Exception:  # annotations of names that exist for type checkers only
        hints = {field.name: field.type for field in fields}
    counts = frozenset(name for name in names if is_count(hints.get(name)))
    style = "call" if is_called(kind) else "instance"
    form = struct(kind, names, style=style, fixed=fixed, counts=counts, derived=derived)
    return _Class(names, fixed, counts, derived, form)


def is_configuration(field: dataclasses.Field[Any]) -> bool:
    """Whether a field is marked as no part of the pytree, as JAX, Equinox, Flax and optree mark them."""
    metadata = field.metadata
    return metadata.get("static") is True or metadata.get("pytree_node") is False


def is_count(hint: Any) -> bool:
    """Whether an annotation says that a field holds integers."""
    if isinstance(hint, str):
        return {part.strip() for part in hint.split("|")} - {"None"} in ({"int"}, {"bool"})
    if isinstance(hint, type):
        return issubclass(hint, (int, np.integer))
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return all(is_count(arg) for arg in args if arg is not type(None))
    if origin is typing.Literal:
        return all(isinstance(arg, (int, str, type(None))) for arg in args)
    return origin in (typing.Final, typing.Annotated) and is_count(args[0])


def is_whole(value: Any) -> bool:
    """Whether a part is an integer, or an array of integers."""
    return isinstance(value, (int, np.integer)) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "iub"
    )


def is_opaque(value: Any) -> bool:
    """Whether a part is neither a container nor anything like a number: a path, a set, a random generator."""
    if type(value) in _LEAVES or isinstance(value, (np.ndarray, np.generic, numbers.Number)):
        return False
    return not isinstance(value, (str, enum.Enum)) and not callable(value) and look(value) is None


def is_called(kind: Any) -> bool:
    """Whether calling a dataclass with its fields does nothing but keep them."""
    own = kind.__dict__.get("__dataclass_params__")
    if not is_generated(kind) or hasattr(kind, "__post_init__"):
        return False
    every = kind.__dataclass_fields__.values()
    return (
        kind.__new__ is object.__new__
        and type(kind) is type
        and (own.frozen or kind.__setattr__ is object.__setattr__)
        and all(field.init for field in dataclasses.fields(kind))
        and not any(_is_init_only(field) for field in every)
        and not any(
            hasattr(kind.__dict__.get(field.name), "__set__")
            and not isinstance(kind.__dict__[field.name], types.MemberDescriptorType)
            for field in every
        )
    )


def is_generated(kind: Any) -> bool:
    """Whether the `__init__` of a class is that of a dataclass."""
    own = kind.__dict__.get("__dataclass_params__")
    return own is not None and own.init


def _is_init_only(field: Any) -> bool:
    return getattr(field._field_type, "name", "") == "_FIELD_INITVAR"


# What is registered with optree


def registration(kind: type) -> Any:
    """How optree takes a class apart: as registered for all namespaces, or in the only one that knows the class. None if it does not."""
    optree = sys.modules.get("optree")  # whoever has registered a class has imported it
    if optree is None:
        return None
    found = optree.register_pytree_node.get(kind)
    if found is not None or dataclasses.is_dataclass(kind):  # their fields say the same
        return found
    every = getattr(optree.registry, "_NODETYPE_REGISTRY", {})
    spaces = [entry for entry in list(every.values()) if entry.type is kind]
    return spaces[0] if len(spaces) == 1 else None


class _Mark:
    """What a class is made of to see where it keeps its parts."""


def _registered(value: Any, found: Any) -> Node:
    """The attributes of an object of a registered class; what is not among its children is configuration.

    Raises ArgumentTypeError where the children are no attributes of it.
    """
    kind = type(value)
    children, metadata, *_ = found.flatten_func(value)
    marks = [_Mark() for _ in children]
    held = attributes(value)
    try:
        probe = attributes(found.unflatten_func(metadata, tuple(marks)))
    except Exception as error:
        raise _apart(kind, f"{type(error).__name__} of objects that are no numbers") from None
    inside = set()
    for name, part in held.items():
        there = probe.get(name)
        marked = [isinstance(leaf, _Mark) for leaf in _leaves(there)]
        if any(marked):
            if not all(marked):
                raise _apart(kind, f"`{name}` holds children and other things")
            inside.add(name)
        elif not (there is part or _same(there, part)):
            raise _apart(kind, f"`{name}` is made anew")
    seen = {id(leaf) for name in inside for leaf in _leaves(probe[name])}
    if probe.keys() != held.keys() or seen != {id(mark) for mark in marks}:
        raise _apart(kind, "they are not its attributes")
    form = struct(kind, tuple(held), fixed=frozenset(held) - inside)
    return Node(form, tuple(held), list(held.values()))


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in _leaves(part)]
    return [tree]


def _same(a: Any, b: Any) -> bool:
    try:
        return type(a) is type(b) and bool(np.all(a == b))
    except Exception:
        return False


def _apart(kind: type, why: str) -> ArgumentTypeError:
    return ArgumentTypeError(
        f"the children that optree takes a {kind.__name__} apart into cannot be found in it: {why}",
        reason="A registered class keeps its children as attributes, and unflattens to an object with the same attributes. "
        "Pass its arrays, or make it a dataclass.",
    )


# Walks


def labels(name: str, node: Node) -> list[str]:
    """How the parts of a container are written."""
    if issubclass(node.form, Struct) and node.form.style in ("call", "instance"):
        return [f"{name}.{key}" for key in node.keys]
    if hasattr(node.form, "_fields") and not issubclass(node.form, Struct):
        return [f"{name}.{key}" for key in node.keys]
    return [f"{name}[{key!r}]" for key in node.keys]


def like(value: Any, parts: list[Any]) -> Any:
    """A container of the kind of `value` with other parts."""
    node = look(value)
    assert node is not None
    return formed(node.form, node.keys, parts)


def formed(form: Any, keys: tuple[Any, ...], parts: list[Any]) -> Any:
    """An object of what a form stands for."""
    if form is dict:
        return dict(zip(keys, parts))
    if form is tuple or form is list:
        return form(parts)
    if not issubclass(form, Struct):
        return form._make(parts)
    if form.style == "mapping":
        return form.kind(*form.extra, zip(keys, parts))
    if form.style == "sequence":
        return form.kind(parts, *form.extra)
    return instance(form.kind, **dict(zip(keys, parts)))


def flatten(tree: Any, depth: int = 0) -> list[Any]:
    """The leaves of an argument, in the order of the parser's."""
    node = look_within(tree, depth)
    if node is None:
        return [tree]
    deeper = depth + node.weight
    return [leaf for part in node.parts for leaf in flatten(part, deeper)]


def varied(tree: Any) -> list[Any]:
    """The leaves of what is differentiated: less those that are configuration."""
    node = look(tree)
    if node is None:
        return [tree] if is_varied(tree) else []
    return [
        leaf
        for place, part in enumerate(node.parts)
        if not node.fixed(place)
        for leaf in varied(part)
    ]


def rebuild(
    tree: Any,
    leaf: Callable[[Any], Any],
    fixed: Callable[[Any], Any] | None = None,
    depth: int = 0,
) -> Any:
    """A tree of the same structure with other leaves. What is configuration is made by `fixed`, where that is given."""
    node = look_within(tree, depth)
    if node is None:
        return leaf(tree)
    deeper = depth + node.weight
    parts = [
        rebuild(part, fixed, fixed, deeper)
        if fixed is not None and node.fixed(place)
        else rebuild(part, leaf, fixed, deeper)
        for place, part in enumerate(node.parts)
    ]
    return formed(node.form, node.keys, parts)


def own(value: Any) -> Any:
    """What the caller could change is copied."""
    return value.copy() if isinstance(value, np.ndarray) else value


def derivatives(tree: Any, pending: Iterator[Any]) -> Any:
    """A tree of the structure of what was differentiated by, with one of `pending` for each leaf; the rest as it is there."""
    return rebuild(tree, lambda leaf: next(pending) if is_varied(leaf) else own(leaf), own)


def skeleton(tree: Any) -> Any:
    """What `derivatives` needs of a tree, apart from what the caller may change later."""
    return rebuild(tree, lambda leaf: 0.0 if is_varied(leaf) else own(leaf), own)


def is_varied(leaf: Any) -> bool:
    """Whether a leaf of what is differentiated is a number or an array: the rest is handed on."""
    return is_leaf_argument(leaf) and not callable(leaf) and not isinstance(leaf, enum.Enum)


def is_leaf_argument(value: Any) -> bool:
    """Whether a leaf of an argument is a parameter of the halves (static ones are not)."""
    return not (value is None or isinstance(value, (bool, str)))
