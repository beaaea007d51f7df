"""One program of a compiled function: when it applies, and a call of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import modes
from ..conversion import get_default_dtype
from ..tensor import Tensor, wrap
from ..writes import record_write
from .captures import Captures, fingerprint
from .conditions import holds
from .program import Program, Value, mapped
from .recording import Recording

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
        self._captures = captures
        self._condition = holds(recording.program, recording.conditions)
        self._numbers = [recording.places[v] for v in source.arguments if v in recording.places]
        self._n_inputs = len(source.arguments) - len(self._numbers)
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
        self._input_grads = [(places[t], g) for t, g in grads if t in places]
        self._default_dtype = get_default_dtype()
        self._modules = {m: _described(a) for m, a in recording.modules.items()}
        self._requires_grad = {t: t.requires_grad for t in recording.tensors}
        self._watched = [(look, look()) for look in recording.watched]
        self._seen = -1
        self._out_of_place = True

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
        for place, expected in self.recording.fixed:
            if fingerprint(place.read()) != expected:
                return f"{place.key} was changed"
        if self._condition is not None and not self._condition(self._number_arguments(inputs)):
            return "a condition on numbers has another outcome"
        return None

    def _number_arguments(self, inputs: Sequence[Any]) -> list[Any]:
        own = [a for a in inputs if not isinstance(a, np.ndarray)]
        return own + [p.read() for p in self._numbers]

    def _change(self) -> str | None:
        """What is not as it was when the function was recorded."""
        recording = self.recording
        for tensor, array in recording.tensors.items():
            name = tensor.name or f"a tensor of shape {tensor.shape}"
            if tensor._data is not array:
                return f"the data of {name} were replaced"
            if tensor.requires_grad != self._requires_grad[tensor]:
                return f"requires_grad of {name} was changed"
        for tensor, array in recording.grads_read.items():
            grad = tensor._grad
            if (None if grad is None else grad._data) is not array:
                return (
                    "there are other gradients to add to"
                    if array is not None
                    else "there are gradients to add to"
                )
        for module, attributes in self._modules.items():
            now = _described(vars(module))
            if now != attributes:
                names = [
                    n for n in attributes.keys() | now.keys() if attributes.get(n) != now.get(n)
                ]
                return f"{type(module).__name__}.{min(names)} was changed"
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
                record_write(array)
            for k in self._written_inputs:
                record_write(inputs[k])
            if self._out_of_place or _latest is not self:
                _latest = self
                self._place_gradients()
            for k, grad in self._input_grads:
                arguments[k]._grad = None if grad is None else grad.copy()
        return [
            wrap(np.asarray(a), None) if is_tensor else a
            for a, is_tensor in zip(results, self.recording.tensor_outputs, strict=False)
        ]

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

    def _place_gradients(self) -> None:
        for tensor, grad in self._grads:
            tensor._grad = grad
        if self._grads:
            modes.changed()
        self._seen = modes.changes
        self._out_of_place = False


def _described(attributes: dict[str, Any]) -> dict[str, Any]:
    """A module's attributes: what it is made of by identity, settings by value."""
    return {name: fingerprint(a) for name, a in attributes.items()}
