"""Quoting: running a rule on symbols, which writes down what it does.

A rule is a runnable Python function over NumPy. Called with arrays it computes; called with `Symbol`s it emits Core through a builder. So one text of a
formula serves the tests, the transformer, batching and higher order. Python's own `if` in a rule is decided while quoting, and may
depend on options and ranks only.

>>> from srcad.core.builder import Builder
>>> from srcad.core.nodes import Value
>>> builder = Builder()
>>> (z,) = quote(lambda x: np.cos(x) * 2, builder, (Value("x"),))
>>> [(statement.op.name, statement.args[1:]) for statement in builder.block]
[('np.cos', ()), ('multiply', (2,))]
"""

from __future__ import annotations

import operator
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any

import numpy as np

from srcad import runtime
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Chosen, Let, Slice, Value
from srcad.core.types import Type

__all__ = [
    "RankUnknown",
    "Symbol",
    "apart",
    "array_of",
    "call",
    "conj",
    "imag",
    "may_be_complex",
    "put",
    "put_add",
    "quote",
    "rank",
    "real",
    "spread",
    "sum_to",
    "vague_values",
    "written",
]


class RankUnknown(Exception):
    """A rule asked for the rank of a value that has no proven one."""


class Symbol:
    """A value of Core that behaves like an array as far as rules go."""

    __slots__ = ("builder", "value")
    __array_priority__ = 1000.0
    __iter__ = None  # else NumPy would ask for elements without end

    def __init__(self, value: Value, builder: Builder) -> None:
        self.value, self.builder = value, builder

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__":
            return call(getattr(ufunc, method), *inputs, **options)
        return call(ufunc if options else _OPERATORS.get(ufunc, ufunc), *inputs, **options)

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise TypeError("a rule makes an array of a symbol: write call(np.asarray, x)")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.ndim:
            return rank(*args)
        return call(function, *args, **kwargs)

    def __getitem__(self, index: Any) -> Any:
        if self.value.type.kind == "number":  # Python's, that have no items
            return self if index == () else call(np.asarray, self)[index]
        return call(operator.getitem, self, index)

    def __bool__(self) -> bool:
        raise TypeError(
            "a rule decides by a value; only options and ranks are known while quoting (use np.where)"
        )

    def __len__(self) -> int:
        raise TypeError("write x.shape[0] in a rule, not len(x)")

    @property
    def shape(self) -> Any:
        return call(np.shape, self)

    @property
    def size(self) -> Any:
        return call(np.size, self)

    @property
    def ndim(self) -> int:
        return rank(self)

    @property
    def dtype(self) -> Any:
        return call(runtime.dtype_of, self)

    @property
    def T(self) -> Any:
        return wrap(self.builder.emit(ops.transpose, self.value), self.builder)


def _binary(function: Callable[..., Any]) -> tuple[Any, Any]:
    return (lambda a, b: call(function, a, b)), (lambda a, b: call(function, b, a))


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_"):
    _forward, _backward = _binary(getattr(operator, _name))
    setattr(Symbol, f"__{_name.rstrip('_')}__", _forward)
    setattr(Symbol, f"__r{_name.rstrip('_')}__", _backward)
for _name in ("lt", "le", "eq", "ne", "gt", "ge"):
    setattr(Symbol, f"__{_name}__", _binary(getattr(operator, _name))[0])


def _unary(function: Callable[..., Any]) -> Any:
    return lambda a: call(function, a)


for _name in ("neg", "pos", "invert"):
    setattr(Symbol, f"__{_name}__", _unary(getattr(operator, _name)))
Symbol.__hash__ = object.__hash__  # type: ignore[method-assign]

_OPERATORS: dict[Any, Any] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.power: operator.pow,
    np.matmul: operator.matmul,
    np.negative: operator.neg,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
}


