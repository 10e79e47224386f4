"""Text, generated or given, executed as a module that tracebacks, `inspect` and pdb can show."""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.util
import io
import linecache
from collections.abc import Mapping
from types import CodeType
from typing import Any

from srcad.errors import ArgumentValueError
from srcad.loader.places import Lines, register

_loaded: dict[tuple[str, str], tuple[CodeType, tuple[int, None, list[str], str]]] = {}


def load(
    text: str,
    name: str,
    namespace: Mapping[str, Any],
    *,
    path: str | None = None,
    places: Lines = (),
    files: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Execute a generated text in a namespace of its own.

    A text is compiled once a process, and executed at every call: each call's functions see the
    objects that this call binds.

    Args:
        text: The generated module.
        name: The module's `__name__`, also shown as the file where there is no path.
        namespace: What the text finds bound: globals, callees, cells.  It is copied.
        path: The entry's file, as `Cache.location` gives it; None where the text is in memory.
        places: For each line the user's file and line that it belongs to.
        files: The paths of the files that `places` names.

    Returns:
        The namespace after the execution.

    Raises:
        SyntaxError: The text is no Python; it shows in the traceback like any other file.
        Exception: Whatever the text raises as it runs.

    >>> load("def double(x):\\n    return two * x\\n", "example", {"two": 2})["double"](21)
    42
    """
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    filename = path or f"<srcad {name} {digest[:8]}>"
    code, lines = _loaded.get((filename, digest), (None, None))
    if code is None or lines is None:
        # Not str.splitlines: a form feed in a string does not end a line.  Without a time of
        # modification the lines survive linecache.checkcache, and are the ones that run.
        lines = (len(text), None, io.StringIO(text).readlines(), filename)
        linecache.cache[filename] = lines
        code = compile(text, filename, "exec", dont_inherit=True)
        code, lines = _loaded.setdefault((filename, digest), (code, lines))
    register(filename, places, files)
    linecache.cache[filename] = lines  # again: linecache.clearcache may have been called
    module = {"__name__": name, **namespace}
    exec(code, module)
    return module


class _Text(importlib.abc.ExecutionLoader):
    """The loader of a module that is in no file: whoever asks for its source is told."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file

    def get_source(self, fullname: str) -> str:
        return self.text

    def get_filename(self, fullname: str) -> str:
        return self.file

    def is_package(self, fullname: str) -> bool:
        return False


def from_source(text: str, name: str) -> Any:
    """The function of this name that a text defines, with its source known: to srcad, tracebacks, `inspect` and pdb.

    The text is that of a module: it imports what it needs, and may define what the function calls. It runs once for each call
    of `from_source`, in a module of its own. The function does not pickle, since another process could not import it.

    Args:
        text: Python source.
        name: Which of the text's functions is returned; dotted for what a class of it holds.

    Raises:
        SyntaxError: The text is no Python.
        ArgumentValueError: The text defines no such function.
        Exception: Whatever the text raises as it runs.

    >>> import numpy as np, srcad
    >>> energy = srcad.from_source('''
    ... import numpy as np
    ...
    ... def energy(x, k=2.0):
    ...     return np.sum(k * x ** 2 / 2)
    ... ''', "energy")
    >>> srcad.grad(energy)(np.array([1.0, 3.0]))
    array([2., 6.])
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    file = f"<from_source {name} {digest[:8]}>"
    linecache.cache[file] = (len(text), None, io.StringIO(text, newline=None).readlines(), file)
    loader = _Text(text, file)
    spec = importlib.util.spec_from_loader(name.partition(".")[0], loader, origin=file)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        defined = [
            key for key, value in vars(module).items() if callable(value) and key != "__builtins__"
        ]
        raise ArgumentValueError(
            f"the text defines no function `{name}`",
            reason=f"It defines {', '.join(defined) or 'none'}.",
        )
    return found
