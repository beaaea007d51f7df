"""Pictures: the computation graph, and the curves of a training run."""

from .curves import save_curves
from .graph import draw
from .render import render, save
from .stepper import step_through

__all__ = ["draw", "render", "save", "save_curves", "step_through"]
