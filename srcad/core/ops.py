"""Operations: what a `Let` may do.

An `Operation` is one per (callable, way of writing it): `np.sum(x)`, `x.sum()`; both look up their rule, their type and their memory by
`function`. The operations of Python's own syntax, and the vocabulary that derivatives need beyond NumPy
(`put`, `put_add`, `spread`, `sum_to`), are named below.

>>> operation(np.tanh).name, operation(np.linalg.solve).name, operation(math.sin).name, add.symbol
('np.tanh', 'np.linalg.solve', 'math.sin', '+')
>>> tile = Operation(np.tile, "np.tile", operands=("A",))
>>> bind(tile, (1.0, 3), {}), bind(tile, (), {"reps": 3, "A": 1.0})
(((1.0,), (('reps', 3),)), ((1.0,), (('reps', 3),)))
"""

from __future__ import annotations

import builtins
import inspect
import math
import operator
import sys
import types
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from srcad import runtime

__all__ = [
    "HOMES",
    "Field",
    "Operation",
    "bind",
    "declare",
    "distribution_of",
    "draws",
    "functions_called",
    "is_sparse",
    "module_of",
    "name_of",
    "operation",
]


class Operation:
    """What a `Let` does.

    `style` is how it is written: "call", "method", "attribute", "binary", "unary", "compare" or the name of a form of
    the printer's. `base` is what a temporary that holds the result is called. `operands` are the names of the parameters that are
    operands; all others are options.
    """

    __slots__ = ("base", "effect", "function", "name", "operands", "style", "symbol")

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        *,
        style: str = "call",
        symbol: str = "",
        base: str = "",
        effect: str = "pure",
        operands: tuple[str, ...] | None = None,
    ) -> None:
        self.function, self.name, self.style, self.symbol = function, name, style, symbol
        self.base = base or name.rpartition(".")[2]
        self.effect, self.operands = effect, operands

    def __repr__(self) -> str:
        return self.name


_OPERATIONS: dict[tuple[Any, str], Operation] = {}


def _core(
    function: Callable[..., Any], name: str, style: str, symbol: str = "", base: str = ""
) -> Operation:
    made = Operation(function, name, style=style, symbol=symbol, base=base or name)
    _OPERATIONS[function, "call"] = made
    return made


# Python's operators. A temporary is named after the operation: the value of `a + b` is a sum.
add = _core(operator.add, "add", "binary", "+", "sum")
subtract = _core(operator.sub, "subtract", "binary", "-", "diff")
multiply = _core(operator.mul, "multiply", "binary", "*", "prod")
divide = _core(operator.truediv, "divide", "binary", "/", "ratio")
floor_divide = _core(operator.floordiv, "floor_divide", "binary", "//", "quotient")
remainder = _core(operator.mod, "remainder", "binary", "%", "rest")
power = _core(operator.pow, "power", "binary", "**", "power")
matmul = _core(operator.matmul, "matmul", "binary", "@", "matmul")
bit_and = _core(operator.and_, "bit_and", "binary", "&", "both")
bit_or = _core(operator.or_, "bit_or", "binary", "|", "either")
bit_xor = _core(operator.xor, "bit_xor", "binary", "^", "either")
left_shift = _core(operator.lshift, "left_shift", "binary", "<<", "shifted")
right_shift = _core(operator.rshift, "right_shift", "binary", ">>", "shifted")
negative = _core(operator.neg, "negative", "unary", "-", "neg")
positive = _core(operator.pos, "positive", "unary", "+", "pos")
invert = _core(operator.invert, "invert", "unary", "~", "inverted")
not_ = _core(operator.not_, "not", "unary", "not", "negated")
less = _core(operator.lt, "less", "compare", "<", "is_less")
less_equal = _core(operator.le, "less_equal", "compare", "<=", "is_less")
equal = _core(operator.eq, "equal", "compare", "==", "is_equal")
not_equal = _core(operator.ne, "not_equal", "compare", "!=", "differs")
greater = _core(operator.gt, "greater", "compare", ">", "is_greater")
greater_equal = _core(operator.ge, "greater_equal", "compare", ">=", "is_greater")
is_ = _core(operator.is_, "is", "compare", "is", "is_same")
is_not = _core(operator.is_not, "is_not", "compare", "is not", "is_other")

