"""From a Python object to the gast of the function that runs: find the text, prove that it is what runs.

The file is parsed whole and compiled; the function's node is the one whose code object equals the function's. An edited
file is thus refused, and of several lambdas on a line the right one is found.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import types
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import gast

from srcad.errors import Place, SourceNotFoundError

__all__ = ["Source", "source_of", "unwrap"]


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
            text = (text.rstrip(",") if part.startswith((")", "]", "}")) else text) + ("" if tight else " ") + part
        return text


def _without_comment(line: str) -> str:
    """The line less a comment at its end, as far as that can be told without its neighbours."""
    if "#" not in line or "'" in line or '"' in line:
        return line
    return line.partition("#")[0]


def unwrap(function: Callable[..., Any]) -> Any:
    """The Python function behind a method, a `functools.wraps` chain or a callable object; others as they are."""
    while True:
        if isinstance(function, types.MethodType):
            function = function.__func__
        elif hasattr(function, "__wrapped__") and isinstance(function, types.FunctionType):
            function = function.__wrapped__
        else:
            return function


@lru_cache(maxsize=64)
def _module(text: str, file: str) -> tuple[ast.Module, types.CodeType]:
    tree = ast.parse(text)
    return tree, compile(text, file, "exec", dont_inherit=True)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _codes(constant)


def _same(a: Any, b: Any) -> bool:
    if not isinstance(a, types.CodeType):
        return type(a) is type(b) and repr(a) == repr(b)
    if not isinstance(b, types.CodeType):
        return False
    plain = all(
        getattr(a, name) == getattr(b, name)
        for name in ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags", "co_firstlineno",
                     "co_argcount", "co_kwonlyargcount", "co_posonlyargcount", "co_name")
    )
    return plain and len(a.co_consts) == len(b.co_consts) and all(map(_same, a.co_consts, b.co_consts))


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
    try:
        tree, compiled = _module(text, file)
    except SyntaxError:
        raise SourceNotFoundError(
            f"the file of `{function.__name__}` has been edited since it was imported, and no longer parses",
            place=place,
            reason="Import the module again.",
        ) from None
    if not any(_same(candidate, code) for candidate in _codes(compiled)):
        raise SourceNotFoundError(
            f"the source of `{function.__name__}` has been edited since it was imported",
            place=place,
            reason="What runs is not what the file says. Import the module again.",
        )
    lines = tuple(text.splitlines())
    wanted: list[Any] = []
    for node in ast.walk(tree):
        if code.co_name == "<lambda>":
            if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
                wanted.append(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == code.co_firstlineno:
                wanted.append(node)
    if len(wanted) > 1 and code.co_name == "<lambda>":
        wanted = [node for node in wanted if _lambda_matches(node, code, tree)]
    if not wanted:
        raise SourceNotFoundError(
            f"the source of `{function.__name__}` cannot be found", place=place, reason="Define it with def in a file."
        )
    texts = {ast.dump(node) for node in wanted}
    if len(texts) > 1:
        raise SourceNotFoundError(
            "several lambdas on this line cannot be told apart",
            place=Place(name, code.co_firstlineno, text=lines[code.co_firstlineno - 1]),
            reason="Put each on a line of its own, or use def.",
        )
    return Source(gast.ast_to_gast(wanted[0]), name, lines, function)


def _lambda_matches(node: ast.Lambda, code: types.CodeType, tree: ast.Module) -> bool:
    """Whether compiling the lambda alone gives this code, free names aside."""
    alone = compile(ast.Expression(body=node), "<lambda>", "eval")
    found = next(c for c in _codes(alone) if c.co_name == "<lambda>")
    positions = [p for p in getattr(code, "co_positions", lambda: [])() if p[0] is not None]
    if positions:
        inside = [p for p in positions if p[2] is not None]
        return all(
            (node.lineno, node.col_offset) <= (p[0], p[2]) and (p[1], p[3]) <= (node.end_lineno, node.end_col_offset)
            for p in inside
        ) and (found.co_argcount == code.co_argcount)
    free = set(code.co_freevars)
    names = [n for n in found.co_names if n not in free]
    return (
        found.co_varnames == code.co_varnames
        and names == list(code.co_names)
        and [c for c in found.co_consts if not isinstance(c, types.CodeType)]
        == [c for c in code.co_consts if not isinstance(c, types.CodeType)]
    )


def signature_of(function: Any) -> inspect.Signature:
    """The signature of a callable, as `inspect` gives it."""
    return inspect.signature(function)
