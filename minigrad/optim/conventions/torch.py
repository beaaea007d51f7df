"""PyTorch's optimizers: the names, arguments, defaults and formulas of `torch.optim`.

Schedules stand in the place of its `lr_scheduler`; `foreach`, `fused`, `capturable` and
`differentiable`, which change no number, are left out.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

import numpy as np

from .. import (
    adadelta,
    adafactor,
    adagrad,
    adam,
    adamax,
    amsgrad,
    asgd,
    gd,
    muon,
    nadam,
    radam,
    rmsprop,
    rmsprop_momentum,
    rprop,
)
from .. import momentum as momentum_rules
from ..decay import Prepare, with_decoupled
from ..optimizer import Optimizer, Parameters, State

Pair: TypeAlias = tuple[float, float]


def SGD(
    params: Parameters,
    lr: Any = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """Gradient descent, plain or with momentum in form B.

    Raises:
        ValueError: nesterov without momentum, or with dampening.

    Example:
        >>> import minigrad as mg
        >>> from minigrad.optim.conventions import torch
        >>> type(torch.SGD([mg.Parameter([1.0])], momentum=0.9, nesterov=True)).__name__
        'Nesterov'
    """
    options: Any = {"lr": lr, "weight_decay": weight_decay, "maximize": maximize}
    if nesterov and (not momentum or dampening):
        raise ValueError("Nesterov momentum needs a momentum and no dampening")
    if not momentum:
        return gd.SGD(params, **options)
    if nesterov:
        return momentum_rules.Nesterov(params, momentum=momentum, **options)
    if dampening:
        return momentum_rules.DampenedMomentum(
            params, momentum=momentum, dampening=dampening, **options
        )
    return momentum_rules.Momentum(params, momentum=momentum, **options)


def Adam(
    params: Parameters,
    lr: Any = 1e-3,
    betas: Pair = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
    *,
    maximize: bool = False,
    decoupled_weight_decay: bool = False,
) -> Optimizer:
    """Adam or `CorrectedAMSGrad`; weight decay is L2, or decoupled."""
    options: Any = {"weight_decay": weight_decay, "maximize": maximize}
    plain, largest = (
        (adam.AdamW, DecoupledAMSGrad) if decoupled_weight_decay else (adam.Adam, CorrectedAMSGrad)
    )
    return (largest if amsgrad else plain)(params, lr, betas, eps, **options)


def AdamW(
    params: Parameters,
    lr: Any = 1e-3,
    betas: Pair = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    amsgrad: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """Adam or `CorrectedAMSGrad` with decoupled weight decay."""
    return Adam(
        params,
        lr,
        betas,
        eps,
        weight_decay,
        amsgrad,
        maximize=maximize,
        decoupled_weight_decay=True,
    )


def Adagrad(
    params: Parameters,
    lr: float = 1e-2,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
    *,
    maximize: bool = False,
) -> Optimizer:
    """AdaGrad."""
    numbers: Any = {"s0": initial_accumulator_value, "lr_decay": lr_decay}
    options: Any = {"weight_decay": weight_decay, "maximize": maximize}
    return adagrad.AdaGrad(params, lr, eps, **numbers, **options)


def Adadelta(
    params: Parameters,
    lr: Any = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Optimizer:
    """AdaDelta with a shorter memory."""
    return adadelta.AdaDelta(params, lr, rho, eps, weight_decay=weight_decay, maximize=maximize)


def RMSprop(
    params: Parameters,
    lr: Any = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """RMSProp, plain or centred, with or without momentum; alpha is rho."""
    options: Any = {"lr": lr, "rho": alpha, "eps": eps}
    options |= {"weight_decay": weight_decay, "maximize": maximize}
    if not momentum:
        rule = rmsprop.CenteredRMSProp if centered else rmsprop.RMSProp
        return rule(params, **options)
    with_momentum = rmsprop_momentum.RMSPropMomentum
    if centered:
        with_momentum = rmsprop_momentum.CenteredRMSPropMomentum
    return with_momentum(params, momentum=momentum, **options)


def Adamax(
    params: Parameters,
    lr: Any = 2e-3,
    betas: Pair = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Optimizer:
    """Adamax."""
    return adamax.Adamax(params, lr, betas, eps, weight_decay=weight_decay, maximize=maximize)


def NAdam(
    params: Parameters,
    lr: Any = 2e-3,
    betas: Pair = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 4e-3,
    decoupled_weight_decay: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """NAdam; momentum_decay is psi."""
    rule = DecoupledNAdam if decoupled_weight_decay else nadam.NAdam
    options: Any = {"weight_decay": weight_decay, "maximize": maximize}
    return rule(params, lr, betas, eps, momentum_decay, **options)


def RAdam(
    params: Parameters,
    lr: Any = 1e-3,
    betas: Pair = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """RAdam."""
    rule = DecoupledRAdam if decoupled_weight_decay else radam.RAdam
    return rule(params, lr, betas, eps, weight_decay=weight_decay, maximize=maximize)


def Rprop(
    params: Parameters,
    lr: float = 1e-2,
    etas: Pair = (0.5, 1.2),
    step_sizes: Pair = (1e-6, 50.0),
    *,
    maximize: bool = False,
) -> Optimizer:
    """Rprop."""
    return rprop.Rprop(params, lr, etas, step_sizes, maximize=maximize)


def ASGD(
    params: Parameters,
    lr: float = 1e-2,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 1e6,
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Optimizer:
    """Averaged SGD, whose mean begins after a million steps."""
    options: Any = {"weight_decay": weight_decay, "maximize": maximize}
    return asgd.ASGD(params, lr, lambd, alpha, t0, **options)


def Adafactor(
    params: Parameters,
    lr: Any = 1e-2,
    beta2_decay: float = -0.8,
    eps: tuple[float | None, float] = (None, 1e-3),
    d: float = 1.0,
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Optimizer:
    """Adafactor whose eps[0] bounds the divisor from below (None: the precision of the dtype)."""
    options: Any = {"weight_decay": weight_decay, "maximize": maximize}
    return ClampedAdafactor(params, lr, eps, d, -beta2_decay, **options)  # type: ignore[arg-type]


def Muon(
    params: Parameters,
    lr: Any = 1e-3,
    weight_decay: float = 0.1,
    momentum: float = 0.95,
    *,
    eps: float = 1e-7,
    ns_steps: int = 5,
) -> Optimizer:
    """Muon with Nesterov's momentum and the "original" scaling; in the parameter's dtype."""
    return muon.Muon(params, lr, momentum, ns_steps, eps, weight_decay=weight_decay)


class CorrectedAMSGrad(amsgrad.AMSGrad):
    """AMSGrad by the largest v, which is then corrected as in Adam.

    v_max <- max(v_max, v)
    theta <- theta - lr m_hat / (sqrt(v_max / (1 - beta2^t)) + eps)
    """

    @staticmethod
    def update(  # type: ignore[override]
        theta: Any, g: Any, m: Any, v: Any, v_max: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        v_max = np.maximum(v_max, v)
        root = (1 - beta2**t) ** 0.5
        rate = lr * root / (1 - beta1**t)
        return theta - rate * m / (np.sqrt(v_max) + eps * root), m, v, v_max


class DecoupledAMSGrad(CorrectedAMSGrad):
    """`CorrectedAMSGrad` with decoupled weight decay."""

    decay: ClassVar[Prepare] = staticmethod(with_decoupled)


class DecoupledNAdam(nadam.NAdam):
    """NAdam with decoupled weight decay."""

    decay: ClassVar[Prepare] = staticmethod(with_decoupled)


class DecoupledRAdam(radam.RAdam):
    """RAdam with decoupled weight decay."""

    decay: ClassVar[Prepare] = staticmethod(with_decoupled)


class ClampedAdafactor(adafactor.Adafactor):
    """Adafactor which bounds its divisors from below, in place of adding eps1 to g^2.

    V = max(row column / max(mean(row), eps1), eps1^2)
    """

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        row: Any,
        column: Any,
        *,
        t: int,
        lr: float,
        eps: Any,
        d: float,
        c: float,
        weight_decay: float,
    ) -> State:
        eps1, eps2 = eps
        if eps1 is None:
            eps1 = float(np.finfo(theta.dtype).eps)
        row, column = adafactor.factored(g * g, row, column, 1 - t**-c)
        mean_square = row
        if theta.ndim > 1:
            mean_square = row * column / np.maximum(np.mean(row, axis=-2, keepdims=True), eps1)
        u = g / np.sqrt(np.maximum(mean_square, eps1 * eps1))
        size = np.maximum(eps2, adafactor.rms(theta))
        step = size * min(lr, t**-0.5) * adafactor.clipped(u, d)
        return theta - lr * weight_decay * theta - step, row, column
