"""Compiled training steps, and Adam alone, against PyTorch, JAX and NumPy by hand.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 python benchmarks/compiled.py

float32, two threads, candidates take turns, each time in a fresh process; medians. All start from
the same weights, and must compute the same 20 losses to 5e-5 before anything is timed. In a loop,
200 steps are one call: JAX's goes over one batch again and again, minigrad's over 200 of them.
Needs the `bench` extra, and `jit` for the columns of Numba. `--rounds` sets how many turns each
candidate has, `--cases` which rows there are (as in `--cases a,small`), and `--torch-compile` adds
a column, with half a minute a turn. Nothing of minigrad is imported here: its allocator settings
would reach the peers' processes, which start from this file.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryDirectory

from cases import CASES, Case
from harness import Maker, apart, check_same, first_call, imported, in_a_process, interleave, table

STEPS = 200  # in one call of a loop
JAX = "jax.jit"
NUMPY = "compiled (numpy)"
NUMBA = "compiled (numba)"
COMPILERS = ("torch.compile", JAX, NUMPY, NUMBA)

ADAM_ALONE = {
    "small": ("Adam alone, 100 x (32, 32)", (100, (32, 32))),
    "large": ("Adam alone, 4 x (1000, 1000)", (4, (1000, 1000))),
}


@dataclass(frozen=True)
class Target:
    """At most so many times the time of another candidate."""

    row: str
    column: str
    limit: float
    other: str


TARGETS = [
    Target("a", NUMPY, 0.5, JAX),
    Target("b", NUMPY, 0.65, JAX),
    Target("c", NUMPY, 1.2, JAX),
    Target("large", NUMPY, 0.8, "torch"),
    Target("a", NUMBA, 0.2, JAX),
    Target("b", NUMBA, 0.3, JAX),
    Target("c", NUMBA, 0.8, JAX),
    Target("small", NUMBA, 0.3, JAX),
    Target("large", NUMBA, 1.1, "torch fused"),
]


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        title: what is done in a step.
        makers: the candidates by the names of their columns.
        timed_only: the same for what computes no losses.
    """

    title: str
    makers: Mapping[str, Maker]
    timed_only: Mapping[str, Maker]


def rows(options: argparse.Namespace) -> dict[str, Row]:
    """The rows that were asked for, by their short names."""
    networks = {case.name[1]: network_row(case, options.torch_compile) for case in CASES}
    updates = {
        key: Row(title, update_makers(size, options.torch_compile), {})
        for key, (title, size) in ADAM_ALONE.items()
    }
    every = networks | updates
    return {key: every[key] for key in options.cases or every}


def network_row(case: Case, torch_compile: bool) -> Row:
    made = {
        "NumPy by hand": partial(imported, "by_numpy.numpy_step", case),
        "torch": partial(imported, "by_torch.torch_step", case),
        "torch fused": partial(imported, "by_torch.torch_step", case, fused=True),
    }
    if torch_compile:
        made["torch.compile"] = partial(imported, "by_torch.torch_step", case, compiled=True)
    made |= {
        JAX: partial(imported, "by_jax.jax_step", case),
        "jax loop": partial(imported, "by_jax.jax_step", case, STEPS),
        "minigrad": partial(imported, "by_minigrad.minigrad_step", case),
        NUMPY: partial(imported, "by_minigrad.minigrad_step", case, "numpy"),
    }
    if has_numba():
        made[NUMBA] = partial(imported, "by_minigrad.minigrad_step", case, "numba")
        made["loop (numba)"] = partial(imported, "by_minigrad.minigrad_step", case, "numba", STEPS)
    return Row(case.name, made, {"products alone": partial(imported, "by_numpy.products", case)})


