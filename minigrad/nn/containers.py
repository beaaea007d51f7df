"""Modules that hold other modules, and leave it to their owner to call them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn, overload

from .module import Module


class ModuleList(Module):
    """A list of modules, named "0", "1", ...

    Args:
        modules: what is in it at first.

    Raises:
        TypeError: something that is not a module.
        IndexError: there is no such place.

    Example:
        >>> from minigrad import nn
        >>> class Branches(nn.Module):
        ...     def __init__(self, n):
        ...         self.layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(n))
        ...     def forward(self, x):
        ...         return sum(layer(x) for layer in self.layers)
        >>> [name for name, _ in Branches(2).named_parameters()]
        ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    def forward(self, *args: Any) -> NoReturn:
        """A list is not called."""
        raise TypeError(f"a {type(self).__name__} is not called itself: call the modules in it")

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end; returns the list."""
        return self.extend([module])

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end; returns the list."""
        self._hold([*self, *modules])
        return self

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one at `index`; those behind it move on, with their names."""
        members = list(self)
        members.insert(index, module)
        self._hold(members)

    def pop(self, index: int = -1) -> Module:
        """Take a module out; those behind it move up."""
        members = list(self)
        taken = members.pop(index)
        self._hold(members)
        return taken

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Module]:
        return (module for _, module in self.named_children())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Module:
        """One of the modules; for a slice, a list of several."""
        chosen = list(self)[index]
        return chosen if isinstance(chosen, Module) else ModuleList(chosen)

    def __setitem__(self, index: int, module: Module) -> None:
        members = list(self)
        members[index] = module
        self._hold(members)

    def __delitem__(self, index: int | slice) -> None:
        members = list(self)
        del members[index]
        self._hold(members)

    def _hold(self, members: list[Module]) -> None:
        """Have these and no others, under their new names."""
        for module in members:
            require_module(self, module)
        for name, _ in list(self.named_children()):
            delattr(self, name)
        for i, module in enumerate(members):
            setattr(self, str(i), module)


class ModuleDict(Module):
    """A dict of modules by name.

    Args:
        modules: what is in it at first.

    Raises:
        TypeError: something that is not a module.
        KeyError: a name which is not there, or one that the dict itself needs.

    Example:
        >>> from minigrad import nn
        >>> heads = nn.ModuleDict({"age": nn.Linear(8, 1), "kind": nn.Linear(8, 3)})
        >>> list(heads.state_dict())
        ['age.weight', 'age.bias', 'kind.weight', 'kind.bias']
        >>> heads["kind"]
        Linear(8, 3): 27 parameters: weight (3, 8), bias (3,)
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        self.update(modules or {})

    def forward(self, *args: Any) -> NoReturn:
        """A dict is not called."""
        raise TypeError(f"a {type(self).__name__} is not called itself: call the modules in it")

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add modules, or replace those of the same names."""
        for name, module in modules.items():
            self[name] = module

    def pop(self, name: str) -> Module:
        """Take a module out."""
        module = self[name]
        del self[name]
        return module

    def keys(self) -> Iterable[str]:
        """The names."""
        return dict(self.named_children()).keys()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return dict(self.named_children()).values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Names and modules."""
        return dict(self.named_children()).items()

    def __len__(self) -> int:
        return len(dict(self.named_children()))

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.named_children())

    def __contains__(self, name: str) -> bool:
        return name in self.keys()

    def __getitem__(self, name: str) -> Module:
        return dict(self.named_children())[name]

    def __setitem__(self, name: str, module: Module) -> None:
        require_module(self, module)
        if hasattr(type(self), name) or (name in vars(self) and name not in self):
            raise KeyError(f"{name!r} is an attribute of every {type(self).__name__}; rename it")
        setattr(self, name, module)

    def __delitem__(self, name: str) -> None:
        self[name]  # it raises if there is none
        delattr(self, name)


def require_module(owner: Module, module: Any) -> None:
    """Raise unless this is a module."""
    if not isinstance(module, Module):
        raise TypeError(f"a {type(owner).__name__} holds modules, got {type(module).__name__}")
