"""What is never accepted: constructs by the name of their node, callables by themselves. Each with what it is, why not, and what to write.

>>> what, rewrite = SYNTAX["ClassDef"]
>>> print(what, rewrite, sep="\\n")
a class is defined inside the function
It would be another class at each call. Define it at the top of the module.
"""

from __future__ import annotations

import builtins
import inspect
import sys
from functools import lru_cache
from typing import Any

import gast
import numpy as np

from srcad.core.syntax import nodes_below, nodes_in

__all__ = ["CALLS", "SYNTAX", "generator_or_async", "written_outside"]

_WAIT = "What it waits for is decided outside the function: wait there, and pass the values."
_OUTER = "A derivative changes nothing outside. Return the value instead."
_TEXT = "Write the code out, or make a function of the text with srcad.from_source(text, name)."
_NAMES = "Use the names themselves, or keep the values in a dict."
_WORLD = "It would happen again whenever a derivative is taken. Do it outside, and pass the result."
_IDENTITY = "The derivative works on values of its own. Compare the values."
_DEFINES = "It is for classes, which are defined at the top of the module."
_EACH = "Write it with array operations, or loop over the elements."

SYNTAX = {
    "AsyncFor": ("`async for` cannot be differentiated", _WAIT),
    "AsyncFunctionDef": ("`async` functions cannot be differentiated", _WAIT),
    "AsyncWith": ("`async with` cannot be differentiated", _WAIT),
    "Await": ("`await` cannot be differentiated", _WAIT),
    "ClassDef": (
        "a class is defined inside the function",
        "It would be another class at each call. Define it at the top of the module.",
    ),
    "Global": ("a name of an outer scope is assigned", _OUTER),
    "Nonlocal": ("a name of an outer scope is assigned", _OUTER),
    "TemplateStr": (
        "template strings are not accepted",
        "They are text that is put together outside: pass what it is made of, or write an f-string.",
    ),
    "TryStar": (
        "`except*` is not accepted",
        "Groups of exceptions come from concurrent code: write `except`.",
    ),
    "TypeAlias": (
        "a `type` statement is inside the function",
        "It computes nothing. Write it at the top of the module.",
    ),
    "Yield": (
        "`yield` cannot be differentiated",
        "A generator has no single output. Collect the values in a list and return np.stack(values).",
    ),
    "YieldFrom": (
        "`yield from` cannot be differentiated",
        "A generator has no single output. Collect the values in a list and return np.stack(values).",
    ),
}

CALLS: dict[Any, tuple[str, str]] = {
    builtins.eval: ("`eval` runs text that cannot be looked into", _TEXT),
    builtins.exec: ("`exec` runs text that cannot be looked into", _TEXT),
    builtins.compile: ("`compile` makes code that cannot be looked into", _TEXT),
    builtins.locals: ("`locals` looks names up while the function runs", _NAMES),
    builtins.globals: ("`globals` looks names up while the function runs", _NAMES),
    builtins.vars: ("`vars` looks names up while the function runs", _NAMES),
    builtins.dir: ("`dir` looks names up while the function runs", _NAMES),
    builtins.__import__: (
        "`__import__` imports by text",
        "Import at the top of the module, with an import statement.",
    ),
    builtins.setattr: (
        "`setattr` writes an attribute that text names",
        "Write `x.name = value` on an object that the function makes; of others return the value.",
    ),
    builtins.delattr: (
        "`delattr` removes an attribute that text names",
        "Leave it, and do not read it.",
    ),
    builtins.id: ("`id` asks where an object is", _IDENTITY),
    builtins.hash: ("`hash` asks for a number that a process makes up", _IDENTITY),
    builtins.memoryview: (
        "`memoryview` gives the memory of an object away",
        "Index the array, or take a view of it.",
    ),
    builtins.input: ("`input` asks the user", _WORLD),
    builtins.open: ("`open` opens a file", _WORLD),
    builtins.breakpoint: (
        "`breakpoint` stops in the function",
        "The derivative is a function of its own: stop in it by `pdb.runcall(derivative, ...)`.",
    ),
    builtins.bytes: (
        "`bytes` are no numbers",
        "Make an array: np.frombuffer outside, np.array(...) here.",
    ),
    builtins.bytearray: ("`bytearray`s are no numbers", "Make an array: np.zeros(n, dtype)."),
    builtins.frozenset: ("`frozenset` is not accepted", "Write a set: {...}, or set(...)."),
    builtins.object: (
        "`object` makes something that is no value",
        "Use None, or an object of a class.",
    ),
    builtins.property: ("`property` is not accepted here", _DEFINES),
    builtins.classmethod: ("`classmethod` is not accepted here", _DEFINES),
    builtins.staticmethod: ("`staticmethod` is not accepted here", _DEFINES),
    np.vectorize: ("`np.vectorize` calls a function for each element", _EACH),
    np.frompyfunc: ("`np.frompyfunc` calls a function for each element", _EACH),
    builtins.aiter: ("`aiter` cannot be differentiated", _WAIT),
    builtins.anext: ("`anext` cannot be differentiated", _WAIT),
    sys._getframe: ("`sys._getframe` looks into the frames that run", _NAMES),
    inspect.currentframe: ("`inspect.currentframe` looks into the frames that run", _NAMES),
    inspect.stack: ("`inspect.stack` looks into the frames that run", _NAMES),
}

