"""Weight decay and maximization: what happens to theta and g before an update rule sees them.

A decay of 0 is the number 0 and not 0.0, so that nothing is computed for it; see `checked`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Hyper: TypeAlias = dict[str, Any]
Prepare: TypeAlias = Callable[[Any, Any, Hyper], tuple[Any, Any, Hyper]]


def with_l2(theta: Any, g: Any, hyper: Hyper) -> tuple[Any, Any, Hyper]:
    """g <- g + weight_decay theta: the gradient of weight_decay / 2 |theta|^2 is added."""
    g, decay, rest = _ascending(g, hyper)
    return theta, g + decay * theta if isinstance(decay, float) else g, rest


def with_decoupled(theta: Any, g: Any, hyper: Hyper) -> tuple[Any, Any, Hyper]:
    """theta <- theta - lr weight_decay theta, beside the step that the gradient makes.

    Source: Loshchilov & Hutter 2019, "Decoupled weight decay regularization", algorithm 2, with
    the schedule's multiplier in lr, as in PyTorch and Optax.
    """
    g, decay, rest = _ascending(g, hyper)
    if isinstance(decay, float):
        theta = theta - hyper["lr"] * decay * theta
    return theta, g, rest


def by_the_rule(theta: Any, g: Any, hyper: Hyper) -> tuple[Any, Any, Hyper]:
    """The rule receives `weight_decay` and says itself where it stands."""
    g, decay, rest = _ascending(g, hyper)
    return theta, g, {**rest, "weight_decay": decay}


def _ascending(g: Any, hyper: Hyper) -> tuple[Any, Any, Hyper]:
    """The gradient to descend along, the decay, and the hyperparameters of the rule itself."""
    rest = {key: a for key, a in hyper.items() if key not in ("weight_decay", "maximize")}
    return -g if hyper["maximize"] else g, hyper["weight_decay"], rest
