"""An optimizer's update rule, recorded once for each length of array and replayed in place."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .captures import Captures
from .conditions import holds
from .executable import Executable
from .names import identifier
from .numpy_source import Source, printed
from .pipeline import optimized
from .recorder import USUAL_ERRORS, Recorder, RecordingError
from .recording import record
from .scalars import with_scalar_arrays
from .substitution import Substituted

Array = np.ndarray[Any, Any]
Condition = Callable[[Sequence[Any]], bool] | None
Step = Callable[..., Any]

_recorded: dict[Any, list[tuple[Condition, Source]]] = {}


class UpdateRule:
    """`theta, *state = update(theta, g, *state, t=t, **hyper)`, carried out on arrays in place.

    The rule is a formula that makes new arrays. It is recorded once, and what is replayed writes
    to the old ones, by way of a little scratch memory. A rule that cannot be recorded is called as
    it is.

    Args:
        update: the formula.
        slots: the names of the state arrays.
        prepare: what is done before: `theta, g, hyper = prepare(theta, g, hyper)`.
        counters: numbers besides t that change from step to step, and what they start from; the
            formula gets them by name.
        count: what they become: `counters = count(t=t, **counters, **hyper)`.
    """

    def __init__(
        self,
        update: Callable[..., Any],
        slots: Sequence[str],
        prepare: Callable[..., Any] | None = None,
        counters: Mapping[str, float] | None = None,
        count: Callable[..., dict[str, float]] | None = None,
    ) -> None:
        self.update, self.slots, self._prepare = update, slots, prepare
        self.counters, self._count = dict(counters or {}), count
        self._captures = Captures(update)
        self._steps: dict[Any, dict[tuple[int, ...], list[tuple[Condition, Step]]]] = {}
        self._last: tuple[Any, ...] | None = None  # dtype, hyperparameters; they rarely change

    def __reduce__(self) -> Any:
        definition = self.update, self.slots, self._prepare, self.counters, self._count
        return UpdateRule, definition  # what was recorded is recorded again

    def counted(self, t: Any, counters: Mapping[str, Any], hyper: Mapping[str, Any]) -> Any:
        """What the counters are in step t; numbers, or stand-ins for them."""
        return self._count(t=t, **counters, **hyper) if self._count is not None else counters

    def with_numbers(
        self,
        t: int,
        hyper: Mapping[str, Any],
        dtype: np.dtype[Any],
        ready_for: Iterable[list[Array]] = (),
    ) -> Callable[[Array, list[Array]], None]:
        """The rule for step number t: a function of the gradient and of [theta, *state].

        Args:
            ready_for: one [theta, *state] for each length to come, to be recorded now: what
                threads call should not have to be recorded in them.
        """
        if self._captures.change() is not None:
            self._captures, self._steps, self._last = Captures(self.update), {}, None
        if self._last != (last := (dtype, *hyper.values())):
            self._last = last
            self._numbers, self._structure = list(_numbers(hyper)), tuple(_structure(hyper))
            self._of_structure = self._steps.setdefault((self._structure, dtype), {})
        numbers, steps = [t, *self._numbers], self._of_structure

        def step_for(arrays: list[Array]) -> Step:
            form = arrays[0].shape
            step = _applicable(steps.get(form, ()), numbers)
            if step is None:
                condition, step = self._new_step(arrays, numbers, hyper)
                steps.setdefault(form, []).append((condition, step))
            return step

        def update(g: Array, arrays: list[Array]) -> None:
            step_for(arrays)(*arrays, g, *numbers)

        for arrays in ready_for:
            step_for(arrays)
        return update

    def _new_step(
        self, arrays: list[Array], numbers: list[Any], hyper: Mapping[str, Any]
    ) -> tuple[Condition, Step]:
        theta = arrays[0]
        key = self.update, self._prepare, theta.shape, theta.dtype, self._structure
        known = [] if self._captures.variables else _recorded.setdefault(key, [])
        for condition, source in known:
            if condition is None or condition(numbers):
                return condition, Executable(source, source.constants).step
        if self._captures.holds_state():
            return None, self._plain(hyper)
        try:
            condition, source = self._record_alone(arrays, numbers[0], hyper)
        except RecordingError:
            return None, self._plain(hyper)
        known.append((condition, source))
        return condition, Executable(source, source.constants).step

    def _record_alone(
        self, given: list[Array], t: int, hyper: Mapping[str, Any]
    ) -> tuple[Condition, Source]:
        """Record one step on arrays of ones."""
        names = ("theta", *self.slots, "g")

        def run(recorder: Recorder) -> None:
            recorder.section("update")
            ones = map(np.ones_like, (*given, given[0]))
            *arrays, g = (recorder.input(a, n) for a, n in zip(ones, names, strict=True))
            step = recorder.input(t, "t")
            carry_out = Substituted(self._carry_out, self._captures, recorder)
            carry_out(arrays, g, step, _traced(recorder, hyper))

        with np.errstate(**USUAL_ERRORS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            recording = record(identifier("_".join(self.update.__qualname__.split(".")[-2:])), run)
        program, _ = optimized(recording.program)
        return holds(recording.program, recording.conditions), printed(with_scalar_arrays(program))

    def _carry_out(self, arrays: Sequence[Any], g: Any, t: Any, hyper: Mapping[str, Any]) -> None:
        theta, *state = arrays
        if self._prepare is not None:
            theta, g, hyper = self._prepare(theta, g, hyper)
        for old, new in zip(arrays, self.update(theta, g, *state, t=t, **hyper), strict=True):
            old[...] = new

    def _plain(self, hyper: Mapping[str, Any]) -> Step:
        def step(*args: Any) -> None:
            n = 1 + len(self.slots)
            self._carry_out(args[:n], args[n], args[n + 1], hyper)

        return step

    def record(self, recorder: Any, run: Any, g: Any, arrays: Any, hyper: Any) -> None:
        """The step as a part of a larger program, on stand-ins for arrays and hyperparameters.

        Args:
            run: the object whose `t` and `counters` the program reads, and sets.
        """
        t = recorder.number(vars(run), "t", "steps") + 1
        t.symbol.name = "t"
        recorder.set_number(vars(run), "t", t)
        before = {key: recorder.number(run.counters, key, key) for key in run.counters}
        counters = self.counted(t, before, hyper)
        for key in run.counters:
            recorder.set_number(run.counters, key, counters[key])
        self._carry_out(arrays, g, t, {**hyper, **counters})


def _applicable(steps: Sequence[tuple[Condition, Step]], numbers: Sequence[Any]) -> Step | None:
    """The step whose recording took the branches that these numbers lead to."""
    for condition, step in steps:
        if condition is None or condition(numbers):
            return step
    return None


def _numbers(hyper: Mapping[str, Any]) -> Iterator[float]:
    """The floats among the hyperparameters; the rest (switches, names) is part of the program."""
    for value in hyper.values():
        for a in value if isinstance(value, tuple) else (value,):
            if isinstance(a, float):
                yield a


def _structure(hyper: Mapping[str, Any]) -> Iterator[Any]:
    """What distinguishes hyperparameters apart from their floats."""
    for key, value in hyper.items():
        members = value if isinstance(value, tuple) else (value,)
        yield key, tuple(float if isinstance(a, float) else (type(a), a) for a in members)


def _traced(recorder: Recorder, hyper: Mapping[str, Any]) -> dict[str, Any]:
    def named(key: str, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(named(f"{key.removesuffix('s')}{k}", a) for k, a in enumerate(value, 1))
        return recorder.input(value, key) if isinstance(value, float) else value

    return {key: named(key, value) for key, value in hyper.items()}


class _Elements:
    """The elements of a tuple among the hyperparameters, whichever tuple that is at the time."""

    def __init__(self, hyper: Any, key: str) -> None:
        self.hyper, self.key = hyper, key

    def __getitem__(self, k: int) -> Any:
        return self.hyper[self.key][k]


def state_numbers(recorder: Any, hyper: Any, key: str) -> Any:
    """The stand-in for a hyperparameter, which the program reads anew at each call."""
    value = hyper[key]
    if isinstance(value, tuple):
        elements = _Elements(hyper, key)
        singular = key.removesuffix("s")
        return tuple(
            recorder.number(elements, k, f"{singular}{k + 1}")
            if isinstance(a, float)
            else recorder.static(elements, k)
            for k, a in enumerate(value)
        )
    if isinstance(value, float):
        return recorder.number(hyper, key, key)
    return recorder.static(hyper, key)
