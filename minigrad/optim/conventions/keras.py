"""Keras's optimizers: the names, arguments, defaults and formulas of `keras.optimizers`.

The parameters come first, which Keras learns of later. Of its general arguments only `weight_decay`
is here, where it is decoupled: in `AdamW` and `Lion`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import adadelta, adagrad, adam, adamax, amsgrad, gd, lion, nadam, rmsprop, rmsprop_momentum
from .. import momentum as momentum_rules
from ..decay import Prepare, with_decoupled
from ..optimizer import Optimizer, Parameters, State


def SGD(
    params: Parameters,
    learning_rate: Any = 1e-2,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> Optimizer:
    """Gradient descent, plain or with momentum in form A.

    Example:
        >>> import minigrad as mg
        >>> from minigrad.optim.conventions import keras
        >>> type(keras.SGD([mg.Parameter([1.0])], momentum=0.9)).__name__
        'MomentumA'
    """
    if not momentum:
        return gd.SGD(params, learning_rate)
    rule = momentum_rules.NesterovA if nesterov else momentum_rules.MomentumA
    return rule(params, learning_rate, momentum)


def RMSprop(
    params: Parameters,
    learning_rate: Any = 1e-3,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
) -> Optimizer:
    """RMSProp with epsilon inside the root; with momentum, lr has to be constant to be the same."""
    options: Any = {"lr": learning_rate, "rho": rho, "eps": 0.0, "eps_root": epsilon}
    if not momentum:
        rule = rmsprop.CenteredRMSProp if centered else rmsprop.RMSProp
        return rule(params, **options)
    with_momentum = rmsprop_momentum.RMSPropMomentum
    if centered:
        with_momentum = rmsprop_momentum.CenteredRMSPropMomentum
    return with_momentum(params, momentum=momentum, **options)


def Adam(
    params: Parameters,
    learning_rate: Any = 1e-3,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
) -> Optimizer:
    """`EpsHatAdam` or `EpsHatAMSGrad`."""
    rule = EpsHatAMSGrad if amsgrad else EpsHatAdam
    return rule(params, learning_rate, (beta_1, beta_2), epsilon)


def AdamW(
    params: Parameters,
    learning_rate: Any = 1e-3,
    weight_decay: float = 4e-3,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Optimizer:
    """`EpsHatAdam` with decoupled weight decay."""
    options: Any = {"weight_decay": weight_decay}
    return EpsHatAdamW(params, learning_rate, (beta_1, beta_2), epsilon, **options)


def Adagrad(
    params: Parameters,
    learning_rate: Any = 1e-3,
    initial_accumulator_value: float = 0.1,
    epsilon: float = 1e-7,
) -> Optimizer:
    """AdaGrad with epsilon inside the root, and a sum that starts at 0.1."""
    numbers: Any = {"eps": 0.0, "eps_root": epsilon, "s0": initial_accumulator_value}
    return adagrad.AdaGrad(params, learning_rate, **numbers)


def Adadelta(
    params: Parameters, learning_rate: Any = 1e-3, rho: float = 0.95, epsilon: float = 1e-7
) -> Optimizer:
    """AdaDelta with a learning rate of 0.001, where the paper has none: the steps are tiny."""
    return adadelta.AdaDelta(params, learning_rate, rho, epsilon)


def Adamax(
    params: Parameters,
    learning_rate: Any = 1e-3,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Optimizer:
    """`EpsOutsideAdamax`."""
    return EpsOutsideAdamax(params, learning_rate, (beta_1, beta_2), epsilon)


def Nadam(
    params: Parameters,
    learning_rate: Any = 1e-3,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Optimizer:
    """NAdam with psi = 1: mu is at 0.99 beta_1 after 100 steps."""
    return nadam.NAdam(params, learning_rate, (beta_1, beta_2), epsilon, psi=1.0)


def Lion(
    params: Parameters,
    learning_rate: Any = 1e-3,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Lion."""
    return lion.Lion(params, learning_rate, (beta_1, beta_2), weight_decay=weight_decay)


class EpsHatAdam(adam.Adam):
    """Adam with eps beside the uncorrected root, where it weighs more in the first steps.

        theta <- theta - lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps)

    Source: Kingma & Ba 2015, "Adam: a method for stochastic optimization", the end of section 2.
    """

    @staticmethod
    def update(
        theta: Any, g: Any, m: Any, v: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        rate = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
        return theta - rate * m / (np.sqrt(v) + eps), m, v


class EpsHatAdamW(EpsHatAdam):
    """`EpsHatAdam` with decoupled weight decay."""

    decay: ClassVar[Prepare] = staticmethod(with_decoupled)


class EpsHatAMSGrad(amsgrad.AMSGrad):
    """AMSGrad by the largest v, corrected as in `EpsHatAdam`.

    v_max <- max(v_max, v)
    theta <- theta - lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v_max) + eps)
    """

    @staticmethod
    def update(  # type: ignore[override]
        theta: Any, g: Any, m: Any, v: Any, v_max: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        rate = lr * (1 - betas[1] ** t) ** 0.5 / (1 - betas[0] ** t)
        numbers: Any = {"t": t, "lr": rate, "betas": betas, "eps": eps}
        return amsgrad.AMSGrad.update(theta, g, m, v, v_max, **numbers)


class EpsOutsideAdamax(adamax.Adamax):
    """Adamax with eps beside the maximum, not in it.

    u     <- max(beta2 u, |g|)
    theta <- theta - lr / (1 - beta1^t) m / (u + eps)
    """

    @staticmethod
    def update(
        theta: Any, g: Any, m: Any, u: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        u = np.maximum(beta2 * u, np.abs(g))
        return theta - lr / (1 - beta1**t) * m / (u + eps), m, u
