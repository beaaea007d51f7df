"""The schedules by name, with what their docstrings say of them."""

from __future__ import annotations

from ..description import Row as Row
from ..description import described
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
from .polynomial import Linear, Polynomial
from .product import Product
from .schedule import Schedule
from .step import MultiStep, Step
from .tuple import Tuple
from .warmup import ExponentialWarmup, Warmup
from .warmup_stable_decay import WarmupStableDecay

# In the order of the table: simple ones, cycles, those with a rise, and what is made of others.
SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step": Step,
    "multi-step": MultiStep,
    "exponential": Exponential,
    "linear": Linear,
    "polynomial": Polynomial,
    "cosine": Cosine,
    "cosine-restarts": CosineRestarts,
    "triangular": Triangular,
    "triangular2": Triangular2,
    "exponential-range": ExponentialRange,
    "one-cycle": OneCycle,
    "inverse-sqrt": InverseSqrt,
    "noam": Noam,
    "warmup-stable-decay": WarmupStableDecay,
    "reduce-on-plateau": ReduceOnPlateau,
    "warmup": Warmup,
    "exponential-warmup": ExponentialWarmup,
    "join": Join,
    "product": Product,
    "per-epoch": PerEpoch,
    "tuple": Tuple,
    "lambda": Lambda,
}


def table() -> list[Row]:
    """All schedules, in an order to be read in, described by their own docstrings.

    Example:
        >>> from minigrad.optim import schedules
        >>> row = schedules.table()[1]
        >>> row.name, row.arguments, row.formula
        ('step', 'start, every, factor=0.1', 'lr(t) = start factor^floor((t - 1) / every)')
    """
    return [described(name, schedule) for name, schedule in SCHEDULES.items()]
