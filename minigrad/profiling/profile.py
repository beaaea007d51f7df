"""`mg.profile`: what looks on, and takes the time of everything."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from ..files import write_atomically
from ..node import Node
from ..provenance import Beside, record_origins
from ..vjps import name_of
from .chrome import chrome_trace
from .flame import flame_page
from .flops import Flops
from .rows import By, Row, rows_of, table
from .span import Kind, Phase, Span

Function = Callable[..., Any]


class profile(record_origins):  # noqa: N801, a verb like no_grad
    """Take the time of every operation and derivative rule in a `with` block.

    Prints as a table by operation. Each call is carried out once more the first time that one of
    its kind is seen, to count its floating-point operations; this and all bookkeeping is not part
    of the times. A compiled function runs as it is written while it is profiled. What the engine
    does between two rules, and an optimizer's update, are not operations.

    Args:
        flops: whether to count floating-point operations.

    Attributes:
        spans: everything that happened, in the order in which it began.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> net = mg.nn.Sequential(mg.nn.Linear(64, 32), mg.nn.ReLU(), mg.nn.Linear(32, 10))
        >>> with mg.profile() as profile:
        ...     net(np.ones((16, 64), np.float32)).sum().backward()
        >>> [(row.name, row.calls, row.rules, row.flops) for row in profile.by_module()[:2]]
        [('Sequential', 3, 6, 164832), ('Sequential.0', 1, 2, 132608)]
    """

    def __init__(self, flops: bool = True) -> None:
        super().__init__()
        self.spans: list[Span] = []
        self._flops = Flops() if flops else None
        self._open: list[Span] = []
        self._seconds = Beside()
        self._begun = self._lost = 0  # nanoseconds: when, and what the profile itself took

    def __enter__(self) -> profile:
        super().__enter__()
        self._begun = self._begun or perf_counter_ns()
        return self

    def seconds_of(self, node: Node) -> float:
        """How long the call took that made a node's value; 0 if it was not profiled."""
        return float(self._seconds.of(node) or 0.0)

    def by_operation(self) -> list[Row]:
        """A row for each operation, with its derivative rules; what took longest first."""
        return rows_of(self.spans, "operation")

    def by_module(self) -> list[Row]:
        """A row for each module, with all that happened inside it, in the order of calls."""
        return rows_of(self.spans, "module")

    def table(self, by: By = "operation") -> str:
        """The rows as text, by "operation" or by "module".

        Raises:
            ValueError: another word.
        """
        return table(self.spans, by)

    def flame_graph(self) -> str:
        """An HTML page that needs nothing but itself: phases, modules and operations, as wide as
        the time that they took."""
        return flame_page(self.spans)

    def chrome_trace(self) -> dict[str, Any]:
        """The spans in the Trace Event Format, for Perfetto (ui.perfetto.dev) or chrome://tracing.

        Source: Google 2016, "Trace Event Format".
        """
        return chrome_trace(self.spans)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file, whose suffix says what: the flame graph (.html), the trace for Perfetto
        (.json), both tables (.txt).

        Raises:
            ValueError: the suffix is none of these.
            OSError: the file cannot be written.
        """
        writers: dict[str, Callable[[], str]] = {
            ".html": self.flame_graph,
            ".json": lambda: json.dumps(self.chrome_trace()),
            ".txt": lambda: f"{self}\n\n{self.table('module')}\n",
        }
        suffix = Path(path).suffix.lower()
        if suffix not in writers:
            raise ValueError(f"{path}: a profile's suffix must be one of {', '.join(writers)}")
        write_atomically(path, writers[suffix]().encode())

    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__

    # What the engine tells.

    @contextmanager
    def inside(self, module: Any) -> Iterator[None]:
        with super().inside(module):
            span = self._begin("module", self._calls[-1].title)
            try:
                yield
            finally:
                self._end(span)

    def watched_call(self, fn: Function, implementation: Function) -> Function:
        done: list[Span] = []

        def timed(*args: Any, **params: Any) -> Any:
            span = self._begin("operation", name_of(fn))
            try:
                return implementation(*args, **params)
            finally:
                self._end(span)
                done.append(span)

        noted = super().watched_call(fn, timed)

        def call(*args: Any, **params: Any) -> Any:
            value = noted(*args, **params)
            (span,) = done
            if isinstance(value, np.ndarray):
                self._seconds.note(value, fn, span.duration / 1e9)
                span.nbytes = value.nbytes if value.base is None else 0
            if self._flops is not None:
                span.flops = self._flops.of_call(fn, args, params)
            self._go_back_to_end(span)
            return value

        return call

    def watched_rule(self, rule: Function, node: Node, i: int) -> Function:
        def timed(g: Any, *args: Any, **params: Any) -> Any:
            span = self._begin("rule", node.name, i)
            try:
                c = rule(g, *args, **params)
            finally:
                self._end(span)
            if type(c) is np.ndarray:  # a tensor's calls are spans inside
                span.nbytes = c.nbytes if c.base is None and c is not g else 0
                if self._flops is not None:
                    span.flops = self._flops.of_rule(rule, node, i, (g, *args), params)
            self._go_back_to_end(span)
            return c

        return super().watched_rule(timed, node, i)

    # The clock, which stands still while the profile itself is at work.

    def _now(self) -> int:
        return perf_counter_ns() - self._begun - self._lost

    def _go_back_to_end(self, span: Span) -> None:
        self._lost += self._now() - span.start - span.duration

    def _begin(self, kind: Kind, name: str, argument: int | None = None) -> Span:
        path = tuple([call.name for call in self._calls])
        phase: Phase = "backward" if self._rule else "forward"
        span = Span(kind, name, path, phase, argument)
        self.spans.append(span)
        self._open.append(span)
        span.start = self._now()
        return span

    def _end(self, span: Span) -> None:
        span.duration = self._now() - span.start
        self._open.pop()
        if self._open:
            self._open[-1].inner += span.duration
