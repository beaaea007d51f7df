"""Parameters of one dtype in one contiguous buffer, updated block by block.

A block is a stretch of the buffer small enough for the processor's cache: several small parameters
together, or a part of a large one. So a step costs a handful of NumPy calls however many layers
there are, and a large parameter makes one trip through memory.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ..compiler import UpdateRule, at_once, block_of, keeps_data, lanes_for
from ..frames import users_line
from ..modes import changed
from ..parameter import Parameter
from ..tensor import Array
from ..writes import record_write


class Block:
    """A stretch of the buffer, and of the arrays with the state of its update rule."""

    def __init__(self, run: Run, start: int, stop: int, buffer: Buffer) -> None:
        ranges = [(p, end - p.size, end) for p, end in zip(run.parameters, run.ends, strict=True)]
        members = [r for r in ranges if r[1] < stop and r[2] > start]
        self.parameters = [p for p, _, _ in members]
        self.arrays = [a[start:stop] for a in (buffer.theta, *buffer.state)]
        self.part: slice | None = None  # of the one parameter that is larger than a block
        if len(members) == 1:
            begin = members[0][1]
            self.part = slice(start - begin, stop - begin)

    def gradient(self) -> Array:
        """The gradients of the block's parameters, in a row."""
        rows = [p._grad._data.reshape(-1) for p in self.parameters]  # type: ignore[union-attr]
        if self.part is not None:
            return rows[0][self.part]
        return np.concatenate(rows)


def carried_out(lane: tuple[Callable[..., None], Iterable[Block]]) -> None:
    """Update the blocks of a lane one after the other."""
    update, blocks = lane
    for block in blocks:
        update(block.gradient(), block.arrays)


class Run:
    """Neighbouring parameters which have made as many steps `t`, and are updated together.

    `counters` are other numbers that change from step to step; see `UpdateRule`.
    """

    def __init__(
        self, parameters: Sequence[Parameter], ends: Sequence[int], clock: Mapping[str, Any]
    ) -> None:
        self.parameters = parameters
        self.ends = ends
        self.counters = {key: a for key, a in clock.items() if key != "t"}
        self.t: int = clock["t"]
        self.start, self.stop = ends[0] - parameters[0].size, ends[-1]
        self.lanes = lanes_for(self.stop - self.start)
        self.blocks: list[Block] = []

    def forms(self) -> Iterable[list[Array]]:
        """The arrays of a block of each length, if they are shared out among threads."""
        if self.lanes == 1:
            return ()
        return {block.arrays[0].size: block.arrays for block in self.blocks}.values()

    def cuts(self) -> Iterable[tuple[int, int]]:
        """Where blocks begin and end: small parameters share one, a large one has several."""
        begin = stop = self.start
        block = block_of(self.lanes)
        several = self.lanes * block
        for p, end in zip(self.parameters, self.ends, strict=True):
            if end - begin > block and stop > begin:
                yield begin, stop
                begin = stop
            if p.size > block:
                pieces = self.lanes * math.ceil(p.size / several)  # as many for each thread
                length = math.ceil(p.size / pieces)
                yield from ((a, min(a + length, end)) for a in range(begin, end, length))
                begin = end
            stop = end
        if stop > begin:
            yield begin, stop


