"""What the result of an operation is: kind, dtype and symbolic shape, from the types of its operands.

`infer` is called for every statement that is built. Whatever it says is proven, under two assumptions: a value whose
shape is known holds numbers (NumPy's kinds b, i, u, f, c), and Python integers that meet arrays fit into 64 bits.
Kinds and dtypes are not tabulated: NumPy itself is asked, once per function and types of operands, by running the
function on tiny arrays. Shapes are computed here. (One exception, on purpose: `join` calls a Python real or a float64
scalar, not known which, a float64 scalar.)

Sizes. A `Size` stands for `max(key - minus, 0)`; a `minus` below zero adds: `Size("n", -1)` is n + 1. Keys that this
module makes are `Opaque`: a tag and what the size is a function of, so that equal functions of equal sizes are equal.

Integers. `Type.value` of an integer is an int or an `Exact` (key + offset), that of `x.shape` is the tuple of sizes.
So `np.zeros(len(x))` has the size of `x`. `len(x) - 1` may be negative, which no size is; `size_of` turns an integer
into the size of what is made with it.

>>> from srcad.core.types import array
>>> n, m = Size("n"), Size("m")
>>> x = Value("x", array("float64", n, m))
>>> infer(ops.getitem, (x, Slice(1, -1)), {}), infer(ops.operation(np.sum), (x,), {"axis": 0})
(float64[n - 2, m], float64[m])
>>> infer(ops.add, (x, 1), {}), infer(ops.less, (x, Value("y")), {}), infer(ops.divide, (1, 2), {})
(float64[n, m], ?[...], float)

A loop: start with `param.type = init.type`, infer the body, `widened = widen(param, init, next)`; repeat until that is
`param`; then `exit` has type `join(init, param)`. An opaque size belongs to the values that it was made of: a copy of
a block (an inlined callee) has to be inferred anew.
"""

from __future__ import annotations

import builtins
import inspect
import itertools
import operator
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from srcad import runtime
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Expr, Slice, Value, leaves
from srcad.core.ops import Operation
from srcad.core.quote import RankUnknown, quote
from srcad.core.results import SEVERAL
from srcad.core.types import ANY, Dim, Shape, Size, Type, less, never_one, number
from srcad.rules.bilinear import written_out
from srcad.rules.families import Rule, cores, named_axes, rule_of

__all__ = [
    "Exact",
    "Opaque",
    "broadcast",
    "infer",
    "join",
    "same_shape",
    "same_size",
    "size_of",
    "type_of",
    "widen",
]

Tree = Any
Handler = Callable[..., Type]


class Unknown(Exception):
    """Nothing is proven (or the operation is certain to raise)."""


# --- Sizes -----------------------------------------------------------------------------------------


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


def _fresh(many: bool = False) -> Size:
    return Size(Opaque("fresh", next(_serial)), 0, many)


def _plain(size: Size) -> Size:
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


def _exact(size: Dim) -> int | Exact:
    """A size as an integer."""
    if isinstance(size, int):
        return size
    if size.minus <= 0 and _never_negative(size.key):
        return Exact(size.key, -size.minus, size.many and not size.minus)
    return Exact(Opaque("size", _plain(size)), 0, size.many)


def _size(count: int | Exact) -> Dim:
    """max(count, 0)."""
    if isinstance(count, int):
        return max(count, 0)
    key, offset, many = count
    if isinstance(key, Opaque) and key.key[0] == "size" and offset <= 0:
        inner: Size = key.key[1]
        return Size(inner.key, inner.minus - offset, many and not offset)
    return Size(key, -offset, many if offset == 0 else offset >= 2 and _never_negative(key))


def _as_size(count: int | Exact) -> Dim:
    """The size that an integer is. Raises Unknown where it may be negative."""
    if count < 0 if isinstance(count, int) else count.offset < 0 or not _never_negative(count.key):
        raise Unknown
    return _size(count)


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
            powers[_plain(size)] += 1
    return coefficient, powers, many or coefficient > 1


def _monomial(coefficient: int, powers: Counter[Size], many: bool) -> Dim:
    if not coefficient or not powers:
        return coefficient
    if coefficient == 1 and len(powers) == 1:
        ((size, power),) = powers.items()
        if power == 1:
            return Size(size.key, size.minus, many)
    return Size(Opaque("product", coefficient, frozenset(powers.items())), 0, many)


def _product(sizes: Iterable[Dim]) -> Dim:
    return _monomial(*_factors(sizes))


