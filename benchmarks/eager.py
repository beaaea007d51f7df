"""One eager training step (forward, loss, backward, update) against PyTorch and NumPy by hand.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 python benchmarks/eager.py

float32, two threads, candidates take turns, each time in a fresh process; medians. All start from
the same weights, and must compute the same 20 losses to 5e-5 before anything is timed. Needs the
`parity` extra; the column of MyGrad appears if it is installed.
"""

from __future__ import annotations

import importlib.util
from functools import partial

from cases import CASES, Case
from harness import Maker, check_same, imported, in_a_process, interleave, table


def candidates(case: Case) -> dict[str, Maker]:
    made = {
        "minigrad": partial(imported, "by_minigrad.minigrad_step", case),
        "NumPy by hand": partial(imported, "by_numpy.numpy_step", case),
        "torch eager": partial(imported, "by_torch.torch_step", case),
    }
    if case.optimizer == "Adam":
        made["torch fused"] = partial(imported, "by_torch.torch_step", case, fused=True)
    if importlib.util.find_spec("mygrad"):
        made["MyGrad"] = partial(imported, "by_mygrad.mygrad_step", case)
    return made


def main() -> None:
    rows = {}
    for case in CASES:
        check_same(candidates(case))
        times = interleave({name: in_a_process(make) for name, make in candidates(case).items()})
        speedup = times["torch eager"] / times["minigrad"]
        rows[case.name] = {**times, "x torch eager": speedup, "target": case.target}
    print(table(rows, "us per step"))


if __name__ == "__main__":
    main()
