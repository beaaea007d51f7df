"""What the compiler did with a function, for reading."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from .memory import Inside, Outside
from .pipeline import Report
from .program import Program, Value

_ROUNDS = 5


@dataclass(frozen=True)
class Explanation:
    """What the compiler did; printed by `str`.

    Attributes:
        name: the function.
        programs: for each program that was made, why.
        passes: what each pass did to the latest program.
        instructions: how many calls the latest program makes.
        arena: bytes of memory that intermediate results share.
        unshared: bytes that they would take without sharing.
        kept: bytes of the results that stay until the next call: gradients.
        blocks: for each chain that is carried out in blocks, how many calls it has, on how many
            elements.
        in_place: results that are written straight to a state or into a concatenation.
        fallbacks: instructions that the backend leaves to NumPy, and why.
        seconds: the time that each section of a call takes.
    """

    name: str
    programs: Sequence[str]
    passes: Sequence[Report]
    instructions: int
    arena: int
    unshared: int
    kept: int
    blocks: Sequence[tuple[int, int]] = ()
    in_place: int = 0
    fallbacks: Sequence[str] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.instructions} calls"]
        lines += [f"  program {n}: {why}" for n, why in enumerate(self.programs, 1)]
        lines.append("passes")
        lines += [f"  {p.name}: {p.before} -> {p.after} calls" for p in _summed(self.passes)]
        lines.append("memory")
        lines.append(f"  results that die: {self.arena:,} bytes ({self.unshared:,} unshared)")
        lines.append(f"  gradients: {self.kept:,} bytes")
        lines.append(f"  {self.in_place} results lie in place at once: new state, flat gradients")
        lines += [
            f"  a chain of {n} calls on {size:,} elements in blocks" for n, size in self.blocks
        ]
        lines += [f"left to NumPy: {what}" for what in self.fallbacks]
        if self.seconds:
            lines.append("time")
            lines += [f"  {part}: {s * 1e6:.1f} us" for part, s in self.seconds.items()]
        return "\n".join(lines)


def _summed(passes: Sequence[Report]) -> list[Report]:
    """The reports of all rounds as one for each pass."""
    removed: dict[str, int] = {}
    for p in passes:
        removed[p.name] = removed.get(p.name, 0) + p.before - p.after
    summed, now = [], passes[0].before if passes else 0
    for name, fewer in removed.items():
        summed.append(Report(name, now, now - fewer))
        now -= fewer
    return summed


def section_seconds(
    source: Any, memory: Mapping[Value, Any], arguments: Sequence[Any]
) -> dict[str, float]:
    """The median time of each section of a printed program, run on copies of its memory."""
    text = re.sub(r"(?m)^(        )# (\w+)$", r'\1_mark("\2")', source.text)
    text = re.sub(r"(?m)^(        )return ", r'\1_mark("")\n\1return ', text, count=1)
    marks: list[tuple[str, float]] = []
    namespace = {
        **source.objects,
        "_mark": lambda section: marks.append((section, time.perf_counter())),
    }
    exec(text, namespace)
    copies = [_copied(memory[v]) for v in source.fixed]
    step, _ = namespace["make"](*copies)
    times: dict[str, list[float]] = {}
    for _ in range(_ROUNDS):
        marks.clear()
        step(*map(_copied, arguments))
        once: dict[str, float] = {}
        for (section, start), (_, stop) in pairwise(marks):
            once[section] = once.get(section, 0.0) + stop - start
        for section, seconds in once.items():
            times.setdefault(section, []).append(seconds)
    return {section: median(seconds) for section, seconds in times.items()}


def _copied(a: Any) -> Any:
    if isinstance(a, np.random.Generator):
        return np.random.default_rng(0)
    return a.copy() if isinstance(a, np.ndarray) else a


def explained(
    name: str,
    program: Program,
    executable: Any,
    memory: Mapping[Value, Any],
    reasons: Sequence[str],
    passes: Sequence[Report],
    arguments: Sequence[Any],
) -> Explanation:
    """Gather what is known about a program, and measure its sections."""
    source = executable.source
    plan = source.plan
    return Explanation(
        name,
        tuple(reasons),
        tuple(passes),
        len(program.instructions),
        plan.arena,
        plan.unshared,
        sum(a.nbytes for a in executable.kept),
        tuple((g.stop - g.first, g.size) for g in source.groups),
        sum(
            isinstance(p, Outside | Inside) for v, p in plan.places.items() if v in program.makers()
        ),
        tuple(getattr(executable, "fallbacks", ())),
        section_seconds(source, memory, arguments),
    )
