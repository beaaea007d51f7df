"""A drawing as text: a line for each box, in the order of execution, inside the modules."""

from __future__ import annotations

from collections.abc import Iterator

from .labels import printable
from .looks import MEANINGS, look_of
from .sketch import Arrow, Box, Frame, Sketch

_WIDEST = 48  # characters of a title, beyond which the other columns need not stand in line
_BACK = {"loop": "next time ", "next": "next step "}
_Row = tuple[str, ...]


def text_tree(sketch: Sketch) -> str:
    """A line for each box with its number, and those of the boxes whose arrows lead to it."""
    tree = _Tree(sketch)
    rows = list(tree.rows(sketch.whole, ""))
    widths = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
    widths[1] = min(widths[1], _WIDEST)
    lines = ["  ".join(_padded(row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, *(f"({note})" for note in sketch.notes)])


class _Tree:
    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self.numbers = {box: n for n, box in enumerate(sketch.boxes, 1)}
        self.contents = sketch.contents()
        self.entering = dict(sketch.heads())

    def rows(self, frame: Frame, indent: str) -> Iterator[_Row]:
        """Number, title and look of each box and frame inside, then all that is said of it."""
        members = self.contents[frame]
        for k, member in enumerate(members):
            is_last = k == len(members) - 1
            stem = "" if frame.around is None else "└─ " if is_last else "├─ "
            if isinstance(member, Box):
                yield self._row(member, indent + stem)
                continue
            below = "" if frame.around is None else "   " if is_last else "│  "
            yield "", indent + stem + printable(member.title), "", ""
            yield from self.rows(member, indent + below)

    def _row(self, box: Box, stem: str) -> _Row:
        said = "  ".join(map(printable, self.sketch.text_of(box)[1:]))
        tails = ", ".join(map(self._tail, self.entering[box]))
        more = f"{said}  <- {tails}" if tails else said
        return str(self.numbers[box]), stem + printable(box.title), MEANINGS[look_of(box)], more

    def _tail(self, arrow: Arrow) -> str:
        return f"{_BACK.get(arrow.look, '')}{self.numbers[arrow.tail]}"


def _padded(row: _Row, widths: list[int]) -> Iterator[str]:
    number, *texts = row
    yield number.rjust(widths[0])
    for text, width in zip(texts, widths[1:], strict=False):
        yield text.ljust(width)
    yield row[-1]
