"""What a function sees in the place of something from outside, while it is recorded."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

_UNKNOWN = (np.random.RandomState, np.random.BitGenerator, random.Random)


class _Refusing:
    """Stands in for something whose use cannot be recorded: any use raises."""

    def __init__(self, recorder: Any, what: str) -> None:
        vars(self).update(recorder=recorder, what=what)

    def _refuse(self, *args: Any) -> Any:
        vars(self)["recorder"].refuse(vars(self)["what"])

    __getattr__ = __call__ = __iter__ = __next__ = __getitem__ = __setattr__ = _refuse


def stand_in(recorder: Any, a: Any, name: str) -> Any:
    """What the function shall see in place of `a`; often `a` itself."""
    if isinstance(a, np.ndarray):
        return recorder.state(a, name)
    if isinstance(a, np.random.Generator):
        return recorder.generator(a, name)
    if isinstance(a, _UNKNOWN):
        return _Refusing(recorder, f"drawing from {name!r}, which is no numpy.random.Generator,")
    if hasattr(type(a), "__next__"):
        return _Refusing(recorder, f"advancing the iterator {name!r}, which was made outside,")
    if isinstance(a, tuple):
        members = [stand_in(recorder, b, f"{name}_{i}") for i, b in enumerate(a)]
        if any(b is not c for b, c in zip(a, members, strict=True)):
            return type(a)(*members) if hasattr(a, "_fields") else type(a)(members)
    return a
