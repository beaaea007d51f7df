"""`mg.compile`: a function that is recorded when it is called, and replayed from then on."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..modes import is_grad_enabled
from ..tensor import Tensor
from . import signature
from .captures import Captures, Rebuilt
from .backends import BACKENDS
from .memory_owners import bind_all
from .names import identifier
from .pipeline import optimized
from .program import Program, Value, mapped
from .recorder import Recorder
from .recording import Recording, record
from .specialisation import Specialisation


class CacheInfo(NamedTuple):
    """As of `functools.lru_cache`: calls that found a program, that made one, and programs."""

    hits: int
    misses: int
    maxsize: int
    currsize: int


class Compiled:
    """A compiled function; see `compile`."""

    def __init__(self, fn: Callable[..., Any], backend: str, maxsize: int) -> None:
        functools.update_wrapper(self, fn)
        self._fn = fn
        self._backend = backend
        self._maxsize = maxsize
        self._programs: list[tuple[Any, Specialisation]] = []  # the latest used first
        self._hits = self._misses = 0
        self._reasons: list[str] = []

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """A method, compiled for each object."""
        if instance is None:
            return self
        bound = Compiled(self._fn.__get__(instance, owner), self._backend, self._maxsize)
        vars(instance)[self._fn.__name__] = bound
        return bound

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arguments = signature.varying((args, kwargs))
        inputs = [signature.value(a) for a in arguments]
        key = is_grad_enabled(), signature.key_of(args), signature.key_of(kwargs)
        found = self._find(key, inputs)
        if found is None:
            return self._record(key, args, kwargs)
        self._hits += 1
        outputs = iter(found(inputs, arguments))
        return mapped(found.program.outputs, lambda v: next(outputs) if isinstance(v, Value) else v)

    def _find(self, key: Any, inputs: list[Any]) -> Specialisation | None:
        self._reason = "arguments of another form" if self._programs else "the first call"
        for k, (program_key, program) in enumerate(self._programs):
            if program_key == key:
                obstacle = program.obstacle(inputs)
                if obstacle is None:
                    if k:
                        self._programs.insert(0, self._programs.pop(k))
                    return program
                self._reason = obstacle
        return None

    def _record(self, key: Any, args: Any, kwargs: Any) -> Any:
        bind_all()
        captures = Captures(self._fn)
        bound = inspect.signature(self._fn).bind(*args, **kwargs)

        def run(recorder: Recorder) -> Any:
            fn = Rebuilt(self._fn, captures, recorder)
            places = itertools.count()

            def stand_in(a: Any, name: str) -> Any:
                place = next(places)
                if isinstance(a, Tensor):
                    return recorder.adopt_input(a, name, place)
                return recorder.input(np.asarray(a) if isinstance(a, np.generic) else a, name)

            for name, a in bound.arguments.items():
                bound.arguments[name] = signature.replaced(a, stand_in, name)
            return fn(*bound.args, **bound.kwargs)

        recording = record(identifier(self._fn.__name__), run)
        program, _ = optimized(recording.program)
        executable = BACKENDS[self._backend](program, _memory(recording, program))
        new = Specialisation(recording, program, executable, captures)
        self._programs.insert(0, (key, new))
        del self._programs[self._maxsize :]
        self._misses += 1
        self._reasons.append(self._reason)
        return recording.result

    @property
    def program(self) -> Program:
        """The program of the latest call.

        Raises:
            RuntimeError: there was no call yet.
        """
        return self._latest().program

    @property
    def source(self) -> str:
        """The program of the latest call, printed as Python: it needs nothing but NumPy.

        Raises:
            RuntimeError: there was no call yet.
        """
        return str(self._latest().executable.source.text)

    def _latest(self) -> Specialisation:
        if not self._programs:
            raise RuntimeError(
                f"{self._fn.__name__} has not been called yet: its program is recorded by the "
                "first call"
            )
        return self._programs[0][1]

    def cache_info(self) -> CacheInfo:
        """How many calls found a program, and how many made one."""
        return CacheInfo(self._hits, self._misses, self._maxsize, len(self._programs))

    def cache_clear(self) -> None:
        """Forget all programs."""
        self._programs.clear()
        self._hits = self._misses = 0


def _memory(recording: Recording, program: Program) -> dict[Value, Any]:
    """The arrays and generators that the program works on."""
    generators = {v: place.read() for v, place in recording.places.items()}
    return {**recording.arrays, **generators, **program.constants}


def compile(
    fn: Callable[..., Any] | None = None, *, backend: str = "numpy", maxsize: int = 16
) -> Any:
    """Record a function when it is called, and replay it as one flat NumPy program from then on.

    Args:
        fn: the function.
        maxsize: how many programs are kept, the latest used.
    """
    if fn is None:
        return functools.partial(compile, backend=backend, maxsize=maxsize)
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    return Compiled(fn, backend, maxsize)
