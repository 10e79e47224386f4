"""From FILE_OR_MODULE and EXPRESSION to a derivative's text. The expression is parsed, never evaluated."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from typing import Any

from srcad.api.compile import Request, generate
from srcad.api.signature import read_argument, read_spec
from srcad.core.types import Type
from srcad.errors import ArgumentValueError, UnsupportedSyntaxError
from srcad.parser.source import unwrap

__all__ = ["derivative_text", "load_module", "read_expression"]

TRANSFORMS = {"grad", "value_and_grad", "vjp", "jacrev"}
LATER = {"jvp", "jacfwd", "jacobian", "hessian", "vmap", "linearize", "hvp", "checkpoint"}


def load_module(where: str) -> Any:
    """A module, by file or by name, imported in the usual way."""
    path = Path(where)
    if path.suffix == ".py" or path.exists():
        path = path.resolve()
        if not path.exists():
            raise FileNotFoundError(2, "no such file", where)
        sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(path.stem, module)
        spec.loader.exec_module(module)
        return module
    sys.path.insert(0, "")
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        raise ArgumentValueError(f"there is no file or module `{where}`", reason=str(error)) from None


def read_expression(text: str) -> tuple[str, str, dict[str, Any]]:
    """`"grad(f, argnums=(0, 1))"` as transform, function name and options; a bare name has transform ""."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise ArgumentValueError(f"`{text}` is no expression", reason="Write grad(f) or jacrev(f, argnums=0).") from None
    if isinstance(node, (ast.Name, ast.Attribute)):
        return "", ast.unparse(node), {}
    if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)) and len(node.args) >= 1:
        transform = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if transform in LATER:
            raise UnsupportedSyntaxError(f"`{transform}` is not implemented yet", reason="It comes with a later version of srcad.")
        if transform not in TRANSFORMS:
            raise ArgumentValueError(f"`{transform}` is no transform", reason=f"One of {', '.join(sorted(TRANSFORMS))}.")
        inner = node.args[0]
        if isinstance(inner, ast.Call):
            raise UnsupportedSyntaxError("compositions of transforms are not implemented yet", reason="Ask for one transform.")
        options: dict[str, Any] = {}
        if len(node.args) > 1:
            options["argnums"] = ast.literal_eval(node.args[1])
        try:
            options.update({keyword.arg or "": ast.literal_eval(keyword.value) for keyword in node.keywords})
        except ValueError:
            raise ArgumentValueError(f"the options in `{text}` are no literals", reason="Write argnums=(0, 1).") from None
        return transform, ast.unparse(inner), options
    raise ArgumentValueError(f"`{text}` is no derivative", reason="Write grad(f) or jacrev(f, argnums=0).")


def find(module: Any, name: str) -> Any:
    """A function of a module, by dotted name."""
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise ArgumentValueError(f"`{module.__name__}` has no `{name}`", reason="Name a function of the module.")
        found = getattr(found, part)
    return found


def specification(function: Any, args: tuple[str, ...]) -> dict[str, Any]:
    """The specification of every parameter: from --arg, else from its annotation, else from its default."""
    given = dict(read_argument(text) for text in args)
    spec: dict[str, Any] = {}
    parameters = inspect.signature(unwrap(function)).parameters
    for name, parameter in parameters.items():
        if name in given:
            spec[name] = given.pop(name)
        elif parameter.annotation is not parameter.empty and (found := _annotation(parameter.annotation)) is not None:
            spec[name] = found
        elif parameter.default is not parameter.empty:
            default = parameter.default
            spec[name] = Type("number", type(default).__name__, ()) if type(default) in (int, float) else default
        else:
            spec[name] = Type("any")
    if given:
        raise ArgumentValueError(
            f"`{function.__name__}` has no argument `{next(iter(given))}`", reason=f"It takes {', '.join(parameters)}."
        )
    return spec


def _annotation(annotation: Any) -> Any:
    """A specification from an annotation: a float, a string such as "float64[n]", or jaxtyping's `Float64[Array, "n m"]`."""
    if annotation in (float, int, bool):
        return Type("number", annotation.__name__, ())
    dims, dtypes = getattr(annotation, "dim_str", None), getattr(annotation, "dtypes", None)
    if isinstance(dims, str) and dtypes:
        return read_spec(f"{list(dtypes)[-1]}[{', '.join(dims.split())}]" if dims.split() else f"{list(dtypes)[-1]}[()]")
    if isinstance(annotation, str):
        try:
            return read_spec(annotation)
        except ArgumentValueError:
            return None
    return None


def derivative_text(
    where: str, expression: str, args: tuple[str, ...], *, stage: str | None = None, standalone: bool = False
) -> str:
    """The module's text that answers the expression."""
    transform, name, options = read_expression(expression)
    module = load_module(where)
    function = find(module, name)
    spec = specification(function, args)
    argnums = options.pop("argnums", 0)
    has_aux = options.pop("has_aux", False)
    if transform == "":
        transform = "grad"
    request = Request(transform, tuple(argnums) if isinstance(argnums, (tuple, list)) else argnums, has_aux)
    return generate(function, request, spec, stage=stage or "simplify", standalone=standalone).text
