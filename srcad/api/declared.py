"""Declarations of arguments as a generated file writes them, and whether arguments are what they declare.

>>> from srcad.core.types import Size, array, number
>>> n = Size("n")
>>> said({"w": array("float64", n, 3), "c": Container(tuple, (number("float"), 2))})
"{'w': float64[n, 3], 'c': (float, 2)}"
>>> fits = Fits([("x", "float64[n, n]"), ("k", "{'w': (float, 2)}")])
>>> fits((np.ones((4, 4)), {"w": (1.0, 2)})), fits((np.ones((4, 3)), {"w": (1.0, 2)})), fits((np.ones((4, 4)), {"w": (1.0, 3)}))
(True, False, False)
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

import numpy as np

from srcad.core.pytrees import look
from srcad.core.specification import Container
from srcad.core.types import Type

__all__ = ["Fits", "said"]

_KINDS = {"float": float, "int": int, "bool": bool, "complex": complex}


def said(spec: Any) -> str:
    """A specification as text; `?` for what only the function itself can judge.

    >>> said(Type("any")), said(Type("scalar", "float64", ())), said("tanh"), said(Type("object"))
    ('any', 'np.float64', "'tanh'", '?')
    """
    if isinstance(spec, Type):
        if spec.kind == "array" and spec.dtype is not None and spec.shape is not None:
            plain = spec.dtype.isidentifier() and all(map(_is_plain, spec.shape))
            return (repr(spec) if spec.shape else f"{spec.dtype}[()]") if plain else "?"
        if spec.kind == "scalar" and spec.dtype:
            return f"np.{spec.dtype}"
        return spec.dtype or "?" if spec.kind == "number" else "any" if spec.kind == "any" else "?"
    if isinstance(spec, dict):
        return f"{{{', '.join(f'{key!r}: {said(part)}' for key, part in spec.items())}}}"
    if isinstance(spec, Container):
        parts = [said(part) for part in spec]
        if spec.kind is list:
            return f"[{', '.join(parts)}]"
        if spec.kind is tuple:
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        names = getattr(spec.form, "_fields", ())
        if len(names) != len(parts) or not all(str(name).isidentifier() for name in names):
            return "?"
        inner = ", ".join(f"{name}={part}" for name, part in zip(names, parts))
        return f"{spec.kind.__module__}.{spec.kind.__qualname__}({inner})"
    if spec is None or isinstance(spec, (bool, int, float, complex, str)):
        return repr(spec)
    return "?"


def _is_plain(size: Any) -> bool:
    return isinstance(size, int) or (not size.minus and isinstance(size.key, str))


class Fits:
    """Whether arguments are what a file declares them to be; sizes of one symbol are equal, whatever they are."""

    def __init__(self, declarations: Iterable[tuple[str, str]]) -> None:
        self.trees = [
            ast.parse(text.replace("?", "..."), mode="eval").body for _, text in declarations
        ]

    @property
    def is_plain(self) -> bool:
        """Whether dtypes, ranks and kinds of numbers are all that is declared: no sizes, no values, no containers."""
        sizes: list[str] = []
        for tree in self.trees:
            if isinstance(tree, ast.Subscript):
                dims = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
                sizes += [dim.id if isinstance(dim, ast.Name) else "" for dim in dims]
            elif not isinstance(tree, ast.Name) or tree.id == "any":
                return False
        return len(set(sizes)) == len(sizes) and "" not in sizes

    def __call__(self, args: tuple[Any, ...]) -> bool:
        sizes: dict[str, int] = {}
        return len(args) == len(self.trees) and all(
            _fits(tree, value, sizes) for tree, value in zip(self.trees, args)
        )


def _fits(tree: ast.expr, value: Any, sizes: dict[str, int]) -> bool:
    if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name):
        return _is_array(tree.value.id, tree.slice, value, sizes)
    if isinstance(tree, ast.Name):
        if tree.id == "any":  # of an unknown rank: as far as nothing but the rank is unknown
            return type(value) is float or (
                type(value) is np.ndarray and value.dtype.kind == "f" and value.dtype.isnative
            )
        return type(value) is _KINDS.get(tree.id)
    if isinstance(tree, ast.Attribute):  # a NumPy scalar
        return isinstance(value, np.generic) and value.dtype.name == tree.attr
    if isinstance(tree, (ast.Tuple, ast.List)):
        kind = tuple if isinstance(tree, ast.Tuple) else list
        return type(value) is kind and _all(tree.elts, value, sizes)
    if isinstance(tree, ast.Dict):
        keys = [ast.literal_eval(key) for key in tree.keys if key is not None]
        return (
            type(value) is dict
            and list(value) == keys
            and _all(tree.values, list(value.values()), sizes)
        )
    if isinstance(tree, ast.Call):
        node = look(value)
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        if node is None or name != ast.unparse(tree.func):
            return False
        names = [each.arg for each in tree.keywords]
        return list(node.keys) == names and _all(
            [each.value for each in tree.keywords], node.parts, sizes
        )
    try:
        wanted = ast.literal_eval(tree)
    except ValueError:
        return False
    return wanted is not ... and type(value) is type(wanted) and bool(value == wanted)


def _is_array(dtype: str, dims: ast.expr, value: Any, sizes: dict[str, int]) -> bool:
    if type(value) is not np.ndarray or not value.dtype.isnative or value.dtype.name != dtype:
        return False
    wanted = dims.elts if isinstance(dims, ast.Tuple) else [dims]
    return len(wanted) == value.ndim and all(
        size == dim.value
        if isinstance(dim, ast.Constant)
        else isinstance(dim, ast.Name) and sizes.setdefault(dim.id, size) == size
        for dim, size in zip(wanted, value.shape)
    )


def _all(trees: list[ast.expr], values: Any, sizes: dict[str, int]) -> bool:
    return len(trees) == len(values) and all(
        _fits(tree, value, sizes) for tree, value in zip(trees, values)
    )
