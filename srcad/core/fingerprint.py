"""Digests that are the same in every process, and the check that a text is what runs."""

from __future__ import annotations
import __future__ as future

import ast
import hashlib
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

_FUTURES = sum({getattr(future, name).compiler_flag for name in future.all_feature_names})

# The attributes of a code object that decide what it does.  Not among them: where it was written
# (file, lines, qualified name) and what follows from the rest (stack size).
_BEHAVIOUR = (
    "co_name",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_code",
    "co_exceptiontable",  # since Python 3.11
    "co_consts",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
)

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_lock = threading.Lock()


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # a child must not inherit a lock that its parent's thread held
    os.register_at_fork(after_in_child=_renew_lock)


class Position(NamedTuple):
    """Where a `def` or `lambda` stands in a file: `lineno` and `col_offset` of its `ast` node.

    The line is that of the word `def`, which is below `co_firstlineno` where there are decorators;
    the column counts UTF-8 bytes.
    """

    line: int
    column: int


def digest_code(code: CodeType) -> str:
    """Return a SHA-256 digest of what a code object does.

    It changes with the bytecode, the constants (1, 1.0 and True are three), the names and the
    flags, in nested code too, and with Python's minor version.  It does not depend on the process,
    the hash seed, the file or the lines.  Defaults, globals and cells are not part of the code.

    Args:
        code: The code object, usually `function.__code__`.

    Returns:
        64 hexadecimal digits.  A constant that no compiler emits (a tool put it there) makes the
        digest a new one at every call, so that it never matches anything.

    >>> digest_code((lambda x: x * 2).__code__) == digest_code((lambda x: x * 2).__code__)
    True
    >>> digest_code((lambda x: x * 2).__code__) == digest_code((lambda x: x * 2.0).__code__)
    False
    """
    version = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
    return hashlib.sha256(version.encode() + _encode(code)).hexdigest()


def digest_text(*texts: str) -> str:
    """Return a SHA-256 digest of a sequence of texts, 64 hexadecimal digits.

    >>> digest_text("ab", "c") == digest_text("a", "bc")
    False
    """
    return hashlib.sha256(_encode(texts)).hexdigest()


def matches_source(function: Any, text: str) -> bool:
    """Tell whether a file's text is the source of the code that a function runs.

    Args:
        function: A Python function, or its code object.
        text: The text of the whole file (or notebook cell) that the function came from.

    Returns:
        False where the file has been edited since, and where it does not compile.

    >>> namespace = {}
    >>> exec("def f(x):\\n    return x + 1", namespace)
    >>> matches_source(namespace["f"], "def f(x):\\n    return x + 1")
    True
    >>> matches_source(namespace["f"], "def f(x):\\n    return x + 2")
    False
    """
    return bool(matching_positions(function, text))


def matching_positions(function: Any, text: str) -> tuple[Position, ...]:
    """Return where in a file's text the code that a function runs is written.

    The text is compiled as a whole (so future imports and private names come out right), and what
    has the name and first line of the function's code is compared with it.

    Args:
        function: A Python function, or its code object.
        text: The text of the whole file that the function came from.

    Returns:
        The positions in order; none where the text is not the source.  There are several only
        where several lambdas on one line compile to the same code: then any of them will do.

    >>> pair = eval("(lambda x: x + 1, lambda x: x * 2)")
    >>> matching_positions(pair[1], "(lambda x: x + 1, lambda x: x * 2)")
    (Position(line=1, column=18),)
    """
    code: CodeType = getattr(function, "__code__", function)
    flags = code.co_flags & _FUTURES  # a notebook's cells inherit the imports of earlier cells
    # pytest is the one import hook that is everywhere: it rewrites `assert` in test modules.
    rewritten = any("@pytest_ar" in each.co_names for each in _walk(code))
    hook = getattr(function, "__globals__", {}).get("__loader__") if rewritten else None
    wanted = digest_code(code)

    def found(codes: Iterable[CodeType], line: int) -> bool:
        return any(
            each.co_firstlineno == line
            and each.co_name == code.co_name
            and getattr(each, "co_qualname", "") == getattr(code, "co_qualname", "")
            and digest_code(each) == wanted
            for each in codes
        )

    with _lock:
        try:
            source = _source(text, flags, hook)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ()
        if not found(source.codes, code.co_firstlineno):
            return ()
        nodes = [
            node
            for node in source.functions
            if getattr(node, "name", "<lambda>") == code.co_name
            and _first_line(node) == code.co_firstlineno
        ]
        if len(nodes) > 1:
            nodes = [node for node in nodes if found(*source.compile_elsewhere(node))]
    return tuple(sorted(Position(node.lineno, node.col_offset) for node in nodes))