# Indexing and stores as values.
getitem = _core(operator.getitem, "getitem", "index", base="item")
put = _core(runtime.put, "srcad.runtime.put", "put", base="stored")
put_add = _core(runtime.put_add, "srcad.runtime.put_add", "put", base="stored")
add_at = Operation(runtime.put_add, "np.add.at", style="put", base="stored")

# Sizes.
shape = _core(np.shape, "shape", "attribute", "shape", "shape")
size = _core(np.size, "size", "attribute", "size", "size")
ndim = _core(np.ndim, "ndim", "attribute", "ndim", "ndim")
dtype = _core(runtime.dtype_of, "dtype", "attribute", "dtype", "dtype")
length = _core(builtins.len, "len", "call", base="count")

# What broadcasting needs, its transpose, and conversions to the form of another value.
sum_to = _core(runtime.sum_to, "srcad.runtime.sum_to", "call", base="sum")
spread = _core(runtime.spread, "srcad.runtime.spread", "spread", base="spread")
cast = _core(runtime.cast, "srcad.runtime.cast", "cast", base="cast")
result = _core(runtime.result, "srcad.runtime.result", "result", base="result")

copy = Operation(np.copy, "copy", style="method", operands=("a",))
transpose = Operation(np.transpose, "transpose", style="attribute", symbol="T", operands=("a",))
_OPERATIONS[np.copy, "method"] = copy
# The parts of complex numbers.
conj = Operation(np.conjugate, "np.conj", base="conj", operands=("x1",))
real = Operation(np.real, "real", style="attribute", symbol="real", operands=("val",))
imag = Operation(np.imag, "imag", style="attribute", symbol="imag", operands=("val",))
_OPERATIONS[np.conjugate, "call"] = conj


def _times(a: Any, x: Any) -> Any:
    return a @ x


def _turned(a: Any) -> Any:
    return a.T


def _solved(A: Any, b: Any, permc_spec: Any = None, use_umfpack: Any = True) -> Any:
    from scipy.sparse import linalg

    return linalg.spsolve(A, b, permc_spec, use_umfpack).reshape(b.shape)


def _composed(a: Any, b: Any) -> Any:
    return a @ b


def _added(a: Any, b: Any) -> Any:
    return a + b


def _taken(a: Any, b: Any) -> Any:
    return a - b


def _scaled(a: Any, b: Any) -> Any:
    return a * b


def _divided(a: Any, b: Any) -> Any:
    return a / b


def _opposite(a: Any) -> Any:
    return -a


# Of a sparse matrix, which is no array.
sparse_product = _core(_times, "sparse_product", "binary", "@", "matmul")
sparse_transpose = _core(_turned, "sparse_transpose", "attribute", "T", "transpose")
# `spsolve`, which SciPy gives a vector of for one right-hand side in a column: of the shape of b, whatever it is.
sparse_solve = _core(_solved, "sparse.linalg.spsolve", "call", "", "spsolve")

# What makes a sparse matrix of others, or of one and a number, by what makes arrays of arrays.
SPARSE = {
    matmul: _core(_composed, "sparse_matmul", "binary", "@", "matmul"),
    add: _core(_added, "sparse_add", "binary", "+", "sum"),
    subtract: _core(_taken, "sparse_subtract", "binary", "-", "diff"),
    multiply: _core(_scaled, "sparse_multiply", "binary", "*", "prod"),
    divide: _core(_divided, "sparse_divide", "binary", "/", "ratio"),
    negative: _core(_opposite, "sparse_negative", "unary", "-", "neg"),
}

