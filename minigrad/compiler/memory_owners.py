"""Whoever keeps the data of tensors in memory of its own, as optimizers do."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from weakref import WeakSet

_owners: WeakSet[Any] = WeakSet()


def keeps_data(owner: Any) -> None:
    """Ask an object to `bind()`, to put its tensors' data in place, before programs use them."""
    _owners.add(owner)


def bind_all() -> None:
    """Have all tensors' data in the places where they belong."""
    for owner in list(_owners):
        with suppress(ValueError):  # whose tensors have another form now: its next step says so
            owner.bind()
