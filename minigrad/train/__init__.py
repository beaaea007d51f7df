"""Training: the loop, metrics, checkpoints, and whole runs in folders of their own."""

from . import callbacks, metrics
from .callbacks import Progress
from .checkpoint import (
    CheckpointError,
    load_checkpoint,
    load_model,
    save_checkpoint,
    save_model,
)
from .config import ConfigError, RunConfig
from .loop import DivergedError, evaluate, fit, train_step
from .metrics import accuracy, r2_score
from .mlp import mlp
from .multitask import LearnedWeights, WeightedLosses, pcgrad_backward
from .objective import OBJECTIVES, Objective
from .optimizers import OPTIMIZERS
from .run import Result, resume, train
from .session import Session
from .stop import Stop, stop_on_signals
from .trainer import Trainer

__all__ = [
    "OBJECTIVES",
    "OPTIMIZERS",
    "CheckpointError",
    "ConfigError",
    "DivergedError",
    "LearnedWeights",
    "Objective",
    "Progress",
    "Result",
    "RunConfig",
    "Session",
    "Stop",
    "Trainer",
    "WeightedLosses",
    "accuracy",
    "callbacks",
    "evaluate",
    "fit",
    "load_checkpoint",
    "load_model",
    "metrics",
    "mlp",
    "pcgrad_backward",
    "r2_score",
    "resume",
    "save_checkpoint",
    "save_model",
    "stop_on_signals",
    "train",
    "train_step",
]
