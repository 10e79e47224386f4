"""What every law is run on: a row for each function that has a rule, and calls of it; a file of `rows` a subject.

A call is a function with arguments away from kinks. Draws are deterministic; sizes are small; every row has, where
it makes sense, empty and 0-d arrays, Python's numbers, and axes of length 1 in each position.
"""

import importlib
import pkgutil

from tests.laws import rows
from tests.laws.cases import CASES, REGISTERED, Case, name

__all__ = ["CASES", "REGISTERED", "Case", "name"]

for _module in pkgutil.iter_modules(rows.__path__):
    importlib.import_module(f"{rows.__name__}.{_module.name}")
