"""Schedules as curves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from ...extras import require
from ...files import write_atomically
from .schedule import Schedule

# Okabe and Ito's colours; what has more curves than these goes through the dashes too.
_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
_DASHES = ["-", "--", ":"]


def plot(
    schedules: Mapping[str, Schedule], steps: int, path: str | os.PathLike[str] | None = None
) -> Any:
    """Draw the values of schedules at the steps 1 to `steps`.

    Args:
        schedules: by the names that the legend shows; there is one where there are several curves.
        steps: at least 1.
        path: where to write the picture; its suffix (.svg, .png, .pdf) says in which form. The
            same schedules always give the same SVG file.

    Returns:
        A matplotlib `Figure`, which a notebook shows.

    Raises:
        ValueError: no schedules, fewer than 1 step, or a suffix that matplotlib does not know.
        ImportError: matplotlib is not installed.
        OSError: the file cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> from minigrad.optim import schedules
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "cosine.svg")
        ...     figure = schedules.Cosine(0.1, steps=100).plot(120, path)
        ...     path.read_text().startswith("<?xml")
        True
    """
    if not schedules:
        raise ValueError("there are no schedules to draw")
    matplotlib = require("matplotlib", "viz", "drawing schedules")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the reader's own style
        matplotlib.rcParams["svg.hashsalt"] = "minigrad"
        figure = _figure(schedules, steps)
        if path is not None:
            write_atomically(path, _picture(figure, Path(path).suffix.removeprefix(".").lower()))
    return figure


def _figure(schedules: Mapping[str, Schedule], steps: int) -> Any:
    figure = require("matplotlib.figure", "viz", "drawing schedules").Figure(
        figsize=(6.4, 3.6), layout="constrained"
    )
    panel = figure.subplots()
    curves = [curve for named in schedules.items() for curve in _curves(*named, steps)]
    for i, (name, values) in enumerate(curves):
        colour, dashes = _COLOURS[i % len(_COLOURS)], _DASHES[i // len(_COLOURS) % len(_DASHES)]
        panel.plot(range(1, steps + 1), values, dashes, color=colour, label=name)
    panel.set_xlabel("step t")
    panel.set_ylabel("value")
    panel.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    panel.grid(color="#e0e0e0", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    if len(curves) == 1:
        panel.set_title(curves[0][0], loc="left", fontsize="medium")
    else:
        figure.legend(loc="outside right upper", frameon=False)
    return figure


def _curves(name: str, schedule: Schedule, steps: int) -> list[tuple[str, Any]]:
    values = schedule.values(steps)
    if values.ndim == 1:
        return [(name, values)]
    return [(f"{name}[{i}]", column) for i, column in enumerate(values.T)]


def _picture(figure: Any, form: str) -> bytes:
    content = BytesIO()
    undated = {"metadata": {"Date": None}} if form == "svg" else {}
    figure.savefig(content, format=form, dpi=150, **undated)
    return content.getvalue()
