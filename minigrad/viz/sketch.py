"""A drawing before it is written down: boxes, arrows between them, and frames around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ..provenance import ModuleCall

if TYPE_CHECKING:
    from .shown import Shown

Look = Literal[
    "operation", "module", "output", "parameter", "input", "constant", "state", "view", "rule",
    "rules", "cotangent", "sum", "update", "changed", "older",
]  # fmt: skip
SOURCES = ("parameter", "input", "constant", "state")


@dataclass(eq=False, slots=True)
class Frame:
    """What is drawn around boxes: a call of a module, a region of the picture, or a repetition.

    Attributes:
        title: what stands in its upper corner.
        around: the frame around it; None for the whole picture.
        kind: "picture", "module", "repeat", or a region: "forward", "backward", "update".
        name: what the module around calls this one.
        times: how many equal frames it stands for.
    """

    title: str = ""
    around: Frame | None = None
    kind: str = "picture"
    name: str = ""
    times: int = 1

    @property
    def chain(self) -> list[Frame]:
        """The frames from the whole picture to this one."""
        frames = [self]
        while frames[-1].around is not None:
            frames.append(frames[-1].around)
        return frames[::-1]

    @property
    def level(self) -> int:
        """How many modules are around its inside."""
        return sum(frame.kind == "module" for frame in self.chain)


@dataclass(slots=True)
class Amounts:
    """What can be added up when boxes are drawn as one.

    Attributes:
        operations: calls.
        numbers: of parameters.
        nbytes: memory of the results and parameters.
        seconds: of a profile.
    """

    operations: int = 0
    numbers: int = 0
    nbytes: int = 0
    seconds: float = 0.0

    def add(self, other: Amounts) -> None:
        """Count the other one in."""
        self.operations += other.operations
        self.numbers += other.numbers
        self.nbytes += other.nbytes
        self.seconds += other.seconds


@dataclass(eq=False, slots=True)
class Box:
    """A box of a drawing.

    Attributes:
        look: what it means; see `looks`.
        title: its first line.
        kind: shape and dtype of what it holds; "" if they are not shown.
        lines: what stands below.
        frame: the innermost frame around it.
        is_output: whether it is an output of the drawing.
        amounts: what it takes.
    """

    look: Look
    title: str
    kind: str = ""
    lines: tuple[str, ...] = ()
    frame: Frame = field(default_factory=Frame)
    is_output: bool = False
    amounts: Amounts = field(default_factory=Amounts)


@dataclass(eq=False, slots=True)
class Arrow:
    """An arrow of a drawing.

    Attributes:
        tail, head: where it comes from and leads to.
        slot: the position among the arguments of the head.
        look: "data"; "far", from one region to another; "next", to the next call or step; "loop",
            to the next repetition; "saved", a value that a derivative rule reads again; "back",
            data that flow against the direction of the picture; "seed", to the turning point.
    """

    tail: Box
    head: Box
    slot: int = 0
    look: str = "data"


class Sketch:
    """A drawing under way.

    Attributes:
        shown: what is said of each box.
        boxes: sources before what uses them.
        arrows: those that lead to a box in the order of its arguments.
        whole: the frame around everything.
        notes: what the reader has to know about what is not drawn.
    """

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.boxes: list[Box] = []
        self.arrows: list[Arrow] = []
        self.whole = Frame()
        self.notes: list[str] = []
        self._frames: dict[tuple[Frame, ModuleCall], Frame] = {}

    def redrawn(self, boxes: Iterable[Box], arrows: Iterable[Arrow]) -> Sketch:
        """Other boxes and arrows in the same frame, with the same notes."""
        new = Sketch(self.shown)
        new.whole, new.notes = self.whole, list(self.notes)
        new.boxes, new.arrows = list(boxes), list(arrows)
        return new

    def text_of(self, box: Box) -> list[str]:
        """The lines that stand in a box."""
        lines = (box.title, box.kind, *box.lines, *self.shown.amounts(box.amounts))
        return [line for line in lines if line]

    def add(self, box: Box) -> Box:
        """Draw a box; returns it."""
        self.boxes.append(box)
        return box

    def connect(self, tail: Box, head: Box, slot: int = 0, look: str = "data") -> None:
        """Draw an arrow."""
        self.arrows.append(Arrow(tail, head, slot, look))

    def region(self, kind: str, title: str) -> Frame:
        """A part of the picture with a frame of its own."""
        return Frame(title, self.whole, kind)

    def frame_of(self, calls: Iterable[ModuleCall], around: Frame) -> Frame:
        """The frame of the innermost of the calls of modules; the same for the same calls."""
        for call in calls:
            key = around, call
            if key not in self._frames:
                self._frames[key] = Frame(_frame_title(call), around, "module", call.name)
            around = self._frames[key]
        return around

    def settle(self, *looks: Look) -> None:
        """Move sources of these looks into the innermost frame around all that use them.

        Gradients, which nothing uses but updates, go where the rules are that they come from.
        """
        frames: dict[Box, Frame] = {}
        for arrow in self.arrows:
            box, inside = arrow.tail, arrow.head.frame
            if arrow.head.look == "cotangent" and arrow.head.is_output:
                box, inside = arrow.head, arrow.tail.frame
            elif box.look not in looks or arrow.look != "data":
                continue
            found = frames.get(box)
            frames[box] = inside if found is None else _around_both(found, inside)
        for box, frame in frames.items():
            box.frame = frame

    def contents(self) -> dict[Frame, list[Frame | Box]]:
        """What stands in each frame: boxes, and frames at the place of their first box."""
        inside: dict[Frame, list[Frame | Box]] = {self.whole: []}
        for box in self.boxes:
            for frame in box.frame.chain[1:]:
                if frame not in inside:
                    inside[frame] = []
                    inside[frame.around or self.whole].append(frame)
            inside[box.frame].append(box)
        return inside

    def heads(self) -> Iterator[tuple[Box, list[Arrow]]]:
        """The boxes with the arrows that lead to them."""
        entering: dict[Box, list[Arrow]] = {box: [] for box in self.boxes}
        for arrow in self.arrows:
            entering[arrow.head].append(arrow)
        return iter(entering.items())


def _around_both(a: Frame, b: Frame) -> Frame:
    if a is b:
        return a
    common = zip(a.chain, b.chain, strict=False)
    return [one for one, other in common if one is other][-1]


def _frame_title(call: ModuleCall) -> str:
    """`0: Linear(2, 8)`; at the top, and for a module of no name, its class alone."""
    title = call.title.removesuffix("()")
    return title if title.partition("(")[0] == call.name else f"{call.name}: {title}"
