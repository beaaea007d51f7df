"""The arguments of a call: what varies from call to call, and what a program is made for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..parameter import Parameter
from ..tensor import Tensor

_PLAIN = (int, complex, str, bytes, type(None), np.bool_, np.dtype, slice, range, type(Ellipsis))


def varies(a: Any) -> bool:
    """Whether an argument is an input of the program: an array, a tensor, a float."""
    if isinstance(a, (Parameter, np.bool_)):
        return False  # state, known by itself; a switch
    return isinstance(a, (np.ndarray, np.generic, Tensor)) or type(a) is float


def leaves(structure: Any) -> Iterator[Any]:
    """Everything inside nested tuples, lists and dicts."""
    if isinstance(structure, (tuple, list)):
        for a in structure:
            yield from leaves(a)
    elif isinstance(structure, dict):
        for a in structure.values():
            yield from leaves(a)
    else:
        yield structure


def key_of(structure: Any) -> Any:
    """What programs differ in: shapes, dtypes, layouts, and everything that does not vary."""
    if isinstance(structure, np.ndarray):
        return structure.shape, structure.dtype, structure.strides if structure.size else ()
    if isinstance(structure, (tuple, list)):
        return type(structure), tuple(map(key_of, structure))
    if isinstance(structure, dict):
        return dict, tuple((name, key_of(a)) for name, a in structure.items())
    if isinstance(structure, Tensor) and varies(structure):
        has_grad = structure._grad is not None
        return Tensor, structure.requires_grad, has_grad, key_of(structure._data)
    if type(structure) is float:
        return float
    if isinstance(structure, np.generic) and varies(structure):
        return structure.dtype
    if isinstance(structure, _PLAIN):
        return type(structure), repr(structure)  # nan equals itself, -0.0 is not 0.0
    return _Identity(structure)


class _Identity:
    """An object that is only itself."""

    def __init__(self, a: Any) -> None:
        self.a = a

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.a is other.a

    def __hash__(self) -> int:
        return id(self.a)


def varying(structure: Any) -> list[Any]:
    """The arguments that are inputs of the program, in order."""
    return [a for a in leaves(structure) if varies(a)]


def value(a: Any) -> Any:
    """The array or number of such an argument."""
    if isinstance(a, Tensor):
        return a._data
    return np.asarray(a) if isinstance(a, np.generic) else a


def constant(structure: Any) -> list[Any]:
    """The arguments that are part of what a program is made for."""
    return [a for a in leaves(structure) if not varies(a)]


def with_stand_ins(
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    stand_in: Callable[[Any, str], Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with stand-ins, in the order of `varying((args, kwargs))`.

    Raises:
        TypeError: the function does not take these arguments.
    """
    bound = inspect.signature(fn).bind(*args, **kwargs).arguments
    names = [n for n in bound if n not in kwargs]
    names += [f"{names[-1]}_{k}" for k in range(len(args))] if names else []
    new = tuple(replaced(a, stand_in, name) for a, name in zip(args, names, strict=False))
    return new, {name: replaced(a, stand_in, name) for name, a in kwargs.items()}


def replaced(structure: Any, stand_in: Callable[[Any, str], Any], name: str) -> Any:
    """The arguments with stand-ins for those that vary, named by where they stand."""
    if isinstance(structure, (tuple, list)):
        members = [replaced(a, stand_in, f"{name}_{i}") for i, a in enumerate(structure)]
        if hasattr(structure, "_fields"):
            return type(structure)(*members)
        return type(structure)(members)
    if isinstance(structure, dict):
        return {key: replaced(a, stand_in, f"{name}_{key}") for key, a in structure.items()}
    return stand_in(structure, name) if varies(structure) else structure
