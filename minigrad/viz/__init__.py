"""Pictures: the computation graph, and the curves of a training run."""

from .curves import save_curves
from .drawing import Drawing
from .graph import draw
from .passes import draw_passes
from .render import render, save
from .stepper import step_through

__all__ = ["Drawing", "draw", "draw_passes", "render", "save", "save_curves", "step_through"]
