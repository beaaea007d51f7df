"""What can run a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .executable import Executable
from .numpy_source import printed
from .program import Program, Value
from .scalars import with_scalar_arrays

Memory = Mapping[Value, Any]


def _numpy(program: Program, memory: Memory) -> Executable:
    lowered = with_scalar_arrays(program)
    return Executable(printed(lowered), {**memory, **lowered.constants})


def _numba(program: Program, memory: Memory) -> Any:
    from .numba_backend import NumbaExecutable

    return NumbaExecutable(program, memory)


BACKENDS: dict[str, Callable[[Program, Memory], Any]] = {"numpy": _numpy, "numba": _numba}
