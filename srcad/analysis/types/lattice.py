"""Sizes and types: what is known of them, what two of them have in common, and what operands say of a result.

A function that raises `Unknown` has nothing proven to say.
"""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from srcad.core.nodes import Expr, Value
from srcad.core.types import ANY, Dim, Shape, Size, Type, never_one, number

Tree = Any


class Unknown(Exception):
    """Nothing is proven (or the operation is certain to raise)."""


class Opaque:
    """The key of a derived size: a tag and what it is a function of. Equal keys are equal sizes."""

    __slots__ = ("hash", "key")

    def __init__(self, *key: Any) -> None:
        self.key, self.hash = key, hash(key)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Opaque) and self.hash == other.hash and self.key == other.key
        )

    def __repr__(self) -> str:
        return "?"


class Exact(NamedTuple):
    """The integer `key + offset`, which may be negative; `many` says that `key` is not 1."""

    key: object
    offset: int = 0
    many: bool = False


_serial = itertools.count()


def fresh_size(many: bool = False) -> Size:
    return Size(Opaque("fresh", next(_serial)), 0, many)


def plain_size(size: Size) -> Size:
    return Size(size.key, size.minus) if size.many else size


def same_size(a: Dim, b: Dim) -> bool:
    """Whether two sizes are proven equal.

    >>> same_size(Size("n", many=True), Size("n")), same_size(Size("n"), 3)
    (True, False)
    """
    if a is b:
        return True
    if isinstance(a, int) or isinstance(b, int):
        return a == b
    return a[1] == b[1] and a[0] == b[0]


def same_shape(a: Type, b: Type) -> bool:
    """Whether the shapes of two values are proven equal.

    >>> from srcad.core.types import array
    >>> same_shape(array("float64", Size("n")), array("bool", Size("n"))), same_shape(ANY, ANY)
    (True, False)
    """
    one, two = a.shape, b.shape
    if one is None or two is None or len(one) != len(two):
        return False
    return one is two or all(map(same_size, one, two))


def _tagged(size: Dim, tag: str) -> Any:
    """What an opaque size of this tag, nothing taken off, is made of; or None."""
    if (
        isinstance(size, Size)
        and not size.minus
        and isinstance(size.key, Opaque)
        and size.key.key[0] == tag
    ):
        return size.key.key[1:]
    return None


def _never_negative(key: object) -> bool:
    return not (isinstance(key, Opaque) and key.key[0] == "int")


def exactly(size: Dim) -> int | Exact:
    """A size as an integer."""
    if isinstance(size, int):
        return size
    if size.minus <= 0 and _never_negative(size.key):
        return Exact(size.key, -size.minus, size.many and not size.minus)
    return Exact(Opaque("size", plain_size(size)), 0, size.many)


def as_given(count: int | Exact) -> Dim:
    """max(count, 0)."""
    if isinstance(count, int):
        return max(count, 0)
    key, offset, many = count
    if isinstance(key, Opaque) and key.key[0] == "size" and offset <= 0:
        inner: Size = key.key[1]
        return Size(inner.key, inner.minus - offset, many and not offset)
    return Size(key, -offset, many if offset == 0 else offset >= 2 and _never_negative(key))


def as_size(count: int | Exact) -> Dim:
    """The size that an integer is. Raises Unknown where it may be negative."""
    if count < 0 if isinstance(count, int) else count.offset < 0 or not _never_negative(count.key):
        raise Unknown
    return as_given(count)


def _factors(sizes: Iterable[Dim]) -> tuple[int, Counter[Size], bool]:
    """Sizes multiplied: coefficient, powers, and whether one is known not to be 1."""
    coefficient, powers, many = 1, Counter[Size](), False
    for size in sizes:
        if isinstance(size, int):
            coefficient *= size
            continue
        many = many or size.many
        inner = _tagged(size, "product")
        if inner:
            coefficient *= inner[0]
            powers.update(dict(inner[1]))
        else:
            powers[plain_size(size)] += 1
    return coefficient, powers, many or coefficient > 1


