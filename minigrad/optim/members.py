"""Which parameters an optimizer has, by which names, and how they are put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import count, groupby
from typing import Any, TypeAlias

import numpy as np

from ..compiler import UpdateRule
from ..parameter import Parameter
from ..tensor import Array
from .blocks import Buffer
from .tensors import Whole

Named: TypeAlias = list[tuple[str, Parameter]]
NoDecay: TypeAlias = str | Iterable[str] | Callable[[str, Parameter], bool]
Unit: TypeAlias = Buffer | Whole


def named_parameters(params: Any, taken: Mapping[Parameter, str]) -> Named:
    """(name, parameter) pairs with different names; what has none is called param0, param1, ..."""
    if isinstance(params, Parameter):
        params = [params]
    names = set(taken.values())
    unused = (name for i in count() if (name := f"param{i}") not in names)
    seen = set(taken)
    named = []
    for entry in params:
        name, p = entry if isinstance(entry, tuple) else (getattr(entry, "name", None), entry)
        if not isinstance(p, Parameter):
            raise TypeError(f"an optimizer takes Parameters, got {type(p).__name__}")
        if p in seen:
            raise ValueError(f"parameter {name or p.shape} is given twice")
        if isinstance(entry, tuple):
            p.name = p.name or name
        if name is None or name in names:
            name = next(unused)
        names.add(name)
        seen.add(p)
        named.append((name, p))
    if not named:
        raise ValueError("a group without parameters")
    return named


def divided(named: Named, no_decay: NoDecay) -> tuple[Named, Named]:
    """The parameters that decay, and those that are left out."""
    if callable(no_decay):
        is_free = no_decay
    else:
        patterns = (no_decay,) if isinstance(no_decay, str) else tuple(no_decay)

        def is_free(name: str, p: Parameter) -> bool:
            return any(fnmatchcase(name, pattern) for pattern in patterns)

    free = [bool(is_free(name, p)) for name, p in named]
    pairs = list(zip(named, free, strict=True))
    return [n for n, f in pairs if not f], [n for n, f in pairs if f]


def units_of(
    named: Named, states: Sequence[list[Array]], rule: UpdateRule, is_elementwise: bool
) -> list[Unit]:
    """What updates the parameters: one buffer for each dtype, or each by itself."""
    if not is_elementwise:
        return [Whole(n, p, rule, s) for (n, p), s in zip(named, states, strict=True)]
    units: list[Unit] = []
    members = sorted(zip(named, states, strict=True), key=lambda m: m[0][1].dtype.name)
    for _, alike in groupby(members, key=lambda m: m[0][1].dtype.name):
        pairs, own = zip(*alike, strict=True)
        names, parameters = zip(*pairs, strict=True)
        rows = zip(*own, strict=True) if rule.slots else ()
        flat = [np.concatenate([np.ravel(a) for a in row]) for row in rows]
        units.append(Buffer(names, parameters, rule, flat))
    return units
