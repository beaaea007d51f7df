"""Parameters whose rule looks at them as a whole: a matrix, its rows, its norm.

Most rules treat every number alike, and their parameters share one buffer (`blocks.py`). These do
not: each parameter keeps its own array and shape, and its state may have other shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..compiler import UpdateRule
from ..frames import users_line
from ..parameter import Parameter
from ..tensor import Array
from ..writes import record_write
from .blocks import check_form


class Whole:
    """A parameter with the state of its rule; updated by itself.

    Args:
        name: what the state calls it.
        parameter: the parameter.
        rule: its update.
        state: the rule's state arrays, as they are at first.
    """

    def __init__(
        self, name: str, parameter: Parameter, rule: UpdateRule, state: Sequence[Array]
    ) -> None:
        self.name, self.parameter, self.rule = name, parameter, rule
        self.state = list(state)
        self._form = parameter.shape, parameter.dtype
        self.t = 0
        self.counters = dict(rule.counters)

    def step(self, hyper: dict[str, Any]) -> int:
        """One update, if there is a gradient; returns how many parameters were updated."""
        p = self.parameter
        if p._grad is None:
            return 0
        check_form(self.name, p, *self._form)
        self.t += 1
        self.counters.update(self.rule.counted(self.t, self.counters, hyper))
        update = self.rule.with_numbers(self.t, hyper | self.counters, p.dtype)
        update(p._grad._data, [p._data, *self.state])
        record_write(p._data, users_line(inside=3))
        return 1

    def record_step(self, recorder: Any, hyper: Mapping[str, Any]) -> int:
        """The same on a recorder's stand-ins."""
        p = self.parameter
        recorder.read_grad(p)
        recorder.rebind(p)
        if p._grad is None:
            return 0
        check_form(self.name, p, *self._form)
        recorder.adopt([p, p._grad])
        named = zip(self.state, self.rule.slots, strict=True)
        arrays = [p._data, *(recorder.state(a, slot) for a, slot in named)]
        self.rule.record(recorder, self, p._grad._data, arrays, hyper)
        return 1

    @property
    def steps(self) -> int:
        """How many steps the parameter has made."""
        return self.t

    def entries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The parameter's name, and its clock and state arrays (copies)."""
        arrays = {s: a.copy() for s, a in zip(self.rule.slots, self.state, strict=True)}
        yield self.name, {"t": self.t, **self.counters, **arrays}

    def shapes(self) -> Iterator[tuple[str, dict[str, tuple[int, ...]]]]:
        """The parameter's name, and the shapes of its state arrays."""
        shapes = (a.shape for a in self.state)
        yield self.name, dict(zip(self.rule.slots, shapes, strict=True))

    def write(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over what `entries` gave."""
        entry = entries[self.name]
        self.t = int(entry["t"])
        self.counters.update({key: float(entry[key]) for key in self.counters})
        for slot, array in zip(self.rule.slots, self.state, strict=True):
            array[...] = np.asarray(entry[slot])
