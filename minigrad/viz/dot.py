"""From a sketch to a graph in the DOT language.

Imported only when a drawing is written down, as importing graphviz takes a while.
"""

from __future__ import annotations

import graphviz  # type: ignore[import-untyped]

from .labels import dot_label
from .looks import ARROWS, EDGE, FRAME, FRAMES, GRAPH, KEY, LOOKS, MEANINGS, NODE, look_of
from .sketch import Box, Frame, Sketch

_LEGEND_COLUMNS = 5


def digraph(sketch: Sketch, rankdir: str, legend: bool) -> graphviz.Digraph:
    """Write a sketch down; the same sketch always gives the same source."""
    notes = {"label": dot_label(*sketch.notes)} if sketch.notes else {}
    graph = graphviz.Digraph(
        graph_attr={**GRAPH, **notes, "rankdir": rankdir}, node_attr=NODE, edge_attr=EDGE
    )
    names = {box: f"n{k}" for k, box in enumerate(sketch.boxes, 1)}
    _Writer(sketch, names).fill(graph, sketch.whole)
    for arrow in sketch.arrows:
        ends = names[arrow.tail], names[arrow.head]
        graph.edge(*(ends[::-1] if arrow.look == "back" else ends), **ARROWS[arrow.look])
    if legend and sketch.boxes:
        _add_legend(graph, sketch, names)
    return graph


class _Writer:
    """Writes boxes into the frames around them."""

    def __init__(self, sketch: Sketch, names: dict[Box, str]) -> None:
        self.sketch, self.names = sketch, names
        self.contents = sketch.contents()
        self.frames = 0

    def fill(self, graph: graphviz.Digraph, frame: Frame) -> None:
        for member in self.contents[frame]:
            if isinstance(member, Box):
                self._write(graph, member)
                continue
            self.frames += 1
            look = {**FRAME, **FRAMES[member.kind], "label": dot_label(f" {member.title}")}
            inner = graphviz.Digraph(f"cluster_{self.frames}", graph_attr=look)
            self.fill(inner, member)
            graph.subgraph(inner)

    def _write(self, graph: graphviz.Digraph, box: Box) -> None:
        label = graphviz.nohtml(dot_label(*self.sketch.text_of(box)))
        look = LOOKS[look_of(box)]
        graph.node(self.names[box], label, **look, peripheries="2" if box.is_output else None)


def _add_legend(graph: graphviz.Digraph, sketch: Sketch, names: dict[Box, str]) -> None:
    """Draw a small box for each look, below everything: invisible arrows hold them there.

    (A table would be simpler, but the WebAssembly build of Graphviz knows no HTML.)
    """
    used = {look_of(box) for box in sketch.boxes}
    looks = [look for look in MEANINGS if look in used]
    keys = [f"key{k}" for k in range(len(looks))]
    frame = graphviz.Digraph("cluster_legend", graph_attr={"style": "invis", "label": ""})
    for key, look in zip(keys, looks, strict=True):
        frame.node(key, MEANINGS[look], **{**LOOKS[look], **KEY})
    graph.subgraph(frame)
    above = [_lowest(sketch, names)] * _LEGEND_COLUMNS + keys
    for upper, lower in zip(above, keys, strict=False):
        graph.edge(upper, lower, style="invis")


def _lowest(sketch: Sketch, names: dict[Box, str]) -> str:
    """A box at the end of the longest way along the arrows, as they are drawn."""
    rank = dict.fromkeys(sketch.boxes, 0)
    below: dict[Box, list[Box]] = {box: [] for box in sketch.boxes}
    waiting = dict.fromkeys(sketch.boxes, 0)
    for arrow in sketch.arrows:
        if ARROWS[arrow.look].get("constraint") != "false":
            ends = (arrow.tail, arrow.head)
            upper, lower = ends[::-1] if arrow.look == "back" else ends
            below[upper].append(lower)
            waiting[lower] += 1
    ready = [box for box in sketch.boxes if not waiting[box]]
    for box in ready:
        for lower in below[box]:
            rank[lower] = max(rank[lower], rank[box] + 1)
            waiting[lower] -= 1
            if not waiting[lower]:
                ready.append(lower)
    return names[max(sketch.boxes, key=lambda box: rank[box])]
