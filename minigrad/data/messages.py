"""The wording that error messages share: short listings and close matches."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_MOST_NAMES = 20


def listing(names: Sequence[str]) -> str:
    """Join names on one line, cut short where there are many.

    Args:
        names: what there is to choose from, in its own order.

    Returns:
        The names, separated by commas.

    Example:
        >>> from minigrad.data.messages import listing
        >>> listing(["x", "y"])
        'x, y'
        >>> listing("abcdefghijklmnopqrstuvwxyz")
        'a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, ... (26 in all)'
    """
    shown = [" ".join(name.split()) for name in names[:_MOST_NAMES]]  # a name may hold newlines
    if len(names) > _MOST_NAMES:
        shown.append(f"... ({len(names)} in all)")
    return ", ".join(shown)


def did_you_mean(name: str, choices: Sequence[str]) -> str:
    """Suggest the choice that is spelled most like a name.

    Args:
        name: what was asked for and not found.
        choices: what there is.

    Returns:
        A clause to append to a message; empty when nothing comes close.

    Example:
        >>> from minigrad.data.messages import did_you_mean
        >>> did_you_mean("specie", ["width", "species"])
        " (did you mean 'species'?)"
        >>> did_you_mean("zzz", ["width", "species"])
        ''
    """
    matches = get_close_matches(name, choices, n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
