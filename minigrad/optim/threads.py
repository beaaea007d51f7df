"""The blocks of a large buffer, shared out between two threads.

NumPy gives other threads way while it computes, so an update of millions of numbers takes two
thirds of the time with a second core. Small ones are over before another thread has woken up.
"""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

LEAST_BLOCKS = 64  # from which on it pays


def lanes_for(blocks: int) -> int:
    """Among how many threads to share out so many blocks."""
    return 2 if blocks >= LEAST_BLOCKS and _cores() > 1 else 1


def at_once(work: Sequence[Callable[[], Any]]) -> None:
    """Call the first function here and the others in threads; what one raises is raised here."""
    waiting = [_pool().submit(contextvars.copy_context().run, task) for task in work[1:]]
    try:
        work[0]()
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
    return ThreadPoolExecutor(1, thread_name_prefix="minigrad-update")


if hasattr(os, "register_at_fork"):  # a forked process has no threads but its own
    os.register_at_fork(after_in_child=_pool.cache_clear)
