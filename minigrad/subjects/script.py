"""A function in a script, which returns the loss to look at."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from ..provenance import record_origins
from ..tensor import Tensor
from .subject import Subject, SubjectError


def loss_of_script(path: Path, name: str) -> Subject:
    """What the function returns: a loss, or a loss and an optimizer."""
    if not path.is_file():
        raise SubjectError(f"{path}: there is no such script")
    script = _loaded(path)
    function = getattr(script, name, None)
    if not callable(function):
        raise SubjectError(f"{path}: there is no function {name!r} in it")
    with record_origins():
        result = _run(path, function)
    loss, optimizer = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    if not isinstance(loss, Tensor):
        raise SubjectError(
            f"{path}:{name} must return the loss, a tensor, or (loss, optimizer); it returned "
            f"{type(loss).__name__}"
        )
    return Subject(loss, f"{path.name}: {name}", optimizer, (script, result))


def _loaded(path: Path) -> ModuleType:
    spec: Any = importlib.util.spec_from_file_location(path.stem, path)
    script = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent.resolve()))  # as if it were run
    try:
        _run(path, spec.loader.exec_module, script)
    finally:
        sys.path.remove(str(path.parent.resolve()))
    return script


def _run(path: Path, function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f.lineno for f in frames if Path(f.filename).name == path.name]
        place = f", line {lines[-1]}" if lines else ""
        raise SubjectError(f"{path}{place}: {type(error).__name__}: {error}") from error
