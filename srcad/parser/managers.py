"""Context managers: which are known to do no more than something on entering and on leaving.

Such a one swallows no exception, so that what its body computes is there after it, and it changes nothing that the function reads.

>>> known_to_pass(warnings.catch_warnings), known_to_pass(threading.Lock())
(None, None)
>>> known_to_pass(contextlib.ExitStack)
'it may swallow exceptions'
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import sys
import textwrap
import threading
import types
import warnings
from typing import Any

import numpy as np

__all__ = ["known_to_pass"]

_KNOWN: set[Any] = {
    warnings.catch_warnings, np.printoptions, contextlib.redirect_stdout, contextlib.redirect_stderr, open, np.errstate,
}  # fmt: skip
_LOCKS = (type(threading.Lock()), type(threading.RLock()), threading.Condition, threading.Semaphore)


def known_to_pass(manager: Any) -> str | None:
    """None for a manager, or what makes one, that only does something on entering and leaving; else what speaks against it."""
    if isinstance(manager, _LOCKS) or any(manager is known for known in _KNOWN):
        return None
    made = getattr(manager, "__wrapped__", None)
    if isinstance(manager, types.FunctionType) and inspect.isgeneratorfunction(made):
        return _quiet(made)
    kind = manager if isinstance(manager, type) else type(manager)
    methods = [vars(kind).get(name) for name in ("__enter__", "__exit__")]
    if isinstance(manager, type):
        methods += [vars(kind)["__init__"]] if "__init__" in vars(kind) else []
    if not all(isinstance(method, types.FunctionType) for method in methods):
        return "it is not known what it does on entering and leaving"
    return next((why for why in map(_quiet, methods) if why is not None), None)


def _quiet(function: Any) -> str | None:
    """Whether a function swallows nothing, and changes no more than its own object."""
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return "its source cannot be read"
    own = set(function.__code__.co_varnames)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            return "it writes to names of outer scopes"
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            root: Any = node
            while isinstance(root, (ast.Attribute, ast.Subscript)):
                root = root.value
            if not (isinstance(root, ast.Name) and root.id in own):
                return "it writes to an object of an outer scope"
        if isinstance(node, ast.Return) and function.__name__ == "__exit__":
            if not (
                node.value is None
                or (isinstance(node.value, ast.Constant) and not node.value.value)
            ):
                return "it may swallow exceptions"
        if isinstance(node, ast.Try) and node.handlers:
            if any(
                isinstance(inner, (ast.Yield, ast.YieldFrom))
                for s in node.body
                for inner in ast.walk(s)
            ):
                return "it may swallow exceptions"
        if isinstance(node, ast.Call):
            called = _called(function, node.func)
            if isinstance(called, types.FunctionType) and not _of_library(called):
                return f"it calls `{called.__name__}`, of which the same is not known"
    return None


def _called(function: Any, node: Any) -> Any:
    """What a call calls, where its name says so."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    try:
        found = (
            cells[node.id].cell_contents if node.id in cells else function.__globals__.get(node.id)
        )
    except ValueError:
        return None
    for part in reversed(parts):
        found = getattr(found, part, None)
    return found


def _of_library(function: Any) -> bool:
    return (function.__module__ or "").partition(".")[0] in sys.stdlib_module_names
