"""A trace as JSON; docs/trace-schema.md describes every field."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from .records import Array, Contribution, Record, TracedNode
from .rules import Rule, shown_file
from .written import Expression

if TYPE_CHECKING:
    from .trace import Trace

FORMAT = "minigrad-trace"
VERSION = 1


def to_json(trace: Trace, *, full: bool, few: int) -> str:
    """The document; numbers that JSON lacks are the strings "nan", "inf" and "-inf"."""

    def array(a: Array) -> dict[str, Any]:
        return described(a, math.inf if full else few)

    document = {
        "format": FORMAT,
        "version": VERSION,
        "output": trace.output.place,
        "nodes": [_node(node, array) for node in trace.nodes],
        "records": [_record(record, array) for record in trace],
    }
    return json.dumps(document, allow_nan=False)


def described(a: Array, few: float) -> dict[str, Any]:
    """An array: its shape, dtype and statistics, and its elements if they are few."""
    wide = np.asarray(a, np.float64)
    finite = wide[np.isfinite(wide)]
    entry: dict[str, Any] = {"shape": list(a.shape), "dtype": str(a.dtype)}
    if a.size <= few:
        entry["values"] = _numbers(wide.tolist() if a.dtype == np.float64 else _shortest(a))
    else:
        with np.errstate(over="ignore"):
            entry |= {
                "min": _numbers(float(finite.min())) if finite.size else None,
                "max": _numbers(float(finite.max())) if finite.size else None,
                "mean": _numbers(float(finite.mean())) if finite.size else None,
                "norm": _numbers(float(np.linalg.norm(finite))),
                "nan": int(np.isnan(wide).sum()),
                "inf": int(np.isinf(wide).sum()),
            }
    return entry


def _shortest(a: Array) -> Any:
    """Numbers of narrower dtypes with the digits that tell them apart."""
    if a.dtype.kind != "f":
        return a.tolist()
    flat = [float(str(x)) for x in a.reshape(-1)]
    return np.array(flat).reshape(a.shape).tolist()


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _node(node: TracedNode, array: Callable[[Array], Any]) -> dict[str, Any]:
    origin = node.origin
    return {
        "place": node.place,
        "name": node.name,
        "operation": node.operation,
        "value": array(node.value),
        "inputs": [
            {"node": a.place} if isinstance(a, TracedNode) else {"constant": _plain(a, array)}
            for a in node.inputs
        ],
        "params": {key: _plain(value, array) for key, value in node.params.items()},
        "uses": node.uses,
        "origin": origin
        and {
            "module": origin.module,
            "calls": [[call.name, call.title, call.index] for call in origin.calls],
            "file": shown_file(origin.where.rpartition(", line ")[0]),
            "line": int(origin.where.rpartition(", line ")[2]),
            "source": origin.source,
            "rule": origin.rule,
        },
    }


def _record(record: Record, array: Callable[[Array], Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": record.kind}
    for f in fields(record):
        value = getattr(record, f.name)
        entry[f.name] = value.place if isinstance(value, TracedNode) else _plain(value, array)
    if isinstance(record, Contribution):
        entry["expression"] = str(record.expression)
    return entry


def _plain(value: Any, array: Callable[[Array], Any]) -> Any:
    if isinstance(value, np.ndarray):
        return array(value)
    if isinstance(value, Rule):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, Expression):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(v, array) for key, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v, array) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return _numbers(value)
    return getattr(value, "__name__", None) or str(value)
