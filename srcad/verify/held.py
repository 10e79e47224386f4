"""Functions that hold values constant, which differences cannot see."""

from __future__ import annotations

import contextlib
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

from srcad.api import Derivative
from srcad.core.specification import Form, unwrap
from srcad.errors import UnsupportedSyntaxError
from srcad.runtime import no_grad, stop_gradient

__all__ = ["refuse_held"]

_HELD = (no_grad, stop_gradient)


def refuse_held(function: Callable[..., Any]) -> None:
    """Refuse functions that hold values constant, as far as the names in them and in their callees tell."""
    seen: set[Any] = set()

    def visit(found: Any) -> str:
        if any(found is held for held in _HELD):
            return str(found.__name__)
        if isinstance(found, (types.MethodType, Form)):
            found = unwrap(found)
        found = inspect.unwrap(found) if isinstance(found, types.FunctionType) else found
        if not isinstance(found, types.FunctionType) or found in seen:
            return ""
        seen.add(found)
        if (found.__module__ or "").split(".")[0] in ("numpy", "scipy", "srcad"):
            return ""
        return next(filter(None, map(visit, _named(found))), "")

    if isinstance(function, Derivative):
        function = function.base
    kind = type(function)
    held = visit(function) or visit(getattr(kind, "__call__", None))  # noqa: B004 - that of an object
    if held:
        raise UnsupportedSyntaxError(
            f"`{getattr(function, '__name__', kind.__name__)}` uses `{held}`, which differences cannot see",
            reason="They vary what the derivative holds constant. Pass that as an argument to verify the rest.",
        )


def _named(function: types.FunctionType) -> Iterator[Any]:
    """The objects of outer scopes that the names in a function can stand for."""
    names = sorted({name for code in _codes(function.__code__) for name in code.co_names})
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):
            yield cell.cell_contents
    for name in names:
        found = function.__globals__.get(name)
        if isinstance(found, types.ModuleType):
            yield from (getattr(found, attribute, None) for attribute in names)
        else:
            yield found


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)
