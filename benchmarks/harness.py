"""Fair timing: candidates take turns, round after round, so that a slow moment hits all of them.

Candidates with threads of their own (BLAS, OpenMP) run in a fresh process at each turn: after a
product their threads go on spinning for a while, and two such libraries in one process, or in two
that are awake at once, take the cores away from each other.
"""

from __future__ import annotations

import importlib
import multiprocessing
import statistics
import time
import timeit
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np

Call = Callable[[], Any]
Maker = Callable[[], Call]  # can be sent to another process
Turn = Callable[[], float]  # measures once: seconds per call

_WARM_UP = 1.0  # seconds, at most


def here(call: Call, seconds: float = 0.02) -> Turn:
    """A turn in this process."""
    return partial(_time, call, seconds)


def imported(where: str, *args: Any, **options: Any) -> Any:
    """`module.function(*args, **options)`; only the process that calls this loads the module."""
    module, function = where.split(".")
    return getattr(importlib.import_module(module), function)(*args, **options)


def in_a_process(make: Maker, seconds: float = 0.3, steps: int = 1) -> Turn:
    """A turn in a fresh process, where `make()` makes a call that does so many steps."""
    return lambda: apart(_make_and_time, make, seconds) / steps


def apart(function: Callable[..., Any], *args: Any) -> Any:
    """The result of a function, in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *args).result()


def first_call(make: Maker) -> float:
    """The seconds that the first call takes, with all that it loads and compiles."""
    call = make()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def check_same(makers: Mapping[str, Maker], count: int = 20) -> None:
    """See that all candidates, each in a fresh process, compute the same first losses."""
    losses = {name: apart(_first_losses, make, count) for name, make in makers.items()}
    expected = next(iter(losses.values()))
    for name, values in losses.items():
        np.testing.assert_allclose(values, expected, atol=5e-5, err_msg=name)


def _first_losses(make: Maker, count: int) -> np.ndarray:
    """A call returns the loss of one step, or those of several."""
    call = make()
    losses: list[float] = []
    while len(losses) < count:
        losses += np.ravel(call().tolist()).tolist()
    return np.array(losses[:count])


def _make_and_time(make: Maker, seconds: float) -> float:
    return _time(make(), seconds)


def _time(call: Call, seconds: float) -> float:
    """Seconds per call: the median of five runs of about `seconds` each, after a warm-up."""
    probe = _warm_up(call)
    number = max(1, round(seconds / (timeit.timeit(call, number=probe) / probe)))
    return statistics.median(timeit.repeat(call, number=number, repeat=5)) / number


def _warm_up(call: Call, calls: int = 30) -> int:
    """Call until it goes smoothly; returns how many calls are enough for a first estimate."""
    end = time.perf_counter() + _WARM_UP
    for _ in range(calls):
        call()
        if time.perf_counter() > end:
            return 1
    return calls


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
