"""The drawing that a person holds: a graphviz graph with our colours, which notebooks can show.

Imported only when something is drawn, as importing graphviz takes a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import graphviz  # type: ignore[import-untyped]

from .labels import dot_label
from .render import render

# The colours of Okabe and Ito, which colour-blind people can tell apart: pure for the outline and
# lightened for the inside, under dark text. Shapes say the same once more. The background is
# transparent and the edges are of a middle grey, for light and dark pages alike.
_GRAPH = {"bgcolor": "transparent", "nodesep": "0.35", "ranksep": "0.4", "ordering": "in"}
_NODE = {
    "fontname": "Helvetica,Arial,sans-serif",
    "fontsize": "12",
    "fontcolor": "#1a1a1a",
    "style": "filled",
    "shape": "box",
    "height": "0.4",
    "margin": "0.22,0.07",
    "penwidth": "1.4",
}
_EDGE = {"color": "#808080", "penwidth": "1.2", "arrowsize": "0.7"}
_LOOKS = {
    "operation": {"style": "rounded,filled", "fillcolor": "#d6ebf9", "color": "#0072b2"},
    "output": {"style": "rounded,filled", "fillcolor": "#c8eadf", "color": "#009e73"},
    "leaf": {"shape": "ellipse", "margin": "0.1,0.04", "fillcolor": "#fce7bd", "color": "#e69f00"},
    "constant": {"fillcolor": "#e6e6e6", "color": "#8c8c8c"},
    "input": {"shape": "ellipse", "margin": "0.1,0.04", "fillcolor": "#f3dcea", "color": "#cc79a7"},
    "state": {"shape": "cylinder", "fillcolor": "#fdf3de", "color": "#e69f00"},
    "light": {
        "shape": "plain", "style": "", "margin": "0.04", "height": "0", "fontsize": "10",
        "fontcolor": "#707070",
    },
    "older": {"style": "dashed,filled", "fillcolor": "#f5f5f5", "color": "#8c8c8c"},
}  # fmt: skip
_CLUSTER = {
    "fontname": "Helvetica,Arial,sans-serif",
    "fontsize": "12",
    "fontcolor": "#707070",
    "labeljust": "l",
    "style": "rounded",
    "color": "#b8b8b8",
}
_ARROWS: dict[str, dict[str, str]] = {
    "near": {},
    "far": {"color": "#c4c4c4"},  # from one cluster to another
    "back": {"style": "dashed", "color": "#e69f00", "constraint": "false"},  # to the next call
}


class Drawing(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` whose boxes have a meaning, and which shows itself in a notebook."""

    def __init__(self, rankdir: str) -> None:
        super().__init__(
            graph_attr={**_GRAPH, "rankdir": rankdir}, node_attr=_NODE, edge_attr=_EDGE
        )
        self._boxes = self._clusters = 0
        self._frame: graphviz.Digraph | None = None  # the cluster that is being drawn

    def add(self, look: str, *lines: str, is_output: bool = False) -> str:
        """Draw a box with these lines in it; returns its name, for the edges."""
        self._boxes += 1
        name = f"n{self._boxes}"
        if is_output and look == "operation":
            look = "output"
        label = graphviz.nohtml(dot_label(*lines))
        into = self if self._frame is None else self._frame
        into.node(name, label, **_LOOKS[look], peripheries="2" if is_output else None)
        return name

    @contextmanager
    def cluster(self, title: str) -> Iterator[None]:
        """Frame the boxes that are drawn in a `with` block, under a title."""
        self._clusters += 1
        frame = {**_CLUSTER, "label": dot_label(title)}
        self._frame = graphviz.Digraph(f"cluster_{self._clusters}", graph_attr=frame)
        yield
        self.subgraph(self._frame)
        self._frame = None

    def connect(self, tail: str, head: str, look: str = "near") -> None:
        """Draw an arrow from one box to another one."""
        self.edge(tail, head, **_ARROWS[look])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        """The picture; its source where there is no Graphviz, for a repr must not fail."""
        try:
            return {"image/svg+xml": render(self).decode()}
        except Exception as error:
            return {"text/plain": f"{self.source}\n# no picture: {error}"}