class _Source:
    """A file's tree, the functions in it, and all of its code objects."""

    def __init__(self, text: str, flags: int, rewrite: Callable[[ast.Module], None] | None) -> None:
        self.flags = flags
        with warnings.catch_warnings():  # the user saw them at import; they must not become errors
            warnings.simplefilter("ignore")
            self.tree = ast.parse(text)
            if rewrite is not None:
                rewrite(self.tree)
            self.codes = self._compile()
        self.functions = [node for node in ast.walk(self.tree) if isinstance(node, _FunctionNode)]
        self.line_count = text.count("\n") + 1

    def _compile(self) -> list[CodeType]:
        # A notebook's cell may await at its top level; elsewhere that could not have been imported.
        flags = self.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        return list(_walk(compile(self.tree, "<source>", "exec", flags, dont_inherit=True)))

    def compile_elsewhere(self, node: _FunctionNode) -> tuple[list[CodeType], int]:
        """Compile with one function moved below the file: its first line tells its code apart.

        Columns would do so as well, but Python 3.10 does not have them in code objects; the order
        of the constants does not, because the compiler merges equal ones.
        """
        line, last = node.lineno, node.end_lineno or node.lineno
        node.lineno, node.end_lineno = line + self.line_count, last + self.line_count
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._compile(), node.lineno
        finally:
            node.lineno, node.end_lineno = line, last


@lru_cache(maxsize=16)
def _source(text: str, flags: int, hook: Any) -> _Source:
    rewrite_asserts = getattr(sys.modules.get("_pytest.assertion.rewrite"), "rewrite_asserts", None)
    if hook is None or rewrite_asserts is None:
        return _Source(text, flags, None)

    def rewrite(tree: ast.Module) -> None:
        config = getattr(hook, "config", None)
        rewrite_asserts(tree, text.encode(), "<source>", config)

    return _Source(text, flags, rewrite)


def _first_line(node: _FunctionNode) -> int:
    decorators = getattr(node, "decorator_list", None)
    return decorators[0].lineno if decorators else node.lineno


def _walk(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _walk(constant)


def _encode(value: object) -> bytes:
    """Return a constant as bytes: equal bytes mean the same type and the same value."""
    parts: Iterable[bytes]
    if isinstance(value, str):
        parts = [value.encode("utf-8", "surrogatepass")]
    elif isinstance(value, CodeType):
        parts = [_encode(getattr(value, name, b"")) for name in _BEHAVIOUR]
    elif isinstance(value, tuple):
        parts = map(_encode, value)
    elif isinstance(value, frozenset):  # its order depends on the hash seed
        parts = sorted(map(_encode, value))
    elif isinstance(value, slice):  # a constant since Python 3.14
        parts = map(_encode, (value.start, value.stop, value.step))
    elif isinstance(value, complex):  # its repr can lose the sign of a zero
        parts = map(_encode, (value.real, value.imag))
    elif isinstance(value, bytes):
        parts = [value]
    elif isinstance(value, int):  # bool too; hex() has no limit on the digits
        parts = [hex(value).encode()]
    elif value is None or value is ... or isinstance(value, float):
        parts = [repr(value).encode()]
    else:
        parts = [os.urandom(32)]
    body = b"".join(parts)
    return b"%s %d:%s" % (type(value).__name__.encode(), len(body), body)
