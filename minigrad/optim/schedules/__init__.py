"""Schedules: what a hyperparameter is at step t, as a pure function of t."""

from .attached import Attached
from .coercion import as_schedule
from .constant import Constant
from .cosine import Cosine, CosineRestarts
from .cyclical import ExponentialRange, Triangular, Triangular2
from .epochs import PerEpoch
from .exponential import Exponential
from .function import Lambda
from .inverse_sqrt import InverseSqrt, Noam
from .join import Join
from .one_cycle import OneCycle
from .plateau import ReduceOnPlateau
from .plot import plot
from .polynomial import Linear, Polynomial
from .product import Product
from .run import for_run, run_schedules
from .schedule import Schedule, Scheduled
from .step import MultiStep, Step
from .table import SCHEDULES, Row, table
from .tuple import Tuple
from .warmup import ExponentialWarmup, Warmup
from .warmup_stable_decay import WarmupStableDecay

__all__ = [
    "SCHEDULES",
    "Attached",
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Exponential",
    "ExponentialRange",
    "ExponentialWarmup",
    "InverseSqrt",
    "Join",
    "Lambda",
    "Linear",
    "MultiStep",
    "Noam",
    "OneCycle",
    "PerEpoch",
    "Polynomial",
    "Product",
    "ReduceOnPlateau",
    "Row",
    "Schedule",
    "Scheduled",
    "Step",
    "Triangular",
    "Triangular2",
    "Tuple",
    "Warmup",
    "WarmupStableDecay",
    "as_schedule",
    "for_run",
    "plot",
    "run_schedules",
    "table",
]