class Buffer:
    """The parameters of a group that share a dtype; their `data` become views of `theta`."""

    def __init__(
        self,
        names: Sequence[str],
        parameters: Sequence[Parameter],
        rule: UpdateRule,
        state: Sequence[Array],
    ) -> None:
        self.names = names
        self.parameters = parameters
        self.rule = rule
        self._rules = [rule]
        self.ends = np.cumsum([p.size for p in parameters]).tolist()
        self.theta = np.concatenate([p._data.reshape(-1) for p in parameters])
        self.state = state
        views = [
            self.theta[end - p.size : end].reshape(p.shape)
            for p, end in zip(parameters, self.ends, strict=True)
        ]
        self.bound = list(zip(names, parameters, views, strict=True))
        for _, parameter, view in self.bound:
            parameter._move_to(view)
        self._active = [False] * len(parameters)
        self._partition([{"t": 0, **rule.counters}] * len(parameters))
        keeps_data(self)

    def step(self, hyper: dict[str, Any]) -> int:
        """One update of the parameters that have a gradient; returns how many they are."""
        self.bind()
        self._find_active()
        for run in self.active_runs:
            run.t += 1
            numbers = hyper
            if run.counters:
                run.counters.update(self.rule.counted(run.t, run.counters, hyper))
                numbers = hyper | run.counters
            self._update(run, numbers)
        where = users_line(inside=3)
        if len(self.active_runs) == len(self.runs):
            record_write(self.theta, where)
        else:
            for run in self.active_runs:
                record_write(self.theta[run.start : run.stop], where)
        return sum(self._active)

    def _update(self, run: Run, numbers: dict[str, Any]) -> None:
        while len(self._rules) < run.lanes:
            self._rules.append(copy.copy(self.rule))  # each thread needs scratch memory of its own
        blocks = [run.blocks[k :: run.lanes] for k in range(run.lanes)]
        lanes = [
            (rule.with_numbers(run.t, numbers, self.theta.dtype, run.forms()), own)
            for rule, own in zip(self._rules, blocks, strict=False)
        ]
        at_once(carried_out, lanes)

    def record_step(self, recorder: Any, hyper: Mapping[str, Any]) -> int:
        """The same on a recorder's stand-ins: the whole of each run at once."""
        for name, p, view in self.bound:
            recorder.read_grad(p)
            recorder.rebind(p)
            check_form(name, p, view.shape, view.dtype)
        self._find_active()
        recorder.watch(lambda: self.runs)
        names = ("theta", *self.rule.slots)
        arrays = [
            recorder.state(a, n) for a, n in zip((self.theta, *self.state), names, strict=True)
        ]
        for run in self.active_runs:
            recorder.adopt([p._grad for p in run.parameters])
            rows = [p._grad._data.reshape(-1) for p in run.parameters]  # type: ignore[union-attr]
            d_theta = rows[0]
            if len(rows) > 1:
                d_theta = np.concatenate(rows)
            whole = len(self.runs) == 1
            parts = arrays if whole else [a[run.start : run.stop] for a in arrays]
            self.rule.record(recorder, run, d_theta, parts, hyper)
        return sum(self._active)

    @property
    def steps(self) -> int:
        """The most steps that a parameter has made."""
        return max(run.t for run in self.runs)

    def clocks(self) -> list[dict[str, Any]]:
        """For each parameter, how many steps it has made, and the rule's counters."""
        clocks = {p: {"t": run.t, **run.counters} for run in self.runs for p in run.parameters}
        return [clocks[p] for p in self.parameters]

    def entries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """For each parameter its name, and its clock and state arrays (copies)."""
        places = zip(self.names, self.parameters, self.ends, self.clocks(), strict=True)
        for name, p, end, clock in places:
            arrays = (a[end - p.size : end].reshape(p.shape).copy() for a in self.state)
            yield name, clock | dict(zip(self.rule.slots, arrays, strict=True))

    def shapes(self) -> Iterator[tuple[str, dict[str, tuple[int, ...]]]]:
        """For each parameter its name, and the shapes of its state arrays."""
        for name, p in zip(self.names, self.parameters, strict=True):
            yield name, dict.fromkeys(self.rule.slots, p.shape)

    def write(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over what `entries` gave."""
        own = [entries[name] for name in self.names]
        for slot, array in zip(self.rule.slots, self.state, strict=True):
            array[...] = np.concatenate([np.ravel(e[slot]) for e in own], dtype=array.dtype)
        self._partition([clock_of(e, self.rule) for e in own])

    def __reduce__(self) -> Any:
        """Copies and pickles are cut anew: views would come back as arrays of their own."""
        own = self.names, self.parameters, self.rule, [a.copy() for a in self.state]
        return _restore, (*own, self.clocks())

    def bind(self) -> None:
        """Copy data that were replaced into the buffer, and make them views of it again."""
        for name, parameter, view in self.bound:
            if parameter._data is not view:
                check_form(name, parameter, view.shape, view.dtype)
                view[...] = parameter._data
                parameter._move_to(view)
                record_write(view, users_line())

    def _find_active(self) -> None:
        active = [p._grad is not None for p in self.parameters]
        if active != self._active:
            clocks = self.clocks()
            self._active = active
            self._partition(clocks)

    def _partition(self, clocks: Sequence[Mapping[str, Any]]) -> None:
        """Cut the buffer into runs of parameters that are updated together, and into blocks."""
        changed()
        self.runs: list[Run] = []
        self.active_runs: list[Run] = []
        alike = groupby(range(len(clocks)), lambda i: (self._active[i], clocks[i]))
        for (active, clock), members in alike:
            indices = list(members)
            a, b = indices[0], indices[-1]
            run = Run(self.parameters[a : b + 1], self.ends[a : b + 1], clock)
            run.blocks = [Block(run, *cut, self) for cut in run.cuts()]
            self.runs.append(run)
            self.active_runs += [run] if active else []


def check_form(
    name: str, parameter: Parameter, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> None:
    """Require the shape and dtype that the parameter had when the optimizer was made."""
    if parameter.shape != shape or parameter.dtype != dtype:
        raise ValueError(
            f"the data of parameter {name!r} were of shape {shape} and {dtype}, and now are of "
            f"shape {parameter.shape} and {parameter.dtype}; make a new optimizer for it"
        )


def clock_of(entry: Mapping[str, Any], rule: UpdateRule) -> dict[str, Any]:
    """The number of steps and the counters in the state of a parameter."""
    return {"t": int(entry["t"]), **{key: float(entry[key]) for key in rule.counters}}


def _restore(
    names: Sequence[str],
    parameters: Sequence[Parameter],
    rule: UpdateRule,
    state: Sequence[Array],
    clocks: Sequence[Mapping[str, Any]],
) -> Buffer:
    buffer = Buffer(names, parameters, rule, state)
    buffer._partition(clocks)
    return buffer
