"""What recurrent layers take: inputs, the state to begin with, the lengths of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..conversion import as_array
from ..vjps import primitive
from .module import Module


def check_input(layer: Module, weight: Any, x: Any, forms: dict[int, str]) -> None:
    """Refuse an input that is not floating-point, or not of one of the forms, by number of axes."""
    shape, size = np.shape(x), weight.shape[1]
    if len(shape) not in forms or shape[-1] != size:
        raise ValueError(
            f"{weight.name} of shape {weight.shape} takes inputs of shape "
            f"{' or '.join(forms.values())} with {size} features, got {shape}"
        )
    if getattr(x, "dtype", np.dtype(object)).kind != "f":
        raise TypeError(
            f"{type(layer).__name__} takes arrays and tensors of floating-point numbers, got "
            f"{getattr(x, 'dtype', type(x).__name__)}: convert them, or embed them first"
        )


def given_state(layer: Module, state: Any, names: tuple[str, ...], shape: Any) -> tuple[Any, ...]:
    """The arrays of a state as a tuple; refuse others than the layer has."""
    members = state if isinstance(state, (tuple, list)) else (state,)
    shapes = [np.shape(a) for a in members]
    if isinstance(state, (tuple, list)) == (len(names) == 1) or shapes != [shape] * len(names):
        expected = names[0] if len(names) == 1 else f"the tuple ({', '.join(names)})"
        raise ValueError(
            f"the state of {type(layer).__name__} is {expected}, of shape {shape}"
            f"{' each' if len(names) > 1 else ''}, got {type(state).__name__} of "
            f"{', '.join(map(str, shapes))}"
        )
    return tuple(members)


def with_batch_second(x: Any, batch_axis: int | None) -> Any:
    """x as (T, B, features), where B is the given axis, or a single sequence if that is None."""
    return np.expand_dims(x, 1) if batch_axis is None else np.moveaxis(x, batch_axis, 1)


def as_given(y: Any, batch_axis: int | None) -> Any:
    """y of shape (T, B, features) in the form that `with_batch_second` found."""
    return y[:, 0] if batch_axis is None else np.moveaxis(y, 1, batch_axis)


def mask_of(mask: Any, lengths: Any, shape: tuple[int, ...], batch_axis: int | None) -> Any:
    """Booleans of shape (T, B, 1), True within the sequences; None if these have all steps.

    Args:
        mask, lengths: what the user gave, one of them or none.
        shape: (T, B, features).
        batch_axis: where B stands in the user's mask.
    """
    if mask is None and lengths is None:
        return None
    if batch_axis is None or (mask is not None and lengths is not None):
        raise ValueError(
            "a batch of sequences takes either lengths or a mask, and a single sequence neither: "
            "leave out what lies behind its end"
        )
    steps, batch, _ = shape
    if lengths is not None:
        return np.expand_dims(_within(_plain(lengths), steps, batch), -1)
    mask = _plain(mask)
    expected = (batch, steps) if batch_axis == 0 else (steps, batch)
    if mask.shape != expected or mask.dtype != bool:
        raise ValueError(
            f"mask must be booleans of shape {expected}, True within the sequences, got "
            f"{mask.dtype} of shape {mask.shape}"
        )
    return np.expand_dims(mask.T if batch_axis == 0 else mask, -1)


def _plain(a: Any) -> Any:
    return as_array(a, copy=False) if hasattr(a, "dtype") else np.asarray(a)


def _within(lengths: Any, steps: int, batch: int) -> Any:
    if lengths.shape != (batch,) or lengths.dtype.kind not in "iu":
        raise ValueError(
            f"lengths must be integers of shape ({batch},), one for each sequence, got "
            f"{lengths.dtype} of shape {lengths.shape}"
        )
    _check_lengths(lengths, steps)
    return np.less(np.arange(steps)[:, np.newaxis], lengths)


@primitive
def _check_lengths(lengths: Any, steps: int) -> int:
    """The number of sequences; none of them is longer than the input."""
    if np.any(lengths > steps) or np.any(lengths < 0):
        raise ValueError(
            f"lengths must lie in [0, {steps}], as there are {steps} steps, got "
            f"{lengths.min()} to {lengths.max()}"
        )
    return int(lengths.size)


_check_lengths.has_effect = True  # type: ignore[attr-defined]  # programs keep the check
