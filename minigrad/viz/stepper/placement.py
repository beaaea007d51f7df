"""Where the boxes of the page stand, by Graphviz; else the page lays them out itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from ..render import render

LARGEST = 400  # boxes; of more Graphviz takes seconds
_POINTS_TO_INCH = 72
_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Box:
    """A box to be placed: its name, its size, and the path of the frames around it."""

    name: str
    width: float
    height: float
    frames: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placement:
    """Centres of boxes, paths of edges, and frames as (x, y, width, height), in points."""

    size: tuple[float, float]
    boxes: Mapping[str, tuple[float, float]]
    edges: Mapping[str, str]
    frames: Mapping[str, tuple[float, float, float, float]]


def placed(
    boxes: Sequence[Box], edges: Sequence[tuple[str, str, str]], letters: Mapping[str, int]
) -> Placement | None:
    """Lay out boxes and (name, tail, head) edges from top to bottom.

    Args:
        boxes: what to place.
        edges: the arrows between them.
        letters: how many the title of each frame has.

    Returns:
        None where there is no Graphviz, or it cannot cope with so large a graph.
    """
    if len(boxes) > LARGEST:
        return None
    try:
        svg = render(_source(boxes, edges, letters))
    except (ImportError, RuntimeError):
        return None
    return _read(ElementTree.fromstring(svg), boxes, edges)


def _source(
    boxes: Sequence[Box], edges: Iterable[tuple[str, str, str]], letters: Mapping[str, int]
) -> str:
    """DOT in which everything is called by its place, so that no name can be markup."""
    names = {box.name: f"n{k}" for k, box in enumerate(boxes)}
    lines = [
        "digraph {",
        "graph [rankdir=TB, nodesep=0.3, ranksep=0.45, ordering=in]",
        'node [shape=box, fixedsize=true, label=""]',
        "edge [arrowsize=0.7]",
    ]
    lines += _framed(boxes, names, letters)
    lines += [
        f"{names[tail]} -> {names[head]} [id=e{k}]" for k, (_, tail, head) in enumerate(edges)
    ]
    return "\n".join([*lines, "}"])


def _framed(
    boxes: Sequence[Box], names: Mapping[str, str], letters: Mapping[str, int]
) -> list[str]:
    """The boxes inside their frames, which are numbered in order of appearance."""
    numbers = {path: k for k, path in enumerate(_frames(boxes))}
    inside: dict[tuple[str, ...], list[str]] = {(): []}
    for path in numbers:
        inside[path] = []
    for box in boxes:
        size = f"width={box.width / _POINTS_TO_INCH:.3f}, height={box.height / _POINTS_TO_INCH:.3f}"
        inside[box.frames].append(f"{names[box.name]} [id={names[box.name]}, {size}]")
    for path in sorted(numbers, key=len, reverse=True):
        k = numbers[path]
        title = "n" * min(letters[frame_name(path)] + 3, 44)  # as wide as what will stand there
        look = f"margin=12; fontname=Helvetica; fontsize=13; label={title}; labelloc=t"
        head = f"subgraph cluster_{k} {{ id=c{k}; {look}"
        inside[path[:-1]] += [head, *inside[path], "}"]
    return inside[()]


def _frames(boxes: Sequence[Box]) -> list[tuple[str, ...]]:
    """All frames, each after the one around it."""
    paths = {box.frames[:n]: None for box in boxes for n in range(1, len(box.frames) + 1)}
    return list(paths)


def frame_name(path: Sequence[str]) -> str:
    """What a frame is called in a placement."""
    return "/".join(path)


def _read(root: Any, boxes: Sequence[Box], edges: Sequence[tuple[str, str, str]]) -> Placement:
    width, height = map(float, root.get("viewBox").split()[2:])
    groups = {g.get("id"): g for g in root.iter(f"{_SVG}g")}
    rise = height - 4  # Graphviz counts upwards from the lower margin

    def numbers(text: str) -> list[float]:
        return [float(t) for t in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]

    def corners(group: Any) -> tuple[float, float, float, float]:
        points = numbers(group.find(f"{_SVG}polygon").get("points"))
        xs, ys = points[0::2], points[1::2]
        return min(xs), min(ys) + rise, max(xs) - min(xs), max(ys) - min(ys)

    centres = {}
    for k, box in enumerate(boxes):
        x, y, w, h = corners(groups[f"n{k}"])
        centres[box.name] = round(x + w / 2, 1), round(y + h / 2, 1)
    paths = {}
    for k, (name, _, _) in enumerate(edges):
        x_y = numbers(groups[f"e{k}"].find(f"{_SVG}path").get("d"))
        points = [f"{x:.0f},{y + rise:.0f}" for x, y in zip(x_y[0::2], x_y[1::2], strict=True)]
        paths[name] = f"M{points[0]}C{' '.join(points[1:])}"
    frames = {
        frame_name(path): tuple(round(v) for v in corners(groups[f"c{k}"]))
        for k, path in enumerate(_frames(boxes))
    }
    return Placement((width, height), centres, paths, frames)  # type: ignore[arg-type]
