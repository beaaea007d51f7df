"""An error inside a layer names the layer, by its path from the module that was called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.exceptions import AxisError

from ..frames import called_modules, path_of

if TYPE_CHECKING:
    from .module import Module


def say_where(error: Exception, module: Module) -> None:
    """Put the path of the innermost module that is being called before the error's words.

    The error stays the object that it is, of its type and with its traceback. One whose words are
    not all that it holds (a KeyError holds the key) gets a note instead.
    """
    if hasattr(error, "is_located"):  # by a module inside this one
        return
    error.is_located = True  # type: ignore[attr-defined]
    path = path_of(called_modules())
    if not path:
        return
    where, words = f"{path} ({type(module).__name__})", str(error)
    if error.args != (words,):
        error.add_note(f"in {where}")
    elif isinstance(error, AxisError):  # which keeps its words to itself
        error.__init__(f"{where}: {words}")  # type: ignore[misc]
    else:
        error.args = (f"{where}: {words}",)
