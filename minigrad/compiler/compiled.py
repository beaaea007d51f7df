"""`mg.compile`: a function that is recorded when it is called, and replayed from then on."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..modes import active_recorder, active_watcher, is_grad_enabled
from ..tensor import Tensor
from . import signature
from .backends import BACKENDS
from .captures import Captures
from .explanation import Explanation, explained
from .loop import Calls, stacked
from .memory_owners import bind_all
from .names import identifier
from .pipeline import optimized
from .program import Program, Value
from .recorder import Recorder
from .recording import Recording, record
from .specialisation import Specialisation
from .substitution import Substituted


class CacheInfo(NamedTuple):
    """As of `functools.lru_cache`: calls that found a program, that made one, and programs."""

    hits: int
    misses: int
    maxsize: int
    currsize: int


@dataclass(frozen=True)
class _Entry:
    """A program, and the arguments that it is for.

    Attributes:
        key: what the arguments must be like; see `signature.key_of`.
        forms: the same once more if all arguments are arrays, for a quick look; else None.
        program: the program.
    """

    key: Any
    forms: list[tuple[Any, ...]] | None
    program: Specialisation

    def takes_arrays(self, args: tuple[Any, ...]) -> bool:
        """Whether these are arrays for which the program was made."""
        if self.forms is None or len(args) != len(self.forms) or self.key[0] != is_grad_enabled():
            return False
        for a, (shape, dtype, strides) in zip(args, self.forms, strict=True):
            if type(a) is not np.ndarray or a.shape != shape:
                return False
            if a.dtype is not dtype or a.strides != strides:
                return False
        return True


class Compiled:
    """A compiled function; see `compile`."""

    def __init__(self, fn: Callable[..., Any], backend: str, maxsize: int) -> None:
        functools.update_wrapper(self, fn)
        self.__name__ = getattr(fn, "__name__", type(fn).__name__)  # a module has none
        self._fn = fn
        self._backend = backend
        self._maxsize = maxsize
        self._entries: list[_Entry] = []  # the latest used first
        self._hits = self._misses = 0
        self._reasons: list[str] = []
        self._last_inputs: Sequence[Any] = ()

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """A method, compiled for each object."""
        if instance is None:
            return self
        bound = Compiled(self._fn.__get__(instance, owner), self._backend, self._maxsize)
        vars(instance)[self.__name__] = bound
        return bound

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # A part of another program, or somebody wants to look at each result.
        if active_recorder() is not None or active_watcher() is not None:
            return self._fn(*args, **kwargs)
        entries = self._entries
        if entries and not kwargs and entries[0].takes_arrays(args):
            inputs: Sequence[Any] = args
            arguments: Sequence[Any] = args
            program = entries[0].program if entries[0].program.obstacle(args) is None else None
        else:
            program = None
        if program is None:
            arguments = signature.varying((args, kwargs))
            inputs = [signature.value(a) for a in arguments]
            key = is_grad_enabled(), signature.key_of(args), signature.key_of(kwargs)
            program = self._find(key, inputs)
            if program is None:
                return self._record(key, inputs, args, kwargs)
        self._hits += 1
        self._last_inputs = inputs
        return program.packed(program(inputs, arguments))

    def _find(self, key: Any, inputs: Sequence[Any]) -> Specialisation | None:
        self._reason = "arguments of another form" if self._entries else "the first call"
        for k, entry in enumerate(self._entries):
            if entry.key == key:
                obstacle = entry.program.obstacle(inputs)
                if obstacle is None:
                    self._entries.insert(0, self._entries.pop(k))
                    return entry.program
                self._reason = obstacle
        return None

    def _record(self, key: Any, inputs: Sequence[Any], args: Any, kwargs: Any) -> Any:
        bind_all()
        captures = Captures(self._fn, tuple(signature.constant((args, kwargs))))

        def run(recorder: Recorder) -> Any:
            fn = Substituted(self._fn, captures, recorder)
            places = itertools.count()

            def stand_in(a: Any, name: str) -> Any:
                place = next(places)
                if isinstance(a, Tensor):
                    return recorder.adopt_input(a, name, place)
                return recorder.input(a, name)

            new = signature.with_stand_ins(self._fn, args, kwargs, stand_in)
            return fn(*new[0], **new[1])

        recording = record(identifier(self.__name__), run)
        program, passes = optimized(recording.program)
        executable = BACKENDS[self._backend](program, _memory(recording, program))
        new = Specialisation(recording, program, executable, captures)
        forms = None
        if not kwargs and all(type(a) is np.ndarray for a in args):
            forms = [(a.shape, a.dtype, a.strides) for a in args]
        self._entries.insert(0, _Entry(key, forms, new))
        del self._entries[self._maxsize :]
        self._passes = passes
        self._last_inputs = inputs
        self._misses += 1
        self._reasons.append(self._reason)
        return recording.result

    @property
    def recorded(self) -> Program:
        """The program of the latest call as it was recorded, before any pass.

        Raises:
            RuntimeError: there was no call yet.
        """
        return self._latest().recording.program

    @property
    def program(self) -> Program:
        """The program of the latest call, after the passes.

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
        return str(self._latest().executable.source.text).rstrip("\n")

    def _latest(self) -> Specialisation:
        if not self._entries:
            raise RuntimeError(
                f"{self.__name__} has not been called yet: its program is recorded by the "
                "first call"
            )
        return self._entries[0].program

    def explain(self) -> Explanation:
        """What each pass did to the latest program, its memory, and where the time of a call goes.

        The times of the sections are measured now, on copies of the program's memory.

        Raises:
            RuntimeError: there was no call yet.
        """
        latest = self._latest()
        numbers = latest.number_arguments()
        return explained(
            self.__name__,
            latest.program,
            latest.executable,
            self._reasons,
            self._passes,
            [*self._last_inputs, *numbers],
        )

    def loop(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function for each element along the first axis of its arguments.

        Args:
            args, kwargs: arrays and tensors, or nested tuples, lists and dicts of these, each with
                a first axis of the same length n; what is not an array is the same at each call.

        Returns:
            What the function returns, with a new first axis of length n.

        Raises:
            ValueError: the lengths differ, or there is no array.
        """
        calls = Calls(args, kwargs)
        results: list[Any] = []
        settled = False  # once a call has found its program, and the next ones must find the same
        while not settled and len(results) < calls.length:
            hits = self._hits
            args, kwargs = calls.at(len(results))
            results.append(self(*args, **kwargs))
            settled = self._hits > hits and self._latest().keeps_its_guards
        rest = list(calls.inputs_from(len(results)))
        if rest:
            program = self._latest()
            results += [program.packed(program(inputs, ())) for inputs in rest]
            self._hits += len(rest)
        return stacked(results)

    def cache_info(self) -> CacheInfo:
        """How many calls found a program, and how many made one."""
        return CacheInfo(self._hits, self._misses, self._maxsize, len(self._entries))

    def cache_clear(self) -> None:
        """Forget all programs."""
        self._entries.clear()
        self._hits = self._misses = 0


def _memory(recording: Recording, program: Program) -> dict[Value, Any]:
    """The arrays and generators that the program works on."""
    generators = {v: place.read() for v, place in recording.places.items()}
    return {**recording.arrays, **generators, **program.constants}


def compile(
    fn: Callable[..., Any] | None = None, *, backend: str = "numpy", maxsize: int = 16
) -> Any:
    """Record a function when it is called, and replay it as one flat program from then on.

    The program consists of the NumPy calls that the function makes: forward, backward and update.
    It is optimised, printed as Python (`source`), and run in memory that is laid out once. Where
    shapes, modes or the structure of the state are others, another program is recorded.

    With the NumPy backend the results are those of the function itself, to the last bit; with
    Numba they agree to about 1e-5, relatively.

    Args:
        fn: a function of arrays, tensors, floats, nested tuples, lists and dicts of these, and of
            anything else, which then is part of what the program is for. It may train modules and
            step optimizers. Left out: a decorator with options.
        backend: "numpy", or "numba", which needs the extra `jit`.
        maxsize: how many programs are kept, the latest used.

    Returns:
        A `Compiled` function, with
        `source`: the latest program as Python source, which needs nothing but NumPy;
        `program` and `recorded`: the same as a `Program`, after and before the passes;
        `explain()`: what was done, the memory, the time of each section;
        `loop(xs, ys)`: many calls in one;
        `cache_info()` and `cache_clear()`, as of `functools.lru_cache`.

    Raises:
        ValueError: an unknown backend.
        ImportError: the backend is not installed.
        RecordingError: (at a call) the function does something that a program could not repeat,
            such as a branch on the values of an array. Nothing has changed then.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter(np.array([1.0, 2.0]))
        >>> optimizer = mg.optim.SGD([("w", w)], lr=0.25)
        >>> @mg.compile
        ... def step(x):
        ...     loss = ((w - x) ** 2).sum()
        ...     optimizer.zero_grad()
        ...     loss.backward()
        ...     optimizer.step()
        ...     return loss
        >>> [step(np.zeros(2)).item() for _ in range(3)]
        [5.0, 1.25, 0.3125]
        >>> step.cache_info()
        CacheInfo(hits=2, misses=1, maxsize=16, currsize=1)
        >>> print(step.source.partition("# update")[2])
        <BLANKLINE>
                t = steps + 1
                np.multiply(lr, d_w, out=product)                                 # (2,)
                np.subtract(theta, product, out=theta)                            # (2,)
                return (loss.copy(), t)
        <BLANKLINE>
            return step, (d_w,)
    """
    if fn is None:
        return functools.partial(compile, backend=backend, maxsize=maxsize)
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    return Compiled(fn, backend, maxsize)
