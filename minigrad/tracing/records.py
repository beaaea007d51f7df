"""What a trace consists of: one typed record for everything that happens in a backward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ..provenance import Origin
from ..vjps import Function, name_of
from .rules import Rule
from .written import Expression, expression_of

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class TracedNode:
    """A node of the graph as the backward pass found it; the values are copies.

    Attributes:
        place: the node's place in this graph, from 1, in the order in which nodes were made.
        number: the node's own number, which counts all nodes that were ever made.
        fn: the function that was called; None for a leaf.
        label: the tensor's name, if it has one and still lives.
        value: what the call returned, or the leaf's data.
        inputs: for each positional argument the node that made it, or the constant itself.
        params: the keyword arguments.
        uses: how many contributions the node is going to get.
        origin: the modules and the line that it came from, inside `mg.record_origins`.
    """

    place: int
    number: int
    fn: Function | None
    label: str | None
    value: Array
    inputs: tuple[Any, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    uses: int = 0
    origin: Origin | None = None

    @property
    def operation(self) -> str | None:
        """The name of the function, such as `tanh`; None for a leaf."""
        return None if self.fn is None else name_of(self.fn)

    @property
    def name(self) -> str:
        """What a reader calls it: the tensor's name, else the operation and place: `tanh_7`."""
        return self.label or f"{self.operation or 'leaf'}_{self.place}"

    @property
    def is_leaf(self) -> bool:
        """Whether no call made it."""
        return self.fn is None

    @property
    def args(self) -> tuple[Any, ...]:
        """The arrays and constants that the function received."""
        return tuple(a.value if isinstance(a, TracedNode) else a for a in self.inputs)

    @property
    def parents(self) -> tuple[TracedNode | None, ...]:
        """The node which made each argument; None for a constant."""
        return tuple(a if isinstance(a, TracedNode) else None for a in self.inputs)


@dataclass(frozen=True, eq=False)
class Seed:
    """The pass begins: dL/dL, or the gradient that was given.

    Attributes:
        step: the number of the record in its trace, from 0.
        node: the output.
        gradient: its cotangent.
    """

    kind: ClassVar[str] = "seed"
    step: int
    node: TracedNode
    gradient: Array


@dataclass(frozen=True, eq=False)
class Contribution:
    """A node has passed its cotangent on along one edge, to one of its inputs.

        contribution = un-broadcast(rule(incoming, y, *args))
        total        = before + contribution

    Attributes:
        step: the number of the record in its trace.
        node: whose derivative rule ran.
        argument: the position of the input among the node's arguments.
        parent: the node that made this input, and receives the contribution.
        incoming: the node's own cotangent g, complete.
        rule: the rule, as a formula and as its source.
        local: what the rule returned.
        contribution: the same, summed over the axes along which the input was broadcast, in the
            input's dtype; `local` itself where nothing had to be done.
        before: what had arrived at the parent before; None if this is the first contribution.
        total: and after.
        pending: how many contributions the parent was waiting for before.
        left: and after; it can pass on its own cotangent when nothing is left.
    """

    kind: ClassVar[str] = "contribution"
    step: int
    node: TracedNode
    argument: int
    parent: TracedNode
    incoming: Array
    rule: Rule
    local: Array
    contribution: Array
    before: Array | None
    total: Array
    pending: int
    left: int

    @property
    def operation(self) -> str:
        """The name of the node's function."""
        return name_of(self.node.fn)  # type: ignore[arg-type]

    @property
    def is_unbroadcast(self) -> bool:
        """Whether axes were summed, or the dtype changed, between `local` and `contribution`."""
        return self.local is not self.contribution

    @cached_property
    def expression(self) -> Expression:
        """The calls that the rule made, with its arguments' names and with their numbers."""
        return expression_of(self.node.fn, self.argument, self.incoming, self.node)


@dataclass(frozen=True, eq=False)
class Hooked:
    """Hooks have seen the complete cotangent of a node, and may have changed it.

    Attributes:
        step: the number of the record in its trace.
        node: whose hooks they are.
        before: the sum of all contributions.
        after: what goes on from here.
    """

    kind: ClassVar[str] = "hooked"
    step: int
    node: TracedNode
    before: Array
    after: Array


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of a tensor is complete: what `backward` adds to its `grad`.

    Attributes:
        step: the number of the record in its trace.
        node: a leaf, or a result whose gradient is retained.
        gradient: dL/d(node).
    """

    kind: ClassVar[str] = "gradient"
    step: int
    node: TracedNode
    gradient: Array


@dataclass(frozen=True, eq=False)
class Update:
    """What the optimizer makes of one parameter.

    Attributes:
        step: the number of the record in its trace.
        node: the parameter's node in this graph; None if the loss does not depend on it.
        name: the parameter's name in the optimizer.
        optimizer: the class of the optimizer.
        formula: its update, from its docstring; "" if it has none.
        gradient: what the step sees: the earlier `grad`, if any, and the new gradient.
        before: the parameter before the step.
        after: and after it.
        state_before: the arrays and numbers that the optimizer keeps for it, by name.
        state_after: and after it.
        hyper: the hyperparameters of this step.
        expression: the calls that the update makes, if it is a formula of single elements.
    """

    kind: ClassVar[str] = "update"
    step: int
    node: TracedNode | None
    name: str
    optimizer: str
    formula: str
    gradient: Array
    before: Array
    after: Array
    state_before: Mapping[str, Any]
    state_after: Mapping[str, Any]
    hyper: Mapping[str, Any]
    expression: Expression | None


Record: TypeAlias = Seed | Contribution | Hooked | Gradient | Update
