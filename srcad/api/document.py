"""Docstrings of derivatives: what is returned, with its shape."""

from __future__ import annotations

from srcad.api.compose import chosen, select
from srcad.api.request import Request
from srcad.core.nodes import Function, Param, Value, entries_like, leaves
from srcad.core.types import Type

__all__ = ["document"]


def listed(parts: list[str]) -> str:
    """`a`, `b` and `c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def shown(type_: Type) -> str:
    """A type as a docstring shows it."""
    if type_.kind != "number":
        return repr(type_)
    return "complex128" if (type_.dtype or "").startswith("complex") else "float64"


def block(y: Type, x: Type) -> str:
    """The type of a block of a Jacobian."""
    shape = (*(y.shape or ()), *(x.shape or ()))
    return shown(Type("array" if shape else "number", shown(x).partition("[")[0], shape))


_MATRICES = {"jacrev": "Jacobian", "jacfwd": "Jacobian", "hessian": "Hessian"}


def document(function: Function, request: Request, made: Function) -> str:
    """The docstring of a derivative of `function`, which is what the request's inner requests made; `made` is the derivative itself."""
    name = _called(function.name, request.inner)
    if request.transform == "vmap":
        return _mapped(function, request, made, name)
    wrt, _ = select(function, request.argnums)
    names = listed([f"`{value.base}`" for value in wrt])
    types = ", ".join(shown(value.type) for value in wrt)
    if request.transform == "grad":
        text = f"Gradient of {name} with respect to {names}: {types}."
    elif request.transform == "value_and_grad":
        text = f"Value of {name} and its gradient with respect to {names}: {types}."
    elif request.transform == "vjp":
        plural = "Cotangents" if len(wrt) > 1 else "Cotangent"
        return f"{plural} of {names} given the cotangent of the value of {name}."
    elif request.transform == "jvp":
        params = chosen(function, request.argnums)
        along = listed([f"`{param.name}`" for param in made.params[-len(params) :]])
        text = f"Value of {name} and its derivative along {along}."
    else:
        matrix = _MATRICES[request.transform]
        output = function.result[0] if request.has_aux else function.result
        if request.compact:
            matrix = f"Blocks of the {matrix}"
        blocks = ", ".join(_blocks(list(leaves(output)), wrt, request))
        text = f"{matrix} of {name} with respect to {names}: {blocks}."
    return text[:-1] + ", and aux." if request.has_aux else text


def _blocks(outputs: list[Value], wrt: list[Value], request: Request) -> list[str]:
    skipped = int(request.compact)
    if request.transform == "hessian":
        return [
            block(
                Type("array", x.type.dtype, (*(y.type.shape or ()), *(x.type.shape or ()))),
                z.type._replace(shape=(z.type.shape or ())[skipped:]),
            )
            for y in outputs
            for x in wrt
            for z in wrt
        ]
    return [
        block(
            y.type,
            x.type._replace(
                dtype=entries_like(y, x).type.dtype, shape=(x.type.shape or ())[skipped:]
            ),
        )
        for y in outputs
        for x in wrt
    ]


def _mapped(function: Function, request: Request, made: Function, name: str) -> str:
    """Of what, for each row of which arguments."""
    over = [
        param.name
        for param, dims in zip(made.params, request.in_dims or ())
        if any(dim is not None for dim in dims)
    ]
    rows = f"for each row of {listed([f'`{one}`' for one in over])}"
    types = ", ".join(shown(value.type) for value in leaves(made.result))
    inner = request.inner
    if inner is None or inner.transform == "vmap":
        return f"Value of {name}, {rows}: {types}."
    wrt = listed([f"`{param.name}`" for param in _wrt(made, inner)])
    what = _NOUNS[inner.transform][0].upper() + _NOUNS[inner.transform][1:]
    return f"{what} of {_called(function.name.removesuffix('_' + inner.transform), inner.inner)} with respect to {wrt}, {rows}: {types}."


def _wrt(made: Function, request: Request) -> list[Param]:
    return chosen(made, request.argnums)


_NOUNS = {
    "grad": "gradient",
    "value_and_grad": "value and gradient",
    "jacrev": "Jacobian",
    "jacfwd": "Jacobian",
    "hessian": "Hessian",
}


def _called(name: str, inner: Request | None) -> str:
    """What a function is called: `f`, the gradient of `f`, the mapped Jacobian of `f`."""
    if inner is None:
        return f"`{name}`"
    plain = name.removesuffix(f"_{inner.transform}")
    if inner.transform == "vmap":
        return f"mapped {_called(plain, inner.inner)}"
    return f"the {_NOUNS[inner.transform]} of {_called(plain, inner.inner)}"
