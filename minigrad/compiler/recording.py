"""From a recorder that has run to a program, and to the places where its state lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import numpy as np

from ..frames import users_line
from ..modes import changed
from ..node import reached
from ..tensor import Tensor, wrap
from ..traced import TRACED, TracedArray, TracedNumber
from ..writes import memory_of, record_write
from .names import identifier
from .places import Contents, Place
from .program import Program, Value, mapped
from .recorder import USUAL_ERRORS, Recorder

_CONSTANTS = (
    int, float, complex, str, bytes, type(None), type(Ellipsis), np.generic, np.dtype, type,
    FunctionType,
)  # fmt: skip


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
        grads_replaced: the stand-ins for arguments whose earlier gradient does not count.
        tensors: the tensors that the program read from outside, with their arrays.
        input_tensors: the stand-ins for tensors among the arguments, with their places there.
        shared: by place, the arguments that are state, as the program writes to their memory.
        twins: for each argument, the first one that is the same array.
        watched: functions whose results must stay what they are.
        fixed: places whose contents are part of the program, with these contents.
        modules: the modules that the function uses.
        errors: NumPy's error settings around the recorded run; None for the usual ones. A block
            inside the function that sets the same ones has left no trace then.
        output_kinds: "tensor", "array", "scalar" or "number", for each value among the outputs.
        result: what the recorded run itself returned.
    """

    program: Program
    arrays: dict[Value, Any]
    places: dict[Value, Place]
    conditions: list[tuple[Value, bool]]
    grads: dict[Tensor, Value | None]
    grads_read: dict[Tensor, Any]
    grads_replaced: set[Tensor]
    tensors: dict[Tensor, Any]
    input_tensors: dict[Tensor, int]
    shared: dict[int, Any]
    twins: list[int]
    watched: list[Callable[[], Any]]
    fixed: list[tuple[Place | Contents, Any]]
    modules: list[Any]
    errors: Any
    output_kinds: list[str]
    result: Any


def record(name: str, run: Callable[[Recorder], Any]) -> Recording:
    """Write down all calls of a run on stand-ins, then carry out what it does to its state.

    Args:
        name: what the program is called.
        run: asks the recorder for stand-ins, calls the function with them, and returns its result.
            It is run once more if an argument turns out to lie in memory that is written to.

    Raises:
        RecordingError: the function did something that a program cannot repeat.
    """
    shared: set[int] = set()
    while True:
        recorder = Recorder(name, shared)
        with recorder.running():
            result = run(recorder)
            _note_rebound_attributes(recorder)
            grads = _note_gradients(recorder)
            kinds: list[str] = []
            outputs = mapped(result, lambda a: _output(recorder, a, kinds))  # noqa: B023
            also = _arguments_in_written_memory(recorder, grads)
            if also <= shared:
                recording = _finished(recorder, outputs, kinds, grads)
                break
        shared |= also
    _commit(recorder, grads)
    return recording


def _note_rebound_attributes(recorder: Recorder) -> None:
    """An attribute that holds another array now is a write to the array that it held before."""
    for tensor in recorder.tensors:
        recorder.rebind(tensor)
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
                            f"to {new.dtype} {new.shape}",
                            name,
                        )
                    stand_in[...] = new
            elif new is not recorder.entered[module].get(name):
                recorder.refuse(
                    f"a change of {type(module).__name__}.{name}, which is not an array,", name
                )


def _note_gradients(recorder: Recorder) -> dict[Tensor, Any]:
    """What becomes of the tensors' gradients; one that was added to is written to in place."""
    grads: dict[Tensor, Any] = {}
    for tensor in [*recorder.tensors, *recorder.input_tensors]:
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


def _arguments_in_written_memory(recorder: Recorder, grads: dict[Tensor, Any]) -> set[int]:
    """The places of arrays among the arguments that overlap with what is written to."""
    states = {key: root for key, root in recorder.roots.items() if not isinstance(key, tuple)}
    written = {key for key, (_, t, v) in states.items() if t.symbol is not v}
    written |= {id(memory_of(recorder.tensors[t].array)) for t in grads if t in recorder.tensors}
    found = set()
    for k, (v, a) in enumerate(zip(recorder.inputs, recorder.arguments, strict=True)):
        if isinstance(a, np.ndarray) and k not in recorder.shared:
            _, traced, _ = recorder.roots["input", id(a)]
            is_written = traced.symbol is not recorder.roots["input", id(a)][2]
            owner = id(memory_of(a))
            if owner in written or (is_written and owner in states):
                found.add(k)
            elif is_written and sum(memory_of(a) is memory_of(b) for b in _different(recorder)) > 1:
                recorder.refuse(f"writing to {v.name!r}, which overlaps with another argument,")
    return found


def _different(recorder: Recorder) -> list[Any]:
    """The arrays among the arguments, each once."""
    return [a for key, (a, _, _) in recorder.roots.items() if isinstance(key, tuple)]


def _refuse_unwritable(recorder: Recorder) -> None:
    for owner, traced, value in recorder.roots.values():
        if traced.symbol is not value and not owner.flags.writeable:
            raise ValueError(f"{value.name or 'an array'} is read-only, but is written to")


def twins(arguments: Sequence[Any]) -> list[int]:
    """For each argument the place of the first one that is the same object."""
    first: dict[int, int] = {}
    return [first.setdefault(id(a), k) for k, a in enumerate(arguments)]


