"""The command line: what all commands share. Also `python -m minigrad`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import __version__
from .commands import add_graph, add_lists, add_train
from .data import DataError
from .subjects import SubjectError
from .train import CheckpointError, ConfigError, DivergedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: what follows the program's name; None takes them from the command line.

    Returns:
        The exit code: 0 done, 1 training diverged, 2 bad input, 128 + n stopped by signal n.

    Raises:
        SystemExit: after `--help`, `--version` (0) or options that cannot be read (2).

    Example:
        >>> from minigrad.__main__ import main
        >>> main(["train", "iris", "--epochs", "0"])
        2
    """
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    try:
        code: int = command(options)
        print(end="", flush=True)  # here, where a closed pipe can still be handled
    except BrokenPipeError:
        # The reader has left. Python would complain when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as of a program that was ended by SIGPIPE
    except KeyboardInterrupt:
        return _fail("interrupted", 128 + signal.SIGINT)
    except DivergedError as error:
        return _fail(str(error), 1)
    except OSError as error:
        placed = error.filename is not None and error.strerror is not None
        return _fail(f"{error.filename}: {error.strerror}" if placed else str(error), 2)
    except (
        CheckpointError, ConfigError, DataError, ImportError, MemoryError, SubjectError
    ) as error:  # fmt: skip
        return _fail(str(error), 2)
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all others here."""

    def error(self, message: str) -> NoReturn:
        self.exit(_fail(message, 2))


def _fail(message: str, code: int) -> int:
    print("minigrad: error:", " ".join(message.split()), file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="minigrad", description="Train small networks from the command line.")
    parser.add_argument("--version", action="version", version=f"minigrad {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in (add_train, add_graph, add_lists):
        add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
