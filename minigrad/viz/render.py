"""From a drawing, or any graph in the DOT language, to a picture and to a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..files import write_atomically
from .drawing import Drawing
from .layout import format_of, laid_out

if TYPE_CHECKING:
    import graphviz  # type: ignore[import-untyped]


def render(graph: Drawing | graphviz.Digraph | str, format: str = "svg") -> bytes:
    """Lay a graph out and draw it.

    Graphviz's own program `dot` does it where it is installed; else its WebAssembly build from
    the extra `viz`, which makes SVG only.

    Args:
        graph: what `draw` returned, any graphviz graph, or DOT source.
        format: "svg", "png", "pdf"; or "dot": the source itself, as UTF-8.

    Returns:
        The content of a file of that format.

    Raises:
        ValueError: there is no such format.
        ImportError: neither `dot` nor the WebAssembly build is installed.
        RuntimeError: Graphviz cannot draw this graph, or not in this format without `dot`.

    Example:
        >>> from minigrad.viz import render
        >>> render("digraph { x -> y }", format="dot")
        b'digraph { x -> y }'
    """
    if isinstance(graph, Drawing):
        return graph.render(format)
    source, engine = (graph, "dot") if isinstance(graph, str) else (graph.source, graph.engine)
    return laid_out(source, engine, format)


def save(graph: Drawing | graphviz.Digraph | str, path: str | os.PathLike[str]) -> None:
    """Draw a graph into a file, whose suffix says the format.

    The file is written whole or not at all: an older one stays until the new one is complete.

    Args:
        graph: what `draw` returned, any graphviz graph, or DOT source.
        path: a file name that ends in .svg, .png, .pdf or .dot (the source itself).

    Raises:
        ValueError: the suffix is none of these.
        ImportError: neither `dot` nor the WebAssembly build is installed.
        RuntimeError: Graphviz cannot draw this graph, or not in this format without `dot`.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile, pathlib
        >>> from minigrad.viz import save
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "graph.dot")
        ...     save("digraph { x -> y }", path)
        ...     path.read_text()
        'digraph { x -> y }'
    """
    if isinstance(graph, Drawing):
        graph.save(path)
    else:
        write_atomically(path, render(graph, format_of(path)))
