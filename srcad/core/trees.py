"""Trees of operands as pytrees: what in them is differentiated, and what is handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from srcad.core.nodes import Tree, Value, leaves
from srcad.core.structs import Struct, struct
from srcad.core.types import STATIC

__all__ = [
    "derived",
    "labelled",
    "map_varied",
    "opaque",
    "settled",
    "varied",
    "varied_values",
]


def varied(tree: Tree) -> Iterator[Tree]:
    """The leaves of what is differentiated, constants included: not what is configuration, None, or handed on.

    >>> x, n = Value("x"), Value("n")
    >>> class Params: ...
    >>> list(varied([struct(Params, ("x", "n"), fixed=frozenset("n"))(x, n), 2.0, None])) == [x, 2.0]
    True
    """
    return (leaf for _, leaf in labelled(tree, ""))


def labelled(tree: Tree, name: str) -> Iterator[tuple[str, Tree]]:
    """The leaves of what is differentiated, with how a user writes them.

    >>> list(labelled({"a": (1.0, 2.0)}, "p"))
    [("p['a'][0]", 1.0), ("p['a'][1]", 2.0)]
    """
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from labelled(part, f"{name}[{key!r}]")
    elif isinstance(tree, (tuple, list)):
        for place, part in enumerate(tree):
            if not (
                isinstance(tree, Struct) and (tree.is_fixed(place) or isinstance(part, (str, bool)))
            ):
                yield from labelled(part, f"{name}{step(tree, place)}")
    elif tree is not None and not is_static(tree):
        yield name, tree


def step(tree: Tree, place: int) -> str:
    """How a part of a sequence or object is written."""
    names = getattr(tree, "_fields", None)
    if names is None or getattr(tree, "style", "") in ("mapping", "sequence"):
        return f"[{place if names is None else names[place]!r}]"
    return f".{names[place]}"


def is_static(tree: Tree) -> bool:
    """Whether an operand is an argument that is known while parsing."""
    return isinstance(tree, Value) and tree.type is STATIC


def opaque(tree: Tree, name: str) -> Iterator[tuple[str, Struct]]:
    """The objects that are no pytrees, among what is differentiated, with how a user writes them."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from opaque(part, f"{name}[{key!r}]")
    elif isinstance(tree, Struct) and not tree.is_tree:
        yield name, tree
    elif isinstance(tree, (tuple, list)):
        for place, part in enumerate(tree):
            if not (isinstance(tree, Struct) and tree.is_fixed(place)):
                yield from opaque(part, f"{name}{step(tree, place)}")


def derived(tree: Tree, name: str) -> Iterator[tuple[str, Struct, Value]]:
    """The floating values in attributes that an object's `__init__` makes of others, with how a user writes them."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from derived(part, f"{name}[{key!r}]")
    elif isinstance(tree, (tuple, list)):
        for place, part in enumerate(tree):
            label = f"{name}{step(tree, place)}"
            if isinstance(tree, Struct) and tree._fields[place] in tree.derived:
                yield from (
                    (label, tree, leaf) for leaf in leaves(part) if leaf.type.differentiable
                )
            elif not (isinstance(tree, Struct) and tree.is_fixed(place)):
                yield from derived(part, label)


def varied_values(tree: Tree) -> list[Value]:
    """The values among them, each once."""
    return list(dict.fromkeys(leaf for leaf in varied(tree) if isinstance(leaf, Value)))


def map_varied(
    tree: Tree, change: Callable[[Tree], Tree], fixed: Callable[[Tree], Tree] = lambda part: part
) -> Tree:
    """The tree with each leaf of what is differentiated replaced; `fixed` is applied to what else there is, in whole parts."""
    if isinstance(tree, dict):
        return {key: map_varied(part, change, fixed) for key, part in tree.items()}
    if isinstance(tree, Struct):
        return type(tree)(
            *(
                fixed(part)
                if tree.is_fixed(place) or isinstance(part, (str, bool))
                else map_varied(part, change, fixed)
                for place, part in enumerate(tree)
            )
        )
    if isinstance(tree, (tuple, list)):
        parts = [map_varied(part, change, fixed) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if tree is None or is_static(tree):
        return fixed(tree)
    return change(tree)


def settled(tree: Tree) -> Tree:
    """The tree with what its leaves decide written into its structs, which then stands for itself whatever the leaves become."""
    if isinstance(tree, dict):
        return {key: settled(part) for key, part in tree.items()}
    if isinstance(tree, (tuple, list)):
        parts = [settled(part) for part in tree]
        kind: type = type(tree)
        if isinstance(tree, Struct):
            fixed = {
                key
                for place, key in enumerate(tree._fields)
                if tree.is_fixed(place)
                or isinstance(tree[place], (str, bool))
                or is_static(tree[place])
            }
            kind = struct(
                tree.kind,
                tree._fields,
                style=tree.style,
                fixed=frozenset(fixed),
                derived=tree.derived,
                is_tree=tree.is_tree,
                extra=tree.extra,
            )
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
    return tree
