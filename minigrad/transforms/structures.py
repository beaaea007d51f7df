"""Nested lists, tuples and dicts: what is in them, and the same nesting with other contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def leaves(structure: Any) -> list[Any]:
    """What is inside nested lists, tuples and dicts, in order; anything else is a leaf."""
    return [leaf for _, leaf in named_leaves(structure)]


def named_leaves(structure: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves, each with the index that leads to it: `[0]['weight']`."""
    if isinstance(structure, (list, tuple, dict)):
        for key, member in _members(structure):
            yield from named_leaves(member, f"{path}[{key!r}]")
    else:
        yield path, structure


def rebuilt(structure: Any, new: Iterable[Any]) -> Any:
    """The same nesting around other leaves."""
    return _rebuilt(structure, iter(new))


def _rebuilt(structure: Any, new: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        return {key: _rebuilt(member, new) for key, member in structure.items()}
    if isinstance(structure, (list, tuple)):
        members = [_rebuilt(member, new) for member in structure]
        if hasattr(structure, "_fields"):  # a named tuple
            return type(structure)(*members)
        return members if isinstance(structure, list) else tuple(members)
    return next(new)


def matched(structure: Any, other: Any, what: str) -> list[tuple[str, Any, Any]]:
    """Each leaf of `structure` with what stands at its place in `other`: (name, leaf, found).

    Lists and tuples of the same length match, and dicts with the same keys in any order.

    Raises:
        ValueError: `other` has another structure; `what` is what the error calls it.
    """
    if not isinstance(structure, (list, tuple, dict)):
        return [(what, structure, other)]
    if not _is_alike(structure, other):
        raise ValueError(f"{what} must be {_described(structure)}, got {_described(other)}")
    found = []
    for key, member in _members(structure):
        found += matched(member, other[key], f"{what}[{key!r}]")
    return found


def _members(structure: Any) -> Iterable[tuple[Any, Any]]:
    return structure.items() if isinstance(structure, dict) else enumerate(structure)


def _is_alike(structure: Any, other: Any) -> bool:
    if isinstance(structure, dict):
        return isinstance(other, dict) and structure.keys() == other.keys()
    return isinstance(other, (list, tuple)) and len(structure) == len(other)


def _described(structure: Any) -> str:
    if isinstance(structure, dict):
        return f"a dict with the keys {list(structure)}"
    if isinstance(structure, (list, tuple)):
        return f"a {type(structure).__name__} of {len(structure)}"
    return f"a {type(structure).__name__}"
