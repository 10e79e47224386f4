"""Random draws of what runs again, once for each output or with care: it is one call of a function, and draws the same."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from srcad.core.pytrees import flatten

__all__ = ["Draws", "is_generator"]

_KINDS = (np.random.Generator, np.random.RandomState, random.Random)


def is_generator(found: Any) -> bool:
    """Whether something is a generator of random numbers."""
    return isinstance(found, _KINDS)


class Draws:
    """The states of the generators that a compiled function may draw from: those in its arguments, of outer scopes, and NumPy's own.

    >>> rng = np.random.default_rng(0)
    >>> draws = Draws((rng,), {})
    >>> first = rng.normal()
    >>> draws.again()
    >>> rng.normal() == first
    True
    """

    def __init__(self, args: tuple[Any, ...], externals: dict[str, Any]) -> None:
        owners = [getattr(found, "__self__", None) for found in externals.values()]
        own = getattr(np.random.random, "__self__", None)
        found = {id(each): each for each in (*flatten(args), *owners, own) if is_generator(each)}
        self.states = [(each, _state(each)) for each in found.values()]

    def again(self) -> None:
        """Have all of them draw the same again."""
        for generator, state in self.states:
            if isinstance(generator, np.random.Generator):
                generator.bit_generator.state = state
            elif isinstance(generator, np.random.RandomState):
                generator.set_state(state)
            else:
                generator.setstate(state)


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.get_state() if isinstance(generator, np.random.RandomState) else generator.getstate()  # fmt: skip
