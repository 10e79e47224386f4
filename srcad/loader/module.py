"""Generated text, executed as a module that tracebacks, `inspect` and pdb can show."""

from __future__ import annotations

import hashlib
import io
import linecache
from collections.abc import Mapping
from types import CodeType
from typing import Any

_loaded: dict[tuple[str, str], tuple[CodeType, tuple[int, None, list[str], str]]] = {}


def load(
    text: str, name: str, namespace: Mapping[str, Any], *, path: str | None = None
) -> dict[str, Any]:
    """Execute a generated text in a namespace of its own.

    A text is compiled once a process, and executed at every call: each call's functions see the
    objects that this call binds.

    Args:
        text: The generated module.
        name: The module's `__name__`, also shown as the file where there is no path.
        namespace: What the text finds bound: globals, callees, cells.  It is copied.
        path: The entry's file, as `Cache.location` gives it; None where the text is in memory.

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
    linecache.cache[filename] = lines  # again: linecache.clearcache may have been called
    module = {"__name__": name, **namespace}
    exec(code, module)
    return module
