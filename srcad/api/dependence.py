"""The sparsity pattern of a function at arguments: Core is made as for a derivative, and walked with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from srcad.analysis.complexity import holds_complex
from srcad.analysis.sizes import unify_sizes
from srcad.api import compile as compiler
from srcad.api.compiled import scope_of
from srcad.api.compose import check_output, select, through, valued
from srcad.api.dims import resolved
from srcad.api.dispatch import Dispatcher
from srcad.api.request import StaticNeeded
from srcad.core.nodes import Value
from srcad.core.pytrees import flatten, look
from srcad.core.quote import vague_values
from srcad.core.trees import varied
from srcad.errors import ArgumentTypeError
from srcad.parser.state import Program
from srcad.simplifier.pipeline import simplify
from srcad.simplifier.storage import store_values
from srcad.sparse.propagation import Tracer
from srcad.sparse.traced import Traced, plain

__all__ = ["Dependence", "content", "dependence"]


class Dependence(NamedTuple):
    """What each element of the outputs may depend on: a CSR matrix for each output, whose columns are the elements of the arguments one after the other.

    `shapes` and `dtypes` are those of the outputs, `starts` are where the columns of each argument begin, and where they end.
    `local`: it holds for these values alone; `numeric`: it does for the numbers that sparse matrices have.
    """

    outputs: list[Any]
    shapes: list[Any]
    dtypes: list[Any]
    starts: list[int]
    local: bool
    numeric: bool = False

    def block(self, output: int, argument: int) -> Any:
        """What an output depends on of one argument."""
        matrix = self.outputs[output]
        if len(self.starts) == 2:
            return matrix
        return matrix[:, self.starts[argument] : self.starts[argument + 1]]


def content(leaf: Any, numbers: bool = False) -> Any:
    """What of a leaf of an argument a global pattern is for: shapes, and integers as they are. None: it holds for none but itself.

    Of sparse matrices it is for their structure, and with `numbers` for these.

    >>> content(np.zeros((2, 3))), content(3), content(object())
    (((2, 3), 'f'), (<class 'int'>, 3), None)
    """
    if isinstance(leaf, (np.ndarray, np.generic)):
        if leaf.dtype.kind in "fc":
            return leaf.shape, leaf.dtype.kind
        if leaf.dtype.kind in "iub":
            return leaf.shape, leaf.dtype.str, _digest(leaf)
        return None
    if isinstance(leaf, (float, complex)):
        return type(leaf)
    if leaf is None or isinstance(leaf, (bool, int, str)):
        return type(leaf), leaf
    if type(leaf).__module__.startswith("scipy.sparse"):
        matrix = leaf.tocsr()
        parts = (matrix.indices, matrix.indptr, *([matrix.data] if numbers else []))
        return type(leaf), leaf.shape, tuple(map(_digest, parts))
    return None


def _digest(array: Any) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).digest()


def dependence(dispatcher: Dispatcher, args: tuple[Any, ...], outer: Any = None) -> Dependence:
    """What the outputs that a request is about depend on of the arguments that it differentiates by. Raises SrcadError.

    What is read of outer scopes, and is not among `outer`, is not in the key of a pattern: what it decides is for these values.
    """
    keyed = None if outer is None else {(tuple(path), name) for path, name in outer}
    return dispatcher.carefully(args, lambda one: _walked(one, args, keyed))  # type: ignore[no-any-return]


def _walked(dispatcher: Dispatcher, args: tuple[Any, ...], keyed: Any) -> Dependence:
    program, core = _core(dispatcher, args)
    request = dispatcher.request
    wrt, _ = select(core, request.argnums)
    check_output(core, request)
    core = valued(core, request.has_aux)
    given: dict[Value, Any] = {}
    for param, argument in zip(core.params, args):
        _bind(param.tree, argument, given)
    starts = [0]
    for value in wrt:
        starts.append(starts[-1] + np.size(given[value]))
    tracer = Tracer(starts[-1])
    for value, argument in given.items():
        tracer.env[value] = Traced(argument, None, _is_fixed(argument))
    for value, start in zip(wrt, starts):
        tracer.env[value] = tracer.input(given[value], start)
    by_name = dict(zip(dispatcher.names, args))
    for (path, name), value in program.hidden.items():
        scope = scope_of(dispatcher.function, path, by_name)
        found = scope.read(name) if scope is not None else None
        fixed = _is_fixed(found) and (keyed is None or (tuple(path), name) in keyed)
        tracer.env[value] = Traced(found, None, fixed)
    core = store_values(core)
    result = tracer.run(core)
    output = result[0] if request.has_aux else result
    found = list(varied(output))
    matrices = [_matrix(tracer, leaf) for leaf in found]
    values = [np.asarray(plain(leaf)) for leaf in found]
    shapes, dtypes = [each.shape for each in values], [each.dtype for each in values]
    return Dependence(matrices, shapes, dtypes, starts, tracer.local, tracer.numeric)


def _is_fixed(argument: Any) -> bool:
    """Whether the key of a pattern tells all that an argument can decide."""
    floating = isinstance(argument, (float, complex)) or (
        isinstance(argument, (np.ndarray, np.generic)) and argument.dtype.kind not in "iub"
    )
    return not floating and content(argument) is not None


def _matrix(tracer: Tracer, leaf: Any) -> Any:
    from srcad.sparse.matrices import rows_of

    value, deps = (leaf.value, leaf.deps) if isinstance(leaf, Traced) else (leaf, None)
    if deps is None:
        count = np.size(value)
        return rows_of(np.zeros(0, int), np.zeros(count + 1, int), tracer.width)
    deps.sum_duplicates()  # and sort
    return deps


def _bind(tree: Any, argument: Any, given: dict[Value, Any]) -> None:
    """What the values of a parameter stand for."""
    if isinstance(tree, Value):
        given[tree] = argument
        return
    node = look(argument)
    if node is None or not isinstance(tree, (tuple, list, dict)):
        return
    parts = list(tree.values()) if isinstance(tree, dict) else list(tree)
    for part, inner in zip(parts, node.parts):
        _bind(part, inner, given)


def _core(dispatcher: Dispatcher, args: tuple[Any, ...]) -> tuple[Program, Any]:
    """The Core that the request is answered on, its inner requests answered."""
    asked: set[Any] = set()
    while True:
        spec = dispatcher.specification(args)
        try:
            return made(dispatcher.function, dispatcher.request, spec)
        except StaticNeeded as needed:
            leaf = needed.name, needed.places
            if leaf in asked:
                raise ArgumentTypeError(
                    f"the value of `{needed.name}` decides what the derivative looks like",
                    reason="Pass an integer or a tuple of integers.",
                ) from None
            asked.add(leaf)
            dispatcher.static.add(leaf)


def made(function: Callable[..., Any], request: Any, spec: dict[str, Any]) -> tuple[Program, Any]:
    """The Core of a function, and of what is read of outer scopes."""
    request, spec = resolved(request, spec, function)
    program, core = compiler.parsed(function, spec, Program())
    unit = compiler.Unit(program)
    with vague_values(holds_complex(core)):
        return program, through(simplify(unify_sizes(core)), request, unit.split)


def arguments_key(args: tuple[Any, ...], outer: tuple[Any, ...] = (), numbers: bool = False) -> Any:
    """What a global pattern is for, of all arguments and of what is read of outer scopes."""
    return tuple(content(leaf, numbers) for arg in (*args, *outer) for leaf in flatten(arg))
