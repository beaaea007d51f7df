"""Writes docs/numpy-coverage.md: `python tests/numpy_coverage.py`.

What stands on the page is what the tests check: a function has a row because it has rules, an
argument is listed because a sample differentiates in it. The refusals are carried out, and quoted.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from samples import SAMPLES, TABLES, S, is_input
from scipy import special

import minigrad as mg
import minigrad.functional as F
from minigrad.vjps import COMPOSITES, CONSTANTS, VJPS, name_of

PAGE = Path(__file__).parent.parent / "docs" / "numpy-coverage.md"

PLACES: dict[str, ModuleType] = {
    "np": np, "np.linalg": np.linalg, "np.lib.stride_tricks": np.lib.stride_tricks,
    "np.fft": np.fft, "scipy.special": special, "F": F,
}  # fmt: skip

# What a reader may try and is refused: each is run, and the page shows what it says.
REFUSED = [
    ("np.fft.fft(t)", "there are no complex tensors"),
    ("np.spacing(t)", "a function without a rule would lose the gradient"),
    ("np.sum(t, where=t > 0)", "an option that the rule does not know; multiply by a mask"),
    ("np.add(t, t, out=np.zeros(2))", "the array could not remember where its values came from"),
    ("np.add(t, t, dtype=np.float32)", "use `t.astype` first"),
    ("np.add.reduceat(t, [0, 1])", "of the ufunc methods, reduce, accumulate and outer work"),
    ("np.asarray(t)", "an array cannot hold a gradient; `t.data` says that none is wanted"),
    ("np.array([t, t])", "the same; `np.stack([t, t])` joins tensors"),
    ("t + 'text'", "tensors hold real numbers"),
    ("t * 1j", "the same"),
    ("special.softmax(t)", "it is no ufunc, and turns t into an array; take `F.softmax`"),
    ("special.logsumexp(t)", "the same; take `F.logsumexp`"),
    ("special.polygamma(1, t)", "the same; the derivatives of `special.psi` are these"),
]

HEAD = """\
# NumPy coverage

Made by `python tests/numpy_coverage.py` from the rule tables and the samples that the tests run
(NumPy {numpy}). A test compares, so edit those, not this page. `F` is `minigrad.functional`.

