"""What happens beside training: looking at it, writing it down, ending it in time."""

from .averaging import Averaging
from .callback import Call, Callback
from .checkpoints import Checkpoints
from .early_stopping import EarlyStopping
from .gradient_monitor import GradientMonitor, GradientWarning
from .logs import CSVLog, JSONLog
from .nan_stop import NaNStop
from .observe import Observe
from .progress import Progress
from .tensorboard import TensorBoard
from .timer import Timer

__all__ = [
    "Averaging",
    "CSVLog",
    "Call",
    "Callback",
    "Checkpoints",
    "EarlyStopping",
    "GradientMonitor",
    "GradientWarning",
    "JSONLog",
    "NaNStop",
    "Observe",
    "Progress",
    "TensorBoard",
    "Timer",
]
