"""What gradients do on their way through the layers: vanish, explode, or leave units dead."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from ...parameter import Parameter
from ..session import Session
from .callback import Callback

Layers: TypeAlias = dict[str, dict[str, Parameter]]


class GradientWarning(UserWarning):
    """Gradients that vanish or explode, updates that are too large, or units that are dead."""


@dataclass
class LayerReport:
    """A layer's means over the steps that were looked at since the epoch began.

    Attributes:
        gradient: the norm of its parameters' gradients, ‖g‖.
        ratio: the norm of an update in units of the norm of the weights, ‖Δθ‖ / ‖θ‖; about 1e-3
            is healthy.
        dead: the units whose weights had a gradient of exactly 0 in each of these steps, as those
            of a ReLU that never fires.
        units: all units of the layer: the rows of its weight.
        steps: the steps that were looked at.
    """

    gradient: float = 0.0
    ratio: float = 0.0
    dead: int = 0
    units: int = 0
    steps: int = 0


@dataclass
class _Sums:
    """What a layer's report is made of."""

    gradient: float = 0.0
    ratio: float = 0.0
    steps: int = 0
    alive: dict[str, Any] = field(default_factory=dict)  # of each weight, which of its rows


class GradientMonitor(Callback):
    """Measures each layer's gradients and updates, and warns in words when they are not healthy.

    Args:
        every: look at each step whose number is a multiple of this; looking copies the weights.
        vanishing: a mean gradient norm below this is warned about.
        exploding: and one above this.
        largest_ratio: and a mean update-to-weight ratio above this.
        dead_share: and more than this share of a layer's units dead.

    Attributes:
        report: a `LayerReport` for each layer, by its path; of the last complete epoch.

    Raises:
        ValueError: `every` is below 1.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad.train import callbacks
        >>> model = mg.nn.Sequential(
        ...     mg.nn.Linear(2, 8, rng=np.random.default_rng(0)), mg.nn.Tanh(),
        ...     mg.nn.Linear(8, 1, rng=np.random.default_rng(1)))
        >>> monitor = callbacks.GradientMonitor(every=1)
        >>> trainer = mg.train.Trainer(
        ...     model, mg.functional.mse_loss, mg.optim.SGD(model.named_parameters(), lr=0.01),
        ...     callbacks=[monitor])
        >>> _ = trainer.fit((np.eye(2), np.ones((2, 1))), epochs=1)
        >>> print(monitor)
        layer     gradient     update/weight     dead units
        0         1.31e+00          5.86e-03         0 of 8
        2         2.90e+00          4.93e-02         0 of 1

    Each kind of warning is given once for each layer; it is a `GradientWarning`.
    """

    def __init__(
        self,
        every: int = 10,
        *,
        vanishing: float = 1e-7,
        exploding: float = 1e3,
        largest_ratio: float = 0.1,
        dead_share: float = 0.5,
    ) -> None:
        if every < 1:
            raise ValueError(f"expected every to be at least 1 step, found {every}")
        self.every = every
        self.vanishing, self.exploding = vanishing, exploding
        self.largest_ratio, self.dead_share = largest_ratio, dead_share
        self.report: dict[str, LayerReport] = {}
        self._sums: dict[str, _Sums] = {}
        self._before: dict[str, Any] | None = None
        self._warned: list[str] = []

    def on_epoch_begin(self, session: Session) -> None:
        """Begin new means."""
        self._sums = {}

    def on_step_begin(self, session: Session) -> None:
        """Keep the weights, if this is a step to look at."""
        if (session.step + 1) % self.every == 0:
            self._before = {name: p.data.copy() for name, p in session.model.named_parameters()}

    def on_step_end(self, session: Session) -> None:
        """Measure the step."""
        if self._before is None:
            return
        for layer, parameters in _layers(session).items():
            self._measure(self._sums.setdefault(layer, _Sums()), parameters, self._before)
        self._before = None

    def on_epoch_end(self, session: Session) -> None:
        """Report, and warn."""
        measured = {layer: sums for layer, sums in self._sums.items() if sums.steps}
        self.report = {layer: _report(sums) for layer, sums in measured.items()}
        for layer, report in self.report.items():
            for kind, words in self._faults(report).items():
                if f"{layer}: {kind}" not in self._warned:
                    self._warned.append(f"{layer}: {kind}")
                    warnings.warn(
                        f"layer {layer}, epoch {session.epoch}: {words}",
                        GradientWarning,
                        stacklevel=2,
                    )

    def _measure(
        self, sums: _Sums, parameters: Mapping[str, Parameter], before: Mapping[str, Any]
    ) -> None:
        learning = {name: p for name, p in parameters.items() if p.grad is not None}
        if not learning:
            return
        gradients = {name: p.grad.data for name, p in learning.items() if p.grad is not None}
        weights = _norm(before[name] for name in learning)
        update = _norm(p.data - before[name] for name, p in learning.items())
        sums.gradient += _norm(gradients.values())
        sums.ratio += update / weights if weights else 0.0
        for name, g in gradients.items():
            if g.ndim > 1:
                alive = np.any(g.reshape(len(g), -1), axis=1)
                sums.alive[name] = alive | sums.alive.get(name, False)
        sums.steps += 1

    def _faults(self, report: LayerReport) -> dict[str, str]:
        """What is wrong with a layer, by kind."""
        faults = {}
        if report.gradient < self.vanishing:
            faults["vanishing"] = (
                f"gradients vanish: their norm is {report.gradient:.1e}, so it hardly learns;"
                " another activation or initialisation, normalisation or fewer layers may help"
            )
        if not report.gradient <= self.exploding:
            faults["exploding"] = (
                f"gradients explode: their norm is {report.gradient:.1e};"
                " clip_norm=1.0 or a smaller learning rate may help"
            )
        if not report.ratio <= self.largest_ratio:
            faults["ratio"] = (
                f"a step changes the weights by {report.ratio:.0%} of their norm, where 0.1% is"
                " usual; a smaller learning rate or a warm-up may help"
            )
        if report.dead > self.dead_share * report.units:
            faults["dead"] = (
                f"{report.dead} of {report.units} units are dead: no gradient reaches their"
                " weights; a smaller learning rate, or a leaky activation, may help"
            )
        return faults

    def __str__(self) -> str:
        width = max([8, *map(len, self.report)])
        lines = [f"{'layer':<{width}}  gradient     update/weight     dead units"]
        for layer, report in self.report.items():
            dead = f"{report.dead} of {report.units}"
            lines.append(
                f"{layer:<{width}}  {report.gradient:.2e}     {report.ratio:>13.2e}{dead:>15}"
            )
        return "\n".join(lines)

    def state_dict(self) -> dict[str, Any]:
        """The means of the epoch so far, and the warnings given."""
        return {
            "sums": {
                layer: [sums.gradient, sums.ratio, sums.steps, dict(sums.alive)]
                for layer, sums in self._sums.items()
            },
            "warned": list(self._warned),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._sums = {layer: _Sums(*sums) for layer, sums in state["sums"].items()}
        self._warned = list(state["warned"])


def _layers(session: Session) -> Layers:
    """Parameters by the path of the module that they belong to; of the model itself, by `model`."""
    layers: Layers = {}
    for name, parameter in session.model.named_parameters():
        layers.setdefault(name.rpartition(".")[0] or "model", {})[name] = parameter
    return layers


def _norm(arrays: Any) -> float:
    """The norm of all numbers in arrays, in float64: squares of float32 may overflow."""
    return float(np.sqrt(sum(np.square(a, dtype=np.float64).sum() for a in arrays)))


def _report(sums: _Sums) -> LayerReport:
    units = sum(len(alive) for alive in sums.alive.values())
    dead = sum(int(np.count_nonzero(~alive)) for alive in sums.alive.values())
    return LayerReport(sums.gradient / sums.steps, sums.ratio / sums.steps, dead, units, sums.steps)
