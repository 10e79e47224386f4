"""Transforms: what the user calls, and the stages that answer."""

from srcad.api.derivative import Derivative
from srcad.api.sparse import sparsity
from srcad.api.transforms import (
    differentiable,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    spec,
    value_and_grad,
    vjp,
    vmap,
)

__all__ = [
    "Derivative",
    "differentiable",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "sparsity",
    "spec",
    "value_and_grad",
    "vjp",
    "vmap",
]
