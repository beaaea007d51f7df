"""Derivatives as functions: of tensors that were computed, and of functions."""

from .function import Function
from .gradients import grad
from .matrices import hessian, jacobian
from .products import hvp, jvp, value_and_grad, vjp
from .recomputation import checkpoint

__all__ = [
    "Function", "checkpoint", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp",
]  # fmt: skip
