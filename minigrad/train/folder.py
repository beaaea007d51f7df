"""The run folder: which folder a run gets, and the names of the files in it."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from shlex import quote

from ..files import write_atomically
from .config import ConfigError, RunConfig

CHECKPOINT = "checkpoint.safetensors"
CONFIG = "config.json"
CURVES = "curves.svg"
GRAPH = "graph.svg"
METRICS = "metrics.jsonl"
MODEL = "model.safetensors"


def refuse_used(folder: Path) -> None:
    """Make sure that a new run would not overwrite an earlier one.

    Raises:
        ConfigError: the folder holds a run.
    """
    if any((folder / name).exists() for name in (CONFIG, CHECKPOINT)):
        raise ConfigError(
            f"{folder}: there is a run in this folder already; go on with it:"
            f" {resume_command(folder)}, or choose another folder"
        )


def resume_command(folder: Path) -> str:
    """Return what to type to go on with a run.

    Example:
        >>> from pathlib import Path
        >>> from minigrad.train.folder import resume_command
        >>> resume_command(Path("my runs/iris-1"))
        "minigrad train --resume 'my runs/iris-1'"
    """
    return f"minigrad train --resume {quote(str(folder))}"


def create_folder(folder: Path | None, name: str) -> Path:
    """Create the folder of a new run.

    Args:
        folder: which; None is the first free one of `runs/<name>-1`, `runs/<name>-2`, ...
        name: the data set's name.

    Returns:
        The folder, which exists and holds no run.

    Raises:
        ConfigError: the folder holds a run.
        OSError: it cannot be created.
    """
    if folder is not None:
        refuse_used(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    for number in count(1):
        candidate = Path("runs") / f"{Path(name).stem}-{number}"
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            if not candidate.parent.is_dir():
                raise
        else:
            break
    return candidate


def read_config(folder: Path) -> RunConfig:
    """Read the configuration of the run in a folder.

    Raises:
        ConfigError: there is none, or it is damaged.
        OSError: it cannot be read.
    """
    path = folder / CONFIG
    if not path.exists():
        raise ConfigError(f"{folder}: expected the folder of a run, found no {CONFIG} in it")
    return RunConfig.from_json(path.read_bytes(), path)


def write_config(folder: Path, config: RunConfig) -> None:
    """Write the configuration."""
    write_atomically(folder / CONFIG, config.to_json().encode())
