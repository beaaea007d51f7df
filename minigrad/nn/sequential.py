"""One layer after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .module import Module


class Sequential(Module):
    """Apply modules one after the other; they are named "0", "1", ... or by the keywords.

    Args:
        modules: in the order of application.
        named: modules with names of their own, applied after those without.

    Raises:
        TypeError: something that is not a module.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
        Sequential: 1,210 parameters
          0: Linear(64, 16): weight (16, 64), bias (16,)
          1: ReLU
          2: Linear(16, 10): weight (10, 16), bias (10,)
    """

    def __init__(self, *modules: Module, **named: Module) -> None:
        members = {**{str(i): m for i, m in enumerate(modules)}, **named}
        for name, module in members.items():
            if not isinstance(module, Module):
                raise TypeError(
                    f"Sequential takes modules, got {type(module).__name__} for {name!r}"
                )
            if hasattr(self, name):
                raise ValueError(f"Sequential: {name!r} is the name of a method; choose another")
            setattr(self, name, module)
        self._names = tuple(members)

    def forward(self, x: Any) -> Any:
        h = x
        for name in self._names:
            h = getattr(self, name)(h)
        return h

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Module]:
        return (getattr(self, name) for name in self._names)

    def __getitem__(self, index: int | slice) -> Module:
        """One of the modules; for a slice, a Sequential of several, under the names they have."""
        if isinstance(index, slice):
            return Sequential(**{name: getattr(self, name) for name in self._names[index]})
        module: Module = getattr(self, self._names[index])
        return module
