"""The type of what an operation makes of its operands: from the table, or from what its rule says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

import numpy as np

from srcad.analysis.types import creation, indexing, order, products, series, shaping, vocabulary  # noqa: F401 - they register
from srcad.analysis.types.asking import (
    DTYPE_BY_VALUE,
    ask,
    classify,
    describe_tree,
    made_of,
    named_shapes,
    operand_type,
    with_shape,
)
from srcad.analysis.types.elementwise import emath_type, pointwise, scalar_type, ufunc_type
from srcad.analysis.types.handlers import TABLE, Handler
from srcad.analysis.types.lattice import (
    OBJECT,
    Tree,
    Unknown,
    fresh_size,
    known_shape,
    literal_only,
    type_of,
)
from srcad.analysis.types.python import math_type
from srcad.analysis.types.reductions import OF_UFUNCS
from srcad.analysis.types.several import several_results
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Value, leaves
from srcad.core.ops import Operation
from srcad.core.quote import RankUnknown, quote
from srcad.core.results import SEVERAL
from srcad.core.types import ANY, Sparse, Type
from srcad.rules.families import Rule, cores, rule_of

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
    except (
        RecursionError
    ):  # NumPy before 2.4 asks what stands for a dtype for its dtype, without end
        raise Unknown from None
    finally:
        _defining.reset(token)
    # What comes to a literal is a scalar of NumPy's.
    types = tuple(
        x.type._replace(value=None)
        if isinstance(x, Value)
        else type_of(x)
        if isinstance(x, bool)
        else ANY
        for x in found
    )
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

    >>> from srcad.core.nodes import Value
    >>> from srcad.core.types import Size, array
    >>> n = Size("n")
    >>> a, b = Value("a", array("float32", 7, n, n)), Value("b", array("float64", n, 3))
    >>> _generalized(np.linalg.solve, "(n,n),(n,k)->(n,k)", a, b)
    float64[7, n, 3]
    """
    if len(cores(signature.partition("->")[2])) > 1:
        return several_results(function, *args, **options)
    described = [type_of(tree).value for tree in args]
    sparse = [value.dtype for value in described if isinstance(value, Sparse)]
    types = [None if tree is None or _is_sparse(tree) else operand_type(tree) for tree in args]
    (shape,) = named_shapes(signature, types)
    if sparse:
        names = [t.dtype for t in types if t is not None]
        known = [np.dtype(name) for name in names if name]
        dtype = np.result_type(*sparse, *known).name if len(known) == len(names) else None
        return made_of(shape, "array", dtype)
    found = with_shape(function, shape, *(t for t in types if t is not None), **options)
    if function in DTYPE_BY_VALUE and not (found.dtype or "").startswith("complex"):
        return found._replace(dtype=None)
    return found


def _is_sparse(tree: Tree) -> bool:
    return isinstance(type_of(tree).value, Sparse)


def _along(function: Callable[..., Any], rule: Rule, *args: Tree, **options: Tree) -> Type:
    """A filter or a transform along an axis of an operand, whose shape the result has unless another length is asked for."""
    axis, _, operand = (rule.along or "").partition(" ")
    shape = known_shape(operand_type(args[rule.operands.index(operand) if operand else 0]))
    described = tuple(describe_tree(tree, constants=True) for tree in args)
    given = tuple((key, describe_tree(tree, constants=True)) for key, tree in options.items())
    found = next(filter(None, (ask(function, described, given, size) for size in (3, 2, 70))), None)
    if found is None or found[0] in ("tuple", "object") or found[2] != len(shape):
        raise Unknown
    length = next((options[key] for key in ("n", "N") if options.get(key) is not None), None)
    if length is not None:
        place = options.get(axis, inspect.signature(function).parameters[axis].default)
        if type(place) is not int:
            raise Unknown
        sizes = list(shape)
        sizes[place] = length if type(length) is int else fresh_size()
        shape = tuple(sizes)
    return made_of(shape, found[0], found[1])


