"""Long loops, such as the update of a million parameters, divided among threads.

Such a loop becomes two functions: one carries out a block of it, the other one has threads carry
out all blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..program import Value
from .arrays import Arrays
from .layouts import Layout
from .loops import INDENT, LoopPrinter
from .members import Read
from .places import Places
from .statements import Nest

BLOCK = 1 << 14  # elements that a thread takes at a time
LEAST_WORK = 1 << 21  # elements read and written, from which on it pays to wake other threads


def is_threaded(nest: Nest, loops: LoopPrinter) -> bool:
    """Whether a nest is a long loop whose turns have nothing to do with each other."""
    size = nest.space[0] if len(nest.space) == 1 else 0
    if size < 2 * BLOCK or nest.split is not None:
        return False
    if any(m.accumulation for m in nest.members):
        return False
    steps = loops.memory_steps(nest)
    return all(s in ((0,), (1,)) for s in steps) and size * len(steps) >= LEAST_WORK


def arguments_of(nest: Nest, places: Places, inputs: Sequence[Value]) -> list[Value]:
    """The inputs and single numbers that a nest reads."""
    found: dict[Value, None] = {}
    for m in nest.members:
        for a in m.operands:
            if isinstance(a, Value):
                found[a] = None
            elif isinstance(a, Read) and (a.root in inputs or places.is_register(a, nest)):
                found[a.root] = None
    return list(found)


class BlockArrays(Arrays):
    """Of long arrays, the n elements from number `start` on."""

    def _view(self, owner: str, offset: int, layout: Layout, is_strided: bool) -> str:
        if layout.shape == (1,):
            return super()._view(owner, offset, layout, is_strided)
        return f"part({owner}, {f'{offset} + ' if offset else ''}start, (n,))"

    def _is_whole(self, layout: Layout, own: Layout) -> bool:
        return layout.shape == (1,) and super()._is_whole(layout, own)


def written(
    name: str, nest: Nest, loops: LoopPrinter, arrays: BlockArrays, arguments: Sequence[str]
) -> tuple[str, str]:
    """The two functions, as source, and the call of the second one."""
    body = loops.lines(nest, arrays)
    assert body[0] == f"for i in range({nest.space[0]}):"
    body[0] = "for i in range(n):"
    given = "".join(f", {a}" for a in arguments)
    size = nest.space[0]
    block = [
        "@compiled",
        f"def {name}_block(at, start, n{given}):",
        *(INDENT + line for line in [*arrays.lines, *body]),
    ]
    whole = [
        "@threaded",
        f"def {name}(at{given}):",
        f"{INDENT}for k in prange({-(-size // BLOCK)}):",
        f"{INDENT * 2}start = k * {BLOCK}",
        f"{INDENT * 2}{name}_block(at, start, min({BLOCK}, {size} - start){given})",
    ]
    return "\n".join(block) + "\n\n\n" + "\n".join(whole), f"{name}(at{given})"
