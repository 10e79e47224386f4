"""srcad reads a NumPy function and writes its derivative as NumPy source."""

from typing import Any

from srcad.api import (
    Derivative,
    differentiable,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    sparsity,
    spec,
    value_and_grad,
    vjp,
    vmap,
)
from srcad.debug import debug_nans
from srcad.errors import (
    AliasingError,
    ArgumentError,
    MissingRuleError,
    NotYetError,
    SourceNotFoundError,
    SrcadError,
    UnsupportedSyntaxError,
)
from srcad.loader import from_source
from srcad.runtime import no_grad, stop_gradient
from srcad.verify import verify

__version__ = "0.1.0"

__all__ = [
    "AliasingError",
    "ArgumentError",
    "Derivative",
    "MissingRuleError",
    "SourceNotFoundError",
    "SrcadError",
    "UnsupportedSyntaxError",
    "debug_nans",
    "differentiable",
    "from_source",
    "grad",
    "hessian",
    "hvp",
    "implicit",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "no_grad",
    "rules",
    "sparsity",
    "spec",
    "stop_gradient",
    "value_and_grad",
    "verify",
    "vjp",
    "vmap",
]


_LATER = ("checkpoint",)


def __getattr__(name: str) -> Any:
    """`srcad.rules` is imported when it is asked for: importing srcad stays fast. Later names of the contract say so."""
    if name == "rules":
        import importlib

        return importlib.import_module("srcad.rules")
    if name == "implicit":
        from srcad.api.implicit import implicit

        return implicit
    if name in _LATER:
        raise NotYetError(name)
    raise AttributeError(f"module 'srcad' has no attribute '{name}'")
