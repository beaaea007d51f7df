"""Errors of layers about what they receive: what was expected, what came, and the fix."""

from __future__ import annotations

from typing import Any

from .module import Module


def require_floating(layer: Module, x: Any) -> None:
    """Raise unless x is an array or a tensor of floating-point numbers."""
    if not hasattr(x, "shape"):
        raise TypeError(f"{layer_name(layer)} takes an array or a tensor, got {type(x).__name__}")
    if x.dtype.kind != "f":
        raise TypeError(
            f"{layer_name(layer)} takes floating-point numbers, got {x.dtype} of shape {x.shape}; "
            "convert them: x.astype(np.float32)"
        )


def wrong_shape(layer: Module, expected: str, x: Any, fix: str = "") -> ValueError:
    """The error for an input of another shape than expected."""
    words = f"{layer_name(layer)} takes inputs of shape {expected}, got {x.shape}"
    return ValueError(f"{words}; {fix}" if fix else words)


def layer_name(layer: Module) -> str:
    """A layer as it was made: `LayerNorm(4)`."""
    return f"{type(layer).__name__}({layer.extra_repr()})"
