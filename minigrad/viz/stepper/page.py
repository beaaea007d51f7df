"""One HTML file out of the page's parts and its data."""

from __future__ import annotations

import html
import json
from importlib import resources
from typing import Any

SCRIPTS = (
    "data", "format", "derivatives", "timeline", "layered", "graph", "heatmap", "words", "paths",
    "panel", "controls", "main",
)  # fmt: skip
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def page(content: dict[str, Any]) -> str:
    """The page, which needs nothing but itself.

    No text in the data can end the element that holds them: `<`, `>` and `&` are written as
    JSON's escapes.
    """
    folder = resources.files(__package__)

    def part(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    data = json.dumps(content, separators=(",", ":"), allow_nan=False).translate(_ESCAPES)
    script = "\n".join(part(f"js/{name}.js") for name in SCRIPTS)
    parts = {
        "title": html.escape(content["title"]),
        "style": part("page.css"),
        "script": script,
        "data": data,
    }
    text = part("page.html")
    for name, value in parts.items():
        before, _, after = text.partition(f"<!-- {name} -->")
        text = before + value + after
    return text
