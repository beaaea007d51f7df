"""A network in another floating-point dtype."""

from __future__ import annotations

import numpy as np

from ..nn import Module, Parameter


def cast(model: Module, dtype: np.dtype[np.floating]) -> None:
    """Make all parameters and floating-point buffers of one dtype, before training begins.

    A parameter keeps its dtype for life, so these are new ones. What is shared stays shared.

    Args:
        model: changed in place.
        dtype: float32 or float64.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> from minigrad.estimators.precision import cast
        >>> model = nn.Linear(3, 2)
        >>> cast(model, np.dtype(np.float64))
        >>> model.weight.dtype, model.weight.name
        (dtype('float64'), 'weight')
    """
    replaced: dict[Parameter, Parameter] = {}
    for _, module in model.named_modules():
        for name, old in list(vars(module).items()):
            if isinstance(old, Parameter) and old.dtype != dtype:
                if old not in replaced:
                    new = Parameter(old.data.astype(dtype), requires_grad=old.requires_grad)
                    new.name = old.name
                    replaced[old] = new
                setattr(module, name, replaced[old])
        for name, buffer in list(module.named_buffers()):
            if "." not in name and buffer.dtype.kind == "f":  # else it is a module's below
                setattr(module, name, buffer.astype(dtype, copy=False))
