"""Long chains of calls, shared out between two threads.

NumPy gives other threads way while it computes, so an update of millions of numbers takes little
more than half of the time with a second core. Small ones are over before another thread has woken
up.
"""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

LEAST = 1 << 21  # elements, from which on it pays


def lanes_for(size: int) -> int:
    """Among how many threads to share out a chain of calls on so many elements."""
    return 2 if size >= LEAST and _cores() > 1 else 1


def at_once(function: Callable[[Any], Any], lanes: Sequence[Any]) -> None:
    """Call a function on the first lane here and on the others in threads, and pass on errors."""
    waiting = [_pool().submit(contextvars.copy_context().run, function, lane) for lane in lanes[1:]]
    try:
        function(lanes[0])
    finally:
        for future in waiting:
            future.result()


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="minigrad")


if hasattr(os, "register_at_fork"):  # a forked process has no threads but its own
    os.register_at_fork(after_in_child=_pool.cache_clear)
