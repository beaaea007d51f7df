"""Why a call is left to NumPy."""

from __future__ import annotations

from ...traced import draw
from ..program import Instruction
from .expressions import is_supported


def reason(i: Instruction) -> str:
    """What keeps a call from being compiled."""
    if i.fn is draw:
        return "it draws random numbers"
    if i.has_effect:
        return "it has an effect"
    if i.errstate and set(i.errstate.values()) != {"ignore"}:
        return "floating-point errors are to be noticed"
    kinds = sorted({v.kind for v in (*i.reads, i.out) if not v.is_array and not v.is_number})
    if kinds:
        return f"it works on a {kinds[0]}"
    if not is_supported(i):
        return "loops do not know its dtype"
    return "loops do not know this function, or not with these arguments"
