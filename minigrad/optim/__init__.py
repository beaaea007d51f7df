"""Optimizers: each rule is a class whose `update` is the paper's formula."""

from .adagrad import AdaGrad
from .adam import Adam
from .gd import GD, SGD
from .momentum import Momentum, Nesterov
from .optimizer import Optimizer
from .rmsprop import RMSProp

__all__ = ["GD", "SGD", "AdaGrad", "Adam", "Momentum", "Nesterov", "Optimizer", "RMSProp"]
