"""Training: the loop, metrics, checkpoints, and whole runs in folders of their own."""

from .checkpoint import (
    CheckpointError,
    load_checkpoint,
    load_model,
    save_checkpoint,
    save_model,
)
from .config import OPTIMIZERS, ConfigError, RunConfig
from .loop import DivergedError, evaluate, fit, train_step
from .metrics import accuracy, r2_score
from .mlp import mlp
from .objective import OBJECTIVES, Objective
from .progress import Progress
from .run import Result, resume, train
from .session import Session

__all__ = [
    "OBJECTIVES",
    "OPTIMIZERS",
    "CheckpointError",
    "ConfigError",
    "DivergedError",
    "Objective",
    "Progress",
    "Result",
    "RunConfig",
    "Session",
    "accuracy",
    "evaluate",
    "fit",
    "load_checkpoint",
    "load_model",
    "mlp",
    "r2_score",
    "resume",
    "save_checkpoint",
    "save_model",
    "train",
    "train_step",
]
