"""From a function that runs once to a program that is printed and replayed."""

from .blocking import BLOCK, block_of
from .compiled import Compiled, compile
from .memory_owners import keeps_data
from .pipeline import PASSES, optimized
from .program import Program
from .recorder import RecordingError
from .threads import at_once, lanes_for
from .update import UpdateRule, state_numbers

__all__ = [
    "BLOCK",
    "PASSES",
    "Compiled",
    "Program",
    "RecordingError",
    "UpdateRule",
    "at_once",
    "block_of",
    "compile",
    "keeps_data",
    "lanes_for",
    "optimized",
    "state_numbers",
]