def _table(function: Callable[..., Any], *args: Tree, **options: Tree) -> Type:
    """What SciPy makes of literals alone, such as nodes and weights: it is made while parsing."""
    if function not in SEVERAL and any(leaves([args, list(options.values())])):
        return _sample(function, *args, **options)
    literal_only(*args, *options.values())
    found = function(*args, **options)
    if isinstance(found, tuple) and function in SEVERAL:
        return Type("tuple", None, None, tuple(_type_of_result(function, each) for each in found))
    return _type_of_result(function, found)


def _type_of_result(function: Callable[..., Any], found: Any) -> Type:
    kind, dtype, _ = classify(function, found)
    return Type(kind, dtype, np.shape(found)) if kind != "object" else OBJECT


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
        tuple(describe_tree(tree, constants=True) for tree in args),
        tuple((key, describe_tree(tree, constants=True)) for key, tree in options.items()),
    )
    # What SciPy makes of no elements often has NumPy's default dtype.
    sizes = (3, 2) if (ops.module_of(function) or "").startswith("scipy.") else (3, 2, 1, 0)
    found = [run for size in sizes if (run := ask(function, *described, size)) is not None]
    if len(found) < 2 or len(set(found)) > 1:
        raise Unknown
    kind, dtype, rank = found[0]
    if rank is None:
        return OBJECT
    return Type(kind, dtype, tuple(fresh_size() for _ in range(rank)))


_HANDLERS: dict[Any, Callable[..., Type]] = {}


def _nothing(*args: Tree, **options: Tree) -> Type:
    return ANY


def _handler(function: Any) -> Callable[..., Type]:
    """What tells the type that a function makes of operands and options: the table, else what its rule says."""
    name, home = ops.name_of(function) or "", ops.module_of(function) or ""
    made: Callable[..., Type] = _nothing
    rule, found = rule_of(function), TABLE.get(function)
    owner = getattr(function, "__self__", None)
    if found is not None and rule is not None and rule.definition is not None:
        made = partial(_either, found, function, rule.definition)
    elif found is not None:
        made = partial(found, function)
    elif isinstance(owner, np.ufunc) and function.__name__ in OF_UFUNCS:
        made = partial(OF_UFUNCS[function.__name__], function)
    elif rule is not None and rule.typed is not None:
        made = rule.typed
    elif rule is not None and rule.signature is not None:
        made = partial(_generalized, function, rule.signature)
    elif rule is not None and rule.along is not None:
        made = partial(_along, function, rule)
    elif isinstance(function, np.ufunc):
        made = partial(ufunc_type, function)
    elif rule is not None and rule.definition is not None:
        from_scipy = (ops.module_of(function) or "").startswith("scipy.")
        made = partial(_confirmed if from_scipy else _by_definition, function, rule.definition)
    elif rule is not None and rule.family == "constant" and home.startswith("scipy."):
        made = partial(_table, function)
    elif isinstance(function, type) and issubclass(function, np.generic):
        made = partial(scalar_type, function)
    elif name.startswith("math."):
        made = partial(math_type, function)
    elif name.startswith("np.emath."):
        made = partial(emath_type, function)
    elif rule is not None and rule.family == "elementwise" and name.startswith("np."):
        made = partial(pointwise, function)
    elif (rule is not None and home.startswith("scipy.")) or (
        name.startswith("np.") and name.removeprefix("np.") in _SAMPLED
    ):
        made = partial(_sample, function)
    return _HANDLERS.setdefault(function, made)


def _either(
    found: Handler,
    function: Callable[..., Any],
    definition: Callable[..., Any],
    *args: Tree,
    **options: Tree,
) -> Type:
    """What the table says, or the definition where that has no answer."""
    try:
        return found(function, *args, **options)
    except Unknown:
        made = _by_definition(function, definition, *args, **options)
        return made._replace(kind="any") if made.shape == () else made  # a scalar, or a 0-d array


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

    >>> from srcad.core.nodes import Value
    >>> from srcad.core.types import Size, array
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
