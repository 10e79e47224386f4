"""Jacobians by rows: forward sweep, seeds, backward sweeps over a leading axis, or in a loop over the rows.

Each output has a backward sweep of its own. With all rows at once the seed is a structured identity and the sweep is batched; where the vectorizer
has no batched form, and with `chunk_size=1`, the sweep stands in a loop over the rows. An output without axes has one row and is a gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.analysis.types import infer, same_size
from srcad.api.facts import Swept, swept
from srcad.core import ops
from srcad.core.builder import Builder
from srcad.core.nodes import (
    Function,
    Origin,
    Param,
    Tree,
    Value,
    defined,
    entries_like,
    leaves,
    map_tree,
    place_of,
)
from srcad.core.trees import map_varied, varied_values
from srcad.core.types import Size, Type
from srcad.errors import RankUnknownError, UnsupportedSyntaxError
from srcad.transformer.reverse import (
    RowsOf,
    dtype_option,
    hand_on,
    hand_out,
    row_loop,
    row_sweeps,
    shaped,
    sizes_of,
    substituted,
    zero_block,
)
from srcad.vectorizer.batch import NotBatchable, batch
from srcad.vectorizer.structure import compacted, identity_seed, materialised, word_of

__all__ = ["chunked", "jacobian"]

Simplify = Callable[[Function], Function]


def jacobian(
    function: Function,
    wrt: list[Value],
    structure: Tree,
    split: Any,
    simplify: Simplify,
    *,
    loop: bool = False,
    has_aux: bool = False,
    compact: bool = False,
) -> Function:
    """The function that returns the Jacobian by `wrt`; with `loop`, row by row; with `compact`, the blocks of its diagonal."""
    output, aux = function.result if has_aux else (function.result, None)
    outputs = varied_values(output)
    for value in outputs + wrt:
        if value.type.rank is None:
            raise RankUnknownError(
                f"the rank of `{value.base}` is not known, and the shape of a Jacobian depends on it",
                place=function.parsed.place,
                reason="Keep every name to arrays of one rank, or declare the arguments' shapes.",
            )
    why, line = "chunk_size=1 asks for it", 0
    if not loop:
        try:
            return batched(function, wrt, structure, split, simplify, output, aux, has_aux, compact)
        except NotBatchable as refusal:
            if compact:
                raise mixed(function, refusal.statement, refusal.why) from None
            why, line = refusal.why, refusal.line
    body, sweeps = row_sweeps(function, wrt, outputs, split)
    builder = Builder(infer, Origin(0, "", "adjoint"))
    blocks: dict[tuple[Value, Value], Value] = {}
    known: list[Swept] = []
    for rows in sweeps:
        if rows.seed is None:
            single_row(builder, rows, wrt, blocks)
            known += [Swept(rows.output, value, "single") for value in wrt]
            continue
        found = row_loop(builder, rows, wrt)
        for value in wrt:
            blocks[rows.output, value] = shaped(builder, found[value], rows.output, value)
            known.append(Swept(rows.output, value, "loop", "rows", why, line))
    made = swept(function, known)
    return assembled(made, [*body, *builder.block], output, aux, has_aux, structure, blocks)


def single_row(
    builder: Builder, rows: RowsOf, wrt: list[Value], blocks: dict[tuple[Value, Value], Value]
) -> None:
    """An output without axes."""
    builder.block.extend(rows.block)
    for value in wrt:
        blocks[rows.output, value] = hand_out(builder, value, rows.bars.get(value))


def batched(
    function: Function,
    wrt: list[Value],
    structure: Tree,
    split: Any,
    simplify: Simplify,
    output: Tree,
    aux: Tree,
    has_aux: bool,
    compact: bool,
) -> Function:
    """All rows at once."""
    outputs = varied_values(output)
    body, sweeps = row_sweeps(function, wrt, outputs, split)
    builder = Builder(infer, Origin(0, "", "adjoint"))
    seeds: list[tuple[RowsOf, Value]] = []
    blocks: dict[tuple[Value, Value], Value] = {}
    known: list[Swept] = []
    for rows in sweeps:
        if rows.seed is None:
            if compact:
                raise mixed(function, None, f"`{rows.output.base}` has no axes")
            single_row(builder, rows, wrt, blocks)
            known += [Swept(rows.output, value, "single") for value in wrt]
            continue
        seeds.append((rows, rows.seed))
        builder.block.extend(rows.block)
    kept = [bar for rows, _ in seeds for bar in rows.bars.values()]
    made = function.renewed(
        params=[*function.params, *(Param(seed.base, seed) for _, seed in seeds)],
        body=[*body, *builder.block],
        result=(output, aux, list(blocks.values()), kept),
    )
    made = simplify(made)
    output_, aux_, handed, kept = made.result
    blocks = dict(zip(blocks, handed))
    now = dict(zip(outputs, varied_values(output_)))
    made = made.renewed(params=made.params[: len(function.params)], result=())
    final = Builder(infer, Origin(0, "", "adjoint"))
    origins = {value: s.origin for s in made.body for value in defined(s)}
    bars = iter(kept)
    for rows, seed in seeds:
        output_now = now[rows.output]
        at = origins.get(output_now, Origin())
        identity = identity_seed(None, output_now)._replace(origin=at._replace(part="adjoint"))
        opened: list[Any] = []
        made, new = batch(made, {seed: identity}, opened=opened)
        for value, bar in zip(rows.bars, bars):
            found = new.get(bar) if isinstance(bar, Value) else None
            if found is not None:
                write = compacted if compact else materialised
                put = write(final, found, output_now, value)
                if put is None:
                    why = off_blocks(output_now, value)
                    raise mixed(function, next(iter(opened), None), why)
                blocks[rows.output, value] = put
                known.append(Swept(rows.output, value, word_of(found)))
    for rows, _ in seeds:
        for value in wrt:
            if (rows.output, value) not in blocks:
                if compact:
                    made_zero = zero_blocks(final, function, rows.output, value)
                else:
                    made_zero = zero_block(final, rows.output, value)
                blocks[rows.output, value] = made_zero
                known.append(Swept(rows.output, value, "zero"))
    return assembled(
        swept(made, known),
        [*made.body, *final.block],
        output_,
        aux_,
        has_aux,
        structure,
        blocks,
        outputs,
        function.params,
    )


def off_blocks(output: Value, value: Value) -> str:
    """Why there may be more than the blocks."""
    return f"`{output.base}[i]` may depend on more of `{value.base}` than `{value.base}[i]`"


def mixed(
    function: Function, statement: Any, why: str, transform: str = "jacrev"
) -> UnsupportedSyntaxError:
    """The refusal of a compact Jacobian."""
    return UnsupportedSyntaxError(
        f"compact=True of `{function.name}`: {why}, as far as the source tells",
        place=place_of(function, statement),
        reason="The blocks are those of functions of each row, whose sizes are known to agree "
        "(X.shape[0] in place of a number; what a loop carries keeps its shape). "
        f"Leave compact out, or write the function of one row: srcad.vmap(srcad.{transform}(row)).",
    )


def zero_blocks(
    builder: Builder, function: Function, output: Value, value: Value, transform: str = "jacrev"
) -> Value:
    """The blocks of an output that does not depend on an argument, of as many rows."""
    y, x = output.type.shape or (), value.type.shape or ()
    if not y or not x or not same_size(y[0], x[0]):
        why = f"`{output.base}` does not depend on `{value.base}`"
        raise mixed(function, None, why, transform)
    return builder.let(
        ops.operation(np.zeros),
        ((*sizes_of(builder, output), *sizes_of(builder, value)[1:]),),
        dtype_option(entries_like(output, value)),
        base=f"{value.base}_bar",
        named=True,
    )


def formed(function: Function, seed: Value, output: Value) -> Function:
    """What still reads the seed of one row reads its form, which is that of the output."""
    return function.renewed(body=substituted(function.body, {seed: output}))  # type: ignore[no-any-return]


def assembled(
    function: Function,
    body: list[Any],
    output: Tree,
    aux: Tree,
    has_aux: bool,
    structure: Tree,
    blocks: dict[tuple[Value, Value], Value],
    outputs: list[Value] | None = None,
    params: list[Param] | None = None,
    name: str = "",
) -> Function:
    """The function with the Jacobian in the structure of the output, in it that of the arguments."""
    params = function.params if params is None else params
    originals = outputs if outputs is not None else varied_values(output)
    flat = varied_values(output)
    # Simplification may have merged outputs: they are told apart by their place.
    places = (
        {id(leaf): place for place, leaf in enumerate(flat)} if len(flat) == len(originals) else {}
    )

    tail = Builder(infer, Origin())
    given: set[Value] = set()

    def block(leaf: Value) -> Tree:
        key = originals[places[id(leaf)]] if places else leaf

        def entry(value: Value) -> Value:
            found = blocks[key, value]
            if found in given:  # an output that stands at two places has two Jacobians
                found = tail.emit(ops.own, found, base=found.base, named=True)
            given.add(found)
            return found

        return map_varied(
            structure, lambda part: map_tree(part, entry), lambda part: hand_on(tail, part, "part")
        )

    result = map_varied(
        output, lambda part: map_tree(part, block), lambda part: hand_on(tail, part, "part")
    )
    if has_aux:
        result = (result, hand_on(tail, aux, "aux"))
    made = function.renewed(
        name=name or f"{function.name}_jacrev",
        params=params,
        body=[*body, *tail.block],
        result=result,
    )
    made.defaults = function.parsed.defaults
    return made  # type: ignore[no-any-return]


def chunked(
    function: Function, wrt: list[Value], split: Any, simplify: Simplify, output: Value
) -> tuple[Function, Value]:
    """Forward and backward sweep of some rows of one output, to be cut in two.

    Returns the combined function and the seed of those rows. Raises NotBatchable.
    """
    body, (rows,) = row_sweeps(function, wrt, [output], split)
    if rows.seed is None:
        raise NotBatchable(None, "an output without axes has one row")
    kept = [rows.bars.get(value, 0.0) for value in wrt]
    front = Builder(infer, Origin())
    result = hand_on(front, function.result, "value", once=True)
    params = [*function.params, Param(rows.seed.base, rows.seed)]
    made = simplify(
        function.renewed(
            params=params, body=[*body, *front.block, *rows.block], result=(result, kept, rows.seed)
        )
    )
    result, kept, seed = made.result
    shape = (Size("rows"), *(output.type.shape or ()))
    seeds = Value(f"{output.base}_bar", Type("array", output.type.dtype, shape), named=True)
    made, new = batch(made, {seed: seeds}, Size("rows"))
    made = formed(
        made,
        seed,
        next(leaf for leaf, old in zip(leaves(result), leaves(function.result)) if old is output),
    )
    tail = Builder(infer, Origin(0, "", "adjoint"))
    bars: list[Value] = []
    for value, bar in zip(wrt, kept):
        found = seeds if bar is seed else new.get(bar) if isinstance(bar, Value) else None
        if found is None:
            raise NotBatchable(None, "an argument that the output does not depend on")
        bars.append(tail.emit(ops.own, found, base=f"{value.base}_bar", named=True))
    return made.renewed(body=[*made.body, *tail.block], result=(result, tuple(bars))), seeds
