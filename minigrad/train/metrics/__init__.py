"""How good predictions are, measured batch by batch and exact over batches of uneven sizes."""

from .accuracy import Accuracy, TopK, accuracy, count_correct
from .confusion import F1, ConfusionMatrix, Precision, Recall
from .likelihood import MeanLoss, Perplexity
from .metric import Metric
from .r2 import R2, r2_score

__all__ = [
    "F1",
    "R2",
    "Accuracy",
    "ConfusionMatrix",
    "MeanLoss",
    "Metric",
    "Perplexity",
    "Precision",
    "Recall",
    "TopK",
    "accuracy",
    "count_correct",
    "r2_score",
]
