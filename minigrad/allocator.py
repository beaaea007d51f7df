"""Keep the C library from returning a large array's memory to the kernel each time.

On Linux, glibc maps every block above 128 KiB anew and unmaps it when it is freed, so that a
training step spends up to half its time in page faults for temporaries. Raising two thresholds
makes freed memory be kept and reused. docs/architecture.md has the measurements.

The setting is made once, when minigrad is imported, and concerns the whole process. The
environment variable MINIGRAD_MALLOC=system leaves the allocator as it is; so does having set any
of glibc's own: MALLOC_..., or glibc.malloc... in GLIBC_TUNABLES.
"""

from __future__ import annotations

import ctypes
import os
import sys

# The parameters of mallopt(3), from glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3

_LARGEST_MMAP_THRESHOLD = 32 * 2**20  # bytes; glibc refuses more
_TRIM_THRESHOLD = 2**30  # bytes; kept at most at the end of the heap


def keep_freed_memory() -> bool:
    """Raise glibc's thresholds, unless the user chose otherwise. Returns whether it was done."""
    chosen = (
        os.environ.get("MINIGRAD_MALLOC") == "system"
        or any(name.startswith("MALLOC_") for name in os.environ)
        or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "")
    )
    if chosen or not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not in musl
    if mallopt is None:
        return False
    return bool(
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        and mallopt(_M_TRIM_THRESHOLD, _TRIM_THRESHOLD)
    )
