"""Running a printed program."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .memory import Inside, Outside
from .numpy_source import Source
from .program import Program, Value
from .timing import section_seconds

_number = itertools.count(1)


@dataclass(frozen=True)
class Layout:
    """What a person may ask about a program's memory.

    Attributes:
        arena: bytes of the memory that results share.
        unshared: bytes that they would take without sharing.
        in_place: results that lie in a state or in a concatenation from the start.
        blocks: for each chain that is carried out in blocks, its calls and its elements.
    """

    arena: int
    unshared: int
    in_place: int
    blocks: tuple[tuple[int, int], ...] = ()


class Executable:
    """A printed program with its memory.

    Args:
        source: the printed program.
        memory: the array or generator for each value that `source.fixed` lists.

    Attributes:
        source: the printed program.
        memory: as given.
        step: the function, of `source.arguments`; returns `source.results`.
        kept: the arrays that hold the program's `kept` values after a call.
        fallbacks: none: NumPy carries out everything.
    """

    fallbacks: tuple[str, ...] = ()
    step: Callable[..., tuple[Any, ...]]

    def __init__(self, source: Source, memory: Mapping[Value, Any]) -> None:
        self.source = source
        self.memory = memory
        file = f"<minigrad program {next(_number)}>"
        lines = source.text.splitlines(keepends=True)
        linecache.cache[file] = (len(source.text), None, lines, file)  # tracebacks show the line
        namespace = dict(source.objects)
        exec(compile(source.text, file, "exec"), namespace)
        self.step, self.kept = namespace["make"](*(memory[v] for v in source.fixed))

    def layout(self, program: Program) -> Layout:
        """What `explain` tells about the memory."""
        plan, makers = self.source.plan, program.makers()
        placed = [p for v, p in plan.places.items() if v in makers]
        in_place = sum(isinstance(p, Outside | Inside) for p in placed)
        blocks = tuple((g.stop - g.first, g.size) for g in self.source.groups)
        return Layout(plan.arena, plan.unshared, in_place, blocks)

    def seconds(self, arguments: Sequence[Any]) -> dict[str, float]:
        """The time of each section."""
        memory = [self.memory[v] for v in self.source.fixed]
        return section_seconds(self.source, memory, arguments)
