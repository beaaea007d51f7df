"""Fair timing: candidates take turns within each round, so that a slow moment hits all of them."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable, Mapping


def interleave(
    candidates: Mapping[str, Callable[[], object]], seconds: float = 0.02, rounds: int = 41
) -> dict[str, float]:
    """The median time of a call of each candidate, in microseconds.

    Args:
        candidates: what to call, by name.
        seconds: about how long each candidate runs within a round.
        rounds: how often each candidate gets its turn.
    """
    numbers = {}
    for name, call in candidates.items():
        for _ in range(20):
            call()
        once = min(timeit.repeat(call, number=1, repeat=5))
        numbers[name] = max(1, round(seconds / once))
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, call in candidates.items():
            times[name].append(timeit.timeit(call, number=numbers[name]) / numbers[name])
    return {name: statistics.median(t) * 1e6 for name, t in times.items()}


def table(rows: Mapping[str, Mapping[str, float]], unit: str = "us") -> str:
    """A Markdown table: one row a case, one column a candidate."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [f"| {unit} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for case, row in rows.items():
        cells = [f"{row[c]:,.1f}" if c in row else "-" for c in columns]
        lines.append(f"| {case} | {' | '.join(cells)} |")
    return "\n".join(lines)
