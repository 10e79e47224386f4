"""The calculus of SciPy: one file a module, loaded when `rule_of` is first asked for a function of that module's.

Importing srcad does not import SciPy, and a function of NumPy's alone does not either. A function that the installed
version lacks is left out (`having`).
"""

from __future__ import annotations

import importlib.util
import pkgutil
from types import ModuleType
from typing import Any

__all__ = ["having", "load"]


def having(module: ModuleType, names: str) -> list[Any]:
    """Those of the functions that this version of the module has."""
    return [getattr(module, name) for name in names.split() if hasattr(module, name)]


def load() -> None:
    """Load the rules of all modules, for tests and for documentation; none where SciPy is not installed."""
    if importlib.util.find_spec("scipy") is None:
        return
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
