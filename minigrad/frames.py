"""Where in the user's code something happens."""

from __future__ import annotations

import itertools
import os
import sys
from typing import Any

import numpy as np

Place = tuple[str, int]  # a file, or what else is to be named, and a line or 0
PACKAGES = (os.path.dirname(__file__), os.path.dirname(np.__file__))


def users_line() -> Place:
    """The place that is being run in the code outside this package and NumPy."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGES):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def shown(place: Place) -> str:
    """A place as errors name it."""
    file, line = place
    return f"{file}, line {line}" if line else file


def modules_path() -> str:
    """The modules that are being called, from the outermost: `Net.hidden.0`; "" outside of any."""
    called: list[Any] = []
    frame: Any = sys._getframe(1)
    while frame is not None:
        module = frame.f_locals.get("self") if frame.f_code.co_name == "__call__" else None
        if hasattr(module, "named_modules"):
            called.insert(0, module)
        frame = frame.f_back
    if not called:
        return ""
    names = [_name_in(a, b) for a, b in itertools.pairwise(called)]
    return ".".join([type(called[0]).__name__, *names])


def _name_in(module: Any, inner: Any) -> str:
    return next((n for n, m in module.named_modules() if m is inner), type(inner).__name__)
