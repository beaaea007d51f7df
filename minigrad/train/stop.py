"""Ctrl-C without harm: a signal is remembered, and looked at where nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether training shall stop after the current step.

    Attributes:
        signal: the number of the signal that asked for it, or None.
        reason: why a callback has asked for it, in words, or None.

    Example:
        >>> from minigrad.train.stop import Stop
        >>> stop = Stop()
        >>> stop.requested
        False
        >>> stop.reason = "the loss is low enough"
        >>> stop.requested
        True
    """

    signal: int | None = None
    reason: str | None = None

    @property
    def requested(self) -> bool:
        """Whether a signal has come, or a callback has given a reason."""
        return self.signal is not None or self.reason is not None


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Let Ctrl-C (SIGINT) and SIGTERM ask for a stop, inside a `with` block.

    Only the first signal is remembered. It puts the earlier handlers back, so that a second
    Ctrl-C interrupts at once. In threads other than the main one, where Python does not let
    handlers be set, the block changes nothing.

    Example:
        >>> import signal
        >>> from minigrad.train.stop import stop_on_signals
        >>> with stop_on_signals() as stop:
        ...     signal.raise_signal(signal.SIGINT)
        ...     stop.requested, stop.signal == signal.SIGINT
        (True, True)
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    earlier = {number: signal.getsignal(number) for number in _SIGNALS}

    def put_back() -> None:
        for number, handler in earlier.items():
            signal.signal(number, handler)

    def remember(number: int, frame: FrameType | None) -> None:
        stop.signal = number
        put_back()

    for number in _SIGNALS:
        signal.signal(number, remember)
    try:
        yield stop
    finally:
        put_back()
