"""What the compiler did with a function, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .pipeline import Report
from .program import Program


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


def explained(
    name: str,
    program: Program,
    executable: Any,
    reasons: Sequence[str],
    passes: Sequence[Report],
    arguments: Sequence[Any],
) -> Explanation:
    """Gather what is known about a program, and measure its sections."""
    layout = executable.layout(program)
    return Explanation(
        name,
        tuple(reasons),
        tuple(passes),
        len(program.instructions),
        layout.arena,
        layout.unshared,
        sum(a.nbytes for a in executable.kept),
        layout.blocks,
        layout.in_place,
        tuple(executable.fallbacks),
        executable.seconds(arguments),
    )
