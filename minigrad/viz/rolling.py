"""Repetitions drawn once: blocks of the same kind one after the other, and the steps of a loop.

The members of a frame, operations and frames inside, stand in order. Where the same members come
again and again, each used in the same way by the next, the first of them is drawn for all.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .sketch import SOURCES, Amounts, Arrow, Box, Frame, Sketch

_FEWEST = 3  # repetitions, for rolling them up
_LONGEST = 64  # members that are repeated together
_VALUES = ("constant", "input")
_NUMBER = re.compile(r"\d+")


def rolled(sketch: Sketch, *, bare: bool = False) -> Sketch:
    """The same sketch with repetitions drawn once.

    Args:
        sketch: it is left as it is, but for the titles of what is drawn for all repetitions.
        bare: repetitions of mere operations too; else there must be a module among them.
    """
    roll = _Roll(sketch, bare)
    roll.frame(sketch.whole)
    if not roll.first:
        return sketch
    boxes = [box for box in sketch.boxes if box not in roll.first]
    return sketch.redrawn(boxes, roll.arrows(boxes))


@dataclass(eq=False)
class _Member:
    """A member of a frame: an operation with what only it uses, or a frame inside."""

    boxes: list[Box] = field(default_factory=list)
    frame: Frame | None = None


class _Roll:
    """Rolls up the frames of a sketch, the inner ones first.

    Attributes:
        first: the box that is drawn in place of each box that is not.
    """

    def __init__(self, sketch: Sketch, bare: bool) -> None:
        self.sketch, self.bare = sketch, bare
        self.first: dict[Box, Box] = {}
        self.entering = dict(sketch.heads())
        self.uses = Counter(arrow.tail for arrow in sketch.arrows)
        self.private = {  # parameters of a single operation, which go with it
            arrow.tail: arrow.head
            for arrow in sketch.arrows
            if arrow.tail.look == "parameter" and self.uses[arrow.tail] == 1
        }
        self.inside = sketch.contents()

    def frame(self, frame: Frame) -> list[Box]:
        """Roll up what is in a frame; returns the boxes that are left there."""
        members = self._members(frame)
        signatures = _Signatures(self, members)
        kept: list[_Member] = []
        k = 0
        while k < len(members):
            period, times = self._run(members, signatures, k)
            if times > 1:
                self._draw_once(members, k, period, times, frame)
            kept += members[k : k + period]
            k += period * times
        shared = [
            box
            for box in self.inside[frame]
            if isinstance(box, Box) and box.look == "parameter" and box not in self.private
        ]
        return [*shared, *(box for member in kept for box in member.boxes)]

    def _members(self, frame: Frame) -> list[_Member]:
        """What is repeated, or not: operations with parameters of their own, and frames."""
        members: dict[Any, _Member] = {}
        for inner in self.inside[frame]:
            if isinstance(inner, Frame):
                members[inner] = _Member(self.frame(inner), inner)
            elif inner in self.private:
                user = self.private[inner]
                if user.frame is frame:
                    members.setdefault(user, _Member()).boxes.append(inner)
            elif inner.look not in SOURCES:
                members.setdefault(inner, _Member()).boxes.append(inner)
        return [m for m in members.values() if any(b.look not in SOURCES for b in m.boxes)]

    def _run(self, members: list[_Member], s: _Signatures, k: int) -> tuple[int, int]:
        """The period, and how often it comes from place k on, so that most is drawn once."""
        best = 1, 1
        longest = min(_LONGEST, (len(members) - k) // _FEWEST)
        shortest = 1 if self.bare else 1 + s.until_frame[k]
        for period in range(shortest, longest + 1):
            times = s.times(k, period)
            if times >= _FEWEST and period * (times - 1) > best[0] * (best[1] - 1):
                best = period, times
        return best

    def _draw_once(
        self, members: list[_Member], start: int, period: int, times: int, around: Frame
    ) -> None:
        """Draw members start to start + period in place of all their repetitions."""
        runs = [members[start + r * period : start + (r + 1) * period] for r in range(times)]
        names = [[m.frame.name for m in run if m.frame is not None] for run in runs]
        is_loop = names[0] == names[-1]
        for copies in zip(*runs, strict=True):
            for boxes in zip(*(member.boxes for member in copies), strict=True):
                self._draw_constants_first(boxes, around)
                self._draw_first(boxes, "t" if names[0] and is_loop else "i")
        span = f"{names[0][0]} … {names[-1][-1]}" if not is_loop else ""
        if period == 1:
            _name_all(runs[0][0], times, span)
            return
        title = f"t = 0 … {times - 1:,}" if names[0] and is_loop else f"{span} × {times:,}".strip()
        repeat = Frame(title, around, "repeat", times=times)
        for member in runs[0]:
            if member.frame is not None:
                member.frame.around = repeat
            for box in member.boxes:
                if box.frame is around:
                    box.frame = repeat

    def _draw_constants_first(self, boxes: Sequence[Box], around: Frame) -> None:
        """The same for the constants that each of these boxes has for itself.

        What is a constant for the first one only, such as a loop's first state, comes from outside.
        """
        for arrows in zip(*(self.entering[box] for box in boxes), strict=True):
            first, second, *_ = tails = [arrow.tail for arrow in arrows]
            if second.look not in _VALUES:
                if first.look == "constant":
                    first.frame = around
            else:
                drawn = first if first.look in _VALUES else second
                own = [t for t in tails if t is not drawn and self.uses[t] == 1]
                self.first |= {t: drawn for t in own if t.look in _VALUES}

    def _draw_first(self, boxes: Sequence[Box], letter: str) -> None:
        first, *others = boxes
        first.title = _common_title([box.title for box in boxes], letter)
        total = Amounts()
        for box in boxes:
            total.add(box.amounts)
        first.amounts, first.is_output = total, any(box.is_output for box in boxes)
        self.first |= dict.fromkeys(others, first)

    def drawn(self, box: Box) -> Box:
        """The box that stands for a box."""
        while box in self.first:
            box = self.first[box]
        return box

    def arrows(self, boxes: list[Box]) -> list[Arrow]:
        """The arrows between the boxes that are left; those to an earlier one are loops."""
        places = {box: place for place, box in enumerate(boxes)}
        arrows, seen = [], set()
        for arrow in self.sketch.arrows:
            tail, head = self.drawn(arrow.tail), self.drawn(arrow.head)
            is_loop = places[tail] >= places[head] and arrow.look in ("data", "back")
            look = "loop" if is_loop else arrow.look
            if tail is arrow.tail and head is arrow.head:
                seen.add((tail, head, arrow.slot, look))
                arrows.append(arrow)
            elif (tail, head, arrow.slot, look) not in seen:
                seen.add((tail, head, arrow.slot, look))
                arrows.append(Arrow(tail, head, arrow.slot, look))
        return arrows


class _Signatures:
    """What is compared of members: alike by themselves, and also used in the same way.

    The first repetition gets its inputs from elsewhere, so it must only be alike by itself.
    """

    def __init__(self, roll: _Roll, members: list[_Member]) -> None:
        self.numbers: dict[Hashable, int] = {}
        places = {b: (m, n) for m, member in enumerate(members) for n, b in enumerate(member.boxes)}
        self.alike: list[int] = []
        self.same: list[int] = []
        for m, member in enumerate(members):
            alike: list[Hashable] = [member.frame and _masked(member.frame.title.partition(":")[2])]
            same: list[Hashable] = []
            for box in member.boxes:
                tails = [roll.drawn(a.tail) for a in roll.entering[box]]
                at = [places.get(tail, (None, _apart(tail, roll))) for tail in tails]
                inside = [n if place == m else -1 for place, n in at]
                alike.append((box.look, _own_title(box), box.kind, *inside))
                same += [(m - place, n) if place is not None else n for place, n in at]
            self.alike.append(self._number(tuple(alike)))
            self.same.append(self._number((self.alike[-1], *same)))
        self.until_frame = [_LONGEST] * (len(members) + 1)  # how far it is to the next frame
        for m in reversed(range(len(members))):
            self.until_frame[m] = 0 if members[m].frame else self.until_frame[m + 1] + 1

    def _number(self, signature: Hashable) -> int:
        return self.numbers.setdefault(signature, len(self.numbers))

    def times(self, k: int, period: int) -> int:
        """How often the members from place k on are repeated."""
        alike, same = self.alike, self.same
        second = k + period
        if alike[k:second] != alike[second : second + period]:
            return 1
        times = 2
        while same[second : second + period] == same[k + times * period : second + times * period]:
            times += 1
        return times


def _apart(tail: Box, roll: _Roll) -> Hashable:
    """What is compared of something outside: itself, or the kind of a constant of one operation."""
    is_own = tail.look in _VALUES and roll.uses[tail] == 1
    return (tail.look, tail.kind) if is_own else tail


def _own_title(box: Box) -> str:
    """What is the same in equal blocks: of a parameter's path the last name."""
    return _masked(box.title.rpartition(".")[2] if box.look == "parameter" else box.title)


