"""The function that a derivative is of, as a map of flat arrays, and its slopes held against what the derivative says."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from srcad.core.pytrees import look
from srcad.errors import ArgumentTypeError, ArgumentValueError
from srcad.verify.differences import Column, Machine, directional, oddities, said_of
from srcad.verify.held import refuse_held
from srcad.verify.report import Row
from srcad.verify.values import (
    Array,
    as_it_is,
    bound_arguments,
    called_with,
    distance_of,
    formed_like,
    is_equal,
    is_float,
    is_number,
    leaves_of,
    mapped,
    pairs_of,
    precision_of,
    unit_vector,
)

if TYPE_CHECKING:
    from srcad.verify.claims import Claim

__all__ = ["Subject", "worst_entry"]


class Subject:
    """A function at its arguments, as a map of flat lists of arrays that can be evaluated at other precisions."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        argnums: int | tuple[int, ...],
        has_aux: bool,
        refuse: bool = True,
    ) -> None:
        self.function, self.has_aux = function, has_aux
        self.name = getattr(function, "__name__", type(function).__name__)
        self.bound = bound_arguments(function, args)
        count = len(self.bound)
        self.single = not isinstance(argnums, tuple)
        chosen = argnums if isinstance(argnums, tuple) else (argnums,)
        if any(not -count <= place < count for place in chosen):
            raise ArgumentValueError(
                f"argnums={argnums!r} does not fit `{self.name}`",
                reason=f"It takes {count} argument{'s' if count != 1 else ''}.",
            )
        self.argnums = tuple(place % count for place in chosen)
        names = list(self.bound)
        self.names = [names[place] for place in self.argnums]
        self.trees = [self.bound[name] for name in self.names]
        self.leaves = [
            (label, leaf)
            for name, tree in zip(self.names, self.trees)
            for label, leaf in leaves_of(tree, name)
            if is_float(leaf)
        ]
        if refuse:
            refuse_held(function)
        self.result = self.call(self.fresh(as_it_is))
        self.outputs = [
            (label, leaf) for label, leaf in leaves_of(self.result, self.name) if is_number(leaf)
        ]
        self.tree_is_leaf = len(self.outputs) == 1 and self.outputs[0][1] is self.result
        self.of_complex = [np.iscomplexobj(leaf) for _, leaf in self.outputs]
        self.plain = [pairs_of(np.array(leaf)) for _, leaf in self.outputs]
        varied = [leaf for _, leaf in self.leaves]
        self.eps = float(np.finfo(precision_of([*self.plain, *varied])).eps)
        self.rounding = 64 * self.eps
        again = self.run(
            as_it_is, [pairs_of(np.array(leaf)) for _, leaf in self.leaves], np.dtype(float)
        )
        if not is_equal(again, self.join(self.plain, np.dtype(float))):
            raise ArgumentValueError(
                f"`{self.name}` gives different values for the same arguments",
                reason="It draws random numbers or keeps a state, so that differences of it mean nothing.",
            )

    def fresh(
        self, convert: Callable[[Any], Any], varied: Iterator[Any] | None = None
    ) -> list[Any]:
        """The arguments, copied and converted; those that are differentiated by from `varied`, where it is given."""
        pending = {} if varied is None else {label: next(varied) for label, _ in self.leaves}

        def leaf(value: Any, label: str) -> Any:
            return pending[label] if label in pending else convert(value)

        return [mapped(value, leaf, name) for name, value in self.bound.items()]

    @property
    def by(self) -> str:
        """The names of the arguments that are differentiated by."""
        return ", ".join(f"`{name}`" for name in self.names)

    def call(self, values: list[Any]) -> Any:
        """The function's value, less aux."""
        result = called_with(self.function, values)
        if self.has_aux:
            if not (isinstance(result, tuple) and len(result) == 2):
                raise ArgumentTypeError(
                    f"`{self.name}` returns no (value, aux) pair",
                    reason="has_aux=True asks for one.",
                )
            result = result[0]
        return result

    def join(self, outputs: list[Any], dtype: np.dtype[Any]) -> Array:
        """All outputs in one flat array."""
        parts = [np.ravel(np.asarray(leaf)) for leaf in outputs]
        return np.concatenate([np.zeros(0, dtype), *parts]).astype(dtype, copy=False)

    def run(self, convert: Callable[[Any], Any], leaves: list[Any], dtype: np.dtype[Any]) -> Array:
        """The outputs at other leaves, flat."""
        shaped = [formed_like(leaf, original) for leaf, (_, original) in zip(leaves, self.leaves)]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            result = self.call(self.fresh(convert, iter(shaped)))
        found = [leaf for _, leaf in leaves_of(result, self.name) if is_number(leaf)]
        if len(found) == len(self.of_complex):
            found = [
                pairs_of(np.asarray(leaf, np.result_type(leaf, np.complex64))) if pair else leaf
                for leaf, pair in zip(found, self.of_complex)
            ]
        return self.join(found, dtype)

    def by_output(self, result: Any) -> list[Any]:
        """The parts of a Jacobian that belong to the outputs, in order; none where the structure is another."""
        found: list[Any] = []

        def visit(output: Any, part: Any) -> bool:
            node, other = look(output), look(part)
            if node is not None:
                if other is None or type(part) is not type(output):
                    return False
                if set(other.keys) != set(node.keys):
                    return False
                theirs = dict(zip(other.keys, other.parts))
                return all(
                    visit(inner, theirs[key])
                    for place, (key, inner) in enumerate(zip(node.keys, node.parts))
                    if not node.fixed(place)
                )
            if is_number(output):
                found.append(part)
            return True

        return found if visit(self.result, result) else []

    # comparison

    def machines(self) -> tuple[Machine | None, Machine]:
        """How to evaluate the function at complex arguments, or None, and in the best real precision it takes."""
        base = self.join(self.plain, np.dtype(np.longdouble))
        scale = np.abs(base)
        leaves = [leaf for _, leaf in (*self.leaves, *self.outputs)]
        coarse = any(pairs_of(np.asarray(leaf)).dtype.itemsize < 8 for leaf in leaves)

        def first(kinds: tuple[Any, ...]) -> Machine | None:
            for kind in kinds:
                for wide in (True, False):
                    machine = Machine(self, np.dtype(kind), wide)
                    found = machine.attempt(machine.base)
                    if found is not None and found.shape == base.shape:
                        real = np.real(found).astype(np.longdouble)
                        near = np.abs(real - base) <= 1e-5 * scale + 1e-12
                        near |= (np.isnan(real) & np.isnan(base)) | (real == base)
                        if coarse or near.all():
                            return machine
            return None

        plain = first((np.longdouble, np.float64))
        steps = not any(np.iscomplexobj(leaf) for leaf in leaves)
        return first((np.complex128,)) if steps else None, plain or Machine(
            self, np.dtype(float), False, convert=as_it_is
        )

    def compare(
        self, claim: Claim, rtol: float | None, limit: int, rng: np.random.Generator
    ) -> list[Row]:
        """The rows for all entries, and for the dot products."""
        complex_machine, machine = self.machines()
        rows = []
        if rtol is None:
            rtol = 4 * float(np.sqrt(self.eps))
        self.rounding = min(64 * self.eps, rtol)
        sizes = [leaf.size for leaf in self.plain]
        for at, (argument, original) in enumerate(self.leaves):
            shape = pairs_of(original).shape
            size = int(np.prod(shape))
            chosen = (
                np.arange(size)
                if size <= limit
                else np.sort(rng.choice(size, limit, replace=False))
            )
            columns = [
                directional(self, complex_machine, machine, {at: unit_vector(shape, int(entry))})
                for entry in chosen
            ]
            odds = [
                oddities(machine, {at: unit_vector(shape, int(entry))}, column)
                for entry, column in zip(chosen, columns)
            ]
            spans = [
                slice(sum(sizes[:place]), sum(sizes[: place + 1])) for place in range(len(sizes))
            ]
            if claim.weights is not None:
                spans = [slice(None)]
            for place, output in enumerate(claim.outputs):
                block = claim.blocks[place, at]
                block = block.reshape(block.size // max(size, 1), size)[:, chosen]
                if claim.weights is None:
                    parts = [column.cut(spans[place]) for column in columns]
                else:
                    parts = [column.weighted(claim.weights) for column in columns]
                whole = claim.blocks[place, at].shape
                row = worst_entry(output, argument, block, parts, chosen, shape, whole, rtol, size)
                met = [odd[spans[place]] for odd in odds]
                rows.append(dataclasses.replace(row, note=said_of(met, argument, shape, chosen)))
        for _ in range(2):
            rows.append(self.dot_product(claim, complex_machine, machine, rtol, rng))
        rows[-2:] = [max(rows[-2:], key=lambda row: row.badness)]
        return rows

    def dot_product(
        self,
        claim: Claim,
        complex_machine: Machine | None,
        machine: Machine,
        rtol: float,
        rng: np.random.Generator,
    ) -> Row:
        """<y_bar, J x_dot> from the function against <x_bar, x_dot> from the derivative."""
        directions = {}
        for at, (_, leaf) in enumerate(self.leaves):
            sizes: Array = np.abs(pairs_of(leaf).astype(float))
            sizes = np.where(sizes == 0, np.max(sizes, initial=0.0), sizes)
            sizes = np.where((sizes == 0) | ~np.isfinite(sizes), 1.0, sizes)
            directions[at] = rng.normal(size=sizes.shape) * 2.0 ** np.round(np.log2(sizes))
        column = directional(self, complex_machine, machine, directions, scaled=False)
        if claim.weights is None:
            weights = [np.asarray(rng.normal(size=leaf.shape)) for leaf in self.plain]
        else:
            weights = claim.weights
        reference = column.weighted(weights)
        value, size = np.longdouble(0), np.longdouble(0)
        for (place, at), block in claim.blocks.items():
            bar = np.ones(()) if claim.weights is not None else weights[place]
            terms = np.multiply.outer(bar, directions[at]).astype(np.longdouble) * block
            value, size = value + np.sum(terms), size + np.sum(np.abs(terms))
        error = distance_of(value, reference.value[0])
        wanted, doubt = float(reference.value[0]), float(reference.error[0])
        allowed = rtol * (abs(wanted) + 0.01 * float(size)) + min(4 * doubt, 1e-4 * float(size))
        allowed += float(reference.floor[0])
        return Row(
            "dot product",
            self.name if claim.weights is not None else "all",
            "all",
            None,
            float(value),
            wanted,
            error,
            allowed if np.isfinite(allowed) else 0.0,
            column.method,
        )


def worst_entry(
    output: str,
    argument: str,
    block: Array,
    columns: list[Column],
    chosen: Array,
    shape: tuple[int, ...],
    whole: tuple[int, ...],
    rtol: float,
    size: int,
) -> Row:
    """The worst entry of a block."""
    total = int(np.prod(whole))
    if not block.size:
        return Row(
            "entries",
            output,
            argument,
            None,
            0.0,
            0.0,
            method="nothing to check",
            checked=0,
            total=total,
        )
    reference = np.stack([column.value for column in columns], axis=1)
    doubt = np.stack([column.error for column in columns], axis=1)
    floor = np.stack([column.floor for column in columns], axis=1)
    scale = float(np.max(np.abs(reference[np.isfinite(reference)]), initial=0.0))
    scale = scale or float(np.max(np.abs(block[np.isfinite(block)]), initial=0.0)) * 1e-6
    if rtol > 1e-4 and scale > np.max(floor, initial=0.0):  # of few digits: not more than a part
        floor = np.minimum(floor, 0.1 * rtol * scale)
    with np.errstate(all="ignore"):
        allowed = rtol * np.abs(reference) + 0.01 * rtol * scale + floor
        allowed += np.minimum(4 * doubt, 1e-4 * scale)
        error = np.abs(block.astype(np.longdouble) - reference)
        same = (block == reference) | (np.isnan(block) & np.isnan(reference))
    error[same] = 0.0
    error[~np.isfinite(error)] = np.inf
    allowed[~np.isfinite(allowed)] = 0.0
    with np.errstate(all="ignore"):
        ratio = np.where(
            error == 0, 0.0, error / np.where(allowed == 0, np.finfo(float).tiny, allowed)
        )
    row, column = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    outer = (
        np.unravel_index(int(row), whole[: len(whole) - len(shape)])
        if len(whole) > len(shape)
        else ()
    )
    inner = np.unravel_index(int(chosen[column]), shape) if shape else ()
    index = tuple(int(part) for part in (*outer, *inner))
    return Row(
        "entries",
        output,
        argument,
        index if whole else None,
        float(block[row, column]),
        float(reference[row, column]),
        float(error[row, column]),
        float(allowed[row, column]),
        columns[int(column)].method,
        block.size,
        total,
    )