zeros_like = Operation(np.zeros_like, "np.zeros_like", base="zeros")
ones_like = Operation(np.ones_like, "np.ones_like", base="ones")
_OPERATIONS[np.zeros_like, "call"] = zeros_like
_OPERATIONS[np.ones_like, "call"] = ones_like


def select_item(tree: Any, key: Any) -> Any:
    """A leaf of a pytree argument."""
    return tree[key]


@cache
def attribute(name: str) -> Operation:
    """An attribute of an argument that is an object."""
    return Operation(select_item, name, style="attribute", symbol=name, base=name)


def new_list() -> list[Any]:
    """The list of one execution of a loop."""
    return []


def append(record: list[Any], values: Any) -> None:
    """Save what an iteration's backward step reads."""
    record.append(values)


def raise_where(condition: Any, error: str, message: str | None) -> None:
    """Raise a built-in exception where a condition holds."""
    if condition:
        kind = getattr(builtins, error)
        raise kind() if message is None else kind(message)


class Field(NamedTuple):
    """A value in a text: `{value!r:spec}`."""

    value: Any
    conversion: int = -1
    spec: str = ""


def render(*parts: Any) -> str:
    """A text of strings and fields.

    >>> render("n = ", Field(2.5, -1, ".2f"))
    'n = 2.50'
    """
    convert: dict[int, Callable[[Any], Any]] = {
        -1: lambda value: value,
        115: str,
        114: repr,
        97: ascii,
    }
    return "".join(
        part if isinstance(part, str) else format(convert[part.conversion](part.value), part.spec)
        for part in parts
    )


def raise_error(error: Any = None, cause: Any = ...) -> None:
    """`raise error from cause`."""
    if cause is not ...:
        raise error from cause
    raise error


def select_part(results: Any, place: int) -> Any:
    """One of several results."""
    return results[place]


pick = _core(select_item, "pick", "index", base="leaf")
part = _core(select_part, "part", "index", base="part")
saved = _core(new_list, "saved", "list", base="saved")
save = _core(append, "append", "append")
raise_if = _core(raise_where, "raise_if", "raise")
text_of = _core(render, "text", "text")
raise_ = _core(raise_error, "raise", "raise")
save.effect = saved.effect = raise_if.effect = raise_.effect = "effect"
stop_gradient = _core(runtime.stop_gradient, "srcad.runtime.stop_gradient", "call", base="constant")
own = _core(runtime.own, "srcad.runtime.own", "own", base="result")
move = _core(lambda x: x, "move", "name", base="value")


# Modules whose functions are known by name, and what a text calls them. Those of SciPy are asked only if the program has
# imported them.
HOMES = {
    "numpy": "np",
    "numpy.linalg": "np.linalg",
    "numpy.fft": "np.fft",
    "numpy.lib.scimath": "np.emath",
    "numpy.lib.stride_tricks": "np.lib.stride_tricks",
    "numpy.polynomial": "np.polynomial",
    **{
        f"numpy.polynomial.{basis}": f"np.polynomial.{basis}"
        for basis in ("polynomial", "chebyshev", "hermite", "hermite_e", "laguerre", "legendre")
    },
    "math": "math",
    "builtins": "",
    "scipy.special": "special",
    "scipy.linalg": "linalg",
    "scipy.stats": "stats",
    "scipy.signal": "signal",
    "scipy.integrate": "integrate",
    "scipy.interpolate": "interpolate",
    "scipy.optimize": "optimize",
    "scipy.fft": "fft",
    "scipy.ndimage": "ndimage",
    "scipy.sparse": "sparse",
    "scipy.sparse.linalg": "sparse.linalg",
}
# Functions whose own name is the lesser known one of two.
_SYNONYMS = {"psi": "digamma"}


def functions_called(names: str) -> list[Callable[..., Any]]:
    """The functions of NumPy with these names, as many as this version has.

    >>> functions_called("sum linalg.norm nothing") == [np.sum, np.linalg.norm]
    True
    """
    homes = {"": np, "linalg": np.linalg}
    found = ((homes[home], name) for home, _, name in (x.rpartition(".") for x in names.split()))
    return [getattr(home, name) for home, name in found if hasattr(home, name)]


