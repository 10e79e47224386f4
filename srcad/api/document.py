"""Docstrings of derivatives: what is returned, with its shape."""

from __future__ import annotations

from typing import Any

from srcad.core.nodes import Function, Value, leaves
from srcad.core.types import Type

__all__ = ["document"]


def listed(parts: list[str]) -> str:
    """`a`, `b` and `c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def shown(type_: Type) -> str:
    """A type as a docstring shows it."""
    return "float64" if type_.kind == "number" else repr(type_)


def block(y: Type, x: Type) -> str:
    """The type of a block of a Jacobian."""
    shape = (*(y.shape or ()), *(x.shape or ()))
    return shown(Type("array" if shape else "number", shown(x).partition("[")[0], shape))


def document(function: Function, request: Any, wrt: list[Value]) -> str:
    """The docstring of a derivative."""
    names = listed([f"`{value.base}`" for value in wrt])
    types = ", ".join(shown(value.type) for value in wrt)
    if request.transform == "grad":
        text = f"Gradient of `{function.name}` with respect to {names}: {types}."
    elif request.transform == "value_and_grad":
        text = f"Value of `{function.name}` and its gradient with respect to {names}: {types}."
    elif request.transform == "vjp":
        plural = "Cotangents" if len(wrt) > 1 else "Cotangent"
        return f"{plural} of {names} given the cotangent of the value of `{function.name}`."
    elif request.transform == "jacrev":
        output = function.result[0] if request.has_aux else function.result
        outputs = list(leaves(output))
        blocks = [block(y.type, x.type) for y in outputs for x in wrt]
        text = f"Jacobian of `{function.name}` with respect to {names}: {', '.join(blocks)}."
    else:
        text = f"{request.transform} of `{function.name}`."
    return text[:-1] + ", and aux." if request.has_aux else text
