"""Training steps of a LeNet, a character LSTM and a transformer, against PyTorch and JAX.

    OMP_NUM_THREADS=2 python benchmarks/architectures.py

(with `env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE` before it where these are set). float32, two
threads, candidates take turns, each time in a fresh process; medians. All start from the same
weights, and must compute the same 20 losses to 5e-5 before anything is timed. `--rounds` sets how
many turns each candidate has, `--models` which rows there are (`--models lenet,lstm`), `--only`
which candidates besides torch's. Needs the `bench` and `jit` extras. Nothing of minigrad is
imported here: its allocator settings would reach the peers' processes, which start from this file.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Mapping
from functools import partial

from harness import Maker, apart, check_same, imported, in_a_process, interleave, table
from models import EAGER, JAX, MODELS, NUMBA, NUMPY, TORCH

MAKERS: dict[str, tuple[str, dict[str, object]]] = {
    TORCH: ("models_by_torch.step", {}),
    "torch fused": ("models_by_torch.step", {"fused": True}),
    JAX: ("models_by_jax.step", {}),
    EAGER: ("models_by_minigrad.step", {}),
    NUMPY: ("models_by_minigrad.step", {"backend": "numpy"}),
    NUMBA: ("models_by_minigrad.step", {"backend": "numba"}),
}


def makers(key: str, names: list[str]) -> dict[str, Maker]:
    return {name: partial(imported, where, key, **more) for name, (where, more) in _chosen(names)}


def _chosen(names: list[str]) -> list[tuple[str, tuple[str, dict[str, object]]]]:
    return [(name, made) for name, made in MAKERS.items() if name in names]


def peak_memory(make: Maker, steps: int = 20) -> float:
    """The most memory that a process had which made so many steps, in MB."""
    call = make()
    for _ in range(steps):
        call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def against_limits(times: Mapping[str, Mapping[str, float]]) -> str:
    """A line for each limit whose columns have been measured."""
    lines = ["| limit | at most | reached | |", "|---|---|---|---|"]
    for key, row in times.items():
        for (column, peer), limit in MODELS[key].limits.items():
            if column in row and peer in row:
                share = row[column] / row[peer]
                verdict = "met" if share <= limit else "missed"
                lines.append(f"| {key}: {column} / {peer} | {limit} | {share:.2f} | {verdict} |")
    return "\n".join(lines)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Architectures against the others.")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each candidate")
    parser.add_argument("--models", type=lambda text: text.split(","), default=list(MODELS))
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(MAKERS))
    return parser.parse_args()


def main() -> None:
    given = options()
    made = {key: makers(key, [TORCH, *given.only]) for key in given.models}
    for candidates in made.values():
        check_same(candidates)
    times = {
        key: interleave({n: in_a_process(m) for n, m in candidates.items()}, given.rounds)
        for key, candidates in made.items()
    }
    titles = {key: MODELS[key].name for key in made}
    print(table({titles[key]: row for key, row in times.items()}, "us per step"), "\n")
    print(against_limits(times), "\n")
    memory = {
        titles[key]: {name: apart(peak_memory, make) for name, make in candidates.items()}
        for key, candidates in made.items()
    }
    print(table(memory, "MB at most"))


if __name__ == "__main__":
    main()
