"""How amounts are written: `4.84 kB`, `12.3 µs`."""

from __future__ import annotations


def in_bytes(count: int) -> str:
    """`512 B`, `4.84 kB`."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.4g} {unit}"
        size /= 1000
    return f"{size:.4g} GB"


def in_seconds(seconds: float) -> str:
    """`12.3 µs`, `4.56 ms`."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3g} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def in_thousands(number: float) -> str:
    """`512`, `1.23 k`, `4.56 M`, `7.89 G`."""
    for unit in ("", " k", " M", " G"):
        if number < 1000:
            return f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:.3g} T"
