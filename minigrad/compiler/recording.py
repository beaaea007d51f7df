"""From a recorder that has run to a program, and to the places that the program's state lives in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..modes import changed
from ..tensor import Tensor, wrap
from ..traced import TracedArray, TracedNumber
from ..writes import record_write
from .names import identifier
from .program import Program, Value, mapped
from .recorder import Place, Recorder


@dataclass
class Recording:
    """A program, and what ties it to the world outside.

    Attributes:
        program: what was recorded.
        arrays: the arrays that are the program's state.
        places: where the numbers and generators of its state are read at each call.
        conditions: what has been assumed about numbers: (value, outcome).
        grads: for each tensor whose gradient the program makes, that gradient's value; None if the
            program takes the gradient away.
        grads_read: for each tensor whose earlier gradient counts, that gradient's array, or None.
        tensors: the tensors that the program read from outside, with their arrays.
        input_tensors: the tensors among the arguments, with their places there.
        watched: functions whose results must stay what they are.
        fixed: places whose contents are part of the program, with these contents.
        modules: the modules that were called, with their attributes.
        tensor_outputs: for each value among the outputs, whether it is a tensor.
        result: what the recorded run itself returned.
    """

    program: Program
    arrays: dict[Value, Any]
    places: dict[Value, Place]
    conditions: list[tuple[Value, bool]]
    grads: dict[Tensor, Value | None]
    grads_read: dict[Tensor, Any]
    tensors: dict[Tensor, Any]
    input_tensors: dict[Tensor, int]
    watched: list[Callable[[], Any]]
    fixed: list[tuple[Place, Any]]
    modules: dict[Any, dict[str, Any]]
    tensor_outputs: list[bool] = field(default_factory=list)
    result: Any = None


def record(name: str, run: Callable[[Recorder], Any]) -> Recording:
    """Write down all calls of a run on stand-ins, then carry out what it does to its state.

    Args:
        name: what the program is called.
        run: asks the recorder for stand-ins, calls the function with them, and returns its result.

    Raises:
        RecordingError: the function did something that a program cannot repeat.
    """
    recorder = Recorder(name)
    with recorder.running():
        result = run(recorder)
        _note_rebound_attributes(recorder)
        grads = _note_gradients(recorder)
    return _finish(recorder, result, grads)


def _note_rebound_attributes(recorder: Recorder) -> None:
    """An attribute that holds another array now is a write to the array that it held before."""
    for module, before in recorder.modules.items():
        now = vars(module)
        for name in before.keys() | now.keys():
            old, new = before.get(name), now.get(name)
            if isinstance(old, np.ndarray) and isinstance(new, TracedArray):
                stand_in = recorder.state(old)
                if new is not stand_in:
                    if (new.shape, new.dtype) != (old.shape, old.dtype):
                        recorder.refuse(
                            f"{type(module).__name__}.{name} changing from {old.dtype} {old.shape} "
                            f"to {new.dtype} {new.shape}"
                        )
                    stand_in[...] = new
            elif old is not new and not isinstance(old, np.random.Generator):
                recorder.refuse(
                    f"a change of {type(module).__name__}.{name}, which is not an array,"
                )


def _note_gradients(recorder: Recorder) -> dict[Tensor, Any]:
    """What becomes of the tensors' gradients; one that was added to is written to in place."""
    grads: dict[Tensor, Any] = {}
    for tensor in list(recorder.tensors):
        before, now = recorder.grads_at_start.get(tensor), tensor._grad
        if now is before:
            continue
        if now is not None and before is not None and tensor in recorder.grads_read:
            recorder.adopt((before,))
            before._data[...] = now._data
            tensor._grad = before
            continue
        if now is not None and not isinstance(now._data, TracedArray):
            recorder.adopt((now,))
        grads[tensor] = None if now is None else now._data
    return grads


