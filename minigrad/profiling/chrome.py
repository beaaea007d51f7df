"""Profiles in the Trace Event Format, which Perfetto and Chrome open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .span import Span

_PROCESS, _THREAD = 1, 1


def chrome_trace(spans: Iterable[Span]) -> dict[str, Any]:
    """A trace of complete events (`ph` X), with times in microseconds.

    Source: Google 2016, "Trace Event Format", sections "JSON Object Format", "Complete Events" and
    "Metadata Events".
    """
    events: list[dict[str, Any]] = [
        _metadata("process_name", "minigrad"),
        _metadata("thread_name", "forward and backward"),
    ]
    return {"traceEvents": [*events, *map(_event, spans)], "displayTimeUnit": "ns"}


def _metadata(what: str, name: str) -> dict[str, Any]:
    return {"name": what, "ph": "M", "pid": _PROCESS, "tid": _THREAD, "args": {"name": name}}


def _event(span: Span) -> dict[str, Any]:
    derivative = "" if span.argument is None else f" ∂{span.argument}"
    return {
        "name": f"{span.name}{derivative}",
        "cat": f"{span.kind},{span.phase}",
        "ph": "X",
        "ts": span.start / 1000,
        "dur": span.duration / 1000,
        "pid": _PROCESS,
        "tid": _THREAD,
        "args": {
            "module": ".".join(span.modules),
            "bytes": span.nbytes,
            "flops": span.flops,
        },
    }
