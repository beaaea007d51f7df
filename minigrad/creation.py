"""New tensors: from data, filled with a value, or drawn from a random generator."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .conversion import get_default_dtype
from .stacking import holds_tensors, stack
from .tensor import Tensor, wrap

Shape: TypeAlias = int | tuple[int, ...]
DType: TypeAlias = npt.DTypeLike | None


def tensor(data: Any, requires_grad: bool = False, dtype: DType = None) -> Tensor:
    """A tensor made of a copy of `data`; see `Tensor`.

    Gradients flow to tensors inside (nested) lists. Python numbers beside them take their dtype.

    Raises:
        ValueError: the parts of a list have different shapes.

    Example:
        >>> import minigrad as mg
        >>> mg.tensor([[1.0, 2.0], [3.0, 4.0]]).shape
        (2, 2)
        >>> x = mg.tensor(0.5, requires_grad=True)
        >>> mg.tensor([[x, 0], [0, 2 * x]]).sum().backward()
        >>> x.grad
        tensor(3.)
    """
    if not holds_tensors(data):
        return Tensor(data, requires_grad, dtype)
    joined = stack(data)
    if joined.requires_grad and np.dtype(dtype).kind == "f":
        return joined if dtype is None else joined.astype(dtype)
    return Tensor(joined, requires_grad, dtype)


def from_dlpack(array: Any) -> Tensor:
    """A tensor on the memory of an array of another library, without a copy.

    The other way works by itself, for tensors that require no gradient: `torch.from_dlpack(t)`.
    What either side writes, the other one sees; the engine does not notice writes of the other
    side, so make them before a forward pass or after the backward pass.

    Args:
        array: anything with the methods `__dlpack__` and `__dlpack_device__`, in the memory of
            the CPU, of real numbers.

    Returns:
        A tensor of the same shape and dtype that requires no gradient.

    Raises:
        TypeError: it has no such methods, or does not hold real numbers.
        BufferError: its memory cannot be shared: another device, or a gradient would be lost.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> array = np.arange(3.0)
        >>> t = mg.from_dlpack(array)
        >>> array[0] = 5
        >>> t
        tensor([5., 1., 2.], dtype=float64)

    Source: the DLPack protocol of the Python array API standard, version 2024.12.
    """
    if not hasattr(array, "__dlpack__"):
        raise TypeError(f"from_dlpack needs an array with __dlpack__, got {type(array).__name__}")
    shared = np.from_dlpack(array)
    if shared.dtype.kind not in "fiub":
        raise TypeError(f"a tensor holds real numbers, got data of dtype {shared.dtype}")
    return wrap(shared, None)


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
