"""The names by which errors, averages and wrappers know parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .members import Named, named_parameters


def named(parameters: Any) -> Named:
    """(name, parameter) pairs with different names.

    Args:
        parameters: a module; an optimizer; one parameter; or parameters or (name, parameter)
            pairs. What has no name is called after its place: param0, param1, ...

    Raises:
        TypeError: something that is not a `Parameter`.
        ValueError: no parameters, or one twice.
    """
    return named_parameters(_entries(parameters), {})


def _entries(parameters: Any) -> Iterable[Any]:
    if hasattr(parameters, "named_parameters"):
        return parameters.named_parameters()  # type: ignore[no-any-return]
    if hasattr(parameters, "groups"):
        groups = parameters.groups
        return [pair for g in groups for pair in zip(g.names, g.parameters, strict=True)]
    return parameters  # type: ignore[no-any-return]
