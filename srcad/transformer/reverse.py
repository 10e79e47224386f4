"""Functions made of reverse sweeps: gradients, pullbacks, and the two halves of a call."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from srcad.analysis.activity import parameters
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Block,
    Branch,
    Call,
    Carry,
    Family,
    Function,
    Let,
    Loop,
    Origin,
    Param,
    Phi,
    Tree,
    Value,
    Within,
    entries_like,
    leaves,
    map_tree,
)
from srcad.core.trees import map_varied, varied
from srcad.core.types import number
from srcad.transformer.adjoint import Adjoint, Splitter, cotangent_type

__all__ = [
    "Cut",
    "RowsOf",
    "gradient",
    "halves",
    "hand_on",
    "hand_out",
    "pullback",
    "row_loop",
    "row_sweeps",
    "shaped",
    "structured",
    "substituted",
    "zero_block",
]


def _outputs(tree: Tree) -> list[Value]:
    return list(dict.fromkeys(leaves(tree)))


def hand_out(builder: Builder, value: Value, bar: Tree | None) -> Value:
    """A derivative by an argument, as a result of its own."""
    builder.origin = Origin(0, "", "adjoint")
    if bar is None:
        bar = 0.0
    elif isinstance(bar, Value) and bar.base == f"{value.base}_bar":
        bar.named = True
    out = builder.emit(ops.result, bar, value, base=f"{value.base}_bar", named=True)
    return out


def hand_on(builder: Builder, tree: Tree, base: str, *, once: bool = False) -> Tree:
    """Values of the primal that are handed out beside derivatives share memory with nothing either.

    With `once`, a value that stands at several places stays one value.
    """
    made: dict[Value, Value] = {}

    def out(value: Value) -> Value:
        if value.type.immutable:
            if not value.named:
                value.base, value.named = base, True
            return value
        if not once or value not in made:
            op = (
                ops.own
                if value.type.rank != 0 or value.type.kind != "array"
                else ops.operation(np.array)
            )
            made[value] = builder.emit(
                op, value, base=value.base if value.named else base, named=True
            )
        return made[value]

    return map_tree(tree, out)


def structured(builder: Builder, structure: Tree, handed: dict[Value, Tree]) -> Tree:
    """Derivatives in the structure of what they are by; what is configuration there is handed on."""
    return map_varied(
        structure,
        lambda leaf: handed[leaf] if isinstance(leaf, Value) else leaf,
        lambda part: hand_on(builder, part, "part"),
    )


def gradient(
    function: Function,
    wrt: list[Value],
    structure: Tree,
    split: Splitter,
    *,
    value: bool = False,
    has_aux: bool = False,
    name: str = "",
) -> Function:
    """The function that returns the gradient by `wrt`, in `structure` (a tree of the same values).

    With `value`, returns (value, gradient); with `has_aux` the primal returns (value, aux).
    """
    output, aux = function.result if has_aux else (function.result, None)
    sweep = Adjoint(function, wrt, _outputs(output), split)
    bars = sweep.sweep([(output, 1.0)])
    handed = {leaf: hand_out(sweep.builder, leaf, bars.get(leaf)) for leaf in wrt}
    result = structured(sweep.builder, structure, handed)
    body = [*sweep.body]
    if value or has_aux:
        front = Builder(sweep.builder.infer)
        parts = hand_on(front, output, "value")
        aux_part = hand_on(front, aux, "aux") if has_aux else None
        body += front.block
        if value:
            result = ((parts, aux_part), result) if has_aux else (parts, result)
        else:
            result = (result, aux_part)
    made = function.renewed(
        name=name or f"{function.name}_grad", body=[*body, *sweep.builder.block], result=result
    )
    made.defaults = function.parsed.defaults
    return made  # type: ignore[no-any-return]


def pullback(
    function: Function, wrt: list[Value], structure: Tree, split: Splitter, *, name: str = ""
) -> Function:
    """The function that takes the arguments and the cotangent of the value, and returns those of `wrt`."""
    output = function.result
    outs = list(dict.fromkeys(leaves(list(varied(output)))))
    sweep = Adjoint(function, wrt, outs, split)
    seeds: list[tuple[Tree, Tree]] = []

    def seed(leaf: Value) -> Value:
        base = f"{leaf.base}_bar" if leaf.named else f"{function.name}_bar"
        seeds.append((leaf, Value(base, cotangent_type(leaf), named=True)))
        return seeds[-1][1]  # type: ignore[no-any-return]

    tree = map_varied(output, lambda leaf: map_tree(leaf, seed), lambda part: None)
    label = tree.base if isinstance(tree, Value) else f"{function.name}_bar"
    taken = {param.name for param in function.params}
    while label in taken:
        label += "_"
    bars = sweep.sweep(seeds)
    handed = {leaf: hand_out(sweep.builder, leaf, bars.get(leaf)) for leaf in wrt}
    result = structured(sweep.builder, structure, handed)
    made = function.renewed(
        name=name or f"{function.name}_vjp",
        params=[*function.params, Param(label, tree)],
        body=[*sweep.body, *sweep.builder.block],
        result=result,
    )
    made.defaults = {}
    return made  # type: ignore[no-any-return]


class Cut(NamedTuple):
    """How a combined function is cut in two: its own parameters, those for the seeds, and what the backward half's results belong to.

    With `pushes` the second half is a pushforward: its seeds are tangents of arguments, its results those of outputs.
    """

    name: str
    own: tuple[Value, ...]
    seeds: tuple[Value, ...]
    wrt: tuple[Value, ...]
    hidden: bool
    pushes: bool = False


def halves(
    function: Function,
    wanted: tuple[bool, ...],
    outs: tuple[bool, ...],
    split: Splitter,
    *,
    own: bool = False,
    hidden: bool = False,
    order: list[Value] | None = None,
) -> tuple[Function, Cut]:
    """Forward and backward sweep as one function, to be simplified together and then cut.

    `wanted` says which parameters are differentiated by, `outs` which results have cotangents. With `own`, results share memory with nothing;
    with `hidden`, the backward half gets arrays of outer scopes from the forward half.
    """
    inputs = parameters(function)
    wrt = order or [value for value, want in zip(inputs, wanted) if want]
    results = _outputs(function.result)
    active = [value for value, want in zip(results, outs) if want]
    sweep = Adjoint(function, wrt, active, split)
    single = len(active) == 1
    seeds = [
        Value(f"{function.name if single else value.base}_bar", cotangent_type(value), named=True)
        for value in active
    ]
    bars = sweep.sweep(list(zip(active, seeds)))
    handed = tuple(hand_out(sweep.builder, value, bars.get(value)) for value in wrt)
    body = list(sweep.body)
    result = function.result
    if own:
        front = Builder(sweep.builder.infer)
        result = hand_on(front, result, "value", once=True)
        body += front.block
    combined = function.renewed(
        params=[
            *(Param(value.base, value) for value in inputs),
            *(Param(seed.base, seed) for seed in seeds),
        ],
        body=[*body, *sweep.builder.block],
        result=(result, handed),
    )
    return combined, Cut(function.name, tuple(inputs), tuple(seeds), tuple(wrt), hidden)


class RowsOf(NamedTuple):
    """One output of a Jacobian: the output, its seed, and the raw cotangents by the arguments that its sweep gives."""

    output: Value
    seed: Value | None
    bars: dict[Value, Tree]
    block: Block


def row_sweeps(
    function: Function, wrt: list[Value], outputs: list[Value], split: Splitter
) -> tuple[Block, list[RowsOf]]:
    """The forward statements, and for each output a backward sweep of its own from a seed of its own."""
    sweep = Adjoint(function, wrt, outputs, split)
    sweeps = []
    for output in outputs:
        seed = (
            None if output.type.rank == 0 else Value(f"{output.base}_bar", cotangent_type(output))
        )
        sweep.builder = Builder(sweep.builder.infer)
        found = sweep.sweep([(output, 1.0 if seed is None else seed)])
        bars = {value: found[value] for value in wrt if value in found}
        for value, bar in bars.items():
            if isinstance(bar, Value) and bar.base == f"{value.base}_bar":
                bar.named = True
        sweeps.append(RowsOf(output, seed, bars, sweep.builder.block))
    return sweep.body, sweeps


def row_loop(builder: Builder, rows: RowsOf, wrt: list[Value]) -> dict[Value, Tree]:
    """Row by row: a loop over the elements of the output, each with a backward sweep of its own."""
    output, seed = rows.output, rows.seed
    assert seed is not None
    count = builder.emit(ops.size, output)
    index = Value("i", number("int"))
    inner = Builder(builder.infer, builder.origin)
    rank = output.type.rank
    if rank == 1:
        zeros = inner.emit(ops.zeros_like, output, base=seed.base)
        start = inner.emit(ops.put, zeros, index, 1.0, base=seed.base, named=True)
    else:
        dtype = output.type.dtype
        flat = inner.emit(
            ops.operation(np.zeros),
            count,
            base=seed.base,
            dtype=np.dtype(dtype).type if dtype else None,
        )
        one = inner.emit(ops.put, flat, index, 1.0, base=seed.base, named=True)
        shape = inner.emit(ops.shape, output)
        start = inner.emit(ops.operation(np.reshape), one, shape=shape, base=seed.base, named=True)
    carries: list[Carry] = []
    results: dict[Value, Tree] = {}
    for value in wrt:
        shape_tree = _row_shape(builder, count, value)
        zeros = builder.let(
            ops.operation(np.zeros), (shape_tree,), dtype_option(value), base=f"{value.base}_bar"
        )
        if value not in rows.bars:
            results[value] = zeros
            continue
        param, after = zeros.like(), zeros.like(named=True)
        param.base = after.base = f"{value.base}_jac"
        carries.append(Carry(param, zeros, None, after))
        results[value] = after
    change = {seed: start}
    body = [*inner.block, *(substituted(rows.block, change))]
    tail = Builder(builder.infer, builder.origin)
    active = [value for value in wrt if value in rows.bars]
    for value, carry in zip(active, carries):
        bar = rows.bars[value]
        bar = start if bar is seed else bar
        carry.next = tail.emit(ops.put, carry.param, index, bar, base=f"{value.base}_jac")
    builder.add(
        Loop(Family(), 1, index, (0, count, 1), carries, [*body, *tail.block], builder.origin)
    )
    return results


def sizes_of(builder: Builder, value: Value) -> list[Tree]:
    """The sizes of a value's axes, as operands."""
    return [
        builder.emit(ops.getitem, builder.emit(ops.shape, value), axis)
        for axis in range(value.type.rank or 0)
    ]


