"""What the engine does besides computing: settings local to a thread or an async task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Mode:
    """What the engine does besides computing; one value for each thread and async task."""

    grad: bool = True


_DEFAULT = Mode()
MODE: ContextVar[Mode] = ContextVar("minigrad_mode", default=_DEFAULT)


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording: results need no gradient. A context manager or a decorator.

    Example:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> with mg.no_grad():
        ...     (w * w).requires_grad
        False
        >>> @mg.no_grad()
        ... def predict(x):
        ...     return x @ w
        >>> predict(w).requires_grad
        False
    """
    yield from _set_grad(False)


@contextmanager
def enable_grad() -> Iterator[None]:
    """Record again inside a `no_grad` block. A context manager or a decorator.

    Example:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> with mg.no_grad(), mg.enable_grad():
        ...     (w * w).requires_grad
        True
    """
    yield from _set_grad(True)


def _set_grad(enabled: bool) -> Iterator[None]:
    token = MODE.set(replace(MODE.get(), grad=enabled))
    try:
        yield
    finally:
        MODE.reset(token)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded here."""
    return MODE.get().grad
