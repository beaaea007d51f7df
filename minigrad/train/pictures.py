"""The pictures of a run, drawn where the packages for it are installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..data import Dataset
from .folder import CURVES, GRAPH
from .objective import Objective
from .session import Session

_ROWS = 4  # enough for a batch: a graph does not depend on their number


def draw_pictures(folder: Path, session: Session, objective: Objective, data: Dataset) -> list[str]:
    """Draw the curves of a run and the graph of its loss into its folder.

    A run is worth having without pictures, so what cannot be drawn is told and not raised.

    Args:
        folder: the run's folder.
        session: its history is the curves, its model is in the graph.
        objective: its loss is the graph's output.
        data: a few rows of it go through the model.

    Returns:
        One line for each file that was not written, with the reason and the remedy.

    Raises:
        OSError: a file cannot be written.
    """

    def draw_curves(path: Path) -> None:
        from ..viz import save_curves

        save_curves(session.history, path)

    def draw_graph(path: Path) -> None:
        from ..provenance import record_origins
        from ..viz import draw

        rows = data.take(slice(_ROWS))
        with record_origins():
            loss = objective.loss(session.model.eval()(rows.x), rows.y)
        draw(loss).save(path)

    drawings: dict[str, Callable[[Path], None]] = {CURVES: draw_curves, GRAPH: draw_graph}
    notes = []
    for name, draw_file in drawings.items():
        try:
            draw_file(folder / name)
        except (ImportError, RuntimeError) as error:
            notes.append(f"note: {name} was not written: {error}")
    return notes