def _row_shape(builder: Builder, count: Tree, value: Value) -> Tree:
    return (count, *sizes_of(builder, value))


def dtype_option(value: Value) -> tuple[tuple[str, Tree], ...]:
    dtype = value.type.dtype
    if value.type.kind == "number" and dtype == "complex":
        return (("dtype", complex),)
    if value.type.kind == "number" or dtype is None or dtype == "float64":
        return ()
    return (("dtype", np.dtype(dtype).type),)


def shaped(builder: Builder, rows: Tree, output: Value, value: Value, count: Tree = None) -> Value:
    """Rows `(y.size, *x.shape)` as the Jacobian `y.shape + x.shape`, of the dtype of `x`, memory of its own."""
    base = f"{value.base}_bar"
    dtype = value.type.dtype
    if isinstance(rows, Value) and value.type.kind != "number" and rows.type.dtype != dtype:
        rows = builder.emit(ops.cast, rows, value)
    if (output.type.rank or 0) > 1:
        sizes = (*sizes_of(builder, output), *sizes_of(builder, value))
        rows = builder.emit(ops.operation(np.reshape), rows, shape=sizes)
    return builder.emit(ops.own, rows, base=base, named=True)


def zero_block(builder: Builder, output: Value, value: Value) -> Value:
    """The Jacobian of an output that does not depend on an argument."""
    return builder.let(
        ops.operation(np.zeros),
        ((*sizes_of(builder, output), *sizes_of(builder, value)),),
        dtype_option(entries_like(output, value)),
        base=f"{value.base}_bar",
        named=True,
    )


