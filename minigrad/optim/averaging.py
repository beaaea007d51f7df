"""Averages of the weights over the steps, which are often better than the last weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, TypeAlias

import numpy as np

from .naming import named
from .persistent import (
    array_of,
    check_arrays,
    number_of,
    overwrite,
    section,
    set_number,
    weights_of,
)

Decay: TypeAlias = Callable[[Any], Any]  # from the number of the update, 1, 2, ..., to a share


def plain_average(t: Any) -> Any:
    """The decay for the plain mean of the weights at all updates so far: (t - 1) / t.

    Example:
        >>> import minigrad as mg
        >>> [mg.optim.plain_average(t) for t in (1, 2, 4)]
        [0.0, 0.5, 0.75]

    Source: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging";
    Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization" (SWA:
    an update for each epoch or cycle), section 3.
    """
    return (t - 1) / t


def warmed_up(decay: float) -> Decay:
    """Forget fast at first: min(decay, (1 + t) / (10 + t)).

    Example:
        >>> import minigrad as mg
        >>> [mg.optim.warmed_up(0.99)(t) for t in (1, 8, 10_000)]
        [0.18181818181818182, 0.5, 0.99]

    Source: TensorFlow's `tf.train.ExponentialMovingAverage`, `num_updates`.
    """

    def share(t: Any) -> Any:
        early = (1 + t) / (10 + t)
        return early if early < decay else decay

    return share


def bias_corrected(decay: float) -> Decay:
    """Leave out the weights at the start: decay (1 - decay^(t - 1)) / (1 - decay^t).

    The average is the one that starts at zero and is divided by 1 - decay^t, as in Adam; the first
    update takes the weights as they are.

    Example:
        >>> import minigrad as mg
        >>> [round(mg.optim.bias_corrected(0.9)(t), 4) for t in (1, 2, 100)]
        [0.0, 0.4737, 0.9]

    Source: Kingma & Ba 2015, "Adam: a method for stochastic optimization", section 3, applied to
    weights as in its section 7.2.
    """
    return lambda t: decay * (1 - decay ** (t - 1)) / (1 - decay**t)


class EMA:
    """The exponential moving average of weights, or another average of them.

        average <- d average + (1 - d) theta        d = decay, or decay(t) at update t = 1, 2, ...

    It starts at the weights as they are now.

    Args:
        of: a module; or parameters, or (name, parameter) pairs.
        decay: the share of the average that survives an update, in [0, 1); or a function of the
            update's number: `plain_average`, `warmed_up(0.999)`, `bias_corrected(0.999)`.
        average_buffers: average a module's floating-point buffers too (running means of a batch
            normalisation). Otherwise, and for whole numbers, buffers stay the module's own.

    Raises:
        ValueError: `decay` is out of range, or there is no module to take buffers from.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([0.0])
        >>> ema = mg.optim.EMA([w], decay=0.75)
        >>> w.data[:] = 8.0
        >>> ema.update()
        >>> with ema.weights():
        ...     print(w.item())
        2.0
        >>> w.item()
        8.0

    Source: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging", for
    averaging; Tarvainen & Valpola 2017, "Mean teachers are better role models", section 2, for
    the exponential form.
    """

    told_to_programs: ClassVar[frozenset[str]] = frozenset({"_average", "_t", "_is_swapped"})

    def __init__(
        self, of: Any, decay: float | Decay = 0.999, average_buffers: bool = False
    ) -> None:
        if not callable(decay) and not 0 <= decay < 1:
            raise ValueError(f"expected decay in [0, 1) or a function of the step, got {decay}")
        if average_buffers and not hasattr(of, "named_buffers"):
            raise ValueError("average_buffers needs a module, which has the buffers")
        self.decay = decay
        self._parameters = tuple(named(of))
        self._module = of if average_buffers else None
        self._t = 0
        self._is_swapped = False
        self._average = {name: np.array(a) for name, a in self._averaged()}

    @property
    def t(self) -> int:
        """How many updates have been made."""
        return self._t

    def update(self) -> None:
        """Take the present weights into the average; called after each step of the optimizer.

        Raises:
            RuntimeError: the averages stand in the place of the weights.
        """
        if self._is_swapped:
            raise RuntimeError("update() inside weights() would average the averages")
        t = number_of(vars(self), "_t") + 1
        set_number(vars(self), "_t", t)
        decay = self.decay(t) if callable(self.decay) else self.decay
        with section("average"):
            for name, theta in self._averaged():
                average = array_of(self._average[name], "average")
                overwrite(average, average + (1 - decay) * (theta - average))

    @contextmanager
    def weights(self) -> Iterator[None]:
        """Have the averages in the place of the weights inside a `with` block."""
        before = [(theta, theta.copy()) for _, theta in self._averaged()]
        for name, theta in self._averaged():
            overwrite(theta, array_of(self._average[name], "average"))
        self._is_swapped = True
        try:
            yield
        finally:
            self._is_swapped = False
            for theta, own in before:
                overwrite(theta, own)

    def state_dict(self) -> dict[str, Any]:
        """The number of updates, and copies of the averages by name.

        `module.load_state_dict(ema.state_dict()["average"], strict=False)` makes them the weights.
        """
        return {"t": self._t, "average": {n: a.copy() for n, a in self._average.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned.

        Raises:
            ValueError: names or shapes differ. Nothing has been changed then.
        """
        check_arrays(self._average, state["average"], "the averages")
        self._t = int(state["t"])
        for name, average in self._average.items():
            average[...] = np.asarray(state["average"][name])

    def _averaged(self) -> Iterator[tuple[str, Any]]:
        """The arrays to average, as they are now: a module may replace its buffers."""
        for name, p in self._parameters:
            yield name, weights_of(p)
        if self._module is not None:
            for name, buffer in self._module.named_buffers():
                if buffer.dtype.kind == "f":
                    yield name, buffer
