"""From what a person sets to what training takes: names become classes, numbers are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import index
from typing import Any

import numpy as np

from .. import nn
from ..compiler.backends import BACKENDS
from ..data.messages import did_you_mean, listing
from ..optim import Optimizer
from ..train import OPTIMIZERS, mlp

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "identity": nn.Identity,
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


def module(make: Any, hidden: Sequence[int], activation: str) -> Callable[..., Any]:
    """`make` itself, or what makes a multilayer perceptron where it is None.

    Returns:
        A function of n_features, n_outputs and a generator, which returns a module.
    """
    if make is not None:
        if not callable(make):
            raise TypeError(
                "module must be a function of n_features, n_outputs and rng that returns an "
                f"nn.Module, got {make!r:.60}"
            )
        return make  # type: ignore[no-any-return]
    widths = [at_least_1("hidden", width) for width in hidden]
    kind = _named("activation", activation, ACTIVATIONS)
    return lambda n_in, n_out, rng: mlp([n_in, *widths, n_out], rng, kind)


def optimizer(kind: Any, lr: Any, options: Mapping[str, Any] | None) -> Callable[[Any], Optimizer]:
    """What makes the optimizer from parameters; without an `lr` it has its own default."""
    if not (isinstance(kind, type) and issubclass(kind, Optimizer)):
        kind = _named("optimizer", kind, OPTIMIZERS)
    return partial(kind, **({} if lr is None else {"lr": lr}), **(options or {}))


def backend(compile: Any) -> str | None:
    """The backend of `mg.compile` for True, False or a backend's name."""
    if isinstance(compile, bool):
        return "numpy" if compile else None
    _named("compile", compile, dict.fromkeys(BACKENDS))
    return str(compile)


def dtypes(name: Any) -> list[Any]:
    """The dtypes that features may keep; the first is what others become.

    None is scikit-learn's own habit: float32 stays float32, all else becomes float64.
    """
    allowed = [np.dtype(np.float64), np.dtype(np.float32)]
    if name is None:
        return allowed
    if np.dtype(name) not in allowed:
        raise ValueError(f'dtype must be "float32", "float64" or None, got {name!r}')
    return [np.dtype(name)]


def at_least_1(name: str, value: Any) -> int:
    """A whole number above 0."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
    return index(value)


def tolerance(value: float) -> float:
    """The least progress, at least 0."""
    if not value >= 0:
        raise ValueError(f"tol must be at least 0, got {value!r}")
    return value


def validation_fraction(value: float) -> float:
    """A share between 0 and 1, both excluded."""
    if not 0 < value < 1:
        raise ValueError(f"validation_fraction must lie between 0 and 1, got {value!r}")
    return value


def _named(setting: str, name: Any, choices: Mapping[str, Any]) -> Any:
    if not isinstance(name, str) or name not in choices:
        raise ValueError(
            f"{setting} must be one of {listing(list(choices))}, got {name!r}"
            f"{did_you_mean(str(name), list(choices))}"
        )
    return choices[name]
