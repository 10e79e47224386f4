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

from srcad.rules.chain import numeric, of_conjugates, pull, push, traced
from srcad.rules.families import Rule, filling, register, rule_of, signature_of

__all__ = ["derived", "formulas", "in_terms"]

F = TypeVar("F", bound=Callable[..., Any])


def derived(
    *functions: Callable[..., Any],
    wrt: tuple[int, ...] | None = None,
    signature: str | None = None,
    memory: str | None = None,
    linear: bool = False,
    pullback: Callable[..., Any] | None = None,
    on_complex: str = "conjugate",
    without: dict[str, str] | None = None,
    along: str | None = None,
) -> Callable[[F], F]:
    """Register `definition(*operands, **options)`, which does what each of the functions does: it is the rule.

    Its derivatives are made of the rules of what it uses, its batched form and its type come from it; the call stays in the text as it
    was written. What is keyword-only in it is an option.

    Args:
        *functions: What it defines. They are called as they are, never looked into.
        wrt, signature, memory, on_complex, without, along: As of `srcad.rules.linear` and `elementwise`.
        linear: The function is linear in the operands `wrt`, and so its own pushforward.
        pullback: `pullback(y_bar, *operands, y, **options)` (of a linear function without `y`), where a person would write another
            than what the definition comes to. For what it does not cover it returns NotImplemented.

    Returns:
        A decorator, which returns the definition as it is.

    Raises:
        ValueError: One of the functions has a rule already.

    Example:
        >>> import numpy as np, srcad
        >>> def midrange(a):
        ...     return (a.max() + a.min()) / 2
        >>> @derived(midrange)
        ... def definition(a):
        ...     return (np.max(a) + np.min(a)) / 2
        >>> srcad.grad(midrange)(np.array([3.0, 1.0, 2.0]))
        array([0.5, 0.5, 0. ])
    """

    def decorate(definition: F) -> F:
        operands, options = signature_of(definition, 0, 0)
        filled = filling(definition, operands, 0, 0)
        by_hand = None if pullback is None else filling(pullback, operands, 1, int(not linear))
        if by_hand is not None and not linear and on_complex == "conjugate":
            by_hand = partial(of_conjugates, by_hand)
        given: dict[str, Any] = {"pushforward": partial(_pushforward, filled)}
        if linear:
            given = {}
        places = wrt
        if without:  # no formula is asked for
            known = [place for place, name in enumerate(operands) if name not in without]
            places = tuple(place for place in known if wrt is None or place in wrt)
        for function in functions:
            register(
                Rule(
                    "linear" if linear else "derived",
                    function,
                    pullback=partial(_pullback, filled, places, by_hand, linear),
                    definition=filled,
                    operands=operands,
                    options=options,
                    wrt=wrt,
                    signature=signature,
                    memory=memory,
                    # What the definition uses has rules that see to it.
                    on_complex="given" if on_complex == "conjugate" else on_complex,
                    without=without,
                    along=along,
                    **given,
                )
            )
        return definition

    return decorate


def in_terms(*functions: Callable[..., Any]) -> Callable[[F], F]:
    """Note a definition of functions that have formulas of their own: for their batched form and their type alone."""

    def decorate(definition: F) -> F:
        for function in functions:
            rule = rule_of(function)
            assert rule is not None
            rule.definition = filling(definition, rule.operands, 0, 0)
        return definition

    return decorate


def formulas(definition: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The pullback and the pushforward that a definition comes to, for those calls of a function that its own do not cover."""
    return partial(_pullback, definition, None, None, False), partial(_pushforward, definition)


def _pullback(
    definition: Any, wrt: Any, by_hand: Any, linear: bool, y_bar: Any, *rest: Any, **options: Any
) -> Any:
    operands, y = (rest, None) if linear else (rest[:-1], rest[-1])
    if by_hand is not None:
        found = by_hand(y_bar, *rest, **options)
        if found is not NotImplemented:
            return found
    if numeric(y_bar, rest, tuple(options.values())):
        pulled = partial(_pullback, definition, wrt, None, linear)
        return traced(pulled, y_bar, *rest, **options)
    return pull(definition, y_bar, operands, y, options, wrt)


def _pushforward(definition: Any, *rest: Any, **options: Any) -> Any:
    if numeric(rest, tuple(options.values())):
        return traced(partial(_pushforward, definition), *rest, **options)
    count = len(rest) // 2
    return push(definition, rest[:count], rest[count:-1], rest[-1], options)