def module_of(function: Callable[..., Any]) -> str | None:
    """The module of `HOMES` that offers a callable under its own name, or None.

    >>> module_of(np.linalg.norm), module_of(math.sin), module_of(lambda: 0)
    ('numpy.linalg', 'math', None)
    """
    owner = _owner(function)
    if owner is not None:
        return module_of(owner)
    name = _called(function)
    if not isinstance(name, str):
        return None
    for home in HOMES:
        if home == "math" and getattr(function, "__module__", "") != "math":
            continue
        module = sys.modules.get(home)
        if module is not None and module.__dict__.get(name) is function:
            return home
    return None


def _called(found: Any) -> Any:
    """What a function calls itself, or an object that is one of many of its class, as scipy.stats.norm is."""
    own = getattr(found, "__name__", None) or getattr(found, "name", None)
    if own is None and type(found).__module__.startswith("scipy.special"):  # until SciPy 1.15
        offered = sys.modules["scipy.special"].__dict__
        own = next((name for name, each in offered.items() if each is found), None)
    return own or type(found).__name__.removesuffix("_gen")


def distribution_of(found: Any) -> Any:
    """The distribution of scipy.stats that a frozen one is made of, or None."""
    stats = sys.modules.get("scipy.stats")
    if stats is None or not isinstance(found, stats.distributions.rv_frozen):
        return None
    known = getattr(stats, found.dist.name, None)
    return known if type(known) is type(found.dist) else None


def is_sparse(found: Any) -> bool:
    """Whether an object is a sparse matrix or array of SciPy's."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(found))


def _owner(function: Any) -> Any:
    """The object that a module offers and of which a function is a method, or None."""
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, (type, types.ModuleType, np.ufunc)):
        return None
    return owner if type(owner).__module__.startswith("scipy.stats") else None


def name_of(function: Callable[..., Any]) -> str | None:
    """The dotted name under which NumPy, SciPy, math or builtins offer a callable, or None.

    >>> name_of(np.linalg.norm), name_of(abs), name_of(lambda: 0), name_of(np.add.reduce)
    ('np.linalg.norm', 'abs', None, 'np.add.reduce')
    """
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        whole = name_of(owner)
        return whole and f"{whole}.{function.__name__}"
    home = module_of(function)
    if home is None:
        return None
    owner = _owner(function)
    if owner is not None:
        return f"{name_of(owner)}.{function.__name__}"
    name = _called(function)
    if home.startswith("scipy."):
        name = _SYNONYMS.get(name, name)
    return f"{HOMES[home]}.{name}".lstrip(".")


def operation(function: Callable[..., Any], style: str = "call") -> Operation:
    """The operation of a callable, made at its first use."""
    key = (function, style)
    found = _OPERATIONS.get(key)
    if found is None:
        plain = _OPERATIONS.get((function, "call"))
        name = name_of(function)
        if style == "method":
            found = Operation(function, function.__name__, style="method")
            found.operands = plain.operands if plain else None
        else:
            found = Operation(function, name or str(getattr(function, "__name__", "call")))
            if name is None:
                found.effect = "effect"
        _OPERATIONS[key] = found
    return found


def draws(op: Operation) -> bool:
    """Whether an effect is a random draw: of NumPy, of Python's `random`, or of a generator, whose methods are all that is called."""
    owner, module = getattr(op.function, "__self__", None), getattr(op.function, "__module__", "")
    homes = f"{op.name}.{module}.{type(owner).__module__}".split(".")
    return op.effect == "effect" and (op.style == "method" or "random" in homes)


# The methods of ufuncs.
_OF_UFUNCS = {
    "reduce": "array axis dtype out keepdims initial where",
    "accumulate": "array axis dtype out",
    "reduceat": "array indices axis dtype out",
    "outer": "A B out where casting order dtype subok",
    "at": "a indices b",
    "resolve_dtypes": "dtypes",
}

