"""Several generated texts as one module: imports once, functions that are the same once, entries that check what they are given.

>>> first = "import numpy as np\\n\\n\\ndef f_grad(x):\\n    return np.cos(x)\\n"
>>> second = "import numpy as np\\n\\n\\ndef f_vjp(x, y_bar):\\n    return y_bar * np.cos(x)\\n"
>>> print(bundled([Part(first, "f_grad", "f_grad", {}), Part(second, "f_vjp", "f_pullback", {})]))
from typing import Any
<BLANKLINE>
import numpy as np
<BLANKLINE>
<BLANKLINE>
def f_grad(x: Any) -> Any:
    return np.cos(x)
<BLANKLINE>
<BLANKLINE>
def f_pullback(x: Any, y_bar: Any) -> Any:
    return y_bar * np.cos(x)
<BLANKLINE>
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import gast

from srcad import runtime
from srcad.api.entry import annotated, entered, shown_function
from srcad.core.types import ANY
from srcad.core.unparse import unparse

__all__ = ["Part", "bundled"]


class Part(NamedTuple):
    """One derivative: a generated text that runs on its own; `entry` is the function of it that answers, `name` what it is to be called (`longer`, where
    another one is called so), `spec` what its arguments are declared to be, `guards` axes of them that must be equal; `types` has for each function
    of the text the types of its parameters and the tree of its results."""

    text: str
    entry: str
    name: str
    spec: Mapping[str, Any]
    guards: tuple[tuple[int, int, int, int], ...] = ()
    longer: str = ""
    types: Mapping[str, tuple[Mapping[str, Any], Any]] = {}


class _Chunk(NamedTuple):
    """What a module defines at its top: `kind` is "import", "constant" or "function"."""

    kind: str
    name: str
    text: str


def bundled(parts: Iterable[Part], *, home: str = "") -> str:
    """The text of a module that holds all the parts; `home` is the package whose imports come last.

    What has one name in two parts, and is not the same, is numbered.
    """
    parts = list(parts)
    taken = {word for part in parts for word in re.findall(r"\w+", f"{part.text} {part.name}")}
    entries = {part.name for part in parts}
    shown = _fresh("_shown", taken)
    found: dict[str, _Chunk] = {}
    called: dict[tuple[str, str], str] = {}
    front: set[str] = set()
    for part in parts:
        chunks = {chunk.name: chunk for chunk in _chunks(part.text)}
        names: dict[str, str] = {}
        for chunk in _ordered(chunks):
            text = _renamed(chunk.text, names)
            if chunk.name == part.entry:
                text = _renamed(text, {chunk.name: part.name})
                given, result = part.types.get(chunk.name, ({}, ANY))
                types = {**given, **part.spec}
                text = entered(text, types, result, shown=shown, guards=part.guards, known=chunks)
                names[chunk.name] = part.name
                found[part.name] = _Chunk("function", part.name, text)
                continue
            if chunk.kind == "function" and chunk.name in part.types:
                text = annotated(text, *part.types[chunk.name])
            before = text
            name = called.get((chunk.name, before), chunk.name)
            if (chunk.name, before) not in called:
                while name in entries or name in found:
                    name = _fresh(chunk.name, taken)
                if name != chunk.name:
                    text = _bound(chunk._replace(text=text), name)
                called[chunk.name, before] = name
                found[name] = chunk._replace(name=name, text=text)
            if name != chunk.name:
                names[chunk.name] = name
            if chunk.name not in part.types and chunk.name.rstrip("_0123456789") in runtime.__all__:
                front.add(name)  # a helper of srcad
    return _text(list(found.values()), front, shown, home)


def _text(chunks: list[_Chunk], front: set[str], shown: str, home: str) -> str:
    functions = [chunk for chunk in chunks if chunk.kind == "function"]
    helpers = [_helper(chunk.text) for chunk in functions if chunk.name in front]
    own = [_laid_out(chunk.text) for chunk in functions if chunk.name not in front]
    if any(f"{{{shown}(" in text for text in own):
        helpers.append(shown_function(shown))
    constants = [unparse(gast.parse(each.text)) for each in chunks if each.kind == "constant"]
    lines = {chunk.text for chunk in chunks if chunk.kind == "import"}
    used = {
        node.id
        for text in [*helpers, *own, *constants]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name)
    }
    for name, line in _ALWAYS.items():
        if name in used:
            lines.add(line)
    head = "\n".join(section for section in _imports(lines, home))
    if constants:
        head += ("\n" if head else "") + "".join(constants)
    return "\n\n".join([*([head] if head else []), *(f"{text}\n" for text in [*helpers, *own])])


_ALWAYS = {
    "np": "import numpy as np",
    "Any": "from typing import Any",
    "NDArray": "from numpy.typing import NDArray",
}


def _imports(lines: Iterable[str], home: str) -> Iterator[str]:
    """Sections of imports: the standard library, others, those of the package `home`; in the order of isort."""
    sections: dict[int, list[tuple[str, str, str]]] = {}
    for line in sorted(set(lines)):
        words = line.split()
        top = words[1].partition(".")[0]
        section = 2 if top == home else 0 if top in sys.stdlib_module_names else 1
        is_from = words[0] == "from"
        sections.setdefault(section, []).append(
            (words[1] if is_from else "", " ".join(words[3:]) if is_from else line, line)
        )
    for _, found in sorted(sections.items()):
        plain = [line for module, _, line in found if not module]
        named: dict[str, list[str]] = {}
        for module, names, _ in found:
            if module:
                named.setdefault(module, []).append(names)
        # The order of constants, classes, functions.
        joined = [
            f"from {module} import {', '.join(sorted(names, key=_order))}"
            for module, names in sorted(named.items())
        ]
        yield unparse(gast.parse("\n".join([*plain, *joined])))


def _order(name: str) -> tuple[int, str]:
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


def _helper(text: str) -> str:
    """A helper of srcad, laid out as all text is."""
    return unparse(gast.parse(text)).rstrip("\n")


def _laid_out(text: str) -> str:
    """A function with its lines broken anew, where names in them have changed since they were."""
    lines = text.split("\n")
    statements = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    for node in sorted(statements, key=lambda node: node.lineno, reverse=True):
        if isinstance(node, (ast.FunctionDef, ast.Try, ast.With)):
            continue
        body = getattr(node, "body", None)
        first, last = node.lineno - 1, (body[0].lineno - 1 if body else node.end_lineno or 0)
        while body and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
            last -= 1
        own = lines[first:last]
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if len(own) == 1 or is_text or own[0].lstrip().startswith("elif ") or "#" in "".join(own):
            continue
        depth = node.col_offset // 4
        whole = [*own, " " * (node.col_offset + 4) + "pass"] if body else own
        tree: Any = gast.parse(textwrap.dedent("\n".join(whole))).body[0]
        for _ in range(depth):
            tree = gast.If(gast.Constant(True, None), [tree], [])
        lines[first:last] = unparse(tree).splitlines()[depth : -1 if body else None]
    return "\n".join(lines)


def _fresh(name: str, taken: set[str]) -> str:
    counter, made = 0, name
    while made in taken:
        counter += 1
        made = f"{name}_{counter}"
    taken.add(made)
    return made


def _chunks(text: str) -> Iterator[_Chunk]:
    lines = text.splitlines()
    for node in ast.parse(text).body:
        assert node.end_lineno is not None
        own = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            front = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                said = f" as {alias.asname}" if alias.asname else ""
                bound = alias.asname or alias.name.partition(".")[0]
                yield _Chunk("import", bound, f"{front}import {alias.name}{said}")
        elif isinstance(node, ast.Assign):
            yield _Chunk("constant", ast.unparse(node.targets[0]), own)
        else:
            assert isinstance(node, ast.FunctionDef), own
            yield _Chunk("function", node.name, own)


def _ordered(chunks: Mapping[str, _Chunk]) -> list[_Chunk]:
    """What a text defines, each after what it reads."""
    done: dict[str, _Chunk] = {}

    def visit(chunk: _Chunk) -> None:
        if chunk.name in done:
            return
        read = {node.id for node in ast.walk(ast.parse(chunk.text)) if isinstance(node, ast.Name)}
        for name, other in chunks.items():
            if name in read and name != chunk.name:
                visit(other)
        done[chunk.name] = chunk

    for chunk in chunks.values():
        visit(chunk)
    return list(done.values())


def _bound(chunk: _Chunk, name: str) -> str:
    """What a text defines, under another name."""
    if chunk.kind != "import":
        return _renamed(chunk.text, {chunk.name: name})
    return f"{chunk.text.partition(' as ')[0]} as {name}"


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """A text with other names of what its module defines: no local name equals one of these."""
    if not any(name in text for name in names):
        return text
    lines = text.split("\n")
    places: list[tuple[int, int, str]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            places.append((node.lineno - 1, len("def "), node.name))
        elif isinstance(node, ast.Name) and node.id in names:
            column = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
            places.append((node.lineno - 1, column, node.id))
    for row, column, name in sorted(set(places), reverse=True):
        line = lines[row]
        if not line.startswith(name, column):  # in an f-string, before Python 3.12
            column = _in_braces(line, name)
        lines[row] = line[:column] + names[name] + line[column + len(name) :]
    return "\n".join(lines)


def _in_braces(line: str, name: str) -> int:
    found = re.search(rf"\{{[^{{}}]*?\b({name})\b", line)
    assert found is not None, line
    return found.start(1)
