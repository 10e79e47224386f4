"""From a Python object to the gast of the function that runs: find the text, prove that it is what runs.

The file is parsed whole and compiled; the function's node is the one whose code object equals the function's. An edited
file is thus refused, and of several lambdas on a line the right one is found.
"""

from __future__ import annotations

import ast
import inspect
import io
import linecache
import sys
import tokenize
import types
import warnings
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

import gast

from srcad.core.fingerprint import matching_positions
from srcad.core.specification import unwrap
from srcad.errors import Place, SourceNotFoundError
from srcad.parser.matching import without_match

__all__ = ["Source", "source_of"]


class Source(NamedTuple):
    """A function's node, its file's name and lines, and the function itself."""

    node: Any
    file: str
    lines: tuple[str, ...]
    function: types.FunctionType

    def place(self, node: Any) -> Place:
        """Where `node` stands."""
        line = getattr(node, "lineno", self.node.lineno)
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        column = len(text.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore"))
        end = None
        if getattr(node, "end_lineno", None) == line:
            end = len(text.encode()[: node.end_col_offset].decode(errors="ignore"))
        return Place(self.file, line, column, end, text)

    def text(self, node: Any) -> str:
        """The text of a node, joined to one line."""
        first, last = node.lineno - 1, (getattr(node, "end_lineno", None) or node.lineno) - 1
        lines = [line.encode() for line in self.lines[first : last + 1]]
        if not lines:
            return ""
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        parts = [_without_comment(line.decode(errors="ignore")).strip() for line in lines]
        text = parts[0]
        for part in parts[1:]:
            tight = text.endswith(("(", "[", "{")) or part.startswith((")", "]", "}"))
            text = (
                (text.rstrip(",") if part.startswith((")", "]", "}")) else text)
                + ("" if tight else " ")
                + part
            )
        return text


def _without_comment(line: str) -> str:
    """The line less a comment at its end, as far as that can be told without its neighbours."""
    if "#" not in line or "'" in line or '"' in line:
        return line
    return line.partition("#")[0]


# The fields of nodes that hold names.
_NAMES = {"id", "attr", "arg", "name", "names", "asname", "rest", "kwd_attrs"}


@lru_cache(maxsize=64)
def _tree(text: str) -> dict[tuple[int, int], Any]:
    """The functions of a file, by position."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        tree = ast.parse(text)
    _mangle(tree, "")
    return {
        (node.lineno, node.col_offset): node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    }


def _mangle(node: ast.AST, owner: str) -> None:
    """Name what is private to a class as Python does: `__w` in the class `Model` is `_Model__w`.

    >>> tree = ast.parse("class Model:\\n    def f(self, __x):\\n        return self.__w * __x")
    >>> _mangle(tree, "")
    >>> print(ast.unparse(tree).splitlines()[-1].strip())
    return self._Model__w * _Model__x
    """

    def named(name: Any) -> Any:
        if not (isinstance(name, str) and name.startswith("__") and owner):
            return name
        return name if name.endswith("__") or "." in name else f"_{owner}{name}"

    kept = getattr(node, "name", "")
    for field, value in ast.iter_fields(node):
        if field in _NAMES and not isinstance(node, ast.Constant):
            made = [named(one) for one in value] if isinstance(value, list) else named(value)
            setattr(node, field, made)
    for child in ast.iter_child_nodes(node):
        inside = isinstance(node, ast.ClassDef) and child in node.body
        _mangle(child, kept.lstrip("_") if inside else owner)


def source_of(function: Any) -> Source:
    """Find the source of a Python function.

    Raises SourceNotFoundError where there is no text, or where it is not the text of what runs.
    """
    function = unwrap(function)
    if not isinstance(function, types.FunctionType):
        raise SourceNotFoundError(
            f"{function!r} has no Python source",
            reason="Wrap it in a function whose body calls it, and give it a rule (srcad.rules) if it has none.",
        )
    code = function.__code__
    name = _short(code.co_filename)
    place = Place(name, code.co_firstlineno)
    any_text = False
    for text in _texts(function):
        any_text = any_text or bool(text)
        positions = matching_positions(function, text)
        if positions:
            node = _tree(text)[positions[0].line, positions[0].column]
            tree = without_match(gast.ast_to_gast(node))
            return Source(tree, name, _lines(text), function)
    if any_text and not name.startswith("<"):
        raise SourceNotFoundError(
            f"the source of `{function.__name__}` has been edited since it was imported",
            place=place,
            reason="What runs is not what the file says, or an import hook has rewritten it. Import the module again.",
        )
    raise SourceNotFoundError(
        f"the source of `{function.__name__}` cannot be found",
        place=place,
        reason="Functions made by exec, read from standard input, or typed at a prompt before Python 3.13, have no source: "
        "put the function in a file, or make it with srcad.from_source(text, name).",
    )


def _short(file: str) -> str:
    """The name of a file without its folder; of text in no file as it is."""
    return file if file.startswith("<") else file.replace("\\", "/").rpartition("/")[2]


@lru_cache(maxsize=64)
def _lines(text: str) -> tuple[str, ...]:
    """Lines as the compiler counts them: form feeds and Unicode's separators end none."""
    return tuple(line.rstrip("\n") for line in io.StringIO(text, newline=None))


def _texts(function: types.FunctionType) -> Iterator[str]:
    """What may be the file that a function stands in; the likely first, and those that cost or change something last."""
    file, module = function.__code__.co_filename, function.__globals__
    yield "".join(linecache.getlines(file, module))
    # linecache keeps the old lines of a file that was edited and imported again. Its own remedy, checkcache,
    # would drop the cells of a notebook, whose files do not exist.
    # A module that Python has frozen knows its file, its code does not.
    for path in dict.fromkeys((file, module.get("__file__") or file)):
        with suppress(OSError, SyntaxError, UnicodeDecodeError, ValueError):
            with tokenize.open(path) as opened:
                text = opened.read()
            yield text
    # ... ends the lines that a loader gives at form feeds too.
    spec = module.get("__spec__")
    get_source = getattr(getattr(spec, "loader", None), "get_source", None)
    if get_source is not None:
        with suppress(ImportError, OSError):
            yield get_source(spec.name) or ""  # type: ignore[union-attr]
    # ... keys what is typed at a prompt, or given to -c, by code objects since Python 3.13; before it has neither.
    with suppress(OSError, TypeError):
        yield "".join(inspect.findsource(function)[0])
    if file == "<string>":
        yield from sys.orig_argv[1:]
