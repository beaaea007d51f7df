"""From a function that runs once to a program that is printed and replayed."""

from .blocking import BLOCK
from .compiled import Compiled, compile
from .memory_owners import keeps_data
from .pipeline import PASSES, optimized
from .program import Program
from .recorder import RecordingError
from .update import UpdateRule, state_numbers

__all__ = [
    "BLOCK",
    "PASSES",
    "Compiled",
    "Program",
    "RecordingError",
    "UpdateRule",
    "compile",
    "keeps_data",
    "optimized",
    "state_numbers",
]
