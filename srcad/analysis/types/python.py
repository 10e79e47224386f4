"""Python's operators and functions, and math's."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from typing import Any

from srcad.analysis.types.asking import describe, learn, operand_type
from srcad.analysis.types.elementwise import PREDICATES, elementwise_type
from srcad.analysis.types.handlers import handles
from srcad.analysis.types.lattice import (
    NUMBERS,
    OBJECT,
    Exact,
    Opaque,
    Tree,
    Unknown,
    as_size,
    axes_in,
    certain_join,
    exactly,
    integer_known,
    is_sequence,
    known_shape,
    literal_only,
    product_of,
    type_of,
)
from srcad.analysis.types.several import several_results
from srcad.core.nodes import Expr, Value
from srcad.core.types import ANY, Type


def _operator(function: Callable[..., Any], *trees: Tree) -> Type:
    types = tuple(map(type_of, trees))
    for type_ in types:
        if type_.kind != "number":
            return elementwise_type(function, types)
    return _numbers(function, trees, types)


@handles(operator.add)
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


@handles(operator.mul)
def _multiply(function: Callable[..., Any], left: Tree, right: Tree) -> Type:
    """Sizes any number of times: `x.shape * 2`."""
    for sizes, times in ((type_of(left), right), (type_of(right), left)):
        if sizes.kind == "object" and isinstance(sizes.value, tuple) and type(times) is int:
            return Type("object", None, None, sizes.value * times)
    return _operator(function, left, right)


def _numbers(
    function: Callable[..., Any], trees: tuple[Tree, ...], types: tuple[Type, ...]
) -> Type:
    """An operator between Python numbers."""
    if any(t.dtype is None for t in types):
        predicate = function in PREDICATES
        return NUMBERS["bool"] if predicate else Type("number", None, ())
    if function is operator.pow:
        return Type("number", _power(trees, types), ())
    found, dtype = learn(function, *(("number", t.dtype, 0) for t in types))
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
    a, b = integer_known(trees[0]), integer_known(trees[1])
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
        factors = as_size(a), as_size(b)
    except Unknown:
        return None
    if function is operator.mul:
        return exactly(product_of(factors))
    if function is operator.floordiv and isinstance(b, int) and b:
        return (
            Exact(Opaque("floordiv", Exact(a.key, a.offset), b))
            if isinstance(a, Exact) and b > 1
            else a
        )
    return None


@handles(
    operator.not_,
    operator.is_,
    operator.is_not,
    operator.contains,
    builtins.isinstance,
    builtins.callable,
    builtins.hasattr,
    builtins.any,
    builtins.all,
)
def _bool(function: Any, *trees: Tree, **options: Tree) -> Type:
    return NUMBERS["bool"]


@handles(builtins.abs)
def _abs(function: Any, x: Tree) -> Type:
    return _operator(operator.abs, x)


@handles(builtins.float, builtins.int, builtins.bool, builtins.complex)
def _conversion(function: Any, x: Tree = 0, *more: Tree) -> Type:
    return NUMBERS[function.__name__]


@handles(builtins.round)
def _round(function: Any, x: Tree, ndigits: Tree = None) -> Type:
    type_ = type_of(x)
    if type_.kind not in ("number", "scalar") or type_.dtype is None:
        raise Unknown
    literal_only(ndigits)
    return Type(*learn(round, describe(type_), ndigits=ndigits), ())


@handles(builtins.max, builtins.min)
def _extremum(function: Any, *trees: Tree) -> Type:
    if len(trees) > 1:
        types = list(map(type_of, trees))
    elif is_sequence(trees[0]):
        types = list(map(type_of, trees[0]))
    else:
        type_ = type_of(trees[0])
        if type_.rank != 1:
            raise Unknown
        types = [Type("scalar", type_.dtype, ())]
    found = types[0]
    for type_ in types[1:]:
        found = certain_join(found, type_)
    return found._replace(value=None) if found.numeric else ANY


@handles(builtins.sum)
def _builtin_sum(function: Any, iterable: Tree, start: Tree = 0) -> Type:
    if is_sequence(iterable):
        parts = [type_of(part) for part in iterable]
    else:
        type_ = operand_type(iterable)
        count, *rest = known_shape(type_)
        if not isinstance(count, int):
            raise Unknown
        element = Type("array" if rest else "scalar", type_.dtype, tuple(rest))
        parts = [element] * min(count, 3)
    total = type_of(start)
    for part in parts:
        total = _add(operator.add, Value("total", total), Value("part", part))
    return total._replace(value=None) if total.numeric else ANY


@handles(builtins.len)
def _len(function: Any, x: Tree) -> Type:
    if is_sequence(x):
        return Type("number", "int", (), len(x))
    type_ = type_of(x)
    if type_.shape:
        return Type("number", "int", (), exactly(type_.shape[0]))
    if type_.kind == "object" and type(type_.value) is tuple:
        return Type("number", "int", (), len(type_.value))
    return NUMBERS["int"]


def math_type(function: Callable[..., Any], *trees: Tree, **options: Tree) -> Type:
    name = function.__name__
    if name in ("isnan", "isinf", "isfinite", "isclose"):
        return NUMBERS["bool"]
    if name in ("isqrt", "gcd", "lcm", "factorial", "comb", "perm"):
        return NUMBERS["int"]
    if name in ("floor", "ceil", "trunc"):
        (type_,) = map(type_of, trees)
        if type_.kind in ("number", "scalar") and type_.dtype:
            return Type(*learn(function, describe(type_)), ())
        raise Unknown
    if name in ("frexp", "modf"):
        return several_results(function, *trees)
    if name in ("prod", "sumprod"):
        raise Unknown
    return NUMBERS["float"]


@handles("shape")
def _shape_of(function: Any, a: Tree) -> Type:
    shape = operand_type(a).shape
    return OBJECT if shape is None else Type("object", None, None, shape)


@handles("size")
def _size_read(function: Any, a: Tree, axis: Tree = None) -> Type:
    type_ = operand_type(a)
    if type_.shape is None or isinstance(axis, (Value, Expr)):
        return NUMBERS["int"]
    sizes = (
        type_.shape if axis is None else [type_.shape[i] for i in axes_in(axis, len(type_.shape))]
    )
    return Type("number", "int", (), exactly(product_of(sizes)))


@handles("ndim")
def _ndim(function: Any, a: Tree) -> Type:
    return Type("number", "int", (), operand_type(a).rank)


for _name in "sub mul truediv floordiv mod pow and_ or_ xor lshift rshift neg pos invert lt le eq ne gt ge".split():  # noqa: SIM905
    handles(getattr(operator, _name))(_operator)
handles(builtins.pow)(lambda function, *trees: _operator(operator.pow, *trees))
