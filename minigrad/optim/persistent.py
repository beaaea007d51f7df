"""What a wrapper reads and writes between steps, by eager code and by compiled programs alike.

In eager code these are an array and a number. While `mg.compile` records, the recorder is asked for
their stand-ins, so that the program reads them anew at each call and writes them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..frames import users_line
from ..modes import active_recorder
from ..parameter import Parameter
from ..writes import record_write


def weights_of(p: Parameter) -> Any:
    """The array in a parameter, to read or to give to `overwrite`."""
    recorder = active_recorder()
    if recorder is not None:
        recorder.adopt((p,))
    return p._data


def array_of(array: Any, name: str) -> Any:
    """An array that persists between steps, such as a slow copy of the weights."""
    recorder = active_recorder()
    return array if recorder is None else recorder.state(array, name)


def overwrite(array: Any, value: Any) -> None:
    """Write into such an array; graphs that saved the older numbers can't be differentiated."""
    array[...] = value
    record_write(array, users_line())


def number_of(holder: dict[str, Any], key: str) -> Any:
    """A number that persists between steps: an attribute in `vars(owner)`, a hyperparameter."""
    recorder = active_recorder()
    return holder[key] if recorder is None else recorder.number(holder, key, key.lstrip("_"))


def set_number(holder: dict[str, Any], key: str, value: Any) -> None:
    """Replace such a number, which has been asked for."""
    recorder = active_recorder()
    if recorder is None:
        holder[key] = value
    else:
        recorder.set_number(holder, key, value)


@contextmanager
def section(name: str) -> Iterator[None]:
    """Head the calls of a block with this name where a compiled program is printed."""
    recorder = active_recorder()
    if recorder is None:
        yield
        return
    before = recorder.section(name)
    try:
        yield
    finally:
        recorder.section(before)


def check_arrays(own: Mapping[str, Any], state: Mapping[str, Any], what: str) -> None:
    """Require arrays of the same names and shapes.

    Raises:
        ValueError: says what was expected.
    """
    expected = {name: np.shape(a) for name, a in own.items()}
    received = {name: np.shape(a) for name, a in state.items()}
    if expected != received:
        raise ValueError(f"{what} are of other parameters: expected {expected}, got {received}")