Each row is checked: the value against NumPy's own, bit for bit; the derivatives in the arguments
named, to the orders given, against central differences; in float32 and float64, in every memory
layout; and compiled against eager, bit for bit. Higher orders work too: rules are made of functions
that have rules.
"""


def place_of(fn: Any) -> str | None:
    """What a user calls a function: `np.linalg.norm`; None for one that only rules call."""
    owner = getattr(fn, "__self__", fn)
    root, _, method = name_of(fn).partition(".")
    for place, module in PLACES.items():
        if getattr(module, root, None) is owner:
            return ".".join(filter(None, (place, root, method)))
    return None


def definition_of(fn: Any) -> Any:
    """A function that has the arguments of `fn`: its definition, or one of its rules."""
    if fn in COMPOSITES:
        return COMPOSITES[fn]
    return next(rule for rule in VJPS[fn] if rule is not None)


def arguments_of(fn: Any) -> list[inspect.Parameter]:
    parameters = list(inspect.signature(definition_of(fn)).parameters.values())
    return parameters if fn in COMPOSITES else parameters[2:]  # after g and y


def differentiable(fn: Any) -> list[str]:
    """The arguments in which the samples differentiate."""
    names = positional(fn)
    places = {i for s in SAMPLES[fn] for i, a in enumerate(s.args) if holds_inputs(a)}
    return list(dict.fromkeys(names[min(i, len(names) - 1)] for i in sorted(places)))


def positional(fn: Any) -> list[str]:
    """Names of arguments; that of any number of them stands last, with its star."""
    names = []
    for p in arguments_of(fn):
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            names.append(p.name)
        elif p.kind is p.VAR_POSITIONAL:
            names.append(f"*{p.name}")
    return names


def holds_inputs(a: Any) -> bool:
    return any(map(holds_inputs, a)) if isinstance(a, (list, tuple)) else is_input(a)


def other_arguments(fn: Any) -> list[str]:
    taken = differentiable(fn)
    return [
        p.name
        for p in arguments_of(fn)
        if p.name not in taken and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]


def orders(fn: Any) -> str:
    from test_vjps import ELEMENTWISE

    return "1, 2, 3" if fn in ELEMENTWISE else "1, 2"


def note(fn: Any) -> str:
    if not any(np.any(g) for s in SAMPLES[fn] for g in gradients_of(fn, s)):
        return "the gradient is 0"
    return "made of other functions" if fn in COMPOSITES else ""


def gradients_of(fn: Any, sample: S) -> list[np.ndarray]:
    """From cotangents that are not all the same: of those, softmax has the gradient 0."""
    xs = [mg.tensor(x, requires_grad=True) for x in sample.inputs]
    result = sample.call(fn, xs)
    outputs = list(result) if isinstance(result, (tuple, list)) else [result]
    seeds = [np.reshape(np.cos(np.arange(y.size)), y.shape).astype(y.dtype) for y in outputs]
    return [np.asarray(g.data) for g in mg.grad(outputs, xs, seeds)]


def row(name: str, fn: Any) -> str:
    cells = [
        f"`{name}`",
        ", ".join(differentiable(fn)),
        ", ".join(other_arguments(fn)),
        orders(fn),
        note(fn),
    ]
    return f"| {' | '.join(cells)} |"


def tables() -> Iterator[str]:
    for table in TABLES:
        rows = {place: fn for fn in table.SAMPLES if (place := place_of(fn)) is not None}
        if rows:
            yield f"\n## {title_of(table)}\n"
            yield "| function | differentiable in | other arguments | orders checked | notes |"
            yield "|---|---|---|---|---|"
            yield from (row(name, fn) for name, fn in sorted(rows.items()))


def title_of(table: ModuleType) -> str:
    """What the samples are of, as the first line of their file says."""
    first = (table.__doc__ or table.__name__).splitlines()[0]
    title = re.split(r"[:;]|\.$", first.removeprefix("Samples of "))[0]
    return title[0].upper() + title[1:]


def listed(names: Iterator[str] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) + "."


def without_derivative() -> Iterator[str]:
    yield "\n## Functions without a derivative\n"
    yield "They work on tensors and return plain arrays, numbers or booleans.\n"
    yield listed([place_of(fn) or name_of(fn) for fn in CONSTANTS])


def internal() -> Iterator[str]:
    yield "\n## Operations of minigrad's own\n"
    yield "With rules and samples as those above; the functions above are made of them.\n"
    yield listed([name_of(fn) for fn in SAMPLES if place_of(fn) is None])


def said(call: str) -> str:
    """What a refused call says, in its first sentence."""
    t = mg.tensor([1.0, 2.0], requires_grad=True)
    try:
        eval(call, {"np": np, "special": special, "t": t})
    except (TypeError, ValueError) as error:
        return str(error).partition(";")[0]
    raise AssertionError(f"{call} is not refused")


def refusals() -> Iterator[str]:
    yield "\n## What is refused\n"
    yield "Nothing drops a gradient in silence. `t` requires a gradient here.\n"
    yield "| call | what it says | why, and what to do |"
    yield "|---|---|---|"
    yield from (f"| `{call}` | {said(call)} | {why} |" for call, why in REFUSED)


def without_rule() -> Iterator[str]:
    yield "\n## NumPy's functions without a rule\n"
    yield "On a tensor these raise an error that names them.\n"
    known = {*VJPS, *COMPOSITES, *CONSTANTS}
    names = {
        f"{place}.{name}": fn
        for place in ("np", "np.linalg")
        for name, fn in vars(PLACES[place]).items()
        if dispatches(fn) and not name.startswith("_")
    }
    yield listed([name for name, fn in names.items() if fn not in known])


def dispatches(fn: Any) -> bool:
    return isinstance(fn, np.ufunc) or hasattr(fn, "_implementation")


def page() -> str:
    numpy = ".".join(np.__version__.split(".")[:2])
    parts = [tables(), without_derivative(), internal(), refusals(), without_rule()]
    lines = [line for part in parts for line in part]
    return HEAD.format(numpy=numpy) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
