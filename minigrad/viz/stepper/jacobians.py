"""The local derivatives of single operations, element by element, from the rules themselves.

A rule applied to a cotangent which is 1 at one element and 0 elsewhere is one row of the Jacobian.
So the page can say of which products an element of a gradient is the sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...tracing import Contribution
from ...tracing.records import Array
from ...vjps import VJPS
from .naive import applied

_ROWS = 512  # elements of a result: for so many the rule is applied


@dataclass(frozen=True, eq=False)
class ByElement:
    """dy/dx of a function of single elements: at each place of the result, before un-broadcasting.

    An element of x has as many products as places it was broadcast to.
    """

    values: Array


@dataclass(frozen=True, eq=False)
class Sparse:
    """The entries dy[k]/dx[j] that are not 0; k and j count through the elements."""

    k: Array
    j: Array
    values: Array


def local_derivative(record: Contribution, entries: int) -> ByElement | Sparse | None:
    """The Jacobian of one edge.

    Args:
        record: the contribution along the edge.
        entries: how many numbers it may have.

    Returns:
        None if it has more, or its result has too many elements to try all.
    """
    node, y, x = record.node, record.node.value, record.parent.value
    if record.expression.by_element and record.local.shape == y.shape:
        return _by_element(record) if y.size <= entries else None
    if y.size > _ROWS or not x.size:
        return None
    rows, columns, values = [], [], []
    g, found = np.zeros(y.shape, record.incoming.dtype), 0
    for k, index in enumerate(np.ndindex(y.shape)):
        g[index] = 1
        row = applied(node, record.argument, g).flatten()  # a rule may return a view of g
        g[index] = 0
        (j,) = np.nonzero(row)
        found += j.size
        if found > entries:
            return None
        rows.append(np.full(j.size, k))
        columns.append(j)
        values.append(row[j])
    if not rows:
        return None
    return Sparse(np.concatenate(rows), np.concatenate(columns), np.concatenate(values))


def _by_element(record: Contribution) -> ByElement:
    node = record.node
    rule = VJPS[node.fn][record.argument]  # type: ignore[index]
    ones = np.ones_like(record.incoming)
    with np.errstate(all="ignore"):
        values = rule(ones[()], node.value, *node.args, **node.params)  # type: ignore[misc]
    return ByElement(np.asarray(values))
