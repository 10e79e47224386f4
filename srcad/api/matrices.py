"""`jacrev` as a callable: all rows at once, row by row, or some rows at a time."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.api.dispatch import Dispatcher
from srcad.api.pullback import forward
from srcad.api.request import Position, Request, fitting
from srcad.api.signature import Spec, key_of
from srcad.api.transforms import Derivative
from srcad.core.pytrees import derivatives, flatten, own, rebuild, varied
from srcad.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    RankUnknownError,
)
from srcad.loader import noted

__all__ = ["EitherJacobian", "ForwardJacobian", "Jacobian", "checked_chunk_size"]


def checked_chunk_size(chunk_size: Any) -> int | None:
    """A number of rows, or None. Raises ArgumentTypeError, ArgumentValueError."""
    if chunk_size is None:
        return None
    if isinstance(chunk_size, bool) or not isinstance(chunk_size, (int, np.integer)):
        raise ArgumentTypeError(
            f"chunk_size={chunk_size!r} is neither None nor an int",
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
        chunk_size: int | None = None,
        _preallocate_and_copy: bool = False,
    ) -> None:
        self.chunk_size = checked_chunk_size(chunk_size)
        self.preallocate = bool(_preallocate_and_copy)
        super().__init__(function, argnums, has_aux, chunk_size=1 if self.chunk_size == 1 else None)
        self.chunks: dict[int, Dispatcher] = {}

    def _options(self) -> dict[str, Any]:
        return {
            **super()._options(),
            "chunk_size": self.chunk_size,
            "_preallocate_and_copy": self.preallocate,
        }

    def explained(self) -> tuple[Request, str]:
        if self.chunk_size in (None, 1):
            return self.request, ""
        many = "rows" if self.transform == "jacrev" else "columns"
        request = self.request._replace(transform=f"{self.transform}_chunk", chunk_size=None)
        return request, f"{self.chunk_size} {many} at a time (chunk_size)"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.dispatcher.open:
            return self.called_as(args, kwargs)(*args, **kwargs)
        return self.at(self.dispatcher.bind(args, kwargs))

    @noted
    def at(self, args: tuple[Any, ...]) -> Any:
        """The Jacobian at all arguments by position."""
        if self.chunk_size is None or self.chunk_size == 1:
            try:
                return self.dispatcher.find(args).entry(*args)  # type: ignore[misc]
            except (
                RankUnknownError
            ):  # only the run tells the output's shape: then row by row, by the pullback
                return self.in_chunks(args, 1)
        return self.in_chunks(args, self.chunk_size)

    def wanted(self, args: tuple[Any, ...]) -> list[Any]:
        """The arguments that are differentiated by. Raises ArgumentValueError."""
        name = getattr(self.base, "__name__", "function")
        return [args[place] for place in fitting(self.argnums, len(args), name)]

    def nested(self, wanted: list[Any], blocks: list[Any]) -> Any:
        """The blocks of one output in the structure of the arguments."""
        pending = iter(blocks)
        made = tuple([derivatives(argument, pending) for argument in wanted])
        return made if isinstance(self.argnums, tuple) else made[0]

    def in_chunks(self, args: tuple[Any, ...], chunk_size: int) -> Any:
        """Some rows at a time: the halves of the pullback, the backward one batched."""
        compiled, result, _, given = forward(self.chunk_dispatcher(0, chunk_size), args)
        output = result[0] if self.has_aux else result
        wanted = self.wanted(args)
        xs = varied(wanted)
        jacobians: list[Any] = []
        for place, y in enumerate(varied(output)):
            if place:
                compiled, _, _, given = forward(self.chunk_dispatcher(place, chunk_size), args)
            rows = Rows(chunk_size, self.preallocate, y, xs, [_dtype(x, y) for x in xs])
            jacobians.append(self.nested(wanted, rows.run(compiled, given)))
        jacobian = derivatives(output, iter(jacobians))
        return (jacobian, result[1]) if self.has_aux else jacobian

    def dispatchers(self) -> list[Dispatcher]:
        return [*super().dispatchers(), *self.chunks.values()]

    def chunk_dispatcher(self, place: int, chunk_size: int) -> Dispatcher:
        """The halves for one output, or in forward mode for one argument."""
        found = self.chunks.get(place)
        if found is None:
            request = self.request._replace(
                transform=f"{self.transform}_chunk",
                chunk_size=1 if chunk_size == 1 else None,
                output=place,
            )
            found = self.chunks[place] = Dispatcher(self.base, request)
        return found


class ForwardJacobian(Jacobian):
    """The Jacobian by forward mode, made by `srcad.jacfwd`: chunks are of columns."""

    transform = "jacfwd"

    @noted
    def at(self, args: tuple[Any, ...]) -> Any:
        if self.chunk_size is None:
            try:
                return self.dispatcher.find(args).entry(*args)  # type: ignore[misc]
            except RankUnknownError:  # column by column, by the pushforward
                return self.in_chunks(args, 1)
        return self.in_chunks(args, self.chunk_size)

    def in_chunks(self, args: tuple[Any, ...], chunk_size: int) -> Any:
        """Some columns at a time: the value and its pushforward, the latter batched."""
        wanted = self.wanted(args)
        xs = varied(wanted)
        result: Any = None
        structure: Any = None
        columns: list[dict[int, Any]] = []
        for place, x in enumerate(xs):
            compiled, result, values, given = forward(
                self.chunk_dispatcher(place, chunk_size), args
            )
            structure = compiled.made.structure[0] if self.has_aux else compiled.made.structure
            places = list(dict.fromkeys(map(int, varied(structure))))
            ys = [values[at] for at in places]
            rows = Rows(
                chunk_size, self.preallocate, x, ys, [_dtype(x, y) for y in ys], columns=True
            )
            columns.append(dict(zip(places, rows.run(compiled, given))))
        given_out: set[int] = set()

        def blocks(at: Any) -> Any:
            if not isinstance(at, Position):
                return at
            again = int(at) in given_out  # an output that stands at two places has two Jacobians
            given_out.add(int(at))
            found = [column[int(at)] for column in columns]
            return self.nested(wanted, [np.copy(block) for block in found] if again else found)

        def hand_on(at: Any) -> Any:
            return own(values[at]) if isinstance(at, Position) else at

        jacobian = rebuild(structure, blocks, hand_on)
        return (jacobian, result[1]) if self.has_aux else jacobian


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
    """An argument that the function may write to."""
    return rebuild(arg, own)


def _dtype(x: Any, y: Any = 0.0) -> Any:
    """The dtype of a Jacobian by `x` of `y`, where that is not complex."""
    x = y if np.iscomplexobj(y) and not np.iscomplexobj(x) else x
    plain = complex if isinstance(x, complex) else float
    return x.dtype if isinstance(x, (np.ndarray, np.generic)) else np.dtype(plain)


class Rows:
    """The blocks of a Jacobian, some rows at a time: by a pullback from `seeded`, the output, to the arguments `reached`.

    With `columns` by a pushforward: from `seeded`, an argument, to the outputs `reached`.
    """

    def __init__(
        self,
        chunk_size: int,
        preallocate: bool,
        seeded: Any,
        reached: list[Any],
        dtypes: list[Any],
        *,
        columns: bool = False,
    ) -> None:
        self.chunk_size, self.preallocate, self.columns = chunk_size, preallocate, columns
        self.seeded, self.reached, self.dtypes = seeded, reached, dtypes

    def run(self, compiled: Any, given: list[Any]) -> list[Any]:
        """The block for each of `reached`, of shape `output.shape + argument.shape`."""
        shape = np.shape(self.seeded)
        count = int(np.prod(shape, dtype=int))
        done = (
            [np.empty((count, *np.shape(x)), dtype) for x, dtype in zip(self.reached, self.dtypes)]
            if self.preallocate
            else None
        )
        parts: list[list[Any]] = [[] for _ in self.reached]
        batched = compiled.made.names.get("batched") == "yes"
        step = self.chunk_size if batched else 1
        for start in range(0, count, step):
            rows = min(step, count - start)
            seed = np.eye(rows, count, start, dtype=_dtype(self.seeded)).reshape((rows, *shape))
            one = seed[0] if isinstance(self.seeded, np.ndarray) else seed[0][()]
            found = compiled.backward(seed if batched else one, *given)
            found = [found] if len(self.reached) == 1 else list(found)
            for place, part in enumerate(found):
                part = part if batched else np.asarray(part)[None]
                if done is not None:
                    done[place][start : start + rows] = part
                else:
                    parts[place].append(part)
        if done is None:
            done = [
                np.concatenate(part).astype(dtype, copy=False)
                if part
                else np.empty((0, *np.shape(x)), dtype)
                for part, x, dtype in zip(parts, self.reached, self.dtypes)
            ]
        return [self.formed(block, x) for block, x in zip(done, self.reached)]

    def formed(self, block: Any, x: Any) -> Any:
        """Rows `(count, *x.shape)` as a block; of numbers a number."""
        shape = np.shape(self.seeded)
        if self.columns:
            made = np.moveaxis(block, 0, -1).reshape((*np.shape(x), *shape))
            made = made if made.flags.owndata else made.copy()
        else:
            made = block.reshape((*shape, *np.shape(x)))
        argument = self.seeded if self.columns else x
        if made.ndim or isinstance(argument, np.ndarray):
            return made
        return made[()] if isinstance(argument, np.generic) else made.item()
