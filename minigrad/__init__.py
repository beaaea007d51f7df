"""minigrad: automatic differentiation, layers and optimizers on NumPy, small enough to read."""

from . import data, functional, nn, optim, tracing, train
from .allocator import keep_freed_memory
from .anomaly import detect_anomaly
from .compiler import compile
from .conversion import get_default_dtype, set_default_dtype
from .creation import arange, eye, from_dlpack, full, linspace, normal, ones, tensor, uniform, zeros
from .modes import enable_grad, is_grad_enabled, no_grad
from .parameter import Parameter
from .profiling import profile
from .provenance import origin_of, record_origins
from .stacking import stack
from .tensor import Tensor
from .tracing import trace_backward
from .transforms import (
    Function,
    checkpoint,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)
from .viz import draw, step_through
from .vjps import defvjp, primitive

__version__ = "0.1.0"

__all__ = [
    "Function",
    "Parameter",
    "Tensor",
    "arange",
    "checkpoint",
    "compile",
    "data",
    "defvjp",
    "detect_anomaly",
    "draw",
    "enable_grad",
    "eye",
    "from_dlpack",
    "full",
    "functional",
    "get_default_dtype",
    "grad",
    "hessian",
    "hvp",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "linspace",
    "nn",
    "no_grad",
    "normal",
    "ones",
    "optim",
    "origin_of",
    "primitive",
    "profile",
    "record_origins",
    "set_default_dtype",
    "stack",
    "step_through",
    "tensor",
    "trace_backward",
    "tracing",
    "train",
    "uniform",
    "value_and_grad",
    "vjp",
    "zeros",
]

keep_freed_memory()
