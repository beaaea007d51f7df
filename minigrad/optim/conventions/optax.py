"""Optax's optimizers: the names, arguments, defaults and formulas of `optax`.

The parameters come first, which Optax is told of later. Its `mask` is `no_decay` here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..adadelta import AdaDelta
from ..adagrad import AdaGrad
from ..adam import Adam, AdamW
from ..adamax import Adamax
from ..amsgrad import AMSGrad
from ..gd import SGD
from ..lamb import LAMB
from ..lion import Lion
from ..members import NoDecay
from ..momentum import Momentum, Nesterov
from ..nadam import NAdam
from ..optimizer import Optimizer, Parameters, State
from ..rmsprop import CenteredRMSProp, RMSProp
from ..rmsprop_momentum import (
    CenteredRMSPropMomentum,
    CenteredRMSPropNesterov,
    RMSPropMomentum,
    RMSPropNesterov,
)


def sgd(
    params: Parameters,
    learning_rate: Any,
    momentum: float | None = None,
    nesterov: bool = False,
) -> Optimizer:
    """Gradient descent, plain or with momentum in form B.

    Example:
        >>> import minigrad as mg
        >>> from minigrad.optim.conventions import optax
        >>> type(optax.sgd([mg.Parameter([1.0])], 0.1, momentum=0.9)).__name__
        'Momentum'
    """
    if momentum is None:
        return SGD(params, learning_rate)
    return (Nesterov if nesterov else Momentum)(params, learning_rate, momentum)


def adam(
    params: Parameters,
    learning_rate: Any,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    *,
    nesterov: bool = False,
) -> Optimizer:
    """Adam, or NAdam with a constant mu = b1."""
    if nesterov:
        return nadam(params, learning_rate, b1, b2, eps)
    return Adam(params, learning_rate, (b1, b2), eps)


def adamw(
    params: Parameters,
    learning_rate: Any,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: Any = 1e-4,
    no_decay: NoDecay = (),
) -> Optimizer:
    """AdamW."""
    return AdamW(params, learning_rate, (b1, b2), eps, weight_decay, no_decay=no_decay)


def nadam(
    params: Parameters,
    learning_rate: Any,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Optimizer:
    """NAdam with a constant mu = b1."""
    at_once = 1e6  # 0.96^(t psi) is 0 from the first step on
    return NAdam(params, learning_rate, (b1, b2), eps, psi=at_once)


def amsgrad(
    params: Parameters,
    learning_rate: Any,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Optimizer:
    """`MaxOfCorrected`."""
    return MaxOfCorrected(params, learning_rate, (b1, b2), eps)


def adamax(
    params: Parameters,
    learning_rate: Any,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Optimizer:
    """Adamax."""
    return Adamax(params, learning_rate, (b1, b2), eps)


def adagrad(
    params: Parameters,
    learning_rate: Any,
    initial_accumulator_value: float = 0.1,
    eps: float = 1e-7,
) -> Optimizer:
    """AdaGrad with eps inside the root, and a sum that starts at 0.1."""
    numbers: Any = {"eps": 0.0, "eps_root": eps, "s0": initial_accumulator_value}
    return AdaGrad(params, learning_rate, **numbers)


def adadelta(
    params: Parameters, learning_rate: Any, rho: float = 0.9, eps: float = 1e-6
) -> Optimizer:
    """AdaDelta with a shorter memory."""
    return AdaDelta(params, learning_rate, rho, eps)


def rmsprop(
    params: Parameters,
    learning_rate: Any,
    decay: float = 0.9,
    eps: float = 1e-8,
    eps_in_sqrt: bool = True,
    centered: bool = False,
    momentum: float | None = None,
    nesterov: bool = False,
) -> Optimizer:
    """RMSProp with eps inside the root; with momentum, lr has to be constant to be the same."""
    inside, outside = (eps, 0.0) if eps_in_sqrt else (0.0, eps)
    options: Any = {"lr": learning_rate, "rho": decay, "eps": outside, "eps_root": inside}
    if momentum is None:
        return (CenteredRMSProp if centered else RMSProp)(params, **options)
    rules: dict[tuple[bool, bool], type[RMSPropMomentum]] = {
        (False, False): RMSPropMomentum,
        (False, True): RMSPropNesterov,
        (True, False): CenteredRMSPropMomentum,
        (True, True): CenteredRMSPropNesterov,
    }
    return rules[centered, nesterov](params, momentum=momentum, **options)


def lion(
    params: Parameters,
    learning_rate: Any,
    b1: float = 0.9,
    b2: float = 0.99,
    weight_decay: Any = 1e-3,
    no_decay: NoDecay = (),
) -> Optimizer:
    """Lion."""
    options: Any = {"weight_decay": weight_decay, "no_decay": no_decay}
    return Lion(params, learning_rate, (b1, b2), **options)


def lamb(
    params: Parameters,
    learning_rate: Any,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-6,
    weight_decay: Any = 0.0,
    no_decay: NoDecay = (),
) -> Optimizer:
    """LAMB."""
    options: Any = {"weight_decay": weight_decay, "no_decay": no_decay}
    return LAMB(params, learning_rate, (b1, b2), eps, **options)


class MaxOfCorrected(AMSGrad):
    """AMSGrad by the largest v_hat, the mean square that is corrected already.

    v_max <- max(v_max, v / (1 - beta2^t))
    theta <- theta - lr m_hat / (sqrt(v_max) + eps)
    """

    @staticmethod
    def update(  # type: ignore[override]
        theta: Any, g: Any, m: Any, v: Any, v_max: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        v_max = np.maximum(v_max, v / (1 - beta2**t))
        return theta - lr / (1 - beta1**t) * m / (np.sqrt(v_max) + eps), m, v, v_max
