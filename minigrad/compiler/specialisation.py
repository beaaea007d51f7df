"""One program of a compiled function: when it applies, and a call of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import modes
from ..conversion import get_default_dtype
from ..tensor import Tensor, wrap
from ..writes import memory_of, record_write
from .captures import Captures, same
from .conditions import holds
from .program import Program, Value, mapped
from .recording import Recording, add_grad, packed, twins

_latest: Specialisation | None = None  # whose gradients the tensors hold
_lock = threading.RLock()


class Specialisation:
    """A program for arguments of certain shapes, and for a certain state of the world outside.

    Args:
        recording: what was recorded.
        program: the recorded program after the passes.
        executable: runs the program.
        captures: the variables that the function uses.
    """

    def __init__(
        self, recording: Recording, program: Program, executable: Any, captures: Captures
    ) -> None:
        self.recording, self.program, self.executable = recording, program, executable
        source = executable.source
        self._place = f"the compiled function {program.name}", 0
        self._captures = captures
        self._condition = holds(recording.program, recording.conditions)
        self._numbers = [recording.places[v] for v in source.arguments if v in recording.places]
        self._number_types = [type(place.read()) for place in self._numbers]
        written = [s for s in program.writes if not s.is_array]
        self._number_writes = [recording.places[s] for s in written]
        self._n_outputs = len(source.results) - len(written)
        self._written = [
            recording.arrays[s] for s in program.writes if s.is_array and s not in program.inputs
        ]
        self._written_inputs = [k for k, v in enumerate(program.inputs) if v in program.writes]
        places = recording.input_tensors
        grads = self._gradient_tensors()
        self._grads = [(t, g) for t, g in grads if t not in places]
        replaced = recording.grads_replaced
        self._changes_what_it_reads = any(t in recording.grads_read for t, _ in self._grads)
        self._input_grads = [(places[t], g, t in replaced) for t, g in grads if t in places]
        self._default_dtype = get_default_dtype()
        self._modules = {m: dict(vars(m)) for m in recording.modules}
        self._tensors = [(t, a, *_graph_state(t)) for t, a in recording.tensors.items()]
        self._watched = [(look, look()) for look in recording.watched]
        self._guard_memory()
        self._seen = -1
        self._out_of_place = True
        self._take_over_gradients()

    def _guard_memory(self) -> None:
        """Note which arguments may not lie in memory that the program writes to."""
        with_grads = [t._data for t, _ in self._grads]
        self._owners = {id(memory_of(a)) for a in (*self._written, *with_grads)}
        together = len(set(self.recording.twins)) < len(self.recording.twins)
        self._compares_arguments = together or self._written_inputs or self._input_grads

    def _gradient_tensors(self) -> list[tuple[Tensor, Tensor | None]]:
        """The tensors whose gradient the program makes, with a tensor on the memory it lies in."""
        arrays = dict(zip(self.program.kept, self.executable.kept, strict=True))
        values = dict(zip(self.recording.program.kept, self.program.kept, strict=True))
        return [
            (t, None if v is None else wrap(arrays[values[v]], None))
            for t, v in self.recording.grads.items()
        ]

    def obstacle(self, inputs: Sequence[Any]) -> str | None:
        """Why the program does not apply at present; None if it does."""
        if self._seen != modes.changes:
            change = self._change()
            if change is not None:
                return change
            self._seen = modes.changes
            self._out_of_place = True
        change = self._captures.change()
        if change is not None:
            return f"{change} is another one"
        if self.recording.errors is not None and np.geterr() != self.recording.errors:
            return "NumPy's error settings are other ones"
        for place, expected in self.recording.fixed:
            if not same(place.read(), expected):
                return f"{place.key} was changed"
        if self._owners or self._compares_arguments:
            change = self._memory_obstacle(inputs)
            if change is not None:
                return change
        if self._numbers or self._condition is not None:
            return self._number_obstacle(inputs)
        return None

    @property
    def keeps_its_guards(self) -> bool:
        """Whether nothing that a call does can make a guard of the next call fail."""
        depends_on_calls = self._condition or self._changes_what_it_reads or self._input_grads
        return not depends_on_calls

    def _memory_obstacle(self, inputs: Sequence[Any]) -> str | None:
        shared = self.recording.shared
        for k, a in enumerate(inputs):
            if k in shared:
                if a is not shared[k]:
                    return "an argument is not the array that the program writes to"
            elif type(a) is np.ndarray:
                owner = a if a.base is None else memory_of(a)
                if id(owner) in self._owners:
                    return "an argument lies in memory that the program writes to"
        if self._compares_arguments and twins(inputs) != self.recording.twins:
            return "other arguments than before lie in the same memory"
        if not all(inputs[k].flags.writeable for k in self._written_inputs):
            return "an argument cannot be written to"
        return None

    def _number_obstacle(self, inputs: Sequence[Any]) -> str | None:
        numbers = self.number_arguments()
        if list(map(type, numbers)) != self._number_types:
            return "a number is of another type"
        if self._condition is not None:
            own = [a for a in inputs if not isinstance(a, np.ndarray)]
            if not self._condition(own + numbers):
                return "a condition on numbers has another outcome"
        return None

    def _change(self) -> str | None:
        """What is not as it was when the function was recorded."""
        for tensor, array, *graph in self._tensors:
            name = tensor.name or f"a tensor of shape {tensor.shape}"
            if tensor._data is not array:
                return f"the data of {name} were replaced"
            if (now := _graph_state(tensor)) != tuple(graph):
                what = "requires_grad" if now[0] != graph[0] else "the hooks"
                return f"{what} of {name} changed"
        for tensor, array in self.recording.grads_read.items():
            grad = tensor._grad
            if (None if grad is None else grad._data) is not array:
                return (
                    "there are other gradients to add to"
                    if array is not None
                    else "there are gradients to add to"
                )
        for module, before in self._modules.items():
            now = vars(module)
            for name in (*before, *now):
                if name not in now or name not in before or not same(now[name], before[name]):
                    return f"{type(module).__name__}.{name} was changed"
        for look, before in self._watched:
            if look() != before:
                return "the optimizer's groups were changed"
        if self._default_dtype != get_default_dtype():
            return "the default dtype was changed"
        return None

    def __call__(self, inputs: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
        """Run the program; returns its outputs, in order.

        Args:
            inputs: the arrays and numbers among the arguments.
            arguments: the same as they were given: tensors may get gradients.
        """
        global _latest
        numbers = self.number_arguments()
        with _lock:
            results = self.executable.step(*inputs, *numbers)
            for place, number in zip(self._number_writes, results[self._n_outputs :], strict=True):
                place.owner[place.key] = number
            for array in self._written:
                record_write(array, self._place)
            for k in self._written_inputs:
                record_write(inputs[k], self._place)
            if self._out_of_place or _latest is not self:
                _latest = self
                self._place_gradients()
            for k, grad, replaces in self._input_grads:
                add_grad(arguments[k], grad, replaces)
        return [packed(k, a) for a, k in zip(results, self.recording.output_kinds, strict=False)]

    def number_arguments(self) -> list[Any]:
        """The numbers of the program's state, as they are now."""
        return [place.owner[place.key] for place in self._numbers]

    def packed(self, outputs: list[Any]) -> Any:
        """The outputs in the structure that the function returns."""
        structure = self.program.outputs
        if isinstance(structure, Value):
            return outputs[0]
        rest = iter(outputs)
        return mapped(structure, lambda v: next(rest) if isinstance(v, Value) else v)

    def _take_over_gradients(self) -> None:
        """Move the gradients that the recorded run has made to where later calls put theirs."""
        global _latest
        for tensor, grad in self._grads:
            if grad is not None and tensor._grad is not None:
                grad._data[...] = tensor._grad._data
        _latest = self
        self._place_gradients()

    def _place_gradients(self) -> None:
        for tensor, grad in self._grads:
            tensor._grad = grad
        if self._grads:
            modes.changed()
        self._seen = -1 if self._changes_what_it_reads else modes.changes
        self._out_of_place = False


def _graph_state(tensor: Tensor) -> tuple[bool, tuple[Any, ...]]:
    """Whether it requires a gradient, and its hooks."""
    return tensor.node is not None, tuple((tensor.node and tensor.node.hooks) or ())
