"""What a program assumes about numbers: the outcomes of the branches that its recording took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .dead import remove_dead
from .executable import Executable
from .numpy_source import printed
from .program import Program, Value


def holds(
    program: Program, conditions: Sequence[tuple[Value, bool]]
) -> Callable[[Sequence[Any]], bool] | None:
    """A test of whether the same branches would be taken again.

    Args:
        program: what was recorded.
        conditions: values of the program, and what was found for each.

    Returns:
        A function of the program's numbers, in the order of its arguments; None if there was no
        branch.
    """
    if not conditions:
        return None
    tested = replace(
        program,
        name="conditions",
        instructions=[i for i in program.instructions if not i.has_effect],
        inputs=[v for v in program.inputs if v.is_number],
        state=[v for v in program.state if v.is_number],
        outputs=[v for v, _ in conditions],
        constants={},
        writes={},
        kept=[],
    )
    step = Executable(printed(remove_dead(tested)), {}).step
    expected = tuple(outcome for _, outcome in conditions)
    return lambda numbers: tuple(map(bool, step(*numbers))) == expected
