"""Putting other instructions, or values that are there already, in the place of instructions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from .program import Instruction, Program, Value

Rewrite: TypeAlias = Callable[[Instruction], "Instruction | Value | float"]


def rewritten(
    program: Program, rewrite: Rewrite, replaced: Mapping[Value, Value] | None = None
) -> Program:
    """The program with each instruction replaced by what `rewrite` makes of it.

    Values keep their identity where nothing changed; the program itself is left as it was. A
    replacement that has no name takes over the name of the value it replaces.

    Args:
        program: what is walked through, from the first instruction to the last.
        rewrite: receives each instruction, on the values that have replaced its operands. It
            returns an instruction (that one, or another one in its place), or else a value or a
            number which is known at that point and stands for the result from there on.
        replaced: values that others stand for from the beginning.

    Returns:
        The new program; `program` itself if nothing changed.
    """
    new: dict[Value, Any] = dict(replaced or {})
    instructions = []
    for i in program.instructions:
        made = rewrite(_on_new_values(i, new))
        result = made
        if isinstance(made, Instruction):
            instructions.append(made)
            result = made.out
        if result is not i.out:
            new[i.out] = result
    if not new:
        return program
    return _with_names(program.with_instructions(instructions, new), new)


def _on_new_values(i: Instruction, new: Mapping[Value, Any]) -> Instruction:
    """The instruction on other operands; its result is then a view of another value, too."""
    i = i.renamed(new)
    base = i.out.base
    return i if base is None or base not in new else _making(i, base=new[base])


def _making(i: Instruction, **changes: Any) -> Instruction:
    """The instruction with a result that is described in another way."""
    return replace(i, out=replace(i.out, **changes))


def _with_names(program: Program, replaced: Mapping[Value, Any]) -> Program:
    """Hand the names of replaced values over, and keep cotangents tied to their values."""
    givers: dict[Any, Value] = {}
    for old, now in replaced.items():
        if isinstance(now, Value) and _says(old) > _says(now):
            givers.setdefault(now, old)
    new: dict[Value, Value] = {}
    instructions = []
    for i in program.instructions:
        giver = givers.get(i.out, i.out)
        of: Any = replaced.get(giver.cotangent_of, giver.cotangent_of)  # type: ignore[arg-type]
        of = new.get(of, of)
        moved = _on_new_values(i, new)
        if (moved.out.name, moved.out.cotangent_of) != (giver.name, of):
            moved = _making(moved, name=giver.name, cotangent_of=of)
        if moved.out is not i.out:
            new[i.out] = moved.out
        instructions.append(moved)
    return program.with_instructions(instructions, new)


def _says(v: Value) -> int:
    """How much a reader learns from what a value is called: a name tells most, nothing least."""
    return 2 if v.name is not None else 1 if v.cotangent_of is not None else 0