def _finish(recorder: Recorder, result: Any, grads: dict[Tensor, Any]) -> Recording:
    roots = recorder.roots.values()
    writes = {v: t.symbol for _, t, v in roots if t.symbol is not v}
    numbers = {}
    for place, number in recorder._numbers_after.items():
        numbers[recorder._numbers[place].symbol] = number
    tensor_outputs: list[bool] = []
    kept = {tensor: None if g is None else g.symbol for tensor, g in grads.items()}
    for tensor, value in kept.items():
        if value is not None and tensor.name:
            value.name = f"d_{identifier(tensor.name)}"
    program = Program(
        recorder.name,
        inputs=recorder.inputs,
        state=[v for _, _, v in roots if v not in recorder.inputs] + list(recorder.places),
        constants=recorder.constants,
        instructions=recorder.instructions,
        outputs=mapped(result, lambda a: _output(recorder, a, tensor_outputs)),
        writes={**writes, **{v: n.symbol for v, n in numbers.items()}},
        kept=[v for v in kept.values() if v is not None],
    )
    _name_cotangents(recorder)
    recording = Recording(
        _without_idle_state(program),
        {v: owner for owner, _, v in roots},
        recorder.places,
        recorder.conditions,
        kept,
        {t: _array_of(recorder.grads_at_start.get(t)) for t in recorder.grads_read},
        {t: a for t, a in recorder.tensors.items() if t not in recorder.input_tensors},
        recorder.input_tensors,
        recorder.watched,
        recorder.fixed,
        recorder.modules,
        tensor_outputs,
        mapped(result, _concrete_output),
    )
    _commit(recorder, grads)
    return recording


def _without_idle_state(program: Program) -> Program:
    """Leave out arrays that stood ready, such as gradients from before, but were not used."""
    used = {v for i in program.instructions for v in i.reads} | set(program.results)
    used |= program.writes.keys()
    return replace(program, state=[v for v in program.state if v in used])


def _array_of(tensor: Tensor | None) -> Any:
    return None if tensor is None else tensor._data


def _output(recorder: Recorder, a: Any, tensor_outputs: list[bool]) -> Any:
    if not isinstance(a, (Tensor, TracedArray, TracedNumber)):
        return a
    tensor_outputs.append(isinstance(a, Tensor))
    return _symbol_of(recorder, a) if isinstance(a, Tensor) else a.symbol


def _symbol_of(recorder: Recorder, tensor: Tensor) -> Value:
    data: Any = tensor._data
    if isinstance(data, TracedArray):
        return data.symbol  # type: ignore[no-any-return]
    if tensor in recorder.tensors:  # a parameter, returned as it is
        return recorder.state(data).symbol  # type: ignore[no-any-return]
    return recorder.constant(data).symbol  # type: ignore[no-any-return]


def _concrete_output(a: Any) -> Any:
    if isinstance(a, Tensor):
        data: Any = a._data
        return wrap(np.array(data.array if isinstance(data, TracedArray) else data), None)
    if isinstance(a, TracedArray):
        return np.array(a.array)
    return a.value if isinstance(a, TracedNumber) else a


def _name_cotangents(recorder: Recorder) -> None:
    """`d_h` for the cotangent of `h`: resolved when values are named, see `names`."""
    for g, value in recorder.names.items():
        if g.name is None:
            g.cotangent_of = value


def _commit(recorder: Recorder, grads: dict[Tensor, Any]) -> None:
    """Carry out what the recorded run does to the outside."""
    for owner, traced, value in recorder.roots.values():
        if traced.symbol is not value:
            owner[...] = traced.array
            record_write(owner)
    for (_, key), number in recorder._numbers_after.items():
        place = recorder.places[recorder._numbers[_, key].symbol]
        place.owner[key] = number.value if isinstance(number, TracedNumber) else number
    for traced, generator in recorder._generators.values():
        generator.bit_generator.state = traced.generator.bit_generator.state
    for tensor, g in grads.items():
        tensor._grad = None if g is None else wrap(np.array(g.array), None)
    changed()
