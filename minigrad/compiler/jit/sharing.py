"""Memory that values share, where one is needed only after the other.

So a program with many equal blocks, or many steps of a loop, works in few arrays, which stay in the
processor's caches. Values that share are parts of one array, for the compiler believes that
different arrays never overlap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..program import Value
from .places import Places, roots_read
from .statements import Nest, Product, Statement


@dataclass
class _Life:
    """From the first statement that writes a value to the last one that reads it."""

    first: int
    last: int


def shared(places: Places) -> dict[Value, Value]:
    """For each value that lies in the memory of a larger one which is not needed then, that one."""
    lives = _lives(places)
    tenants: dict[Value, list[_Life]] = {}
    found: dict[Value, Value] = {}
    for v, life in sorted(lives.items(), key=lambda entry: (-entry[0].size, entry[1].first)):
        owner = next((u for u in tenants if u.dtype == v.dtype and _is_free(tenants[u], life)), v)
        tenants.setdefault(owner, []).append(life)
        if owner is not v:
            found[v] = owner
    return found


def _is_free(lives: Iterable[_Life], new: _Life) -> bool:
    return all(life.last < new.first or new.last < life.first for life in lives)


def _lives(places: Places) -> dict[Value, _Life]:
    """The lives of the arrays that are the program's own and need not outlive a call."""
    lasting = _lasting(places)
    lives: dict[Value, _Life] = {}
    for k, s in enumerate(places.schedule.statements):
        for root in (*roots_read(s, places.layouts), *_roots_written(s, places)):
            v = _owner(root, places)
            if v in places.stored and v not in lasting and v.size > 1:
                lives.setdefault(v, _Life(k, k)).last = k
    return {v: life for v, life in lives.items() if places.layouts[v].is_contiguous}


def _lasting(places: Places) -> set[Value]:
    """What the caller keeps, or receives a copy of at the end."""
    program, new_states = places.schedule.program, places.schedule.new_states.values()
    after = [*program.results, *program.kept, *new_states]
    return {_owner(places.layouts[v].root, places) for v in after if v.is_array}


def _roots_written(s: Statement, places: Places) -> list[Value]:
    if isinstance(s, Nest):
        made = [m.out for m in s.members]
    else:
        made = [s.out if isinstance(s, Product) else s.instruction.out]
    return [places.layouts[v].root for v in made if v.is_array]


def _owner(root: Value, places: Places) -> Value:
    """The value in whose memory another one lies in the end."""
    while root in places.over or root in places.inside:
        root = places.over[root] if root in places.over else places.inside[root][0]
    return root
