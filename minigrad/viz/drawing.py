"""The drawing that a person holds."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..files import write_atomically
from .closing import limited
from .layout import FORMATS, TooLargeError, format_of, laid_out
from .sketch import Sketch
from .text_tree import text_tree

if TYPE_CHECKING:
    import graphviz  # type: ignore[import-untyped]


class Drawing:
    """A drawing of a graph: shows itself in a notebook, prints as text, and can be saved.

    Made by `mg.draw`.

    Attributes:
        sketch: its boxes, arrows and frames, for looking up what is drawn.

    Example:
        >>> import minigrad as mg
        >>> a = mg.tensor(3.0, requires_grad=True)
        >>> a.name = "a"
        >>> print(mg.draw(a * a))
        1  a         parameter, leaf  scalar
        2  multiply  output           scalar  <- 1, 1
    """

    def __init__(self, sketch: Sketch, rankdir: str, legend: bool) -> None:
        self.sketch, self._rankdir, self._legend = sketch, rankdir, legend

    @cached_property
    def graph(self) -> graphviz.Digraph:
        """The `graphviz.Digraph`, to which anything can be added."""
        from .dot import digraph  # imports graphviz, which takes longer than all of minigrad

        return digraph(self.sketch, self._rankdir, self._legend)

    @property
    def dot(self) -> str:
        """The source in the DOT language; the same graph always gives the same source."""
        return str(self.graph.source)

    @property
    def notes(self) -> list[str]:
        """What has been left out or drawn as one, to keep to `max_nodes`."""
        return list(self.sketch.notes)

    def svg(self) -> str:
        """The picture as SVG, whose background is transparent.

        Raises:
            ImportError: neither Graphviz's program `dot` nor its WebAssembly build is installed.
            RuntimeError: Graphviz cannot draw this graph.
        """
        return self.render("svg").decode()

    def png(self) -> bytes:
        """The picture as PNG; needs Graphviz's program `dot`.

        Raises:
            ImportError, RuntimeError: as for `svg`; or there is no `dot`.
        """
        return self.render("png")

    def pdf(self) -> bytes:
        """The picture as PDF; needs Graphviz's program `dot`.

        Raises:
            ImportError, RuntimeError: as for `svg`; or there is no `dot`.
        """
        return self.render("pdf")

    def render(self, format: str = "svg") -> bytes:
        """The content of a file of a format: "svg", "png", "pdf", "dot"; or "txt", the tree.

        The WebAssembly build of Graphviz cannot lay out chains of thousands of boxes; it gets a
        drawing in which more is left out.

        Raises:
            ValueError: there is no such format.
            ImportError, RuntimeError: as for `svg`.
        """
        if format == "txt":
            return f"{self}\n".encode()
        drawing = self
        while True:
            try:
                return laid_out(drawing.dot, drawing.graph.engine, format)
            except TooLargeError:
                fewer = len(drawing.sketch.boxes) // 2
                if fewer < 1:
                    raise
                drawing = Drawing(limited(drawing.sketch, fewer), self._rankdir, self._legend)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing to a file, whose suffix says the format.

        The file is written whole or not at all: an older one stays until the new one is complete.

        Args:
            path: a file name that ends in .svg, .png, .pdf, .dot or .txt.

        Raises:
            ValueError: the suffix is none of these.
            ImportError, RuntimeError: as for `svg`.
            OSError: the file cannot be written.
        """
        write_atomically(path, self.render(format_of(path, (*FORMATS, "txt"))))

    def __str__(self) -> str:
        return text_tree(self.sketch)

    def __repr__(self) -> str:
        return f"<drawing of {len(self.sketch.boxes)} boxes, {len(self.sketch.arrows)} arrows>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        """The picture and the text; the text alone where there is no Graphviz."""
        try:
            return {"image/svg+xml": self.svg(), "text/plain": str(self)}
        except Exception as error:  # a repr must not fail
            return {"text/plain": f"{self}\n(no picture: {error})"}
