"""The rules of products of vectors and matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .axes import as_array
from .registry import defcomposite, defvjp, defvjp_each, primitive


def _matmul_a(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if a.ndim == 1:
        return np.squeeze(b @ np.expand_dims(g, -1), -1)
    return g @ b.mT


def _matmul_b(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if b.ndim == 1:
        return np.squeeze(a.mT @ np.expand_dims(g, -1), -1)
    if a.ndim == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    return a.mT @ g


defvjp(np.matmul, _matmul_a, _matmul_b)


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Move the contracted axes together, flatten, and multiply as matrices."""
    a, b = as_array(a), as_array(b)
    if isinstance(axes, int):
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    summed_a, summed_b = (
        [i % t.ndim for i in ([ax] if isinstance(ax, int) else ax)]
        for ax, t in zip(axes, (a, b), strict=True)
    )
    free_a = [i for i in range(a.ndim) if i not in summed_a]
    free_b = [i for i in range(b.ndim) if i not in summed_b]
    n = math.prod(a.shape[i] for i in summed_a)
    rows, columns = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    left = np.reshape(np.transpose(a, free_a + summed_a), (math.prod(rows), n))
    right = np.reshape(np.transpose(b, summed_b + free_b), (n, math.prod(columns)))
    return np.reshape(left @ right, (*rows, *columns))


def _dot(a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return a @ b if b.ndim <= 2 else np.tensordot(a, b, axes=(-1, -2))


defcomposite(np.tensordot, _tensordot)
defcomposite(np.dot, _dot)
defcomposite(np.outer, lambda a, b: np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1)))


@primitive
def contract(spec: str, *operands: Any, optimize: Any = False) -> Any:
    """`np.einsum` in explicit form: every axis lettered, no label twice in one operand."""
    return np.einsum(spec, *operands, optimize=optimize)


def _contract_rule(i: int, g: Any, y: Any, spec: str, *operands: Any, optimize: Any = False) -> Any:
    """Swap the operand with the result; axes that only this operand has are spread over ones."""
    inputs, output = spec.split("->")
    labels = inputs.split(",")
    others = [(s, t) for k, (s, t) in enumerate(zip(labels, operands, strict=True), 1) if k != i]
    target, x = labels[i - 1], operands[i - 1]
    known = {pair for s, t in [(output, g), *others] for pair in zip(s, t.shape, strict=True)}
    alone = [(a, n) for a, n in zip(target, x.shape, strict=True) if (a, n) not in known]
    ones = np.ones([n for _, n in alone], dtype=x.dtype)
    sources = [(output, g), *others, ("".join(a for a, _ in alone), ones)]
    swapped = ",".join(s for s, _ in sources) + "->" + target
    return np.einsum(swapped, *(t for _, t in sources), optimize=optimize)


defvjp_each(contract, _contract_rule)


def _einsum(spec: Any, *operands: Any, optimize: Any = False) -> Any:
    """Spell out the ellipsis and the implicit output, then contract."""
    if not isinstance(spec, str):
        raise TypeError("einsum on tensors: give the subscripts as a string, as in 'ij,jk->ik'")
    inputs, arrow, output = spec.replace(" ", "").partition("->")
    labels = inputs.split(",")
    if len(labels) != len(operands):
        raise ValueError(f"einsum {spec!r}: {len(labels)} operands named, {len(operands)} given")
    if not arrow:
        letters = inputs.replace(",", "").replace("...", "")
        once = "".join(sorted(a for a in set(letters) if letters.count(a) == 1))
        output = ("..." if "..." in inputs else "") + once
    spare = [a for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if a not in spec]
    hidden = [np.ndim(t) - len(s.replace("...", "")) for s, t in zip(labels, operands, strict=True)]
    most = max((n for s, n in zip(labels, hidden, strict=True) if "..." in s), default=0)
    dots = "".join(spare[:most])
    for k, (label, n) in enumerate(zip(labels, hidden, strict=True)):
        labels[k] = label.replace("...", dots[most - n :] if n > 0 else "")
        if len(set(labels[k])) != len(labels[k]):
            raise TypeError(
                f"einsum {spec!r}: a label twice in one operand has no derivative rule; "
                "take the diagonal first"
            )
    explicit = ",".join(labels) + "->" + output.replace("...", dots)
    return contract(explicit, *map(as_array, operands), optimize=optimize)


defcomposite(np.einsum, _einsum)
