"""What all examples share: three options, the goal to be reached, and how a picture is saved.

Nothing here trains. Data, model, loss and loop stand in the examples themselves.
"""

from __future__ import annotations

import argparse
import operator
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

PICTURES = Path("runs/examples")
_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#666666"]  # of Okabe and Ito
_RELATIONS = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True)
class Goal:
    """The number that proves that an example worked, and what it has to reach.

    Args:
        metric: what the number is.
        relation: ">=" or "<=".
        threshold: reached by seeds 0, 1 and 2.
        quick: what the short mode has to reach.
    """

    metric: str
    relation: str
    threshold: float
    quick: float

    def is_met(self, value: float, quick: bool = False) -> bool:
        return bool(_RELATIONS[self.relation](value, self.quick if quick else self.threshold))

    def __str__(self) -> str:
        return f"{self.metric} {self.relation} {self.threshold:g}"


def run(main: Callable[..., float], goal: Goal) -> None:
    """Call `main` with the options of the command line; exit with 1 if the goal is missed."""
    program = sys.modules["__main__"]
    parser = argparse.ArgumentParser(
        description=program.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0, help="of all random numbers")
    parser.add_argument("--quick", action="store_true", help="a few seconds of it")
    parser.add_argument("--out", type=Path, default=PICTURES, metavar="FOLDER", help="of pictures")
    options = parser.parse_args()
    start = time.perf_counter()
    value = main(**vars(options))
    seconds = time.perf_counter() - start
    limit = goal.quick if options.quick else goal.threshold
    print(f"{goal.metric}: {value:.6g} (goal: {goal.relation} {limit:g}), {seconds:.1f} s")
    sys.exit(0 if goal.is_met(value, options.quick) else 1)


def panels(count: int, width: float = 4.0, height: float = 3.2) -> tuple[Figure, list[Any]]:
    """A figure with so many axes side by side; sizes in inches, of one of them."""
    figure = Figure(figsize=(count * width, height), layout="constrained")
    axes = list(figure.subplots(1, count, squeeze=False)[0])
    for panel in axes:
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_prop_cycle(color=_COLOURS)
    return figure, axes


def mosaic(images: Any, gap: int = 1) -> Any:
    """Pictures of shape (rows, columns, h, w) as one picture, with gaps of so many pixels."""
    rows, columns, h, w = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (0, gap), (0, gap)), constant_values=np.nan)
    return padded.swapaxes(1, 2).reshape(rows * (h + gap), columns * (w + gap))


def save(figure: Figure, out: Path, name: str) -> None:
    """Write a figure to `out/name.png`, and say so."""
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / f"{name}.png", dpi=100)
    print(f"picture: {out / name}.png")
