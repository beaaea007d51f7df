"""Running a printed program."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Mapping
from typing import Any

from .numpy_source import Source
from .program import Value

_number = itertools.count(1)


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
    """

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
