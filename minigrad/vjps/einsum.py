"""The rule of `np.einsum`."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from .axes import as_array
from .registry import defcomposite, defvjp_each, primitive

_LETTERS = ascii_uppercase + ascii_lowercase  # label number k of an operand list is letter k


@primitive
def contract(spec: str, *operands: Any, optimize: Any = False) -> Any:
    """`np.einsum` in explicit form: every axis lettered, and the output given."""
    return np.einsum(spec, *operands, optimize=optimize)


def _contract_rule(i: int, g: Any, y: Any, spec: str, *operands: Any, optimize: Any = False) -> Any:
    """Swap the operand with the result.

    Axes that only this operand has are spread over ones; a diagonal, which is a label that comes
    again, is put back by the identity.
    """
    inputs, output = spec.split("->")
    labels = inputs.split(",")
    others = [(s, t) for k, (s, t) in enumerate(zip(labels, operands, strict=True), 1) if k != i]
    label, x = labels[i - 1], operands[i - 1]
    sources = [(output, g), *others]
    known = {pair for s, t in sources for pair in zip(s, t.shape, strict=True)}
    alone = dict(p for p in zip(label, x.shape, strict=True) if p not in known)
    sources.append(("".join(alone), np.ones(list(alone.values()), dtype=x.dtype)))
    spare = (letter for letter in _LETTERS if letter not in spec)
    target = ""
    for letter, n in zip(label, x.shape, strict=True):
        again = letter in target
        target += next(spare) if again else letter
        if again:
            sources.append((letter + target[-1], np.eye(n, dtype=x.dtype)))
    swapped = ",".join(s for s, _ in sources) + "->" + target
    return np.einsum(swapped, *(t for _, t in sources), optimize=optimize)


defvjp_each(contract, _contract_rule)


def _einsum(*operands: Any, optimize: Any = False) -> Any:
    spec, arrays = _in_letters(operands)
    arrays = [as_array(a) for a in arrays]
    return contract(_explicit(spec, [a.ndim for a in arrays]), *arrays, optimize=optimize)


def _in_letters(operands: Any) -> tuple[str, list[Any]]:
    """The subscripts as a string, and the arrays: of `"ij,j", a, b` or of `a, [0, 1], b, [1]`."""
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), list(operands[1:])
    end = len(operands) // 2 * 2  # what is left over is the output
    labels = ["".join(map(_letter, numbers)) for numbers in operands[1:end:2]]
    output = ["".join(map(_letter, numbers)) for numbers in operands[end:]]
    return "->".join([",".join(labels), *output]), list(operands[:end:2])


def _letter(number: Any) -> str:
    if number is ...:
        return "..."
    if not 0 <= number < len(_LETTERS):
        raise ValueError(f"einsum: a label must be ... or from 0 to 51, got {number}")
    return _LETTERS[number]


def _explicit(spec: str, ndims: list[int]) -> str:
    """The subscripts with the output, and with letters in place of each ellipsis."""
    inputs, arrow, output = spec.partition("->")
    labels = inputs.split(",")
    if len(labels) != len(ndims):
        raise ValueError(f"einsum: {spec!r} names {len(labels)} operands, {len(ndims)} were given")
    hidden = [n - len(s.replace("...", "")) for s, n in zip(labels, ndims, strict=True)]
    most = max((n for s, n in zip(labels, hidden, strict=True) if "..." in s), default=0)
    if not arrow:
        letters = inputs.replace(",", "").replace("...", "")
        once = sorted(a for a in set(letters) if letters.count(a) == 1)
        output = "".join(["..." if "..." in inputs else "", *once])
    if most > 0 and "..." not in output:
        raise ValueError(f"einsum: the output of {spec!r} needs an ellipsis too, for {most} axes")
    dots = "".join([a for a in _LETTERS if a not in spec][:most])
    for k, n in enumerate(hidden):
        labels[k] = labels[k].replace("...", dots[most - n :] if n > 0 else "")
    return ",".join(labels) + "->" + output.replace("...", dots)


defcomposite(np.einsum, _einsum)
