"""Profiles as a flame graph: one page of HTML, which needs nothing but itself."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from .rows import table
from .span import Span

_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}  # no text can end the script


def flame_page(spans: Sequence[Span]) -> str:
    """The page; its rectangles are as wide as the time that they stand for."""
    folder = resources.files(__package__)

    def part(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    data = json.dumps(flame_tree(spans), separators=(",", ":")).translate(_ESCAPES)
    parts = {
        "style": part("flame.css"),
        "operations": html.escape(table(spans, "operation")),
        "modules": html.escape(table(spans, "module")),
        "data": data,
        "script": part("flame.js"),
    }
    text = part("flame.html")
    for name, value in parts.items():
        before, _, after = text.partition(f"<!-- {name} -->")
        text = before + value + after
    return text


def flame_tree(spans: Sequence[Span]) -> dict[str, Any]:
    """Phases, in them modules, in them operations and rules: name, time, calls, bytes, FLOPs.

    A module's time is that of its own code and of all inside. The same calls are one rectangle.
    """
    root = _node("all", "phase")
    for span in spans:
        path = [(span.phase, "phase"), *((name, "module") for name in span.modules)]
        if span.kind != "module":
            derivative = "" if span.argument is None else f", ∂ argument {span.argument}"
            path.append((f"{span.name}{derivative}", span.kind))
        node = root
        for name, kind in path:
            _add_time(node, span)
            node = node["inside"].setdefault((name, kind), _node(name, kind))
        _add_time(node, span)
        node["calls"] += 1
        if span.kind == "module" and not span.name.startswith(span.modules[-1]):
            node["name"] = f"{span.modules[-1]}: {span.name}"
    return _listed(root)


def _node(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "kind": kind, "ns": 0, "calls": 0, "bytes": 0, "flops": 0, "inside": {}}


def _add_time(node: dict[str, Any], span: Span) -> None:
    node["ns"] += span.own
    node["bytes"] += span.nbytes
    node["flops"] += span.flops


def _listed(node: dict[str, Any]) -> dict[str, Any]:
    return {**node, "inside": [_listed(inner) for inner in node["inside"].values()]}
