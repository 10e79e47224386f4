"""`vmap` as a callable: all examples at once, or some at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.api.derivative import Derivative
from srcad.api.dims import spread_dims
from srcad.api.dispatch import Dispatcher
from srcad.api.draws import Draws
from srcad.api.matrices import checked_chunk_size
from srcad.core.pytrees import flatten, look, rebuild
from srcad.errors import ArgumentValueError
from srcad.loader import noted

__all__ = ["Mapped", "leaf_dims", "some_of"]


class Mapped(Derivative):
    """A function over an axis of its arguments, made by `srcad.vmap`."""

    transform = "vmap"

    def __init__(
        self,
        function: Callable[..., Any],
        in_dims: Any = 0,
        out_dims: Any = 0,
        randomness: str = "error",
        chunk_size: int | None = None,
    ) -> None:
        if randomness not in ("error", "same", "different"):
            raise ArgumentValueError(
                f"randomness={randomness!r} is unknown",
                reason='One of "error", "same", "different".',
            )
        self.in_dims, self.out_dims, self.randomness = in_dims, out_dims, randomness
        self.chunk_size = checked_chunk_size(chunk_size)
        super().__init__(
            function, in_dims=frozen(in_dims), out_dims=frozen(out_dims), randomness=randomness
        )
        self.variants: dict[Any, Mapped] = {}

    def _options(self) -> dict[str, Any]:
        return {
            "in_dims": self.in_dims,
            "out_dims": self.out_dims,
            "randomness": self.randomness,
            "chunk_size": self.chunk_size,
        }

    def dispatchers(self) -> list[Dispatcher]:
        return [*super().dispatchers(), *(each for one in self.variants.values() for each in one.dispatchers())]  # fmt: skip

    def explicit(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Mapped:
        """The map with in_dims for each argument, where only the call tells: neither defaults nor what is given by keyword alone are mapped over."""
        if isinstance(self.in_dims, (tuple, list)):
            return self
        signature = self.dispatcher.signature
        parts = signature.parameters.values()
        if all(part.default is part.empty and part.kind is not part.KEYWORD_ONLY for part in parts):
            return self
        given = signature.bind(*args, **kwargs).arguments
        dims = tuple(
            None
            if name not in given or part.kind is part.KEYWORD_ONLY or np.isscalar(given[name])
            else self.in_dims
            for name, part in signature.parameters.items()
        )
        found = self.variants.get(dims)
        if found is None:
            options = {**self._options(), "in_dims": dims}
            found = self.variants[dims] = Mapped(self.function, **options)
        return found

    @noted
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.dispatcher.open:
            return self.called_as(args, kwargs)(*args, **kwargs)
        explicit = self.explicit(args, kwargs)
        if explicit is not self:
            return explicit(*args, **kwargs)
        args = self.dispatcher.bind(args, kwargs)
        if self.chunk_size is None:
            return self.dispatcher.called(args)
        per = leaf_dims(self.in_dims, args)
        sizes = {
            np.shape(leaf)[dim]
            for arg, each in zip(args, per)
            for leaf, dim in zip(flatten(arg), each)
            if dim is not None and isinstance(leaf, np.ndarray) and -leaf.ndim <= dim < leaf.ndim
        }
        if len(sizes) != 1 or max(sizes) <= self.chunk_size:
            return self.dispatcher.called(args)
        (size,) = sizes
        parts = []
        same = self.randomness == "same"
        draws = Draws(args, self.dispatcher.find(args).made.externals) if same else None
        for start in range(0, size, self.chunk_size):
            some = slice(start, start + self.chunk_size)
            taken = [some_of(arg, each, some) for arg, each in zip(args, per)]
            if draws is not None:
                draws.again()
            parts.append(self.dispatcher.called(tuple(taken)))
        places = iter(flatten(spread_dims(self.out_dims, parts[0], "out_dims")))
        columns = iter(zip(*map(flatten, parts)))

        def joined(leaf: Any) -> Any:
            pieces, dim = next(columns), next(places)
            mapped = dim is not None and isinstance(leaf, np.ndarray)
            return np.concatenate(pieces, axis=dim) if mapped else leaf

        return rebuild(parts[0], joined)

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The generated text for these arguments."""
        explicit = self.explicit(args, kwargs)
        return (
            super().source(*args, **kwargs)
            if explicit is self
            else explicit.source(*args, **kwargs)
        )


def leaf_dims(in_dims: Any, args: tuple[Any, ...]) -> list[list[Any]]:
    """The mapped axis of every leaf of every argument."""
    if isinstance(in_dims, (tuple, list)):
        dims = [*in_dims, *[None] * (len(args) - len(in_dims))]
    else:
        dims = [in_dims if not np.isscalar(arg) else None for arg in args]
    return [flatten(spread_dims(dim, arg, "in_dims")) for dim, arg in zip(dims, args)]


def some_of(arg: Any, dims: list[Any], some: slice | int) -> Any:
    """Some examples of an argument, or one of them."""
    each = iter(dims)

    def part(leaf: Any) -> Any:
        dim = next(each)
        if dim is None or not isinstance(leaf, np.ndarray):
            return leaf
        return leaf[(slice(None),) * (dim % leaf.ndim) + (some,)]

    return rebuild(arg, part)


def frozen(dims: Any) -> Any:
    """in_dims or out_dims as a value that can be a key."""
    if isinstance(dims, dict):
        return FrozenDims((key, frozen(part)) for key, part in dims.items())
    if isinstance(dims, (tuple, list)):
        return tuple(frozen(part) for part in dims)
    node = look(dims)
    if node is not None:
        return FrozenDims((key, frozen(part)) for key, part in zip(node.keys, node.parts))
    return dims


class FrozenDims(dict):  # type: ignore[type-arg]
    """A dict of dims that can be hashed."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))
