"""Where in the user's code something happens."""

from __future__ import annotations

import itertools
import os
import sys
from types import CodeType
from typing import Any

import numpy as np

Place = tuple[CodeType | str, int]  # code and an instruction in it; or what else is to be named
PACKAGES = (os.path.dirname(__file__), os.path.dirname(np.__file__))


def users_line(inside: int = 1) -> Place:
    """The place that is being run in the code outside this package and NumPy.

    It is noted at every step of an optimizer, so it has to be quick: finding the number of the line
    is left to `shown`, and a caller that knows how many frames are `inside` the package says so.
    """
    frame: Any = sys._getframe(inside)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGES):
        frame = frame.f_back
    return frame.f_code, frame.f_lasti


def shown(place: Place) -> str:
    """A place as errors name it."""
    code, instruction = place
    if isinstance(code, str):
        return code
    lines = (line for start, end, line in code.co_lines() if start <= instruction < end)
    return f"{code.co_filename}, line {next(lines)}"


def modules_path() -> str:
    """The modules that are being called, from the outermost: `Net.hidden.0`; "" outside of any."""
    called = called_modules()
    return ".".join(filter(None, [type(called[0]).__name__, path_of(called)])) if called else ""


def called_modules() -> list[Any]:
    """The modules that are being called, from the outermost."""
    called: list[Any] = []
    frame: Any = sys._getframe(1)
    while frame is not None:
        module = frame.f_locals.get("self") if frame.f_code.co_name == "__call__" else None
        if hasattr(module, "named_modules"):
            called.append(module)
        frame = frame.f_back
    return called[::-1]


def path_of(called: list[Any]) -> str:
    """The path from the first of these modules to the last, of which each calls the next."""
    return ".".join(filter(None, (name_in(a, b) for a, b in itertools.pairwise(called))))


def name_in(module: Any, inner: Any) -> str:
    """What a module calls one that it uses; the name of its class if it holds it nowhere."""
    return next((n for n, m in module.named_modules() if m is inner), type(inner).__name__)
