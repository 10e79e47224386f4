"""The public functions: they compose the stages."""

from srcad.api.transforms import Derivative, differentiable, grad, jacrev, spec, value_and_grad, vjp

__all__ = ["Derivative", "differentiable", "grad", "jacrev", "spec", "value_and_grad", "vjp"]
