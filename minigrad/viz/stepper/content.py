"""What the page knows: the graph, its steps, and the numbers, as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...provenance import ModuleCall
from ...tracing import Contribution, Expression, Gradient, Hooked, Seed, Trace, TracedNode, Update
from ...tracing.rules import shown_file
from ..labels import call_line, inline, kind_text
from .differences import Check, checked
from .jacobians import ByElement, local_derivative
from .naive import NaivePass, naive_pass
from .packing import Packer, encoded_numbers
from .placement import Box, frame_name, placed

_HEIGHT = 54
_CHECKED = 1500  # edges; of a larger graph none is compared with finite differences
_ENTRIES = (4096, 1024, 256, 64)  # of one Jacobian
_MANY_ROWS = 4000  # edges; of a larger graph there are no Jacobians


def content_of(trace: Trace, title: str, characters: int) -> dict[str, Any]:
    """All that the page shows, ready to become JSON.

    Args:
        trace: the steps.
        title: the page's title.
        characters: how long the whole shall be at most; large arrays become pictures for it.
    """
    content = _Content(trace)
    data = content.data(title, characters // 5)
    rest = characters - len(json.dumps(data))
    return {**data, "arrays": content.arrays.packed(max(rest, characters // 10))}


class _Content:
    """A page's content under way, which knows the place of every node, edge and array."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.arrays = Packer()
        self.nodes = trace.nodes
        self.frames: dict[str, str] = {}  # their titles, by name
        self.constants: dict[int, tuple[str, Any]] = {}  # by the identity of the array
        self.keys = {node: f"n{node.place}" for node in self.nodes}

    def data(self, title: str, for_jacobians: int) -> dict[str, Any]:
        edges = [self._edge(r) for r in self.trace.contributions]
        nodes = [self._node(node) for node in self.nodes]
        silent = self._silent_edges(edges)
        nodes += [self._constant(key, array) for key, array in self.constants.values()]
        every = [*edges, *silent]
        naive = naive_pass(self.trace)
        return {
            "title": title,
            "output": self.keys[self.trace.output],
            "nodes": nodes,
            "edges": every,
            "frames": self.frames,
            "steps": list(self._steps()),
            "naive": naive and self._naive(naive),
            "jacobians": self._jacobians(for_jacobians),
            "layout": self._layout(nodes, every),
        }

    # Nodes and edges.

    def _node(self, node: TracedNode) -> dict[str, Any]:
        call = node.label or "leaf" if node.is_leaf else self._call(node)
        title = f"{node.label} = {call}" if node.label and not node.is_leaf else call
        shape = kind_text(node.value.dtype, node.value.shape)
        entry: dict[str, Any] = {
            "key": self.keys[node],
            "kind": "leaf" if node.is_leaf else "operation",
            "name": node.name,
            "title": title,
            "operation": node.operation,
            "shape": shape,
            "value": self.arrays.add(node.value),
            "uses": node.uses,
            "frames": self._frames(node),
        }
        if node.origin is not None:
            where = node.origin.where.rpartition(", line ")
            entry["origin"] = {
                "module": node.origin.module,
                "place": f"{shown_file(where[0])}, line {where[2]}",
                "source": node.origin.source,
                "rule": node.origin.rule,
            }
        return {**entry, **_size(title, shape)}

    def _call(self, node: TracedNode) -> str:
        positional = ["·" if isinstance(a, TracedNode) else inline(a) or "·" for a in node.inputs]
        return call_line(node.operation or "", positional, dict(node.params))

    def _frames(self, node: TracedNode) -> list[str]:
        calls = node.origin.calls if node.origin is not None else ()
        path: list[str] = []
        for call in calls:
            path.append(f"{call.name}#{call.index}")
            self.frames[frame_name(path)] = _frame_title(call)
        return path

    def _constant(self, key: str, array: Any) -> dict[str, Any]:
        shape = kind_text(array.dtype, array.shape)
        entry: dict[str, Any] = {
            "key": key, "kind": "constant", "name": "constant", "title": "constant",
            "operation": None, "shape": shape, "value": self.arrays.add(array), "uses": 0,
            "frames": [],
        }  # fmt: skip
        return {**entry, **_size("constant", shape)}

    def _edge(self, record: Contribution) -> dict[str, Any]:
        check = (
            checked(record)
            if len(self.trace.contributions) <= _CHECKED
            else Check("unchecked", note=f"the graph has more than {_CHECKED:,} edges")
        )
        return {
            "key": self._edge_key(record.node, record.argument),
            "from": self.keys[record.parent],
            "to": self.keys[record.node],
            "argument": record.argument,
            "check": [
                check.status, list(check.index), _safe(check.analytic), _safe(check.numeric),
                check.elements, check.note,
            ],
            "norm": _norm(record.contribution),
        }  # fmt: skip

    def _edge_key(self, node: TracedNode, argument: int) -> str:
        return f"{self.keys[node]}.{argument}"

    def _silent_edges(self, edges: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Inputs through which no gradient flows: constant arrays, and arguments without a rule."""
        known = {edge["key"] for edge in edges}
        silent = []
        for node in self.nodes:
            for i, a in enumerate(node.inputs):
                key = self._edge_key(node, i)
                if isinstance(a, TracedNode):
                    tail = self.keys[a]
                elif inline(a) is None:
                    tail = self.constants.setdefault(id(a), (f"c{len(self.constants)}", a))[0]
                else:
                    continue
                if key not in known:
                    silent.append({"key": key, "from": tail, "to": self.keys[node], "argument": i})
        return silent

    # Steps.

    def _steps(self) -> Iterable[dict[str, Any]]:
        for node in self.nodes:
            if not node.is_leaf:
                yield {"phase": "forward", "kind": "call", "node": self.keys[node]}
        for record in self.trace:
            yield self._step(record)

    def _step(self, record: Any) -> dict[str, Any]:
        add = self.arrays.add
        if isinstance(record, Update):
            return self._update(record)
        step = {"phase": "backward", "kind": record.kind, "node": self.keys[record.node]}
        if isinstance(record, (Seed, Gradient)):
            return {**step, "gradient": add(record.gradient)}
        if isinstance(record, Hooked):
            return {**step, "before": add(record.before), "after": add(record.after)}
        rule = record.rule
        return {
            **step,
            "edge": self._edge_key(record.node, record.argument),
            "parent": self.keys[record.parent],
            "incoming": add(record.incoming),
            "local": add(record.local),
            "contribution": add(record.contribution),
            "before": None if record.before is None else add(record.before),
            "total": add(record.total),
            "pending": record.pending,
            "left": record.left,
            "rule": [rule.formula, rule.source, rule.file, rule.line],
            "expression": self._expression(record.expression),
            "bad": self._bad(record),
        }

    def _bad(self, record: Contribution) -> bool:
        """Whether the first number that is not finite appears here."""
        inputs = [record.incoming, record.node.value, *record.node.args]
        return not np.all(np.isfinite(record.contribution)) and all(
            np.all(np.isfinite(a)) for a in inputs if getattr(a, "dtype", np.dtype(str)).kind == "f"
        )

    def _expression(self, e: Expression) -> dict[str, Any]:
        used = {p for p in e.parts if not isinstance(p, str)}
        values = {
            p: self.arrays.add(e.values[p]) if isinstance(e.values[p], np.ndarray) else e.values[p]
            for p in used
        }
        return {
            "parts": list(e.parts),
            "names": list(e.names),
            "values": {str(p): v for p, v in values.items()},
            "element": e.by_element,
        }

    def _update(self, u: Update) -> dict[str, Any]:
        def kept(state: Any) -> dict[str, Any]:
            return {
                key: {"array": self.arrays.add(a)} if isinstance(a, np.ndarray) else a
                for key, a in state.items()
            }

        return {
            "phase": "update",
            "kind": "update",
            "node": None if u.node is None else self.keys[u.node],
            "name": u.name,
            "optimizer": u.optimizer,
            "formula": u.formula,
            "gradient": self.arrays.add(u.gradient),
            "before": self.arrays.add(u.before),
            "after": self.arrays.add(u.after),
            "stateBefore": kept(u.state_before),
            "stateAfter": kept(u.state_after),
            "hyper": {
                k: v if isinstance(v, (int, float, bool)) else str(v) for k, v in u.hyper.items()
            },
            "expression": u.expression and self._expression(u.expression),
        }

    def _naive(self, naive: NaivePass) -> dict[str, Any]:
        add = self.arrays.add
        return {
            "order": naive.order,
            "wrong": naive.goes_wrong,
            "steps": [
                {
                    "phase": "backward",
                    "kind": "contribution",
                    "node": self.keys[s.node],
                    "parent": self.keys[s.parent],
                    "edge": self._edge_key(s.node, s.argument),
                    "incoming": add(s.incoming),
                    "contribution": add(s.contribution),
                    "before": None if s.before is None else add(s.before),
                    "total": add(s.total),
                    "missing": s.missing,
                    "left": s.left,
                }
                for s in naive.steps
            ],
        }

    # Local derivatives, and where everything stands.

    def _jacobians(self, characters: int) -> dict[str, Any]:
        records = self.trace.contributions
        if len(records) > _MANY_ROWS:
            return {}
        found = {r: local_derivative(r, _ENTRIES[0]) for r in records}
        for entries in _ENTRIES:
            packed = {
                self._edge_key(r.node, r.argument): _packed_jacobian(j)
                for r, j in found.items()
                if j is not None and j.values.size <= entries
            }
            if sum(len("".join(map(str, p.values()))) for p in packed.values()) <= characters:
                break
        return packed

    def _layout(
        self, nodes: Sequence[dict[str, Any]], edges: Sequence[dict[str, Any]]
    ) -> dict[str, Any] | None:
        boxes = [Box(n["key"], n["width"], n["height"], tuple(n["frames"])) for n in nodes]
        links = [(e["key"], e["from"], e["to"]) for e in edges]
        found = placed(boxes, links, {name: len(title) for name, title in self.frames.items()})
        if found is None:
            return None
        return {
            "size": found.size, "nodes": found.boxes, "edges": found.edges, "frames": found.frames,
        }  # fmt: skip


def _packed_jacobian(jacobian: Any) -> dict[str, Any]:
    wide = "f4" if jacobian.values.dtype in (np.float16, np.float32) else "f8"
    values = encoded_numbers(jacobian.values.reshape(-1), wide)
    if isinstance(jacobian, ByElement):
        return {"shape": list(jacobian.values.shape), "values": values, "wide": wide}
    return {
        "k": encoded_numbers(jacobian.k, "u2"),
        "j": encoded_numbers(jacobian.j, "u4"),
        "values": values,
        "wide": wide,
    }


def _frame_title(call: ModuleCall) -> str:
    title = (
        f"{call.name}: {call.title}" if not call.title.startswith(f"{call.name}(") else call.title
    )
    return f"{title.removesuffix('()')}{f' · call {call.index + 1}' if call.index else ''}"


def _size(title: str, shape: str) -> dict[str, float]:
    """Helvetica's letters are about half as wide as high."""
    width = max(len(title) * 7.2 + 32, len(shape) * 6.2 + 30, 92)
    return {"width": round(min(width, 270)), "height": _HEIGHT}


def _norm(array: Any) -> float | None:
    with np.errstate(all="ignore"):
        return _safe(np.linalg.norm(np.asarray(array, np.float64)))


def _safe(x: Any) -> float | None:
    """JSON has no nan and no infinity."""
    return float(x) if np.isfinite(x) else None
