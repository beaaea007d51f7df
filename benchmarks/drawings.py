"""How long drawing takes: of 100 to 10,000 operations, and of a chain of a million.

    python benchmarks/drawings.py

Each figure is that of a fresh process. The first picture of a process has Graphviz's WebAssembly
build compiled, where there is no program `dot`; so "first svg" says what a person waits for.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from harness import apart, table

import minigrad as mg
from minigrad import nn

REPEATS = 3


def chain(operations: int) -> Callable[[], Any]:
    """A product and a sine by turns, each with a weight of its own; without modules."""
    weights = [mg.tensor(1.0, requires_grad=True) for _ in range(operations // 2)]
    y: Any = weights[0]
    for w in weights:
        y = np.sin(y * w)
    return partial(mg.draw, y)


def blocks(operations: int) -> Callable[[], Any]:
    """Blocks of two different dense layers and activations, whose sizes differ."""
    widths = [2 + k % 7 for k in range(operations // 2 + 1)]
    layers = [nn.Sequential(nn.Linear(a, b), nn.Tanh()) for a, b in itertools.pairwise(widths)]
    net = nn.Sequential(*layers)
    with mg.record_origins():
        y = net(np.ones((4, widths[0]), np.float32))
    return partial(mg.draw, y)


def times(make: Callable[[int], Callable[[], Any]], operations: int) -> dict[str, float]:
    """Seconds for drawing, for the first picture with it, and for a later one."""
    draw = make(operations)
    start = time.perf_counter()
    draw().svg()
    first = time.perf_counter() - start
    drawn, rendered = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        drawing = draw()
        drawn.append(time.perf_counter() - start)
        drawing.svg()
        rendered.append(time.perf_counter() - start)
    return {"draw": min(drawn), "draw and svg": min(rendered), "first svg": first}


def main() -> None:
    rows = {}
    for make in (chain, blocks):
        for operations in (100, 1_000, 10_000):
            rows[f"{make.__name__}, {operations:,}"] = apart(times, make, operations)
    rows["chain, 1,000,000"] = apart(times, chain, 1_000_000)
    print(table(rows, "seconds"))


if __name__ == "__main__":
    main()
