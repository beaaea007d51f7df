"""How the things in a drawing look, and what a look means.

The colours are those of Okabe and Ito, which colour-blind people can tell apart: for the outline
dark enough to be seen on white, and lightened for the inside, under dark text; shapes say the same
once more. The background is transparent. What stands on it is of a middle grey, which can be read
on light and on dark pages; so letters on it are large and bold.

Source: Okabe & Ito 2008, "Color universal design"; contrasts as in W3C 2023, "Web content
accessibility guidelines 2.2", success criteria 1.4.3 and 1.4.11.
"""

from __future__ import annotations

from .sketch import Box

INK = "#1a1a1a"
GREY = "#767676"
FONT = "Helvetica,Arial,sans-serif"

GRAPH = {
    "bgcolor": "transparent", "nodesep": "0.35", "ranksep": "0.4", "ordering": "in",
    "fontname": "Helvetica-Bold", "fontcolor": GREY, "labelloc": "b",
}  # fmt: skip
NODE = {
    "fontname": FONT, "fontsize": "12", "fontcolor": INK, "style": "filled", "shape": "box",
    "height": "0.4", "margin": "0.22,0.07", "penwidth": "1.4",
}  # fmt: skip
EDGE = {"color": GREY, "penwidth": "1.2", "arrowsize": "0.7"}

KEY = {"fontsize": "9", "height": "0", "margin": "0.08,0.03", "penwidth": "1"}  # of the legend

_ROUNDED = {"style": "rounded,filled"}
_OVAL = {"shape": "ellipse", "margin": "0.1,0.04"}
LOOKS: dict[str, dict[str, str]] = {
    "operation": {**_ROUNDED, "fillcolor": "#d6ebf9", "color": "#0072b2"},
    "module": {"shape": "folder", "fillcolor": "#bfe0f5", "color": "#2b7fb5", "penwidth": "1.8"},
    "output": {**_ROUNDED, "fillcolor": "#c8eadf", "color": "#009068"},
    "parameter": {**_OVAL, "fillcolor": "#fce7bd", "color": "#b87700"},
    "input": {
        "shape": "hexagon", "margin": "0.02,0.04", "fillcolor": "#fbf6b5", "color": "#8f8300",
    },
    "constant": {"fillcolor": "#e6e6e6", "color": "#808080"},
    "state": {"shape": "cylinder", "fillcolor": "#fdf3de", "color": "#b87700"},
    "view": {
        "style": "rounded,filled", "margin": "0.1,0.03", "height": "0", "fontsize": "10",
        "fillcolor": "#f0f0f0", "color": "#f0f0f0",
    },
    "rule": {**_ROUNDED, "fillcolor": "#fbdcc6", "color": "#d55e00"},
    "cotangent": {**_OVAL, "fillcolor": "#f5dfec", "color": "#b5608f"},
    "sum": {
        "shape": "invtrapezium", "margin": "0,0.03", "fillcolor": "#fbdcc6", "color": "#d55e00",
    },
    "rules": {"shape": "folder", "fillcolor": "#f8cdb0", "color": "#d55e00", "penwidth": "1.8"},
    "update": {"style": "filled,diagonals", "fillcolor": "#c8eadf", "color": "#009068"},
    "changed": {**_ROUNDED, "fillcolor": "#fff0a8", "color": "#b87700", "penwidth": "2.4"},
    "older": {"style": "dashed,filled", "fillcolor": "#f5f5f5", "color": "#808080"},
}  # fmt: skip
MEANINGS = {
    "input": "input",
    "parameter": "parameter, leaf",
    "state": "state",
    "constant": "constant",
    "operation": "operation",
    "module": "module",
    "view": "view, number",
    "output": "output",
    "cotangent": "cotangent",
    "rule": "derivative rule",
    "rules": "rules of a module",
    "sum": "sum of broadcast axes",
    "update": "update",
    "changed": "changed by the pass",
    "older": "left out",
}

FRAME = {
    "fontname": "Helvetica-Bold", "fontsize": "14", "labelloc": "t", "fontcolor": GREY,
    "labeljust": "l", "style": "rounded,filled", "fillcolor": "#80808010", "color": GREY,
    "penwidth": "0.8", "margin": "10",
}  # fmt: skip
FRAMES: dict[str, dict[str, str]] = {
    "module": {},
    "repeat": {"style": "rounded,dashed,filled"},
    "forward": {"color": "#0072b2", "penwidth": "2"},
    "backward": {"color": "#d55e00", "penwidth": "2"},
    "update": {"color": "#009068", "penwidth": "2"},
}
ARROWS: dict[str, dict[str, str]] = {
    "data": {},
    "far": {"color": "#a0a0a0"},
    "back": {"dir": "back"},
    "seed": {"minlen": "0"},
    "loop": {"style": "dashed", "constraint": "false"},
    "next": {"style": "dashed", "color": "#b87700", "constraint": "false"},
    "saved": {"style": "dotted", "penwidth": "1.5", "constraint": "false"},
}


def look_of(box: Box) -> str:
    """The look of a box; an operation that is an output has one of its own."""
    return "output" if box.is_output and box.look == "operation" else box.look
