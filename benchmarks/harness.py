"""Fair timing: candidates take turns within each round, so that a slow moment hits all of them.

Candidates with threads of their own (BLAS, OpenMP) each get a process: after a product their
threads go on spinning for tens of milliseconds, and two such libraries in one process take the
cores away from each other. Between turns there is a pause for the same reason.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
import timeit
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

PAUSE = 0.25  # seconds
Turn = Callable[[int], float]  # runs so many calls and returns the seconds they took


def here(call: Callable[[], object]) -> Turn:
    """A turn in this process."""
    return lambda number: timeit.timeit(call, number=number)


class InAProcess:
    """A turn in a process of its own, where `make()` makes what is called."""

    def __init__(self, make: Callable[[], Callable[[], object]]) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make), daemon=True)
        self._process.start()

    def __call__(self, number: int) -> float:
        self._connection.send(number)
        seconds: float = self._connection.recv()
        return seconds

    def close(self) -> None:
        self._process.terminate()


def _serve(connection: Connection, make: Callable[[], Callable[[], object]]) -> None:
    call = make()
    while True:
        connection.send(timeit.timeit(call, number=connection.recv()))


def interleave(
    turns: Mapping[str, Turn], seconds: float = 0.03, rounds: int = 15, pause: float = PAUSE
) -> dict[str, float]:
    """The median time of a call of each candidate, in microseconds.

    Args:
        turns: the candidates, by name.
        seconds: about how long each candidate runs within a round.
        rounds: how often each candidate gets its turn.
        pause: seconds between two turns.
    """
    numbers = {}
    for name, turn in turns.items():
        turn(20)
        numbers[name] = max(1, round(seconds / (turn(10) / 10)))
    times: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds):
        for name, turn in turns.items():
            time.sleep(pause)
            times[name].append(turn(numbers[name]) / numbers[name])
    return {name: statistics.median(t) * 1e6 for name, t in times.items()}


def table(rows: Mapping[str, Mapping[str, float]], unit: str = "us") -> str:
    """A Markdown table: one row a case, one column a candidate."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [f"| {unit} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for case, row in rows.items():
        cells = [f"{row[c]:,.2f}" if c in row else "-" for c in columns]
        lines.append(f"| {case} | {' | '.join(cells)} |")
    return "\n".join(lines)
