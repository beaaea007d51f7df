"""Networks in another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import nn
from minigrad.estimators.precision import cast


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


def test_everything_real_is_cast_and_nothing_else_changes() -> None:
    model, before = Tied(), Tied().state_dict()
    cast(model, np.dtype(np.float64))
    after = model.state_dict()
    assert list(after) == list(before)
    for name, array in after.items():
        assert array.dtype == (np.int64 if name == "count" else np.float64)
        np.testing.assert_array_equal(array, before[name])
    assert model.second.weight is model.first.weight
    assert model.first.weight.name == "first.weight"
    assert not model.frozen.requires_grad
    assert model(np.ones((2, 3))).dtype == np.float64


def test_parameters_of_that_dtype_stay_the_same_ones() -> None:
    model = Tied()
    before = list(model.parameters())
    cast(model, np.dtype(np.float32))
    assert all(p is q for p, q in zip(model.parameters(), before, strict=True))
