"""srcad reads a NumPy function and writes its derivative as NumPy source."""

from srcad import rules
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
    "vjp",
]
