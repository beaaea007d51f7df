"""What a profile consists of: a span of time for each thing that happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["module", "operation", "rule"]
Phase: TypeAlias = Literal["forward", "backward"]


@dataclass(eq=False, slots=True)
class Span:
    """A call of a module or of an operation, or a run of a derivative rule.

    Attributes:
        kind: "module", "operation" or "rule".
        name: of the function, such as `tanh`; of a module as it prints itself.
        modules: the names of the modules that were called around it, the outermost first; of a
            rule, those around its operation.
        phase: "forward", or "backward" for a rule and all that happens in it.
        argument: the position of the argument that a rule is for.
        start: in nanoseconds, since the profile began.
        duration: in nanoseconds; all times are without those of the profile itself.
        inner: how much of it was spent in spans inside.
        nbytes: the memory of the result; 0 for a view.
        flops: floating-point operations; those of inner spans count there.
    """

    kind: Kind
    name: str
    modules: tuple[str, ...]
    phase: Phase
    argument: int | None = None
    start: int = 0
    duration: int = 0
    inner: int = 0
    nbytes: int = 0
    flops: int = 0

    @property
    def own(self) -> int:
        """The nanoseconds that were not spent in spans inside."""
        return self.duration - self.inner
