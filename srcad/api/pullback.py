"""Running the two halves of a pullback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from srcad.api.compiled import Compiled
from srcad.api.dispatch import Dispatcher
from srcad.api.request import Position
from srcad.core.pytrees import (
    Node,
    derivatives,
    flatten,
    is_varied,
    labels,
    look,
    own,
    rebuild,
    skeleton,
    varied,
)
from srcad.errors import ArgumentTypeError, ArgumentValueError
from srcad.loader import noted

__all__ = ["forward", "run"]


@noted
def forward(
    dispatcher: Dispatcher, args: tuple[Any, ...]
) -> tuple[Compiled, Any, list[Any], list[Any]]:
    """Run the forward half: the compiled pair, the result's tree, its flat values, and what the backward half is given.

    A half that leaves out the value has None as its tree.
    """
    compiled, flat, results = dispatcher.carefully(args, lambda one: _swept(one, args))
    structure = compiled.made.structure
    valued = compiled.made.names.get("valued") != "no"
    count = len({int(at) for at in flatten(structure) if isinstance(at, Position)}) if valued else 0
    values, residuals = list(results[:count]), list(results[count:])
    kept = [own(flat[place]) for place in compiled.made.kept]
    seen: set[int] = set()

    def hand_out(at: Any) -> Any:
        if not isinstance(at, Position):
            return at
        again = int(at) in seen
        seen.add(int(at))
        return own(values[at]) if again else values[at]

    result = rebuild(structure, hand_out) if valued else None
    outer = [compiled.namespace.get(text) for text in compiled.made.hidden]
    residuals = [_apart(residual, (*values, *flat, *outer)) for residual in residuals]
    return compiled, result, values, [*kept, *residuals]


def _swept(dispatcher: Dispatcher, args: tuple[Any, ...]) -> tuple[Compiled, list[Any], Any]:
    compiled, flat = dispatcher.find(args), dispatcher.leaves(args)
    return compiled, flat, compiled.forward(*flat)  # type: ignore[misc]


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
    outs = varied(compiled.made.structure[0] if has_aux else compiled.made.structure)
    order = list(dict.fromkeys(at for at in outs if isinstance(at, Position)))
    single = len(varied(tuple(primals))) == 1
    frames = [skeleton(primal) for primal in primals]

    @noted
    def pullback(y_bar: Any) -> tuple[Any, ...]:
        seeds = match(value, y_bar)
        by_place: dict[int, Any] = {}
        for at, seed in zip(outs, seeds):
            if isinstance(at, Position):
                by_place[int(at)] = seed if int(at) not in by_place else by_place[int(at)] + seed
        bars = compiled.backward(*(by_place[int(at)] for at in order), *given)  # type: ignore[misc]
        pending = iter([bars] if single else list(bars))
        return tuple([derivatives(frame, pending) for frame in frames])

    return (value, pullback, result[1]) if has_aux else (value, pullback)


def matched(
    node: Node, value: Any, y_bar: Any, where: str, of: str
) -> Iterator[tuple[Any, Any, str, str]]:
    """The parts of a container with those of its cotangent, and what these are called."""
    other = look(y_bar)
    kind, names = type(value), labels(where, node)
    if isinstance(value, dict):
        if not isinstance(y_bar, dict) or other is None or set(y_bar) != set(value):
            raise ArgumentTypeError(
                f"{where} is not a dict with the keys of the {of}",
                reason=f"Its keys are {list(value)}.",
            )
    elif isinstance(value, (tuple, list)):
        alike = list if isinstance(value, list) else tuple
        if not isinstance(y_bar, alike) or other is None or len(y_bar) != len(value):
            raise ArgumentTypeError(
                f"{where} is not a {kind.__name__} of {len(value)}",
                reason=f"It has the structure of the {of}.",
            )
    elif other is None or type(y_bar) is not kind:
        raise ArgumentTypeError(
            f"{where} is not a {kind.__name__}", reason=f"It has the structure of the {of}."
        )
    by_key = dict(zip(other.keys, other.parts))
    positions = isinstance(value, (tuple, list))
    for place, key in enumerate(node.keys):
        if node.fixed(place):
            continue
        if not positions and key not in by_key:
            raise ArgumentTypeError(
                f"{names[place]} is missing", reason=f"It has the structure of the {of}."
            )
        theirs = other.parts[place] if positions else by_key[key]
        yield node.parts[place], theirs, names[place], of


def match(value: Any, y_bar: Any, where: str = "the cotangent", of: str = "value") -> list[Any]:
    """The leaves of a cotangent, or of a tangent, checked against what it belongs to.

    Raises ArgumentTypeError, ArgumentValueError.
    """
    node = look(value)
    if node is not None:
        return [leaf for part in matched(node, value, y_bar, where, of) for leaf in match(*part)]
    if not is_varied(value):
        return []
    if isinstance(y_bar, np.ndarray) and type(y_bar) is not np.ndarray:
        raise ArgumentTypeError(
            f"{where} is a {type(y_bar).__name__}", reason="Pass np.asarray of it."
        )
    array = np.asarray(y_bar)
    if array.dtype.kind not in "biufc":
        raise ArgumentTypeError(
            f"{where} is no array of numbers", reason=f"It has the structure of the {of}."
        )
    if array.dtype.kind == "c" and not np.iscomplexobj(value):
        raise ArgumentTypeError(
            f"{where} is complex, and the {of} real",
            reason=f"That of a real {of} is real: pass its real part.",
        )
    if array.shape != np.shape(value):
        raise ArgumentValueError(
            f"{where} has shape {array.shape}, and the {of} {np.shape(value)}",
            reason=f"It has the shape of the {of}.",
        )
    dtype = getattr(value, "dtype", None)
    if isinstance(value, np.ndarray):
        return [array.astype(dtype, copy=False)]
    return [dtype.type(array[()]) if dtype is not None else type(value)(array)]
