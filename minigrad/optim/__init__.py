"""Optimizers: each rule is a class whose `update` is the paper's formula."""

from . import as_written, conventions, schedules
from .accumulation import accumulate
from .adadelta import AdaDelta
from .adafactor import Adafactor
from .adagrad import AdaGrad
from .adam import Adam, AdamW, UncorrectedAdam
from .adamax import Adamax
from .amsgrad import AMSGrad
from .asgd import ASGD
from .averaging import EMA, bias_corrected, plain_average, warmed_up
from .clipping import clip_grad_norm, clip_grad_value
from .finite import NotFiniteError, check_finite
from .gd import GD, SGD
from .hypergradient import HypergradientAdam, HypergradientSGD
from .lamb import LAMB
from .lbfgs import LBFGS
from .lion import Lion
from .lookahead import Lookahead
from .momentum import DampenedMomentum, Momentum, MomentumA, Nesterov, NesterovA
from .muon import Muon, MuonWithAdamW
from .nadam import NAdam
from .optimizer import Optimizer
from .radam import RAdam
from .recommend import recommend
from .rmsprop import CenteredRMSProp, RMSProp
from .rmsprop_momentum import (
    CenteredRMSPropMomentum,
    CenteredRMSPropNesterov,
    RMSPropMomentum,
    RMSPropNesterov,
)
from .rprop import Rprop
from .sam import SAM
from .together import Together

__all__ = [
    "ASGD",
    "EMA",
    "GD",
    "LAMB",
    "LBFGS",
    "SAM",
    "SGD",
    "AMSGrad",
    "AdaDelta",
    "AdaGrad",
    "Adafactor",
    "Adam",
    "AdamW",
    "Adamax",
    "CenteredRMSProp",
    "CenteredRMSPropMomentum",
    "CenteredRMSPropNesterov",
    "DampenedMomentum",
    "HypergradientAdam",
    "HypergradientSGD",
    "Lion",
    "Lookahead",
    "Momentum",
    "MomentumA",
    "Muon",
    "MuonWithAdamW",
    "NAdam",
    "Nesterov",
    "NesterovA",
    "NotFiniteError",
    "Optimizer",
    "RAdam",
    "RMSProp",
    "RMSPropMomentum",
    "RMSPropNesterov",
    "Rprop",
    "Together",
    "UncorrectedAdam",
    "accumulate",
    "as_written",
    "bias_corrected",
    "check_finite",
    "clip_grad_norm",
    "clip_grad_value",
    "conventions",
    "plain_average",
    "recommend",
    "schedules",
    "warmed_up",
]
