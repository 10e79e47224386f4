"""`jacrev` as a callable: all rows at once, row by row, or some rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.api.dispatch import Dispatcher
from srcad.api.pullback import flatten, forward, rebuild
from srcad.api.request import Request
from srcad.api.transforms import Derivative
from srcad.errors import ArgumentTypeError, ArgumentValueError, RankUnknownError

__all__ = ["Jacobian"]


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
        super().__init__(function, argnums, has_aux)
        if chunk_size is not None:
            if isinstance(chunk_size, bool) or not isinstance(chunk_size, (int, np.integer)):
                raise ArgumentTypeError(
                    f"chunk_size={chunk_size!r} is neither None nor an int",
                    reason="Write chunk_size=16.",
                )
            if chunk_size <= 0:
                raise ArgumentValueError(
                    f"chunk_size={chunk_size} is not positive", reason="It is a number of rows."
                )
        self.chunk_size = None if chunk_size is None else int(chunk_size)
        self.preallocate = bool(_preallocate_and_copy)
        request = Request("jacrev", self.argnums, has_aux, 1 if self.chunk_size == 1 else None)
        self.dispatcher = Dispatcher(function, request)
        self.chunks: dict[int, Dispatcher] = {}

    def _options(self) -> dict[str, Any]:
        return {
            **super()._options(),
            "chunk_size": self.chunk_size,
            "_preallocate_and_copy": self.preallocate,
        }

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = self.dispatcher.bind(args, kwargs)
        if self.chunk_size is None or self.chunk_size == 1:
            try:
                return self.dispatcher.find(args).entry(*args)  # type: ignore[misc]
            except (
                RankUnknownError
            ):  # only the run tells the output's shape: then row by row, by the pullback
                return self.in_chunks(args, 1)
        return self.in_chunks(args, self.chunk_size)

    def in_chunks(self, args: tuple[Any, ...], chunk_size: int) -> Any:
        """Some rows at a time: the halves of the pullback, the backward one batched."""
        first = self.chunk_dispatcher(0)
        compiled, result, _, given = forward(first, args)
        has_aux = self.has_aux
        output = result[0] if has_aux else result
        leaves_ = flatten(output)
        wanted = [
            args[number]
            for number in (self.argnums if isinstance(self.argnums, tuple) else (self.argnums,))
        ]
        jacobians: list[Any] = []
        for place, y in enumerate(leaves_):
            if place:
                compiled, _, _, given = forward(self.chunk_dispatcher(place), args)
            jacobians.append(self.rows(compiled, given, y, wanted, chunk_size))
        pending = iter(jacobians)
        jacobian = rebuild(output, lambda _: next(pending))
        return (jacobian, result[1]) if has_aux else jacobian

    def chunk_dispatcher(self, place: int) -> Dispatcher:
        found = self.chunks.get(place)
        if found is None:
            request = Request("jacrev_chunk", self.argnums, self.has_aux, None, place)
            found = self.chunks[place] = Dispatcher(self.function, request)
        return found

    def rows(
        self, compiled: Any, given: list[Any], y: Any, wanted: list[Any], chunk_size: int
    ) -> Any:
        """All rows of one output."""
        shape = np.shape(y)
        count = int(np.prod(shape, dtype=int))
        xs = [leaf for argument in wanted for leaf in flatten(argument)]
        dtypes = [
            x.dtype if isinstance(x, (np.ndarray, np.generic)) else np.dtype(float) for x in xs
        ]
        parts: list[list[Any]] = [[] for _ in xs]
        done = (
            [np.empty((count, *np.shape(x)), dtype) for x, dtype in zip(xs, dtypes)]
            if self.preallocate
            else None
        )
        batched = compiled.made.names.get("batched") == "yes"
        dtype = getattr(y, "dtype", np.dtype(float))
        step = chunk_size if batched else 1
        for start in range(0, count, step):
            rows = min(step, count - start)
            seed = np.eye(rows, count, start, dtype=dtype).reshape((rows, *shape))
            bars = compiled.backward(seed if batched else seed[0][()], *given)
            bars = [bars] if len(xs) == 1 else list(bars)
            for place, bar in enumerate(bars):
                bar = bar if batched else np.asarray(bar)[None]
                if done is not None:
                    done[place][start : start + rows] = bar
                else:
                    parts[place].append(bar)
        blocks = done
        if blocks is None:
            blocks = [
                np.concatenate(part).astype(dtype, copy=False)
                if part
                else np.empty((0, *np.shape(x)), dtype)
                for part, x, dtype in zip(parts, xs, dtypes)
            ]
        finished: list[Any] = [
            block.reshape((*shape, *np.shape(x))) for block, x in zip(blocks, xs)
        ]
        finished = [
            float(block) if not np.shape(block) and isinstance(x, float) else block
            for block, x in zip(finished, xs)
        ]
        pending = iter(finished)
        made = tuple(rebuild(argument, lambda _: next(pending)) for argument in wanted)
        return made if isinstance(self.argnums, tuple) else made[0]
