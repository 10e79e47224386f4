"""Kinds and dtypes of results, from NumPy itself: functions are run on tiny arrays, once for each form of operands."""

from __future__ import annotations

import builtins
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from srcad.analysis.types.lattice import (
    WEAK,
    Tree,
    Unknown,
    best_known,
    broadcast_shapes,
    dtype_name,
    fresh_size,
    is_sequence,
    known_shape,
    type_of,
)
from srcad.core.nodes import Expr, Slice, Value
from srcad.core.results import SEVERAL
from srcad.core.types import ANY, Dim, Shape, Type
from srcad.rules.families import cores, named_axes

# Descriptors of operands: (kind, dtype, rank), kind "vague" for a scalar or a 0-d array; ("tuple" | "list", *parts);
# ("const", type, value).
_lock = threading.Lock()


_SIZE = 2


def describe(type_: Type, rank: int | None = None) -> tuple[Any, ...]:
    kind, dtype, shape, _ = type_
    if dtype is None or kind in ("object", "record"):
        raise Unknown
    if rank is None:
        if shape is None:
            raise Unknown
        rank = len(shape)
    if kind == "any":
        if dtype in WEAK and not rank:
            raise Unknown
        kind = "array" if rank else "vague"
    return kind, dtype, rank


def describe_tree(tree: Tree, constants: bool = False) -> tuple[Any, ...]:
    """A descriptor; with `constants`, of Python's numbers as they are (small ones: they may be sizes)."""
    if isinstance(tree, (list, tuple)) and type(tree) in (list, tuple):
        return (type(tree).__name__, *(describe_tree(part, constants) for part in tree))
    if constants and isinstance(tree, (int, float, complex)):
        if abs(tree) > 8:
            raise Unknown
        return constant_of(tree)
    type_ = type_of(tree)
    if type_.numeric:
        return describe(type_)
    return constant_of(tree)


def constant_of(tree: Tree) -> tuple[Any, ...]:
    if isinstance(tree, (Value, Expr, Slice)):
        if isinstance(tree, Value) and tree.type.kind == "object" and tree.type.dtype:
            return "const", "dtype", np.dtype(tree.type.dtype)
        raise Unknown
    hash(tree)
    return "const", type(tree).__name__, tree


def _dummy(described: tuple[Any, ...], size: int) -> Any:
    kind, *rest = described
    if kind == "const":
        return rest[1]
    if kind in ("tuple", "list"):
        parts = [_dummy(part, size) for part in rest]
        return tuple(parts) if kind == "tuple" else parts
    dtype, rank = rest
    if kind == "number":
        return getattr(builtins, dtype)(1)
    if kind == "scalar" or kind == "vague":
        return np.dtype(dtype).type(1)
    return _tiny(dtype, rank, size)


@lru_cache(maxsize=256)
def _tiny(dtype: str, rank: int, size: int) -> np.ndarray[Any, Any]:
    """Ones, or unit matrices, which can be inverted and factored."""
    made = np.ones((size,) * rank, dtype)
    if rank > 1:
        made *= np.eye(size, dtype=dtype)
    made.flags.writeable = False
    return made


def classify(function: Any, found: Any) -> Any:
    kind = type(found)
    if kind is np.ndarray:
        return "array", dtype_name(found.dtype), found.ndim
    if isinstance(found, np.generic):
        return "scalar", dtype_name(found.dtype), 0
    if kind in (bool, int, float, complex):
        return "number", kind.__name__, 0
    if function in SEVERAL and isinstance(found, tuple):
        return "tuple", type(found), tuple(classify(function, part) for part in found)
    if isinstance(found, (tuple, list)):
        return "object", None, None
    raise Unknown


@lru_cache(maxsize=8192)
def ask(
    function: Callable[..., Any], args: tuple[Any, ...], options: tuple[Any, ...], size: int = _SIZE
) -> Any:
    """Kind, dtype and rank of what a function makes of operands so described, or None where it raises.

    Of several results "tuple", their class, and these of each.
    """
    if any(arg[0] == "vague" for arg in args):  # a scalar or a 0-d array
        one, two = (
            ask(
                function,
                tuple((kind, *arg[1:]) if arg[0] == "vague" else arg for arg in args),
                options,
                size,
            )
            for kind in ("scalar", "array")
        )
        if one is None or two is None or one[1:] != two[1:]:
            return None
        return one if one == two else ("any", *one[1:])
    with _lock, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = function(
                *(_dummy(arg, size) for arg in args), **{k: _dummy(v, size) for k, v in options}
            )
            return classify(function, found)
        except Exception:  # whatever a NumPy function raises, nothing is learnt
            return None


