"""Running pushforwards: `jvp` and `linearize`."""

from __future__ import annotations

from typing import Any

from srcad.api.dispatch import Dispatcher
from srcad.api.pullback import forward, match
from srcad.api.request import Position, fitting
from srcad.core.pytrees import derivatives, is_varied, own, rebuild, varied
from srcad.errors import ArgumentTypeError, ArgumentValueError
from srcad.loader import noted

__all__ = ["linear", "push"]


@noted
def push(dispatcher: Dispatcher, primals: Any, tangents: Any) -> Any:
    """The value and its derivative along the tangents."""
    if not isinstance(tangents, (tuple, list)) or len(tangents) != len(primals):
        raise ArgumentTypeError(
            f"tangents are no tuple of {len(primals)}", reason="Give one for each primal."
        )
    args = dispatcher.bind(tuple(primals), {})
    dots = _checked(dispatcher.names, primals, tangents)
    return dispatcher.carefully(args, lambda one: one.find(args).call(*args, *dots))  # type: ignore[misc]


def linear(dispatcher: Dispatcher, primals: tuple[Any, ...]) -> Any:
    """The value, and its derivative as a function of the tangents of the arguments that argnums name."""
    args = dispatcher.bind(primals, {})
    request = dispatcher.request
    places = fitting(request.argnums, len(args), getattr(dispatcher.function, "__name__", "f"))
    names = [dispatcher.names[place] for place in places]
    wanted = [args[place] for place in places]
    compiled, value, values, given = forward(dispatcher, args)
    structure = compiled.made.structure
    order = list(dict.fromkeys(at for at in varied(structure) if isinstance(at, Position)))

    @noted
    def pushforward(*tangents: Any) -> Any:
        if len(tangents) != len(wanted):
            raise ArgumentValueError(
                f"{len(tangents)} tangents for {len(wanted)} arguments",
                reason="Give one for each primal.",
            )
        flat = varied(_checked(names, wanted, tangents))
        found = compiled.backward(*flat, *given)  # type: ignore[misc]
        found = [found] if len(order) == 1 else list(found)
        by_place = {int(at): dot for at, dot in zip(order, found)}
        seen: set[int] = set()

        def hand_out(at: Any) -> Any:
            if not isinstance(at, Position):
                return 0.0 if is_varied(at) else at
            again = int(at) in seen
            seen.add(int(at))
            return own(by_place[at]) if again else by_place[at]

        return rebuild(structure, hand_out, hand_on)

    def hand_on(at: Any) -> Any:
        return own(values[at]) if isinstance(at, Position) else at

    return value, pushforward


def _checked(names: Any, primals: Any, tangents: Any) -> list[Any]:
    """Tangents of the structure, shapes and dtypes of their primals."""
    made = []
    for name, primal, tangent in zip(names, primals, tangents):
        flat = match(primal, tangent, f"the tangent of `{name}`", "primal")
        made.append(derivatives(primal, iter(flat)))
    return made