def _quotient(total: Iterable[Dim], known: Iterable[Dim]) -> Dim:
    """The size q with total == known * q, known not 0."""
    all_of, _, _ = one = _factors(total)
    part, powers, _ = two = _factors(known)
    if part and all_of % part == 0 and all(one[1][size] >= power for size, power in powers.items()):
        return _monomial(all_of // part, one[1] - powers, False)
    return Size(Opaque("quotient", _monomial(*one), _monomial(*two)))


def _sum(sizes: Iterable[Dim]) -> Dim:
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
            counts[_plain(size)] += 1
    if not counts:
        return constant
    if len(counts) == 1:
        ((size, count),) = counts.items()
        base = _product((count, size))
    else:
        base = Size(Opaque("sum", frozenset(counts.items())))
    count_of = _exact(base)
    return _size(
        count_of + constant
        if isinstance(count_of, int)
        else count_of._replace(offset=count_of.offset + constant)
    )


def _broadcast_sizes(a: Dim, b: Dim) -> Dim:
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
    one, two = (_tagged(size, "broadcast") or (frozenset((_plain(size),)),) for size in (a, b))
    members = one[0] | two[0]
    if members == one[0]:
        return a
    return b if members == two[0] else Size(Opaque("broadcast", members))


def _broadcast_shapes(a: Shape, b: Shape) -> Shape:
    if a is b or a == b:
        return a
    if len(a) < len(b):
        a, b = b, a
    extra = len(a) - len(b)
    if not b:
        return a
    return a[:extra] + tuple(map(_broadcast_sizes, a[extra:], b))


def _broadcast(types: Iterable[Type]) -> Shape | None:
    shape: Shape = ()
    for type_ in types:
        if type_.shape is None:
            return None
        shape = _broadcast_shapes(shape, type_.shape)
    return shape


def broadcast(*types: Type) -> Shape | None:
    """The shape that the types broadcast to, or None where it is not proven (or where they do not fit).

    >>> from srcad.core.types import array
    >>> broadcast(array("float64", Size("n"), 1), array("float64", 3)), broadcast(array("float64", 2), ANY)
    ((n, 3), None)
    """
    try:
        return _broadcast(types)
    except Unknown:
        return None


def _pick(*sizes: Dim) -> Dim:
    """Of sizes that are equal: the one of which most is known."""
    return next((s for s in sizes if isinstance(s, int)), None) or next(
        (s for s in sizes if never_one(s)), sizes[0]
    )


# --- Types of operands, joins ----------------------------------------------------------------------

_OBJECT = Type("object")
_NUMBERS = {name: number(name) for name in ("bool", "int", "float", "complex")}
_WEAK = frozenset(_NUMBERS)
_HUGE = Type("number", None, ())


def _dtype_name(dtype: np.dtype[Any]) -> str:
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
        return _NUMBERS[kind.__name__]
    if isinstance(tree, (np.ndarray, np.generic)):
        if tree.dtype.kind not in "biufc":
            return _OBJECT
        if isinstance(tree, np.generic):
            return Type("scalar", tree.dtype.name, ())
        return Type("array", tree.dtype.name, tree.shape) if kind is np.ndarray else ANY
    if kind is tuple:
        try:
            return Type("object", None, None, tuple(_as_size(_value(part)) for part in tree))
        except Unknown:
            return _OBJECT
    if isinstance(tree, float) and not isinstance(tree, np.generic):
        return number("float")  # np.pi, as the parser knows it
    if isinstance(tree, (int, float, complex)):
        return ANY
    try:
        return Type("object", _dtype(tree)) if isinstance(tree, (type, np.dtype)) else _OBJECT
    except Unknown:
        return _OBJECT


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
    return _join(a, b)


def _join(a: Type, b: Type) -> Type:
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
    return _fresh(never_one(a) and never_one(b))


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


# --- Asking NumPy ----------------------------------------------------------------------------------

# Descriptors of operands: (kind, dtype, rank), kind "vague" for a scalar or a 0-d array; ("tuple" | "list", *parts);
# ("const", type, value).
_lock = threading.Lock()
_SIZE = 2


def _describe(type_: Type, rank: int | None = None) -> tuple[Any, ...]:
    kind, dtype, shape, _ = type_
    if dtype is None or kind in ("object", "record"):
        raise Unknown
    if rank is None:
        if shape is None:
            raise Unknown
        rank = len(shape)
    if kind == "any":
        if dtype in _WEAK and not rank:
            raise Unknown
        kind = "array" if rank else "vague"
    return kind, dtype, rank


def _describe_tree(tree: Tree, constants: bool = False) -> tuple[Any, ...]:
    """A descriptor; with `constants`, of Python's numbers as they are (small ones: they may be sizes)."""
    if isinstance(tree, (list, tuple)) and type(tree) in (list, tuple):
        return (type(tree).__name__, *(_describe_tree(part, constants) for part in tree))
    if constants and isinstance(tree, (int, float, complex)):
        if abs(tree) > 8:
            raise Unknown
        return _const(tree)
    type_ = type_of(tree)
    if type_.numeric:
        return _describe(type_)
    return _const(tree)


def _const(tree: Tree) -> tuple[Any, ...]:
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


def _classify(function: Any, found: Any) -> Any:
    kind = type(found)
    if kind is np.ndarray:
        return "array", _dtype_name(found.dtype), found.ndim
    if isinstance(found, np.generic):
        return "scalar", _dtype_name(found.dtype), 0
    if kind in (bool, int, float, complex):
        return "number", kind.__name__, 0
    if function in SEVERAL and isinstance(found, tuple):
        return "tuple", type(found), tuple(_classify(function, part) for part in found)
    if isinstance(found, (tuple, list)):
        return "object", None, None
    raise Unknown


@lru_cache(maxsize=8192)
def _run(
    function: Callable[..., Any], args: tuple[Any, ...], options: tuple[Any, ...], size: int = _SIZE
) -> Any:
    """Kind, dtype and rank of what a function makes of operands so described, or None where it raises.

    Of several results "tuple", their class, and these of each.
    """
    if any(arg[0] == "vague" for arg in args):  # a scalar or a 0-d array
        one, two = (
            _run(
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
            return _classify(function, found)
        except Exception:  # whatever a NumPy function raises, nothing is learnt
            return None


def _learn(
    function: Callable[..., Any], *args: tuple[Any, ...], rank: int | None = None, **options: Tree
) -> tuple[str, str | None]:
    """Kind and dtype of the result, from NumPy, if it has the expected rank."""
    given = tuple((key, _const(value)) for key, value in options.items() if value is not None)
    found = _run(function, args, given) or _run(
        function, args, given, 3
    )  # of vectors in space, say
    if found is None or found[0] in ("object", "tuple") or (rank is not None and found[2] != rank):
        raise Unknown
    return found[0], found[1]


def _made(shape: Shape | None, kind: str, dtype: str | None) -> Type:
    """A result of learnt kind and computed shape."""
    if shape is None:
        return Type("any", None if dtype in _WEAK and dtype != "bool" else dtype)
    return Type("array" if shape else kind, dtype, shape)


def _finish(
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
    kind, dtype = _learn(function, *map(_describe, full), rank=rank, **options)
    return _made(shape, kind, dtype if all(t.dtype for t in types) else None)


# --- Reading operands ------------------------------------------------------------------------------


def _static(*trees: Tree) -> None:
    for tree in trees:
        if isinstance(tree, (Value, Expr, tuple, list)):
            raise Unknown


def _dtype(tree: Tree, default: str | None = "float64") -> str | None:
    """The name of the dtype that an operand stands for."""
    if tree is None:
        return default
    if isinstance(tree, (Value, Expr)):
        if tree.type.kind != "object" or tree.type.dtype is None:
            raise Unknown
        tree = tree.type.dtype
    return _dtype_name(np.dtype(tree))


def _dtype_if_known(tree: Tree) -> str | None:
    """As `_dtype`; None where it is that of an array (`x.dtype`) of which it is not known."""
    if isinstance(tree, (Value, Expr)) and tree.type == _OBJECT:
        return None
    return _dtype(tree)


def _is_int(type_: Type) -> bool:
    return (
        type_.shape == ()
        and type_.kind in ("number", "scalar", "array", "any")
        and type_.dtype is not None
        and type_.dtype.startswith(("int", "uint"))
    )


def _value(tree: Tree) -> int | Exact:
    """What is known of an integer operand. Raises Unknown where it is none."""
    if type(tree) is int:
        return tree
    if isinstance(tree, np.integer):
        return int(tree)
    if isinstance(tree, (Value, Expr)) and _is_int(tree.type):
        if isinstance(tree.type.value, (int, Exact)):
            return tree.type.value
        if isinstance(tree, Value):
            return Exact(Opaque("int", tree))
        return Exact(Opaque("fresh", next(_serial)))
    raise Unknown


def _shape(tree: Tree) -> Shape:
    """The shape that an operand stands for, of something made with it."""
    if isinstance(tree, (tuple, list)):
        return tuple(_size(_value(part)) for part in tree)
    if isinstance(tree, (Value, Expr)) and tree.type.kind == "object":
        if not isinstance(tree.type.value, tuple) or isinstance(tree.type.value, Exact):
            raise Unknown
        return tree.type.value
    return (_size(_value(tree)),)


def size_of(tree: Tree) -> Dim | None:
    """The size of an axis that is made with this count (`np.zeros(tree)`), or None.

    >>> n = Size("n")
    >>> count = Value("count", Type("number", "int", (), Exact("n", -1)))
    >>> size_of(count), size_of(3), size_of("ij")
    (n - 1, 3, None)
    """
    try:
        return _size(_value(tree))
    except Unknown:
        return None


def _sequence(tree: Tree) -> bool:
    return type(tree) in (tuple, list)


def _operand(tree: Tree) -> Type:
    """The type of an operand of a NumPy function, where sequences become arrays. Raises Unknown for objects."""
    if type(tree) is Value:
        if tree.type.kind == "object" or tree.type.kind == "record":
            raise Unknown
        return tree.type
    if _sequence(tree):
        parts = [_operand(part) for part in tree]
        shape: Shape | None = (0,)
        if parts:
            shape = (len(parts), *_common(parts))
        try:
            _, dtype = _learn(np.array, _describe_tree(tree))
        except Unknown:
            dtype = None
        return Type("array", dtype, shape)
    type_ = type_of(tree)
    if not type_.numeric:
        raise Unknown
    return type_


def _common(types: list[Type]) -> Shape:
    """The shape of values that have one shape."""
    shapes = [t.shape for t in types]
    if any(shape is None or len(shape) != len(shapes[0] or ()) for shape in shapes):
        raise Unknown
    return tuple(_pick(*sizes) for sizes in zip(*shapes))  # type: ignore[arg-type]


def _known(type_: Type) -> Shape:
    if type_.shape is None:
        raise Unknown
    return type_.shape


def _axis(axis: Tree, rank: int) -> int:
    if isinstance(axis, bool):
        raise Unknown
    axis = operator.index(axis)
    if not -rank <= axis < rank:
        raise Unknown
    return axis % rank


def _axes(axis: Tree, rank: int) -> list[int]:
    found = [_axis(part, rank) for part in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    if len(set(found)) != len(found):
        raise Unknown
    return found


# --- Elementwise -----------------------------------------------------------------------------------

_PREDICATES: set[Any] = {
    operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge, np.less, np.less_equal, np.equal,
    np.not_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.isnan, np.isfinite, np.isinf, np.signbit,
}  # fmt: skip


def _elementwise(
    function: Callable[..., Any], types: tuple[Type, ...], dtype: Tree = None, **options: Tree
) -> Type:
    """A ufunc, or an operator that is not between Python numbers."""
    shape = _broadcast(types)
    described = []
    sure = vague = False
    complex_ = any(t.kind == "number" and t.dtype in ("complex", None) for t in types)
    for kind, name, dims, _ in types:
        if kind == "object" or kind == "record":
            raise Unknown
        if name is None or (kind == "any" and (complex_ or (not dims and name in _WEAK))):
            vague = True
        elif kind == "any":
            described.append(("array", name, 1) if dims else ("scalar", name, 0))
        else:
            described.append((kind, name, 1 if dims or dims is None else 0))
        sure = sure or kind == "array" or (kind == "scalar" and not complex_)
        sure = sure or (kind == "any" and not complex_ and name not in _WEAK and name is not None)
    name = None
    if vague:
        found, known = "scalar", shape is not None and function in _PREDICATES
        if known or dtype is not None:
            name = "bool" if known else _dtype(dtype)
    else:
        found, name = _learn(
            function,
            *described,
            dtype=None if dtype is None else np.dtype(_dtype(dtype)),
            **options,
        )
        if function is operator.pow and not _power_is_proven(*types):
            name = None
        sure = True
    if function is operator.pow and types[0].kind in ("array", "any"):
        sure = False  # some of NumPy's versions make 0-d arrays
    if shape is None:
        return Type("any", name)
    if shape:
        return Type("array", name, shape)
    if not sure and not isinstance(function, np.ufunc):
        return Type("any", None, ())
    return Type(found, name, ())


def _power_is_proven(base: Type, exponent: Type) -> bool:
    """Whether the dtype of `base ** exponent` is the same for all exponents (2 may mean np.square)."""
    if base.shape == () and base.kind != "array" and base.kind != "any":
        return True
    if exponent.shape:
        return True
    if exponent.kind == "number":
        return base.dtype != "bool" and (exponent.dtype != "complex" or _kind(base.dtype) == "c")
    return base.dtype == exponent.dtype != "bool"


def _ufunc(
    function: np.ufunc,
    *trees: Tree,
    dtype: Tree = None,
    casting: Tree = None,
    order: Tree = None,
    subok: Tree = None,
) -> Type:
    if len(trees) != function.nin:
        raise Unknown  # an `out` by position
    if function.nout != 1:
        return _several(function, *trees, dtype=None if dtype is None else np.dtype(_dtype(dtype)))
    return _elementwise(function, tuple(map(_operand, trees)), dtype, casting=casting)


def _operator(function: Callable[..., Any], *trees: Tree) -> Type:
    types = tuple(map(type_of, trees))
    for type_ in types:
        if type_.kind != "number":
            return _elementwise(function, types)
    return _numbers(function, trees, types)


def _add(function: Callable[..., Any], left: Tree, right: Tree) -> Type:
    a, b = type_of(left), type_of(right)
    if (
        a.kind == "object"
        and b.kind == "object"
        and isinstance(a.value, tuple)
        and isinstance(b.value, tuple)
    ):
        return Type("object", None, None, a.value + b.value)
    return _operator(function, left, right)


def _numbers(
    function: Callable[..., Any], trees: tuple[Tree, ...], types: tuple[Type, ...]
) -> Type:
    """An operator between Python numbers."""
    if any(t.dtype is None for t in types):
        predicate = function in _PREDICATES
        return _NUMBERS["bool"] if predicate else Type("number", None, ())
    if function is operator.pow:
        return Type("number", _power(trees, types), ())
    found, dtype = _learn(function, *(("number", t.dtype, 0) for t in types))
    if dtype != "int" or found != "number":
        return Type(found, dtype, ())
    return Type("number", "int", (), _arithmetic(function, trees, types))


def _power(trees: tuple[Tree, ...], types: tuple[Type, ...]) -> str | None:
    """The dtype of a power of numbers: of negative ones it may be complex, and of integers a float."""
    base, exponent = trees
    kinds = {t.dtype for t in types}
    if "complex" in kinds:
        return "complex"
    whole = types[1].dtype in ("int", "bool") or (
        isinstance(exponent, float) and exponent.is_integer()
    )
    if "float" in kinds:
        return "float" if whole or (type(base) in (int, float) and base >= 0) else None
    return "int" if types[1].dtype == "bool" or (type(exponent) is int and exponent >= 0) else None


def _arithmetic(
    function: Callable[..., Any], trees: tuple[Tree, ...], types: tuple[Type, ...]
) -> int | Exact | None:
    """What is known of an integer result."""
    if len(trees) != 2 or types[0].dtype != "int" or types[1].dtype != "int":
        return None
    a, b = _value(trees[0]), _value(trees[1])
    if isinstance(a, int) and isinstance(b, int):
        plain = function in (operator.add, operator.sub, operator.mul) or (
            function is operator.floordiv and b
        )
        return function(a, b) if plain and abs(a) < 2**40 and abs(b) < 2**20 else None
    if function is operator.add and isinstance(a, int):
        a, b = b, a
    if isinstance(b, int):
        assert isinstance(a, Exact)
        if function is operator.add or function is operator.sub:
            return a._replace(offset=a.offset + (b if function is operator.add else -b))
    elif isinstance(a, Exact) and function is operator.sub and a.key == b.key:
        return a.offset - b.offset
    try:
        factors = _as_size(a), _as_size(b)
    except Unknown:
        return None
    if function is operator.mul:
        return _exact(_product(factors))
    if function is operator.floordiv and isinstance(b, int) and b:
        return (
            Exact(Opaque("floordiv", Exact(a.key, a.offset), b))
            if isinstance(a, Exact) and b > 1
            else a
        )
    return None


def _pointwise(function: Callable[..., Any], *trees: Tree, **options: Tree) -> Type:
    """A NumPy function that is elementwise and broadcasts, but no ufunc; None among the operands is allowed."""
    types = [None if tree is None else _operand(tree) for tree in trees]
    some = [t for t in types if t is not None]
    shape = _broadcast(some)
    if shape is None or any(t.dtype is None for t in some):
        for tree in options.values():
            _static(tree)
        kind = "any" if shape is None or not shape else "array"
        return Type(kind, "bool" if function in _BOOLEAN else None, shape)
    rows = [
        ("const", "NoneType", None) if t is None else _describe(t, min(t.rank or 0, 1))
        for t in types
    ]
    return _made(shape, *_learn(function, *rows, **options))


_BOOLEAN: set[Any] = {np.isclose, np.isreal, np.iscomplex, np.isposinf, np.isneginf}


def _isclose(function: Callable[..., Any], a: Tree, b: Tree, *rest: Tree, **options: Tree) -> Type:
    return _pointwise(np.isclose, a, b, *rest, **options)


def _complex_where_needed(function: Callable[..., Any], *trees: Tree) -> Type:
    """`np.emath`: of real numbers the values decide whether the result is complex."""
    types = list(map(_operand, trees))
    if all(_kind(t.dtype) == "c" for t in types):
        return _pointwise(function, *trees)
    shape = _broadcast(types)
    return Type("array" if shape else "any", None, shape)


def _clip(
    function: Callable[..., Any],
    a: Tree,
    a_min: Tree = None,
    a_max: Tree = None,
    *,
    min: Tree = None,
    max: Tree = None,
) -> Type:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if low is None and high is None:
        raise Unknown
    return _pointwise(np.clip, a, low, high)


def _where(function: Callable[..., Any], condition: Tree, x: Tree = None, y: Tree = None) -> Type:
    if x is None and y is None:
        return _OBJECT
    return _pointwise(np.where, condition, x, y)


def _scalar_type(function: Callable[..., Any], x: Tree = 0) -> Type:
    """`np.float32(x)`."""
    type_ = _operand(x)
    if type_.shape != () and function in (np.float64, np.complex128):
        raise Unknown  # NumPy's versions differ for arrays of one element
    return _made(_known(type_), "scalar", _dtype(function))


# --- Python's functions ----------------------------------------------------------------------------


def _bool(function: Any, *trees: Tree, **options: Tree) -> Type:
    return _NUMBERS["bool"]


def _abs(function: Any, x: Tree) -> Type:
    return _operator(operator.abs, x)


def _conversion(function: Any, x: Tree = 0, *more: Tree) -> Type:
    return _NUMBERS[function.__name__]


def _round(function: Any, x: Tree, ndigits: Tree = None) -> Type:
    type_ = type_of(x)
    if type_.kind not in ("number", "scalar") or type_.dtype is None:
        raise Unknown
    _static(ndigits)
    return Type(*_learn(round, _describe(type_), ndigits=ndigits), ())


def _extremum(function: Any, *trees: Tree) -> Type:
    if len(trees) > 1:
        types = list(map(type_of, trees))
    elif _sequence(trees[0]):
        types = list(map(type_of, trees[0]))
    else:
        type_ = type_of(trees[0])
        if type_.rank != 1:
            raise Unknown
        types = [Type("scalar", type_.dtype, ())]
    found = types[0]
    for type_ in types[1:]:
        found = _join(found, type_)
    return found._replace(value=None) if found.numeric else ANY


def _builtin_sum(function: Any, iterable: Tree, start: Tree = 0) -> Type:
    if _sequence(iterable):
        parts = [type_of(part) for part in iterable]
    else:
        type_ = _operand(iterable)
        count, *rest = _known(type_)
        if not isinstance(count, int):
            raise Unknown
        element = Type("array" if rest else "scalar", type_.dtype, tuple(rest))
        parts = [element] * min(count, 3)
    total = type_of(start)
    for part in parts:
        total = _add(operator.add, Value("total", total), Value("part", part))
    return total._replace(value=None) if total.numeric else ANY


def _len(function: Any, x: Tree) -> Type:
    if _sequence(x):
        return Type("number", "int", (), len(x))
    type_ = type_of(x)
    if type_.shape:
        return Type("number", "int", (), _exact(type_.shape[0]))
    if type_.kind == "object" and type(type_.value) is tuple:
        return Type("number", "int", (), len(type_.value))
    return _NUMBERS["int"]


def _math(function: Callable[..., Any], *trees: Tree, **options: Tree) -> Type:
    name = function.__name__
    if name in ("isnan", "isinf", "isfinite", "isclose"):
        return _NUMBERS["bool"]
    if name in ("isqrt", "gcd", "lcm", "factorial", "comb", "perm"):
        return _NUMBERS["int"]
    if name in ("floor", "ceil", "trunc"):
        (type_,) = map(type_of, trees)
        if type_.kind in ("number", "scalar") and type_.dtype:
            return Type(*_learn(function, _describe(type_)), ())
        raise Unknown
    if name in ("frexp", "modf"):
        return _several(function, *trees)
    if name in ("prod", "sumprod"):
        raise Unknown
    return _NUMBERS["float"]


# --- Sizes and dtypes read -------------------------------------------------------------------------


def _shape_of(function: Any, a: Tree) -> Type:
    shape = _operand(a).shape
    return _OBJECT if shape is None else Type("object", None, None, shape)


def _size_read(function: Any, a: Tree, axis: Tree = None) -> Type:
    type_ = _operand(a)
    if type_.shape is None or isinstance(axis, (Value, Expr)):
        return _NUMBERS["int"]
    sizes = type_.shape if axis is None else [type_.shape[i] for i in _axes(axis, len(type_.shape))]
    return Type("number", "int", (), _exact(_product(sizes)))


def _ndim(function: Any, a: Tree) -> Type:
    return Type("number", "int", (), _operand(a).rank)


def _dtype_of(function: Any, x: Tree) -> Type:
    type_ = type_of(x)
    return Type("object", type_.dtype) if type_.numeric and type_.kind != "any" else _OBJECT


# --- Indexing --------------------------------------------------------------------------------------


def _slice(size: Dim, index: Slice) -> Dim:
    """The size of a slice of an axis."""
    first, last, stride = index
    if stride is None and isinstance(size, Size):  # the usual ones, quickly
        first = 0 if first is None else first
        if type(first) is int and first >= 0 and (last is None or (type(last) is int and last < 0)):
            return size.less(first - (last or 0))
    bounds = [None if part is None else _value(part) for part in index]
    start, stop, step = bounds[0], bounds[1], 1 if bounds[2] is None else bounds[2]
    if isinstance(size, int) and not any(isinstance(part, Exact) for part in (start, stop, step)):
        return len(range(*slice(start, stop, step).indices(size)))
    if step == -1 and start is None and stop is None:
        return size
    if step == 1:
        whole = _exact(size)
        start = 0 if start is None else start
        if _bare(stop) == _bare(whole):
            stop = None
        cut: int | None = None
        if stop is None:
            cut = 0
        elif isinstance(stop, int) and stop < 0:
            cut = -stop
        elif isinstance(stop, Exact) and isinstance(whole, Exact) and stop.key == whole.key:
            # x[:n - 3] of n == 2 is x[:-1], not empty: exact for 1 and 2 only.
            cut = short if (short := whole.offset - stop.offset) in (1, 2) else None
        if isinstance(start, int) and start >= 0 and cut is not None:
            return less(size, start + cut)
        if isinstance(start, int) and start < 0 and stop is None:
            stop, start = -start, 0  # x[-k:] has as many elements as x[:k]
        if _bare(start) == _bare(whole) and stop is None:
            return 0
    base = size if isinstance(size, int) else _plain(size)
    return Size(Opaque("slice", base, _bare(start), _bare(stop), _bare(step)))


def _bare(count: int | Exact | None) -> int | Exact | None:
    return Exact(count.key, count.offset) if isinstance(count, Exact) else count


class _Advanced(NamedTuple):
    """An index array: its shape and how many axes it takes."""

    shape: Shape
    takes: int


def _index(tree: Tree) -> Any:
    """A part of an index: "int", None, Ellipsis, a Slice, or an `_Advanced`."""
    if tree is None or tree is Ellipsis or isinstance(tree, Slice):
        return tree
    type_ = _operand(tree)
    if _is_int(type_):
        return "int"
    if type_.dtype is None or type_.shape is None or (type_.kind == "number" or not type_.shape):
        raise Unknown
    if type_.dtype == "bool":
        if isinstance(tree, Value):
            return _Advanced((Size(Opaque("mask", tree)),), len(type_.shape))
        count = int(np.count_nonzero(tree)) if not any(True for _ in leaves(tree)) else _fresh()
        return _Advanced((count,), len(type_.shape))
    if type_.dtype.startswith(("int", "uint")) or (_sequence(tree) and not tree):
        return _Advanced(type_.shape, 1)
    raise Unknown


def _getitem(function: Any, base: Tree, index: Tree) -> Type:
    type_ = type_of(base)
    if type_.kind == "object" or type_.kind == "record":
        return _element(base, type_, index)
    if type_.shape is None:
        return Type("any", type_.dtype if type_.kind == "array" else None)
    if type_.kind == "number" or (type_.kind == "any" and not type_.shape):
        raise Unknown
    if type(index) is tuple:
        parts = [_index(part) for part in index]
    elif isinstance(index, (Value, Expr)) and index.type.kind == "object":
        raise Unknown
    else:
        parts = [_index(index)]
    shape, scalar = _indexed(type_.shape, parts)
    return Type("scalar" if scalar else "array", type_.dtype, shape)


def _element(base: Tree, type_: Type, index: Tree) -> Type:
    """Indexing a tuple or a list."""
    value: Any = base if _sequence(base) else type_.value
    if type(value) not in (tuple, list):
        raise Unknown
    if isinstance(index, Slice):
        part = value[slice(*(None if bound is None else operator.index(bound) for bound in index))]
        return type_of(part) if value is base else Type("object", None, None, part)
    part = value[operator.index(index)]
    return type_of(part) if value is base else Type("number", "int", (), _exact(part))


def _indexed(shape: Shape, parts: list[Any]) -> tuple[Shape, bool]:
    """The shape of an array indexed by parts, and whether the result is one element."""
    used = sum(
        part.takes if isinstance(part, _Advanced) else part == "int" or isinstance(part, Slice)
        for part in parts
    )
    ellipses = sum(part is Ellipsis for part in parts)
    if used > len(shape) or ellipses > 1:
        raise Unknown
    if not ellipses:
        parts = [*parts, Ellipsis]
    advanced = any(isinstance(part, _Advanced) for part in parts)
    out: list[Dim] = []
    place: int | None = None
    gap = separated = False
    joined: Shape = ()
    axis = 0
    for part in parts:
        if isinstance(part, _Advanced) or part == "int":
            if advanced:
                separated = separated or gap
                place = len(out) if place is None else place
            if isinstance(part, _Advanced):
                joined = _broadcast_shapes(joined, part.shape)
            axis += part.takes if isinstance(part, _Advanced) else 1
            continue
        gap = gap or place is not None
        if part is None:
            out.append(1)
        elif part is Ellipsis:
            out.extend(shape[axis : axis + len(shape) - used])
            axis += len(shape) - used
        else:
            out.append(_slice(shape[axis], part))
            axis += 1
    if advanced:
        front = 0 if separated else place
        assert front is not None
        out[front:front] = joined
    return tuple(out), not out and not ellipses


# --- Reductions ------------------------------------------------------------------------------------


def _reduce(
    function: Callable[..., Any],
    a: Tree,
    axis: Tree = None,
    *,
    dtype: Tree = None,
    keepdims: Tree = False,
    **rest: Tree,
) -> Type:
    type_ = _operand(a)
    for name in ("where", "initial", "mean"):  # they change neither shape nor dtype
        rest.pop(name, None)
    _static(keepdims, *rest.values())
    options = dict(rest, dtype=None if dtype is None else np.dtype(_dtype(dtype)))
    if type_.shape is None:
        if axis is not None or keepdims:
            return ANY
        if type_.dtype is None or (type_.kind == "any" and type_.dtype in _WEAK):
            return (
                Type("scalar", _dtype(dtype, _FIXED.get(function)), ())
                if function in _FIXED
                else ANY
            )
        return Type(*_learn(function, _describe(type_, 1), **options), ())
    rank = len(type_.shape)
    shape: Shape
    if axis is None:
        shape = (1,) * rank if keepdims else ()
    elif isinstance(axis, (Value, Expr)):
        if not _is_int(axis.type) or not rank:
            raise Unknown
        shape = tuple(_fresh() for _ in range(rank if keepdims else rank - 1))
    else:
        if not rank:
            raise Unknown
        gone = _axes(axis, rank)
        if not gone:
            raise Unknown
        shape = tuple(
            1 if i in gone else s for i, s in enumerate(type_.shape) if keepdims or i not in gone
        )
    if keepdims:
        options["keepdims"] = True
    if axis is not None:
        options["axis"] = (0,) if isinstance(axis, tuple) else 0
    if type_.dtype is None:
        if function in _FIXED:
            return _made(shape, "scalar", _FIXED[function])
        kind, made = (
            _learn(function, ("array", "float64", min(rank, 1)), **options)[0],
            _dtype(dtype, None),
        )
    else:
        kind, made = _learn(function, _describe(type_, min(rank, 1)), **options)
    if function is np.count_nonzero and not shape:
        return Type("any", None, ())  # NumPy's versions differ
    return _made(shape, kind, made)


_FIXED: dict[Any, str] = {np.any: "bool", np.all: "bool", np.argmax: np.dtype(np.intp).name}
_FIXED[np.argmin] = _FIXED[np.argmax]


def _norm(
    function: Any, x: Tree, ord: Tree = None, axis: Tree = None, keepdims: Tree = False
) -> Type:
    type_ = _operand(x)
    _static(ord, keepdims)
    rank = len(_known(type_))
    if axis is None:
        if ord is not None and rank not in (1, 2):
            raise Unknown
        gone = list(range(rank))
    else:
        gone = _axes(axis, rank)
        if len(gone) not in (1, 2):
            raise Unknown
    shape = tuple(
        1 if i in gone else s for i, s in enumerate(_known(type_)) if keepdims or i not in gone
    )
    probe = type_._replace(shape=(2,) * len(gone)) if gone else type_
    more = {"keepdims": True} if keepdims else {}
    return _finish(np.linalg.norm, shape, probe, probe=True, ord=ord, **more)


def _trace(
    function: Any, a: Tree, offset: Tree = 0, axis1: Tree = 0, axis2: Tree = 1, dtype: Tree = None
) -> Type:
    type_ = _operand(a)
    shape = _known(type_)
    gone = _axes((axis1, axis2), len(shape))
    kept = tuple(size for i, size in enumerate(shape) if i not in gone)
    return _finish(np.trace, kept, type_, dtype=None if dtype is None else np.dtype(_dtype(dtype)))


def _unique(
    function: Any,
    ar: Tree,
    return_index: Tree = False,
    return_inverse: Tree = False,
    return_counts: Tree = False,
    axis: Tree = None,
    *,
    equal_nan: Tree = True,
    sorted: Tree = True,
) -> Type:
    type_, count = _or_any(ar), _fresh()
    shape: Shape | None = (count,)
    if axis is not None:
        shape = None
        if type_.shape is not None:
            place = _axis(axis, len(type_.shape))
            shape = (*type_.shape[:place], count, *type_.shape[place + 1 :])
    values = Type("array" if shape else "any", _default(type_), shape)
    places = np.dtype(np.intp).name
    others = [Type("array", places, (count,))] if return_index else []
    if return_inverse:
        others.append(Type("any", places))
    if return_counts:
        others.append(Type("array", places, (count,)))
    return Type("tuple", None, None, (values, *others)) if others else values


def _edges(bins: Tree) -> Dim:
    """How many edges bins have."""
    if _sequence(bins):
        return len(bins)
    type_ = type_of(bins)
    if type_.shape:
        return type_.shape[0]
    return _sum((_size(_value(bins)), 1)) if type_.numeric else _fresh()


def _histogram(
    function: Any,
    a: Tree,
    bins: Tree = 10,
    range: Tree = None,
    density: Tree = None,
    weights: Tree = None,
) -> Type:
    edges = _edges(bins)
    dtype = None if weights is None else _default(_or_any(weights))
    if density or not _floating(dtype):
        dtype = None
    counts = Type("array", dtype, (less(edges, 1),))
    return Type("tuple", "shared", None, (counts, Type("array", None, (edges,))))


def _histogram2d(
    function: Any,
    x: Tree,
    y: Tree,
    bins: Tree = 10,
    range: Tree = None,
    density: Tree = None,
    weights: Tree = None,
) -> Type:
    pair = bins if _sequence(bins) and len(bins) == 2 else (bins, bins)
    rows, columns = map(_edges, pair)
    counts = Type("array", "float64", (less(rows, 1), less(columns, 1)))
    edges = [Type("array", None, (size,)) for size in (rows, columns)]
    return Type("tuple", "shared", None, (counts, *edges))


def _cumulative(
    function: Callable[..., Any], a: Tree, axis: Tree = None, *, dtype: Tree = None
) -> Type:
    type_ = _operand(a)
    shape = _known(type_)
    if axis is None:
        shape = (_product(shape),)
    elif isinstance(axis, (Value, Expr)):
        if not _is_int(axis.type):
            raise Unknown
    else:
        _axis(axis, len(shape))
    probe = type_._replace(shape=(2,)) if type_.shape else type_
    name = None if dtype is None else np.dtype(_dtype(dtype))
    return _finish(function, shape, probe, probe=True, dtype=name)


def _along_first(handler: Handler) -> Handler:
    """The methods of ufuncs run along the first axis where none is named."""

    def found(function: Any, array: Tree, *, axis: Tree = 0, **options: Tree) -> Type:
        return handler(function, array, axis, **options)

    return found


def _reduceat(
    function: Any, array: Tree, indices: Tree, *, axis: Tree = 0, dtype: Tree = None
) -> Type:
    type_, at = _operand(array), _operand(indices)
    shape, count = list(_known(type_)), _known(at)
    shape[_axis(axis, len(shape))] = count[0]
    name = None if dtype is None else np.dtype(_dtype(dtype))
    places = ("const", "tuple", (0,))
    found = _learn(function, _describe(type_._replace(shape=(2,))), places, dtype=name)
    return _made(tuple(shape), *found)


def _quantile(
    function: Callable[..., Any],
    a: Tree,
    q: Tree,
    axis: Tree = None,
    *,
    keepdims: Tree = False,
    method: Tree = "linear",
    weights: Tree = None,
) -> Type:
    at, plain = _operand(q), _reduce(np.median, a, axis, keepdims=keepdims)
    if plain.shape is None or at.shape is None or plain.dtype is None or at.dtype is None:
        raise Unknown
    found = _learn(
        function, _describe(_operand(a), 1), _describe(at, min(len(at.shape), 1)), method=method
    )
    kind, dtype = found if weights is None else ("array", found[1])
    return _made(at.shape + plain.shape, kind, dtype)


# --- Products --------------------------------------------------------------------------------------


def _dot(function: Any, a: Tree, b: Tree) -> Type:
    one, two = _operand(a), _operand(b)
    left, right = _known(one), _known(two)
    if not left or not right:
        shape = left or right
    else:
        shape = left[:-1] + (right[:-2] + right[-1:] if len(right) > 1 else ())
    return _finish(np.dot, shape, one, two)


def _inner(function: Any, a: Tree, b: Tree) -> Type:
    one, two = _operand(a), _operand(b)
    left, right = _known(one), _known(two)
    return _finish(np.inner, left[:-1] + right[:-1] if left and right else left or right, one, two)


def _vdot(function: Any, a: Tree, b: Tree) -> Type:
    return _finish(np.vdot, (), _operand(a), _operand(b))


def _outer(function: Any, a: Tree, b: Tree) -> Type:
    one, two = _operand(a), _operand(b)
    return _finish(np.outer, (_product(_known(one)), _product(_known(two))), one, two)


def _tensordot(function: Any, a: Tree, b: Tree, axes: Tree = 2) -> Type:
    one, two = _operand(a), _operand(b)
    left, right = _known(one), _known(two)
    if _sequence(axes):
        first, second = axes
        gone, away = _axes(first, len(left)), _axes(second, len(right))
    else:
        count = operator.index(axes)
        if not 0 <= count <= min(len(left), len(right)):
            raise Unknown
        gone, away = list(range(len(left) - count, len(left))), list(range(count))
    if len(gone) != len(away):
        raise Unknown
    shape = [s for i, s in enumerate(left) if i not in gone] + [
        s for i, s in enumerate(right) if i not in away
    ]
    pairs = _pairs(gone), _pairs(away)
    found = _run(np.tensordot, (_describe_or(one), _describe_or(two), ("tuple", *pairs)), ())
    if found is None:
        raise Unknown
    return _made(tuple(shape), found[0], found[1] if one.dtype and two.dtype else None)


def _pairs(axes: list[int]) -> tuple[Any, ...]:
    return ("tuple", *(("const", "int", axis) for axis in axes))


def _describe_or(type_: Type) -> tuple[Any, ...]:
    return _describe(type_ if type_.dtype else type_._replace(dtype="float64"))


def _einsum(function: Any, subscripts: Tree, *operands: Tree, **options: Tree) -> Type:
    if not isinstance(subscripts, str):
        raise Unknown
    optimize = options.pop("optimize", False)
    if options:
        raise Unknown
    types = list(map(_operand, operands))
    text = subscripts.replace(" ", "")
    described = [("const", "str", text), *map(_describe_or, types)]
    found = _run(np.einsum, tuple(described), ())
    if found is None or found[2] is None:
        raise Unknown
    dtype = found[1] if all(t.dtype for t in types) else None
    kind = "any" if optimize and not found[2] else found[0]  # NumPy's versions differ
    try:
        labels, output = written_out(text, [len(_known(type_)) for type_ in types])
    except NotImplementedError:
        raise Unknown from None
    sizes: dict[str, Dim] = {}
    for term, type_ in zip(labels, types):
        for label, size in zip(term, _known(type_)):
            sizes[label] = _broadcast_sizes(sizes[label], size) if label in sizes else size
    return _made(tuple(sizes[label] for label in output), kind, dtype)


# --- Shapes ----------------------------------------------------------------------------------------


def _reshape(
    function: Any,
    a: Tree,
    *entries: Tree,
    shape: Tree = None,
    newshape: Tree = None,
    order: Tree = "C",
    copy: Tree = None,
) -> Type:
    type_ = _operand(a)
    if len(entries) == 2 and isinstance(entries[1], str):
        entries = entries[:1]
    wanted: Tree = entries[0] if len(entries) == 1 else entries
    if not isinstance(order, str):
        raise Unknown
    if not entries:
        wanted = newshape if shape is None else shape
    if isinstance(wanted, (Value, Expr)) and wanted.type.kind == "object":
        return Type("array", _default(type_), _shape(wanted))
    counts = [_value(entry) for entry in (wanted if _sequence(wanted) else (wanted,))]
    auto = [i for i, count in enumerate(counts) if count == -1]
    if len(auto) > 1:
        raise Unknown
    out: list[Dim] = []
    for count in counts:
        try:
            out.append(_as_size(count) if not auto else _size(count))
        except Unknown:  # it may be -1
            out.append(_fresh())
    if auto and type_.shape is not None:
        out[auto[0]] = _quotient(type_.shape, [size for i, size in enumerate(out) if i != auto[0]])
    elif auto:
        out[auto[0]] = _fresh()
    return Type("array", _default(type_), tuple(out))


def _default(type_: Type) -> str | None:
    """The dtype of an operand as an array."""
    if type_.kind == "any" and type_.dtype in _WEAK and not type_.shape:
        return None
    if type_.kind != "number" or type_.dtype is None:
        return type_.dtype
    return np.dtype(type_.dtype).name


def _ravel(function: Any, a: Tree, order: Tree = "C") -> Type:
    type_ = _operand(a)
    return Type(
        "array", _default(type_), (_fresh() if type_.shape is None else _product(type_.shape),)
    )


def _transpose(function: Any, a: Tree, *order: Tree, axes: Tree = None) -> Type:
    type_ = _operand(a)
    shape = _known(type_)
    if len(order) == 1 and (order[0] is None or _sequence(order[0])):
        axes, order = order[0], ()
    axes = order or axes
    if not shape:
        return _finish(np.transpose, (), type_)
    places = _axes(axes, len(shape)) if axes else list(range(len(shape)))[::-1]
    if len(places) != len(shape):
        raise Unknown
    return _made(tuple(shape[i] for i in places), "array", type_.dtype)


def _swapaxes(function: Any, a: Tree, axis1: Tree, axis2: Tree) -> Type:
    type_ = _operand(a)
    shape = list(_known(type_))
    i, j = _axis(axis1, len(shape)), _axis(axis2, len(shape))
    shape[i], shape[j] = shape[j], shape[i]
    return Type("array", type_.dtype, tuple(shape))


def _moveaxis(function: Any, a: Tree, source: Tree, destination: Tree) -> Type:
    type_ = _operand(a)
    shape = _known(type_)
    sources, targets = _axes(source, len(shape)), _axes(destination, len(shape))
    order = [i for i in range(len(shape)) if i not in sources]
    for target, origin in sorted(zip(targets, sources)):
        order.insert(target, origin)
    if len(sources) != len(targets):
        raise Unknown
    return Type("array", type_.dtype, tuple(shape[i] for i in order))


def _squeeze(function: Any, a: Tree, axis: Tree = None) -> Type:
    type_ = _operand(a)
    shape = _known(type_)
    if not shape:
        raise Unknown
    if axis is None:
        if not all(size == 1 or never_one(size) for size in shape):
            return Type("array", type_.dtype)
        gone = [i for i, size in enumerate(shape) if size == 1]
    else:
        gone = _axes(axis, len(shape))
    return Type("array", type_.dtype, tuple(size for i, size in enumerate(shape) if i not in gone))


def _expand_dims(function: Any, a: Tree, axis: Tree) -> Type:
    type_ = _operand(a)
    shape = _known(type_)
    rank = len(shape) + (len(axis) if _sequence(axis) else 1)
    new, rest = _axes(axis, rank), iter(shape)
    return Type("array", _default(type_), tuple(1 if i in new else next(rest) for i in range(rank)))


def _broadcast_to(function: Any, array: Tree, shape: Tree) -> Type:
    return Type("array", _default(_operand(array)), _shape(shape))


def _parts(arrays: Tree) -> list[Type]:
    """The operands of a function that joins arrays."""
    if _sequence(arrays):
        if not arrays:
            raise Unknown
        return [_operand(part) for part in arrays]
    type_ = _operand(arrays)
    shape = _known(type_)
    if len(shape) < 2 or not isinstance(shape[0], int) or not 0 < shape[0] <= 64:
        raise Unknown
    return [Type("array", type_.dtype, shape[1:])] * shape[0]


def _joined(function: Callable[..., Any], types: list[Type], shape: Shape, dtype: Tree) -> Type:
    if dtype is not None:
        return Type("array", _dtype(dtype), shape)
    if any(t.dtype is None for t in types):
        return Type("array", None, shape)
    kind, name = _learn(function, ("tuple", *sorted({_describe(t, len(_known(t))) for t in types})))
    return Type(kind, name, shape)


def _concatenated(shapes: list[Shape], axis: int) -> Shape:
    if len({len(shape) for shape in shapes}) != 1:
        raise Unknown
    axis = _axis(axis, len(shapes[0]))
    return tuple(
        _sum(sizes) if i == axis else _pick(*sizes) for i, sizes in enumerate(zip(*shapes))
    )


def _concatenate(
    function: Any, arrays: Tree, axis: Tree = 0, *, dtype: Tree = None, casting: Tree = None
) -> Type:
    types = _parts(arrays)
    shapes = [_known(t) for t in types]
    if axis is None:
        shape: Shape = (_sum(_product(shape) for shape in shapes),)
        types = [Type("array", _default(t), (2,)) for t in types]
    else:
        shape = _concatenated(shapes, axis)
    return _joined(np.concatenate, types, shape, dtype)


def _stack(
    function: Any, arrays: Tree, axis: Tree = 0, *, dtype: Tree = None, casting: Tree = None
) -> Type:
    types = _parts(arrays)
    shape = list(_common(types))
    shape.insert(_axis(axis, len(shape) + 1), len(types))
    return _joined(np.stack, types, tuple(shape), dtype)


def _vstack(function: Any, tup: Tree, *, dtype: Tree = None, casting: Tree = None) -> Type:
    types = _parts(tup)
    shapes = [(1,) * (2 - len(shape)) + shape for shape in map(_known, types)]
    return _joined(np.vstack, types, _concatenated(shapes, 0), dtype)


def _hstack(function: Any, tup: Tree, *, dtype: Tree = None, casting: Tree = None) -> Type:
    types = _parts(tup)
    shapes = [shape or (1,) for shape in map(_known, types)]
    return _joined(np.hstack, types, _concatenated(shapes, 0 if len(shapes[0]) == 1 else 1), dtype)


def _column_stack(function: Any, tup: Tree) -> Type:
    types = _parts(tup)
    shapes = [shape if len(shape) > 1 else (*(shape or (1,)), 1) for shape in map(_known, types)]
    return _joined(np.column_stack, types, _concatenated(shapes, 1), None)


def _same(
    function: Callable[..., Any], a: Tree, *rest: Tree, least: int = 0, **options: Tree
) -> Type:
    """A function whose result has the shape of its operand, which has `least` axes at least."""
    type_ = _operand(a)
    if type_.shape is not None and len(type_.shape) < least:
        raise Unknown
    if type_.shape is None:
        return Type("any", None)
    for tree in (*rest, *options.values()):
        if isinstance(tree, (Value, Expr)) and not tree.type.numeric:
            raise Unknown
    return _finish(function, type_.shape, type_)


def _roll(function: Any, a: Tree, shift: Tree, axis: Tree = None) -> Type:
    type_ = _operand(a)
    return Type("array", _default(type_), _known(type_))


def _flip(function: Any, a: Tree, axis: Tree = None) -> Type:
    return _same(np.flip, a)


def _sort(
    function: Callable[..., Any],
    a: Tree,
    axis: Tree = -1,
    *,
    kind: Tree = None,
    stable: Tree = None,
) -> Type:
    type_ = _operand(a)
    shape = _known(type_)
    shape = (_product(shape),) if axis is None else shape
    if not type_.shape:
        raise Unknown
    return _finish(function, shape, type_._replace(shape=(2,)), probe=True)


def _argsort(
    function: Callable[..., Any],
    a: Tree,
    axis: Tree = -1,
    *,
    kind: Tree = None,
    stable: Tree = None,
) -> Type:
    return _sort(function, a, axis)


def _partition(
    function: Callable[..., Any], a: Tree, kth: Tree, axis: Tree = -1, *, kind: Tree = None
) -> Type:
    ordered = np.sort if function is np.partition else np.argsort
    return _sort(ordered, a, axis)


def _diff(function: Any, a: Tree, n: Tree = 1, axis: Tree = -1, **ends: Tree) -> Type:
    if ends:
        return _defined(function, a, n=n, axis=axis, **ends)
    type_ = _operand(a)
    shape = list(_known(type_))
    count, place = operator.index(n), _axis(axis, len(shape))
    if count < 0:
        raise Unknown
    shape[place] = less(shape[place], count)
    return _finish(np.diff, tuple(shape), type_, n=min(count, 1))


def _diag(function: Any, v: Tree, k: Tree = 0) -> Type:
    type_ = _operand(v)
    shape = _known(type_)
    if len(shape) == 1:
        offset = abs(k) if type(k) is int else None
        size = _fresh() if offset is None else _sum((shape[0], offset))
        return Type("array", type_.dtype, (size, size))
    if len(shape) != 2:
        raise Unknown
    return Type("array", type_.dtype, (_diagonal_size(*shape, k),))


def _diagonal_size(rows: Dim, columns: Dim, offset: Tree) -> Dim:
    if type(offset) is not int:
        return _fresh()
    if isinstance(rows, int) and isinstance(columns, int):
        return max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    if same_size(rows, columns):
        return less(rows, abs(offset))
    return Size(
        Opaque(
            "diagonal", *(s if isinstance(s, int) else _plain(s) for s in (rows, columns)), offset
        )
    )


def _diagonal(function: Any, a: Tree, offset: Tree = 0, axis1: Tree = 0, axis2: Tree = 1) -> Type:
    type_ = _operand(a)
    shape = _known(type_)
    first, second = _axes((axis1, axis2), len(shape))
    rest = tuple(size for i, size in enumerate(shape) if i not in (first, second))
    return Type("array", type_.dtype, (*rest, _diagonal_size(shape[first], shape[second], offset)))


def _atleast(function: Callable[..., Any], *arys: Tree) -> Type:
    if len(arys) != 1:
        return Type("tuple", "shared", None, tuple(_atleast(function, each) for each in arys))
    type_ = _operand(arys[0])
    least = int(function.__name__[8])
    shape = _known(type_)
    if len(shape) < least:
        if least == 3:
            padded: dict[int, Shape] = {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}
            shape = padded[len(shape)]
        else:
            shape = (1,) * (least - len(shape)) + shape
    return Type("array", _default(type_), shape)


def _take(
    function: Any, a: Tree, indices: Tree, axis: Tree = None, *, mode: Tree = "raise"
) -> Type:
    type_, at = _operand(a), _operand(indices)
    shape, new = _known(type_), _known(at)
    if axis is not None:
        place = _axis(axis, len(shape))
        new = shape[:place] + new + shape[place + 1 :]
    if not new:
        return Type("any", _default(type_), ())
    return Type("array", _default(type_), new)


def _take_along_axis(function: Any, arr: Tree, indices: Tree, axis: Tree = -1) -> Type:
    type_, at = _operand(arr), _operand(indices)
    shape, new = _known(type_), _known(at)
    if axis is None:
        return Type("array", type_.dtype, new)
    if len(shape) != len(new):
        raise Unknown
    place = _axis(axis, len(shape))
    sizes = tuple(
        n if one == place else _broadcast_sizes(m, n) for one, (m, n) in enumerate(zip(shape, new))
    )
    return Type("array", type_.dtype, sizes)


def _pad(
    function: Any, array: Tree, pad_width: Tree, mode: Tree = "constant", **rest: Tree
) -> Type:
    type_ = _operand(array)
    given = pad_width if _sequence(pad_width) else ((pad_width, pad_width),)
    if not any(map(_sequence, given)):
        given = (given,)
    pairs = given if len(given) > 1 else given * len(_known(type_))
    shape = tuple(
        _sum((size, _size(_value(pair[0])), _size(_value(pair[-1]))))
        for size, pair in zip(_known(type_), pairs)
    )
    return Type("array", _default(type_), shape)


def _defined(function: Any, *args: Tree, **options: Tree) -> Type:
    rule = rule_of(function)
    if rule is None or rule.definition is None:
        raise Unknown
    return _by_definition(function, rule.definition, *args, **options)


def _resized(type_: Type, axis: Tree, change: Callable[[Dim], Dim]) -> Type:
    """The type of an array, changed in size along one axis; along that of all its elements where it is None."""
    shape = _known(type_)
    if axis is None:
        return Type("array", _default(type_), (change(_product(shape)),))
    place = _axis(axis, len(shape))
    return Type(
        "array", _default(type_), (*shape[:place], change(shape[place]), *shape[place + 1 :])
    )


def _delete(function: Any, arr: Tree, obj: Tree, axis: Tree = None) -> Type:
    if type(obj) is int:
        return _resized(_operand(arr), axis, lambda size: less(size, 1))
    return _defined(function, arr, obj, axis=axis)


def _insert(function: Any, arr: Tree, obj: Tree, values: Tree, axis: Tree = None) -> Type:
    if type(obj) is int and type_of(values).rank == 0:
        return _resized(_operand(arr), axis, lambda size: _sum((size, 1)))
    return _defined(function, arr, obj, values, axis=axis)


def _searchsorted(function: Any, a: Tree, v: Tree, *rest: Tree, **options: Tree) -> Type:
    at = _operand(v)
    return _finish(np.searchsorted, _known(at), _operand(a), at)


# --- Polynomials -----------------------------------------------------------------------------------


def _polynomial_value(function: Callable[..., Any], x: Tree, c: Tree, tensor: Tree = True) -> Type:
    """numpy.polynomial: the axes of the coefficients but the first, then those of the points."""
    at, type_ = _operand(x), _operand(c)
    if not tensor and len(_known(type_)) > 1:
        raise Unknown
    shape = _known(type_)[1:] + _known(at)
    first = type_._replace(shape=(2,))
    kind = "scalar" if at.rank == 0 else "array"
    found = _finish(function, shape, at._replace(shape=(2,)), first, probe=True)
    return found if shape else found._replace(kind=kind)


def _one_more(degree: Tree) -> Dim:
    """The number of coefficients."""
    count = _value(degree)
    return _size(count + 1 if isinstance(count, int) else count._replace(offset=count.offset + 1))


def _polynomial_powers(function: Callable[..., Any], x: Tree, deg: Tree) -> Type:
    at = _operand(x)
    shape = (*(_known(at) or (1,)), _one_more(deg))
    return _finish(function, shape, at._replace(shape=(2,)), probe=True, deg=1)


def _polynomial_change(
    sign: int,
    function: Callable[..., Any],
    c: Tree,
    m: Tree = 1,
    *rest: Tree,
    axis: Tree = 0,
    **more: Tree,
) -> Type:
    """The derivative has a coefficient less for each order, but one at least; the integral one more."""
    type_ = _operand(c)
    shape = list(_known(type_))
    place, order = _axis(axis, len(shape)), operator.index(m)
    if sign < 0 and order:
        size = shape[place]
        known = isinstance(size, int)
        shape[place] = max(size - order, 1) if known else _fresh()  # type: ignore[operator]
    elif order:
        shape[place] = _sum((shape[place], order))
    return _finish(function, tuple(shape), type_._replace(shape=(2,)), probe=True)


def _polynomial_fit(
    function: Callable[..., Any], x: Tree, y: Tree, deg: Tree, *rest: Tree, **more: Tree
) -> Type:
    if more.get("full") or more.get("cov") or rest or len(_known(_operand(y))) != 1:
        raise Unknown
    points, values = _operand(x), _operand(y)
    dtype = (
        np.result_type(points.dtype, values.dtype, 1.0) if points.dtype and values.dtype else None
    )
    name = None if dtype is None or dtype.name not in ("float64", "complex128") else dtype.name
    return Type("array", name, (_one_more(deg),))


def _monic(function: Any, seq_of_zeros: Tree) -> Type:
    type_ = _operand(seq_of_zeros)
    (count,) = _known(type_)
    real = type_.dtype in ("float64", "float32", "float16")
    return Type("array", type_.dtype if real else None, (_sum((count, 1)),))


# --- Fourier transforms ----------------------------------------------------------------------------


def _half(size: Dim) -> Dim:
    """The number of elements of half a spectrum: `n // 2 + 1`."""
    if isinstance(size, int):
        return size // 2 + 1
    count = _exact(size)
    assert isinstance(count, Exact)
    return _size(Exact(Opaque("floordiv", Exact(count.key, count.offset), 2), 1))


def _whole(size: Dim) -> Dim:
    return _product((2, less(size, 1)))


def _fourier(
    change: str,
    function: Callable[..., Any],
    a: Tree,
    n: Tree = None,
    axis: Tree = -1,
    norm: Tree = None,
) -> Type:
    """A transform of one axis; `change` says what becomes of its size: "same", "half" or "whole"."""
    type_ = _operand(a)
    shape = list(_known(type_))
    place = _axis(axis, len(shape))
    size = shape[place] if n is None else _size(_value(n))
    if change == "half":
        size = _half(size)
    elif change == "whole" and n is None:
        size = _whole(size)
    shape[place] = size
    return _finish(function, tuple(shape), type_._replace(shape=(2,)), probe=True)


def _fourier_of_several(
    change: str,
    default: Any,
    function: Callable[..., Any],
    a: Tree,
    s: Tree = None,
    axes: Tree = None,
    norm: Tree = None,
) -> Type:
    type_ = _operand(a)
    shape = list(_known(type_))
    if axes is None:
        axes = default or tuple(range(-(len(shape) if s is None else len(s)), 0))
    places = [_axis(axis, len(shape)) for axis in axes]
    for place, count in zip(places, s or ()):
        if not (type(count) is int and count == -1):
            shape[place] = _size(_value(count))
    last = places[-1]
    if change == "half":
        shape[last] = _half(shape[last])
    elif change == "whole" and s is None:
        shape[last] = _whole(shape[last])
    return _finish(function, tuple(shape), type_._replace(shape=(2,) * len(shape)))


def _frequencies(function: Any, n: Tree, d: Tree = 1.0) -> Type:
    size = _size(_value(n))
    return Type("array", "float64", (_half(size) if function is np.fft.rfftfreq else size,))


# --- Several results -------------------------------------------------------------------------------


def _several(function: Callable[..., Any], *trees: Tree, **options: Tree) -> Type:
    """Several results, or where an option says so one: how many, and their class, whatever is known of the operands."""
    types = [_or_any(tree) for tree in trees]
    sure = all(t.shape is not None and (t.kind != "any" or t.shape) for t in types)
    full = [
        t if sure and t.dtype else t._replace(dtype="float64")
        for t in (types if sure else [Type("array", "float64", (2, 2))] * len(types))
    ]
    given = tuple((key, _const(value)) for key, value in options.items() if value is not None)
    found = _run(function, tuple(map(_describe, full)), given)
    if found is None:
        raise Unknown
    several = found[0] == "tuple"
    parts = found[2] if several else (found,)
    shapes: Any = [None] * len(parts)
    if sure:
        shapes = _shapes_of_results(function, types, options, len(parts))
    known = sure and all(t.dtype for t in types)
    if function in _BY_VALUE and not (types[0].dtype or "").startswith("complex"):
        known = False
    made = [
        _made(shape, kind, dtype if known else None) if shape is None or len(shape) == rank else ANY
        for shape, (kind, dtype, rank) in zip(shapes, parts)
    ]
    if not several:
        return made[0]
    names = hasattr(found[1], "_fields")
    return Type("tuple", None, None, found[1](*made) if names else tuple(made))


def _or_any(tree: Tree) -> Type:
    try:
        return _operand(tree)
    except Unknown:
        return ANY


def _shapes_of_results(
    function: Callable[..., Any], types: list[Type], options: dict[str, Tree], count: int
) -> list[Shape | None]:
    rule = rule_of(function)
    try:
        if rule is not None and rule.signature is not None:
            shapes = _named_shapes(rule.signature, types)
            if len(shapes) != count:
                raise Unknown
            return list(shapes)
        if function in _MATRIX_RESULTS:
            (*stack, m, n), *_ = map(_known, types)
            cores = _MATRIX_RESULTS[function](m, n, *types[1:], **options)
            return [None if core is None else (*stack, *core) for core in cores]
        return [_broadcast(types)] * count
    except (Unknown, ValueError):
        return [None] * count


def _smaller(m: Dim, n: Dim) -> Dim:
    if same_size(m, n):
        return _pick(m, n)
    if isinstance(m, int) and isinstance(n, int):
        return min(m, n)
    return 1 if 1 in (m, n) else Size(Opaque("min", frozenset(map(_plain_size, (m, n)))))


def _plain_size(size: Dim) -> Dim:
    return size if isinstance(size, int) else _plain(size)


def _qr_shapes(m: Dim, n: Dim, *, mode: str = "reduced") -> list[Shape]:
    k = _smaller(m, n)
    if mode == "r":
        return [(k, n)]
    found: dict[str, list[Shape]] = {"complete": [(m, m), (m, n)], "raw": [(n, m), (k,)]}
    return found.get(mode, [(m, k), (k, n)])


def _svd_shapes(
    m: Dim, n: Dim, *, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> list[Shape]:
    k = _smaller(m, n)
    if not compute_uv:
        return [(k,)]
    return [(m, m), (k,), (n, n)] if full_matrices else [(m, k), (k,), (k, n)]


def _lstsq_shapes(m: Dim, n: Dim, b: Type, *, rcond: Tree = None) -> list[Shape | None]:
    columns = _known(b)[1:]  # residuals there are none where the rank is less than n
    return [(n, *columns), (_fresh(),), (), (_smaller(m, n),)]


_MATRIX_RESULTS: dict[Any, Callable[..., Any]] = {
    np.linalg.qr: _qr_shapes,
    np.linalg.svd: _svd_shapes,
    np.linalg.lstsq: _lstsq_shapes,
}
# The dtypes of their results depend on values.
_BY_VALUE = {np.linalg.eig, np.linalg.eigvals}


def _part(function: Any, results: Tree, place: int) -> Type:
    return type_of(results).parts[place]


# --- Linear algebra --------------------------------------------------------------------------------


# --- Creation --------------------------------------------------------------------------------------


def _filled(function: Any, shape: Tree, dtype: Tree = None, order: Tree = "C") -> Type:
    return Type("array", _dtype(dtype), _shape(shape))


def _full(
    function: Any, shape: Tree, fill_value: Tree, dtype: Tree = None, order: Tree = "C"
) -> Type:
    return Type("array", _dtype(dtype, _default(_operand(fill_value))), _shape(shape))


def _like(function: Any, a: Tree, *rest: Tree, dtype: Tree = None, shape: Tree = None) -> Type:
    if len(rest) == 1 and function is not np.full_like and dtype is None:
        (dtype,) = rest
    elif len(rest) > (function is np.full_like):
        raise Unknown
    type_ = _operand(a)
    return Type(
        "array", _dtype(dtype, _default(type_)), type_.shape if shape is None else _shape(shape)
    )


def _full_like(
    function: Any, a: Tree, fill_value: Tree, dtype: Tree = None, *, shape: Tree = None
) -> Type:
    return _like(np.full_like, a, fill_value, dtype=dtype, shape=shape)


def _eye(function: Any, N: Tree, M: Tree = None, k: Tree = 0, dtype: Tree = None) -> Type:
    return Type("array", _dtype_if_known(dtype), _shape((N, N if M is None else M)))


def _indices(function: Any, dimensions: Tree, dtype: Tree = int) -> Type:
    shape = _shape(dimensions)
    return Type("array", _dtype(dtype), (len(shape), *shape))


def _window(function: Any, M: Tree, *beta: Tree) -> Type:
    return Type("array", "float64", _shape(M))


def _identity(function: Any, n: Tree, dtype: Tree = None) -> Type:
    return Type("array", _dtype(dtype), _shape((n, n)))


def _arange(
    function: Any, start: Tree = None, stop: Tree = None, step: Tree = None, dtype: Tree = None
) -> Type:
    if start is None:
        start, stop = stop, None
    given = [start, *([] if stop is None else [stop]), *([] if step is None else [step])]
    if stop is None and step is not None:
        given = [0, start, step]
    types = [_operand(tree) for tree in given]
    if any(t.shape != () for t in types):
        raise Unknown
    name: str | None
    if dtype is not None:
        name = _dtype(dtype)
    elif any(t.dtype is None or t.kind == "any" or t.dtype == "bool" for t in types):
        name = None
    else:
        name = _learn(np.arange, *map(_describe, types))[1]
    return Type("array", name, (_range(given, types),))


def _range(given: list[Tree], types: list[Type]) -> Dim:
    """The size of an arange."""
    if all(type(tree) in (int, float) for tree in given):
        span = [0, *given] if len(given) == 1 else given
        if abs(span[1] - span[0]) > 1e6 * abs(span[2] if len(span) > 2 else 1):
            return _fresh()
        return len(np.arange(*given))
    if not all(map(_is_int, types)):
        return _fresh()
    counts = [_value(tree) for tree in given]
    if len(counts) == 1:
        return _size(counts[0])
    start, stop, step = (*counts, 1)[:3]
    if step == 1 and isinstance(start, int):
        return _size(
            stop - start if isinstance(stop, int) else stop._replace(offset=stop.offset - start)
        )
    if all(isinstance(count, int) for count in (start, stop, step)) and step:
        return len(range(start, stop, step))  # type: ignore[arg-type]
    return Size(Opaque("range", _bare(start), _bare(stop), _bare(step)))


def _linspace(
    function: Callable[..., Any],
    start: Tree,
    stop: Tree,
    num: Tree = 50,
    endpoint: Tree = True,
    *,
    dtype: Tree = None,
    axis: Tree = 0,
) -> Type:
    one, two = _operand(start), _operand(stop)
    shape = _broadcast((one, two))
    if shape is None:
        raise Unknown
    place = _axis(axis, len(shape) + 1)
    out = (*shape[:place], _shape(num)[0], *shape[place:])
    if dtype is not None:
        return Type("array", _dtype(dtype), out)
    return _finish(function, out, one, two)


def _array(
    function: Callable[..., Any], a: Tree, dtype: Tree = None, *, copy: Tree = True, ndmin: Tree = 0
) -> Type:
    type_ = _operand(a)
    shape = type_.shape
    if ndmin:
        shape = (1,) * (operator.index(ndmin) - len(_known(type_))) + _known(type_)
    if function is np.ascontiguousarray and shape is not None:
        shape = shape or (1,)
    elif function is np.ascontiguousarray:
        raise Unknown
    return Type("array", _dtype(dtype, _default(type_)), shape)


def _copy(function: Any, a: Tree, order: Tree = "K") -> Type:
    type_ = _operand(a)
    return Type("array", _default(type_), type_.shape)


def _astype(function: Any, x: Tree, dtype: Tree, **options: Tree) -> Type:
    type_ = _operand(x)
    return Type("any" if type_.shape is None else "array", _dtype(dtype), type_.shape)


# --- Our own vocabulary ----------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _kind(dtype: str | None) -> str:
    return "" if dtype is None else np.dtype(dtype).kind


def _floating(dtype: str | None) -> bool:
    return _kind(dtype) in ("f", "c")


def _put(function: Any, base: Tree, index: Tree, value: Tree, *, fresh: bool = False) -> Type:
    type_ = _operand(base)
    return Type("array", _default(type_), type_.shape)


def _bar(x_bar: Tree, x: Tree) -> tuple[Type, Type]:
    """The types of a cotangent and of what it belongs to: that of a real Python number is the real part."""
    bar, type_ = type_of(x_bar), type_of(x)
    if type_.kind == "number" and type_.dtype != "complex" and _kind(bar.dtype) == "c":
        assert bar.dtype is not None
        real = "float" if bar.kind == "number" else np.dtype(bar.dtype).type(0).real.dtype.name
        bar = bar._replace(dtype=real if type_.dtype else None)
    return bar, type_


def _cast(function: Any, x_bar: Tree, x: Tree) -> Type:
    bar, type_ = _bar(x_bar, x)
    if type_.kind in ("number", "object"):
        return bar
    if not bar.numeric or bar.shape is None:
        return Type("any", bar.dtype if bar.dtype == type_.dtype and type_.kind != "any" else None)
    if type_.dtype is None or (type_.kind == "any" and type_.dtype in _WEAK):
        return Type("array" if bar.shape else "any", None, bar.shape)
    if not _floating(type_.dtype) or (bar.dtype == type_.dtype and bar.kind != "number"):
        return bar
    if bar.kind == "number" or (bar.kind == "any" and not bar.shape):
        return Type("any", None, bar.shape)
    return _made(bar.shape, "scalar", type_.dtype)


def _sum_to(function: Any, x_bar: Tree, x: Tree) -> Type:
    bar, type_ = _bar(x_bar, x)
    if not type_.numeric or type_.shape is None:
        return Type("any", bar.dtype if bar.dtype == type_.dtype and _floating(bar.dtype) else None)
    dtype: str | None
    if bar.dtype is None or (bar.kind == "any" and bar.dtype in _WEAK):
        dtype = None
    else:
        dtype = _default(bar)
    if bar.shape is None or bar.rank < len(type_.shape):  # type: ignore[operator]
        dtype = dtype if dtype == type_.dtype else None
    elif type_.kind != "number" and (type_.kind == "array" or type_.dtype not in _WEAK):
        if type_.dtype is None:
            dtype = None
        elif _floating(type_.dtype):
            dtype = type_.dtype
    if not _floating(dtype):
        dtype = dtype if same_shape(bar, type_) else None
    return _made(type_.shape, "scalar", dtype)


def _spread(function: Any, x_bar: Tree, x: Tree) -> Type:
    bar, type_ = type_of(x_bar), type_of(x)
    if not bar.numeric:
        raise Unknown
    if type_.shape == ():
        return bar if bar.shape == () else Type("any", bar.dtype)
    dtype = None if bar.kind == "any" and bar.dtype in _WEAK and not bar.shape else bar.dtype
    if type_.shape is None:
        return Type("any", None if bar.kind == "number" else dtype)
    if bar.kind == "number" and (_floating(type_.dtype) or not type_.dtype):
        return Type("array", type_.dtype, type_.shape)
    return Type("array", _default(bar) if dtype else None, type_.shape)


def _result(function: Any, x_bar: Tree, x: Tree) -> Type:
    bar, type_ = _bar(x_bar, x)
    floating = _floating(type_.dtype) and type_.kind in ("array", "scalar")
    if type_.kind == "array":
        if type_.dtype is None:
            return Type("array", None, type_.shape)
        return Type("array", type_.dtype if floating else _default(bar), type_.shape)
    if type_.kind == "scalar" and floating and bar.shape == ():
        return Type("scalar", type_.dtype, ())
    if (
        bar.kind in ("number", "scalar")
        and type_.kind in ("number", "scalar")
        and not floating
        and type_.dtype
    ):
        return bar
    return Type("any", None, type_.shape or (bar.shape if type_.kind == "number" else None))


def _own(function: Any, x: Tree) -> Type:
    type_ = type_of(x)
    return type_ if type_.numeric else ANY


def _move(function: Any, x: Tree) -> Type:
    return type_of(x)


def _object(function: Any, *args: Tree, **options: Tree) -> Type:
    return _OBJECT


def _record(function: Any) -> Type:
    return Type("record")


# --- What rules say --------------------------------------------------------------------------------


_defining: ContextVar[frozenset[Any]] = ContextVar("functions being defined", default=frozenset())


def _by_definition(
    function: Callable[..., Any], definition: Callable[..., Any], *args: Tree, **options: Tree
) -> Type:
    """The type of what a definition ends with; where that uses the function itself (of places, say), NumPy is asked."""
    if function in _defining.get():
        return _sample(function, *args, **options)
    builder = Builder(infer)
    token = _defining.set(_defining.get() | {function})
    several = False

    def run(*args: Any, **options: Any) -> Any:
        nonlocal several
        made = definition(*args, **options)
        several = isinstance(made, (tuple, list))
        return tuple(made) if several else made

    try:
        found = quote(run, builder, args, options)
    except (NotImplementedError, RankUnknown):
        raise Unknown from None
    finally:
        _defining.reset(token)
    types = tuple(type_of(one)._replace(value=None) for one in found)
    if not several:
        return types[0]
    rule = rule_of(function)
    return Type("tuple", None if rule and rule.memory == "fresh" else "shared", None, types)


def _confirmed(
    function: Callable[..., Any], definition: Callable[..., Any], *args: Tree, **options: Tree
) -> Type:
    """The type of a definition of a function of SciPy's, which may make float64 of all it gets."""
    found = _by_definition(function, definition, *args, **options)
    if found.kind == "tuple" or found.shape is None:
        return found
    try:
        told = _sample(function, *args, **options)
    except Unknown:
        return found
    same = told.rank == found.rank and told.dtype is not None
    return found._replace(kind=told.kind, dtype=told.dtype) if same else found


def _generalized(
    function: Callable[..., Any], signature: str, *args: Tree, **options: Tree
) -> Type:
    """A function of arrays whose last axes a signature names; those before broadcast.

    >>> from srcad.core.types import array
    >>> n = Size("n")
    >>> a, b = Value("a", array("float32", 7, n, n)), Value("b", array("float64", n, 3))
    >>> _generalized(np.linalg.solve, "(n,n),(n,k)->(n,k)", a, b)
    float64[7, n, 3]
    """
    if len(cores(signature.partition("->")[2])) > 1:
        return _several(function, *args, **options)
    described = [type_of(tree).value for tree in args]
    sparse = [dtype for dtype in described if isinstance(dtype, np.dtype)]
    types = [None if tree is None or _is_sparse(tree) else _operand(tree) for tree in args]
    (shape,) = _named_shapes(signature, types)
    if sparse:
        names = [t.dtype for t in types if t is not None]
        known = [np.dtype(name) for name in names if name]
        dtype = np.result_type(*sparse, *known).name if len(known) == len(names) else None
        return _made(shape, "array", dtype)
    found = _finish(function, shape, *(t for t in types if t is not None), **options)
    if function in _BY_VALUE and not (found.dtype or "").startswith("complex"):
        return found._replace(dtype=None)
    return found


def _is_sparse(tree: Tree) -> bool:
    return isinstance(type_of(tree).value, np.dtype)


def _named_shapes(signature: str, types: Sequence[Type | None]) -> list[Shape]:
    """The shapes of the results of a function whose last axes a signature names."""
    given, made = map(cores, signature.split("->"))
    if len(types) > len(given):
        raise Unknown
    sizes: dict[str, Dim] = {}
    front: Shape = ()
    for type_, names in zip(types, given):
        if type_ is None:
            continue
        shape = _known(type_)
        core = named_axes(names, len(shape))
        if len(shape) < len(core):
            raise Unknown
        cut = len(shape) - len(core)
        front = _broadcast_shapes(front, shape[:cut])
        for name, size in zip(core, shape[cut:]):
            sizes[name] = _pick(sizes[name], size) if name in sizes else size

    def size_called(name: str) -> Dim:
        if name not in sizes:
            sizes[name] = int(name) if name.isdigit() else _fresh()
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


def _along(function: Callable[..., Any], rule: Rule, *args: Tree, **options: Tree) -> Type:
    """A filter or a transform along an axis of an operand, whose shape the result has unless another length is asked for."""
    axis, _, operand = (rule.along or "").partition(" ")
    shape = _known(_operand(args[rule.operands.index(operand) if operand else 0]))
    described = tuple(_describe_tree(tree, constants=True) for tree in args)
    given = tuple((key, _describe_tree(tree, constants=True)) for key, tree in options.items())
    found = next(
        filter(None, (_run(function, described, given, size) for size in (3, 2, 70))), None
    )
    if found is None or found[0] in ("tuple", "object") or found[2] != len(shape):
        raise Unknown
    length = next((options[key] for key in ("n", "N") if options.get(key) is not None), None)
    if length is not None:
        place = options.get(axis, inspect.signature(function).parameters[axis].default)
        if type(place) is not int:
            raise Unknown
        sizes = list(shape)
        sizes[place] = length if type(length) is int else _fresh()
        shape = tuple(sizes)
    return _made(shape, found[0], found[1])


def _table(function: Callable[..., Any], *args: Tree, **options: Tree) -> Type:
    """What SciPy makes of literals alone, such as nodes and weights: it is made while parsing."""
    if function not in SEVERAL and any(leaves([args, list(options.values())])):
        return _sample(function, *args, **options)
    _static(*args, *options.values())
    found = function(*args, **options)
    if isinstance(found, tuple) and function in SEVERAL:
        return Type("tuple", None, None, tuple(_type_of_result(function, each) for each in found))
    return _type_of_result(function, found)


def _type_of_result(function: Callable[..., Any], found: Any) -> Type:
    kind, dtype, _ = _classify(function, found)
    return Type(kind, dtype, np.shape(found)) if kind != "object" else _OBJECT


# --- The rest of NumPy: run it on tiny arrays ------------------------------------------------------

_SAMPLED = frozenset(
    """allclose argwhere array_equal array_equiv bincount block choose compress convolve corrcoef
    correlate cov cross delete digitize dstack ediff1d extract flatnonzero geomspace gradient
    insert intersect1d iscomplexobj isrealobj isscalar lexsort logspace meshgrid nan_to_num nonzero packbits
    pad piecewise polyadd polyder polyint polymul polysub polyval repeat resize rollaxis rot90 select
    setdiff1d setxor1d split tile tri tril tril_indices triu triu_indices union1d unstack
    unwrap vander modf frexp divmod vecdot matvec vecmat cumulative_sum cumulative_prod apply_over_axes
    linalg.matrix_rank linalg.matrix_transpose""".split()  # noqa: SIM905
)


def _sample(function: Callable[..., Any], *args: Tree, **options: Tree) -> Type:
    """Rank, kind and dtype of what a pure NumPy function makes, from runs of several sizes; sizes stay opaque."""
    described = (
        tuple(_describe_tree(tree, constants=True) for tree in args),
        tuple((key, _describe_tree(tree, constants=True)) for key, tree in options.items()),
    )
    # What SciPy makes of no elements often has NumPy's default dtype.
    sizes = (3, 2) if (ops.module_of(function) or "").startswith("scipy.") else (3, 2, 1, 0)
    found = [run for size in sizes if (run := _run(function, *described, size)) is not None]
    if len(found) < 2 or len(set(found)) > 1:
        raise Unknown
    kind, dtype, rank = found[0]
    if rank is None:
        return _OBJECT
    return Type(kind, dtype, tuple(_fresh() for _ in range(rank)))


# --- The table -------------------------------------------------------------------------------------


def _functions(names: str) -> list[Callable[..., Any]]:
    """The functions of NumPy with these names, as many as this version has."""
    found = []
    for name in names.split():
        home: Any = np.linalg if name.startswith("linalg.") else np
        function = getattr(home, name.removeprefix("linalg."), None)
        if function is not None:
            found.append(function)
    return found


_BY_NAME: dict[str, Handler] = {
    "sum prod mean max min amax amin ptp median nanmedian var std any all argmax argmin count_nonzero nanmax nanmin nanargmax nanargmin": _reduce,
    "unique": _unique,
    "histogram": _histogram,
    "histogram2d": _histogram2d,
    "cumsum cumprod": _cumulative,
    "quantile percentile nanquantile nanpercentile": _quantile,
    "linalg.norm": _norm,
    "trace": _trace,
    "dot": _dot,
    "inner": _inner,
    "vdot": _vdot,
    "outer": _outer,
    "tensordot": _tensordot,
    "einsum": _einsum,
    "reshape": _reshape,
    "ravel": _ravel,
    "transpose permute_dims": _transpose,
    "swapaxes": _swapaxes,
    "moveaxis": _moveaxis,
    "squeeze": _squeeze,
    "expand_dims": _expand_dims,
    "broadcast_to": _broadcast_to,
    "concatenate concat": _concatenate,
    "stack": _stack,
    "vstack": _vstack,
    "hstack": _hstack,
    "column_stack": _column_stack,
    "real imag round around fix i0 nan_to_num": _same,
    "flip": _flip,
    "roll": _roll,
    "sort": _sort,
    "argsort": _argsort,
    "partition argpartition": _partition,
    "diff": _diff,
    "diag": _diag,
    "diagonal": _diagonal,
    "atleast_1d atleast_2d atleast_3d": _atleast,
    "pad": _pad,
    "delete": _delete,
    "insert": _insert,
    "take": _take,
    "take_along_axis": _take_along_axis,
    "searchsorted": _searchsorted,
    "linalg.qr linalg.svd linalg.lstsq": _several,
    "zeros ones empty": _filled,
    "full": _full,
    "zeros_like ones_like empty_like": _like,
    "full_like": _full_like,
    "eye": _eye,
    "identity": _identity,
    "indices": _indices,
    "bartlett blackman hamming hanning kaiser": _window,
    "arange": _arange,
    "linspace": _linspace,
    "array asarray asanyarray ascontiguousarray": _array,
    "copy": _copy,
    "astype": _astype,
    "clip": _clip,
    "where": _where,
    "isclose": _isclose,
    "isreal iscomplex isposinf isneginf": _pointwise,
    "shape": _shape_of,
    "size": _size_read,
    "ndim": _ndim,
}

_BY_FUNCTION: dict[Any, Handler] = {
    operator.add: _add,
    operator.getitem: _getitem,
    ops.select_item: _getitem,
    operator.not_: _bool,
    operator.is_: _bool,
    operator.is_not: _bool,
    operator.contains: _bool,
    builtins.isinstance: _bool,
    builtins.callable: _bool,
    builtins.hasattr: _bool,
    builtins.any: _bool,
    builtins.all: _bool,
    builtins.abs: _abs,
    builtins.max: _extremum,
    builtins.min: _extremum,
    builtins.float: _conversion,
    builtins.int: _conversion,
    builtins.bool: _conversion,
    builtins.complex: _conversion,
    builtins.round: _round,
    builtins.sum: _builtin_sum,
    builtins.len: _len,
    builtins.range: _object,
    builtins.enumerate: _object,
    builtins.zip: _object,
    builtins.reversed: _object,
    builtins.str: _object,
    builtins.repr: _object,
    builtins.print: _object,
    runtime.put: _put,
    runtime.put_add: _put,
    runtime.cast: _cast,
    runtime.sum_to: _sum_to,
    runtime.spread: _spread,
    runtime.result: _result,
    runtime.dtype_of: _dtype_of,
    runtime.stop_gradient: _move,
    runtime.own: _own,
    ops.move.function: _move,
    ops.sparse_transpose.function: _move,
    ops.saved.function: _record,
    ops.save.function: _object,
    ops.part.function: _part,
    np.polyfit: _polynomial_fit,
    np.poly: _monic,
    np.ndarray.flatten: _ravel,
    np.ndarray.astype: _astype,
}

_OF_UFUNCS: dict[str, Handler] = {
    "reduce": _along_first(_reduce),
    "accumulate": _along_first(_cumulative),
    "reduceat": _reduceat,
}
for _names, _change in (
    ("fft ifft", "same"),
    ("rfft ihfft", "half"),
    ("irfft hfft", "whole"),
):
    for _name in _names.split():
        _BY_FUNCTION[getattr(np.fft, _name)] = partial(_fourier, _change)
for _names, _change in (("fft ifft", "same"), ("rfft", "half"), ("irfft", "whole")):
    for _name in _names.split():
        two, many = getattr(np.fft, f"{_name}2"), getattr(np.fft, f"{_name}n")
        _BY_FUNCTION[two] = partial(_fourier_of_several, _change, (-2, -1))
        _BY_FUNCTION[many] = partial(_fourier_of_several, _change, None)
_BY_FUNCTION[np.fft.fftfreq] = _BY_FUNCTION[np.fft.rfftfreq] = _frequencies

_BASES = {
    "polynomial": "poly",
    "chebyshev": "cheb",
    "legendre": "leg",
    "hermite": "herm",
    "hermite_e": "herme",
    "laguerre": "lag",
}
for _module, _prefix in _BASES.items():
    for _name, _handler_of in (
        ("val", _polynomial_value),
        ("vander", _polynomial_powers),
        ("der", partial(_polynomial_change, -1)),
        ("int", partial(_polynomial_change, 1)),
        ("fit", _polynomial_fit),
    ):
        _BY_FUNCTION[getattr(getattr(np.polynomial, _module), _prefix + _name)] = _handler_of

_HANDLERS: dict[Any, Handler] = {}


def _register() -> None:
    for names, handler in _BY_NAME.items():
        for function in _functions(names):
            _HANDLERS[function] = partial(handler, function)
    for function, handler in _BY_FUNCTION.items():
        _HANDLERS[function] = partial(handler, function)
    operators = "sub mul truediv floordiv mod pow and_ or_ xor lshift rshift neg pos invert lt le eq ne gt ge"
    for name in operators.split():
        function = getattr(operator, name)
        _HANDLERS[function] = partial(_operator, function)
    _HANDLERS[builtins.pow] = partial(_operator, operator.pow)


_register()


def _nothing(*args: Tree, **options: Tree) -> Type:
    return ANY


def _handler(function: Any) -> Handler:
    """The handler of a function that is not in the table yet."""
    name, home = ops.name_of(function) or "", ops.module_of(function) or ""
    made: Handler = _nothing
    rule = rule_of(function)
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc) and function.__name__ in _OF_UFUNCS:
        made = partial(_OF_UFUNCS[function.__name__], function)
    elif rule is not None and rule.typed is not None:
        made = rule.typed
    elif rule is not None and rule.signature is not None:
        made = partial(_generalized, function, rule.signature)
    elif rule is not None and rule.along is not None:
        made = partial(_along, function, rule)
    elif isinstance(function, np.ufunc):
        made = partial(_ufunc, function)
    elif rule is not None and rule.definition is not None:
        from_scipy = (ops.module_of(function) or "").startswith("scipy.")
        made = partial(_confirmed if from_scipy else _by_definition, function, rule.definition)
    elif rule is not None and rule.family == "constant" and home.startswith("scipy."):
        made = partial(_table, function)
    elif isinstance(function, type) and issubclass(function, np.generic):
        made = partial(_scalar_type, function)
    elif name.startswith("math."):
        made = partial(_math, function)
    elif name.startswith("np.emath."):
        made = partial(_complex_where_needed, function)
    elif rule is not None and rule.family == "elementwise" and name.startswith("np."):
        made = partial(_pointwise, function)
    elif (rule is not None and home.startswith("scipy.")) or (
        name.startswith("np.") and name.removeprefix("np.") in _SAMPLED
    ):
        made = partial(_sample, function)
    return _HANDLERS.setdefault(function, made)


_FAILURES = (
    Unknown,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
)


def infer(op: Operation, args: tuple[Tree, ...], options: dict[str, Tree]) -> Type:
    """The type of what an operation makes of operands; ANY where nothing is proven.

    >>> from srcad.core.types import array
    >>> n = Size("n")
    >>> x = Value("x", array("float32", n))
    >>> infer(ops.zeros_like, (x,), {}), infer(ops.operation(np.concatenate), ((x, [1.0]),), {}).shape
    (float32[n], (n + 1,))
    >>> infer(ops.getitem, (Value("shape", infer(ops.shape, (x,), {})), 0), {}).value
    Exact(key='n', offset=0, many=False)
    """
    handler = _HANDLERS.get(op.function)
    try:
        if handler is None:
            handler = _handler(op.function)
        found = handler(*args, **options)
    except _FAILURES:
        return ANY
    if (
        found.shape == ()
        and args
        and found.kind != "number"
        and (op.style == "method" or op.style == "attribute")
    ):
        return _of_method(op.function, found, type_of(args[0]))
    return found


def _of_method(function: Any, found: Type, owner: Type) -> Type:
    """What a method or an attribute makes: of a NumPy scalar a scalar, where the function makes a 0-d array of it."""
    if owner.kind == "scalar":
        return found._replace(kind="scalar")
    if owner.kind == "array" and function is np.conjugate:
        return found._replace(kind="any")  # a real array is its own conjugate
    if owner.kind == "number" and function is np.conjugate and owner.dtype in ("float", "complex"):
        return owner
    if owner.kind == "number" or (owner.kind == "any" and not owner.shape):
        vague = function in (
            np.real,
            np.imag,
            np.conjugate,
            np.conj,
        )  # which Python's numbers have, too
        return (
            Type("any", None, ())
            if vague
            else found
            if found.kind == "scalar"
            else found._replace(kind="any")
        )
    return found