def _monomial(coefficient: int, powers: Counter[Size], many: bool) -> Dim:
    if not coefficient or not powers:
        return coefficient
    if coefficient == 1 and len(powers) == 1:
        ((size, power),) = powers.items()
        if power == 1:
            return Size(size.key, size.minus, many)
    return Size(Opaque("product", coefficient, frozenset(powers.items())), 0, many)


def product_of(sizes: Iterable[Dim]) -> Dim:
    return _monomial(*_factors(sizes))


def quotient(total: Iterable[Dim], known: Iterable[Dim]) -> Dim:
    """The size q with total == known * q, known not 0."""
    all_of, _, _ = one = _factors(total)
    part, powers, _ = two = _factors(known)
    if part and all_of % part == 0 and all(one[1][size] >= power for size, power in powers.items()):
        return _monomial(all_of // part, one[1] - powers, False)
    return Size(Opaque("quotient", _monomial(*one), _monomial(*two)))


def sum_of(sizes: Iterable[Dim]) -> Dim:
    constant, counts = 0, Counter[Size]()
    for size in sizes:
        if isinstance(size, int):
            constant += size
            continue
        if size.minus < 0 and _never_negative(size.key):
            constant, size = constant - size.minus, Size(size.key)
        inner = _tagged(size, "sum")
        if inner:
            counts.update(dict(inner[0]))
        else:
            counts[plain_size(size)] += 1
    if not counts:
        return constant
    if len(counts) == 1:
        ((size, count),) = counts.items()
        base = product_of((count, size))
    else:
        base = Size(Opaque("sum", frozenset(counts.items())))
    count_of = exactly(base)
    return as_given(
        count_of + constant
        if isinstance(count_of, int)
        else count_of._replace(offset=count_of.offset + constant)
    )


def broadcast_sizes(a: Dim, b: Dim) -> Dim:
    if isinstance(a, int):
        if a == 1 or a == b:
            return b
        if isinstance(b, int) and b != 1:
            raise Unknown
        return a
    if isinstance(b, int):
        return a if b == 1 else b
    if a.many:
        return a
    if b.many or same_size(a, b):
        return b
    one, two = (_tagged(size, "broadcast") or (frozenset((plain_size(size),)),) for size in (a, b))
    members = one[0] | two[0]
    if members == one[0]:
        return a
    return b if members == two[0] else Size(Opaque("broadcast", members))


def broadcast_shapes(a: Shape, b: Shape) -> Shape:
    if a is b or a == b:
        return a
    if len(a) < len(b):
        a, b = b, a
    extra = len(a) - len(b)
    if not b:
        return a
    return a[:extra] + tuple(map(broadcast_sizes, a[extra:], b))


def broadcast_of(types: Iterable[Type]) -> Shape | None:
    shape: Shape = ()
    for type_ in types:
        if type_.shape is None:
            return None
        shape = broadcast_shapes(shape, type_.shape)
    return shape


def broadcast(*types: Type) -> Shape | None:
    """The shape that the types broadcast to, or None where it is not proven (or where they do not fit).

    >>> from srcad.core.types import array
    >>> broadcast(array("float64", Size("n"), 1), array("float64", 3)), broadcast(array("float64", 2), ANY)
    ((n, 3), None)
    """
    try:
        return broadcast_of(types)
    except Unknown:
        return None


def best_known(*sizes: Dim) -> Dim:
    """Of sizes that are equal: the one of which most is known."""
    return next((s for s in sizes if isinstance(s, int)), None) or next(
        (s for s in sizes if never_one(s)), sizes[0]
    )


OBJECT = Type("object")


NUMBERS = {name: number(name) for name in ("bool", "int", "float", "complex")}


WEAK = frozenset(NUMBERS)


_HUGE = Type("number", None, ())


def dtype_name(dtype: np.dtype[Any]) -> str:
    if dtype.kind not in "biufc":
        raise Unknown
    return dtype.name


def type_of(tree: Tree) -> Type:
    """The type of an operand: a value, a constant, or a tree of them.

    >>> type_of(2.0), type_of(None), type_of(np.ones((2, 3), np.float32)), type_of(3).value
    (float, object, float32[2, 3], 3)
    """
    if isinstance(tree, (Value, Expr)):
        return tree.type
    kind = type(tree)
    if kind is int:
        return Type("number", "int", (), tree) if -(2**63) <= tree < 2**63 else _HUGE
    if kind is float or kind is bool or kind is complex:
        return NUMBERS[kind.__name__]
    if isinstance(tree, (np.ndarray, np.generic)):
        if tree.dtype.kind not in "biufc":
            return OBJECT
        if isinstance(tree, np.generic):
            return Type("scalar", tree.dtype.name, ())
        return Type("array", tree.dtype.name, tree.shape) if kind is np.ndarray else ANY
    if kind is tuple:
        try:
            return Type("object", None, None, tuple(as_size(integer_known(part)) for part in tree))
        except Unknown:
            return OBJECT
    if isinstance(tree, float) and not isinstance(tree, np.generic):
        return number("float")  # np.pi, as the parser knows it
    if isinstance(tree, (int, float, complex)):
        return ANY
    try:
        return Type("object", dtype_called(tree)) if isinstance(tree, (type, np.dtype)) else OBJECT
    except Unknown:
        return OBJECT


_PLAIN = {"number": ("int", "float", "complex"), "scalar": ("float64", "complex128")}


def join(a: Type, b: Type) -> Type:
    """What is known of a value that is one or the other. Each axis with two sizes gets a new opaque size.

    >>> from srcad.core.types import array
    >>> n = Size("n")
    >>> join(array("float64", n, 2), array("float64", n, 3)), join(number("float"), number("int"))
    (float64[n, ?], float64)
    >>> join(array("float64", n), array("float64")).shape, join(number("float"), array("float64")).kind
    (None, 'any')
    """
    if a[:2] != b[:2] and a.dtype in _PLAIN.get(a.kind, ()) and b.dtype in _PLAIN.get(b.kind, ()):
        # A loop's `s = 0.0` that becomes a NumPy scalar: claimed strong where it may be weak, at the cost of a cast; and complex
        # where it may be real.
        complex_ = any((one.dtype or "").startswith("complex") for one in (a, b))
        return Type("scalar", "complex128" if complex_ else "float64", ())
    return certain_join(a, b)


def certain_join(a: Type, b: Type) -> Type:
    """As `join`, claiming nothing that is not certain."""
    if a is b or a == b:
        return a
    if a.kind == b.kind:
        kind = a.kind
    elif a.numeric and b.numeric:
        kind = "any"
    else:
        return ANY
    shape = None
    if a.shape is not None and b.shape is not None and len(a.shape) == len(b.shape):
        shape = tuple(map(_join_sizes, a.shape, b.shape))
    return Type(
        kind,
        a.dtype if a.dtype == b.dtype else None,
        shape,
        a.value if a.value == b.value else None,
    )


def _join_sizes(a: Dim, b: Dim) -> Dim:
    if same_size(a, b):
        return a if isinstance(a, int) or not a.many else b
    return fresh_size(never_one(a) and never_one(b))


def widen(param: Type, init: Type, next: Type) -> Type:
    """The next guess of the type of what a loop carries: `param` itself (the same object) where it covers `next`.

    `param` is the guess that the body was inferred with, `init` the type before the loop, where the first guess is
    `init`. A size of `param` that is not that of `init` stands for the size in each iteration, whatever that is.

    >>> from srcad.core.types import array
    >>> n = Size("n")
    >>> x = array("float64", n)
    >>> y = widen(x, x, array("float64", n.less(1)))
    >>> y, widen(y, x, array("float64", 7)) is y
    (float64[?], True)
    """
    if param is next or param == next:
        return param
    joined = join(param, next)
    shape = joined.shape
    if param.shape is not None and init.shape is not None and next.shape is not None and shape:
        shape = tuple(
            p
            if same_size(p, n) or (not same_size(p, i) and (never_one(n) or not never_one(p)))
            else j
            for p, i, n, j in zip(param.shape, init.shape, next.shape, shape)
        )
    widened = Type(joined.kind, joined.dtype, shape, joined.value)
    return param if widened == param else widened


def literal_only(*trees: Tree) -> None:
    for tree in trees:
        if isinstance(tree, (Value, Expr, tuple, list)):
            raise Unknown


def dtype_called(tree: Tree, default: str | None = "float64") -> str | None:
    """The name of the dtype that an operand stands for."""
    if tree is None:
        return default
    if isinstance(tree, (Value, Expr)):
        if tree.type.kind != "object" or tree.type.dtype is None:
            raise Unknown
        tree = tree.type.dtype
    return dtype_name(np.dtype(tree))


def dtype_if_known(tree: Tree) -> str | None:
    """As `dtype_called`; None where it is that of an array (`x.dtype`) of which it is not known."""
    if isinstance(tree, (Value, Expr)) and tree.type == OBJECT:
        return None
    return dtype_called(tree)


def is_integer(type_: Type) -> bool:
    return (
        type_.shape == ()
        and type_.kind in ("number", "scalar", "array", "any")
        and type_.dtype is not None
        and type_.dtype.startswith(("int", "uint"))
    )


def integer_known(tree: Tree) -> int | Exact:
    """What is known of an integer operand. Raises Unknown where it is none."""
    if type(tree) is int:
        return tree
    if isinstance(tree, np.integer):
        return int(tree)
    if isinstance(tree, (Value, Expr)) and is_integer(tree.type):
        if isinstance(tree.type.value, (int, Exact)):
            return tree.type.value
        if isinstance(tree, Value):
            return Exact(Opaque("int", tree))
        return Exact(Opaque("fresh", next(_serial)))
    raise Unknown


def shape_called(tree: Tree) -> Shape:
    """The shape that an operand stands for, of something made with it."""
    if isinstance(tree, (tuple, list)):
        return tuple(as_given(integer_known(part)) for part in tree)
    if isinstance(tree, (Value, Expr)) and tree.type.kind == "object":
        if not isinstance(tree.type.value, tuple) or isinstance(tree.type.value, Exact):
            raise Unknown
        return tree.type.value
    return (as_given(integer_known(tree)),)


def size_of(tree: Tree) -> Dim | None:
    """The size of an axis that is made with this count (`np.zeros(tree)`), or None.

    >>> n = Size("n")
    >>> count = Value("count", Type("number", "int", (), Exact("n", -1)))
    >>> size_of(count), size_of(3), size_of("ij")
    (n - 1, 3, None)
    """
    try:
        return as_given(integer_known(tree))
    except Unknown:
        return None


def is_sequence(tree: Tree) -> bool:
    return type(tree) in (tuple, list)


def known_shape(type_: Type) -> Shape:
    if type_.shape is None:
        raise Unknown
    return type_.shape


def axis_in(axis: Tree, rank: int) -> int:
    if isinstance(axis, bool):
        raise Unknown
    axis = operator.index(axis)
    if not -rank <= axis < rank:
        raise Unknown
    return axis % rank


def axes_in(axis: Tree, rank: int) -> list[int]:
    found = [axis_in(part, rank) for part in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    if len(set(found)) != len(found):
        raise Unknown
    return found


def bare_count(count: int | Exact | None) -> int | Exact | None:
    return Exact(count.key, count.offset) if isinstance(count, Exact) else count


def array_dtype(type_: Type) -> str | None:
    """The dtype of an operand as an array."""
    if type_.kind == "any" and type_.dtype in WEAK and not type_.shape:
        return None
    if type_.kind != "number" or type_.dtype is None:
        return type_.dtype
    return np.dtype(type_.dtype).name


@lru_cache(maxsize=64)
def kind_of_dtype(dtype: str | None) -> str:
    return "" if dtype is None else np.dtype(dtype).kind


def is_inexact(dtype: str | None) -> bool:
    return kind_of_dtype(dtype) in ("f", "c")
