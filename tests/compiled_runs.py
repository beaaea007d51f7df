"""Runs of a step function, eager and compiled side by side, compared to the last bit."""

from dataclasses import dataclass, field

import numpy as np

import minigrad as mg


@dataclass
class Run:
    """A step function, and everything that it may change.

    Attributes:
        step: what is compiled.
        modules, optimizers, tensors, arrays, generators: what is compared after each call.
    """

    step: object
    modules: list = field(default_factory=list)
    optimizers: list = field(default_factory=list)
    tensors: list = field(default_factory=list)
    arrays: list = field(default_factory=list)
    generators: list = field(default_factory=list)

    def state(self):
        parameters = [p for m in self.modules for p in m.parameters()] + self.tensors
        modules = [m for top in self.modules for _, m in top.named_modules()]
        attributes = [a for m in modules for a in vars(m).values()]
        drawn = [a for a in attributes if isinstance(a, np.random.Generator)] + self.generators
        return {
            "data": [p.data for p in parameters],
            "grads": [None if p.grad is None else p.grad.data for p in parameters],
            "buffers": [a for a in attributes if isinstance(a, np.ndarray)] + self.arrays,
            "optimizers": [o.state_dict() for o in self.optimizers],
            "generators": [g.bit_generator.state for g in drawn],
        }


def bits(a):
    """Something that is equal for two structures only if every bit in them is."""
    if isinstance(a, mg.Tensor):
        return "tensor", bits(a.data)
    if isinstance(a, (np.ndarray, np.generic)):
        return type(a), a.dtype, a.shape, a.tobytes()
    if isinstance(a, (list, tuple)):
        return type(a), [bits(b) for b in a]
    if isinstance(a, dict):
        return {key: bits(b) for key, b in a.items()}
    return type(a), repr(a)


def assert_equal_runs(build, calls, programs=1, between=None, **options):
    """Make the same calls of two builds, one of them compiled; compare after each call.

    Args:
        build: makes a `Run`; deterministic.
        calls: the arguments of each call.
        programs: how many programs the calls shall lead to.
        between: called before call number k with k and each of the runs.
        options: of `mg.compile`.

    Returns:
        The compiled function.
    """
    eager, other = build(), build()
    compiled = mg.compile(other.step, **options)
    for k, arguments in enumerate(calls):
        if between is not None:
            between(k, eager)
            between(k, other)
        assert bits(compiled(*arguments)) == bits(eager.step(*arguments)), f"results of call {k}"
        expected, received = eager.state(), other.state()
        for kind, value in expected.items():
            assert bits(received[kind]) == bits(value), f"{kind} after call {k}"
    assert compiled.cache_info().misses == programs, compiled._reasons
    return compiled


def assert_close_runs(build, calls, tolerance, between=None, **options):
    """The same to a tolerance, relative to the largest number of each array.

    Optimizer states are left out: the parameters show what comes of them.
    """
    eager, other = build(), build()
    compiled = mg.compile(other.step, **options)
    for k, arguments in enumerate(calls):
        if between is not None:
            between(k, eager)
            between(k, other)
        results = compiled(*arguments), eager.step(*arguments)
        assert_close(*results, tolerance, f"results of call {k}")
        expected, received = eager.state(), other.state()
        for kind in ("data", "grads", "buffers"):
            assert_close(received[kind], expected[kind], tolerance, f"{kind} after call {k}")
        assert received["generators"] == expected["generators"]
    return compiled


def assert_close(a, b, tolerance, what):
    """Two structures of numbers, arrays and tensors, to a relative tolerance."""
    if isinstance(b, (list, tuple)):
        assert len(a) == len(b), what
        for one, other in zip(a, b, strict=True):
            assert_close(one, other, tolerance, what)
    elif b is None:
        assert a is None, what
    else:
        a, b = (np.asarray(x.data if isinstance(x, mg.Tensor) else x) for x in (a, b))
        assert (a.shape, a.dtype) == (b.shape, b.dtype), what
        largest = max(np.abs(b).max(initial=0.0), 0.5)  # gradients cancel; their terms do not
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * largest, err_msg=what)
