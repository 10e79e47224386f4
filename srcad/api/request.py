"""What is asked for, and what the compiler answers: plain data, so that a warm start needs no compiler."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from srcad.core.specification import Reference
from srcad.errors import ArgumentValueError

__all__ = ["Generated", "Position", "Request", "StaticNeeded", "fitting"]


class Request(NamedTuple):
    """What is asked for: a transform by name, the arguments it differentiates by, and its options.

    `inner` is the request that the transform is applied to, None where that is the user's function itself.
    `compact` asks for the blocks of a Jacobian alone. A forward half that is not `valued` may leave out the function's value. `in_dims`, `out_dims` and
    `randomness` are those of a vmap; a `careful` one reads at no index that its example does not ask for.
    """

    transform: str
    argnums: int | tuple[int, ...] = 0
    has_aux: bool = False
    chunk_size: int | None = None
    output: int = 0
    inner: Optional[Request] = None  # noqa: UP045 - evaluated on Python 3.10 with a NamedTuple
    in_dims: Any = None
    out_dims: Any = None
    randomness: str = "error"
    compact: bool = False
    valued: bool = True
    careful: bool = False

    def chain(self) -> list[Request]:
        """The requests, the one that is applied first at the head."""
        return [*([] if self.inner is None else self.inner.chain()), self]

    def carefully(self) -> Request:
        """The same, with careful maps."""
        inner = None if self.inner is None else self.inner.carefully()
        return self._replace(inner=inner, careful=self.transform == "vmap")

    @property
    def suffix(self) -> str:
        """What the name of the derivative adds to the function's: `_jacrev_vmap`."""
        return "".join(f"_{request.transform}" for request in self.chain())


def fitting(argnums: int | tuple[int, ...], count: int, name: str) -> list[int]:
    """The places among `count` arguments of the function `name` that argnums mean. Raises ArgumentValueError."""
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(isinstance(number, int) and -count <= number < count for number in numbers):
        raise ArgumentValueError(
            f"argnums={argnums!r} does not fit `{name}`, which takes {count} argument{'s' if count != 1 else ''}",
            reason="argnums is an int or a tuple of ints, counted from 0 or from the end.",
        )
    places = [number % count for number in numbers]
    if len(set(places)) < len(places):
        raise ArgumentValueError(
            f"argnums={argnums!r} names an argument twice", reason="Name each once."
        )
    return places


class StaticNeeded(Exception):
    """The value of the parameter `name`, or of what `places` lead to in it, decides what the derivative looks like."""

    def __init__(self, name: str, places: tuple[int, ...] = ()) -> None:
        super().__init__(name, places)
        self.name, self.places = name, places


class Generated(NamedTuple):
    """A module: its text, the functions in it that matter, and what it depends on.

    `names` maps the role ("entry", or "forward" and "backward") to the function's name; `hidden` maps a name
    of the text to the outer name that it is read from;
    `externals` to the object that it stands for; `written` are the arguments that the primal stores into; `structure` is that of the
    forward half's results, and `kept` are the places of the parameters that the backward half takes. `guards` are axes of arguments that must be equal:
    (argument, axis, argument, axis). `lines` says of each line of the text which line of the user's, of which file, it belongs to, `sweeps` whether it
    is of the function ("primal"), of its "tangent" or of the "adjoint"; a text that was read back has none.
    """

    text: str
    names: dict[str, str]
    references: tuple[Reference, ...]
    hidden: dict[str, tuple[tuple[str, ...], str]]
    externals: dict[str, Any]
    written: frozenset[str]
    structure: Any
    kept: tuple[int, ...]
    guards: tuple[tuple[int, int, int, int], ...] = ()
    lines: tuple[tuple[str, int] | None, ...] = ()
    sweeps: tuple[str, ...] = ()


class Position(int):
    """The place of a value in a flat list of results."""
