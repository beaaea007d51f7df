"""A loss to look at, wherever it comes from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..tensor import Tensor


class SubjectError(ValueError):
    """Something that no loss can be made of; one line.

    Example:
        >>> from minigrad.subjects import SubjectError, subject_of
        >>> try:
        ...     subject_of("x * 2")
        ... except SubjectError as error:
        ...     print(error)
        the expression needs a value for x: give it with --at x=...
    """


@dataclass(frozen=True)
class Subject:
    """A loss, and what belongs to it.

    Attributes:
        loss: the tensor to start from.
        title: what a page or a drawing of it is called.
        optimizer: what makes the step, or None.
        kept: whatever has to live on, so that parameters keep their names.
    """

    loss: Tensor
    title: str
    optimizer: Any = None
    kept: Any = None


def subject_of(text: str, at: str | None = None, rows: int = 8) -> Subject:
    """The subject of a command.

    Args:
        text: the folder of a run; SCRIPT.py:FUNCTION, which is called and returns the loss, or
            (loss, optimizer); or an expression in NumPy's and minigrad's functions.
        at: the values of an expression's names: `x=2,w=[1,-3]`.
        rows: how many rows of a run's data go through its network.

    Raises:
        SubjectError: it is none of these, or does not make a loss.
        DataError, ConfigError, CheckpointError, ImportError, OSError: a run cannot be read.

    Example:
        >>> from minigrad.subjects import subject_of
        >>> subject_of("tanh(x*w + b)", at="x=2,w=-3,b=6.88").loss.item().__round__(4)
        0.7064
    """
    path, colon, function = text.rpartition(":")
    if os.path.isdir(text):
        from .run_folder import loss_of_run

        _refuse_at(at, "a run")
        return loss_of_run(Path(text), rows)
    if colon and path.endswith(".py"):
        from .script import loss_of_script

        _refuse_at(at, "a script")
        return loss_of_script(Path(path), function)
    if text.endswith(".py"):
        raise SubjectError(f"{text}: name the function that returns the loss: {text}:FUNCTION")
    from .expression import loss_of_expression

    return loss_of_expression(text, at or "")


def _refuse_at(at: str | None, what: str) -> None:
    if at:
        raise SubjectError(f"--at gives values to the names of an expression; {what} has its own")
