"""The table of what tells types, by function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcad.core import ops
from srcad.core.types import Type

Handler = Callable[..., Type]


TABLE: dict[Any, Handler] = {}


def handles(*functions: Any) -> Callable[[Handler], Handler]:
    """Register what tells the type of functions, or of those of NumPy's with these names.

    It is called with the function, its operands, and its options.
    """

    def register(handler: Handler) -> Handler:
        for function in functions:
            found = ops.functions_called(function) if isinstance(function, str) else [function]
            TABLE.update(dict.fromkeys(found, handler))
        return handler

    return register
