"""The state of a module: its parameters and buffers by path, what is shared once; and loading it.

A shared parameter may be called by any of its paths in a state that is loaded, or by several, as
PyTorch's state dicts do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..frames import users_line
from ..parameter import Parameter
from ..tensor import Array
from ..writes import record_write
from .paths import Place, place_at, state_places

if TYPE_CHECKING:
    from .module import Module


class LoadedKeys(NamedTuple):
    """What `load_state_dict` found only on one side; PyTorch's names.

    Attributes:
        missing_keys: the module's parameters and buffers which the state lacks.
        unexpected_keys: the state's names which the module lacks.
    """

    missing_keys: list[str]
    unexpected_keys: list[str]


def places(root: Module) -> dict[Any, Place]:
    """The places of parameters and buffers; the first one of each that is shared."""
    found: dict[Any, Place] = {}
    for place in state_places(root):
        found.setdefault(place.key, place)
    return found


def array_in(place: Place) -> Array:
    """The array of a parameter or buffer."""
    value = place.value
    array: Array = value.data if isinstance(value, Parameter) else value
    return array


def load(root: Module, state: Mapping[str, Any], strict: bool) -> LoadedKeys:
    """Copy a state into a module, all of it or nothing; see `Module.load_state_dict`."""
    own = places(root)
    given: dict[Any, list[str]] = {key: [] for key in own}
    unexpected = []
    for name in state:
        place = place_at(root, name)
        if place is None or place.key not in own:
            unexpected.append(name)
        else:
            given[place.key].append(name)
    missing = [own[key].path for key, names in given.items() if not names]
    faults = _misfits(own, given, state)
    if strict:
        faults = _listed("missing", missing) + _listed("unexpected", unexpected) + faults
    if faults:
        raise ValueError(f"the state does not fit {type(root).__name__}: {'; '.join(faults)}")
    _write({key: state[names[0]] for key, names in given.items() if names}, own)
    return LoadedKeys(missing, unexpected)


def _listed(kind: str, names: list[str]) -> list[str]:
    return [f"{kind}: {', '.join(names)}"] if names else []


def _misfits(
    own: Mapping[Any, Place], given: Mapping[Any, list[str]], state: Mapping[str, Any]
) -> list[str]:
    """The names of other shapes; and those which are one parameter here, but differ there."""
    faults = []
    for key, names in given.items():
        expected = own[key].value.shape
        shapes = {name: tuple(np.shape(state[name])) for name in names}
        wrong = [name for name in names if shapes[name] != expected]
        faults += [f"{name}: expected {expected}, got {shapes[name]}" for name in wrong]
        if len(names) > 1 and not wrong and not _equal([state[name] for name in names]):
            faults.append(f"{' and '.join(names)} are one parameter here, but differ in the state")
    return faults


def _equal(arrays: list[Any]) -> bool:
    first, *others = map(np.asarray, arrays)
    return all(np.array_equal(first, a, equal_nan=first.dtype.kind == "f") for a in others)


def _write(new: Mapping[Any, Any], own: Mapping[Any, Place]) -> None:
    """Copy the values, once all of them are known to be numbers."""
    targets = {key: array_in(own[key]) for key in new}
    values = {key: np.asarray(value, targets[key].dtype) for key, value in new.items()}
    for key, value in values.items():
        targets[key][...] = value
        record_write(targets[key], users_line())
