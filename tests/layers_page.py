"""Writes the tables of docs/layers.md: `python tests/layers_page.py`.

What stands there is made of the docstrings of all modules that `minigrad.nn` exports: summary,
formula, shapes, source. Where a docstring says "see `functional.name`", that function's docstring
tells what it does not. Shapes that no docstring tells are those of the layer's run in
`package_runs.py`.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from package_runs import LAYERS, TARGETS, Alone, normal, rows

import minigrad.functional as F
from minigrad import nn

PAGE = Path(__file__).parent.parent / "docs" / "layers.md"
REFERENCE = re.compile(r"[;,]?\s*[Ss]ee `functional\.(\w+)`.*")
HEADING = "## All layers"
COLUMNS = "| layer | what it computes | shapes | parameters | source |"
NOTE = """\
Made by `python tests/layers_page.py` from the docstrings, which say more: arguments, errors,
examples. A test compares, so edit those, not these tables.
"""


@dataclass
class Said:
    """What a docstring says, in parts."""

    summary: str = ""
    formula: list[str] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    returns: str = ""
    source: str = ""


def said_by(thing: Any) -> Said:
    """The parts of a docstring in the usual form."""
    said = Said()
    summary, *paragraphs = (inspect.getdoc(thing) or "").split("\n\n")
    said.summary = on_one_line(summary)
    for paragraph in paragraphs:
        head, _, body = paragraph.partition("\n")
        if paragraph.startswith("    ") and not said.formula:
            said.formula = inspect.cleandoc(paragraph).splitlines()
        elif head == "Args:":
            said.arguments = entries(body)
        elif head == "Attributes:":
            said.attributes = entries(body)
        elif head == "Returns:":
            said.returns = on_one_line(body)
        elif head.startswith("Source: "):
            said.source = on_one_line(paragraph.removeprefix("Source: "))
    return said


def entries(body: str) -> dict[str, str]:
    """`name, name: text` at the first indentation; deeper lines go on."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=    \S)", "\n" + body)[1:]:
        names, _, text = on_one_line(entry).partition(": ")
        found.update(dict.fromkeys(names.split(", "), text))
    return found


def on_one_line(text: str) -> str:
    return " ".join(text.split())


def function_of(said: Said) -> Any:
    """The function that the summary sends its reader to."""
    reference = REFERENCE.search(said.summary)
    return getattr(F, reference[1], None) if reference else None


def function_called(name: str) -> Any:
    """The function that a layer is called after: `layer_norm` for `LayerNorm`."""
    return getattr(F, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(), None)


def layers() -> dict[str, type[nn.Module]]:
    exported = {name: getattr(nn, name) for name in nn.__all__}
    return {
        name: kind
        for name, kind in exported.items()
        if inspect.isclass(kind) and issubclass(kind, nn.Module) and kind is not nn.Module
    }


def row(name: str, kind: type[nn.Module]) -> str:
    own, function = said_by(kind), function_of(said_by(kind))
    theirs = said_by(function) if function else Said()
    what = REFERENCE.sub("", own.summary) or theirs.summary
    lines = [what, *(f"`{on_one_line(line)}`" for line in own.formula or theirs.formula)]
    parameters = [
        f"{key} {shape[1]}"
        for key, text in own.attributes.items()
        if (shape := re.search(r"shape (\([^()]*\)|`\w+`)", text))
    ]
    source = own.source or theirs.source
    cells = [
        f"`{name}`",
        "<br>".join(lines),
        shapes(name, kind, own),
        "<br>".join(parameters),
        source[:1].upper() + source[1:],
    ]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def shapes(name: str, kind: type[nn.Module], own: Said) -> str:
    """What goes in and comes out: as the docstrings say it, or else as it is in a test."""
    if between := re.search(r"\([^()]*\) -> \([^()]*\)", own.summary):
        return between[0].replace("->", "→")
    function = function_of(own) or function_called(name)
    told = said_by(kind.forward if kind.forward.__doc__ else function)
    inputs = [n for n in inspect.signature(kind.forward).parameters if n in told.arguments]
    takes = [(n, first_part(told.arguments[n])) for n in inputs if "shape" in told.arguments[n]]
    if takes and told.returns:
        listed = [text if len(takes) == 1 else f"{n}: {text}" for n, text in takes]
        return f"{'; '.join(listed)} → {first_part(told.returns)}"
    seen = measured(name)
    return f"for instance {seen[0]} → {seen[1]}" if seen else "not called itself"


def first_part(text: str) -> str:
    """What stands before the first semicolon or full stop."""
    part = re.split(r";|\.(?= |$)", text)[0]
    return part.removeprefix("shape ").removeprefix("Shape ").strip()


def measured(name: str) -> tuple[str, str] | None:
    """The shapes with which a layer or loss is run in the tests; None if it is not called."""
    seen: list[tuple[str, str]] = []

    def note(module: nn.Module, args: Any, result: Any) -> None:
        seen.append((shapes_in(args), shapes_in(result)))

    rng = np.random.default_rng(0)
    if name in TARGETS:
        loss = getattr(nn, name)()
        loss.register_forward_hook(note)
        target = TARGETS[name]
        loss(normal(6, 2), *(target if isinstance(target, tuple) else (target,)))
        return seen[0]
    entry = LAYERS[name]
    entry = entry if isinstance(entry, Alone) else Alone(entry, rows)
    model = entry.model()
    for module in model.modules():
        if type(module) is getattr(nn, name):
            module.register_forward_hook(note)
    model(entry.draw(rng))
    return seen[-1] if seen else None


def shapes_in(a: Any) -> str:
    if isinstance(a, (tuple, list)):
        return ", ".join(filter(None, map(shapes_in, a)))
    return str(tuple(a.shape)) if hasattr(a, "shape") else ""


def tables() -> str:
    """The page from its last heading on."""
    lines = [HEADING, "", NOTE]
    files = sorted({kind.__module__ for kind in layers().values()})
    for file in files:
        inside = {n: kind for n, kind in sorted(layers().items()) if kind.__module__ == file}
        lines += [f"### {title_of(file)}", "", COLUMNS, "|---|---|---|---|---|"]
        lines += [*(row(name, kind) for name, kind in inside.items()), ""]
    return "\n".join([*lines, *initialisers()]) + "\n"


def initialisers() -> Iterator[str]:
    yield from ["### Initialisers", "", "| `nn.init` | what it draws | source |", "|---|---|---|"]
    public = {n: fn for n, fn in vars(nn.init).items() if inspect.isfunction(fn) and n[0] != "_"}
    for name, fn in sorted(public.items()):
        if fn.__module__ == nn.init.__name__:
            said = said_by(fn)
            yield f"| `{name}` | {said.summary} | {said.source} |".replace("  ", " ")


def title_of(file: str) -> str:
    """What a file is about, as its first line says."""
    first = on_one_line((sys.modules[file].__doc__ or file).partition("\n\n")[0])
    return re.split(r"[:;,]|\.(?= |$)", first)[0]


def page() -> str:
    """The page with new tables; what stands before them is written by hand."""
    prose, _, _ = PAGE.read_text().partition(HEADING)
    return prose + tables()


if __name__ == "__main__":
    PAGE.write_text(page())
