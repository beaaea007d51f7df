"""What a tensor has in common with a NumPy array: operators, indexing and methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from . import vjps
from .diagnosis import diagnosed

if TYPE_CHECKING:
    from .tensor import Tensor

Array: TypeAlias = npt.NDArray[Any]
Axis: TypeAlias = int | tuple[int, ...] | None


BinaryMethod: TypeAlias = Callable[["Tensor", Any], "Tensor"]


def _plain(a: Any) -> Any:
    return a._data if isinstance(a, ArrayMethods) else a


def plain_index(index: Any) -> Any:
    """An index without tensors in it, and without lists that somebody else may change."""
    if isinstance(index, tuple):
        return tuple(map(plain_index, index))
    return vjps.as_index(index) if isinstance(index, list) else _plain(index)


def _in_place(fn: np.ufunc) -> BinaryMethod:
    def method(self: ArrayMethods, other: Any) -> Tensor:
        result: Tensor = self._write(fn, other)
        return result

    return method


def _unary(fn: Callable[..., Any]) -> Callable[[Tensor], Tensor]:
    def method(self: ArrayMethods) -> Tensor:
        return self._apply(fn, self)

    return method


def _binary(fn: Callable[..., Any]) -> tuple[BinaryMethod, BinaryMethod]:
    def method(self: ArrayMethods, other: Any) -> Tensor:
        return self._apply(fn, self, other)

    def reflected(self: ArrayMethods, other: Any) -> Tensor:
        return self._apply(fn, other, self)

    return method, reflected


def _comparison(fn: np.ufunc) -> Callable[[Tensor, Any], Any]:
    def method(self: ArrayMethods, other: Any) -> Any:
        try:
            return fn(self._memory(), _plain(other))
        except Exception as error:
            raise diagnosed(error, fn, (self, other), {}) from error.__cause__

    return method


def _reduction(fn: Callable[..., Any]) -> Callable[..., Tensor]:
    def method(self: ArrayMethods, axis: Axis = None, keepdims: bool = False) -> Tensor:
        return self._apply(fn, self, axis=axis, keepdims=keepdims)

    return method


class ArrayMethods:
    """Operators and methods of a tensor: each records the NumPy function it is named after.

    `_apply` is what records (see `tensor.apply`), `_data` the array.
    """

    __slots__ = ()
    _apply: ClassVar[Callable[..., Tensor]]
    _data: Array

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    @property
    def ndim(self) -> int:
        return self._data.ndim

    @property
    def size(self) -> int:
        return self._data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._data.dtype

    @property
    def nbytes(self) -> int:
        return self._data.nbytes

    # Operators.

    __add__, __radd__ = _binary(np.add)
    __sub__, __rsub__ = _binary(np.subtract)
    __mul__, __rmul__ = _binary(np.multiply)
    __truediv__, __rtruediv__ = _binary(np.divide)
    __floordiv__, __rfloordiv__ = _binary(np.floor_divide)
    __mod__, __rmod__ = _binary(np.remainder)
    __divmod__, __rdivmod__ = _binary(np.divmod)
    __rpow__ = _binary(np.power)[1]
    __matmul__, __rmatmul__ = _binary(np.matmul)
    __neg__ = _unary(np.negative)
    __pos__ = _unary(np.positive)
    __abs__ = _unary(np.absolute)

    def __pow__(self, other: Any) -> Tensor:
        # As NumPy's own arrays do: x**2 is many times quicker as a product.
        if type(other) is int and other == 2:
            return self._apply(np.square, self)
        return self._apply(np.power, self, other)

    # Comparisons have no derivative: they return plain arrays.

    __eq__ = _comparison(np.equal)
    __ne__ = _comparison(np.not_equal)
    __lt__ = _comparison(np.less)
    __le__ = _comparison(np.less_equal)
    __gt__ = _comparison(np.greater)
    __ge__ = _comparison(np.greater_equal)
    __hash__ = object.__hash__

    def __getitem__(self, index: Any) -> Tensor:
        return self._apply(vjps.getitem, self, plain_index(index))

    # Writing in place; a tensor allows it where nothing needs to be recorded.

    __iadd__ = _in_place(np.add)
    __isub__ = _in_place(np.subtract)
    __imul__ = _in_place(np.multiply)
    __itruediv__ = _in_place(np.divide)
    __ifloordiv__ = _in_place(np.floor_divide)
    __imod__ = _in_place(np.remainder)
    __ipow__ = _in_place(np.power)

    def _write(self, ufunc: np.ufunc, other: Any) -> Any:
        raise NotImplementedError

    def _memory(self) -> Any:
        raise NotImplementedError

    # Methods, named as NumPy's.

    sum = _reduction(np.add.reduce)
    mean = _reduction(vjps.mean)
    max = _reduction(np.max)
    min = _reduction(np.min)
    prod = _reduction(np.prod)

    def var(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        return self._apply(np.var, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def std(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        return self._apply(np.std, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def cumsum(self, axis: int | None = None) -> Tensor:
        return self._apply(np.cumsum, self, axis=axis)

    def cumprod(self, axis: int | None = None) -> Tensor:
        return self._apply(np.cumprod, self, axis=axis)

    def argmax(self, axis: int | None = None) -> Any:
        return self._apply(np.argmax, self, axis)

    def argmin(self, axis: int | None = None) -> Any:
        return self._apply(np.argmin, self, axis)

    def argsort(self, axis: int | None = -1) -> Any:
        return self._apply(np.argsort, self, axis)

    def nonzero(self) -> Any:
        return self._apply(np.nonzero, self)

    def searchsorted(self, values: Any, side: str = "left") -> Any:
        return self._apply(np.searchsorted, self, values, side)

    def any(self, axis: Axis = None) -> Any:
        return self._apply(np.any, self, axis)

    def all(self, axis: Axis = None) -> Any:
        return self._apply(np.all, self, axis)

    def reshape(self, *shape: Any) -> Tensor:
        return self._apply(np.reshape, self, shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> Tensor:
        return self._apply(np.reshape, self, -1)

    def flatten(self) -> Tensor:
        return self.ravel().copy()

    def transpose(self, *axes: Any) -> Tensor:
        order = axes[0] if len(axes) == 1 else axes or None
        return self._apply(np.transpose, self, order)

    @property
    def T(self) -> Tensor:  # noqa: N802, NumPy's name
        return self._apply(np.transpose, self)

    @property
    def mT(self) -> Tensor:  # noqa: N802, NumPy's name
        return self._apply(np.swapaxes, self, -1, -2)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        return self._apply(np.swapaxes, self, axis1, axis2)

    def squeeze(self, axis: Axis = None) -> Tensor:
        return self._apply(np.squeeze, self, axis)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        return self._apply(vjps.clip, self, min, max)

    def round(self, decimals: int = 0) -> Tensor:
        return self._apply(np.round, self, decimals)

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        return self._apply(np.take, self, _plain(indices), axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Tensor:
        return self._apply(np.repeat, self, repeats, axis)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return self._apply(np.diagonal, self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        return self._apply(np.trace, self, offset, axis1, axis2)

    def dot(self, other: Any) -> Tensor:
        return self._apply(np.dot, self, other)

    def copy(self) -> Tensor:
        return self._apply(np.copy, self)

    def astype(self, dtype: npt.DTypeLike) -> Any:
        """As another dtype: a tensor for floats; integers and booleans have no gradient: arrays."""
        if np.dtype(dtype).kind != "f":
            return self._data.astype(dtype)
        return self._apply(vjps.astype, self, np.dtype(dtype))

    # Python's protocols.

    def item(self) -> float:
        return self._data.item()  # type: ignore[no-any-return]

    def tolist(self) -> Any:
        return self._data.tolist()

    def __float__(self) -> float:
        return float(self._data)

    def __int__(self) -> int:
        return int(self._data)

    def __index__(self) -> int:
        return self._data.__index__()

    def __bool__(self) -> bool:
        return bool(self._data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        raise NotImplementedError

    def __dlpack__(self, **options: Any) -> Any:
        """The array for another library, without a copy; a gradient would be lost, and raises."""
        return self.__array__().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[Any, ...]:
        return self._data.__dlpack_device__()

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return _plain(value) in self._data

    def __format__(self, spec: str) -> str:
        return format(self._data[()], spec) if self.ndim == 0 else format(str(self), spec)