def update_makers(size: tuple[int, tuple[int, ...]], torch_compile: bool) -> dict[str, Maker]:
    made = {
        "NumPy by hand": partial(imported, "adam_alone.by_numpy", *size),
        "torch": partial(imported, "adam_alone.by_torch", *size),
        "torch fused": partial(imported, "adam_alone.by_torch", *size, fused=True),
    }
    if torch_compile:
        made["torch.compile"] = partial(imported, "adam_alone.by_torch", *size, compiled=True)
    made |= {
        JAX: partial(imported, "adam_alone.by_jax", *size),
        "jax loop": partial(imported, "adam_alone.by_jax", *size, STEPS),
        "minigrad": partial(imported, "adam_alone.by_minigrad", *size),
        NUMPY: partial(imported, "adam_alone.by_minigrad", *size, "numpy"),
    }
    if has_numba():
        made[NUMBA] = partial(imported, "adam_alone.by_minigrad", *size, "numba")
    return made


def has_numba() -> bool:
    """Whether there is Numba, and a backend for it."""
    names = ("numba", "minigrad.compiler.numba_backend")
    return all(importlib.util.find_spec(name) for name in names)


def measured(row: Row, rounds: int) -> dict[str, float]:
    """Microseconds a step."""
    turns = {
        name: in_a_process(make, steps=STEPS if "loop" in name else 1)
        for name, make in {**row.makers, **row.timed_only}.items()
    }
    return interleave(turns, rounds)


def first_calls(row: Row) -> dict[str, float]:
    """Seconds until a compiler's first result, in a fresh process each, with nothing on disk.

    Numba's again, in another process that finds on disk what the first one compiled.
    """
    made = {name: row.makers[name] for name in COMPILERS if name in row.makers}
    with TemporaryDirectory() as folder:
        os.environ |= {"MINIGRAD_CACHE": folder, "TORCHINDUCTOR_CACHE_DIR": folder}
        seconds = {name: apart(first_call, make) for name, make in made.items()}
        if NUMBA in made:
            seconds["numba, from disk"] = apart(first_call, made[NUMBA])
    return seconds


def bytes_of(case: Case) -> dict[str, float]:
    """Kilobytes that a step takes for intermediate results and gradients."""
    made = ("by_minigrad.eager_bytes", "by_minigrad.compiled_bytes")
    eager, compiled = (apart(imported, function, case) for function in made)
    return {"minigrad": eager / 1e3, "compiled": compiled / 1e3, "ratio": compiled / eager}


def against_targets(times: Mapping[str, Mapping[str, float]], shown: Mapping[str, Row]) -> str:
    """A line for each target whose row and columns have been measured."""
    lines = ["| target | limit | reached | |", "|---|---|---|---|"]
    for t in TARGETS:
        row = times.get(t.row, {})
        if t.column in row and t.other in row:
            share = row[t.column] / row[t.other]
            verdict = "met" if share <= t.limit else "missed"
            what = f"{shown[t.row].title}: {t.column} / {t.other}"
            lines.append(f"| {what} | {t.limit:.2f} | {share:.2f} | {verdict} |")
    return "\n".join(lines)


def titled(cells: Mapping[str, dict[str, float]], shown: Mapping[str, Row]) -> dict[str, dict]:
    return {shown[key].title: row for key, row in cells.items()}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compiled steps against the others.")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each candidate")
    parser.add_argument("--cases", type=lambda text: text.split(","), help="such as a,b,small")
    parser.add_argument("--torch-compile", action="store_true", help="time torch.compile too")
    return parser.parse_args()


def main() -> None:
    given = options()
    shown = rows(given)
    for row in shown.values():
        check_same(row.makers)
    times = {key: measured(row, given.rounds) for key, row in shown.items()}
    print(table(titled(times, shown), "us per step"), "\n")
    print(against_targets(times, shown), "\n")
    print(table(titled({k: first_calls(r) for k, r in shown.items()}, shown), "s, first call"))
    memory = {case.name: bytes_of(case) for case in CASES if case.name[1] in shown}
    if memory:
        print("\n" + table(memory, "kB"))


if __name__ == "__main__":
    main()
