"""New tensors: from data, filled with a value, or drawn from a random generator."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .conversion import get_default_dtype
from .tensor import Tensor

Shape: TypeAlias = int | tuple[int, ...]
DType: TypeAlias = npt.DTypeLike | None


def tensor(data: Any, requires_grad: bool = False, dtype: DType = None) -> Tensor:
    """A tensor made of a copy of `data`; see `Tensor`.

    Example:
        >>> import minigrad as mg
        >>> mg.tensor([[1.0, 2.0], [3.0, 4.0]]).shape
        (2, 2)
    """
    return Tensor(data, requires_grad, dtype)


def zeros(shape: Shape, requires_grad: bool = False, dtype: DType = None) -> Tensor:
    """Zeros of `shape`, of the default dtype unless `dtype` is given.

    Example:
        >>> import minigrad as mg
        >>> mg.zeros(2)
        tensor([0., 0.])
    """
    return full(shape, 0, requires_grad, dtype)


def ones(shape: Shape, requires_grad: bool = False, dtype: DType = None) -> Tensor:
    """Ones of `shape`, of the default dtype unless `dtype` is given.

    Example:
        >>> import minigrad as mg
        >>> mg.ones((1, 2))
        tensor([[1., 1.]])
    """
    return full(shape, 1, requires_grad, dtype)


def full(shape: Shape, value: float, requires_grad: bool = False, dtype: DType = None) -> Tensor:
    """`value` in every element of `shape`, of the default dtype unless `dtype` is given.

    Example:
        >>> import minigrad as mg
        >>> mg.full(2, 0.5)
        tensor([0.5, 0.5])
    """
    return Tensor(np.full(shape, value, dtype or get_default_dtype()), requires_grad)


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    requires_grad: bool = False,
    dtype: DType = None,
) -> Tensor:
    """Evenly spaced numbers from `start` (0 if left out) up to, not including, `stop`.

    Example:
        >>> import minigrad as mg
        >>> mg.arange(3)
        tensor([0, 1, 2])
        >>> mg.arange(0.0, 1.0, 0.5)
        tensor([0. , 0.5])
    """
    array = np.arange(start, step=step) if stop is None else np.arange(start, stop, step)
    if dtype is None and array.dtype.kind == "f":
        dtype = get_default_dtype()
    return Tensor(array, requires_grad, dtype)


def linspace(
    start: float, stop: float, num: int = 50, requires_grad: bool = False, dtype: DType = None
) -> Tensor:
    """`num` evenly spaced numbers from `start` to `stop`, both included.

    Example:
        >>> import minigrad as mg
        >>> mg.linspace(0, 1, 3)
        tensor([0. , 0.5, 1. ])
    """
    return Tensor(np.linspace(start, stop, num, dtype=dtype or get_default_dtype()), requires_grad)


def eye(n: int, requires_grad: bool = False, dtype: DType = None) -> Tensor:
    """The identity matrix of shape (n, n).

    Example:
        >>> import minigrad as mg
        >>> mg.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    return Tensor(np.eye(n, dtype=dtype or get_default_dtype()), requires_grad)


def normal(
    shape: Shape,
    mean: float = 0.0,
    std: float = 1.0,
    *,
    rng: np.random.Generator,
    requires_grad: bool = False,
    dtype: DType = None,
) -> Tensor:
    """Independent draws from N(mean, std^2).

    Args:
        rng: the generator to draw from; there is no global one.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.normal((2, 3), rng=np.random.default_rng(0)).shape
        (2, 3)
    """
    return Tensor(rng.normal(mean, std, shape), requires_grad, dtype or get_default_dtype())


def uniform(
    shape: Shape,
    low: float = 0.0,
    high: float = 1.0,
    *,
    rng: np.random.Generator,
    requires_grad: bool = False,
    dtype: DType = None,
) -> Tensor:
    """Independent draws from U[low, high).

    Args:
        rng: the generator to draw from; there is no global one.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.uniform(3, rng=np.random.default_rng(0)).dtype
        dtype('float32')
    """
    return Tensor(rng.uniform(low, high, shape), requires_grad, dtype or get_default_dtype())
