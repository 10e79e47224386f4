"""Halves: a combined forward and backward sweep is cut into two functions.

    d = np.diff(x)                          def spring_forward(x, k):        returns the value and d
    value = 0.5 * k * np.sum(d ** 2)   ->
    d_bar = k * spring_bar * d              def spring_backward(spring_bar, x, k, d):
    ...

What the backward statements read of the forward ones is the residual: returned by the one, taken by the other.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from srcad.analysis.liveness import defines, reads_of
from srcad.core.nodes import (
    Block,
    Branch,
    Function,
    Loop,
    Param,
    Phi,
    Split,
    Statement,
    Value,
    defined,
    leaves,
    surviving,
    visible,
    walk,
)
from srcad.simplifier.rewrite import Pass, begin_with_none, copy_function

__all__ = ["Split", "cut_in_two"]


def cut_in_two(combined: Function, cut: Any, finish: Callable[..., Function]) -> Split:
    """The two halves of a combined function (see `transformer.reverse.halves`)."""
    outs, bars = combined.result
    forward = [s for s in combined.body if not _adjoint(s)]
    backward = [s for s in combined.body if _adjoint(s)]
    forward, backward = _pull_back(forward, backward, outs)
    made = defines(forward)
    seeds = set(cut.seeds)
    wanted = (reads_of(backward) | set(leaves(bars))) - defines(backward) - seeds
    needed = sorted((wanted & made), key=lambda value: value.serial)
    outside = [value for value in combined.hidden if value in wanted] if cut.hidden else []
    kept = tuple(place for place, value in enumerate(cut.own) if value in wanted)
    begin_with_none(forward, set(needed))
    results = _flat(outs)
    places = {value: place for place, value in enumerate(results) if not cut.hidden}
    residuals = {value: _surface(forward, value) for value in needed if value not in places}
    given = {old: old.like() for old in [*needed, *outside]}
    change = Pass()
    change.known = dict(given)
    body = change.block(backward)
    inputs = [value for value in cut.own if value in {cut.own[place] for place in kept}]
    front = copy_function(
        combined,
        forward,
        (*results, *residuals.values(), *outside),
        [Param(value.base, value) for value in cut.own],
    )
    back = copy_function(
        combined,
        body,
        change.tree(bars)[0] if len(bars) == 1 else change.tree(bars),
        [Param(value.base, value) for value in (*cut.seeds, *inputs, *given.values())],
    )
    front.name = f"{cut.name}_forward"
    back.name = f"{cut.name}_pushforward" if cut.pushes else f"{cut.name}_backward"
    front.half = back.half = back.fresh = True
    if not cut.hidden:
        front.result = front.result[0] if len(front.result) == 1 else front.result
    front.doc = f"Value of `{cut.name}`" + (
        f" and what `{back.name}` needs of it." if residuals or outside else "."
    )
    if cut.hidden and not results:
        front.doc = f"What `{back.name}` needs of `{cut.name}`."
    wrt = [value.base for value in cut.wrt]
    back.doc = (
        f"Derivative of `{cut.name}` along {_listed([value.base for value in cut.seeds])}."
        if cut.pushes
        else f"Cotangent{'s' if len(wrt) > 1 else ''} of {_listed(wrt)} given the cotangent of the value of `{cut.name}`."
    )
    front = finish(_distinct(front), results=True)
    back = finish(_distinct(back))
    saved = [places[value] if value in places else residuals[value] for value in needed]
    return Split(front, back, kept, (*saved, *outside))


def _adjoint(statement: Statement) -> bool:
    return statement.origin.part != "primal"


def _pull_back(forward: Block, backward: Block, outs: Any) -> tuple[Block, Block]:
    """Results that were made ready among the adjoint statements belong to the forward half."""
    wanted = set(leaves(outs)) | reads_of(forward)
    moved = [s for s in backward if any(value in wanted for value in visible(s))]
    return [*forward, *moved], [s for s in backward if s not in moved]


def _surface(block: Block, value: Value) -> Value:
    """The value at the end of the block, joined with None where only one side of a branch defines it."""
    for statement in block:
        if value in set(visible(statement)):
            return value
        if isinstance(statement, Branch):
            for side, inner in enumerate((statement.body, statement.orelse)):
                if any(value in set(defined(s)) for s in walk(inner)):
                    lifted = _surface(inner, value)
                    if inner is surviving(statement):
                        return lifted
                    out = Value(value.base, value.type, named=value.named)
                    statement.phis = [
                        *statement.phis,
                        Phi(out, lifted, None) if side == 0 else Phi(out, None, lifted),
                    ]
                    return out
        if isinstance(statement, Loop) and value in defines([statement]):
            return value
    return value


def _distinct(function: Function) -> Function:
    """Parameters have names of their own; what has none of the user's, no builtin's, which the text may call."""
    seen: set[str] = set()
    params = []
    for param in function.params:
        name, counter = param.name, 0
        own = isinstance(param.tree, Value) and not param.tree.named
        while name in seen or (own and hasattr(builtins, name)):
            counter += 1
            name = f"{param.name}_{counter}"
        seen.add(name)
        params.append(Param(name, param.tree))
    return copy_function(function, function.body, function.result, params)


def _flat(outs: Any) -> list[Value]:
    return list(dict.fromkeys(leaves(outs)))


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
