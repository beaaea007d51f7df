"""The commands of the command line, one a file: its options, and what it does with them.

Each `add_...` adds its parser to the commands of the program; `command`, which the parser sets, is
called with the options as a dictionary, and returns the exit code.
"""

from .graph import add_graph
from .lists import add_lists
from .train import add_train

__all__ = ["add_graph", "add_lists", "add_train"]
