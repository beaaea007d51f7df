"""The arrays that a printed function works on: parts of memory, seen in a certain shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ..program import Value
from .layouts import Layout

_SHAPES = {1: "flat", 2: "matrix"}


class Arrays:
    """The arrays that one function needs, each declared once, at its top.

    Args:
        layouts: where each value of the program lies.
        names: the names of the values.
        sources: for each value that owns memory or an argument, the expression that gives it: the
            argument's name, or an entry of the table of addresses.
        inside: for a value that lies in another one's memory, that one and the offset.
    """

    def __init__(
        self,
        layouts: Mapping[Value, Layout],
        names: Mapping[Value, str],
        sources: Mapping[Value, str],
        inside: Mapping[Value, tuple[Value, int]],
    ) -> None:
        self._layouts, self._names, self._sources = layouts, names, sources
        self._inside, self._taken = inside, set[str]()
        self._starts: dict[tuple[Value, int], list[Value]] = defaultdict(list)
        for v, layout in layouts.items():
            self._starts[layout.root, layout.offset].append(v)
        self._declared: dict[Any, str] = {}
        self._wholes: dict[Value, str] = {}
        self.lines: list[str] = []

    def name(self, layout: Layout, is_strided: bool = False) -> str:
        """The name of an array with the elements of a layout, which may be told to have gaps."""
        root, offset = self._owner(layout)
        owner = self._whole(root)
        own = self._own(root)
        if offset == 0 and not is_strided and self._is_whole(layout, own):
            return owner
        key = root, offset, layout.shape, layout.strides, is_strided
        if key not in self._declared:
            name = self._new_name(self._derived_name(layout))
            self._declared[key] = name
            self.lines.append(f"{name} = {self._view(owner, offset, layout, is_strided)}")
        return self._declared[key]

    def _is_whole(self, layout: Layout, own: Layout) -> bool:
        """Whether an array that begins where its owner does is just that."""
        same = (layout.shape, layout.strides) == (own.shape, own.strides)
        return same and own.is_contiguous

    def _view(self, owner: str, offset: int, layout: Layout, is_strided: bool) -> str:
        if layout.is_contiguous and not is_strided:
            return f"part({owner}, {offset}, {layout.shape})"
        return f"strided({owner}, {offset}, {layout.shape}, {layout.strides})"

    def _own(self, root: Value) -> Layout:
        """The layout of a whole memory; of one element it is always the same."""
        if root.size == 1 and self._array_name(root) != self._names[root]:
            return Layout(root, 0, (1,), (1,))
        return self._layouts[root]

    def _owner(self, layout: Layout) -> tuple[Value, int]:
        """The value whose memory it is in the end, and the offset there."""
        root, offset = layout.root, layout.offset
        while root in self._inside:
            root, start = self._inside[root]
            offset += start
        return root, offset

    def _whole(self, root: Value) -> str:
        """The array of a whole memory."""
        if root not in self._wholes:
            source, own = self._sources[root], self._own(root)
            name = self._wholes[root] = self._array_name(root)
            if source != name:
                shape = own.shape if own.is_contiguous else (1,)
                self.lines.append(f"{name} = array_at({source}, {shape}, np.{root.dtype.name})")
        return self._wholes[root]

    def _array_name(self, root: Value) -> str:
        """A value of one element is a variable; where it lies in memory has another name."""
        if root.size == 1 and self._sources.get(root) != self._names[root]:
            return f"{self._names[root]}_memory"
        return self._names[root]

    def _derived_name(self, layout: Layout) -> str:
        """After a value that has these elements, in this shape or in another one."""
        root = layout.root
        values = [v for v in self._starts[root, layout.offset] if v in self._names]
        for v in values:
            known = self._layouts[v]
            if v is not root and (known.shape, known.steps) == (layout.shape, layout.steps):
                return self._names[v]
            if known.steps == layout.steps[::-1] and known.shape == layout.shape[::-1]:
                return f"{self._array_name(v)}_T"
        same_size = [v for v in values if v.size == np.prod(layout.shape, dtype=np.int64)]
        name = self._array_name(same_size[0] if same_size else root)
        return f"{name}_{_SHAPES.get(len(layout.shape), 'view')}"

    def _new_name(self, wanted: str) -> str:
        others = set(self._names.values()) - {wanted}  # a view's own name is free
        name = unused(wanted, self._taken | others)
        self._taken.add(name)
        return name


def unused(wanted: str, taken: Collection[str]) -> str:
    """A name that is not taken: `h`, or else `h2`, `h3`, ..."""
    name, k = wanted, 1
    while name in taken:
        k += 1
        name = f"{wanted}{k}"
    return name
