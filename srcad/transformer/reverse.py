"""Functions made of reverse sweeps: gradients, pullbacks, and the two halves of a call."""

from __future__ import annotations

from typing import NamedTuple

from srcad.analysis.activity import parameters
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import Function, Origin, Param, Tree, Value, leaves, map_tree
from srcad.transformer.adjoint import Adjoint, Splitter, cotangent_type

__all__ = ["Cut", "gradient", "halves", "pullback"]


def _outputs(tree: Tree) -> list[Value]:
    return list(dict.fromkeys(leaves(tree)))


def _handed_out(sweep: Adjoint, value: Value, bar: Tree | None) -> Value:
    """A derivative by an argument, as a result of its own."""
    builder = sweep.builder
    builder.origin = Origin(0, "", "adjoint")
    if bar is None:
        bar = 0.0
    elif isinstance(bar, Value) and bar.base == f"{value.base}_bar":
        bar.named = True
    out = builder.emit(ops.result, bar, value, base=f"{value.base}_bar", named=True)
    return out


def _own(sweep: Adjoint, tree: Tree, base: str) -> Tree:
    """Values of the primal that are handed out beside derivatives share memory with nothing either."""
    builder = sweep.builder

    def out(value: Value) -> Value:
        if value.type.immutable:
            if not value.named:
                value.base, value.named = base, True
            return value
        return builder.emit(ops.own, value, base=value.base if value.named else base, named=True)

    return map_tree(tree, out)


def gradient(
    function: Function, wrt: list[Value], structure: Tree, split: Splitter, *, value: bool = False, has_aux: bool = False, name: str = ""
) -> Function:
    """The function that returns the gradient by `wrt`, in `structure` (a tree of the same values).

    With `value`, returns (value, gradient); with `has_aux` the primal returns (value, aux).
    """
    output, aux = function.result if has_aux else (function.result, None)
    sweep = Adjoint(function, wrt, _outputs(output), split)
    bars = sweep.sweep([(output, 1.0)])
    handed = {leaf: _handed_out(sweep, leaf, bars.get(leaf)) for leaf in wrt}
    result = map_tree(structure, lambda leaf: handed[leaf])
    body = [*sweep.body]
    if value or has_aux:
        front = Builder(sweep.builder.infer)
        kept, sweep.builder = sweep.builder, front
        parts = _own(sweep, output, "value")
        aux_part = _own(sweep, aux, "aux") if has_aux else None
        sweep.builder = kept
        body += front.block
        if value:
            result = ((parts, aux_part), result) if has_aux else (parts, result)
        else:
            result = (result, aux_part)
    made = function.renewed(name=name or f"{function.name}_grad", body=[*body, *sweep.builder.block], result=result)
    made.defaults = function.parsed.defaults
    return made  # type: ignore[no-any-return]


def pullback(function: Function, wrt: list[Value], structure: Tree, split: Splitter, *, name: str = "") -> Function:
    """The function that takes the arguments and the cotangent of the value, and returns those of `wrt`."""
    output = function.result
    outs = _outputs(output)
    sweep = Adjoint(function, wrt, outs, split)
    seeds: dict[Value, Value] = {}

    def seed(leaf: Value) -> Value:
        if leaf not in seeds:
            base = f"{leaf.base}_bar" if leaf.named else f"{function.name}_bar"
            type_ = cotangent_type(leaf)
            seeds[leaf] = Value(base, type_, named=True)
        return seeds[leaf]

    tree = map_tree(output, seed)
    label = tree.base if isinstance(tree, Value) else f"{function.name}_bar"
    taken = {param.name for param in function.params}
    while label in taken:
        label += "_"
    bars = sweep.sweep([(leaf, seeds[leaf]) for leaf in outs])
    handed = {leaf: _handed_out(sweep, leaf, bars.get(leaf)) for leaf in wrt}
    made = function.renewed(
        name=name or f"{function.name}_vjp",
        params=[*function.params, Param(label, tree)],
        body=[*sweep.body, *sweep.builder.block],
        result=map_tree(structure, lambda leaf: handed[leaf]),
    )
    made.defaults = {}
    return made  # type: ignore[no-any-return]



class Cut(NamedTuple):
    """How a combined function is cut in two: its own parameters, those for the seeds, the outputs, the cotangents."""

    name: str
    own: tuple[Value, ...]
    seeds: tuple[Value, ...]
    outs: Tree
    bars: tuple[Value, ...]
    hidden: bool


def halves(
    function: Function, wanted: tuple[bool, ...], outs: tuple[bool, ...], split: Splitter, *, own: bool = False, hidden: bool = False
) -> tuple[Function, Cut]:
    """Forward and backward sweep as one function, to be simplified together and then cut.

    `wanted` says which parameters are differentiated by, `outs` which results have cotangents. With `own`, results share memory with nothing;
    with `hidden`, the backward half gets arrays of outer scopes from the forward half.
    """
    inputs = parameters(function)
    wrt = [value for value, want in zip(inputs, wanted) if want]
    results = _outputs(function.result)
    active = [value for value, want in zip(results, outs) if want]
    sweep = Adjoint(function, wrt, active, split)
    single = len(active) == 1
    seeds = [
        Value(f"{function.name if single else value.base}_bar", cotangent_type(value), named=True) for value in active
    ]
    bars = sweep.sweep(list(zip(active, seeds)))
    handed = tuple(_handed_out(sweep, value, bars.get(value)) for value in wrt)
    body = list(sweep.body)
    result = function.result
    if own:
        backward, sweep.builder = sweep.builder, Builder(sweep.builder.infer)
        result = _own(sweep, result, "value")
        body += sweep.builder.block
        sweep.builder = backward
    combined = function.renewed(
        params=[*(Param(value.base, value) for value in inputs), *(Param(seed.base, seed) for seed in seeds)],
        body=[*body, *sweep.builder.block],
        result=(result, handed),
    )
    return combined, Cut(function.name, tuple(inputs), tuple(seeds), result, handed, hidden)
