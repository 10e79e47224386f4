"""Forward mode as functions: a pushforward along tangents, and Jacobians by columns.

Each argument has a tangent sweep of its own. For all columns at once its seed is an identity and the tangents are batched;
an argument without axes has one column and no batch axis at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcad.analysis.types import infer
from srcad.api.facts import Swept, swept
from srcad.api.rows import assembled, mixed, off_blocks, zero_blocks
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Block,
    Carry,
    Family,
    Function,
    Let,
    Loop,
    Origin,
    Param,
    Tree,
    Value,
    entries_like,
    leaves,
    map_tree,
)
from srcad.core.trees import map_varied, varied_values
from srcad.core.types import Size, Type, number
from srcad.errors import RankUnknownError
from srcad.transformer.adjoint import cotangent_type
from srcad.transformer.reverse import Cut, dtype_option, hand_on, sizes_of, zero_block
from srcad.transformer.tangent import Tangent
from srcad.vectorizer.batch import Batch, NotBatchable, batch
from srcad.vectorizer.structure import compacted, identity_seed, materialised, word_of

Simplify = Callable[[Function], Function]

Mirrored = Mapping[tuple[Value, Value], tuple[Value, Value]]


def dot_of(value: Value) -> Value:
    """The tangent of an argument, as an argument."""
    return Value(f"{value.base}_dot", cotangent_type(value), named=True)


def hand_dot(
    builder: Builder, dot: Tree | None, output: Value, base: str, part: str = "tangent"
) -> Value:
    """The tangent of an output, as a result of its own."""
    builder.origin = Origin(0, "", part)
    return builder.emit(ops.result, 0.0 if dot is None else dot, output, base=base, named=True)


def pushforward(
    function: Function,
    wrt: list[Value],
    params: list[Param],
    *,
    has_aux: bool = False,
    name: str = "",
) -> Function:
    """The function that takes the arguments and the tangents of `wrt`, and returns the value and its tangent.

    `params` are the parameters that `wrt` belong to.
    """
    output, aux = function.result if has_aux else (function.result, None)
    dots: dict[Value, Tree] = {value: dot_of(value) for value in wrt}
    outputs = varied_values(output)
    sweep = Tangent(function, dots, outputs)
    body = sweep.run()
    tail = Builder(infer)
    base = f"{function.name}_dot"
    handed = {
        leaf: hand_dot(tail, sweep.dot(leaf), leaf, f"{leaf.base}_dot" if leaf.named else base)
        for leaf in outputs
    }
    given: set[Value] = set()

    def apart(leaf: Value) -> Value:
        found = handed[leaf]
        if found in given and not found.type.immutable:  # an output that stands at two places
            found = tail.emit(ops.own, found, base=found.base, named=True)
        given.add(found)
        return found

    tangent = map_varied(
        output, lambda leaf: map_tree(leaf, apart), lambda part: hand_on(tail, part, "part")
    )
    tangent = _zeros_of_constants(tangent)
    value = hand_on(tail, output, "value")
    result = (value, tangent, hand_on(tail, aux, "aux")) if has_aux else (value, tangent)
    taken = {param.name for param in function.params}
    more = []
    for param in params:
        label = f"{param.name}_dot"
        while label in taken:
            label += "_"
        taken.add(label)
        more.append(Param(label, map_tree(param.tree, dots.get)))
    made = function.renewed(
        name=name or f"{function.name}_jvp",
        params=[*function.params, *more],
        body=[*body, *tail.block],
        result=result,
    )
    made.defaults = {}
    return made  # type: ignore[no-any-return]


def linearized(function: Function, wrt: list[Value], has_aux: bool) -> tuple[Function, Cut]:
    """The value, and the tangents in statements of their own, to be simplified together and then cut."""
    output = function.result[0] if has_aux else function.result
    dots: dict[Value, Tree] = {value: dot_of(value) for value in wrt}
    outputs = varied_values(output)
    sweep = Tangent(function, dots, outputs, fused=False)
    pushed = sweep.run()
    front, tail = Builder(infer), Builder(infer)
    result = hand_on(front, function.result, "value", once=True)
    handed = []
    for leaf in outputs:
        base = f"{leaf.base}_dot" if leaf.named else f"{function.name}_dot"
        handed.append(hand_dot(tail, sweep.dot(leaf), leaf, base, part="adjoint"))
    inputs = [value for param in function.params for value in leaves(param.tree)]
    seeds = [dots[value] for value in wrt]
    combined = function.renewed(
        params=[
            *(Param(value.base, value) for value in inputs),
            *(Param(seed.base, seed) for seed in seeds),
        ],
        body=[*function.body, *front.block, *pushed, *tail.block],
        result=(result, tuple(handed)),
    )
    return combined, Cut(function.name, tuple(inputs), tuple(seeds), tuple(outputs), True, True)


def forward_chunked(
    function: Function, value: Value, has_aux: bool, simplify: Simplify
) -> tuple[Function, Cut]:
    """Value and pushforward of some columns of one argument, to be cut in two. Raises NotBatchable."""
    if value.type.rank in (0, None):
        raise NotBatchable(None, "an argument without axes has one column")
    combined, cut = linearized(function, [value], has_aux)
    combined = simplify(combined.renewed(result=(*combined.result, cut.seeds[0])))
    result, handed, seed = combined.result
    shape = (Size("rows"), *(value.type.shape or ()))
    seeds = Value(f"{value.base}_dot", Type("array", value.type.dtype, shape), named=True)
    walker = Batch(combined.renewed(result=()), {seed: seeds}, Size("rows"))
    made = walker.run()
    tail: Block = []
    bars: list[Value] = []
    for output, dot in zip(cut.wrt, handed):
        walker.statement = Let(None, ops.own, (), (), Origin(0, "", "adjoint"))
        walker.out = tail
        rows = walker.rows(dot if isinstance(dot, Value) else walker.get(output))
        let = Let(output.like(f"{output.base}_dot"), ops.own, (rows,), (), Origin(0, "", "adjoint"))
        assert let.out is not None
        let.out.type = rows.type
        tail.append(let)
        bars.append(let.out)
    params = [*function.params, Param(seeds.base, seeds)]
    made = made.renewed(params=params, body=[*made.body, *tail], result=(result, tuple(bars)))
    return made, cut._replace(seeds=(seeds,), wrt=tuple(cut.wrt))


def _zeros_of_constants(tangent: Tree) -> Tree:
    """Literals among the outputs have tangents of zero."""

    def zero(leaf: Tree) -> Tree:
        return 0.0 if isinstance(leaf, (int, float)) and not isinstance(leaf, bool) else leaf

    return map_varied(tangent, zero)


def forward_jacobian(
    function: Function,
    wrt: list[Value],
    structure: Tree,
    simplify: Simplify,
    *,
    has_aux: bool = False,
    name: str = "",
    mirrored: Mirrored = {},  # noqa: B006 - read only
    compact: str = "",
) -> Function:
    """The function that returns the Jacobian by `wrt`, by columns.

    Where the tangents have no batched form, in loops over the columns. `mirrored` are blocks, as (output, argument), that are transposes of others, with
    those: they are not computed. `compact` is the name of the transform where the blocks of the diagonal are asked for. Raises RankUnknownError,
    UnsupportedSyntaxError.
    """
    output, aux = function.result if has_aux else (function.result, None)
    outputs = varied_values(output)
    for value in outputs + wrt:
        if value.type.rank is None:
            raise RankUnknownError(
                f"the rank of `{value.base}` is not known, and the shape of a Jacobian depends on it",
                place=function.parsed.place,
                reason="Keep every name to arrays of one rank, or declare the arguments' shapes.",
            )
        if compact and not value.type.rank:
            raise mixed(function, None, f"`{value.base}` has no axes", compact)
    made, seeds = function, {}
    kept: dict[tuple[Value, Value], Tree] = {}
    for value in wrt:
        seed: Tree = 1.0 if value.type.rank == 0 else dot_of(value)
        reached = [leaf for leaf in outputs if (leaf, value) not in mirrored]
        sweep = Tangent(made, {value: seed}, reached)
        made = made.renewed(body=sweep.run())
        if isinstance(seed, Value):
            seeds[value] = seed
        for leaf in reached:
            dot = sweep.dot(leaf)
            if dot is not None:
                kept[leaf, value] = dot
    combined = made.renewed(
        params=[*function.params, *(Param(seed.base, seed) for seed in seeds.values())],
        result=(output, aux, list(kept.values()), list(seeds.values())),
    )
    made = simplify(combined)
    output_, aux_, dots, left = made.result
    made = made.renewed(params=made.params[: len(function.params)], result=())
    kept = dict(zip(kept, dots))
    now = dict(zip(outputs, varied_values(output_)))
    if len(now) < len(outputs):
        now = {}
    final = Builder(infer, Origin(0, "", "tangent"))
    blocks: dict[tuple[Value, Value], Value] = {}
    rows: dict[tuple[Value, Value], Any] = {}
    opened: dict[Value, list[Any]] = {value: [] for value in wrt}
    try:
        for value, seed in zip(seeds, left):
            identity = identity_seed(None, value, transposed=True)
            made, new = batch(made, {seed: identity}, opened=opened[value])
            for (leaf, of), dot in kept.items():
                if of is value and dot in new:
                    rows[leaf, value] = new[dot]
    except NotBatchable as refusal:
        if compact:
            raise mixed(function, refusal.statement, refusal.why, compact) from None
        known = [
            Swept(leaf, value, "loop", "columns", refusal.why, refusal.line)
            if value.type.rank
            else Swept(leaf, value, "single", "columns")
            for leaf in outputs
            for value in wrt
        ]
        return column_loops(
            swept(function, known), wrt, outputs, structure, has_aux, name, mirrored
        )
    known = []
    for leaf in outputs:
        here = now.get(leaf, leaf)
        for value in wrt:
            if (leaf, value) in mirrored:
                continue
            if (leaf, value) in rows:
                put = compacted if compact else materialised
                block = put(final, rows[leaf, value], here, value, transposed=True)
                if block is None:
                    first = next(iter(opened[value]), None)
                    raise mixed(function, first, off_blocks(here, value), compact)
                blocks[leaf, value] = block
                known.append(Swept(leaf, value, word_of(rows[leaf, value]), "columns"))
            elif value.type.rank == 0:
                known.append(Swept(leaf, value, "single", "columns"))
                blocks[leaf, value] = only_column(final, kept.get((leaf, value)), here, value)
            else:
                if compact:
                    blocks[leaf, value] = zero_blocks(final, function, here, value, compact)
                else:
                    blocks[leaf, value] = zero_block(final, here, value)
                known.append(Swept(leaf, value, "zero", "columns"))
    zeros = {(each.output, each.by) for each in known if each.how == "zero"}
    for (leaf, value), other in mirrored.items():
        here = now.get(leaf, leaf)
        if other not in zeros:
            shared = bool(compact)
            blocks[leaf, value] = mirror(final, blocks[other], leaf, value, other[1], shared)
        elif compact:
            blocks[leaf, value] = zero_blocks(final, function, here, value, compact)
        else:
            blocks[leaf, value] = zero_block(final, here, value)
        known.append(Swept(leaf, value, "zero" if other in zeros else "transpose", "columns"))
    return assembled(
        swept(made, known).renewed(name=function.name),
        [*made.body, *final.block],
        output_,
        aux_,
        has_aux,
        structure,
        blocks,
        outputs,
        function.params,
        name=name or f"{function.name}_jacfwd",
    )


def mirror(
    builder: Builder, block: Value, output: Value, value: Value, other: Value, shared: bool = False
) -> Value:
    """The block of the output by a value: that of the value's output by the `other` one, with the axes of the arguments in the other order.

    H_yx = H_xy.T

    With `shared`, the first axis is that of both.
    """
    one, two = (value.type.rank or 0) - shared, (other.type.rank or 0) - shared
    front = (output.type.rank or 0) - two
    builder.origin = Origin(0, "", "tangent")
    if not one or not two:
        made = block
    elif (front, one, two) == (0, 1, 1):
        made = builder.emit(ops.transpose, block)
    elif one == two == 1:
        made = builder.emit(ops.operation(np.swapaxes), block, axis1=-1, axis2=-2)
    elif two == 1:
        made = builder.emit(ops.operation(np.moveaxis), block, source=-1, destination=front)
    elif one == 1:
        made = builder.emit(ops.operation(np.moveaxis), block, source=front, destination=-1)
    else:
        middle, end = front + one, front + one + two
        axes = (*range(front), *range(middle, end), *range(front, middle))
        made = builder.emit(ops.operation(np.transpose), block, axes=axes)
    return builder.emit(ops.own, made, base=f"{output.base}_dot", named=True)


def only_column(builder: Builder, dot: Tree | None, output: Value, value: Value) -> Value:
    """The Jacobian by an argument without axes: of the shape of the output, of the dtype of the argument."""
    base, like = f"{output.base}_dot", entries_like(output, value)
    if output.type.rank == 0:
        builder.origin = Origin(0, "", "tangent")
        return builder.emit(ops.result, 0.0 if dot is None else dot, like, base=base, named=True)
    made = hand_dot(builder, dot, output, base)
    if like.type.kind != "number" and made.type.dtype != like.type.dtype:
        made = builder.emit(ops.cast, made, like, base=base, named=True)
    return made


def column_loops(
    function: Function,
    wrt: list[Value],
    outputs: list[Value],
    structure: Tree,
    has_aux: bool,
    name: str,
    mirrored: Mirrored,
) -> Function:
    """Column by column: for each argument a loop over its elements, each with a tangent sweep of its own."""
    output, aux = function.result if has_aux else (function.result, None)
    builder = Builder(infer, Origin(0, "", "tangent"))
    blocks: dict[tuple[Value, Value], Value] = {}
    for value in wrt:
        reached = [leaf for leaf in outputs if (leaf, value) not in mirrored]
        if value.type.rank == 0:
            sweep = Tangent(function, {value: 1.0}, reached, fused=False)
            builder.block.extend(sweep.run())
            for leaf in reached:
                blocks[leaf, value] = only_column(builder, sweep.dot(leaf), leaf, value)
            continue
        found = column_loop(builder, function, value, reached)
        for leaf in reached:
            made = found.get(leaf)
            if made is None:
                blocks[leaf, value] = zero_block(builder, leaf, value)
                continue
            if value.type.rank != 1:
                sizes = [*sizes_of(builder, leaf), *sizes_of(builder, value)]
                made = builder.emit(ops.operation(np.reshape), made, shape=tuple(sizes))
            blocks[leaf, value] = builder.emit(ops.own, made, base=f"{leaf.base}_dot", named=True)
    for (leaf, value), other in mirrored.items():
        blocks[leaf, value] = mirror(builder, blocks[other], leaf, value, other[1])
    body = [*function.body, *builder.block]
    return assembled(
        function,
        body,
        output,
        aux,
        has_aux,
        structure,
        blocks,
        name=name or f"{function.name}_jacfwd",
    )


def column_loop(
    builder: Builder, function: Function, value: Value, outputs: list[Value]
) -> dict[Value, Value]:
    """The columns of each output that varies, on its last axis."""
    count = builder.emit(ops.size, value)
    index = Value("i", number("int"))
    inner = Builder(infer, builder.origin)
    base = f"{value.base}_dot"
    if value.type.rank == 1:
        zeros = inner.emit(ops.zeros_like, value, base=base)
        seed = inner.emit(ops.put, zeros, index, 1.0, base=base, named=True)
    else:
        options = dtype_option(value)
        flat = inner.let(ops.operation(np.zeros), (count,), options, base=base)
        one = inner.emit(ops.put, flat, index, 1.0, base=base)
        shape = inner.emit(ops.shape, value)
        seed = inner.emit(ops.operation(np.reshape), one, shape=shape, base=base, named=True)
    sweep = Tangent(function, {value: seed}, outputs, fused=False)
    body = [*inner.block, *sweep.run()]
    tail = Builder(infer, builder.origin)
    carries = []
    found: dict[Value, Value] = {}
    for leaf in outputs:
        dot = sweep.dot(leaf)
        if dot is None:
            continue
        sizes = tuple(sizes_of(builder, leaf))
        option = dtype_option(entries_like(leaf, value))
        start = builder.let(ops.operation(np.zeros), ((*sizes, count),), option)
        param, after = start.like(f"{leaf.base}_jac"), start.like(f"{leaf.base}_jac", named=True)
        place = (Ellipsis, index) if leaf.type.rank else index
        end = tail.emit(ops.put, param, place, dot, base=param.base)
        carries.append(Carry(param, start, end, after))
        found[leaf] = after
    block = [*body, *tail.block]
    builder.add(Loop(Family(), 1, index, (0, count, 1), carries, block, builder.origin))
    return found
