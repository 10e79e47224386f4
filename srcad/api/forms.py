"""Functions that take any number of arguments, called in one way: with as many for `*args`, with these names for `**kwargs`.

A derivative of such a function is one for each way of calling it; its text has a parameter for each argument:

    f(x, *args, scale=2.0, **options)         called as f(x, y, z, bias=b)
    f_grad(x, args_0, args_1, scale, bias)    is what is compiled
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import types
import weakref
from collections.abc import Callable
from typing import Any

from srcad.core.specification import Form, own_signature, unwrap

__all__ = ["form_of", "is_open", "plain_function"]


_STARS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_CALLERS: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def plain_function(function: Any) -> Any:
    """The function that runs: behind what numba has compiled, the function itself; a partial as a function that calls it."""
    inner = getattr(function, "py_func", None)
    if isinstance(inner, types.FunctionType):
        return inner
    if not isinstance(function, functools.partial):
        return function
    found = _CALLERS.get(function)
    if found is None:
        found = _CALLERS[function] = _caller(weakref.proxy(function))
        found.__name__ = getattr(function.func, "__name__", "function")
        found.__signature__ = inspect.signature(function)
    return found


def _caller(partial: Any) -> Any:
    def caller(*args: Any, **kwargs: Any) -> Any:
        return partial(*args, **kwargs)

    return caller


def is_open(function: Any) -> bool:
    """Whether a function takes any number of arguments.

    >>> is_open(lambda *args: args), is_open(lambda x: x), is_open(print)
    (True, False, False)
    """
    if not isinstance(unwrap(function), types.FunctionType) or isinstance(function, Form):
        return False
    return any(p.kind in _STARS for p in own_signature(function).parameters.values())


def form_of(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Form:
    """A function as it is called with these arguments. Raises TypeError where they do not fit.

    >>> def f(x, *args, scale=2.0, **options): ...
    >>> form_of(f, (1, 2, 3), {"bias": 4}).__signature__
    <Signature (x, args_0, args_1, *, scale=2.0, bias)>
    """
    signature = own_signature(function)
    bound = signature.bind(*args, **kwargs)
    kinds = inspect.Parameter
    parameters: list[inspect.Parameter] = []
    gathered: dict[str, tuple[str, ...]] = {}
    taken = set(signature.parameters)
    for parameter in signature.parameters.values():
        given = bound.arguments.get(parameter.name, ())
        if parameter.kind is kinds.VAR_POSITIONAL:
            names = _positional(function, signature, parameter.name, len(given), taken)
            gathered[parameter.name] = names
            parameters += [kinds(name, kinds.POSITIONAL_OR_KEYWORD) for name in names]
            if any(p.kind is kinds.POSITIONAL_ONLY for p in parameters):
                parameters = [p.replace(kind=kinds.POSITIONAL_ONLY) for p in parameters]
            if given:  # what comes before them cannot be left out
                parameters = [p.replace(default=p.empty) for p in parameters]
        elif parameter.kind is kinds.VAR_KEYWORD:
            gathered[parameter.name] = tuple(given)
            parameters += [kinds(name, kinds.KEYWORD_ONLY) for name in given]
        else:
            parameters.append(parameter)
    return Form(function, inspect.Signature(parameters), tuple(gathered.items()))


def _positional(
    function: Any, signature: inspect.Signature, star: str, count: int, taken: set[str]
) -> tuple[str, ...]:
    """Names for what `*args` takes: those of the function that a decorator stands around, where it tells."""
    names: list[str] = []
    if len(signature.parameters) <= 2:
        with contextlib.suppress(TypeError, ValueError):  # what it says that it stands for
            shown = inspect.signature(function).parameters.values()
            names = [p.name for p in shown if p.kind not in _STARS]
    own = [names[place] if place < len(names) else f"{star}_{place}" for place in range(count)]
    return tuple(own if not taken & set(own) else [f"{star}_{place}" for place in range(count)])