def _masked(title: str) -> str:
    return _NUMBER.sub("#", title)


def _common_title(titles: Sequence[str], letter: str) -> str:
    """Titles that differ in numbers as one: `getitem(·, t)`."""
    if len(set(titles)) == 1:
        return titles[0]
    if len(set(map(_masked, titles))) > 1:
        return f"….{titles[0].rpartition('.')[2]}"
    columns = zip(*(_NUMBER.findall(title) for title in titles), strict=True)
    texts = iter([_common_number([int(n) for n in column], letter) for column in columns])

    def instead(match: re.Match[str]) -> str:
        text = next(texts)
        is_in_a_word = titles[0][: match.start()][-1:].isalpha()
        return f"({text})" if is_in_a_word and not text.isdigit() else text

    return _NUMBER.sub(instead, titles[0])


def _common_number(numbers: list[int], letter: str) -> str:
    first, step = numbers[0], numbers[1] - numbers[0]
    if any(b - a != step for a, b in itertools.pairwise(numbers)):
        return "…"
    if step == 0:
        return str(first)
    if step < 0:
        return f"{first}-{letter}" if step == -1 else f"{first}{step}{letter}"
    multiple = letter if step == 1 else f"{step}{letter}"
    return multiple if first == 0 else f"{multiple}+{first}"


def _name_all(drawn: _Member, times: int, names: str) -> None:
    """Write into the title of what is drawn for all how many there are."""
    if drawn.frame is None:
        drawn.boxes[-1].title += f" × {times:,}"
        return
    name, _, title = drawn.frame.title.partition(": ")
    title = f"{names or name}: {title}" if title else names or name
    drawn.frame.title = f"{title} × {times:,}"
    drawn.frame.times = times
