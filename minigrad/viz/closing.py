"""Drawing less: modules as single boxes, and the oldest operations as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .rolling import rolled
from .sketch import SOURCES, Amounts, Arrow, Box, Frame, Look, Sketch

_FEW_SHAPES = 2


def closed(sketch: Sketch, depth: int) -> Sketch:
    """The same sketch with all modules below a depth drawn as single boxes.

    Args:
        sketch: it is left as it is.
        depth: how many levels of modules are open: 0 for none.
    """
    closing: dict[Frame, Frame | None] = {}  # the frame that is drawn as a box instead

    def closed_at(box: Box) -> Frame | None:
        frame = box.frame
        if frame not in closing:
            open_levels, found = depth, None
            for around in frame.chain:
                if around.kind == "module":
                    open_levels -= 1
                    if open_levels < 0:
                        found = around
                        break
            closing[frame] = found
        return closing[frame]

    leaving = {a.tail for a in sketch.arrows if closed_at(a.tail) is not closed_at(a.head)}
    return _merged(sketch, closed_at, lambda frame, boxes: _module_box(frame, boxes, leaving))


def limited(sketch: Sketch, max_nodes: int) -> Sketch:
    """The same sketch with at most so many boxes.

    Repetitions are rolled up first, then the innermost modules closed, and at last the oldest
    operations are drawn as one box; a note tells.
    """
    total = len(sketch.boxes)
    if total <= max_nodes:
        return sketch
    sketch = rolled(sketch, bare=True)
    if len(sketch.boxes) < total:
        sketch.notes.append(f"{total:,} boxes, with repetitions rolled up")
    deepest = max(frame.level for frame in {box.frame for box in sketch.boxes})
    for depth in reversed(range(deepest)):
        if len(sketch.boxes) <= max_nodes:
            break
        sketch = closed(sketch, depth)
        if depth == 0 or len(sketch.boxes) <= max_nodes:
            sketch.notes.append(f"modules below depth {depth} closed: more than {max_nodes} boxes")
    if len(sketch.boxes) > max_nodes:
        sketch = _newest(sketch, max_nodes)
    return sketch


def _newest(sketch: Sketch, max_nodes: int) -> Sketch:
    older = set(sketch.boxes[: len(sketch.boxes) - max_nodes + 1])

    def is_older(box: Box) -> Frame | None:
        return sketch.whole if box in older else None

    def box_of(_: Frame, boxes: list[Box]) -> Box:
        amounts = _total(boxes)
        n = amounts.operations
        title = f"{n:,} older operation{'s' * (n != 1)}"
        outputs = any(box.is_output for box in boxes)
        return Box("older", title, frame=sketch.whole, is_output=outputs, amounts=amounts)

    cut = _merged(sketch, is_older, box_of)
    cut.notes.append(f"the newest {max_nodes - 1:,} boxes are drawn")
    return cut


def _merged(
    sketch: Sketch,
    frame_of: Callable[[Box], Frame | None],
    box_of: Callable[[Frame, list[Box]], Box],
) -> Sketch:
    """The sketch in which all boxes with the same `frame_of` are one; None leaves a box alone."""
    groups: dict[Frame, list[Box]] = {}
    for box in sketch.boxes:
        frame = frame_of(box)
        if frame is not None:
            groups.setdefault(frame, []).append(box)
    instead: dict[Box, Box] = {}
    for frame, boxes in groups.items():
        instead |= dict.fromkeys(boxes, box_of(frame, boxes))
    left = dict.fromkeys(instead.get(box, box) for box in sketch.boxes)
    return sketch.redrawn(left, _moved(sketch.arrows, instead))


def _moved(arrows: Iterable[Arrow], instead: dict[Box, Box]) -> Iterable[Arrow]:
    """The arrows between the new boxes, each once; the others as they were."""
    drawn = set()
    for arrow in arrows:
        tail, head = instead.get(arrow.tail, arrow.tail), instead.get(arrow.head, arrow.head)
        slot = arrow.slot if head is arrow.head else 0
        key = tail, head, slot, arrow.look
        if tail is arrow.tail and head is arrow.head:
            yield arrow
        elif (tail is not head or arrow.look == "loop") and key not in drawn:
            drawn.add(key)
            yield Arrow(tail, head, slot, arrow.look)


def _module_box(frame: Frame, boxes: list[Box], leaving: set[Box]) -> Box:
    results = [b for b in boxes if b.is_output or (b in leaving and b.look not in SOURCES)]
    kinds = list(dict.fromkeys(b.kind for b in results if b.kind))
    kind = ", ".join(kinds) if len(kinds) <= _FEW_SHAPES else f"{len(kinds)} shapes"
    amounts = _total(boxes)
    lines = (f"{amounts.numbers:,} parameters",) if amounts.numbers else ()
    outputs = any(box.is_output and box.look != "cotangent" for box in boxes)
    look: Look = "rules" if any(box.look == "rule" for box in boxes) else "module"
    return Box(look, frame.title, kind, lines, frame.around or frame, outputs, amounts)


def _total(boxes: Iterable[Box]) -> Amounts:
    total = Amounts()
    for box in boxes:
        total.add(box.amounts)
    return total
