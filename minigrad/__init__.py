"""minigrad: automatic differentiation, layers and optimizers on NumPy, small enough to read."""

from . import data, functional, nn, optim
from .allocator import keep_freed_memory
from .compiler import compile
from .conversion import get_default_dtype, set_default_dtype
from .creation import arange, eye, full, linspace, normal, ones, tensor, uniform, zeros
from .modes import enable_grad, is_grad_enabled, no_grad
from .parameter import Parameter
from .tensor import Tensor
from .transforms import grad
from .viz import draw
from .vjps import defvjp, primitive

__version__ = "0.1.0"

__all__ = [
    "Parameter",
    "Tensor",
    "arange",
    "compile",
    "data",
    "defvjp",
    "draw",
    "enable_grad",
    "eye",
    "full",
    "functional",
    "get_default_dtype",
    "grad",
    "is_grad_enabled",
    "linspace",
    "nn",
    "no_grad",
    "normal",
    "ones",
    "optim",
    "primitive",
    "set_default_dtype",
    "tensor",
    "uniform",
    "zeros",
]

keep_freed_memory()