# Callables of NumPy that do not tell their signature; and those where the options that come first are written by position.
_PARAMETERS = {
    np.concatenate: "arrays axis out",
    np.dot: "a b out",
    np.inner: "a b",
    np.vdot: "a b",
    np.where: "condition x y",
    np.zeros: "shape dtype order",
    np.empty: "shape dtype order",
    np.arange: "start stop step dtype",
    np.array: "object dtype",
    np.asarray: "a dtype",
    np.einsum: "subscripts *operands",
    np.clip: "a a_min a_max out",
    np.pad: "array pad_width mode constant_values end_values stat_length reflect_type",
    np.lexsort: "keys axis",
    np.bincount: "x weights minlength",
    np.transpose: "a axes",
    math.log: "x base",
    math.hypot: "*coordinates",
}


# Parameters that have a second name.
_SYNONYMOUS = {np.clip: {"min": "a_min", "max": "a_max"}}


_DEFAULTS: dict[Any, dict[str, Any]] = {}


def declare(function: Callable[..., Any], names: str) -> None:
    """Tell the parameters of a function that does not; numbers stand for what a call leaves out before others.

    >>> def density(*args, **kwds): ...
    >>> declare(density, "x a loc=0 scale=1")
    >>> bind(Operation(density, "density", operands=("x", "a", "loc", "scale")), (2.0,), {"a": 3.0, "scale": 5.0})
    ((2.0, 3.0, 0, 5.0), ())
    """
    parts = [word.partition("=") for word in names.split()]
    _PARAMETERS[function] = " ".join(name for name, _, _ in parts)
    _DEFAULTS[function] = {name: int(default) for name, _, default in parts if default}


@cache
def parameters(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """Names of the parameters of a callable, a starred one with its star, or None where they cannot be known."""
    if isinstance(function, np.ufunc):
        return tuple(f"x{i + 1}" for i in range(function.nin))
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        return tuple(_OF_UFUNCS[function.__name__].split())
    if function in _PARAMETERS:
        return tuple(_PARAMETERS[function].split())
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return tuple(
        f"{stars[p.kind]}{p.name}" if p.kind in stars else p.name
        for p in signature.parameters.values()
    )


def bind(
    op: Operation, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]:
    """Operands by position and options by name, whichever way the call was written.

    Arguments: the operation, positional arguments, keyword arguments. Returns (args, options), options sorted as they stand in the signature.
    Raises TypeError for arguments that do not fit.
    """
    names = parameters(op.function)
    if names is None or (names and names[-1].startswith("**")):
        return args, tuple(options.items())
    if op.operands is not None:
        wanted: tuple[str, ...] = op.operands
    else:
        wanted = names[: max(len(args), 1)]
    second = _SYNONYMOUS.get(op.function, {})
    given = {second.get(name, name): option for name, option in options.items()}
    if any(name in second for name in options):
        given = {**dict.fromkeys({*second.values()}.difference(names[: len(args)])), **given}
    operands: list[Any] = []
    star = next((place for place, name in enumerate(names) if name.startswith("*")), len(names))
    for place, value in enumerate(args):
        if place < star:
            if names[place] in given:
                raise TypeError(f"{op.name}() got two values for `{names[place]}`")
            given[names[place]] = value
        elif star < len(names):
            operands.append(value)
        else:
            raise TypeError(f"{op.name}() takes {len(names)} arguments but {len(args)} were given")
    front = []
    defaults = _DEFAULTS.get(op.function, {})
    for name in wanted:
        if name in given:
            front.append(given.pop(name))
        elif not name.startswith("*") and given.keys() & set(wanted):
            front.append(defaults.get(name))
    if second and len(front) < len(wanted):  # left out by name, where NumPy wants it by position
        front += [None] * (len(wanted) - len(front))
    order = {name: place for place, name in enumerate(names)}
    rest = sorted(given.items(), key=lambda item: (order.get(item[0], 99), item[0]))
    return (*front, *operands), tuple(rest)