def substituted(block: Block, change: dict[Value, Tree]) -> Block:
    """A block with values replaced; the statements are new."""

    def tree(part: Tree) -> Tree:
        return map_tree(part, lambda value: change.get(value, value))

    made: Block = []
    for statement in block:
        if isinstance(statement, Let):
            options = tuple((key, tree(option)) for key, option in statement.options)
            made.append(statement.renewed(args=tree(statement.args), options=options))
        elif isinstance(statement, Branch):
            made.append(
                statement.renewed(
                    **(
                        {"manager": tree(statement.manager)}
                        if isinstance(statement, Within)
                        else {}
                    ),
                    condition=tree(statement.condition),
                    body=substituted(statement.body, change),
                    orelse=substituted(statement.orelse, change),
                    phis=[Phi(phi.out, tree(phi.then), tree(phi.orelse)) for phi in statement.phis],
                )
            )
        elif isinstance(statement, Loop):
            carries = [
                Carry(c.param, tree(c.init), tree(c.next), c.exit) for c in statement.carries
            ]
            made.append(
                statement.renewed(
                    domain=tree(statement.domain),
                    header=substituted(statement.header, change),
                    test=tree(statement.test),
                    until=tree(statement.until),
                    body=substituted(statement.body, change),
                    carries=carries,
                )
            )
        elif isinstance(statement, Call):
            made.append(statement.renewed(args=tree(statement.args)))
        else:
            made.append(statement)
    return made
