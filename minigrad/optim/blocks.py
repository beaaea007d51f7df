"""Parameters of one dtype in one contiguous buffer, updated block by block.

A block is a stretch of the buffer small enough for the processor's cache: several small parameters
together, or a part of a large one. So a step costs a handful of NumPy calls however many layers
there are, and a large parameter makes one trip through memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ..compiler import BLOCK, UpdateRule, keeps_data
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


class Run:
    """Neighbouring parameters which have made as many steps `t`, and are updated together."""

    def __init__(self, parameters: Sequence[Parameter], ends: Sequence[int], t: int) -> None:
        self.parameters = parameters
        self.ends = ends
        self.t = t
        self.start, self.stop = ends[0] - parameters[0].size, ends[-1]
        self.blocks: list[Block] = []

    def cuts(self) -> Iterable[tuple[int, int]]:
        """Where blocks begin and end: small parameters share one, a large one has several."""
        begin = stop = self.start
        for p, end in zip(self.parameters, self.ends, strict=True):
            if end - begin > BLOCK and stop > begin:
                yield begin, stop
                begin = stop
            if p.size > BLOCK:
                yield from ((a, min(a + BLOCK, end)) for a in range(begin, end, BLOCK))
                begin = end
            stop = end
        if stop > begin:
            yield begin, stop


class Buffer:
    """The parameters of a group that share a dtype; their `data` become views of `theta`."""

    def __init__(
        self, names: Sequence[str], parameters: Sequence[Parameter], rule: UpdateRule
    ) -> None:
        self.names = names
        self.parameters = parameters
        self.rule = rule
        self.ends = np.cumsum([p.size for p in parameters]).tolist()
        self.theta = np.concatenate([p._data.reshape(-1) for p in parameters])
        self.state = [np.zeros_like(self.theta) for _ in rule.slots]
        views = [
            self.theta[end - p.size : end].reshape(p.shape)
            for p, end in zip(parameters, self.ends, strict=True)
        ]
        self.bound = list(zip(names, parameters, views, strict=True))
        for _, parameter, view in self.bound:
            parameter._move_to(view)
        self._active = [False] * len(parameters)
        self._partition([0] * len(parameters))
        keeps_data(self)

    def step(self, hyper: dict[str, Any]) -> int:
        """One update of the parameters that have a gradient; returns how many they are."""
        self.bind()
        self._find_active()
        for run in self.active_runs:
            run.t += 1
            update = self.rule.with_numbers(run.t, hyper, self.theta.dtype)
            for block in run.blocks:
                update(block.gradient(), block.arrays)
        where = users_line(inside=3)
        if len(self.active_runs) == len(self.runs):
            record_write(self.theta, where)
        else:
            for run in self.active_runs:
                record_write(self.theta[run.start : run.stop], where)
        return sum(self._active)

    def record_step(self, recorder: Any, hyper: dict[str, Any]) -> int:
        """The same on a recorder's stand-ins: the whole of each run at once."""
        for p in self.parameters:
            recorder.read_grad(p)
            recorder.rebind(p)
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

    def read(self) -> tuple[list[int], list[Array]]:
        """How many steps each parameter has made, and the rule's state as flat arrays."""
        steps = {p: run.t for run in self.runs for p in run.parameters}
        return [steps[p] for p in self.parameters], self.state

    def write(self, steps: Sequence[int], state: Sequence[Array]) -> None:
        """Take over what `read` returned."""
        for own, array in zip(self.state, state, strict=True):
            own[...] = array
        self._partition(steps)

    def __reduce__(self) -> Any:
        """Copies and pickles are cut anew: views would come back as arrays of their own."""
        return _restore, (self.names, self.parameters, self.rule, *self.read())

    def bind(self) -> None:
        """Copy data that were replaced into the buffer, and make them views of it again."""
        for name, parameter, view in self.bound:
            if parameter._data is not view:
                if parameter.shape != view.shape:
                    raise ValueError(
                        f"the data of parameter {name!r} had shape {view.shape} and now have "
                        f"{parameter.shape}; make a new optimizer for it"
                    )
                view[...] = parameter._data
                parameter._move_to(view)
                record_write(view, users_line())

    def _find_active(self) -> None:
        active = [p._grad is not None for p in self.parameters]
        if active != self._active:
            steps, _ = self.read()
            self._active = active
            self._partition(steps)

    def _partition(self, steps: Sequence[int]) -> None:
        """Cut the buffer into runs of parameters that are updated together, and into blocks."""
        changed()
        self.runs: list[Run] = []
        self.active_runs: list[Run] = []
        alike = groupby(range(len(steps)), lambda i: (self._active[i], steps[i]))
        for (active, t), members in alike:
            indices = list(members)
            a, b = indices[0], indices[-1]
            run = Run(self.parameters[a : b + 1], self.ends[a : b + 1], t)
            run.blocks = [Block(run, *cut, self) for cut in run.cuts()]
            self.runs.append(run)
            self.active_runs += [run] if active else []


def _restore(
    names: Sequence[str],
    parameters: Sequence[Parameter],
    rule: UpdateRule,
    steps: list[int],
    state: list[Array],
) -> Buffer:
    buffer = Buffer(names, parameters, rule)
    buffer.write(steps, state)
    return buffer
