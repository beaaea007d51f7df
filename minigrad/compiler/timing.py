"""How long the sections of a program take, measured on copies of what it works on."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

_ROUNDS = 5


def section_seconds(
    source: Any, memory: Sequence[Any], arguments: Sequence[Any]
) -> dict[str, float]:
    """The median time of each section of a program that is printed as NumPy source.

    Args:
        source: the printed program.
        memory: what its `make` receives; copied.
        arguments: what its step receives; copied.
    """
    helpers, made, text = source.text.partition("\ndef make(")
    text = re.sub(r"(?m)^(        )# (\w+)$", r'\1_mark("\2")', text)
    text = re.sub(r"(?m)^(        )return ", r'\1_mark("")\n\1return ', text, count=1)
    marks: list[tuple[str, float]] = []
    namespace = {
        **source.objects,
        "_mark": lambda section: marks.append((section, time.perf_counter())),
    }
    exec(helpers + made + text, namespace)
    step, _ = namespace["make"](*map(copied, memory))
    times: dict[str, list[float]] = {}
    for _ in range(_ROUNDS):
        marks.clear()
        step(*map(copied, arguments))
        once: dict[str, float] = {}
        for (section, start), (_, stop) in pairwise(marks):
            once[section] = once.get(section, 0.0) + stop - start
        for section, seconds in once.items():
            times.setdefault(section, []).append(seconds)
    return {section: median(seconds) for section, seconds in times.items()}


def call_seconds(step: Callable[..., Any], arguments: Sequence[Any]) -> float:
    """The median time of a call, on copies of the arguments."""
    times = []
    for _ in range(_ROUNDS):
        own = [copied(a) for a in arguments]
        start = time.perf_counter()
        step(*own)
        times.append(time.perf_counter() - start)
    return median(times)


def copied(a: Any) -> Any:
    """What a measurement may use up."""
    if isinstance(a, np.random.Generator):
        return np.random.default_rng(0)
    return a.copy() if isinstance(a, np.ndarray) else a
