"""The optimizers by the names that people type, and the one that a run asks for."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

from .. import optim
from ..nn import Module

if TYPE_CHECKING:
    from .config import RunConfig

OPTIMIZERS: dict[str, type[optim.Optimizer]] = {
    name.lower(): kind
    for name in optim.__all__
    if isinstance(kind := getattr(optim, name), type)
    and issubclass(kind, optim.Optimizer)
    and "lr" in signature(kind).parameters  # all but those that stand around others
}
OPTIMIZERS["muon"] = OPTIMIZERS.pop("muonwithadamw")  # of all parameters, as the others
OPTIMIZERS = dict(sorted(OPTIMIZERS.items()))
WHOLE_BATCH = ("gd", "lbfgs")


def default_of(optimizer: str, setting: str) -> float:
    """What an optimizer has for a setting when none is given.

    Args:
        optimizer: a key of `OPTIMIZERS`.
        setting: "lr" or "weight_decay".

    Returns:
        The default in the class's signature; 0 if it has none there.

    Example:
        >>> from minigrad.train.optimizers import default_of
        >>> default_of("adam", "lr"), default_of("adamw", "weight_decay")
        (0.001, 0.01)
    """
    parameter = signature(OPTIMIZERS[optimizer]).parameters.get(setting)
    return 0.0 if parameter is None else float(parameter.default)


def optimizer_of(config: RunConfig, model: Module, steps: int) -> optim.Optimizer:
    """The optimizer of a run, in what stands around it.

    Args:
        config: names it, and its settings.
        model: what is trained; its biases do not decay.
        steps: how many steps the run makes.

    Raises:
        TypeError, ValueError: the optimizer does not take such settings.
    """
    kind = OPTIMIZERS[config.optimizer]
    options: dict[str, Any] = {"lr": config.lr}
    if config.schedule is not None or config.warmup:
        name, lr = config.schedule or "constant", config.lr or 0.0
        options["lr"] = optim.schedules.for_run(name, lr, steps, config.warmup)
    if kind is not optim.LBFGS:
        options |= {"weight_decay": config.weight_decay, "no_decay": "*bias"}
    optimizer = kind(model.named_parameters(), **options)
    if config.lookahead is not None:
        optimizer = optim.Lookahead(optimizer, config.lookahead)
    if config.sam is not None:
        optimizer = optim.SAM(optimizer, config.sam)
    return optimizer