def add_grad(tensor: Tensor, grad: Tensor | None, replaces: bool) -> None:
    """Give an argument its gradient, as a backward pass does."""
    if grad is None or tensor._grad is None or replaces:
        tensor._grad = None if grad is None else grad.copy()
    else:
        tensor._grad = tensor._grad + grad


def _finished(
    recorder: Recorder, outputs: Any, kinds: list[str], grads: dict[Tensor, Any]
) -> Recording:
    recorder.check_constants()
    _refuse_unwritable(recorder)
    return Recording(
        _program(recorder, outputs, grads),
        {v: owner for owner, _, v in recorder.roots.values()},
        recorder.places,
        recorder.conditions,
        {tensor: None if g is None else g.symbol for tensor, g in grads.items()},
        {t: recorder.grad_before(t) for t in recorder.grads_read},
        recorder.grads_set & recorder.input_tensors.keys(),
        {t: held.array for t, held in recorder.tensors.items()},
        {t: place for t, (_, place) in recorder.input_tensors.items()},
        {k: recorder.arguments[k] for k in recorder.shared},
        twins(recorder.arguments),
        recorder.watched,
        recorder.fixed,
        list(recorder.modules),
        None if recorder.errors == USUAL_ERRORS else recorder.errors,
        kinds,
        mapped(outputs, _concrete_output(kinds)),
    )


def _program(recorder: Recorder, outputs: Any, grads: dict[Tensor, Any]) -> Program:
    roots = recorder.roots.values()
    writes = {v: t.symbol for _, t, v in roots if t.symbol is not v}
    for place, number in recorder.numbers_after.items():
        writes[recorder.numbers[place].symbol] = number.symbol
    for tensor, g in grads.items():
        if g is not None and tensor.name:
            g.symbol.name = f"d_{identifier(tensor.name)}"
    for value, named in recorder.names.items():  # `d_h` for the cotangent of `h`: see `names`
        if value.name is None:
            value.cotangent_of = named
    program = Program(
        recorder.name,
        inputs=recorder.inputs,
        state=[v for _, _, v in roots if v not in recorder.inputs] + list(recorder.places),
        constants=recorder.constants,
        instructions=recorder.instructions,
        outputs=mapped(outputs, lambda a: a.symbol if isinstance(a, TRACED) else a),
        writes=writes,
        kept=[g.symbol for g in grads.values() if g is not None],
    )
    return _without_idle_state(program)


def _without_idle_state(program: Program) -> Program:
    """Leave out arrays that stood ready, such as gradients from before, but were not used."""
    used = {v for i in program.instructions for v in i.reads} | set(program.results)
    used |= program.writes.keys()
    return replace(program, state=[v for v in program.state if v in used])


def _output(recorder: Recorder, a: Any, kinds: list[str]) -> Any:
    """The stand-in for a part of the result; what kind of thing it is goes to `kinds`."""
    if isinstance(a, Tensor):
        _refuse_lost_gradient(recorder, a)
        recorder.adopt((a,))
        kinds.append("tensor")
        return a._data
    if type(a) is np.ndarray:
        a = recorder.constant(a)
    if isinstance(a, TracedArray):
        kinds.append("scalar" if a.is_scalar else "array")
    elif isinstance(a, TracedNumber):
        kinds.append("number")
    elif not isinstance(a, _CONSTANTS) and not hasattr(type(a), "told_to_programs"):
        recorder.refuse(f"returning a {type(a).__name__}")
    return a


def _refuse_lost_gradient(recorder: Recorder, output: Tensor) -> None:
    """What a program returns has no graph; that must not be a surprise to who differentiates it."""
    nodes = [] if output.node is None else [output.node]
    arguments = {t.node for t in recorder.input_tensors}
    if any(node in arguments for node in reached(nodes, lambda _: True)):
        recorder.refuse(
            "returning a tensor through which a gradient would flow to an argument (differentiate "
            "inside: mg.compile(mg.value_and_grad(f)); or return y.detach())"
        )


def _concrete_output(kinds: list[str]) -> Callable[[Any], Any]:
    """Makes results of stand-ins, in their order, before their memory changes."""
    rest = iter(kinds)

    def concrete(a: Any) -> Any:
        if not isinstance(a, TRACED):
            return a
        return packed(next(rest), np.array(a.array) if isinstance(a, TracedArray) else a.value)

    return concrete


def packed(kind: str, a: Any) -> Any:
    """A result as the function itself returns it: a tensor, an array, a NumPy or Python number."""
    if kind == "tensor":
        return wrap(np.asarray(a), None)
    return a if kind == "number" else np.asarray(a)[()] if kind == "scalar" else np.asarray(a)


def _commit(recorder: Recorder, grads: dict[Tensor, Any]) -> None:
    """Carry out what the recorded run does to the outside."""
    roots = recorder.roots.values()
    new = [(owner, np.array(t._array)) for owner, t, value in roots if t._symbol is not value]
    gradients = {t: None if g is None else wrap(np.array(g._array), None) for t, g in grads.items()}
    for owner, array in new:
        owner[...] = array
        record_write(owner, users_line())
    for place, number in recorder.numbers_after.items():
        at = recorder.places[recorder.numbers[place].symbol]
        at.owner[at.key] = number.value
    for traced, generator in recorder.generators.values():
        generator.bit_generator.state = traced.generator.bit_generator.state
    for tensor, g in gradients.items():
        if tensor in recorder.input_tensors:
            argument, _ = recorder.input_tensors[tensor]
            add_grad(argument, g, tensor in recorder.grads_set)
        else:
            tensor._grad = g
    changed()
