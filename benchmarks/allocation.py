"""What the allocator setting is worth: the same steps with it and without it.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 python benchmarks/allocation.py

Every measurement is a process of its own, because the setting is made once, at import: once as it
is, once with MINIGRAD_MALLOC=system. The two alternate; medians of the rounds.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

ROUNDS, STEPS = 5, 60


def classifier(sizes: tuple[int, ...], batch: int) -> Callable[[], None]:
    """A multilayer perceptron and Adam."""
    rng = np.random.default_rng(0)
    layers: list[nn.Module] = []
    for n, m in pairwise(sizes):
        layers += [nn.Linear(n, m, rng=rng), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    optimizer = mg.optim.Adam(model.parameters())
    x = rng.normal(size=(batch, sizes[0])).astype(np.float32)
    y = rng.integers(0, sizes[-1], batch)

    def step() -> None:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def attention() -> Callable[[], None]:
    """Four heads of self-attention over 16 sequences of 64: products, softmax and GELU."""
    rng = np.random.default_rng(0)
    d, heads, shape = 64, 4, (16, 64)
    widths = [(d, 3 * d), (d, 4 * d), (4 * d, d)]
    project, expand, shrink = layers = [nn.Linear(n, m, rng=rng) for n, m in widths]
    optimizer = mg.optim.Adam([p for layer in layers for p in layer.parameters()])
    x = rng.normal(size=(*shape, d)).astype(np.float32)

    def step() -> None:
        q, k, v = np.split(project(x), 3, axis=-1)
        q, k, v = (t.reshape(*shape, heads, d // heads).swapaxes(1, 2) for t in (q, k, v))
        attended = F.softmax(q @ k.mT * 0.25) @ v
        h = attended.swapaxes(1, 2).reshape(*shape, d)
        loss = (shrink(F.gelu(expand(h), "tanh")) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


CASES = {
    "784-512-256-10, batch 128": lambda: classifier((784, 512, 256, 10), 128),
    "64-512-512-10, batch 1024": lambda: classifier((64, 512, 512, 10), 1024),
    "attention d 64, T 64, batch 16": attention,
}


def measure(case: str) -> dict[str, float]:
    """Milliseconds and page faults per step, and the largest resident size in MB."""
    step = CASES[case]()
    for _ in range(10):
        step()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    times = []
    for _ in range(STEPS):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "ms": statistics.median(times) * 1e3,
        "faults": (usage.ru_minflt - faults) / STEPS,
        "MB": usage.ru_maxrss / 1024,
    }


def in_a_process(case: str, malloc: str) -> dict[str, float]:
    environment = {**os.environ, "MINIGRAD_MALLOC": malloc}
    command = [sys.executable, __file__, case]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    if len(sys.argv) == 2:
        print(json.dumps(measure(sys.argv[1])))
        return
    print("| step | allocator | ms | page faults | peak MB |\n|---|---|---|---|---|")
    for case in CASES:
        runs: dict[str, list[dict[str, float]]] = {"system": [], "keep": []}
        for _ in range(ROUNDS):
            for malloc, measured in runs.items():
                measured.append(in_a_process(case, malloc))
        for malloc, measured in runs.items():
            ms, faults, peak = (
                statistics.median(run[key] for run in measured) for key in ("ms", "faults", "MB")
            )
            print(f"| {case} | {malloc} | {ms:.2f} | {faults:,.0f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
