"""Programs for the tests of the compiler, and the plainest way to run one."""

import copy

import numpy as np

from minigrad.compiler.program import Instruction, Program, Value, mapped
from minigrad.compiler.recording import record


def program_of(fn, /, states=(), **inputs):
    """What `fn(recorder, *inputs, *states)` does, as a program."""

    def traced(recorder):
        arguments = [recorder.input(a, name) for name, a in inputs.items()]
        arguments += [recorder.state(a, f"s{k}") for k, a in enumerate(states)]
        return fn(recorder, *arguments)

    with np.errstate(all="ignore"):
        return record("program", traced).program


def functions_of(program):
    return [i.fn for i in program.instructions]


def run(program, inputs=(), state=()):
    """The outputs, the new states and the kept results of a program, each call made with NumPy.

    Along the way each result has to have the dtype, the shape and the layout in memory that its
    value promises, and to be a view of its base only.
    """
    values = dict(zip(program.inputs, inputs, strict=True))
    values |= dict(zip(program.state, map(copy.deepcopy, state), strict=True))
    values |= program.constants

    def concrete(a):
        return values[a] if isinstance(a, Value) else a

    for i in program.instructions:
        with np.errstate(**(i.errstate or {})):
            result = i.fn(*mapped(i.args, concrete), **mapped(i.params, concrete))
        values[i.out] = _checked(i, np.asarray(result) if i.out.is_array else result, values)
    return (
        mapped(program.outputs, concrete),
        [values[v] for v in program.writes.values()],
        [values[v] for v in program.kept],
    )


def _checked(i, result, values):
    if i.out.is_array:
        assert (result.dtype, result.shape, result.strides) == i.out.layout, i
        for v in i.reads:
            if v.is_array and np.may_share_memory(result, values[v]):
                assert v.root is i.out.root, f"{i} is a view of {v}"
    else:
        assert type(result) is i.out.dtype
    return result


def same_bits(a, b):
    """Whether two results are the same: structure, types, layout in memory, and every bit."""
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same_bits, a, b))
    if isinstance(a, (np.ndarray, np.generic)):
        a, b = np.asarray(a), np.asarray(b)
        alike = (a.dtype, a.shape, a.strides) == (b.dtype, b.shape, b.strides)
        return alike and a.tobytes() == b.tobytes()
    return type(a) is type(b) and np.asarray(a).tobytes() == np.asarray(b).tobytes()


def memory_of_results(program):
    """Which results share memory, and which lie in memory from outside: a pass keeps this."""
    outside = {*program.inputs, *program.state, *program.constants}
    roots = [v.root for v in program.results if v.is_array]
    return [(roots.index(root), root if root in outside else None) for root in roots]


def number_program(*calls, state=()):
    """A program on Python numbers: call k makes "t<k>", the numbers of the state are "s<k>"."""
    known = {f"s{k}": Value(type(a), name=f"s{k}") for k, a in enumerate(state)}
    states, instructions = list(known.values()), []
    for k, (fn, *args) in enumerate(calls):
        args = tuple(known[a] if isinstance(a, str) else a for a in args)
        kinds = [a.dtype if isinstance(a, Value) else type(a) for a in args]
        known[f"t{k}"] = Value(type(fn(*(kind(1) for kind in kinds))))
        instructions.append(Instruction(fn, args, {}, known[f"t{k}"]))
    return Program("numbers", [], states, {}, instructions, (instructions[-1].out,), {})