def wrap(tree: Any, builder: Builder) -> Any:
    """Values become symbols, slices of Core become slices of Python."""
    if isinstance(tree, Value):
        return Symbol(tree, builder)
    if isinstance(tree, Slice):
        return slice(*(wrap(part, builder) for part in tree))
    if isinstance(tree, (tuple, list)):
        parts = [wrap(part, builder) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return tree


def unwrap(tree: Any) -> Any:
    """The inverse of `wrap`."""
    if isinstance(tree, Symbol):
        return tree.value
    if isinstance(tree, slice):
        return Slice(unwrap(tree.start), unwrap(tree.stop), unwrap(tree.step))
    if isinstance(tree, (np.ndarray, np.generic)) and tree.dtype.kind in "biufc":
        builder, made = _QUOTING.get(), tree.tolist()  # what NumPy makes of literals
        if builder is None or not tree.ndim:
            return tree if tree.ndim else made
        if np.array(made).dtype != tree.dtype:  # of no elements, say
            return builder.emit(_ARRAY, made, dtype=tree.dtype.type)
        return builder.emit(_ARRAY, made)
    if isinstance(tree, (tuple, list)):
        parts = [unwrap(part) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return tree


def _builder(tree: Any) -> Builder | None:
    if isinstance(tree, Symbol):
        return tree.builder
    if isinstance(tree, slice):
        tree = (tree.start, tree.stop, tree.step)
    if isinstance(tree, (tuple, list)):
        for part in tree:
            found = _builder(part)
            if found is not None:
                return found
    return None


_ARRAY = ops.operation(np.array)
# The builder of the rule that is being quoted.
_QUOTING: ContextVar[Builder | None] = ContextVar("the builder of a rule", default=None)


def call(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """`function(*args, **options)`, quoted where a symbol is among the arguments.

    For functions of NumPy that do not dispatch on their arguments: `call(np.arange, n)`.
    """
    builder = _builder(list(args)) or _builder(list(options.values()))
    if builder is None:
        made = function(*args, **options)
        builder = _QUOTING.get()
        if builder is None or not np.ndim(made):
            return made  # an array is no literal: it is written down as what makes it
    tracing = sys.gettrace() if _NAMING else None
    if tracing is not None:  # the rule's frames are of interest, the builder's many are not
        sys.settrace(None)
    try:
        op = ops.operation(function)
        operands, named = ops.bind(
            op, tuple(map(unwrap, args)), {key: unwrap(value) for key, value in options.items()}
        )
        made = builder.let(op, operands, named)
    finally:
        if tracing is not None:
            sys.settrace(tracing)
    return wrap(builder.parts(made) if made.type.kind == "tuple" else made, builder)


# Whether values of unknown dtype may be complex: in a program without complex numbers none is.
_VAGUE = ContextVar("values of unknown dtype may be complex", default=True)


@contextmanager
def vague_values(may_be_complex: bool) -> Iterator[None]:
    """Say of the values of unknown dtype whether they may be complex, while rules are quoted."""
    token = _VAGUE.set(may_be_complex)
    try:
        yield
    finally:
        _VAGUE.reset(token)


def may_be_complex(x: Any) -> bool:
    """Whether an operand, or a part of it, is complex or not known not to be."""
    if isinstance(x, Value):
        x = Symbol(x, Builder())
    if isinstance(x, Symbol):
        return any(map(_may_be_complex, x.value.type.parts or (x.value.type,)))
    if isinstance(x, (tuple, list)):
        return any(map(may_be_complex, x))
    return isinstance(x, (complex, np.ndarray, np.generic)) and np.iscomplexobj(x)


def _may_be_complex(type_: Type) -> bool:
    if type_.dtype is None:
        return type_.numeric and _VAGUE.get()
    return type_.dtype.startswith(("complex", "clongdouble"))


def conj(x: Any) -> Any:
    """The complex conjugate, in a rule; what is real stays as it is, and nothing is written.

    >>> conj(2.0), conj(2.0 + 1.0j), conj(np.array([1j]))
    (2.0, (2-1j), array([0.-1.j]))
    """
    if isinstance(x, (tuple, list)):
        return type(x)(map(conj, x))
    if not may_be_complex(x):
        return x
    if isinstance(x, (Symbol, np.ndarray)):
        return call(np.conjugate, x)
    return -x if type(x) is complex and x.real == 0 else x.conjugate()  # -1j is shorter


def real(x: Any) -> Any:
    """The real part, in a rule; what is real stays as it is, and nothing is written."""
    if not may_be_complex(x):
        return x
    return wrap(x.builder.emit(ops.real, x.value), x.builder) if isinstance(x, Symbol) else x.real


def imag(x: Any) -> Any:
    """The imaginary part, in a rule; 0 where there is none."""
    if not may_be_complex(x):
        return 0.0
    return wrap(x.builder.emit(ops.imag, x.value), x.builder) if isinstance(x, Symbol) else x.imag


def written(like: Any, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """As `call`, quoted where `like` is a symbol, although no symbol is among the arguments."""
    if not isinstance(like, Symbol):
        return function(*args, **options)
    op = ops.operation(function)
    options = {key: unwrap(value) for key, value in options.items()}
    operands, named = ops.bind(op, tuple(map(unwrap, args)), options)
    return wrap(like.builder.let(op, operands, named), like.builder)


def array_of(x: Any, like: Any) -> Any:
    """A list of operands as the array that it makes; what is no list stays as it is."""
    if not isinstance(x, (tuple, list)):
        return x
    return call(np.array, x) if _builder(x) is not None else written(like, np.array, x)


def rank(x: Any) -> int:
    """The rank of an operand, in a rule. Raises RankUnknown where it is not proven."""
    if not isinstance(x, Symbol):
        return int(np.ndim(x))
    found = x.value.type.rank
    if found is None:
        raise RankUnknown(x.value)
    return found


def sizes(x: Any) -> tuple[Any, ...] | None:
    """What is known of the shape of an operand, in a rule: sizes as in `srcad.core.types`, or None."""
    return x.value.type.shape if isinstance(x, Symbol) else np.shape(x)


_wanted: ContextVar[set[int] | None] = ContextVar("parts whose tangent is read", default=None)


def wants(place: int) -> bool:
    """In a pushforward of several results: whether the tangent of one is read."""
    found = _wanted.get()
    return found is None or place in found


@contextmanager
def wanting(places: set[int] | None) -> Iterator[None]:
    """Quote a pushforward, of which the tangents of these results are read."""
    token = _wanted.set(places)
    try:
        yield
    finally:
        _wanted.reset(token)


def put(base: Any, index: Any, value: Any) -> Any:
    """`base` with `base[index] = value`, as a new array (see `srcad.runtime.put`)."""
    return call(runtime.put, base, index, value)


def put_add(base: Any, index: Any, value: Any) -> Any:
    """`base` with `value` added at `index`, as a new array (see `srcad.runtime.put_add`)."""
    return call(runtime.put_add, base, index, value)


def spread(y_bar: Any, x: Any) -> Any:
    """`y_bar` broadcast to the shape of `x`."""
    return call(runtime.spread, y_bar, x)


def sum_to(x_bar: Any, x: Any) -> Any:
    """`x_bar` summed to the shape of `x`."""
    return call(runtime.sum_to, x_bar, x)


def quote(
    rule: Callable[..., Any],
    builder: Builder,
    args: tuple[Any, ...],
    options: dict[str, Any] | None = None,
) -> tuple[Any, ...]:
    """Run `rule` on operands of Core; what it does is emitted through `builder`. Returns its results, always as a tuple."""
    given = [wrap(arg, builder) for arg in args]
    named = {key: wrap(option, builder) for key, option in (options or {}).items()}
    token = _QUOTING.set(builder)
    try:
        if builder.names_rules:
            results = with_names(rule, builder, given, named)
        else:
            results = rule(*given, **named)
        return tuple(map(unwrap, results if isinstance(results, tuple) else (results,)))
    finally:
        _QUOTING.reset(token)


def with_names(
    rule: Callable[..., Any], builder: Builder, args: list[Any], options: dict[str, Any]
) -> Any:
    """Run a rule; values that it has names for are called so in the text: of `top = np.max(a)` there is a `top`.

    The names are those of local variables, read as each function of the rule returns. Only a value that bears the name of its operation
    gets one; parameters and cotangents have theirs from the driver, and so has what the rule returns.
    """
    thread = threading.get_ident()
    if thread in _NAMING:
        return rule(*args, **options)
    start = len(builder.block)
    before = sys.gettrace()
    found: list[tuple[str, Symbol]] = []

    def returned(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "return":
            code, local = frame.f_code, frame.f_locals
            own = code.co_varnames[code.co_argcount + code.co_kwonlyargcount :]
            found.extend((name, local[name]) for name in own if type(local.get(name)) is Symbol)
        return returned

    def called(frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        wanted = _READ.get(code)
        if wanted is None:
            home = frame.f_globals.get("__name__", "")
            caller = frame.f_back.f_globals.get("__name__", "") if frame.f_back else ""
            of_rules = home.startswith(_RULES) or caller in _MECHANISM
            plain = not code.co_name.startswith(
                "<"
            )  # since Python 3.12 comprehensions have no frames
            wanted = _READ[code] = plain and of_rules and home not in _MECHANISM
        if not wanted:
            return None
        frame.f_trace_lines = False
        return returned

    _NAMING.add(thread)
    sys.settrace(called)
    try:
        results = rule(*args, **options)
    finally:
        sys.settrace(before)
        _NAMING.discard(thread)
    made = {let.out: let for let in builder.block[start:] if isinstance(let, Let)}
    for result in results if isinstance(results, tuple) else (results,):
        if isinstance(result, Symbol):
            made.pop(result.value, None)
    for name, symbol in found:
        let = made.pop(symbol.value, None)
        if let is None or let.out is None or name.startswith("_") or name.endswith(_DRIVERS):
            continue
        if not let.out.named and let.out.base == let.op.base:
            let.out.base = Chosen(name)
    return results


@contextmanager
def apart() -> Iterator[None]:
    """What a rule has compiled on the way: rules that are quoted there have names of their own, and its frames are nobody's."""
    thread, tracing = threading.get_ident(), sys.gettrace()
    inside = thread in _NAMING
    if inside:
        sys.settrace(None)
        _NAMING.discard(thread)
    try:
        yield
    finally:
        if inside:
            _NAMING.add(thread)
            sys.settrace(tracing)


_DRIVERS = ("_bar", "_dot")
# Whether the local names of a function are read, by its code.
_READ: dict[CodeType, bool] = {}
# The threads that quote a rule: one that is quoted inside another's is a part of it.
_NAMING: set[Any] = set()
# Where rules stand, and what calls them; the latter's own names say nothing.
_RULES = "srcad.rules."
_MECHANISM = {
    f"srcad.{name}" for name in ("core.quote", "rules.chain", "rules.derived", "rules.families")
}
