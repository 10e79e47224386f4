"""The family of functions that others define: the definition is the rule.

A definition is a runnable function over NumPy that does what the function does. Its derivatives are made of the rules
of what it uses (`srcad.rules.chain`); its batched form, and its type where nothing else is known of it, come from the
definition, too. The call itself stays in the text as it was written.

>>> def spread_of(a, *, axis=None):
...     return np.max(a, axis=axis) - np.min(a, axis=axis)
>>> _ = derived(spread_of)(spread_of)
>>> rule_of(spread_of).pullback(1.0, np.array([1.0, 5.0, 2.0]), 4.0)
(array([-1.,  1.,  0.]),)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np  # noqa: F401 - in the example

from srcad.rules.chain import numeric, pull, push, traced
from srcad.rules.families import Rule, filling, register, rule_of, signature_of  # noqa: F401

__all__ = ["derived"]

F = TypeVar("F", bound=Callable[..., Any])


def derived(
    *functions: Callable[..., Any],
    wrt: tuple[int, ...] | None = None,
    signature: str | None = None,
    memory: str | None = None,
) -> Callable[[F], F]:
    """Register `definition(*operands, **options)`, which does what each of the functions does.

    Operands and options are told apart as in all rules: what is keyword-only is an option. `wrt`, `signature` and `memory` are as in `Rule`.
    """

    def decorate(definition: F) -> F:
        operands, options = signature_of(definition, 0, 0)
        filled = filling(definition, operands, 0, 0)
        for function in functions:
            register(
                Rule(
                    "derived",
                    function,
                    pullback=partial(_pullback, filled, wrt),
                    pushforward=partial(_pushforward, filled),
                    definition=filled,
                    operands=operands,
                    options=options,
                    wrt=wrt,
                    signature=signature,
                    memory=memory,
                )
            )
        return definition

    return decorate


def _pullback(definition: Any, wrt: Any, y_bar: Any, *rest: Any, **options: Any) -> Any:
    if numeric(y_bar, rest, tuple(options.values())):
        return traced(partial(_pullback, definition, wrt), y_bar, *rest, **options)
    return pull(definition, y_bar, rest[:-1], rest[-1], options, wrt)


def _pushforward(definition: Any, *rest: Any, **options: Any) -> Any:
    if numeric(rest, tuple(options.values())):
        return traced(partial(_pushforward, definition), *rest, **options)
    count = len(rest) // 2
    return push(definition, rest[:count], rest[count:-1], rest[-1], options)