def learn(
    function: Callable[..., Any], *args: tuple[Any, ...], rank: int | None = None, **options: Tree
) -> tuple[str, str | None]:
    """Kind and dtype of the result, from NumPy, if it has the expected rank."""
    given = tuple((key, constant_of(value)) for key, value in options.items() if value is not None)
    found = ask(function, args, given) or ask(function, args, given, 3)  # of vectors in space, say
    if found is None or found[0] in ("object", "tuple") or (rank is not None and found[2] != rank):
        raise Unknown
    return found[0], found[1]


def made_of(shape: Shape | None, kind: str, dtype: str | None) -> Type:
    """A result of learnt kind and computed shape."""
    if shape is None:
        return Type("any", None if dtype in WEAK and dtype != "bool" else dtype)
    return Type("array" if shape else kind, dtype, shape)


def with_shape(
    function: Callable[..., Any],
    shape: Shape | None,
    *types: Type,
    probe: bool = False,
    **options: Tree,
) -> Type:
    """A result of known shape whose kind and dtype NumPy is asked for; where a dtype is unknown, only the kind.

    The types are those of the operands, or of others (`probe`) whose result has that dtype but not that rank.
    """
    if any(t.shape is None for t in types):
        raise Unknown
    full = [t if t.dtype else t._replace(dtype="float64") for t in types]
    rank = None if probe or shape is None else len(shape)
    kind, dtype = learn(function, *map(describe, full), rank=rank, **options)
    return made_of(shape, kind, dtype if all(t.dtype for t in types) else None)


def operand_type(tree: Tree) -> Type:
    """The type of an operand of a NumPy function, where sequences become arrays. Raises Unknown for objects."""
    if type(tree) is Value:
        if tree.type.kind == "object" or tree.type.kind == "record":
            raise Unknown
        return tree.type
    if is_sequence(tree):
        parts = [operand_type(part) for part in tree]
        shape: Shape | None = (0,)
        if parts:
            shape = (len(parts), *one_shape(parts))
        try:
            _, dtype = learn(np.array, describe_tree(tree))
        except Unknown:
            dtype = None
        return Type("array", dtype, shape)
    type_ = type_of(tree)
    if not type_.numeric:
        raise Unknown
    return type_


def one_shape(types: list[Type]) -> Shape:
    """The shape of values that have one shape."""
    shapes = [t.shape for t in types]
    if any(shape is None or len(shape) != len(shapes[0] or ()) for shape in shapes):
        raise Unknown
    return tuple(best_known(*sizes) for sizes in zip(*shapes))  # type: ignore[arg-type]


def type_or_any(tree: Tree) -> Type:
    try:
        return operand_type(tree)
    except Unknown:
        return ANY


# The dtypes of their results depend on values.
DTYPE_BY_VALUE = {np.linalg.eig, np.linalg.eigvals}


def named_shapes(signature: str, types: Sequence[Type | None]) -> list[Shape]:
    """The shapes of the results of a function whose last axes a signature names."""
    given, made = map(cores, signature.split("->"))
    if len(types) > len(given):
        raise Unknown
    sizes: dict[str, Dim] = {}
    front: Shape = ()
    for type_, names in zip(types, given):
        if type_ is None:
            continue
        shape = known_shape(type_)
        core = named_axes(names, len(shape))
        if len(shape) < len(core):
            raise Unknown
        cut = len(shape) - len(core)
        front = broadcast_shapes(front, shape[:cut])
        for name, size in zip(core, shape[cut:]):
            sizes[name] = best_known(sizes[name], size) if name in sizes else size

    def size_called(name: str) -> Dim:
        if name not in sizes:
            sizes[name] = int(name) if name.isdigit() else fresh_size()
        return sizes[name]

    return [
        (
            *front,
            *(
                size_called(name.rstrip("?"))
                for name in filter(None, core.split(","))
                if name.rstrip("?") in sizes or "?" not in name
            ),
        )
        for core in made
    ]
