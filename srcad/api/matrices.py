"""`jacrev` as a callable: all rows at once, row by row, or some rows at a time."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np

from srcad.api.chunks import Block, Job, Rows, checked_executor, dtype_of, placed, work, workers_of
from srcad.api.compiled import Compiled
from srcad.api.derivative import Derivative
from srcad.api.dispatch import Dispatcher
from srcad.api.draws import Draws, is_generator
from srcad.api.memory import available, chosen, counted, in_words, row_cost, why
from srcad.api.pullback import forward
from srcad.api.request import Position, Request, fitting
from srcad.api.signature import Spec, key_of
from srcad.api.tasks import Sweep
from srcad.core.pytrees import derivatives, flatten, own, rebuild, varied
from srcad.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    RankUnknownError,
    UnsupportedSyntaxError,
)
from srcad.loader import noted

__all__ = ["EitherJacobian", "ForwardJacobian", "Jacobian", "checked_chunk_size"]


def checked_chunk_size(chunk_size: Any, *, auto: bool = False) -> Any:
    """A number of rows, or None, or "auto" where that is allowed. Raises ArgumentTypeError, ArgumentValueError."""
    if chunk_size is None or (auto and isinstance(chunk_size, str) and chunk_size == "auto"):
        return chunk_size
    if isinstance(chunk_size, bool) or not isinstance(chunk_size, (int, np.integer)):
        raise ArgumentTypeError(
            f"chunk_size={chunk_size!r} is neither None nor an int{', nor auto' if auto else ''}",
            reason="Write chunk_size=16.",
        )
    if chunk_size <= 0:
        raise ArgumentValueError(
            f"chunk_size={chunk_size} is not positive", reason="It is a number of rows."
        )
    return int(chunk_size)


class Jacobian(Derivative):
    """The Jacobian of a function, made by `srcad.jacrev`."""

    transform = "jacrev"

    def __init__(
        self,
        function: Callable[..., Any],
        argnums: Any = 0,
        has_aux: bool = False,
        chunk_size: int | str | None = None,
        _preallocate_and_copy: bool = False,
        executor: Any = None,
        out: Any = None,
        progress: bool = False,
        compact: bool = False,
    ) -> None:
        self.compact = bool(compact)
        self.chunk_size = checked_chunk_size(chunk_size, auto=True)
        self.preallocate = bool(_preallocate_and_copy)
        self.executor, self.out, self.progress = checked_executor(executor), out, bool(progress)
        super().__init__(
            function,
            argnums,
            has_aux,
            chunk_size=1 if self.chunk_size == 1 else None,
            compact=self.compact,
        )
        self.chunks: dict[tuple[int, bool], Dispatcher] = {}

    def _options(self) -> dict[str, Any]:
        return {
            **super()._options(),
            "chunk_size": self.chunk_size,
            "_preallocate_and_copy": self.preallocate,
            "executor": self.executor,
            "out": self.out,
            "progress": self.progress,
            **({"compact": True} if self.compact else {}),
        }

    @property
    def in_parts(self) -> bool:
        """Whether all rows at once would not be what was asked for."""
        return self.executor is not None or self.out is not None or self.progress

    def check_inner(self) -> None:
        for name, given in (("out", self.out), ("executor", self.executor)):
            if given is not None:
                raise UnsupportedSyntaxError(
                    f"`{name}=` of a {self.transform} that is transformed again",
                    reason="What is computed is the outermost derivative: give it to that one.",
                )

    def explained(self) -> tuple[Request, str]:
        many = "rows" if self.transform == "jacrev" else "columns"
        size = "auto" if self.chunk_size is None and self.in_parts else self.chunk_size
        if size in (None, 1) and not self.in_parts:
            return self.request, ""
        request = self.request._replace(transform=f"{self.transform}_chunk", chunk_size=None)
        if size == "auto":
            return request, f'{many} at a time as memory allows (chunk_size="auto")'
        return request, f"{counted(int(size or 1), many)} at a time (chunk_size)"

    def explain(self, *args: Any, **kwargs: Any) -> Any:
        """What the compiler knows; of `chunk_size="auto"` what it chooses for these arguments."""
        found = super().explain(*args, **kwargs)
        if "auto" in found.note and not self.dispatcher.open:
            bound = self.dispatcher.bind(args, kwargs)
            if any(isinstance(leaf, Spec) for leaf in flatten(bound)):
                found.note = found.chunk_note()
            else:
                found.note = self.choice_in_words(bound)
        return found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.dispatcher.open:
            return self.called_as(args, kwargs)(*args, **kwargs)
        return self.at(self.dispatcher.bind(args, kwargs))

    @noted
    def at(self, args: tuple[Any, ...]) -> Any:
        """The Jacobian at all arguments by position."""
        if not self.together(args):
            return self.in_chunks(args, self.chunk_size or "auto")
        try:
            return self.dispatcher.called(args)
        except RankUnknownError:  # only the run tells the shapes: then one by one
            if self.compact:
                raise
            return self.in_chunks(args, 1)

    def together(self, args: tuple[Any, ...]) -> bool:
        """Whether one function computes all rows."""
        if self.in_parts:
            return False
        if self.chunk_size == "auto":
            try:
                needed = self.needed(args)
            except RankUnknownError:
                return False
            return needed is not None and needed < available() / 4
        return self.chunk_size in self.alone

    # With these values of chunk_size there is a text of its own.
    alone: tuple[Any, ...] = (None, 1)

    def needed(self, args: tuple[Any, ...]) -> float | None:
        """The bytes that all rows take; None where that is not known before they are computed."""
        dispatcher = self.chunk_dispatcher(0, "auto")
        leaves = dispatcher.leaves(args)
        first = row_cost(self, dispatcher, args)
        total = 0.0
        for place, formula in enumerate(first.counts):
            count = first.at(formula, leaves, None)
            if count is None:
                return None
            cost = row_cost(self, self.chunk_dispatcher(place, "auto"), args)
            total += count * cost.row(leaves)
        return total

    def run_forward(self, place: int, chunk_size: int | str, args: tuple[Any, ...]) -> Any:
        """The forward half for one output, or argument: of rows one by one, where only the run tells the shapes."""
        try:
            return forward(self.chunk_dispatcher(place, chunk_size), args)
        except RankUnknownError:
            return forward(self.chunk_dispatcher(place, 1), args)

    def draws(self, args: tuple[Any, ...], chunk_size: int | str) -> Draws:
        """What is drawn in the forward sweep, which runs once for each output, or argument."""
        try:
            found = self.chunk_dispatcher(0, chunk_size).find(args)
        except RankUnknownError:
            found = self.chunk_dispatcher(0, 1).find(args)
        return Draws(args, found.made.externals)

    def rows_at_once(self, place: int, args: tuple[Any, ...], count: int) -> int:
        """What `chunk_size="auto"` is for one output, or argument."""
        row, shared = self.bytes_of_a_row(place, args), self.executor is not None
        return chosen(row, count, workers_of(self.executor), shared=shared)

    def bytes_of_a_row(self, place: int, args: tuple[Any, ...]) -> float:
        """What a row of one output takes at most, or a column of one argument."""
        dispatcher = self.chunk_dispatcher(place, "auto")
        return row_cost(self, dispatcher, args).row(dispatcher.leaves(args))  # type: ignore[no-any-return]

    def seeds_at(self, args: tuple[Any, ...]) -> list[Any]:
        """What there is a sweep over the elements of: the outputs."""
        _, result, _, _ = self.run_forward(0, "auto", tuple(map(copied, args)))
        return varied(result[0] if self.has_aux else result)

    def choice_in_words(self, args: tuple[Any, ...]) -> str:
        """What `chunk_size="auto"` chooses, and why."""
        many = "rows" if self.transform == "jacrev" else "columns"
        if self.together(args):
            needed, left = in_words(self.needed(args) or 0.0), in_words(available())
            return f'all {many} at once (chunk_size="auto"): they take {needed} at most, and {left} are available'
        counts = [np.size(y) for y in self.seeds_at(args)]
        sizes = [self.rows_at_once(place, args, count) for place, count in enumerate(counts)]
        shared, workers = self.executor is not None, workers_of(self.executor)
        rows = [self.bytes_of_a_row(place, args) for place in range(len(counts))]
        reasons = [why(row, count, workers, shared=shared) for row, count in zip(rows, counts)]
        each = " and ".join(counted(size, many) for size in dict.fromkeys(sizes))
        formula = row_cost(self, self.chunk_dispatcher(0, "auto"), args).formula
        return (
            f'{each} at a time (chunk_size="auto"): one takes {in_words(max(rows, default=0.0))} at most '
            f"({formula}), and {in_words(available())} are available{''.join(dict.fromkeys(reasons))}"
        )

    def remade(self, request: Request, args: tuple[Any, ...], facts: Any) -> None:
        """Compile once more for what the stages know."""
        bound = inspect.BoundArguments(
            self.dispatcher.signature, OrderedDict(zip(self.dispatcher.names, args))
        )
        self.generated(bound.args, bound.kwargs, facts, request)

    def wanted(self, args: tuple[Any, ...]) -> list[Any]:
        """The arguments that are differentiated by. Raises ArgumentValueError."""
        name = getattr(self.base, "__name__", "function")
        return [args[place] for place in fitting(self.argnums, len(args), name)]

    def nested(self, wanted: list[Any], blocks: list[Any]) -> Any:
        """The blocks of one output in the structure of the arguments."""
        pending = iter(blocks)
        made = tuple([derivatives(argument, pending) for argument in wanted])
        return made if isinstance(self.argnums, tuple) else made[0]

    def in_chunks(self, args: tuple[Any, ...], chunk_size: int | str) -> Any:
        """Some rows at a time: the halves of the pullback, the backward one batched."""
        draws = self.draws(args, chunk_size)
        compiled, result, _, given = self.run_forward(0, chunk_size, args)
        output = result[0] if self.has_aux else result
        wanted = self.wanted(args)
        xs, ys = varied(wanted), varied(output)
        every = [self.rows(y, xs, [dtype_of(x, y) for x in xs]) for y in ys]
        if self.out is not None:
            wants = [rows.wanted() for rows in every]
            expected = derivatives(output, iter([self.nested(wanted, want) for want in wants]))
            arrays = placed(expected, self.out, self.others(compiled, args))
            for rows, want in zip(every, wants):
                rows.blocks = [arrays[id(block)] for block in want]

        def jobs() -> Iterator[Job]:
            pair = compiled, given
            for place, rows in enumerate(every):
                if place:
                    draws.again()
                    halves = self.run_forward(place, chunk_size, args)
                    pair = halves[0], halves[3]
                yield from self.jobs(place, rows, *pair, args, chunk_size)

        self.work(jobs(), every)
        if self.out is not None:
            return (self.out, result[1]) if self.has_aux else self.out
        blocks = [self.nested(wanted, rows.made()) for rows in every]
        jacobian = derivatives(output, iter(blocks))
        return (jacobian, result[1]) if self.has_aux else jacobian

    def rows(self, seeded: Any, reached: list[Any], dtypes: list[Any]) -> Rows:
        """Where the rows of one output go, or the columns of one argument."""
        first = self.preallocate or self.executor is not None
        columns = self.transform == "jacfwd"
        return Rows(seeded, reached, dtypes, columns=columns, preallocate=first and self.out is None)  # fmt: skip

    def others(self, compiled: Compiled, args: tuple[Any, ...]) -> list[Any]:
        """What is read while `out` is written."""
        return [*flatten(args), *(compiled.namespace.get(text) for text in compiled.made.hidden)]

    def jobs(
        self,
        place: int,
        rows: Rows,
        compiled: Compiled,
        given: list[Any],
        args: tuple[Any, ...],
        chunk_size: int | str,
    ) -> Iterator[Job]:
        """The chunks of one output, or argument."""
        count = rows.seed.total
        size = chunk_size
        if size == "auto" and compiled.made.names.get("batched") == "yes":
            size = self.rows_at_once(place, args, count)
        elif size == "auto":
            shared = self.executor is not None
            size = chosen(rows.nbytes(1), count, workers_of(self.executor), shared=shared)
        sweep = Sweep(compiled, given, rows.seed, single=len(rows.reached) == 1)
        what = f"the Jacobian of `{getattr(self.function, '__name__', 'function')}`"
        for start in range(0, count, int(size)):
            yield Job(what, sweep, rows, start, min(start + int(size), count))

    def work(self, jobs: Iterator[Job], every: list[Rows]) -> None:
        total = sum(rows.seed.total for rows in every)
        work(jobs, total, self.executor, written=self.out is not None, progress=self.progress)

    def dispatchers(self) -> list[Dispatcher]:
        return [*super().dispatchers(), *self.chunks.values()]

    def chunk_dispatcher(self, place: int, chunk_size: int | str) -> Dispatcher:
        """The halves for one output, or in forward mode for one argument."""
        found = self.chunks.get((place, chunk_size == 1))
        if found is None:
            request = self.request._replace(
                transform=f"{self.transform}_chunk",
                chunk_size=1 if chunk_size == 1 else None,
                output=place,
            )
            found = self.chunks[place, chunk_size == 1] = Dispatcher(self.base, request)
        return found


class ForwardJacobian(Jacobian):
    """The Jacobian by forward mode, made by `srcad.jacfwd`: chunks are of columns."""

    transform = "jacfwd"

    alone = (None,)

    def needed(self, args: tuple[Any, ...]) -> float | None:
        total = 0.0
        for place, x in enumerate(varied(self.wanted(args))):
            dispatcher = self.chunk_dispatcher(place, "auto")
            cost = row_cost(self, dispatcher, args)
            total += np.size(x) * cost.row(dispatcher.leaves(args))
        return total

    def seeds_at(self, args: tuple[Any, ...]) -> list[Any]:
        return varied(self.wanted(args))

    def in_chunks(self, args: tuple[Any, ...], chunk_size: int | str) -> Any:
        """Some columns at a time: the value and its pushforward, the latter batched."""
        wanted = self.wanted(args)
        xs = varied(wanted)
        draws = self.draws(args, chunk_size)
        first = self.run_forward(0, chunk_size, args)
        compiled, result, values, _ = first
        structure = compiled.made.structure[0] if self.has_aux else compiled.made.structure
        places = list(dict.fromkeys(map(int, varied(structure))))
        ys = [values[at] for at in places]
        every = [self.rows(x, ys, [dtype_of(x, y) for y in ys]) for x in xs]
        again: list[tuple[Any, Any]] = []
        if self.out is not None:
            wants = [dict(zip(places, rows.wanted())) for rows in every]
            taken: dict[int, list[Block]] = {}

            def block(at: Any) -> Any:
                if not isinstance(at, Position):
                    return at
                fresh = [Block(*want[int(at)]) for want in wants]
                former = taken.setdefault(int(at), fresh)
                again.extend((old, new) for old, new in zip(former, fresh) if old is not new)
                return self.nested(wanted, fresh)

            expected = rebuild(structure, block, lambda at: at)
            arrays = placed(expected, self.out, self.others(compiled, args))
            for place, rows in enumerate(every):
                rows.blocks = [arrays[id(taken[at][place])] for at in places]
            again = [(arrays[id(old)], arrays[id(new)]) for old, new in again]

        def jobs() -> Iterator[Job]:
            for place, rows in enumerate(every):
                halves = first
                if place:
                    draws.again()
                    halves = self.run_forward(place, chunk_size, args)
                yield from self.jobs(place, rows, halves[0], halves[3], args, chunk_size)

        self.work(jobs(), every)
        if self.out is not None:
            for old, new in again:
                np.copyto(new, old)
            return (self.out, result[1]) if self.has_aux else self.out
        columns = [dict(zip(places, rows.made())) for rows in every]
        jacobian = self.assembled(structure, wanted, columns, values)
        return (jacobian, result[1]) if self.has_aux else jacobian

    def assembled(
        self, structure: Any, wanted: list[Any], columns: list[dict[int, Any]], values: list[Any]
    ) -> Any:
        """The result, from the blocks by each argument of the outputs by place."""
        given_out: set[int] = set()

        def blocks(at: Any) -> Any:
            if not isinstance(at, Position):
                return at
            repeated = int(at) in given_out  # an output that stands at two places has two Jacobians
            given_out.add(int(at))
            found = [column[int(at)] for column in columns]
            return self.nested(wanted, deepcopy(found) if repeated else found)

        def hand_on(at: Any) -> Any:
            return own(values[at]) if isinstance(at, Position) else at

        return rebuild(structure, blocks, hand_on)


class ChunkedHessian(ForwardJacobian):
    """The Hessian some columns at a time, made by `srcad.hessian` with options of chunks: the Jacobian of the gradient."""

    def __init__(self, function: Callable[..., Any], *args: Any, **options: Any) -> None:
        super().__init__(function, *args, **options)
        self.called_after(getattr(function, "function", function), "hessian")


class EitherJacobian(Jacobian):
    """The Jacobian by the mode that has less to do, made by `srcad.jacobian`."""

    transform = "jacobian"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.request = self.request._replace(transform="jacrev")  # to be transformed again
        self.by_rows = Jacobian(self.function, **self._options())
        self.by_columns = ForwardJacobian(self.function, **self._options())
        self.choices: dict[Any, Jacobian] = {}

    def dispatchers(self) -> list[Dispatcher]:
        return [*super().dispatchers(), *self.by_rows.dispatchers(), *self.by_columns.dispatchers()]

    def explained(self) -> tuple[Request, str]:
        return self.by_rows.explained()

    @noted
    def at(self, args: tuple[Any, ...]) -> Any:
        return self.choice(args).at(args)

    def choice(self, args: tuple[Any, ...]) -> Jacobian:
        """Columns where the arguments have fewer elements than the output, which is computed once for each set of shapes."""
        key = tuple((key_of(arg), tuple(map(np.shape, flatten(arg)))) for arg in args)
        found = self.choices.get(key)
        if found is None:
            wanted = varied(self.wanted(args))
            if not wanted or not all(np.asarray(leaf).dtype.kind == "f" for leaf in wanted):
                return self.by_rows  # which says what is wrong with them
            by_name = dict(zip(self.dispatcher.names, map(copied, args)))
            output = called(self.function, self.dispatcher.signature, by_name)
            output = output[0] if self.has_aux else output
            rows = sum(np.size(leaf) for leaf in varied(output))
            columns = sum(np.size(leaf) for leaf in wanted)
            by_columns = columns < rows or any(map(np.iscomplexobj, varied(output)))
            found = self.choices[key] = self.by_columns if by_columns else self.by_rows
        return found

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The generated text: that of the rows, where specifications stand for arguments."""
        if self.dispatcher.open:
            return self.called_as(args, kwargs).source(*args, **kwargs)  # type: ignore[no-any-return]
        return self.meant(args, kwargs).source(*args, **kwargs)

    def explain(self, *args: Any, **kwargs: Any) -> Any:
        """What the compiler knows, as of `jacrev` or `jacfwd`: that of the rows, where specifications stand for arguments."""
        if self.dispatcher.open:
            return self.called_as(args, kwargs).explain(*args, **kwargs)
        return self.meant(args, kwargs).explain(*args, **kwargs)

    def meant(self, args: Any, kwargs: Any) -> Jacobian:
        """The mode for arguments, or specifications in their place."""
        bound = self.dispatcher.bind(args, kwargs)
        given = [isinstance(leaf, Spec) for leaf in flatten(bound)]
        return self.by_rows if any(given) else self.choice(bound)


def called(
    function: Callable[..., Any], signature: inspect.Signature, by_name: dict[str, Any]
) -> Any:
    """The function at arguments given by name, whatever kind its parameters are of."""
    bound = inspect.BoundArguments(signature, OrderedDict(by_name))
    return function(*bound.args, **bound.kwargs)


def copied(arg: Any) -> Any:
    """An argument that the function may write to, or draw from."""
    return rebuild(arg, lambda leaf: deepcopy(leaf) if is_generator(leaf) else own(leaf))
