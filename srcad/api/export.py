"""Text that leaves the process: what it reads from outer scopes is imported or written out, and with `standalone` the helpers are too."""

from __future__ import annotations

import ast
import inspect
import re
import types
from typing import Any

import numpy as np

from srcad import runtime
from srcad.api.compiled import scope_of
from srcad.api.request import Generated
from srcad.core.specification import unwrap
from srcad.errors import ArgumentValueError, SourceNotFoundError

__all__ = ["exported"]

_LARGEST = 64


def exported(function: Any, made: Generated, *, standalone: bool, typed: bool = False) -> str:
    """A module's text that runs on its own.

    Arrays and numbers that the function reads from its module, or from another, are imported from there; those of classes and objects are written out, and
    with `standalone` all of them are; then the helpers that the text calls are defined in it, too, annotated where the text is to be (`typed`).
    Raises ArgumentValueError for what cannot be written out.
    """
    lines = made.text.splitlines(keepends=True)
    root = unwrap(function)
    imports: list[str] = []
    constants: list[str] = []
    for text, (path, outer) in made.hidden.items():
        scope = scope_of(function, path)
        found = scope.read(outer) if scope is not None else None
        module: Any = scope.function.__module__ if scope is not None else ""
        home, _, attribute = outer.rpartition(".")
        owner: Any = scope.read(home) if scope is not None and home else None
        if (
            not standalone
            and isinstance(root, types.FunctionType)
            and scope is not None
            and scope.owner is None
            and scope.cell(outer) is None
            and (not home or isinstance(owner, types.ModuleType))
        ):
            imports.append(_import(owner.__name__ if home else module, attribute, text))
        else:
            constants.append(f"{text} = {_literal(text, found)}\n")
    for text, found in made.externals.items():
        module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", "")
        if not module or "." in name or "." in text:
            raise ArgumentValueError(
                f"`{text}` cannot be imported by the text",
                reason="Define it at the top of a module, or pass its values as arguments.",
            )
        imports.append(_import(module, name, text))
    helpers: list[str] = []
    if standalone and "srcad" in {alias for alias in _imported(made.text)}:
        helpers, names = _helpers(made.text, typed)
        lines = [
            re.sub(r"\bsrcad\.runtime\.(\w+)", lambda found: names[found[1]], line)
            for line in lines
            if line.strip() != "import srcad.runtime"
        ]
    head = [line for line in lines if line.startswith(("import ", "from "))]
    body = lines[len(head) :]
    if (helpers or any("np." in line for line in constants)) and "import numpy as np\n" not in head:
        head.append("import numpy as np\n")
    text = "".join([*head, *sorted(imports)])
    if constants:
        text += "\n" + "".join(constants)
    for helper in helpers:
        text += "\n\n" + helper
    if text and not head and not helpers:
        text += "\n\n"
    return text + "".join(body)


def _import(module: str, name: str, text: str) -> str:
    if not module or module == "__main__":
        raise ArgumentValueError(
            f"`{text}` belongs to a module without a name", reason="Put the function in a file."
        )
    return f"from {module} import {name}{f' as {text}' if text != name else ''}\n"


def _literal(name: str, found: Any) -> str:
    if not isinstance(found, (np.ndarray, np.generic, int, float, complex)):
        raise ArgumentValueError(
            f"`{name}`, which the function reads, cannot be written out",
            reason=f"It is of type {type(found).__name__}: pass it as an argument, or call the derivative from Python.",
        )
    if isinstance(found, np.ndarray):
        if found.size > _LARGEST:
            raise ArgumentValueError(
                f"the array `{name}` of the function's module has {found.size} elements and would have to be written out",
                reason="Pass it as an argument.",
            )
        plain = found.dtype in (np.dtype(float), np.dtype(int), np.dtype(bool), np.dtype(complex))
        dtype = "" if plain else f", dtype={_dtype(found.dtype)}"
        shape = f".reshape({found.shape})" if found.size == 0 else ""
        return f"np.array({_written(found.tolist())}{dtype}){shape}"
    if isinstance(found, np.generic):  # its dtype decides, as a Python number's does not
        return f"np.{found.dtype.name}({_written(found.item())})"
    return _written(found)


def _dtype(dtype: Any) -> str:
    return f"np.{dtype.name}" if dtype.isnative and dtype.kind in "biufc" else repr(dtype.str)


def _written(found: Any) -> str:
    """Numbers, and lists of them, as text.

    >>> _written([1.5, -np.inf, [2, np.nan]])
    '[1.5, -np.inf, [2, np.nan]]'
    """
    if isinstance(found, list):
        return f"[{', '.join(map(_written, found))}]"
    if isinstance(found, float) and not np.isfinite(found):
        return "np.nan" if np.isnan(found) else "np.inf" if found > 0 else "-np.inf"
    if isinstance(found, complex) and not np.isfinite(found):
        return f"complex({_written(found.real)}, {_written(found.imag)})"
    return repr(found)


def _imported(text: str) -> list[str]:
    return [
        alias.name.split(".")[0]
        for node in ast.parse(text).body
        if isinstance(node, ast.Import)
        for alias in node.names
    ]


def _helpers(text: str, typed: bool) -> tuple[list[str], dict[str, str]]:
    """The sources of the helpers that a text calls, and of those that these call, annotated where they are to be; and their names,
    which are numbered where the text has something else of that name."""
    wanted = list(dict.fromkeys(re.findall(r"srcad\.runtime\.(\w+)", text)))
    found: dict[str, str] = {}
    while wanted:
        name = wanted.pop(0)
        if name in found:
            continue
        try:
            source = inspect.getsource(getattr(runtime, name))
        except OSError as error:  # pragma: no cover - srcad without its sources
            raise SourceNotFoundError(
                f"the source of srcad.runtime.{name} cannot be found", reason=str(error)
            ) from None
        source = re.sub(r'^    """.*?"""\n', "", source, count=1, flags=re.S | re.M)
        if not typed:
            source = re.sub(r": Any| -> Any| -> list\[Any\]", "", source)
        found[name] = source.rstrip() + "\n"
        wanted += [
            called for called in re.findall(r"\b(\w+)\(", source) if called in runtime.__all__
        ]
    nodes = list(ast.walk(ast.parse(text)))
    taken = {node.id for node in nodes if isinstance(node, ast.Name)}
    taken |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    taken |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    names: dict[str, str] = {}
    for name in sorted(found):
        made, counter = name, 0
        while made in taken:
            counter += 1
            made = f"{name}_{counter}"
        names[name] = made
    pattern = re.compile(rf"(?<![\w.])({'|'.join(found)})\(")
    sources = [
        pattern.sub(lambda match: f"{names[match[1]]}(", found[name]) for name in sorted(found)
    ]
    return sources, names
