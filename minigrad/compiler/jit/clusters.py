"""Calls that wait until somebody needs them, and are then carried out together with that."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from ..program import Value
from .members import Member, Read
from .statements import padded, row_split


@dataclass
class Cluster:
    """A call and those that only prepare its operands.

    Attributes:
        space: how many turns the loops have.
        members: the calls, in the program's order.
        split: as of a `Nest`.
        apart: values that have to be there before: they are needed in another order.
    """

    space: tuple[int, ...]
    members: list[Member]
    split: int | None
    apart: list[Value]


def cluster_of(
    anchor: Member, waiting: Mapping[Value, Member], places: Mapping[Value, int]
) -> Cluster:
    """Gather what an anchor needs, as far as the same loops can compute it.

    Args:
        anchor: the call that is needed now.
        waiting: the calls that have not been carried out yet, by their results.
        places: the number of each call in the program, by its result.
    """
    cluster = Cluster(anchor.space, [anchor], row_split(anchor), [])
    found: dict[Value, list[Read]] = defaultdict(list)
    queue: list[tuple[int, Value]] = []

    def ask_for_operands(m: Member) -> None:
        for read in m.reads:
            if read.root in waiting:
                if read.root not in found:
                    heapq.heappush(queue, (-places[read.root], read.root))
                found[read.root].append(read)

    ask_for_operands(anchor)
    while queue:  # the latest call first: all of its readers have been met then
        root = heapq.heappop(queue)[1]
        if _joins(cluster, waiting[root], found[root]):
            cluster.members.append(waiting[root])
            ask_for_operands(waiting[root])
        else:
            cluster.apart.append(root)
    cluster.members.reverse()
    cluster.apart.reverse()
    return cluster


def _joins(cluster: Cluster, m: Member, reads: list[Read]) -> bool:
    """Whether each turn of the loops can compute what the same turn reads."""
    n = len(m.space)
    total = len(cluster.space)
    if m.space != cluster.space[:n]:
        return False
    if n < total and cluster.split not in (None, n):
        return False
    fits = all(
        r.layout.offset == 0 and padded(r.strides, total) == padded(m.target, total) for r in reads
    )
    if fits and n < total:
        cluster.split = n
    return fits
