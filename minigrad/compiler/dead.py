"""Dead code: calls whose results nobody needs."""

from __future__ import annotations

from dataclasses import replace

from .program import Program


def remove_dead(program: Program) -> Program:
    """Leave out the calls whose results are not needed, and the constants nobody reads.

    A call is needed if its result is one of the program's, if a needed call reads it, or if it
    has an effect.

    Args:
        program: what is walked through, from the last instruction to the first.

    Returns:
        The shorter program, on the same values; `program` itself if all of it is needed.
    """
    needed = set(program.results)
    alive = []
    for i in reversed(program.instructions):
        if i.has_effect or i.out in needed:
            alive.append(i)
            needed.update(i.reads)
    constants = {v: a for v, a in program.constants.items() if v in needed}
    if len(alive) == len(program.instructions) and len(constants) == len(program.constants):
        return program
    return replace(program, instructions=alive[::-1], constants=constants)
