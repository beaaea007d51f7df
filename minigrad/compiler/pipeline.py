"""The passes that improve a program, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .algebra import simplify
from .dead import remove_dead
from .folding import fold_constants
from .program import Program
from .subexpressions import merge_common

Pass: TypeAlias = Callable[[Program], Program]

# Folding first: a constant that turns out to be 1 is what a rule of algebra waits for. The calls
# that these two make equal are merged then, and what nobody reads any more is left out at last.
PASSES: tuple[tuple[str, Pass], ...] = (
    ("fold constants", fold_constants),
    ("simplify", simplify),
    ("merge common subexpressions", merge_common),
    ("remove dead code", remove_dead),
)
_MOST_ROUNDS = 10


@dataclass(frozen=True)
class Report:
    """What a pass did.

    Attributes:
        name: the name of the pass.
        before: instructions that the program had.
        after: instructions that it has now.
    """

    name: str
    before: int
    after: int


def stages(program: Program) -> Iterator[tuple[int, str, Program]]:
    """Run the passes in turn, again and again, until none of them changes anything.

    Every pass keeps the program's results to the last bit.

    Args:
        program: what was recorded; it is left as it is.

    Yields:
        The number of the round, from 1, the name of the pass and the program after it; of rounds
        that change something.
    """
    for number in range(1, _MOST_ROUNDS + 1):
        start, of_this_round = program, []
        for name, improve in PASSES:
            program = improve(program)
            of_this_round.append((number, name, program))
        if program is start:
            return
        yield from of_this_round


def optimized(program: Program) -> tuple[Program, list[Report]]:
    """Run all passes; see `stages`.

    Returns:
        The improved program, and a report for each pass of each round that changed something.
    """
    reports: list[Report] = []
    for _, name, improved in stages(program):
        reports.append(Report(name, len(program.instructions), len(improved.instructions)))
        program = improved
    return program, reports
