"""Several generated texts as one module: imports once, functions that are the same once, entries that check what they are given.

>>> first = "import numpy as np\\n\\n\\ndef f_grad(x):\\n    return np.cos(x)\\n"
>>> second = "import numpy as np\\n\\n\\ndef f_vjp(x, y_bar):\\n    return y_bar * np.cos(x)\\n"
>>> print(bundled([Part(first, "f_grad", "f_grad", {}), Part(second, "f_vjp", "f_vjp", {})]))
import numpy as np
<BLANKLINE>
<BLANKLINE>
def f_grad(x):
    return np.cos(x)
<BLANKLINE>
<BLANKLINE>
def f_vjp(x, y_bar):
    return y_bar * np.cos(x)
<BLANKLINE>
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from srcad import runtime
from srcad.core.types import Size, Type

__all__ = ["Part", "annotation", "bundled", "checks"]


class Part(NamedTuple):
    """One derivative: a generated text that runs on its own; `entry` is the function of it that answers, `name` what it is to be called (`longer`, where
    another one is called so), `spec` what its arguments are declared to be, `guards` axes of these that must be equal,
    `returns` the annotation of the result."""

    text: str
    entry: str
    name: str
    spec: Mapping[str, Any]
    guards: tuple[tuple[int, int, int, int], ...] = ()
    longer: str = ""
    returns: str = ""


class _Chunk(NamedTuple):
    """A statement at the top of a module: what it defines, and its lines."""

    name: str
    text: str


def bundled(parts: Iterable[Part]) -> str:
    """The text of a module that holds all the parts. Helpers of one name that differ are numbered."""
    imports: dict[str, None] = {}
    constants: dict[str, str] = {}
    functions: dict[str, str] = {}
    for part in parts:
        head, chunks = _chunks(part.text)
        imports.update(dict.fromkeys(head))
        renamed = {part.entry: part.name} if part.entry != part.name else {}
        for chunk in chunks:
            known = functions if chunk.text.startswith("def ") else constants
            text = _renamed(chunk.text, renamed)
            if chunk.name == part.entry:
                text = _checked(text, part)
            name = renamed.get(chunk.name, chunk.name)
            wanted, original, counter = name, text, 0
            while known.get(name, text) != text:
                counter += 1
                name = f"{wanted}_{counter}"
                text = _renamed(original, {wanted: name})
            if name != wanted:
                renamed[chunk.name] = name
            known[name] = text
    ordered = sorted(imports, key=lambda line: (line.startswith("from "), line))
    plain = [line for line in ordered if not line.startswith("from ")]
    text = "\n".join([*plain, *_joined([line for line in ordered if line.startswith("from ")])])
    if constants:
        text += "\n\n" + "\n".join(constants.values())
    front = [each for name, each in functions.items() if name in runtime.__all__]
    own = [each for name, each in functions.items() if name not in runtime.__all__]
    return "\n\n\n".join([text, *front, *own]) + "\n"


def _joined(lines: list[str]) -> list[str]:
    """`from a import b` and `from a import c` as one line."""
    found: dict[str, list[str]] = {}
    for line in lines:
        home, _, names = line.removeprefix("from ").partition(" import ")
        found.setdefault(home, []).extend(name.strip() for name in names.split(","))
    return [f"from {home} import {', '.join(sorted(set(names)))}" for home, names in found.items()]


def _chunks(text: str) -> tuple[list[str], list[_Chunk]]:
    """The imports of a module, and what it defines."""
    lines = text.splitlines()
    head, chunks = [], []
    for node in ast.parse(text).body:
        assert node.end_lineno is not None
        own = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            head.append(own)
        elif isinstance(node, ast.Assign):
            chunks.append(_Chunk(ast.unparse(node.targets[0]), own))
        else:
            assert isinstance(node, ast.FunctionDef), own
            chunks.append(_Chunk(node.name, own))
    return head, chunks


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """A text with other names, where they stand as names."""
    if not names or not any(name in text for name in names):
        return text
    lines = text.splitlines(keepends=True)
    found = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.NAME and token.string in names
    ]
    for token in reversed(found):
        row, column = token.start
        line = lines[row - 1]
        if line[:column].endswith("."):
            continue
        lines[row - 1] = line[:column] + names[token.string] + line[token.end[1] :]
    return "".join(lines)


# What is checked at the entry.


def _checked(text: str, part: Part) -> str:
    """A function with annotations, and with the checks after its docstring."""
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    lines = text.splitlines()
    first = node.body[0]
    is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = first.lineno - 1
    after = first.end_lineno if is_doc else start
    own = checks(part.name, node, part.spec, part.guards)
    for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        said = annotation(part.spec.get(arg.arg))
        arg.annotation = ast.parse(said, mode="eval").body if said else None
    returns = ast.parse(part.returns, mode="eval").body if part.returns else None
    head = ast.unparse(
        ast.FunctionDef(node.name, node.args, [ast.Pass()], [], returns, lineno=1, col_offset=0)
    ).splitlines()[0]
    body = [f"    {line}" for line in own]
    return "\n".join([head, *lines[start:after], *body, *lines[after:]])


def annotation(spec: Any) -> str:
    """The annotation of an argument that is declared so, or nothing."""
    if not isinstance(spec, Type):
        return ""
    if spec.kind == "array":
        return "np.ndarray"
    return spec.dtype or "" if spec.kind == "number" else ""


def checks(
    name: str,
    node: ast.FunctionDef,
    spec: Mapping[str, Any],
    guards: Iterable[tuple[int, int, int, int]] = (),
) -> list[str]:
    """The lines that hold arguments against their declared dtypes and shapes.

    >>> from srcad.core.types import array
    >>> node = ast.parse("def f(x, y): pass").body[0]
    >>> n = Size("n")
    >>> print("\\n".join(checks("f", node, {"x": array("float64", n, 3), "y": array("float64", n)})))
    if x.dtype != np.float64 or x.ndim != 2 or x.shape[1] != 3:
        raise TypeError(f"f is for x: float64[n, 3], not {x.dtype}{list(x.shape)}")
    if y.dtype != np.float64 or y.ndim != 1:
        raise TypeError(f"f is for y: float64[n], not {y.dtype}{list(y.shape)}")
    if y.shape[0] != x.shape[0]:
        raise ValueError("f is for y.shape[0] == x.shape[0]")
    """
    lines: list[str] = []
    equal: list[tuple[str, str]] = []
    first: dict[object, str] = {}
    names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    for arg in names:
        type_ = spec.get(arg)
        if not isinstance(type_, Type) or type_.kind != "array" or type_.dtype is None:
            continue
        tests = [f"{arg}.dtype != np.{type_.dtype}"]
        if type_.shape is not None:
            tests.append(f"{arg}.ndim != {len(type_.shape)}")
            for axis, size in enumerate(type_.shape):
                if isinstance(size, int):
                    tests.append(f"{arg}.shape[{axis}] != {size}")
                elif size.minus == 0 and size.key in first:
                    equal.append((f"{arg}.shape[{axis}]", first[size.key]))
                elif isinstance(size, Size) and size.minus == 0:
                    first[size.key] = f"{arg}.shape[{axis}]"
        lines.append(f"if {' or '.join(tests)}:")
        lines.append(
            f'    raise TypeError(f"{name} is for {arg}: {type_!r}, not {{{arg}.dtype}}{{list({arg}.shape)}}")'
        )
    for place, axis, other, there in guards:
        if place < len(names) and other < len(names):
            pair = f"{names[other]}.shape[{there}]", f"{names[place]}.shape[{axis}]"
            if pair not in equal:
                equal.append(pair)
    for left, right in equal:
        lines.append(f"if {left} != {right}:")
        lines.append(f'    raise ValueError("{name} is for {left} == {right}")')
    return lines
