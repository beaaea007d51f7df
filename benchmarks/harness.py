"""Fair timing: candidates take turns, round after round, so that a slow moment hits all of them.

Candidates with threads of their own (BLAS, OpenMP) run in a fresh process at each turn: after a
product their threads go on spinning for a while, and two such libraries in one process, or in two
that are awake at once, take the cores away from each other.
"""

from __future__ import annotations

import multiprocessing
import statistics
import timeit
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial

Call = Callable[[], object]
Turn = Callable[[], float]  # measures once: seconds per call


def here(call: Call, seconds: float = 0.02) -> Turn:
    """A turn in this process."""
    return partial(_time, call, seconds)


def in_a_process(make: Callable[[], Call], seconds: float = 0.3) -> Turn:
    """A turn in a fresh process, where `make()` makes what is called."""

    def turn() -> float:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            return pool.submit(_make_and_time, make, seconds).result()

    return turn


def _make_and_time(make: Callable[[], Call], seconds: float) -> float:
    return _time(make(), seconds)


def _time(call: Call, seconds: float) -> float:
    """Seconds per call: the median of five runs of about `seconds` each, after a warm-up."""
    for _ in range(30):
        call()
    number = max(1, round(seconds / (timeit.timeit(call, number=20) / 20)))
    return statistics.median(timeit.repeat(call, number=number, repeat=5)) / number


def interleave(turns: Mapping[str, Turn], rounds: int = 5) -> dict[str, float]:
    """The median over the rounds of each candidate's time per call, in microseconds."""
    times: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds):
        for name, turn in turns.items():
            times[name].append(turn())
    return {name: statistics.median(t) * 1e6 for name, t in times.items()}


def table(rows: Mapping[str, Mapping[str, float]], unit: str = "us") -> str:
    """A Markdown table: one row a case, one column a candidate."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [f"| {unit} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for case, row in rows.items():
        cells = [f"{row[c]:,.2f}" if c in row else "-" for c in columns]
        lines.append(f"| {case} | {' | '.join(cells)} |")
    return "\n".join(lines)
