"""Printed sources as files: Numba keeps the machine code beside them, for the next process."""

from __future__ import annotations

import hashlib
import linecache
import os
import sys
from pathlib import Path
from types import ModuleType

import numba
import numpy as np

from ...files import write_atomically

_HERE = Path(__file__).parent


def folder() -> Path:
    """The folder for compiled programs: `MINIGRAD_CACHE`, or else a folder in the user's cache."""
    chosen = os.environ.get("MINIGRAD_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minigrad"


def loaded(text: str) -> ModuleType:
    """The module with a source.

    It lies in a file that is named after all that its machine code follows from, so an old file is
    never taken for a new one. If it cannot be written, the module is made in memory only.
    """
    name = f"minigrad_program_{_fingerprint(text)}"
    if name in sys.modules:
        return sys.modules[name]
    try:
        path = folder() / f"{name}.py"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text.encode())
    except (OSError, RuntimeError):  # RuntimeError: there is no home directory
        return _run(text, ModuleType(name), f"<{name}>")
    return _run(text, ModuleType(name), str(path))


def _fingerprint(text: str) -> str:
    """A hash of the source, of the functions that it calls, and of the compilers' versions."""
    parts = [text, numba.__version__, np.__version__, sys.version]
    parts += [path.read_text() for path in sorted(_HERE.glob("*.py"))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _run(text: str, module: ModuleType, file: str) -> ModuleType:
    """Numba finds the module of machine code from the disk by its name, so it has to be known."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, file, "exec"), vars(module))
    except BaseException:
        del sys.modules[module.__name__]
        raise
    return module
