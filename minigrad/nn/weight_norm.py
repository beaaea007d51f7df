"""Weight normalisation."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np

from ..functional.normalization import affine, inverse_root, mean_square
from ..parameter import Parameter
from .module import Module

M = TypeVar("M", bound=Module)
_MAKERS = "parametrizations"  # the modules that make weights, under the weights' names


def weight_norm(module: M, name: str = "weight", axis: int | None = 0) -> M:
    """Learn the lengths and the directions of a layer's weight vectors apart from each other.

        w = g v / ||v||

    The parameter is replaced by two, `parametrizations.weight.original0`, which is g, and
    `parametrizations.weight.original1`, which is v. The layer's `weight` is computed from them
    each time it is asked for. At first w is what it was.

    Args:
        module: the layer; to be changed before its optimizer is made.
        name: the name of the parameter.
        axis: the axis along which there is one vector after the other; the norm is over all other
            axes. None for a single vector.

    Returns:
        The same module.

    Raises:
        ValueError: the module has no such parameter, it has no such axis, or a vector is zero and
            so has no direction.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> layer = nn.weight_norm(nn.Linear(3, 2, rng=np.random.default_rng(0)))
        >>> layer
        Linear(3, 2): 10 parameters: bias (2,)
          parametrizations: Module
            weight: WeightNorm(axis=0): original0 (2, 1), original1 (2, 3)
        >>> layer.weight.shape
        (2, 3)

    Source: Salimans & Kingma 2016, "Weight normalization", equation 2. Names as in PyTorch's
    `torch.nn.utils.parametrizations.weight_norm`. Deviation: g starts with the length of v, and not
    with what would standardise the first batch.
    """
    weight = vars(module).get(name)
    if not isinstance(weight, Parameter):
        own = [n for n, a in vars(module).items() if isinstance(a, Parameter)]
        raise ValueError(
            f"{type(module).__name__} has no parameter {name!r} of its own to normalise; it has "
            f"{', '.join(own) or 'none'}"
        )
    made = WeightNorm(weight, axis)
    delattr(module, name)
    makers = vars(module).get(_MAKERS) or Module()
    setattr(makers, name, made)
    setattr(module, _MAKERS, makers)  # once more, which tells the parameters their names
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight a parameter again, with the values that it has at present.

    Args:
        module: a layer after `weight_norm`; to be changed before its optimizer is made.
        name: the name of the weight.

    Returns:
        The same module.

    Raises:
        ValueError: there is no such weight.

    Example:
        >>> from minigrad import nn
        >>> list(nn.remove_weight_norm(nn.weight_norm(nn.Linear(3, 2))).state_dict())
        ['bias', 'weight']
    """
    makers: Any = vars(module).get(_MAKERS)
    if makers is None or not isinstance(vars(makers).get(name), WeightNorm):
        raise ValueError(f"{name!r} of {type(module).__name__} is not made by weight_norm")
    weight = getattr(module, name)
    delattr(makers, name)
    if not any(makers.named_children()):
        delattr(module, _MAKERS)
    setattr(module, name, Parameter(weight.detach(), weight.requires_grad))
    return module


class WeightNorm(Module):
    """Makes a weight w = g v / ||v||; see `weight_norm`.

    Attributes:
        original0: g, of the weight's shape with 1 for all axes but `axis`; () for None.
        original1: v, of the weight's shape.
    """

    def __init__(self, weight: Parameter, axis: int | None) -> None:
        if axis is not None and not -weight.ndim <= axis < weight.ndim:
            raise ValueError(f"a weight of shape {weight.shape} has no axis {axis}")
        self.axis = axis
        kept = None if axis is None else axis % weight.ndim
        self._axes = tuple(i for i in range(weight.ndim) if i != kept)
        self._count = math.prod(weight.shape[i] for i in self._axes)
        lengths = np.sqrt(mean_square(weight.detach(), self._axes) * self._count)
        if not np.all(lengths.data):
            raise ValueError(
                f"a vector of zeros in a weight of shape {weight.shape} has no direction; start "
                "from other values"
            )
        lengths = lengths.reshape(()) if axis is None else lengths
        self.original0 = Parameter(lengths, weight.requires_grad)
        self.original1 = weight

    def forward(self) -> Any:
        v, root = self.original1, math.sqrt(self._count)
        return affine(v, self.original0 * (inverse_root(mean_square(v, self._axes), 0.0) / root))

    def extra_repr(self) -> str:
        return f"axis={self.axis}"
