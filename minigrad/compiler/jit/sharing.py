"""Memory that values share, where one is needed only after the other.

So a program with many equal blocks, or many steps of a loop, works in few arrays, which stay in the
processor's caches. This differs from the arena of NumPy's programs in one way: values that share
are parts of one array, for the compiler is told that different arrays never overlap.
"""

from __future__ import annotations

from ..memory import Slot
from ..program import Value
from .places import Places, roots_read, roots_written


def shared(places: Places) -> dict[Value, Value]:
    """For each value that lies in the memory of a larger one which is not needed then, that one."""
    slots = _slots(places)
    tenants: dict[Value, list[Slot]] = {}
    found: dict[Value, Value] = {}
    for v, slot in sorted(slots.items(), key=lambda entry: (-entry[0].size, entry[1].first)):
        free = (u for u, all_of_u in tenants.items() if not any(map(slot.overlaps, all_of_u)))
        owner = next((u for u in free if u.dtype == v.dtype), v)
        tenants.setdefault(owner, []).append(slot)
        if owner is not v:
            found[v] = owner
    return found


def _slots(places: Places) -> dict[Value, Slot]:
    """From which statement to which the arrays are needed that need not outlive a call."""
    lasting = _lasting(places)
    slots: dict[Value, Slot] = {}
    for k, s in enumerate(places.schedule.statements):
        for root in (*roots_read(s, places.layouts), *roots_written(s, places.layouts)):
            v = places.owner(root)
            if v in places.stored and v not in lasting and v.size > 1:
                slots.setdefault(v, Slot(v.nbytes, first=k, last=k)).last = k
    return {v: slot for v, slot in slots.items() if places.layouts[v].is_contiguous}


def _lasting(places: Places) -> set[Value]:
    """What the caller keeps, or receives a copy of at the end."""
    program, new_states = places.schedule.program, places.schedule.new_states.values()
    after = [*program.results, *program.kept, *new_states]
    return {places.owner(places.layouts[v].root) for v in after if v.is_array}
