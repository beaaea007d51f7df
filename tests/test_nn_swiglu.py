"""The gated feed-forward layer."""

import numpy as np
import pytest

import minigrad.functional as F
from minigrad import nn
from minigrad.testing import gradcheck


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3)])
def test_value(shape, bias):
    layer = nn.SwiGLU(3, 4, bias, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal(shape)
    weights = [m.weight.data for m in (layer.gate, layer.up, layer.down)]
    b = [m.bias.data if bias else 0 for m in (layer.gate, layer.up, layer.down)]
    hidden = F.silu(x @ weights[0].T + b[0]) * (x @ weights[1].T + b[1])
    np.testing.assert_allclose(layer(x).data, hidden @ weights[2].T + b[2], rtol=1e-6, atol=1e-7)


def test_parameters():
    layer = nn.SwiGLU(3, 4, rng=np.random.default_rng(0))
    shapes = {name: a.shape for name, a in layer.state_dict().items()}
    assert shapes == {"gate.weight": (4, 3), "up.weight": (4, 3), "down.weight": (3, 4)}
    again = nn.SwiGLU(3, 4, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer.up.weight.data, again.up.weight.data)
    assert not np.array_equal(layer.up.weight.data, layer.gate.weight.data)


def test_derivatives():
    layer = nn.SwiGLU(2, 3, rng=np.random.default_rng(0))

    def call(x, gate, up, down):
        for m, w in ((layer.gate, gate), (layer.up, up), (layer.down, down)):
            object.__setattr__(m, "weight", w)
        return layer(x)

    data = np.random.default_rng(1)
    assert gradcheck(
        call, [data.standard_normal(s) for s in [(2, 2), (3, 2), (3, 2), (2, 3)]], order=2
    )


def test_another_shape():
    with pytest.raises(ValueError, match=r"shape \(\.\.\., 3\), got \(5, 2\)"):
        nn.SwiGLU(3, 4)(np.zeros((5, 2), np.float32))
    with pytest.raises(ValueError, match="at least one feature"):
        nn.SwiGLU(3, 0)
