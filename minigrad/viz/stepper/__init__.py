"""The backward stepper: a page on which a backward pass can be walked through, step by step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...files import write_atomically
from ...tensor import Tensor
from ...tracing import Trace, trace_backward

_CHARACTERS = 850_000  # of the page's data; the page itself takes a tenth of that


def step_through(
    loss: Tensor | Trace,
    path: str | os.PathLike[str] = "backward.html",
    *,
    gradient: Any = None,
    optimizer: Any = None,
    title: str | None = None,
) -> Path:
    """Write a page on which the backward pass of a tensor can be walked through.

    One HTML file that opens from disk, needs no network, and shows the graph, the forward pass,
    each contribution in the engine's order with its rule and its numbers, a naive order that goes
    wrong, and the optimizer's update. The graph and all `grad`s stay as they are; see
    `mg.trace_backward`, from which all numbers come.

    What was computed inside `mg.record_origins()` is shown in the frames of its modules, with its
    lines of source.

    Args:
        loss: the tensor to start from; or what `mg.trace_backward` returned.
        path: the file, which ends in .html.
        gradient: the cotangent of `loss`; may be left out for a tensor of one element.
        optimizer: whose update is shown too.
        title: the page's title; the name of the loss if left out.

    Returns:
        The path.

    Raises:
        ValueError: the suffix is not .html; or as for `mg.trace_backward`.
        RuntimeError, TypeError: as for `mg.trace_backward`.
        OSError: the file cannot be written.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> x, w, b = (mg.tensor(v, requires_grad=True) for v in (2.0, -3.0, 6.88))
        >>> path = mg.step_through(np.tanh(x * w + b), "neuron.html")
        >>> path.read_text().startswith("<!doctype html>")
        True
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{path}: the suffix of a stepper's page must be .html")
    if isinstance(loss, Trace):
        if gradient is not None or optimizer is not None:
            raise TypeError(
                "a trace has been made already: give gradient= and optimizer= to trace_backward"
            )
        trace = loss
    else:
        trace = trace_backward(loss, gradient=gradient, optimizer=optimizer)
    from .content import content_of
    from .page import page

    heading = title if title is not None else f"Backward pass of {trace.output.name}"
    write_atomically(path, page(content_of(trace, heading, _CHARACTERS)).encode())
    return path
