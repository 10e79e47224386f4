"""srcad reads a NumPy function and writes its derivative as NumPy source."""

from typing import Any

from srcad.api import Derivative, differentiable, grad, jacrev, spec, value_and_grad, vjp
from srcad.errors import (
    AliasingError,
    ArgumentError,
    MissingRuleError,
    SourceNotFoundError,
    SrcadError,
    UnsupportedSyntaxError,
)
from srcad.runtime import no_grad, stop_gradient

__version__ = "0.1.0"

__all__ = [
    "AliasingError",
    "ArgumentError",
    "Derivative",
    "MissingRuleError",
    "SourceNotFoundError",
    "SrcadError",
    "UnsupportedSyntaxError",
    "differentiable",
    "grad",
    "jacrev",
    "no_grad",
    "rules",
    "spec",
    "stop_gradient",
    "value_and_grad",
    "verify",
    "vjp",
]


def __getattr__(name: str) -> Any:
    """`srcad.rules` and `srcad.verify` are imported when they are asked for: importing srcad stays fast."""
    if name in ("rules", "verify"):
        import importlib

        module = importlib.import_module(f"srcad.{name}")
        found = module if name == "rules" else module.verify
        globals()[name] = found
        return found
    raise AttributeError(f"module 'srcad' has no attribute '{name}'")