_SCOPES = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda, gast.ClassDef)


def generator_or_async(node: Any) -> Any:
    """What makes a function one that a call does not run: its own node where it is `async`, its first `yield`; else None.

    It does so wherever it stands, reached or not.

    >>> parsed = gast.parse("def f(x):\\n    if False:\\n        yield x\\n    return lambda: (yield)").body[0]
    >>> generator_or_async(parsed).lineno
    3
    """
    if isinstance(node, gast.AsyncFunctionDef):
        return node
    found = [inner for inner in _own(node) if isinstance(inner, (gast.Yield, gast.YieldFrom))]
    return min(found, key=lambda inner: (inner.lineno, inner.col_offset), default=None)


def written_outside(function: Any, statement: Any) -> Any:
    """The first place of a statement, apart from the statements inside it, that assigns a name of an outer scope; else None.

    >>> function = gast.parse("def f(x):\\n    global a, b\\n    c = b\\n    for b in x: pass").body[0]
    >>> [getattr(written_outside(function, part), "id", None) for part in function.body]
    [None, None, 'b']
    """
    outside = _names_outside(function)
    if not outside:
        return None
    if isinstance(statement, _SCOPES) and getattr(statement, "name", None) in outside:
        return statement
    parts = [
        part
        for field, part in gast.iter_fields(statement)
        if field not in ("body", "orelse", "finalbody", "handlers", "cases")
    ]
    pending = [part for group in parts for part in (group if isinstance(group, list) else [group])]
    for part in pending:
        for inner in nodes_in(part) if isinstance(part, gast.AST) else ():
            name = inner.id if isinstance(inner, gast.Name) else None
            if name in outside and isinstance(inner.ctx, (gast.Store, gast.Del)):
                return inner
            if isinstance(inner, gast.alias) and (inner.asname or inner.name) in outside:
                return inner
    return None


@lru_cache(maxsize=64)
def _names_outside(function: Any) -> frozenset[str]:
    """The names that a function declares as those of outer scopes: asked at each of its statements."""
    return frozenset(
        name
        for inner in _own(function)
        if isinstance(inner, (gast.Global, gast.Nonlocal))
        for name in inner.names
    )


def _own(function: Any) -> list[Any]:
    """The nodes of a function that belong to no function inside it."""
    found = []
    pending = list(function.body) if isinstance(function.body, list) else [function.body]
    while pending:
        inner = pending.pop()
        found.append(inner)
        if not isinstance(inner, _SCOPES):
            pending.extend(nodes_below(inner))
    return found
