"""Running the two halves of a pullback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.api.dispatch import Compiled, Dispatcher
from srcad.api.request import Position
from srcad.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["forward", "run"]


def flatten(tree: Any) -> list[Any]:
    """The leaves of an argument, in the order of the parser's."""
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in flatten(part)]
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in flatten(part)]
    return [tree]


def rebuild(tree: Any, leaf: Callable[[Any], Any]) -> Any:
    """A tree of the same structure with other leaves."""
    if isinstance(tree, dict):
        return {key: rebuild(part, leaf) for key, part in tree.items()}
    if isinstance(tree, (tuple, list)):
        parts = [rebuild(part, leaf) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return leaf(tree)


def is_leaf_argument(value: Any) -> bool:
    """Whether a leaf of an argument is a parameter of the halves (static ones are not)."""
    return not (value is None or isinstance(value, (bool, str)) or callable(value))


def forward(
    dispatcher: Dispatcher, args: tuple[Any, ...]
) -> tuple[Compiled, Any, list[Any], list[Any]]:
    """Run the forward half: the compiled pair, the result's tree, its flat values, and what the backward half is given."""
    compiled = dispatcher.find(args)
    flat = [
        leaf
        for name, value in zip(dispatcher.names, args)
        if name not in dispatcher.static
        for leaf in flatten(value)
        if is_leaf_argument(leaf)
    ]
    results = compiled.forward(*flat)  # type: ignore[misc]
    structure = compiled.made.structure
    count = len({int(at) for at in flatten(structure) if isinstance(at, Position)})
    values, residuals = list(results[:count]), list(results[count:])
    kept = [own(flat[place]) for place in compiled.made.kept]
    seen: set[int] = set()

    def hand_out(at: Any) -> Any:
        if not isinstance(at, Position):
            return at
        again = int(at) in seen
        seen.add(int(at))
        return own(values[at]) if again else values[at]

    result = rebuild(structure, hand_out)
    outer = [compiled.namespace.get(text) for text in compiled.made.hidden]
    residuals = [_apart(residual, (*values, *flat, *outer)) for residual in residuals]
    return compiled, result, values, [*kept, *residuals]


def own(value: Any) -> Any:
    """What the caller could change between the sweeps is copied."""
    return value.copy() if isinstance(value, np.ndarray) else value


def _apart(residual: Any, others: tuple[Any, ...]) -> Any:
    """A residual that the caller cannot change: what shares memory with something of the caller's is copied."""
    if isinstance(residual, (list, tuple)):
        return type(residual)([_apart(part, others) for part in residual])
    if isinstance(residual, np.ndarray) and any(
        isinstance(other, np.ndarray) and np.may_share_memory(residual, other) for other in others
    ):
        return residual.copy()
    return residual


def run(dispatcher: Dispatcher, primals: tuple[Any, ...]) -> Any:
    """The value and the pullback."""
    args = dispatcher.bind(primals, {})
    compiled, result, _, given = forward(dispatcher, args)
    has_aux = dispatcher.request.has_aux
    value = result[0] if has_aux else result
    outs = flatten(compiled.made.structure[0] if has_aux else compiled.made.structure)
    order = list(dict.fromkeys(at for at in outs if isinstance(at, Position)))
    shapes = {int(at): leaf for at, leaf in zip(outs, flatten(value)) if isinstance(at, Position)}
    single = len([leaf for leaf in flatten(tuple(primals)) if is_leaf_argument(leaf)]) == 1

    def pullback(y_bar: Any) -> tuple[Any, ...]:
        seeds = match(value, y_bar)
        by_place: dict[int, Any] = {}
        for at, seed in zip(outs, seeds):
            if isinstance(at, Position):
                by_place[int(at)] = seed if int(at) not in by_place else by_place[int(at)] + seed
        bars = compiled.backward(*(by_place[int(at)] for at in order), *given)  # type: ignore[misc]
        pending = iter([bars] if single else list(bars))
        return tuple(
            rebuild(primal, lambda leaf: next(pending) if is_leaf_argument(leaf) else leaf)
            for primal in primals
        )

    _ = shapes
    return (value, pullback, result[1]) if has_aux else (value, pullback)


def match(value: Any, y_bar: Any, where: str = "the cotangent", of: str = "value") -> list[Any]:
    """The leaves of a cotangent, or of a tangent, checked against what it belongs to.

    Raises ArgumentTypeError, ArgumentValueError.
    """
    if isinstance(value, dict):
        if not isinstance(y_bar, dict) or set(y_bar) != set(value):
            raise ArgumentTypeError(
                f"{where} is not a dict with the keys of the {of}",
                reason=f"Its keys are {list(value)}.",
            )
        return [
            leaf for key in value for leaf in match(value[key], y_bar[key], f"{where}[{key!r}]", of)
        ]
    if isinstance(value, (tuple, list)):
        if not isinstance(y_bar, (list if isinstance(value, list) else tuple)) or len(y_bar) != len(
            value
        ):
            raise ArgumentTypeError(
                f"{where} is not a {type(value).__name__} of {len(value)}",
                reason=f"It has the structure of the {of}.",
            )
        return [
            leaf
            for at, (a, b) in enumerate(zip(value, y_bar))
            for leaf in match(a, b, f"{where}[{at}]", of)
        ]
    if not is_leaf_argument(value):
        return [value]
    if isinstance(y_bar, np.ndarray) and type(y_bar) is not np.ndarray:
        raise ArgumentTypeError(
            f"{where} is a {type(y_bar).__name__}", reason="Pass np.asarray of it."
        )
    array = np.asarray(y_bar)
    if array.dtype == object or array.dtype.kind not in "biuf":
        raise ArgumentTypeError(
            f"{where} is no real array", reason=f"It has the structure of the {of}."
        )
    if array.shape != np.shape(value):
        raise ArgumentValueError(
            f"{where} has shape {array.shape}, and the {of} {np.shape(value)}",
            reason=f"It has the shape of the {of}.",
        )
    dtype = getattr(value, "dtype", None)
    if isinstance(value, np.ndarray):
        return [array.astype(dtype, copy=False)]
    return [dtype.type(array[()]) if dtype is not None else float(array)]
