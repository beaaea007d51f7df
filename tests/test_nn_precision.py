"""Modules in another dtype, and what becomes of gradients, graphs, optimizers and programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim


class Tied(nn.Module):
    """Two layers with one weight, a buffer, a counter, and a weight that is not learnt."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.first = nn.Linear(3, 3, rng=rng)
        self.second = nn.Linear(3, 3, rng=rng)
        self.second.weight = self.first.weight
        self.first.register_buffer("mean", np.ones(3, np.float32))
        self.register_buffer("count", np.zeros((), np.int64))
        self.frozen = nn.Parameter(np.ones(3, np.float32), requires_grad=False)

    def forward(self, x: Any) -> Any:
        return self.second(self.first(x) - self.first.mean) * self.frozen


def test_everything_real_is_converted_and_nothing_else_changes() -> None:
    model, before = Tied(), Tied().state_dict()
    parameters = list(model.parameters())
    assert model.astype(np.float64) is model
    after = model.state_dict()
    assert list(after) == list(before)
    for name, array in after.items():
        assert array.dtype == (np.int64 if name == "count" else np.float64)
        np.testing.assert_array_equal(array, before[name])
    assert all(p is q for p, q in zip(model.parameters(), parameters, strict=True))
    assert model.second.weight is model.first.weight
    assert model.first.weight.name == "first.weight"
    assert not model.frozen.requires_grad
    assert model(np.ones((2, 3))).dtype == np.float64


def test_parameters_of_that_dtype_are_not_touched() -> None:
    model = Tied()
    before = [p._data for p in model.parameters()]
    model.astype(np.float32)
    assert all(p._data is a for p, a in zip(model.parameters(), before, strict=True))


def test_there_and_back() -> None:
    model, before = Tied(), Tied().state_dict()
    for name, array in model.astype(np.float64).astype("float32").state_dict().items():
        np.testing.assert_array_equal(array, before[name])
        assert array.dtype == before[name].dtype


@pytest.mark.parametrize("dtype", [np.int64, bool, complex, "U3"])
def test_only_floating_point_dtypes(dtype: Any) -> None:
    with pytest.raises(TypeError, match="a module converts to a floating-point dtype, got"):
        Tied().astype(dtype)


def test_gradients_and_hooks_stay() -> None:
    model = Tied()
    seen = []
    model.first.weight.register_hook(seen.append)
    model(np.ones((2, 3), np.float32)).sum().backward()
    before = model.first.weight.grad
    model.astype(np.float64)
    after = model.first.weight.grad
    assert after.dtype == np.float64
    np.testing.assert_array_equal(after, before)
    model(np.ones((2, 3))).sum().backward()
    np.testing.assert_allclose(model.first.weight.grad, 2 * before.data, rtol=1e-6)
    assert [g.dtype for g in seen] == [np.float32, np.float64]


def test_a_graph_from_before_is_refused() -> None:
    model = Tied()
    y = model(np.ones((2, 3), np.float32)).sum()
    model.astype(np.float64)
    with pytest.raises(RuntimeError, match="parameter 'first.weight' was changed in place"):
        y.backward()


def trained(model: Any, optimizer: Any, x: Any) -> None:
    optimizer.zero_grad()
    model(x).sum().backward()
    optimizer.step()


@pytest.mark.parametrize("rule", [optim.Adam, optim.Muon], ids=["in a buffer", "as a whole"])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_an_optimizer_from_before_is_refused(rule: Any, compiled: bool) -> None:
    model = nn.Linear(3, 3, bias=False)
    old = rule(model.named_parameters())
    step = mg.compile(trained) if compiled else trained
    step(model, old, np.ones((2, 3), np.float32))
    model.astype(np.float64)
    before = model.state_dict()
    words = r"'weight' were of shape \(3, 3\) and float32, and now .* float64; make a new optimizer"
    with pytest.raises(ValueError, match=words):
        step(model, old, np.ones((2, 3)))
    np.testing.assert_array_equal(model.weight.data, before["weight"])
    new = rule(model.named_parameters())  # while the old one is alive
    step(model, new, np.ones((2, 3)))
    assert model.weight.dtype == np.float64
    assert not np.array_equal(model.weight.data, before["weight"])


def test_a_program_that_was_compiled_before_is_made_anew() -> None:
    model = Tied()
    forward = mg.compile(lambda x: model(x).detach())
    for dtype in (np.float32, np.float64, np.float32):
        model.astype(dtype)
        x = np.ones((2, 3), dtype)
        for _ in range(2):
            np.testing.assert_array_equal(forward(x).data, model(x).data)
            assert forward(x).dtype == dtype
    with pytest.raises(TypeError, match="converting a parameter to another dtype"):
        mg.compile(lambda: model.astype(np.float64))()
    assert model.first.weight.dtype == np.float32
