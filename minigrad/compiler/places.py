"""Where a program's numbers, generators and surroundings live: places that can be read again."""

from __future__ import annotations

from dataclasses import dataclass
from types import CellType
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where a number or a generator of the state lives: `owner[key]`."""

    owner: Any
    key: Any

    def read(self) -> Any:
        """What is there now."""
        return self.owner[self.key]


@dataclass(frozen=True)
class Contents:
    """The contents of an array: for one that decides on shapes, as a mask does."""

    array: Any
    key: str

    def read(self) -> bytes:
        """What is in it now."""
        contents: bytes = self.array.tobytes()
        return contents


class Holder:
    """Something that holds variables, seen as a mapping."""

    def __getitem__(self, name: str) -> Any:
        raise NotImplementedError

    def __contains__(self, name: str) -> bool:
        try:
            self[name]
        except KeyError:
            return False
        return True


class Attributes(Holder):
    """The attributes of an object; its own `__setattr__` is bypassed."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self.owner, name)
        except AttributeError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        object.__setattr__(self.owner, name, value)


class ClassAttributes(Attributes):
    """The attributes that a class itself defines."""

    def __getitem__(self, name: str) -> Any:
        return vars(self.owner)[name]

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self.owner, name, value)


class Cell(Holder):
    """The variable of an enclosing function."""

    def __init__(self, cell: CellType) -> None:
        self.cell = cell

    def __getitem__(self, name: str) -> Any:
        try:
            return self.cell.cell_contents
        except ValueError:  # not assigned yet
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        self.cell.cell_contents = value

    def __delitem__(self, name: str) -> None:
        del self.cell.cell_contents
