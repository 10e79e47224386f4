"""From a Python object to the gast of the function that runs: find the text, prove that it is what runs.

The file is parsed whole and compiled; the function's node is the one whose code object equals the function's. An edited
file is thus refused, and of several lambdas on a line the right one is found.
"""

from __future__ import annotations

import ast
import linecache
import types
import warnings
from functools import lru_cache
from typing import Any, NamedTuple

import gast

from srcad.core.fingerprint import matching_positions
from srcad.core.specification import unwrap
from srcad.errors import Place, SourceNotFoundError

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


@lru_cache(maxsize=64)
def _tree(text: str) -> dict[tuple[int, int], Any]:
    """The functions of a file, by position."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        tree = ast.parse(text)
    return {
        (node.lineno, node.col_offset): node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    }


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
    code, file = function.__code__, function.__code__.co_filename
    name = file.replace("\\", "/").rpartition("/")[2]
    text = "".join(linecache.getlines(file, function.__globals__))
    place = Place(name, code.co_firstlineno)
    if not text:
        raise SourceNotFoundError(
            f"the source of `{function.__name__}` cannot be found",
            place=place,
            reason="Functions made by exec or typed at a plain prompt have no source: put the function in a file.",
        )
    positions = matching_positions(function, text)
    if not positions:
        raise SourceNotFoundError(
            f"the source of `{function.__name__}` has been edited since it was imported",
            place=place,
            reason="What runs is not what the file says. Import the module again.",
        )
    node = _tree(text)[positions[0].line, positions[0].column]
    return Source(gast.ast_to_gast(node), name, tuple(text.splitlines()), function)
