"""From what a person writes to an array of real numbers; the default dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .array_methods import ArrayMethods
from .modes import changed
from .traced import TracedArray, TracedNumber

_default: np.dtype[Any] = np.dtype(np.float32)


def set_default_dtype(dtype: npt.DTypeLike) -> None:
    """Set the dtype that Python floats and lists of floats become; float32 at first.

    Args:
        dtype: a floating-point dtype.

    Raises:
        TypeError: `dtype` is not a floating-point dtype.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.set_default_dtype(np.float64)
        >>> mg.tensor(0.5).dtype
        dtype('float64')
        >>> mg.set_default_dtype(np.float32)
    """
    global _default
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"the default dtype must be a floating-point dtype, got {np.dtype(dtype)}")
    _default = np.dtype(dtype)
    changed()


def get_default_dtype() -> np.dtype[Any]:
    """The dtype that Python floats and lists of floats become."""
    return _default


def as_array(
    data: Any, dtype: npt.DTypeLike | None = None, copy: bool = True
) -> np.ndarray[Any, Any]:
    """Numbers, nested lists or an array, as an array of real numbers.

    Arrays and NumPy scalars keep their dtype; Python floats become the default dtype, Python ints
    and booleans what NumPy makes of them.
    """
    if isinstance(data, ArrayMethods) and not getattr(data, "requires_grad", True):
        data = data._memory()
    if isinstance(data, TracedArray):
        same = dtype is None or data.dtype == dtype
        if same:
            return data.copy() if copy else data  # type: ignore[return-value]
        return data.astype(dtype)  # type: ignore[no-any-return]
    if isinstance(data, TracedNumber):
        dtype = _default if dtype is None and isinstance(data, float) else dtype
        return data.recorder.call(np.asarray, (data, dtype), {})  # type: ignore[no-any-return]
    keeps_dtype = isinstance(data, (np.ndarray, np.generic))
    try:
        array = np.array(data, copy=copy or None)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(f"a tensor needs nested lists of equal lengths: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a tensor holds real numbers, got data of dtype {array.dtype}")
    if dtype is None and array.dtype.kind == "f" and not keeps_dtype:
        dtype = _default
    if dtype is None:
        return array
    if np.dtype(dtype).kind not in "fiub":
        raise TypeError(f"a tensor holds real numbers, got dtype {np.dtype(dtype)}")
    return array.astype(dtype, copy=False)
