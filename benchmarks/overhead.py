"""What recording costs: one small operation, a long chain, and the import.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 python benchmarks/overhead.py

Needs the `parity` extra.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from harness import here, interleave, table

import minigrad as mg

CHAIN = 1_000_000


def one_operation() -> str:
    """Microseconds above NumPy's own call on the same four numbers."""
    array = np.ones(4, np.float32)
    tensor = mg.tensor(array, requires_grad=True)
    pairs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "a * a": (lambda: array * array, lambda: tensor * tensor),
        "a + 1.0": (lambda: array + 1.0, lambda: tensor + 1.0),
        "np.tanh(a)": (lambda: np.tanh(array), lambda: np.tanh(tensor)),
        "np.exp(a)": (lambda: np.exp(array), lambda: np.exp(tensor)),
    }
    rows = {}
    for name, (plain, recorded) in pairs.items():
        turns = {"NumPy": here(plain), "recorded": here(recorded)}
        times = interleave(turns, rounds=21)
        rows[name] = {**times, "above NumPy": times["recorded"] - times["NumPy"], "target": 0.8}
    return table(rows, "us per call")


def chain(y: mg.Tensor | torch.Tensor) -> dict[str, float]:
    """Seconds for a chain of additions to one number: forward, backward, deletion."""
    start = time.perf_counter()
    for _ in range(CHAIN):
        y = y + 1.0
    forward = time.perf_counter()
    y.sum().backward()
    backward = time.perf_counter()
    del y
    end = time.perf_counter()
    return {
        "forward": forward - start,
        "backward": backward - forward,
        "deletion": end - backward,
        "total": end - start,
    }


def import_seconds(module: str) -> float:
    """Of a fresh interpreter, the time of the import alone; the median of 15."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    command = [sys.executable, "-c", code]
    return statistics.median(float(subprocess.check_output(command)) for _ in range(15))


def main() -> None:
    print(one_operation(), "\n")
    print(
        table(
            {
                "minigrad": chain(mg.zeros(1, requires_grad=True)),
                "torch": chain(torch.zeros(1, requires_grad=True)),
            },
            f"s for {CHAIN:,} additions",
        ),
        "\n",
    )
    for module, target in (("numpy", None), ("minigrad", 0.15), ("torch", None)):
        print(
            f"import {module}: {import_seconds(module):.3f} s", f"(target {target})" * bool(target)
        )


if __name__ == "__main__":
    main()
