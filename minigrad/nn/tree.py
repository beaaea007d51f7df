"""What a module looks like: a tree of lines, as text and, to be folded in a notebook, as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from ..parameter import Parameter
from .paths import join, parameter_places

if TYPE_CHECKING:
    from .module import Module

_OPEN = 2  # levels that a notebook unfolds at first

# No colours but that of the surrounding text, for light and dark pages alike.
_BOX = "font-family:monospace;line-height:1.5;white-space:nowrap;overflow-x:auto"
_INSIDE = "margin-left:.45em;padding-left:1.1em;border-left:1px solid rgba(128,128,128,.35)"
_LIGHT = "opacity:.7"


class Line(NamedTuple):
    """A module in the tree.

    Attributes:
        depth: how far below the root.
        path, name: the path from the root, and its end; "" for the root.
        module: the module.
        same_as: the path where the module stood before; None for the first time.
    """

    depth: int
    path: str
    name: str
    module: Module
    same_as: str | None

    @property
    def title(self) -> str:
        """`Linear(2, 8)`."""
        details = self.module.extra_repr()
        kind = type(self.module).__name__
        return f"{kind}({details})" if details else kind


def lines(root: Module) -> Iterator[Line]:
    """All modules, parents first; one that is shared comes again, without what is below it."""
    first: dict[Module, str] = {}
    stack = [(0, "", "", root)]
    while stack:
        depth, path, name, module = stack.pop()
        line = Line(depth, path, name, module, first.get(module))
        yield line
        if line.same_as is None:
            first[module] = path
            below = [(depth + 1, join(path, n), n, m) for n, m in module.named_children()]
            stack.extend(reversed(below))


def text(root: Module) -> str:
    """The tree as `repr` shows it."""
    first = _first_paths(root)
    return "\n".join("  " * line.depth + _text_of(line, first) for line in lines(root))


def _text_of(line: Line, first: Mapping[Parameter, str]) -> str:
    if line.same_as is not None:
        return f"{line.name}: {line.title} = {line.same_as or 'the whole'}"
    own = ", ".join(_own(line, first))
    if not line.depth:
        return f"{line.title}: {_size(line.module):,} parameters" + (f": {own}" if own else "")
    return f"{line.name}: {line.title}" + (f": {own}" if own else "")


def _first_paths(root: Module) -> dict[Parameter, str]:
    first: dict[Parameter, str] = {}
    for place in parameter_places(root):
        first.setdefault(place.value, place.path)
    return first


def _own(line: Line, first: Mapping[Parameter, str]) -> Iterator[str]:
    """`weight (8, 2)`: the module's own parameters and buffers, and what they share or are."""
    for name, value in vars(line.module).items():
        if isinstance(value, Parameter):
            is_shared = first[value] != join(line.path, name)
            notes = (" frozen" if not value.requires_grad else "") + (
                f" = {first[value]}" if is_shared else ""
            )
            yield f"{name} {value.shape}{notes}"
    for name in line.module._buffer_names:
        yield f"{name} {getattr(line.module, name).shape}"


def _size(module: Module) -> int:
    return sum(p.size for p in module.parameters())


def html(root: Module) -> str:
    """The tree as a notebook shows it: what has modules below it can be folded."""
    first, parts, depth = _first_paths(root), [], 0
    for line in lines(root):
        parts += ["</div></details>"] * (depth - line.depth)
        has_more = line.same_as is None and any(line.module.children())
        parts.append(_html_of(line, first, has_more))
        depth = line.depth + has_more
    parts += ["</div></details>"] * depth
    return f'<div style="{_BOX}">{"".join(parts)}</div>'


def _html_of(line: Line, first: Mapping[Parameter, str], has_more: bool) -> str:
    name = f"{escape(line.name)}: " if line.depth else ""
    if line.same_as is not None:
        facts = f"= {escape(line.same_as) or 'the whole'}"
    else:
        size = f"{_size(line.module):,} parameters" if has_more or not line.depth else ""
        facts = " &middot; ".join(filter(None, [size, escape(", ".join(_own(line, first)))]))
    title = f'{name}<b>{escape(line.title)}</b> <span style="{_LIGHT}">{facts}</span>'
    if not has_more:
        return f"<div>{title}</div>"
    is_open = " open" if line.depth < _OPEN else ""
    return f'<details{is_open}><summary>{title}</summary><div style="{_INSIDE}">'
