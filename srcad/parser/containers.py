"""Lists, dicts and sets that a function builds and changes: what each of their methods does, while parsing.

    xs = [a]
    xs.append(b)                       # xs: [a, b]
    xs[0] = c                ->        # xs: [c, b]
    total = sum(x * x for x in xs)     total = c * c + b * b

Which elements there are is known while parsing; a list that grows in a loop which stays one is `srcad.parser.rows`.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from srcad.core import ops
from srcad.core.nodes import Slice, Value
from srcad.core.specification import Known
from srcad.parser.boxes import Box
from srcad.parser.expressions import Expressions, is_constant, plain_of, settled
from srcad.parser.places import Handle, Unbound, View

__all__ = ["Containers"]

_READ = {
    list: ("index", "count", "copy"),
    tuple: ("index", "count"),
    dict: ("items", "keys", "values", "get", "copy"),
    set: ("copy", "union", "intersection", "difference", "issubset", "issuperset", "isdisjoint"),
    str: tuple(name for name in dir(str) if not name.startswith("_")),
}
_WRITE = {
    list: ("append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort"),
    dict: ("pop", "popitem", "update", "setdefault", "clear"),
    set: ("add", "discard", "remove", "update", "clear"),
}
# Methods that compare their arguments with what the container holds.
_COMPARING = ("index", "count", "remove")


class Containers(Expressions):
    """Read and change lists, dicts, sets and strings."""

    def call_container(
        self, node: Any, owner: Any, name: str, args: list[Any], options: dict[str, Any]
    ) -> Any:
        """A method of a container, as Python itself has it, on bindings."""
        kind = next(k for k in (list, tuple, dict, set, str) if isinstance(owner, k))
        args = [self.keyed(node, arg) for arg in args]
        if name in _WRITE.get(kind, ()):
            self.change(node, owner)
        elif name not in _READ[kind]:
            self.refuse(
                node,
                f"`.{name}()` of a {kind.__name__} is not accepted",
                "Build it by append, by items, or in one literal.",
            )
        if kind is str and not settled([owner, args, options]):
            self.refuse(node, f"`.{name}()` of a str with values", "Leave text to the caller.")
        if name in _COMPARING and not settled([list(owner), args]):
            self.refuse(
                node,
                f"`.{name}()` compares values that are not known while parsing",
                "Find the place with np.argmax or np.searchsorted of an array.",
            )
        if name == "sort":
            self.sort(node, owner, options)
            return None
        if name in ("extend", "update") and args and not isinstance(args[0], dict):
            args = [self.unpack(node, args[0], None)]
        if name == "insert" or (name == "pop" and kind is list and args):
            self.place(node, args[0])
        try:
            found = getattr(owner, name)(*args, **options)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            self.fails(node, error)
        return self.viewed(owner, name) if name in ("items", "keys", "values") else found

    def viewed(self, owner: dict[Any, Any], name: str) -> Any:
        """What `d.items()` runs over."""
        raise NotImplementedError

    def sort(self, node: Any, owner: list[Any], options: dict[str, Any]) -> None:
        """`xs.sort()` of what is known while parsing."""
        key = options.get("key")
        keys = [self.call(node, key, [part], {}) if key is not None else part for part in owner]
        if key is None and owner and all(map(self.is_single, owner)) and not settled(keys):
            array = self.call(node, Known(np.array, "np.array"), [list(owner)], {})
            ranks = self.call(node, Known(np.argsort, "np.argsort"), [array], {})
            sorted_ = self.emit(ops.getitem, (array, ranks))
            places = range(len(owner))
            if options.get("reverse", False) is True:
                places = places[::-1]
            owner[:] = [self.emit(ops.getitem, (sorted_, place)) for place in places]
            return
        if not settled([keys, options.get("reverse", False)]):
            self.refuse(
                node,
                "a list of values is sorted",
                "Sort an array: np.sort(x), or x[np.argsort(keys)].",
            )
        try:
            order = sorted(
                range(len(owner)), key=keys.__getitem__, reverse=bool(options.get("reverse", False))
            )
        except TypeError as error:
            self.fails(node, error)
        owner[:] = [owner[place] for place in order]

    def is_single(self, part: Any) -> bool:
        """Whether a binding is a number."""
        if isinstance(part, (View, Value)):
            return self.type(part).numeric and self.type(part).rank == 0
        return is_constant(part) and isinstance(part, (int, float, complex))

    def call(self, node: Any, callee: Any, args: list[Any], options: dict[str, Any]) -> Any:
        """Call a binding."""
        raise NotImplementedError

    def fails(self, node: Any, error: Exception) -> NoReturn:
        """What is done here raises, as far as is known while parsing."""
        self.refuse(
            node, f"{type(error).__name__}: {error}", "It would raise when the function is called."
        )

    def keyed(self, node: Any, binding: Any) -> Any:
        """An object known while parsing as itself, so that it compares."""
        return binding.object if isinstance(binding, Known) and _plain(binding.object) else binding

    def place(self, node: Any, key: Any, owner: Any = None) -> Any:
        """A place in a list, known while parsing."""
        if isinstance(key, (Value, View)):
            self.unknown_place(node, owner, self.read(key))
        return key

    # items

    def item_key(self, node: Any, owner: Any, where: Any) -> Any:
        """The key of an item of a container."""
        key = self.index(where)
        if isinstance(key, Slice):
            for part in key:
                self.place(node, part)
            return slice(*key)
        return self.place(node, key, owner)

    def set_item(self, node: Any, owner: Any, where: Any, value: Any) -> None:
        """`owner[where] = value`."""
        self.put_item(node, owner, self.item_key(node, owner, where), value)

    def put_item(self, node: Any, owner: Any, key: Any, value: Any) -> None:
        """Let a container hold a value at a known key."""
        self.change(node, owner)
        if isinstance(owner, tuple):
            self.fails(node, TypeError("'tuple' object does not support item assignment"))
        if isinstance(key, slice):
            value = self.unpack(node, value, None)
        try:
            owner[key] = value
        except (KeyError, IndexError, TypeError, ValueError) as error:
            self.fails(node, error)

    def delete_item(self, node: Any, owner: Any, where: Any) -> None:
        """`del owner[where]`."""
        key = self.item_key(node, owner, where)
        self.change(node, owner)
        try:
            del owner[key]
        except (KeyError, IndexError, TypeError) as error:
            self.fails(node, error)

    # comprehensions

    def _ListComp(self, node: Any) -> Any:
        return self.comprehended(node, lambda: self.expression(node.elt))

    _GeneratorExp = _ListComp

    def _SetComp(self, node: Any) -> Any:
        return self.known_set(node, self.comprehended(node, lambda: self.expression(node.elt)))

    def _Set(self, node: Any) -> Any:
        return self.known_set(node, self.parts(node))

    def known_set(self, node: Any, parts: list[Any]) -> set[Any]:
        """A set of things known while parsing."""
        if not settled(parts):
            self.refuse(
                node, "a set of values", "Sets hold keys: strings and integers. Use a list."
            )
        return {plain_of(part) for part in parts}

    def _DictComp(self, node: Any) -> Any:
        pairs = self.comprehended(
            node, lambda: (self.expression(node.key), self.expression(node.value))
        )
        return dict(self.key_and_value(node, *pair) for pair in self.unpack(node, pairs, None))

    def key_and_value(self, node: Any, key: Any, value: Any) -> tuple[Any, Any]:
        """An item of a dict."""
        if not settled(key):
            self.refuse(
                node,
                "the key of a dict must be known while parsing",
                "Use a string or an integer.",
            )
        return plain_of(key), value

    def comprehended(self, node: Any, element: Any) -> Any:
        """The elements of a comprehension, in order."""
        raise NotImplementedError


def _plain(found: Any) -> bool:
    """Whether an object compares by what it is: a key."""
    try:
        hash(found)
    except TypeError:
        return False
    return not isinstance(found, (Value, View, Box, Handle, Unbound))
