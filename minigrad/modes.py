"""What the engine does besides computing: settings local to a thread or an async task."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Mode:
    """What the engine does besides computing; one value for each thread and async task.

    Attributes:
        grad: whether operations are recorded in the graph.
        recorder: what writes down every call of the function that is being compiled.
    """

    grad: bool = True
    recorder: Any = None


_DEFAULT = Mode()

_changes = 0


def changed() -> None:
    """Count a change of what compiled programs rely on: of a module, a tensor's data or grad."""
    global _changes
    _changes += 1


def changes() -> int:
    """How many such changes there have been; if none, nothing needs to be checked again."""
    return _changes

MODE: ContextVar[Mode] = ContextVar("minigrad_mode", default=_DEFAULT)


class _SetGrad(ContextDecorator):
    """Turns recording on or off inside a `with` block or a decorated function."""

    grad: bool

    def __enter__(self) -> None:
        self._token = MODE.set(replace(MODE.get(), grad=self.grad))

    def __exit__(self, *exception: object) -> None:
        MODE.reset(self._token)

    def __call__(self, fn: Function) -> Function:
        if iscoroutinefunction(fn) or isgeneratorfunction(fn) or isasyncgenfunction(fn):
            raise TypeError(
                f"{type(self).__name__} cannot decorate {fn.__name__}: calling it only makes a "
                "coroutine or generator, which runs later; write a `with` block inside it"
            )
        return super().__call__(fn)

    def _recreate_cm(self) -> _SetGrad:
        return type(self)()  # each call of a decorated function has a token of its own


class no_grad(_SetGrad):  # noqa: N801, a verb like contextlib's
    """Compute without recording: results need no gradient. A context manager or a decorator.

    Raises:
        TypeError: it decorates a coroutine or generator function, which would run outside it.

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

    grad = False


class enable_grad(_SetGrad):  # noqa: N801
    """Record again inside a `no_grad` block. A context manager or a decorator.

    Raises:
        TypeError: it decorates a coroutine or generator function, which would run outside it.

    Example:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> with mg.no_grad(), mg.enable_grad():
        ...     (w * w).requires_grad
        True
    """

    grad = True


def is_grad_enabled() -> bool:
    """Whether operations are being recorded here."""
    return MODE.get().grad
