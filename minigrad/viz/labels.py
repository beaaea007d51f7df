"""What is written in the boxes of a drawing: calls, shapes, values; and how DOT quotes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiler.program import Value
from ..node import Node
from ..tracing.written import called_name
from ..vjps import name_of

Array = np.ndarray[Any, Any]
FEW = 6  # elements: so many are written out, of more only their range
_WIDTH = 40  # characters of one argument


def call_text(node: Node, full_name: bool = False) -> str:
    """The operation's name, with the constants it was called with: `subtract(1, ·)`.

    A dot stands for an argument that arrives by an edge. Keywords that are None or False are left
    out: they are the defaults of NumPy's `axis` and `keepdims`. The full name is `np.subtract`.
    """
    positional = [
        (inline(argument) or "·") if parent is None else "·"
        for argument, parent in zip(node.args, node.parents, strict=True)
    ]
    name = called_name(node.fn) if full_name else node.name
    return call_line(name, positional, node.params)


def call_line(function: str, positional: list[str], params: dict[str, Any]) -> str:
    """The same of a function's name and its arguments, of which the positional ones are text."""
    if all(text == "·" for text in positional):
        positional = []
    keywords = [
        f"{key}={_constant(value)}"
        for key, value in params.items()
        if value is not None and value is not False
    ]
    arguments = ", ".join(positional + keywords)
    return f"{function}({arguments})" if arguments else function


def inline(argument: Any) -> str | None:
    """A constant argument as text; None for an array, which gets a box of its own."""
    return None if isinstance(argument, np.ndarray) and argument.ndim else _constant(argument)


def kind_text(dtype: np.dtype[Any], shape: tuple[int, ...], always: bool = False) -> str:
    """`(32, 10)`, `scalar`, `(3,) int64`: float32 goes without saying, unless it is asked for."""
    return f"{shape or 'scalar'}{'' if dtype == np.float32 and not always else f' {dtype}'}"


def value_text(array: Array) -> str:
    """A few numbers in full, of many their range: `[0.5, 2]`, `-1.93 to 2.41`."""
    if array.size <= FEW:
        written = np.array2string(array, separator=", ", formatter={"all": _number})
        return " ".join(written.split())
    finite = array[np.isfinite(array)]
    if not finite.size:
        return "none finite"
    missing = array.size - finite.size
    span = f"{_number(finite.min())} to {_number(finite.max())}"
    return f"{span}, {missing} not finite" if missing else span


def dot_label(*lines: str) -> str:
    """Lines of any text as the label of a DOT node, in which nothing is markup.

    Graphviz reads backslash escapes and HTML entities in labels, and SVG has no control
    characters: those are shown as Python writes them.
    """
    return r"\n".join(printable(line).replace("\\", r"\\").replace("&", "&amp;") for line in lines)


def printable(text: str) -> str:
    """Text with control characters as Python writes them."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _constant(value: Any) -> str:
    """A constant as a person would type it; never an address, so that drawings can be compared."""
    if isinstance(value, np.ndarray):
        text = f"{value.dtype} {value.shape}" if value.ndim else value_text(value)
    elif isinstance(value, (float, np.generic)):
        text = _number(value)
    elif isinstance(value, slice):
        text = _slice(value)
    elif isinstance(value, list):
        text = f"[{', '.join(map(_constant, value))}]"
    elif isinstance(value, tuple):
        text = f"({', '.join(map(_constant, value))}{',' * (len(value) == 1)})"
    elif isinstance(value, Value):
        text = "·"
    elif value is Ellipsis:
        text = "..."
    elif value is None or isinstance(value, (int, complex, str)):
        text = repr(value)
    elif isinstance(value, np.dtype):
        text = value.name
    else:
        text = name_of(value) if hasattr(value, "__name__") else type(value).__name__
    return shortened(text, _WIDTH)


def _slice(value: slice) -> str:
    ends = ["" if v is None else _constant(v) for v in (value.start, value.stop)]
    return ":".join(ends if value.step is None else [*ends, _constant(value.step)])


def _number(x: Any) -> str:
    return f"{x:.4g}" if isinstance(x, (float, np.floating)) else str(x)


def shortened(text: str, width: int) -> str:
    """The beginning of a text that is too long."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
