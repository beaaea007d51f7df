"""The curves of a training run: loss and score by epoch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from ..extras import require
from ..files import write_atomically

# Blue, green and vermilion of Okabe and Ito; the dashes tell them apart without colour.
_SPLITS = {
    "train": {"color": "#0072b2", "linestyle": "-", "marker": "o"},
    "valid": {"color": "#009e73", "linestyle": ":", "marker": "^"},
    "test": {"color": "#d55e00", "linestyle": "--", "marker": "s"},
}
_QUANTITIES = {"loss": "loss", "accuracy": "accuracy", "r2": "R²"}
_FEW = 30  # epochs: so many are marked one by one

Metrics = Sequence[Mapping[str, float]]


def save_curves(metrics: Metrics, path: str | os.PathLike[str]) -> None:
    """Draw the loss, and accuracy or R² where they were measured, of each epoch into an SVG file.

    The same metrics always give the same file, and it is written whole or not at all.

    Args:
        metrics: one mapping for each epoch, with any of the keys `epoch` (else epochs count from
            1), `train_loss`, `valid_loss`, `test_loss`, and the same of `accuracy` and `r2`. Other
            keys are ignored.
        path: a file name that ends in .svg.

    Raises:
        ValueError: the suffix is not .svg, or no epoch has any of these keys.
        ImportError: matplotlib is not installed.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile, pathlib
        >>> from minigrad.viz import save_curves
        >>> metrics = [{"epoch": 1, "train_loss": 0.9}, {"epoch": 2, "train_loss": 0.4}]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "curves.svg")
        ...     save_curves(metrics, path)
        ...     path.read_text().startswith("<?xml")
        True
    """
    path = Path(path)
    if path.suffix.lower() != ".svg":
        raise ValueError(f"{path}: the suffix of a file of curves must be .svg")
    measured = [
        q for q in _QUANTITIES if any(f"{s}_{q}" in row for s in _SPLITS for row in metrics)
    ]
    if not measured:
        keys = ", ".join(f"{s}_{q}" for q in _QUANTITIES for s in _SPLITS)
        raise ValueError(
            f"there is no curve to draw: none of {len(metrics)} epochs has one of {keys}"
        )
    matplotlib = require("matplotlib", "viz", "drawing curves")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the reader's own style
        # Identifiers inside an SVG are random but for the salt, and a date would change daily.
        matplotlib.rcParams["svg.hashsalt"] = "minigrad"
        write_atomically(path, _picture(metrics, measured))


def _picture(metrics: Metrics, measured: Sequence[str]) -> bytes:
    figure = require("matplotlib.figure", "viz", "drawing curves").Figure(
        figsize=(5.2 * len(measured), 3.6), layout="constrained"
    )
    figure.get_layout_engine().set(w_pad=0.1)
    panels = figure.subplots(1, len(measured), squeeze=False)[0]
    for panel, quantity in zip(panels, measured, strict=True):
        _draw_panel(panel, metrics, quantity)
    content = BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None})
    return content.getvalue()


def _draw_panel(panel: Any, metrics: Metrics, quantity: str) -> None:
    for split, style in _SPLITS.items():
        key = f"{split}_{quantity}"
        points = [(row.get("epoch", i), row[key]) for i, row in enumerate(metrics, 1) if key in row]
        if points:
            look = style if len(points) <= _FEW else {**style, "marker": None}
            panel.plot(*zip(*points, strict=True), label=split, markersize=4, **look)
    panel.set_xlabel("epoch")
    panel.set_ylabel(_QUANTITIES[quantity])
    panel.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    panel.grid(color="#e0e0e0", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(_SPLITS), frameon=False)
