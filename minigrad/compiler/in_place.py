"""Writes in place, written down as new values: the program itself never changes an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import vjps
from ..tensor import Tensor
from ..traced import TRACED, Link, TracedArray
from .functions import put_view, whole_view
from .program import mapped

_RESHAPE = (np.reshape, np.expand_dims, np.squeeze)


def put(recorder: Any, array: TracedArray, index: Any, value: Any) -> Any:
    """`array` with `value` at `index`, as a new array."""
    if isinstance(value, Tensor):
        recorder.adopt((value,))
        value = value._data
    if index is Ellipsis and isinstance(value, TracedArray):
        made = {i.out for i in recorder.instructions}
        # What lies outside may itself be written to before it is copied; so it is copied at once.
        if value.symbol.root in made and value.symbol.layout == array.symbol.layout:
            return value
    return recorder.call(vjps.put, (array, index, value), {})


def put_back(recorder: Any, base: TracedArray, link: Link, new: TracedArray) -> Any:
    """`base` with `new` in place of the view that `link` describes."""
    _, fn, args, params = link
    if fn is vjps.getitem:
        return recorder.call(vjps.put, (base, args[1], new), {})
    if fn is whole_view:
        return recorder.call(put_view, (base, new, *args[1:]), {})
    if fn in _RESHAPE and len(args) <= 2 and "order" not in params:
        return recorder.call(np.reshape, (new, base.shape), {})
    return recorder.call(vjps.put, (base, _places(recorder, base, fn, args, params), new), {})


def _places(recorder: Any, base: TracedArray, fn: Any, args: Any, params: Any) -> Any:
    """Where in `base` the elements of any view lie: the view of an array of places."""
    places = np.arange(base.size).reshape(base.shape)

    def concrete(a: Any) -> Any:
        if a is base:
            return places
        if isinstance(a, TRACED):
            recorder.refuse(f"a write through a view made by {vjps.name_of(fn)}")
        return a

    view = fn(*mapped(tuple(args), concrete), **mapped(params, concrete))
    index = np.unravel_index(view, base.shape)
    for part in index:
        part.flags.writeable = False
    return index
