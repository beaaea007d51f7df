"""What the engine does besides computing: settings local to a thread or an async task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
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
        watcher: what looks on while the engine works; see `watcher.Watcher`.
        blocks: the `no_grad` and `enable_grad` blocks that are open; the last one decides.
    """

    grad: bool = True
    recorder: Any = None
    watcher: Any = None
    blocks: tuple[_SetGrad, ...] = ()


_DEFAULT = Mode()

changes = 0  # of what compiled programs rely on; see `changed`
observers = 0  # how many recorders and watchers there are, in all threads


def changed() -> None:
    """Count a change of what compiled programs rely on: of a module, a tensor's data or grad.

    As long as there is none, a program need not look whether everything is as it was.
    """
    global changes
    changes += 1


@contextmanager
def recording(recorder: Any) -> Iterator[None]:
    """Show every call in this block, and in this thread or task, to a recorder."""
    global observers
    token = MODE.set(replace(MODE.get(), recorder=recorder))
    observers += 1
    try:
        yield
    finally:
        observers -= 1
        MODE.reset(token)


def active_recorder() -> Any:
    """The recorder of the function that is being recorded here; None outside `mg.compile`."""
    return MODE.get().recorder if observers else None


def active_watcher() -> Any:
    """What looks on here; None outside of blocks such as `mg.detect_anomaly`."""
    return MODE.get().watcher if observers else None


MODE: ContextVar[Mode] = ContextVar("minigrad_mode", default=_DEFAULT)


class _SetGrad(ContextDecorator):
    """Turns recording on or off inside a `with` block or a decorated function.

    Blocks in generators that run by turns need not end in the reverse order in which they began:
    a block that ends takes away itself, and does not bring back what was there before it.
    """

    grad: bool
    _inside: Mode | None  # None after the block, as the two hold each other

    def __enter__(self) -> None:
        self._before = mode = MODE.get()
        self._inside = replace(mode, grad=self.grad, blocks=(*mode.blocks, self))
        MODE.set(self._inside)

    def __exit__(self, *exception: object) -> None:
        mode = MODE.get()
        if mode is self._inside:  # the usual, quick case
            MODE.set(self._before)
        else:
            rest = tuple(block for block in mode.blocks if block is not self)
            MODE.set(replace(mode, grad=rest[-1].grad if rest else _DEFAULT.grad, blocks=rest))
        self._inside = None

    def __call__(self, fn: Function) -> Function:
        if iscoroutinefunction(fn) or isgeneratorfunction(fn) or isasyncgenfunction(fn):
            raise TypeError(
                f"{type(self).__name__} cannot decorate {fn.__name__}: calling it only makes a "
                "coroutine or generator, which runs later; write a `with` block inside it"
            )
        return super().__call__(fn)

    def _recreate_cm(self) -> _SetGrad:
        return type(self)()  # each call of a decorated function is a block of its own


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
